package disk

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"kkachi/internal/store"
	"kkachi/internal/store/storetest"
)

// A dealer is randomness of which a test may lay the first number of the next cell.
type dealer struct {
	mu   sync.Mutex
	next []uint32 // one a cell; none: random
}

func (d *dealer) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(p) != len(some{}.b) || len(d.next) == 0 {
		return rand.Read(p)
	}
	clear(p)
	binary.BigEndian.PutUint32(p[len(p)-4:], d.next[0])
	d.next = d.next[1:]
	return len(p), nil
}

// P9: the n-th cell of a day of Q is kept with probability Q/n and no other, counted from the quota after a new
// start: statistics see no difference of one.
func TestNthCellIsKeptWithItsChance(t *testing.T) {
	const quota = 16
	dir, d := t.TempDir(), &dealer{}
	s, err := Open(dir, Options{Quota: quota, Rand: d})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	put := func(drawn ...uint32) error {
		d.next, n = drawn, n+1
		return s.PutCell(t.Context(), 7, storetest.Cell(n))
	}
	full := func(drawn uint32) {
		t.Helper()
		if err := put(drawn); !errors.Is(err, store.ErrFull) {
			t.Errorf("cell %d, which drew %d of %d, was kept: %v", n, drawn, n, err)
		}
	}
	for range quota {
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	full(quota)     // the highest of 17
	full(quota + 1) // of 18
	full(quota + 2) // of 19
	for _, drawn := range []uint32{0, quota - 1} {
		if err := put(drawn); err != nil {
			t.Errorf("a cell that drew %d was refused: %v", drawn, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir, Options{Quota: quota, Rand: d}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n = quota
	full(quota)
}
