package desk

import (
	"context"
	"fmt"
	"slices"
)

// merged is the content of taking a claim into another: both say the same. What speaks for
// or against it counts for the other from then on, and a story that carries it carries the
// other. Undoing it takes them apart again.
type merged struct {
	Into ID `json:"into"`
}

// A MergedView is a claim that stands under another, or that another was split off from.
type MergedView struct {
	ID        ID
	Number    string
	Statement string
	Op        OpID // by which it was merged, for Undo
}

// MergeClaim takes a claim into another that says the same.
func (d *Desk) MergeClaim(ctx context.Context, claim, into ID) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, err := d.board(ctx)
	if err != nil {
		return OpID{}, err
	}
	from, to := b.byID[claim], b.byID[into]
	switch {
	case from == nil:
		return OpID{}, fmt.Errorf("%w: claim %s", ErrNotFound, claim)
	case to == nil || to.gone:
		return OpID{}, field("into", "no such claim")
	case from == to:
		return OpID{}, field("into", "a claim can't be taken into itself")
	}
	return d.append1(ctx, opMerge, from.thing, from.thing, merged{to.thing})
}

// merge puts claims that were merged under the ones that they went into. Where two desks
// merged in a ring, those in it stay apart.
func (b *board) merge(ctx context.Context) error {
	sts, err := b.desk.states(ctx, nounMerged)
	if err != nil {
		return err
	}
	into := map[ID]ID{}
	for _, st := range sts {
		m, err := unmarshal[merged](st.doc)
		if err != nil {
			return fmt.Errorf("desk: merged claims: %w", err)
		}
		if b.byID[st.thing] != nil && b.byID[m.Into] != nil {
			into[st.thing] = m.Into
			b.byID[st.thing].mergeOp = st.op
		}
	}
	b.merged = map[ID]*claimState{}
	roots := map[ID]*claimState{}
	for id := range into {
		to, rounds := id, 0
		for ; rounds <= len(into); rounds++ {
			next, ok := into[to]
			if !ok {
				break
			}
			to = next
		}
		if rounds <= len(into) {
			roots[id] = b.byID[to]
		} else {
			b.byID[id].mergeOp = OpID{}
		}
	}
	for _, c := range b.claims { // by number
		if root := roots[c.thing]; root != nil {
			root.held = append(root.held, c)
			b.merged[c.thing] = c
		}
	}
	for id, root := range roots {
		b.byID[id] = root
	}
	b.claims = slices.DeleteFunc(b.claims, func(c *claimState) bool { return b.merged[c.thing] != nil })
	return nil
}

// stories gives the stories that carry the claim or one that was merged into it.
func (c *claimState) stories(carried map[ID][]ID) []ID {
	out := slices.Clone(carried[c.thing])
	for _, m := range c.held {
		for _, id := range carried[m.thing] {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

func (c *claimState) mergedView() MergedView {
	return MergedView{c.thing, c.label(), c.claim.Statement, c.mergeOp}
}
