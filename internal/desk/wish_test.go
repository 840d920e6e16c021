package desk

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// due gives the day on which a source is to go, 0: it is not.
func (r *room) due(src ID) cell.Day {
	r.t.Helper()
	v, err := r.desk.Thread(r.t.Context(), src)
	must(r.t, err)
	return v.Erase
}

// is says whether the desk knows a source.
func (r *room) is(src ID) bool {
	r.t.Helper()
	_, err := r.desk.Thread(r.t.Context(), src)
	if err != nil && !errors.Is(err, ErrNotFound) {
		r.t.Fatal(err)
	}
	return err == nil
}

// moves has a source go on by other words, and write by them; it gives the thread that is shown then.
func (r *room) moves(from, to *seal.Conversation, text string) ID {
	r.t.Helper()
	r.send(from, seal.Letter{Kind: cell.KindMove, Text: seal.MoveText(to.Thread())})
	r.send(to, seal.Letter{Text: []byte(text)})
	return r.only()
}

// What takes an erasure back may lie in the batch of any of the seven days, and one can be
// late: the sift was off, the day is held, the host leaves it out. None of that looks like an
// error. The desk waits for it, and after seven more days no longer.
func TestEraseWaitsForEachBatch(t *testing.T) {
	for _, late := range []cell.Day{1, 4, EraseDays} { // days after the one on which it was asked
		r := newRoom(t)
		r.sync()
		c := r.conversation()
		r.send(c, seal.Letter{Text: []byte("하나")})
		src, asked := r.only(), r.today
		r.send(c, seal.Letter{Kind: cell.KindErase})
		r.today = asked + EraseDays + 1
		if r.due(src) != r.today {
			t.Fatalf("to go on %s", r.due(src))
		}
		r.quiet()
		name := fmt.Sprintf("batch/%d", asked+late)
		delete(r.host.objects, name)
		r.sync()
		if !r.is(src) {
			t.Fatalf("destroyed before the batch of day %d after was read", late)
		}
		r.batch(asked+late, r.records(c, seal.Letter{Kind: cell.KindWithdraw})...)
		r.sync()
		if !r.is(src) || r.due(src) != 0 {
			t.Errorf("day %d: taken back in time, and still to go", late)
		}
	}
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Kind: cell.KindErase})
	src, asked := r.only(), r.today-1
	for r.today = asked + EraseDays + 1; r.today < asked+EraseDays+1+eraseLate; r.today++ {
		r.sync()
		if !r.is(src) {
			t.Fatalf("destroyed %d days after, without the batches", r.today-asked)
		}
	}
	r.sync()
	if r.is(src) {
		t.Error("a batch that never comes keeps a conversation for good")
	}
}

// Who has forced the words out of a source can move the conversation to words of his own, and
// ask there that all be destroyed. The source's own words take it back: for what was said by
// them, and not for what he said.
func TestForcedMoveTakesNobodysWordAway(t *testing.T) {
	r := newRoom(t)
	r.sync()
	own, forced := r.conversation(), r.conversation()
	r.send(own, seal.Letter{Text: []byte("내 말")})
	src := r.only()
	to := r.moves(own, forced, "나다")
	asked := r.today
	r.send(forced, seal.Letter{Kind: cell.KindErase})
	due := asked + EraseDays + 1
	if r.due(src) != due || r.due(to) != due {
		t.Fatalf("an erasure covers what was moved: %s and %s", r.due(src), r.due(to))
	}
	r.send(own, seal.Letter{Kind: cell.KindWithdraw})
	if r.due(src) != 0 || r.due(to) != due {
		t.Errorf("taken back by the first words: they go on %s, the others on %s", r.due(src), r.due(to))
	}
	if found, err := r.desk.Search(t.Context(), SearchQuery{Text: "내 말"}); err != nil || len(found.Rows) != 1 {
		t.Errorf("what was taken back is not found: %+v %v", found, err)
	}
	r.rebuildsSame()
	r.today = due
	r.quiet()
	r.sync()
	if !r.is(src) || r.is(to) {
		t.Errorf("the first is there: %v; the other: %v", r.is(src), r.is(to))
	}
}

// Who finds words that their owner has left can ask that what was said by them be destroyed.
// The owner takes it back by the words that followed them.
func TestWordsThatWereLeftEraseNothingForGood(t *testing.T) {
	r := newRoom(t)
	r.sync()
	old, next := r.conversation(), r.conversation()
	r.send(old, seal.Letter{Text: []byte("옛말")})
	src := r.only()
	to := r.moves(old, next, "새말")
	reply, _, err := r.desk.Reply(t.Context(), to, "새 자리의 답", "mina")
	must(t, err)
	asked := r.today
	r.send(old, seal.Letter{Kind: cell.KindErase}, seal.Letter{Text: []byte("마지막 옛말")})
	due := asked + EraseDays + 1
	if r.due(src) != due || r.due(to) != 0 {
		t.Fatalf("the left one goes on %s, the other on %s", r.due(src), r.due(to))
	}
	// Nothing of the left one shows where it goes on; what was said there does.
	row := r.inInbox(to)
	v, err := r.desk.Thread(t.Context(), to)
	must(t, err)
	if row.Snippet != "" || len(v.Replies) != 1 || v.Replies[0].ID != reply || v.Replies[0].Text == "" {
		t.Errorf("%q, %+v", row.Snippet, v.Replies)
	}
	r.send(next, seal.Letter{Kind: cell.KindWithdraw})
	if r.due(src) != 0 {
		t.Errorf("still to go on %s", r.due(src))
	}
	// The other way round nothing is taken back: an older wish does not outlive a newer one.
	again := r.today
	r.send(old, seal.Letter{Kind: cell.KindErase, Text: []byte("again")})
	if r.due(src) != again+EraseDays+1 {
		t.Errorf("asked anew: %s", r.due(src))
	}
}

// Who has moved is told by the new words that the desk has the letter that said so: only then
// are the old ones to be forgotten. By the old words nothing is found any more.
func TestMoveIsAcknowledgedByTheNewWords(t *testing.T) {
	r := newRoom(t)
	r.sync()
	old, next := r.conversation(), r.conversation()
	r.send(old, seal.Letter{Text: []byte("옛말")})
	move := seal.Letter{Kind: cell.KindMove, Text: seal.MoveText(next.Thread()), Week: r.week(), Thread: old.Thread()}
	_, err := seal.CutLetter(rand.Reader, &move, old.Key(move.Week)) // for its id
	must(t, err)
	r.send(old, move)
	r.send(next, seal.Letter{Text: []byte("새말")})
	has := false
	for range 4 { // what finds no place in a parcel waits for the next one (P12)
		r.sync()
		r.today++
		b := r.publish()
		for _, f := range next.FindReplies(b, r.today, w0) {
			has = has || f.Ack == seal.AckOf(move.ID, 1)
		}
		if n := len(old.FindReplies(b, r.today, w0)); n != 0 {
			t.Errorf("the old words find %d", n)
		}
	}
	if !has {
		t.Error("the new words find no receipt of the move")
	}
}

// Who knows the id of a thread, from a desk that was seized, and not its words writes nothing in
// it, wish or letter, also when the thread was moved and its key is destroyed. Who has the words
// still can, and what is kept to tell them apart goes with the thread.
func TestThreadIDAloneWritesNothing(t *testing.T) {
	r := newRoom(t)
	r.sync()
	own, next, stranger := r.conversation(), r.conversation(), r.conversation()
	r.send(own, seal.Letter{Text: []byte("내 말")})
	src := r.only()
	r.moves(own, next, "새말")
	r.sync()
	if _, err := r.desk.chainOf(secretThread + src.String()); !errors.Is(err, vault.ErrNotFound) {
		t.Fatalf("the play wants the key gone: %v", err)
	}
	forged := seal.Letter{Kind: cell.KindErase, Text: []byte("forged"), Week: r.week(), Thread: own.Thread()}
	frags, err := seal.CutLetter(rand.Reader, &forged, stranger.Key(forged.Week))
	must(t, err)
	r.batch(r.today, r.record(&frags[0]))
	r.today++
	if rep := r.sync(); rep.Refused != 1 || rep.Letters != 0 || r.due(src) != 0 {
		t.Errorf("%+v, to go on %s", rep, r.due(src))
	}
	if rep := r.send(own, seal.Letter{Kind: cell.KindErase}); rep.Letters != 1 || r.due(src) == 0 {
		t.Errorf("the owner's: %+v", rep)
	}
	r.today += EraseDays
	r.quiet()
	r.sync()
	if list, err := r.desk.v.ListSecrets(secretMark); err != nil || len(list) != 0 || r.is(src) {
		t.Errorf("%d marks are left, %v", len(list), err)
	}
}

// Who says that a thread was moved by somebody else can't answer in it before a letter brings
// its key again, and is told so: the reply would wait, and never go.
func TestNoReplyWaitsInVain(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	own, forced := r.conversation(), r.conversation()
	r.send(own, seal.Letter{Text: []byte("내 말")})
	src := r.only()
	r.moves(own, forced, "나다")
	_, err := r.desk.KeepApart(ctx, src)
	must(t, err)
	var fe *FieldError
	if _, _, err := r.desk.Reply(ctx, src, "들립니까", "mina"); !errors.As(err, &fe) || fe.Field != "answer" {
		t.Errorf("queued: %v", err)
	}
	r.send(own, seal.Letter{Text: []byte("다시 나")})
	if _, _, err := r.desk.Reply(ctx, src, "들립니까", "mina"); err != nil {
		t.Error(err)
	}
	r.sync()
	r.today++
	found := own.FindReplies(r.publish(), r.today, w0)
	if !slices.ContainsFunc(found, func(f seal.Reply) bool { return string(f.Body) == "들립니까" }) {
		t.Errorf("the reply is not there: %+v", found)
	}
}

// Replies to a thread that is to go are not shown where its source went on.
func TestRepliesOfALeftThreadAreHidden(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	old, next := r.conversation(), r.conversation()
	r.send(old, seal.Letter{Text: []byte("옛말")})
	src := r.only()
	_, _, err := r.desk.Reply(ctx, src, "옛 자리의 답", "mina")
	must(t, err)
	to := r.moves(old, next, "새말")
	r.send(old, seal.Letter{Kind: cell.KindErase})
	v, err := r.desk.Thread(ctx, to)
	must(t, err)
	if v.Hidden || len(v.Replies) != 1 || v.Replies[0].Text != "" {
		t.Errorf("hidden %v: %+v", v.Hidden, v.Replies)
	}
	if v, err = r.desk.Reveal(ctx, to, "mina"); err != nil || v.Replies[0].Text == "" {
		t.Errorf("opened knowingly: %+v, %v", v.Replies, err)
	}
}

// What the newsroom has noted about a source is hidden with what it wrote.
func TestEraseHidesTheSheet(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Text: []byte("하나")})
	src := r.only()
	_, err := r.desk.SetSheet(ctx, src, Sheet{Note: "항구에서 일한다", Access: "배", Reliability: "B", Reason: "맞았다"})
	must(t, err)
	r.send(c, seal.Letter{Kind: cell.KindErase})
	v, err := r.desk.Thread(ctx, src)
	must(t, err)
	if !v.Hidden || v.Sheet.Note != "" || v.Sheet.Access != "" || len(v.Sheet.History) != 0 {
		t.Errorf("%+v", v.Sheet)
	}
	v, err = r.desk.Reveal(ctx, src, "mina")
	must(t, err)
	if v.Hidden || v.Sheet.Note == "" || len(v.Sheet.History) != 1 {
		t.Errorf("%+v", v.Sheet)
	}
}

// Nobody at the desk destroys a conversation by joining it to one that asked for it.
func TestJoinDestroysNothing(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	one, other := r.conversation(), r.conversation()
	r.send(one, seal.Letter{Text: []byte("하나")})
	src := r.only()
	r.send(other, seal.Letter{Kind: cell.KindErase})
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	to := rows[0].ID
	if to == src {
		to = rows[1].ID
	}
	for _, p := range [][2]ID{{src, to}, {to, src}} {
		var fe *FieldError
		if _, err := r.desk.Join(ctx, p[0], p[1], "mina"); !errors.As(err, &fe) || fe.Field != "join" {
			t.Errorf("joined: %v", err)
		}
	}
	if r.due(src) != 0 || r.due(to) == 0 {
		t.Errorf("to go: %s and %s", r.due(src), r.due(to))
	}
}

// Who knows the words and fills the thread with parts of letters that never become whole keeps
// no letter of one part out, and so no wish; nor the last part of one that waits.
func TestFullThreadTakesWishes(t *testing.T) {
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	long := r.records(c, seal.Letter{Text: []byte(noiseText(5000))})
	r.batch(r.today, long[1:]...)
	r.today++
	r.sync()
	src, all := r.only(), map[string]*pending{}
	for have := len(long) - 1; have < PendingFragments; {
		f := &cell.FragmentFields{Count: 64, Letter: cell.LetterID{byte(len(all)), 1}, Thread: c.Thread(), Week: r.week(), Body: make([]byte, cell.BodySize)}
		p := newPending(src, r.today, seal.LetterKey{}, f)
		for ; f.Index < 63 && have < PendingFragments; f.Index++ {
			must(t, p.add(f))
			have++
		}
		all[p.name()] = p
	}
	must(t, r.desk.savePendings(all))
	if rep := r.send(c, seal.Letter{Text: []byte(noiseText(4000))}); rep.Letters != 0 || rep.Refused == 0 {
		t.Fatalf("the play wants a thread that is full: %+v", rep)
	}
	r.batch(r.today, append(r.records(c, seal.Letter{Kind: cell.KindErase}), long[0])...)
	r.today++
	if rep := r.sync(); rep.Letters != 2 || rep.Refused != 0 {
		t.Errorf("%+v", rep)
	}
	if r.due(src) == 0 {
		t.Error("the wish did not come through")
	}
}

// A backup from before does not bring back what was erased since, as long as it can open the
// letter that asked for it: the desk reads the batches again before anything is shown as kept,
// and destroys what is due.
func TestRestoredDeskErasesAgain(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c, other := r.conversation(), r.conversation()
	r.send(c, seal.Letter{Text: []byte("사라질 말")}, seal.Letter{Kind: cell.KindHelp, Text: []byte("도와주세요")})
	src := r.only()
	r.send(other, seal.Letter{Text: []byte("남을 말")})
	restore := r.backup()
	asked := r.today
	r.send(c, seal.Letter{Kind: cell.KindErase})
	r.today = asked + EraseDays + 1
	r.quiet()
	r.sync()
	if r.is(src) {
		t.Fatal("the play wants it erased")
	}
	restore()
	if !r.is(src) {
		t.Fatal("the play wants it back in the backup")
	}
	r.sync()
	if r.is(src) {
		t.Error("what was erased is back after a restore")
	}
	if keys, err := r.desk.v.ListSecrets(secretThread); err != nil || len(keys) != 1 {
		t.Errorf("%d weekly keys, %v", len(keys), err)
	}
	for op, err := range r.desk.v.Ops(ctx, vault.Position{}) {
		must(t, err)
		if bytes.Contains(op.Content, []byte("사라질")) || bytes.Contains(op.Content, []byte("도와주세요")) {
			t.Errorf("%s still holds the words", op.Kind)
		}
	}
}

// backup makes a backup as of now, and gives what puts it in the place of the desk's vault.
func (r *room) backup() (restore func()) {
	r.t.Helper()
	id, err := age.GenerateHybridIdentity()
	must(r.t, err)
	var b bytes.Buffer
	must(r.t, r.desk.v.Backup(r.t.Context(), &b, id.Recipient(), BackupKeeps(r.today)))
	return func() {
		r.t.Helper()
		must(r.t, r.desk.Close())
		before := r.dir
		r.dir = filepath.Join(r.t.TempDir(), "desk")
		_, err := vault.Restore(r.t.Context(), &b, id, r.dir, r.key, r.cfg.options())
		must(r.t, err)
		must(r.t, os.CopyFS(filepath.Join(r.dir, notesDir), os.DirFS(filepath.Join(before, notesDir))))
		r.cfg.Dir = r.dir
		r.open()
	}
}

// A desk that was stopped between counting a conversation and destroying it counts it once.
func TestErasureIsCountedOnce(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Kind: cell.KindErase})
	src := r.only()
	r.today += EraseDays
	r.quiet()
	var gone erased
	gone.add(src)
	_, err := r.desk.append1(ctx, opErased, deskThing, deskThing, gone)
	must(t, err)
	r.reopen()
	r.sync()
	room, err := r.desk.Newsroom(ctx)
	must(t, err)
	if r.is(src) || len(room.Erased) != 1 || room.Erased[0].Threads != 1 {
		t.Errorf("%+v", room.Erased)
	}
}
