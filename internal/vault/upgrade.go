package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A change is what leads from one format to the next: statements for each database. They
// stand here for ever, since any old vault may come.
type change struct {
	from      int
	log, keys string
}

// changes are in the order of their formats.
func changes() []change {
	return []change{
		// Format 2: the databases say their format too, so that an upgrade which was broken
		// off goes on where it was, and a database of another format is found by its name.
		{from: 1},
	}
}

// Points of an upgrade, at which a test breaks it.
const (
	pointVerified = "verified"
	pointSaved    = "saved"
	pointLogOpen  = "log.db open"
	pointLog      = "log.db done"
	pointKeysOpen = "keys.db open"
	pointKeys     = "keys.db done"
	pointHeader   = "vault.toml done"
)

// Upgrade brings the closed vault in dir to the present Format, and says of which it was. A
// vault that is of it already is left alone. The vault is verified whole before and after;
// one that is damaged is not touched. save is called before anything changes, and must make
// a backup durable: of the vault that it is handed only Backup works. Device, operations,
// hashes and keys stay what they are.
//
// Each database changes in one transaction that writes the new format into it, vault.toml
// comes last. Whenever it is broken off, Upgrade goes on at the next call, and until it is
// done Open says ErrOlder. Errors: ErrNewer, ErrWrongKey, ErrLocked, *DamageError.
func Upgrade(ctx context.Context, dir string, key Key, opts Options, save func(*Vault) error) (from int, err error) {
	return upgradeWith(ctx, dir, key, opts, save, func(string) error { return nil })
}

func upgradeWith(ctx context.Context, dir string, key Key, opts Options, save func(*Vault) error, at func(point string) error) (from int, err error) {
	v, err := openFiles(dir, key, opts)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	from = v.format
	if from == Format {
		return from, nil
	}
	before, err := v.verify(ctx, opts.Progress)
	if err == nil {
		err = at(pointVerified)
	}
	if err == nil {
		err = save(v)
	}
	if err == nil {
		err = at(pointSaved)
	}
	if err != nil {
		return from, err
	}
	for _, c := range changes() {
		if c.from < v.format {
			continue
		}
		if err := v.change(ctx, c, key, at); err != nil {
			return from, fmt.Errorf("vault: upgrade to format %d was broken off; run it again: %w", c.from+1, err)
		}
	}
	after, err := v.verify(ctx, nil)
	if err == nil && (after.Device != before.Device || after.Ops != before.Ops || after.Things != before.Things || after.Erased != before.Erased || after.Blobs != before.Blobs) {
		err = errors.New("vault: upgrade: the vault holds other things than before; restore the backup that was made")
	}
	return from, err
}

// change makes one step from a format to the next.
func (v *Vault) change(ctx context.Context, c change, key Key, at func(string) error) error {
	for _, d := range []struct {
		file, statements string
		db               *sql.DB
		open, done       string
	}{{logFile, c.log, v.log.db, pointLogOpen, pointLog}, {keysFile, c.keys, v.keys.db, pointKeysOpen, pointKeys}} {
		err := changeDB(ctx, d.db, c.from+1, d.statements, func() error { return at(d.open) })
		if err != nil {
			return dbError(d.file, err)
		}
		if err := at(d.done); err != nil {
			return err
		}
	}
	if err := v.keys.wipeJournal(); err != nil {
		return err
	}
	h, err := readHeader(v.dir)
	if err != nil {
		return err
	}
	master, err := h.open(key)
	if err != nil {
		return err
	}
	defer clear(master[:])
	if h, err = sealMaster(c.from+1, key, master, v.opts.Rand); err != nil {
		return err
	}
	if err := h.write(v.dir); err != nil {
		return err
	}
	v.format = c.from + 1
	return at(pointHeader)
}

// changeDB runs the statements and writes the format, in one transaction; nothing if an
// earlier call came so far.
func changeDB(ctx context.Context, db *sql.DB, to int, statements string, beforeCommit func() error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if is, err := formatOf(ctx, tx); err != nil || is >= to {
		return err
	}
	if _, err := tx.ExecContext(ctx, statements+fmt.Sprintf(";PRAGMA user_version=%d", to)); err != nil {
		return err
	}
	if err := beforeCommit(); err != nil {
		return err
	}
	return tx.Commit()
}

// formatOf reads the format that a database says it is of. Those of format 1 say nothing.
func formatOf(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
},
) (int, error) {
	var n int
	err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&n)
	return max(n, 1), err
}

// checkFormats holds the databases to the header: of its format, or, in the middle of an
// upgrade, of one that follows.
func (v *Vault) checkFormats() error {
	for _, d := range []struct {
		file string
		db   *sql.DB
	}{{logFile, v.log.db}, {keysFile, v.keys.db}} {
		is, err := formatOf(context.Background(), d.db)
		switch {
		case err != nil:
			return dbError(d.file, err)
		case is > Format:
			return fmt.Errorf("%w: %s is of format %d, and this kkachi knows %d", ErrNewer, d.file, is, Format)
		case is < v.format:
			return damaged(Fault{What: Edited, File: d.file, Detail: fmt.Sprintf("it is of format %d, where %s says %d: an older copy stands in its place", is, headerFile, v.format)})
		}
	}
	return nil
}

// current refuses an older format.
func current(dir string, format int) error {
	if format < Format {
		return fmt.Errorf("%w: %s is of format %d, and this kkachi writes %d", ErrOlder, filepath.Join(dir, headerFile), format, Format)
	}
	return nil
}

// Shape looks at a vault without a key and without opening it: of which format it is, and
// whether its databases are there, in whole pages. It says nothing of what is in them.
// Errors: ErrNoVault, ErrNewer, *DamageError.
func Shape(dir string) (format int, err error) {
	h, err := readHeader(dir)
	if err != nil {
		return 0, err
	}
	var faults []Fault
	for _, name := range []string{logFile, keysFile} {
		err := fileShape(filepath.Join(dir, name))
		var damage *DamageError
		if errors.As(err, &damage) {
			faults = append(faults, damage.Faults...)
		} else if err != nil {
			return h.Format, err
		}
	}
	if info, err := os.Stat(filepath.Join(dir, blobDir)); err != nil || !info.IsDir() {
		faults = append(faults, Fault{What: Torn, File: blobDir, Detail: "the folder is missing"})
	}
	if len(faults) > 0 {
		return h.Format, damaged(faults...)
	}
	return h.Format, nil
}
