package house

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A parameter lives once in code; this test holds the specification to it. Each file of
// spec/ has a table "## Parameters" with the columns name, value, unit and Go constant.
func TestSpecParametersAreTheConstants(t *testing.T) {
	top := root(t)
	files, err := filepath.Glob(filepath.Join(top, "spec", "[0-9]*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 7 {
		t.Fatalf("%d specifications found, want at least 7", len(files))
	}
	imp := newHouseImporter(t)
	for _, file := range files {
		name := filepath.Base(file)
		rows := parameters(t, file)
		if len(rows) == 0 {
			t.Errorf("%s: no table of parameters", name)
		}
		for _, r := range rows {
			got, err := imp.constant(r.constant)
			if err != nil {
				t.Errorf("%s: parameter %q: %v", name, r.name, err)
				continue
			}
			if got != r.value {
				t.Errorf("%s: parameter %q is %s in the spec, but %s = %s", name, r.name, r.value, r.constant, got)
			}
		}
	}
}

type parameter struct{ name, value, constant string }

// parameters reads the table under "## Parameters".
func parameters(t testing.TB, file string) []parameter {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []parameter
	in := false
	for _, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "## ") {
			in = strings.Contains(strings.ToLower(line), "parameters")
			continue
		}
		if !in || !strings.HasPrefix(line, "|") {
			continue
		}
		f := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(f) < 4 || strings.HasPrefix(strings.TrimSpace(f[0]), "--") || strings.TrimSpace(f[0]) == "name" {
			continue
		}
		clean := func(s string) string { return strings.Trim(strings.TrimSpace(s), "`") }
		out = append(out, parameter{clean(f[0]), strings.ReplaceAll(clean(f[1]), ",", ""), clean(f[3])})
	}
	return out
}

// A houseImporter type-checks the house's own packages from source, with every foreign
// package left empty: enough to know the value of constants made of literals and of each
// other.
type houseImporter struct {
	byDir map[string][]*ast.File
	fset  *token.FileSet // of all files
	done  map[string]*types.Package
}

func newHouseImporter(t testing.TB) *houseImporter {
	imp := &houseImporter{byDir: map[string][]*ast.File{}, done: map[string]*types.Package{}}
	for _, s := range sources(t) {
		if !s.test {
			imp.byDir[s.dir] = append(imp.byDir[s.dir], s.file)
			imp.fset = s.fset
		}
	}
	return imp
}

// Import implements types.Importer.
func (h *houseImporter) Import(path string) (*types.Package, error) {
	if p := h.done[path]; p != nil {
		return p, nil
	}
	dir, inside := strings.CutPrefix(path, "kkachi/")
	if !inside || h.byDir[dir] == nil {
		p := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
		p.MarkComplete()
		h.done[path] = p
		return p, nil
	}
	conf := types.Config{Importer: h, Error: func(error) {}, IgnoreFuncBodies: true}
	p, err := conf.Check(path, h.fset, h.byDir[dir], nil)
	if p == nil {
		return nil, err
	}
	h.done[path] = p
	return p, nil
}

// constant gives the value of "room.Name" or "room/sub.Name" as text.
func (h *houseImporter) constant(name string) (string, error) {
	room, id, ok := strings.Cut(name, ".")
	if !ok {
		return "", errors.New("no Go constant named: write room.Name")
	}
	if h.byDir["internal/"+room] == nil {
		return "", errors.New("no room " + room)
	}
	p, err := h.Import("kkachi/internal/" + room)
	if err != nil {
		return "", err
	}
	c, ok := p.Scope().Lookup(id).(*types.Const)
	if !ok {
		return "", errors.New(name + " is not a constant of the code")
	}
	switch c.Val().Kind() {
	case constant.String:
		return constant.StringVal(c.Val()), nil
	case constant.Int:
		return c.Val().ExactString(), nil
	}
	return "", errors.New(name + " is no whole number or text whose value can be read: make it one")
}
