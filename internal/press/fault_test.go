package press

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/fault"
)

// Each system call by which the press prints into a folder is broken in each way. Until a
// print is whole the old site stands whole, whatever was broken; the next print goes well, and
// takes away what the broken one left beside the site.
func TestEachStepOfPrintingBroken(t *testing.T) {
	old, next := []printed{{"a.html", []byte("the old page")}, {"en/b.html", []byte("old")}},
		[]printed{{"a.html", []byte("the new page")}, {"en/b.html", []byte("new")}, {"en/c.html", nil}}
	want := map[string][]string{}
	for name, files := range map[string][]printed{"old": old, "new": next} {
		dir := t.TempDir()
		if err := switchFolder(filepath.Join(dir, "site"), files); err != nil {
			t.Fatal(err)
		}
		want[name] = snapshot(t, dir)
	}
	fault.Table(t, 20, func(t *testing.T, s *fault.Steps) {
		dir := t.TempDir()
		dst := filepath.Join(dir, "site")
		s.Watch(t, dir)
		s.Phase("first print")
		for try := 0; switchFolder(dst, old) != nil; try++ {
			s.Lift()
			if try == 2 {
				t.Fatal("no first print")
			}
		}
		s.Phase("second print")
		err := switchFolder(dst, next)
		s.Lift()
		var now []string
		fault.Aside(func() { now = snapshot(t, dir) })
		now = slices.DeleteFunc(now, func(line string) bool { return !strings.HasPrefix(line, "site/") && line != "site" })
		if !slices.Equal(now, want["new"]) && (err == nil || !slices.Equal(now, want["old"])) {
			t.Errorf("the site is neither the old one nor the new one (%v): %q", err, now)
		}
		for try := 0; err != nil; try++ {
			if err = switchFolder(dst, next); err != nil && try == 2 {
				t.Fatal(err)
			}
		}
		s.End()
		if err := switchFolder(dst, next); err != nil {
			t.Fatal(err)
		}
		if got := snapshot(t, dir); !slices.Equal(got, want["new"]) {
			t.Errorf("in the end: %q", got)
		}
		if info, err := os.Stat(filepath.Join(dst, "en")); err != nil || info.Mode().Perm()&0o055 != 0o055 {
			t.Errorf("others can't read the site: %v, %v", info, err)
		}
	})
}
