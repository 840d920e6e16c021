package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/lang"
)

// A learner goes through the lesson in Chromium, by the links, buttons and keys that the pages name.
type learner struct {
	t    *testing.T
	ctx  context.Context
	axe  string
	seen int // pages that were looked at
}

func (l *learner) do(steps ...chromedp.Action[chromedp.Void]) {
	l.t.Helper()
	if err := chromedp.Do(l.ctx, steps...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *learner) until(expression string) {
	l.t.Helper()
	if !eventually(func() bool {
		ok, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool]("(async () => document.readyState === 'complete' && !!(await ("+expression+")))()", chromedp.EvalAwaitPromise))
		return err == nil && ok
	}) {
		where, _ := chromedp.Run(l.ctx, chromedp.Evaluate[string]("location.pathname + ' ' + document.body.innerText.slice(0, 900)"))
		l.t.Fatalf("never true: %s\nat %s", expression, where)
	}
}

// click clicks what can be seen, and waits for what comes of it.
func (l *learner) click(css, then string) {
	l.t.Helper()
	l.until(fmt.Sprintf(`(() => { const e = document.querySelector(%q); return e && !e.disabled && e.checkVisibility(); })()`, css))
	l.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`window.before = true; document.querySelector(%q).click()`, css)))
	l.until(then)
}

func (l *learner) fill(css, text string) {
	l.t.Helper()
	l.until(fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (!e) return false; e.value = %q;
		e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, css, text))
}

// key presses a key where nothing is typed.
func (l *learner) key(k, then string) {
	l.t.Helper()
	l.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), chromedp.KeyEvent(k))
	l.until(then)
}

// ticked waits until so many steps are done, by the bar above the page.
func (l *learner) ticked(n int) {
	l.t.Helper()
	if n == 7 {
		l.until(`document.querySelector(".practising-bar") && !document.querySelector(".practising-bar .now")`)
		return
	}
	l.until(fmt.Sprintf(`document.querySelector(".practising-bar .now .num")?.textContent === "%d/7"`, n+1))
}

// look wants no violation of axe-core and nothing wider than the window, on a desk
// and on a telephone in the dark, and leaves pictures.
func (l *learner) look(name string) {
	l.t.Helper()
	l.seen++
	type view struct {
		name          string
		width, height int64
		dark          bool
	}
	views := []view{{"", 1280, 860, false}, {"-360", 360, 760, true}}
	if os.Getenv(picturesDir) != "" {
		views = append(views, view{"-dark", 1280, 860, true}, view{"-768", 768, 900, false})
	}
	for _, v := range views {
		scheme := map[bool]string{false: "light", true: "dark"}[v.dark]
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // else a colour is measured on its way
		}}
		if _, err := chromedp.Call(l.ctx, emulation.SetEmulatedMedia, media); err != nil {
			l.t.Fatal(err)
		}
		l.do(chromedp.EmulateViewport(v.width, v.height))
		found, err := chromedp.Run(l.ctx, chromedp.Evaluate[[]string](l.axe+`; axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " +
			v.nodes.map(n => n.target.join(" ")).slice(0, 3).join(", ")).concat(document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["wide"] : []))`, chromedp.EvalAwaitPromise))
		if err != nil {
			l.t.Fatal(err)
		}
		for _, f := range found {
			l.t.Errorf("%s%s: %s", name, v.name, f)
		}
		l.picture(name + v.name)
	}
	if _, err := chromedp.Call(l.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}); err != nil {
		l.t.Fatal(err)
	}
	l.do(chromedp.EmulateViewport(1280, 860))
}

func (l *learner) picture(name string) {
	dir := os.Getenv(picturesDir)
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(l.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// From an empty vault the first page leads to practice, and the lesson from a letter to a release, each
// step ticked off as it is done. At its end the tab says that nothing stays, and nothing does.
func TestLessonInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow")
	}
	axe, err := os.ReadFile(filepath.Join("..", "..", "page", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("run make install first: %v", err)
	}
	args, dir, asked := emptyNewsroom(t)
	cmd, link := startDesk(t, args)
	defer kill9(t, cmd)
	l := &learner{t: t, ctx: chromium(t), axe: string(axe)}
	l.do(chromedp.EmulateViewport(1280, 860), chromedp.Navigate(link))
	l.until(`document.querySelector(".first")`)
	l.look("practice-first")
	sent := asked.Load()
	l.click(`.first a[href="/practice"]`, `location.pathname === "/practice"`)
	l.look("practice-offered")
	l.click(`form[action="/practice/begin"] button`, `document.querySelector("a[target=_blank]")`)
	l.look("practice-ready")
	// The same tab here: a test follows one.
	l.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("a[target=_blank]").removeAttribute("target")`))
	l.click(`a[href*="#"].main`, `location.pathname === "/lesson" && document.querySelector(".practising-bar")`)
	l.ticked(0)
	l.look("practice-lesson")
	for _, tag := range []string{"ko", "zh", "en"} { // the words are longest in one, and break otherwise in the others
		l.click(`.langs button[value=`+tag+`]`, `document.documentElement.lang.startsWith("`+tag+`") && location.pathname === "/lesson"`)
		if tag != "en" {
			l.look("practice-lesson-" + tag)
		}
	}
	l.learn()
	l.key("gl", `location.pathname === "/lesson" && document.querySelectorAll(".lesson .mark.done").length === 7`)
	l.look("practice-done")
	if n := asked.Load(); n != sent {
		t.Errorf("the host was asked %d times for practice", n-sent)
	}
	l.click(`#end button`, `location.pathname === "/" && document.getElementById("over")?.checkVisibility()`)
	l.look("practice-over")
	if _, err := os.Stat(filepath.Join(dir, "desk", practiceFolder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("practice is over, and its folder is there: %v", err)
	}
}

// learn does the seven steps.
func (l *learner) learn() {
	l.t.Helper()
	l.click(`.lesson a.main`, `location.pathname.startsWith("/thread/")`)
	l.ticked(1)
	l.click(`.practising-bar .now a`, `location.pathname === "/call"`)
	l.fill("#text", "A partner who sends goods to Laos says that patrols have become frequent.")
	l.picture("practice-call")
	l.do(chromedp.Focus(chromedp.CSS("#text")), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	l.until(`location.pathname.startsWith("/thread/")`)
	l.ticked(2)
	l.click(`.practising-bar .now a`, `location.pathname.startsWith("/thread/") && document.querySelector("[lang|=zh].words-block")`)
	l.key("c", `!document.querySelector("[data-pick-how]").hidden`)
	l.key("j", `getSelection().toString().includes("巡逻")`)
	l.key("c", `document.getElementById("claim").open`)
	l.fill("#claim-text", "Patrols towards Laos have increased")
	l.picture("practice-claim")
	l.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#claim [name=path]").value = "direct"`))
	l.click(`#claim button.main`, `location.pathname.startsWith("/claim/")`)
	l.ticked(3)
	l.key("e", `document.querySelector('form[action="/evidence/new"]')?.checkVisibility()`)
	l.picture("practice-chains")
	l.evidence()
	l.ticked(4)
	l.click(`.practising-bar .now a`, `location.pathname === "/story/new"`)
	l.fill("#title", "Patrols")
	l.do(chromedp.Focus(chromedp.CSS("#title")), chromedp.KeyEvent(kb.Enter))
	l.until(`document.querySelector("#write input[name=claims]")?.checked`)
	l.fill("#t-en", "{Source} said that patrols have increased.")
	l.do(chromedp.Focus(chromedp.CSS("#t-en")), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	l.ticked(5)
	l.click(`.practising-bar .now a`, `location.pathname.startsWith("/story/") && document.querySelector(".lead-line")`)
	l.look("practice-story")
	l.click(`form[action$="/level"] button`, `document.querySelector(".notice")`)
	l.picture("practice-mended")
	l.click(`form[action$="/clean"] button`, `!document.querySelector('form[action$="/clean"]')`)
	l.ticked(6)
	for _, tag := range lang.All() { // what would be printed says so too
		l.until(fmt.Sprintf(`fetch(location.pathname + "/preview/%s").then(r => r.text()).then(t => t.includes(%q))`, tag, lang.T(tag, "desk.practice.mark")))
	}
	for i, name := range []string{"ayla", "boram"} {
		l.fill("#p-"+name, strings.Repeat(fmt.Sprint(i+1), 4))
		l.do(chromedp.Focus(chromedp.CSS("#p-"+name)), chromedp.KeyEvent(kb.Enter))
		l.until(`!document.getElementById("p-` + name + `")`)
	}
	l.click(`form.release button`, `document.querySelector(".releases li")`)
	l.ticked(7)
}

// evidence chooses the call that was taken down, told by a relay of whom only a sign is known.
func (l *learner) evidence() {
	l.t.Helper()
	l.until(`(() => { const f = document.querySelector('form[action="/evidence/new"]'), r = f.querySelector("[name=report]");
		const o = [...r.options].find(o => o.textContent.includes("08")); if (!o) return false; r.value = o.value;
		f.querySelector("[name=path]").value = "told"; f.querySelector("[name=relays]").value = "k3"; f.querySelector("[name=grade]").value = "2"; return true; })()`)
	l.click(`form[action="/evidence/new"] button.main, form[action="/evidence/new"] button:not([type])`, `document.querySelector(".notice")`)
}
