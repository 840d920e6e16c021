package desk

import (
	"database/sql"
	"errors"

	"kkachi/internal/vault"
)

// The table thread holds one row a source, with what the inbox shows and sorts by, so that
// a page of it is read from an index however many threads there are.
const threadSchema = `
CREATE TABLE thread (
	source BLOB PRIMARY KEY, box INTEGER NOT NULL, top INTEGER NOT NULL, day INTEGER NOT NULL, last INTEGER NOT NULL,
	kind TEXT NOT NULL, lang TEXT NOT NULL, snippet TEXT NOT NULL, unread INTEGER NOT NULL, reports INTEGER NOT NULL,
	help INTEGER NOT NULL, known INTEGER NOT NULL, asked INTEGER, next BLOB,
	alike BLOB, swept INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_order ON thread (box, top DESC, day DESC, last DESC);
CREATE INDEX thread_unread ON thread (box) WHERE unread > 0;
CREATE INDEX thread_top ON thread (box) WHERE top > 0;
CREATE INDEX thread_known ON thread (box, day DESC) WHERE known > 0;
CREATE INDEX thread_alike ON thread (alike, swept) WHERE known = 0;
CREATE INDEX thread_asked ON thread (asked) WHERE asked IS NOT NULL;
CREATE INDEX thread_next ON thread (next) WHERE next IS NOT NULL;
CREATE VIRTUAL TABLE report_words USING fts5(body, content='', contentless_delete=1, detail=full, tokenize='unicode61 remove_diacritics 0');
`

// Boxes of the inbox.
const (
	boxOpen    = 0 // shown
	boxBlocked = 1 // blocked by a journalist
	boxEmpty   = 2 // nothing whole came yet, or it was undone
	boxMoved   = 3 // its source goes on in another thread, where it is shown
)

// maxMoves bounds how many threads one source can have been known by.
const maxMoves = 64

// knownStates are the states of a source that show that the newsroom has dealt with it.
const knownStates = `'sheet', 'taken', 'apart'`

// threadBegins makes the row of a new source. Threads that named it as their successor
// before it wrote are joined now.
func threadBegins(tx *vault.Tx, src vault.Thing, thread []byte) error {
	err := tx.Exec(`INSERT INTO thread VALUES (?, ?, 0, 0, 0, '', '', '', 0, 0, 0, 0, NULL, NULL, NULL, 0) ON CONFLICT DO NOTHING`, src, boxEmpty)
	if err != nil || len(thread) == 0 {
		return err
	}
	rows, err := tx.Query(`SELECT DISTINCT source FROM report WHERE next = ? ORDER BY source`, thread)
	if err != nil {
		return err
	}
	former, err := collect(rows, func(t *vault.Thing) []any { return []any{t} })
	if err != nil {
		return err
	}
	for _, f := range former {
		if err := refresh(tx, f); err != nil {
			return err
		}
	}
	return nil
}

// threadOf refreshes the row that a state of a noun's thing belongs to.
func threadOf(tx *vault.Tx, noun string, thing vault.Thing) error {
	if noun == nounCall || noun == nounTranslation {
		if err := indexWords(tx, thing); err != nil {
			return err
		}
	}
	switch noun {
	case nounSwept:
		return sweep(tx, thing)
	case nounSheet, nounTaken, nounApart, nounBlocked:
		return refresh(tx, thing)
	case nounCall, nounEvidence, nounTranslation:
		var owner vault.Thing
		err := tx.QueryRow(`SELECT owner FROM version WHERE noun = ? AND thing = ? LIMIT 1`, noun, thing).Scan(&owner)
		if err != nil {
			return err
		}
		return refresh(tx, owner)
	}
	return nil
}

// A threadRow is what refresh puts into the table.
type threadRow struct {
	box, top, day, last, unread, reports, help, known int64
	kind, lang, snippet                               string
	asked                                             sql.NullInt64
	next                                              *vault.Thing
	alike                                             []byte
	swept                                             int64
}

// refresh makes the row of a source anew from what is projected of it.
func refresh(tx *vault.Tx, src vault.Thing) error {
	var r threadRow
	err := tx.QueryRow(`SELECT count(*), coalesce(sum(1 - read), 0), coalesce(max(kind = 'help'), 0), coalesce(max(n), 0)
		FROM report INDEXED BY report_source WHERE source = ? AND gone = 0`, src).Scan(&r.reports, &r.unread, &r.help, &r.last)
	if err != nil {
		return err
	}
	if r.reports > 0 {
		var text string
		err := tx.QueryRow(`SELECT day, kind, lang, text FROM report WHERE n = ?`, r.last).Scan(&r.day, &r.kind, &r.lang, &text)
		if err != nil {
			return err
		}
		r.snippet, r.alike = snippet(text), alike(text)
	}
	if err := r.marks(tx, src); err != nil {
		return err
	}
	if err := r.wishes(tx, src); err != nil {
		return err
	}
	var next any
	if r.next != nil {
		next = *r.next
	}
	return tx.Exec(`UPDATE thread SET box = ?, top = ?, day = ?, last = ?, kind = ?, lang = ?, snippet = ?, unread = ?,
		reports = ?, help = ?, known = ?, asked = ?, next = ?, alike = ?, swept = ? WHERE source = ?`, r.box, r.top, r.day, r.last, r.kind, r.lang,
		r.snippet, r.unread, r.reports, r.help, r.known, r.asked, next, r.alike, r.swept, src)
}

// marks finds what journalists said about the thread.
func (r *threadRow) marks(tx *vault.Tx, src vault.Thing) error {
	var taken, blocked int64
	err := tx.QueryRow(`SELECT
		EXISTS (SELECT 1 FROM state WHERE noun = 'taken' AND thing = ?1),
		EXISTS (SELECT 1 FROM state WHERE noun = 'blocked' AND thing = ?1),
		EXISTS (SELECT 1 FROM state WHERE noun IN (`+knownStates+`) AND thing = ?1)
		OR EXISTS (SELECT 1 FROM state WHERE noun IN ('evidence', 'translation', 'call') AND owner = ?1)
		OR EXISTS (SELECT 1 FROM reply WHERE source = ?1)`, src).Scan(&taken, &blocked, &r.known)
	if err != nil {
		return err
	}
	// A sweep holds as long as nobody has dealt with the thread and it says nothing else.
	err = tx.QueryRow(`SELECT count(*) FROM thread WHERE source = ? AND swept = 1 AND alike = ?`, src, r.alike).Scan(&r.swept)
	if err != nil {
		return err
	}
	r.swept *= 1 - r.known
	r.top = r.help * (1 - taken)
	switch {
	case blocked > 0 || r.swept > 0:
		r.box = boxBlocked
	case r.reports == 0:
		r.box = boxEmpty
	}
	return nil
}

// wishes finds what the source's letters ask: to be erased, from the first letter that says
// so and is not taken back on its day or later; or to go on in another thread.
func (r *threadRow) wishes(tx *vault.Tx, src vault.Thing) error {
	err := tx.QueryRow(`SELECT min(e.day) FROM report e WHERE e.source = ?1 AND e.kind = 'erase' AND NOT EXISTS (
		SELECT 1 FROM report w WHERE w.source = ?1 AND w.kind = 'withdraw' AND w.day >= e.day)`, src).Scan(&r.asked)
	if err != nil {
		return err
	}
	var next vault.Thing
	err = tx.QueryRow(`SELECT s.id FROM report m JOIN source s ON s.thread = m.next
		WHERE m.source = ?1 AND m.kind = 'move' AND s.id <> ?1
		AND NOT EXISTS (SELECT 1 FROM state WHERE noun = 'apart' AND thing = ?1) ORDER BY m.n DESC LIMIT 1`, src).Scan(&next)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	// A ring of moves leads nowhere: the letter that closes it joins nothing.
	at := next
	for range maxMoves {
		var further []byte
		err := tx.QueryRow(`SELECT next FROM thread WHERE source = ?`, at).Scan(&further)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if len(further) != len(at) {
			r.next = &next
			if r.box == boxOpen {
				r.box = boxMoved
			}
			return nil
		}
		if at = vault.Thing(further); at == src {
			return nil
		}
	}
	return nil
}

// sweep blocks the threads that say the same as each other and that nobody has dealt with,
// as many as there are now; or frees them, once the sweep is undone.
func sweep(tx *vault.Tx, alike vault.Thing) error {
	var on int64
	err := tx.QueryRow(`SELECT count(*) FROM state WHERE noun = ? AND thing = ?`, nounSwept, alike).Scan(&on)
	if err != nil {
		return err
	}
	if on > 0 {
		return tx.Exec(`UPDATE thread SET box = 1, swept = 1 WHERE alike = ? AND known = 0 AND swept = 0 AND box = 0`, alike)
	}
	return tx.Exec(`UPDATE thread SET box = 0, swept = 0 WHERE alike = ? AND known = 0 AND swept = 1`, alike)
}

// indexWords puts the words of a report and its translations into the index.
func indexWords(tx *vault.Tx, report vault.Thing) error {
	var n, gone int64
	var text string
	err := tx.QueryRow(`SELECT n, gone, text FROM report WHERE id = ?`, report).Scan(&n, &gone, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var doc string
	err = tx.QueryRow(`SELECT doc FROM state WHERE noun = ? AND thing = ?`, nounTranslation, report).Scan(&doc)
	if err == nil {
		t, err := unmarshal[translations](doc)
		if err != nil {
			return err
		}
		for _, o := range t.All {
			text += "\n" + o.Text
		}
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return tx.Exec(`INSERT OR REPLACE INTO report_words (rowid, body) VALUES (?, ?)`, n, indexForm(text))
}
