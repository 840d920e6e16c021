package web

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// exposureView is what a story gives away: one line, and below it what it is made of.
type exposureView struct {
	ID, View, At string
	Verdict      mark
	Lead         string
	Answered     bool // the story passes all the same: somebody gave a reason
	Fix          *wordingFix
	Sources      []sourceExposure
	Common       []reasonLine // that hold for each source, said once
	Among        []choice
	Shown        string
	Spread       [3]string
	MayDraw      bool
	Drawn        string
}

// wordingFix is the cheapest wording that passes: one click, in all editions at once.
type wordingFix struct {
	Level  string // as risk writes it
	Word   string
	Click  bool // the levels that were chosen do it
	Retype bool // the text says something finer than its level
	Says   []textField
}

// sourceExposure is what it gives away of one source.
type sourceExposure struct {
	Handle, Level string
	Verdict       mark
	Reasons       []reasonLine
	Leave         []string // what may be left out instead
	Wait          string
	Crowd         string
	Bits          []bitsRow
	Total         string
	Flips         []string
	Missing       bool // a number is not given
	Judged        bool // there is a crowd: bits and flips say something
}

// reasonLine is a reason with its verdict.
type reasonLine struct {
	Verdict mark
	Word    string
}

type bitsRow struct{ Name, Bits string }

func (v *visit) exposure(st *desk.StoryView, x *desk.Exposure, view, at string) exposureView {
	out := exposureView{ID: st.ID.String(), View: view, At: at, Verdict: v.verdict(x.Verdict), Lead: v.lead(x)}
	out.Answered = st.Verdict == desk.Pass && x.Verdict != desk.Pass
	if len(x.Choices) > 1 {
		out.Among = append(out.Among, choice{"", v.T("desk.among.none"), x.Among == ""})
		for _, name := range x.Choices {
			out.Among = append(out.Among, choice{name, name, name == x.Among})
		}
	}
	if st.Story.Shown != nil {
		out.Shown = strconv.Itoa(*st.Story.Shown)
	}
	plain := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	if s := st.Story.Spread; s != nil {
		out.Spread = [3]string{plain(s.Known), plain(s.Reach), plain(s.Rate)}
	}
	if e := x.Embargo; e != nil {
		out.Drawn = v.T("desk.embargo.drawn", v.day(e.Day), v.short(e.From), v.short(e.To))
	}
	for i := range x.Sources {
		s := &x.Sources[i]
		w := v.sourceExposure(s)
		if out.Fix == nil && s.Verdict() != desk.Pass {
			out.Fix = v.wordingFix(s)
		}
		out.MayDraw = out.MayDraw || s.Judgement != nil && s.Judgement.HoldDays > 0
		out.Sources = append(out.Sources, w)
	}
	out.MayDraw = out.MayDraw && x.Embargo == nil
	out.takeCommon()
	return out
}

// takeCommon takes what is said of each source alike, such as that the estimates are an example, out of
// theirs and says it once.
func (x *exposureView) takeCommon() {
	if len(x.Sources) < 2 {
		return
	}
	for _, r := range x.Sources[0].Reasons {
		if !slices.ContainsFunc(x.Sources[1:], func(s sourceExposure) bool { return !slices.Contains(s.Reasons, r) }) {
			x.Common = append(x.Common, r)
		}
	}
	for i := range x.Sources {
		x.Sources[i].Reasons = slices.DeleteFunc(x.Sources[i].Reasons, func(r reasonLine) bool { return slices.Contains(x.Common, r) })
	}
}

// lead is the first reason of the source that decides.
func (v *visit) lead(x *desk.Exposure) string {
	switch {
	case len(x.Sources) == 0:
		return v.T("desk.exposure.none")
	case x.Broken != nil:
		return v.T("desk.find.estimates", x.Broken.Error())
	}
	if rs := v.exposureReasons(&x.Sources[0]); len(rs) > 0 {
		return rs[0].Word
	}
	if x.Verdict != desk.Pass {
		return v.T("desk.find.embargo", v.day(x.Embargo.Day))
	}
	return v.T("desk.exposure.passes")
}

// exposureReasons lists the reasons of a source, the worst first, and what is missing in one line.
func (v *visit) exposureReasons(s *desk.SourceExposure) []reasonLine {
	if s.Judgement == nil {
		return []reasonLine{{v.verdict(desk.Hold), v.T("desk.find.unusable", s.Unusable.Error())}}
	}
	var out []reasonLine
	var missing []string
	for _, r := range s.Judgement.Reasons {
		args := v.words(desk.ReasonArgs(r))
		if r.Rule == "missing" {
			missing = append(missing, fmt.Sprint(args[2]))
			continue
		}
		kind := desk.Hold
		if r.Verdict == risk.Block {
			kind = desk.Block
		}
		out = append(out, reasonLine{v.verdict(kind), lang.Capital(v.T("risk.reason."+r.Rule, args...))})
	}
	slices.SortStableFunc(out, func(a, b reasonLine) int { return strings.Compare(a.Verdict.Kind, b.Verdict.Kind) })
	if len(missing) > 0 {
		out = append(out, reasonLine{v.verdict(desk.Hold), lang.Capital(v.T("risk.reason.missing", "", "", strings.Join(missing, "; ")))})
	}
	return out
}

func (v *visit) sourceExposure(s *desk.SourceExposure) sourceExposure {
	out := sourceExposure{Handle: s.Handle, Level: s.Level.String(), Verdict: v.verdict(s.Verdict()), Reasons: v.exposureReasons(s)}
	if j := s.Judgement; j != nil {
		out.Missing = slices.ContainsFunc(j.Reasons, func(r risk.Reason) bool { return r.Rule == "missing" })
		for _, f := range j.Fixes {
			switch f.Kind {
			case "leave-out":
				out.Leave = append(out.Leave, v.T("desk.exposure.leave", f.Detail))
			case "hold":
				out.Wait = v.N("desk.exposure.wait", int(math.Ceil(f.Days)))
			}
		}
		if c := j.Crowd; c != nil {
			out.Judged = true
			out.Crowd = v.T("desk.exposure.crowd", people(c.Q05), people(j.K))
			total := 0.0
			for _, b := range c.Bits {
				total += b.Bits
				out.Bits = append(out.Bits, bitsRow{lang.Capital(fmt.Sprint(v.words([]any{desk.Input(b.Name)})[0])), fmt.Sprintf("%.1f", b.Bits)})
			}
			out.Total = fmt.Sprintf("%.1f", total)
			for _, f := range j.Flips {
				name := fmt.Sprint(v.words([]any{desk.Input(f.Input)})[0])
				out.Flips = append(out.Flips, lang.Capital(v.T("desk.exposure.flip", name, strconv.FormatFloat(f.At, 'g', 4, 64), v.T("desk.verdict."+strings.ToLower(f.Verdict.String())))))
			}
		}
	}
	return out
}

func people(n float64) string { return strconv.FormatFloat(math.Floor(n), 'f', 0, 64) }

// wordingFix is the cheapest wording that is proposed; nil if none is.
func (v *visit) wordingFix(s *desk.SourceExposure) *wordingFix {
	if s.Judgement == nil {
		return nil
	}
	i := slices.IndexFunc(s.Judgement.Fixes, func(f risk.Fix) bool { return f.Kind == "wording" })
	if i < 0 {
		return nil
	}
	f := s.Judgement.Fixes[i]
	to := f.Wording.Level
	out := &wordingFix{Level: to.String(), Retype: len(risk.Finer(s.Level, s.Chosen)) > 0 && len(risk.Finer(s.Level, to)) > len(risk.Finer(s.Chosen, to))}
	var words []string
	for _, e := range risk.Finer(s.Chosen, to) {
		out.Click = true
		axis := string(e.Axis)
		if e.Ceiling == 0 {
			words = append(words, v.T("desk.exposure.without", v.T("desk.input."+axis)))
			continue
		}
		words = append(words, v.T("desk.exposure.instead", v.T("desk.level."+axis+"."+strconv.Itoa(int(e.Ceiling)))))
	}
	out.Word = lang.Capital(strings.Join(words, " · "))
	for _, l := range lang.All() {
		out.Says = append(out.Says, textField{string(l), l.HTML(), l.Name(), f.Says[l]})
	}
	return out
}

// typedSentence is the sentence of a form that is not saved, as a change of its story.
func (v *visit) typedSentence() (func(*desk.Story) error, error) {
	i, j, err := v.place()
	if err != nil {
		return nil, err
	}
	sn, err := v.sentenceOf()
	if err != nil {
		return nil, err
	}
	return func(s *desk.Story) error { return s.PutSentence(i, j, sn, v.form("new") == "yes") }, nil
}

// postLive judges what is typed. A script gets the parts that it puts in the place of the former;
// a browser without one gets the page, with what was typed kept as drafts.
func (s *Server) postLive(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if v.r.URL.Query().Get("part") != "1" {
		return s.judgeTyped(v, id)
	}
	edit, err := v.typedSentence()
	if err != nil {
		return err
	}
	var st desk.StoryView
	st.ID = id
	x, err := s.desk.Live(v.ctx(), id, func(story *desk.Story) error {
		err := edit(story)
		st.Story = *story
		return err
	})
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	p := v.exposure(&st, x, v.form("view"), v.form("at"))
	if err := s.pages.of[lang.Tag(v.tongue)]["exposure"].ExecuteTemplate(&buf, "exposure", p); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.w.Write(buf.Bytes()) // a browser that left needs no answer
	return nil
}

func (s *Server) judgeTyped(v *visit, id desk.ID) error {
	edit, err := v.typedSentence()
	if err != nil {
		return err
	}
	for i, key := range v.r.PostForm["drafts"] {
		if !storyDraft.MatchString(key) || i >= len(lang.All()) {
			return desk.ErrNotFound
		}
		if err := s.desk.SaveDraft(v.ctx(), key, id, v.text("text-"+string(lang.All()[i]))); err != nil {
			return err
		}
	}
	st, err := s.desk.StoryIf(v.ctx(), id, edit)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showStory(v, id, w) })
	}
	return s.showStoryView(v, st, wrong{})
}

// postCoarsen takes the proposed wording for the whole story.
func (s *Server) postCoarsen(v *visit) error {
	return s.exposureWrite(v, "desk.said.coarsened", func(id desk.ID) (desk.OpID, error) {
		l, err := risk.ParseLevel(v.form("level"))
		if err != nil {
			return desk.OpID{}, desk.ErrNotFound
		}
		return s.desk.Coarsen(v.ctx(), id, l)
	})
}

// postShown says how many had what a verification request would show.
func (s *Server) postShown(v *visit) error {
	return s.exposureWrite(v, "desk.said.shown", func(id desk.ID) (desk.OpID, error) {
		text := v.form("shown")
		if text == "" {
			return s.desk.SetShown(v.ctx(), id, nil)
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			n = -1 // refused with the field's name
		}
		return s.desk.SetShown(v.ctx(), id, &n)
	})
}

// postAmong says in which population the story's sources stand.
func (s *Server) postAmong(v *visit) error {
	return s.exposureWrite(v, "desk.said.spread", func(id desk.ID) (desk.OpID, error) {
		return s.desk.SetAmong(v.ctx(), id, v.form("among"))
	})
}

// postSpread says how the story's news goes round.
func (s *Server) postSpread(v *visit) error {
	return s.exposureWrite(v, "desk.said.spread", func(id desk.ID) (desk.OpID, error) {
		known, reach, rate := v.form("known"), v.form("reach"), v.form("rate")
		if known+reach+rate == "" {
			return s.desk.SetSpread(v.ctx(), id, nil)
		}
		number := func(text string) float64 {
			n, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return math.NaN()
			}
			return n
		}
		return s.desk.SetSpread(v.ctx(), id, &desk.Spread{Known: number(known), Reach: number(reach), Rate: number(rate)})
	})
}

// postEmbargo has the day of printing drawn.
func (s *Server) postEmbargo(v *visit) error {
	return s.exposureWrite(v, "desk.said.drawn", func(id desk.ID) (desk.OpID, error) {
		_, err := s.desk.HoldStory(v.ctx(), id)
		return desk.OpID{}, err // a draw is not taken back
	})
}

// exposureWrite is storyWrite that returns to the sentence that was open, or to the verdict.
func (s *Server) exposureWrite(v *visit, said string, change func(id desk.ID) (desk.OpID, error)) error {
	return s.storyChange(v, said, one(change), func(id desk.ID) error {
		if at := v.form("at"); at != "" {
			return v.backToStory(id, at)
		}
		return v.backAt(id, "exposure")
	})
}
