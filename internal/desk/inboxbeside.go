package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Sizes of the list beside a thread, in rows.
const (
	BesideRows   = 100
	besideBefore = 30 // of them before the one around which it is
)

// A BesideList is the part of the inbox that stands beside a thread.
type BesideList struct {
	Rows []InboxRow
	// The thread around which the part before this one is, and the part behind it; zero where
	// the list ends.
	Before, Behind ID
}

// Beside gives the part of a list of threads around one of them: of the list of every day
// (InboxQuery.Plain, unless byDay), or of what a query asks for. Where the list of every day
// has no such thread, it gives its beginning; else the part around where it would stand.
func (d *Desk) Beside(ctx context.Context, q InboxQuery, byDay bool, around ID) (*BesideList, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	var list []listed
	from := 0
	if q.Plain() && !byDay {
		if list, err = d.inboxList(ctx); err != nil {
			return nil, err
		}
		from = slices.IndexFunc(list, func(l listed) bool { return l.id == around }) - besideBefore
	} else if list, from, err = d.near(ctx, q, around); err != nil {
		return nil, err
	}
	from = max(0, min(from, len(list)-BesideRows))
	to := min(from+BesideRows, len(list))
	b := &BesideList{}
	if from > 0 {
		b.Before = list[from].id
	}
	if to < len(list) {
		b.Behind = list[to-1].id
	}
	b.Rows, err = d.inboxRows(ctx, list[from:to])
	return b, err
}

// near gives what stands around a thread in the order of days, and from where on a list of it
// begins.
func (d *Desk) near(ctx context.Context, q InboxQuery, around ID) (list []listed, from int, err error) {
	var at [3]int64
	err = d.v.View().QueryRow(ctx, `SELECT CASE box WHEN ? THEN 2 ELSE top END, day, last FROM thread WHERE source = ?`, boxEmpty, around).
		Scan(&at[0], &at[1], &at[2]) // of which nothing whole came stands before all others
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, fmt.Errorf("%w: source %s", ErrNotFound, around)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("desk: inbox: %w", err)
	}
	above, here := q.ask(d.Today()), q.ask(d.Today())
	above.and(`(t.top, t.day, t.last) > (?, ?, ?)`, at[0], at[1], at[2])
	here.and(`(t.top, t.day, t.last) <= (?, ?, ?)`, at[0], at[1], at[2])
	// A whole part before it: near the end of the list more of it is shown.
	list, err = d.listThreads(ctx, above, ` ORDER BY t.top, t.day, t.last`, BesideRows+1)
	if err != nil {
		return nil, 0, err
	}
	slices.Reverse(list)
	from = len(list) - besideBefore
	rest, err := d.listThreads(ctx, here, byDays, BesideRows+1)
	return append(list, rest...), from, err
}
