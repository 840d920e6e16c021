package desk

import (
	"context"
	"fmt"
	"slices"
)

// SplitClaim makes a claim of its own out of some of a claim's evidence: what was one
// statement were two. The evidence moves, its words and paths stay. It is one operation:
// undone, the new claim is gone and the evidence is back.
func (d *Desk) SplitClaim(ctx context.Context, from ID, c Claim, evidence []ID) (ID, OpID, error) {
	if err := c.check(); err != nil {
		return ID{}, OpID{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	b, err := d.board(ctx)
	if err != nil {
		return ID{}, OpID{}, err
	}
	old := b.byID[from]
	if old == nil {
		return ID{}, OpID{}, fmt.Errorf("%w: claim %s", ErrNotFound, from)
	}
	if len(evidence) == 0 {
		return ID{}, OpID{}, field("evidence", "choose what goes with the new claim")
	}
	for _, id := range evidence {
		e := b.evidence[id]
		if e == nil || e.erased || e.Claim != old.thing {
			return ID{}, OpID{}, field("evidence", "does not belong to this claim")
		}
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	evidence = slices.Clone(evidence)
	slices.SortFunc(evidence, func(a, b ID) int { return slices.Compare(a[:], b[:]) })
	op, err := d.append1(ctx, opClaim, id, id, claimDoc{Claim: c, From: old.thing, Took: slices.Compact(evidence)})
	return id, op, err
}

// took gives for each item that went along with a split the claim that it stands under now:
// the newest one that took it.
func (b *board) took() map[ID]ID {
	out := map[ID]ID{}
	take := func(c *claimState) {
		for _, e := range c.doc.Took {
			out[e] = c.thing
		}
	}
	all := slices.Clone(b.claims)
	for _, c := range b.merged {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y *claimState) int { return x.number - y.number })
	for _, c := range all {
		take(c)
	}
	return out
}
