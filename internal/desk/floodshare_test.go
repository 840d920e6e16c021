package desk

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// BenchmarkIntakeShare measures how a desk takes in letters of which each begins a thread, as
// in a flood, in batches as large as sift's largest at the start. The limit is what nobody can
// do without: opening the inner seal of each record, one after the other, in the same run.
// KKACHI_FLOOD says how many threads.
func BenchmarkIntakeShare(b *testing.B) {
	const batchSize = 4096
	n := floodSize(b, 8192)
	r := newRoom(b)
	r.sync()
	key := r.inboxKey()
	boxes, err := r.desk.inboxes()
	must(b, err)
	now := slices.IndexFunc(boxes, func(x inbox) bool { return x.week == r.week() })
	bare := seal.NewInboxOpener(r.nid, &boxes[now].seed)
	open := seal.NewDayOpener(r.nid, r.today, &r.day)
	var ours, limit time.Duration
	for b.Loop() {
		for made := 0; made < n; made += batchSize {
			junk := r.junk(min(batchSize, n-made), func(i int) string { return fmt.Sprintf("Buy now! Offer %d", made+i) })
			recs := make([]cell.Record, len(junk))
			for i, f := range junk {
				c, err := seal.SealLetterCell(rand.Reader, r.nid, r.today, r.day.Public(), key, f)
				must(b, err)
				_, rec, ok := open.Open(c)
				if !ok {
					b.Fatal("the benchmark's own cell does not open")
				}
				recs[i] = *rec
			}
			start := time.Now()
			for i := range recs {
				if _, ok := bare.Open(&recs[i]); !ok {
					b.Fatal("the benchmark's own record does not open")
				}
			}
			limit += time.Since(start)
			var rep SyncReport
			start = time.Now()
			must(b, r.desk.takeIn(b.Context(), r.week(), r.today, recs, &rep))
			ours += time.Since(start)
			if rep.Letters != len(recs) {
				b.Fatalf("%d letters of %d", rep.Letters, len(recs))
			}
		}
	}
	b.ReportMetric(float64(b.N*n)/ours.Seconds()*60, "threads/min")
	b.ReportMetric(limit.Seconds()/ours.Seconds(), "of-limit")
}
