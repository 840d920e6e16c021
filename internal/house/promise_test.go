package house

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var testName = regexp.MustCompile("`(Test[A-Za-z0-9_]+|Fuzz[A-Za-z0-9_]+|Benchmark[A-Za-z0-9_]+)`")

// Each test that the threat model, the README or a specification leads to exists.
func TestDocumentsLeadToTests(t *testing.T) {
	top := root(t)
	have := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				have[f.Name.Name] = true
			}
		}
	}
	named := 0
	walk(t, func(rel string) {
		if !strings.HasSuffix(rel, ".md") {
			return
		}
		data, err := os.ReadFile(filepath.Join(top, rel))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testName.FindAllStringSubmatch(string(data), -1) {
			if rel == "doc/threat-model.md" {
				named++
			}
			if !have[m[1]] {
				t.Errorf("%s leads to %s, which does not exist", rel, m[1])
			}
		}
	})
	if named < 10 {
		t.Errorf("doc/threat-model.md leads to %d tests only", named)
	}
}

// Each property of the protocol stands in the threat model: with its test, or as not yet shown.
func TestThreatModelNamesEachProperty(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root(t), "doc", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for i := 1; i <= 15; i++ {
		id := "P" + strconv.Itoa(i)
		found := false
		for _, line := range lines {
			if strings.HasPrefix(line, "| "+id+" ") && (testName.MatchString(line) || strings.Contains(line, "not yet shown")) {
				found = true
			}
		}
		if !found {
			t.Errorf("doc/threat-model.md has no row for %s with a test or the words \"not yet shown\"", id)
		}
	}
}

// promise begins a sentence of the threat model that says what somebody can't do, or what is done.
var promise = regexp.MustCompile(`\b(cannot|can't|no |not |nothing|neither|refuse|gone|found|added)\b`)

// Each sentence of the threat model that promises something leads to a test, or says that it is not
// shown, or is no promise. What is not withstood stands under its own heading.
func TestEachPromiseLeadsToATest(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root(t), "doc", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, _, ok := strings.Cut(string(data), "\n## What Kkachi does not withstand")
	if !ok {
		t.Fatal("no heading of what is not withstood")
	}
	promises := 0
	for _, item := range strings.Split(text, "\n- ")[1:] {
		item, _, _ = strings.Cut(item, "\n\n")
		item = "- " + strings.Join(strings.Fields(item), " ")
		if !promise.MatchString(item) || strings.Contains(item, "limit") || strings.Contains(item, "promises nothing") || strings.Contains(item, "nothing else here does") {
			continue
		}
		if promises++; !testName.MatchString(item) && !strings.Contains(item, "(the same test)") {
			t.Errorf("a promise that leads to no test: %.100s…", item)
		}
	}
	if promises < 40 {
		t.Errorf("only %d promises found: the test is blind", promises)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#][^)]*)\)`)
	machine = regexp.MustCompile(`(^|[\s"'(=])/(work|root|home)/`)
	write   = regexp.MustCompile(`(?i)^\s*(insert|update|delete|replace|create|drop|alter)\s`)
)

// Links between documents lead somewhere, and no path of a machine stands in the tree.
func TestLinksAndPaths(t *testing.T) {
	top := root(t)
	walk(t, func(rel string) {
		switch filepath.Ext(rel) {
		case ".md", ".go", ".ts", ".mjs", ".sh", ".toml", ".txtar", ".css", "":
		default:
			return
		}
		if strings.Contains(rel, "testdata/fuzz/") {
			return
		}
		data, err := os.ReadFile(filepath.Join(top, rel))
		if err != nil {
			t.Fatal(err)
		}
		if m := machine.Find(data); m != nil && rel != "internal/house/promise_test.go" {
			t.Errorf("%s holds a path of a machine: %q", rel, m)
		}
		if filepath.Ext(rel) != ".md" {
			return
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") || to == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(top, filepath.Dir(rel), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s links to %s, which does not exist", rel, to)
			}
		}
	})
}

// Nothing writes to projections but the projector: at the desk, a statement that changes a
// table stands only in the files project*.go, and these are handed their transaction by the
// vault.
func TestOnlyProjectorsWriteProjections(t *testing.T) {
	inProjector := 0
	for _, s := range sources(t) {
		room := roomOf(s.dir)
		if s.test || room != "desk" && room != "record" && room != "cmd" && room != "demo" {
			continue
		}
		projector := room != "cmd" && strings.HasPrefix(filepath.Base(s.rel), "project")
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !write.MatchString(text) {
				return true
			}
			if projector {
				inProjector++
			} else if looksLikeSQL(text) {
				t.Errorf("%s: %q changes a projection outside a projector", s.fset.Position(lit.Pos()), text)
			}
			return true
		})
	}
	if inProjector == 0 {
		t.Error("no projector found that writes: the test is blind")
	}
}

func looksLikeSQL(text string) bool {
	low := strings.ToLower(text)
	for _, word := range []string{" into ", " from ", " set ", " table ", " index ", " view "} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return false
}
