package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// What journalists say about a thread so that a long inbox stays one: its topic, tags, who
// looks after it, and until which day it may rest. Each is a state of its own, so that
// undoing one changes no other.

type topic struct {
	Topic string `json:"topic"` // "": none
}

type tags struct {
	Tags []string `json:"tags"`
}

type assigned struct {
	To string `json:"to"` // "": nobody
}

// snoozed lets a thread rest until a day. A letter that comes after the one named here ends
// it, and so does a request for help that nobody has taken.
type snoozed struct {
	Until cell.Day `json:"until"` // 0: it rests no longer
	After ID       `json:"after,omitzero"`
}

// Bounds of marks.
const (
	maxLabel   = 60 // characters of a topic, a tag, a name
	maxTags    = 20 // of a thread
	MaxChanges = InboxRows
	snoozeMost = 366 // days
)

// A ThreadChange is one thing to do to several threads at once. Only one field is set.
type ThreadChange struct {
	Read   bool
	Unread bool
	Topic  *string
	Tag    string // to add
	Untag  string // to take off
	Assign *string
	Snooze *cell.Day // until; 0: no longer
	Block  string    // who blocks them
}

// Change does one thing to several threads, all or none, and gives the operations that undo
// it. What is so already is left as it is. Reading is not undone: mark as unread instead.
func (d *Desk) Change(ctx context.Context, srcs []ID, c ThreadChange) ([]OpID, error) {
	if len(srcs) == 0 || len(srcs) > MaxChanges {
		return nil, field("threads", "choose 1 to %d", MaxChanges)
	}
	if err := c.check(d.Today()); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var drafts []vault.Draft
	for i, src := range srcs {
		if slices.Contains(srcs[:i], src) {
			continue
		}
		if err := d.mustHave(ctx, "source", src); err != nil {
			return nil, err
		}
		kind, content, err := d.change(ctx, src, c)
		if err != nil {
			return nil, err
		}
		if content == nil {
			continue
		}
		dr, err := draft(kind, src, src, content)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, dr)
	}
	if len(drafts) == 0 {
		return nil, nil
	}
	hs, err := d.v.Append(ctx, drafts...)
	if err != nil {
		return nil, fmt.Errorf("desk: threads: %w", err)
	}
	if c.Read || c.Unread {
		return nil, nil
	}
	return opIDs(hs), nil
}

func opIDs(hs []vault.Hash) []OpID {
	out := make([]OpID, len(hs))
	for i, h := range hs {
		out[i] = OpID(h)
	}
	return out
}

func (c *ThreadChange) check(today cell.Day) error {
	for name, text := range map[string]*string{"topic": c.Topic, "tag": &c.Tag, "untag": &c.Untag, "assign": c.Assign} {
		if text == nil {
			continue
		}
		clean, err := label(name, *text)
		if err != nil {
			return err
		}
		*text = clean
	}
	if c.Snooze != nil && *c.Snooze != 0 && (*c.Snooze <= today || *c.Snooze > today+snoozeMost) {
		return field("snooze", "choose a day after today, within a year")
	}
	return nil
}

// label makes a word or two that can be compared: composed, without double spaces, and
// without characters that act.
func label(name, text string) (string, error) {
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	if len([]rune(text)) > maxLabel {
		return "", field(name, "longer than %d characters", maxLabel)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return "", field(name, "holds a character that can't be seen")
		}
	}
	return text, nil
}

// change gives the operation that does c to one thread; no content if it is so already.
func (d *Desk) change(ctx context.Context, src ID, c ThreadChange) (vault.Kind, any, error) {
	switch {
	case c.Read:
		unread, err := d.unreadOf(ctx, src)
		return opRead, need(unread > 0, struct{}{}), err
	case c.Unread:
		unread, err := d.unreadOf(ctx, src)
		return opUnread, need(unread == 0, struct{}{}), err
	case c.Topic != nil:
		old, err := stateOf[topic](ctx, d, nounTopic, src)
		return opTopic, need(old.Topic != *c.Topic, topic{*c.Topic}), err
	case c.Tag != "" || c.Untag != "":
		old, err := stateOf[tags](ctx, d, nounTags, src)
		if err != nil {
			return "", nil, err
		}
		list := slices.DeleteFunc(slices.Clone(old.Tags), func(t string) bool { return t == c.Untag })
		if c.Tag != "" && !slices.Contains(list, c.Tag) {
			list = append(list, c.Tag)
		}
		slices.Sort(list)
		if len(list) > maxTags {
			return "", nil, field("tag", "a thread has %d tags already", maxTags)
		}
		return opTags, need(!slices.Equal(list, old.Tags), tags{list}), nil
	case c.Assign != nil:
		old, err := stateOf[assigned](ctx, d, nounAssigned, src)
		return opAssign, need(old.To != *c.Assign, assigned{*c.Assign}), err
	case c.Snooze != nil:
		newest, err := d.newestReport(ctx, src)
		return opSnooze, snoozed{*c.Snooze, newest}, err
	case c.Block != "":
		return opBlock, blocked{c.Block}, nil
	}
	return "", nil, field("change", "nothing to do")
}

func need(yes bool, content any) any {
	if yes {
		return content
	}
	return nil
}

// stateOf reads the state of a noun's thing; the zero value if there is none.
func stateOf[T any](ctx context.Context, d *Desk, noun string, thing ID) (T, error) {
	var zero T
	st, err := d.state(ctx, noun, thing)
	if errors.Is(err, ErrNotFound) {
		return zero, nil
	}
	if err != nil {
		return zero, err
	}
	return unmarshal[T](st.doc)
}

func (d *Desk) unreadOf(ctx context.Context, src ID) (int, error) {
	var n int
	err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM report WHERE `+inGroup+` AND read = 0 AND gone = 0`, src).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("desk: %w", err)
	}
	return n, nil
}

// newestReport is the newest telling of a source; zero if there is none.
func (d *Desk) newestReport(ctx context.Context, src ID) (ID, error) {
	rows, err := d.v.View().Query(ctx, `SELECT id FROM report WHERE `+inGroup+` AND gone = 0 ORDER BY n DESC LIMIT 1`, src)
	if err != nil {
		return ID{}, fmt.Errorf("desk: %w", err)
	}
	list, err := collect(rows, func(id *ID) []any { return []any{id} })
	if err != nil || len(list) == 0 {
		return ID{}, err
	}
	return list[0], nil
}

// Marks are what the threads of the inbox are sorted by: for filters and for completing
// what is typed.
type Marks struct {
	Topics, Tags, People []string
}

// Marks lists all topics, tags and people that threads have, each sorted.
func (d *Desk) Marks(ctx context.Context) (Marks, error) {
	var m Marks
	for _, q := range []struct {
		into *[]string
		sql  string
	}{
		{&m.Topics, distinct("thread", "topic")},
		{&m.Tags, distinct("thread_tag", "tag")},
		{&m.People, distinct("thread", "assigned")},
	} {
		rows, err := d.v.View().Query(ctx, q.sql)
		if err != nil {
			return m, fmt.Errorf("desk: marks: %w", err)
		}
		if *q.into, err = collect(rows, func(s *string) []any { return []any{s} }); err != nil {
			return m, err
		}
	}
	return m, nil
}

// distinct asks for the words in an indexed column, from each to the next, so that it takes
// no longer where many threads have the same.
func distinct(table, column string) string {
	least := func(more string) string {
		return `SELECT min(` + column + `) FROM ` + table + ` WHERE ` + column + ` <> ''` + more
	}
	return `WITH RECURSIVE w(word) AS (` + least("") + ` UNION ALL SELECT (` + least(` AND `+column+` > w.word`) + `) FROM w WHERE w.word IS NOT NULL)
		SELECT word FROM w WHERE word IS NOT NULL LIMIT 200`
}

// SourceByHandle finds a source by its whole handle.
func (d *Desk) SourceByHandle(ctx context.Context, handle string) (ID, error) {
	rows, err := d.v.View().Query(ctx, `SELECT id FROM source WHERE handle = ?`, strings.Join(strings.Fields(strings.ToLower(handle)), " "))
	if err != nil {
		return ID{}, fmt.Errorf("desk: %w", err)
	}
	list, err := collect(rows, func(id *ID) []any { return []any{id} })
	if err != nil {
		return ID{}, err
	}
	if len(list) == 0 {
		return ID{}, field("join", "no source has this name")
	}
	return list[0], nil
}

// Newest is the place of the newest telling in the order of tellings, for News.
func (d *Desk) Newest(ctx context.Context) (now int64, err error) {
	if err := d.v.View().QueryRow(ctx, `SELECT coalesce(max(n), 0) FROM report`).Scan(&now); err != nil {
		return 0, fmt.Errorf("desk: news: %w", err)
	}
	return now, nil
}

// News says what came since a place in the order of tellings: how many, and the place now.
func (d *Desk) News(ctx context.Context, since int64) (came int, now int64, err error) {
	err = d.v.View().QueryRow(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM report WHERE n > ?1 AND taker = '' LIMIT ?2)), coalesce(max(n), 0) FROM report`,
		since, maxUnread).Scan(&came, &now)
	if err != nil {
		return 0, 0, fmt.Errorf("desk: news: %w", err)
	}
	return came, now, nil
}
