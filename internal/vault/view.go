package vault

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3"
)

// A Reader reads the projections, and can do nothing else: its connections open the file
// read-only, and SQLite refuses every statement that isn't a question. It may be used from
// many goroutines.
type Reader struct {
	q querier
	b *sql.DB // nil in a snapshot

	mu    sync.Mutex           // guards stmts
	stmts map[string]*sql.Stmt // of one row, prepared; they end with b
}

// maxStmts bounds what a Reader keeps prepared: more than the questions of a desk.
const maxStmts = 256

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func newReader(db *sql.DB) *Reader { return &Reader{q: db, b: db, stmts: map[string]*sql.Stmt{}} }

// Query runs a question of several rows. Close them.
func (r *Reader) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.q.QueryContext(ctx, query, args...)
}

// QueryRow runs a question of one row; its error comes with Scan. Outside a snapshot the
// question is prepared once and kept, so write values as arguments, never into the text.
func (r *Reader) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if s := r.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.q.QueryRowContext(ctx, query, args...)
}

// prepared is the kept statement of a question; nil if it is to be asked as it stands.
func (r *Reader) prepared(ctx context.Context, query string) *sql.Stmt {
	if r.b == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.stmts[query]; s != nil || len(r.stmts) >= maxStmts {
		return s
	}
	s, err := r.b.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil // whoever asks is told
	}
	r.stmts[query] = s
	return s
}

// Snapshot runs fn with a Reader that sees one state throughout, whatever is written
// meanwhile. A Reader of a snapshot passes itself.
func (r *Reader) Snapshot(ctx context.Context, fn func(*Reader) error) error {
	if r.b == nil {
		return fn(r)
	}
	tx, err := r.b.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return dbError(viewFile, err)
	}
	defer tx.Rollback()
	return fn(&Reader{q: tx})
}

// authorizeRead lets questions pass, and what database/sql needs to ask them.
func authorizeRead(action sqlite3.AuthorizerActionCode, name3, name4, _, _ string) sqlite3.AuthorizerReturnCode {
	switch action {
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_READ, sqlite3.AUTH_RECURSIVE, sqlite3.AUTH_TRANSACTION:
		return sqlite3.AUTH_OK
	case sqlite3.AUTH_FUNCTION:
		if !strings.EqualFold(name4, "load_extension") {
			return sqlite3.AUTH_OK
		}
	case sqlite3.AUTH_PRAGMA:
		switch strings.ToLower(name3) {
		case "query_only", "data_version":
			if name4 == "" {
				return sqlite3.AUTH_OK
			}
		case "table_info", "table_list":
			return sqlite3.AUTH_OK
		}
	}
	return sqlite3.AUTH_DENY
}
