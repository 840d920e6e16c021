package store_test

import (
	"path"
	"strings"
	"testing"

	"kkachi/internal/store"
)

// What CheckName takes means one place below a folder, whatever the file system.
func FuzzCheckName(f *testing.F) {
	for _, name := range []string{"a", "batch/20700", "a/../b", "a~b", "A", "/a", "a/", ".a", "a\x00", "aux/con"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if store.CheckName(name) != nil {
			return
		}
		if path.Clean(name) != name || name[0] == '/' || strings.Contains(name, "/.") || strings.HasPrefix(name, ".") ||
			strings.ContainsAny(name, "~\\:\x00") || strings.ToLower(name) != name || len(name) > store.MaxName {
			t.Errorf("%q was taken as a name", name)
		}
	})
}
