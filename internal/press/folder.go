package press

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// switchFolder writes files into a new folder beside dst, makes it durable and puts it in
// the place of dst. Until the very last step dst is what it was. After a crash there may be
// a folder dst.new-… or dst.old-… left over; the next print takes it away.
func switchFolder(dst string, files []printed) (err error) {
	dst, err = filepath.Abs(dst)
	if err != nil {
		return fmt.Errorf("press: %w", err)
	}
	if info, err := os.Lstat(dst); err == nil && !info.IsDir() {
		return fmt.Errorf("%w: %s is no folder: name another one", ErrSite, dst)
	}
	parent, name := filepath.Split(dst)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	if err := sweep(parent, name); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(parent, name+".new-")
	if err != nil {
		return fmt.Errorf("press: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(fresh))
		}
	}()
	if err := os.Chmod(fresh, 0o755); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(fresh, filepath.FromSlash(f.path)), f.data); err != nil {
			return err
		}
	}
	if err := settle(fresh); err != nil {
		return fmt.Errorf("press: sync %s: %w", fresh, err)
	}
	if err := exchange(fresh, dst); err != nil {
		return fmt.Errorf("press: switch %s: %w", dst, err)
	}
	return errors.Join(syncFolder(parent), sweep(parent, name))
}

// sweep removes what a print before left beside the site.
func sweep(parent, name string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("press: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && (strings.HasPrefix(e.Name(), name+".new-") || strings.HasPrefix(e.Name(), name+".old-")) {
			if err := os.RemoveAll(filepath.Join(parent, e.Name())); err != nil {
				return fmt.Errorf("press: %w", err)
			}
		}
	}
	return nil
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("press: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("press: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	return nil
}

// replace puts fresh in the place of dst by two renames, for systems that cannot exchange
// two folders at once: for a moment there is no dst. If the second fails, the first is
// undone.
func replace(fresh, dst string) error {
	old := dst + ".old-0"
	err := os.Rename(dst, old)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	had := err == nil
	if err := os.Rename(fresh, dst); err != nil {
		if had {
			err = errors.Join(err, os.Rename(old, dst))
		}
		return err
	}
	return nil
}
