package desk

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/lang"
)

// gateFinds says whether the gate finds something in a story.
func (p *play) gateFinds(s Story, key string) bool {
	p.t.Helper()
	id, _, err := p.desk.NewStory(p.t.Context(), s)
	must(p.t, err)
	return slices.ContainsFunc(p.view(id).Findings, func(f Finding) bool { return f.Key == key })
}

// What is decomposed looks the same in print, so the gate finds the same in it, wherever it stands.
func TestGateReadsDecomposedText(t *testing.T) {
	p := newPlay(t)
	first := func(s *Story) *Sentence { return &s.Paragraphs[0].Sentences[0] }
	headline := func(s *Story, text string) {
		e := s.Editions[lang.Korean]
		e.Headline = text
		s.Editions[lang.Korean] = e
	}
	for name, c := range map[string]struct {
		change func(s *Story, text string)
		text   string
		key    string
	}{
		"typed source": {func(s *Story, text string) { first(s).Text[lang.Korean] = text }, "소식통들은 말했다.", "desk.find.typed"},
		"sentence":     {func(s *Story, text string) { first(s).Text[lang.Korean] = text }, "{source}은 월요일에 말했다.", "risk.why.weekday"},
		"headline":     {headline, "월요일에 늘었다", "risk.why.weekday"},
		"correction": {func(s *Story, text string) {
			s.Corrections = []CorrectionText{{p.today, three(text, "Corrected.", "更正。")}}
		}, "월요일이었다.", "risk.why.weekday"},
		"photograph": {func(s *Story, text string) {
			s.Photo = &Photo{false, three(text, "a", "甲"), three("나", "b", "乙"), three("다", "c", "丙")}
		}, "월요일의 강", "risk.why.weekday"},
	} {
		t.Run(name, func(t *testing.T) {
			if norm.NFD.String(c.text) == c.text {
				t.Fatal("it has no twin")
			}
			for _, text := range []string{c.text, norm.NFD.String(c.text)} {
				s := p.draftStory()
				c.change(&s, text)
				if !p.gateFinds(s, c.key) {
					t.Errorf("%+q passes", text)
				}
			}
		})
	}
	// So do versions that were written before they were composed.
	s := p.draftStory()
	id := p.newStory(t, s)
	first(&s).Text[lang.Korean] = norm.NFD.String("소식통들은 월요일에 말했다.")
	_, err := p.desk.append1(t.Context(), opStory, id, id, s)
	must(t, err)
	v := p.view(id)
	for _, key := range []string{"desk.find.typed", "risk.why.weekday"} {
		if !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Key == key }) {
			t.Errorf("%s not found in an old version", key)
		}
	}
	// A day that is typed is printed of the source, composed or not.
	if at := typedLevel(lang.Korean, v.Paragraphs[0].Sentences[0].Text[lang.Korean]); at.Day < 4 {
		t.Errorf("typed level %v", at)
	}
	p.rebuilt(t)
}

// The words that fill a level are printed too, and are read as they will stand there.
func TestGateReadsTheWordsOfLevels(t *testing.T) {
	p := newPlay(t)
	p.estimate(ourNumbers())
	handles, err := p.desk.handles(t.Context())
	must(t, err)
	country := func(en string) Story {
		s := p.draftStory()
		s.Names.Country = lang.Words{KO: "중국", EN: en, ZH: "中国"}
		return s
	}
	if p.gateFinds(country("China"), "risk.why.city") || p.gateFinds(country("China"), "desk.find.handle") {
		t.Error("the vocabulary itself is found")
	}
	for name, c := range map[string]struct{ en, key string }{
		"city":    {"Dandong, where she works at the consulate", "risk.why.city"},
		"weekday": {"China on Monday", "risk.why.weekday"},
		"handle":  {"China, " + handles[p.source["A"]] + ",", "desk.find.handle"},
	} {
		if !p.gateFinds(country(c.en), c.key) {
			t.Errorf("%s: the country %q passes", name, c.en)
		}
	}
	// A handle that only the filled text has.
	first, second, _ := strings.Cut(handles[p.source["A"]], " ")
	s := country("China, " + first)
	s.Paragraphs[0].Sentences[0].Text[lang.English] = "People report there, says {source} " + second + "."
	if !p.gateFinds(s, "desk.find.handle") {
		t.Error("a handle across a border of words passes")
	}
	// What they print counts as printed of the source.
	id := p.newStory(t, country("China on Monday"))
	for _, src := range p.view(id).Exposure.Sources {
		if src.Level.Day < 4 {
			t.Errorf("%s: %v", src.Handle, src.Level)
		}
	}
	id = p.newStory(t, country("China"))
	for _, src := range p.view(id).Exposure.Sources {
		if src.Level != (lang.Level{Place: 2, Day: 1}) {
			t.Errorf("by the vocabulary alone %s: %v", src.Handle, src.Level)
		}
	}
}

// Characters that nobody sees, letters in another dress, rooms and number plates block wherever they
// are printed, in each language; what carries nothing of the kind does not.
func TestGateReadsWhatBlocksAnywhere(t *testing.T) {
	p := newPlay(t)
	clean := p.draftStory()
	for _, rule := range []string{"hidden", "homoglyph", "room", "plate"} {
		if p.gateFinds(clean, "risk.why."+rule) {
			t.Errorf("%s is found in the clean story", rule)
		}
	}
	for _, c := range []struct {
		l          Lang
		text, rule string
	}{
		{lang.English, "Patrols have\u200b grown, {source} said.", "hidden"},
		{lang.English, "Patrols hаve grown, {source} said.", "homoglyph"}, // a Cyrillic а
		{lang.English, "{Source} met them in Room 412.", "room"},
		{lang.English, "{Source} saw a car with the number plate 31-4217.", "plate"},
		{lang.Korean, "{source}은 순찰이\u2060 늘었다고 했다.", "hidden"},
		{lang.Korean, "{source}은 412호실에서 만났다고 했다.", "room"},
		{lang.Korean, "{source}은 평양 31-4217 차를 보았다고 했다.", "plate"},
		{lang.Chinese, "{source}说，巡逻\u202e增加了。", "hidden"},
		{lang.Chinese, "{source}说，在412房间见面。", "room"},
		{lang.Chinese, "{source}说，看到辽F12345。", "plate"},
	} {
		s := p.draftStory()
		s.Paragraphs[0].Sentences[0].Text[c.l] = c.text
		if !p.gateFinds(s, "risk.why."+c.rule) {
			t.Errorf("%s in a sentence: %q passes", c.rule, c.text)
		}
		s = p.draftStory()
		e := s.Editions[c.l]
		e.Headline = strings.NewReplacer("{source}", "", "{Source}", "").Replace(c.text)
		s.Editions[c.l] = e
		if !p.gateFinds(s, "risk.why."+c.rule) {
			t.Errorf("%s in a headline: %q passes", c.rule, c.text)
		}
	}
	p.rebuilt(t)
}
