package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/vault"
)

// A vault that an older kkachi wrote is refused with the next step, which then works, and
// leaves a backup.
func TestVaultUpgrade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "internal", "vault", "testdata", "format1"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte("id = \""+strings.Repeat("a", 64)+"\"\nname = \"x\"\nurl = \"http://127.0.0.1:1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, backup := filepath.Join(dir, "key"), filepath.Join(dir, "before.age")
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte("passphrase of the backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	kkachi := func(want int, args ...string) string {
		t.Helper()
		w := testWorld(t.Context(), "")
		var out bytes.Buffer
		w.stdout, w.stderr = &out, &out
		if code := run(args, w); code != want {
			t.Errorf("%v: exit code %d, want %d: %s", args, code, want, out.String())
		}
		return out.String()
	}
	said := kkachi(1, "vault", "rebuild", dir, "--key-file", key)
	if !strings.Contains(said, "is of format 1, and this kkachi writes "+fmt.Sprint(vault.Format)) || !strings.Contains(said, "next: kkachi vault upgrade") {
		t.Errorf("%s", said)
	}
	kkachi(0, "vault", "verify", dir, "--key-file", key)
	said = kkachi(0, "vault", "upgrade", dir, "--key-file", key, "-o", backup, "--passphrase-file", "backup="+pass)
	if !strings.Contains(said, "was of format 1") {
		t.Errorf("%s", said)
	}
	if b, err := os.ReadFile(backup); err != nil || !bytes.HasPrefix(b, []byte("age-encryption.org")) {
		t.Errorf("no backup: %v", err)
	}
	again := filepath.Join(t.TempDir(), "again")
	kkachi(0, "vault", "restore", again, backup, "--key-file", key, "--passphrase-file", "backup="+pass)
	if _, err := os.Stat(filepath.Join(again, configFile)); err != nil {
		t.Errorf("the backup does not carry what stands beside the vault: %v", err)
	}
	kkachi(0, "vault", "rebuild", dir, "--key-file", key)
	if said = kkachi(0, "vault", "upgrade", dir, "--key-file", key, "-o", backup); !strings.Contains(said, "nothing to do") {
		t.Errorf("%s", said)
	}
	header := filepath.Join(dir, "desk", "vault.toml")
	b, err := os.ReadFile(header)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(header, bytes.Replace(b, []byte("format = "), []byte("format = 9"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"rebuild", "verify", "upgrade"} {
		args := []string{"vault", verb, dir, "--key-file", key}
		if verb == "upgrade" {
			args = append(args, "-o", backup)
		}
		said = kkachi(1, args...)
		if !strings.Contains(said, fmt.Sprintf("is of format 9%d, and this kkachi knows %d", vault.Format, vault.Format)) || !strings.Contains(said, "use that version") {
			t.Errorf("%s: %s", verb, said)
		}
	}
}
