package desk

import (
	"database/sql"
	"errors"

	"kkachi/internal/vault"
)

// The table thread holds one row a source, with what the inbox shows and sorts by, so that
// a page of it is read from an index however many threads there are. What is counted for
// each page stands in the indexes whole.
const threadSchema = `
CREATE TABLE thread (
	source BLOB PRIMARY KEY, box INTEGER NOT NULL, top INTEGER NOT NULL, day INTEGER NOT NULL, last INTEGER NOT NULL,
	kind TEXT NOT NULL, lang TEXT NOT NULL, snippet TEXT NOT NULL, unread INTEGER NOT NULL, reports INTEGER NOT NULL,
	help INTEGER NOT NULL, known INTEGER NOT NULL, asked INTEGER, next BLOB,
	alike BLOB, swept INTEGER NOT NULL, topic TEXT NOT NULL, assigned TEXT NOT NULL, snooze INTEGER NOT NULL,
	cased INTEGER NOT NULL, asking INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_order ON thread (box, top DESC, day DESC, last DESC, snooze, known, alike);
CREATE INDEX thread_unread ON thread (box, top DESC, day DESC, last DESC, snooze, unread) WHERE unread > 0;
CREATE INDEX thread_top ON thread (box) WHERE top > 0;
CREATE INDEX thread_known ON thread (box, top DESC, day DESC, last DESC, snooze, known, alike) WHERE known > 0;
CREATE INDEX thread_lang ON thread (lang, box, top DESC, day DESC, last DESC, snooze, unread);
CREATE INDEX thread_alike ON thread (alike, swept) WHERE known = 0;
CREATE INDEX thread_asked ON thread (asked) WHERE asked IS NOT NULL;
CREATE INDEX thread_next ON thread (next) WHERE next IS NOT NULL;
CREATE INDEX thread_topic ON thread (topic, box, top DESC, day DESC, last DESC, snooze) WHERE topic <> '';
CREATE INDEX thread_assigned ON thread (assigned, box, top DESC, day DESC, last DESC, snooze) WHERE assigned <> '';
CREATE INDEX thread_snooze ON thread (box, snooze) WHERE snooze > 0;
CREATE INDEX thread_case ON thread (cased, last, box) WHERE cased > 0;
`

// Boxes of the inbox.
const (
	boxOpen    = 0 // shown
	boxBlocked = 1 // blocked by a journalist
	boxEmpty   = 2 // nothing whole came yet, or it was undone
	boxMoved   = 3 // its source goes on in another thread, where it is shown
)

// What the newsroom has had to do with a thread, in the column known.
const (
	knownNot      = 0
	knownDealt    = 1 // somebody did something about it
	knownAnswered = 2 // and a reply was written
)

// maxMoves bounds how many threads one source can have been known by.
const maxMoves = 64

// knownStates are the states of a source that show that the newsroom has dealt with it.
const knownStates = `'sheet', 'taken', 'apart', ` + knownMarks

// inGroup is a condition on the column source: this source, or a thread that it has left.
const inGroup = `source IN (` + group + `SELECT source FROM g)`

// threadBegins makes the row of a new source. Threads that named it as their successor
// before it wrote are joined now.
func threadBegins(tx *vault.Tx, src vault.Thing, thread []byte) error {
	err := tx.Exec(`INSERT INTO thread VALUES (?, ?, 0, 0, 0, '', '', '', 0, 0, 0, 0, NULL, NULL, NULL, 0, '', '', 0, 0, 0) ON CONFLICT DO NOTHING`, src, boxEmpty)
	if err != nil || len(thread) == 0 {
		return err
	}
	var named bool // hardly ever, and asking this is cheap
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM report WHERE next = ?)`, thread).Scan(&named); err != nil || !named {
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
	if err := indexState(tx, noun, thing); err != nil {
		return err
	}
	switch noun {
	case nounSwept:
		return sweep(tx, thing)
	case nounSheet, nounTaken, nounApart, nounBlocked, nounSnoozed, nounJoined, nounCaseOpened, nounCase, nounCaseClosed:
		return refresh(tx, thing)
	case nounCall, nounEvidence, nounTranslation, nounRemark, nounCaseStep:
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
	topic, assigned                                   string
	snooze, asking                                    int64
	cased                                             CaseState
	tags                                              []string // these stand in a table of their own
}

// refresh makes the row of a source anew from what is projected of it and of the threads
// that it has left; and the row of the thread in which it goes on, or went on until now.
func refresh(tx *vault.Tx, src vault.Thing) error {
	var before []byte
	var former bool
	err := tx.QueryRow(`SELECT next, EXISTS (SELECT 1 FROM thread WHERE next = ?1) FROM thread WHERE source = ?1`, src).Scan(&before, &former)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := threadRowOf(tx, src, former)
	if err != nil {
		return err
	}
	var next any
	if r.next != nil {
		next = *r.next
	}
	err = tx.Exec(`UPDATE thread SET box = ?, top = ?, day = ?, last = ?, kind = ?, lang = ?, snippet = ?, unread = ?,
		reports = ?, help = ?, known = ?, asked = ?, next = ?, alike = ?, swept = ?, topic = ?, assigned = ?, snooze = ?, cased = ?, asking = ?
		WHERE source = ?`, r.box, r.top, r.day, r.last, r.kind, r.lang, r.snippet, r.unread, r.reports, r.help, r.known, r.asked, next, r.alike,
		r.swept, r.topic, r.assigned, r.snooze, int64(r.cased), r.asking, src)
	if err != nil {
		return err
	}
	for _, tag := range r.tags {
		err := tx.Exec(`UPDATE thread_tag SET box = ?, top = ?, day = ?, last = ?, snooze = ? WHERE tag = ? AND source = ?`, r.box, r.top, r.day, r.last, r.snooze, tag, src)
		if err != nil {
			return err
		}
	}
	// The projection joins no rings, so this ends.
	if len(before) == len(src) && (r.next == nil || *r.next != vault.Thing(before)) {
		if err := refresh(tx, vault.Thing(before)); err != nil {
			return err
		}
	}
	if r.next != nil {
		return refresh(tx, *r.next)
	}
	return nil
}

func threadRowOf(tx *vault.Tx, src vault.Thing, former bool) (*threadRow, error) {
	r := &threadRow{}
	where := `source = ?1`
	if former {
		where = inGroup
	}
	err := tx.QueryRow(`SELECT count(*), coalesce(sum(1 - read), 0), coalesce(max(kind = 'help'), 0), coalesce(max(n), 0)
		FROM report INDEXED BY report_source WHERE `+where+` AND gone = 0`, src).Scan(&r.reports, &r.unread, &r.help, &r.last)
	if err != nil {
		return nil, err
	}
	var newest vault.Thing
	if r.reports > 0 {
		var text string
		err := tx.QueryRow(`SELECT id, day, kind, lang, text FROM report WHERE n = ?`, r.last).Scan(&newest, &r.day, &r.kind, &r.lang, &text)
		if err != nil {
			return nil, err
		}
		r.snippet, r.alike = snippet(text), alike(text)
	}
	said, err := r.said(tx, src, former)
	if err != nil {
		return nil, err
	}
	if err := r.cases(tx, src, former, said); err != nil {
		return nil, err
	}
	if err := r.marks(tx, src, said); err != nil {
		return nil, err
	}
	r.labels(said, newest)
	return r, r.wishes(tx, src, vault.Thing(said.joined.Into))
}

// marks finds whether the newsroom has dealt with the thread, and which box it is in.
func (r *threadRow) marks(tx *vault.Tx, src vault.Thing, said *said) error {
	var answered bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM reply WHERE source = ?1)`, src).Scan(&answered)
	switch {
	case err != nil:
		return err
	case answered:
		r.known = knownAnswered
	case said.known:
		r.known = knownDealt
	default:
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM state WHERE +noun IN ('evidence', 'translation', 'call', 'remark', 'case step') AND owner = ?1)
			OR EXISTS (SELECT 1 FROM thread WHERE next = ?1 AND known > 0)`, src).Scan(&r.known)
		if err != nil {
			return err
		}
	}
	// A sweep holds as long as nobody has dealt with the thread and it says nothing else.
	if r.known == knownNot {
		err := tx.QueryRow(`SELECT count(*) FROM thread WHERE source = ? AND swept = 1 AND alike = ?`, src, r.alike).Scan(&r.swept)
		if err != nil {
			return err
		}
	}
	switch {
	case said.blocked || r.swept > 0:
		r.box = boxBlocked
	case r.reports == 0 && r.cased == NoCase:
		r.box = boxEmpty
	}
	return nil
}

// wishes finds what the source's letters ask: to be erased, from the first letter that says
// so and is not taken back on its day or later; or to go on in another thread. into is where
// a journalist says that it goes on.
func (r *threadRow) wishes(tx *vault.Tx, src, into vault.Thing) error {
	err := tx.QueryRow(`SELECT min(e.day) FROM report e WHERE e.source = ?1 AND e.kind = 'erase' AND NOT EXISTS (
		SELECT 1 FROM report w WHERE w.source = ?1 AND w.kind = 'withdraw' AND w.day >= e.day)`, src).Scan(&r.asked)
	if err != nil {
		return err
	}
	next := into
	if next.IsZero() {
		err = tx.QueryRow(`SELECT s.id FROM report m JOIN source s ON s.thread = m.next
			WHERE m.source = ?1 AND m.kind = 'move' AND s.id <> ?1
			AND NOT EXISTS (SELECT 1 FROM state WHERE noun = 'apart' AND thing = ?1) ORDER BY m.n DESC LIMIT 1`, src).Scan(&next)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	// A ring of moves leads nowhere: the letter that closes it joins nothing.
	at := next
	for range maxMoves {
		if at == src {
			return nil
		}
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
		at = vault.Thing(further)
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
