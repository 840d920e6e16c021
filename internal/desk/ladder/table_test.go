package ladder

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

const heading = "claim\treport\tteller\tstance\tpath\trelays\tgrade\n"

func TestTableNamesLineAndColumn(t *testing.T) {
	good := "C01\t01\tA\tsupports\tdirect\t-\t2\n"
	for _, c := range []struct {
		name, table  string
		line, column int
	}{
		{"nothing at all", "", 1, 1},
		{"no heading", good, 1, 1},
		{"wrong heading", strings.Replace(heading, "path", "road", 1) + good, 1, 5},
		{"spaces for tabs", strings.ReplaceAll(heading, "\t", " "), 1, 2},
		{"missing field", heading + good + "C01\t01\tA\tsupports\tdirect\t-\n", 3, 7},
		{"field too many", heading + "C01\t01\tA\tsupports\tdirect\t-\t2\t\n", 2, 8},
		{"blank line", heading + good + "\n" + good, 3, 2},
		{"no claim", heading + "\t01\tA\tsupports\tdirect\t-\t2\n", 2, 1},
		{"no report", heading + "C01\t\tA\tsupports\tdirect\t-\t2\n", 2, 2},
		{"teller unknown", heading + "C01\t01\t?\tsupports\tdirect\t-\t2\n", 2, 3},
		{"teller with a space", heading + "C01\t01\tA \tsupports\tdirect\t-\t2\n", 2, 3},
		{"teller is a list", heading + "C01\t01\tA,B\tsupports\tdirect\t-\t2\n", 2, 3},
		{"stance", heading + "C01\t01\tA\tSupports\tdirect\t-\t2\n", 2, 4},
		{"path", heading + "C01\t01\tA\tsupports\trumor\t-\t2\n", 2, 5},
		{"no relays", heading + "C01\t01\tA\tsupports\ttold\t\t2\n", 2, 6},
		{"relays end in a comma", heading + "C01\t01\tA\tsupports\ttold\tk1,\t2\n", 2, 6},
		{"none in a list", heading + "C01\t01\tA\tsupports\ttold\tk1,-\t2\n", 2, 6},
		{"relay twice", heading + "C01\t01\tA\tsupports\ttold\tk1,k1\t2\n", 2, 6},
		{"grade 0", heading + "C01\t01\tA\tsupports\tdirect\t-\t0\n", 2, 7},
		{"grade 7", heading + "C01\t01\tA\tsupports\tdirect\t-\t7\n", 2, 7},
		{"grade B2", heading + "C01\t01\tA\tsupports\tdirect\t-\tB2\n", 2, 7},
		{"not UTF-8", heading + "C01\t01\t\xff\tsupports\tdirect\t-\t2\n", 2, 3},
		{"control character", heading + "C01\t0\x001\tA\tsupports\tdirect\t-\t2\n", 2, 2},
		{"long name", heading + strings.Repeat("C", MaxName+1) + "\t01\tA\tsupports\tdirect\t-\t2\n", 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseTable(strings.NewReader(c.table))
			var te *TableError
			if !errors.As(err, &te) {
				t.Fatalf("got %v, want a TableError", err)
			}
			if te.Line != c.line || te.Column != c.column {
				t.Errorf("got %v, want line %d, column %d", err, c.line, c.column)
			}
		})
	}
}

func TestTableForms(t *testing.T) {
	want := Item{"C01", "01", "green heron", Supports, Told, []string{"k1", "B"}, true, 4, false}
	row := "C01\t01\tgreen heron\tsupports\ttold\tk1,?,B\t4"
	for name, table := range map[string]string{
		"plain":            heading + row + "\n",
		"no last newline":  heading + row,
		"carriage returns": strings.ReplaceAll(heading+row+"\n", "\n", "\r\n"),
		"byte order mark":  "\ufeff" + heading + row + "\n",
	} {
		items, err := ParseTable(strings.NewReader(table))
		if err != nil || len(items) != 1 {
			t.Fatalf("%s: %v, %d items", name, err, len(items))
		}
		if got := items[0]; got.Teller != want.Teller || got.Grade != want.Grade || !got.Unknown ||
			len(got.Relays) != 2 || got.Relays[1] != "B" {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	if items, err := ParseTable(strings.NewReader(heading)); err != nil || len(items) != 0 {
		t.Errorf("heading alone: %v, %d items", err, len(items))
	}
	if _, err := ParseTable(bytes.NewReader(make([]byte, MaxTable+1))); err == nil {
		t.Error("a table over the limit was read")
	}
}

func FuzzParseTable(f *testing.F) {
	seed, err := os.ReadFile("testdata/evidence.tsv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(heading))
	f.Add([]byte(heading + "C\t1\tA\tsupports\ttold\tB,?\t1\nC\t1\tB\tcontradicts\ttold\tA\t6\r\n"))
	f.Add([]byte("\ufeff" + heading + "\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, err := ParseTable(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, it := range items {
			if err := it.Validate(); err != nil {
				t.Fatalf("read an item that is not valid: %v", err)
			}
		}
		for _, r := range Derive(items, nil) {
			if r.Rung.Height() < 0 || r.Independent > r.Chains {
				t.Fatalf("impossible result %+v", r)
			}
		}
	})
}
