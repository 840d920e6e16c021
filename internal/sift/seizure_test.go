package sift

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// keysOnDisk lists the days whose key files exist, however they are named.
func keysOnDisk(t *testing.T, dir string) []cell.Day {
	t.Helper()
	var days []cell.Day
	for _, name := range must(disk{dir}.list(keysFolder)) {
		day, ok := parseDayKeyFile(name)
		switch {
		case ok:
			days = append(days, day)
		case name != unlockFile && name != signFile:
			t.Errorf("%s lies among the keys", name)
		}
	}
	slices.Sort(days)
	return days
}

// P4: on a driven clock, the keys on disk and in memory are those of yesterday, today and
// tomorrow while all goes well; and whatever the host does, none is there past its limit.
func TestP4NoKeyPastItsLimit(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	for i := range 5 {
		w.day(s)
		want := []cell.Day{w.today() - 1, w.today(), w.today() + 1}
		if i == 0 {
			want = want[1:]
		}
		if got := keysOnDisk(t, dir); !slices.Equal(got, want) || !slices.Equal(s.living(), want) {
			t.Errorf("day %d: keys on disk %v, in memory %v, want %v", i, got, s.living(), want)
		}
		w.send(1, 1)
		w.turn(1)
	}
	// The host is away: nothing can be drained, and the keys die all the same.
	h.down = relay.ErrUnavailable
	for range 5 {
		if _, err := s.Day(context.Background()); err == nil {
			t.Fatal("no error without a host")
		}
		for _, d := range append(keysOnDisk(t, dir), s.living()...) {
			if w.today() >= d+KeyDeath {
				t.Errorf("on %s the key of %s lives", w.today(), d)
			}
		}
		w.turn(1)
	}
	if left := keysOnDisk(t, dir); len(left) != 0 {
		t.Errorf("keys after five days without a host: %v", left)
	}
}

// P4: a sift that was off destroys what has expired before it is unlocked, and whatever a
// crash left half-written among the keys.
func TestP4ExpiredKeysDieBeforeUnlocking(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	s.Close()
	half := filepath.Join(dir, "keys", ".day-20002123")
	if err := os.WriteFile(half, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.turn(KeyDeath)
	if _, err := Open(dir, must(KeyFile(must(NewKeyFile()))), w.cfg); !errors.Is(err, ErrUnlock) {
		t.Fatal(err)
	}
	if left := keysOnDisk(t, dir); !slices.Equal(left, []cell.Day{firstDay + 1}) {
		t.Errorf("nobody unlocked, and the keys of %v lie there", left)
	}
}

// P4: expired keys die before sift connects.
func TestP4ExpiredKeysDieBeforeConnecting(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	s.Close()
	connected := false
	w.cfg.Connect = func(token string) (Host, error) {
		connected = true
		if left := keysOnDisk(t, dir); len(left) != 0 {
			t.Errorf("connected while the keys of %v lie there", left)
		}
		if token != "token" {
			t.Errorf("token %q", token)
		}
		return h, nil
	}
	s = w.open(dir) // the keys are alive, and die while it is open
	if len(keysOnDisk(t, dir)) != 2 {
		t.Fatal("no keys: the test is blind")
	}
	w.turn(KeyDeath + KeyAhead)
	w.day(s)
	if !connected {
		t.Error("never connected")
	}
}

// seized is what someone takes who copies the folder and learns the unlock key: every byte,
// and everything that the unlock key opens.
func (w *world) seized(dir string) (plain [][]byte) {
	w.t.Helper()
	identities := []age.Identity{w.unlock.identity}
	var raw [][]byte
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw = append(raw, must(os.ReadFile(path)))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	own := must(age.ParseHybridIdentity(string(must(decrypt(must(os.ReadFile(filepath.Join(dir, "keys", "unlock"))), w.unlock.identity)))))
	identities = append(identities, own)
	plain = append(plain, raw...)
	for _, b := range raw {
		for _, i := range identities {
			if p, err := decrypt(b, i); err == nil {
				plain = append(plain, p)
			}
		}
	}
	return plain
}

// opens counts the cells that anything among the seized bytes opens: each window of 32 bytes
// of what is small enough to be a key file is tried as a seed.
func (w *world) opens(plain [][]byte, cells []*cell.Cell) (n int, seeds [][]byte) {
	for _, p := range plain {
		if len(p) > 4*DayKeySize {
			continue
		}
		for at := 0; at+seal.HPKESeedSize <= len(p); at++ {
			seed := seal.HPKESeed(p[at:])
			for _, c := range cells {
				if _, _, ok := seal.NewDayOpener(w.id, c.Epoch(), &seed).Open(c); ok {
					n++
					seeds = append(seeds, bytes.Clone(seed[:]))
				}
			}
		}
	}
	return n, seeds
}

// P4: after the death of day key T, a copy of everything that sift holds, folder and unlock
// key, opens none of that day's cells; a copy from before opens them all.
func TestP4SeizureAfterDeathOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	cells, numbers := w.send(2, 0)
	var seeds [][]byte
	for range 2 { // on the day itself and on the next it lives
		n, found := w.opens(w.seized(dir), cells)
		if n != len(cells) {
			t.Fatalf("on %s a copy opens %d of %d cells: the test is blind", w.today(), n, len(cells))
		}
		seeds = found
		w.turn(1)
		w.day(s)
	}
	after := w.seized(dir)
	if n, _ := w.opens(after, cells); n != 0 {
		t.Errorf("after the key's death a copy opens %d cells of its day", n)
	}
	for _, p := range after {
		for _, seed := range seeds {
			if bytes.Contains(p, seed) {
				t.Error("the seed of a dead key lies in the folder")
			}
		}
	}
	w.wantOnce(numbers)
}

// P4: what the state keeps does not tell real cells from cover: both leave a replay key, and
// all of them die with their day key.
func TestP4ReplayKeysTellNothing(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	epoch := w.today()
	real, _ := w.send(2, 3)
	cover := w.sealCover()
	w.mustPost(cover)
	broken := *w.sealCover()
	broken[3000] ^= 1
	w.mustPost(&broken)
	w.turn(1)
	w.day(s)
	kept := s.st.replays[epoch]
	if len(kept) != 7 {
		t.Errorf("%d replay keys kept, want those of all 7 cells", len(kept))
	}
	for _, c := range []*cell.Cell{real[0], real[1], cover, &broken} {
		if _, ok := kept[c.ReplayKey()]; !ok {
			t.Error("the replay key of a cell is not kept")
		}
	}
	w.turn(1)
	w.day(s)
	if _, ok := s.st.replays[epoch]; ok {
		t.Error("replay keys outlive their day key")
	}
}
