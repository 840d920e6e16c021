package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// reply is the content of a queued reply. Its id in the protocol is the first 8 bytes of
// its thing.
type reply struct {
	Text string `json:"text"`
	By   string `json:"by"`
}

// replyOut says that a published bulletin held a reply.
type replyOut struct {
	Day cell.Day `json:"day"` // the bulletin's
}

// replyPassed says that a bulletin held a later reply of the same source without this one: who
// names that one may not have read this.
type replyPassed struct{}

// Limits of replies.
const (
	ownTags      = cell.TagsPerDay / cell.MaxDesks // tags of a thread and day that a desk owns
	MaxReplySize = ownTags * seal.ReplyBodySize    // bytes of a reply: what fits into the tags of one day
	ReplyDays    = 28                              // days for which a reply is sealed anew
)

// Reply queues a reply to a source. It is sealed anew into each day's parcel until a letter
// says that it was read, for ReplyDays at most.
func (d *Desk) Reply(ctx context.Context, src ID, text, by string) (ID, OpID, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return ID{}, OpID{}, field("text", "empty")
	case !utf8.ValidString(text):
		return ID{}, OpID{}, field("text", "not UTF-8")
	case len(text) > MaxReplySize:
		return ID{}, OpID{}, field("text", "%d bytes, and %d fit: write two", len(text), MaxReplySize)
	case strings.TrimSpace(by) == "":
		return ID{}, OpID{}, field("by", "say who answers")
	}
	next, err := d.successors(ctx)
	if err != nil {
		return ID{}, OpID{}, err
	}
	src = follow(next, src)
	var thread []byte
	err = d.v.View().QueryRow(ctx, `SELECT thread FROM source WHERE id = ?`, src).Scan(&thread)
	if errors.Is(err, sql.ErrNoRows) {
		return ID{}, OpID{}, fmt.Errorf("%w: source %s", ErrNotFound, src)
	}
	if err != nil {
		return ID{}, OpID{}, fmt.Errorf("desk: %w", err)
	}
	if len(thread) == 0 {
		return ID{}, OpID{}, field("source", "known from calls only, and has no thread to answer in")
	}
	if err := d.mayAnswer(ctx, src); err != nil {
		return ID{}, OpID{}, err
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opReply, id, src, reply{text, by})
	return id, op, err
}

// mayAnswer refuses a reply that would wait in vain: the weekly key of a thread that was moved
// is destroyed, and who says afterwards that it is another source's has none to seal with until
// a letter brings it again.
func (d *Desk) mayAnswer(ctx context.Context, src ID) error {
	if _, err := d.state(ctx, nounApart, src); errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if _, err := d.chainOf(secretThread + src.String()); !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return field("answer", "its weekly key went when it was moved: a letter by its words brings it again")
}

// WithdrawReply takes a reply back while it waits. Once a bulletin held it, it is too late:
// ErrLate. A parcel for tomorrow may be at the host already: the next sync replaces it, and
// if none comes before the day ends the reply goes out once, and is shown so.
func (d *Desk) WithdrawReply(ctx context.Context, id ID) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	owner, err := d.ownerOf(ctx, "reply", id)
	if err != nil {
		return OpID{}, err
	}
	if err := d.stillWaits(ctx, id); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opReplyWithdraw, id, owner, struct{}{})
}

// stillWaits fails with ErrLate if a bulletin held the reply.
func (d *Desk) stillWaits(ctx context.Context, id ID) error {
	var out int
	err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM reply WHERE id = ? AND (day IS NOT NULL OR seen IS NOT NULL)`, id).Scan(&out)
	if err != nil {
		return fmt.Errorf("desk: reply: %w", err)
	}
	if out > 0 {
		return fmt.Errorf("%w: a bulletin held this reply", ErrLate)
	}
	return nil
}

// replyRow is a reply with what its state is made from.
type replyRow struct {
	ReplyView
	n         int
	source    ID // where it is answered
	own       ID // of the thread for which it was written
	day, seen sql.NullInt64
	passed    bool
	gone      bool
}

// replies gives replies, oldest first. where is a condition on p (reply).
func (d *Desk) replies(ctx context.Context, where string, args ...any) ([]replyRow, error) {
	rows, err := d.v.View().Query(ctx, `SELECT p.id, p.n, p.source, p.text, p.author, p.queued, p.day, p.seen, p.op, p.passed, g.thing IS NOT NULL
		FROM reply p LEFT JOIN state g ON g.noun = 'reply gone' AND g.thing = p.id WHERE `+where+` ORDER BY p.n`, args...)
	if err != nil {
		return nil, fmt.Errorf("desk: replies: %w", err)
	}
	out, err := collect(rows, func(r *replyRow) []any {
		return []any{&r.ID, &r.n, &r.source, &r.Text, &r.By, &r.Queued, &r.day, &r.seen, &r.Op, &r.passed, &r.gone}
	})
	for i := range out {
		out[i].own, out[i].State = out[i].source, out[i].state(d.Today())
	}
	return out, err
}

func (r *replyRow) state(today cell.Day) ReplyState {
	switch {
	case r.seen.Valid:
		return ReplyState{ReadBack, cell.Day(r.seen.Int64)}
	case r.gone && !r.day.Valid:
		return ReplyState{Withdrawn, 0}
	case today > r.Queued+ReplyDays:
		return ReplyState{Expired, r.Queued + ReplyDays}
	case r.day.Valid:
		return ReplyState{InBulletin, cell.Day(r.day.Int64)}
	}
	return ReplyState{}
}

// passOver writes down which replies stand not in a bulletin that holds a later one of their
// source, each once. all are in the order in which they were written. The caller holds mu.
func (d *Desk) passOver(ctx context.Context, all []replyRow, holds func(ID) bool) error {
	last := map[ID]int{}
	for _, r := range all {
		if holds(r.ID) {
			last[r.source] = r.n
		}
	}
	for _, r := range all {
		if r.passed || !r.wants() || r.n >= last[r.source] || holds(r.ID) {
			continue
		}
		if _, err := d.append1(ctx, opReplyPassed, r.ID, r.own, replyPassed{}); err != nil {
			return err
		}
	}
	return nil
}

// wants says whether the reply is still to be sealed into parcels.
func (r *replyRow) wants() bool {
	return !r.gone && (r.State.Progress == Waiting || r.State.Progress == InBulletin)
}
