package source

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/seal"
)

// A source whose clock is hours ahead (local time taken for UTC) or behind by weeks can send at
// any hour: whatever its clock says, as long as its notes are not over by it, the host takes
// the epoch of its cells at that moment, and the epoch is the same for everybody who holds
// these notes, with a letter or without.
func TestAnyClockCanSend(t *testing.T) {
	n := newNewsroom(t, today)
	conv := words(t).Open(n.id)
	rapid.Check(t, func(rt *rapid.T) {
		n.calls, n.cells = nil, nil
		minute := func(name string, lo, hi int) time.Duration {
			return time.Duration(rapid.IntRange(lo, hi).Draw(rt, name)) * time.Minute
		}
		// Notes are published at 00:00Z, and stand until those of the next day do.
		real := today.Time().Add(minute("minute of the host", 0, 24*60))
		clock := real.Add(minute("skew", -40*24*60, 24*60-1))
		if cell.DayOf(clock) >= today+seal.SiftLife {
			clock = (today + seal.SiftLife).Time().Add(-time.Second)
		}
		cfg := (&sitting{newsroom: n, now: today}).config()
		cfg.Now = func() time.Time { return clock }
		c, err := Open(rt.Context(), cfg)
		if err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "letter") {
			if _, err := c.Write(conv, cell.KindLetter, []byte("a letter")); err != nil {
				rt.Fatal(err)
			}
		}
		for range 2 {
			if _, err := c.View(rt.Context()); err != nil {
				rt.Fatal(err)
			}
		}
		for _, sent := range n.cells {
			from := sent.Epoch().Time().Add(-drop.EarlyMinutes * time.Minute)
			to := sent.Epoch().Time().AddDate(0, 0, drop.AcceptDays)
			if sent.Epoch() != today || real.Before(from) || !real.Before(to) {
				rt.Fatalf("a cell of epoch %s at %s, by a clock at %s", sent.Epoch(), real, clock)
			}
		}
	})
}
