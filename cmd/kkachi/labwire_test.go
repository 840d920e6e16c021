package main

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"kkachi/internal/lab/observer"
)

// A wire is what one browser at a time reaches the host by: a proxy that passes on bytes and
// notes when, which way and how many, and reads the clear headers of TLS records; behind it the host's
// TLS as it is, which notes requests. The first is the network's view of a visit, the second the host's.
type wire struct {
	url string

	mu       sync.Mutex // guards all below
	visit    *observer.Visit
	began    time.Time // zero: no connection yet
	accepted int
	open     map[net.Conn]bool
}

// newWire stands a wire in front of the host at an address.
func newWire(t *testing.T, to string) *wire {
	t.Helper()
	w := &wire{open: map[net.Conn]bool{}}
	proxy := reverseProxy(to)
	proxy.Transport = &http.Transport{DialContext: (&net.Dialer{}).DialContext, MaxIdleConnsPerHost: 16}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.request(r)
		proxy.ServeHTTP(rw, r)
	}))
	front.TLS = &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true} // as the host's own
	front.StartTLS()
	t.Cleanup(front.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		front.CloseClientConnections()
		open.Wait()
	})
	w.url = "https://" + ln.Addr().String()
	open.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() { w.pass(c, front.Listener.Addr().String()) })
		}
	})
	return w
}

// begin makes what passes from now on a visit's.
func (w *wire) begin(v *observer.Visit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.visit, w.began, w.accepted = v, time.Time{}, 0
	if v == nil {
		return
	}
	for c := range w.open { // a visit begins without connections
		c.Close()
	}
}

// note calls f with the present visit and the seconds since it began; between visits it does nothing.
func (w *wire) note(of *observer.Visit, f func(v *observer.Visit, at float64)) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.visit != nil && (of == nil || of == w.visit) && !w.began.IsZero() {
		f(w.visit, now.Sub(w.began).Seconds())
	}
}

func (w *wire) request(r *http.Request) {
	size := 0
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	w.note(nil, func(v *observer.Visit, at float64) {
		v.Requests = append(v.Requests, observer.Request{At: at, Method: r.Method, Path: r.URL.Path, Header: size, Size: int(r.ContentLength)})
	})
}

// pass hands on both ways of a connection until either ends.
func (w *wire) pass(c net.Conn, to string) {
	defer c.Close()
	d, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer d.Close()
	w.mu.Lock()
	visit, conn := w.visit, w.accepted
	w.accepted++
	if w.began.IsZero() {
		w.began = time.Now()
	}
	w.open[c] = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.open, c)
		w.mu.Unlock()
	}()
	var both sync.WaitGroup
	both.Go(func() { w.copy(d, c, visit, conn, true) })
	both.Go(func() { w.copy(c, d, visit, conn, false) })
	both.Wait()
}

func (w *wire) copy(to, from net.Conn, visit *observer.Visit, conn int, up bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	var head []byte // of the record that is coming
	left := 0       // bytes of the body of the record that is coming
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			sizes := []int{}
			for b := buffer[:n]; len(b) > 0; {
				if left > 0 {
					k := min(left, len(b))
					left, b = left-k, b[k:]
					continue
				}
				k := min(5-len(head), len(b))
				head, b = append(head, b[:k]...), b[k:]
				if len(head) == 5 {
					left = int(binary.BigEndian.Uint16(head[3:]))
					sizes = append(sizes, 5+left)
					head = head[:0]
				}
			}
			w.note(visit, func(v *observer.Visit, at float64) {
				v.Reads = append(v.Reads, observer.Read{At: at, Conn: conn, Up: up, Size: n})
				for _, size := range sizes {
					v.Records = append(v.Records, observer.Record{At: at, Conn: conn, Up: up, Size: size})
				}
			})
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}
