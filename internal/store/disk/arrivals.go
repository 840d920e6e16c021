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

// Waiters is how many goroutines of an open day come back from the disk again and again. A program
// that serves many requests should have so many processors more, in Go's sense, than it had: a
// goroutine that comes back while all are busy stands behind everything that is ready to run.
const Waiters = 2

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
	broken   error    // a failed sync: what the system then holds of the file is unknown
	next     []*write // what waits to be written
	begun    int      // writes that were begun and haven't ended

	puts    sync.WaitGroup // cells being put; Add under mu and while not finished
	wake    chan struct{}  // holds one if what waits is to be begun; closed after the last
	flying  sync.WaitGroup // writes that were begun and not answered; Add by writeAll
	started chan int       // how many writes were begun; closed after the last
	ended   chan struct{}  // closed when nobody syncs any more
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
	a := &arrivals{path: path, sys: sys, file: f, rand: rand, wake: make(chan struct{}, 1), started: make(chan int, together), ended: make(chan struct{})}
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
	w.done.Add(1)
	if err := a.join(w); err != nil {
		return err
	}
	defer a.puts.Done()
	w.done.Wait()
	return w.err
}

// join draws the slot of a cell and lets it be written next.
func (a *arrivals) join(w *write) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.draw(w); err != nil {
		return err
	}
	a.puts.Add(1)
	a.next = append(a.next, w)
	a.rouse()
	return nil
}

// few is the share of what the disk works on that is worth a call of its own. Fewer cells wait
// until some of that has ended; with nothing under way one is enough.
const few = 8

// rouse lets writeAll begin what waits, unless it is few. The caller holds mu.
func (a *arrivals) rouse() {
	if len(a.next) == 0 || len(a.next) < a.begun/few {
		return
	}
	select {
	case a.wake <- struct{}{}:
	default: // it is awake
	}
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
	random := some{from: a.rand}
	defer random.forget()
	for {
		slot, err := random.below(from)
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
			w.slot, w.over = slot, full
			return nil
		}
	}
}

// Some is random bytes, enough for four tries of a draw. They are used for one cell: kept for
// the next ones, they would tell of the last slots.
type some struct {
	from io.Reader
	b    [16]byte
	left int // of b
}

// below draws uniformly from 0 … n−1, 1 ≤ n ≤ 2^32.
func (s *some) below(n int) (int, error) {
	mask := uint64(1)<<bits.Len64(uint64(n-1)) - 1
	for {
		if s.left == 0 {
			if _, err := io.ReadFull(s.from, s.b[:]); err != nil {
				return 0, err
			}
			s.left = len(s.b)
		}
		s.left -= 4
		if v := uint64(binary.BigEndian.Uint32(s.b[s.left:])) & mask; v < uint64(n) {
			return int(v), nil
		}
	}
}

func (s *some) forget() { clear(s.b[:]) }

// writeAll begins to write what waits, again and again, and doesn't wait for the disk: what comes
// meanwhile is under way when the disk has time. It is a goroutine of its own, as syncAll is:
// each answered writer has an answer to send, and the disk would stand idle until one had time.
func (a *arrivals) writeAll() {
	defer close(a.started)
	for range a.wake {
		runtime.Gosched() // those who are about to join do so first: more with one call cost less
		a.mu.Lock()
		ws, err := a.next, a.broken
		a.next = nil
		a.mu.Unlock()
		switch {
		case err != nil:
			for _, w := range ws {
				w.answer(err)
			}
		case slices.ContainsFunc(ws, func(w *write) bool { return w.over }):
			a.flying.Wait() // what is under way may be what is written over
			a.begin(lastOfSlot(ws))
			a.flying.Wait()
		default:
			a.begin(ws)
		}
	}
}

// begin begins to write, by slots and not in the order in which the cells came.
func (a *arrivals) begin(ws []*write) {
	slices.SortFunc(ws, func(v, w *write) int { return cmp.Compare(v.slot, w.slot) })
	a.flying.Add(len(ws))
	a.mu.Lock()
	a.begun += len(ws)
	a.mu.Unlock()
	for len(ws) > 0 {
		n := a.file.Start(ws)
		a.started <- n
		ws = ws[n:]
	}
}

// syncAll syncs what is written, while more is. One sync answers all whose writes ended before it.
func (a *arrivals) syncAll() {
	defer close(a.ended)
	for flying := 0; ; {
		for flying <= 0 || len(a.started) > 0 {
			n, more := <-a.started
			if !more {
				return
			}
			flying += n
		}
		ws, err := a.file.Done()
		flying -= len(ws) // below 0 where they ended before it was said that they were begun
		rests := a.ends(len(ws))
		if a.breaks(err) == nil {
			err = a.commit(rests)
		}
		for _, w := range ws {
			w.answer(err)
		}
		a.flying.Add(-len(ws))
	}
}

// ends counts so many writes that ended, and says whether nothing else is under way.
func (a *arrivals) ends(ws int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun -= ws
	a.rouse()
	return a.begun == 0
}

// commit syncs the file, unless that has failed before. Where the day rests it sets the file's
// times before: while more is under way they would be others at once, and a file system without a
// journal writes them, once set, with each sync.
func (a *arrivals) commit(rests bool) error {
	a.mu.Lock()
	err := a.broken
	a.mu.Unlock()
	if err != nil {
		return err
	}
	if rests {
		err = a.sys.Still(a.path)
	}
	if err == nil {
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

// lastOfSlot leaves out those whose slot another one has drawn after them: in an overfull day,
// where that one takes their place. What becomes of it is what becomes of them.
func lastOfSlot(ws []*write) []*write {
	slices.SortStableFunc(ws, func(v, w *write) int { return cmp.Compare(v.slot, w.slot) })
	last := make([]*write, 0, len(ws))
	for i, w := range ws {
		if i+1 == len(ws) || ws[i+1].slot != w.slot {
			last = append(last, w)
		} else {
			ws[i+1].under = w
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
	a.puts.Wait()
	close(a.wake)
	<-a.ended
	if err := errors.Join(a.file.SyncData(), a.file.Close(), a.sys.Still(a.path)); err != nil {
		return fmt.Errorf("store: closing a day: %w", err)
	}
	return nil
}
