package sift

import (
	"context"
	"slices"
	"testing"

	"kkachi/internal/cell"
)

// An eagerHost hands out today before it is over, and days that were forgotten long ago.
type eagerHost struct {
	*memHost
	old  cell.Day // 0: none
	read []cell.Day
}

func (h *eagerHost) Days(ctx context.Context) ([]cell.Day, error) {
	days, err := h.memHost.Days(ctx)
	if h.old > 0 {
		days = append(days, h.old)
	}
	days = append(days, h.now())
	slices.Sort(days)
	return slices.Compact(days), err
}

func (h *eagerHost) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	h.read = append(h.read, day)
	if day < h.now() && !h.acked[day] {
		return h.memHost.ReadDay(ctx, day, yield)
	}
	for _, c := range h.days[day] {
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

// P4, P8: a day that is on is not drained though the host offers it: its later cells would be
// lost, and a key die early. Nor is one that is drained and forgotten read again.
func TestP8OnlyDaysThatAreOverAreDrained(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := &eagerHost{memHost: w.withMemHost()}
	w.cfg.Connect = func(string) (Host, error) { return h, nil }
	s := w.create(t.TempDir())
	w.day(s)
	_, numbers := w.send(1, 1)
	if r, err := s.Day(t.Context()); err != nil || len(r.Arrivals)+len(r.Batches) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	_, later := w.send(1, 1)
	w.turn(1)
	w.day(s)
	w.wantOnce(append(numbers, later...))
	if s.keys[firstDay] == nil {
		t.Error("the key of yesterday is gone a day early")
	}
	h.old, h.read = w.today()-ArrivalKept-1, nil
	w.day(s)
	if slices.Contains(h.read, h.old) || slices.Contains(h.read, w.today()) {
		t.Errorf("it reads %v", h.read)
	}
}

// A run that comes to nothing and is done again makes cells no dearer: a day is judged once.
func TestPriceIsDecidedOnce(t *testing.T) {
	w := newWorld(t)
	s := w.create(func() string { w.withMemHost(); return t.TempDir() }())
	s.cfg.Quota = 10
	s.host = &countingHost{memHost: w.host.(*memHost)} // 99 cells offered
	for range 3 {
		r := &run{Sift: s, today: w.today(), report: &Report{}}
		if r.harden(t.Context()); s.st.hard.d != StampFirst {
			t.Fatalf("stamps of %d bits, want %d", s.st.hard.d, StampFirst)
		}
	}
}
