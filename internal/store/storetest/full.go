package storetest

import (
	"sync"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

func fullDay(t *testing.T, reopen func() store.Store) {
	s := reopen()
	var ns []int
	for n := range Quota {
		must(t, s.PutCell(ctx, 1, Cell(n)))
		ns = append(ns, n)
	}
	kept, refused := map[cell.Cell]bool{}, 0
	for n := range 4 * Quota {
		if n == 2*Quota {
			s = reopen()
		}
		if err := s.PutCell(ctx, 1, Cell(Quota+n)); err != nil {
			want(t, err, store.ErrFull)
			refused++
			continue
		}
		kept[*Cell(Quota + n)] = true
	}
	if len(kept) == 0 || refused == 0 {
		t.Errorf("of %d cells over the quota %d were kept and %d refused", 4*Quota, len(kept), refused)
	}
	must(t, s.PutCell(ctx, 2, Cell(Quota)))
	must(t, s.CloseDay(ctx, 1))
	for _, n := range ns {
		kept[*Cell(n)] = true
	}
	cells := Read(t, s, 1)
	for _, c := range cells {
		if !kept[c] {
			t.Error("a cell that was refused stands in the day")
		}
		delete(kept, c)
	}
	if len(cells) != Quota {
		t.Errorf("%d cells in a day of %d", len(cells), Quota)
	}
}

// P9: in a day that gets four times its quota, a cell of the first quarter stays as often as
// one of the last: whoever fills the day early doesn't lock out who comes late.
func sampled(t *testing.T, reopen func() store.Store) {
	s := reopen()
	const days, quarters = 60, 4
	var stayed [quarters]int
	for day := range cell.Day(days) {
		from := map[cell.Cell]int{}
		for q := range quarters {
			var wg sync.WaitGroup
			errs := make([]error, Quota)
			for n := range Quota {
				c := Cell(q*Quota + n)
				from[*c] = q
				wg.Go(func() { errs[n] = s.PutCell(ctx, day, c) })
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					want(t, err, store.ErrFull)
				}
			}
		}
		must(t, s.CloseDay(ctx, day))
		for _, c := range Read(t, s, day) {
			stayed[from[c]]++
		}
	}
	expect := float64(days * Quota / quarters)
	for q, n := range stayed {
		if off := float64(n) - expect; off*off > 36*expect { // six standard deviations and more
			t.Errorf("of each quarter of the arrivals %v cells should stay; of quarter %d stayed %d", expect, q, n)
		}
	}
}
