package desk

import (
	"context"
	"strings"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// Correct adds a dated correction to a story that was released. It is seen by readers once
// the story is approved and released again; it stays on the page for good.
func (d *Desk) Correct(ctx context.Context, id ID, text map[Lang]string) (OpID, error) {
	return d.afterPrint(ctx, id, text, "correction", func(s *Story, c CorrectionText) error {
		if len(s.Corrections) >= release.MaxCorrections {
			return field("correction", "more than %d", release.MaxCorrections)
		}
		s.Corrections = append(s.Corrections, c)
		return nil
	})
}

// Retract takes back a story that was released: from its next release on the page shows the
// headline, the day and the reason, and neither text nor photograph.
func (d *Desk) Retract(ctx context.Context, id ID, reason map[Lang]string) (OpID, error) {
	return d.afterPrint(ctx, id, reason, "retraction", func(s *Story, c CorrectionText) error {
		s.Retraction = &c
		return nil
	})
}

// PrintAgain takes a retraction back. Readers see the text again after the next release.
func (d *Desk) PrintAgain(ctx context.Context, id ID) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		if s.Retraction == nil {
			return field("retraction", "the story is not retracted")
		}
		s.Retraction = nil
		return nil
	})
}

func (d *Desk) afterPrint(ctx context.Context, id ID, text map[Lang]string, what string, put func(*Story, CorrectionText) error) (OpID, error) {
	c := CorrectionText{Text: map[Lang]string{}}
	for _, l := range lang.All() {
		if c.Text[l] = strings.TrimSpace(text[l]); c.Text[l] == "" {
			return OpID{}, field(what, "write it in all three languages: each edition shows it")
		}
	}
	before, ok, err := lastOf[released](ctx, d, opRelease, id)
	if err != nil {
		return OpID{}, err
	}
	if !ok {
		return OpID{}, field(what, "the story was not released yet: change the text itself")
	}
	return d.editStory(ctx, id, func(s *Story) error {
		c.Day = max(d.Today(), before.Printed)
		for _, old := range s.Corrections {
			c.Day = max(c.Day, old.Day) // the page lists them oldest first
		}
		return put(s, c)
	})
}

// retraction judges a story that is taken back: only what stays on its page.
func (g *gate) retraction() {
	for _, l := range lang.All() {
		if strings.TrimSpace(g.story.Editions[l].Headline) == "" {
			g.add(Finding{Verdict: Block, Rule: "edition", Key: "desk.find.no-headline", Paragraph: -1, Sentence: -1, Lang: l, Final: true})
		}
		texts := []string{g.story.Editions[l].Headline, g.story.Retraction.Text[l]}
		for _, c := range g.story.Corrections {
			texts = append(texts, c.Text[l])
		}
		for _, text := range texts {
			g.prints(-1, -1, l, text, lang.Level{})
		}
	}
}

// buildRetracted makes the release of a story that is taken back: nothing of its text is in it.
func buildRetracted(r *release.Release, s *Story) {
	r.Version = release.VersionRetracted
	r.Retraction = &release.Correction{Day: release.Day(s.Retraction.Day), Text: perLang(s.Retraction.Text)}
	for _, l := range lang.All() {
		r.Editions = append(r.Editions, release.Edition{Lang: l, Headline: text(s.Editions[l].Headline)})
	}
}
