package sift

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// chunk is how many cells a worker takes at once: fewer and handing over costs, more and the
// last worker works alone.
const chunk = 32

// Arrival is what draining an arrival day met. It holds no number of letters: a report goes
// to a terminal or a log, and sift's part is to forget.
type Arrival struct {
	Day      cell.Day
	Cells    int
	Replayed int // refused: the same sealed bytes under the same epoch were here before
	Outlived int // their day key was destroyed, or never ours
}

// An opened cell: its replay key, and the record under it if it was a letter's.
type opened struct {
	epoch cell.Day
	key   [32]byte
	rec   *cell.Record
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
	return r.save()
}

// drainDay opens a day and makes records, replay keys and the day's being drained durable at
// once. What breaks before that leaves nothing behind, and the day is read anew.
func (r *run) drainDay(ctx context.Context, day cell.Day) error {
	cells, err := r.openAll(ctx, day)
	if err != nil {
		return err
	}
	a := Arrival{Day: day, Cells: len(cells)}
	fresh := map[cell.Day]map[[32]byte]struct{}{}
	var recs []cell.Record
	for _, c := range cells {
		if r.keys[c.epoch] == nil {
			a.Outlived++
			continue
		}
		_, before := r.st.replays[c.epoch][c.key]
		_, now := fresh[c.epoch][c.key]
		if before || now {
			a.Replayed++
			continue
		}
		if fresh[c.epoch] == nil {
			fresh[c.epoch] = map[[32]byte]struct{}{}
		}
		fresh[c.epoch][c.key] = struct{}{}
		if c.rec != nil {
			recs = append(recs, *c.rec)
		}
	}
	for epoch, keys := range fresh {
		if r.st.replays[epoch] == nil {
			r.st.replays[epoch] = keys
			continue
		}
		for k := range keys {
			r.st.replays[epoch][k] = struct{}{}
		}
	}
	r.st.addPool(day, recs)
	r.st.outlived += uint64(a.Outlived)
	r.st.arrivals[day] = drained
	if err := r.save(); err != nil {
		return err
	}
	r.report.Arrivals = append(r.report.Arrivals, a)
	return nil
}

// openAll reads a day from the host and opens its cells on all workers. Their order is lost.
func (r *run) openAll(ctx context.Context, day cell.Day) ([]opened, error) {
	results := make([][]opened, r.cfg.Workers)
	err := r.withWorkers(func(w int, cells []cell.Cell) {
		for i := range cells {
			results[w] = append(results[w], r.openCell(&cells[i]))
		}
	}, func(work chan<- []cell.Cell) error {
		next := make([]cell.Cell, 0, chunk)
		err := r.host.ReadDay(ctx, day, func(c *cell.Cell) error {
			next = append(next, *c)
			if len(next) == chunk {
				work <- next
				next = make([]cell.Cell, 0, chunk)
			}
			return ctx.Err()
		})
		work <- next
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(results...), nil
}

// withWorkers runs do on each chunk that feed sends, until all are done; however feed ends,
// no worker is left behind.
func (r *run) withWorkers(do func(worker int, cells []cell.Cell), feed func(chan<- []cell.Cell) error) error {
	work := make(chan []cell.Cell, r.cfg.Workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(work)
	for w := range r.cfg.Workers {
		wg.Go(func() {
			for cells := range work {
				do(w, cells)
			}
		})
	}
	return feed(work)
}

// openCell opens the outer seal. Cover, canaries and what does not open leave no record; they
// cost the same time, and their replay keys are kept like those of letters, so that what is
// kept does not tell one from the other.
func (r *run) openCell(c *cell.Cell) opened {
	out := opened{epoch: c.Epoch(), key: c.ReplayKey()}
	k := r.keys[out.epoch]
	if k == nil {
		return out
	}
	if flag, rec, ok := k.opener.Open(c); ok && flag == seal.FlagLetter {
		out.rec = rec
	}
	return out
}
