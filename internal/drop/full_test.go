package drop_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/store"
)

// A store on a disk that is full for a while.
type crammed struct {
	store.Store
	full *atomic.Bool
}

func (c crammed) room() error {
	if c.full.Load() {
		return syscall.ENOSPC
	}
	return nil
}

func (c crammed) OpenDay(ctx context.Context, day cell.Day) error {
	return errors.Join(c.room(), c.Store.OpenDay(ctx, day))
}

func (c crammed) PutCell(ctx context.Context, day cell.Day, x *cell.Cell) error {
	if err := c.room(); err != nil {
		return err
	}
	return c.Store.PutCell(ctx, day, x)
}

func (c crammed) PutObject(ctx context.Context, name string, data []byte) error {
	if err := c.room(); err != nil {
		return err
	}
	return c.Store.PutObject(ctx, name, data)
}

// P8: a full disk is 503 for everyone and shown to the operator; when there is room again the
// host goes on by itself, and what it answered for before is there.
func TestP8FullDisk(t *testing.T) {
	var full atomic.Bool
	s := playOn(t, func(d store.Store) store.Store { return crammed{d, &full} })
	ctx := t.Context()
	s.must(s.sift.PutNow(ctx, newNow(first, 0)))
	s.must(s.host.Tick(ctx))
	health := func() int {
		w := httptest.NewRecorder()
		s.host.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Code
	}
	kept := []*cell.Cell{newCell(first), newCell(first)}
	s.must(s.anyone.PostCell(ctx, kept[0]))
	full.Store(true)
	if err := s.anyone.PostCell(ctx, newCell(first)); !errors.Is(err, relay.ErrFull) {
		t.Errorf("a cell for a full disk: %v", err)
	}
	if err := s.sift.PutObject(ctx, "batch/20700", []byte("x")); !errors.Is(err, relay.ErrUnavailable) {
		t.Errorf("an object for a full disk: %v", err)
	}
	if code := health(); code != http.StatusServiceUnavailable {
		t.Errorf("a host with a full disk says %d of itself", code)
	}
	full.Store(false)
	s.must(s.anyone.PostCell(ctx, kept[1]))
	s.must(s.sift.PutObject(ctx, "batch/20700", []byte("x")))
	if code := health(); code != http.StatusOK {
		t.Errorf("with room again it says %d", code)
	}
	s.set((first + 1).Time().Add(time.Hour))
	if _, err := s.sift.Days(ctx); err != nil {
		t.Fatal(err)
	}
	got := map[cell.Cell]int{}
	for _, c := range s.readDay(first) {
		got[c]++
	}
	for _, c := range kept {
		if got[*c] != 1 {
			t.Errorf("a cell that was answered for stands %d times", got[*c])
		}
	}
	if len(got) != len(kept) {
		t.Errorf("%d cells, not %d", len(got), len(kept))
	}
}
