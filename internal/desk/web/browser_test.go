package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/lang"
)

// A browser is a tab of a real Chromium, entered through the link. With hands on the keys
// alone it touches no mouse: whatever is clicked, chosen or filled in is reached by Tab.
type browser struct {
	t    *testing.T
	ctx  context.Context
	h    *house
	tag  lang.Tag // of the page
	keys bool
}

// chromium is started once for all tests of the package: each opens a tab of its own, with
// its own cookies.
var chromium struct {
	sync.Once
	ctx  context.Context
	stop context.CancelFunc
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// newBrowser opens a tab of the Chromium that the tests share.
func newBrowser(t *testing.T, h *house) *browser {
	t.Helper()
	path := findChromium(t)
	chromium.Do(func() {
		dir, err := os.MkdirTemp("", "desk-chromium-")
		must(t, err)
		var ctx context.Context
		ctx, chromium.stop = startChromium(path, dir)
		must(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
		chromium.ctx = ctx
	})
	if chromium.ctx == nil {
		t.Fatal("Chromium did not start")
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return enterBy(t, ctx, h)
}

// ownBrowser starts a Chromium for one test, with its folder below dir.
func ownBrowser(t *testing.T, h *house, dir string) *browser {
	t.Helper()
	ctx, stop := startChromium(findChromium(t), dir)
	t.Cleanup(stop)
	return enterBy(t, ctx, h)
}

func enterBy(t *testing.T, ctx context.Context, h *house) *browser {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, h: h, tag: lang.English}
	b.size(1280, 800)
	b.do(chromedp.Navigate(h.s.Link()))
	b.until(`location.pathname === "/inbox" || location.pathname === "/lesson"`)
	return b
}

// findChromium skips the test where there is none, but not in CI, whose install step brings it.
func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("Chromium is missing: `make install` brings it")
	}
	t.Skip("Chromium is missing: `make install` brings it; the pages are not looked at")
	return ""
}

func startChromium(path, dir string) (context.Context, context.CancelFunc) {
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("headless", "new"),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("lang", "en"), chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(dir))
	ctx, cancel := chromedp.NewContext(alloc)
	return ctx, func() {
		cancel()
		cancelAlloc()
		_ = os.RemoveAll(dir)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) size(w, h int64) { b.do(chromedp.EmulateViewport(w, h)) }

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate("http://" + b.h.s.host() + b.h.aside(path)))
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	for range 4000 { // 40 seconds: a machine may be busy
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && !!("+expression+")"))
		if err == nil && ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	where, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname + ' ' + document.activeElement.outerHTML.slice(0, 300) + ' ' + (document.activeElement.value ?? '') + '\\n' + document.body.innerText.slice(0, 600)"))
	b.t.Fatalf("never true: %s\nat %s", expression, where)
}

// finds opens a page until something is there: what a page sends while it is left may come to
// the desk a moment after the next page was asked for.
func (b *browser) finds(path, expression string) {
	b.t.Helper()
	for range 8 {
		b.open(path)
		b.until(`document.readyState === "complete"`)
		if eval[bool](b, `!!(`+expression+`)`) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.until(expression)
}

func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// key presses a key as a command: no character comes of it, as when a page prevents it.
func (b *browser) key(r rune) {
	b.t.Helper()
	for _, k := range kb.Encode(r) {
		if k.Type == kb.KeyChar {
			continue
		}
		_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, *k)
		must(b.t, err)
	}
}

func (b *browser) dark(yes bool) {
	value := "light"
	if yes {
		value = "dark"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	must(b.t, err)
}

func (b *browser) speak(tag string) {
	b.open("/newsroom")
	b.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.before = ""`)) // the next page may be in the same language
	b.click(`.langs button[value="` + tag + `"]`)
	b.tag = lang.Tag(tag)
	b.until(`!("before" in document.documentElement.dataset) && document.documentElement.lang.startsWith("` + tag + `") && document.querySelector("header.rail")`)
}

// picture keeps what is seen, where KKACHI_PICTURES names a folder.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("KKACHI_PICTURES")
	if dir == "" {
		return
	}
	must(b.t, os.MkdirAll(dir, 0o755))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	must(b.t, err)
	must(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
