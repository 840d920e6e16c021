package disk

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"kkachi/internal/cell"
	"kkachi/internal/store/storetest"
)

// scattered makes a file of n free slots, readied for cells.
func scattered(t testing.TB, n int) *machineFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "day")
	if err := os.WriteFile(path, make([]byte, n*cell.Size), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := (machine{}).Open(path, os.O_RDWR)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Scatter()
	return f.(*machineFile)
}

// writeCells waits until all are written, as far as they can be.
func writeCells(f File, ws []*write) error {
	for left := ws; len(left) > 0; {
		n := f.Start(left)
		left = left[n:]
		for n > 0 {
			done, err := f.Done()
			if err != nil {
				return err
			}
			n -= len(done)
		}
	}
	return nil
}

// Cells that are written past the system's memory of files stand where they should, more of
// them than the disk is given at once; one that can't be written harms no other; and no cell
// is left in the memory that the kernel reads.
func TestWritesDirectly(t *testing.T) {
	const n = 2*together + 100
	f := scattered(t, n+1)
	if f.direct == nil {
		t.Skip("this file system is not written directly")
	}
	ws := make([]*write, n)
	for i := range ws {
		ws[i] = &write{cell: storetest.Cell(i), slot: n - i} // the first slot stays free
	}
	const bad = together + 7
	ws[bad].slot = -1
	if err := writeCells(f, ws); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range ws {
		at := (n - i) * cell.Size
		stands := bytes.Equal(data[at:at+cell.Size], w.cell[:])
		if stands != (i != bad) || (w.err == nil) != (i != bad) {
			t.Fatalf("cell %d stands: %v, %v", i, stands, w.err)
		}
	}
	if !bytes.Equal(data[:cell.Size], make([]byte, cell.Size)) {
		t.Error("a slot that nothing was written to is not free")
	}
	if !bytes.Equal(f.direct.mem[:ctxAt], make([]byte, ctxAt)) {
		t.Error("cells are left in memory")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// A full disk, or a file that may not grow, is an error of each cell, not silence.
func TestDirectErrorsAreEachCells(t *testing.T) {
	f := scattered(t, 4)
	defer f.Close()
	if f.direct == nil {
		t.Skip("this file system is not written directly")
	}
	ro, err := os.OpenFile(f.Name(), os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.direct.file, ro = ro, f.direct.file
	defer ro.Close()
	ws := []*write{{cell: storetest.Cell(1)}, {cell: storetest.Cell(2), slot: 1}}
	if err := writeCells(f, ws); err != nil || ws[0].err == nil || ws[1].err == nil {
		t.Errorf("written to a file that is open for reading: %v, %v, %v", err, ws[0].err, ws[1].err)
	}
}

// plain is a machine that doesn't write directly, as other systems and some file systems are.
type plain struct{ machine }

type plainFile struct{ *machineFile }

func (plain) Open(path string, flag int) (File, error) {
	f, err := machine{}.Open(path, flag)
	if err != nil {
		return nil, err
	}
	return plainFile{f.(*machineFile)}, nil
}

func (plainFile) Scatter() {}

// The store does the same where it can't write directly, and one takes up what the other left.
func TestWithoutDirectWrites(t *testing.T) {
	dir := t.TempDir()
	for round, sys := range []System{plain{}, machine{}, plain{}} {
		s, err := Open(dir, Options{Quota: storetest.Quota, Rand: rand.Reader, System: sys})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			if err := s.PutCell(t.Context(), 7, storetest.Cell(round*8+i)); err != nil {
				t.Fatal(err)
			}
		}
		if round == 2 {
			if err := s.CloseDay(t.Context(), 7); err != nil {
				t.Fatal(err)
			}
			if got := storetest.Read(t, s, 7); len(got) != 24 {
				t.Errorf("%d cells of 24", len(got))
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A queue of which nobody knows what it still does answers for everything with an error, again
// and again, and lets nobody wait.
func TestDirectQueueFails(t *testing.T) {
	f := scattered(t, 2*together)
	if f.direct == nil {
		t.Skip("this file system is not written directly")
	}
	a := &write{cell: storetest.Cell(1)}
	if f.Start([]*write{a}) != 1 {
		t.Fatal("not begun")
	}
	ctx := f.direct.ctx
	f.direct.ctx = 1 // no queue's name
	for range 2 {
		if ws, err := f.Done(); err == nil || len(ws) > 1 {
			t.Fatalf("%d writes, %v", len(ws), err)
		}
	}
	more := make([]*write, 2*together)
	for i := range more {
		more[i] = &write{cell: storetest.Cell(i), slot: i}
	}
	for left := more; len(left) > 0; {
		left = left[f.Start(left):]
		for range 2 {
			_, _ = f.Done()
		}
	}
	for i, w := range more {
		if w.err == nil {
			t.Errorf("write %d: no error", i)
		}
	}
	f.direct.ctx = ctx
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
