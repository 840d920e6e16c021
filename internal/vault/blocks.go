package vault

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// ViewBlocks is how many decrypted blocks of view.db are kept in memory, for all of its
// connections together: 128 MiB (spec/07-log.md, section 8).
const ViewBlocks = 32_768

// blocks keeps decrypted blocks of one database file between its connections and the layer
// that encrypts. SQLite's own caches are of one connection each, and a reader's is emptied
// by each write of another; decrypting the same block again for every question took longer
// than the questions. All who write the file write it through here: the vault's folder is
// locked for one process.
type blocks struct {
	parts [16]blockPart
	tail  walTail
}

// A blockPart keeps the blocks of some places in the file.
type blockPart struct {
	mu sync.Mutex // guards what follows
	// Two generations of half the size each: what is asked for moves to the young one, and
	// when that is full, the old one is given up.
	young, old map[int64]*[PageSize]byte
	free       []*[PageSize]byte
	limit      int    // of one generation
	writes     uint64 // begun and ended
}

func newBlocks(n int) *blocks {
	b := &blocks{}
	b.tail.reset()
	for i := range b.parts {
		b.parts[i].limit = max(1, n/2/len(b.parts))
		b.parts[i].young, b.parts[i].old = map[int64]*[PageSize]byte{}, map[int64]*[PageSize]byte{}
	}
	return b
}

func (b *blocks) part(off int64) *blockPart {
	return &b.parts[off/PageSize%int64(len(b.parts))]
}

// get copies a block, if it is there. Else it gives the number of writes so far, for put.
func (p *blockPart) get(off int64, into []byte) (bool, uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	block := p.young[off]
	if block == nil {
		if block = p.old[off]; block == nil {
			return false, p.writes
		}
		delete(p.old, off)
		p.keep(off, block)
	}
	copy(into, block[:])
	return true, p.writes
}

// put keeps a block that was read from the disk, unless something was written since: then
// what was read may be older than what is there.
func (p *blockPart) put(off int64, data []byte, writes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.writes != writes || p.young[off] != nil {
		return
	}
	var block *[PageSize]byte
	if n := len(p.free); n > 0 {
		block, p.free = p.free[n-1], p.free[:n-1]
	} else {
		block = new([PageSize]byte)
	}
	copy(block[:], data)
	p.keep(off, block)
}

// set keeps a block that was written just now.
func (p *blockPart) set(off int64, data []byte) {
	_, writes := p.get(off, nil)
	p.put(off, data, writes)
}

// keep puts a block into the young generation. The caller holds mu.
func (p *blockPart) keep(off int64, block *[PageSize]byte) {
	if len(p.young) >= p.limit {
		for _, b := range p.old {
			clear(b[:])
			p.free = append(p.free, b)
		}
		clear(p.old)
		p.young, p.old = p.old, p.young
	}
	p.young[off] = block
}

// forget drops a block before it is written, and once more after.
func (p *blockPart) forget(off int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
	for _, m := range []map[int64]*[PageSize]byte{p.young, p.old} {
		if b := m[off]; b != nil {
			clear(b[:])
			p.free = append(p.free, b)
			delete(m, off)
		}
	}
}

// wipe drops all blocks.
func (b *blocks) wipe() {
	for i := range b.parts {
		p := &b.parts[i]
		p.mu.Lock()
		p.writes++
		for _, m := range []map[int64]*[PageSize]byte{p.young, p.old} {
			for off, block := range m {
				clear(block[:])
				delete(m, off)
			}
		}
		p.free = nil
		p.mu.Unlock()
	}
}

// register makes the blocks a layer above the encrypting one, and gives its name. Call
// vfs.Unregister when no connection is left.
func (b *blocks) register() (string, error) {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", fmt.Errorf("vault: randomness: %w", err)
	}
	name := "blocks-" + hex.EncodeToString(id[:])
	vfs.Register(name, blockVFS{vfs.Find(encrypting), b})
	return name, nil
}

// blockVFS opens files; the database itself with its blocks, its journals as they are.
type blockVFS struct {
	vfs.VFS
	blocks *blocks
}

// OpenFilename implements vfs.VFSFilename.
func (v blockVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	switch {
	case err != nil:
		return f, flags, err
	case flags&vfs.OPEN_MAIN_DB != 0:
		return &blockFile{File: f, blocks: v.blocks}, flags, nil
	case flags&vfs.OPEN_WAL != 0:
		return &walFile{File: f, blocks: v.blocks}, flags, nil
	}
	return f, flags, nil
}

// A blockFile is a connection's handle of the database.
type blockFile struct {
	vfs.File
	blocks *blocks
	keyed  bool // the key was given: only then may a block be read
}

// ReadAt implements vfs.File.
func (f *blockFile) ReadAt(p []byte, off int64) (int, error) {
	if !f.keyed || len(p) != PageSize || off%PageSize != 0 {
		return f.File.ReadAt(p, off)
	}
	part := f.blocks.part(off)
	ok, writes := part.get(off, p)
	if ok {
		return len(p), nil
	}
	n, err := f.File.ReadAt(p, off)
	if n == len(p) && err == nil {
		part.put(off, p, writes)
	}
	return n, err
}

// WriteAt implements vfs.File.
func (f *blockFile) WriteAt(p []byte, off int64) (int, error) {
	from, to := off/PageSize*PageSize, off+int64(len(p))
	for at := from; at < to; at += PageSize {
		f.blocks.part(at).forget(at)
	}
	n, err := f.File.WriteAt(p, off)
	for at := from; at < to; at += PageSize {
		f.blocks.part(at).forget(at)
	}
	if f.keyed && err == nil && from == off && len(p) == PageSize {
		f.blocks.part(off).set(off, p)
	}
	return n, err
}

// Truncate implements vfs.File.
func (f *blockFile) Truncate(size int64) error {
	f.blocks.wipe()
	err := f.File.Truncate(size)
	f.blocks.wipe()
	return err
}

// Pragma implements vfs.FilePragma.
func (f *blockFile) Pragma(name, value string) (string, error) {
	out, err := vfsutil.WrapPragma(f.File, name, value)
	f.keyed = f.keyed || name == "hexkey" && err == nil
	return out, err
}

// What follows hands on what the file below can do besides.

// Unwrap implements vfs.FileUnwrap.
func (f *blockFile) Unwrap() vfs.File { return f.File }

// SharedMemory implements vfs.FileSharedMemory.
func (f *blockFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// LockState implements vfs.FileLockState.
func (f *blockFile) LockState() vfs.LockLevel { return vfsutil.WrapLockState(f.File) }

// SizeHint implements vfs.FileSizeHint.
func (f *blockFile) SizeHint(size int64) error { return vfsutil.WrapSizeHint(f.File, size) }

// HasMoved implements vfs.FileHasMoved.
func (f *blockFile) HasMoved() (bool, error) { return vfsutil.WrapHasMoved(f.File) }

// Overwrite implements vfs.FileOverwrite.
func (f *blockFile) Overwrite() error { return vfsutil.WrapOverwrite(f.File) }

// SyncSuper implements vfs.FileSync.
func (f *blockFile) SyncSuper(super string) error { return vfsutil.WrapSyncSuper(f.File, super) }

// CommitPhaseTwo implements vfs.FileCommitPhaseTwo.
func (f *blockFile) CommitPhaseTwo() error { return vfsutil.WrapCommitPhaseTwo(f.File) }

// CheckpointStart implements vfs.FileCheckpoint.
func (f *blockFile) CheckpointStart() { vfsutil.WrapCheckpointStart(f.File) }

// CheckpointDone implements vfs.FileCheckpoint.
func (f *blockFile) CheckpointDone() { vfsutil.WrapCheckpointDone(f.File) }

// BusyHandler implements vfs.FileBusyHandler.
func (f *blockFile) BusyHandler(handler func() bool) { vfsutil.WrapBusyHandler(f.File, handler) }
