package disk

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/fault"
	"kkachi/internal/store/storetest"
)

// faulty is the machine's file system, of which one step breaks. It stands where the store
// lets tests put one, because cells are synced by a goroutine of the store's own.
type faulty struct {
	machine
	*fault.Steps
}

func (s *faulty) step(name string, do func() error) error { return s.Step(name, fault.Plain, do, nil) }

func (s *faulty) Open(path string, flag int) (f File, err error) {
	nature, name := fault.Plain, "open "
	if flag&os.O_CREATE != 0 {
		nature, name = fault.Room, "create "
	}
	err = s.Step(name+filepath.Ext(path), nature, func() error {
		f, err = s.machine.Open(path, flag)
		return err
	}, nil)
	if err != nil {
		if f != nil {
			_ = f.Close()
		}
		return nil, err
	}
	return &faultyFile{File: f, s: s}, nil
}

func (s *faulty) Link(old, path string) error {
	return s.Step("link", fault.Room, func() error { return s.machine.Link(old, path) }, nil)
}

func (s *faulty) Rename(old, path string) error {
	return s.step("rename", func() error { return s.machine.Rename(old, path) })
}

func (s *faulty) Remove(path string) error {
	return s.step("remove", func() error { return s.machine.Remove(path) })
}

func (s *faulty) Still(path string) error {
	return s.step("still", func() error { return s.machine.Still(path) })
}

type faultyFile struct {
	File
	s *faulty

	mu     sync.Mutex // guards all below
	failed []*write   // not begun
	err    error      // of those that were
}

func (f *faultyFile) write(name string, b []byte, write func([]byte) (int, error)) (n int, err error) {
	err = f.s.Step(name, fault.Write, func() error { n, err = write(b); return err }, func() { n, _ = write(b[:len(b)/2]) })
	return n, err
}

func (f *faultyFile) Write(b []byte) (int, error) { return f.write("write", b, f.File.Write) }

func (f *faultyFile) Start(ws []*write) (n int) {
	err := f.s.Step("write cells", fault.Write, func() error { n = f.File.Start(ws); return nil }, func() {
		for _, w := range ws {
			half := *w.cell
			clear(half[cell.Size/2:])
			w.cell = &half
		}
		n = f.File.Start(ws)
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
	case n == 0: // not done
		n = len(ws)
		for _, w := range ws {
			w.err = err
		}
		f.failed = append(f.failed, ws...)
	default: // done, or half done, but reported as failed
		f.err = err
	}
	return n
}

func (f *faultyFile) Done() ([]*write, error) {
	f.mu.Lock()
	failed := f.failed
	f.failed = nil
	f.mu.Unlock()
	if failed != nil {
		return failed, nil
	}
	ws, none := f.File.Done()
	err := f.s.Step("end writes", fault.Plain, func() error { return none }, nil)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range ws {
		w.err = cmp.Or(f.err, w.err)
	}
	f.err = nil
	return ws, err
}

func (f *faultyFile) Sync() error     { return f.s.step("sync", f.File.Sync) }
func (f *faultyFile) SyncData() error { return f.s.step("sync data", f.File.SyncData) }
func (f *faultyFile) Close() error    { return f.s.Step("close", fault.Closing, f.File.Close, nil) }
func (f *faultyFile) Reserve(n int64) error {
	return f.s.Step("reserve", fault.Room, func() error { return f.File.Reserve(n) }, nil)
}

// A play is a store on a faulty system, and what it has answered for.
type play struct {
	t     *testing.T
	dir   string
	sys   *faulty
	s     *Store
	kept  map[cell.Cell]bool
	tried map[cell.Cell]bool
	next  int
}

// do brings an operation about: again at once, and after a new start of the host. A single
// fault never keeps it from succeeding in the end.
func (p *play) do(name string, op func(*Store) error) {
	p.t.Helper()
	p.sys.Phase(name)
	var err error
	restarted := false
	for try := range 6 {
		if p.s == nil {
			if p.s, err = Open(p.dir, Options{Quota: 16, Rand: rand.Reader, System: p.sys}); err != nil {
				p.s = nil
				p.sys.Lift()
				continue
			}
		}
		if err = op(p.s); err == nil {
			if restarted {
				p.t.Errorf("%s: it did not come about until the host was started anew", name)
			}
			return
		}
		if p.sys.Lift(); try == 2 {
			_ = p.s.Close() // it may be what breaks
			p.s, restarted = nil, true
		}
	}
	p.t.Fatalf("%s: no progress: %v", name, err)
}

// put tries another cell each time, as clients do.
func (p *play) put(s *Store) error {
	c := storetest.Cell(p.next)
	p.next++
	p.tried[*c] = true
	err := s.PutCell(p.t.Context(), 7, c)
	if err == nil {
		p.kept[*c] = true
	} else if p.next%2 == 0 {
		_ = s.OpenDay(p.t.Context(), 7) // as the host does each minute
	}
	return err
}

func (p *play) run() {
	ctx, t := p.t.Context(), p.t
	object, later := bytes.Repeat([]byte("object"), 1000), []byte("later")
	p.do("opening", func(s *Store) error { return s.OpenDay(ctx, 7) })
	for range 3 {
		p.do("putting a cell", p.put)
	}
	p.do("writing an object", func(s *Store) error { return s.PutObject(ctx, "batch/7", object) })
	p.do("switching", func(s *Store) error { return s.Switch(ctx, "now", 1, object) })
	p.do("switching again", func(s *Store) error { return s.Switch(ctx, "now", 2, later) })
	p.do("putting a cell", p.put)
	p.do("closing", func(s *Store) error { return s.CloseDay(ctx, 7) })
	p.do("reading", func(s *Store) error {
		got := map[cell.Cell]int{}
		if err := s.ReadDay(ctx, 7, func(c *cell.Cell) error { got[*c]++; return nil }); err != nil {
			return err
		}
		for c := range p.kept {
			if got[c] != 1 {
				t.Errorf("a cell that was answered for stands %d times", got[c])
			}
		}
		for c, n := range got {
			if n != 1 || !p.tried[c] && !p.sys.Cut() {
				t.Errorf("a cell stands %d times, or nobody sent it", n)
			}
		}
		return nil
	})
	p.do("reading an object", func(s *Store) error {
		data, err := s.GetObject(ctx, "batch/7")
		if err == nil && !bytes.Equal(data, object) {
			t.Error("the object has other bytes")
		}
		return err
	})
	p.do("reading a value", func(s *Store) error {
		serial, data, err := s.Current(ctx, "now")
		if err == nil && (serial != 2 || !bytes.Equal(data, later)) {
			t.Error("the value is another")
		}
		return err
	})
	p.do("acknowledging", func(s *Store) error { return s.AckDay(ctx, 7) })
	p.do("deleting", func(s *Store) error { return s.DeleteObject(ctx, "batch/7") })
	p.do("a new start", func(s *Store) error {
		err := s.Close()
		p.s = nil
		return err
	})
	p.do("listing", func(s *Store) error {
		days, err := s.ClosedDays(ctx)
		if len(days) != 0 {
			t.Errorf("the acknowledged day is there: %v", days)
		}
		return err
	})
	if p.s != nil {
		_ = p.s.Close() // it may be what breaks
	}
}

// Each step of the store's disk is broken, as "not done", as "done, but reported as failed",
// in the midst of a write, and by a disk that stays full for a while: everything comes about in
// the end, and what was answered for stands.
func TestFailureTable(t *testing.T) {
	fault.Table(t, 80, func(t *testing.T, s *fault.Steps) {
		p := &play{t: t, dir: t.TempDir(), sys: &faulty{Steps: s}, kept: map[cell.Cell]bool{}, tried: map[cell.Cell]bool{}}
		p.run()
		if s.Broke() != "" {
			return
		}
		seen := map[string]bool{}
		for _, name := range s.Taken() {
			seen[strings.Fields(name)[0]] = true
		}
		for _, name := range []string{"open", "create", "link", "rename", "remove", "still", "write", "sync", "close", "reserve"} {
			if !seen[name] {
				t.Errorf("no step of the table is %q", name)
			}
		}
	})
}

// A full disk refuses what it can't keep, keeps what it has, and goes on by itself when there is
// room again.
func TestFullDisk(t *testing.T) {
	sys := &faulty{Steps: &fault.Steps{}}
	s, err := Open(t.TempDir(), Options{Quota: 16, Rand: rand.Reader, System: sys})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	if err := s.PutCell(ctx, 7, storetest.Cell(1)); err != nil {
		t.Fatal(err)
	}
	sys.Fill()
	for _, op := range map[string]func() error{
		"day":    func() error { return s.OpenDay(ctx, 8) },
		"a day":  func() error { return s.PutCell(ctx, 9, storetest.Cell(2)) },
		"object": func() error { return s.PutObject(ctx, "batch/7", []byte("x")) },
		"value":  func() error { return s.Switch(ctx, "now", 1, []byte("x")) },
		"cell":   func() error { return s.PutCell(ctx, 8, storetest.Cell(2)) },
	} {
		if err := op(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with a full disk: %v", err)
		}
	}
	before := len(sys.Taken())
	if err := s.PutCell(ctx, 8, storetest.Cell(2)); !errors.Is(err, syscall.ENOSPC) || len(sys.Taken()) > before {
		t.Errorf("a cell made a host whose disk is full try to make room for a day: %v, %v", err, sys.Taken()[before:])
	}
	sys.Lift()
	if err := errors.Join(s.OpenDay(ctx, 8), s.PutObject(ctx, "batch/7", []byte("x")), s.Switch(ctx, "now", 1, []byte("x")), s.PutCell(ctx, 8, storetest.Cell(2)),
		s.PutCell(ctx, 7, storetest.Cell(3)), s.CloseDay(ctx, 7)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := storetest.Read(t, s, 7); len(got) != 2 {
		t.Errorf("%d cells of 2", len(got))
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "*", tempPrefix+"*")); err != nil || len(left) > 0 {
		t.Errorf("unfinished files take room: %v, %v", left, err)
	}
}
