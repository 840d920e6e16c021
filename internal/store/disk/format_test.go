package disk

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder that a newer kkachi has changed is refused before anything in it is touched.
func TestNewerFolderIsRefused(t *testing.T) {
	for content, want := range map[string]string{
		"kkachi host 2\n":  "is of format 2, and this kkachi knows 1",
		"kkachi host 99\n": "is of format 99, and this kkachi knows 1",
		"kkachi host 0\n":  "says no format",
		"something\n":      "says no format",
		"kkachi host 1\n":  "",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if want == "" { // somebody else's file beside the store
			if err := os.WriteFile(filepath.Join(dir, "tokens"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(dir, Options{Quota: 4, Rand: rand.Reader})
		if want == "" {
			if err != nil || s.Close() != nil {
				t.Errorf("%q: %v", content, err)
			}
			for _, name := range []string{formatFile, "tokens", "lock"} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.ModTime().Equal(stillTime) { // P7
					t.Errorf("%s tells a time: %v, %v", name, info, err)
				}
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrNewer) != strings.HasPrefix(want, "is of") {
			t.Errorf("%q: %v", content, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%q: the folder was changed: %v, %v", content, entries, err)
		}
	}
}
