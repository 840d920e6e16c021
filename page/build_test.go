package page

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write dist anew")

// maxWire is the most bytes of the script over the wire, compressed: what each reader pays.
const maxWire = 60 * 1024

// build bundles a TypeScript file of this folder as the page's script is bundled.
// Names such as tLeave are the composer's words: three languages use each, so they are shortened.
func build(t *testing.T, from, to string) {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skip("node_modules is missing, so the bundle was not built again: make install brings it")
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "esbuild", from, "--bundle", "--minify", "--format=iife",
		"--target=chrome103,firefox113,safari16.4", "--charset=utf8", "--legal-comments=none", "--mangle-props=^t[A-Z]",
		"--alias:@hpke/dhkem-x25519=./src/x25519.ts", "--log-level=warning", "--outfile="+to)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// The bundle that is kept and served is what its source builds to, byte for byte.
func TestBundleIsItsSource(t *testing.T) {
	kept := filepath.Join("dist", Script)
	if *update {
		build(t, "src/main.ts", kept)
		return
	}
	again := filepath.Join(t.TempDir(), Script)
	build(t, "src/main.ts", again)
	want, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s (%d bytes) is not what src builds to (%d bytes): make page", kept, len(got), len(want))
	}
}

func TestBundleIsSmall(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("dist", Script))
	if err != nil {
		t.Fatal(err)
	}
	n := gzipped(t, data)
	t.Logf("%s: %d bytes, %d compressed", Script, len(data), n)
	if n > maxWire {
		t.Errorf("%d bytes compressed, at most %d", n, maxWire)
	}
}

func gzipped(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// The bundle asks for nothing that a strict policy forbids, and for no storage of any kind (P5).
func TestP5BundleNamesNoStorage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("dist", Script))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{
		"localStorage", "sessionStorage", "indexedDB", "document.cookie", "cookieStore", "caches", "serviceWorker", "SharedWorker",
		"BroadcastChannel", "getDirectory", "WebAssembly", "eval(", "new Function", "innerHTML", "insertAdjacentHTML", "document.write", "createObjectURL", "sendBeacon",
	} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("the bundle holds %q", word)
		}
	}
}
