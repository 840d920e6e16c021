package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/lang"
)

const snippetSize = 120 // characters

// Sizes of the inbox, in rows.
const (
	InboxRows = 500           // in one page
	topRows   = InboxRows / 5 // at most, of requests for help that nobody has taken
	ownRows   = InboxRows / 2 // at most, of threads that the newsroom has dealt with
	junkScan  = 4 * InboxRows // threads looked at for others that say the same
)

// Inbox lists the sources: open requests for help first, then by the newest report. Of more
// than InboxRows it gives those that the newsroom has dealt with, and the newest of the
// others, of which those that say the same stand in one row: a flood of new threads pushes
// no known source out. InboxPage gives all.
func (d *Desk) Inbox(ctx context.Context) ([]InboxRow, error) {
	list, err := d.inboxList(ctx)
	if err != nil {
		return nil, err
	}
	return d.inboxRows(ctx, list)
}

// threadRows reads the rows of threads, and how far the case of each has come.
func (d *Desk) threadRows(ctx context.Context, list []listed) (map[ID]*InboxRow, map[ID]CaseState, error) {
	type line struct {
		row   InboxRow
		cased CaseState
	}
	out, cased := make(map[ID]*InboxRow, len(list)), map[ID]CaseState{}
	for part := range slices.Chunk(list, InboxRows) {
		args := make([]any, len(part))
		for i, p := range part {
			args[i] = p.id
		}
		rows, err := d.v.View().Query(ctx, `SELECT t.source, s.handle, t.kind, t.day, t.lang, t.snippet, t.unread > 0, t.reports,
			t.known > 0, t.box = 1, t.topic, t.assigned, t.snooze, t.cased
			FROM thread t JOIN source s ON s.id = t.source WHERE t.source IN (?`+strings.Repeat(", ?", len(part)-1)+`)`, args...)
		if err != nil {
			return nil, nil, fmt.Errorf("desk: inbox: %w", err)
		}
		lines, err := collect(rows, func(l *line) []any {
			r := &l.row
			return []any{
				&r.ID, &r.Handle, &r.Kind, &r.Day, &r.Lang, &r.Snippet, &r.Unread, &r.Reports,
				&r.Known, &r.Blocked, &r.Topic, &r.Assigned, &r.Snooze, &l.cased,
			}
		})
		if err != nil {
			return nil, nil, err
		}
		for i := range lines {
			l := &lines[i]
			out[l.row.ID], cased[l.row.ID] = &l.row, l.cased
		}
	}
	return out, cased, nil
}

// inboxRows reads the rows of a list, with what stands beside the threads: cases taken,
// erasure, replies, parts.
func (d *Desk) inboxRows(ctx context.Context, list []listed) ([]InboxRow, error) {
	index, err := d.waitingIndex()
	if err != nil {
		return nil, err
	}
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	lastGone, err := d.lastOfErased(ctx, days)
	if err != nil {
		return nil, err
	}
	rows, cased, err := d.threadRows(ctx, list)
	if err != nil {
		return nil, err
	}
	var known []ID
	for _, p := range list {
		if r := rows[p.id]; r != nil && r.Known {
			known = append(known, p.id)
		}
	}
	tagged, err := d.flagsOf(ctx, nounTags, known)
	if err != nil {
		return nil, err
	}
	replied, err := d.lastReplies(ctx, known)
	if err != nil {
		return nil, err
	}
	out := make([]InboxRow, 0, len(list))
	for _, p := range list {
		r := rows[p.id]
		if r == nil {
			continue // erased since the list was made
		}
		r.Alike = p.folded
		if err := d.rowCase(ctx, r, cased[r.ID]); err != nil {
			return nil, err
		}
		if p.empty {
			r.Kind, r.Unread = KindLetter, true
		}
		if day, ok := index.day[r.ID]; ok {
			r.Incomplete = true
			r.Day = max(r.Day, day)
			if r.Reports == 0 {
				if r.Snippet, err = d.pendingSnippet(r.ID); err != nil {
					return nil, err
				}
				r.Lang = lang.Guess(r.Snippet)
			}
		}
		if r.Erase = days[r.ID]; r.Erase != 0 || lastGone[r.ID] {
			r.Snippet = ""
		}
		r.LastReply = replied[r.ID]
		if st, ok := tagged[r.ID]; ok {
			t, err := unmarshal[tags](st.doc)
			if err != nil {
				return nil, err
			}
			r.Tags = t.Tags
		}
		out = append(out, *r)
	}
	return out, nil
}

// rowCase says how far a request for help has come.
func (d *Desk) rowCase(ctx context.Context, r *InboxRow, st CaseState) error {
	r.Help = st == CaseOpen || st == CaseTaken
	if st != CaseTaken {
		return nil
	}
	take, err := d.newestState(ctx, nounTaken, r.ID)
	if err != nil {
		return err
	}
	t, err := unmarshal[taken](take.doc)
	r.Taken, r.TakenBy, r.TakenDay = true, t.By, take.day
	return err
}

func (d *Desk) tagsOf(ctx context.Context, src ID) ([]string, error) {
	t, err := stateOf[tags](ctx, d, nounTags, src)
	return t.Tags, err
}

// lastReplies gives for each source how far our last reply has come, in its thread or one
// that it has left.
func (d *Desk) lastReplies(ctx context.Context, srcs []ID) (map[ID]*ReplyState, error) {
	out := map[ID]*ReplyState{}
	for part := range slices.Chunk(srcs, 500) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		rows, err := d.v.View().Query(ctx, `WITH RECURSIVE g(root, source) AS (
				SELECT source, source FROM thread WHERE source IN (?`+strings.Repeat(", ?", len(part)-1)+`)
				UNION SELECT g.root, t.source FROM g CROSS JOIN thread t ON t.next = g.source)
			SELECT g.root, p.queued, p.day, p.seen FROM g CROSS JOIN reply p ON p.source = g.source
			WHERE NOT EXISTS (SELECT 1 FROM state WHERE noun = 'reply gone' AND thing = p.id) ORDER BY p.n`, args...)
		if err != nil {
			return nil, fmt.Errorf("desk: inbox: %w", err)
		}
		list, err := collect(rows, func(r *replyRow) []any { return []any{&r.source, &r.Queued, &r.day, &r.seen} })
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			state := r.state(d.Today())
			out[r.source] = &state
		}
	}
	return out, nil
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
