// Package storetest is the one suite that every store passes: what store.Store promises, tried
// against an implementation, crashes by reopening included.
//
// What enters: a way to make an empty store and a way to open the same one again. What leaves:
// failures of a test. It is imported by tests only, and may never know how a store keeps what
// it was given.
package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// Quota is how many cells a day of the store under test must have room for.
const Quota = 64

// A Maker makes an empty store with room for Quota cells a day. Each call of reopen lets go of
// the store it gave before, as a process that ends does, and opens the same contents again.
type Maker func(t *testing.T) (reopen func() store.Store)

// Run runs the suite.
func Run(t *testing.T, maker Maker) {
	for name, play := range map[string]func(*testing.T, func() store.Store){
		"days":                days,
		"empty day":           emptyDay,
		"full day":            fullDay,
		"P9 sampled day":      sampled,
		"acknowledged day":    acknowledgedDay,
		"yield ends":          yieldEnds,
		"objects":             objects,
		"names":               names,
		"switch":              switches,
		"cells at once":       cellsAtOnce,
		"closing amid cells":  closingAmidCells,
		"one object of many":  oneObjectOfMany,
		"one switch of many":  oneSwitchOfMany,
		"object read on":      objectReadOn,
		"cancelled":           cancelled,
		"zeros are no cell":   zeros,
		"days survive reopen": reopened,
	} {
		t.Run(name, func(t *testing.T) { play(t, maker(t)) })
	}
}

// Cell makes a cell that is told from others by n.
func Cell(n int) *cell.Cell {
	var c cell.Cell
	for i := 0; i < len(c); i += 8 {
		binary.BigEndian.PutUint64(c[i:], uint64(n)*1e6+uint64(i)+1)
	}
	return &c
}

// Read gives the cells of a closed day, sorted.
func Read(t testing.TB, s store.Store, day cell.Day) []cell.Cell {
	t.Helper()
	var out []cell.Cell
	must(t, s.ReadDay(context.Background(), day, func(c *cell.Cell) error {
		out = append(out, *c)
		return nil
	}))
	slices.SortFunc(out, func(a, b cell.Cell) int { return bytes.Compare(a[:], b[:]) })
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got error %v, want %v", err, target)
	}
}

func wantCells(t testing.TB, s store.Store, day cell.Day, ns ...int) {
	t.Helper()
	got := Read(t, s, day)
	if len(got) != len(ns) {
		t.Fatalf("day %d holds %d cells, want %d", day, len(got), len(ns))
	}
	slices.Sort(ns)
	for i, n := range ns {
		if got[i] != *Cell(n) {
			t.Fatalf("day %d: cell %d is not what was put", day, n)
		}
	}
}

func wantDays(t testing.TB, list func(context.Context) ([]cell.Day, error), days ...cell.Day) {
	t.Helper()
	got, err := list(context.Background())
	must(t, err)
	if !slices.Equal(got, days) {
		t.Fatalf("days %v, want %v", got, days)
	}
}

var ctx = context.Background()

func days(t *testing.T, reopen func() store.Store) {
	s := reopen()
	must(t, s.OpenDay(ctx, 8))
	must(t, s.OpenDay(ctx, 8))
	must(t, s.PutCell(ctx, 7, Cell(1)))
	must(t, s.PutCell(ctx, 7, Cell(2)))
	must(t, s.PutCell(ctx, 8, Cell(3)))
	must(t, s.PutCell(ctx, 7, Cell(1))) // the same cell twice is two cells
	wantDays(t, s.OpenDays, 7, 8)
	wantDays(t, s.ClosedDays)
	want(t, s.ReadDay(ctx, 7, nil), store.ErrOpen)
	want(t, s.AckDay(ctx, 7), store.ErrOpen)
	want(t, s.ReadDay(ctx, 6, nil), store.ErrNotFound)
	want(t, s.AckDay(ctx, 6), store.ErrNotFound)
	must(t, s.CloseDay(ctx, 7))
	must(t, s.CloseDay(ctx, 7))
	want(t, s.PutCell(ctx, 7, Cell(4)), store.ErrClosed)
	want(t, s.OpenDay(ctx, 7), store.ErrClosed)
	wantDays(t, s.OpenDays, 8)
	wantDays(t, s.ClosedDays, 7)
	wantCells(t, s, 7, 1, 1, 2)
}

func emptyDay(t *testing.T, reopen func() store.Store) {
	s := reopen()
	must(t, s.CloseDay(ctx, 5))
	must(t, s.OpenDay(ctx, 6))
	must(t, s.CloseDay(ctx, 6))
	s = reopen()
	wantDays(t, s.ClosedDays, 5, 6)
	wantCells(t, s, 5)
	wantCells(t, s, 6)
	want(t, s.PutCell(ctx, 5, Cell(1)), store.ErrClosed)
}

func acknowledgedDay(t *testing.T, reopen func() store.Store) {
	s := reopen()
	must(t, s.PutCell(ctx, 3, Cell(1)))
	must(t, s.CloseDay(ctx, 3))
	for range 2 {
		must(t, s.AckDay(ctx, 3))
		must(t, s.CloseDay(ctx, 3))
		want(t, s.ReadDay(ctx, 3, nil), store.ErrNotFound)
		want(t, s.PutCell(ctx, 3, Cell(2)), store.ErrClosed)
		wantDays(t, s.ClosedDays)
		wantDays(t, s.OpenDays)
		s = reopen()
	}
}

func yieldEnds(t *testing.T, reopen func() store.Store) {
	s := reopen()
	must(t, s.PutCell(ctx, 3, Cell(1)))
	must(t, s.PutCell(ctx, 3, Cell(2)))
	must(t, s.CloseDay(ctx, 3))
	enough, calls := errors.New("enough"), 0
	want(t, s.ReadDay(ctx, 3, func(*cell.Cell) error { calls++; return enough }), enough)
	if calls != 1 {
		t.Fatalf("yield was called %d times after its error", calls)
	}
}

func objects(t *testing.T, reopen func() store.Store) {
	s := reopen()
	_, err := s.GetObject(ctx, "batch/1")
	want(t, err, store.ErrNotFound)
	_, err = s.OpenObject(ctx, "batch/1")
	want(t, err, store.ErrNotFound)
	must(t, s.PutObject(ctx, "batch/1", []byte("one")))
	must(t, s.PutObject(ctx, "batch/1", []byte("one")))
	want(t, s.PutObject(ctx, "batch/1", []byte("two")), store.ErrConflict)
	want(t, s.PutObject(ctx, "batch/1", nil), store.ErrConflict)
	must(t, s.PutObject(ctx, "batch/10", []byte("ten")))
	must(t, s.PutObject(ctx, "batch", nil)) // a name is never also a folder
	must(t, s.PutObject(ctx, "parcel/1/0/2", []byte("p")))
	s = reopen()
	data, err := s.GetObject(ctx, "batch/1")
	must(t, err)
	if string(data) != "one" {
		t.Fatalf("object holds %q", data)
	}
	for prefix, names := range map[string][]string{
		"":        {"batch", "batch/1", "batch/10", "parcel/1/0/2"},
		"batch/":  {"batch/1", "batch/10"},
		"batch/1": {"batch/1", "batch/10"},
		"x":       nil,
		"../":     nil,
		"batch~1": nil,
	} {
		got, err := s.ListObjects(ctx, prefix)
		must(t, err)
		if !slices.Equal(got, names) {
			t.Errorf("names with prefix %q: %v, want %v", prefix, got, names)
		}
	}
	must(t, s.DeleteObject(ctx, "batch/1"))
	must(t, s.DeleteObject(ctx, "batch/1"))
	must(t, s.PutObject(ctx, "batch/1", []byte("two")))
}

func names(t *testing.T, reopen func() store.Store) {
	s := reopen()
	for _, name := range []string{
		"", "/", "a/", "/a", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/.b", "A", "a b", "a\x00", "a\\b", "a~b", "é",
		"a/b/c/d/e/f", string(bytes.Repeat([]byte("a"), store.MaxName+1)),
	} {
		want(t, s.PutObject(ctx, name, []byte("x")), store.ErrName)
		want(t, s.DeleteObject(ctx, name), store.ErrName)
		want(t, s.Switch(ctx, name, 1, nil), store.ErrName)
		_, err := s.GetObject(ctx, name)
		want(t, err, store.ErrName)
		_, _, err = s.Current(ctx, name)
		want(t, err, store.ErrName)
	}
	for _, name := range []string{"a", "a/b/c/d/e", "a..b", "a-_.", string(bytes.Repeat([]byte("a"), store.MaxName))} {
		must(t, s.PutObject(ctx, name, []byte(name)))
	}
}

func switches(t *testing.T, reopen func() store.Store) {
	s := reopen()
	_, _, err := s.Current(ctx, "now")
	want(t, err, store.ErrNotFound)
	must(t, s.Switch(ctx, "now", 5, []byte("five")))
	must(t, s.Switch(ctx, "now", 5, []byte("five")))
	want(t, s.Switch(ctx, "now", 5, []byte("V")), store.ErrConflict)
	want(t, s.Switch(ctx, "now", 4, []byte("five")), store.ErrSerial)
	must(t, s.Switch(ctx, "now", 1<<40, nil))
	must(t, s.Switch(ctx, "site", 1, []byte("s")))
	s = reopen()
	want(t, s.Switch(ctx, "now", 6, []byte("six")), store.ErrSerial)
	serial, data, err := s.Current(ctx, "now")
	must(t, err)
	if serial != 1<<40 || len(data) != 0 {
		t.Fatalf("current is %d %q", serial, data)
	}
}

func cellsAtOnce(t *testing.T, reopen func() store.Store) {
	s := reopen()
	var wg sync.WaitGroup
	errs := make([]error, Quota+10)
	for n := range errs {
		wg.Go(func() { errs[n] = s.PutCell(ctx, 1, Cell(n)) })
	}
	wg.Wait()
	var kept []int
	for n, err := range errs {
		if err == nil {
			kept = append(kept, n)
		} else {
			want(t, err, store.ErrFull)
		}
	}
	if len(kept) < Quota {
		t.Fatalf("%d cells kept, want %d or more", len(kept), Quota)
	}
	s = reopen()
	must(t, s.CloseDay(ctx, 1))
	stand := map[cell.Cell]int{}
	for _, n := range kept {
		stand[*Cell(n)] = 1
	}
	cells := Read(t, s, 1)
	for _, c := range cells {
		stand[c]--
		if stand[c] < 0 {
			t.Error("a cell stands twice, or was refused")
		}
	}
	if len(cells) != Quota {
		t.Fatalf("%d cells, want %d", len(cells), Quota)
	}
}

// Each cell is in the day or was refused: none is answered for and lost, none comes later.
func closingAmidCells(t *testing.T, reopen func() store.Store) {
	s := reopen()
	for day := range cell.Day(20) {
		must(t, s.OpenDay(ctx, day))
		var wg sync.WaitGroup
		begun := make(chan struct{}, Quota)
		errs := make([]error, Quota)
		for n := range errs {
			wg.Go(func() {
				begun <- struct{}{}
				errs[n] = s.PutCell(ctx, day, Cell(n))
			})
		}
		<-begun
		must(t, s.CloseDay(ctx, day))
		before := len(Read(t, s, day))
		wg.Wait()
		var kept []int
		for n, err := range errs {
			if err == nil {
				kept = append(kept, n)
			} else {
				want(t, err, store.ErrClosed)
			}
		}
		wantCells(t, s, day, kept...)
		if before != len(kept) {
			t.Fatalf("%d cells as the day closed, %d after it", before, len(kept))
		}
	}
}

func oneObjectOfMany(t *testing.T, reopen func() store.Store) {
	s := reopen()
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for n := range errs {
		wg.Go(func() { errs[n] = s.PutObject(ctx, "note/root/1", fmt.Append(nil, n)) })
	}
	wg.Wait()
	winner := -1
	for n, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("writers %d and %d both won", winner, n)
		case err == nil:
			winner = n
		default:
			want(t, err, store.ErrConflict)
		}
	}
	data, err := reopen().GetObject(ctx, "note/root/1")
	must(t, err)
	if string(data) != fmt.Sprint(winner) {
		t.Fatalf("object holds %q, the winner wrote %d", data, winner)
	}
}

func oneSwitchOfMany(t *testing.T, reopen func() store.Store) {
	s := reopen()
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			if err := s.Switch(ctx, "now", uint64(n), fmt.Append(nil, n)); err != nil && !errors.Is(err, store.ErrSerial) {
				t.Error(err)
			}
			if serial, data, err := s.Current(ctx, "now"); err != nil || string(data) != fmt.Sprint(serial) {
				t.Errorf("serial %d with value %q, error %v", serial, data, err)
			}
		})
	}
	wg.Wait()
	serial, _, err := reopen().Current(ctx, "now")
	must(t, err)
	if serial != 15 {
		t.Fatalf("serial %d stands, the highest was 15", serial)
	}
}

func objectReadOn(t *testing.T, reopen func() store.Store) {
	s := reopen()
	must(t, s.PutObject(ctx, "site/a", []byte("old bytes")))
	f, err := s.OpenObject(ctx, "site/a")
	must(t, err)
	must(t, s.DeleteObject(ctx, "site/a"))
	must(t, s.PutObject(ctx, "site/a", []byte("new")))
	_, err = f.Seek(4, io.SeekStart)
	must(t, err)
	data, err := io.ReadAll(f)
	must(t, errors.Join(err, f.Close()))
	if string(data) != "bytes" {
		t.Fatalf("read %q of the old object", data)
	}
}

func cancelled(t *testing.T, reopen func() store.Store) {
	s := reopen()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	want(t, s.PutCell(gone, 1, Cell(1)), context.Canceled)
	want(t, s.PutObject(gone, "a", nil), context.Canceled)
	want(t, s.Switch(gone, "a", 1, nil), context.Canceled)
	wantDays(t, s.OpenDays)
}

func zeros(t *testing.T, reopen func() store.Store) {
	s := reopen()
	want(t, s.PutCell(ctx, 1, &cell.Cell{}), store.ErrConflict)
}

func reopened(t *testing.T, reopen func() store.Store) {
	s := reopen()
	var ns []int
	for n := range Quota / 2 {
		must(t, s.PutCell(ctx, 1, Cell(n)))
		ns = append(ns, n)
		if n%5 == 0 {
			s = reopen()
		}
	}
	wantDays(t, s.OpenDays, 1)
	must(t, s.CloseDay(ctx, 1))
	s = reopen()
	wantDays(t, s.ClosedDays, 1)
	wantCells(t, s, 1, ns...)
}
