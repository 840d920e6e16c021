// Package disk is a store in files: one allocated file for each day of arrivals, in which
// each cell stands in a random place, and one file for each object and each current value.
//
// What enters: cells and byte strings, as store says. What leaves: files which show days,
// names and sizes. What may never be known here: a key; the order in which cells came; any
// time finer than a day, as far as a file system lets itself be told (its change times and
// its journal do not: spec/05-host.md, known limits).
//
//	lock               held by the one process that serves this folder
//	format             "kkachi host N": the format of this folder; without the file it is 1
//	days/DAY.open      a day that takes cells: quota × 4096 bytes, zeros where none stands
//	days/DAY.closed    the same file, closed, not yet acknowledged
//	days/DAY.acked     empty: the day was read and acknowledged, its cells are gone
//	objects/A~B~C      the object A/B/C
//	current/NAME       u64 serial ‖ the value of NAME
//
// After a crash: a file whose name begins with ".tmp-" is unfinished and removed; a slot that
// was being written is torn, which is harmless, since its cell was not answered for: it opens
// under no key and counts as cover.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// ErrLocked is a folder which another process serves.
var ErrLocked = errors.New("store: the folder is in use by another process")

// ErrNewer is a folder that a newer kkachi has changed.
var ErrNewer = errors.New("store: written by a newer version of kkachi")

var errEnded = errors.New("store: ended")

const (
	daysDir    = "days"
	objectsDir = "objects"
	currentDir = "current"
	tempPrefix = ".tmp-"
)

// stillTime stands as access and modification time on every file and folder.
var stillTime = time.Unix(0, 0)

// Options of a store on disk.
type Options struct {
	Quota int       // cells a day has room for; 0 is store.DefaultQuota
	Rand  io.Reader // draws the places of cells and the names of temporary files

	System System // nil is the file system of this machine
}

// A Store keeps everything under one folder. Make one with Open.
type Store struct {
	dir   string
	quota int
	rand  io.Reader
	sys   System
	lock  *os.File

	mu      sync.Mutex         // guards days; held for a look or a change in memory only
	days    map[cell.Day]*day  // nil after Close
	changes sync.Mutex         // one change of state of a day at a time; taken before mu
	noRoom  map[cell.Day]error // days that could not be opened, and why; guarded by changes

	objects sync.Mutex // guards links and removals under objects
	current sync.Mutex // guards changes under current
}

var _ store.Store = (*Store)(nil)

// Open makes what is missing of the folder, removes what a crash left unfinished, and finds
// which slots of open days are taken. One process at a time: else ErrLocked.
func Open(dir string, o Options) (*Store, error) {
	if o.Quota == 0 {
		o.Quota = store.DefaultQuota
	}
	if o.Quota < 1 || o.Quota > maxQuota {
		return nil, fmt.Errorf("store: quota of %d cells a day, not 1…%d", o.Quota, maxQuota)
	}
	if o.Rand == nil {
		return nil, errors.New("store: no source of randomness given")
	}
	if err := CheckFormat(dir); err != nil {
		return nil, err
	}
	s := &Store{dir: dir, quota: o.Quota, rand: o.Rand, sys: o.System, days: map[cell.Day]*day{}, noRoom: map[cell.Day]error{}}
	if s.sys == nil {
		s.sys = machine{}
	}
	for _, sub := range []string{daysDir, objectsDir, currentDir} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	if err := s.syncDir(dir); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	s.lock = lock
	s.stillBeside()
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for cells under way and lets the folder go. Open days stay open.
func (s *Store) Close() error {
	s.changes.Lock()
	defer s.changes.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, d := range s.days {
		if d.arrivals != nil {
			errs = append(errs, d.arrivals.finish())
		}
	}
	s.days = nil
	return errors.Join(append(errs, s.lock.Close())...)
}

// stillBeside stills the files beside those of the store, such as the host's tokens, which somebody else
// wrote and may own: so what can't be done is left.
func (s *Store) stillBeside() {
	entries, _ := s.listQuietly(s.dir)
	for _, e := range entries {
		if e.Type().IsRegular() {
			_ = s.sys.Still(filepath.Join(s.dir, e.Name()))
		}
	}
}

// recover removes unfinished files and reads the state of each day.
func (s *Store) recover() error {
	for _, sub := range []string{daysDir, objectsDir, currentDir} {
		path := filepath.Join(s.dir, sub)
		entries, err := s.listQuietly(path)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), tempPrefix) {
				if err := s.sys.Remove(filepath.Join(path, e.Name())); err != nil {
					return fmt.Errorf("store: %w", err)
				}
			}
		}
		if err := s.syncDir(path); err != nil {
			return err
		}
	}
	return s.recoverDays()
}

// writeTemp writes data to a new file in sub, syncs it, and gives its path: the caller links
// or renames it to where it belongs, or removes it.
func (s *Store) writeTemp(sub string, data []byte) (string, error) {
	f, err := s.createTemp(sub)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.sys.Still(f.Name())
	}
	if err != nil {
		return "", fmt.Errorf("store: %w", errors.Join(err, s.sys.Remove(f.Name())))
	}
	return f.Name(), nil
}

func (s *Store) createTemp(sub string) (File, error) {
	var b [8]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return nil, fmt.Errorf("store: randomness: %w", err)
	}
	path := filepath.Join(s.dir, sub, fmt.Sprintf("%s%x", tempPrefix, b))
	f, err := s.sys.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return f, nil
}

func (s *Store) readQuietly(path string) ([]byte, error) {
	f, err := s.openQuietly(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, errors.Join(err, f.Close())
}

func (s *Store) listQuietly(path string) ([]os.DirEntry, error) {
	f, err := s.openQuietly(path)
	if err != nil {
		return nil, err
	}
	entries, err := f.ReadDir(-1)
	return entries, errors.Join(err, f.Close())
}

// syncDir makes the entries of a folder durable, and stills its times.
func (s *Store) syncDir(path string) error {
	f, err := s.openQuietly(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	err = errors.Join(s.sys.Still(path), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// openQuietly opens a file or folder for reading.
func (s *Store) openQuietly(path string) (File, error) { return s.sys.Open(path, os.O_RDONLY) }

// notFound turns the file system's word into the store's.
func notFound(err error, what string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", store.ErrNotFound, what)
	}
	return fmt.Errorf("store: %s: %w", what, err)
}
