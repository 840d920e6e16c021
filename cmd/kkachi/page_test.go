package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/source"
)

// A view is a page load or a soft navigation: each sends two cells in their windows, whatever
// other views come; notes and bulletin are fetched once a document. All of it under the
// host's own policy.
func TestP2EachViewSendsTwoCells(t *testing.T) { // P2
	t.Parallel()
	r := pageSite(t, nil)
	ctx, said := strictBrowser(t, r.settings(0, false))
	open(t, ctx, r.proxy.URL+"/en/index.html")
	calls := r.sent(2)
	if got := counts(calls); got != [3]int{1, 1, 2} {
		t.Errorf("a page load: %v of /d, /r, /c:\n%s", got, strings.Join(calls, "\n"))
	}
	for _, c := range calls[len(calls)-2:] {
		if !strings.HasPrefix(c, "POST /c 4096 ") || strings.Contains(c, "Cookie") || strings.Contains(c, "Referer") {
			t.Errorf("a cell was sent as %s", c)
		}
	}
	checkPauses(t, in[[]float64](t, ctx, `pauses`), 1)

	// Three soft navigations, one upon another: the cells of all of them leave.
	in[any](t, ctx, `(async () => {
		window.mark = true;
		for (const end of ["en/about.html", "ko/about.html", "en/about.html"]) {
			const before = document.querySelector("main");
			document.querySelector("nav a[href$='" + end + "'], footer a[href$='" + end + "'], .name a[href$='" + end + "']").click();
			while (document.querySelector("main") === before) await new Promise((f) => setTimeout(f, 1));
		}
	})()`)
	calls = r.sent(6)
	if got := counts(calls); got != [3]int{0, 0, 6} {
		t.Errorf("three soft navigations: %v of /d, /r, /c", got)
	}
	if !in[bool](t, ctx, `window.mark === true`) {
		t.Error("the document did not live on")
	}
	checkPauses(t, in[[]float64](t, ctx, `pauses`), 4)

	// Away and back: a page from the back-forward cache starts a new view.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<main>elsewhere</main>"))
	}))
	t.Cleanup(other.Close)
	open(t, ctx, other.URL)
	in[any](t, ctx, `(setTimeout(() => history.back(), 50), 0)`)
	if !becomes(ctx, `location.pathname === "/en/about.html"`) {
		t.Fatal("there is no way back")
	}
	restored := in[bool](t, ctx, `window.restored === true`)
	if !restored {
		t.Error("the page did not come from the back-forward cache")
	}
	if got, want := counts(r.sent(2)), [3]int{0, 0, 2}; got != want {
		t.Errorf("after going back: %v of /d, /r, /c, want %v", got, want)
	}

	// A page that can't be fetched is a plain navigation: the host answers for itself.
	in[any](t, ctx, `(() => { const a = document.createElement("a"); a.href = "none.html"; document.querySelector("main").append(a); setTimeout(() => a.click(), 50); return 0; })()`)
	if !becomes(ctx, `window.mark !== true && location.pathname === "/en/none.html"`) {
		t.Error("a failed fetch led nowhere")
	}
	for _, s := range said() {
		if !strings.Contains(s, "404") {
			t.Errorf("a page said: %s", s)
		}
	}
}

// Back, forward, scroll, title, focus, anchors, languages, announcements, what is left to the
// browser, and what fetched markup may not bring in.
func TestSoftNavigationInChromium(t *testing.T) {
	r := pageSite(t, nil)
	ctx, _ := strictBrowser(t, r.settings(0, false))
	open(t, ctx, r.proxy.URL+"/en/index.html")
	for _, wrong := range in[[]string](t, ctx, softTest(t)) {
		t.Error(wrong)
	}
}

func softTest(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(pageTests, "soft.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// In Firefox, with WebAssembly off: the same behaviour, and two cells a view.
func TestSoftNavigationInFirefox(t *testing.T) {
	r := pageSite(t, nil)
	got := firefox(t, r.proxy.URL+"/en/index.html", r.settings(0, true), filepath.Join(pageTests, "soft.js"),
		script(t, `new Promise((f) => setTimeout(() => f([pauses, touched, typeof WebAssembly]), 999))`))
	var wrong []string
	var after []json.RawMessage
	var pauses []float64
	var touched []string
	if err := json.Unmarshal(got[0], &wrong); err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
	if err := json.Unmarshal(got[1], &after); err != nil {
		t.Fatal(err)
	}
	if json.Unmarshal(after[0], &pauses) != nil || json.Unmarshal(after[1], &touched) != nil || string(after[2]) != `"undefined"` || len(touched) > 0 {
		t.Fatalf("after all: %s", got[1])
	}
	checkPauses(t, pauses, len(pauses)/2)
	if got := counts(r.sent(len(pauses))); got[0] != 1 || got[1] != 1 {
		t.Errorf("%v of /d, /r, /c", got)
	}
}

// No storage of any kind: where each API throws, all still works.
func TestP5StorageThrows(t *testing.T) { // P5
	t.Parallel()
	r := pageSite(t, nil)
	ctx, said := strictBrowser(t, r.settings(0, true))
	open(t, ctx, r.proxy.URL+"/ko/index.html")
	if got := counts(r.sent(2)); got != [3]int{1, 1, 2} {
		t.Errorf("%v of /d, /r, /c", got)
	}
	in[any](t, ctx, `(document.querySelector("footer a[href$='about.html']").click(), 0)`)
	r.sent(2)
	if got := in[[]string](t, ctx, `[...touched, ...broken]`); len(got) > 0 {
		t.Errorf("the page reached for %q", got)
	}
	if got := said(); len(got) > 0 {
		t.Errorf("the page said %q", got)
	}
	if !in[bool](t, ctx, `(() => { try { return !localStorage; } catch { return true; } })()`) {
		t.Error("storage does not throw: the test tests nothing")
	}
}

// By notes that are over nothing is sent, cover neither; each view looks again, once.
func TestP2ExpiredNotesSendNothing(t *testing.T) { // P2
	t.Parallel()
	r := pageSite(t, nil)
	ctx, _ := strictBrowser(t, r.settings(2*24*time.Hour, false))
	open(t, ctx, r.proxy.URL+"/en/index.html")
	for view := range 2 {
		if !becomes(ctx, fmt.Sprintf(`pauses.length === %d`, 2*view+2)) {
			t.Fatal("no view")
		}
		time.Sleep(20 * time.Second / pageScale)
		if got := counts(r.visitor()); got != [3]int{1, 1, 0} {
			t.Errorf("view %d: %v of /d, /r, /c, want 1, 1, 0", view+1, got)
		}
		in[any](t, ctx, `(document.querySelector("footer a[href$='about.html']").click(), 0)`)
	}
}

// The page's code runs spec/vectors in Chromium and Firefox, and a cell is sealed there in a
// worker; how long that takes is said, not judged.
func TestVectorsInBrowsers(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow")
	}
	dir := filepath.Join("..", "..", "spec", "vectors")
	found, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, filepath.Base(f)) // the page leaves out those that it has no part in
	}
	bundle := bundled(t, "test/browser.ts")
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!DOCTYPE html><main></main><script src="/run.js" defer></script>`))
	})
	mux.HandleFunc("/run.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(bundle)
	})
	mux.HandleFunc("/vectors", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(names)
	})
	mux.Handle("/vectors/", http.StripPrefix("/vectors/", http.FileServer(http.Dir(dir))))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	type result struct {
		Files, Vectors int
		Wrong          []string
		P50, P90       float64
	}
	check := func(browser string, got result) {
		for _, w := range got.Wrong {
			t.Errorf("%s: %s", browser, w)
		}
		if got.Files < 16 || got.Vectors < 250 {
			t.Errorf("%s: only %d vectors of %d files of %d", browser, got.Vectors, got.Files, len(names))
		}
		t.Logf("%s: %d vectors; a cell is sealed in %.1f ms (median), %.1f ms (9 of 10)", browser, got.Vectors, got.P50, got.P90)
	}
	ctx := startChromium(t)
	open(t, ctx, server.URL)
	check("Chromium", in[result](t, ctx, `ran`))
	var got result
	if err := json.Unmarshal(firefox(t, server.URL, "-", script(t, `ran`))[0], &got); err != nil {
		t.Fatal(err)
	}
	check("Firefox", got)
}

// The page and the command line keep one schedule.
func TestPageKeepsTheSourcesSchedule(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "page", "src", "engine.ts"))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("export const CELLS = %d;", source.CellsPerView)
	times := fmt.Sprintf("export const FIRST_MIN = %d, FIRST_MAX = %d, NEXT_MIN = %d, NEXT_MAX = %d;",
		source.FirstMin.Milliseconds(), source.FirstMax.Milliseconds(), source.NextMin.Milliseconds(), source.NextMax.Milliseconds())
	for _, line := range []string{want, times} {
		if !strings.Contains(string(data), line) {
			t.Errorf("the page's engine does not say %q", line)
		}
	}
}
