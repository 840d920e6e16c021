package desk

import (
	"database/sql"
	"errors"
	"fmt"

	"kkachi/internal/vault"
)

// Projectors are the writers of the desk's projections, for vault.Create, Open and Rebuild.
// Nothing else writes them.
func Projectors() []vault.Projector { return []vault.Projector{projector{}} }

// A projector turns the log into tables. It is deterministic, and never refuses an
// operation: commands look before they append, and a log that was merged, or of which
// something was erased, must still be readable.
type projector struct{}

func (projector) Name() string { return "desk" }
func (projector) Version() int { return 9 }

// Schema: rows of things that come in have tables of their own. What people write and
// change has versions, of which the newest that is not undone is its state.
func (projector) Schema() string {
	return `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
` + cameSchema + threadSchema + markSchema + findSchema + ledgerSchema + `CREATE TABLE reply (
	id BLOB PRIMARY KEY, n INTEGER NOT NULL, source BLOB NOT NULL, text TEXT NOT NULL, author TEXT NOT NULL,
	queued INTEGER NOT NULL, day INTEGER, seen INTEGER, op BLOB NOT NULL, passed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reply_source ON reply (source, n);
CREATE TABLE version (
	op BLOB PRIMARY KEY, n INTEGER NOT NULL, noun TEXT NOT NULL, thing BLOB NOT NULL, owner BLOB NOT NULL,
	kind TEXT NOT NULL, day INTEGER NOT NULL, doc TEXT NOT NULL, undone INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX version_thing ON version (noun, thing, n);
CREATE TABLE number (noun TEXT, thing BLOB, n INTEGER NOT NULL, PRIMARY KEY (noun, thing)) STRICT, WITHOUT ROWID;
CREATE TABLE state (
	noun TEXT, thing BLOB, n INTEGER NOT NULL, owner BLOB NOT NULL, op BLOB NOT NULL, day INTEGER NOT NULL,
	doc TEXT NOT NULL, PRIMARY KEY (noun, thing)
) STRICT, WITHOUT ROWID;
CREATE INDEX state_owner ON state (noun, owner);
CREATE INDEX state_of ON state (owner, noun);
CREATE INDEX state_thing ON state (thing, noun);
CREATE TABLE event (
	op BLOB PRIMARY KEY, n INTEGER NOT NULL, kind TEXT NOT NULL, thing BLOB NOT NULL, day INTEGER NOT NULL, doc TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX event_thing ON event (kind, thing, n);
CREATE TABLE undo (op BLOB PRIMARY KEY, target BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE batch (
	day INTEGER PRIMARY KEY, records INTEGER NOT NULL, letters INTEGER NOT NULL, refused INTEGER NOT NULL, late INTEGER NOT NULL
) STRICT;
CREATE TABLE draft (key TEXT, about BLOB, text TEXT NOT NULL, PRIMARY KEY (key, about)) STRICT, WITHOUT ROWID;
`
}

// versioned are the kinds that can be undone, and the noun whose state each changes. A
// noun of a thing has one state.
var versioned = map[vault.Kind]string{
	opSheet:         nounSheet,
	opApart:         nounApart,
	opBlock:         nounBlocked,
	opSweep:         nounSwept,
	opEvidenceGone:  nounErased,
	opTake:          nounTaken,
	opCall:          nounCall,
	opConsent:       nounConsent,
	opTranslate:     nounTranslation,
	opReplyWithdraw: nounReplyGone,
	opClaim:         nounClaim,
	opClaimDrop:     nounClaimGone,
	opMerge:         nounMerged,
	opDispute:       nounDispute,
	opReportDrop:    nounReportGone,
	opDiscredit:     nounDiscredited,
	opSettle:        nounSettled,
	opEvidence:      nounEvidence,
	opEvidenceDrop:  nounEvidenceGone,
	opStory:         nounStory,
	opPhoto:         nounPhoto,
	opComment:       nounComment,
	opRule:          nounRule,
}

// Nouns of states.
const (
	nounSheet        = "sheet"
	nounApart        = "apart"
	nounBlocked      = "blocked"
	nounSwept        = "swept"
	nounErased       = "erased"
	nounTaken        = "taken"
	nounCall         = "call"
	nounConsent      = "consent"
	nounTranslation  = "translation"
	nounReplyGone    = "reply gone"
	nounClaim        = "claim"
	nounClaimGone    = "claim gone"
	nounMerged       = "merged"
	nounDispute      = "dispute"
	nounReportGone   = "report gone"
	nounDiscredited  = "discredited"
	nounSettled      = "settled"
	nounEvidence     = "evidence"
	nounEvidenceGone = "evidence gone"
	nounStory        = "story"
	nounPhoto        = "photo"
	nounComment      = "comment"
	nounRule         = "rule"
)

// nounOf gives the noun whose state a kind of operation changes.
func nounOf(kind vault.Kind) (string, bool) {
	if noun, ok := versioned[kind]; ok {
		return noun, true
	}
	noun, ok := markNouns[kind]
	return noun, ok
}

// Sources and reports: what came.
const cameSchema = `CREATE TABLE source (
	id BLOB PRIMARY KEY, n INTEGER NOT NULL, handle TEXT NOT NULL, thread BLOB UNIQUE, day INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE report (
	id BLOB PRIMARY KEY, n INTEGER NOT NULL, source BLOB NOT NULL, kind TEXT NOT NULL, topic INTEGER NOT NULL,
	day INTEGER NOT NULL, lang TEXT NOT NULL, text TEXT NOT NULL, blob BLOB, file INTEGER NOT NULL,
	letter BLOB UNIQUE, parts INTEGER NOT NULL, taker TEXT NOT NULL, read INTEGER NOT NULL, gone INTEGER NOT NULL, next BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX report_source ON report (source, n, kind, read, gone);
CREATE INDEX report_wish ON report (source, kind, day) WHERE kind IN ('erase', 'withdraw', 'move');
CREATE INDEX report_next ON report (next) WHERE next IS NOT NULL;
CREATE INDEX report_n ON report (n, taker);
CREATE INDEX source_handle ON source (handle);
`

func (projector) Apply(tx *vault.Tx, op *vault.Op) error {
	var err error
	if noun, ok := nounOf(op.Kind); ok {
		err = projectVersion(tx, op, noun)
	} else {
		switch op.Kind {
		case opSource:
			err = projectSource(tx, op)
		case opLetter:
			err = projectLetter(tx, op)
		case opRead:
			err = projectRead(tx, op)
		case opReply:
			err = projectReply(tx, op)
		case opReplyOut:
			err = projectReplyOut(tx, op)
		case opReplyPassed:
			err = tx.Exec(`UPDATE reply SET passed = 1 WHERE id = ?`, op.Subject)
		case opOverride, opLift, opCandidate, opApprove, opRelease, opCaseGive, opReveal, opErased, opFree, opEmbargo:
			err = projectEvent(tx, op)
		case opSpend:
			err = projectSpend(tx, op)
		case opUnread:
			err = projectUnread(tx, op)
		case opBatch:
			err = projectBatch(tx, op)
		case opDraft:
			err = projectDraft(tx, op)
		case opUndo:
			err = projectUndo(tx, op)
		}
	}
	if err != nil {
		return fmt.Errorf("desk: projecting %s: %w", op.Kind, err)
	}
	return nil
}

// count gives the next number of a counter. Numbers are given out for erased operations
// too, so that erasing one thing renames no other.
func count(tx *vault.Tx, name string) (int64, error) {
	if err := tx.Exec(`INSERT INTO counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1`, name); err != nil {
		return 0, err
	}
	var n int64
	return n, tx.QueryRow(`SELECT value FROM counter WHERE name = ?`, name).Scan(&n)
}

// projectVersion adds a version of a noun's thing and makes it the state.
func projectVersion(tx *vault.Tx, op *vault.Op, noun string) error {
	n, err := count(tx, "version")
	if err != nil || op.Erased {
		return err
	}
	if noun == nounCall {
		if err := projectCall(tx, op); err != nil {
			return err
		}
	}
	err = tx.Exec(`INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		op.Hash, n, noun, op.Subject, op.KeyOf, string(op.Kind), op.Day, string(op.Content))
	if err != nil {
		return err
	}
	return fold(tx, noun, op.Subject)
}

// counterBoard counts the changes of which the board of claims may be another one.
const counterBoard = "board"

// counterCall counts the reports that are call notes: no board is another one for a new one.
const counterCall = "call note"

// besideBoard are the nouns that no board is made of (see boardIf). Whatever isn't named here
// makes it anew.
var besideBoard = map[string]bool{
	nounTopic: true, nounTags: true, nounAssigned: true, nounSnoozed: true, nounRemark: true, nounView: true, nounCanned: true,
	nounCaseOpened: true, nounCase: true, nounCaseStep: true, nounCaseClosed: true, nounTaken: true,
	nounBlocked: true, nounSwept: true, nounSheet: true, nounReplyGone: true, nounComment: true,
}

// fold makes the newest version that is not undone the state; without one there is none.
func fold(tx *vault.Tx, noun string, thing vault.Thing) error {
	tagged, err := tagsIn(tx, noun, thing)
	if err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM state WHERE noun = ? AND thing = ?`, noun, thing); err != nil {
		return err
	}
	var op vault.Hash
	err = tx.QueryRow(`SELECT op FROM version WHERE noun = ? AND thing = ? AND undone = 0 ORDER BY n DESC LIMIT 1`, noun, thing).Scan(&op)
	gone := errors.Is(err, sql.ErrNoRows)
	if err != nil && !gone {
		return err
	}
	if !gone {
		number, err := numberOf(tx, noun, thing)
		if err != nil {
			return err
		}
		err = tx.Exec(`INSERT INTO state SELECT noun, thing, ?, owner, op, day, doc FROM version WHERE op = ?`, number, op)
		if err != nil {
			return err
		}
	}
	if noun == nounCall {
		if err := foldCall(tx, thing, gone); err != nil {
			return err
		}
	}
	if err := touchBoard(tx, noun, thing); err != nil {
		return err
	}
	if labels[noun] {
		return relabel(tx, noun, thing, tagged, gone)
	}
	return threadOf(tx, noun, thing)
}

// touchBoard counts a change of which the board of claims may be another one. A call note is on it
// only as a report that is evidence.
func touchBoard(tx *vault.Tx, noun string, thing vault.Thing) error {
	touches := !besideBoard[noun]
	if noun == nounCall {
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM state WHERE noun = ? AND instr(doc, ?) > 0)`, nounEvidence, ID(thing).String()).Scan(&touches)
		if err != nil {
			return err
		}
	}
	if touches {
		_, err := count(tx, counterBoard)
		return err
	}
	return nil
}

// numberOf is the number of a thing among those of its noun, in the order in which they
// were made. It stays, whatever is undone. Labels of threads have none.
func numberOf(tx *vault.Tx, noun string, thing vault.Thing) (int64, error) {
	if labels[noun] {
		return 0, nil
	}
	var n int64
	err := tx.QueryRow(`SELECT n FROM number WHERE noun = ? AND thing = ?`, noun, thing).Scan(&n)
	if !errors.Is(err, sql.ErrNoRows) {
		return n, err
	}
	if n, err = count(tx, noun); err != nil {
		return 0, err
	}
	return n, tx.Exec(`INSERT INTO number VALUES (?, ?, ?)`, noun, thing, n)
}

// projectUndo turns the target over: undone, or done again. An undo of an undo turns the
// first target over again.
func projectUndo(tx *vault.Tx, op *vault.Op) error {
	var u undo
	if op.Erased {
		return nil
	}
	if err := read(op.Content, &u); err != nil {
		return err
	}
	if _, err := count(tx, "undo"); err != nil {
		return err
	}
	target := u.Op
	err := tx.QueryRow(`SELECT target FROM undo WHERE op = ?`, target).Scan(&target)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := tx.Exec(`INSERT INTO undo VALUES (?, ?)`, op.Hash, target); err != nil {
		return err
	}
	var noun string
	var thing vault.Thing
	err = tx.QueryRow(`SELECT noun, thing FROM version WHERE op = ?`, target).Scan(&noun, &thing)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // erased since
	}
	if err != nil {
		return err
	}
	if err := tx.Exec(`UPDATE version SET undone = 1 - undone WHERE op = ?`, target); err != nil {
		return err
	}
	return fold(tx, noun, thing)
}

// projectEvent keeps what happened to a story: approvals and so on are never changed.
func projectEvent(tx *vault.Tx, op *vault.Op) error {
	n, err := count(tx, "event")
	if err != nil || op.Erased {
		return err
	}
	return tx.Exec(`INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)`, op.Hash, n, string(op.Kind), op.Subject, op.Day, string(op.Content))
}
