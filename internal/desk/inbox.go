package desk

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	const all = `t.box = 0 AND t.snooze <= ? `
	var rows []threadLine
	for _, part := range []struct {
		where string
		limit int
	}{
		{all + `AND t.top > 0 ORDER BY t.known DESC, t.day DESC, t.last DESC`, topRows},
		{all + `AND t.known > 0 ORDER BY t.day DESC, t.last DESC`, ownRows},
		{all + `AND t.top = 0 ORDER BY t.day DESC, t.last DESC`, junkScan},
	} {
		more, err := d.threadLines(ctx, part.where, part.limit, d.Today())
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	waiting, err := d.emptyLines(ctx)
	if err != nil {
		return nil, err
	}
	return d.inboxRows(ctx, foldAlike(append(rows, waiting...)))
}

// A threadLine is a row of the inbox with what it is sorted by.
type threadLine struct {
	row       InboxRow
	top, last int64
	asked     sql.NullInt64
	alike     []byte
	cased     CaseState
}

func (d *Desk) threadLines(ctx context.Context, where string, limit int, args ...any) ([]threadLine, error) {
	rows, err := d.v.View().Query(ctx, `SELECT t.source, s.handle, t.kind, t.day, t.lang, t.snippet, t.unread > 0, t.reports, t.help,
		t.known, t.box = 1, t.top, t.last, t.asked, t.alike, t.topic, t.assigned, t.snooze, t.cased
		FROM thread t JOIN source s ON s.id = t.source
		WHERE `+where+` LIMIT `+strconv.Itoa(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("desk: inbox: %w", err)
	}
	return collect(rows, func(l *threadLine) []any {
		r := &l.row
		return []any{
			&r.ID, &r.Handle, &r.Kind, &r.Day, &r.Lang, &r.Snippet, &r.Unread, &r.Reports, &r.Help,
			&r.Known, &r.Blocked, &l.top, &l.last, &l.asked, &l.alike, &r.Topic, &r.Assigned, &r.Snooze, &l.cased,
		}
	})
}

// emptyLines gives the newest threads of which nothing is whole yet, but parts wait.
func (d *Desk) emptyLines(ctx context.Context) ([]threadLine, error) {
	index, err := d.waitingIndex()
	if err != nil {
		return nil, err
	}
	var out []threadLine
	for _, id := range index.newest {
		if len(out) == InboxRows {
			break
		}
		lines, err := d.threadLines(ctx, `t.source = ? AND t.box = 2`, 1, id)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			l.row.Kind, l.row.Unread, l.row.Day = KindLetter, true, index.day[id]
			out = append(out, l)
		}
	}
	return out, nil
}

// foldAlike sorts lines, takes each thread once, folds those that nobody has dealt with and
// that say the same into the newest of them, and cuts the list to a page.
func foldAlike(lines []threadLine) []threadLine {
	slices.SortFunc(lines, func(a, b threadLine) int {
		return cmp.Or(
			-cmp.Compare(a.top, b.top), -cmp.Compare(a.row.Day, b.row.Day), -cmp.Compare(a.last, b.last),
			cmp.Compare(a.row.Handle, b.row.Handle),
		)
	})
	seen, first := map[ID]bool{}, map[string]int{}
	var out []threadLine
	for _, l := range lines {
		if seen[l.row.ID] {
			continue
		}
		seen[l.row.ID] = true
		if l.row.Known || l.alike == nil {
			out = append(out, l)
			continue
		}
		if i, ok := first[string(l.alike)]; ok {
			out[i].row.Alike++
			continue
		}
		first[string(l.alike)] = len(out)
		out = append(out, l)
	}
	over := len(out) - InboxRows
	drop := make([]bool, len(out))
	for i := len(out) - 1; i >= 0 && over > 0; i-- {
		if !out[i].row.Known && out[i].top == 0 {
			drop[i] = true
			over--
		}
	}
	kept := out[:0]
	for i, l := range out {
		if !drop[i] {
			kept = append(kept, l)
		}
	}
	return kept
}

// inboxRows adds what stands beside the threads: cases taken, erasure, replies, parts.
func (d *Desk) inboxRows(ctx context.Context, lines []threadLine) ([]InboxRow, error) {
	index, err := d.waitingIndex()
	if err != nil {
		return nil, err
	}
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	var known []ID
	for _, l := range lines {
		if l.row.Known {
			known = append(known, l.row.ID)
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
	out := make([]InboxRow, len(lines))
	for i, l := range lines {
		r := l.row
		if err := d.rowCase(ctx, &r, l.cased); err != nil {
			return nil, err
		}
		if day, ok := index.day[r.ID]; ok {
			r.Incomplete = true
			r.Day = max(r.Day, day)
			if r.Reports == 0 {
				if r.Snippet, err = d.pendingSnippet(r.ID); err != nil {
					return nil, err
				}
				r.Lang = guess(r.Snippet)
			}
		}
		if r.Erase = days[r.ID]; r.Erase != 0 {
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
		out[i] = r
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
