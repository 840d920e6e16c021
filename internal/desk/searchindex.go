package desk

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
)

// An asker answers questions of the projections: the vault's reader; in the benchmark also
// an unencrypted copy.
type asker interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// hits are what one page of a search found.
type hits struct {
	rows  []foundRow
	next  string
	stems bool
}

// A round is one way to ask the index for a question's words. A search goes from one to the
// next as far as it must to fill a page.
type round byte

const (
	allWords   round = 0   // whole words and beginnings of words, the newest first
	wholeWords round = 'w' // whole words alone: of a common word, these fill a page at once
	otherWords round = 'r' // behind the last of those: where words only begin so
	stemmed    round = 's' // as allWords, doubtful particles taken off
)

// A spot is where a page ends: the round, and the number of the last thing found in it.
type spot struct {
	round round
	n     int64 // 0: at its beginning
}

func (p spot) String() string {
	out := strconv.FormatInt(p.n, 10)
	if p.round != allWords {
		out = string(rune(p.round)) + out
	}
	return out
}

func parseSpot(s string) (p spot, err error) {
	if s == "" {
		return spot{}, nil
	}
	switch c := round(s[0]); c {
	case wholeWords, otherWords, stemmed:
		p.round, s = c, s[1:]
	}
	if p.n, err = strconv.ParseInt(s, 10, 64); err != nil || p.n < 0 {
		return spot{}, field("after", "not a place in what was found")
	}
	return p, nil
}

// find gives one page of what holds the words.
func find(ctx context.Context, db asker, q SearchQuery, want []wanted) (*hits, error) {
	at, err := parseSpot(q.After)
	if err != nil {
		return nil, err
	}
	h := &hits{stems: at.round == stemmed}
	if q.After == "" && openEnded(want) {
		at.round = wholeWords
	}
	rows, err := findIn(ctx, db, q, want, at)
	if err != nil {
		return nil, err
	}
	switch {
	case q.After == "" && at.round == wholeWords && len(rows) <= SearchRows: // few: by days, all together
		at = spot{round: allWords}
		rows, err = findIn(ctx, db, q, want, at)
	case at.round == wholeWords && len(rows) <= SearchRows:
		return h, h.fill(ctx, db, q, want, rows)
	}
	if err == nil && len(rows) == 0 && q.After == "" && doubtful(want) {
		at = spot{round: stemmed}
		rows, err = findIn(ctx, db, q, want, at)
		h.stems = len(rows) > 0
	}
	h.cut(at.round, rows)
	return h, err
}

// fill makes the last page of whole words full with those that only begin so.
func (h *hits) fill(ctx context.Context, db asker, q SearchQuery, want []wanted, whole []foundRow) error {
	rest, err := findIn(ctx, db, q, want, spot{round: otherWords})
	h.rows = whole
	switch room := SearchRows - len(whole); {
	case room == 0 && len(rest) > 0:
		h.next = spot{round: otherWords}.String()
	case len(rest) > room:
		h.rows = append(h.rows, rest[:room]...)
		h.next = spot{otherWords, rest[room-1].n}.String()
	default:
		h.rows = append(h.rows, rest...)
	}
	return err
}

// cut keeps a page of rows.
func (h *hits) cut(p round, rows []foundRow) {
	if len(rows) > SearchRows {
		rows = rows[:SearchRows]
		h.next = spot{p, rows[SearchRows-1].n}.String()
	}
	h.rows = rows
}

// newest is how many of the newest things that hold the words are looked at one by one
// before the index is asked for kind and language as well: whoever narrows a question
// mostly narrows it to what most of the hits are.
const newest = 1000

// findIn gives a page in one round, and one row more if there are more.
func findIn(ctx context.Context, db asker, q SearchQuery, want []wanted, at spot) ([]foundRow, error) {
	if q.Kind != "" || q.Lang != "" {
		sql, args := searchSQL(q, matchOf(want, SearchQuery{}, at.round), at.n, newest)
		rows, err := findRows(ctx, db, sql, args)
		if err != nil || len(rows) > SearchRows {
			return rows, err
		}
	}
	sql, args := searchSQL(q, matchOf(want, q, at.round), at.n, 0)
	return findRows(ctx, db, sql, args)
}

// searchSQL asks the index, the newest first; of > 0: among so many of the newest, of which
// kind and language are then held to the question here.
func searchSQL(q SearchQuery, match string, before int64, of int) (string, []any) {
	words, args, where := `words`, []any{match}, ` WHERE words MATCH ?`
	if before > 0 {
		where, args = where+` AND w.rowid < ?`, append(args, before)
	}
	if of > 0 {
		words = `(SELECT w.rowid FROM words w` + where + ` ORDER BY w.rowid DESC LIMIT ` + strconv.Itoa(of) + `)`
		where = ` WHERE true`
		if q.Kind != "" {
			where, args = where+` AND f.kind = ?`, append(args, string(q.Kind))
		}
		if q.Lang != "" {
			where, args = where+` AND f.lang = ?`, append(args, string(q.Lang))
		}
	}
	if q.From > 0 {
		where, args = where+` AND f.day >= ?`, append(args, q.From)
	}
	if q.To > 0 {
		where, args = where+` AND f.day <= ?`, append(args, q.To)
	}
	if q.Tag != "" {
		where, args = where+` AND EXISTS (SELECT 1 FROM thread_tag g WHERE g.tag = ?
			AND (g.source = f.owner OR g.source = (SELECT next FROM thread WHERE source = f.owner)))`, append(args, q.Tag)
	}
	return `SELECT f.n, f.kind, f.thing, f.owner, f.day, f.lang, coalesce(s.handle, '') FROM ` + words + ` w
		CROSS JOIN found f ON f.n = w.rowid LEFT JOIN source s ON s.id = f.owner` + where +
		` AND f.owner NOT IN (SELECT source FROM (` + wished + `)) ORDER BY w.rowid DESC LIMIT ` + strconv.Itoa(SearchRows+1), args
}

func findRows(ctx context.Context, db asker, sql string, args []any) ([]foundRow, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("desk: search: %w", err)
	}
	list, err := collect(rows, func(r *foundRow) []any {
		return []any{&r.n, &r.Kind, &r.Thing, &r.owner, &r.Day, &r.Lang, &r.Handle}
	})
	for i := range list {
		if r := &list[i]; r.Kind != FoundClaim && r.Kind != FoundStory {
			r.Source = r.owner
		}
	}
	return list, err
}
