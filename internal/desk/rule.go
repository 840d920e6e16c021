package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/desk/rules"
	"kkachi/internal/lang"
)

// ruleAnswer is the content of answering what a rule asks of a story, or of taking the answer
// back: the verdict that somebody gave, and why. What is blocked is answered by overrides.
type ruleAnswer struct {
	Rule      string  `json:"rule"`
	Sum       string  `json:"sum,omitempty"` // of the rule as it was worded
	Verdict   Verdict `json:"verdict"`       // Pass: it may be printed; Hold: taken back
	Reason    string  `json:"reason,omitempty"`
	By        string  `json:"by,omitempty"`
	Sentences []ID    `json:"sentences,omitempty"` // those that it was given for

	day cell.Day
	op  OpID
}

// housePrefix begins the Rule of findings of house rules. A finding without it is the gate's own.
const housePrefix = "house "

// A RuleView is a house rule as a story stands to it.
type RuleView struct {
	ID      string // of the file; or the gate's own rule
	Own     bool   // the gate's own: it stands in no file
	Words   lang.Words
	Weight  rules.Weight
	Verdict Verdict // Pass if it is met or answered
	Applies bool    // without it the verdict is Pass
	Derived bool    // found out by itself; nobody is asked
	// Reason, By and Day are of the answer that stands, or that stood to former words.
	Reason, By string
	Day        cell.Day
	Stale      bool // answered to other words, or before there were the sentences of now
	Op         OpID // of the answer
	At         [][2]int
}

// Rule is the Rule of the findings of a house rule, for AnswerRule.
func (v *RuleView) Rule() string {
	if v.Own {
		return v.ID
	}
	return housePrefix + v.ID
}

// AnswerRule answers what is held by a rule, with a reason that is kept; an empty reason takes
// the answer back. rule is that of findings.
func (d *Desk) AnswerRule(ctx context.Context, story ID, rule, by, reason string) (OpID, error) {
	reason = strings.TrimSpace(reason)
	if len(reason) > maxSheet || len(by) > maxSheet {
		return OpID{}, field("reason", "longer than %d bytes", maxSheet)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.judged(ctx, story)
	if err != nil {
		return OpID{}, err
	}
	a := ruleAnswer{Rule: rule, Verdict: Hold, By: by}
	if reason != "" {
		a.Verdict, a.Reason = Pass, reason
	}
	held := false
	for _, f := range v.Findings {
		if f.Rule == rule && f.Verdict == Hold {
			held = true
			if f.Paragraph >= 0 && !slices.Contains(a.Sentences, f.sentence) {
				a.Sentences = append(a.Sentences, f.sentence)
			}
		}
	}
	if !held {
		return OpID{}, field("rule", "nothing of this story is held by it")
	}
	a.Sum, a.Sentences = v.sums[rule], append(a.Sentences, v.scopes[rule]...)
	return d.append1(ctx, opRule, ruleThing(story, rule), story, a)
}

// ruleThing is the thing that answers to one rule of one story are about: two desks that
// answer at once answer the same.
func ruleThing(story ID, rule string) ID {
	sum := sha256.Sum256(append(append([]byte("kkachi/1 rule\x00"), story[:]...), rule...))
	return ID(sum[:len(ID{})])
}

func (d *Desk) ruleAnswers(ctx context.Context, story ID) (map[string]ruleAnswer, error) {
	sts, err := d.statesOf(ctx, nounRule, story)
	if err != nil {
		return nil, err
	}
	out := make(map[string]ruleAnswer, len(sts))
	for _, st := range sts {
		a, err := unmarshal[ruleAnswer](st.doc)
		if err != nil {
			return nil, err
		}
		a.day, a.op = st.day, st.op
		out[a.Rule] = a
	}
	return out, nil
}

// covers says whether an answer is one to a finding of a rule that is worded as sum says and,
// of a whole story, asks about these sentences.
func (a ruleAnswer) covers(f *Finding, sum string, scope []ID) bool {
	if f.Paragraph >= 0 {
		scope = []ID{f.sentence}
	}
	return a.Verdict == Pass && a.Sum == sum && !slices.ContainsFunc(scope, func(id ID) bool { return !slices.Contains(a.Sentences, id) })
}

// scope gives the sentences that a rule of the whole story asks about.
func scope(when rules.When, v *StoryView) []ID {
	var out []ID
	for _, p := range v.Paragraphs {
		for _, sn := range p.Sentences {
			if when == rules.Always || when == rules.Unnamed && len(sn.Sentence.Claims) > 0 {
				out = append(out, sn.ID)
			}
		}
	}
	slices.SortFunc(out, func(a, b ID) int { return bytes.Compare(a[:], b[:]) }) // wherever they stand
	return out
}

// judgeHouse finds what the house rules ask of a story. A file that can't be read blocks.
func (d *Desk) judgeHouse(ctx context.Context, g *gate, v *StoryView) error {
	list, err := d.HouseRules()
	if bad, ok := errors.AsType[*rules.Error](err); ok {
		g.add(Finding{
			Verdict: Block, Rule: "house", Key: "desk.find.rules", Args: []any{bad.Line, Said{bad.Key, bad.Args}},
			Fix: "desk.fix.rules", Paragraph: -1, Sentence: -1, Final: true,
		})
		return nil
	}
	if err != nil {
		return err
	}
	g.house, g.sums, g.scopes = list, map[string]string{}, map[string][]ID{}
	for i := range list {
		r := &list[i]
		g.sums[housePrefix+r.ID] = r.Sum()
		switch r.Kind {
		case rules.Asked:
			for _, at := range applies(r.When, v) {
				g.add(finding(r, at))
			}
			g.scopes[housePrefix+r.ID] = scope(r.When, v)
			if r.When == rules.Photo && v.Photo != nil { // asked of this picture
				g.sums[housePrefix+r.ID] += v.Photo.Original
			}
		case rules.Exposure:
			if len(applies(r.When, v)) == 0 {
				continue
			}
			for _, f := range v.Exposure.findings(r, d.Today()) {
				g.add(f)
			}
			g.sums[housePrefix+r.ID] += v.Exposure.asks
		}
	}
	return nil
}

var nowhere = [2]int{-1, -1}

// finding is what a rule says at a place, not answered yet.
func finding(r *rules.Rule, at [2]int) Finding {
	f := Finding{
		Verdict: Hold, Rule: housePrefix + r.ID, Key: "desk.find.house", Args: []any{r.Words}, Fix: "desk.fix.answer",
		Paragraph: at[0], Sentence: at[1],
	}
	if r.Weight == rules.Block {
		f.Verdict, f.Fix = Block, "desk.fix.two"
	}
	return f
}

// applies gives the places at which a rule asks something of a story: sentences, or nowhere
// for the story as a whole; none if it asks nothing.
func applies(when rules.When, v *StoryView) [][2]int {
	whole := map[rules.When]bool{rules.Always: len(v.Paragraphs) > 0, rules.Photo: v.Photo != nil}
	var out [][2]int
	for i, p := range v.Paragraphs {
		for j := range p.Sentences {
			sn := &p.Sentences[j]
			grave := sn.Grave && len(sn.Sentence.Claims) > 0
			switch when {
			case rules.Unnamed:
				whole[when] = whole[when] || len(sn.Sentence.Claims) > 0
			case rules.OneChain:
				if sn.Rung == ladder.OneChain {
					out = append(out, [2]int{i, j})
				}
			case rules.Grave:
				if sn.Grave {
					out = append(out, [2]int{i, j})
				}
			case rules.GraveOneChain:
				if grave && sn.Independent < 2 {
					out = append(out, [2]int{i, j})
				}
			}
		}
	}
	if whole[when] {
		return [][2]int{nowhere}
	}
	return out
}

// ruleViews shows each rule with what became of it.
func (d *Desk) ruleViews(g *gate, v *StoryView) []RuleView {
	var out []RuleView
	for i := range g.house {
		r := &g.house[i]
		w := RuleView{ID: r.ID, Words: r.Words, Weight: r.Weight, Verdict: Pass, Derived: r.Kind != rules.Asked}
		w.Applies = len(applies(r.When, v)) > 0
		own := map[rules.Kind]string{rules.Plural: "typed source", rules.Reason: "edition"}[r.Kind]
		for _, f := range v.Findings {
			mine := f.Rule == housePrefix+r.ID
			switch r.Kind {
			case rules.Plural: // whoever types "sources" is found by the gate itself
				mine = f.Rule == own
			case rules.Reason:
				mine = f.Rule == own && f.Key == "desk.find.no-reason"
			case rules.Exposure: // judged by itself; what is held, somebody answers
				w.Derived = w.Derived && (!mine || f.Verdict != Hold)
			}
			if !mine {
				continue
			}
			if f.Paragraph >= 0 && !slices.Contains(w.At, [2]int{f.Paragraph, f.Sentence}) {
				w.At = append(w.At, [2]int{f.Paragraph, f.Sentence})
			}
			if !f.Answered && w.Verdict != Block && w.Applies {
				w.Verdict = f.Verdict
			}
		}
		if a, ok := g.answers[housePrefix+r.ID]; ok && a.Verdict == Pass {
			w.Reason, w.By, w.Day, w.Op = a.Reason, a.By, a.day, a.op
			w.Stale = w.Applies && w.Verdict != Pass
		}
		slices.SortFunc(w.At, func(a, b [2]int) int { return (a[0]-b[0])*1000 + a[1] - b[1] })
		out = append(out, w)
	}
	return append(out, ownViews(g, v)...)
}

// ownViews shows what the gate holds by rules of its own.
func ownViews(g *gate, v *StoryView) []RuleView {
	var out []RuleView
	for _, f := range v.Findings {
		if f.Verdict != Hold || strings.HasPrefix(f.Rule, housePrefix) || slices.ContainsFunc(out, func(w RuleView) bool { return w.ID == f.Rule }) {
			continue
		}
		w := RuleView{
			ID: f.Rule, Own: true, Weight: rules.Hold, Verdict: Hold, Applies: true,
			Words: lang.Words{KO: lang.T(lang.Korean, f.Key, f.Args...), EN: lang.T(lang.English, f.Key, f.Args...), ZH: lang.T(lang.Chinese, f.Key, f.Args...)},
		}
		if f.Answered {
			w.Verdict = Pass
		}
		if a, ok := g.answers[f.Rule]; ok && a.Verdict == Pass {
			w.Reason, w.By, w.Day, w.Op = a.Reason, a.By, a.day, a.op
		}
		if f.Paragraph >= 0 {
			w.At = [][2]int{{f.Paragraph, f.Sentence}}
		}
		out = append(out, w)
	}
	return out
}

// A Said is a text of the catalogue among the arguments of another.
type Said struct {
	Key  string
	Args []any
}
