package desk

import (
	"database/sql"
	"errors"

	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// Projections of what comes in, and of what goes out to sources.

func projectSource(tx *vault.Tx, op *vault.Op) error {
	n, err := count(tx, "source")
	if err != nil || op.Erased {
		return err
	}
	var s source
	if err := read(op.Content, &s); err != nil {
		return err
	}
	err = tx.Exec(`INSERT INTO source VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, op.Subject, n, s.Handle, []byte(s.Thread), op.Day)
	if err != nil {
		return err
	}
	return threadBegins(tx, op.Subject, s.Thread)
}

func projectLetter(tx *vault.Tx, op *vault.Op) error {
	n, err := count(tx, "report")
	if err != nil || op.Erased {
		return err
	}
	var l letter
	if err := read(op.Content, &l); err != nil {
		return err
	}
	err = tx.Exec(`INSERT INTO report VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, ?) ON CONFLICT DO NOTHING`,
		op.Subject, n, op.KeyOf, string(l.Kind), l.Topic, l.Day, string(l.Lang), l.Text, []byte(l.Blob), l.File, []byte(l.Letter), l.Parts, []byte(l.Next))
	if err != nil {
		return err
	}
	if err := projectSeen(tx, op, l); err != nil {
		return err
	}
	if err := indexReport(tx, op.Subject); err != nil {
		return err
	}
	return refresh(tx, op.KeyOf)
}

// projectSeen marks what a letter says that its source has read: the reply it names, and
// those before it that were in a bulletin no later than that one, and in each that held it.
func projectSeen(tx *vault.Tx, op *vault.Op, l letter) error {
	if len(l.LastReply) == 0 {
		return nil
	}
	var n int64
	var day sql.NullInt64
	err := tx.QueryRow(`SELECT n, day FROM reply WHERE substr(id, 1, 8) = ?2 AND source IN (`+group+`SELECT source FROM g)`, op.KeyOf, l.LastReply).Scan(&n, &day)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE reply SET seen = ?2 WHERE source IN (`+group+`SELECT source FROM g)
		AND seen IS NULL AND (n = ?3 OR n < ?3 AND day <= ?4 AND passed = 0)`, op.KeyOf, l.Day, n, day)
}

// projectCall makes the row of a call note's report; what stands in it comes from its state.
func projectCall(tx *vault.Tx, op *vault.Op) error {
	var have int
	if err := tx.QueryRow(`SELECT count(*) FROM report WHERE id = ?`, op.Subject).Scan(&have); err != nil || have > 0 {
		return err
	}
	n, err := count(tx, "report")
	if err != nil {
		return err
	}
	if _, err := count(tx, counterCall); err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO report VALUES (?, ?, ?, '', 0, 0, '', '', NULL, 0, NULL, 0, '', 1, 1, NULL)`, op.Subject, n, op.KeyOf)
}

func foldCall(tx *vault.Tx, report vault.Thing, gone bool) error {
	if gone {
		return tx.Exec(`UPDATE report SET gone = 1 WHERE id = ?`, report)
	}
	var doc string
	if err := tx.QueryRow(`SELECT doc FROM state WHERE noun = ? AND thing = ?`, nounCall, report).Scan(&doc); err != nil {
		return err
	}
	var c CallNote
	if err := read([]byte(doc), &c); err != nil {
		return err
	}
	return tx.Exec(`UPDATE report SET gone = 0, kind = ?, day = ?, lang = ?, text = ?, taker = ? WHERE id = ?`,
		string(c.Kind), c.Day, string(c.Lang), c.Text, c.Taker, report)
}

func projectRead(tx *vault.Tx, op *vault.Op) error {
	if err := tx.Exec(`UPDATE report SET read = 1 WHERE `+inGroup+` AND read = 0`, op.Subject); err != nil {
		return err
	}
	return refresh(tx, op.Subject)
}

func projectReply(tx *vault.Tx, op *vault.Op) error {
	n, err := count(tx, "reply")
	if err != nil || op.Erased {
		return err
	}
	var r reply
	if err := read(op.Content, &r); err != nil {
		return err
	}
	err = tx.Exec(`INSERT INTO reply VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?, 0)`, op.Subject, n, op.KeyOf, r.Text, r.By, op.Day, op.Hash)
	if err != nil {
		return err
	}
	if err := index(tx, indexed{FoundReply, op.Subject, op.KeyOf, int64(op.Day), string(lang.Guess(r.Text)), r.Text}); err != nil {
		return err
	}
	return refresh(tx, op.KeyOf)
}

func projectReplyOut(tx *vault.Tx, op *vault.Op) error {
	var o replyOut
	if op.Erased {
		return nil
	}
	if err := read(op.Content, &o); err != nil {
		return err
	}
	return tx.Exec(`UPDATE reply SET day = ? WHERE id = ? AND (day IS NULL OR day > ?)`, o.Day, op.Subject, o.Day)
}

func projectBatch(tx *vault.Tx, op *vault.Op) error {
	var b batch
	if op.Erased {
		return nil
	}
	if err := read(op.Content, &b); err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO batch VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, b.Day, b.Records, b.Letters, b.Refused, b.Late)
}

func projectDraft(tx *vault.Tx, op *vault.Op) error {
	var t draftText
	if op.Erased {
		return nil
	}
	if err := read(op.Content, &t); err != nil {
		return err
	}
	if t.Text == "" {
		return tx.Exec(`DELETE FROM draft WHERE key = ? AND about = ?`, t.Key, t.About)
	}
	return tx.Exec(`INSERT INTO draft VALUES (?, ?, ?) ON CONFLICT (key, about) DO UPDATE SET text = excluded.text`, t.Key, t.About, t.Text)
}
