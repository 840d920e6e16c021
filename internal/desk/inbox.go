package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

const snippetSize = 120 // characters

// Inbox lists the sources: open requests for help first, then by the newest report.
func (d *Desk) Inbox(ctx context.Context) ([]InboxRow, error) {
	rs, err := d.reports(ctx, `1`)
	if err != nil {
		return nil, err
	}
	rows := map[ID]*InboxRow{}
	last := map[ID]int{}
	for _, r := range rs {
		row := rows[r.Source]
		if row == nil {
			row = &InboxRow{ID: r.Source, Handle: r.Handle}
			rows[r.Source] = row
		}
		row.Reports++
		row.Unread = row.Unread || !r.Read
		row.Help = row.Help || r.Kind == KindHelp
		row.Kind, row.Day, row.Lang, row.Snippet = r.Kind, r.Day, r.Lang, snippet(r.Text)
		last[r.Source] = r.Number
	}
	if err := d.inboxStates(ctx, rows, last); err != nil {
		return nil, err
	}
	out := make([]InboxRow, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b InboxRow) int {
		return cmp.Or(
			-compareBool(a.Help && !a.Taken, b.Help && !b.Taken),
			-cmp.Compare(a.Day, b.Day), -cmp.Compare(last[a.ID], last[b.ID]), cmp.Compare(a.Handle, b.Handle),
		)
	})
	return out, nil
}

// inboxStates adds what stands beside the reports: cases taken, replies, missing parts. A
// thread of which nothing is whole yet gets a row too.
func (d *Desk) inboxStates(ctx context.Context, rows map[ID]*InboxRow, last map[ID]int) error {
	cases, err := d.flags(ctx, nounTaken)
	if err != nil {
		return err
	}
	for id, st := range cases {
		if row := rows[id]; row != nil {
			t, err := unmarshal[taken](st.doc)
			if err != nil {
				return err
			}
			row.Taken, row.TakenBy, row.TakenDay = true, t.By, st.day
		}
	}
	replies, err := d.replies(ctx, `1`)
	if err != nil {
		return err
	}
	for _, r := range replies {
		if row := rows[r.source]; row != nil && !r.gone {
			state := r.State
			row.LastReply = &state
		}
	}
	pending, err := d.pendings()
	if err != nil {
		return err
	}
	handles, err := d.handles(ctx)
	if err != nil {
		return err
	}
	for _, p := range pending {
		row := rows[p.Source]
		if row == nil {
			row = &InboxRow{ID: p.Source, Handle: handles[p.Source], Kind: KindLetter, Unread: true}
			rows[p.Source] = row
		}
		row.Incomplete = true
		if row.Reports == 0 || p.Day > row.Day {
			row.Day = p.Day
		}
		if row.Reports == 0 {
			row.Snippet = snippet(p.text())
			row.Lang = guess(row.Snippet)
		}
	}
	return nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func snippet(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	n := 0
	for i := range line {
		if n++; n > snippetSize {
			return line[:i] + "…"
		}
	}
	return line
}

// Search lists the sources whose handle, reports or translations hold the text; case and
// Unicode forms don't matter.
func (d *Desk) Search(ctx context.Context, text string) ([]InboxRow, error) {
	rows, err := d.Inbox(ctx)
	want := searchForm(text)
	if err != nil || want == "" {
		return rows, err
	}
	found := map[ID]bool{}
	rs, err := d.reports(ctx, `1`)
	if err != nil {
		return nil, err
	}
	if err := d.dress(ctx, rs); err != nil {
		return nil, err
	}
	for _, r := range rs {
		hit := strings.Contains(searchForm(r.Text), want)
		for _, t := range r.Translations {
			hit = hit || strings.Contains(searchForm(t.Text), want)
		}
		found[r.Source] = found[r.Source] || hit
	}
	return slices.DeleteFunc(rows, func(r InboxRow) bool { return !found[r.ID] && !strings.Contains(r.Handle, want) }), nil
}

func searchForm(s string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))) }

// Counts gives the figures of the navigation.
func (d *Desk) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	rows, err := d.Inbox(ctx)
	if err != nil {
		return c, err
	}
	for _, r := range rows {
		if r.Unread {
			c.Unread++
		}
		if r.Help && !r.Taken {
			c.OpenCases++
		}
	}
	claims, err := d.Claims(ctx)
	if err != nil {
		return c, err
	}
	for _, r := range claims {
		if !r.Withdrawn {
			c.Claims++
		}
		if r.Disputed && !r.Withdrawn {
			c.Disputed++
		}
	}
	stories, err := d.Stories(ctx)
	if err != nil {
		return c, err
	}
	for _, s := range stories {
		c.Stories++
		if s.State == Held {
			c.Held++
		}
	}
	return c, nil
}

// Thread gives all that is kept of one source.
func (d *Desk) Thread(ctx context.Context, src ID) (*ThreadView, error) {
	v := &ThreadView{ID: src}
	var thread []byte
	row := d.v.View().QueryRow(ctx, `SELECT handle, thread FROM source WHERE id = ?`, src)
	if err := row.Scan(&v.Handle, &thread); err != nil {
		return nil, fmt.Errorf("%w: source %s", ErrNotFound, src)
	}
	v.Letters = len(thread) > 0
	var err error
	if v.Reports, err = d.reports(ctx, `r.source = ?`, src); err != nil {
		return nil, err
	}
	if err := d.dress(ctx, v.Reports); err != nil {
		return nil, err
	}
	for _, r := range v.Reports {
		v.Help = v.Help || r.Kind == KindHelp
	}
	if st, err := d.state(ctx, nounTaken, src); err == nil {
		t, err := unmarshal[taken](st.doc)
		if err != nil {
			return nil, err
		}
		v.Taken, v.TakenBy, v.TakenDay = true, t.By, st.day
	}
	replies, err := d.replies(ctx, `p.source = ?`, src)
	if err != nil {
		return nil, err
	}
	for _, r := range replies {
		v.Replies = append(v.Replies, r.ReplyView)
	}
	pending, err := d.pendings()
	if err != nil {
		return nil, err
	}
	for _, p := range pending {
		if p.Source == src {
			v.Pending = append(v.Pending, p.view())
		}
	}
	if v.Sheet, err = d.sheet(ctx, src); err != nil {
		return nil, err
	}
	v.Sheet.Printed, err = d.printedBy(ctx, src)
	return v, err
}
