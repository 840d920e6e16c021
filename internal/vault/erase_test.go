package vault

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// decrypted is a file of the vault as SQLite sees it: what someone with the vault's key
// finds in every page, in use or not.
func decrypted(t *testing.T, path string, key [32]byte) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(b) == 0 {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b) % PageSize; n != 0 {
		b = append(b, make([]byte, PageSize-n)...)
	}
	work := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(work, b, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := sqlite3.OpenFlags("file:"+work+"?vfs=adiantum&hexkey="+hex.EncodeToString(key[:]), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, _, err := vfs.Find("adiantum").(vfs.VFSFilename).OpenFilename(c.Filename("main"), vfs.OPEN_MAIN_DB|vfs.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := make([]byte, len(b))
	if _, err := f.ReadAt(out, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return out
}

func subkeyOf(t *testing.T, dir string, key Key, use string) [32]byte {
	t.Helper()
	h, err := readHeader(dir)
	if err != nil {
		t.Fatal(err)
	}
	master, err := h.open(key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := subkey(master, use)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// What is erased is gone from the folder even for someone who holds the vault's key: the
// thing's key from keys.db and its journal, the content from the projections.
func TestErase(t *testing.T) {
	v, dir, key := newVault(t)
	ctx := context.Background()
	a, b := thing(t), thing(t)
	put(t, v, a, "erase-me-canary")
	put(t, v, b, "keep me")
	sum, _, err := v.PutBlob(ctx, a, strings.NewReader("blob of a"))
	if err != nil {
		t.Fatal(err)
	}
	thingKey, err := v.keys.thing(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	ks := subkeyOf(t, dir, key, "keys")
	if !bytes.Contains(decrypted(t, filepath.Join(dir, keysFile), ks), thingKey[:]) {
		t.Fatal("the test does not see the key where it must be: it is blind")
	}
	if err := v.Erase(ctx, a); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{keysFile, keysFile + "-journal"} {
		if bytes.Contains(decrypted(t, filepath.Join(dir, name), ks), thingKey[:]) {
			t.Errorf("%s still holds the key", name)
		}
	}
	if got := text(t, v, a); got != "(none)" {
		t.Errorf("the projection says %q", got)
	}
	if got := text(t, v, b); got != "keep me" {
		t.Errorf("another thing: %q", got)
	}
	requireGone(t, v, a, sum)
	before := dumpOf(t, v)
	oldView, err := v.keys.meta("view")
	if err != nil {
		t.Fatal(err)
	}
	closeVault(t, v)
	for _, name := range []string{viewFile, viewFile + "-wal"} {
		if bytes.Contains(decrypted(t, filepath.Join(dir, name), [32]byte(oldView)), []byte("erase-me-canary")) {
			t.Errorf("%s still holds the content", name)
		}
	}
	v = reopen(t, dir, key)
	requireGone(t, v, a, sum)
	if dumpOf(t, v) != before {
		t.Error("the dump changed by reopening")
	}
	newView, err := v.keys.meta("view")
	if err != nil || bytes.Equal(newView, oldView) {
		t.Errorf("view.db kept its key after an erasure, %v", err)
	}
	if r, err := v.Verify(ctx, nil); err != nil || r.Erased != 1 {
		t.Errorf("the log is not verifiable any more: %v", err)
	}
}

func requireGone(t *testing.T, v *Vault, a Thing, blob Hash) {
	t.Helper()
	ctx := context.Background()
	if _, err := v.Append(ctx, Draft{Kind: "note.put", Subject: a}); !errors.Is(err, ErrErased) {
		t.Errorf("wrote under an erased thing: %v", err)
	}
	if _, err := v.Blob(ctx, blob); !errors.Is(err, ErrNotFound) {
		t.Errorf("read an erased blob: %v", err)
	}
	if files, err := os.ReadDir(filepath.Join(v.dir, blobDir)); err != nil || len(files) != 0 {
		t.Errorf("blob files: %v, %v", files, err)
	}
	if err := v.Erase(ctx, a); err != nil {
		t.Errorf("erased again: %v", err)
	}
	kinds := ""
	for op, err := range v.History(ctx, a) {
		if err != nil {
			t.Fatal(err)
		}
		if op.Content != nil || op.Kind == "note.put" && !op.Erased {
			t.Errorf("%s: content %q, erased %v", op.Kind, op.Content, op.Erased)
		}
		kinds += string(op.Kind) + " "
	}
	if kinds != "note.put vault.erase " {
		t.Errorf("what remains: %s", kinds)
	}
}

// A crash after the erasing operation and before the key's death is completed at Open.
func TestEraseIsCompletedAtOpen(t *testing.T) {
	v, dir, key := newVault(t)
	ctx := context.Background()
	a := thing(t)
	put(t, v, a, "text")
	sum, _, err := v.PutBlob(ctx, a, strings.NewReader("blob"))
	if err != nil {
		t.Fatal(err)
	}
	envs, err := v.encode([]Draft{{Kind: KindErase, Subject: a}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.log.add(ctx, envs); err != nil {
		t.Fatal(err)
	}
	closeVault(t, v)
	r, err := VerifyDir(ctx, dir, key, testOptions(), nil)
	requireFault(t, r, err, Fault{What: Edited, File: keysFile, Detail: "lives"})
	v = reopen(t, dir, key)
	requireGone(t, v, a, sum)
	if got := text(t, v, a); got != "(none)" {
		t.Errorf("the projection says %q", got)
	}
}

func TestEraseUnknown(t *testing.T) {
	v, _, _ := newVault(t)
	a := thing(t)
	put(t, v, a, "text")
	if err := v.Erase(context.Background(), a, thing(t)); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if got := text(t, v, a); got != "text" {
		t.Fatalf("half an erasure: %q", got)
	}
}

// A secret that was deleted or replaced is in no page of keys.db and its journal.
func TestSecretsDie(t *testing.T) {
	v, dir, key := newVault(t)
	first, second := []byte("canary-one-canary-one"), []byte("canary-two-canary-two")
	steps := []struct {
		do   func() error
		gone []byte
	}{
		{func() error { return v.PutSecret("k", second, 0) }, first},
		{func() error { return v.DeleteSecret("k") }, second},
	}
	if err := v.PutSecret("k", first, 0); err != nil {
		t.Fatal(err)
	}
	ks := subkeyOf(t, dir, key, "keys")
	if !bytes.Contains(decrypted(t, filepath.Join(dir, keysFile), ks), first) {
		t.Fatal("blind")
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{keysFile, keysFile + "-journal"} {
			if bytes.Contains(decrypted(t, filepath.Join(dir, name), ks), s.gone) {
				t.Errorf("%s still holds %s", name, s.gone)
			}
		}
	}
}

// What was deleted just before a crash doesn't live on in the journal once the vault was
// opened again.
func TestOpenWipesTheJournalThatACrashLeft(t *testing.T) {
	v, dir, key := newVault(t)
	if err := v.PutSecret("inbox/1", bytes.Repeat([]byte{7}, 32), 0); err != nil {
		t.Fatal(err)
	}
	err := v.keys.tx(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM ring`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	left := func() int {
		b, err := os.ReadFile(filepath.Join(dir, keysFile+"-journal"))
		if err != nil {
			t.Fatal(err)
		}
		return len(bytes.Trim(b, "\x00"))
	}
	if left() == 0 {
		t.Fatal("the journal is empty before the crash: this test would try nothing")
	}
	closeVault(t, v)
	v = reopen(t, dir, key)
	defer closeVault(t, v)
	if n := left(); n != 0 {
		t.Errorf("%d bytes are left in the journal", n)
	}
}
