package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// latin lists the Latin words that may stand in Korean and Chinese: names of programs and
// units, and what is typed.
var latin = []string{"Kkachi", "kkachi", "Tor", "KB", "MB", "URL", "UTC", "JPEG", "PNG", "ID"}

func TestCataloguesHoldTheSameKeys(t *testing.T) {
	want := Keys(English)
	if len(want) < 50 {
		t.Fatalf("only %d keys: the catalogue is not read", len(want))
	}
	if i := slices.Compact(slices.Clone(want)); len(i) != len(want) {
		t.Error("a key stands in two areas")
	}
	for _, tag := range []Tag{Korean, Chinese} {
		have := Keys(tag)
		for _, key := range want {
			if !slices.Contains(have, key) {
				t.Errorf("%s lacks %q", tag, key)
			}
		}
		for _, key := range have {
			if !slices.Contains(want, key) {
				t.Errorf("%s has %q, which English lacks", tag, key)
			}
		}
	}
}

func TestKeysBeginWithTheirArea(t *testing.T) {
	for _, tag := range All() {
		for i, area := range []string{"site.", "desk.", "source.", "risk."} {
			for key, text := range catalogue(tag)[i] {
				if !strings.HasPrefix(key, area) {
					t.Errorf("%s: key %q stands in the area %q", tag, key, area)
				}
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: key %q is empty", tag, key)
				}
				if strings.Contains(text, "!") || strings.Contains(text, "！") {
					t.Errorf("%s: key %q holds an exclamation mark", tag, key)
				}
			}
		}
	}
}

var (
	placeholder = regexp.MustCompile(`\{[0-9]\}`)
	latinWord   = regexp.MustCompile(`\p{Latin}+`)
	quoted      = regexp.MustCompile("`[^`]*`") // what is typed stands in grave accents
)

func TestPlaceholdersAgree(t *testing.T) {
	for _, key := range Keys(English) {
		want := placeholders(T(English, key))
		for _, tag := range []Tag{Korean, Chinese} {
			if got := placeholders(T(tag, key)); !slices.Equal(got, want) {
				t.Errorf("%s: %q has %v, English %v", tag, key, got, want)
			}
		}
	}
}

func placeholders(s string) []string {
	set := map[string]bool{}
	for _, p := range placeholder.FindAllString(s, -1) {
		set[p] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func TestNoLatinWordsInKoreanAndChinese(t *testing.T) {
	for _, tag := range []Tag{Korean, Chinese} {
		for _, key := range Keys(tag) {
			for _, w := range latinWord.FindAllString(quoted.ReplaceAllString(T(tag, key), ""), -1) {
				if !slices.Contains(latin, w) {
					t.Errorf("%s: %q holds the Latin word %q: translate it, or add it to the list with care", tag, key, w)
				}
			}
		}
	}
}

// Each key written out in the source of the house exists.
func TestKeysInSourceExist(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil // the compiler says it better
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "T" && sel.Sel.Name != "N" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "lang" {
				return true
			}
			lit, ok := call.Args[1].(*ast.BasicLit)
			if !ok {
				return true
			}
			found++
			key, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			if sel.Sel.Name == "N" {
				key += ".other"
			}
			if !Has(English, key) {
				t.Errorf("%s: key %q is in no catalogue", path, key)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Skip("no key is written out anywhere yet")
	}
}

func TestT(t *testing.T) {
	if got := T(English, "site.published", "3 October 2022"); got != "Published 3 October 2022" {
		t.Errorf("got %q", got)
	}
	if got := T(Korean, "no.such"); got != "[no.such]" {
		t.Errorf("a missing key gives %q", got)
	}
	if got := T(Tag("fr"), "site.home"); got != "[site.home]" {
		t.Errorf("a missing language gives %q", got)
	}
	for text, want := range map[string]string{
		"{0}{1}": "a7", "no place": "no place", "{2} {x} {": "{2} {x} {", "{{0}}": "{a}", "}{0}{": "}a{", "{-1}": "{-1}", "": "",
	} {
		if got := fill(text, []any{"a", 7}); got != want {
			t.Errorf("%q filled: %q, want %q", text, got, want)
		}
	}
	if got := fill("{1} before {0}", []any{"{1}", 2}); got != "2 before {1}" {
		t.Errorf("an argument is filled again: %q", got)
	}
}

func TestParse(t *testing.T) {
	for _, tag := range All() {
		if got, err := Parse(string(tag)); err != nil || got != tag {
			t.Errorf("%s: %v, %v", tag, got, err)
		}
	}
	for _, s := range []string{"", "KO", "en-GB", "../en", "en\n"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q is taken for a language", s)
		}
	}
}

func TestDates(t *testing.T) {
	const day = 19268 // 3 October 2022, a Monday
	for _, c := range []struct{ got, want string }{
		{Date(Korean, day), "2022년 10월 3일"},
		{Date(English, day), "3 October 2022"},
		{Date(Chinese, day), "2022年10月3日"},
		{ShortDate(Korean, day), "10월 3일"},
		{ShortDate(English, day), "3 Oct"},
		{ShortDate(Chinese, day), "10月3日"},
		{Month(Korean, day), "2022년 10월"},
		{Month(English, day), "October 2022"},
		{Month(Chinese, day), "2022年10月"},
		{Weekday(Korean, day), "월요일"},
		{Weekday(English, day), "Monday"},
		{Weekday(Chinese, day), "星期一"},
		{ISODate(day), "2022-10-03"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestParticle(t *testing.T) {
	for word, want := range map[string]string{
		"소식통": "소식통은", "기자": "기자는", "텔레그램": "텔레그램은", "": "", "Tor": "Tor은",
	} {
		if got := Particle(word, "은", "는"); got != want {
			t.Errorf("%q: got %q", word, got)
		}
	}
}
