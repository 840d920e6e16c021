package house

import (
	"bytes"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Limits of length, in lines.
const (
	maxFile     = 500
	p90File     = 400
	maxFunction = 80
)

func TestFilesAndFunctionsAreShort(t *testing.T) {
	top := root(t)
	var lengths []int
	for _, s := range sources(t) {
		data, err := os.ReadFile(filepath.Join(top, s.rel))
		if err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(data, []byte("\n"))
		lengths = append(lengths, n)
		if n > maxFile {
			t.Errorf("%s has %d lines, over %d: a long file is a room with two nouns", s.rel, n, maxFile)
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			f, ok := node.(*ast.FuncDecl)
			if !ok {
				return true
			}
			from, to := s.fset.Position(f.Pos()).Line, s.fset.Position(f.End()).Line
			if to-from+1 > maxFunction {
				t.Errorf("%s: function %s has %d lines, over %d", s.rel, f.Name.Name, to-from+1, maxFunction)
			}
			return true
		})
	}
	slices.Sort(lengths)
	if p90 := lengths[len(lengths)*9/10]; p90 > p90File {
		t.Errorf("p90 of file lengths is %d lines, over %d", p90, p90File)
	}
}

// Each package says what enters, what leaves and what may never be known in it. Test-only
// and main packages say what they are for.
func TestPackagesExplainThemselves(t *testing.T) {
	docs := map[string]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		docs[s.dir] += s.file.Doc.Text()
	}
	for dir, doc := range docs {
		if len(doc) < 120 {
			t.Errorf("%s: no doc comment that explains the room", dir)
			continue
		}
		if roomOf(dir) == "cmd" || !strings.HasPrefix(dir, "internal/") {
			continue
		}
		low := strings.ToLower(doc)
		for _, word := range []string{"enters", "leaves", "never"} {
			if !strings.Contains(low, word) {
				t.Errorf("%s: the doc comment does not say what %s", dir, map[string]string{
					"enters": "enters", "leaves": "leaves", "never": "may never be known or done here",
				}[word])
			}
		}
	}
}
