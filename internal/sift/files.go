package sift

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// Names below the folder (spec/06-batch.md, section 2).
const (
	keysFolder   = "keys"
	poolFolder   = "pool"
	outboxFolder = "outbox"

	lockFile   = "lock"
	tokenFile  = "token"
	canaryFile = "canary"
	stateFile  = "pool/state"
	unlockFile = "keys/unlock"
	signFile   = "keys/sign"
	nextFile   = "keys/sign-next" // until a root note names it
	rootFile   = "root"           // the root note that was taken last
	nowFile    = "now"            // what was switched to last, public
	dayPrefix  = "keys/day-"
)

// files is everything that survives a crash. Names are slash-separated, with at most one
// folder.
type files interface {
	// read fails with fs.ErrNotExist.
	read(name string) ([]byte, error)
	// write replaces a file as a whole or not at all, and is durable on return.
	write(name string, data []byte) error
	// destroy overwrites and unlinks a file, durable on return; nil if it is not there. It
	// unlinks also what could not be overwritten, and says so.
	destroy(name string) error
	// list gives the names in a folder, with the folder, half-written ones included.
	list(folder string) ([]string, error)
	// sync makes durable what stands in a folder.
	sync(folder string) error
}

// disk is files in a folder of the operating system.
type disk struct{ dir string }

func (d disk) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func (d disk) read(name string) ([]byte, error) { return os.ReadFile(d.path(name)) }

func (d disk) write(name string, data []byte) error {
	path := d.path(name)
	// The half-written file must lie in the same folder: elsewhere (/tmp) nobody would
	// destroy what a crash leaves of it.
	f, err := renameio.NewPendingFile(path,
		renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (d disk) destroy(name string) error {
	path := d.path(name)
	err := overwrite(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	// Unlinked even if it could not be overwritten: a bad block or a full disk must not keep a
	// key alive. The error is still told: its old blocks may be there to be found.
	if rerr := os.Remove(path); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return errors.Join(err, syncFolder(filepath.Dir(path)))
}

// overwrite writes zeros over a file in place. File systems that copy on write and flash
// memory may keep the old blocks: a known limit, said in the specification.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 64<<10)
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		n := min(int64(len(zeros)), info.Size()-at)
		if _, err := f.WriteAt(zeros[:n], at); err != nil {
			return err
		}
	}
	return f.Sync()
}

func (d disk) list(folder string) ([]string, error) {
	entries, err := os.ReadDir(d.path(folder))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, folder+"/"+e.Name())
		}
	}
	return names, nil
}

func (d disk) sync(folder string) error { return syncFolder(d.path(folder)) }

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// halfWritten says whether a name is that of a file which a crash kept from its place.
func halfWritten(name string) bool {
	return strings.HasPrefix(name[strings.LastIndexByte(name, '/')+1:], ".")
}

// lockDir holds the folder for one process. The lock dies with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sift: %s is missing: run kkachi init first", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("sift: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
		}
		return nil, fmt.Errorf("sift: lock %s: %w", dir, err)
	}
	return f, nil
}
