package house

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// allowed lists each direct dependency with the reason why it is here. Anything else
// needs its reason first.
var allowed = map[string]string{
	"filippo.io/age":                      "files and batches under post-quantum recipients; passphrases of offline keys",
	"github.com/BurntSushi/toml":          "newsroom.toml, refusing unknown keys",
	"github.com/alecthomas/kong":          "the command line",
	"github.com/chromedp/chromedp":        "tests drive Chromium",
	"github.com/chromedp/cdproto":         "the protocol types that chromedp speaks",
	"github.com/elastic/go-seccomp-bpf":   "processes that hold day keys may make few system calls",
	"github.com/landlock-lsm/go-landlock": "processes that hold day keys see no file system and no TCP",
	"github.com/google/renameio/v2":       "files replaced as a whole, or not at all",
	"github.com/ncruces/go-sqlite3":       "the vault's database with encryption (Adiantum), in pure Go",
	"github.com/rogpeppe/go-internal":     "testscript: the command line is tested by scripts",
	"github.com/schollz/progressbar/v3":   "progress of long work on a terminal",
	"github.com/tyler-smith/go-bip39":     "word lists in English, Korean and Chinese; nothing but /wordlists",
	"go.uber.org/goleak":                  "tests find goroutines left behind",
	"golang.org/x/crypto":                 "Argon2id",
	"golang.org/x/image":                  "scaling photographs for the site",
	"golang.org/x/mod":                    "signed notes (sumdb/note); parsing go.mod in the house's tests",
	"golang.org/x/net":                    "SOCKS5 for Tor; the HTML parser in tests",
	"golang.org/x/sys":                    "core dumps off, memory locked, files allocated",
	"golang.org/x/term":                   "passphrases and words typed without an echo",
	"golang.org/x/text":                   "Unicode normalisation",
	"github.com/evanw/esbuild":            "the reader's script is bundled by a Go tool",
	"gonum.org/v1/gonum":                  "statistics in tests: distributions and intervals",
	"pgregory.net/rapid":                  "property tests",
	"honnef.co/go/tools":                  "staticcheck, run by make lint",
	"mvdan.cc/gofumpt":                    "formatting, run by make lint",
}

func TestDependenciesAreAllowed(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct[r.Mod.Path] = true
		if allowed[r.Mod.Path] == "" {
			t.Errorf("go.mod requires %s, which is not on the allow list: give its reason", r.Mod.Path)
		}
	}
	tools := map[string]bool{}
	for _, tool := range mod.Tool {
		for path := range allowed {
			if strings.HasPrefix(tool.Path, path+"/") || tool.Path == path {
				tools[path] = true
			}
		}
	}
	for path := range allowed {
		if !direct[path] && !tools[path] {
			t.Errorf("%s is on the allow list, but nothing uses it", path)
		}
	}
	if len(mod.Replace) > 0 {
		t.Errorf("go.mod replaces modules: a stranger's go install would differ")
	}
}

// Of the word list library only the lists may be imported: the rest holds global state.
func TestOnlyWordListsOfBIP39(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path, "github.com/tyler-smith/go-bip39") && !strings.HasSuffix(path, "/wordlists") {
				t.Errorf("%s imports %s: only /wordlists is allowed", s.rel, path)
			}
			if path == "C" {
				t.Errorf("%s uses cgo", s.rel)
			}
		}
	}
}
