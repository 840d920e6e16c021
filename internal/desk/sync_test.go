package desk

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A letter of day T is at the desk on T+1, answered in the bulletin of T+2, read back on T+3.
func TestLetterAnswerReadBack(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	first := r.sync()
	if first.Bulletin != 0 || len(first.Put) != 4 {
		t.Errorf("first sync put %v", first.Put)
	}
	c := r.conversation()
	text := strings.Repeat("안녕하십니까. 요즘 통제가 심해졌습니다. ", 200)
	r.batch(r.today, r.records(c, seal.Letter{Kind: cell.KindLetter, Topic: 2, Text: []byte(text)})...)

	r.today++ // T+1
	rep := r.sync()
	if rep.Letters != 1 || rep.Refused != 0 || rep.Late != 0 {
		t.Fatalf("report %+v", rep)
	}
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 1 || !rows[0].Unread || rows[0].Lang != "ko" || rows[0].Day != day0 || rows[0].LastReply != nil {
		t.Fatalf("inbox %+v", rows)
	}
	src := rows[0].ID
	v, err := r.desk.Thread(ctx, src)
	must(t, err)
	if len(v.Reports) != 1 || v.Reports[0].Text != text || v.Reports[0].Topic != 2 || !v.Letters {
		t.Fatalf("thread %+v", v)
	}
	reply, _, err := r.desk.Reply(ctx, src, "고맙습니다. "+strings.Repeat("가", 800), "editor")
	must(t, err)
	r.sync()
	state := func() ReplyState {
		t.Helper()
		v, err := r.desk.Thread(ctx, src)
		must(t, err)
		return v.Replies[0].State
	}
	if s := state(); s.Progress != Waiting {
		t.Errorf("before publication: %+v", s)
	}

	r.today++ // T+2
	b := r.publish()
	rep = r.sync()
	if rep.Bulletin != r.today || rep.Missing != 0 || rep.Found != 32 {
		t.Errorf("T+2: %+v", rep)
	}
	if s := state(); s != (ReplyState{InBulletin, r.today}) {
		t.Errorf("published: %+v", s)
	}
	if _, err := r.desk.WithdrawReply(ctx, reply); !errors.Is(err, ErrLate) {
		t.Errorf("withdrawn out of a bulletin: %v", err)
	}
	found := c.FindReplies(b, r.today, w0)
	if len(found) != 1 || !found[0].Complete || !strings.HasPrefix(string(found[0].Body), "고맙습니다.") {
		t.Fatalf("the source finds %+v", found)
	}
	if found[0].Ack.Bitmap == 0 {
		t.Error("the reply acknowledges no letter")
	}
	r.batch(r.today, r.records(c, seal.Letter{Text: []byte("받았습니다"), LastReply: found[0].ID})...)

	r.today++ // T+3
	r.publish()
	r.sync()
	if s := state(); s != (ReplyState{ReadBack, r.today - 1}) {
		t.Errorf("read back: %+v", s)
	}
	r.today++
	found = c.FindReplies(r.publish(), r.today, w0)
	if len(found) != 2 {
		t.Errorf("receipts of two letters wanted: %+v", found)
	}
	for _, f := range found {
		if f.Kind != seal.ReplyReceipt {
			t.Errorf("a reply that was read back is sealed again: %+v", f)
		}
	}
}

// noiseText is text of n bytes that hardly deflates.
func noiseText(n int) string {
	b := make([]byte, n*3/4)
	_, _ = rand.Read(b)
	return base64.RawStdEncoding.EncodeToString(b)
}

// A cell answered 204 stands exactly once in the log: batches are read again after each
// break, in any order, and one letter comes in parts over several days.
func TestP8LettersStandOnceHoweverOftenRead(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	a, b := r.conversation(), r.conversation()
	noise := noiseText(6000)
	long := r.records(a, seal.Letter{Text: []byte(noise)})
	if len(long) < 3 {
		t.Fatalf("%d parts only", len(long))
	}
	short := r.records(b, seal.Letter{Text: []byte("한 번")})
	r.batch(day0, long[0], short[0], long[0], short[0])
	r.batch(day0+1, long[2:]...)
	r.batch(day0+2, append(long[1:2], short[0])...)
	r.today += 3

	// Broken at the n-th request, each time one later, until a sync goes through.
	broke := errors.New("cut")
	for n := 1; ; n++ {
		left := n
		r.host.fail = func(string, string) error {
			if left--; left == 0 {
				return broke
			}
			return nil
		}
		_, err := r.desk.Sync(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, broke) {
			t.Fatal(err)
		}
		if n%4 == 0 {
			r.reopen()
		}
		if n > 100 {
			t.Fatal("no sync goes through")
		}
	}
	r.host.fail = nil
	// Read again from nothing: as if the operations that mark batches as read were lost.
	in, err := r.desk.newIntake(r.week())
	must(t, err)
	must(t, in.read(ctx, day0+9, append(long, short...)))
	if in.Letters != 0 {
		t.Errorf("%d letters came in again", in.Letters)
	}
	rs, err := r.desk.reports(ctx, `1`)
	must(t, err)
	if len(rs) != 2 {
		t.Fatalf("%d letters in the log, want 2", len(rs))
	}
	if rs[0].Text != "한 번" || rs[1].Text != noise {
		t.Errorf("letters are not what was sent")
	}
	if list, err := r.desk.pendings(""); err != nil || len(list) != 0 {
		t.Errorf("%d letters still wait, %v", len(list), err)
	}
}

// Parts that wait survive a restart, and can be read as far as they go.
func TestIncompleteLetterIsShown(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	text := "줄 " + noiseText(9000)
	recs := r.records(c, seal.Letter{Text: []byte(text)})
	r.batch(day0, recs[0], recs[1])
	r.today++
	if rep := r.sync(); rep.Pending != 1 || rep.Letters != 0 {
		t.Fatalf("%+v", rep)
	}
	r.reopen()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 1 || !rows[0].Incomplete || !strings.HasPrefix(rows[0].Snippet, text[:20]) {
		t.Fatalf("inbox %+v", rows)
	}
	v, err := r.desk.Thread(ctx, rows[0].ID)
	must(t, err)
	if len(v.Pending) != 1 || v.Pending[0].Have != 2 || v.Pending[0].Of != len(recs) || !strings.HasPrefix(text, v.Pending[0].Text) {
		t.Errorf("pending %+v", v.Pending)
	}
	r.today += PendingDays + 1
	r.reopen()
	if list, err := r.desk.pendings(""); err != nil || len(list) != 0 {
		t.Errorf("after %d days %d still wait, %v", PendingDays, len(list), err)
	}
}

func TestLettersThatAreRefused(t *testing.T) {
	r := newRoom(t)
	r.sync()
	good := r.conversation()
	other := r.conversation()
	r.batch(day0, r.records(good, seal.Letter{Text: []byte("하나")})...)
	r.today++
	r.sync()

	// Another chain under the same thread: somebody who knows a thread id but not the words.
	l := seal.Letter{Text: []byte("거짓"), Week: r.week(), Thread: good.Thread()}
	frags, err := seal.CutLetter(rand.Reader, &l, other.Key(r.week()))
	must(t, err)
	r.batch(day0+1, r.record(&frags[0]), r.weekRecord(other, r.week()+2))
	r.today++
	if rep := r.sync(); rep.Refused != 2 || rep.Letters != 0 {
		t.Errorf("%+v", rep)
	}
	r.today += 7 * 7
	r.signNotes()
	r.sync() // makes an inbox key of that week
	r.batch(r.today-1, r.weekRecord(other, r.week()-7), r.weekRecord(other, r.week()-6))
	if rep := r.sync(); rep.Letters != 1 || rep.Refused != 1 {
		t.Errorf("letters from seven and six weeks before: %+v", rep)
	}
	rs, err := r.desk.reports(t.Context(), `1`)
	must(t, err)
	if len(rs) != 2 {
		t.Errorf("%d letters in the log, want 2", len(rs))
	}
}

// weekRecord seals a letter that claims to be of some week.
func (r *room) weekRecord(c *seal.Conversation, w cell.Week) cell.Record {
	return r.records(c, seal.Letter{Text: []byte("주"), Week: w})[0]
}

// A record that no living inbox key opens is counted, and nothing else happens.
func TestLateRecordsAreCounted(t *testing.T) {
	r := newRoom(t)
	r.sync()
	var foreign cell.Record
	_, err := rand.Read(foreign[:])
	must(t, err)
	r.batch(day0, foreign)
	r.today++
	if rep := r.sync(); rep.Late != 1 || rep.Records != 2 {
		t.Errorf("%+v", rep)
	}
	v, err := r.desk.Newsroom(t.Context())
	must(t, err)
	if v.Late != 1 || v.Batches != 1 || v.LastSync != r.today {
		t.Errorf("%+v", v)
	}
}

// The host sees one byte string a name, whatever breaks and however often (P13), and a
// full parcel at each sync whether there are replies or not (P12).
func TestP12P13ParcelsAreConstantAndPutOnce(t *testing.T) {
	r := newRoom(t)
	seen := map[string]string{}
	size := 0
	fails := 0
	r.host.fail = func(op, name string) error {
		if strings.HasPrefix(op, "put") {
			if fails++; fails%3 == 0 {
				return errors.New("cut")
			}
		}
		return nil
	}
	for i := range 12 {
		_, _ = r.desk.Sync(t.Context())
		for name, data := range r.host.objects {
			if old, ok := seen[name]; ok && old != string(data) {
				t.Fatalf("%s was put twice in different bytes", name)
			}
			seen[name] = string(data)
			if strings.HasPrefix(name, "parcel/") {
				if size == 0 {
					size = len(data)
				}
				if len(data) != size {
					t.Errorf("%s has %d bytes, others %d", name, len(data), size)
				}
			}
		}
		if i == 5 {
			c := r.conversation()
			r.batch(r.today, r.records(c, seal.Letter{Text: []byte("물음")})...)
			r.today++
		}
		if i == 8 {
			rows, err := r.desk.Inbox(t.Context())
			must(t, err)
			_, _, err = r.desk.Reply(t.Context(), rows[0].ID, "답", "editor")
			must(t, err)
		}
	}
	if size == 0 {
		t.Fatal("no parcel was put")
	}
}

// What a desk holds in week w finds no recorded slot older than week w−2.
func TestP15OldSlotsCannotBeFound(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.batch(r.today, r.records(c, seal.Letter{Text: []byte("첫 편지")})...)
	r.today++
	r.sync()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	_, _, err = r.desk.Reply(ctx, rows[0].ID, "대답", "editor")
	must(t, err)
	r.sync()
	r.today++
	b, when := r.publish(), r.today
	r.sync()

	find := func() int {
		chain, err := r.desk.chainOf(secretThread + rows[0].ID.String())
		must(t, err)
		return len(seal.FindReplies(chain.At, b, when, w0))
	}
	if find() != 1 {
		t.Fatal("the desk does not find its own slot in its own week")
	}
	r.today += 14
	r.reopen()
	if find() != 1 {
		t.Error("two weeks later the key is gone already")
	}
	r.today += 7
	r.reopen()
	if n := find(); n != 0 {
		t.Errorf("three weeks later %d replies are still found", n)
	}
}

// A desk restored from an old backup, which remembers too few numbers, takes none twice.
func TestP13RestoredDeskTakesHigherNumbers(t *testing.T) {
	r := newRoom(t)
	for range 3 {
		r.sync()
	}
	for _, counter := range []string{"parcel", "note"} {
		must(t, r.desk.v.DeleteSecret(secretCounter+counter))
	}
	rep := r.sync()
	if !slices.Contains(rep.Put, fmt.Sprintf("parcel/%d/0/4", r.today+1)) {
		t.Errorf("put %v", rep.Put)
	}
}

// Other bytes under a name at the host are reported, and given up for a higher number.
func TestConflictAtTheHostIsReported(t *testing.T) {
	r := newRoom(t)
	r.sync()
	must(t, r.desk.enqueue("note/desk/1", []byte("other bytes")))
	if _, err := r.desk.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "note/desk/1") {
		t.Errorf("conflict: %v", err)
	}
	r.sync()
	v, err := r.desk.Newsroom(t.Context())
	must(t, err)
	if v.LastError != "" || len(v.Notes) != 3 || len(v.Approvers) != 2 || len(v.Keys) != 4 {
		t.Errorf("%+v", v)
	}
	signed := r.today
	for left, want := range map[int]seal.Ending{
		35: seal.EndsLater, 14: seal.EndsSoon, 7: seal.EndsThisWeek, 3: seal.EndsNow, 1: seal.EndsToday, 0: seal.Ended,
	} {
		r.today = signed + seal.RootLife - cell.Day(left)
		v, err = r.desk.Newsroom(t.Context())
		must(t, err)
		for _, n := range v.Notes {
			if n.Role != "desk" && n.Ending != want {
				t.Errorf("%s note, %d days left: ending %d, want %d", n.Role, left, n.Ending, want)
			}
		}
	}
}

// A desk that was off for weeks makes a new desk note in time, and one for each new week.
func TestDeskNoteIsRenewed(t *testing.T) {
	r := newRoom(t)
	r.sync()
	serials := func() int {
		names, err := r.host.ListObjects(t.Context(), deskPrefix)
		must(t, err)
		return len(names)
	}
	for _, step := range []struct{ days, notes int }{{0, 1}, {1, 1}, {6, 2}, {7, 3}, {14, 4}} {
		r.today += cell.Day(step.days)
		r.sync()
		if got := serials(); got != step.notes {
			t.Errorf("after %d days more: %d desk notes, want %d", step.days, got, step.notes)
		}
	}
	boxes, err := r.desk.inboxes()
	must(t, err)
	if len(boxes) != 6 {
		t.Errorf("%d inbox keys live: %+v", len(boxes), boxes)
	}
	r.today += 7 * 7
	r.reopen()
	boxes, err = r.desk.inboxes()
	must(t, err)
	if len(boxes) != 2 {
		t.Errorf("%d inbox keys live after seven weeks", len(boxes))
	}
}
