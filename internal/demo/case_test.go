package demo

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/contacts"
	"kkachi/internal/lang"
)

// The embedded case is the motivating case, where that folder is present.
func TestCaseIsTheMotivatingCase(t *testing.T) {
	shared := filepath.Join("..", "..", "..", "shared", "case")
	if _, err := os.Stat(shared); err != nil {
		t.Skip("the folder of the motivating case is not here")
	}
	seen := 0
	err := filepath.WalkDir(shared, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(shared, p)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		got, err := fs.ReadFile(caseFiles, "case/"+filepath.ToSlash(rel))
		if err != nil {
			t.Errorf("%s is not embedded", rel)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is embedded", rel)
		}
		seen++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Errorf("only %d files compared", seen)
	}
}

// The table of tellings agrees with the embedded page that it is taken from.
func TestTellingsAreThoseOfTheCase(t *testing.T) {
	page, err := caseText("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tl := range tellings {
		if _, err := caseText("reports/" + tl.report + ".txt"); err != nil {
			t.Error(err)
		}
		for _, line := range strings.Split(page, "\n") {
			if strings.HasPrefix(line, "| reports/"+tl.report+".txt ") && !strings.Contains(line, "source "+tl.teller) {
				t.Errorf("report %s is not by %s: %s", tl.report, tl.teller, line)
			}
		}
	}
	claims, err := expectedClaims()
	if err != nil {
		t.Fatal(err)
	}
	if len(claims) != 12 {
		t.Errorf("%d expected claims, want 12", len(claims))
	}
}

// Nobody takes the demo's contacts for real ones: each says in each language that it is an example.
func TestContactsAreExamples(t *testing.T) {
	file, err := Contacts(20000)
	if err != nil {
		t.Fatal(err)
	}
	list, err := contacts.Parse(file)
	if err != nil || len(list) == 0 || list[0].Stale(20000) || list[0].Checked > 20000 {
		t.Fatalf("%v, %v", list, err)
	}
	for l, mark := range map[lang.Tag]string{lang.Korean: "실제 번호가 아님", lang.English: "EXAMPLE, not a real number", lang.Chinese: "不是真实号码"} {
		for i := range list {
			if name := list[i].Name.In(l); !strings.Contains(name, mark) {
				t.Errorf("%s: %q does not say that it is an example", l, name)
			}
		}
	}
}
