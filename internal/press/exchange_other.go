//go:build !linux

package press

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// exchange puts fresh in the place of dst.
func exchange(fresh, dst string) error { return replace(fresh, dst) }

// settle makes a folder and all in it durable, file by file.
func settle(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
