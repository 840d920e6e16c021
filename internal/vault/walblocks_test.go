package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

// A blockDisk is a file that takes whole blocks only, and none while it is full.
type blockDisk struct {
	vfs.File
	t      *testing.T
	mu     sync.Mutex
	data   []byte
	full   bool
	writes int
	synced []byte
}

func (d *blockDisk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off%PageSize != 0 || len(p) != PageSize {
		d.t.Errorf("%d bytes are read at %d", len(p), off)
	}
	if off >= int64(len(d.data)) {
		return 0, io.EOF
	}
	return copy(p, d.data[off:]), nil
}

func (d *blockDisk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off%PageSize != 0 || len(p) != PageSize {
		d.t.Errorf("%d bytes are written at %d", len(p), off)
	}
	if d.full {
		return 0, syscall.ENOSPC
	}
	if n := int(off) + len(p); n > len(d.data) {
		d.data = append(d.data, make([]byte, n-len(d.data))...)
	}
	d.writes++
	return copy(d.data[off:], p), nil
}

func (d *blockDisk) Truncate(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.data = d.data[:min(len(d.data), int(size+PageSize-1)/PageSize*PageSize)]
	return nil
}

func (d *blockDisk) Size() (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(d.data)), nil
}

func (d *blockDisk) Sync(vfs.SyncFlag) error {
	d.synced = bytes.Clone(d.data)
	return nil
}

func (d *blockDisk) Close() error { return nil }

// Whatever is written, in whatever pieces and through whatever handle, is read as from a plain
// file; and stands in the file below after a sync, and once its handle is closed.
func TestLogIsAPlainFile(t *testing.T) {
	for seed := range uint64(40) {
		chance := rand.New(rand.NewPCG(seed, 1))
		b, disk := newBlocks(64), &blockDisk{t: t}
		handles := []*walFile{{File: disk, blocks: b}, {File: disk, blocks: b}, {File: disk, blocks: b}}
		var want []byte
		whole := func() []byte {
			return append(bytes.Clone(want), make([]byte, (PageSize-len(want)%PageSize)%PageSize)...)
		}
		for step := range 300 {
			f := handles[chance.IntN(len(handles))]
			switch at := chance.IntN(len(want) + 1); chance.IntN(12) {
			case 0:
				want = want[:at]
				if err := f.Truncate(int64(at)); err != nil {
					t.Fatal(err)
				}
				// Below it is cut behind a whole block, in which the rest stays, as without this layer.
				want = append(want, disk.rest(b, len(want))...)
			case 1:
				if err := f.Sync(vfs.SYNC_FULL); err != nil || !bytes.Equal(disk.synced, whole()) {
					t.Fatalf("seed %d, step %d: %v: what was synced is not what was written", seed, step, err)
				}
			case 2, 3, 4:
				got := make([]byte, len(want)-at)
				if _, err := f.ReadAt(got, int64(at)); err != nil && len(got) > 0 || !bytes.Equal(got, want[at:]) {
					t.Fatalf("seed %d, step %d: read at %d: %v", seed, step, at, err)
				}
			default:
				if chance.IntN(4) > 0 {
					at = len(want) // as a log mostly is
				}
				piece := make([]byte, []int{24, 32, PageSize, 24 + PageSize, 3 * PageSize}[chance.IntN(5)])
				for i := range piece {
					piece[i] = byte(chance.Uint32())
				}
				if _, err := f.WriteAt(piece, int64(at)); err != nil {
					t.Fatal(err)
				}
				want = append(want[:min(at, len(want))], append(piece, want[min(at+len(piece), len(want)):]...)...)
			}
			if size, _ := f.Size(); size != int64(len(whole())) {
				t.Fatalf("seed %d, step %d: %d bytes long instead of %d", seed, step, size, len(whole()))
			}
		}
		for _, f := range handles {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(disk.data, whole()) {
			t.Fatalf("seed %d: what is in the file once all is closed is not what was written", seed)
		}
	}
}

// rest is what stands behind n bytes in the block in which they end.
func (d *blockDisk) rest(b *blocks, n int) []byte {
	if n%PageSize == 0 {
		return nil
	}
	if b.tail.off == int64(n/PageSize*PageSize) {
		return bytes.Clone(b.tail.block[n%PageSize:])
	}
	return bytes.Clone(d.data[n : n/PageSize*PageSize+PageSize])
}

// A page of a log costs one block, not three.
func TestLogWritesEachBlockOnce(t *testing.T) {
	b, disk := newBlocks(64), &blockDisk{t: t}
	f := &walFile{File: disk, blocks: b}
	off := int64(32)
	const pages = 100
	for range pages {
		for _, n := range []int{24, PageSize} {
			if _, err := f.WriteAt(make([]byte, n), off); err != nil {
				t.Fatal(err)
			}
			off += int64(n)
		}
	}
	if disk.writes > pages+1 {
		t.Errorf("%d blocks are written for %d pages", disk.writes, pages)
	}
}

// What a full disk did not take is there still, and is written once there is room.
func TestLogKeepsWhatADiskDidNotTake(t *testing.T) {
	b, disk := newBlocks(64), &blockDisk{t: t}
	f := &walFile{File: disk, blocks: b}
	if _, err := f.WriteAt([]byte("committed"), 0); err != nil {
		t.Fatal(err)
	}
	disk.full = true
	if _, err := b.tail.settle(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("settled on a full disk: %v", err)
	}
	if _, err := f.WriteAt(page(7), 3*PageSize); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("written on a full disk: %v", err)
	}
	got := make([]byte, 9)
	if _, err := f.ReadAt(got, 0); err != nil || string(got) != "committed" {
		t.Errorf("read %q: %v", got, err)
	}
	disk.full = false
	if err := f.Sync(vfs.SYNC_FULL); err != nil || !bytes.HasPrefix(disk.synced, []byte("committed")) {
		t.Errorf("synced once there is room: %v, %q", err, disk.synced[:min(9, len(disk.synced))])
	}
}

// After an Append its operations stand in the files of view.db too: a copy of the folder has them,
// as a crash at this moment would leave them.
func TestCommitStandsInTheFiles(t *testing.T) {
	v, dir, key := newVault(t)
	for i := range 60 {
		put(t, v, thing(t), string(bytes.Repeat([]byte("문장 "), 1+i*40)))
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	// If the tables lacked an operation, this Open would have to write.
	want := dumpOf(t, v)
	closeVault(t, v)
	var caught int
	opts := testOptions()
	opts.Progress = func(done, _ int) { caught = done }
	w, err := Open(copied, key, []Projector{neverAsked{notes{version: 1}}}, opts)
	if err != nil {
		t.Fatalf("the tables of the copy lack what was appended: %v", err)
	}
	defer w.Close()
	if got := dumpOf(t, w); got != want || caught > 0 {
		t.Errorf("the copy holds something else; %d operations were projected again", caught)
	}
}

// neverAsked projects nothing: who opens tables that are whole never asks it to.
type neverAsked struct{ notes }

func (neverAsked) Apply(*Tx, *Op) error { return errors.New("asked to project again") }

// A log of view.db that is long is moved into it beside those who write, and then begins anew.
func TestLogIsMovedBesideTheWriter(t *testing.T) {
	v, dir, _ := newVault(t)
	long := string(bytes.Repeat([]byte("a long letter "), 15_000))
	wal := filepath.Join(dir, viewFile+"-wal")
	grown, waited := int64(0), 0
	for {
		put(t, v, thing(t), long)
		fi, err := os.Stat(wal)
		if err != nil {
			t.Fatal(err)
		}
		if fi.Size() < grown {
			break // begun anew
		}
		if grown = fi.Size(); grown > walMost/2*PageSize {
			t.Fatalf("the log grew to %d bytes, and nobody moved it", grown)
		}
		if grown > walDue {
			v.view.moves.mu.Lock() // it is moved, or that has not begun
			waited++
			v.view.moves.mu.Unlock()
		}
	}
	if grown <= walDue || waited == 0 {
		t.Errorf("the log was moved at %d bytes already", grown)
	}
	want := dumpOf(t, v)
	if err := v.Rebuild(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if dumpOf(t, v) != want {
		t.Error("the tables differ from those made anew")
	}
}
