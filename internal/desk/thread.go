package desk

import (
	"context"
	"fmt"
)

// Thread gives all that is kept of one source: of this thread, and of those it has left for
// it. Without words if its source asked for erasure: see Reveal.
func (d *Desk) Thread(ctx context.Context, src ID) (*ThreadView, error) {
	return d.thread(ctx, src, false)
}

func (d *Desk) thread(ctx context.Context, src ID, revealed bool) (*ThreadView, error) {
	v := &ThreadView{ID: src}
	var thread []byte
	var box int
	row := d.v.View().QueryRow(ctx, `SELECT s.handle, s.thread, t.box FROM source s JOIN thread t ON t.source = s.id WHERE s.id = ?`, src)
	if err := row.Scan(&v.Handle, &thread, &box); err != nil {
		return nil, fmt.Errorf("%w: source %s", ErrNotFound, src)
	}
	v.Letters, v.Blocked = len(thread) > 0, box == boxBlocked
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	v.Erase = days[src]
	if v.Blocked {
		if v.Block, _, err = d.block(ctx, src); err != nil {
			return nil, err
		}
	}
	if err := d.moves(ctx, v); err != nil {
		return nil, err
	}
	if v.Reports, err = d.reports(ctx, `r.source IN (`+group+`SELECT source FROM g)`, src); err != nil {
		return nil, err
	}
	if err := d.dress(ctx, v.Reports); err != nil {
		return nil, err
	}
	if !revealed {
		hide(v.Reports, days)
	}
	if err := d.labels(ctx, v, revealed); err != nil {
		return nil, err
	}
	replies, err := d.replies(ctx, `p.source IN (`+group+`SELECT source FROM g)`, src)
	if err != nil {
		return nil, err
	}
	v.Hidden = v.Erase != 0 && !revealed
	for _, r := range replies {
		if v.Hidden || days[r.source] != 0 && !revealed {
			r.Text = ""
		}
		v.Replies = append(v.Replies, r.ReplyView)
	}
	if v.Pending, err = d.pendingOf(src); err != nil {
		return nil, err
	}
	for i := range v.Pending {
		if v.Hidden {
			v.Pending[i].Text = ""
		}
	}
	if !v.Hidden { // what was noted about the source is hidden with what it wrote
		if v.Sheet, err = d.sheet(ctx, src); err != nil {
			return nil, err
		}
	}
	v.Sheet.Printed, err = d.printedBy(ctx, src)
	return v, err
}

// labels adds what journalists said about the thread. What they wrote is hidden with what
// the source wrote: it speaks of the same.
func (d *Desk) labels(ctx context.Context, v *ThreadView, revealed bool) error {
	c := CaseRow{Source: v.ID}
	err := d.v.View().QueryRow(ctx, `SELECT topic, assigned, snooze, cased, asking FROM thread WHERE source = ?`, v.ID).
		Scan(&v.Topic, &v.Assigned, &v.Snooze, &v.Case, &v.CaseAsk)
	if err != nil {
		return fmt.Errorf("desk: thread: %w", err)
	}
	if v.Case == CaseTaken {
		c.State = v.Case
		if _, err := d.caseRow(ctx, &c); err != nil {
			return err
		}
		v.TakenBy, v.TakenDay = c.TakenBy, c.TakenDay
	}
	if v.Tags, err = d.tagsOf(ctx, v.ID); err != nil {
		return err
	}
	if v.Erase != 0 && !revealed {
		return nil
	}
	v.Remarks, err = d.remarks(ctx, v.ID)
	return err
}
