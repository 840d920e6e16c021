package vault

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// A Tx is the transaction in which a projector writes. It is valid during Apply only.
type Tx struct {
	ctx context.Context
	p   *projection
	at  state

	kept map[string]Kept
}

// A Kept is what a projector has gathered in memory, to write it at once: many rows in one
// statement cost less than each in its own.
type Kept interface {
	// Settle writes what was gathered. It is called before the transaction is committed, in
	// a long one also on the way, and keeps nothing of what it wrote.
	Settle(tx *Tx) error
}

// Keep gives what is kept under a name in this transaction, made by begin at first. It dies
// with the transaction, whether that is committed or not.
func (tx *Tx) Keep(name string, begin func() Kept) Kept {
	k, ok := tx.kept[name]
	if !ok {
		k = begin()
		if tx.kept == nil {
			tx.kept = map[string]Kept{}
		}
		tx.kept[name] = k
	}
	return k
}

// settle writes all that is kept.
func (tx *Tx) settle() error {
	tx.p.guard.mode = guardApply
	defer func() { tx.p.guard.mode = guardOff }()
	for _, name := range slices.Sorted(maps.Keys(tx.kept)) {
		if err := tx.kept[name].Settle(tx); err != nil {
			return fmt.Errorf("vault: projecting: %w", err)
		}
	}
	return nil
}

// rebuilt tells the projectors that ask for it that a rebuild is at its end.
func (tx *Tx) rebuilt() error {
	tx.p.guard.mode = guardApply
	defer func() { tx.p.guard.mode = guardOff }()
	for _, p := range tx.p.projectors {
		if r, ok := p.(Rebuilder); ok {
			if err := r.Rebuilt(tx); err != nil {
				return fmt.Errorf("vault: projector %s: %w", p.Name(), err)
			}
		}
	}
	return nil
}

// Exec runs one statement that changes a projection. Statements are prepared once and kept,
// so write values as arguments, never into the text.
func (tx *Tx) Exec(query string, args ...any) error {
	s, err := tx.prepare(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(tx.ctx, args...)
	return err
}

// Query reads what was projected so far. Close the rows before Apply returns, and before the
// same is asked again.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	s, err := tx.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(tx.ctx, args...)
}

// QueryRow reads one row of what was projected so far. Scan it before the next call.
func (tx *Tx) QueryRow(query string, args ...any) *sql.Row {
	s, err := tx.prepare(query)
	if err != nil {
		return tx.p.conn.QueryRowContext(tx.ctx, query, args...) // carries the error to Scan
	}
	return s.QueryRowContext(tx.ctx, args...)
}

func (tx *Tx) prepare(query string) (*sql.Stmt, error) {
	if s := tx.p.stmts[query]; s != nil {
		return s, nil
	}
	// Not tx.ctx: the statement outlives the transaction.
	s, err := tx.p.conn.PrepareContext(context.WithoutCancel(tx.ctx), query)
	if err != nil {
		return nil, err
	}
	tx.p.stmts[query] = s
	return s, nil
}

// writeGuard decides what the writing connection may do while a projector holds it.
type writeGuard struct{ mode guardMode }

type guardMode int

const (
	guardOff    guardMode = iota // the vault's own statements
	guardSchema                  // a projector's Schema
	guardApply                   // a projector's Apply
)

// unsteady are SQL functions whose result differs from run to run. Dates with an explicit
// argument would be steady, but the guard does not see arguments.
var unsteady = map[string]bool{
	"random": true, "randomblob": true, "date": true, "time": true, "datetime": true, "julianday": true,
	"unixepoch": true, "strftime": true, "timediff": true, "current_date": true, "current_time": true,
	"current_timestamp": true, "last_insert_rowid": true, "total_changes": true, "load_extension": true,
}

func (g *writeGuard) authorize(action sqlite3.AuthorizerActionCode, name3, name4, _, _ string) sqlite3.AuthorizerReturnCode {
	if g.mode == guardOff {
		return sqlite3.AUTH_OK
	}
	switch action {
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_READ, sqlite3.AUTH_RECURSIVE:
		return sqlite3.AUTH_OK
	case sqlite3.AUTH_FUNCTION:
		if !unsteady[strings.ToLower(name4)] {
			return sqlite3.AUTH_OK
		}
	case sqlite3.AUTH_PRAGMA: // full text search asks for it
		if strings.EqualFold(name3, "data_version") {
			return sqlite3.AUTH_OK
		}
	case sqlite3.AUTH_INSERT, sqlite3.AUTH_UPDATE, sqlite3.AUTH_DELETE:
		// Creating a table writes sqlite_master (by whatever name).
		if g.mode == guardSchema || !internalTable(name3) {
			return sqlite3.AUTH_OK
		}
	case sqlite3.AUTH_CREATE_TABLE, sqlite3.AUTH_CREATE_INDEX, sqlite3.AUTH_CREATE_VIEW,
		sqlite3.AUTH_CREATE_TRIGGER, sqlite3.AUTH_CREATE_VTABLE, sqlite3.AUTH_REINDEX:
		// Indexes that SQLite makes for keys are named sqlite_autoindex.
		if g.mode == guardSchema && !strings.HasPrefix(strings.ToLower(name3), "vault_") {
			return sqlite3.AUTH_OK
		}
	}
	return sqlite3.AUTH_DENY
}

func internalTable(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "vault_") || strings.HasPrefix(name, "sqlite_") && name != "sqlite_sequence"
}
