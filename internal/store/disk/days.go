package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// A state of a day; a day only moves forward. Its name is the ending of the day's file.
type state int

const (
	open state = iota
	closed
	acked
)

var endings = [...]string{open: ".open", closed: ".closed", acked: ".acked"}

// A day is one that this store knows. The store's mu guards both fields.
type day struct {
	state    state
	arrivals *arrivals // nil unless open
}

// PutCell implements store.Store.
func (s *Store) PutCell(ctx context.Context, n cell.Day, c *cell.Cell) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a, err := s.arrivals(n)
	if errors.Is(err, store.ErrNotFound) {
		if err := s.openDay(ctx, n, false); err != nil {
			return err
		}
		a, err = s.arrivals(n)
	}
	if err != nil {
		return err
	}
	return a.put(c)
}

// arrivals is the file of an open day. ErrNotFound if the day was never opened, ErrClosed.
func (s *Store) arrivals(n cell.Day) (*arrivals, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.days[n]
	switch {
	case s.days == nil:
		return nil, errEnded
	case d == nil:
		return nil, fmt.Errorf("%w: day %d", store.ErrNotFound, n)
	case d.state != open:
		return nil, fmt.Errorf("%w: day %d", store.ErrClosed, n)
	}
	return d.arrivals, nil
}

// OpenDay implements store.Store.
func (s *Store) OpenDay(ctx context.Context, n cell.Day) error { return s.openDay(ctx, n, true) }

// openDay opens a day. Where that has failed it is tried again only by those who ask for it: each
// visitor's cell would else begin to write a whole day to a disk that is full.
func (s *Store) openDay(ctx context.Context, n cell.Day, again bool) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	if a, err := s.arrivals(n); err == nil && a.isBroken() {
		return s.reopen(n, a)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err // open already, or closed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.noRoom[n]; err != nil && !again {
		return err
	}
	a, err := s.makeDay(s.dayPath(n, open))
	if err != nil {
		s.noRoom[n] = err
		return err
	}
	delete(s.noRoom, n)
	s.set(n, &day{open, a})
	return nil
}

// makeDay makes the file of a day and opens it. An earlier call may have failed when the file stood
// already: then it is whole and holds no cell, and is taken up.
func (s *Store) makeDay(path string) (*arrivals, error) {
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = s.allocate(path)
	case err == nil:
		err = s.syncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	return openArrivals(s.sys, path, s.rand)
}

// reopen takes a day up again whose sync failed. Each cell that was answered for was synced
// before; whatever else stands in the file counts as taken.
func (s *Store) reopen(n cell.Day, broken *arrivals) error {
	_ = broken.finish() // it has failed already, and says so again
	a, err := openArrivals(s.sys, s.dayPath(n, open), s.rand)
	if err != nil {
		return err
	}
	s.set(n, &day{open, a})
	return nil
}

// CloseDay implements store.Store. The new name of the file is what makes it closed.
func (s *Store) CloseDay(ctx context.Context, n cell.Day) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	a, err := s.arrivals(n)
	switch {
	case errors.Is(err, store.ErrClosed):
		return nil
	case errors.Is(err, store.ErrNotFound):
		err = s.createEmpty(s.dayPath(n, closed))
	case err == nil:
		if err = a.finish(); err == nil {
			err = s.renameDay(n, open, closed)
		}
	}
	if err != nil {
		return err
	}
	s.set(n, &day{state: closed})
	return nil
}

// OpenDays implements store.Store.
func (s *Store) OpenDays(ctx context.Context) ([]cell.Day, error) { return s.inState(ctx, open) }

// ClosedDays implements store.Store.
func (s *Store) ClosedDays(ctx context.Context) ([]cell.Day, error) { return s.inState(ctx, closed) }

func (s *Store) inState(ctx context.Context, st state) ([]cell.Day, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []cell.Day
	for n, d := range s.days {
		if d.state == st {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, ctx.Err()
}

// ReadDay implements store.Store. It goes on reading the same file while the day is
// acknowledged by somebody else.
func (s *Store) ReadDay(ctx context.Context, n cell.Day, yield func(*cell.Cell) error) error {
	switch st, ok := s.state(n); {
	case ok && st == open:
		return fmt.Errorf("%w: day %d", store.ErrOpen, n)
	case !ok || st == acked:
		return fmt.Errorf("%w: day %d", store.ErrNotFound, n)
	}
	f, err := s.openQuietly(s.dayPath(n, closed))
	if err != nil {
		return notFound(err, fmt.Sprintf("day %d", n))
	}
	err = eachCell(f, func(_ int, c *cell.Cell) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return yield(c)
	})
	return errors.Join(err, f.Close())
}

// AckDay implements store.Store. The empty file is durable before the cells go, so that a day
// is never forgotten to have been closed.
func (s *Store) AckDay(ctx context.Context, n cell.Day) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	switch st, ok := s.state(n); {
	case !ok:
		return fmt.Errorf("%w: day %d", store.ErrNotFound, n)
	case st == open:
		return fmt.Errorf("%w: day %d", store.ErrOpen, n)
	case st == acked:
		return nil
	}
	if err := s.createEmpty(s.dayPath(n, acked)); err != nil {
		return err
	}
	if err := s.sys.Remove(s.dayPath(n, closed)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: day %d: %w", n, err)
	}
	if err := s.syncDir(filepath.Join(s.dir, daysDir)); err != nil {
		return err
	}
	s.set(n, &day{state: acked})
	return nil
}

func (s *Store) state(n cell.Day) (state, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.days[n]
	if !ok {
		return 0, false
	}
	return d.state, true
}

func (s *Store) set(n cell.Day, d *day) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days[n] = d
}

func (s *Store) dayPath(n cell.Day, st state) string {
	return filepath.Join(s.dir, daysDir, strconv.FormatUint(uint64(n), 10)+endings[st])
}

func (s *Store) renameDay(n cell.Day, from, to state) error {
	err := s.sys.Rename(s.dayPath(n, from), s.dayPath(n, to))
	if errors.Is(err, fs.ErrNotExist) { // an earlier call may have died after its rename
		_, err = os.Stat(s.dayPath(n, to))
	}
	if err != nil {
		return fmt.Errorf("store: day %d: %w", n, err)
	}
	return s.syncDir(filepath.Join(s.dir, daysDir))
}

// createEmpty makes an empty file, or finds that of an earlier call that failed later.
func (s *Store) createEmpty(path string) error {
	f, err := s.sys.Open(path, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := errors.Join(s.sys.Still(path), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return s.syncDir(filepath.Dir(path))
}

// recoverDays reads the folder of days and opens the files of open ones. Where a crash left
// two files of one day, the later state holds and the earlier file goes.
func (s *Store) recoverDays() error {
	dir := filepath.Join(s.dir, daysDir)
	entries, err := s.listQuietly(dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for _, e := range entries {
		n, st, ok := parseDayFile(e.Name())
		if !ok {
			return fmt.Errorf("store: %s is no file of a day: move it away", filepath.Join(dir, e.Name()))
		}
		if d := s.days[n]; d != nil {
			if err := s.sys.Remove(s.dayPath(n, min(st, d.state))); err != nil {
				return fmt.Errorf("store: %w", err)
			}
			st = max(st, d.state)
		}
		s.days[n] = &day{state: st}
	}
	for n, d := range s.days {
		if d.state == open {
			if d.arrivals, err = openArrivals(s.sys, s.dayPath(n, open), s.rand); err != nil {
				return err
			}
		}
	}
	return s.syncDir(dir)
}

// parseDayFile reads "DAY.open", "DAY.closed" or "DAY.acked", in the one form of each.
func parseDayFile(name string) (cell.Day, state, bool) {
	digits, end, _ := strings.Cut(name, ".")
	st := slices.Index(endings[:], "."+end)
	n, err := strconv.ParseUint(digits, 10, 32)
	if st < 0 || err != nil || strconv.FormatUint(n, 10) != digits {
		return 0, 0, false
	}
	return cell.Day(n), state(st), true
}

// eachCell calls yield for each taken slot of f, in slot order, with one buffer. A last slot
// that is cut is left out: no cell in it was ever answered for.
func eachCell(f io.Reader, yield func(slot int, c *cell.Cell) error) error {
	var free cell.Cell
	buf := make([]byte, 64*cell.Size)
	for slot := 0; ; {
		n, err := io.ReadFull(f, buf)
		for at := 0; at+cell.Size <= n; at += cell.Size {
			if c := (*cell.Cell)(buf[at : at+cell.Size]); *c != free {
				if err := yield(slot, c); err != nil {
					return err
				}
			}
			slot++
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("store: reading a day: %w", err)
		}
	}
}
