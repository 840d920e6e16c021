package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kkachi/internal/vault"
)

// undo is the content of an operation that turns another over.
type undo struct {
	Op OpID `json:"op"`
}

// Undo undoes an operation, or does an undone one again if op is itself an undo. It gives
// the kind of what was undone ("evidence.set") and the id of the undo. What can be undone:
// sheets, marks of threads, notes on them, joining, canned replies, saved views, what is
// said of a case but its hand-over, translations, consent, call notes, claims, evidence, stories and
// photographs, with their withdrawals. What can't, with ErrNotUndone: letters and batches,
// which came in; what was read; drafts, which are only saved over; approvals, overrides
// and releases, which others rely on; and a reply: see UndoAll.
func (d *Desk) Undo(ctx context.Context, op OpID) (kind string, id OpID, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kind, thing, owner, err := d.undoable(ctx, op)
	if err != nil {
		return "", OpID{}, err
	}
	id, err = d.append1(ctx, opUndo, thing, owner, undo{op})
	return kind, id, err
}

// undoable finds what an operation changed, and whether it may be turned over.
func (d *Desk) undoable(ctx context.Context, op OpID) (kind string, thing, owner ID, err error) {
	var target OpID
	err = d.v.View().QueryRow(ctx, `SELECT target FROM undo WHERE op = ?`, op).Scan(&target)
	if errors.Is(err, sql.ErrNoRows) {
		target = op
	} else if err != nil {
		return "", ID{}, ID{}, fmt.Errorf("desk: undo: %w", err)
	}
	var noun string
	err = d.v.View().QueryRow(ctx, `SELECT kind, noun, thing, owner FROM version WHERE op = ?`, target).Scan(&kind, &noun, &thing, &owner)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ID{}, ID{}, ErrNotUndone
	}
	if err != nil {
		return "", ID{}, ID{}, fmt.Errorf("desk: undo: %w", err)
	}
	if noun == nounErased {
		return "", ID{}, ID{}, ErrNotUndone
	}
	if noun == nounReplyGone {
		if err := d.stillWaits(ctx, thing); err != nil {
			return "", ID{}, ID{}, err
		}
	}
	return kind, thing, owner, nil
}

// undoing drafts what takes an operation back.
func (d *Desk) undoing(ctx context.Context, op OpID) (vault.Draft, error) {
	_, thing, owner, err := d.undoable(ctx, op)
	if !errors.Is(err, ErrNotUndone) {
		if err != nil {
			return vault.Draft{}, err
		}
		return draft(opUndo, thing, owner, undo{op})
	}
	err = d.v.View().QueryRow(ctx, `SELECT id, source FROM reply WHERE op = ?`, op).Scan(&thing, &owner)
	if errors.Is(err, sql.ErrNoRows) {
		return vault.Draft{}, ErrNotUndone
	}
	if err != nil {
		return vault.Draft{}, fmt.Errorf("desk: undo: %w", err)
	}
	if err := d.stillWaits(ctx, thing); err != nil {
		return vault.Draft{}, err
	}
	return draft(opReplyWithdraw, thing, owner, struct{}{})
}
