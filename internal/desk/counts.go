package desk

import (
	"context"
	"fmt"
)

// maxUnread is how far unread threads are counted: nobody reads a larger figure.
const maxUnread = 10_000

// Counts gives the figures of the navigation.
func (d *Desk) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	index, err := d.waitingIndex()
	if err != nil {
		return c, err
	}
	err = d.v.View().QueryRow(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM thread WHERE box = 0 AND snooze <= ? AND unread > 0 LIMIT ?)),
		(SELECT count(*) FROM thread WHERE box = 0 AND top > 0)`, d.Today(), maxUnread).Scan(&c.Unread, &c.OpenCases)
	if err != nil {
		return c, fmt.Errorf("desk: counts: %w", err)
	}
	c.Unread += index.empty
	b, err := d.board(ctx)
	if err != nil {
		return c, err
	}
	for _, cl := range b.claims {
		if !cl.gone {
			c.Claims++
		}
	}
	c.Stories = len(b.stories)
	return c, nil
}
