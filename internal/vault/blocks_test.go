package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

func page(n byte) []byte { return bytes.Repeat([]byte{n}, PageSize) }

// What was read before a write, and is kept after it, would be older than the disk.
func TestBlocksHoldNothingOlderThanTheDisk(t *testing.T) {
	p := newBlocks(64).part(0)
	into := make([]byte, PageSize)
	ok, writes := p.get(0, into)
	if ok {
		t.Fatal("an empty cache has a block")
	}
	p.forget(0) // a write begins
	p.put(0, page(1), writes)
	if ok, _ := p.get(0, into); ok {
		t.Error("a block that was read before a write is kept after it")
	}
	_, writes = p.get(0, into)
	p.put(0, page(2), writes)
	if ok, _ := p.get(0, into); !ok || into[0] != 2 {
		t.Error("a block that was read after the write is not kept")
	}
	p.forget(0) // the write ends
	if ok, _ := p.get(0, into); ok {
		t.Error("a block that was read in the middle of a write is kept after it")
	}
}

func TestBlocksAreBounded(t *testing.T) {
	const most = 16 * 8
	b := newBlocks(most)
	into := make([]byte, PageSize)
	hot := int64(3 * PageSize)
	for i := range int64(20 * most) {
		off := i * PageSize
		p := b.part(off)
		if ok, writes := p.get(off, into); !ok {
			p.put(off, page(byte(i)), writes)
		}
		p = b.part(hot)
		if ok, writes := p.get(hot, into); !ok {
			if i > 3 {
				t.Fatalf("what is asked for all the time was given up, at %d", i)
			}
			p.put(hot, page(3), writes)
		}
	}
	n := 0
	for i := range b.parts {
		n += len(b.parts[i].young) + len(b.parts[i].old) + len(b.parts[i].free)
	}
	if n > most+len(b.parts) {
		t.Errorf("%d blocks are kept, where %d may be", n, most)
	}
	var kept []*[PageSize]byte
	for i := range b.parts {
		for _, block := range b.parts[i].young {
			kept = append(kept, block)
		}
	}
	b.wipe()
	for _, block := range kept {
		if *block != [PageSize]byte{} {
			t.Fatal("a block outlives the wiping")
		}
	}
}

// A memFile is a file in memory of which each block is written in two halves, so that a
// reader may see a torn one.
type memFile struct {
	vfs.File
	mu   sync.Mutex
	data [8 * PageSize]byte
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copy(p, f.data[off:]), nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	for _, half := range [][2]int{{0, len(p) / 2}, {len(p) / 2, len(p)}} {
		f.mu.Lock()
		copy(f.data[off+int64(half[0]):], p[half[0]:half[1]])
		f.mu.Unlock()
	}
	return len(p), nil
}

// Readers and a writer at once: once a write has returned, nobody reads what was before it.
func TestBlocksUnderWrites(t *testing.T) {
	b := newBlocks(64)
	under := &memFile{}
	var written [8]struct {
		sync.Mutex
		n byte
	}
	var wait sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wait.Go(func() {
			f := &blockFile{File: under, blocks: b, keyed: true}
			into := make([]byte, PageSize)
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				at := i % 8
				written[at].Lock()
				before := written[at].n
				written[at].Unlock()
				if _, err := f.ReadAt(into, int64(at)*PageSize); err != nil {
					t.Error(err)
				}
				if last := into[PageSize-1]; last < before {
					t.Errorf("block %d: %d was read after %d had been written", at, last, before)
					return
				}
			}
		})
	}
	f := &blockFile{File: under, blocks: b, keyed: true}
	for n := byte(1); n < 250; n++ {
		for at := range 8 {
			if _, err := f.WriteAt(page(n), int64(at)*PageSize); err != nil {
				t.Fatal(err)
			}
			written[at].Lock()
			written[at].n = n
			written[at].Unlock()
		}
	}
	close(done)
	wait.Wait()
}

// Before the key was given nothing is read from memory, whatever is there.
func TestBlocksNeedTheKey(t *testing.T) {
	b := newBlocks(64)
	under := &memFile{}
	f := &blockFile{File: under, blocks: b, keyed: true}
	into := make([]byte, PageSize)
	_, err := f.ReadAt(into, 0)
	if err != nil {
		t.Fatal(err)
	}
	locked := &blockFile{File: errFile{}, blocks: b}
	if _, err := locked.ReadAt(into, 0); !errors.Is(err, io.EOF) {
		t.Errorf("read without a key: %v", err)
	}
}

type errFile struct{ vfs.File }

func (errFile) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// A keeping projector counts in memory, and writes once for each transaction.
type keeping struct{ settled *int }

func (keeping) Name() string { return "keeping" }
func (keeping) Version() int { return 1 }
func (keeping) Schema() string {
	return `CREATE TABLE seen (n INTEGER PRIMARY KEY, ops INTEGER NOT NULL) STRICT`
}

type keptCount struct {
	n       int
	settled *int
}

func (k keeping) Apply(tx *Tx, op *Op) error {
	tx.Keep("count", func() Kept { return &keptCount{settled: k.settled} }).(*keptCount).n++
	if op.Kind == "note.bad" {
		return errors.New("refused")
	}
	return nil
}

func (k *keptCount) Settle(tx *Tx) error {
	n := k.n
	k.n = 0
	*k.settled++
	if n == 0 {
		return nil
	}
	return tx.Exec(`INSERT INTO seen VALUES (1, ?) ON CONFLICT DO UPDATE SET ops = ops + excluded.ops`, n)
}

// What is kept is written with its transaction, or dies with it.
func TestKeptIsSettledOrForgotten(t *testing.T) {
	ctx := context.Background()
	var settled int
	dir, key := t.TempDir(), testKey(t)
	v, err := Create(dir, key, []Projector{keeping{&settled}}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	seen := func() (n int) {
		t.Helper()
		if err := v.View().QueryRow(ctx, `SELECT coalesce(max(ops), 0) FROM seen`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	put := func(kinds ...Kind) error {
		var drafts []Draft
		for _, k := range kinds {
			drafts = append(drafts, Draft{Kind: k, Subject: thing(t), Content: []byte("x")})
		}
		_, err := v.Append(ctx, drafts...)
		return err
	}
	if err := put("note.put", "note.put", "note.put"); err != nil || seen() != 3 || settled != 1 {
		t.Errorf("%v: %d seen, settled %d times", err, seen(), settled)
	}
	if err := put("note.put", "note.bad"); err == nil || seen() != 3 {
		t.Errorf("%v: a refused append left %d", err, seen())
	}
	if err := put("note.put"); err != nil || seen() != 4 {
		t.Errorf("%v: %d seen after a refused append and one more", err, seen())
	}
	if err := v.Rebuild(ctx, nil); err != nil || seen() != 4 {
		t.Errorf("%v: %d seen after a rebuild", err, seen())
	}
	if n := v.Rebuilds(); n < 1 {
		t.Error(fmt.Sprint("rebuilds counted: ", n))
	}
}
