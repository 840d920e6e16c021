package source

import (
	"crypto/rand"
	"testing"

	"kkachi/internal/seal"
)

// Canaries leave by the code of every reader's view: as many cells, of the same size, at the
// same times; only who holds the day key sees the flag, and the MAC of the day.
func TestCanariesLeaveAsCover(t *testing.T) {
	key, err := seal.NewCanaryKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	cfg := s.config()
	cfg.Canary = &key
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if _, err := c.View(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.cells) != 12 || len(s.pauses) != 12 || len(s.calls) != 2+12 {
		t.Fatalf("%d cells, %d pauses, calls %q", len(s.cells), len(s.pauses), s.calls)
	}
	for i, p := range s.pauses {
		if i%2 == 0 && (p < FirstMin || p >= FirstMax) || i%2 == 1 && (p < NextMin || p >= NextMax) {
			t.Errorf("pause %d is %v", i, p)
		}
	}
	for _, x := range s.cells {
		flag, rec, ok := seal.NewDayOpener(s.id, x.Epoch(), &s.days[x.Epoch()-s.first]).Open(x)
		if !ok || flag != seal.FlagCanary || !key.Day(x.Epoch()).Marked(rec) {
			t.Errorf("flag %d, %v: not a canary of the day", flag, ok)
		}
	}
}
