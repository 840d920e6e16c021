package web

import (
	"context"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// houseView is the list of house rules as a story stands to them.
type houseView struct {
	Rules  []ruleView
	Others []ruleView // that are met by themselves, or ask nothing of this story
	More   string
	Left   string // how many are to be answered still, in words
	Open   bool   // some are
}

// ruleView is one rule: its verdict, and where somebody is asked the form that answers it.
type ruleView struct {
	ID, Rule, Word       string
	Verdict              mark
	Hint                 string // why there is nothing to answer
	Ask, Here            bool   // Here: the first that is not answered
	Reason, By           string
	Stale                bool
	At                   []ruleAt
	DraftKey, DraftShown string
}

type ruleAt struct{ Href, Word string }

func (v *visit) house(p *storyPage, st *desk.StoryView) {
	left := 0
	for _, r := range st.House {
		w := ruleView{
			ID: ruleAnchor(r.ID), Rule: r.Rule(), Word: lang.Capital(r.Words.In(lang.Tag(v.tongue))), Verdict: v.verdict(r.Verdict),
			Reason: r.Reason, Stale: r.Stale, DraftKey: draftRule + ruleAnchor(r.ID) + "/" + p.ID,
		}
		if r.By != "" {
			w.By = v.T("desk.house.by", r.By, v.short(r.Day))
		}
		switch {
		case !r.Applies:
			w.Hint = v.T("desk.house.none")
		case r.Derived:
			w.Hint = v.T("desk.house.derived")
		case r.Weight == "block":
			w.Hint = v.T("desk.house.two")
		default:
			w.Ask = true
		}
		if r.Verdict == desk.Hold && w.Ask {
			w.Here = left == 0
			left++
		}
		if d := st.Drafts[draftRule+ruleAnchor(r.ID)]; d != "" && d != r.Reason {
			w.DraftShown = d
		}
		for _, a := range r.At {
			w.At = append(w.At, ruleAt{p.Query + "&s=" + at(a[0], a[1]) + "#s" + at(a[0], a[1]), at(a[0], a[1])})
		}
		if w.Hint != "" && r.Verdict == desk.Pass {
			p.Asks.Others = append(p.Asks.Others, w)
			continue
		}
		p.Asks.Rules = append(p.Asks.Rules, w)
	}
	if n := len(p.Asks.Others); n > 0 {
		p.Asks.More = v.N("desk.house.others", n)
	}
	p.Asks.Open = left > 0
	if left > 0 {
		p.Asks.Left = v.N("desk.house.left", left)
	}
}

// ruleAnchor is a rule's name in addresses and keys of drafts.
func ruleAnchor(id string) string {
	out := []byte(id)
	for i, c := range out {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			out[i] = '-'
		}
	}
	return string(out)
}

// postRule answers a rule, and leads on to the next that is asked.
func (s *Server) postRule(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.takingDrafts(v, id, func(ctx context.Context) (desk.OpID, error) {
		return s.desk.AnswerRule(ctx, id, v.form("rule"), s.opts.By, v.form("text"))
	})
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showStory(v, id, w) })
	}
	s.say(v.T("desk.said.answered"), op)
	st, err := s.desk.Story(v.ctx(), id)
	if err != nil {
		return err
	}
	for _, r := range st.House {
		if r.Verdict == desk.Hold && !r.Derived && r.Weight != "block" {
			return v.backAt(id, "r-"+ruleAnchor(r.ID))
		}
	}
	return v.backAt(id, "approval")
}

// words puts the texts among a finding's arguments into the reader's language.
func (t tongue) words(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case lang.Words:
			out[i] = a.In(lang.Tag(t))
		case desk.Said:
			out[i] = t.T(a.Key, t.words(a.Args)...)
		case cell.Day:
			out[i] = t.day(a)
		default:
			out[i] = a
		}
	}
	return out
}

// rulePair hands a rule to its template together with the story whose page it is on.
type rulePair struct {
	A           ruleView
	Story, View string
}
