package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kkachi/internal/demo"
	"kkachi/internal/desk"
)

// picturesDir names the environment variable with the folder in which pictures of the pages
// are left; without it none are.
const picturesDir = "KKACHI_PICTURES"

// servedDemo is the demo as it stays and serves, with one desk link for each browser.
type servedDemo struct {
	*demoParts
	desk  *desk.Desk
	ready chan struct{}
}

// Pages keeps the desk, so that further browsers can be let in.
func (s *servedDemo) Pages(ctx context.Context, d *desk.Desk) (string, func() error, error) {
	s.desk = d
	link, stop, err := s.demoParts.Pages(ctx, d)
	close(s.ready)
	return link, stop, err
}

// serveDemo turns the ring and leaves it serving until the test ends.
func serveDemo(t *testing.T) *servedDemo {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := testWorld(ctx, "")
	dir := filepath.Join(t.TempDir(), "newsroom") // before Cleanup: it goes after the demo has ended
	s := &servedDemo{ready: make(chan struct{})}
	ended := make(chan error, 1)
	never, keep := io.Pipe()
	go func() {
		_, err := demo.Run(ctx, demo.Options{
			Dir: dir, Now: w.now, Rand: w.rand, In: never, Out: io.Discard,
			Parts: func(dir string, clock func() time.Time) demo.Parts {
				s.demoParts = &demoParts{outer: w, dir: dir, clock: clock}
				return s
			},
		})
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		keep.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-s.ready:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return s
}

// link lets one more browser in.
func (s *servedDemo) link(t *testing.T) string {
	t.Helper()
	link, stop, err := s.demoParts.Pages(t.Context(), s.desk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return link
}

// pages lists what is looked at: the site in three languages, and the desk.
func (s *servedDemo) pages(t *testing.T, deskBase string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, tag := range siteTags {
		stories, err := filepath.Glob(filepath.Join(s.dir, "site", tag, "stories", "*.html"))
		if err != nil || len(stories) != 1 {
			t.Fatalf("stories in %s: %v, %v", tag, stories, err)
		}
		site := s.n.URL + "/" + tag + "/"
		out["site-"+tag] = site
		out["story-"+tag] = site + "stories/" + filepath.Base(stories[0])
		out["contact-"+tag], out["about-"+tag] = site+"contact.html", site+"about.html"
	}
	rows, err := s.desk.Inbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stories, err := s.desk.Stories(t.Context())
	if err != nil || len(stories) != 1 {
		t.Fatalf("stories at the desk: %v, %v", stories, err)
	}
	claims, err := s.desk.Claims(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	thread := rows[0].ID
	for _, r := range rows {
		if r.LastReply != nil { // the one that was answered shows most
			thread = r.ID
		}
	}
	for name, path := range map[string]string{
		"inbox": "/inbox", "thread": "/thread/" + thread.String(), "call": "/call", "claims": "/claims",
		"claim": "/claim/" + claims[6].ID.String(), "stories": "/stories",
		"story": "/story/" + stories[0].ID.String() + "?view=side", "newsroom": "/newsroom",
	} {
		out["desk-"+name] = deskBase + path
	}
	return out
}

// Each page of site and desk, as a ring has filled it, shows no error and breaks no rule of axe-core.
func TestPages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("browsers are slow")
	}
	s := serveDemo(t)
	t.Run("Chromium", s.inChromium)
	t.Run("Firefox", s.inFirefox)
}

// A view is how a page is looked at.
type view struct {
	name   string // at the end of a picture's
	width  int64
	height int64
	dark   bool
}

// views of a page: those of the site on a telephone and at a desk, where light and dark take turns with languages, so that each kind
// of page is seen in both. The desk's pages are looked at once, for web.TestAxe sees each in three ways. For pictures all are seen.
func views(name string) []view {
	wide, dark, narrow := view{"", 1280, 860, false}, view{"-dark", 1280, 860, true}, view{"-narrow", 360, 760, false}
	kind, tag, _ := strings.Cut(name, "-")
	switch turn := slices.Index(siteKinds, kind) + slices.Index(siteTags, tag); {
	case os.Getenv(picturesDir) != "":
		if kind == "desk" {
			narrow.width = 768
		}
		return []view{wide, dark, narrow}
	case kind == "desk":
		return []view{wide}
	case turn%len(siteTags) == 0:
		return []view{dark, narrow}
	}
	return []view{wide, narrow}
}

// The site's languages, and the kinds of its pages.
var (
	siteTags  = []string{"ko", "en", "zh"}
	siteKinds = []string{"site", "story", "contact", "about"}
)

// In Chromium no page scrolls sideways either, on a desk and on a telephone, in light and dark.
func (s *servedDemo) inChromium(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "page", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("run make install first: %v", err)
	}
	link := s.link(t)
	ctx := chromium(t)
	base := strings.TrimSuffix(strings.SplitN(link, "#", 2)[0], "/")
	if err := chromedp.Do(ctx, chromedp.Navigate(link), chromedp.WaitVisible(chromedp.CSS(`#work`))); err != nil {
		t.Fatalf("the desk's link: %v", err)
	}
	pictures := os.Getenv(picturesDir)
	for name, url := range s.pages(t, base) {
		for _, v := range views(name) {
			scheme := map[bool]string{false: "light", true: "dark"}[v.dark]
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
			if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
				t.Fatal(err)
			}
			err := chromedp.Do(ctx, chromedp.EmulateViewport(v.width, v.height), chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS(`body`)))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			wide, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
			if err != nil || wide > 0 {
				t.Errorf("%s%s: scrolls sideways by %d px, %v", name, v.name, wide, err)
			}
			found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(axe)+`; axe.run(document, {resultTypes: ["violations"]}).then(r =>
				r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).slice(0, 3).join(", ")))`, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("%s: axe: %v", name, err)
			}
			for _, f := range found {
				t.Errorf("%s%s: axe: %s", name, v.name, f)
			}
			if pictures != "" {
				shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(pictures, name+v.name+".png"), shot, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// chromium is a browser for scripts of a test: the pages' own rules forbid what a test puts
// in, so they are passed by.
func chromium(t *testing.T) context.Context {
	t.Helper()
	ctx := startChromium(t)
	if _, err := chromedp.Call(ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// startChromium starts a browser of its own that reaches nothing but this machine.
func startChromium(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(more,
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true), chromedp.UserDataDir(t.TempDir()),
		chromedp.ExecPath("chromium"),
	)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func (s *servedDemo) inFirefox(t *testing.T) {
	link := s.link(t)
	args := []string{filepath.Join("..", "..", "page", "firefox.mjs"), link}
	for _, url := range s.pages(t, strings.TrimSuffix(strings.SplitN(link, "#", 2)[0], "/")) {
		args = append(args, url)
	}
	cmd := exec.CommandContext(t.Context(), "node", args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "\n"); n < 20 {
		t.Errorf("only %d pages were looked at:\n%s", n, out)
	}
}
