package sift

import (
	"context"
	"crypto/rand"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// BenchmarkSiftShare drains days of cells through the whole path (replay keys, opening,
// pool, state on disk) and opens the same cells in a bare loop on all cores, in turns. The
// metric of-limit is the median of five pairs' ratios; goal ≥ 0.9.
func BenchmarkSiftShare(b *testing.B) {
	const n, pairs = 8192, 5
	w := newWorld(b)
	h := w.withMemHost()
	w.cfg.Workers = runtime.GOMAXPROCS(0)
	s := w.create(b.TempDir())
	w.day(s)
	day := w.today()
	_, seed, err := parseDayKey(must(s.box.read(s.files, dayKeyFile(day))), day)
	if err != nil {
		b.Fatal(err)
	}
	cells := make([]*cell.Cell, n)
	eachOnAllCores(n, func(i int) {
		// One cell in a hundred is a letter.
		if i%100 == 0 {
			f := must(cell.NewCoverFragment(rand.Reader))
			cells[i] = must(seal.SealLetterCell(rand.Reader, w.id, day, seed.Public(), w.inbox.Public(), f))
		} else {
			cells[i] = must(seal.SealCoverCell(rand.Reader, w.id, day, seed.Public(), w.inbox.Public()))
		}
	})
	h.days[day] = cells
	w.turn(1)
	opener := seal.NewDayOpener(w.id, day, &seed)

	var ratios []float64
	var swept time.Duration
	for b.Loop() {
		ratios, swept = nil, 0
		for pair := range pairs {
			var limit time.Duration
			if pair%2 == 0 {
				limit = bare(opener, cells)
			}
			r := &run{Sift: s, today: w.today(), report: &Report{}}
			delete(s.st.arrivals, day)
			delete(s.st.replays, day)
			delete(s.st.pool, day)
			start := time.Now()
			if err := r.drainDay(context.Background(), day); err != nil {
				b.Fatal(err)
			}
			took := time.Since(start)
			if pair%2 == 1 {
				limit = bare(opener, cells)
			}
			swept += took
			ratios = append(ratios, float64(limit)/float64(took))
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "of-limit")
	b.ReportMetric(float64(n*pairs)/swept.Seconds(), "cells/s")
}

// bare opens each cell on all cores, and nothing else.
func bare(opener *seal.DayOpener, cells []*cell.Cell) time.Duration {
	start := time.Now()
	eachOnAllCores(len(cells), func(i int) { opener.Open(cells[i]) })
	return time.Since(start)
}

func eachOnAllCores(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				at := int(next.Add(chunk)) - chunk
				if at >= n {
					return
				}
				for i := at; i < min(at+chunk, n); i++ {
					do(i)
				}
			}
		})
	}
	wg.Wait()
}
