package figure

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestFigureIsTheSameEachTime(t *testing.T) {
	f := Figure{Title: "a title", X: "days", Y: "people", LogY: true, Series: []Series{
		{Name: "a series", X: []float64{1, 2}, Y: []float64{10, 1000}, Low: []float64{5, 500}, High: []float64{20, 2000}, Mark: Dotted},
	}}
	one, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.SVG()
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("drawn again it is another: %v", err)
	}
	for _, word := range []string{"a title", "days", "people", "a series", "1,000", "sans-serif"} {
		if !bytes.Contains(one, []byte(word)) {
			t.Errorf("%q is not in the figure", word)
		}
	}
	if _, err := (&Figure{Title: "empty"}).SVG(); err == nil {
		t.Error("a figure without values was drawn")
	}
}

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
