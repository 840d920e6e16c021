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

// where is the condition on threads that the query means.
func (q InboxQuery) where(today cell.Day) (string, []any) {
	box, rest := boxOpen, ` AND t.snooze <= ?`
	switch q.Box {
	case BoxBlocked:
		box, rest = boxBlocked, ` AND ? > 0`
	case BoxSnoozed:
		rest = ` AND t.snooze > ?`
	}
	where, args := `t.box = ?`+rest, []any{box, today}
	switch q.Box {
	case BoxUnread:
		where += ` AND t.unread > 0`
	case BoxWaiting:
		where += ` AND t.known > 0 AND NOT EXISTS (SELECT 1 FROM reply WHERE source = t.source)`
	}
	for _, c := range []struct{ sql, value string }{
		{` AND t.topic = ? AND t.topic <> ''`, q.Topic},
		{` AND t.source IN (SELECT source FROM thread_tag WHERE tag = ?)`, q.Tag},
		{` AND t.assigned = ? AND t.assigned <> ''`, q.Assigned},
		{` AND t.lang = ?`, string(q.Lang)},
	} {
		if c.value != "" {
			where, args = where+c.sql, append(args, c.value)
		}
	}
	return where, args
}

// An InboxPage is one page of the inbox.
type InboxPage struct {
	Rows  []InboxRow
	Total int    // threads that the query asks for, on all pages, counted to 10,000
	Next  string // for the next page; "": there is none
}

// InboxPage gives one page of the inbox, by open requests and days alone.
func (d *Desk) InboxPage(ctx context.Context, q InboxQuery) (*InboxPage, error) {
	p := &InboxPage{}
	after := q.After
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	where, args := q.where(d.Today())
	err = d.v.View().QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM thread t WHERE `+where+` LIMIT `+strconv.Itoa(maxUnread)+`)`, args...).Scan(&p.Total)
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
		where += ` AND (t.top, t.day, t.last) < (?, ?, ?)`
		args = append(args, at[0], at[1], at[2])
	}
	lines, err := d.threadLines(ctx, where+` ORDER BY t.top DESC, t.day DESC, t.last DESC`, InboxRows+1, args...)
	if err != nil {
		return nil, err
	}
	if len(lines) > InboxRows {
		lines = lines[:InboxRows]
		l := lines[InboxRows-1]
		p.Next = fmt.Sprintf("%d.%d.%d", l.top, l.row.Day, l.last)
	}
	p.Rows, err = d.inboxRows(ctx, lines)
	return p, err
}
