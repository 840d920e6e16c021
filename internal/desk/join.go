package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/vault"
)

// joinedTo is the content of a journalist's word that two threads are one source: somebody
// who lost the eight words, or who called first and wrote later. It works like a move that
// the source said itself, but for the weekly keys: those of both threads stay, since a
// journalist may err and undo it.
type joinedTo struct {
	Into ID     `json:"into"`
	By   string `json:"by"`
}

// Join joins a thread to another that goes on: one row, one origin in every chain, and
// replies go to the one that goes on. It gives the operations whose undoing parts them.
func (d *Desk) Join(ctx context.Context, src, into ID, by string) ([]OpID, error) {
	if strings.TrimSpace(by) == "" {
		return nil, field("by", "say who joins them")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	next, err := d.successors(ctx)
	if err != nil {
		return nil, err
	}
	into = follow(next, into)
	if follow(next, src) == into {
		return nil, field("join", "both are one source already")
	}
	if next[src] != (ID{}) {
		return nil, field("join", "the thread goes on elsewhere already")
	}
	if err := d.mayJoin(ctx, src, into); err != nil {
		return nil, err
	}
	ours, err := stateOf[tags](ctx, d, nounTags, into)
	if err != nil {
		return nil, err
	}
	theirs, err := stateOf[tags](ctx, d, nounTags, src)
	if err != nil {
		return nil, err
	}
	dr, err := draft(opJoin, src, src, joinedTo{into, by})
	if err != nil {
		return nil, err
	}
	drafts := []vault.Draft{dr}
	all := slices.Concat(ours.Tags, theirs.Tags)
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > len(ours.Tags) && len(all) <= maxTags {
		dr, err := draft(opTags, into, into, tags{all})
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, dr)
	}
	hs, err := d.v.Append(ctx, drafts...)
	if err != nil {
		return nil, fmt.Errorf("desk: joining threads: %w", err)
	}
	return opIDs(hs), nil
}

// Part undoes the joining of a thread: they are two sources after all.
func (d *Desk) Part(ctx context.Context, src ID) (OpID, error) {
	st, err := d.state(ctx, nounJoined, src)
	if err != nil {
		return OpID{}, err
	}
	_, op, err := d.Undo(ctx, st.op)
	return op, err
}

// mayJoin refuses to join a thread to somebody who can't be answered: then it is to be
// done the other way round; and to or from one whose source asked for erasure: a thread that
// nobody asked to erase would be destroyed with it.
func (d *Desk) mayJoin(ctx context.Context, src, into ID) error {
	var from, to bool
	for id, has := range map[ID]*bool{src: &from, into: &to} {
		if err := d.mustHave(ctx, "source", id); err != nil {
			return err
		}
		if day, err := d.firstErase(ctx, id); err != nil || day != 0 {
			return errors.Join(err, field("join", "its source asked for erasure"))
		}
		err := d.v.View().QueryRow(ctx, `SELECT coalesce(length(thread), 0) > 0 FROM source WHERE id = ?`, id).Scan(has)
		if err != nil {
			return fmt.Errorf("desk: joining threads: %w", err)
		}
	}
	if from && !to {
		return field("join", "known from calls only: join it to the thread with letters instead")
	}
	return nil
}

// UndoAll undoes several operations, all or none, and gives the ids of the undoing ones. A
// reply that waits is withdrawn.
func (d *Desk) UndoAll(ctx context.Context, ops []OpID) ([]OpID, error) {
	if len(ops) == 0 || len(ops) > MaxChanges+1 {
		return nil, ErrNotUndone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var drafts []vault.Draft
	for _, op := range ops {
		dr, err := d.undoing(ctx, op)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, dr)
	}
	hs, err := d.v.Append(ctx, drafts...)
	if err != nil {
		return nil, fmt.Errorf("desk: undo: %w", err)
	}
	return opIDs(hs), nil
}
