package desk

import (
	"context"
	"fmt"
	"strings"

	"kkachi/internal/cell"
)

// disputed is the content of a journalist's doubt: the claim is marked disputed though no
// report contradicts it. It never raises a rung; undoing it is how a doubt is settled.
type disputed struct {
	By     string `json:"by"`
	Reason string `json:"reason"`

	day cell.Day
	op  OpID
}

// A DisputeView is a doubt that somebody at the desk has of a claim.
type DisputeView struct {
	By, Reason string
	Day        cell.Day
	Op         OpID // for Undo
}

// DisputeClaim marks a claim as disputed, with a reason. A sentence that carries it must
// say so.
func (d *Desk) DisputeClaim(ctx context.Context, claim ID, by, reason string) (OpID, error) {
	if strings.TrimSpace(by) == "" {
		return OpID{}, field("by", "say who doubts it")
	}
	if err := checkReason(reason); err != nil {
		return OpID{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.onBoard(ctx, claim)
	if err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opDispute, c.thing, c.thing, disputed{By: by, Reason: reason})
}

// onBoard gives a claim as it stands, or the one that it was merged into.
func (d *Desk) onBoard(ctx context.Context, claim ID) (*claimState, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	c := b.byID[claim]
	if c == nil {
		return nil, fmt.Errorf("%w: claim %s", ErrNotFound, claim)
	}
	return c, nil
}

// checkReason refuses a reason that says nothing, or too much.
func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return field("reason", "empty: say why")
	}
	if len(reason) > maxSheet {
		return field("reason", "longer than %d bytes", maxSheet)
	}
	return nil
}

// loadDisputes marks the claims that somebody doubts.
func (b *board) loadDisputes(ctx context.Context) error {
	sts, err := b.desk.states(ctx, nounDispute)
	if err != nil {
		return err
	}
	for _, st := range sts {
		doubt, err := unmarshal[disputed](st.doc)
		if err != nil {
			return fmt.Errorf("desk: disputes: %w", err)
		}
		if c := b.byID[st.thing]; c != nil {
			doubt.day, doubt.op = st.day, st.op
			c.dispute = &doubt
		}
	}
	return nil
}
