package sift

import (
	"context"
	"math/rand/v2"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// The rule of B, at its edges.
func TestResize(t *testing.T) {
	for _, c := range []struct{ size, base, pool, margin, quiet, next, nowQuiet int }{
		{256, 256, 0, 127, 0, 256, 0},
		{256, 256, 256, 0, 3, 256, 0}, // exactly full
		{256, 256, 256, 1, 3, 512, 0}, // one over, by the margin
		{256, 256, 257, 0, 0, 512, 0},
		{512, 256, 100, 0, 0, 512, 1}, // half would have been enough
		{512, 256, 256, 0, 5, 512, 6},
		{512, 256, 256, 0, 6, 256, 0},  // the seventh quiet day
		{512, 256, 257, 0, 6, 512, 0},  // half would not have been enough: begin anew
		{512, 256, 250, 13, 6, 512, 0}, // nor with the margin
		{300, 256, 0, 0, 6, 256, 0},    // never under the base
		{65536, 256, 70000, 0, 0, 65536, 0},
		{1, 1, 2, 0, 0, 2, 0},
	} {
		next, quiet := Resize(c.size, c.base, c.pool, c.margin, c.quiet)
		if next != c.next || quiet != c.nowQuiet {
			t.Errorf("%+v: %d, %d quiet days", c, next, quiet)
		}
	}
}

// A simulated newsroom: B covers a flood within days, delays no letter by more than its
// growth, stays at the top under more, and falls back to its base when it is over. A steady
// flow moves it between two sizes and is delayed by neither.
func TestP9GrowthSimulated(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const base = 256
	size, quiet, pool := base, 0, 0
	day := func(arrive int) {
		pool += arrive
		next, q := Resize(size, base, pool, rnd.IntN(size/2), quiet)
		pool -= min(pool, size)
		size, quiet = next, q
	}
	for range 30 {
		day(20)
	}
	if size != base || pool != 0 {
		t.Fatalf("a quiet month: B %d, pool %d", size, pool)
	}
	day(100_000) // 100,000 junk letters
	days := 1
	for ; pool > 0; days++ {
		day(20)
	}
	// 256 + 512 + … + 32768 < 100000 < 256 + … + 65536: nine days.
	if days != 9 {
		t.Errorf("the flood was through after %d days", days)
	}
	for range 10 {
		day(1 << 20)
	}
	if size != cell.MaxBatch {
		t.Errorf("under a lasting flood B is %d", size)
	}
	pool = 0
	for n := 0; size > base; n++ {
		day(20)
		if n > 8*QuietDays {
			t.Fatalf("B is still %d after %d quiet days", size, n)
		}
	}
	for i := range 365 {
		day(300)
		if i > 0 && (size != 512 && size != 1024 || pool != 0) {
			t.Fatalf("300 a day: B %d, pool %d on day %d", size, pool, i)
		}
	}
}

// B in the note is that of the batches of its day; it survives a restart.
func TestBatchGrowsInTheNote(t *testing.T) {
	w, h, dir, s := begun(t)
	_, numbers := w.send(w.cfg.Batch+1, 0)
	base := uint32(w.cfg.Batch)
	for i, want := range []uint32{base, 2 * base} {
		w.turn(1)
		w.day(s)
		if n, _ := w.visitorNotes(); n.Sift.Batch != want {
			t.Errorf("day %d: the note says B %d, want %d", i, n.Sift.Batch, want)
		}
		s.Close()
		s = w.open(dir)
	}
	for range 2 * QuietDays {
		w.turn(1)
		w.signNotes(s.Public())
		w.day(s)
	}
	if n, _ := w.visitorNotes(); n.Sift.Batch != base {
		t.Errorf("after quiet days B is %d", n.Sift.Batch)
	}
	w.wantOnce(numbers)
	_ = h
}

// B is decided once a day, by what there was before the first batch of several.
func TestBatchIsDecidedOnce(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	w.cfg.Isolation = InProcess
	s := w.create(t.TempDir())
	w.day(s)
	_, numbers := w.send(w.cfg.Batch+1, 0)
	w.turn(2) // off for a day: two batches at once
	if r := w.day(s); len(r.Batches) != 2 {
		t.Fatalf("%+v", r)
	}
	w.turn(1)
	w.day(s)
	if n, _ := w.visitorNotes(); n.Sift.Batch != uint32(2*w.cfg.Batch) {
		t.Errorf("the note says B %d, want %d", n.Sift.Batch, 2*w.cfg.Batch)
	}
	w.wantOnce(numbers)
}

func TestCrowdOf(t *testing.T) {
	for _, c := range []struct {
		opened   uint32
		prefixes uint64
		want     uint32
	}{{0, 8, 0}, {1, 8, 0}, {2, 8, 1}, {100, 0, 0}, {100, 1 << 40, 32}, {1000, 64, 64}, {1000, 63, 32}} {
		if got := CrowdOf(c.opened, c.prefixes); got != c.want {
			t.Errorf("%d cells, %d prefixes: %d, want %d", c.opened, c.prefixes, got, c.want)
		}
	}
}

// countingHost estimates.
type countingHost struct {
	*memHost
	prefixes uint64
}

func (h *countingHost) Crowd(context.Context, cell.Day) (uint64, uint64, error) {
	return h.prefixes, 99, nil
}

// The figure in the note is that of the newest drained day, bounded by cells that open, junk
// not among them, and by the host's estimate.
func TestCrowdInTheNote(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	w.cfg.Isolation = InProcess
	s := w.create(t.TempDir())
	counting := &countingHost{h, 4}
	s.host = counting
	w.day(s)
	want := []uint32{0, 0, 4, 2, 0} // of the note of each day: two days after its cells
	for i, c := range []struct {
		covers   int
		prefixes uint64
	}{{11, 4}, {4, 4}, {11, 0}, {0, 4}} {
		w.send(1, c.covers)
		junk := *w.sealCover()
		for x := range 100 {
			junk[3000] ^= byte(x + 1)
			w.mustPost(&junk)
		}
		if n, _ := w.visitorNotes(); n.Sift.Crowd != want[i] {
			t.Errorf("day %d: crowd %d, want %d", i, n.Sift.Crowd, want[i])
		}
		w.turn(1)
		counting.prefixes = c.prefixes
		w.day(s)
	}
	if n, _ := w.visitorNotes(); n.Sift.Crowd != want[4] {
		t.Errorf("crowd %d, want %d", n.Sift.Crowd, want[4])
	}
}

// A figure that is older than the day before yesterday is none any more.
func TestOldCrowdIsNone(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := w.withMemHost()
	s := w.create(t.TempDir())
	s.host = &countingHost{h, 4}
	w.day(s)
	w.send(1, 11)
	w.turn(1)
	w.day(s)
	w.turn(KeyDeath) // in the next two notes the host hands no day out
	for d := range cell.Day(6) {
		h.acked[firstDay+d] = true
	}
	if _, err := s.Day(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := w.visitorNotes(); n.Sift.Crowd != 0 {
		t.Errorf("crowd %d", n.Sift.Crowd)
	}
}

// sendCanaries posts n canaries of today's watch.
func (w *world) sendCanaries(s *Sift, n int) {
	w.t.Helper()
	k, _ := s.CanaryKey()
	notes, _ := w.visitorNotes()
	epoch, key, _ := notes.DayKey()
	for range n {
		w.mustPost(must(seal.SealCanaryCell(w.cfg.Rand, w.id, epoch, key, notes.InboxKey(notes.Week(epoch)), k.Day(epoch))))
	}
}

// P8 with holds: records of a day without its canaries are kept back for 72 hours, whatever
// is restarted; those of other days leave; each stands once in the end.
func TestP8HeldWithoutCanaries(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	w.cfg.Canaries = CanariesLeast
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	_, short := w.send(2, 3)
	w.sendCanaries(s, CanariesLeast-1)
	victim := w.today()
	w.turn(1)
	r := w.heldDay(s)
	if len(r.Held) != 1 || r.Held[0] != (Hold{victim, CanariesLeast - 1, victim + 4}) || len(r.Batches) != 0 || len(r.Waiting) != 1 {
		t.Fatalf("%+v", r)
	}
	if len(r.Arrivals) != 1 || r.Arrivals[0].Canaries != CanariesLeast-1 {
		t.Errorf("%+v", r.Arrivals)
	}
	_, full := w.send(2, 3)
	w.sendCanaries(s, CanariesDaily)
	w.turn(1)
	s.Close()
	s = w.open(dir)
	if r = w.heldDay(s); len(r.Batches) != 1 || r.Batches[0] != victim+1 || len(r.Held) != 1 || r.Carried != 0 {
		t.Errorf("a day with its canaries: %+v", r)
	}
	w.wantOnce(full)
	w.sendCanaries(s, CanariesDaily)
	w.turn(1)
	if r = w.heldDay(s); len(r.Held) != 1 {
		t.Errorf("let go before 72 hours: %+v", r)
	}
	w.sendCanaries(s, CanariesDaily)
	w.turn(1)
	if r = w.day(s); len(r.Held) != 0 || len(r.Batches) != 2 || r.Carried != 0 {
		t.Errorf("after 72 hours: %+v", r)
	}
	w.wantOnce(append(short, full...))
}

// A canary counts once, under the key of its own epoch; a stranger's counts not at all.
func TestP11CanariesCountOnce(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	w.cfg.Canaries = 2
	s := w.create(t.TempDir())
	w.day(s)
	w.sendCanaries(s, 1)
	first := *h.days[w.today()][0]
	for range 3 {
		w.mustPost(&first)
	}
	notes, _ := w.visitorNotes()
	epoch, key, _ := notes.DayKey()
	stranger := seal.CanaryKey{1}
	w.mustPost(must(seal.SealCanaryCell(w.cfg.Rand, w.id, epoch, key, notes.InboxKey(notes.Week(epoch)), stranger.Day(epoch))))
	k, _ := s.CanaryKey()
	w.mustPost(must(seal.SealCanaryCell(w.cfg.Rand, w.id, epoch, key, notes.InboxKey(notes.Week(epoch)), k.Day(epoch+1))))
	w.turn(1)
	if r := w.heldDay(s); len(r.Held) != 1 || r.Held[0].Canaries != 1 {
		t.Errorf("%+v", r)
	}
}
