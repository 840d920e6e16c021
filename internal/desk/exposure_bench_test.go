//go:build unix

package desk

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// tenYears is a desk at work on a story whose source has ten years of archive: 3,000 printed stories
// of 30 details each.
func tenYears(b *testing.B) (*play, ID) {
	ctx := b.Context()
	p := newPlay(b)
	p.estimate(ourNumbers())
	id, _, err := p.desk.NewStory(ctx, p.article(lang.Level{Place: 2, Day: 1}))
	must(b, err)
	src := p.view(id).Exposure.Sources[0].Source
	var drafts []vault.Draft
	for n := range 3000 {
		s := spending{Story: ID{1, byte(n), byte(n >> 8)}, Serial: 1, Printed: cell.Day(17000 + n), Level: lang.Level{Place: uint8(n % 3), Day: 1}, Bits: 1}
		for k := range 30 {
			s.Details = append(s.Details, fmt.Sprintf("detail-%d", k))
		}
		dr, err := draft(opSpend, src, src, s)
		must(b, err)
		drafts = append(drafts, dr)
	}
	for len(drafts) > 0 {
		n := min(len(drafts), 500)
		_, err := p.desk.v.Append(ctx, drafts[:n]...)
		must(b, err)
		drafts = drafts[n:]
	}
	return p, id
}

// Limits of a story's page, and of a verdict while somebody types.
const (
	gateLimit = 50 * time.Millisecond
	liveLimit = 5 * time.Millisecond
)

// processor is the time that this process has had of processors.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report says how much of its limit a turn takes: on the clock, and of processors, which a machine that
// does other work as well does not change.
func report(b *testing.B, before time.Duration, limit time.Duration) {
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(limit), "of-limit")
	b.ReportMetric(float64(processor(b)-before)/float64(b.N)/float64(limit), "processor-of-limit")
}

// BenchmarkGateOfTenYears is a story's page as the desk judges it, everything read anew: claims,
// house rules, ledger and crowd.
func BenchmarkGateOfTenYears(b *testing.B) {
	p, id := tenYears(b)
	before := processor(b)
	for b.Loop() {
		if v := p.view(id); len(v.Exposure.Sources[0].Ledger.Printed)+len(v.Exposure.Sources[1].Ledger.Printed) != 3000 {
			b.Fatal("the archive is not read")
		}
	}
	report(b, before, gateLimit)
}

// BenchmarkLiveVerdict is a verdict while somebody types.
func BenchmarkLiveVerdict(b *testing.B) {
	ctx := b.Context()
	p, id := tenYears(b)
	sn := p.view(id).Story.Paragraphs[0].Sentences[0]
	day := uint8(0)
	before := processor(b)
	for b.Loop() {
		day = 5 - day // each key group asks something else
		_, err := p.desk.Live(ctx, id, func(s *Story) error {
			n := sn
			n.Level = lang.Level{Place: 2, Day: day}
			return s.PutSentence(0, 0, n, false)
		})
		must(b, err)
	}
	report(b, before, liveLimit)
}
