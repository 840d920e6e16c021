package desk

import (
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/desk/ladder"
)

// A FactorView is what one report adds to the range of odds.
type FactorView struct {
	Report int // its number
	ladder.Factor
}

// beside adds to a claim's view what stands beside its rung.
func (c *claimState) beside(v *ClaimView, b *board) {
	v.Drop = c.drop
	v.Cap = c.result.Cap()
	v.Lift = LiftView{May: c.mayLift() && !c.lift.done(), Done: c.lift.done(), By: c.lift}
	var factors []ladder.Factor
	v.Odds, factors = c.result.Odds()
	for _, f := range factors {
		n := 0
		if _, err := fmt.Sscanf(f.Report, "%d ", &n); err == nil {
			v.Factors = append(v.Factors, FactorView{n, f})
		}
	}
	for _, m := range c.held {
		v.Merged = append(v.Merged, m.mergedView())
	}
	if from := b.byID[c.doc.From]; from != nil && from != c {
		m := from.mergedView()
		v.From = &m
	}
	if c.dispute != nil {
		v.Dispute = &DisputeView{c.dispute.By, c.dispute.Reason, c.dispute.day, c.dispute.op}
	}
}

// origins gives all that stand behind an item, its teller first: what may not stand behind
// another chain.
func (e *evidenceState) origins(handles, titles map[ID]string) []RelayView {
	var out []RelayView
	teller := sourceToken(e.report.Source)
	for _, tok := range e.standing.Tokens {
		var v RelayView
		id, err := ParseID(tok[1:])
		switch {
		case tok[0] == 's' && err == nil:
			v = RelayView{RelayTeller, handles[id], id}
		case tok[0] == 'p' && err == nil:
			v = RelayView{RelayStory, titles[id], id}
		default:
			v = RelayView{RelayToken, shown(tok), ID{}}
		}
		if tok == teller {
			out = slices.Insert(out, 0, v)
			continue
		}
		out = append(out, v)
	}
	if e.Unknown || strings.Contains(string(e.standing.Open), "nobody") {
		out = append(out, RelayView{RelayUnknown, "?", ID{}})
	}
	return out
}
