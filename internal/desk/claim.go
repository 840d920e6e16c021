package desk

import (
	"context"
	"fmt"
	"slices"

	"kkachi/internal/desk/ladder"
)

// A Claim is one atomic statement. Only Statement must be given.
type Claim struct {
	Statement string `json:"statement"`
	Subject   string `json:"subject,omitempty"`
	Act       string `json:"act,omitempty"`
	Object    string `json:"object,omitempty"`
	Time      string `json:"time,omitempty"` // a range in the manner of EDTF
	Place     string `json:"place,omitempty"`
	Quantity  string `json:"quantity,omitempty"` // a range
	Negative  bool   `json:"negative,omitempty"` // the claim says that something is not so
}

// An EvidenceInput is what a journalist enters for a report and a claim.
type EvidenceInput struct {
	Claim, Report ID
	Words         string // of the report; "" if none were marked
	Stance        ladder.Stance
	Path          ladder.Path
	// Relays is "-" or "" for none, or a list with commas: "?" is an unknown link, a
	// handle is a source of this desk, "story:" and an ID one of the house's stories that
	// the teller has read; anything else is somebody known to the desk only as a
	// token, and is blinded before it is kept.
	Relays   string
	Grade    int  // 1 to 6
	Original bool // physical evidence is held
}

// A claimDoc is the content of a claim. A claim that was split off another says from which,
// and which items of evidence it took along; both stay when its words change.
type claimDoc struct {
	Claim
	From ID   `json:"from,omitzero"`
	Took []ID `json:"took,omitempty"`
}

const maxStatement = 1000 // bytes

func (c Claim) check() error {
	if err := checkText("statement", c.Statement); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"statement": c.Statement, "subject": c.Subject, "act": c.Act, "object": c.Object,
		"time": c.Time, "place": c.Place, "quantity": c.Quantity,
	} {
		if len(text) > maxStatement {
			return field(name, "longer than %d bytes: a claim is one atomic statement", maxStatement)
		}
	}
	return nil
}

// NewClaim makes a claim. It gets the next number.
func (d *Desk) NewClaim(ctx context.Context, c Claim) (ID, OpID, error) {
	if err := c.check(); err != nil {
		return ID{}, OpID{}, err
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opClaim, id, id, claimDoc{Claim: c})
	return id, op, err
}

// EditClaim changes the words of a claim.
func (d *Desk) EditClaim(ctx context.Context, claim ID, c Claim) (OpID, error) {
	if err := c.check(); err != nil {
		return OpID{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	st, err := d.state(ctx, nounClaim, claim)
	if err != nil {
		return OpID{}, err
	}
	old, err := unmarshal[claimDoc](st.doc)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: claim: %w", err)
	}
	old.Claim = c
	return d.append1(ctx, opClaim, claim, claim, old)
}

// WithdrawClaim marks a claim as withdrawn: no story that carries it may be approved.
func (d *Desk) WithdrawClaim(ctx context.Context, claim ID) (OpID, error) {
	if _, err := d.state(ctx, nounClaim, claim); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opClaimDrop, claim, claim, struct{}{})
}

// Claims lists all claims by number.
func (d *Desk) Claims(ctx context.Context) ([]ClaimRow, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]ClaimRow, len(b.claims))
	for i, c := range b.claims {
		out[i] = c.row(len(c.stories(b.carried)))
	}
	return out, nil
}

// Ladder gives what is derived for each claim, in the form that kkachi ladder prints.
func (d *Desk) Ladder(ctx context.Context) ([]ladder.Result, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]ladder.Result, len(b.claims))
	for i, c := range b.claims {
		out[i] = c.result
		out[i].Items = nil // they hold tokens, which stay at the desk
	}
	return out, nil
}

// Claim gives one claim with its evidence and why it stands where it stands.
func (d *Desk) Claim(ctx context.Context, claim ID) (*ClaimView, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	c := b.byID[claim]
	if c == nil {
		return nil, fmt.Errorf("%w: claim %s", ErrNotFound, claim)
	}
	stories := c.stories(b.carried)
	v := &ClaimView{ClaimRow: c.row(len(stories)), Claim: c.claim, Op: c.op, Why: c.why()}
	c.beside(v, b)
	handles, err := c.handles(ctx, d)
	if err != nil {
		return nil, err
	}
	titles := map[ID]string{}
	for _, s := range b.stories {
		titles[s.id] = s.title
	}
	for _, e := range c.evidence {
		v.Evidence = append(v.Evidence, e.view(handles, titles))
	}
	v.InStory, err = d.storiesWhere(ctx, b, func(id ID) bool { return slices.Contains(stories, id) })
	return v, err
}

func (e *evidenceState) view(handles, titles map[ID]string) EvidenceView {
	v := EvidenceView{
		ID: e.thing, Claim: e.Claim, Report: e.Report, ReportNumber: e.report.Number, Source: e.report.Source,
		Handle: e.report.Handle, Kind: e.report.Kind, Day: e.report.Day, Words: e.Words, Stance: e.Stance,
		Path: e.Path, Grade: e.Grade, Original: e.Original, Chain: e.standing.Chain, Open: e.standing.Open,
		Barred: e.barred, Erased: e.erased, Pulled: e.pulled, Origins: e.origins(handles, titles), Op: e.op,
	}
	if e.report.ID.IsZero() {
		v.Day, v.Op = e.day, OpID{} // all that is left is when it went
	}
	for _, r := range e.Relays {
		switch {
		case !r.Teller.IsZero():
			v.Relays = append(v.Relays, RelayView{RelayTeller, handles[r.Teller], r.Teller})
		case !r.Story.IsZero():
			v.Relays = append(v.Relays, RelayView{RelayStory, titles[r.Story], r.Story})
		default:
			v.Relays = append(v.Relays, RelayView{RelayToken, shown(r.Token), ID{}})
		}
	}
	if e.Unknown {
		v.Relays = append(v.Relays, RelayView{RelayUnknown, "?", ID{}})
	}
	return v
}
