package web

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// photoView is a story's photograph: the harmless copy, and what was in the original's file.
type photoView struct {
	Src           string
	Width, Height int
	Findings      []findingLine
	Copied, File  bool
	Closed        bool
	Name          said   // that it came under
	Sum           string // of the original
}

type findingLine struct {
	Word, Detail string
	Position     bool
}

type photoText struct{ Tag, Lang, Name, Alt, Caption, Credit string }

// approvalView is what still has to happen before a story may leave the house.
type approvalView struct {
	People             []person
	May, Ready, Blocks bool // may be approved; may be released; has blocks to override
	Missing            string
	Releases           []releaseLine
}

type person struct {
	Name, Day string
	Signed    bool
}

type releaseLine struct{ Word, Digest, Href string }

var verdicts = map[desk.Verdict]string{desk.Pass: "pass", desk.Hold: "hold", desk.Block: "block"}

func (v *visit) verdict(w desk.Verdict) mark {
	kind, ok := verdicts[w]
	if !ok {
		kind = "pass"
	}
	return mark{kind, v.T("desk.verdict." + kind)}
}

// gate lists what the gate says, and puts its worst into one line.
func (v *visit) gate(p *storyPage, st *desk.StoryView) {
	p.Verdict = v.verdict(st.Verdict)
	for _, f := range st.Findings {
		if f.Verdict == desk.Hold || strings.HasPrefix(f.Rule, "house ") {
			continue // among the house rules, where it is answered
		}
		if lacks(&f) && len(st.Paragraphs) == 0 && len(st.Story.Editions) == 0 {
			continue // nothing is written yet: one line says so
		}
		line := v.finding(p, f)
		if n := len(p.Findings); n > 0 && f.Paragraph < 0 && f.Lang.Valid() && p.Findings[n-1].Where == line.Where && p.Findings[n-1].Verdict == line.Verdict && line.Fix == "" {
			p.Findings[n-1].Word += " · " + line.Word // what one edition lacks stands together
			continue
		}
		p.Findings = append(p.Findings, line)
	}
	// The line on top is the worst that stands; among equals one that a click mends.
	worst := worstOf(st)
	if worst == nil {
		p.Lead = v.T("desk.gate.passes")
		return
	}
	lead := v.finding(p, *worst)
	for _, f := range st.Findings {
		if line := v.finding(p, f); lead.Coarser == nil && line.Coarser != nil && !f.Answered && f.Verdict == worst.Verdict {
			lead = line
		}
	}
	p.Lead, p.Mend = lead.Word, lead.Coarser
	if lead.Where != "" {
		p.Lead = v.T("desk.gate.said", lead.Where, lead.Word)
	}
}

func (v *visit) finding(p *storyPage, f desk.Finding) findingView {
	out := findingView{
		Verdict: v.verdict(f.Verdict), Word: lang.Capital(v.T(f.Key, v.words(f.Args)...)), Answered: f.Answered,
	}
	if f.Fix != "" {
		out.Fix = lang.Capital(v.T(f.Fix, v.words(f.Args)...))
		if f.Fix == fixNames {
			out.FixHref = "#names"
		}
	}
	if out.Coarser = v.coarser(f); out.Coarser != nil {
		out.Word = v.finer(f)
	}
	if f.Lang.Valid() {
		out.Where = v.language(f.Lang)
		out.Edition = out.Where
	}
	switch {
	case f.Paragraph >= 0: // below
	case f.Lang.Valid():
		out.Href = "#heads-" + string(f.Lang)
	case f.Rule == "photo":
		out.Href, out.Where = "#photograph", v.T("desk.photo.title")
	}
	if f.Paragraph >= 0 && f.Sentence >= 0 {
		out.Where = strings.TrimSpace(v.T("desk.gate.at", at(f.Paragraph, f.Sentence)) + " " + out.Where)
		out.Href = p.Query + "&s=" + at(f.Paragraph, f.Sentence) + "#s" + at(f.Paragraph, f.Sentence)
	}
	for _, o := range f.Override {
		out.Overrides = append(out.Overrides, v.T("desk.gate.override", o.Approver, o.Reason))
	}
	return out
}

// finer says in words what of a level is finer than allowed, where the catalogue has words.
func (v *visit) finer(f desk.Finding) string {
	axis := "desk.level." + strings.TrimPrefix(f.Key, "risk.finer.")
	return v.T("desk.find.finer", v.T(axis), v.T(axis+"."+fmt.Sprint(f.Args[0])), v.T(axis+"."+fmt.Sprint(f.Args[1])))
}

// coarser is the one-click mend of a level that is finer than allowed: the same axis at
// its ceiling. Nil for everything else.
func (v *visit) coarser(f desk.Finding) *coarser {
	axis, ok := strings.CutPrefix(f.Key, "risk.finer.")
	if !ok || f.Paragraph < 0 || f.Sentence < 0 || len(f.Args) < 2 {
		return nil
	}
	most, ok := f.Args[1].(uint8)
	if !ok {
		return nil
	}
	key := "desk.level." + axis + "." + strconv.Itoa(int(most))
	if !lang.Has(lang.English, key) {
		return nil
	}
	return &coarser{f.Paragraph, f.Sentence, axis, most, v.T("desk.gate.instead", v.T("desk.level."+axis), v.T(key))}
}

// foundAt is where in a file something was found, as it is kept.
var foundAt = regexp.MustCompile(`at byte (\d+), (\d+) bytes$`)

func (v *visit) photoView(st *desk.StoryView) *photoView {
	if st.Photo == nil {
		return nil
	}
	out := &photoView{Copied: st.Photo.Copied, Closed: st.Photo.Closed, Name: says("", st.Photo.Name), Sum: st.Photo.Original, File: st.Photo.File, Width: st.Photo.Width, Height: st.Photo.Height}
	if out.Copied {
		out.Src = "/photo/" + st.Photo.SHA256
	}
	for _, f := range st.Photo.Findings {
		word := f.Kind
		if key := "desk.photo.kind." + strings.ReplaceAll(strings.ToLower(f.Kind), " ", "-"); lang.Has(lang.English, key) {
			word = v.T(key)
		}
		detail := f.Detail
		if m := foundAt.FindStringSubmatch(detail); m != nil {
			detail = v.T("desk.photo.at", m[1], m[2])
		}
		out.Findings = append(out.Findings, findingLine{word, detail, f.Position})
	}
	return out
}

func photoTexts(p *desk.Photo) []photoText {
	var out []photoText
	for _, l := range lang.All() {
		t := photoText{Tag: string(l), Lang: l.HTML(), Name: l.Name()}
		if p != nil {
			t.Alt, t.Caption, t.Credit = p.Alt[l], p.Caption[l], p.Credit[l]
		}
		out = append(out, t)
	}
	return out
}

func (v *visit) approval(st *desk.StoryView) approvalView {
	var out approvalView
	signed := map[string]string{}
	for _, a := range st.Signed {
		signed[a.Name] = v.short(a.Day)
	}
	for _, name := range st.Approvers {
		day, ok := signed[name]
		out.People = append(out.People, person{name, day, ok})
	}
	out.May = st.Verdict == desk.Pass && st.State != desk.Released && len(st.Paragraphs) > 0
	out.Ready = out.May && len(st.Signed) >= 2
	switch {
	case st.State == desk.Released:
		out.Missing = v.T("desk.approval.done")
	case st.Verdict != desk.Pass:
		out.Missing = v.T("desk.approval.gate")
	case len(st.Approvers) == 0:
		out.Missing = v.T("desk.approval.nobody")
	case len(st.Signed) < 2:
		out.Missing = v.N("desk.approval.missing", 2-len(st.Signed))
	}
	for _, f := range st.Findings {
		out.Blocks = out.Blocks || f.Verdict == desk.Block && !f.Final && !f.Answered
	}
	for _, r := range st.Releases {
		out.Releases = append(out.Releases, releaseLine{
			v.T("desk.release.line", strconv.FormatUint(r.Serial, 10), v.day(r.Printed), v.list(r.By...)), r.Digest,
			"/story/" + st.ID.String() + "/release/" + strconv.FormatUint(r.Serial, 10) + "/" + string(st.Story.Original),
		})
	}
	return out
}
