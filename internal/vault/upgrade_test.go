package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
)

// upgraderPoint lets this test binary upgrade a vault, and die at a point of it.
const upgraderPoint = "KKACHI_TEST_VAULT_POINT"

func points() []string {
	return []string{pointVerified, pointSaved, pointLogOpen, pointLog, pointKeysOpen, pointKeys, pointHeader}
}

// oldVault is a copy of a vault that a kkachi of format 1 wrote: testdata/format1 was made by
// that code and is never made again.
func oldVault(t *testing.T) (dir string, key Key, keyFile string) {
	t.Helper()
	base := t.TempDir()
	copyDir(t, filepath.Join("testdata", "format1"), base)
	keyFile = filepath.Join(base, "key")
	key, err := KeyFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(base, "desk"), key, keyFile
}

// stateText is what must be the same before and after: device, end of the chain, things, tables.
func stateText(t *testing.T, dir string, key Key) string {
	t.Helper()
	v := reopen(t, dir, key)
	defer closeVault(t, v)
	r, err := v.Verify(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("device %s\nhead %d %s\nclock %d\nthings %d erased %d blobs %d\n", v.device, v.head.seq, v.head.hash, v.clock, r.Things, r.Erased, r.Blobs) + dumpOf(t, v)
}

func expected(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "format1", "expected.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func noBackup(*Vault) error { return nil }

// An old vault is refused by name, verified as it is, upgraded with its history and hashes,
// and then goes on.
func TestUpgradeFromFormat1(t *testing.T) {
	dir, key, _ := oldVault(t)
	ctx := context.Background()
	_, err := Open(dir, key, nil, testOptions())
	if !errors.Is(err, ErrOlder) || !strings.Contains(err.Error(), "format 1") || !strings.Contains(err.Error(), fmt.Sprintf("writes %d", Format)) {
		t.Errorf("opened: %v", err)
	}
	if err := Rekey(dir, key, testKey(t), testOptions()); !errors.Is(err, ErrOlder) {
		t.Errorf("another key for an old vault: %v", err)
	}
	if r, err := VerifyDir(ctx, dir, key, testOptions(), nil); err != nil || r.Ops != 5 {
		t.Errorf("an old vault is not verified as it is: %+v, %v", r, err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	from, err := Upgrade(ctx, dir, key, testOptions(), func(v *Vault) error {
		if f, err := Shape(dir); f != 1 || err != nil {
			t.Errorf("changed before it was backed up: format %d, %v", f, err)
		}
		return v.Backup(ctx, &backup, id.Recipient(), nil)
	})
	if err != nil || from != 1 {
		t.Fatalf("from %d, %v", from, err)
	}
	if got, want := stateText(t, dir, key), expected(t); got != want {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
	}
	restored := filepath.Join(t.TempDir(), "desk")
	if r, err := Restore(ctx, &backup, id, restored, key, testOptions()); err != nil || r.Ops != 5 {
		t.Errorf("the backup before the upgrade: %+v, %v", r, err)
	}
	v := reopen(t, dir, key)
	put(t, v, thing(t), "and on")
	if r, err := v.Verify(ctx, nil); err != nil || r.Ops != 6 {
		t.Errorf("%+v, %v", r, err)
	}
	if s, err := v.Secret("token"); err != nil || string(s) != "secret of the ring" {
		t.Errorf("the ring: %q, %v", s, err)
	}
	closeVault(t, v)
	saved := false
	if from, err := Upgrade(ctx, dir, key, testOptions(), func(*Vault) error { saved = true; return nil }); err != nil || from != Format || saved {
		t.Errorf("upgraded twice: from %d, %v, backed up %v", from, err, saved)
	}
}

// Broken at each point, before or after it took place, an upgrade goes on at the next call.
func TestUpgradeBrokenOff(t *testing.T) {
	broken := errors.New("broken")
	for _, point := range points() {
		t.Run(point, func(t *testing.T) {
			dir, key, _ := oldVault(t)
			reached := false
			_, err := upgradeWith(t.Context(), dir, key, testOptions(), noBackup, func(p string) error {
				if p == point {
					reached = true
					return broken
				}
				return nil
			})
			if !reached || !errors.Is(err, broken) {
				t.Fatalf("reached %v, %v", reached, err)
			}
			goOn(t, dir, key, point)
		})
	}
	t.Run("backup", func(t *testing.T) {
		dir, key, _ := oldVault(t)
		if _, err := Upgrade(t.Context(), dir, key, testOptions(), func(*Vault) error { return broken }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if f, err := Shape(dir); f != 1 || err != nil {
			t.Errorf("went on without a backup: format %d, %v", f, err)
		}
		goOn(t, dir, key, "backup")
	})
}

// The real thing: the process is killed at each point.
func TestUpgradeKilled(t *testing.T) {
	for _, point := range points() {
		t.Run(point, func(t *testing.T) {
			dir, key, keyFile := oldVault(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), writerDir+"="+dir, writerKey+"="+keyFile, upgraderPoint+"="+point)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("not killed at its point: %v: %s", err, out)
			}
			goOn(t, dir, key, point)
		})
	}
}

func upgradeUntilKilled(dir, keyFile string) error {
	key, err := KeyFile(keyFile)
	if err != nil {
		return err
	}
	_, err = upgradeWith(context.Background(), dir, key, testOptions(), noBackup, func(p string) error {
		if p == os.Getenv(upgraderPoint) {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	return err
}

// goOn finds an upgrade broken off, and finishes it.
func goOn(t *testing.T, dir string, key Key, point string) {
	t.Helper()
	v, err := Open(dir, key, []Projector{notes{version: 1}}, testOptions())
	switch {
	case err == nil && point != pointHeader:
		t.Error("opened in the middle of an upgrade")
	case err != nil && (point == pointHeader || !errors.Is(err, ErrOlder)):
		t.Errorf("in the middle of an upgrade: %v", err)
	}
	if err == nil {
		closeVault(t, v)
	}
	if _, err := VerifyDir(t.Context(), dir, key, testOptions(), nil); err != nil {
		t.Errorf("in the middle of an upgrade: %v", err)
	}
	if _, err := Upgrade(t.Context(), dir, key, testOptions(), noBackup); err != nil {
		t.Fatalf("the next upgrade: %v", err)
	}
	if got, want := stateText(t, dir, key), expected(t); got != want {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
	}
}

// A damaged vault is not touched; a wrong key changes nothing; what is newer is refused, and
// an older database does not pass for the present one.
func TestUpgradeRefuses(t *testing.T) {
	dir, key, _ := oldVault(t)
	logPath := filepath.Join(dir, logFile)
	whole, err := os.ReadFile(logPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Upgrade(t.Context(), dir, testKey(t), testOptions(), noBackup); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	torn := bytes.Clone(whole)
	torn[len(torn)-100] ^= 1
	for name, content := range map[string][]byte{"a page altered": torn, "cut": whole[:len(whole)-PageSize]} {
		if err := os.WriteFile(logPath, content, 0o600); err != nil {
			t.Fatal(err)
		}
		called := false
		_, err := Upgrade(t.Context(), dir, key, testOptions(), func(*Vault) error { called = true; return nil })
		if !errors.Is(err, ErrDamaged) || called {
			t.Errorf("%s: %v, went on %v", name, err, called)
		}
		if f, _ := Shape(dir); f != 1 {
			t.Errorf("%s: now of format %d", name, f)
		}
	}
	if err := os.WriteFile(logPath, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Upgrade(t.Context(), dir, key, testOptions(), noBackup); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(logPath, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, key, nil, testOptions()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "format 1") {
		t.Errorf("an old log in the place of the new one: %v", err)
	}
}

// A database that says a newer format is refused, naming both.
func TestNewerDatabaseIsRefused(t *testing.T) {
	for _, name := range []string{logFile, keysFile} {
		v, dir, key := newVault(t)
		db := v.log.db
		if name == keysFile {
			db = v.keys.db
		}
		if _, err := db.Exec(fmt.Sprintf(`PRAGMA user_version=%d`, Format+1)); err != nil {
			t.Fatal(err)
		}
		closeVault(t, v)
		_, err := Open(dir, key, nil, testOptions())
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("%s is of format %d, and this kkachi knows %d", name, Format+1, Format)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
