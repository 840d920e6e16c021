package figure

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFillReplacesOneTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Fill(path, "one", "new"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if want := "a\n<!-- one -->\n\nnew\n\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\nc\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if err := Fill(path, "three", "new"); err == nil {
		t.Error("a table without a place was put")
	}
}
