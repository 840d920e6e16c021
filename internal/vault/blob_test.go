package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readBlob(v *Vault, sum Hash) ([]byte, error) {
	r, err := v.Blob(context.Background(), sum)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestBlobs(t *testing.T) {
	v, dir, key := newVault(t)
	ctx := context.Background()
	a, b := thing(t), thing(t)
	data := bytes.Repeat([]byte("photograph"), 30000)
	sum, n, err := v.PutBlob(ctx, a, bytes.NewReader(data))
	if err != nil || n != int64(len(data)) {
		t.Fatalf("%d, %v", n, err)
	}
	for _, th := range []Thing{a, b} { // again, and under another thing
		again, _, err := v.PutBlob(ctx, th, bytes.NewReader(data))
		if err != nil || again != sum {
			t.Fatalf("%v, %v", again, err)
		}
	}
	closeVault(t, v)
	v = reopen(t, dir, key)
	if got, err := readBlob(v, sum); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if err := v.Erase(ctx, a); err != nil {
		t.Fatal(err)
	}
	if got, err := readBlob(v, sum); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("erasing one thing took the other's blob: %v", err)
	}
	if err := v.Erase(ctx, b); err != nil {
		t.Fatal(err)
	}
	if _, err := readBlob(v, sum); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if _, _, err := v.PutBlob(ctx, b, bytes.NewReader(data)); !errors.Is(err, ErrErased) {
		t.Fatal(err)
	}
}

// A blob's file that was cut, altered, swapped or lost is found by reading, and named by Verify.
func TestDamagedBlobs(t *testing.T) {
	v, _, _ := newVault(t)
	ctx := context.Background()
	a := thing(t)
	one, _, err := v.PutBlob(ctx, a, strings.NewReader(strings.Repeat("one", 50000)))
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := v.PutBlob(ctx, a, strings.NewReader("two"))
	if err != nil {
		t.Fatal(err)
	}
	path := v.blobPath(a, one)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(v.blobPath(a, two))
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(whole)
	altered[len(altered)/2] ^= 1
	for name, b := range map[string][]byte{"cut": whole[:len(whole)-65552], "altered": altered, "swapped": other, "empty": {}} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readBlob(v, one); err == nil {
			t.Errorf("%s: read", name)
		}
		r, err := v.Verify(ctx, nil)
		requireFault(t, r, err, Fault{What: Torn, File: blobDir, Detail: one.String()})
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r, err := v.Verify(ctx, nil)
	requireFault(t, r, err, Fault{What: Lost, File: blobDir, Detail: one.String()})
}

// What fails on the way leaves nothing behind; what a crash left is removed at Open.
func TestHalfBlobs(t *testing.T) {
	v, dir, key := newVault(t)
	bad := io.MultiReader(strings.NewReader("half"), brokenReader{})
	if _, _, err := v.PutBlob(context.Background(), thing(t), bad); err == nil {
		t.Fatal("kept half a blob")
	}
	requireNames(t, filepath.Join(dir, blobDir))
	closeVault(t, v)
	if err := os.WriteFile(filepath.Join(dir, blobDir, "new-123"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir, key)
	requireNames(t, filepath.Join(dir, blobDir))
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the source broke") }
