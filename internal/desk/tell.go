package desk

import (
	"regexp"
	"slices"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// placeholder is where an attribution stands in a text; anything else in braces is a slip.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Placeholders of attributions.
const (
	sourceHere = "{source}"
	sourceHead = "{Source}"
	saidHere   = "{said}"
)

// A teller fills the attributions of a story in the order of mention.
type teller struct {
	board     *board
	names     lang.Names
	mentioned []ID
	last      ID // the voice of the last mention; zero after several together
}

// tell derives everything of a story's sentences but the findings.
func (d *Desk) tell(s *Story, b *board, carried map[ID][]ID) []ParagraphView {
	t := &teller{board: b, names: mergeNames(s.Names, d.cfg.Names)}
	out := make([]ParagraphView, len(s.Paragraphs))
	for i, p := range s.Paragraphs {
		for _, sn := range p.Sentences {
			out[i].Sentences = append(out[i].Sentences, t.sentence(sn, carried))
		}
	}
	return out
}

func (t *teller) sentence(sn Sentence, carried map[ID][]ID) SentenceView {
	v := SentenceView{Sentence: sn, Printed: map[Lang]string{}, Attribution: map[Lang]string{}, read: map[Lang]string{}}
	var claims []*claimState
	for i, id := range sn.Claims {
		c := t.board.byID[id]
		if c == nil {
			v.Rung = ladder.Unsupported
			continue
		}
		claims = append(claims, c)
		v.Claims = append(v.Claims, c.row(len(c.stories(carried))))
		if v.Rung == "" && i == 0 || c.result.Rung.Height() < v.Rung.Height() {
			v.Rung = c.result.Rung
		}
		if len(claims) == 1 || c.result.Independent < v.Independent {
			v.Independent = c.result.Independent
		}
		v.Disputed = v.Disputed || c.result.Disputed
	}
	v.Voice, v.VoiceHandle = voice(t.board.one(sn.Voice), claims)
	attributed := false
	for _, text := range sn.Text {
		for _, m := range placeholder.FindAllString(text, -1) {
			attributed = attributed || m == sourceHere || m == sourceHead || m == saidHere
		}
	}
	if attributed {
		v.Order = t.mention(sn, &v)
	}
	for l, text := range sn.Text {
		v.Printed[l], v.read[l] = t.print(l, text, &v), t.read(l, text, &v)
	}
	return v
}

// voice chooses whose words a sentence gives: the source that the editor chose, if it
// supports each claim; else the first of those that do, the chains before others. Who asks
// for help is never a voice.
func voice(chosen ID, claims []*claimState) (ID, string) {
	if len(claims) == 0 {
		return ID{}, ""
	}
	var best *evidenceState
	for _, e := range claims[0].evidence {
		if !e.counts() || !speaks(e, claims) || !chosen.IsZero() && e.report.Source != chosen {
			continue
		}
		if best == nil || weight(e) > weight(best) {
			best = e
		}
	}
	if best == nil {
		return ID{}, ""
	}
	return best.report.Source, best.report.Handle
}

func weight(e *evidenceState) int {
	w := 0
	if e.standing.Open == ladder.Closed {
		w += 2
	}
	if e.standing.Chain {
		w++
	}
	return w
}

func speaks(e *evidenceState, claims []*claimState) bool {
	for _, c := range claims {
		ok := slices.ContainsFunc(c.evidence, func(o *evidenceState) bool {
			return o.report.Source == e.report.Source && o.Stance == ladder.Supports && o.counts() && o.report.Kind != KindHelp
		})
		if !ok {
			return false
		}
	}
	return true
}

// mention gives the order of a mention. Several together need two independent chains behind
// each claim, and no voice chosen by the editor.
func (t *teller) mention(sn Sentence, v *SentenceView) lang.Order {
	if sn.Voice.IsZero() && v.Independent >= 2 {
		t.last = ID{}
		for _, c := range v.Claims {
			for _, e := range t.board.byID[c.ID].evidence {
				if e.standing.Chain && !slices.Contains(t.mentioned, e.report.Source) {
					t.mentioned = append(t.mentioned, e.report.Source)
				}
			}
		}
		return lang.Together
	}
	known, last, first := slices.Contains(t.mentioned, v.Voice), t.last, len(t.mentioned) == 0
	t.last = v.Voice
	if !known {
		t.mentioned = append(t.mentioned, v.Voice)
	}
	switch {
	case known && last == v.Voice && !v.Voice.IsZero():
		return lang.Same
	case known || first:
		return lang.First
	}
	return lang.Another
}

// print fills a text's attributions. What can't be filled stays in braces, and the gate
// blocks it.
func (t *teller) print(l Lang, text string, v *SentenceView) string {
	out, used := fill(l, text, lang.Attribution{Level: v.Level, Names: t.names, Independent: v.Independent, Order: v.Order})
	if used != "" {
		v.Attribution[l] = used
	}
	return out
}

// read is the text with the words that fill its level, for the gate: one source stands for
// several, because a plural is made from chains and never typed.
func (t *teller) read(l Lang, text string, v *SentenceView) string {
	out, _ := fill(l, text, lang.Attribution{Level: v.Level, Names: t.names, Independent: min(v.Independent, 1), Order: lang.First})
	return out
}

// fill puts an attribution into a text, and gives what it put there last.
func fill(l Lang, text string, a lang.Attribution) (out, used string) {
	phrase, err := lang.Phrase(l, a)
	if err != nil {
		return text, ""
	}
	said, err := lang.Said(l, a)
	if err != nil {
		return text, ""
	}
	out = placeholder.ReplaceAllStringFunc(text, func(m string) string {
		switch m {
		case sourceHere:
			used = phrase
			return phrase
		case sourceHead:
			used = phrase
			return lang.Capital(phrase)
		case saidHere:
			used = said
			return said
		}
		return m
	})
	return norm.NFC.String(out), used // what was filled in may meet a mark that joins it
}

// mergeNames takes each word from a, or from b where a has none.
func mergeNames(a, b lang.Names) lang.Names {
	merge := func(x *lang.Words, y lang.Words) {
		if x.KO == "" && x.EN == "" && x.ZH == "" {
			*x = y
		}
	}
	merge(&a.Country, b.Country)
	merge(&a.Region, b.Region)
	merge(&a.Province, b.Province)
	merge(&a.City, b.City)
	merge(&a.Sector, b.Sector)
	merge(&a.Trade, b.Trade)
	merge(&a.Post, b.Post)
	merge(&a.App, b.App)
	merge(&a.When, b.When)
	return a
}
