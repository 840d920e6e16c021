package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/demo"
)

// turnDemo turns the ring once into a folder of its own, and gives the folder, what was said,
// and what was planted.
func turnDemo(t *testing.T) (dir, said string, planted map[string]string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "newsroom")
	w := testWorld(t.Context(), "")
	var out bytes.Buffer
	planted, err := demo.Run(w.ctx, demo.Options{
		Dir: dir, Once: true, Now: w.now, Rand: w.rand, In: strings.NewReader(""), Out: &out,
		Parts: func(dir string, clock func() time.Time) demo.Parts {
			return &demoParts{outer: w, dir: dir, clock: clock}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, out.String(), planted
}

// Whoever seizes the files of host, sift and site finds no letter, word, reply, call note or
// handle in them, in no encoding, and not after inflating at any offset; and in the desk's
// folder nothing in clear. A search that can find nothing would be worthless: a canary that is
// planted in each folder is found.
func TestSeizure(t *testing.T) {
	if testing.Short() {
		t.Skip("the ring turns in TestCasesAtTheDesk too, and a search is minutes under the race detector")
	}
	dir, said, planted := turnDemo(t)
	for _, line := range []string{"12 of 12 claims", "printed   3 editions", "none in what is printed"} {
		if !strings.Contains(said, line) {
			t.Errorf("the demo does not say %q:\n%s", line, said)
		}
	}
	if n := strings.Count(said, "\n"); n < 10 || n > 15 {
		t.Errorf("the demo says %d lines, want about a dozen", n)
	}
	if len(planted) < 60 {
		t.Fatalf("only %d canaries", len(planted))
	}
	const secret = "a canary planted on purpose, 일부러 심은 말"
	for _, role := range []string{"host", "sift", "site", "desk"} {
		t.Run(role, func(t *testing.T) {
			fsys := os.DirFS(filepath.Join(dir, role))
			search := demo.NewSearch(planted, true)
			hits, err := search.Folder(fsys)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				t.Errorf("found: %s", h)
			}
			if err := os.WriteFile(filepath.Join(dir, role, "planted"), []byte("x"+secret), 0o600); err != nil {
				t.Fatal(err)
			}
			found, err := demo.NewSearch(map[string]string{"planted": secret}, false).Folder(fsys)
			if err != nil || len(found) == 0 {
				t.Errorf("the planted canary is not found: %v, %v", found, err)
			}
		})
	}
}

// A folder in which something stands is refused, and left alone.
func TestDemoWantsANewFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := kkachi(t, t.Context(), "", "", "demo", "--once", "--dir", dir)
	if code != exitBad || !strings.Contains(stderr, "is not empty") {
		t.Errorf("exit code %d, said %q", code, stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}
