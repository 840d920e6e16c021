package vault

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// What SQLite says of a full or failing disk is told apart from a torn file, said once, and
// leads to what helps.
func TestDiskErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want error
	}{
		{sqlite3.FULL, syscall.ENOSPC},
		{sqlite3.IOERR_SHMSIZE, ErrDisk},
		{sqlite3.IOERR_WRITE, ErrDisk},
		{sqlite3.IOERR_FSYNC, ErrDisk},
		{sqlite3.IOERR_SHORT_READ, ErrDamaged},
		{sqlite3.CORRUPT, ErrDamaged},
	} {
		err := dbError(logFile, c.err)
		if !errors.Is(err, c.want) || !errors.Is(dbError(logFile, err), c.want) {
			t.Errorf("%v: %v", c.err, err)
		}
		if n := strings.Count(dbError(logFile, err).Error(), logFile); n != 1 {
			t.Errorf("%v: the file is named %d times: %v", c.err, n, dbError(logFile, err))
		}
	}
}
