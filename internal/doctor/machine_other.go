//go:build !linux

package doctor

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

var errNotLinux = errors.New("roles run on Linux, and so does this check")

// This is a machine of which nothing can be seen.
func This(now time.Time) *Machine {
	return &Machine{
		Proc: "/proc", Sys: "/sys", Now: now, User: os.Geteuid(),
		Synchronised: func() (bool, error) { return false, errNotLinux },
		Free:         func(string) (uint64, error) { return 0, errNotLinux },
		FileSystem:   func(string) (string, error) { return "", errNotLinux },
		ReadOnly:     func(string) bool { return false },
		Landlock:     func() (int, error) { return 0, errNotLinux },
	}
}

func ownerOf(fs.FileInfo) (int, bool) { return os.Geteuid(), true }
