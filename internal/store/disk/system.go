package disk

import (
	"io"
	"io/fs"
	"os"
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
	// SmallPages makes writing in many places fast, if it can.
	SmallPages()
}

// machine is the file system of this machine.
type machine struct{}

type machineFile struct{ *os.File }

// Open implements System.
func (machine) Open(path string, flag int) (File, error) {
	if flag == os.O_RDONLY {
		flag |= quietly
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return machineFile{f}, nil
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
func (f machineFile) Reserve(size int64) error { return reserve(f.File, size) }

// SyncData implements File.
func (f machineFile) SyncData() error { return syncData(f.File) }

// SmallPages implements File.
func (f machineFile) SmallPages() { smallPages(f.File) }
