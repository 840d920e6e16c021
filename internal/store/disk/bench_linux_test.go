package disk

import (
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store/storetest"
)

// BenchmarkTogether measures groups of cells in random slots, each group synced, given to the
// disk with one call (cells/s) and one by one (plain-cells/s), and as the limit one write in a
// run of as many bytes: what a journal in order of arrival would cost, which P7 forbids.
func BenchmarkTogether(b *testing.B) {
	for _, group := range []int{64, 256} {
		b.Run(fmt.Sprintf("cells=%d", group), func(b *testing.B) { writeTogether(b, group) })
	}
}

func writeTogether(b *testing.B, group int) {
	const slots, rounds = 16384, 16
	var files [3]*machineFile // of each way its own: what one left in memory would slow another down
	for k := range files {
		files[k] = scattered(b, slots)
		defer files[k].Close()
		if files[k].direct == nil {
			b.Skip("this file system is not written directly")
		}
	}
	f, one, journal := files[0], &machineFile{File: files[1].File}, files[2]
	run := make([]byte, group*cell.Size)
	_, _ = rand.Read(run)
	ws := make([]*write, group)
	var took [3]time.Duration
	cells := 0
	for b.Loop() {
		for range rounds {
			for k, put := range []func() error{
				func() error { return writeCells(f, ws) },
				func() error { return writeCells(one, ws) },
				func() error { _, err := journal.WriteAt(run, int64(mrand.IntN(slots-group))*cell.Size); return err },
			} {
				for i, slot := range mrand.Perm(slots)[:group] {
					ws[i] = &write{cell: storetest.Cell(i), slot: slot}
				}
				slices.SortFunc(ws, func(v, w *write) int { return v.slot - w.slot })
				start := time.Now()
				if err := put(); err != nil {
					b.Fatal(err)
				}
				if err := files[k].SyncData(); err != nil {
					b.Fatal(err)
				}
				took[k] += time.Since(start)
			}
			cells += group
		}
	}
	b.ReportMetric(float64(cells)/took[0].Seconds(), "cells/s")
	b.ReportMetric(float64(cells)/took[1].Seconds(), "plain-cells/s")
	b.ReportMetric(took[2].Seconds()/took[0].Seconds(), "of-limit")
}
