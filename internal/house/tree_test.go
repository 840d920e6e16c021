package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the folder that holds go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}

// walk calls fn with the slash-separated path of each file of the project below the root,
// leaving out what is built or installed.
func walk(t testing.TB, fn func(rel string)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "node_modules", "bin", "demo-data":
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(top, p)
		if err != nil {
			return err
		}
		fn(filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A source is one parsed Go file.
type source struct {
	rel  string
	dir  string
	test bool
	fset *token.FileSet
	file *ast.File
}

// sources parses each Go file of the project outside testdata.
func sources(t testing.TB) []source {
	t.Helper()
	top := root(t)
	fset := token.NewFileSet()
	var out []source
	walk(t, func(rel string) {
		if !strings.HasSuffix(rel, ".go") || strings.Contains(rel, "testdata/") {
			return
		}
		f, err := parser.ParseFile(fset, filepath.Join(top, rel), nil, parser.ParseComments)
		if err != nil {
			t.Fatalf("%s: %v", rel, err)
		}
		out = append(out, source{
			rel: rel, dir: filepath.ToSlash(filepath.Dir(rel)),
			test: strings.HasSuffix(rel, "_test.go"), fset: fset, file: f,
		})
	})
	if len(out) < 10 {
		t.Fatalf("only %d Go files found: the walk is broken", len(out))
	}
	return out
}

// The page for journalists is one page: in each language about a screen, and as much in each.
func TestJournalistsHaveOnePage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root(t), "doc", "journalist.md"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(data), "\n## ")[1:]
	if len(parts) != 3 {
		t.Fatalf("%d languages, want 3", len(parts))
	}
	shape := func(part string) (out []string) {
		for _, line := range strings.Split(part, "\n")[1:] {
			mark, _, _ := strings.Cut(line, " ")
			if mark == "-" || strings.HasSuffix(mark, ".") && len(mark) == 2 {
				out = append(out, mark)
			}
		}
		return out
	}
	for i, name := range []string{"한국어", "English", "中文"} {
		if got, _, _ := strings.Cut(parts[i], "\n"); got != name {
			t.Errorf("language %d is %q, want %q", i+1, got, name)
		}
		if n := strings.Count(parts[i], "\n"); n > 45 {
			t.Errorf("%s has %d lines, over 45", name, n)
		}
		if got := shape(parts[i]); len(got) < 10 || !slices.Equal(got, shape(parts[0])) {
			t.Errorf("%s has the points %v, 한국어 has %v", name, got, shape(parts[0]))
		}
	}
}
