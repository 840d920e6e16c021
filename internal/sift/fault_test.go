package sift

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/fault"
)

// A witness stands between sift and its host. It keeps every byte string that sift tried to
// put under a name, and looks whether keys live whose time is over (P4).
type witness struct {
	http.RoundTripper
	t     *testing.T
	w     *world
	dir   string
	tried map[string]map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (h *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut {
		data := must(io.ReadAll(r.Body))
		r.Body = io.NopCloser(bytes.NewReader(data))
		if h.tried[r.URL.Path] == nil {
			h.tried[r.URL.Path] = map[string]bool{}
		}
		h.tried[r.URL.Path][string(data)] = true
	}
	fault.Aside(func() { h.keys("at " + r.URL.Path) })
	return h.RoundTripper.RoundTrip(r)
}

// keys looks at the folder of keys.
func (h *witness) keys(when string) {
	for _, e := range must(os.ReadDir(filepath.Join(h.dir, keysFolder))) {
		if day, ok := parseDayKeyFile(keysFolder + "/" + e.Name()); ok && keyExpired(day, h.w.today()) {
			h.t.Errorf("%s: on %s the key of %s lives", when, h.w.today(), day)
		}
	}
}

// P4, P8, P13: each system call by which sift touches its folder, and each request by which
// it does the order of the day, is broken in each way, through the real client and at a real
// host. The day is done once the fault is gone; each letter stands in exactly one batch; sift
// tried one byte string a name; and whenever it spoke to the host, no key outlived its time.
func TestP13EachCallBroken(t *testing.T) {
	fault.Table(t, 300, func(t *testing.T, s *fault.Steps) {
		dir := t.TempDir()
		w := newWorld(t)
		w.cfg.Batch, w.cfg.Isolation = 4, InProcess
		h := &witness{t: t, w: w, dir: dir, tried: map[string]map[string]bool{}}
		w.withHostBehind(func(r http.RoundTripper) http.RoundTripper {
			h.RoundTripper = s.Transport(r)
			return h
		}, func(context.Context, time.Duration) error { return errors.New("no time") }) // each fault comes through
		s.Watch(t, dir)
		p := &faultPlay{w: w, s: s, dir: dir}
		p.run(t)
		s.End()
		for name, forms := range h.tried {
			if len(forms) != 1 {
				t.Errorf("%s was put in %d forms", name, len(forms))
			}
		}
		h.keys("at the end")
		for _, folder := range []string{keysFolder, poolFolder, outboxFolder} {
			for _, e := range must(os.ReadDir(filepath.Join(dir, folder))) {
				if name := folder + "/" + e.Name(); halfWritten(name) || folder == outboxFolder && !p.named[name] {
					t.Errorf("%s is left", name)
				}
			}
		}
	})
}

// A faultPlay is a week of a sift of which one step breaks.
type faultPlay struct {
	w    *world
	s    *fault.Steps
	dir  string
	sift *Sift

	named map[string]bool // files of the outbox that the state names at the end
}

func (p *faultPlay) run(t *testing.T) {
	p.s.Phase("creating")
	for try := 0; ; try++ {
		public, err := Create(p.dir, p.w.unlock, CreateOptions{Token: p.w.token, Rand: rand.Reader})
		if err == nil {
			p.w.signNotes(public)
			break
		}
		p.s.Lift()
		if try == 3 {
			t.Fatalf("creating: no progress: %v", err)
		}
	}
	var numbers []uint64
	var old *cell.Cell
	for i := range 3 {
		p.day(t, fmt.Sprintf("day %d", i))
		cells, n := p.w.send(2, 1)
		numbers = append(numbers, n...)
		if old != nil {
			p.w.post(old)
		}
		old = cells[0]
		p.w.turn(1)
	}
	p.day(t, "last letters")
	p.w.wantOnce(numbers)
	p.w.turn(7)
	p.day(t, "after a week off")
	_, n := p.w.send(1, 0)
	p.w.turn(1)
	p.day(t, "on again")
	p.w.wantOnce(append(numbers, n...))
	p.named = map[string]bool{}
	for _, o := range p.sift.st.outbox {
		p.named[o.file()] = true
	}
	if err := p.sift.Close(); err != nil && !strings.HasPrefix(p.s.Broke(), "close") {
		t.Error(err)
	}
	p.s.End()
	// What a fault left half-written, and what the state does not name, goes at the next start.
	if err := p.w.open(p.dir).Close(); err != nil {
		t.Error(err)
	}
}

// day calls Day until it is done, and starts anew after two failures.
func (p *faultPlay) day(t *testing.T, name string) {
	t.Helper()
	p.s.Phase(name)
	var last error
	for try := range 6 {
		if try >= 3 && p.sift != nil {
			_ = p.sift.Close() // it may be what breaks
			p.sift = nil
		}
		if p.sift == nil {
			if p.sift, last = Open(p.dir, p.w.unlock, p.w.cfg); last != nil {
				p.sift = nil
				p.s.Lift()
				continue
			}
		}
		r, err := p.sift.Day(context.Background())
		if err == nil && r.Done {
			return
		}
		last = fmt.Errorf("%w: %+v", err, r)
		p.s.Lift()
	}
	t.Fatalf("%s was never done: %v", name, last)
}

// P4: a folder that can't be read any more for other reasons does not keep a key alive.
func TestP4KeyDiesThoughTheRestIsNotRead(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	s.stale = true // as after a write that failed
	if err := os.RemoveAll(filepath.Join(dir, outboxFolder)); err != nil {
		t.Fatal(err)
	}
	w.turn(KeyDeath + 1)
	if _, err := s.Day(context.Background()); err == nil {
		t.Fatal("a folder without an outbox was read")
	}
	if left := must(filepath.Glob(filepath.Join(dir, dayPrefix+"*"))); len(left) > 0 || len(s.keys) > 0 {
		t.Errorf("keys live: %v, %d in memory", left, len(s.keys))
	}
}
