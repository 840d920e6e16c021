// Package vault is the desk's memory: an append-only log of signed operations, the keys of
// the things that the operations are about, a ring of secrets with dates of death, blobs,
// and projections of the log that can be read with SQL.
//
// What enters: drafts of operations, secrets, blobs, and projectors which say how the log
// becomes tables. What leaves: operations in one canonical order, read-only tables, and
// sealed backups. Everything on disk is encrypted; a thing is erased by destroying its key.
// What may never be known here: what a story, a letter or a source is. The vault knows
// kinds, identifiers and bytes.
//
// The format stands in spec/07-log.md.
package vault

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Errors of the vault. Where a person reads them they say the next step.
var (
	ErrWrongKey = errors.New("vault: the passphrase or key file does not open this vault")
	ErrLocked   = errors.New("vault: already open in another process; close that one first")
	ErrNewer    = errors.New("vault: written by a newer version of kkachi; use that version")
	ErrOlder    = errors.New("vault: written by an older version of kkachi; upgrade it first")
	ErrNoVault  = errors.New("vault: there is no vault in this folder")
	ErrExists   = errors.New("vault: there is already a vault in this folder")
	ErrErased   = errors.New("vault: the thing was erased")
	ErrNotFound = errors.New("vault: not found")
	ErrTooLarge = errors.New("vault: content is over the limit; keep it as a blob")
	ErrBadDraft = errors.New("vault: bad draft")
	ErrDamaged  = errors.New("vault: damaged")
	ErrDisk     = errors.New("the disk is full, or fails")
	ErrClosed   = errors.New("vault: closed")
)

// Names of the vault's files in its folder.
const (
	headerFile = "vault.toml"
	lockFile   = "vault.lock"
	logFile    = "log.db"
	keysFile   = "keys.db"
	viewFile   = "view.db"
	blobDir    = "blobs"
)

// Options are what a vault takes from the world.
type Options struct {
	Now      func() time.Time      // clock; only the UTC day is ever kept
	Rand     io.Reader             // source of keys, nonces and salts
	Progress func(done, total int) // may be nil: called while projections are rebuilt at Open
}

func (o Options) check() error {
	if o.Now == nil || o.Rand == nil {
		return errors.New("vault: options need a clock and a source of randomness")
	}
	return nil
}

func (o Options) today() uint32 { return uint32(o.Now().Unix() / 86400) }

// A Vault is one open vault. Its methods may be called from many goroutines: writers take
// turns, readers don't wait.
type Vault struct {
	dir    string
	opts   Options
	format int // as vault.toml says
	lock   *os.File
	keys   *keyStore
	log    *opLog
	view   *projection
	reader *Reader
	names  [32]byte // keys the names of blob files

	// life is held for reading by a backup, and for writing by Erase, so that no blob
	// vanishes under a backup. It is taken before mu.
	life sync.RWMutex

	mu     sync.Mutex // guards what follows, and every write to log, keys and view
	device DeviceID
	signer ed25519.PrivateKey
	head   head   // last operation of this device
	clock  uint64 // highest Lamport clock in the log
	closed bool
	// unfinished is why an erasure that the log names is not complete; nil if none is so.
	unfinished error
}

// Create makes a new vault in dir (which may exist and hold other files) under key, and
// opens it. It fails with ErrExists if a vault is there. Where it fails before the vault is
// whole, it leaves nothing of it; if only the opening fails, Open is what to call next.
func Create(dir string, key Key, projectors []Projector, opts Options) (*Vault, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	for _, name := range []string{headerFile, logFile, keysFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s", ErrExists, filepath.Join(dir, name))
		}
	}
	if err := lay(dir, key, opts, nil); err != nil {
		return nil, errors.Join(err, unlay(dir))
	}
	lock.Close()
	return Open(dir, key, projectors, opts)
}

// lay writes an empty vault: databases first and the header last, so that a folder with a
// header is a whole vault. fill, if given, puts a backup's contents in.
func lay(dir string, key Key, opts Options, fill func(*Vault) error) error {
	h, master, err := newHeader(key, opts.Rand)
	if err != nil {
		return err
	}
	defer clear(master[:])
	if err := os.MkdirAll(filepath.Join(dir, blobDir), 0o700); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	ks, err := createKeys(filepath.Join(dir, keysFile), master, opts.Rand)
	if err != nil {
		return err
	}
	defer ks.close()
	ol, err := createLog(filepath.Join(dir, logFile), master)
	if err != nil {
		return err
	}
	defer ol.close()
	if fill != nil {
		v := &Vault{dir: dir, opts: opts, keys: ks, log: ol}
		if v.names, err = subkey(master, "blob names"); err != nil {
			return err
		}
		if err := fill(v); err != nil {
			return err
		}
	}
	if err := errors.Join(ol.close(), ks.close()); err != nil {
		return err
	}
	return h.write(dir)
}

// unlay removes what a failed lay has written: the header first, which says that there is a
// vault. After a crash instead, the files stay: a person must say that they are no vault's.
func unlay(dir string) error {
	if err := os.Remove(filepath.Join(dir, headerFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("vault: %w", err)
	}
	return errors.Join(removeDB(filepath.Join(dir, logFile)), removeDB(filepath.Join(dir, keysFile)))
}

// Open opens the vault in dir. It completes what a crash left half done (an erasure, a
// projection) and rebuilds the projections when view.db is missing, unreadable, stale, or
// made by other projectors. A log that is shorter than was remembered, or whose end was
// changed, is refused with a *DamageError: VerifyDir says more, Restore mends. A vault of an
// older format is refused with ErrOlder: Upgrade changes it.
func Open(dir string, key Key, projectors []Projector, opts Options) (*Vault, error) {
	v, err := openFiles(dir, key, opts)
	if err != nil {
		return nil, err
	}
	if err = current(dir, v.format); err == nil {
		err = v.start(projectors)
	}
	if err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

// openFiles opens the lock, keys.db and log.db of any format up to Format, and judges no more.
func openFiles(dir string, key Key, opts Options) (_ *Vault, err error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	h, err := readHeader(dir)
	if err != nil {
		return nil, err
	}
	master, err := h.open(key)
	if err != nil {
		return nil, err
	}
	defer clear(master[:])
	v := &Vault{dir: dir, opts: opts, format: h.Format}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	if v.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	if v.names, err = subkey(master, "blob names"); err != nil {
		return nil, err
	}
	if v.keys, err = openKeys(filepath.Join(dir, keysFile), master); err != nil {
		return nil, err
	}
	if v.log, err = openLog(filepath.Join(dir, logFile), master); err != nil {
		return nil, err
	}
	return v, v.checkFormats()
}

// start checks the ends of the log, completes erasures, and brings the projections up.
func (v *Vault) start(projectors []Projector) error {
	ctx := context.Background()
	if err := v.loadDevice(); err != nil {
		return err
	}
	if err := v.checkHeads(ctx); err != nil {
		return err
	}
	if err := v.finishErasures(ctx); err != nil {
		return err
	}
	if err := v.sweepBlobs(); err != nil {
		return err
	}
	if err := v.openView(ctx, projectors); err != nil {
		return err
	}
	v.reader = newReader(v.view.readers)
	return nil
}

// Device is the identity under which this vault writes.
func (v *Vault) Device() DeviceID { return v.device }

// View reads the projections. It can't write.
func (v *Vault) View() *Reader { return v.reader }

// Rebuilds counts how often the projections were made anew since they were opened: after an
// erasure what they no longer hold can't be seen by what they count.
func (v *Vault) Rebuilds() uint64 { return v.view.rebuilds.Load() }

// Close waits for a running write and closes all files. It is safe to call twice.
func (v *Vault) Close() error {
	v.life.Lock()
	defer v.life.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	var errs []error
	if v.view != nil {
		errs = append(errs, v.view.close())
	}
	if v.log != nil {
		errs = append(errs, v.log.close())
	}
	if v.keys != nil {
		errs = append(errs, v.keys.close())
	}
	if v.lock != nil {
		errs = append(errs, v.lock.Close())
	}
	clear(v.signer)
	clear(v.names[:])
	return errors.Join(errs...)
}

func (v *Vault) loadDevice() error {
	seed, err := v.keys.meta("device")
	if err != nil {
		return err
	}
	if len(seed) != ed25519.SeedSize {
		return damaged(Fault{What: Torn, File: keysFile, Detail: "the device's key is missing"})
	}
	v.signer = ed25519.NewKeyFromSeed(seed)
	clear(seed)
	v.device = DeviceOf(v.signer.Public().(ed25519.PublicKey))
	return nil
}

// rowsClose closes rows and joins their error to *errp.
func rowsClose(rows *sql.Rows, errp *error) {
	*errp = errors.Join(*errp, rows.Err(), rows.Close())
}
