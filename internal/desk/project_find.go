package desk

import (
	"database/sql"
	"errors"
	"strings"

	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// What can be searched: a row each in found, numbered in the order in which things came to
// be, and its words in an index under the same number. Both live in the encrypted view.db
// and nowhere else. The words are kept as places only: a text can't be read back from them.
const findSchema = `
CREATE TABLE found (
	n INTEGER PRIMARY KEY, kind TEXT NOT NULL, thing BLOB NOT NULL, owner BLOB NOT NULL, day INTEGER NOT NULL, lang TEXT NOT NULL,
	UNIQUE (thing, kind)
) STRICT;
CREATE INDEX found_owner ON found (owner);
CREATE VIRTUAL TABLE words USING fts5(body, facet, content='', contentless_delete=1, detail=full, prefix='3 4 5', tokenize='unicode61 remove_diacritics 0');
`

// An indexed is what the search finds of a thing.
type indexed struct {
	kind         FoundKind
	thing, owner vault.Thing
	day          int64
	lang, text   string
}

// index puts the words of a thing into the index, in place of those it had. Without words
// the thing is not found any more; its number stays its own.
func index(tx *vault.Tx, x indexed) error {
	form := indexForm(x.text)
	var n int64
	err := tx.QueryRow(`SELECT n FROM found WHERE thing = ? AND kind = ?`, x.thing, string(x.kind)).Scan(&n)
	switch {
	case errors.Is(err, sql.ErrNoRows) && form == "":
		return nil
	case errors.Is(err, sql.ErrNoRows):
		err = tx.QueryRow(`INSERT INTO found SELECT coalesce(max(n), 0) + 1, ?, ?, ?, ?, ? FROM found RETURNING n`,
			string(x.kind), x.thing, x.owner, x.day, x.lang).Scan(&n)
	case err == nil:
		err = tx.Exec(`UPDATE found SET day = ?, lang = ? WHERE n = ?`, x.day, x.lang, n)
	}
	if err != nil {
		return err
	}
	return keptWords(tx).put(tx, wordsRow{n, form, facets(x.kind, Lang(x.lang))})
}

// indexReport puts the words of a report and its translations into the index.
func indexReport(tx *vault.Tx, report vault.Thing) error {
	x := indexed{thing: report}
	var gone int64
	var kind string
	err := tx.QueryRow(`SELECT source, kind, day, lang, text, gone FROM report WHERE id = ?`, report).Scan(&x.owner, &kind, &x.day, &x.lang, &x.text, &gone)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if x.kind = foundKind(ReportKind(kind)); gone > 0 {
		x.text = ""
	} else {
		t, err := stateIn[translations](tx, nounTranslation, report)
		if err != nil {
			return err
		}
		for _, o := range t.All {
			x.text += "\n" + o.Text
		}
	}
	return index(tx, x)
}

// indexSource puts into the index what a journalist wrote about a source.
func indexSource(tx *vault.Tx, src vault.Thing) error {
	x := indexed{kind: FoundSource, thing: src, owner: src}
	err := tx.QueryRow(`SELECT day FROM source WHERE id = ?`, src).Scan(&x.day)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := stateIn[Sheet](tx, nounSheet, src)
	if err != nil {
		return err
	}
	c, err := stateIn[CaseSheet](tx, nounCase, src)
	if err != nil {
		return err
	}
	x.text = joinLines(s.Access, s.Wishes, s.Note, c.Need, c.Danger)
	x.lang = string(lang.Guess(x.text))
	return index(tx, x)
}

// indexState puts what a state says into the index.
func indexState(tx *vault.Tx, noun string, thing vault.Thing) error {
	x := indexed{thing: thing}
	switch noun {
	case nounCall, nounTranslation:
		return indexReport(tx, thing)
	case nounSheet, nounCase:
		return indexSource(tx, thing)
	case nounRemark, nounCaseStep:
		x.kind = FoundNote
		r, err := stateIn[remark](tx, noun, thing) // a step has the same two fields
		if err != nil {
			return err
		}
		x.text = r.Text
	case nounClaim:
		x.kind = FoundClaim
		c, err := stateIn[Claim](tx, noun, thing)
		if err != nil {
			return err
		}
		x.text = joinLines(c.Statement, c.Subject, c.Act, c.Object, c.Place)
	case nounStory:
		x.kind = FoundStory
		text, err := storyWords(tx, thing)
		if err != nil {
			return err
		}
		x.text = text
	case nounComment:
		return indexComment(tx, thing)
	default:
		return nil
	}
	x.lang = string(lang.Guess(x.text))
	err := tx.QueryRow(`SELECT owner, day FROM version WHERE noun = ? AND thing = ? ORDER BY n LIMIT 1`, noun, thing).Scan(&x.owner, &x.day)
	if err != nil {
		return err
	}
	return index(tx, x)
}

// searched is all that a story says, in each language.
func (s *Story) searched() string {
	parts := []string{s.Title}
	s.texts(func(text string) { parts = append(parts, text) })
	return strings.Join(parts, "\n")
}
