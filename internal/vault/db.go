package vault

import (
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // the encrypting file layer, by name
)

// PageSize is both SQLite's page and Adiantum's block, in bytes (spec/07-log.md, section 1).
const PageSize = 4096

// encrypting is the file layer that encrypts.
const encrypting = "adiantum"

// openDB opens an encrypted database through a file layer. The key goes in by PRAGMA: in the address it would
// stand within reach of every later caller. An error never carries it. setup holds
// further statements for each connection; hook may be nil.
func openDB(layer, path, mode string, key *[32]byte, setup string, hook func(*sqlite3.Conn) error) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	name := filepath.Base(path)
	k := *key
	u := url.URL{Scheme: "file", Path: abs, RawQuery: "vfs=" + layer + "&mode=" + mode}
	return driver.Open(u.String(), func(c *sqlite3.Conn) error {
		if err := c.Exec("PRAGMA hexkey='" + hex.EncodeToString(k[:]) + "'"); err != nil {
			return fmt.Errorf("vault: %s: the key was not taken", name)
		}
		if err := c.Exec("PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=OFF;" + setup); err != nil {
			return dbError(name, err)
		}
		if hook != nil {
			return hook(c)
		}
		return nil
	})
}

// trimJournals cuts what stands beside a database to whole blocks. A block that the disk took
// by half, when it was full, can't be decrypted, and no commit needs it; but SQLite could not
// mend the database for want of it. Before the database is opened, under the folder's lock.
func trimJournals(path string) error {
	for _, suffix := range []string{"-journal", "-wal"} {
		fi, err := os.Stat(path + suffix)
		if errors.Is(err, os.ErrNotExist) || err == nil && fi.Size()%PageSize == 0 {
			continue
		}
		if err == nil {
			err = os.Truncate(path+suffix, fi.Size()-fi.Size()%PageSize)
		}
		if err != nil {
			return fmt.Errorf("vault: %w", err)
		}
	}
	return nil
}

// fileShape refuses a database file that is missing, empty, or not whole pages, before
// SQLite could take it for a new one.
func fileShape(path string) error {
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return damaged(Fault{What: Torn, File: filepath.Base(path), Detail: "the file is missing"})
	case err != nil:
		return fmt.Errorf("vault: %w", err)
	case fi.Size() == 0:
		return damaged(Fault{What: Torn, File: filepath.Base(path), Detail: "the file is empty"})
	case fi.Size()%PageSize != 0:
		return damaged(Fault{What: Torn, File: filepath.Base(path), Detail: fmt.Sprintf("the file ends within a page, at byte %d", fi.Size())})
	}
	return nil
}

// dbError wraps an error of SQLite: one that says that the file can't be read as a
// database becomes a Fault.
func dbError(file string, err error) error {
	if err == nil {
		return nil
	}
	if torn(err) {
		return damaged(Fault{What: Torn, File: file, Detail: plain(err)})
	}
	head := "vault: " + file + ": "
	if errors.Is(err, ErrDamaged) || strings.HasPrefix(err.Error(), head) { // the opening of a connection has said so already
		return err
	}
	// So that whoever reports it knows what helps. SQLite says FULL for a write that found no
	// room, but IOERR where its shared memory found none.
	switch {
	case errors.Is(err, sqlite3.FULL):
		err = fmt.Errorf("%w (%w)", err, syscall.ENOSPC)
	case errors.Is(err, sqlite3.IOERR):
		err = fmt.Errorf("%w (%w)", err, ErrDisk)
	}
	return fmt.Errorf("%s%w", head, err)
}

func torn(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) ||
		errors.Is(err, sqlite3.IOERR_SHORT_READ) || errors.Is(err, sqlite3.IOERR_BADKEY)
}

// plain is the message of SQLite's error without any SQL.
func plain(err error) string {
	var e *sqlite3.Error
	if errors.As(err, &e) {
		return e.Code().Error()
	}
	return err.Error()
}
