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
	var err error
	if v.Erase, err = d.eraseDay(ctx, src); err != nil {
		return nil, err
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
	for _, r := range v.Reports {
		v.Help = v.Help || r.Kind == KindHelp
	}
	if !revealed {
		if err := d.hide(ctx, v.Reports); err != nil {
			return nil, err
		}
	}
	if st, err := d.state(ctx, nounTaken, src); err == nil {
		t, err := unmarshal[taken](st.doc)
		if err != nil {
			return nil, err
		}
		v.Taken, v.TakenBy, v.TakenDay = true, t.By, st.day
	}
	replies, err := d.replies(ctx, `p.source IN (`+group+`SELECT source FROM g)`, src)
	if err != nil {
		return nil, err
	}
	hidden := v.Erase != 0 && !revealed
	for _, r := range replies {
		if hidden {
			r.Text = ""
		}
		v.Replies = append(v.Replies, r.ReplyView)
	}
	if v.Pending, err = d.pendingOf(src); err != nil {
		return nil, err
	}
	for i := range v.Pending {
		if hidden {
			v.Pending[i].Text = ""
		}
	}
	if v.Sheet, err = d.sheet(ctx, src); err != nil {
		return nil, err
	}
	v.Sheet.Printed, err = d.printedBy(ctx, src)
	return v, err
}
