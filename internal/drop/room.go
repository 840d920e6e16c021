package drop

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// A room is where connections stand, so many at once. When it is full and somebody waits
// outside, a connection that has nothing to say is closed: readers who have a page open, or who
// hold connections to keep others out, don't lock anybody out (P9). First to go is one that has
// asked for nothing since it came, which no browser does for long; then the one that is idle
// for longest. A browser opens another one when it has something to say.
type room struct {
	net.Listener
	places chan struct{} // one for each connection that stands
	closed chan struct{} // closed with the listener
	close  func() error
	greets time.Duration // so long after it came a connection may be silent without giving way first

	mu      sync.Mutex // guards all below
	mute    list.List  // of place: came, and has asked for nothing yet; for longest first
	idle    list.List  // of place: has asked, was answered; for longest first
	at      map[net.Conn]*list.Element
	waiting bool // somebody waits, and nobody was idle
}

// A place is a connection that has nothing to say, and since when.
type place struct {
	conn  net.Conn
	since time.Time
	of    *list.List
}

func newRoom(ln net.Listener, size int) *room {
	r := &room{Listener: ln, places: make(chan struct{}, size), closed: make(chan struct{}), greets: GreetSeconds * time.Second, at: map[net.Conn]*list.Element{}}
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
		r.makePlace()
		select {
		case r.places <- struct{}{}:
		case <-r.closed:
			_ = conn.Close() // there is nobody to tell
			return nil, net.ErrClosed
		}
		r.mu.Lock()
		r.waiting = false
		r.mu.Unlock()
	}
	return &roomConn{Conn: conn, leave: sync.OnceFunc(func() { <-r.places })}, nil
}

// Close implements net.Listener.
func (r *room) Close() error { return r.close() }

// makePlace closes a connection that has nothing to say, or the next one that becomes idle. Who
// came a moment ago may still be greeting: such a one goes last.
func (r *room) makePlace() {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.mute.Front()
	if idle := r.idle.Front(); idle != nil && (first == nil || time.Since(first.Value.(place).since) < r.greets) {
		first = idle
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
