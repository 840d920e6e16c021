package disk

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/store"
	"kkachi/internal/store/storetest"
)

// After a sync that failed the system may forget what it was to write, and say the next time
// that all is well: so the day takes no more cells until its file is read anew.
func TestFailedSyncIsNotForgotten(t *testing.T) {
	s, err := Open(t.TempDir(), Options{Quota: 8, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.OpenDay(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	a := s.days[7].arrivals
	whole := a.path
	a.path += ".gone" // the step before the sync fails as a sync would
	if err := s.PutCell(t.Context(), 7, &cell.Cell{1}); err == nil {
		t.Fatal("a cell whose sync failed was answered for")
	}
	a.path = whole
	if err := s.PutCell(t.Context(), 7, &cell.Cell{2}); err == nil || errors.Is(err, store.ErrFull) {
		t.Fatalf("after a failed sync: %v", err)
	}
	if a.free != 7 {
		t.Errorf("%d slots are free: a slot that may hold anything was given back, or a second one drawn", a.free)
	}
	if err := s.OpenDay(t.Context(), 7); err != nil { // as the host does each minute
		t.Fatal(err)
	}
	if err := s.PutCell(t.Context(), 7, &cell.Cell{3}); err != nil {
		t.Fatalf("after the file was read anew: %v", err)
	}
	if a := s.days[7].arrivals; a.free != 6 {
		t.Errorf("%d slots are free, not all but the two that were written", a.free)
	}
}

// Cells that come at once leave no time on the day's file once all are answered for (P7): while
// some are under way nobody sets it.
func TestTimesAreSetWhenTheDayRests(t *testing.T) {
	const cells, rounds = 64, 8
	s, err := Open(t.TempDir(), Options{Quota: cells * rounds, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.OpenDay(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		var wg sync.WaitGroup
		for i := range cells {
			wg.Go(func() {
				if err := s.PutCell(t.Context(), 7, storetest.Cell(round*cells+i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		info, err := os.Stat(s.days[7].arrivals.path)
		if err != nil {
			t.Fatal(err)
		}
		if m := info.ModTime(); !m.Equal(stillTime) {
			t.Fatalf("round %d: the day's file was modified at %v", round, m)
		}
	}
}

// Without randomness no slot is drawn: the order of arrivals would show.
func TestNoRandomnessNoCell(t *testing.T) {
	const name, slot = 8, len(some{}.b)
	s, err := Open(t.TempDir(), Options{Quota: 8, Rand: bytes.NewReader(make([]byte, name+slot))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.PutCell(t.Context(), 7, &cell.Cell{1}); err != nil {
		t.Fatal(err) // name is that of the temporary file
	}
	if err := s.PutCell(t.Context(), 7, &cell.Cell{2}); err == nil {
		t.Fatal("a cell was put at a place that was not drawn")
	}
}

// Each number below n is drawn as often as any other, whatever n.
func TestBelowIsUniform(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 100} {
		counts := make([]int, n)
		random := some{from: rand.Reader}
		for range 1000 * n {
			v, err := random.below(n)
			if err != nil || v < 0 || v >= n {
				t.Fatal(n, v, err)
			}
			counts[v]++
		}
		for v, c := range counts {
			if c < 800 || c > 1200 { // six standard deviations
				t.Errorf("below %d: %d came %d times in %d", n, v, c, 1000*n)
			}
		}
	}
}

// In an overfull day two cells of one round may draw the same slot: the later stands, and what
// became of it is what became of both.
func TestOneSlotDrawnTwice(t *testing.T) {
	s, err := Open(t.TempDir(), Options{Quota: 4, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.OpenDay(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	a := s.days[7].arrivals
	put := func(f File) []*write {
		a.file = f
		var ws []*write
		for i, slot := range []int{3, 0, 3} {
			w := &write{cell: &cell.Cell{byte(i + 1)}, slot: slot, over: true}
			w.done.Add(1)
			ws = append(ws, w)
		}
		a.mu.Lock()
		a.next = slices.Clone(ws)
		a.wake <- struct{}{}
		a.mu.Unlock()
		for _, w := range ws {
			w.done.Wait()
		}
		return ws
	}
	for _, w := range put(a.file) {
		if w.err != nil {
			t.Error(w.err)
		}
	}
	data, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	if data[0] != 2 || data[3*cell.Size] != 3 {
		t.Errorf("slots begin with %d and %d", data[0], data[3*cell.Size])
	}
	for i, w := range put(failing{a.file}) {
		if failed := w.err != nil; failed != (i != 1) {
			t.Errorf("cell %d: %v", i, w.err)
		}
	}
}

// failing is a file whose slot 3 can't be written.
type failing struct{ File }

func (f failing) Done() ([]*write, error) {
	ws, err := f.File.Done()
	for _, w := range ws {
		if w.slot == 3 {
			w.err = os.ErrInvalid
		}
	}
	return ws, err
}
