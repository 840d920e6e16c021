package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A failing host answers as it is told: "away" breaks off what the script asks for, "gone" all,
// "503" refuses, "no bulletin…" has none, "hold" never answers, "slow" takes a cell when it is slow no more, "deaf" takes a cell and breaks off
// its answer, anything else serves. A page tells it by POST /fault/MODE too. What mend says is done to pages.
type failing struct {
	mode atomic.Value
	mend func(path string, page []byte) []byte

	mu    sync.Mutex
	notes []byte              // what is served for notes instead of the host's
	calls map[string][]string // what was asked for, sorted, by the fault that was on
	cells int                 // of these, of the fault that is on
}

// fail puts a failing host in front of the ring's recorder.
func (r *ring) fail() *failing {
	f := &failing{mend: func(_ string, page []byte) []byte { return page }}
	f.begin("")
	f.take()
	target, err := url.Parse(r.proxy.URL)
	if err != nil {
		r.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{DisableCompression: true},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Header.Del("Accept-Encoding") // pages are mended as they are
		},
	}
	proxy.ModifyResponse = func(a *http.Response) error {
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			return nil
		}
		page, err := io.ReadAll(a.Body)
		if err != nil {
			return err
		}
		page = f.mend(a.Request.URL.Path, page)
		a.Body, a.ContentLength = io.NopCloser(bytes.NewReader(page)), int64(len(page))
		a.Header.Set("Content-Length", fmt.Sprint(len(page)))
		return nil
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if name, ok := strings.CutPrefix(q.URL.Path, "/fault/"); ok {
			if q.Method == http.MethodPost {
				f.begin(name)
			} else {
				fmt.Fprint(w, f.sent())
			}
			return
		}
		notes := f.note(q)
		cell, data := q.URL.Path == "/c", q.URL.Path == "/c" || q.URL.Path == "/d" || q.URL.Path == "/r"
		switch mode := f.mode.Load(); {
		case mode == "gone", mode == "away" && data:
			panic(http.ErrAbortHandler)
		case mode == "503" && data:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case strings.HasPrefix(fmt.Sprint(mode), "no bulletin") && q.URL.Path == "/r":
			w.WriteHeader(http.StatusNotFound)
			return
		case mode == "hold" && data:
			<-q.Context().Done()
			return
		case mode == "slow" && cell:
			for f.mode.Load() == "slow" && q.Context().Err() == nil {
				time.Sleep(20 * time.Millisecond)
			}
		case mode == "deaf" && cell:
			proxy.ServeHTTP(httptest.NewRecorder(), q)
			panic(http.ErrAbortHandler)
		case notes != nil && q.URL.Path == "/d":
			_, _ = w.Write(notes)
			return
		}
		proxy.ServeHTTP(w, q)
	}))
	s.Config.SetKeepAlivesEnabled(false) // a browser asks again by itself where a connection breaks that it used before
	s.Start()
	r.t.Cleanup(s.Close)
	r.proxy = s
	return f
}

// begin sets a fault: what is asked for from now on belongs to it.
func (f *failing) begin(mode string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode.Store(mode)
	f.cells = 0
}

// serve serves other notes, or the host's again.
func (f *failing) serve(notes []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = notes
}

// note writes down what is asked for, and gives the notes to serve.
func (f *failing) note(q *http.Request) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.URL.Path == "/favicon.ico" { // once a browser, by nobody's script
		return f.notes
	}
	mode, _ := f.mode.Load().(string)
	f.calls[mode] = append(f.calls[mode], fmt.Sprintf("%s %s %d", q.Method, q.URL.Path, q.ContentLength))
	if q.URL.Path == "/c" {
		f.cells++
	}
	return f.notes
}

// sent is how many cells came since the fault that is on began.
func (f *failing) sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cells
}

// take gives what was asked for under each fault, in no order within one: requests of a moment race.
func (f *failing) take() map[string][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.calls
	for _, calls := range out {
		slices.Sort(calls)
	}
	f.calls = map[string][]string{}
	return out
}

// sameRequests holds what a source's page asked for, fault by fault, to a reader's.
func sameRequests(t *testing.T, reader, source map[string][]string) {
	t.Helper()
	if len(reader) < 2 {
		t.Errorf("only %d faults were recorded", len(reader))
	}
	for fault := range reader {
		if a, b := strings.Join(reader[fault], "\n"), strings.Join(source[fault], "\n"); a != b {
			t.Errorf("%q: a source asked for\n%s\nand a reader for\n%s", fault, b, a)
		}
	}
	for fault := range source {
		if reader[fault] == nil {
			t.Errorf("%q: a source asked for %q, a reader for nothing", fault, source[fault])
		}
	}
}
