package sift

import (
	"context"
	"crypto/rand"
	mrand "math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// The rule of the stamps, at its edges.
func TestHarden(t *testing.T) {
	for _, c := range []struct {
		d, base        uint8
		quota, offered uint64
		quiet          int
		next           uint8
		nowQuiet       int
	}{
		{0, 0, 100, 0, 0, 0, 0},
		{0, 0, 100, 100, 6, 0, 0},  // exactly full: every cell was kept
		{0, 0, 100, 101, 6, 8, 0},  // one over
		{8, 0, 100, 200, 0, 9, 0},  // twice the quota
		{8, 0, 100, 201, 0, 10, 0}, // more than twice
		{8, 0, 100, 6400, 0, 14, 0},
		{15, 0, 100, 6400, 0, 16, 0},
		{16, 0, 100, 1 << 60, 3, 16, 0},
		{18, 18, 100, 1 << 60, 0, 18, 0}, // configured above the rule's own limit
		{16, 0, 100, 26, 6, 16, 0},       // at a quarter of the price it would not have been enough
		{16, 0, 100, 25, 5, 16, 6},
		{16, 0, 100, 25, 6, 14, 0}, // the seventh quiet day
		{1, 0, 100, 0, 6, 0, 0},
		{9, 8, 100, 0, 6, 8, 0}, // never under the base
		{8, 8, 100, 0, 6, 8, 0},
		{4, 0, 1, 2, 0, 8, 0},
	} {
		next, quiet := Harden(c.d, c.base, c.quota, c.offered, c.quiet)
		if next != c.next || quiet != c.nowQuiet {
			t.Errorf("%+v: %d, %d quiet days", c, next, quiet)
		}
	}
}

// The rule never falls as the cells of a day or the last difficulty grow, and stays in its limits.
func TestHardenIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := uint8(rapid.IntRange(0, cell.MaxDifficulty).Draw(t, "base"))
		d := uint8(rapid.IntRange(int(base), cell.MaxDifficulty).Draw(t, "d"))
		quota := rapid.Uint64Range(1, 1<<24).Draw(t, "quota")
		less := rapid.Uint64Range(0, 1<<30).Draw(t, "less")
		more := less + rapid.Uint64Range(0, 1<<30).Draw(t, "more")
		quiet := rapid.IntRange(0, QuietDays-1).Draw(t, "quiet")
		a, _ := Harden(d, base, quota, less, quiet)
		b, _ := Harden(d, base, quota, more, quiet)
		if a > b || a < base || b > max(d, StampMost) {
			t.Fatalf("%d cells: %d; %d cells: %d", less, a, more, b)
		}
		if d < cell.MaxDifficulty {
			if c, _ := Harden(d+1, base, quota, less, quiet); c < a {
				t.Fatalf("after %d bits %d, after %d bits %d", d, a, d+1, c)
			}
		}
	})
}

// A flood of cells, simulated over the real rule, a source in it who sends each day. Somebody
// who has the line for 64 quotas a day, and the machines for 64 quotas a day of stamps of
// StampFirst bits, leaves the source one chance in 64 while cells are free. On the fifth day the price stands
// where the flood no longer fills a day, and then every letter stays; what it cost by then is counted. A
// flooder whom no price reaches pays it for ever, and letters still arrive, by sampling. When the flood is over the
// price falls to nothing.
func TestP9FloodRaisesThePriceSimulated(t *testing.T) {
	const quota, wire = 65536, 64 * 65536
	rnd := mrand.New(mrand.NewPCG(3, 4))
	// Stamps of d bits are what a cell of epoch T costs; on day T cells of T−1 are accepted too.
	type days struct {
		d     map[int]uint8
		tries float64
	}
	play := func(power float64, flooded, length int, kept func(day int, share float64)) *days {
		w := &days{d: map[int]uint8{}}
		quiet, last, offered := 0, uint8(0), uint64(1000)
		for day := 1; day <= length; day++ {
			last, quiet = Harden(last, 0, quota, offered, quiet) // at 00:00Z, from the day before
			w.d[day+1] = last
			cheapest := min(w.d[day], w.d[day-1])
			offered = 1000
			if day <= flooded {
				flood := min(wire, power/float64(uint64(1)<<cheapest))
				w.tries += flood * float64(uint64(1)<<cheapest)
				offered += uint64(flood)
			}
			kept(day, min(1, quota/float64(offered)))
		}
		return w
	}
	bounded := 64.0 * quota * (1 << StampFirst)
	arrived := 0
	w := play(bounded, 30, 150, func(day int, share float64) {
		if rnd.Float64() < share && arrived == 0 {
			arrived = day
		}
		if day <= 2 && share > 1.0/60 {
			t.Errorf("day %d: free cells, and a share of %f", day, share)
		}
		if day >= 5 && share < 1 {
			t.Errorf("day %d: the flood still drowns letters, share %f", day, share)
		}
	})
	if arrived == 0 || arrived > 5 {
		t.Errorf("the letter arrived on day %d", arrived)
	}
	if w.d[6] != StampMost {
		t.Errorf("on day 6 a cell costs %d bits", w.d[6])
	}
	if w.tries < 20*bounded {
		t.Errorf("30 days of flood cost %g tries", w.tries)
	}
	if w.d[151] != 0 {
		t.Errorf("long after the flood a cell still costs %d bits", w.d[151])
	}
	// No price reaches this one: 2^16 tries a cell, 64 quotas a day. Of 28 letters sent, one a day, some arrive.
	got := 0
	play(wire*(1<<40), 28*20, 28*20, func(_ int, share float64) {
		if rnd.Float64() < share {
			got++
		}
	})
	if got < 1 {
		t.Error("no letter of twenty months arrives")
	}
}

// A counting host says how many cells were offered.
type fullHost struct {
	*memHost
	offered map[cell.Day]uint64
}

func (h *fullHost) Crowd(_ context.Context, day cell.Day) (uint64, uint64, error) {
	n, ok := h.offered[day]
	if !ok {
		return 0, 0, relay.ErrNotFound
	}
	return 0, n, nil
}

// The price is in the note a day ahead, the host asks for it, a client pays it, and the letter
// arrives; a restart forgets none of it.
func TestP9StampsOfAFloodedHost(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	w.cfg.Isolation, w.cfg.Quota = InProcess, 10
	dir := t.TempDir()
	s := w.create(dir)
	host := &fullHost{h, map[cell.Day]uint64{firstDay: 11}}
	w.cfg.Connect = func(string) (Host, error) { return host, nil }
	s.host = host
	w.day(s)
	w.turn(1)
	if r := w.day(s); r.Stamp != StampFirst {
		t.Errorf("the report says %d bits", r.Stamp)
	}
	n, _ := w.visitorNotes()
	if n.Sift.Days[0].D != 0 || n.Sift.Days[1].D != StampFirst {
		t.Fatalf("after a full day: %d bits today, %d tomorrow", n.Sift.Days[0].D, n.Sift.Days[1].D)
	}
	must(0, s.Close())
	s = w.open(dir)
	w.turn(1)
	w.day(s) // nobody knows how full the day before was: nothing changes
	n, _ = w.visitorNotes()
	if n.Sift.Days[0].D != StampFirst || n.Sift.Days[1].D != StampFirst {
		t.Fatalf("two days after: %d bits today, %d tomorrow", n.Sift.Days[0].D, n.Sift.Days[1].D)
	}
	epoch, key, d := n.DayKey()
	junk := must(seal.SealCoverCell(rand.Reader, w.id, epoch, key, n.InboxKey(n.Week(epoch))))
	for junk.Stamped(d) {
		junk[5]++
	}
	if w.post(junk) {
		t.Error("a cell without its stamp is taken")
	}
	_, numbers := w.send(2, 12) // over the quota: without the host's word, what was drained says it
	w.turn(1)
	w.day(s)
	w.wantOnce(numbers)
	host.offered[w.today()] = 0
	w.turn(1)
	w.day(s)
	if n, _ = w.visitorNotes(); n.Sift.Days[1].D != StampFirst {
		t.Errorf("a day that the host calls quiet: %d bits", n.Sift.Days[1].D)
	}
}

// Without the host's word, a day of which the quota was full counts as over it.
func TestP9FullDayWithoutTheHostsWord(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	w.cfg.Isolation, w.cfg.Quota = InProcess, 10
	s := w.create(t.TempDir())
	w.day(s)
	w.send(1, 9)
	w.turn(1)
	w.day(s) // drains the full day after the note is built
	w.turn(1)
	w.day(s)
	if n, _ := w.visitorNotes(); n.Sift.Days[0].D != 0 || n.Sift.Days[1].D != StampFirst {
		t.Errorf("%d bits today, %d tomorrow", n.Sift.Days[0].D, n.Sift.Days[1].D)
	}
}

// What the specification says that a patient flooder can do, and no more: one day in seven holds price
// and size where they are; a day later, both fall.
func TestLittleKeepsPriceAndSizeUp(t *testing.T) {
	const quota, base, high = 65536, 256, 4096
	for _, every := range []int{QuietDays, QuietDays + 1} {
		d, quietD, size, quietB := uint8(StampMost), 0, high, 0
		for day := range 10 * every {
			offered, pool := uint64(0), 0
			if day%every == every-1 {
				offered, pool = quota/4+1, high/2+1
			}
			d, quietD = Harden(d, 0, quota, offered, quietD)
			size, quietB = Resize(size, base, pool, 0, quietB)
		}
		if kept := d == StampMost && size == high; kept != (every == QuietDays) {
			t.Errorf("one day in %d: price %d, size %d", every, d, size)
		}
	}
}
