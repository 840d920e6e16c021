package drop

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// A room is where connections stand, so many at once. When it is full and somebody waits
// outside, a connection that has nothing to say is closed: readers who have a page open, or who
// hold connections to keep others out, don't lock anybody out (P9). First to go is one that has
// asked for nothing since it came, or sent a half of a request and no more, which no browser does for
// long; then the one that is idle for longest. A browser opens another one when it has something to
// say. Who has asked is answered, but for who takes his answer more slowly than all others.
type room struct {
	net.Listener
	places chan struct{} // one for each connection that stands
	closed chan struct{} // closed with the listener
	close  func() error
	greets time.Duration // so long after it came a connection may be silent without giving way first
	takes  time.Duration // so long an answer may take without giving way at last
	looks  time.Duration // between two looks at who takes for too long, while somebody waits

	mu      sync.Mutex // guards all below
	mute    list.List  // of place: came, and has asked for nothing yet; for longest first
	idle    list.List  // of place: has asked, was answered; for longest first
	half    list.List  // of place: a request has begun, and is not whole; for longest first
	taking  list.List  // of place: is answered what no cell was sent for; for longest first
	at      map[net.Conn]*list.Element
	waiting bool // somebody waits, and all are being answered
}

// A place is a connection that may be ended, and since when.
type place struct {
	conn  net.Conn
	since time.Time
	of    *list.List
}

func newRoom(ln net.Listener, size int) *room {
	r := &room{
		Listener: ln, places: make(chan struct{}, size), closed: make(chan struct{}), at: map[net.Conn]*list.Element{},
		greets: GreetSeconds * time.Second, takes: TakeSeconds * time.Second, looks: time.Second,
	}
	r.close = sync.OnceValue(func() error {
		close(r.closed)
		return r.Listener.Close()
	})
	return r
}

// Accept implements net.Listener.
func (r *room) Accept() (net.Conn, error) {
	conn, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	select {
	case r.places <- struct{}{}:
	default:
		if !r.waitForPlace() {
			_ = conn.Close() // there is nobody to tell
			return nil, net.ErrClosed
		}
	}
	return &roomConn{Conn: conn, leave: sync.OnceFunc(func() { <-r.places })}, nil
}

// Close implements net.Listener.
func (r *room) Close() error { return r.close() }

// waitForPlace waits until somebody who was sent away has left. False: the room is closed.
func (r *room) waitForPlace() bool {
	look := time.NewTicker(r.looks)
	defer look.Stop()
	r.makePlace()
	for {
		select {
		case r.places <- struct{}{}:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.waiting = false
			return true
		case <-look.C:
			r.mu.Lock()
			again := r.waiting
			r.mu.Unlock()
			if again {
				r.makePlace()
			}
		case <-r.closed:
			return false
		}
	}
}

// makePlace closes a connection whose request is not whole, or an idle one, or one that takes its
// answer for too long, or else the next one that becomes idle. Who came or began a moment ago may still
// be at it, and goes after those that are idle.
func (r *room) makePlace() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first *list.Element
	for _, on := range []*list.List{&r.mute, &r.half} {
		if e := on.Front(); first == nil && e != nil && time.Since(e.Value.(place).since) >= r.greets {
			first = e
		}
	}
	for _, on := range []*list.List{&r.idle, &r.mute, &r.half} {
		if first == nil {
			first = on.Front()
		}
	}
	if e := r.taking.Front(); first == nil && e != nil && time.Since(e.Value.(place).since) >= r.takes {
		first = e
	}
	if r.waiting = first == nil; first != nil {
		r.end(r.leaves(first.Value.(place).conn))
	}
}

// leaves takes a connection off the list that it is on, if any. The caller holds mu.
func (r *room) leaves(conn net.Conn) net.Conn {
	if e := r.at[conn]; e != nil {
		e.Value.(place).of.Remove(e)
		delete(r.at, conn)
	}
	return conn
}

// waits puts a connection at the end of a list. The caller holds mu.
func (r *room) waits(conn net.Conn, on *list.List) {
	r.at[conn] = on.PushBack(place{conn, time.Now(), on})
}

// end closes a connection, beside: TLS says goodbye first.
func (r *room) end(conn net.Conn) {
	go func() { _ = conn.Close() }()
}

// changed is told what becomes of each connection (http.Server.ConnState).
func (r *room) changed(conn net.Conn, state http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaves(conn)
	switch {
	case state == http.StateIdle && r.waiting:
		r.waiting = false
		r.end(conn)
	case state == http.StateIdle:
		r.waits(conn, &r.idle)
	case state == http.StateNew:
		r.waits(conn, &r.mute)
	case state == http.StateActive:
		r.waits(conn, &r.half)
	}
}

// A seat is the connection that a request came by.
type seat struct {
	of   *room
	conn net.Conn
}

type seatKey struct{}

// seated lets requests say that they are whole (http.Server.ConnContext).
func (r *room) seated(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, seatKey{}, seat{r, conn})
}

// heard says that a request is whole: it is answered, however full the host is.
func heard(ctx context.Context) {
	if s, ok := ctx.Value(seatKey{}).(seat); ok {
		s.of.mu.Lock()
		defer s.of.mu.Unlock()
		s.of.leaves(s.conn)
	}
}

// takes says that a request is whole, and nothing but its answer is on its way: whoever asks for much, or
// for one thing after the other, and takes it a byte at a time, holds his place no longer than is fair.
func takes(ctx context.Context) {
	if s, ok := ctx.Value(seatKey{}).(seat); ok {
		s.of.mu.Lock()
		defer s.of.mu.Unlock()
		s.of.waits(s.of.leaves(s.conn), &s.of.taking)
	}
}

type roomConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *roomConn) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}

// Read implements net.Conn. While a request is answered, net/http asks a plain connection for one byte
// at a time, to learn whether the other side has left: it waits, and once the answer is there it is woken
// by a deadline that has passed. That is a goroutine, a call of the system and two deadlines for each
// cell that waits for the disk, and nothing here wants to know: a cell is kept all the same. So the one
// byte is "nothing yet". Requests are read in larger pieces; so is everything under TLS.
func (c *roomConn) Read(p []byte) (int, error) {
	if len(p) == 1 {
		return 0, nil
	}
	return c.Conn.Read(p)
}
