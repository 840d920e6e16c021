package vault

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// BenchmarkAppend measures durable Appends of one and of a hundred operations, each with a
// thing of its own, against bare durable commits of the same bytes into the same kind of
// log in the same run (of-limit).
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("drafts=%d", n), func(b *testing.B) {
			v, _, _ := newVault(b)
			ctx := context.Background()
			content := make([]byte, 400)
			var ours, limit time.Duration
			bare, err := createLog(b.TempDir()+"/bare.db", &[32]byte{1})
			if err != nil {
				b.Fatal(err)
			}
			defer bare.close()
			for b.Loop() {
				drafts := make([]Draft, n)
				for i := range drafts {
					drafts[i] = Draft{Kind: "note.put", Subject: thing(b), Content: content}
				}
				start := time.Now()
				if _, err := v.Append(ctx, drafts...); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				envs := lastOps(b, v, n)
				start = time.Now()
				if err := bare.add(ctx, envs); err != nil {
					b.Fatal(err)
				}
				limit += time.Since(start)
			}
			b.ReportMetric(float64(b.N*n)/ours.Seconds(), "ops/s")
			b.ReportMetric(limit.Seconds()/ours.Seconds(), "of-limit")
		})
	}
}

func lastOps(b *testing.B, v *Vault, n int) []*envelope {
	envs := make([]*envelope, n)
	for i := range envs {
		e, err := v.log.at(context.Background(), v.device, v.head.seq-uint64(i))
		if err != nil {
			b.Fatal(err)
		}
		envs[i] = e
	}
	return envs
}

// BenchmarkRebuild measures the rebuilding of projections, and as its limit the bare walk
// over the log without decrypting or projecting. The goal is a million operations a minute.
func BenchmarkRebuild(b *testing.B) {
	v, _, _ := newVault(b)
	ctx := context.Background()
	const total, batch = 20000, 500
	content := make([]byte, 400)
	for range total / batch {
		drafts := make([]Draft, batch)
		for i := range drafts {
			if i%10 == 0 {
				drafts[i].Subject = thing(b)
			} else {
				drafts[i].Subject = drafts[i-1].Subject
			}
			drafts[i].Kind, drafts[i].Content = "note.put", content
		}
		if _, err := v.Append(ctx, drafts...); err != nil {
			b.Fatal(err)
		}
	}
	var ours, limit time.Duration
	for b.Loop() {
		start := time.Now()
		if err := v.Rebuild(ctx, nil); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		for _, err := range v.log.walk(ctx, Position{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
		limit += time.Since(start)
	}
	b.ReportMetric(float64(b.N*total)/ours.Minutes(), "ops/min")
	b.ReportMetric(limit.Seconds()/ours.Seconds(), "of-limit")
}
