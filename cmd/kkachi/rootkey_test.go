package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// A root key of a newer format is told from a file that is none, and neither is taken.
func TestRootKeyOfAnotherFormat(t *testing.T) {
	t.Parallel()
	for inside, want := range map[string]string{
		"kkachi root key 2 something else\n":              "it is of format 2, and this kkachi knows 1",
		"kkachi root key 123456789 x\n":                   "it is of format 1234, and",
		"another file":                                    errRootKey.Error(),
		rootKeyHead + "AAAA\n":                            errRootKey.Error(),
		rootKeyHead + strings.Repeat("A", 43) + "=\nmore": errRootKey.Error(),
	} {
		to, err := age.NewScryptRecipient("pass")
		if err != nil {
			t.Fatal(err)
		}
		to.SetWorkFactor(10)
		var out bytes.Buffer
		in, err := age.Encrypt(&out, to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(in, inside); err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), rootKeyFile)
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openRootKey(path, []byte("pass")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", inside, err, want)
		}
	}
}
