package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
)

// opLog is log.db: the operations as they were signed. The columns beside raw only find
// rows; Verify holds them to what raw says.
type opLog struct {
	db *sql.DB
}

// A write-ahead log lets readers walk while a write runs; synchronous=FULL makes each
// commit durable before it returns.
const logSetup = `
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA auto_vacuum=NONE; PRAGMA journal_size_limit=0;`

// Nothing is UNIQUE, so that a forked log can be read and named.
const logSchema = `
PRAGMA application_id=0x4b4b564c; PRAGMA user_version=2;
CREATE TABLE ops (id INTEGER PRIMARY KEY, clock INTEGER NOT NULL, author BLOB NOT NULL, seq INTEGER NOT NULL,
	kind TEXT NOT NULL, subject BLOB NOT NULL, raw BLOB NOT NULL) STRICT;
CREATE INDEX ops_order ON ops (clock, author, seq);
CREATE INDEX ops_chain ON ops (author, seq);
CREATE INDEX ops_subject ON ops (subject, clock, author, seq);
CREATE INDEX ops_erase ON ops (subject) WHERE kind = 'vault.erase';
`

const logID = 0x4b4b564c

func createLog(path string, master *[32]byte) (*opLog, error) {
	l, err := dialLog(path, "rwc", master)
	if err != nil {
		return nil, err
	}
	if _, err := l.db.Exec(logSchema); err != nil {
		return nil, errors.Join(dbError(logFile, err), l.close())
	}
	return l, nil
}

func openLog(path string, master *[32]byte) (*opLog, error) {
	if err := errors.Join(fileShape(path), trimJournals(path)); err != nil {
		return nil, err
	}
	l, err := dialLog(path, "rw", master)
	if err != nil {
		return nil, err
	}
	var id int
	if err := l.db.QueryRow(`PRAGMA application_id`).Scan(&id); err != nil || id != logID {
		l.close()
		if err != nil {
			return nil, dbError(logFile, err)
		}
		return nil, damaged(Fault{What: Torn, File: logFile, Detail: "not the log of a vault"})
	}
	return l, nil
}

func dialLog(path, mode string, master *[32]byte) (*opLog, error) {
	key, err := subkey(master, "log")
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	db, err := openDB(encrypting, path, mode, &key, logSetup, nil)
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(4)
	return &opLog{db: db}, nil
}

func (l *opLog) close() error { return l.db.Close() }

// add stores operations in one durable transaction.
func (l *opLog) add(ctx context.Context, envs []*envelope) error {
	tx, err := l.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return dbError(logFile, err)
	}
	if err := insertOps(tx, envs); err != nil {
		tx.Rollback()
		return dbError(logFile, err)
	}
	return dbError(logFile, tx.Commit())
}

func insertOps(tx *sql.Tx, envs []*envelope) error {
	stmt, err := tx.Prepare(`INSERT INTO ops (clock, author, seq, kind, subject, raw) VALUES (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for _, e := range envs {
		if _, err := stmt.Exec(int64(e.Clock), e.Author, int64(e.Seq), string(e.Kind), e.Subject, e.raw); err != nil {
			return err
		}
	}
	return nil
}

// count is the number of operations at or before a position; the zero Position counts all.
// It walks over an index, and is what an Open of a long log takes longest for.
func (l *opLog) count(ctx context.Context, upTo Position) (n int, err error) {
	if upTo == (Position{}) {
		err = l.db.QueryRowContext(ctx, `SELECT count(*) FROM ops`).Scan(&n)
	} else {
		err = l.db.QueryRowContext(ctx, `SELECT count(*) FROM ops WHERE (clock, author, seq) <= (?, ?, ?)`,
			int64(upTo.Clock), upTo.Author, int64(upTo.Seq)).Scan(&n)
	}
	return n, dbError(logFile, err)
}

// pageOps is how many operations a walk reads at once. No connection is held while the
// walker works, so it may write.
const pageOps = 512

// walk yields all operations after from in canonical order, as stored. An encoding that
// can't be parsed ends it with a fault.
func (l *opLog) walk(ctx context.Context, from Position) iter.Seq2[*envelope, error] {
	return walkOn(ctx, l.db, from)
}

// walkOn walks what a transaction sees.
func walkOn(ctx context.Context, db querier, from Position) iter.Seq2[*envelope, error] {
	const q = `SELECT clock, author, seq, raw FROM ops WHERE (clock, author, seq) > (?, ?, ?) ORDER BY clock, author, seq LIMIT ?`
	return pages(ctx, from, func(at Position) (*sql.Rows, error) {
		return db.QueryContext(ctx, q, int64(at.Clock), at.Author, int64(at.Seq), pageOps)
	})
}

// about yields the operations on one subject.
func (l *opLog) about(ctx context.Context, subject Thing) iter.Seq2[*envelope, error] {
	const q = `SELECT clock, author, seq, raw FROM ops WHERE subject = ? AND (clock, author, seq) > (?, ?, ?) ORDER BY clock, author, seq LIMIT ?`
	return pages(ctx, Position{}, func(at Position) (*sql.Rows, error) {
		return l.db.QueryContext(ctx, q, subject, int64(at.Clock), at.Author, int64(at.Seq), pageOps)
	})
}

func pages(ctx context.Context, at Position, query func(Position) (*sql.Rows, error)) iter.Seq2[*envelope, error] {
	return func(yield func(*envelope, error) bool) {
		for {
			page, err := readPage(query, at)
			for _, e := range page {
				if err := ctx.Err(); err != nil {
					yield(nil, err)
					return
				}
				if !yield(e, nil) {
					return
				}
				at = e.Position()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) < pageOps {
				return
			}
		}
	}
}

// readPage returns what could be read, with the error that ended it.
func readPage(query func(Position) (*sql.Rows, error), at Position) (page []*envelope, err error) {
	rows, err := query(at)
	if err != nil {
		return nil, dbError(logFile, err)
	}
	defer rows.Close()
	for rows.Next() {
		var at Position
		var raw []byte
		if err := rows.Scan(&at.Clock, &at.Author, &at.Seq, &raw); err != nil {
			return page, dbError(logFile, err)
		}
		e, err := parseOp(raw)
		if err != nil {
			return page, damaged(unreadable(at, err))
		}
		if e.Position() != at {
			return page, damaged(misplaced(at, e))
		}
		page = append(page, e)
	}
	return page, dbError(logFile, rows.Err())
}

// unreadable is the fault of an encoding that can't be parsed.
func unreadable(at Position, err error) Fault {
	f := Fault{What: Edited, File: logFile, Author: at.Author, Seq: at.Seq, Detail: err.Error()}
	if oe, ok := err.(opError); ok {
		f.Detail = string(oe)
		if oe == errTruncated || oe == errTrailing {
			f.What = Torn
		}
	}
	return f
}

// misplaced is the fault of an operation that stands in the row of another.
func misplaced(at Position, e *envelope) Fault {
	return Fault{
		What: Reordered, File: logFile, Author: at.Author, Seq: at.Seq,
		Detail: fmt.Sprintf("in its row stands operation %d of author %s", e.Seq, e.Author),
	}
}

// at is the operation of an author at seq; nil if there is none, the first if there are two.
func (l *opLog) at(ctx context.Context, author DeviceID, seq uint64) (*envelope, error) {
	var raw []byte
	err := l.db.QueryRowContext(ctx, `SELECT raw FROM ops WHERE author = ? AND seq = ? ORDER BY id LIMIT 1`, author, int64(seq)).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, dbError(logFile, err)
	}
	e, err := parseOp(raw)
	if err != nil {
		return nil, damaged(unreadable(Position{0, author, seq}, err))
	}
	if e.Author != author || e.Seq != seq {
		return nil, damaged(misplaced(Position{0, author, seq}, e))
	}
	return e, nil
}

// tails are the highest seq of each author.
func (l *opLog) tails(ctx context.Context) (_ map[DeviceID]uint64, err error) {
	// From one author's end to the next author, so that no operation is walked over.
	rows, err := l.db.QueryContext(ctx, `WITH RECURSIVE a(author) AS (SELECT min(author) FROM ops
		UNION ALL SELECT (SELECT min(author) FROM ops WHERE author > a.author) FROM a WHERE a.author IS NOT NULL)
		SELECT author, (SELECT max(seq) FROM ops WHERE ops.author = a.author) FROM a WHERE author IS NOT NULL`)
	if err != nil {
		return nil, dbError(logFile, err)
	}
	defer rowsClose(rows, &err)
	tails := make(map[DeviceID]uint64)
	for rows.Next() {
		var id DeviceID
		var seq uint64
		if err := rows.Scan(&id, &seq); err != nil {
			return nil, dbError(logFile, err)
		}
		tails[id] = seq
	}
	return tails, dbError(logFile, rows.Err())
}

// erasedThings are the subjects of all vault.erase operations.
func (l *opLog) erasedThings(ctx context.Context) (_ []Thing, err error) {
	rows, err := l.db.QueryContext(ctx, `SELECT DISTINCT subject FROM ops WHERE kind = 'vault.erase'`)
	if err != nil {
		return nil, dbError(logFile, err)
	}
	defer rowsClose(rows, &err)
	var things []Thing
	for rows.Next() {
		var t Thing
		if err := rows.Scan(&t); err != nil {
			return nil, dbError(logFile, err)
		}
		things = append(things, t)
	}
	return things, dbError(logFile, rows.Err())
}
