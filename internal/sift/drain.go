package sift

import (
	"context"
	"errors"
	"fmt"

	"kkachi/internal/cell"
)

// chunk is how many cells a worker takes at once: fewer and handing over costs, more and the
// last worker works alone.
const chunk = 32

// ChildTries is how often a day is read anew in one run because a process that holds a key
// was lost.
const ChildTries = 3

// Arrival is what draining an arrival day met. It holds no number of letters: a report goes
// to a terminal or a log, and sift's part is to forget.
type Arrival struct {
	Day      cell.Day
	Cells    int
	Replayed int // refused: the same sealed bytes under the same epoch were here before
	Outlived int // their day key was destroyed, or never ours
	Unopened int // opened under no key: junk, or sealed to a key that was lost with its folder
	Canaries int // of kkachi watch
}

// drain reads each closed arrival day before today, in order, into the pool.
func (r *run) drain(ctx context.Context) error {
	days, err := r.host.Days(ctx)
	if err != nil {
		return err
	}
	r.offered = days
	for _, day := range days {
		if day >= r.today || day+ArrivalKept < r.today || r.st.arrivals[day] >= drained {
			continue
		}
		if err := r.drainDay(ctx, day); err != nil {
			return fmt.Errorf("sift: drain %s: %w", day, err)
		}
	}
	return r.settle(ctx)
}

// settle takes yesterday as done if the host holds its batch and offers the day no more:
// another life of this sift drained it, before its folder was lost or restored.
func (r *run) settle(ctx context.Context) error {
	yesterday := r.today - 1
	if !r.tookCells(yesterday) || r.st.arrivals[yesterday] >= drained {
		return nil
	}
	stands, err := r.stands(ctx, batchName(yesterday))
	if err != nil || !stands {
		return err
	}
	r.st.arrivals[yesterday] = acked
	return r.saveDrained()
}

// saveDrained makes it durable that a day is drained, and then destroys the keys that were
// kept for it: before anything else is sent (P4).
func (r *run) saveDrained() error {
	if err := r.save(); err != nil {
		return err
	}
	gone, err := r.retire(r.st)
	r.report.Destroyed = append(r.report.Destroyed, gone...)
	if err != nil {
		return err
	}
	return r.forgetReplays()
}

// drainDay opens a day and makes records, replay keys and the day's being drained durable at
// once. What breaks before that leaves nothing behind, and the day is read anew: so it is
// when a process that holds a day key is lost.
func (r *run) drainDay(ctx context.Context, day cell.Day) error {
	var d *dayOf
	for try := 0; ; try++ {
		err := r.revive()
		if err == nil {
			d, err = r.openAll(ctx, day)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, errChild) || try == ChildTries || r.over(ctx) != nil {
			return err
		}
		// Whatever ended one may have ended others, which would each cost a try.
		for _, k := range r.keys {
			k.opener.end()
		}
	}
	for epoch, keys := range d.fresh {
		if r.st.replays[epoch] == nil {
			r.st.replays[epoch] = keys
			continue
		}
		for k := range keys {
			r.st.replays[epoch][k] = struct{}{}
		}
	}
	r.st.addPool(day, d.recs)
	r.st.outlived += uint64(d.Outlived)
	r.st.arrivals[day] = drained
	r.st.canaries[day] = d.canaries
	r.st.hard.load, r.st.hard.loadDay = uint32(d.Cells), day
	r.st.crowd, r.st.crowdDay = CrowdOf(d.opened, r.prefixes(ctx, day)), day
	if err := r.saveDrained(); err != nil {
		return err
	}
	r.report.Arrivals = append(r.report.Arrivals, d.Arrival)
	return nil
}

// dayOf is what an arrival day gave.
type dayOf struct {
	Arrival
	fresh map[cell.Day]map[[32]byte]struct{} // replay keys of this day, by epoch
	tally
}

// openAll reads a day from the host. Replays are refused before anything is opened, so that
// openers need not say which cell was real; each opener says what it found at the end.
func (r *run) openAll(ctx context.Context, day cell.Day) (d *dayOf, err error) {
	d = &dayOf{Arrival: Arrival{Day: day}, fresh: map[cell.Day]map[[32]byte]struct{}{}}
	next := map[cell.Day][]byte{} // whole cells for each epoch's opener
	used := map[cell.Day]opener{}
	defer func() { // whatever happens: what was begun and not finished ends
		for _, o := range used {
			o.abort()
		}
	}()
	for epoch, k := range r.keys {
		used[epoch] = k.opener
		defer breakOff(ctx, k.opener)()
		if err := k.opener.begin(); err != nil {
			return nil, err
		}
	}
	err = r.host.ReadDay(ctx, day, func(c *cell.Cell) error {
		d.Cells++
		epoch := c.Epoch()
		o := used[epoch]
		switch {
		case o == nil:
			d.Outlived++
			return r.over(ctx)
		case !d.isFresh(r.st, epoch, c.ReplayKey()):
			d.Replayed++
			return r.over(ctx)
		}
		b := append(next[epoch], c[:]...)
		if len(b) < chunk*cell.Size {
			next[epoch] = b
			return r.over(ctx)
		}
		next[epoch] = b[:0]
		return errors.Join(o.open(b), r.over(ctx))
	})
	if err != nil {
		return nil, err
	}
	for epoch, o := range used {
		if err := o.open(next[epoch]); err != nil {
			return nil, err
		}
	}
	for _, o := range used {
		t, err := o.finish()
		if err != nil {
			return nil, err
		}
		d.recs = append(d.recs, t.recs...)
		d.opened += t.opened
		d.canaries += t.canaries
	}
	d.Canaries = int(d.canaries)
	d.Unopened = d.Cells - d.Replayed - d.Outlived - int(d.opened)
	return d, nil
}

// prefixes is the host's estimate of where a day's cells came from; 0 if it has none: no day
// waits for it.
func (r *run) prefixes(ctx context.Context, day cell.Day) uint64 {
	h, ok := r.host.(crowdHost)
	if !ok {
		return 0
	}
	n, _, err := h.Crowd(ctx, day)
	if err != nil {
		return 0
	}
	return n
}

// isFresh says whether a replay key is new under its epoch, and remembers it. Those of
// letters, cover and what does not open are kept alike: what is kept tells nothing.
func (d *dayOf) isFresh(st *state, epoch cell.Day, key [32]byte) bool {
	_, before := st.replays[epoch][key]
	_, now := d.fresh[epoch][key]
	if before || now {
		return false
	}
	if d.fresh[epoch] == nil {
		d.fresh[epoch] = map[[32]byte]struct{}{}
	}
	d.fresh[epoch][key] = struct{}{}
	return true
}
