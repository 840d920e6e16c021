package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A phase is where in a request somebody is killed.
type phase int

const (
	before     phase = iota // nothing has reached the host
	within                  // the host is at it; only for kills of the host
	unanswered              // the host has done it, and the caller is not told
	answered                // the caller has been told, and goes on for a moment
)

func (p phase) String() string {
	return [...]string{"before it is passed on", "while the host is at it", "done and unanswered", "answered"}[p]
}

// An armed step kills a role at the next request of its kind.
type armed struct {
	victim *role
	caller string // which door the request comes through: visitor, sift, desk
	method string
	prefix string // of the path
	at     phase
}

func (a armed) String() string {
	return fmt.Sprintf("%s %s %s, %s", a.caller, a.method, a.prefix, a.at)
}

// A witness stands between the roles and the host, where the host's own eyes would be. It
// keeps a digest of every byte string that the host was asked to store, or handed out, by its
// name, and each cell that was answered 204.
type witness struct {
	t     testing.TB
	host  string // where the host listens
	clock string
	pipe  *http.Client

	mu    sync.Mutex // guards all below
	seen  map[string]map[[32]byte]int
	shown map[[32]byte]bool              // notes and bulletins that were put
	cells map[cell.Day]map[[32]byte]bool // answered 204, by day of arrival, until the day is acknowledged
	taken int                            // cells answered 204 in all
	days  map[cell.Day]bool              // acknowledged
	now   cell.Day                       // of the newest notes that stand
	steps []armed
	fired map[string]int
}

func newWitness(t testing.TB, host, clock string) *witness {
	return &witness{
		t: t, host: host, clock: clock,
		pipe:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}},
		seen:  map[string]map[[32]byte]int{},
		shown: map[[32]byte]bool{}, cells: map[cell.Day]map[[32]byte]bool{}, days: map[cell.Day]bool{}, fired: map[string]int{},
	}
}

// door is an address at which a caller reaches the host.
func (w *witness) door(caller string) string {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.pass(caller, rw, r) }))
	w.t.Cleanup(s.Close)
	return s.URL
}

// arm adds steps; each fires once.
func (w *witness) arm(steps ...armed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, steps...)
}

// disarm takes back the steps that never came, and gives them.
func (w *witness) disarm() []armed {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := w.steps
	w.steps = nil
	return left
}

// step takes the first armed step that fits a request.
func (w *witness) step(caller string, r *http.Request) (armed, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.steps, func(a armed) bool {
		return a.caller == caller && a.method == r.Method && strings.HasPrefix(r.URL.Path, a.prefix)
	})
	if i < 0 {
		return armed{}, false
	}
	a := w.steps[i]
	w.steps = slices.Delete(w.steps, i, i+1)
	return a, true
}

func (w *witness) fire(a armed) {
	if a.victim.kill(a.String()) {
		w.mu.Lock()
		w.fired[a.String()]++
		w.mu.Unlock()
		return
	}
	w.arm(a) // it was down already: another time
}

// pass hands a request on, and the answer back, unless somebody dies meanwhile. A connection
// is then cut as the death of either end would cut it.
func (w *witness) pass(caller string, rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller died while it spoke
	}
	w.asked(r, body)
	a, hit := w.step(caller, r)
	if hit && a.at == before {
		w.fire(a)
		if a.caller == a.victim.name {
			panic(http.ErrAbortHandler)
		}
	}
	fell := make(chan struct{})
	if hit && a.at == within {
		go func() {
			defer close(fell)
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
			w.fire(a)
		}()
	} else {
		close(fell)
	}
	day := cell.DayOf(readClock(w.clock))
	status, header, answer, err := w.forward(r, body)
	<-fell
	if err != nil {
		if hit && (a.at == unanswered || a.at == answered) {
			w.arm(a) // the host was down: another time
		}
		panic(http.ErrAbortHandler)
	}
	w.answered(r, body, status, answer, day)
	if hit && a.at == unanswered {
		w.fire(a)
		panic(http.ErrAbortHandler)
	}
	maps.Copy(rw.Header(), header)
	rw.WriteHeader(status)
	_, _ = rw.Write(answer)
	if hit && a.at == answered {
		_ = http.NewResponseController(rw).Flush()
		time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond)
		w.fire(a)
	}
}

func (w *witness) forward(r *http.Request, body []byte) (int, http.Header, []byte, error) {
	q, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+w.host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	q.Header = r.Header.Clone()
	resp, err := w.pipe.Do(q)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, err
}

// keep remembers a byte string under its name; it is published twice if it was another before.
func (w *witness) keep(name string, data []byte) {
	sum := sha256.Sum256(data)
	if w.seen[name] == nil {
		w.seen[name] = map[[32]byte]int{}
	}
	w.seen[name][sum]++
}

// asked looks at what the host is asked to store, whether or not it ever arrives.
func (w *witness) asked(r *http.Request, body []byte) {
	name, inside := strings.CutPrefix(r.URL.Path, "/s/")
	if r.Method != http.MethodPut || !inside {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(name, body)
	if !strings.HasPrefix(name, "now/") {
		return
	}
	if now, err := cell.ParseNow(body); err == nil {
		w.shown[sha256.Sum256(now.Notes)], w.shown[sha256.Sum256(now.Bulletin)] = true, true
		w.keep("bulletin of "+bulletinDay(w.t, now).String(), now.Bulletin)
	}
}

// bulletinDay is the day of a now, as its sift note says it.
func bulletinDay(t testing.TB, now *cell.Now) cell.Day {
	_, _, raw, err := seal.SplitNotes(now.Notes)
	if err != nil {
		t.Errorf("notes that do not split: %v", err)
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "bulletin "); ok {
			digits, _, _ := strings.Cut(rest, " ")
			n, err := strconv.ParseUint(digits, 10, 32)
			if err == nil {
				return cell.Day(n)
			}
		}
	}
	t.Errorf("a sift note names no bulletin:\n%s", raw)
	return 0
}

// answered looks at what the host says to a request that came to it on day.
func (w *witness) answered(r *http.Request, body []byte, status int, answer []byte, day cell.Day) {
	w.mu.Lock()
	defer w.mu.Unlock()
	path := r.URL.Path
	rest, inside := strings.CutPrefix(path, "/s/")
	switch {
	case path == "/c" && status == http.StatusNoContent:
		w.taken++
		if day != cell.DayOf(readClock(w.clock)) {
			break // it came over midnight: it may stand in either day
		}
		if w.cells[day] == nil {
			w.cells[day] = map[[32]byte]bool{}
		}
		w.cells[day][sha256.Sum256(body)] = true
	case (path == "/d" || path == "/r") && status == http.StatusOK && !w.shown[sha256.Sum256(answer)]:
		w.t.Errorf("the host hands out a %s that nobody put", path)
	case !inside || status >= 300:
	case r.Method == http.MethodGet && strings.HasPrefix(rest, "o/"):
		w.keep(rest, answer)
	case r.Method == http.MethodGet && strings.HasPrefix(rest, "day/"):
		w.keep(rest, answer)
		w.complete(rest, answer)
	case r.Method == http.MethodPut && strings.HasPrefix(rest, "now/"):
		if now, err := cell.ParseNow(body); err == nil {
			w.now = bulletinDay(w.t, now)
		}
	case r.Method == http.MethodGet && rest == "now":
		if now, err := cell.ParseNow(answer); err == nil {
			w.keep("now/"+strconv.FormatUint(now.Serial, 10), answer)
		}
	case strings.HasSuffix(rest, "/ack"):
		n, _ := strconv.ParseUint(strings.Split(rest, "/")[1], 10, 32)
		w.days[cell.Day(n)] = true
		delete(w.cells, cell.Day(n))
	}
}

// complete wants each cell that was answered 204 in the day that is handed out.
func (w *witness) complete(path string, day []byte) {
	n, _ := strconv.ParseUint(strings.TrimPrefix(path, "day/"), 10, 32)
	stands := map[[32]byte]bool{}
	for at := 0; at+cell.Size <= len(day); at += cell.Size {
		stands[sha256.Sum256(day[at:at+cell.Size])] = true
	}
	lost := 0
	for c := range w.cells[cell.Day(n)] {
		if !stands[c] {
			lost++
		}
	}
	if lost > 0 {
		w.t.Errorf("day %d: %d cells were answered 204 and are not in it", n, lost)
	}
}

// came is how many cells were answered 204 on a day that is not acknowledged.
func (w *witness) came(day cell.Day) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.cells[day])
}

// turned says whether notes of a day stand, and the day before is acknowledged.
func (w *witness) turned(day cell.Day, drained bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now == day && (!drained || w.days[day-1])
}

// judge wants one byte string a name.
func (w *witness) judge() (names int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, forms := range w.seen {
		if len(forms) != 1 {
			w.t.Errorf("P13: the host saw %d byte strings under %s", len(forms), name)
		}
	}
	return len(w.seen)
}
