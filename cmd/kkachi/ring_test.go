package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A ring is a newsroom whose host is reached through a recorder, on a driven clock.
type ring struct {
	t       testing.TB
	dir     string
	clock   string
	address string
	listen  string // of the host itself
	proxy   *httptest.Server

	mu    sync.Mutex
	calls []string // method, path and size of each request that a visitor sent
}

// newRing lays out a newsroom, runs its host, and publishes the first notes.
func newRing(t testing.TB) *ring {
	r := &ring{t: t, dir: filepath.Join(t.TempDir(), "news"), clock: filepath.Join(t.TempDir(), "clock")}
	r.day("2026-10-03")
	listen := freeAddress(func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	r.listen, r.proxy = listen, r.record(listen)
	args := []string{"init", r.dir, "--url", r.proxy.URL, "--listen", listen}
	for _, name := range []string{"root", "sift", "desk", "editor1", "editor2"} {
		args = append(args, "--passphrase-file", name+"="+r.pass(name))
	}
	out := must(t, r.clock, "", args...)
	r.address, _, _ = strings.Cut(out, "\n")
	r.host(listen)
	r.run("desk", "--sync-once")
	r.run("sift", "--once")
	return r
}

// pass is a file with the passphrase of name.
func (r *ring) pass(name string) string {
	path := filepath.Join(filepath.Dir(r.dir), name+".pass")
	if err := os.WriteFile(path, []byte("passphrase of "+name+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func (r *ring) day(date string) {
	if err := setClock(r.clock, date+"T13:00:00Z"); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a role once.
func (r *ring) run(role string, args ...string) string {
	r.t.Helper()
	return must(r.t, r.clock, "", append([]string{role, r.dir, "--passphrase-file", role + "=" + r.pass(role)}, args...)...)
}

// host runs the host until the test ends.
func (r *ring) host(listen string) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan string, 1)
	go func() {
		code, _, stderr := kkachi(r.t, ctx, r.clock, "", "drop", r.dir)
		ended <- fmt.Sprint(code, stderr)
	}()
	r.t.Cleanup(func() {
		cancel()
		if got := <-ended; got != "0" {
			r.t.Errorf("the host ended with %s", got)
		}
	})
	if !eventually(func() bool { return listens(listen) }) {
		r.t.Fatal("the host does not listen")
	}
}

// record is a proxy in front of the host that notes what visitors send.
func (r *ring) record(to string) *httptest.Server {
	proxy := reverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !strings.HasPrefix(q.URL.Path, "/s/") {
			var names []string
			for name, values := range q.Header {
				names = append(names, name+"="+strings.Join(values, ","))
			}
			slices.Sort(names)
			r.mu.Lock()
			r.calls = append(r.calls, fmt.Sprintf("%s %s %d %s", q.Method, q.RequestURI, q.ContentLength, strings.Join(names, " ")))
			r.mu.Unlock()
		}
		proxy.ServeHTTP(w, q)
	}))
	r.t.Cleanup(s.Close)
	return s
}

// visitor gives what was sent since it was asked last.
func (r *ring) visitor() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.calls
	r.calls = nil
	return out
}
