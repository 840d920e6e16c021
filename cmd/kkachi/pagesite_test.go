package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kkachi/internal/desk"
	"kkachi/internal/press"
	"kkachi/internal/source"
)

// pageTests is the folder of what stands in browsers for tests.
var pageTests = filepath.Join("..", "..", "page", "test")

// pageScale is how much faster than a reader's a test's pauses pass.
const pageScale = 50

// pageSite runs a newsroom with its site: what press prints, on the real host. With a bundle
// other than nil pages load that instead of the reader's script.
func pageSite(t *testing.T, bundle fs.FS) *ring {
	t.Helper()
	return pageSiteOf(t, func(s *press.Site) {
		if bundle != nil {
			s.Bundle = bundle
		}
	})
}

// pageSiteOf is pageSite with a site that change has changed.
func pageSiteOf(t *testing.T, change func(*press.Site)) *ring {
	t.Helper()
	if testing.Short() {
		t.Skip("browsers are slow")
	}
	r := newRing(t)
	r.atDesk(func(w *world, n *newsroom, d *desk.Desk) {
		site := n.site()
		change(&site)
		m, err := press.Build(siteFolder(r.dir), nil, nil, site)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pushSite(w, n, d, m, r.dir, ""); err != nil {
			t.Fatal(err)
		}
	})
	r.visitor() // what the desk fetched
	return r
}

// atDesk opens the desk for a moment.
func (r *ring) atDesk(work func(*world, *newsroom, *desk.Desk)) {
	r.t.Helper()
	w := testWorld(r.t.Context(), r.clock)
	w.stdin = strings.NewReader("passphrase of desk\n")
	n, err := readNewsroom(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	d, err := openDesk(w, n, deskAccess{dir: r.dir})
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	work(w, n, d)
}

// settings are what before.js is called with: the ring's clock, `ahead` of it.
func (r *ring) settings(ahead time.Duration, storage bool) string {
	return fmt.Sprintf(`{"now": %d, "scale": %d, "storage": %v}`, readClock(r.clock).Add(ahead).UnixMilli(), pageScale, storage)
}

// strictBrowser is a Chromium that holds pages to their own rules, small as a telephone's, and
// runs before.js with settings before a page's script. Gives what pages complained of.
func strictBrowser(t *testing.T, settings string) (context.Context, func() []string) {
	t.Helper()
	return strictPage(t, startChromium(t), settings)
}

// strictTab is the same in another tab of a browser.
func strictTab(t *testing.T, browser context.Context, settings string) (context.Context, func() []string) {
	t.Helper()
	if err := chromedp.Do(browser); err != nil { // it runs before it is shared
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	return strictPage(t, ctx, settings)
}

func strictPage(t *testing.T, ctx context.Context, settings string) (context.Context, func() []string) {
	t.Helper()
	before, err := os.ReadFile(filepath.Join(pageTests, "before.js"))
	if err != nil {
		t.Fatal(err)
	}
	add := page.AddScriptToEvaluateOnNewDocumentParams{Source: string(before) + "(" + settings + ")"}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, add); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var said []string
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*cdplog.EventEntryAdded); ok && e.Entry.Level == "error" && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			mu.Lock()
			said = append(said, e.Entry.Text)
			mu.Unlock()
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(400, 300)); err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return said
	}
}

// in evaluates an expression in the page, waiting for it if it takes its time.
func in[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%.80s: %v", expression, err)
	}
	return got
}

// becomes waits until an expression is true, through whatever navigation is under way.
func becomes(ctx context.Context, expression string) bool {
	return eventually(func() bool {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		return err == nil && got
	})
}

// open leads the browser to an address.
func open(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS(`main`))); err != nil {
		t.Fatal(err)
	}
}

// sent waits until visitors have sent n cells since it was asked last, and gives all that they sent.
func (r *ring) sent(n int) []string {
	r.t.Helper()
	if !eventually(func() bool { r.mu.Lock(); defer r.mu.Unlock(); return counts(r.calls)[2] >= n }) {
		r.t.Errorf("%d cells, not %d", counts(r.calls)[2], n)
	}
	time.Sleep((source.FirstMax + source.NextMax) / pageScale) // more would come now
	calls := r.visitor()
	if got := counts(calls)[2]; got != n {
		r.t.Errorf("%d cells, not %d:\n%s", got, n, strings.Join(calls, "\n"))
	}
	return calls
}

// checkPauses holds the pauses of views to the schedule: two cells each, in their windows.
func checkPauses(t *testing.T, pauses []float64, views int) {
	t.Helper()
	if len(pauses) != source.CellsPerView*views {
		t.Fatalf("%d pauses in %d views", len(pauses), views)
	}
	ms := func(d time.Duration) float64 { return float64(d.Milliseconds()) }
	for i := 0; i < len(pauses); i += source.CellsPerView {
		first, next := pauses[i], pauses[i+1]-pauses[i]
		if first < ms(source.FirstMin) || first >= ms(source.FirstMax) || next < ms(source.NextMin) || next >= ms(source.NextMax) {
			t.Errorf("view %d: pauses of %v and %v ms", i/2+1, first, next)
		}
	}
}

// firefox opens url and runs files in the page, one after another; gives each result as JSON.
func firefox(t *testing.T, url, settings string, files ...string) []json.RawMessage {
	t.Helper()
	args := []string{filepath.Join(pageTests, "firefox.mjs"), url, settings}
	cmd := exec.CommandContext(t.Context(), "node", append(args, files...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs.String())
	}
	var results []json.RawMessage
	for line := range strings.Lines(string(out)) {
		results = append(results, json.RawMessage(line))
	}
	if len(results) != len(files) {
		t.Fatalf("%d results of %d", len(results), len(files))
	}
	return results
}

// script is a file with an expression, for firefox.
func script(t *testing.T, expression string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "expression.js")
	if err := os.WriteFile(path, []byte(expression), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bundled builds a TypeScript file of page/ as the reader's script is built.
func bundled(t *testing.T, from string) []byte {
	t.Helper()
	dir := filepath.Join("..", "..", "page")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal("page/node_modules is missing: run make install first")
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "esbuild", from, "--bundle", "--minify", "--format=iife",
		"--mangle-props=^t[A-Z]", "--alias:@hpke/dhkem-x25519=./src/x25519.ts", "--log-level=warning")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
