package desk

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"kkachi/internal/cell"
)

// A Box is a part of the inbox.
type Box string

// Boxes of the inbox.
const (
	BoxOpen    Box = ""        // all that is not blocked and does not rest
	BoxUnread  Box = "unread"  // of those
	BoxWaiting Box = "waiting" // of those: dealt with, but never answered
	BoxSnoozed Box = "snoozed" // rests until a day
	BoxBlocked Box = "blocked"
)

// An InboxQuery asks for one page of the inbox. Fields that are empty ask for nothing.
type InboxQuery struct {
	Box      Box
	Topic    string
	Tag      string
	Assigned string
	Lang     Lang
	After    string // Next of the page before; "": the first page
}

// Plain says whether the query asks for nothing but the open inbox.
func (q InboxQuery) Plain() bool { return q == InboxQuery{} }

// check refuses what can't be asked, and leaves the page out.
func (q InboxQuery) check() (InboxQuery, error) {
	q.After = ""
	switch q.Box {
	case BoxOpen, BoxUnread, BoxWaiting, BoxSnoozed, BoxBlocked:
	default:
		return q, field("box", "no such box")
	}
	if q.Lang != "" && !q.Lang.Valid() {
		return q, field("lang", "choose ko, en or zh")
	}
	var err error
	for name, text := range map[string]*string{"topic": &q.Topic, "tag": &q.Tag, "assign": &q.Assigned} {
		if *text, err = label(name, *text); err != nil {
			return q, err
		}
	}
	return q, nil
}

// Encode writes the query as it stands in an address, without the page.
func (q InboxQuery) Encode() string {
	v := url.Values{}
	for name, text := range map[string]string{
		"box": string(q.Box), "topic": q.Topic, "tag": q.Tag, "to": q.Assigned, "in": string(q.Lang),
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	return v.Encode()
}

// ParseInboxQuery reads what Encode wrote; what it doesn't know is left out.
func ParseInboxQuery(s string) InboxQuery {
	v, _ := url.ParseQuery(s)
	q := InboxQuery{
		Box: Box(v.Get("box")), Topic: v.Get("topic"), Tag: v.Get("tag"), Assigned: v.Get("to"),
		Lang: Lang(v.Get("in")), After: v.Get("after"),
	}
	after := q.After
	q, err := q.check()
	if err != nil {
		return InboxQuery{}
	}
	q.After = after
	return q
}

// A threadsOf is a list of threads as SQL: a table t of where they stand, and a condition.
type threadsOf struct {
	table, where string
	args         []any
}

// ask is the list as the query means it. The threads of a tag stand in a table of their own,
// of which the rest of what is asked must be looked up.
func (q InboxQuery) ask(today cell.Day) threadsOf {
	l := threadsOf{table: "thread t"}
	column := func(name string) string { return "t." + name }
	if q.Tag != "" {
		l.table = "thread_tag t"
		column = func(name string) string { return "(SELECT " + name + " FROM thread WHERE source = t.source)" }
	}
	box, rest := boxOpen, ` AND t.snooze <= ?`
	switch q.Box {
	case BoxBlocked:
		box, rest = boxBlocked, ` AND ? > 0`
	case BoxSnoozed:
		rest = ` AND t.snooze > ?`
	}
	l.where, l.args = `t.box = ?`+rest, []any{box, today}
	if q.Tag != "" {
		l.and(`t.tag = ?`, q.Tag)
	}
	switch q.Box {
	case BoxUnread:
		l.and(column("unread") + ` > 0`)
	case BoxWaiting:
		l.and(column("known")+` > 0 AND `+column("known")+` = ?`, knownDealt)
	}
	for _, c := range []struct{ name, value string }{{"topic", q.Topic}, {"assigned", q.Assigned}, {"lang", string(q.Lang)}} {
		if c.value != "" {
			l.and(column(c.name)+` = ? AND `+column(c.name)+` <> ''`, c.value)
		}
	}
	return l
}

// and narrows the list.
func (l *threadsOf) and(where string, args ...any) {
	l.where += ` AND ` + where
	l.args = append(l.args, args...)
}

// rows asks for the list in an order.
func (l threadsOf) rows(order string, limit int) string {
	return `SELECT t.source, t.top, t.day, t.last, false, NULL FROM ` + l.table + ` WHERE ` + l.where + order + ` LIMIT ` + strconv.Itoa(limit)
}

// count asks how long the list is.
func (l threadsOf) count() string {
	return `SELECT count(*) FROM (SELECT 1 FROM ` + l.table + ` WHERE ` + l.where + ` LIMIT ` + strconv.Itoa(maxUnread) + `)`
}

// An InboxPage is one page of the inbox.
type InboxPage struct {
	Rows  []InboxRow
	Total int    // threads that the query asks for, on all pages, counted to 10,000
	Next  string // for the next page; "": there is none
}

// byDays is the order of an InboxPage. No two threads in which something came stand at one
// place in it.
const byDays = ` ORDER BY t.top DESC, t.day DESC, t.last DESC`

// InboxPage gives one page of the inbox, by open requests and days alone.
func (d *Desk) InboxPage(ctx context.Context, q InboxQuery) (*InboxPage, error) {
	p := &InboxPage{}
	after := q.After
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	l := q.ask(d.Today())
	err = d.v.View().QueryRow(ctx, l.count(), l.args...).Scan(&p.Total)
	if err != nil {
		return nil, fmt.Errorf("desk: inbox: %w", err)
	}
	if after != "" {
		var at [3]int64
		for i, s := range strings.SplitN(after, ".", len(at)) {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return nil, field("after", "not a place in the inbox")
			}
			at[i] = n
		}
		l.and(`(t.top, t.day, t.last) < (?, ?, ?)`, at[0], at[1], at[2])
	}
	list, err := d.listThreads(ctx, l, byDays, InboxRows+1)
	if err != nil {
		return nil, err
	}
	if len(list) > InboxRows {
		list = list[:InboxRows]
		last := list[InboxRows-1]
		p.Next = fmt.Sprintf("%d.%d.%d", last.top, last.day, last.last)
	}
	p.Rows, err = d.inboxRows(ctx, list)
	return p, err
}
