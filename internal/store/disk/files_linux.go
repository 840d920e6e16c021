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

// openQuietly opens a file or folder for reading, so that the reading leaves no time on it.
func openQuietly(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NOATIME, 0)
}
