package vault

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Report says what a vault holds and what is wrong with it.
type Report struct {
	Device  DeviceID
	Ops     int
	Authors int
	Things  int // with a living key
	Erased  int
	Blobs   int
	Faults  []Fault
}

// maxFaults bounds a report: a garbage page should not make a million lines.
const maxFaults = 100

// Verify reads all of the vault: every file's structure, every operation's signature,
// chain and content, the remembered ends, and every blob. Faults are in the report and in
// the error, a *DamageError. Appends wait meanwhile; readers don't.
func (v *Vault) Verify(ctx context.Context, progress func(done, total int)) (Report, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return Report{}, ErrClosed
	}
	return v.verify(ctx, progress)
}

// VerifyDir is Verify for a closed vault, also for one that Open refuses. It changes
// nothing but what SQLite itself recovers from a crash.
func VerifyDir(ctx context.Context, dir string, key Key, opts Options, progress func(done, total int)) (Report, error) {
	v, err := openFiles(dir, key, opts)
	var damage *DamageError
	if errors.As(err, &damage) {
		return Report{Faults: damage.Faults}, err
	}
	if err != nil {
		return Report{}, err
	}
	defer v.Close()
	return v.verify(ctx, progress)
}

// verifier gathers what a walk finds.
type verifier struct {
	v       *Vault
	authors map[DeviceID]ed25519.PublicKey
	ends    map[DeviceID]head
	erased  map[Thing]bool
	open    *opener
	report  Report
}

func (v *Vault) verify(ctx context.Context, progress func(done, total int)) (Report, error) {
	w := &verifier{v: v, ends: make(map[DeviceID]head), erased: make(map[Thing]bool), open: newOpener(v.keys)}
	for _, step := range []func(context.Context) error{
		w.structure,
		w.people,
		func(ctx context.Context) error { return w.walk(ctx, progress) },
		w.remembered,
		w.erasures,
		w.blobs,
	} {
		err := step(ctx)
		var damage *DamageError
		if errors.As(err, &damage) {
			w.add(damage.Faults...)
		} else if err != nil {
			return w.report, err
		}
	}
	if len(w.report.Faults) > 0 {
		return w.report, damaged(w.report.Faults...)
	}
	return w.report, nil
}

func (w *verifier) add(faults ...Fault) {
	for _, f := range faults {
		if len(w.report.Faults) < maxFaults {
			w.report.Faults = append(w.report.Faults, f)
		}
	}
}

// structure asks SQLite whether the files are whole databases.
func (w *verifier) structure(ctx context.Context) error {
	for _, f := range []struct {
		name string
		db   *sql.DB
	}{{keysFile, w.v.keys.db}, {logFile, w.v.log.db}} {
		if err := integrity(ctx, f.name, f.db); err != nil {
			var damage *DamageError
			if !errors.As(err, &damage) {
				return err
			}
			w.add(damage.Faults...)
		}
	}
	return nil
}

func integrity(ctx context.Context, name string, db *sql.DB) (err error) {
	rows, err := db.QueryContext(ctx, `PRAGMA integrity_check(10)`)
	if err != nil {
		return dbError(name, err)
	}
	defer rows.Close()
	var faults []Fault
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return dbError(name, err)
		}
		if line != "ok" {
			faults = append(faults, Fault{What: Torn, File: name, Detail: line})
		}
	}
	if err := rows.Err(); err != nil {
		return dbError(name, err)
	}
	if len(faults) > 0 {
		return damaged(faults...)
	}
	return nil
}

// people reads the authors, and counts the things.
func (w *verifier) people(ctx context.Context) (err error) {
	if err := w.v.loadDevice(); err != nil {
		return err
	}
	w.report.Device = w.v.device
	if w.authors, err = w.v.keys.authors(ctx); err != nil {
		return err
	}
	return dbError(keysFile, w.v.keys.db.QueryRowContext(ctx,
		`SELECT (SELECT count(*) FROM things), (SELECT count(*) FROM erased)`).Scan(&w.report.Things, &w.report.Erased))
}

// walk reads every row in the order of the chains: by author and seq.
func (w *verifier) walk(ctx context.Context, progress func(done, total int)) error {
	total, err := w.v.log.count(ctx, Position{})
	if err != nil {
		return err
	}
	rows, err := w.v.log.db.QueryContext(ctx, `SELECT clock, author, seq, kind, subject, raw FROM ops ORDER BY author, seq, id`)
	if err != nil {
		return dbError(logFile, err)
	}
	defer rows.Close()
	for rows.Next() {
		var at Position
		var kind string
		var subject Thing
		var raw []byte
		if err := rows.Scan(&at.Clock, &at.Author, &at.Seq, &kind, &subject, &raw); err != nil {
			if torn(err) {
				return dbError(logFile, err)
			}
			return damaged(Fault{What: Edited, File: logFile, Detail: "a row has columns of the wrong shape"})
		}
		w.report.Ops++
		if err := w.row(ctx, at, kind, subject, raw); err != nil {
			return err
		}
		if progress != nil && (w.report.Ops%pageOps == 0 || w.report.Ops == total) {
			progress(w.report.Ops, total)
		}
	}
	w.report.Authors = len(w.ends)
	if err := rows.Err(); err != nil {
		return dbError(logFile, err)
	}
	if w.report.Ops != total {
		return damaged(Fault{What: Torn, File: logFile, Detail: fmt.Sprintf("%d operations are listed, %d can be read", total, w.report.Ops)})
	}
	return nil
}

// row judges one operation. What is wrong becomes a fault; an error ends the walk.
func (w *verifier) row(ctx context.Context, at Position, kind string, subject Thing, raw []byte) error {
	e, err := parseOp(raw)
	if err != nil {
		w.add(unreadable(at, err))
		w.ends[at.Author] = head{seq: at.Seq} // the next can't be compared with it
		return nil
	}
	if err := e.verify(w.authors[e.Author]); err != nil {
		f := e.fault(err)
		f.Author, f.Seq = at.Author, at.Seq // as remembered when it was written: the bytes may lie
		w.add(f)
		w.ends[at.Author] = head{seq: at.Seq}
		return nil
	}
	if e.Position() != at || string(e.Kind) != kind || e.Subject != subject {
		w.add(misplaced(at, e))
		w.ends[at.Author] = head{seq: at.Seq}
		return nil
	}
	w.chain(e)
	if e.Kind == KindErase {
		w.erased[e.Subject] = true
	}
	if _, err := w.open.open(ctx, e); err != nil {
		return w.note(err)
	}
	return nil
}

// chain compares an operation with the end of its author's chain.
func (w *verifier) chain(e *envelope) {
	end := w.ends[e.Author]
	unknown := end.seq > 0 && end.hash == Hash{} // the one before was unreadable, and is named
	switch {
	case e.Seq == end.seq && e.Hash == end.hash:
		f := e.fault(errChainFork)
		f.What, f.Detail = Reordered, "it stands there twice"
		w.add(f)
	case e.Seq == end.seq && !unknown:
		f := e.fault(errChainFork)
		f.Detail = "there are two operations of this number"
		w.add(f)
	case e.Seq > end.seq+1:
		f := e.fault(errChainCut)
		f.Seq, f.Detail = end.seq+1, fmt.Sprintf("missing; the next that is there is operation %d", e.Seq)
		w.add(f)
	case !unknown:
		if err := e.follows(end); err != nil {
			w.add(e.fault(err))
		}
	}
	if e.Seq > end.seq || unknown {
		w.ends[e.Author] = e.head()
	}
}

// note takes faults out of an error, and returns any other error.
func (w *verifier) note(err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		w.add(damage.Faults...)
		return nil
	}
	return err
}

// remembered compares the ends of the chains with those in keys.db.
func (w *verifier) remembered(ctx context.Context) error {
	heads, err := w.v.keys.heads(ctx)
	if err != nil {
		return err
	}
	for id, want := range heads {
		got := w.ends[id]
		switch {
		case got.seq < want.seq:
			w.add(cutFault(id, got.seq, want.seq))
		case got.seq == want.seq && got.hash != want.hash && got.hash != Hash{}:
			w.add(headFault(id, want.seq))
		}
	}
	return nil
}

// erasures checks that every erasure has destroyed its key.
func (w *verifier) erasures(ctx context.Context) error {
	for t := range w.erased {
		key, err := w.v.keys.thing(ctx, t)
		switch {
		case err == nil:
			clear(key[:])
			w.add(Fault{What: Edited, File: keysFile, Detail: "the key of thing " + t.String() + " lives, though it was erased; open the vault once to destroy it"})
		case !errors.Is(err, ErrErased) && !errors.Is(err, ErrNotFound):
			return err
		}
	}
	return nil
}

// blobs reads every blob to its end.
func (w *verifier) blobs(ctx context.Context) error {
	list, err := w.v.keys.blobs(ctx, Thing{})
	if err != nil {
		return err
	}
	for _, b := range list {
		w.report.Blobs++
		if err := w.blob(ctx, b); err != nil {
			what := Torn
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrNotFound) {
				what = Lost
			}
			w.add(Fault{What: what, File: blobDir, Detail: "blob " + b.sum.String() + ": missing, cut or altered"})
		}
	}
	return nil
}

func (w *verifier) blob(ctx context.Context, b blobRow) error {
	r, err := w.v.openBlob(ctx, b.thing, b.sum)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}
