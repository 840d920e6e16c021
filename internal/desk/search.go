package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
)

// A FoundKind says what was found.
type FoundKind string

// Kinds of what is found. A letter that asks for help is a letter of kind help.
const (
	FoundLetter FoundKind = "letter"
	FoundHelp   FoundKind = "help"
	FoundCall   FoundKind = "call"  // a call, a meeting, a post, a document
	FoundReply  FoundKind = "reply" // of ours
	FoundNote   FoundKind = "note"  // on a thread or a case, for colleagues
	FoundSource FoundKind = "source"
	FoundClaim  FoundKind = "claim"
	FoundStory  FoundKind = "story"
)

// FoundKinds lists them in the order of a form.
func FoundKinds() []FoundKind {
	return []FoundKind{FoundLetter, FoundHelp, FoundCall, FoundReply, FoundNote, FoundSource, FoundClaim, FoundStory}
}

func foundKind(k ReportKind) FoundKind {
	switch k {
	case KindHelp:
		return FoundHelp
	case KindCall, KindMeeting, KindPost, KindDocument:
		return FoundCall
	}
	return FoundLetter
}

// SearchRows is how many things one page of a search shows.
const SearchRows = 50

// A SearchQuery asks for what holds all words of a text. Korean and Chinese are found by
// any two characters that stand together, other scripts by words, the last letters of a
// word left open: of a common word whole words come first. Between quotation marks words
// stand side by side.
type SearchQuery struct {
	Text     string
	Kind     FoundKind // "": all
	Lang     Lang      // "": all
	From, To cell.Day  // both included; 0: open
	Tag      string    // of the thread; "": all
	After    string    // Next of the page before
}

// A SearchPage is one page of what was found, the newest first.
type SearchPage struct {
	Rows []Found
	Next string // for the next page; "": there is none
	// Stems: the words were not found as they were written, only without their endings.
	Stems bool
}

// A Found is one thing that was found. Its Source is zero for claims and stories.
type Found struct {
	Kind    FoundKind
	Thing   ID
	Source  ID
	Handle  string
	Day     cell.Day
	Lang    Lang
	Snippet Snippet
}

func (q *SearchQuery) check() error {
	if q.Kind != "" {
		known := false
		for _, k := range FoundKinds() {
			known = known || k == q.Kind
		}
		if !known {
			return field("kind", "no such kind")
		}
	}
	if q.Lang != "" && !q.Lang.Valid() {
		return field("lang", "choose ko, en or zh")
	}
	if q.To != 0 && q.To < q.From {
		return field("to", "the days end before they begin")
	}
	return nil
}

// Search finds. What its source wants erased is not searched; what is blocked is. A question
// without a letter or digit finds nothing.
func (d *Desk) Search(ctx context.Context, q SearchQuery) (*SearchPage, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	want := parseSearch(q.Text)
	if len(want) == 0 {
		return &SearchPage{}, nil
	}
	h, err := find(ctx, d.v.View(), q, want)
	if err != nil {
		return nil, err
	}
	p := &SearchPage{Next: h.next, Stems: h.stems}
	if q.After == "" {
		if p.Rows, err = d.byHandle(ctx, q); err != nil {
			return nil, err
		}
	}
	for _, r := range h.rows {
		f := r.Found
		text, err := d.foundText(ctx, r)
		if err != nil {
			return nil, err
		}
		f.Snippet = snippetOf(text, want)
		p.Rows = append(p.Rows, f)
	}
	return p, nil
}

type foundRow struct {
	Found
	n     int64
	owner ID
}

// maxHandles is how many sources are found by their names.
const maxHandles = 8

// byHandle finds sources by the beginning of their handle, or by its noun.
func (d *Desk) byHandle(ctx context.Context, q SearchQuery) ([]Found, error) {
	if q.Kind != "" && q.Kind != FoundSource || q.Lang != "" || q.Tag != "" || q.From != 0 || q.To != 0 {
		return nil, nil
	}
	text := strings.Join(strings.Fields(searchForm(q.Text)), " ")
	where, args := `handle >= ? AND handle < ?`, []any{text, text + "~"}
	if slices.Contains(strings.Fields(nouns), text) {
		for _, a := range strings.Fields(adjectives) {
			where, args = where+` OR handle = ?`, append(args, a+" "+text)
		}
	}
	rows, err := d.v.View().Query(ctx, `SELECT id, handle, day FROM source WHERE `+where+` ORDER BY handle LIMIT `+strconv.Itoa(maxHandles), args...)
	if err != nil {
		return nil, fmt.Errorf("desk: search: %w", err)
	}
	list, err := collect(rows, func(f *Found) []any { return []any{&f.Thing, &f.Handle, &f.Day} })
	for i := range list {
		list[i].Kind, list[i].Source = FoundSource, list[i].Thing
	}
	return list, err
}

// foundText is the text of what was found, to cut a snippet from.
func (d *Desk) foundText(ctx context.Context, r foundRow) (string, error) {
	var text string
	switch r.Kind {
	case FoundReply:
		err := d.v.View().QueryRow(ctx, `SELECT text FROM reply WHERE id = ?`, r.Thing).Scan(&text)
		return text, err
	case FoundSource:
		s, err := stateOf[Sheet](ctx, d, nounSheet, r.Thing)
		if err != nil {
			return "", err
		}
		c, err := stateOf[CaseSheet](ctx, d, nounCase, r.Thing)
		return joinLines(s.Access, s.Wishes, s.Note, c.Need, c.Danger), err
	case FoundClaim:
		c, err := stateOf[Claim](ctx, d, nounClaim, r.Thing)
		return joinLines(c.Statement, c.Subject, c.Act, c.Object, c.Place), err
	case FoundStory:
		return d.storyText(ctx, r.Thing)
	case FoundNote:
		n, err := stateOf[remark](ctx, d, nounRemark, r.Thing)
		if err != nil || n.Text != "" {
			return n.Text, err
		}
		step, err := stateOf[caseStep](ctx, d, nounCaseStep, r.Thing)
		return step.Text, err
	}
	err := d.v.View().QueryRow(ctx, `SELECT text FROM report WHERE id = ?`, r.Thing).Scan(&text)
	if err != nil {
		return "", fmt.Errorf("desk: search: %w", err)
	}
	t, err := stateOf[translations](ctx, d, nounTranslation, r.Thing)
	for _, o := range t.All {
		text += "\n" + o.Text
	}
	return text, err
}
