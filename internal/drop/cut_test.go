package drop_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/fault"
	"kkachi/internal/relay"
)

// P8, P13: each request of a whole turn is cut before it is sent, in the middle of its body,
// after it had its effect, and in the midst of its answer, or answered with 503. Sift, desk
// and press come to the same end by the client's own retries; a cell is posted once, and
// stands once if it was answered for; the old site stands whole until the new one does.
func TestP8CutConnections(t *testing.T) {
	fault.Table(t, 20, func(t *testing.T, s *fault.Steps) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		cutTurn(t, s, s.Transport(transport))
	})
}

func cutTurn(t *testing.T, steps *fault.Steps, net http.RoundTripper) {
	s := play(t)
	ctx := t.Context()
	client := func(role drop.Role) *relay.Client {
		c, err := relay.New(s.base, relay.Options{Token: s.tokens[role], Transport: net, Sleep: func(context.Context, time.Duration) error {
			steps.Lift() // what lasts is over at the next try
			return nil
		}})
		s.must(err)
		return c
	}
	sift, desk, anyone := client(drop.RoleSift), client(drop.RoleDesk), client("")
	s.press = client(drop.RolePress)
	s.must(sift.PutNow(ctx, newNow(first, 0)))
	kept, lost := map[cell.Cell]int{}, map[cell.Cell]int{}
	for range 4 {
		c := newCell(first)
		sent := len(steps.Taken())
		switch err := anyone.PostCell(ctx, c); {
		case err == nil:
			kept[*c] = 0
		case errors.Is(err, relay.ErrUnavailable), errors.Is(err, relay.ErrFull):
			lost[*c] = 0
		default:
			t.Error(err)
		}
		steps.Lift()
		if n := len(steps.Taken()) - sent; n != 1 {
			t.Errorf("a cell was sent %d times", n)
		}
	}
	s.set((first + 1).Time().Add(time.Hour))
	readCut(t, sift, kept, lost)
	data := make([]byte, 50_000)
	s.must(sift.PutObject(ctx, "batch/"+itoa(first), data))
	if err := sift.PutObject(ctx, "batch/"+itoa(first), data[1:]); !errors.Is(err, relay.ErrConflict) {
		t.Errorf("other bytes under the name: %v", err)
	}
	s.must(sift.AckDay(ctx, first))
	s.must(desk.PutObject(ctx, "parcel/"+itoa(first)+"/0/1", data))
	if got, err := desk.GetObject(ctx, "batch/"+itoa(first)); err != nil || len(got) != len(data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if names, err := desk.ListObjects(ctx, ""); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
	if now, err := sift.CurrentNow(ctx); err != nil || now.Serial != uint64(first) {
		t.Error(now, err)
	}
	if _, _, err := sift.Crowd(ctx, first); err != nil {
		t.Error(err)
	}
	s.cutSite(steps)
}

// readCut reads the closed day as sift does. Cells that were answered for stand once, others at
// most once.
func readCut(t *testing.T, sift *relay.Client, kept, lost map[cell.Cell]int) {
	t.Helper()
	ctx := t.Context()
	days, err := sift.Days(ctx)
	if err != nil || len(days) != 1 {
		t.Fatal(days, err)
	}
	read := func() (n int, err error) {
		return n, sift.ReadDay(ctx, first, func(c *cell.Cell) error {
			n++
			if _, ok := kept[*c]; ok {
				kept[*c]++
			} else if _, ok := lost[*c]; ok {
				lost[*c]++
			} else {
				t.Error("a cell that nobody sent")
			}
			return nil
		})
	}
	if _, err := read(); err != nil { // it broke off: who reads begins anew
		for _, m := range []map[cell.Cell]int{kept, lost} {
			for c := range m {
				m[c] = 0
			}
		}
		if n, err := read(); err != nil || n < 3 {
			t.Error(n, err)
		}
	}
	for c, n := range kept {
		if n != 1 {
			t.Errorf("the cell %x… was answered for and stands %d times", c[:8], n)
		}
	}
	for c, n := range lost {
		if n > 1 {
			t.Errorf("the cell %x… stands %d times", c[:8], n)
		}
	}
}

// cutSite puts two sites, one after the other, over a network of which one request is cut.
func (s *stage) cutSite(steps *fault.Steps) {
	old := map[string]string{"index.html": "<p>old front", "gone.html": "<p>withdrawn"}
	next := map[string]string{"index.html": "<p>new front", "ko/new.html": "<p>new"}
	s.must(s.publish(1, old))
	for _, data := range next {
		s.must(s.press.PutObject(s.t.Context(), fmt.Sprintf("site/%x", sha256.Sum256([]byte(data))), []byte(data)))
		for path, want := range old {
			if a := s.ask("GET", "/"+path, nil, nil); a.body != want {
				s.t.Errorf("before the switch, %s: %v", path, a)
			}
		}
	}
	s.must(s.press.PutSite(s.t.Context(), 2, manifest(2, next)))
	for path, want := range next {
		if a := s.ask("GET", "/"+path, nil, nil); a.body != want {
			s.t.Errorf("after the switch, %s: %v", path, a)
		}
	}
	if a := s.ask("GET", "/gone.html", nil, nil); a.status != http.StatusNotFound {
		s.t.Errorf("what was withdrawn: %v", a)
	}
	if list, err := s.press.CurrentSite(s.t.Context()); err != nil || len(list) == 0 {
		s.t.Errorf("the manifest: %d bytes, %v", len(list), err)
	}
}
