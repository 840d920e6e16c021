package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// writeFile puts data into path, whole or not at all, and makes it durable.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := renameio.WriteFile(path, data, mode, renameio.WithStaticPermissions(mode)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names within a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// layWhole lets lay make a role's new folder beside dir, with all that must leave it, and only then
// gives it the name dir: a run that was broken off leaves no half of one, and no whole one whose
// public keys nobody has. What it leaves was never in use, and goes at the next run.
func (w *world) layWhole(dir string, lay func(tmp string) error) error {
	tmp := dir + ".new"
	if _, err := os.Lstat(tmp); err == nil {
		w.say("Removing %s, which a run that was broken off had left.", tmp)
	}
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := lay(tmp); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, dir); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return syncDir(filepath.Dir(dir))
}

// roleFolder is DIR/NAME, which must be there.
func roleFolder(dir, name string) (string, error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", err
	case err != nil:
		return "", bad(fmt.Errorf("%s: no folder %s/ in it", dir, name), "name the folder that kkachi init made, or bring its "+name+"/ here")
	case !info.IsDir():
		return "", bad(fmt.Errorf("%s is no folder", path), "")
	}
	return path, nil
}

// open opens a file that a verb reads, or standard input for "-", and says how to call it in
// errors. What says what it should be.
func (w *world) open(file, what string) (io.ReadCloser, string, error) {
	if file == "-" {
		return io.NopCloser(w.stdin), "standard input", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", bad(err, "name "+what+", or - for standard input")
	}
	return f, file, nil
}
