package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// notes is a projector for tests: a kind "note.put" sets a note's text, "note.bad" is
// refused, and each note counts its changes.
type notes struct {
	version int
	schema  string
}

func (notes) Name() string   { return "notes" }
func (n notes) Version() int { return n.version }
func (n notes) Schema() string {
	return `CREATE TABLE notes (thing BLOB PRIMARY KEY, text TEXT, changes INTEGER NOT NULL, erased INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE log (at INTEGER PRIMARY KEY, kind TEXT NOT NULL);` + n.schema
}

func (notes) Apply(tx *Tx, op *Op) error {
	if op.Kind == "note.bad" {
		return errors.New("refused by the projector")
	}
	if err := tx.Exec(`INSERT INTO log (kind) VALUES (?)`, string(op.Kind)); err != nil {
		return err
	}
	if op.Kind != "note.put" {
		return nil
	}
	var text any
	if !op.Erased {
		text = string(op.Content)
	}
	return tx.Exec(`INSERT INTO notes VALUES (?, ?, 1, ?) ON CONFLICT (thing) DO UPDATE
		SET text = excluded.text, changes = changes + 1, erased = excluded.erased`, op.Subject, text, op.Erased)
}

var day0 = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func testOptions() Options {
	return Options{Now: func() time.Time { return day0 }, Rand: rand.Reader}
}

func testKey(t testing.TB) Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := NewKeyFile(path, rand.Reader); err != nil {
		t.Fatal(err)
	}
	key, err := KeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newVault(t testing.TB) (*Vault, string, Key) {
	t.Helper()
	dir, key := filepath.Join(t.TempDir(), "desk"), testKey(t)
	v, err := Create(dir, key, []Projector{notes{version: 1}}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, dir, key
}

func reopen(t testing.TB, dir string, key Key) *Vault {
	t.Helper()
	v, err := Open(dir, key, []Projector{notes{version: 1}}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func closeVault(t testing.TB, v *Vault) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
}

func thing(t testing.TB) Thing {
	t.Helper()
	th, err := NewThing(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func put(t testing.TB, v *Vault, th Thing, text string) Hash {
	t.Helper()
	h, err := v.Append(context.Background(), Draft{Kind: "note.put", Subject: th, Content: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return h[0]
}

func text(t testing.TB, v *Vault, th Thing) string {
	t.Helper()
	var s any
	if err := v.View().QueryRow(context.Background(), `SELECT text FROM notes WHERE thing = ?`, th).Scan(&s); err != nil {
		t.Fatal(err)
	}
	if s == nil {
		return "(none)"
	}
	return fmt.Sprint(s)
}

func dumpOf(t testing.TB, v *Vault) string {
	t.Helper()
	var b bytes.Buffer
	if err := v.Dump(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAppendAndRead(t *testing.T) {
	v, dir, key := newVault(t)
	a, b := thing(t), thing(t)
	put(t, v, a, "첫 편지")
	put(t, v, b, "second")
	put(t, v, a, "셋째")
	if got := text(t, v, a); got != "셋째" {
		t.Fatalf("read %q", got)
	}
	before := dumpOf(t, v)
	closeVault(t, v)
	v = reopen(t, dir, key)
	if got := dumpOf(t, v); got != before {
		t.Fatalf("dump changed by reopening:\n%s\n%s", before, got)
	}
	put(t, v, b, "fourth")
	var seqs []uint64
	for op, err := range v.Ops(context.Background(), Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if op.Day != uint32(day0.Unix()/86400) || op.Author != v.Device() {
			t.Fatalf("day %d, author %s", op.Day, op.Author)
		}
		seqs = append(seqs, op.Seq)
	}
	if fmt.Sprint(seqs) != "[1 2 3 4]" {
		t.Fatalf("seqs %v", seqs)
	}
	var contents []string
	for op, err := range v.History(context.Background(), b) {
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, string(op.Content))
	}
	if fmt.Sprint(contents) != "[second fourth]" {
		t.Fatalf("history %v", contents)
	}
}

func TestSecrets(t *testing.T) {
	v, dir, key := newVault(t)
	today := uint32(day0.Unix() / 86400)
	for name, end := range map[string]uint32{"inbox/7": 0, "week/1": today - 1, "week/2": today} {
		if err := v.PutSecret(name, []byte("secret "+name), end); err != nil {
			t.Fatal(err)
		}
	}
	closeVault(t, v)
	v = reopen(t, dir, key)
	if got, err := v.Secret("inbox/7"); err != nil || string(got) != "secret inbox/7" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := v.Secret("week/1"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("a secret past its day was given: %v", err)
	}
	list, err := v.ListSecrets("week/")
	if err != nil || len(list) != 1 || list[0].Name != "week/2" {
		t.Fatalf("%v, %v", list, err)
	}
	if n, err := v.PurgeSecrets(today); err != nil || n != 1 {
		t.Fatalf("purged %d, %v", n, err)
	}
	if err := v.DeleteSecret("week/2"); err != nil {
		t.Fatal(err)
	}
	if err := v.DeleteSecret("week/2"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if err := v.PutSecret("Bad name", nil, 0); err == nil {
		t.Fatal("a bad name was taken")
	}
}
