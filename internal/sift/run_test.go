package sift

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
)

// Run does each day once it begins, tries again while something is left, is quiet when
// nothing is, and ends with its context.
func TestRun(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	var mu sync.Mutex
	w.cfg.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return w.clock
	}
	h.now = func() cell.Day { return cell.DayOf(w.cfg.Now()) }
	dir := t.TempDir()
	s := w.create(dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var done []cell.Day
	failed := 0
	err := s.Run(ctx, time.Millisecond, func(r *Report, err error) {
		mu.Lock()
		defer mu.Unlock()
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case err != nil:
			failed++
			h.down = nil // the host is back
		case r.Done:
			done = append(done, r.Day)
			w.clock = w.clock.Add(24 * time.Hour)
			if len(done) == 2 {
				h.down = relay.ErrUnavailable
			}
			if len(done) == 4 {
				cancel()
			}
		}
	})
	if err != nil || failed != 1 || !slices.Equal(done, []cell.Day{firstDay, firstDay + 1, firstDay + 2, firstDay + 3}) {
		t.Errorf("%v, %d failures, days %v", err, failed, done)
	}
}

// P4: a run that the host holds up ends at midnight, where keys die.
func TestP4RunEndsAtMidnight(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.clock = (firstDay + 1).Time().Add(-20 * time.Millisecond)
	w.cfg.Connect = nil
	s.host = slowHost{h}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	runs := 0
	err := s.Run(ctx, time.Millisecond, func(_ *Report, err error) {
		if err == nil {
			t.Error("the slow host was waited for")
		}
		if runs++; runs == 2 {
			cancel()
		}
	})
	if err != nil || runs != 2 {
		t.Errorf("%v after %d runs", err, runs)
	}
}

// slowHost never answers.
type slowHost struct{ *memHost }

func (slowHost) ListObjects(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A batch is drawn uniformly: with a pool of twice its size, each record leaves about half
// of the time, whatever its arrival day and place.
func TestDrawIsUniform(t *testing.T) {
	w := newWorld(t)
	r := &run{Sift: &Sift{cfg: w.cfg, st: newState()}}
	var all []cell.Record
	for i := range 2 * w.cfg.Batch {
		all = append(all, cell.Record{byte(i)})
	}
	r.st.addPool(20000, all[:3])
	r.st.addPool(20001, all[3:])
	const n = 2000
	drawn := map[byte]int{}
	first := map[byte]int{}
	for range n {
		recs, rest, err := r.draw(make([]cell.Record, w.cfg.Batch))
		if err != nil || len(recs) != w.cfg.Batch || len(rest[20000])+len(rest[20001]) != w.cfg.Batch {
			t.Fatal(len(recs), err)
		}
		first[recs[0][0]]++
		for _, rec := range recs {
			drawn[rec[0]]++
		}
	}
	for i := range all {
		// 1000 ± 22.4 and 125 ± 10.8: seven deviations either way.
		if got := drawn[byte(i)]; got < 843 || got > 1157 {
			t.Errorf("record %d was drawn %d of %d times", i, got, n)
		}
		if got := first[byte(i)]; got < 49 || got > 201 {
			t.Errorf("record %d stood first %d of %d times", i, got, n)
		}
	}
}

// Where a letter stands in a batch says nothing: dummies are not behind it. What is carried over
// lies in the order of its bytes, and no other.
func TestLettersStandAnywhereAmongDummies(t *testing.T) {
	w := newWorld(t)
	r := &run{Sift: &Sift{cfg: w.cfg, st: newState()}}
	r.st.addPool(20000, []cell.Record{{1}})
	dummies := make([]cell.Record, w.cfg.Batch)
	const n = 2000
	at := make([]int, w.cfg.Batch)
	for range n {
		recs, _, err := r.draw(dummies)
		if err != nil || len(recs) != w.cfg.Batch {
			t.Fatal(len(recs), err)
		}
		at[slices.Index(recs, cell.Record{1})]++
	}
	for i, got := range at { // 250 ± 14.8: seven deviations either way
		if got < 146 || got > 354 {
			t.Errorf("the letter stood at %d in %d of %d batches", i, got, n)
		}
	}
	for i := range byte(100) {
		r.st.addPool(20001, []cell.Record{{i}})
	}
	_, rest, err := r.draw(dummies)
	if sorted := slices.IsSortedFunc(rest[20001], compareRecords); err != nil || len(rest[20001]) < 90 || !sorted {
		t.Errorf("%d are carried over, in order: %v; %v", len(rest[20001]), sorted, err)
	}
}

// jumpingHost lets midnight pass, once, while it is asked.
type jumpingHost struct {
	*memHost
	jump func()
	asks int // requests since
}

func (h *jumpingHost) ListObjects(ctx context.Context, prefix string) ([]string, error) {
	if h.jump != nil {
		h.jump()
		h.jump, h.asks = nil, 0
	}
	h.asks++
	return h.memHost.ListObjects(ctx, prefix)
}

func (h *jumpingHost) PutNow(ctx context.Context, n *cell.Now) error {
	h.asks++
	return h.memHost.PutNow(ctx, n)
}

// P4: midnight ends a run also where no timer tells, because the computer slept; the next one
// begins at once, whatever the interval, and by it the keys die.
func TestP4RunEndsThoughTheComputerSlept(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := &jumpingHost{memHost: w.withMemHost()}
	s := w.create(t.TempDir())
	w.day(s)
	w.turn(1)
	h.jump = func() { w.turn(2) }
	s.host = h
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var days []cell.Day
	err := s.Run(ctx, time.Hour, func(r *Report, err error) {
		days = append(days, r.Day)
		switch {
		case len(days) == 1 && (err == nil || h.asks != 1 || r.Published):
			t.Errorf("%d requests after midnight, published %v: %v", h.asks-1, r.Published, err)
		case len(days) == 2:
			if _, lives := s.keys[firstDay]; lives {
				t.Error("a key outlived its time")
			}
			cancel()
		}
	})
	if err != nil || !slices.Equal(days, []cell.Day{firstDay + 1, firstDay + 3}) {
		t.Errorf("%v: %v", days, err)
	}
}

// P4: one run by itself, as kkachi sift --once is, ends at midnight as well.
func TestP4OneRunEndsAtMidnight(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.clock = (firstDay + 1).Time().Add(-20 * time.Millisecond)
	s.host = slowHost{h}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := s.Day(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the slow host was waited for: %v", err)
	}
}

// countingRand counts the dummies that are made by what each draws.
type countingRand struct {
	io.Reader
	dummies int
}

func (r *countingRand) Read(b []byte) (int, error) {
	if len(b) == cell.FragmentSize-1 {
		r.dummies++
	}
	return r.Reader.Read(b)
}

// The host sees how long sift works on a batch: it makes as many dummies whatever is in it.
func TestBatchCostsTheSameWhateverIsInIt(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	w.cfg.Isolation = InProcess
	random := &countingRand{Reader: rand.Reader}
	w.cfg.Rand = random
	s := w.create(t.TempDir())
	w.day(s)
	for _, letters := range []int{0, 3, w.cfg.Batch} {
		w.send(letters, 1)
		w.turn(1)
		random.dummies = 0
		if w.day(s); random.dummies != w.cfg.Batch {
			t.Errorf("with %d letters %d dummies are made, want %d", letters, random.dummies, w.cfg.Batch)
		}
	}
}
