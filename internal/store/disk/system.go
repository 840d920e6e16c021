package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"kkachi/internal/cell"
)

// A System is the file system under a store: every step of it that can fail. The one of this
// machine is used unless Options say otherwise; tests put one in that breaks at a chosen step.
type System interface {
	// Open opens a file, or makes it with access for its owner only, as os.OpenFile does with
	// these flags. Reading it should leave no time of access on it.
	Open(path string, flag int) (File, error)
	// Link gives a file a second name, which must not exist. It is durable once its folder is synced.
	Link(old, path string) error
	// Rename gives a file another name, and takes the place of what had it. Durable as Link.
	Rename(old, path string) error
	// Remove removes a name. Durable as Link.
	Remove(path string) error
	// Still sets the times of a file or folder to the one that says nothing.
	Still(path string) error
}

// A File is an open file or folder of a System.
type File interface {
	io.Reader
	io.Writer
	io.WriterAt
	io.Seeker
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	ReadDir(n int) ([]fs.DirEntry, error)
	// Reserve takes the room for size bytes at once, so that a full disk is found before the
	// first cell and not in the middle of a day. Where that can't be done it does nothing.
	Reserve(size int64) error
	// Sync makes all of the file durable, SyncData the contents of one whose size stays. After
	// one has failed, nobody knows what of the file the disk holds.
	Sync() error
	SyncData() error
	// Scatter readies the file for Start, which it makes fast if it can.
	Scatter()
	// Start begins to write the first of ws to their slots, as many as there is room for. It
	// waits for room and so begins at least one. No two that are under way have the same slot.
	Start(ws []*write) int
	// Done waits until some of those that were begun have ended, at least one, and gives them,
	// each with what came of it. It is called while any is under way, by one goroutine. With an
	// error it gives all that are: nobody knows what becomes of them, and none may be begun any more.
	Done() ([]*write, error)
}

// together is how many cells are under way to the disk at once.
const together = 256

// A write is a cell on its way to a slot.
type write struct {
	cell  *cell.Cell
	slot  int
	over  bool           // in the place of another cell
	under *write         // one that this one is written over before it was written
	err   error          // read after done
	done  sync.WaitGroup // for one: that all is known
}

// answer lets everybody who waits for w go on: with what came of it, or an error of all. Which
// slot it was stays nowhere.
func (w *write) answer(err error) {
	if w.err != nil {
		w.err = fmt.Errorf("store: writing a cell: %w", w.err)
	} else {
		w.err = err
	}
	for u := w.under; u != nil; u = u.under {
		u.err, u.slot = w.err, 0
		u.done.Done()
	}
	w.slot = 0
	w.done.Done()
}

// machine is the file system of this machine.
type machine struct{}

type machineFile struct {
	*os.File
	direct *direct // nil where the machine doesn't offer it, and before Scatter

	mu    sync.Mutex // guards ended
	ended []*write   // without direct
}

// Open implements System.
func (machine) Open(path string, flag int) (File, error) {
	if flag == os.O_RDONLY {
		flag |= quietly
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &machineFile{File: f}, nil
}

// Link implements System.
func (machine) Link(old, path string) error { return os.Link(old, path) }

// Rename implements System.
func (machine) Rename(old, path string) error { return os.Rename(old, path) }

// Remove implements System.
func (machine) Remove(path string) error { return os.Remove(path) }

// Still implements System.
func (machine) Still(path string) error { return os.Chtimes(path, stillTime, stillTime) }

// Reserve implements File.
func (f *machineFile) Reserve(size int64) error { return reserve(f.File, size) }

// SyncData implements File.
func (f *machineFile) SyncData() error { return syncData(f.File) }

// Scatter implements File.
func (f *machineFile) Scatter() {
	smallPages(f.File)
	if d, err := openDirect(f.Name()); err == nil {
		f.direct = d
	}
}

// Start implements File.
func (f *machineFile) Start(ws []*write) int {
	if f.direct != nil {
		return f.direct.start(ws)
	}
	for _, w := range ws {
		_, w.err = f.WriteAt(w.cell[:], int64(w.slot)*cell.Size)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, ws...)
	return len(ws)
}

// Done implements File.
func (f *machineFile) Done() ([]*write, error) {
	if f.direct != nil {
		return f.direct.done()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ws := f.ended
	f.ended = nil
	return ws, nil
}

// Close implements File.
func (f *machineFile) Close() error {
	var err error
	if f.direct != nil {
		err = f.direct.Close()
	}
	return errors.Join(err, f.File.Close())
}
