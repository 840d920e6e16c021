package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func passphrase(t *testing.T, p string) Key {
	t.Helper()
	k, err := Passphrase([]byte(p))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPassphrase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "desk")
	composed, decomposed := "까치가 울면", "\u1101\u1161\u110e\u1175\u1100\u1161 \u110b\u116e\u11af\u1106\u1167\u11ab"
	v, err := Create(dir, passphrase(t, composed), nil, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	closeVault(t, v)
	if _, err := Open(dir, passphrase(t, "까치가 울지"), nil, testOptions()); !errors.Is(err, ErrWrongKey) {
		t.Fatalf("another passphrase: %v", err)
	}
	if _, err := Open(dir, testKey(t), nil, testOptions()); !errors.Is(err, ErrWrongKey) {
		t.Fatalf("a key file: %v", err)
	}
	v, err = Open(dir, passphrase(t, decomposed), nil, testOptions())
	if err != nil {
		t.Fatalf("the same passphrase from another keyboard: %v", err)
	}
	closeVault(t, v)
	if _, err := Passphrase(nil); err == nil {
		t.Error("an empty passphrase was taken")
	}
}

func TestRekey(t *testing.T) {
	v, dir, old := newVault(t)
	a := thing(t)
	put(t, v, a, "text")
	fresh := testKey(t)
	if err := Rekey(dir, old, fresh, testOptions()); !errors.Is(err, ErrLocked) {
		t.Fatalf("rekeyed while open: %v", err)
	}
	closeVault(t, v)
	if err := Rekey(dir, fresh, old, testOptions()); !errors.Is(err, ErrWrongKey) {
		t.Fatalf("rekeyed with the wrong key: %v", err)
	}
	if err := Rekey(dir, old, fresh, testOptions()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, old, nil, testOptions()); !errors.Is(err, ErrWrongKey) {
		t.Fatalf("the old key opens: %v", err)
	}
	if got := text(t, reopen(t, dir, fresh), a); got != "text" {
		t.Fatal(got)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := NewKeyFile(path, rand.Reader); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := NewKeyFile(path, rand.Reader); err == nil {
		t.Fatal("a key file was overwritten")
	}
	key, err := KeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	digits := strings.TrimSpace(string(before))
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		if s := fmt.Sprintf(format, key); strings.Contains(s, digits[:16]) {
			t.Errorf("%s shows the key", format)
		}
	}
	for _, bad := range []string{"", "00", digits + "00", strings.Replace(digits, digits[:1], "g", 1), digits + "\nmore"} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := KeyFile(path); err == nil || len(bad) > 2 && strings.Contains(err.Error(), bad[2:]) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestHeader(t *testing.T) {
	v, dir, key := newVault(t)
	closeVault(t, v)
	path := filepath.Join(dir, headerFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, new string
		want     error
	}{
		"newer":           {"format = 2", "format = 3", ErrNewer},
		"newer, new type": {"format = 2\nkey = \"file\"", "format = 9\nkey = [1]", ErrNewer},
		"unknown field":   {"format = 2", "format = 2\nextra = 1", nil},
		"unknown key":     {`"file"`, `"card"`, nil},
		"other kind":      {`"file"`, `"passphrase"`, ErrWrongKey},
		"short salt":      {`salt = "`, `salt = "00`, nil},
		"other salt":      {`salt = "`, `salt = "` + strings.Repeat("0", 64) + `" # `, ErrWrongKey},
		"no master":       {"master = ", "# ", nil},
	} {
		changed := strings.Replace(string(whole), c.old, c.new, 1)
		if changed == string(whole) {
			t.Fatalf("%s: blind", name)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir, key, nil, testOptions())
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, key, nil, testOptions()); !errors.Is(err, ErrNoVault) {
		t.Errorf("no header: %v", err)
	}
	if _, err := Create(dir, key, nil, testOptions()); !errors.Is(err, ErrExists) {
		t.Errorf("created over a vault without header: %v", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	v, dir, key := newVault(t)
	if _, err := Open(dir, key, nil, testOptions()); !errors.Is(err, ErrLocked) {
		t.Fatalf("opened twice: %v", err)
	}
	if _, err := Create(dir, key, nil, testOptions()); !errors.Is(err, ErrLocked) {
		t.Fatalf("created over an open one: %v", err)
	}
	closeVault(t, v)
	closeVault(t, v)
	if _, err := v.Append(context.Background(), Draft{Kind: "x", Subject: thing(t)}); !errors.Is(err, ErrClosed) {
		t.Fatalf("appended to a closed vault: %v", err)
	}
	reopen(t, dir, key)
}

// Someone who seizes the folder without the key finds no word of it, also while it is open
// and after a crash.
func TestSeizedFolder(t *testing.T) {
	v, dir, _ := newVault(t)
	canary := "canary-in-the-vault"
	a := thing(t)
	put(t, v, a, canary)
	if err := v.PutSecret("canary-in-the-vault", []byte(canary), 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.PutBlob(context.Background(), a, strings.NewReader(canary)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "planted"), []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(canary)) || bytes.Contains(b, a[:]) || bytes.Contains(b, []byte("SQLite format")) {
			found = append(found, d.Name())
		}
		return err
	})
	if err != nil || fmt.Sprint(found) != "[planted]" {
		t.Fatalf("in clear: %v, %v", found, err)
	}
}
