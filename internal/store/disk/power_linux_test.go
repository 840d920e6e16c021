package disk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/store"
	"kkachi/internal/store/storetest"
)

// A power is the machine's file system, and what of it a disk is sure to hold: of a file what it held when
// it was synced, and of a folder the names that stood in it when that was. The power may go at each step.
type power struct {
	machine
	cut func(p *power) // called after each step

	mu    sync.Mutex             // guards all below
	held  map[uint64][]byte      // by inode
	names map[string]inodeByName // by folder
}

type inodeByName map[string]uint64

type powerFile struct {
	*machineFile
	p *power
}

func inode(info os.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }

func (p *power) step(err error) error {
	if err == nil {
		p.cut(p)
	}
	return err
}

func (p *power) Open(path string, flag int) (File, error) {
	_, before := os.Stat(path)
	f, err := p.machine.Open(path, flag)
	if err != nil {
		return nil, err
	}
	if before != nil { // it is new: what an earlier file of this inode held is no more
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		delete(p.held, inode(info))
		p.mu.Unlock()
	}
	return &powerFile{f.(*machineFile), p}, p.step(nil)
}

func (p *power) Link(old, path string) error   { return p.step(p.machine.Link(old, path)) }
func (p *power) Rename(old, path string) error { return p.step(p.machine.Rename(old, path)) }
func (p *power) Remove(path string) error      { return p.step(p.machine.Remove(path)) }

func (f *powerFile) SyncData() error { return f.sync(f.machineFile.SyncData) }
func (f *powerFile) Sync() error     { return f.sync(f.machineFile.Sync) }

func (f *powerFile) sync(do func() error) error {
	if err := do(); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		names, err := namesOf(f.Name())
		f.p.mu.Lock()
		f.p.names[filepath.Base(f.Name())] = names
		f.p.mu.Unlock()
		return f.p.step(err)
	}
	data := make([]byte, info.Size())
	if _, err := f.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.p.mu.Lock()
	f.p.held[inode(info)] = data
	f.p.mu.Unlock()
	return f.p.step(nil)
}

func namesOf(dir string) (inodeByName, error) {
	entries, err := os.ReadDir(dir)
	names := inodeByName{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		names[e.Name()] = inode(info)
	}
	return names, err
}

// after lays out what is there when the power is back: of names those that were synced, or all, as a file
// system may have it; of files what was synced.
func (p *power) after(from, to string, all bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sub := range []string{daysDir, objectsDir, currentDir} {
		names := p.names[sub]
		if all {
			var err error
			if names, err = namesOf(filepath.Join(from, sub)); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Join(to, sub), 0o700); err != nil {
			return err
		}
		for name, ino := range names {
			if err := os.WriteFile(filepath.Join(to, sub, name), p.held[ino], 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// A hope is what must be there. While something is being done, the old and the new are allowed.
type hope struct {
	days       map[cell.Day][]string // "open", "closed", "acked", or "" for none
	cells      []cell.Cell           // of day 7
	object     []string
	now        []string
	mu         sync.Mutex // guards checked
	checked    int
	t          *testing.T
	dir, space string
}

func (h *hope) check(p *power) {
	for _, all := range []bool{false, true} {
		h.mu.Lock()
		h.checked++
		to := filepath.Join(h.space, fmt.Sprint(h.checked))
		h.mu.Unlock()
		err := p.after(h.dir, to, all)
		if err == nil {
			err = h.holds(to)
		}
		if err != nil {
			h.t.Errorf("after a power cut (all names: %v): %v", all, err)
		}
		_ = os.RemoveAll(to)
	}
}

func (h *hope) holds(dir string) error {
	s, err := Open(dir, Options{Quota: 16, Rand: rand.Reader})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	for day, allowed := range h.days {
		is := ""
		if st, ok := s.state(day); ok {
			is = endings[st][1:]
		}
		if !slices.Contains(allowed, is) {
			return fmt.Errorf("day %d is %q, not of %q", day, is, allowed)
		}
		if info, err := os.Stat(s.dayPath(day, open)); is == "open" && (err != nil || info.Size() != 16*cell.Size) {
			return fmt.Errorf("day %d has no room: %w", day, err)
		}
	}
	if st, _ := s.state(7); len(h.cells) > 0 && st != acked {
		if err := s.CloseDay(ctx, 7); err != nil {
			return err
		}
		got := map[cell.Cell]int{}
		if err := s.ReadDay(ctx, 7, func(c *cell.Cell) error { got[*c]++; return nil }); err != nil {
			return err
		}
		for i, c := range h.cells {
			if got[c] != 1 {
				return fmt.Errorf("cell %d was answered for and stands %d times", i, got[c])
			}
		}
	}
	object, err := s.GetObject(ctx, "batch/7")
	if err != nil && !errors.Is(err, store.ErrNotFound) || !slices.Contains(h.object, string(object)) {
		return fmt.Errorf("the object is %.9q, %w", object, errors.Join(err, errors.New("not what was put")))
	}
	_, now, err := s.Current(ctx, "now")
	if err != nil && !errors.Is(err, store.ErrNotFound) || !slices.Contains(h.now, string(now)) {
		return fmt.Errorf("the value is %.9q, %w", now, errors.Join(err, errors.New("not what was put")))
	}
	return nil
}

// P8, P13: the power goes at each step of the store on its disk, and after it. What was answered for is there, and what
// was under way is as before or as after, never anything else.
func TestP8PowerCut(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // what is really written doesn't matter here
	}
	big, old, later := string(bytes.Repeat([]byte("object"), 1000)), "old value", "later"
	h := &hope{t: t, days: map[cell.Day][]string{7: {""}, 8: {""}, 9: {""}}, object: []string{""}, now: []string{""}, dir: t.TempDir(), space: t.TempDir()}
	p := &power{held: map[uint64][]byte{}, names: map[string]inodeByName{}, cut: h.check}
	s, err := Open(h.dir, Options{Quota: 16, Rand: rand.Reader, System: p})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	do := func(change func(allow func(old, next string) []string), op func() error) {
		t.Helper()
		change(func(old, next string) []string { return []string{old, next} })
		before := maps.Clone(h.days)
		if err := op(); err != nil {
			t.Fatal(err)
		}
		h.days = before
		change(func(_, next string) []string { return []string{next} })
		h.check(p)
	}
	day := func(n cell.Day, old, next string) func(func(string, string) []string) {
		return func(allow func(string, string) []string) { h.days[n] = allow(old, next) }
	}
	object := func(old, next string) func(func(string, string) []string) {
		return func(allow func(string, string) []string) { h.object = allow(old, next) }
	}
	value := func(old, next string) func(func(string, string) []string) {
		return func(allow func(string, string) []string) { h.now = allow(old, next) }
	}
	do(day(7, "", "open"), func() error { return s.OpenDay(ctx, 7) })
	do(day(8, "", "open"), func() error { return s.OpenDay(ctx, 8) })
	for i := range 16 + 8 { // in the overfull day one may go, and is no longer answered for
		c := storetest.Cell(i)
		if i < 16 {
			do(func(func(string, string) []string) {}, func() error { return s.PutCell(ctx, 7, c) })
			h.cells = append(h.cells, *c)
			h.check(p)
		} else if err := s.PutCell(ctx, 8, c); err != nil {
			t.Fatal(err)
		}
	}
	do(object("", big), func() error { return s.PutObject(ctx, "batch/7", []byte(big)) })
	do(object(big, big), func() error { return s.PutObject(ctx, "batch/7", []byte(big)) })
	do(value("", old), func() error { return s.Switch(ctx, "now", 1, []byte(old)) })
	do(value(old, later), func() error { return s.Switch(ctx, "now", 2, []byte(later)) })
	do(value(later, later), func() error { return s.Switch(ctx, "now", 2, []byte(later)) })
	do(day(7, "open", "closed"), func() error { return s.CloseDay(ctx, 7) })
	do(day(9, "", "closed"), func() error { return s.CloseDay(ctx, 9) })
	do(day(7, "closed", "acked"), func() error { return s.AckDay(ctx, 7) })
	do(object(big, ""), func() error { return s.DeleteObject(ctx, "batch/7") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if h.checked < 200 {
		t.Errorf("the power went %d times only", h.checked)
	}
}
