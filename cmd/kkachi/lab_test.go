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

// labLanes is how many visits are made at once, each in a browser of its own: few, so that what a source's device
// computes does not hold up another's visit.
const labLanes = 4

// labFirefox is of how many pairs one is made in Firefox, reader and source alike; the others are Chromium's.
const labFirefox = 8

// A labPlan is one visit that is still to be made.
type labPlan struct {
	pair    int
	source  bool
	planted string
}

// firefox is whether the visit is made there. Those with a leak in the page are Chromium's.
func (p labPlan) firefox() bool { return p.planted == "" && p.pair%labFirefox == labFirefox-1 }

func (p labPlan) file(dir string) string {
	who := map[bool]string{false: "reader", true: "source"}[p.source]
	return filepath.Join(dir, fmt.Sprintf("%04d-%s%s.json", p.pair, who, p.planted))
}

// plans are both visits of each pair, and of one pair in eight a third by the source, whose page has
// the leak. The order is drawn within each block of eight, so that what a run that ends early leaves is whole.
func plans(pairs int, leak string) []labPlan {
	const block = 8
	var out []labPlan
	r := rand.New(rand.NewPCG(labSeed, 0))
	for i := 0; i < pairs; i += block {
		at := len(out)
		for pair := i; pair < min(pairs, i+block); pair++ {
			out = append(out, labPlan{pair, false, ""}, labPlan{pair, true, ""})
		}
		out = append(out, labPlan{i, true, leak})
		r.Shuffle(len(out)-at, func(a, b int) { out[at+a], out[at+b] = out[at+b], out[at+a] })
	}
	return out
}

// recordVisits makes the visits that have no file in dir yet.
func recordVisits(t *testing.T, dir string, todo []labPlan) {
	t.Helper()
	var left []labPlan
	for _, p := range todo {
		if _, err := os.Stat(p.file(dir)); errors.Is(err, os.ErrNotExist) {
			left = append(left, p)
		}
	}
	const chunk = 160 // browsers and host begin anew now and then
	for len(left) > 0 {
		n := min(chunk, len(left))
		if !t.Run(fmt.Sprintf("%d left", len(left)), func(t *testing.T) { recordChunk(t, dir, left[:n]) }) {
			return
		}
		left = left[n:]
	}
}

func recordChunk(t *testing.T, dir string, todo []labPlan) {
	r := pageSite(t, nil)
	work := make(chan labPlan, len(todo))
	for _, p := range todo {
		work <- p
	}
	close(work)
	preludes := map[string]string{}
	for _, p := range todo {
		if preludes[p.planted] == "" {
			preludes[p.planted] = r.prelude(t, p.planted)
		}
	}
	var lanes sync.WaitGroup
	began := time.Now()
	for range labLanes {
		w, chromium, firefox := newWire(t, r.listen), newChromium(t), newFirefox(t)
		lanes.Go(func() {
			for p := range work {
				var b visitor = chromium
				if p.firefox() {
					b = firefox
				}
				if err := w.record(t, b, preludes[p.planted], p, dir); err != nil {
					t.Errorf("visit %s: %v", filepath.Base(p.file("")), err)
					return
				}
			}
		})
	}
	lanes.Wait()
	t.Logf("%d visits in %s", len(todo), time.Since(began).Round(time.Second))
}

// record makes one visit, and another where the browser failed at it.
func (w *wire) record(t *testing.T, b visitor, prelude string, p labPlan, dir string) error {
	var failed error
	for range 3 {
		v := &observer.Visit{Pair: p.pair, Source: p.source, Planted: p.planted, Firefox: p.firefox(), Scale: labScale}
		if failed = w.visitWith(b, prelude, drawClicks(labSeed, p.pair), v); failed == nil {
			return v.Save(p.file(dir))
		}
		t.Logf("visit %s again: %v", filepath.Base(p.file("")), failed)
	}
	return failed
}
