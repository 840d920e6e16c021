package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
)

// A listed is where a thread stands in the inbox, and all that is needed to find that out:
// an index holds it whole, so that a list can be made before any thread is read.
type listed struct {
	id        ID
	top, last int64
	day       cell.Day
	known     bool   // this and the next are known where the list is to be folded
	alike     []byte // what threads have in common that say the same
	folded    int    // further threads in its row
	empty     bool   // nothing whole came yet
}

// listThreads gives threads in an order.
func (d *Desk) listThreads(ctx context.Context, l threadsOf, order string, limit int) ([]listed, error) {
	return d.listed(ctx, l.rows(order, limit), l.args...)
}

// listToFold gives threads with what folding needs.
func (d *Desk) listToFold(ctx context.Context, where string, limit int, args ...any) ([]listed, error) {
	return d.listed(ctx, foldSQL(where, limit), args...)
}

func foldSQL(where string, limit int) string {
	return `SELECT t.source, t.top, t.day, t.last, t.known > 0, t.alike FROM thread t WHERE ` + where + ` LIMIT ` + strconv.Itoa(limit)
}

func (d *Desk) listed(ctx context.Context, query string, args ...any) ([]listed, error) {
	rows, err := d.v.View().Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("desk: inbox: %w", err)
	}
	return collect(rows, func(p *listed) []any { return []any{&p.id, &p.top, &p.day, &p.last, &p.known, &p.alike} })
}

// inboxParts are what the list of Inbox is made of; each asks for today.
var inboxParts = []struct {
	where string
	limit int
}{
	{`t.box = 0 AND t.snooze <= ? AND t.top > 0 AND t.known > 0` + byDays, topRows},
	{`t.box = 0 AND t.snooze <= ? AND t.top > 0` + byDays, topRows},
	{`t.box = 0 AND t.snooze <= ? AND t.top = 0 AND t.known > 0` + byDays, ownRows},
	{`t.box = 0 AND t.snooze <= ? AND t.top = 0` + byDays, junkScan},
}

// inboxList is the list of Inbox.
func (d *Desk) inboxList(ctx context.Context) ([]listed, error) {
	var list []listed
	for _, part := range inboxParts {
		more, err := d.listToFold(ctx, part.where, part.limit, d.Today())
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	waiting, err := d.emptyThreads(ctx)
	if err != nil {
		return nil, err
	}
	return foldAlike(append(list, waiting...)), nil
}

// emptyThreads are those of the newest threads of which nothing is whole yet, but parts wait.
func (d *Desk) emptyThreads(ctx context.Context) ([]listed, error) {
	index, err := d.waitingIndex()
	if err != nil {
		return nil, err
	}
	var out []listed
	for part := range slices.Chunk(index.newest, InboxRows) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		list, err := d.listToFold(ctx, `t.box = 2 AND t.source IN (?`+strings.Repeat(", ?", len(part)-1)+`)`, len(part), args...)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			p.empty, p.day = true, index.day[p.id]
			out = append(out, p)
		}
		if len(out) >= InboxRows {
			break
		}
	}
	return out, nil
}

// foldAlike sorts a list, takes each thread once, folds those that nobody has dealt with and
// that say the same into the newest of them, and cuts it to a page.
func foldAlike(list []listed) []listed {
	slices.SortFunc(list, func(a, b listed) int {
		return cmp.Or(
			-cmp.Compare(a.top, b.top), -cmp.Compare(a.day, b.day), -cmp.Compare(a.last, b.last),
			slices.Compare(a.id[:], b.id[:]),
		)
	})
	seen, first := map[ID]bool{}, map[string]int{}
	var out []listed
	for _, p := range list {
		if seen[p.id] {
			continue
		}
		seen[p.id] = true
		if p.known || p.alike == nil {
			out = append(out, p)
			continue
		}
		if i, ok := first[string(p.alike)]; ok {
			out[i].folded++
			continue
		}
		first[string(p.alike)] = len(out)
		out = append(out, p)
	}
	over := len(out) - InboxRows
	drop := make([]bool, len(out))
	for i := len(out) - 1; i >= 0 && over > 0; i-- {
		if !out[i].known && out[i].top == 0 {
			drop[i] = true
			over--
		}
	}
	kept := out[:0]
	for i, p := range out {
		if !drop[i] {
			kept = append(kept, p)
		}
	}
	return kept
}
