package desk

import (
	"slices"
	"testing"

	"kkachi/internal/lang"
)

// What a headline prints of a source counts like a sentence, of each source of the story, and so does
// a role that is typed beside the word for a source: in bits, between editions, and in the ledger.
func TestHeadlinesAndTypedRolesCount(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	headline := p.article(lang.Level{Place: 2, Day: 1})
	for l, text := range three("소식통 “월요일 순찰 늘었다”", "A source on Monday: “patrols have grown”", "消息人士周一称“巡逻增加”") {
		e := headline.Editions[l]
		e.Headline = text
		headline.Editions[l] = e
	}
	v := p.view(p.newStory(t, headline))
	if x := v.Exposure; x.Verdict != Block || len(x.Sources) != 2 {
		t.Fatalf("%s %v", x.Verdict, v.risks())
	}
	for _, s := range v.Exposure.Sources {
		if s.Level != (lang.Level{Place: 2, Day: 4}) || s.Quoted < 3 || s.Chosen.Day != 1 {
			t.Errorf("%s: %s, %d words quoted", s.Handle, s.Level, s.Quoted)
		}
	}
	role := p.article(lang.Level{Place: 2, Day: 1})
	role.Paragraphs[0].Sentences[0].Text = three(
		"무역 부문의 {source}은 순찰이 늘었다고 했다.", "Patrols have grown, {source} in the trade sector said.", "贸易领域的{source}说，巡逻增加了。")
	id := p.newStory(t, role)
	v = p.view(id)
	for _, s := range v.Exposure.Sources {
		bits := map[string]float64{}
		for _, b := range s.Judgement.Crowd.Bits {
			bits[b.Name] = b.Bits
		}
		for l, level := range s.editions {
			if level.Role != 2 {
				t.Errorf("%s, %s: %s", s.Handle, l, level)
			}
		}
		if s.Level.Role != 2 || bits["role"] < 3 {
			t.Errorf("%s: %s, bits %v", s.Handle, s.Level, bits)
		}
	}
	// One edition alone says it: that is mended, never overruled.
	role.Paragraphs[0].Sentences[0].Text[lang.English] = "Patrols have grown, {source} said."
	_, err := p.desk.SetStory(ctx, id, role)
	must(t, err)
	if v := p.view(id); v.Exposure.Verdict != Block || !slices.Contains(v.risks(), "edition") {
		t.Errorf("uneven in role: %s %v", v.Exposure.Verdict, v.risks())
	}
	// Printed in all three, it stands in the ledger.
	role.Paragraphs[0].Sentences[0].Text[lang.English] = "Patrols have grown, {source} in the trade sector said."
	_, err = p.desk.SetStory(ctx, id, role)
	must(t, err)
	p.overrule(t, id)
	p.answer(t, id)
	p.letOut(t, id)
	l, err := p.desk.ledgers().ledger(ctx, v.Exposure.Sources[0].Source, ID{})
	must(t, err)
	if !slices.Contains(l.Finest, FinestPrinted{"role", 2}) {
		t.Errorf("%+v", l.Finest)
	}
	p.rebuilt(t)
}
