package desk

import (
	"database/sql"
	"errors"
	"slices"

	"kkachi/internal/vault"
)

// Tags of threads stand in a table of their own, so that the threads of one are found; with
// where each thread stands in the inbox, so that they are found in that order (see refresh).
const markSchema = `
CREATE TABLE thread_tag (
	tag TEXT, source BLOB, box INTEGER NOT NULL, top INTEGER NOT NULL, day INTEGER NOT NULL, last INTEGER NOT NULL, snooze INTEGER NOT NULL,
	PRIMARY KEY (tag, source)
) STRICT, WITHOUT ROWID;
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

// labels are the nouns that stand in the row of a thread and change nothing else there but whether
// the newsroom has dealt with it: a hundred threads get one at once.
var labels = map[string]bool{nounTopic: true, nounTags: true, nounAssigned: true}

// tagsIn reads the tags of a thread, if the noun is theirs.
func tagsIn(tx *vault.Tx, noun string, src vault.Thing) ([]string, error) {
	if noun != nounTags {
		return nil, nil
	}
	t, err := stateIn[tags](tx, noun, src)
	return t.Tags, err
}

// relabel takes a label into the row of its thread, as refresh would: without reading what came and
// what was said, wherever that can't matter. were are the tags until now.
func relabel(tx *vault.Tx, noun string, src vault.Thing, were []string, gone bool) error {
	now, err := tagsIn(tx, noun, src)
	if err != nil {
		return err
	}
	for _, tag := range were {
		if !slices.Contains(now, tag) {
			if err := tx.Exec(`DELETE FROM thread_tag WHERE tag = ? AND source = ?`, tag, src); err != nil {
				return err
			}
		}
	}
	var r threadRow
	var followed bool
	err = tx.QueryRow(`SELECT box, top, day, last, snooze, known, swept, topic, assigned, next IS NOT NULL FROM thread WHERE source = ?`, src).
		Scan(&r.box, &r.top, &r.day, &r.last, &r.snooze, &r.known, &r.swept, &r.topic, &r.assigned, &followed)
	if errors.Is(err, sql.ErrNoRows) {
		r.box = boxEmpty
	} else if err != nil {
		return err
	}
	for _, tag := range now {
		if !slices.Contains(were, tag) {
			err := tx.Exec(`INSERT INTO thread_tag VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, tag, src, r.box, r.top, r.day, r.last, r.snooze)
			if err != nil {
				return err
			}
		}
	}
	switch known, err := r.knownBy(tx, src, gone); {
	case err != nil:
		return err
	case known != r.known && (known == knownNot || followed), r.swept > 0:
		return refresh(tx, src)
	case known != r.known:
		if err := tx.Exec(`UPDATE thread SET known = ? WHERE source = ?`, known, src); err != nil {
			return err
		}
	}
	switch noun {
	case nounTopic:
		t, err := stateIn[topic](tx, noun, src)
		if err != nil || t.Topic == r.topic {
			return err
		}
		return tx.Exec(`UPDATE thread SET topic = ? WHERE source = ?`, t.Topic, src)
	case nounAssigned:
		a, err := stateIn[assigned](tx, noun, src)
		if err != nil || a.To == r.assigned {
			return err
		}
		return tx.Exec(`UPDATE thread SET assigned = ? WHERE source = ?`, a.To, src)
	}
	return nil
}

// knownBy says whether the newsroom has dealt with a thread once a label was set or, gone, taken
// off; knownNot if only refresh can tell.
func (r *threadRow) knownBy(tx *vault.Tx, src vault.Thing, gone bool) (int64, error) {
	if !gone {
		return max(r.known, knownDealt), nil
	}
	if r.known == knownAnswered {
		return knownAnswered, nil
	}
	var other bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM state WHERE +noun IN (`+knownStates+`) AND thing = ?)`, src).Scan(&other)
	if err != nil || !other {
		return knownNot, err
	}
	return knownDealt, nil
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
	tags           tags
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
		s.tags, err = unmarshal[tags](doc)
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
	r.topic, r.assigned, r.tags = s.topic.Topic, s.assigned.To, s.tags.Tags
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
