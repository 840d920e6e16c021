package disk_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/store"
	"kkachi/internal/store/disk"
	"kkachi/internal/store/storetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// putCells makes a folder whose day 7 holds n cells, and lets it go.
func putCells(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := openDir(t, dir, storetest.Quota)
	for i := range n {
		must(t, s.PutCell(t.Context(), 7, storetest.Cell(i)))
	}
	must(t, s.Close())
	return dir
}

func read(t *testing.T, s store.Store) map[cell.Cell]int {
	t.Helper()
	must(t, s.CloseDay(t.Context(), 7))
	out := map[cell.Cell]int{}
	for _, c := range storetest.Read(t, s, 7) {
		out[c]++
	}
	return out
}

// A cell that was being written as the power went is some bytes in one slot: the others stand,
// and the slot is never used again.
func TestTornSlot(t *testing.T) {
	dir := putCells(t, 20)
	path := filepath.Join(dir, "days", "7.open")
	data, err := os.ReadFile(path)
	must(t, err)
	torn := 0
	for slot := 0; torn < 3; slot++ {
		if at := slot * cell.Size; string(data[at:at+cell.Size]) == string(make([]byte, cell.Size)) {
			copy(data[at+torn*1024:], "only this much came") // the first bytes may be those that are missing
			torn++
		}
	}
	must(t, os.WriteFile(path, data, 0o600))
	s := openDir(t, dir, storetest.Quota)
	defer s.Close()
	for i := 20; i < storetest.Quota-3; i++ {
		must(t, s.PutCell(t.Context(), 7, storetest.Cell(i)))
	}
	got := read(t, s)
	for i := range storetest.Quota - 3 {
		if got[*storetest.Cell(i)] != 1 {
			t.Errorf("cell %d stands %d times", i, got[*storetest.Cell(i)])
		}
	}
	if len(got) != storetest.Quota {
		t.Errorf("%d slots handed out, torn ones included, of %d", len(got), storetest.Quota)
	}
}

func TestTruncatedDay(t *testing.T) {
	for _, state := range []string{"open", "closed"} {
		dir := putCells(t, 20)
		if state == "closed" {
			s := openDir(t, dir, storetest.Quota)
			must(t, s.CloseDay(t.Context(), 7))
			must(t, s.Close())
		}
		path := filepath.Join(dir, "days", "7."+state)
		data, err := os.ReadFile(path)
		must(t, err)
		cut := storetest.Quota/2*cell.Size + 100
		left := map[cell.Cell]bool{}
		for at := 0; at+cell.Size <= cut; at += cell.Size {
			left[*(*cell.Cell)(data[at:])] = true
		}
		must(t, os.Truncate(path, int64(cut)))
		s := openDir(t, dir, storetest.Quota)
		got := read(t, s)
		for i := range 20 {
			if c := *storetest.Cell(i); left[c] != (got[c] == 1) {
				t.Errorf("%s: cell %d before the cut: %v, handed out %d times", state, i, left[c], got[c])
			}
		}
		must(t, s.Close())
	}
}

func TestUnfinishedFilesAreRemoved(t *testing.T) {
	dir := putCells(t, 3)
	for _, sub := range []string{"days", "objects", "current"} {
		must(t, os.WriteFile(filepath.Join(dir, sub, ".tmp-0123"), []byte("half"), 0o600))
	}
	s := openDir(t, dir, storetest.Quota)
	defer s.Close()
	for _, sub := range []string{"days", "objects", "current"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		must(t, err)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				t.Errorf("%s/%s is left", sub, e.Name())
			}
		}
	}
	if got := read(t, s); len(got) != 3 {
		t.Errorf("%d cells", len(got))
	}
}

// Between the two steps of an acknowledgement both files stand: the later one holds.
func TestHalfAcknowledged(t *testing.T) {
	dir := putCells(t, 3)
	s := openDir(t, dir, storetest.Quota)
	must(t, s.CloseDay(t.Context(), 7))
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(dir, "days", "7.acked"), nil, 0o600))
	s = openDir(t, dir, storetest.Quota)
	defer s.Close()
	if days, err := s.ClosedDays(t.Context()); err != nil || len(days) != 0 {
		t.Errorf("days %v, %v", days, err)
	}
	must(t, s.AckDay(t.Context(), 7))
	if _, err := os.Stat(filepath.Join(dir, "days", "7.closed")); err == nil {
		t.Error("the cells are still there")
	}
}

func TestStrangeFolders(t *testing.T) {
	for _, name := range []string{"7", "07.open", "x.open", "7.opened", "7.open.bak", "4294967296.open", "-7.open"} {
		dir := putCells(t, 1)
		must(t, os.WriteFile(filepath.Join(dir, "days", name), nil, 0o600))
		if _, err := disk.Open(dir, disk.Options{Rand: rand.Reader}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a folder with %s: %v", name, err)
		}
		must(t, os.Remove(filepath.Join(dir, "days", name)))
		must(t, openDir(t, dir, storetest.Quota).Close()) // the lock was let go
	}
	dir := putCells(t, 1)
	must(t, os.WriteFile(filepath.Join(dir, "current", "now"), []byte("cut"), 0o600))
	s := openDir(t, dir, storetest.Quota)
	defer s.Close()
	if _, _, err := s.Current(t.Context(), "now"); err == nil || !strings.Contains(err.Error(), "now") {
		t.Errorf("a cut value: %v", err)
	}
	if _, err := disk.Open(dir, disk.Options{Rand: rand.Reader}); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("a second process: %v", err)
	}
	for _, quota := range []int{-1, 1<<20 + 1} {
		if _, err := disk.Open(t.TempDir(), disk.Options{Quota: quota, Rand: rand.Reader}); err == nil {
			t.Errorf("a quota of %d was taken", quota)
		}
	}
	if _, err := disk.Open(t.TempDir(), disk.Options{}); err == nil {
		t.Error("a store without randomness was made")
	}
}

// After its end a store does nothing: least of all make the day's file anew.
func TestEnded(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir, storetest.Quota)
	must(t, s.PutCell(t.Context(), 7, storetest.Cell(1)))
	must(t, s.Close())
	if err := s.PutCell(t.Context(), 7, storetest.Cell(2)); err == nil {
		t.Error("a cell was put after the end")
	}
	if err := s.OpenDay(t.Context(), 8); err == nil {
		t.Error("a day was opened after the end")
	}
	again := openDir(t, dir, storetest.Quota)
	defer again.Close()
	if got := read(t, again); got[*storetest.Cell(1)] != 1 || len(got) != 1 {
		t.Errorf("%d cells", len(got))
	}
}

// The room of a day is really there before the first cell.
func TestRoomIsNotSparse(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir, storetest.Quota)
	defer s.Close()
	must(t, s.OpenDay(t.Context(), 7))
	path := filepath.Join(dir, "days", "7.open")
	out, err := exec.Command("du", "-k", path).Output()
	if err != nil {
		t.Skip("no du here")
	}
	field, _, _ := strings.Cut(string(out), "\t")
	if k, err := strconv.Atoi(field); err != nil || k < storetest.Quota*cell.Size/1024 {
		t.Errorf("du says %q for %d cells", out, storetest.Quota)
	}
}

const killDir = "KKACHI_TEST_KILL_DIR"

// TestKilled kills the process that puts cells, again and again: each cell that was answered
// for is there exactly once.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(killDir); dir != "" {
		putUntilKilled(t, dir)
	}
	dir := t.TempDir()
	answered := map[int]bool{}
	for round := range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), killDir+"="+dir+":"+strconv.Itoa(round*1000))
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; n < 40+round && lines.Scan(); n++ {
			i, err := strconv.Atoi(lines.Text())
			must(t, err)
			answered[i] = true
		}
		must(t, cmd.Process.Kill())
		for lines.Scan() {
			if i, err := strconv.Atoi(lines.Text()); err == nil {
				answered[i] = true
			}
		}
		_ = cmd.Wait() // it says that it was killed
	}
	if len(answered) < 200 {
		t.Fatalf("only %d cells were answered for", len(answered))
	}
	s, err := disk.Open(dir, disk.Options{Rand: rand.Reader})
	must(t, err)
	defer s.Close()
	got := read(t, s)
	for i := range answered {
		if got[*storetest.Cell(i)] != 1 {
			t.Errorf("cell %d was answered for and stands %d times", i, got[*storetest.Cell(i)])
		}
	}
}

// putUntilKilled is the process that is killed: it says each cell that is durable.
func putUntilKilled(t *testing.T, where string) {
	dir, from, _ := strings.Cut(where, ":")
	start, err := strconv.Atoi(from)
	must(t, err)
	s, err := disk.Open(dir, disk.Options{Quota: 4096, Rand: rand.Reader})
	must(t, err)
	for w := range 4 {
		go func() {
			for i := start + w; ; i += 4 {
				if err := s.PutCell(context.Background(), 7, storetest.Cell(i)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				if _, err := io.WriteString(os.Stdout, strconv.Itoa(i)+"\n"); err != nil {
					os.Exit(1)
				}
			}
		}()
	}
	select {}
}
