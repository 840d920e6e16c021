package web

import (
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// sentenceForm writes one sentence in every edition, its claims and its level.
type sentenceForm struct {
	Paragraph, Sentence      int
	Texts                    []textField
	Claims                   []choice
	Place, Role, Day, Medium []choice
	Voices                   []choice
	Details                  []choice
	Exposure                 exposureView
	Disputed, Grave, New     bool
	First                    string // the language that is written first
	Key                      string // begins the keys of its drafts
	Typed                    bool   // a text is typed and not saved
	Preview                  []textField
	Query, ID, View, At      string
}

func (v *visit) newSentence(p *storyPage, st *desk.StoryView, para desk.ParagraphView, i int, board []desk.ClaimRow, tellers []desk.Teller) *sentenceForm {
	key := newKey(nil)
	if n := len(para.Sentences); n > 0 {
		key = newKey(&para.Sentences[n-1].Sentence)
	}
	sn := desk.Sentence{Level: lang.Level{Place: 2, Day: 1}}
	if claim, err := desk.ParseID(v.r.URL.Query().Get("claim")); err == nil {
		sn.Claims = []desk.ID{claim}
	}
	f := v.sentenceForm(p, st, desk.SentenceView{Sentence: sn}, i, len(para.Sentences), key, board, tellers)
	f.New = true
	return f
}

func (v *visit) sentence(p *storyPage, sen desk.SentenceView, i, j int) sentenceView {
	out := sentenceView{
		At: at(i, j), Href: p.Query + "&s=" + at(i, j) + "#s" + at(i, j), Carries: len(sen.Claims) > 0,
		Disputed: sen.Sentence.Disputed || sen.Disputed,
	}
	if !sen.ID.IsZero() {
		out.ID = sen.ID.String()
	}
	for _, e := range p.Editions {
		text := sen.Printed[e.Tag]
		if text == "" {
			text = sen.Text[e.Tag]
		}
		out.Texts = append(out.Texts, textView{e.Lang, e.Name, says(e.Tag, text), text == ""})
	}
	if len(sen.Claims) > 0 {
		out.Rung = v.rung(sen.Rung)
		out.Level = v.levelWords(sen.Level)
		// Side by side it is said in the language of the desk: that of the first edition would be chance.
		of := p.Editions[0].Tag
		if p.Side {
			of = lang.Tag(v.tongue)
		}
		out.Attribution, out.AttributionLang = sen.Attribution[of], of.HTML()
		out.Voice = sen.VoiceHandle
	}
	for _, c := range sen.Claims {
		out.Claims = append(out.Claims, claimLine{"/claim/" + c.ID.String(), c.Number, says("", c.Statement), v.rung(c.Rung)})
	}
	for _, f := range sen.Findings {
		out.Findings = append(out.Findings, v.finding(p, f))
	}
	return out
}

func (v *visit) sentenceForm(p *storyPage, st *desk.StoryView, sen desk.SentenceView, i, j int, key string, board []desk.ClaimRow, tellers []desk.Teller) *sentenceForm {
	at := at(i, j)
	out := &sentenceForm{Exposure: v.exposure(st, st.Exposure, p.View, at), Paragraph: i, Sentence: j, Disputed: sen.Sentence.Disputed, Grave: sen.Grave, Query: p.Query, ID: p.ID, View: p.View, At: at, Key: key, First: string(st.Story.Original)}
	for _, l := range lang.All() {
		text, typed := draftOr(st, key+string(l), sen.Text[l])
		out.Typed = out.Typed || typed
		out.Texts = append(out.Texts, textField{string(l), l.HTML(), l.Name(), text})
		if a := sen.Attribution[l]; a != "" {
			out.Preview = append(out.Preview, textField{string(l), l.HTML(), l.Name(), a})
		}
	}
	for _, c := range board {
		if !c.Withdrawn {
			out.Claims = append(out.Claims, choice{c.ID.String(), c.Number + " · " + flat(c.Statement), slices.Contains(sen.Sentence.Claims, c.ID)})
		}
	}
	// Those that are chosen come first: the list may be long.
	slices.SortStableFunc(out.Claims, func(a, b choice) int {
		switch {
		case a.Now == b.Now:
			return 0
		case a.Now:
			return -1
		}
		return 1
	})
	out.Place = v.levels("desk.level.place", lang.MaxPlace, sen.Level.Place)
	out.Role = v.levels("desk.level.role", lang.MaxRole, sen.Level.Role)
	out.Day = v.levels("desk.level.day", lang.MaxDay, sen.Level.Day)
	out.Medium = v.levels("desk.level.medium", lang.MaxMedium, sen.Level.Medium)
	for _, name := range sortedUnion(st.Exposure.Names, sen.Details) {
		out.Details = append(out.Details, choice{name, name, slices.Contains(sen.Details, name)})
	}
	for _, t := range tellers {
		out.Voices = append(out.Voices, choice{t.ID.String(), t.Handle, t.ID == sen.Sentence.Voice})
	}
	return out
}

// sortedUnion is what is in either: a mark that lost its estimate can still be taken off.
func sortedUnion(a, b []string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

func (v *visit) levels(family string, most int, now uint8) []choice {
	var values []string
	for i := range most + 1 {
		values = append(values, strconv.Itoa(i))
	}
	return v.choices(family, strconv.Itoa(int(now)), values...)
}

// levelWords says what a level tells of the source, in words.
func (v *visit) levelWords(l lang.Level) string {
	var words []string
	for _, a := range []struct {
		axis string
		n    uint8
	}{{"place", l.Place}, {"role", l.Role}, {"day", l.Day}, {"medium", l.Medium}} {
		if a.n > 0 {
			words = append(words, v.T("desk.level."+a.axis+"."+strconv.Itoa(int(a.n))))
		}
	}
	if len(words) == 0 {
		return v.T("desk.level.none")
	}
	return strings.Join(words, " · ")
}
