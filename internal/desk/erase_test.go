package desk

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// send puts letters into the batch of today and reads it on the next day.
func (r *room) send(c *seal.Conversation, ls ...seal.Letter) SyncReport {
	r.t.Helper()
	var recs []cell.Record
	for _, l := range ls {
		recs = append(recs, r.records(c, l)...)
	}
	r.batch(r.today, recs...)
	r.today++
	if r.host.notes != nil {
		r.publish()
	}
	return r.sync()
}

// quiet puts a batch without a letter for each day before today that has none, as a sift does
// that runs every day.
func (r *room) quiet() {
	r.t.Helper()
	for day := day0; day < r.today; day++ {
		if _, have := r.host.objects[fmt.Sprintf("batch/%d", day)]; !have {
			r.batch(day)
		}
	}
}

// only gives the one source of a desk.
func (r *room) only() ID {
	r.t.Helper()
	rows, err := r.desk.Inbox(r.t.Context())
	must(r.t, err)
	if len(rows) != 1 {
		r.t.Fatalf("%d rows", len(rows))
	}
	return rows[0].ID
}

// claimOn makes a claim that rests on all letters of a source.
func (r *room) claimOn(src ID) ID {
	r.t.Helper()
	ctx := r.t.Context()
	claim, _, err := r.desk.NewClaim(ctx, Claim{Statement: "one"})
	must(r.t, err)
	v, err := r.desk.Thread(ctx, src)
	must(r.t, err)
	for _, rep := range v.Reports {
		_, _, err = r.desk.AddEvidence(ctx, EvidenceInput{
			Claim: claim, Report: rep.ID, Words: rep.Text, Stance: ladder.Supports, Path: ladder.Direct, Grade: 2,
		})
		must(r.t, err)
	}
	return claim
}

// An erase hides at once, and destroys on the eighth day after its arrival day; claims are
// derived without it from the first moment, and remember that something is gone.
func TestEraseHidesAtOnceAndDestroys(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	const secret = "곧 사라질 말"
	r.send(c, seal.Letter{Kind: cell.KindHelp, Text: []byte("도와주세요")}, seal.Letter{Text: []byte(secret)})
	src := r.only()
	claim := r.claimOn(src)
	_, _, err := r.desk.Reply(ctx, src, "비밀 답장", "mina")
	must(t, err)
	must(t, r.desk.SaveDraft(ctx, "reply", src, "쓰던 답"))
	if v, _ := r.desk.Claim(ctx, claim); v.Rung != ladder.OneChain {
		t.Fatalf("%+v", v.ClaimRow)
	}
	told, err := r.desk.Thread(ctx, src)
	must(t, err)
	_, err = r.desk.AddTranslation(ctx, told.Reports[0].ID, Translation{Lang: lang.English, By: "mina", State: TranslationDraft, Text: "words that will go", Sentences: []Rendered{{Cut(told.Reports[0].Original())[0], "words that will go"}}})
	must(t, err)
	if told, err = r.desk.Thread(ctx, src); err != nil || len(told.Reports[0].Translations) != 1 || len(told.Reports[0].Claims) != 1 || told.Reports[0].Claims[0].Words == "" {
		t.Fatalf("%+v, %v: the test is blind", told, err)
	}
	asked := r.today
	r.send(c, seal.Letter{Kind: cell.KindErase})

	due := asked + EraseDays + 1
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 1 || rows[0].Erase != due || rows[0].Snippet != "" {
		t.Errorf("%+v", rows)
	}
	v, err := r.desk.Thread(ctx, src)
	must(t, err)
	if v.Erase != due || len(v.Reports) != 3 || v.Replies[0].Text != "" {
		t.Errorf("%+v", v)
	}
	for _, rep := range v.Reports {
		one, err := r.desk.Report(ctx, rep.ID)
		must(t, err)
		if rep.Text != "" || one.Text != "" || !rep.Hidden || !one.Hidden || len(rep.Translations)+len(one.Translations) > 0 {
			t.Errorf("words are shown: %+v", rep)
		}
		for _, c := range slices.Concat(rep.Claims, one.Claims) {
			if c.Words != "" {
				t.Errorf("the words that carry a claim are shown: %+v", c)
			}
		}
		if _, _, err := r.desk.AddEvidence(ctx, EvidenceInput{Claim: claim, Report: rep.ID, Stance: ladder.Supports, Path: ladder.Direct, Grade: 2}); err == nil {
			t.Error("what is to go carries a claim anew")
		}
	}
	if found, err := r.desk.Search(ctx, SearchQuery{Text: "사라질"}); err != nil || len(found.Rows) != 0 {
		t.Errorf("found: %+v %v", found, err)
	}
	cv, err := r.desk.Claim(ctx, claim)
	must(t, err)
	if cv.Rung != ladder.Unsupported || cv.Erased != 2 || len(cv.Evidence) != 2 || cv.Evidence[1].Words != "" || !cv.Evidence[0].Erased {
		t.Errorf("%+v", cv)
	}
	// Opened knowingly, it is all there, and the log says who did.
	if _, err := r.desk.Reveal(ctx, src, " "); err == nil {
		t.Error("opened by nobody")
	}
	open, err := r.desk.Reveal(ctx, src, "mina")
	must(t, err)
	if open.Reports[0].Text+open.Reports[1].Text == "" || open.Replies[0].Text == "" {
		t.Errorf("%+v", open)
	}
	if evs, err := r.desk.events(ctx, opReveal, src); err != nil || len(evs) != 1 {
		t.Errorf("%d openings in the log, %v", len(evs), err)
	}

	r.destroyed(src, claim, due, secret)
	// Who writes again by the same words begins anew.
	r.send(c, seal.Letter{Text: []byte("다시")})
	if again := r.only(); again == src {
		t.Error("the old source is back")
	}
}

// destroyed brings the day on which a conversation goes, and looks for what is left.
func (r *room) destroyed(src, claim ID, due cell.Day, secret string) {
	t, ctx := r.t, r.t.Context()
	t.Helper()
	r.today = due - 1
	r.quiet()
	r.sync()
	if _, err := r.desk.Thread(ctx, src); err != nil {
		t.Errorf("destroyed too early: %v", err)
	}
	r.today = due
	r.quiet()
	r.sync()
	if _, err := r.desk.Thread(ctx, src); !errors.Is(err, ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
	cv, err := r.desk.Claim(ctx, claim)
	must(t, err)
	if cv.Rung != ladder.Unsupported || cv.Erased != 2 || len(cv.Evidence) != 2 || !cv.Evidence[1].Erased {
		t.Errorf("after: %+v", cv)
	}
	if secrets, err := r.desk.v.ListSecrets(secretThread); err != nil || len(secrets) != 0 {
		t.Errorf("weekly keys are left: %v %v", secrets, err)
	}
	room, err := r.desk.Newsroom(ctx)
	must(t, err)
	if len(room.Erased) != 1 || room.Erased[0] != (ErasedView{due, 1}) {
		t.Errorf("%+v", room.Erased)
	}
	for op, err := range r.desk.v.Ops(ctx, vault.Position{}) {
		must(t, err)
		for _, word := range []string{secret, "비밀 답장", "쓰던 답", "도와주세요", src.String()} {
			if bytes.Contains(op.Content, []byte(word)) {
				t.Errorf("%s still holds %q", op.Kind, word)
			}
		}
	}
	r.reopen()
}

// A withdraw keeps the thread, also one of the same day; an erase after it counts anew.
func TestEraseIsWithdrawn(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Text: []byte("하나")})
	src := r.only()
	r.send(c, seal.Letter{Kind: cell.KindErase})
	r.today += EraseDays - 1 // the last day on which it can be taken back
	r.send(c, seal.Letter{Kind: cell.KindWithdraw})
	if r.due(src) != 0 {
		t.Fatalf("withdrawn, and still to go on %s", r.due(src))
	}
	v, err := r.desk.Thread(ctx, src)
	must(t, err)
	if v.Reports[0].Text != "하나" || v.Reports[2].Kind != KindWithdraw {
		t.Errorf("%+v", v.Reports)
	}
	day := r.today
	r.send(c, seal.Letter{Kind: cell.KindErase, Text: []byte("two")}, seal.Letter{Kind: cell.KindWithdraw, Text: []byte("two")})
	if r.due(src) != 0 {
		t.Error("an order within a day was made up")
	}
	r.send(c, seal.Letter{Kind: cell.KindErase, Text: []byte("three")})
	r.send(c, seal.Letter{Kind: cell.KindErase, Text: []byte("four")})
	if r.due(src) != day+1+EraseDays+1 {
		t.Errorf("to go on %s", r.due(src))
	}
}

// A desk that was off reads what takes an erasure back before it destroys; one that can't
// read batches waits a week more, and no longer.
func TestEraseWaitsForWhatTakesItBack(t *testing.T) {
	for _, withdrawn := range []bool{true, false} {
		r := newRoom(t)
		r.sync()
		c := r.conversation()
		r.send(c, seal.Letter{Text: []byte("하나")})
		src := r.only()
		r.send(c, seal.Letter{Kind: cell.KindErase})
		if withdrawn {
			r.batch(r.today, r.records(c, seal.Letter{Kind: cell.KindWithdraw})...)
		}
		name := "list"
		r.today += EraseDays + 2
		cut := errors.New("cut")
		r.host.fail = func(op, on string) error {
			if op == name && on == batchPrefix {
				return cut
			}
			return nil
		}
		r.reopen()
		if _, err := r.desk.Sync(t.Context()); !errors.Is(err, cut) {
			t.Fatal(err)
		}
		if _, err := r.desk.Thread(t.Context(), src); err != nil {
			t.Fatalf("destroyed before the batches were read: %v", err)
		}
		if !withdrawn {
			r.today += eraseLate
			_, _ = r.desk.Sync(t.Context())
		} else {
			r.host.fail = nil
			r.sync()
		}
		if _, err := r.desk.Thread(t.Context(), src); (err == nil) != withdrawn {
			t.Errorf("withdrawn %v: %v", withdrawn, err)
		}
	}
}

// A move makes two threads one source: one row, one chain, one place for answers. It can be
// undone by who doubts it.
func TestMoveMakesOneSource(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	old, next := r.conversation(), r.conversation()
	r.send(old, seal.Letter{Text: []byte("옛 자리의 말")})
	src := r.only()
	claim := r.claimOn(src)
	_, _, err := r.desk.Reply(ctx, src, "옛 자리로 보낸 답", "mina")
	must(t, err)
	r.send(old, seal.Letter{Kind: cell.KindMove, Text: seal.MoveText(next.Thread())})
	if r.only() != src {
		t.Fatal("moved to nobody")
	}
	r.send(next, seal.Letter{Text: []byte("새 자리의 말")})
	to := r.only()
	if to == src {
		t.Fatal("the new thread is not the one that is shown")
	}
	v, err := r.desk.Thread(ctx, to)
	must(t, err)
	if len(v.Reports) != 3 || len(v.Former) != 1 || v.Former[0].ID != src || len(v.Replies) != 1 || v.Reports[1].Text != "" {
		t.Fatalf("%+v", v)
	}
	if before, err := r.desk.Thread(ctx, src); err != nil || before.Next == nil || before.Next.ID != to {
		t.Errorf("%+v %v", before, err)
	}
	_, _, err = r.desk.AddEvidence(ctx, EvidenceInput{Claim: claim, Report: v.Reports[2].ID, Stance: ladder.Supports, Path: ladder.Direct, Grade: 2})
	must(t, err)
	if cv, _ := r.desk.Claim(ctx, claim); cv.Chains != 1 || cv.Supports != 2 {
		t.Errorf("one source makes %d chains: %+v", cv.Chains, cv.ClaimRow)
	}
	// Answers go to the new words, the earlier one too; the old weekly key is gone.
	_, _, err = r.desk.Reply(ctx, src, "새 자리로 보낼 답", "mina")
	must(t, err)
	r.sync()
	if _, err := r.desk.chainOf(secretThread + src.String()); err == nil {
		t.Error("the old thread's weekly key is still here")
	}
	r.today++
	b := r.publish()
	r.sync()
	if n := len(old.FindReplies(b, r.today, w0)); n != 0 {
		t.Errorf("%d replies go to the old words", n)
	}
	var last cell.ReplyID
	got := ""
	for _, f := range next.FindReplies(b, r.today, w0) {
		if f.Kind == seal.ReplyText {
			got, last = got+string(f.Body), f.ID
		}
	}
	if !strings.Contains(got, "옛 자리로 보낸 답") || !strings.Contains(got, "새 자리로 보낼 답") {
		t.Errorf("the new words find %q", got)
	}
	r.send(next, seal.Letter{Text: []byte("읽었습니다"), LastReply: last})
	if v, _ = r.desk.Thread(ctx, to); v.Replies[1].State.Progress != ReadBack {
		t.Errorf("%+v", v.Replies)
	}

	r.keptApart(src, to, claim)
	// A move back closes a ring and has no effect; nonsense names nobody.
	r.send(next, seal.Letter{Kind: cell.KindMove, Text: seal.MoveText(old.Thread())}, seal.Letter{Kind: cell.KindMove, Text: []byte("nowhere")})
	if r.only() != to {
		t.Error("a ring")
	}
	// Erasing the successor covers what was moved to it.
	r.send(next, seal.Letter{Kind: cell.KindErase})
	if v, _ := r.desk.Thread(ctx, src); v.Erase == 0 || v.Reports[0].Text != "" {
		t.Errorf("the old thread is not hidden: %+v", v)
	}
	r.today += EraseDays + 1
	r.quiet()
	r.publish()
	r.sync()
	if r.is(src) || r.is(to) {
		t.Errorf("destroyed: the old one %v, the new one %v", !r.is(src), !r.is(to))
	}
}

// keptApart separates a thread from its successor and joins them again.
func (r *room) keptApart(src, to, claim ID) {
	t, ctx := r.t, r.t.Context()
	t.Helper()
	op, err := r.desk.KeepApart(ctx, src)
	must(t, err)
	if rows, _ := r.desk.Inbox(ctx); len(rows) != 2 {
		t.Errorf("%d rows", len(rows))
	}
	if cv, _ := r.desk.Claim(ctx, claim); cv.Chains != 2 {
		t.Errorf("kept apart: %d chains", cv.Chains)
	}
	_, _, err = r.desk.Undo(ctx, op)
	must(t, err)
	if r.only() != to {
		t.Error("not joined again")
	}
}
