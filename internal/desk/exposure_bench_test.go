package desk

import (
	"fmt"
	"testing"

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

// BenchmarkGateOfTenYears is a story's page as the desk judges it, everything read anew: claims,
// house rules, ledger and crowd.
func BenchmarkGateOfTenYears(b *testing.B) {
	p, id := tenYears(b)
	for b.Loop() {
		if v := p.view(id); len(v.Exposure.Sources[0].Ledger.Printed)+len(v.Exposure.Sources[1].Ledger.Printed) != 3000 {
			b.Fatal("the archive is not read")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50e6, "of-limit")
}

// BenchmarkLiveVerdict is a verdict while somebody types.
func BenchmarkLiveVerdict(b *testing.B) {
	ctx := b.Context()
	p, id := tenYears(b)
	sn := p.view(id).Story.Paragraphs[0].Sentences[0]
	day := uint8(0)
	for b.Loop() {
		day = 5 - day // each key group asks something else
		_, err := p.desk.Live(ctx, id, func(s *Story) error {
			n := sn
			n.Level = lang.Level{Place: 2, Day: day}
			return s.PutSentence(0, 0, n, false)
		})
		must(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5e6, "of-limit")
}
