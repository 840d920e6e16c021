//go:build unix

package risk_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"kkachi/internal/risk"
)

// Limits of the gate's work: a story with its archive, and a verdict while somebody types.
const (
	gateLimit = 50 * time.Millisecond
	liveLimit = 5 * time.Millisecond
)

// An archive of ten years: 3,000 stories of one handle, 30 details each.
func BenchmarkGate(b *testing.B) {
	c := parseCase(b, passing)
	for i := range 3000 * 30 {
		c.Ledger.Finest = append(c.Ledger.Finest, risk.LedgerRow{Hierarchy: string(rune('a' + i%30)), Level: uint8(1 + i%4), Fraction: &risk.Pair{.9, 1}})
	}
	judged(b, c, gateLimit)
}

// BenchmarkLive is a verdict while somebody types.
func BenchmarkLive(b *testing.B) {
	c := parseCase(b, passing)
	setLevel(c, func(l *risk.Level) { l.Day, l.Medium = 4, 2 })
	judged(b, c, liveLimit)
}

// judged reports how much of its limit a verdict takes: on the clock, and of a processor, which a machine that
// does other work as well does not change.
func judged(b *testing.B, c *risk.Case, limit time.Duration) {
	before := processor(b)
	for b.Loop() {
		if _, err := risk.Judge(c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(limit), "of-limit")
	b.ReportMetric(float64(processor(b)-before)/float64(b.N)/float64(limit), "processor-of-limit")
}

// processor is the time that this process has had of processors.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCounting is the counting adversary's simulation, of 3,000 candidates and a story, as a ratio to the naive
// loop in the same run, both in time of processors.
func BenchmarkCounting(b *testing.B) {
	const n, mu, naive = 3000, 5, 100
	c, pois, sums := newCounter(mu, 1), distuv.Poisson{Lambda: mu, Src: rand.NewPCG(1, 1)}, make([]float64, n)
	start := processor(b)
	for range naive {
		naiveStory(pois, sums)
	}
	each := float64(processor(b)-start) / naive
	clear(sums)
	start = processor(b)
	for b.Loop() {
		c.story(sums)
	}
	b.ReportMetric(each*float64(b.N)/float64(processor(b)-start), "times-naive")
}

// BenchmarkLives draws 10,000 lives on all processors. Lives of one processor alone are the limit: how many of all
// processors work is processors/op.
func BenchmarkLives(b *testing.B) {
	start := processor(b)
	for b.Loop() {
		if _, err := risk.Simulate(usual(), 10_000, 1); err != nil {
			b.Fatal(err)
		}
	}
	used := processor(b) - start
	b.ReportMetric(used.Seconds()/float64(b.N), "processor-s/op")
	b.ReportMetric(float64(used)/float64(b.Elapsed()), "processors/op")
}
