package disk

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// maxQuota is the largest day: a million cells are 4 GiB.
const maxQuota = 1 << 20

// Arrivals is the file of an open day. A cell goes to a slot drawn uniformly from the free
// ones; nothing here, in memory or in the file, remembers in which order slots were drawn.
type arrivals struct {
	path string
	sys  System
	file File
	rand io.Reader

	mu       sync.Mutex // guards all below
	taken    []bool
	free     int
	offered  int // cells that came, kept or not
	finished bool
	broken   error  // a failed sync: what the system then holds of the file is unknown
	next     *round // what is written next

	underWay sync.WaitGroup // cells being put; Add under mu and while not finished
	wake     chan struct{}  // one for each round that begins; closed when the last has ended
	written  chan *round    // rounds that wait for a sync
	ended    chan struct{}  // closed when nobody syncs any more
}

// A round is the cells that are written at once, and whom the sync after that answers. Err is
// read after done is closed, as is that of each write.
type round struct {
	writes []*write
	done   chan struct{}
	err    error
}

// allocate makes the file of a day: quota slots, really written, under a temporary name
// until it is durable. Zeros, because each write into room that was reserved only would have
// to change the file system's own tables too.
func (s *Store) allocate(path string) error {
	f, err := s.createTemp(daysDir)
	if err != nil {
		return err
	}
	size := int64(s.quota) * cell.Size
	if err = f.Reserve(size); err == nil {
		err = zero(f, size)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.sys.Still(f.Name())
	}
	if err == nil {
		err = s.sys.Link(f.Name(), path) // unlike a rename, it never takes the place of a day
	}
	if err = errors.Join(err, s.sys.Remove(f.Name())); err != nil {
		return fmt.Errorf("store: making room for a day of %d cells: %w", s.quota, err)
	}
	return s.syncDir(filepath.Dir(path))
}

func zero(w io.Writer, size int64) error {
	buf := make([]byte, 256*cell.Size)
	for size > 0 {
		n, err := w.Write(buf[:min(size, int64(len(buf)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

// openArrivals opens the file of an open day and finds which slots are taken.
func openArrivals(sys System, path string, rand io.Reader) (*arrivals, error) {
	f, err := sys.Open(path, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	a := &arrivals{path: path, sys: sys, file: f, rand: rand, wake: make(chan struct{}, 1), written: make(chan *round, 4), ended: make(chan struct{})}
	info, err := f.Stat()
	if err == nil {
		a.free = int(info.Size() / cell.Size)
		a.taken = make([]bool, a.free)
		err = eachCell(f, func(slot int, _ *cell.Cell) error {
			a.taken[slot] = true
			a.free--
			a.offered++
			return nil
		})
	}
	if err == nil {
		f.Scatter()
		err = sys.Still(path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	go a.writeAll()
	go a.syncAll()
	return a, nil
}

// put writes c to a random free slot and returns once a sync began after that has ended. A
// slot whose write or sync failed stays taken: it may hold anything.
func (a *arrivals) put(c *cell.Cell) error {
	if *c == (cell.Cell{}) {
		return fmt.Errorf("%w: a cell of zeros", store.ErrConflict)
	}
	w := &write{cell: c}
	r, err := a.join(w)
	if err != nil {
		return err
	}
	defer a.underWay.Done()
	<-r.done
	if w.err != nil {
		return fmt.Errorf("store: writing a cell: %w", w.err)
	}
	return r.err
}

// join draws the slot of a cell and lets it be written in the next round.
func (a *arrivals) join(w *write) (*round, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.draw(w); err != nil {
		return nil, err
	}
	a.underWay.Add(1)
	if a.next == nil {
		a.next = &round{done: make(chan struct{})}
		a.wake <- struct{}{} // never blocks: one is taken for each round
	}
	a.next.writes = append(a.next.writes, w)
	return a.next, nil
}

// draw takes a free slot, uniformly: it draws from all slots until it hits a free one. That
// costs slots/free draws, twelve on average over a day that fills up; a list of free slots
// would be faster, and its order would tell of the order of arrivals. In a full day the n-th
// cell is kept with probability slots/n, in the place of another: then each cell of the day
// stays with the same chance, whenever it came (a reservoir; P9). The caller holds mu.
func (a *arrivals) draw(w *write) error {
	switch {
	case a.finished:
		return store.ErrClosed
	case a.broken != nil:
		return a.broken
	}
	full := a.free == 0
	from := len(a.taken)
	if full {
		from = max(from, a.offered+1)
	}
	for {
		slot, err := below(a.rand, from)
		switch {
		case err != nil:
			return fmt.Errorf("store: randomness: %w", err)
		case full && slot >= len(a.taken):
			a.offered++
			return store.ErrFull
		case full || !a.taken[slot]:
			a.offered++
			if !full {
				a.taken[slot] = true
				a.free--
			}
			w.slot = slot
			return nil
		}
	}
}

// below draws uniformly from 0 … n−1, n ≥ 1. It reads anew for each draw: a buffer of random
// bytes would keep those of the last slots.
func below(rand io.Reader, n int) (int, error) {
	size := 3
	if n > 1<<24 {
		size = 7
	}
	mask := uint64(1)<<bits.Len64(uint64(n-1)) - 1
	for {
		var b [8]byte
		if _, err := io.ReadFull(rand, b[8-size:]); err != nil {
			return 0, err
		}
		if v := binary.BigEndian.Uint64(b[:]) & mask; v < uint64(n) {
			return int(v), nil
		}
	}
}

// writeAll writes for all who wait, again and again; those who come meanwhile are in the next
// round. It is a goroutine of its own, as syncAll is: each answered writer has an answer to
// send, and the disk would stand idle until one of them had time to lead the next round.
func (a *arrivals) writeAll() {
	defer close(a.written)
	for range a.wake {
		runtime.Gosched() // those who are about to join do so first: a larger round costs less
		a.mu.Lock()
		r := a.next
		a.next = nil
		r.err = a.broken
		a.mu.Unlock()
		if r.err == nil {
			r.err = a.write(r.writes)
		}
		a.written <- r
	}
}

// write writes a round, by slots and not in the order in which its cells came.
func (a *arrivals) write(ws []*write) error {
	slices.SortStableFunc(ws, func(v, w *write) int { return cmp.Compare(v.slot, w.slot) })
	err := a.file.WriteCells(lastOfSlot(ws))
	for i := len(ws) - 2; i >= 0; i-- {
		if ws[i].slot == ws[i+1].slot {
			ws[i].err = ws[i+1].err
		}
	}
	return a.breaks(err)
}

// syncAll syncs the rounds that are written, while the next one is. One sync answers all that
// were written before it.
func (a *arrivals) syncAll() {
	defer close(a.ended)
	for r := range a.written {
		rounds := []*round{r}
		for len(a.written) > 0 {
			rounds = append(rounds, <-a.written)
		}
		err := a.commit()
		for _, r := range rounds {
			r.err = cmp.Or(r.err, err)
			for _, w := range r.writes {
				w.slot = 0 // which slots the last cells went to stays nowhere
			}
			close(r.done)
		}
	}
}

// commit syncs the file, unless that has failed before.
func (a *arrivals) commit() error {
	a.mu.Lock()
	err := a.broken
	a.mu.Unlock()
	if err != nil {
		return err
	}
	if err = a.sys.Still(a.path); err == nil {
		err = a.file.SyncData()
	}
	return a.breaks(err)
}

// breaks remembers a failed sync, if err is one. After it the system may have dropped the
// writes and report success the next time, so the file takes no more cells until OpenDay reads
// it anew.
func (a *arrivals) breaks(err error) error {
	if err != nil {
		err = fmt.Errorf("store: syncing a day: %w", err)
		a.mu.Lock()
		a.broken = err
		a.mu.Unlock()
	}
	return err
}

// lastOfSlot leaves out, of sorted writes, those whose slot another one has drawn after them:
// in an overfull day, where that one takes their place.
func lastOfSlot(ws []*write) []*write {
	last := make([]*write, 0, len(ws))
	for i, w := range ws {
		if i+1 == len(ws) || ws[i+1].slot != w.slot {
			last = append(last, w)
		}
	}
	return last
}

func (a *arrivals) isBroken() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.broken != nil
}

// finish takes no more cells, waits for those under way, and closes the file. Again: nil.
func (a *arrivals) finish() error {
	a.mu.Lock()
	again := a.finished
	a.finished = true
	a.mu.Unlock()
	if again {
		return nil
	}
	a.underWay.Wait()
	close(a.wake)
	<-a.ended
	if err := errors.Join(a.file.SyncData(), a.file.Close(), a.sys.Still(a.path)); err != nil {
		return fmt.Errorf("store: closing a day: %w", err)
	}
	return nil
}
