package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
)

// A Withdrawal takes back what was told: exactly one of its fields is given. Nothing is
// deleted; what rests on it is derived anew, and what was printed on it needs a correction.
type Withdrawal struct {
	Report ID // its teller takes it back, or it turned out not to be what it seemed
	Source ID // discredited: none of its tellings counts
	Claim  ID // the claim itself is withdrawn
}

// A Pull says why evidence stopped counting, though nobody withdrew the item itself.
type Pull string

// Why.
const (
	PulledReport Pull = "report" // its report was withdrawn
	PulledSource Pull = "source" // its source was discredited
)

// retracted is the content of a withdrawal or a discredit. It dies with the source.
type retracted struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// pulled are the reports and sources that don't count any more.
type pulled struct{ reports, sources map[ID]bool }

func (p pulled) of(e *evidenceState) Pull {
	switch {
	case p.reports[e.Report]:
		return PulledReport
	case p.sources[e.report.Source]:
		return PulledSource
	}
	return ""
}

// loadPulled gives what was withdrawn and discredited, and what r would.
func (b *board) loadPulled(ctx context.Context, r Withdrawal) (pulled, error) {
	p := pulled{map[ID]bool{}, map[ID]bool{}}
	reports, err := b.desk.states(ctx, nounReportGone)
	if err != nil {
		return p, err
	}
	sources, err := b.desk.states(ctx, nounDiscredited)
	if err != nil {
		return p, err
	}
	for _, st := range reports {
		p.reports[st.thing] = true
	}
	for _, st := range sources {
		p.sources[b.one(st.thing)] = true
	}
	if !r.Report.IsZero() {
		p.reports[r.Report] = true
	}
	if !r.Source.IsZero() {
		p.sources[b.one(r.Source)] = true
	}
	return p, nil
}

// A Cascade is what a withdrawal does, said before it is done.
type Cascade struct {
	Withdrawal
	Report  *ReportView // what is withdrawn; nil if it is a source or a claim
	Handle  string      // of its source
	Label   string      // of the claim
	Done    bool        // it is withdrawn already
	Items   int         // of evidence that stop counting
	Claims  []Shift     // those that come to stand otherwise
	Stories []StoryRow  // unprinted ones that carry such a claim
	Printed []Due       // printed sentences that need a correction then, and don't now
}

// A Shift is how a claim stands before and after.
type Shift struct {
	ID                      ID
	Number, Statement       string
	Before, After           ladder.Rung
	DisputedNow, Undisputed bool
	Gone                    bool
}

// Cascade says what a withdrawal would do. Nothing is changed.
func (d *Desk) Cascade(ctx context.Context, r Withdrawal) (*Cascade, error) {
	now, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	then, err := d.boardIf(ctx, r)
	if err != nil {
		return nil, err
	}
	c := &Cascade{Withdrawal: r}
	if err := d.aim(ctx, c, now); err != nil {
		return nil, err
	}
	for id, e := range now.evidence {
		if after := then.evidence[id]; e.counts() && after != nil && !after.counts() {
			c.Items++
		}
	}
	touched := map[ID]bool{}
	for _, was := range now.claims {
		is := then.byID[was.thing]
		ch := Shift{
			ID: was.thing, Number: was.label(), Statement: was.claim.Statement, Before: was.result.Rung, After: is.result.Rung,
			DisputedNow: !was.result.Disputed && is.result.Disputed, Undisputed: was.result.Disputed && !is.result.Disputed,
			Gone: !was.gone && is.gone,
		}
		if ch.Before != ch.After || ch.DisputedNow || ch.Undisputed || ch.Gone {
			c.Claims = append(c.Claims, ch)
			touched[was.thing] = true
		}
	}
	if err := d.cascadeStories(ctx, c, now, touched); err != nil {
		return nil, err
	}
	before, err := d.due(ctx, now)
	if err != nil {
		return nil, err
	}
	after, err := d.due(ctx, then)
	if err != nil {
		return nil, err
	}
	known := map[dueKey]bool{}
	for _, u := range before {
		known[u.key()] = true
	}
	for _, u := range after {
		if !known[u.key()] {
			c.Printed = append(c.Printed, u)
		}
	}
	return c, nil
}

// aim finds what a withdrawal is about.
func (d *Desk) aim(ctx context.Context, c *Cascade, b *board) error {
	switch {
	case !c.Withdrawal.Report.IsZero():
		r, err := d.Report(ctx, c.Withdrawal.Report)
		if err != nil {
			return err
		}
		c.Report, c.Handle, c.Done = r, r.Handle, b.pulled.reports[r.ID]
	case !c.Withdrawal.Source.IsZero():
		t, err := d.Teller(ctx, c.Withdrawal.Source)
		if err != nil {
			return err
		}
		c.Handle, c.Done = t.Handle, b.pulled.sources[b.one(c.Withdrawal.Source)]
	default:
		claim := b.byID[c.Withdrawal.Claim]
		if claim == nil {
			return fmt.Errorf("%w: claim %s", ErrNotFound, c.Withdrawal.Claim)
		}
		c.Label, c.Done = claim.label(), claim.gone
	}
	return nil
}

// cascadeStories lists the stories not printed yet that carry a claim that changes. No other
// is judged.
func (d *Desk) cascadeStories(ctx context.Context, c *Cascade, b *board, touched map[ID]bool) error {
	want := map[ID]bool{}
	for _, s := range b.stories {
		want[s.id] = !s.printed && slices.ContainsFunc(s.claims, func(id ID) bool {
			cl := b.byID[id]
			return cl != nil && touched[cl.thing]
		})
	}
	var err error
	c.Stories, err = d.storiesWhere(ctx, b, func(id ID) bool { return want[id] })
	return err
}

// Withdraw takes back a report, a source's word, or a claim, with a reason; Undo brings it
// back. See Cascade for what it does.
func (d *Desk) Withdraw(ctx context.Context, r Withdrawal, by, reason string) (OpID, error) {
	if strings.TrimSpace(by) == "" {
		return OpID{}, field("by", "say who withdraws it")
	}
	if err := checkReason(reason); err != nil {
		return OpID{}, err
	}
	if !r.Claim.IsZero() {
		return d.WithdrawClaim(ctx, r.Claim)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	content := retracted{by, reason}
	if !r.Report.IsZero() {
		owner, err := d.ownerOf(ctx, "report", r.Report)
		if err != nil {
			return OpID{}, err
		}
		return d.append1(ctx, opReportDrop, r.Report, owner, content)
	}
	if err := d.mustHave(ctx, "source", r.Source); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opDiscredit, r.Source, r.Source, content)
}

// A WithdrawnView says who took something back, and why.
type WithdrawnView struct {
	By, Reason string
	Day        cell.Day
	Op         OpID // for Undo
}

// withdrawn gives the withdrawal of a report or the discredit of a source; nil if there is
// none.
func withdrawn(flags map[ID]state, thing ID) (*WithdrawnView, error) {
	st, ok := flags[thing]
	if !ok {
		return nil, nil
	}
	r, err := unmarshal[retracted](st.doc)
	return &WithdrawnView{r.By, r.Reason, st.day, st.op}, err
}
