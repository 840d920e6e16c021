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

// keyStore is keys.db: the keys of things, the ends of the chains, the device's own key,
// the ring, and where blobs belong. All that must be able to die stands here. It has one
// connection, so whoever holds rows or a transaction makes others wait.
type keyStore struct {
	db     *sql.DB
	path   string
	key    *sql.Stmt // of a thing
	erased *sql.Stmt // whether a thing was
}

// A rollback journal, not a write-ahead log: what is deleted must not live on in one. The
// journal is kept and overwritten by wipeJournal, because removing a file frees its blocks
// as they are.
const keysSetup = `
PRAGMA journal_mode=PERSIST; PRAGMA synchronous=EXTRA; PRAGMA secure_delete=ON; PRAGMA auto_vacuum=NONE;`

const keysSchema = `
PRAGMA application_id=0x4b4b564b; PRAGMA user_version=2;
CREATE TABLE meta    (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE things  (thing BLOB PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE erased  (thing BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE authors (author BLOB PRIMARY KEY, public BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE heads   (author BLOB PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL, clock INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ring    (name TEXT PRIMARY KEY, value BLOB NOT NULL, not_after INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE blobs   (sum BLOB, thing BLOB, size INTEGER NOT NULL, PRIMARY KEY (sum, thing)) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_thing ON blobs (thing);
`

// createKeys makes keys.db with a fresh device key and a fresh key for view.db.
func createKeys(path string, master *[32]byte, rand io.Reader) (*keyStore, error) {
	ks, err := dialKeys(path, "rwc", master)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, ed25519.SeedSize+KeySize)
	defer clear(secret)
	if _, err := io.ReadFull(rand, secret); err != nil {
		return nil, errors.Join(fmt.Errorf("vault: randomness: %w", err), ks.close())
	}
	seed, view := secret[:ed25519.SeedSize], secret[ed25519.SeedSize:]
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	_, err = ks.db.Exec(keysSchema)
	if err == nil {
		err = ks.tx(context.Background(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO meta VALUES ('device', ?), ('view', ?)`, seed, view)
			_, err2 := tx.Exec(`INSERT INTO authors VALUES (?, ?)`, DeviceOf(pub), []byte(pub))
			return errors.Join(err, err2)
		})
	}
	if err != nil {
		return nil, errors.Join(dbError(keysFile, err), ks.close())
	}
	return ks, ks.prepare()
}

func openKeys(path string, master *[32]byte) (*keyStore, error) {
	if err := errors.Join(fileShape(path), trimJournals(path)); err != nil {
		return nil, err
	}
	ks, err := dialKeys(path, "rw", master)
	if err != nil {
		return nil, err
	}
	var id int
	if err := ks.db.QueryRow(`PRAGMA application_id`).Scan(&id); err != nil || id != 0x4b4b564b {
		ks.close()
		if err != nil {
			return nil, dbError(keysFile, err)
		}
		return nil, damaged(Fault{What: Torn, File: keysFile, Detail: "not a key file of a vault"})
	}
	// A crash may have come between a deletion and the wiping after it. What was asked just
	// now has rolled back a transaction that was broken off, so the journal is not needed.
	if err := errors.Join(ks.prepare(), ks.wipeJournal()); err != nil {
		ks.close()
		return nil, err
	}
	return ks, nil
}

// prepare compiles what is asked for each operation.
func (k *keyStore) prepare() (err error) {
	if k.key, err = k.db.Prepare(`SELECT key FROM things WHERE thing = ?`); err == nil {
		k.erased, err = k.db.Prepare(`SELECT 1 FROM erased WHERE thing = ?`)
	}
	return dbError(keysFile, err)
}

func dialKeys(path, mode string, master *[32]byte) (*keyStore, error) {
	key, err := subkey(master, "keys")
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	db, err := openDB(encrypting, path, mode, &key, keysSetup, nil)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &keyStore{db: db, path: path}, nil
}

func (k *keyStore) close() error {
	for _, s := range []*sql.Stmt{k.key, k.erased} {
		if s != nil {
			s.Close()
		}
	}
	return k.db.Close()
}

func (k *keyStore) tx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := k.db.BeginTx(ctx, nil)
	if err != nil {
		return dbError(keysFile, err)
	}
	if err := fn(tx); err != nil {
		tx.Rollback()
		return dbError(keysFile, err)
	}
	return dbError(keysFile, tx.Commit())
}

// wipingTx is a transaction that deletes: after it the journal is wiped. Not if it failed: then
// the journal may be what the database is mended from, at the next transaction or at Open, which
// wipe it.
func (k *keyStore) wipingTx(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := k.tx(ctx, fn); err != nil {
		return err
	}
	return k.wipeJournal()
}

// wipeJournal overwrites the journal's old pages, which held what was just deleted. No
// transaction may run: its header is zero between transactions.
func (k *keyStore) wipeJournal() error {
	f, err := os.OpenFile(k.path+"-journal", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	fi, err := f.Stat()
	if err == nil {
		zero := make([]byte, 64<<10)
		for off := int64(0); off < fi.Size() && err == nil; off += int64(len(zero)) {
			_, err = f.WriteAt(zero[:min(int64(len(zero)), fi.Size()-off)], off)
		}
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("vault: wipe the journal of %s: %w", keysFile, err)
	}
	return nil
}

func (k *keyStore) meta(name string) ([]byte, error) {
	var b []byte
	err := k.db.QueryRow(`SELECT value FROM meta WHERE name = ?`, name).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, dbError(keysFile, err)
}

// thing is the key of t. ErrErased if it was destroyed, ErrNotFound if it never was.
func (k *keyStore) thing(ctx context.Context, t Thing) (*[32]byte, error) {
	return findThing(ctx, k.key, k.erased, t)
}

// many lets fn look for many things in one transaction: a lock for each would take longer than
// the looking. fn must ask the key store for nothing else.
func (k *keyStore) many(ctx context.Context, fn func(thing func(Thing) (*[32]byte, error)) error) error {
	tx, err := k.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return dbError(keysFile, err)
	}
	defer tx.Rollback()
	key, erased := tx.StmtContext(ctx, k.key), tx.StmtContext(ctx, k.erased)
	return fn(func(t Thing) (*[32]byte, error) { return findThing(ctx, key, erased, t) })
}

func findThing(ctx context.Context, ofKey, ofErased *sql.Stmt, t Thing) (*[32]byte, error) {
	var b []byte
	err := ofKey.QueryRowContext(ctx, t).Scan(&b)
	if err == nil {
		if len(b) != KeySize {
			return nil, damaged(Fault{What: Torn, File: keysFile, Detail: "the key of thing " + t.String() + " is not 32 bytes"})
		}
		return (*[32]byte)(b), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, dbError(keysFile, err)
	}
	var one int
	err = ofErased.QueryRowContext(ctx, t).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	return nil, ErrErased
}

func (k *keyStore) addThings(ctx context.Context, keys map[Thing]*[32]byte) error {
	return k.tx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.Prepare(`INSERT INTO things VALUES (?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for t, key := range keys {
			if _, err := insert.Exec(t, key[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// destroy deletes the keys of things, remembers that they were erased, and marks that
// view.db needs a new key. Blob rows stay until their files are gone.
func (k *keyStore) destroy(ctx context.Context, things []Thing) error {
	return k.wipingTx(ctx, func(tx *sql.Tx) error {
		for _, t := range things {
			if _, err := tx.Exec(`DELETE FROM things WHERE thing = ?`, t); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT OR IGNORE INTO erased VALUES (?)`, t); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT OR REPLACE INTO meta VALUES ('stale', x'01')`)
		return err
	})
}

// heads are the remembered ends of all chains.
func (k *keyStore) heads(ctx context.Context) (_ map[DeviceID]head, err error) {
	rows, err := k.db.QueryContext(ctx, `SELECT author, seq, hash, clock FROM heads`)
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	defer rowsClose(rows, &err)
	heads := make(map[DeviceID]head)
	for rows.Next() {
		var id DeviceID
		var h head
		if err := rows.Scan(&id, &h.seq, &h.hash, &h.clock); err != nil {
			return nil, dbError(keysFile, err)
		}
		heads[id] = h
	}
	return heads, dbError(keysFile, rows.Err())
}

func setHead(tx *sql.Tx, id DeviceID, h head) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?)`, id, int64(h.seq), h.hash, int64(h.clock))
	return err
}

func (k *keyStore) setHeads(ctx context.Context, heads map[DeviceID]head) error {
	return k.tx(ctx, func(tx *sql.Tx) error {
		for id, h := range heads {
			if err := setHead(tx, id, h); err != nil {
				return err
			}
		}
		return nil
	})
}

// authors are the public keys whose operations are accepted.
func (k *keyStore) authors(ctx context.Context) (_ map[DeviceID]ed25519.PublicKey, err error) {
	rows, err := k.db.QueryContext(ctx, `SELECT author, public FROM authors`)
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	defer rowsClose(rows, &err)
	authors := make(map[DeviceID]ed25519.PublicKey)
	for rows.Next() {
		var id DeviceID
		var pub []byte
		if err := rows.Scan(&id, &pub); err != nil {
			return nil, dbError(keysFile, err)
		}
		if len(pub) != ed25519.PublicKeySize || DeviceOf(pub) != id {
			return nil, damaged(Fault{What: Edited, File: keysFile, Detail: "the public key of author " + id.String() + " is not its own"})
		}
		authors[id] = pub
	}
	return authors, dbError(keysFile, rows.Err())
}
