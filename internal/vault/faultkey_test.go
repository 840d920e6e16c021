package vault

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"kkachi/internal/fault"
)

// P8: each system call by which another key is given to a vault is broken in each way. At every
// moment one of the two keys opens the vault, and in the end the new one alone.
func TestP8RekeyFailureTable(t *testing.T) {
	fault.Table(t, 12, func(t *testing.T, s *fault.Steps) {
		p := newFaultPlay(t, s)
		p.create()
		p.do("writing", p.write)
		if err := p.v.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(p.path("keys"), 0o700); err != nil {
			t.Fatal(err)
		}
		old, fresh, dir := p.key, testKey(t), p.path("desk")
		opens := func(k Key) bool {
			_, err := VerifyDir(t.Context(), dir, k, testOptions(), nil)
			if err != nil && !errors.Is(err, ErrWrongKey) {
				t.Errorf("the vault does not open, and not because of its key: %v", err)
			}
			return err == nil
		}
		s.Watch(t, p.base)
		p.again("giving another key", func() error {
			err := Rekey(dir, old, fresh, testOptions())
			if err != nil {
				fault.Aside(func() {
					if was, is := opens(old), opens(fresh); was == is {
						t.Errorf("after %v the old key opens: %v, the new one: %v", err, was, is)
					}
				})
			}
			if errors.Is(err, ErrWrongKey) { // it was done, and reported as failed
				_, err = VerifyDir(t.Context(), dir, fresh, testOptions(), nil)
			}
			return err
		})
		s.End()
		if opens(old) || !opens(fresh) {
			t.Error("in the end the new key does not open the vault alone")
		}
		p.key = fresh
		p.check("desk")
		leavesNothing(t, dir)
	})
}

// P8: the same for an upgrade from format 1. Whatever breaks, the vault verifies as what it was or
// as what it becomes, and the upgrade goes on at the next call.
func TestP8UpgradeFailureTable(t *testing.T) {
	want := expected(t)
	fault.Table(t, 40, func(t *testing.T, s *fault.Steps) {
		p := newFaultPlay(t, s)
		dir, key, _ := oldVault(t)
		saved := false
		s.Watch(t, dir)
		p.again("upgrading", func() error {
			_, err := Upgrade(t.Context(), dir, key, testOptions(), func(*Vault) error { saved = true; return nil })
			if err != nil {
				fault.Aside(func() {
					if _, err := VerifyDir(t.Context(), dir, key, testOptions(), nil); err != nil {
						t.Errorf("broken off, it does not verify: %v", err)
					}
				})
			}
			return err
		})
		s.End()
		if !saved {
			t.Error("nothing was backed up")
		}
		if got := stateText(t, dir, key); got != want {
			t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
		}
		leavesNothing(t, dir)
	})
}

// leavesNothing looks for half a header.
func leavesNothing(t *testing.T, dir string) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(dir, "."+headerFile+"*")); err != nil || len(left) > 0 {
		t.Errorf("half a header is left: %v, %v", left, err)
	}
}
