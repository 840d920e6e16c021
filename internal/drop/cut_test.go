package drop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
)

// How a connection is cut.
const (
	before = iota // the request never arrives
	after         // it arrives and has its effect; the answer is lost
	amid          // the answer breaks off in its body
)

// cutting is a network that is cut at one request.
type cutting struct {
	how, at, n int
}

var errCut = errors.New("connection reset by peer")

func (c *cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n++
	if c.n != c.at {
		return http.DefaultTransport.RoundTrip(r)
	}
	if c.how == before {
		return nil, errCut
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if c.how == amid && res.ContentLength != 0 {
		res.Body = &torn{res.Body, 5000} // more than a cell of a day
		return res, nil
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return nil, errCut
}

type torn struct {
	io.ReadCloser
	left int
}

func (t *torn) Read(b []byte) (int, error) {
	if t.left == 0 {
		return 0, errCut
	}
	n, err := t.ReadCloser.Read(b[:min(len(b), t.left)])
	t.left -= n
	return n, err
}

// P8, P13: each request of a whole turn is cut before it arrives, after it had its effect, and
// in the midst of its answer. Sift, desk and press come to the same end; a cell is posted once,
// and stands once if it was answered for.
func TestP8CutConnections(t *testing.T) {
	const requests = 14
	for how, name := range []string{"before", "after", "amid"} {
		for at := 1; at <= requests; at++ {
			t.Run(fmt.Sprintf("%s %d", name, at), func(t *testing.T) {
				if n := cutTurn(t, &cutting{how: how, at: at}); n < requests {
					t.Errorf("the turn has %d requests: the last cuts cut nothing", n)
				}
			})
		}
	}
}

func cutTurn(t *testing.T, net *cutting) int {
	s := play(t)
	ctx := t.Context()
	client := func(role drop.Role) *relay.Client {
		c, err := relay.New(s.base, relay.Options{Token: s.tokens[role], Transport: net, Sleep: func(context.Context, time.Duration) error { return nil }})
		s.must(err)
		return c
	}
	sift, desk, anyone := client(drop.RoleSift), client(drop.RoleDesk), client("")
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	s.must(sift.PutNow(ctx, newNow(first, 0)))
	kept, lost := map[cell.Cell]int{}, map[cell.Cell]int{}
	for range 4 {
		c := newCell(first)
		sent := net.n
		switch err := anyone.PostCell(ctx, c); {
		case err == nil:
			kept[*c] = 0
		case errors.Is(err, relay.ErrUnavailable):
			lost[*c] = 0
		default:
			t.Error(err)
		}
		if net.n != sent+1 {
			t.Errorf("a cell was sent %d times", net.n-sent)
		}
	}
	s.set((first + 1).Time().Add(time.Hour))
	days, err := sift.Days(ctx)
	if s.must(err); len(days) != 1 {
		t.Fatal(days)
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
		for c := range kept {
			kept[c] = 0
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
	return net.n
}
