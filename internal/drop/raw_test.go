package drop_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/store"
)

// raw sends bytes on a connection of their own, and gives all that comes back.
func (s *stage) raw(request string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	s.must(err)
	defer conn.Close()
	s.must(conn.SetDeadline(time.Now().Add(time.Minute))) // a failure should not hang
	_, err = io.WriteString(conn, request)
	s.must(err)
	data, err := io.ReadAll(conn)
	if !errors.Is(err, syscall.ECONNRESET) { // a host that has not read all may end so
		s.must(err)
	}
	return string(data)
}

// P13: a PUT without Content-Length is no object of no bytes, which would hold its name for ever.
func TestPutWithoutLengthIsNone(t *testing.T) {
	s := play(t)
	for path, role := range map[string]drop.Role{"/s/o/batch/20700": drop.RoleSift, "/s/now/20700": drop.RoleSift, "/s/site/1": drop.RolePress} {
		head := "PUT " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + s.tokens[role] + "\r\n"
		if a := s.raw(head + "\r\n"); !strings.HasPrefix(a, "HTTP/1.1 400 ") {
			t.Errorf("%s: %s", path, a)
		}
	}
	s.must(s.sift.PutObject(t.Context(), "batch/20700", []byte("batch")))
	s.must(s.sift.PutObject(t.Context(), "batch/20701", nil)) // its length is said
}

// cutOff is a store whose disk fails in the midst of the second reading of a day.
type cutOff struct {
	store.Store
	reads *int
}

func (c cutOff) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	*c.reads++
	n := 0
	return c.Store.ReadDay(ctx, day, func(x *cell.Cell) error {
		if n++; *c.reads == 2 && n == 3 {
			return errors.New("input/output error")
		}
		return yield(x)
	})
}

// P8: a day says its length before it begins, so that one which is cut is taken for none also by a proxy
// that speaks HTTP/1.0.
func TestP8DayIsWholeOrNone(t *testing.T) {
	reads := 0
	s := playOn(t, func(inner store.Store) store.Store { return cutOff{inner, &reads} })
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	for range 4 {
		c := newCell(first)
		if a := s.ask("POST", "/c", nil, bytes.NewReader(c[:])); a.status != 204 {
			t.Fatal(a)
		}
	}
	s.set((first + 1).Time())
	if _, err := s.sift.Days(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		a := s.raw(fmt.Sprintf("GET /s/day/%d HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", first, s.tokens[drop.RoleSift]))
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(a)), nil)
		if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Length") != strconv.Itoa(4*cell.Size) {
			t.Fatalf("%v, %v", res, err)
		}
		data, err := io.ReadAll(res.Body)
		if (err == nil) != whole || whole && len(data) != 4*cell.Size {
			t.Errorf("%d bytes of a day, whole %v: %v", len(data), whole, err)
		}
	}
}

// unread is a store whose objects can't be opened.
type unread struct{ store.Store }

func (unread) OpenObject(context.Context, string) (io.ReadSeekCloser, error) {
	return nil, errors.New("/var/host/objects: input/output error")
}

// A file of the site that can't be read is 503, in fixed words and under the same headers as everything.
func TestSiteThatCantBeRead(t *testing.T) {
	s := play(t)
	s.must(s.publish(1, map[string]string{"index.html": "front"}))
	nowhere := s.ask("GET", "/nowhere", nil, nil)
	broken, err := drop.New(t.Context(), drop.Config{Store: unread{s.store}, Now: s.clock})
	s.must(err)
	s.base = "http://" + serve(t, broken)
	a := s.ask("GET", "/", nil, nil)
	a.header.Set("Content-Length", nowhere.header.Get("Content-Length"))
	if a.status != 503 || a.body != "unavailable\n" || fmt.Sprint(a.header) != fmt.Sprint(nowhere.header) {
		t.Errorf("%v, not with the headers of %v", a, nowhere)
	}
}

// What HTTP/1.1 refuses before the host sees it is answered by the server in words of its own: with none of the
// request, and none of the store's.
func TestServersOwnAnswers(t *testing.T) {
	s := play(t)
	for request, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: x y\r\n\r\n":                                                   "400",
		"GET /planted HTTP/1.1\r\nHost: x\r\nExpect: planted\r\n\r\n":                           "417",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("planted", drop.MaxHeader) + "\r\n": "431",
		"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: planted\r\n\r\n":                       "501",
		"GET /planted HTTP/3.0\r\nHost: x\r\n\r\n":                                              "505",
	} {
		a := s.raw(request)
		if !strings.HasPrefix(a, "HTTP/1.1 "+want+" ") || strings.Contains(a, "planted") || !strings.Contains(a, "Connection: close\r\n") {
			t.Errorf("%.40q: %s", request, a)
		}
	}
}
