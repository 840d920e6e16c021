package drop_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"kkachi/internal/cell"
)

// opening are packages with which something could be opened. crypto/sha256 and crypto/subtle
// open nothing; crypto/tls comes in with net/http and is how the host is spoken to.
var opening = []string{
	"kkachi/internal/seal", "kkachi/internal/vault", "kkachi/internal/sift", "kkachi/internal/source", "kkachi/internal/desk",
	"crypto/hpke", "crypto/mlkem", "crypto/ecdh", "crypto/ed25519", "crypto/rsa", "crypto/aes", "crypto/cipher", "crypto/hkdf", "crypto/hmac",
	"filippo.io/age", "golang.org/x/crypto", "compress/flate", "plugin", "unsafe", "os/exec", "log/syslog",
}

// closure parses the imports of a package and of all that it imports of the house.
func closure(t *testing.T, top string, pkgs ...string) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for len(pkgs) > 0 {
		pkg := pkgs[0]
		pkgs = pkgs[1:]
		if seen[pkg] {
			continue
		}
		seen[pkg] = true
		dir, inside := strings.CutPrefix(pkg, "kkachi/")
		if !inside {
			continue
		}
		files, err := filepath.Glob(filepath.Join(top, dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no sources of %s, %v", pkg, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, imp := range parsed.Imports {
				path, err := strconv.Unquote(imp.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				pkgs = append(pkgs, path)
			}
		}
	}
	return seen
}

func top() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

func reach(seen map[string]bool) []string {
	var bad []string
	for pkg := range seen {
		if slices.ContainsFunc(opening, func(o string) bool { return pkg == o || strings.HasPrefix(pkg, o+"/") }) {
			bad = append(bad, pkg)
		}
	}
	return bad
}

// P1: the host's code reaches nothing that opens anything. Parsed from source, so that no
// cache answers for it.
func TestP1NoKeyInReach(t *testing.T) {
	seen := closure(t, top(), "kkachi/internal/drop", "kkachi/internal/store", "kkachi/internal/store/disk")
	if !seen["kkachi/internal/cell"] || !seen["net/http"] {
		t.Fatal("the closure is not one: cell and net/http are missing from it")
	}
	if bad := reach(seen); len(bad) > 0 {
		t.Errorf("the host reaches %v", bad)
	}
	if seen["log"] {
		t.Error("the host reaches the log, which writes where it is run")
	}
	if len(reach(closure(t, top(), "kkachi/internal/seal"))) == 0 {
		t.Error("the search is blind: it finds nothing that opens in seal")
	}
}

// P1: no form takes plain text. Nothing of the host reads a form, and no page of its own exists.
func TestP1NoFormTakesText(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(top(), "internal", "drop", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no sources found")
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if name := filepath.Base(file); sel.Sel.Name == "RemoteAddr" && (name == "slow.go" || name == "public.go") {
					return true // for slowing by prefix, which TestP7NoAddressInMemory looks after
				}
				switch sel.Sel.Name {
				case "ParseForm", "ParseMultipartForm", "FormValue", "PostFormValue", "MultipartReader", "Cookie", "Cookies", "SetCookie",
					"RemoteAddr", "UserAgent", "Referer", "Query":
					t.Errorf("%s uses %s", file, sel.Sel.Name)
				}
			}
			return true
		})
	}
}

// spellings are the forms in which a word could stand in a file.
func spellings(word string) [][]byte {
	var wide []byte
	for _, u := range utf16.Encode([]rune(word)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	return [][]byte{[]byte(word), wide, []byte(hex.EncodeToString([]byte(word))), []byte(base64.StdEncoding.EncodeToString([]byte(word)))[:len(word)]}
}

// search looks for a word in all names and files under dir.
func search(t *testing.T, dir, word string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, s := range spellings(word) {
			if bytes.Contains(data, s) || strings.Contains(d.Name(), word) {
				found = append(found, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// P1, P7: what a visitor tells about himself in a request, and what he sends that is no cell, is
// in no file; nor is a token. What is planted on purpose is found.
func TestP1NothingOfAVisitorIsKept(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	s.must(s.sift.PutNow(ctx, newNow(first, 0)))
	s.must(s.publish(1, map[string]string{"index.html": "front"}))
	const word = "까치-canary-1f9c"
	head := http.Header{"User-Agent": {word}, "Referer": {word}, "Cookie": {word}, "X-Forwarded-For": {word}, "Authorization": {"Bearer " + word}}
	plain := bytes.Repeat([]byte(word+" "), cell.Size/len(word+" ")+1)[:cell.Size]
	for _, path := range []string{"/c", "/d", "/" + "canary-1f9c", "/s/o/batch/1", "/?q=canary-1f9c"} {
		s.ask("POST", path, head.Clone(), bytes.NewReader(plain))
		s.ask("PUT", path, head.Clone(), bytes.NewReader(plain))
		s.ask("GET", path, head.Clone(), nil)
	}
	s.must(s.anyone.PostCell(ctx, newCell(first)))
	s.must(s.host.Tick(ctx))
	for _, secret := range []string{word, "canary-1f9c", "127.0.0.1", s.tokens["sift"], s.tokens["desk"], s.tokens["press"]} {
		if found := search(t, s.dir, secret); len(found) > 0 {
			t.Errorf("%q stands in %v", secret, found)
		}
	}
	s.must(s.sift.PutObject(ctx, "batch/20700", []byte(word)))
	if found := search(t, s.dir, word); len(found) == 0 {
		t.Error("the search is blind: a planted word isn't found")
	}
}
