package drop

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// serveRoom serves a room of two places. A request for /wait is answered when the test says so.
func serveRoom(t *testing.T, greets time.Duration) (dial func() *roomClient, idle func(n int), answer chan<- struct{}, asked <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	room := newRoom(ln, 2)
	room.greets = greets
	wait, came := make(chan struct{}), make(chan struct{}, 8)
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			came <- struct{}{}
			<-wait
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	server.ConnState = room.changed
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(room) }()
	t.Cleanup(func() {
		close(wait)
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	idle = func(n int) { // an answer is read before its connection is idle
		for now := -1; now != n; time.Sleep(time.Millisecond) {
			room.mu.Lock()
			now = room.idle.Len()
			room.mu.Unlock()
		}
	}
	return func() *roomClient {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a failure should not hang
		return &roomClient{t, conn, bufio.NewReader(conn)}
	}, idle, wait, came
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
	dial, idle, _, _ := serveRoom(t, time.Hour)
	first, second := dial(), dial()
	for _, c := range []*roomClient{first, second} {
		c.ask("/")
		c.answered()
	}
	idle(2)
	first.ask("/") // now the second is idle for longer
	first.answered()
	idle(2)
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
			dial, idle, _, _ := serveRoom(t, c.greets)
			reader := dial()
			reader.ask("/")
			reader.answered()
			idle(1)
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

// Where nobody is idle, who comes waits, and takes the place of the next who is done.
func TestBusyConnectionsAreLeft(t *testing.T) {
	dial, _, answer, asked := serveRoom(t, time.Hour)
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
