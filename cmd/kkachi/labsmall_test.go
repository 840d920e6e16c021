package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kkachi/internal/lab/observer"
)

// smallPace is that of the small lab: no work but the script's own is done in a visit, so many are made at once.
var smallPace = pace{scale: 5, reserve: 600 * time.Millisecond, views: 4, lanes: 96}

const (
	smallPairs = 200
	smallBlock = 8 // pairs, of which one has a visit more for each leak in the page
)

// smallLeaks are planted in the script of some sources: page/test/visits.mjs.
var smallLeaks = []pageLeak{
	{"asks", "a bulletin is asked for when a piece has left", true},
	{"late", "each send late by 0.40", false}, // a machine that is too busy to seal in time hides it
}

// The small lab: readers and sources by the reader's script without a browser around it. What leaves comes from
// its engine, its queue, its sealing, over TLS to the real host; the instruments are those of the lab.
func TestP2NobodyIsToldApartByTheScript(t *testing.T) { // P2
	if testing.Short() {
		t.Skip("hundreds of visits")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node")
	}
	var leaks []string
	for _, leak := range smallLeaks {
		leaks = append(leaks, leak.planted)
	}
	var wrong []string
	for i := range 2 { // by chance a run says that something is wrong, once in some hundred
		t.Run(fmt.Sprintf("run %d", i+1), func(t *testing.T) {
			visits := smallPace.scriptVisits(t, plans(smallPairs, smallBlock, leaks...))
			began := time.Now()
			wrong = judgeLab(visits, []float64{0.1, 0.2, 0.4}, 0.4, smallLeaks).check(t)
			t.Logf("judged in %s", time.Since(began).Round(time.Second))
		})
		if t.Failed() || len(wrong) == 0 {
			return
		}
		t.Logf("run %d: %s", i+1, strings.Join(wrong, "; "))
	}
	t.Error("what the second run says is no chance")
}

// scriptVisits makes visits without a browser.
func (p pace) scriptVisits(t *testing.T, todo []labPlan) []*observer.Visit {
	t.Helper()
	r := pageSite(t, nil)
	s := startScripts(t, r, p)
	work := make(chan labPlan, len(todo))
	for _, plan := range todo {
		work <- plan
	}
	close(work)
	d := newDoor(p)
	var mu sync.Mutex // guards out
	var out []*observer.Visit
	var lanes sync.WaitGroup
	began := time.Now()
	for range p.lanes {
		w := newWire(t, r.listen)
		lanes.Go(func() {
			for plan := range work {
				d.enter()
				v, slow, err := s.record(t, w, p, plan)
				d.leave(slow)
				if err != nil {
					t.Errorf("visit %s: %v", filepath.Base(plan.file("")), err)
					continue
				}
				mu.Lock()
				out = append(out, v)
				mu.Unlock()
			}
		})
	}
	lanes.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%d visits in %s, at the end %d at once", len(out), time.Since(began).Round(time.Second), d.most)
	slices.SortFunc(out, func(a, b *observer.Visit) int { return a.Pair - b.Pair })
	return out
}

// A door lets in as many visits at once as the machine has room for, to begin with few: where cells are sealed in time, one more,
// where they are not, fewer. On a busy machine the lab takes longer, and would measure its own haste otherwise.
type door struct {
	reserve    time.Duration
	lanes      int
	mu         sync.Mutex // guards those below
	left       *sync.Cond
	here, most int
}

// Visits at once: the fewest, and how many to begin with.
const (
	fewestLanes = 16
	firstLanes  = 24
)

func newDoor(p pace) *door {
	d := &door{reserve: p.reserve, lanes: p.lanes, most: firstLanes}
	d.left = sync.NewCond(&d.mu)
	return d
}

func (d *door) enter() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.here >= d.most {
		d.left.Wait()
	}
	d.here++
}

// leave is told the longest time that sealing took in the visit, from the beginning of a view.
func (d *door) leave(slow time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.here--
	if slow < d.reserve/2 {
		d.most = min(d.lanes, d.most+1)
	} else if slow > d.reserve {
		d.most = max(fewestLanes, d.most-1)
	}
	d.left.Broadcast()
}

// scripts is one node that makes visits, many at once.
type scripts struct {
	mu    sync.Mutex // guards in and asked
	in    io.WriteCloser
	asked []chan []byte // by the id of a visit
	ended chan struct{}
}

// startScripts starts it, and waits until it has opened the conversation that its sources write in.
func startScripts(t *testing.T, r *ring, p pace) *scripts {
	t.Helper()
	id, _, _ := strings.Cut(strings.TrimPrefix(r.address, "kkachi:"), "@")
	args := fmt.Sprintf(`{"now": %d, "scale": %v, "reserve": %d, "newsroom": %q}`, readClock(r.clock).UnixMilli(), p.scale, p.reserve.Milliseconds(), id)
	cmd := exec.Command("node", filepath.Join(pageTests, "visits.mjs"), args)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &scripts{in: in, ended: make(chan struct{})}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v\n%s", err, stderr.String())
		}
	})
	out := bufio.NewReader(stdout)
	if _, err := out.ReadBytes('\n'); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		for {
			line, err := out.ReadBytes('\n')
			if err != nil {
				return
			}
			var answer struct{ ID int }
			if json.Unmarshal(line, &answer) == nil {
				s.mu.Lock()
				s.asked[answer.ID] <- line
				s.mu.Unlock()
			}
		}
	}()
	return s
}

// record makes one visit, and another where it failed: on a busy machine connections are lost.
func (s *scripts) record(t *testing.T, w *wire, p pace, plan labPlan) (v *observer.Visit, slow time.Duration, err error) {
	for range 3 {
		v = &observer.Visit{Pair: plan.pair, Source: plan.source, Planted: plan.planted, Scale: p.scale}
		if slow, err = s.visit(w, p, v); err == nil {
			break
		}
		t.Logf("visit %s again: %v", filepath.Base(plan.file("")), err)
	}
	return v, slow, err
}

// visit makes one visit over a wire that nobody else uses meanwhile, and says how long sealing took at the longest.
func (s *scripts) visit(w *wire, p pace, v *observer.Visit) (slow time.Duration, err error) {
	c := p.clicks(labSeed, v.Pair)
	type step struct {
		Path string  `json:"path"`
		Stay float64 `json:"stay"`
	}
	told := struct {
		ID      int     `json:"id"`
		Root    string  `json:"root"`
		Views   []step  `json:"views"`
		Second  float64 `json:"second"`
		Write   int     `json:"write"`
		Text    *string `json:"text"`
		Planted string  `json:"planted"`
	}{Root: w.url + "/", Second: float64(p.scaled(1).Milliseconds()), Write: c.write, Planted: v.Planted}
	for _, view := range c.views {
		told.Views = append(told.Views, step{view.path, float64((p.reserve + p.scaled(view.stay)).Milliseconds())})
	}
	if v.Source {
		told.Text = &c.text
	}
	w.begin(v)
	defer w.begin(nil)
	answered := make(chan []byte, 1)
	s.mu.Lock()
	told.ID = len(s.asked)
	s.asked = append(s.asked, answered)
	err = json.NewEncoder(s.in).Encode(told)
	s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	var answer struct {
		Failed string
		Slow   float64
	}
	select {
	case line := <-answered:
		w.begin(nil)
		if err := errors.Join(json.Unmarshal(line, v), json.Unmarshal(line, &answer)); err != nil { // its Seals and Wrong
			return 0, err
		}
		if answer.Failed != "" || v.Wrong != "" {
			return 0, fmt.Errorf("%s %s", answer.Failed, v.Wrong)
		}
	case <-s.ended:
		return 0, errors.New("node has ended")
	}
	for _, seal := range v.Seals {
		v.Letters += seal.Letters
	}
	return time.Duration(answer.Slow * float64(time.Millisecond)), nil
}
