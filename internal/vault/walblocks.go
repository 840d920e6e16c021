package vault

import (
	"io"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3/vfs"
)

// A walTail is the block at which a write-ahead log is being written, decrypted, for all of its
// handles together. SQLite writes a log in pieces of 24 and 4,096 bytes, of which none begins or
// ends with a block: the layer that encrypts reads, decrypts, encrypts and writes three blocks for
// each page. Here a block is written once it is full, when it is synced, and after each commit
// (see projection). Who dies before that loses what a commit of view.db was about to say, which the
// log of operations says again.
type walTail struct {
	mu    sync.Mutex // guards what follows, and all writes to the file
	off   int64      // where the block begins; −1: there is none
	dirty bool       // the file below lacks what stands here
	by    *walFile   // who wrote it
	end   int64      // blocks from here on are not kept
	block [PageSize]byte
}

// inWAL marks places of the write-ahead log among those of the database, in blocks.
const inWAL = int64(1) << 62

func (t *walTail) reset() {
	t.off, t.dirty, t.by = -1, false, nil
	clear(t.block[:])
}

// drop forgets the log, when its file is gone.
func (b *blocks) drop() {
	t := &b.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reset()
	b.cut(0)
}

// cut forgets the blocks of the log from a place on. The caller holds the tail's mu.
func (b *blocks) cut(from int64) {
	for off := (from + PageSize - 1) / PageSize * PageSize; off < b.tail.end; off += PageSize {
		b.part(off | inWAL).forget(off | inWAL)
	}
	b.tail.end = min(b.tail.end, from)
}

// settle writes the block, and gives the size of the log in bytes. If the disk can't take the block,
// it stays, for the next time.
func (t *walTail) settle() (size int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by != nil {
		err = t.by.flush()
	}
	return t.off + PageSize, err
}

// A walFile is a connection's handle of the write-ahead log.
type walFile struct {
	vfs.File
	blocks *blocks
}

// flush writes the block at which the log is being written through this handle. The caller holds mu.
func (f *walFile) flush() error {
	t := &f.blocks.tail
	if !t.dirty {
		return nil
	}
	if _, err := f.File.WriteAt(t.block[:], t.off); err != nil {
		return err
	}
	t.dirty = false
	return nil
}

// WriteAt implements vfs.File.
func (f *walFile) WriteAt(p []byte, off int64) (n int, err error) {
	t := &f.blocks.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if err := f.turnTo(at / PageSize * PageSize); err != nil {
			return n, err
		}
		within := int(at - t.off)
		m := copy(t.block[within:], p[n:])
		f.blocks.part(t.off | inWAL).forget(t.off | inWAL)
		t.dirty, t.by = true, f
		if within+m == PageSize {
			if err := f.flush(); err != nil {
				return n, err
			}
			t.end = max(t.end, t.off+PageSize)
			f.blocks.part(t.off|inWAL).set(t.off|inWAL, t.block[:])
		}
		n += m
	}
	return n, nil
}

// turnTo makes another block the one that is being written. The caller holds mu.
func (f *walFile) turnTo(off int64) error {
	t := &f.blocks.tail
	if t.off == off {
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	t.reset()
	if ok, _ := f.blocks.part(off|inWAL).get(off|inWAL, t.block[:]); ok {
		t.off = off
		return nil
	}
	switch n, err := f.File.ReadAt(t.block[:], off); {
	case n == PageSize:
	case err == nil || err == io.EOF: // beyond the end: the layer below, too, makes it of zeros
		clear(t.block[:])
	default:
		clear(t.block[:])
		return err
	}
	t.off = off
	return nil
}

// ReadAt implements vfs.File.
func (f *walFile) ReadAt(p []byte, off int64) (n int, err error) {
	var block [PageSize]byte
	defer clear(block[:])
	for n < len(p) {
		at := off + int64(n)
		begin := at / PageSize * PageSize
		if err := f.read(&block, begin); err != nil {
			return n, err
		}
		n += copy(p[n:], block[at-begin:])
	}
	return n, nil
}

// read gives one block: that at which the log is being written, or one that is kept, or from the file.
func (f *walFile) read(into *[PageSize]byte, off int64) error {
	t := &f.blocks.tail
	t.mu.Lock()
	if t.off == off && t.dirty {
		*into = t.block
		t.mu.Unlock()
		return nil
	}
	t.mu.Unlock()
	part := f.blocks.part(off | inWAL)
	ok, writes := part.get(off|inWAL, into[:])
	if ok {
		return nil
	}
	n, err := f.File.ReadAt(into[:], off)
	if n == PageSize {
		t.mu.Lock()
		t.end = max(t.end, off+PageSize)
		t.mu.Unlock()
		part.put(off|inWAL, into[:], writes)
		return nil
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// Size implements vfs.File.
func (f *walFile) Size() (int64, error) {
	t := &f.blocks.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	size, err := f.File.Size()
	if err == nil && t.dirty {
		size = max(size, t.off+PageSize)
	}
	return size, err
}

// Sync implements vfs.File.
func (f *walFile) Sync(flags vfs.SyncFlag) error {
	t := &f.blocks.tail
	t.mu.Lock()
	err := f.flush()
	t.mu.Unlock()
	if err != nil {
		return err
	}
	return f.File.Sync(flags)
}

// Truncate implements vfs.File.
func (f *walFile) Truncate(size int64) error {
	t := &f.blocks.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.off >= size {
		t.reset()
	} else if err := f.flush(); err != nil { // SQLite cuts a log behind its first commit, too
		return err
	}
	f.blocks.cut(size)
	return f.File.Truncate(size)
}

// Close implements vfs.File.
func (f *walFile) Close() error {
	t := &f.blocks.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	if t.by == f {
		err = f.flush()
		t.by = nil
	}
	if err2 := f.File.Close(); err == nil {
		err = err2
	}
	return err
}

// Unwrap implements vfs.FileUnwrap.
func (f *walFile) Unwrap() vfs.File { return f.File }

// Delete implements vfs.VFS.
func (v blockVFS) Delete(name string, syncDir bool) error {
	if strings.HasSuffix(name, "-wal") {
		v.blocks.drop()
	}
	return v.VFS.Delete(name, syncDir)
}
