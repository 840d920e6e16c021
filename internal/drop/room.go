package drop

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// A room is where connections stand, so many at once. When it is full and somebody waits
// outside, the connection that has had nothing to say for longest is closed: readers who have
// a page open, or who hold connections to keep others out, don't lock anybody out (P9). A
// browser opens another one when it has something to say.
type room struct {
	net.Listener
	places chan struct{} // one for each connection that stands
	closed chan struct{} // closed with the listener
	close  func() error

	mu      sync.Mutex // guards all below
	idle    list.List  // of net.Conn; idle for longest first
	at      map[net.Conn]*list.Element
	waiting bool // somebody waits, and nobody was idle
}

func newRoom(ln net.Listener, size int) *room {
	r := &room{Listener: ln, places: make(chan struct{}, size), closed: make(chan struct{}), at: map[net.Conn]*list.Element{}}
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

// makePlace closes the connection that is idle for longest, or the next one that becomes idle.
func (r *room) makePlace() {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.idle.Front()
	if r.waiting = first == nil; first != nil {
		r.end(r.idle.Remove(first).(net.Conn))
	}
}

// end closes a connection, beside: TLS says goodbye first. The caller holds mu.
func (r *room) end(conn net.Conn) {
	delete(r.at, conn)
	go func() { _ = conn.Close() }()
}

// changed is told what becomes of each connection (http.Server.ConnState).
func (r *room) changed(conn net.Conn, state http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.at[conn]; e != nil {
		r.idle.Remove(e)
		delete(r.at, conn)
	}
	switch {
	case state == http.StateIdle && r.waiting:
		r.waiting = false
		r.end(conn)
	case state == http.StateIdle:
		r.at[conn] = r.idle.PushBack(conn)
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
