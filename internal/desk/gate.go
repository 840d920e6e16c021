package desk

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kkachi/internal/desk/ladder"
	"kkachi/internal/desk/rules"
	"kkachi/internal/lang"
	"kkachi/internal/release"
	"kkachi/internal/risk"
	"kkachi/internal/risk/lint"
)

// typed finds an attribution that somebody typed instead of choosing a level.
var typed = map[Lang]*regexp.Regexp{
	lang.English: regexp.MustCompile(`(?i)\bsources?\b`),
	lang.Korean:  regexp.MustCompile(`소식통`),
	lang.Chinese: regexp.MustCompile(`消息人士|知情人士|知情者`),
}

// A gate judges one story as it stands.
type gate struct {
	story    *Story
	ceiling  lang.Level
	handles  []string
	findings []Finding

	house   []rules.Rule
	sums    map[string]string     // of the house rules, by the name that findings have
	scopes  map[string][]ID       // sentences that a rule of the whole story asks about, by the same
	answers map[string]ruleAnswer // by the same
}

// judge gives all findings of a story, worst first, with the answers and overrides that
// stand, and the worst verdict that is not answered.
func (d *Desk) judge(ctx context.Context, v *StoryView) error {
	handles, err := d.handlesIn(ctx, &v.Story, v.Paragraphs)
	if err != nil {
		return err
	}
	g := &gate{story: &v.Story, ceiling: d.cfg.Ceiling, handles: handles}
	if v.Story.Retraction != nil {
		g.retraction()
	} else {
		for i := range v.Paragraphs {
			for j := range v.Paragraphs[i].Sentences {
				g.sentence(i, j, &v.Paragraphs[i].Sentences[j])
			}
		}
		g.whole(v.Photo)
		if err := d.judgeHouse(ctx, g, v); err != nil {
			return err
		}
	}
	if err := d.answered(ctx, g, v); err != nil {
		return err
	}
	v.Verdict = Pass
	for _, f := range g.findings {
		if !f.Answered && f.Verdict != Pass && v.Verdict != Block {
			v.Verdict = f.Verdict
		}
		if f.Paragraph >= 0 {
			sn := &v.Paragraphs[f.Paragraph].Sentences[f.Sentence]
			sn.Findings = append(sn.Findings, f)
		}
	}
	slices.SortStableFunc(g.findings, func(a, b Finding) int { return rank(b) - rank(a) })
	v.Findings = g.findings
	v.House, v.sums, v.scopes = d.ruleViews(g, v), g.sums, g.scopes
	return nil
}

// answered names each finding after what stands at its place and what its rule asks (the gate's
// own rules ask the same always), and finds out whether it is answered.
func (d *Desk) answered(ctx context.Context, g *gate, v *StoryView) error {
	overrides, err := d.overrides(ctx, v.ID)
	if err != nil {
		return err
	}
	if g.answers, err = d.ruleAnswers(ctx, v.ID); err != nil {
		return err
	}
	for i := range g.findings {
		f := &g.findings[i]
		if f.Paragraph < 0 {
			f.id = f.name(v.Story.stands(f.Lang) + g.sums[f.Rule] + fmt.Sprint(g.scopes[f.Rule]))
		} else {
			sn := &v.Paragraphs[f.Paragraph].Sentences[f.Sentence]
			f.sentence, f.id = sn.ID, f.name(sn.stands()+g.sums[f.Rule])
		}
		g.answer(f, overrides)
	}
	return nil
}

func rank(f Finding) int {
	n := slices.Index([]Verdict{Pass, Hold, Block}, f.Verdict) * 2
	if !f.Answered {
		n++
	}
	return n
}

// answer finds out whether a finding is answered: a hold by a reason, a block by two people
// whose overrides name just this finding, and risk agrees.
func (g *gate) answer(f *Finding, overrides []override) {
	if f.Verdict == Hold {
		f.Answered = g.answers[f.Rule].covers(f, g.sums[f.Rule], g.scopes[f.Rule])
		return
	}
	if f.Verdict != Block || f.Final {
		return
	}
	var names []string
	reason := ""
	for _, o := range overrides {
		if slices.Contains(o.Findings, f.id) && !slices.Contains(names, o.Approver) {
			names, reason = append(names, o.Approver), o.Reason
			f.Override = append(f.Override, OverrideView{o.Approver, o.Reason, o.day})
		}
	}
	finest := lang.Level{Place: lang.MaxPlace, Role: lang.MaxRole, Day: lang.MaxDay, Medium: lang.MaxMedium, Gender: true, Count: true}
	f.Answered = len(names) >= release.Approvals && risk.Check(finest, g.ceiling, risk.Override{Approvers: names, Reason: reason}) == nil
}

// name is what an override names: the rule, the place, and what stands there, so that
// another text at the same place needs a new override.
func (f *Finding) name(stands string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d\x00%s\x00%s\x00%q\x00%s",
		f.Rule, f.Paragraph, f.Sentence, f.Lang, f.Key, fmt.Sprint(f.Args...), stands))
	return fmt.Sprintf("%x", sum[:16])
}

// stands is what a sentence says in all languages, with its attributions filled in.
func (v *SentenceView) stands() string {
	out := fmt.Sprintf("%q", v.Level.String())
	for _, l := range lang.All() {
		out += fmt.Sprintf("%q", v.Printed[l])
	}
	return out
}

// stands is what an edition says outside its sentences.
func (s *Story) stands(l Lang) string {
	e := s.Editions[l]
	out := fmt.Sprintf("%q%q%q", e.Headline, e.Standfirst, e.Reason)
	for _, c := range s.Corrections {
		out += fmt.Sprintf("%q", c.Text[l])
	}
	if s.Retraction != nil {
		out += fmt.Sprintf("%q", s.Retraction.Text[l])
	}
	if p := s.Photo; p != nil {
		out += fmt.Sprintf("%q%q%q", p.Alt[l], p.Caption[l], p.Credit[l])
	}
	return out
}

func (g *gate) add(f Finding) { g.findings = append(g.findings, f) }

func (g *gate) sentence(i, j int, v *SentenceView) {
	at := func(verdict Verdict, rule, key, fix string, args ...any) Finding {
		return Finding{Verdict: verdict, Rule: rule, Key: "desk.find." + key, Args: args, Fix: fix, Paragraph: i, Sentence: j}
	}
	final := func(f Finding) {
		f.Final = true
		g.add(f)
	}
	if len(v.Attribution) > 0 {
		for _, e := range risk.Finer(v.Level, g.ceiling) {
			f := at(Block, "level", "level", "desk.fix.level", e.Have, e.Ceiling)
			f.Key = "risk.finer." + string(e.Axis)
			g.add(f)
		}
	}
	switch {
	case len(v.Sentence.Claims) > len(v.Claims) || v.Rung == ladder.Unsupported:
		final(at(Block, "unsupported", "unsupported", "desk.fix.leave-out"))
	}
	for _, c := range v.Claims {
		if c.Withdrawn {
			final(at(Block, "unsupported", "withdrawn", "desk.fix.leave-out", c.Number))
		}
		if c.Erased > 0 {
			g.add(at(Hold, "erased", "erased", "desk.fix.erased", c.Number))
		}
	}
	if v.Disputed && !v.Sentence.Disputed {
		final(at(Block, "disputed", "disputed", "desk.fix.disputed"))
	}
	switch {
	case len(v.Attribution) == 0 || !v.Voice.IsZero():
	case len(v.Sentence.Claims) == 0:
		final(at(Block, "attribution", "noclaim", "desk.fix.noclaim"))
	default:
		final(at(Block, "attribution", "voice", "desk.fix.voice"))
	}
	for _, l := range lang.All() {
		g.text(i, j, l, v)
	}
}

// text judges the sentence in one language.
func (g *gate) text(i, j int, l Lang, v *SentenceView) {
	at := func(rule, key, fix string, args ...any) Finding {
		return Finding{
			Verdict: Block, Rule: rule, Key: "desk.find." + key, Args: args, Fix: fix, Paragraph: i, Sentence: j, Lang: l, Final: true,
		}
	}
	printed := v.Printed[l]
	if strings.TrimSpace(printed) == "" {
		g.add(at("edition", "no-text", ""))
		return
	}
	if m := placeholder.FindString(printed); m != "" {
		fix := "desk.fix.names"
		if m != sourceHere && m != sourceHead && m != saidHere {
			fix = "desk.fix.braces"
		}
		g.add(at("attribution", "placeholder", fix, m))
	}
	if (v.Attribution[l] == "") != (len(v.Attribution) == 0) {
		g.add(at("edition", "uneven", "desk.fix.uneven"))
	}
	// The vocabulary itself may say "source"; what it fills in is read with the sentence, for
	// its words are typed too, and the level permits no more of them than it says.
	own := placeholder.ReplaceAllString(v.Text[l], " ")
	if m := typed[l].FindString(own); m != "" {
		g.add(at("typed source", "typed", "desk.fix.typed", m))
	}
	g.prints(i, j, l, v.read[l], v.Level)
}

// prints judges a text that will be printed, wherever it stands.
func (g *gate) prints(i, j int, l Lang, text string, level lang.Level) {
	low := strings.ToLower(text)
	for _, h := range g.handles {
		if strings.Contains(low, h) {
			g.add(Finding{Verdict: Block, Rule: "handle", Key: "desk.find.handle", Paragraph: i, Sentence: j, Lang: l, Final: true})
			break
		}
	}
	for _, f := range lint.Finer(l, text, risk.Finest(level, g.ceiling)) {
		g.add(Finding{
			Verdict: Block, Rule: "lint", Key: "risk.why." + string(f.Rule), Args: []any{f.Text},
			Fix: "risk.mend." + string(f.Rule), Paragraph: i, Sentence: j, Lang: l,
		})
	}
	for _, f := range lint.Anywhere(lint.Draft{Lang: l, Text: text}) {
		g.add(Finding{
			Verdict: Block, Rule: "lint", Key: "risk.why." + string(f.Rule), Args: f.Args,
			Fix: "risk.mend." + string(f.Rule), Paragraph: i, Sentence: j, Lang: l,
		})
	}
}

// whole judges what is not in a sentence.
func (g *gate) whole(photo *PhotoView) {
	at := func(rule, key, fix string, l Lang, args ...any) {
		g.add(Finding{
			Verdict: Block, Rule: rule, Key: "desk.find." + key, Args: args, Fix: fix, Paragraph: -1, Sentence: -1, Lang: l, Final: true,
		})
	}
	if len(g.story.Paragraphs) == 0 {
		at("edition", "no-sentences", "", "")
	}
	for _, l := range lang.All() {
		e := g.story.Editions[l]
		for key, text := range map[string]string{"no-headline": e.Headline, "no-standfirst": e.Standfirst, "no-reason": e.Reason} {
			if strings.TrimSpace(text) == "" {
				at("edition", key, "", l)
			} else {
				g.prints(-1, -1, l, text, lang.Level{})
			}
		}
		for _, c := range g.story.Corrections {
			g.prints(-1, -1, l, c.Text[l], lang.Level{})
		}
		if p := g.story.Photo; p != nil {
			for _, text := range []string{p.Alt[l], p.Caption[l], p.Credit[l]} {
				if strings.TrimSpace(text) == "" {
					at("photo", "photo-text", "", l)
					break
				}
				g.prints(-1, -1, l, text, lang.Level{})
			}
		}
	}
	switch {
	case photo != nil && photo.Closed:
		at("photo", "photo-closed", "desk.fix.photo-closed", "")
	case photo != nil && !photo.Copied && slices.ContainsFunc(photo.Findings, func(f PhotoFinding) bool { return f.Position }):
		at("photo", "photo-position", "desk.fix.photo", "")
	case photo != nil && !photo.Copied:
		at("photo", "photo-raw", "desk.fix.photo", "")
	}
	slices.SortStableFunc(g.findings, func(a, b Finding) int {
		if a.Paragraph < 0 && b.Paragraph < 0 && a.Lang == b.Lang {
			return strings.Compare(a.Key, b.Key)
		}
		return 0
	})
}
