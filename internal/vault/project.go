package vault

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/ncruces/go-sqlite3/vfs"
)

// A Projector turns operations into tables of view.db. It is the only writer there, and
// must be deterministic: the same operations in the same order give the same tables. It
// has no clock and no randomness; SQL's own are refused.
type Projector interface {
	// Name is of a–z, 0–9 and '_', beginning with a letter; unique in a vault.
	Name() string
	// Version changes when Apply changes. view.db is then rebuilt.
	Version() int
	// Schema is the statements that create the projector's tables and indexes. A change
	// rebuilds view.db. Names beginning with "vault_" or "sqlite_" are refused.
	Schema() string
	// Apply projects one operation. Operations come in canonical order. Unknown kinds are
	// not an error; op.Erased says that the content is gone for good. An error refuses the
	// Append that brought the operation; for one that is in the log already, it stops the
	// projection, so what was accepted once must be accepted for ever.
	Apply(tx *Tx, op *Op) error
}

// A Rebuilder is a Projector that puts its tables in order once all of them were made anew.
type Rebuilder interface {
	Projector
	// Rebuilt is called at the end of a rebuild, before it is committed. What it does must
	// not show in the canonical dump.
	Rebuilt(tx *Tx) error
}

// projection is view.db: one connection that writes, and a pool that can only read.
type projection struct {
	db         *sql.DB // of the one connection that writes
	conn       *sql.Conn
	readers    *sql.DB
	moves      *checkpointer
	blocks     *blocks
	layer      string // name of the file layer of blocks
	guard      *writeGuard
	stmts      map[string]*sql.Stmt
	projectors []Projector
	at         state
	rebuilds   atomic.Uint64
	behind     bool // the tables lack operations of the log
	total      int  // operations in the log, as counted when the view was opened; 0: since then unknown
}

// state is how far the projection came.
type state struct {
	Position
	hash Hash // of the last operation
	ops  int  // projected so far
}

// The cache holds what a large Append changes, so that no page of it is encrypted and written
// more than once.
const viewSetup = `
PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=0;
PRAGMA cache_size=-16384;`

const stateSchema = `CREATE TABLE vault_state (id INTEGER PRIMARY KEY CHECK (id = 1), projectors BLOB NOT NULL,
	clock INTEGER NOT NULL, author BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, ops INTEGER NOT NULL) STRICT`

var projectorName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// openView opens view.db and brings it up to the log. Whatever is wrong with the file, it
// is made anew: nothing in it is original.
func (v *Vault) openView(ctx context.Context, projectors []Projector) error {
	var names []string
	for _, p := range projectors {
		if !projectorName.MatchString(p.Name()) || slices.Contains(names, p.Name()) {
			return fmt.Errorf("vault: projector %q: bad or repeated name", p.Name())
		}
		names = append(names, p.Name())
	}
	path := filepath.Join(v.dir, viewFile)
	if err := v.freshViewKey(ctx, path); err != nil {
		return err
	}
	fresh := fileShape(path) != nil
	if fresh {
		if err := removeDB(path); err != nil {
			return err
		}
	}
	whole, err := v.dialView(ctx, path, projectors)
	if err != nil && !torn(err) && !errors.Is(err, ErrDamaged) {
		return err
	}
	if whole {
		return v.catchUp(ctx)
	}
	if !fresh || err != nil { // to empty tables that are no use one by one takes longer than to make them
		err = nil
		if useless := v.view; useless != nil {
			v.view, err = nil, useless.close()
		}
		if err := errors.Join(err, removeDB(path)); err != nil {
			return err
		}
		if _, err := v.dialView(ctx, path, projectors); err != nil {
			return err
		}
	}
	return v.rebuild(ctx, v.opts.Progress)
}

// dialView opens view.db and says whether its tables are a prefix of this log, made by
// these projectors.
func (v *Vault) dialView(ctx context.Context, path string, projectors []Projector) (whole bool, err error) {
	b, err := v.keys.meta("view")
	if err != nil {
		return false, err
	}
	if len(b) != KeySize {
		return false, errors.New("vault: the key of view.db is missing from keys.db")
	}
	key := (*[32]byte)(b)
	defer clear(b)
	p := &projection{projectors: projectors, guard: new(writeGuard), stmts: make(map[string]*sql.Stmt), blocks: newBlocks(ViewBlocks)}
	defer func() {
		if err != nil {
			p.close()
		} else {
			v.view = p
		}
	}()
	if p.layer, err = p.blocks.register(); err != nil {
		return false, err
	}
	if p.db, err = openDB(p.layer, path, "rwc", key, viewSetup+fmt.Sprintf("PRAGMA wal_autocheckpoint=%d;", walMost), func(c *sqlite3.Conn) error {
		return errors.Join(fts5.Register(c), c.SetAuthorizer(p.guard.authorize))
	}); err != nil {
		return false, err
	}
	p.db.SetMaxOpenConns(1)
	if p.conn, err = p.db.Conn(ctx); err != nil {
		return false, err
	}
	if p.readers, err = openDB(p.layer, path, "ro", key, "PRAGMA query_only=ON;", func(c *sqlite3.Conn) error {
		return errors.Join(fts5.Register(c), c.SetAuthorizer(authorizeRead))
	}); err != nil {
		return false, err
	}
	p.readers.SetMaxIdleConns(4)
	mover, err := openDB(p.layer, path, "rw", key, "", nil)
	if err != nil {
		return false, err
	}
	p.moves = newCheckpointer(mover)
	return v.wholeView(ctx, p)
}

func (v *Vault) wholeView(ctx context.Context, p *projection) (bool, error) {
	var n int
	if err := p.conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'vault_state'`).Scan(&n); err != nil || n == 0 {
		return false, err
	}
	var made Hash
	row := p.conn.QueryRowContext(ctx, `SELECT projectors, clock, author, seq, hash, ops FROM vault_state`)
	if err := row.Scan(&made, &p.at.Clock, &p.at.Author, &p.at.Seq, &p.at.hash, &p.at.ops); err != nil {
		if torn(err) {
			return false, err
		}
		return false, nil
	}
	if made != fingerprint(p.projectors) {
		return false, nil
	}
	if p.at.ops == 0 {
		return p.at == state{}, nil
	}
	e, err := v.log.at(ctx, p.at.Author, p.at.Seq)
	if err != nil {
		return false, err
	}
	if e == nil || e.Hash != p.at.hash {
		return false, nil
	}
	// All of them, as a rule; counting up to a position as well takes as long again.
	if p.total, err = v.log.count(ctx, Position{}); err != nil || p.total == p.at.ops {
		return err == nil, err
	}
	n, err = v.log.count(ctx, p.at.Position)
	return n == p.at.ops, err
}

// freshViewKey gives view.db a new key if something was erased since it got the last, so
// that no old block of the file can be read again.
func (v *Vault) freshViewKey(ctx context.Context, path string) error {
	stale, err := v.keys.meta("stale")
	if err != nil || len(stale) == 0 {
		return err
	}
	if err := removeDB(path); err != nil {
		return err
	}
	key := make([]byte, KeySize)
	defer clear(key)
	if _, err := io.ReadFull(v.opts.Rand, key); err != nil {
		return fmt.Errorf("vault: randomness: %w", err)
	}
	return v.keys.wipingTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM meta WHERE name = 'stale'`)
		_, err2 := tx.Exec(`UPDATE meta SET value = ? WHERE name = 'view'`, key)
		return errors.Join(err, err2)
	})
}

// removeDB removes a database and what stands beside it.
func removeDB(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("vault: %w", err)
		}
	}
	return nil
}

// fingerprint changes when a projector's name, version or schema does.
func fingerprint(projectors []Projector) Hash {
	h := sha256.New()
	for _, p := range projectors {
		fmt.Fprintf(h, "%q %d %q\n", p.Name(), p.Version(), p.Schema())
	}
	return Hash(h.Sum(nil))
}

func (p *projection) close() error {
	var errs []error
	if p.moves != nil {
		errs = append(errs, p.moves.close())
	}
	if p.readers != nil {
		errs = append(errs, p.readers.Close())
	}
	p.forget()
	if p.conn != nil {
		errs = append(errs, p.conn.Close())
	}
	if p.db != nil {
		errs = append(errs, p.db.Close())
	}
	vfs.Unregister(p.layer)
	p.blocks.drop()
	p.blocks.wipe()
	return errors.Join(errs...)
}

// shut ends all reading, because the tables lack operations of the log or hold what was
// erased: who asks them whether something is known already would write it twice.
func (p *projection) shut() { _ = p.readers.Close() }

// forget drops the prepared statements.
func (p *projection) forget() {
	for _, s := range p.stmts {
		s.Close()
	}
	clear(p.stmts)
}

// begin opens a transaction for projecting.
func (p *projection) begin(ctx context.Context) (*Tx, error) {
	if _, err := p.conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return nil, dbError(viewFile, err)
	}
	return &Tx{ctx: ctx, p: p, at: p.at}, nil
}

// apply projects one operation through every projector.
func (tx *Tx) apply(op *Op) error {
	tx.p.guard.mode = guardApply
	defer func() { tx.p.guard.mode = guardOff }()
	for _, p := range tx.p.projectors {
		if err := p.Apply(tx, op); err != nil {
			return fmt.Errorf("vault: projector %s: operation %d of %s (%s): %w", p.Name(), op.Seq, op.Author, op.Kind, err)
		}
	}
	tx.at = state{op.Position(), op.Hash, tx.at.ops + 1}
	return nil
}

// commit writes the state and ends the transaction. The context may have ended.
func (tx *Tx) commit() error {
	ctx := context.WithoutCancel(tx.ctx)
	_, err := tx.p.conn.ExecContext(ctx, `INSERT OR REPLACE INTO vault_state VALUES (1, ?, ?, ?, ?, ?, ?)`,
		fingerprint(tx.p.projectors), int64(tx.at.Clock), tx.at.Author, int64(tx.at.Seq), tx.at.hash, tx.at.ops)
	if err == nil {
		_, err = tx.p.conn.ExecContext(ctx, `COMMIT`)
	}
	if err != nil {
		tx.rollback()
		return dbError(viewFile, err)
	}
	if logged, err := tx.p.blocks.tail.settle(); err == nil && logged > walDue { // else it stays, and the next write says so
		tx.p.moves.wake()
	}
	tx.p.at = tx.at
	return nil
}

func (tx *Tx) rollback() {
	// An error would mean that SQLite has rolled back already.
	_, _ = tx.p.conn.ExecContext(context.WithoutCancel(tx.ctx), `ROLLBACK`)
}

// catchUp projects what the log has after the projection's position. An erasure among it
// changes what was projected before, and asks for a rebuild.
func (v *Vault) catchUp(ctx context.Context) error {
	total, err := v.total(ctx)
	if err != nil {
		return err
	}
	if total == v.view.at.ops {
		v.view.behind = false
		return nil
	}
	tx, err := v.view.begin(ctx)
	if err != nil {
		return err
	}
	open := newOpener(v.keys)
	for e, err := range v.log.walk(ctx, v.view.at.Position) {
		if err == nil && e.Kind == KindErase {
			tx.rollback()
			return v.rebuild(ctx, v.opts.Progress)
		}
		if err := v.step(ctx, tx, open, e, err); err != nil {
			tx.rollback()
			return err
		}
	}
	if err := tx.settle(); err != nil {
		tx.rollback()
		return err
	}
	if tx.at.ops != total { // something sorts before the position
		tx.rollback()
		return v.rebuild(ctx, v.opts.Progress)
	}
	if err := tx.commit(); err != nil {
		return err
	}
	v.view.behind = false
	return nil
}

// total is the number of operations in the log: as it was counted when the view was opened,
// the first time.
func (v *Vault) total(ctx context.Context) (int, error) {
	n := v.view.total
	v.view.total = 0
	if n > 0 {
		return n, nil
	}
	return v.log.count(ctx, Position{})
}

// step opens and projects one operation of a walk.
func (v *Vault) step(ctx context.Context, tx *Tx, open *opener, e *envelope, err error) error {
	if err != nil {
		return err
	}
	op, err := open.open(ctx, e)
	if err != nil {
		return err
	}
	return tx.apply(op)
}
