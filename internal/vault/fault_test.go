package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"kkachi/internal/fault"
)

// A faultPlay is the life of a vault on a disk of which one step breaks.
type faultPlay struct {
	t     *testing.T
	steps *fault.Steps
	base  string
	key   Key
	v     *Vault
	kept  map[string]bool // texts whose Append was acknowledged
	tried map[string]bool
	next  int
}

func (p *faultPlay) path(name string) string { return filepath.Join(p.base, name) }

// again brings something about: as often as a person would try, the fault gone after the
// first.
func (p *faultPlay) again(name string, op func() error) {
	p.t.Helper()
	p.steps.Phase(name)
	var err error
	for range 4 {
		if err = op(); err == nil {
			return
		}
		p.steps.Lift()
	}
	p.t.Fatalf("%s: no progress: %v", name, err)
}

// do is again with the vault open: tried at once, and then after it was opened anew.
func (p *faultPlay) do(name string, op func(*Vault) error) {
	p.t.Helper()
	fails := 0
	p.again(name, func() error {
		if fails++; fails > 2 && p.v != nil {
			_ = p.v.Close() // it may be what breaks
			p.v = nil
		}
		if p.v == nil {
			v, err := Open(p.path("desk"), p.key, []Projector{notes{version: 1}}, testOptions())
			if err != nil {
				return err
			}
			p.v = v
		}
		return op(p.v)
	})
}

// write appends two operations, others at each try. Hashes say that they are kept, whatever
// failed after that.
func (p *faultPlay) write(v *Vault) error {
	var drafts []Draft
	for range 2 {
		text := fmt.Sprintf("text %d", p.next)
		p.next++
		p.tried[text] = true
		drafts = append(drafts, Draft{Kind: "note.put", Subject: thing(p.t), Content: []byte(text)})
	}
	hashes, err := v.Append(p.t.Context(), drafts...)
	if len(hashes) > 0 {
		for _, d := range drafts {
			p.kept[string(d.Content)] = true
		}
	}
	return err
}

func (p *faultPlay) texts(v *Vault) map[string]int {
	p.t.Helper()
	rows, err := v.View().Query(p.t.Context(), `SELECT text FROM notes WHERE text IS NOT NULL`)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	got := map[string]int{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			p.t.Fatal(err)
		}
		got[s]++
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return got
}

// P8: each system call by which a vault touches its folder is broken in each way: of SQLite,
// and of its own files. What was acknowledged is there once, what was refused is there whole
// or not at all, nothing is damaged, and everything comes about once the fault is gone.
func TestP8VaultFailureTable(t *testing.T) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	fault.Table(t, 300, func(t *testing.T, s *fault.Steps) {
		p := newFaultPlay(t, s)
		s.Watch(t, p.base)
		p.run(id)
		s.End()
		p.check("desk", "restored")
	})
}

// P8: the same for what destroys keys, closely: there the database's own journal is wiped, and a
// disk that is full in the middle of it must not leave what can't be mended.
func TestP8EraseFailureTable(t *testing.T) {
	fault.Table(t, 100, func(t *testing.T, s *fault.Steps) {
		p := newFaultPlay(t, s)
		ctx := t.Context()
		p.create()
		p.do("writing", p.write)
		lost := thing(t)
		p.do("putting a blob", func(v *Vault) error {
			_, _, err := v.PutBlob(ctx, lost, strings.NewReader("a blob that dies"))
			return err
		})
		s.Watch(t, p.base)
		p.do("erasing", func(v *Vault) error { return v.Erase(ctx, lost) })
		p.do("deleting a secret", func(v *Vault) error {
			err := v.PutSecret("short", []byte("secret"), 0)
			if err == nil {
				err = v.DeleteSecret("short")
			}
			return err
		})
		_ = p.v.Close() // it may be what breaks
		s.End()
		p.check("desk")
	})
}

// P8: a kill after the disk took half a block of a journal, as one that became full does: the
// vault opens, and holds what was acknowledged.
func TestP8HalfBlockThenKilled(t *testing.T) {
	v, dir, key := newVault(t)
	a := thing(t)
	put(t, v, a, "one")
	killed := filepath.Join(t.TempDir(), "desk")
	copyDir(t, dir, killed)
	closeVault(t, v)
	for _, name := range []string{logFile + "-wal", keysFile + "-journal", viewFile + "-wal"} {
		path := filepath.Join(killed, name)
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s is not there to be cut: the test is blind (%v)", name, err)
		}
		if err := os.WriteFile(path, append(b, make([]byte, PageSize/2)...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v = reopen(t, killed, key)
	if _, err := v.Verify(context.Background(), nil); err != nil {
		t.Error(err)
	}
	if got := text(t, v, a); got != "one" {
		t.Errorf("%q", got)
	}
	put(t, v, a, "two")
}

func newFaultPlay(t *testing.T, s *fault.Steps) *faultPlay {
	return &faultPlay{t: t, steps: s, base: t.TempDir(), kept: map[string]bool{}, tried: map[string]bool{}}
}

// create makes a key file and a vault.
func (p *faultPlay) create() {
	p.t.Helper()
	p.again("making a key file", func() error { return NewKeyFile(p.path("key"), rand.Reader) })
	p.again("reading the key file", func() (err error) { p.key, err = KeyFile(p.path("key")); return err })
	p.again("creating", func() (err error) {
		p.v, err = Create(p.path("desk"), p.key, []Projector{notes{version: 1}}, testOptions())
		if errors.Is(err, ErrExists) { // the vault is whole: only its opening had failed
			p.v, err = Open(p.path("desk"), p.key, []Projector{notes{version: 1}}, testOptions())
		}
		return err
	})
}

func (p *faultPlay) run(id *age.HybridIdentity) {
	ctx, t := p.t.Context(), p.t
	p.create()
	lost := thing(t)
	p.do("writing", p.write)
	p.do("putting a secret", func(v *Vault) error { return v.PutSecret("last", []byte("secret"), 0) })
	var sum Hash
	p.do("putting a blob", func(v *Vault) (err error) {
		sum, _, err = v.PutBlob(ctx, lost, strings.NewReader("a blob that dies"))
		return err
	})
	p.do("erasing", func(v *Vault) error { return v.Erase(ctx, lost) })
	p.do("looking for what was erased", func(v *Vault) error {
		_, err := v.Blob(ctx, sum)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil {
			t.Error("an erased blob is given out")
		}
		return err
	})
	p.do("putting a second blob", func(v *Vault) (err error) {
		sum, _, err = v.PutBlob(ctx, thing(t), strings.NewReader("a blob that stays"))
		return err
	})
	p.do("rebuilding", func(v *Vault) error { return v.Rebuild(ctx, nil) })
	p.do("writing on", p.write)
	p.do("backing up", func(v *Vault) error {
		f, err := os.Create(p.path("backup"))
		if err != nil {
			return err
		}
		return errors.Join(v.Backup(ctx, f, id.Recipient(), nil), f.Sync(), f.Close())
	})
	p.do("closing", func(v *Vault) error {
		p.v = nil
		return v.Close()
	})
	p.do("writing after opening", p.write)
	p.again("restoring", func() error {
		f, err := os.Open(p.path("backup"))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = Restore(ctx, f, id, p.path("restored"), p.key, testOptions())
		if errors.Is(err, ErrExists) { // it was done, and reported as failed
			_, err = VerifyDir(ctx, p.path("restored"), p.key, testOptions(), nil)
		}
		return err
	})
	p.do("reading a secret and a blob", func(v *Vault) error {
		b, err := v.Secret("last")
		if err == nil && string(b) != "secret" {
			t.Errorf("the secret is %q", b)
		}
		b, err2 := readBlob(v, sum)
		if err2 == nil && string(b) != "a blob that stays" {
			t.Errorf("the blob is %q", b)
		}
		return errors.Join(err, err2)
	})
	_ = p.v.Close() // it may be what breaks
}

// check looks at what stands when everything is over.
func (p *faultPlay) check(dirs ...string) {
	ctx, t := context.Background(), p.t
	for _, dir := range dirs {
		v := reopen(t, p.path(dir), p.key)
		if _, err := v.Verify(ctx, nil); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
		got := p.texts(v)
		for text, n := range got {
			if n != 1 || !p.tried[text] {
				t.Errorf("%s: %q stands %d times", dir, text, n)
			}
		}
		for text := range p.kept {
			if dir == "desk" && got[text] != 1 {
				t.Errorf("%q was acknowledged and stands %d times", text, got[text])
			}
		}
		before := dumpOf(t, v)
		if err := v.Rebuild(ctx, nil); err != nil {
			t.Error(err)
		}
		if dumpOf(t, v) != before {
			t.Errorf("%s: the tables are not those of the log", dir)
		}
		closeVault(t, v)
		if left, err := filepath.Glob(p.path(dir + "/blobs/new-*")); err != nil || len(left) > 0 {
			t.Errorf("half a blob is left: %v, %v", left, err)
		}
	}
	if left, err := filepath.Glob(p.path(".restore-*/*")); err != nil || len(left) > 0 {
		t.Errorf("half a restored vault is left: %v, %v", left, err)
	}
}
