package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// junk makes fragments of letters, each of a thread of its own.
func (r *room) junk(n int, text func(i int) string) []*cell.Fragment {
	r.t.Helper()
	out := make([]*cell.Fragment, n)
	for i := range out {
		var k seal.WeekKey
		l := seal.Letter{Kind: cell.KindLetter, Week: r.week(), Text: []byte(text(i))}
		_, _ = rand.Read(k[:])
		_, _ = rand.Read(l.Thread[:])
		frags, err := seal.CutLetter(rand.Reader, &l, k)
		must(r.t, err)
		out[i] = &frags[0]
	}
	return out
}

// pour takes fragments in as one batch, past the seals: opening them is not what is tried.
func (r *room) pour(day cell.Day, frags []*cell.Fragment) batch {
	r.t.Helper()
	return r.pourInto(day, PendingTotal, frags)
}

// pourInto is pour at a desk where limit fragments may wait.
func (r *room) pourInto(day cell.Day, limit int, frags []*cell.Fragment) batch {
	r.t.Helper()
	r.desk.mu.Lock()
	defer r.desk.mu.Unlock()
	defer r.desk.waitingChanged()
	in, err := r.desk.newIntake(r.week())
	must(r.t, err)
	in.limit = limit
	in.batch = batch{Day: day, Records: len(frags)}
	for _, f := range frags {
		must(r.t, in.count(in.opened(context.Background(), f)))
	}
	must(r.t, in.finishBatch(context.Background()))
	return in.batch
}

// floodSize is how many threads a flood has: 100,000 if KKACHI_FLOOD says so.
func floodSize(t testing.TB, usual int) int {
	if n, err := strconv.Atoi(os.Getenv("KKACHI_FLOOD")); err == nil {
		return n
	}
	if testing.Short() {
		return usual / 10
	}
	return usual
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A flood of new threads: the real letters arrive and are shown, threads that the newsroom
// knows stay in sight, one sweep clears what says the same, and memory does not grow.
func TestP9FloodOfThreads(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	known := r.conversation()
	r.send(known, seal.Letter{Text: []byte("우리가 아는 사람")})
	src := r.only()
	_, _, err := r.desk.Reply(ctx, src, "고맙습니다", "mina")
	must(t, err)
	r.today++
	n := floodSize(t, 5000)
	before := heap()
	start := time.Now()
	junk := r.junk(n, func(i int) string { return fmt.Sprintf("Buy now! Offer %d", i) })
	made := time.Since(start)
	start = time.Now()
	b := r.pour(r.today-1, junk[:n/2])
	if b.Letters != n/2 || b.Refused != 0 {
		t.Errorf("%+v", b)
	}
	clear(junk[:n/2])
	fresh := r.conversation()
	r.send(fresh, seal.Letter{Text: []byte("새로 온 진짜 편지")})
	r.send(known, seal.Letter{Text: []byte("다시 씁니다")})
	r.today++
	r.pour(r.today-1, junk[n/2:])
	junk = nil
	t.Logf("%d threads: made in %s, taken in in %s", n, made, time.Since(start))

	start = time.Now()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	open := time.Since(start)
	saw, alike := map[string]bool{}, 0
	for _, row := range rows {
		saw[row.Snippet] = true
		alike = max(alike, row.Alike)
	}
	if len(rows) > InboxRows || !saw["다시 씁니다"] {
		t.Errorf("%d rows; the known source is in sight: %v", len(rows), saw["다시 씁니다"])
	}
	if alike == 0 {
		t.Error("junk that says the same is not folded")
	}
	page, err := r.desk.InboxPage(ctx, InboxQuery{})
	must(t, err)
	if page.Total != min(n+2, maxUnread) || n > InboxRows && page.Next == "" {
		t.Errorf("a page of %d threads, next %q", page.Total, page.Next)
	}
	start = time.Now()
	found, err := r.desk.Search(ctx, SearchQuery{Text: "진짜 편지"})
	must(t, err)
	t.Logf("inbox %s, search %s", open, time.Since(start))
	if len(found.Rows) != 1 || found.Rows[0].Snippet != (Snippet{"새로 온 ", "진짜", " 편지"}) {
		t.Errorf("%+v", found.Rows)
	}
	r.sweeps(rows, n)
	r.answers(known, src)
	if grown := int64(heap()) - int64(before); grown > 64<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
}

// sweeps clears the inbox of n threads that say the same with one word, and takes it back.
func (r *room) sweeps(rows []InboxRow, n int) {
	t, ctx := r.t, r.t.Context()
	t.Helper()
	var junkRow ID
	for _, row := range rows {
		if row.Alike > 0 {
			junkRow = row.ID
		}
	}
	swept, _, err := r.desk.BlockAlike(ctx, junkRow, "mina")
	must(t, err)
	if swept != n {
		t.Errorf("%d swept, want %d", swept, n)
	}
	rows, err = r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 2 {
		t.Errorf("%d rows after the sweep", len(rows))
	}
	if blocked, err := r.desk.InboxPage(ctx, InboxQuery{Box: BoxBlocked}); err != nil || blocked.Total != min(n, maxUnread) {
		t.Errorf("%d blocked, %v", blocked.Total, err)
	}
	if c, err := r.desk.Counts(ctx); err != nil || c.Unread != 2 {
		t.Errorf("%+v %v", c, err)
	}
	if v, err := r.desk.Thread(ctx, junkRow); err != nil || v.Block == nil || !v.Block.Alike || v.Block.By != "mina" {
		t.Errorf("a thread that was swept says %+v, %v", v.Block, err)
	}
	_, err = r.desk.LetIn(ctx, junkRow)
	must(t, err)
	if c, err := r.desk.Counts(ctx); err != nil || c.Unread != min(n+2, maxUnread) {
		t.Errorf("%+v %v", c, err)
	}
}

// answers sees a second reply go out: the flood's receipts displace none.
func (r *room) answers(known *seal.Conversation, src ID) {
	t, ctx := r.t, r.t.Context()
	t.Helper()
	_, _, err := r.desk.Reply(ctx, src, "두 번째 답", "mina")
	must(t, err)
	r.publish()
	r.sync()
	r.today++
	bulletin := r.publish()
	texts := 0
	for _, f := range known.FindReplies(bulletin, r.today, w0) {
		if f.Kind == seal.ReplyText {
			texts++
		}
	}
	if texts != 2 {
		t.Errorf("%d replies to the known source go out in a flood", texts)
	}
}

// A flood of first parts fills what may wait, and no more: the parts of a thread that the
// newsroom knows stay, and a letter that comes whole is read.
func TestP9FloodOfParts(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	known := r.conversation()
	r.send(known, seal.Letter{Text: []byte("우리가 아는 사람")})
	_, _, err := r.desk.Reply(ctx, r.only(), "고맙습니다", "mina")
	must(t, err)
	long := r.records(known, seal.Letter{Text: []byte(noiseText(4000))})
	r.batch(r.today, slices.Clone(long[:len(long)-1])...)
	r.today++
	if rep := r.sync(); rep.Pending != 1 {
		t.Fatalf("%d cells, %+v", len(long), rep)
	}
	const limit, n = 800, 300
	// One-cell letters made into the first of many, each alone in its thread.
	junk := r.junk(n, func(i int) string { return "part" })
	for i, f := range junk {
		f[4] = 64
		f[6], f[7] = byte(cell.BodySize>>8), byte(cell.BodySize&0xff)
		f[58+i%8] ^= 1
	}
	for range 5 {
		for _, f := range junk {
			_, _ = rand.Read(f[10:26])
		}
		r.pourInto(r.today, limit, junkCopy(junk))
		r.today++
	}
	waiting, err := r.desk.pendings("")
	must(t, err)
	parts := 0
	for _, p := range waiting {
		parts += len(p.Parts)
	}
	if parts != limit {
		t.Errorf("%d parts wait, %d may", parts, limit)
	}
	r.batch(r.today, long[len(long)-1])
	r.today++
	if rep := r.sync(); rep.Letters != 1 {
		t.Errorf("the known source's letter did not survive: %+v", rep)
	}
	if rows, err := r.desk.Inbox(ctx); err != nil || len(rows) > InboxRows {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// junkCopy copies fragments: an intake wipes the keys in them.
func junkCopy(in []*cell.Fragment) []*cell.Fragment {
	out := make([]*cell.Fragment, len(in))
	for i, f := range in {
		c := *f
		out[i] = &c
	}
	return out
}

// A flood within one thread is cut off each day, and can be blocked; what asks for erasure
// passes.
func TestP9FloodOfOneThread(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	flood := func(from, n int) batch {
		var frags []*cell.Fragment
		for i := range n {
			l := seal.Letter{Week: r.week(), Thread: c.Thread(), Text: []byte(strconv.Itoa(from + i))}
			f, err := seal.CutLetter(rand.Reader, &l, c.Key(r.week()))
			must(t, err)
			frags = append(frags, &f[0])
		}
		return r.pour(r.today, frags)
	}
	if b := flood(0, LettersADay+20); b.Letters != LettersADay || b.Refused != 20 {
		t.Errorf("%+v", b)
	}
	src := r.only()
	for _, by := range []string{"mina", "jin"} { // two who did not know of each other
		_, err := r.desk.Block(ctx, src, by)
		must(t, err)
	}
	r.today++
	if b := flood(1000, 5); b.Letters != 0 || b.Refused != 5 {
		t.Errorf("blocked: %+v", b)
	}
	if rows, _ := r.desk.Inbox(ctx); len(rows) != 0 {
		t.Errorf("%d rows", len(rows))
	}
	r.today++
	if rep := r.send(c, seal.Letter{Kind: cell.KindErase}); rep.Letters != 1 {
		t.Errorf("a blocked source may not be erased: %+v", rep)
	}
	if v, err := r.desk.Thread(ctx, src); err != nil || v.Block == nil || v.Block.By != "jin" || v.Block.Alike {
		t.Errorf("blocked: %+v, %v", v.Block, err)
	}
	ops, err := r.desk.LetIn(ctx, src)
	must(t, err)
	if b := flood(2000, 5); b.Letters != 5 {
		t.Errorf("let in again: %+v", b)
	}
	if _, err := r.desk.LetIn(ctx, src); !errors.Is(err, ErrNotFound) {
		t.Errorf("let in twice: %v", err)
	}
	_, err = r.desk.UndoAll(ctx, ops)
	must(t, err)
	if v, err := r.desk.Thread(ctx, src); err != nil || v.Block == nil {
		t.Errorf("letting in was undone, and it is %+v, %v", v.Block, err)
	}
}

// BenchmarkInbox opens the inbox of a flooded desk: 100,000 threads, or KKACHI_FLOOD.
func BenchmarkInbox(b *testing.B) {
	r := newRoom(b)
	r.sync()
	n := floodSize(b, 100_000)
	for from := 0; from < n; from += 10_000 {
		r.pour(r.today, r.junk(min(10_000, n-from), func(i int) string { return fmt.Sprintf("letter %d of %x", i, from) + noiseText(40) }))
		r.today++
	}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"inbox", func(ctx context.Context) error { return second(r.desk.Inbox(ctx)) }},
		{"page", func(ctx context.Context) error { return second(r.desk.InboxPage(ctx, InboxQuery{})) }},
		{"counts", func(ctx context.Context) error { return second(r.desk.Counts(ctx)) }},
		{"search", func(ctx context.Context) error { return second(r.desk.Search(ctx, SearchQuery{Text: "letter 77"})) }},
	} {
		b.Run(fmt.Sprintf("%s/threads=%d", step.name, n), func(b *testing.B) {
			for b.Loop() {
				must(b, step.run(b.Context()))
			}
		})
	}
}
