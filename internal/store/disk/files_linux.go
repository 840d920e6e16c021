package disk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reserve asks the file system for the whole room at once, so that a full disk is found
// before the first cell and not in the middle of a day.
func reserve(f *os.File, size int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil // the zeros that are written next take the room
	}
	if err != nil {
		return fmt.Errorf("store: making room for a day: %w", err)
	}
	return nil
}

// syncData makes the contents of f durable. The size of an arrival file never changes, so no
// other datum about the file has to be written.
func syncData(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// quietly opens a file or folder so that reading leaves no time on it.
const quietly = unix.O_NOATIME

// smallPages lets go of what the system holds of f in memory, and asks it to hold single
// pages from now on. It has read and written the file in long runs and keeps those as pieces
// of up to megabytes; a cell written into such a piece, and its way to the disk, cost a walk
// through the whole of it. A system that doesn't follow the advice is slower and no less safe.
func smallPages(f *os.File) {
	for _, advice := range []int{unix.FADV_DONTNEED, unix.FADV_RANDOM} {
		_ = unix.Fadvise(int(f.Fd()), 0, 0, advice)
	}
}
