package drop

import (
	"bufio"
	"container/list"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// serveRoom serves a room of two places. A request for /wait is answered when the test says so.
func serveRoom(t *testing.T, greets time.Duration, edit ...func(*room)) (r *room, dial func() *roomClient, answer chan<- struct{}, asked <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	room := newRoom(ln, 2)
	room.greets = greets
	for _, e := range edit {
		e(room)
	}
	wait, came := make(chan struct{}), make(chan struct{}, 8)
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		heard(r.Context())
		switch r.URL.Path {
		case "/wait":
			came <- struct{}{}
			<-wait
		case "/take": // an answer that fits no socket
			takes(r.Context())
			came <- struct{}{}
			_, _ = w.Write(make([]byte, 64<<20))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	server.ConnState, server.ConnContext = room.changed, room.seated
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(room) }()
	t.Cleanup(func() {
		close(wait)
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return room, func() *roomClient {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a failure should not hang
		return &roomClient{t, conn, bufio.NewReader(conn)}
	}, wait, came
}

// await waits until so many stand on a list: an answer is read before its connection is idle.
func (r *room) await(on *list.List, n int) {
	for now, tries := -1, 0; now != n && tries < 60_000; tries++ {
		time.Sleep(time.Millisecond)
		r.mu.Lock()
		now = on.Len()
		r.mu.Unlock()
	}
}

type roomClient struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func (c *roomClient) ask(path string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *roomClient) answered() {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil || res.StatusCode != http.StatusNoContent {
		c.t.Fatalf("%v, %v", res, err)
	}
}

// P9: in a full host who has been idle for longest makes place for who comes.
func TestP9IdleConnectionsMakePlace(t *testing.T) {
	room, dial, _, _ := serveRoom(t, time.Hour)
	first, second := dial(), dial()
	for _, c := range []*roomClient{first, second} {
		c.ask("/")
		c.answered()
	}
	room.await(&room.idle, 2)
	first.ask("/") // now the second is idle for longer
	first.answered()
	room.await(&room.idle, 2)
	third := dial()
	third.ask("/")
	third.answered()
	if _, err := second.r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the one that was idle for longest: %v", err)
	}
	first.ask("/")
	first.answered()
}

// P9: who holds connections without asking for anything goes before a reader who is between
// two pages; who came a moment ago goes after.
func TestP9SilentConnectionsGoFirst(t *testing.T) {
	for _, c := range []struct {
		name   string
		greets time.Duration
		goes   int
	}{{"silent for long", 0, 1}, {"just came", time.Hour, 0}} {
		t.Run(c.name, func(t *testing.T) {
			room, dial, _, _ := serveRoom(t, c.greets)
			reader := dial()
			reader.ask("/")
			reader.answered()
			room.await(&room.idle, 1)
			both := []*roomClient{reader, dial()}
			third := dial()
			third.ask("/")
			third.answered()
			if _, err := both[c.goes].r.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("the one that goes: %v", err)
			}
			both[1-c.goes].ask("/")
			both[1-c.goes].answered()
		})
	}
}

// P9: in a full host in which nobody is idle, who began a request longest ago and has not sent
// all of it makes place; who is being answered does not. Who began long ago goes before who is idle.
func TestP9HalfRequestsMakePlace(t *testing.T) {
	for greets, name := range map[time.Duration]string{0: "before the idle", time.Hour: "after the idle"} {
		t.Run(name, func(t *testing.T) {
			room, dial, _, _ := serveRoom(t, greets)
			reader, half := dial(), dial()
			reader.ask("/")
			reader.answered()
			room.await(&room.idle, 1)
			if _, err := io.WriteString(half.conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"); err != nil {
				t.Fatal(err)
			}
			room.await(&room.half, 1)
			third := dial()
			third.ask("/")
			third.answered()
			goes := map[time.Duration]*roomClient{0: half, time.Hour: reader}[greets]
			if _, err := goes.r.ReadByte(); err == nil {
				t.Error("the wrong one goes")
			}
		})
	}
	for _, begun := range []string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"} {
		room, dial, answer, asked := serveRoom(t, time.Hour)
		asks, half := dial(), dial()
		asks.ask("/wait")
		<-asked
		if _, err := io.WriteString(half.conn, begun); err != nil {
			t.Fatal(err)
		}
		room.await(&room.half, 1)
		third := dial()
		third.ask("/")
		third.answered()
		if _, err := half.r.ReadByte(); err == nil {
			t.Errorf("%q holds its place", begun)
		}
		answer <- struct{}{}
		asks.answered()
	}
}

// A body that nobody wants, or that comes too slowly, is not waited for; what a role sends is.
func TestP9OnlyRolesMaySendSlowly(t *testing.T) {
	h, token := hostWithSift(t, time.Now)
	server := newServer(h.Handler())
	if server.ReadTimeout > CellSeconds*time.Second {
		t.Errorf("the host waits for %v for a body that it doesn't want", server.ReadTimeout)
	}
	server.ReadTimeout = 50 * time.Millisecond
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	defer func() {
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	for request, want := range map[string]int{
		"GET /d HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf":                 http.StatusNotFound,
		"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf":                http.StatusBadRequest,
		"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf": http.StatusBadRequest,
	} {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a failure should not hang
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != want {
			t.Fatalf("%q: %v, %v", request, res, err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil { // to the end of the connection
			t.Errorf("%q: %v", request, err)
		}
	}
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, part := range []string{"PUT /s/o/batch/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nContent-Length: 8\r\n\r\nhalf", "half"} {
		time.Sleep(time.Duration(i) * 4 * server.ReadTimeout)
		if _, err := io.WriteString(conn, part); err != nil {
			t.Fatal(err)
		}
	}
	if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode >= 300 {
		t.Errorf("a role that sends slowly: %v, %v", res, err)
	}
}

// hostWithSift is a host that keeps nothing and knows a sift, by its token.
func hostWithSift(t *testing.T, now func() time.Time) (h *Host, token string) {
	t.Helper()
	token, err := NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var tokens Tokens
	if err := tokens.Add(RoleSift, token); err != nil {
		t.Fatal(err)
	}
	if h, err = New(t.Context(), Config{Store: put{}, Now: now, Tokens: tokens}); err != nil {
		t.Fatal(err)
	}
	return h, token
}

// put is a store of nothing, to which objects can be put.
type put struct{ store.Store }

func (put) PutObject(context.Context, string, []byte) error { return nil }

func (put) Current(context.Context, string) (uint64, []byte, error) { return 0, nil, store.ErrNotFound }

func (put) OpenDays(context.Context) ([]cell.Day, error) { return nil, nil }

// P9: in a host that is full of who takes an answer a byte at a time, the one who does so for longest makes place,
// once that is for longer than it may be; who is answered for a cell, or for a role, does not.
func TestP9SlowReadersMakePlace(t *testing.T) {
	for takes, name := range map[time.Duration]string{0: "for too long", 300 * time.Millisecond: "soon"} {
		t.Run(name, func(t *testing.T) {
			_, dial, answer, asked := serveRoom(t, time.Hour, func(r *room) { r.takes, r.looks = takes, 10*time.Millisecond })
			slow, asks := dial(), dial()
			slow.ask("/take")
			<-asked
			asks.ask("/wait")
			<-asked
			third := dial()
			third.ask("/")
			third.answered()
			if n, err := io.Copy(io.Discard, slow.r); err != nil && !errors.Is(err, syscall.ECONNRESET) || n >= 64<<20 {
				t.Errorf("the one that took its answer slowly got %d bytes, %v", n, err)
			}
			answer <- struct{}{}
			asks.answered()
		})
	}
}

// P9: who may be sent away in a full host, and as what.
func TestP9WhoMayBeSentAway(t *testing.T) {
	h, token := hostWithSift(t, cell.Day(20700).Time)
	h.current.Store(&cell.Now{Epochs: []cell.EpochDifficulty{{Epoch: 20700}}})
	good := string(binary.BigEndian.AppendUint32(nil, 20700)) + strings.Repeat("x", cell.Size-4)
	r := newRoom(nil, 1)
	for request, want := range map[string]*list.List{
		"GET /r": &r.taking, "GET /x": &r.taking, "GET /s/now": &r.taking, "POST /c": &r.taking, "PUT /s/now/1 body": &r.half,
		"GET /x body": &r.half, "POST /c half a cell": &r.half, "POST /c " + strings.Repeat("y", cell.Size): &r.half,
		"POST /c " + good: nil, "GET /s/now by sift": nil, "PUT /s/o/x by sift": nil,
	} {
		line, by, _ := strings.Cut(request, " by ")
		part := strings.SplitN(line, " ", 3)
		var body io.Reader
		if len(part) == 3 {
			body = strings.NewReader(part[2])
		}
		conn := &net.TCPConn{}
		r.changed(conn, http.StateActive)
		req := httptest.NewRequest(part[0], part[1], body).WithContext(r.seated(t.Context(), conn))
		if by != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		h.Handler().ServeHTTP(httptest.NewRecorder(), req)
		var got *list.List
		if e := r.at[conn]; e != nil {
			got = e.Value.(place).of
		}
		if got != want {
			t.Errorf("%.30q: the connection stands on another list", request)
		}
	}
}

// A recorder that remembers until when it may be written to.
type timed struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (w *timed) SetWriteDeadline(t time.Time) error { w.until = t; return nil }

func (w *timed) SetReadDeadline(time.Time) error { return nil }

// P9: each answer has its time, the last of it included, which leaves when the handler is done: else who asks for
// one small thing after the other, and reads none of it, holds a place for an hour.
func TestP9AnswersHaveTheirTime(t *testing.T) {
	h, token := hostWithSift(t, time.Now)
	h.current.Store(&cell.Now{Notes: []byte("notes"), Bulletin: make([]byte, 10*BytesPerSecond)})
	h.site.Store(&site{files: map[string]siteFile{"a.html": {"a", 5 * BytesPerSecond}}, packed: map[string][]byte{"a": make([]byte, 2*BytesPerSecond)}})
	if server := newServer(h.Handler()); server.ReadHeaderTimeout != HeaderSeconds*time.Second || server.IdleTimeout != IdleSeconds*time.Second {
		t.Errorf("a header has %v, and who is idle %v", server.ReadHeaderTimeout, server.IdleTimeout)
	} else if server.WriteTimeout != AnswerSeconds*time.Second || AnswerSeconds < CellSeconds+2*PrefixDelay {
		t.Errorf("any other answer has %v", server.WriteTimeout)
	}
	for path, want := range map[string]time.Duration{
		"/d": CellSeconds * time.Second, "/r": (CellSeconds + 10) * time.Second, "/a.html": (CellSeconds + 2) * time.Second, "/x": 0, "/s/now": InsideSeconds * time.Second,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("Authorization", "Bearer "+token)
		w, before := &timed{ResponseRecorder: httptest.NewRecorder()}, time.Now()
		h.Handler().ServeHTTP(w, r)
		if got := w.until.Sub(before); want == 0 && !w.until.IsZero() || want > 0 && (got < want || w.until.After(time.Now().Add(want))) {
			t.Errorf("%s: %v, not %v", path, got, want)
		}
	}
}

// Where nobody is idle, who comes waits, and takes the place of the next who is done.
func TestBusyConnectionsAreLeft(t *testing.T) {
	_, dial, answer, asked := serveRoom(t, time.Hour)
	first, second := dial(), dial()
	first.ask("/wait")
	second.ask("/wait")
	<-asked
	<-asked
	third := dial()
	third.ask("/wait")
	answer <- struct{}{}
	<-asked // the third is in, though nobody has left by himself
	answer <- struct{}{}
	answer <- struct{}{}
	third.answered()
	first.answered()
	second.answered()
}

// Who is being answered is not read from meanwhile: not who waits, who has sent the next request
// already, or who has left. What he sent is read after, and his place is free when he is answered.
func TestWhoIsAnsweredIsNotRead(t *testing.T) {
	room, dial, answer, asked := serveRoom(t, time.Hour)
	eager, gone := dial(), dial()
	if _, err := io.WriteString(eager.conn, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	gone.ask("/wait")
	<-asked
	<-asked
	eager.ask("/") // a second one, while the first is answered
	if err := gone.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(room.places); n != 2 {
		t.Errorf("%d stand there while both are answered", n)
	}
	answer <- struct{}{}
	answer <- struct{}{}
	eager.answered()
	eager.answered()
	for tries := 0; len(room.places) > 1 && tries < 60_000; tries++ {
		time.Sleep(time.Millisecond)
	}
	if n := len(room.places); n != 1 {
		t.Errorf("%d stand there after one has left", n)
	}
}

// A reads counts how often a connection is read.
type reads struct {
	net.Conn
	n atomic.Int64
}

func (r *reads) Read(p []byte) (int, error) {
	r.n.Add(1)
	return r.Conn.Read(p)
}

func TestOneByteIsNothingYet(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	_ = here.SetReadDeadline(time.Now().Add(time.Minute)) // a failure should not hang
	counted := &reads{Conn: here}
	conn := &roomConn{Conn: counted, leave: func() {}}
	defer conn.Close()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != nil || counted.n.Load() != 0 {
		t.Errorf("%d, %v; the connection was read %d times", n, err, counted.n.Load())
	}
	go func() { _, _ = there.Write([]byte("two")) }()
	b := make([]byte, 2)
	if n, err := conn.Read(b); n != 2 || err != nil || string(b) != "tw" {
		t.Errorf("%d, %v, %q", n, err, b)
	}
}
