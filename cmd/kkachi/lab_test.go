package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kkachi/internal/lab/observer"
)

// labSeed draws clicks, dwell times and the order of visits.
const labSeed = 20261124

// A labPlan is one visit that is still to be made.
type labPlan struct {
	pair    int
	source  bool
	planted string
}

func (p labPlan) file(dir string) string {
	who := map[bool]string{false: "reader", true: "source"}[p.source]
	return filepath.Join(dir, fmt.Sprintf("%04d-%s%s.json", p.pair, who, p.planted))
}

// plans are both visits of each pair, and of one pair in so many also one by the source for each leak, whose page has
// it. The order is drawn within each block of so many pairs, so that what a run that ends early leaves is whole.
func plans(pairs, block int, leaks ...string) []labPlan {
	var out []labPlan
	r := rand.New(rand.NewPCG(labSeed, 0))
	for i := 0; i < pairs; i += block {
		at := len(out)
		for pair := i; pair < min(pairs, i+block); pair++ {
			out = append(out, labPlan{pair, false, ""}, labPlan{pair, true, ""})
		}
		for _, leak := range leaks {
			out = append(out, labPlan{i, true, leak})
		}
		r.Shuffle(len(out)-at, func(a, b int) { out[at+a], out[at+b] = out[at+b], out[at+a] })
	}
	return out
}

// recordVisits makes the visits that have no file in dir yet.
func (p pace) recordVisits(t *testing.T, dir string, todo []labPlan) {
	t.Helper()
	var left []labPlan
	for _, plan := range todo {
		if _, err := os.Stat(plan.file(dir)); errors.Is(err, os.ErrNotExist) {
			left = append(left, plan)
		}
	}
	const chunk = 160 // browsers and host begin anew now and then
	for len(left) > 0 {
		n := min(chunk, len(left))
		if !t.Run(fmt.Sprintf("%d left", len(left)), func(t *testing.T) { p.recordChunk(t, dir, left[:n]) }) {
			return
		}
		left = left[n:]
	}
}

func (p pace) recordChunk(t *testing.T, dir string, todo []labPlan) {
	r := pageSite(t, nil)
	work := make(chan labPlan, len(todo))
	preludes := map[string]string{}
	for _, plan := range todo {
		work <- plan
		if preludes[plan.planted] == "" {
			preludes[plan.planted] = r.prelude(t, p, plan.planted)
		}
	}
	close(work)
	var lanes sync.WaitGroup
	began := time.Now()
	for range p.lanes {
		w, chromium, firefox := newWire(t, r.listen), newChromium(t), newFirefox(t)
		lanes.Go(func() {
			for plan := range work {
				v := &observer.Visit{Pair: plan.pair, Source: plan.source, Planted: plan.planted, Scale: p.scale}
				var b visitor = chromium
				// Those with a leak in the page are Chromium's.
				if p.firefox > 0 && plan.planted == "" && plan.pair%p.firefox == p.firefox-1 {
					b, v.Firefox = firefox, true
				}
				if err := w.record(t, b, preludes[plan.planted], p, v, plan.file(dir)); err != nil {
					t.Errorf("visit %s: %v", filepath.Base(plan.file("")), err)
					return
				}
			}
		})
	}
	lanes.Wait()
	t.Logf("%d visits in %s", len(todo), time.Since(began).Round(time.Second))
}

// record makes one visit, and another where the browser failed at it.
func (w *wire) record(t *testing.T, b visitor, prelude string, p pace, v *observer.Visit, file string) error {
	var failed error
	for range 3 {
		again := *v
		if failed = w.visitWith(b, prelude, p, p.clicks(labSeed, v.Pair), &again); failed == nil {
			return again.Save(file)
		}
		t.Logf("visit %s again: %v", filepath.Base(file), failed)
	}
	return failed
}
