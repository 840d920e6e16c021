package desk

import (
	"fmt"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// BenchmarkLiveVerdict is a verdict while somebody types, at a desk whose source has ten years of
// archive: 3,000 printed stories of 30 details each.
func BenchmarkLiveVerdict(b *testing.B) {
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
