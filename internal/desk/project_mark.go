package desk

import (
	"database/sql"
	"errors"

	"kkachi/internal/vault"
)

// Tags of threads stand in a table of their own, so that the threads of one are found; with
// where each thread stands in the inbox, so that they are found in that order (see refresh).
const markSchema = `
CREATE TABLE thread_tag (
	tag TEXT, source BLOB, box INTEGER NOT NULL, top INTEGER NOT NULL, day INTEGER NOT NULL, last INTEGER NOT NULL, snooze INTEGER NOT NULL,
	PRIMARY KEY (tag, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_tag_source ON thread_tag (source);
CREATE INDEX thread_tag_order ON thread_tag (tag, box, top DESC, day DESC, last DESC, snooze);
`

// markNouns are the kinds of what journalists say about threads and cases that can be
// undone, and the noun whose state each changes.
var markNouns = map[vault.Kind]string{
	opTopic:     nounTopic,
	opTags:      nounTags,
	opAssign:    nounAssigned,
	opSnooze:    nounSnoozed,
	opRemark:    nounRemark,
	opJoin:      nounJoined,
	opView:      nounView,
	opCanned:    nounCanned,
	opCaseOpen:  nounCaseOpened,
	opCaseSheet: nounCase,
	opCaseStep:  nounCaseStep,
	opCaseClose: nounCaseClosed,
}

// Nouns of these states.
const (
	nounTopic      = "topic"
	nounTags       = "tags"
	nounAssigned   = "assigned"
	nounSnoozed    = "snoozed"
	nounRemark     = "remark"
	nounJoined     = "joined"
	nounView       = "view"
	nounCanned     = "canned"
	nounCaseOpened = "case opened"
	nounCase       = "case"
	nounCaseStep   = "case step"
	nounCaseClosed = "case closed"
)

// knownMarks are the states of a source that show that the newsroom has dealt with it.
const knownMarks = `'topic', 'tags', 'assigned', 'snoozed', 'joined', 'case opened', 'case', 'case closed'`

// marked takes the tags of a thread into their table, before its row is made anew.
func marked(tx *vault.Tx, noun string, src vault.Thing) error {
	if noun != nounTags {
		return nil
	}
	if err := tx.Exec(`DELETE FROM thread_tag WHERE source = ?`, src); err != nil {
		return err
	}
	t, err := stateIn[tags](tx, noun, src)
	if err != nil {
		return err
	}
	for _, tag := range t.Tags {
		if err := tx.Exec(`INSERT INTO thread_tag VALUES (?, ?, ?, 0, 0, 0, 0) ON CONFLICT DO NOTHING`, tag, src, boxEmpty); err != nil {
			return err
		}
	}
	return nil
}

// stateIn reads the state of a noun's thing; the zero value if there is none.
func stateIn[T any](tx *vault.Tx, noun string, thing vault.Thing) (t T, err error) {
	var doc string
	err = tx.QueryRow(`SELECT doc FROM state WHERE noun = ? AND thing = ?`, noun, thing).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	return unmarshal[T](doc)
}

// projectUnread makes the newest telling unread again.
func projectUnread(tx *vault.Tx, op *vault.Op) error {
	err := tx.Exec(`UPDATE report SET read = 0 WHERE n = (SELECT max(n) FROM report WHERE gone = 0 AND `+inGroup+`)`, op.Subject)
	if err != nil {
		return err
	}
	return refresh(tx, op.Subject)
}

// A said is what journalists said about a thread, as far as its row shows it.
type said struct {
	blocked, known bool
	tagged         bool
	topic          topic
	assigned       assigned
	snoozed        snoozed
	joined         joinedTo
	opened         saidOn
	taken          saidOn
	closed         saidOn
	closing        caseClosed
}

// A saidOn is when something was said, in the order of all versions.
type saidOn struct{ n, day int64 }

// said reads all of it at once: most threads have nothing of it. What is said of a case
// counts for all threads of one source.
func (r *threadRow) said(tx *vault.Tx, src vault.Thing, former bool) (*said, error) {
	which := `s.thing = ?1`
	if former {
		which = `s.thing IN (` + group + `SELECT source FROM g)`
	} else {
		var some bool
		// One look-up by the thing, not one for each noun: most threads have nothing of it.
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM state WHERE +noun IN (`+knownStates+`, 'blocked') AND thing = ?)`, src).Scan(&some)
		if err != nil || !some {
			return &said{}, err
		}
	}
	rows, err := tx.Query(`SELECT s.noun, s.thing = ?1, s.doc, v.n, v.day FROM state s JOIN version v ON v.op = s.op
		WHERE s.noun IN (`+knownStates+`, 'blocked') AND `+which+` ORDER BY v.n`, src)
	if err != nil {
		return nil, err
	}
	type line struct {
		noun, doc string
		own       bool
		on        saidOn
	}
	list, err := collect(rows, func(l *line) []any { return []any{&l.noun, &l.own, &l.doc, &l.on.n, &l.on.day} })
	if err != nil {
		return nil, err
	}
	out := &said{}
	for _, l := range list {
		switch l.noun {
		case nounCaseOpened:
			out.opened = l.on
		case nounTaken:
			out.taken = l.on
		case nounCaseClosed:
			if out.closing, err = unmarshal[caseClosed](l.doc); err != nil {
				return nil, err
			}
			out.closed = l.on
		}
		out.known = out.known || l.noun != nounBlocked
		if l.own {
			if err := out.own(l.noun, l.doc); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// own takes in what was said of this very thread.
func (s *said) own(noun, doc string) (err error) {
	switch noun {
	case nounBlocked:
		s.blocked = true
	case nounTags:
		s.tagged = true
	case nounTopic:
		s.topic, err = unmarshal[topic](doc)
	case nounAssigned:
		s.assigned, err = unmarshal[assigned](doc)
	case nounSnoozed:
		s.snoozed, err = unmarshal[snoozed](doc)
	case nounJoined:
		s.joined, err = unmarshal[joinedTo](doc)
	}
	return err
}

// labels are what was said about the thread. It rests until its day, unless something newer
// came than what was there then, or somebody waits for help.
func (r *threadRow) labels(s *said, newest vault.Thing) {
	r.topic, r.assigned, r.tagged = s.topic.Topic, s.assigned.To, s.tagged
	if vault.Thing(s.snoozed.After) == newest && r.top == 0 {
		r.snooze = int64(s.snoozed.Until)
	}
}

// cases finds how far the case of a thread has come. A letter newer than the one that the
// closing answers opens it again, and so does a journalist who says that help is asked for.
func (r *threadRow) cases(tx *vault.Tx, src vault.Thing, former bool, s *said) error {
	if r.help == 0 && s.opened.n == 0 {
		return nil
	}
	where := `source = ?1`
	if former {
		where = inGroup
	}
	var help, asking sql.NullInt64
	err := tx.QueryRow(`SELECT n, day FROM report WHERE `+where+` AND kind = 'help' AND gone = 0 ORDER BY n DESC LIMIT 1`, src).Scan(&help, &asking)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var answered sql.NullInt64
	err = tx.QueryRow(`SELECT n FROM report WHERE id = ?`, s.closing.After).Scan(&answered)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	r.asking = max(asking.Int64, s.opened.day)
	switch {
	case s.closed.n > s.opened.n && help.Int64 <= answered.Int64:
		r.cased = CaseClosed
	case s.taken.n > s.closed.n:
		r.cased = CaseTaken
	default:
		r.cased, r.top = CaseOpen, 1
	}
	return nil
}
