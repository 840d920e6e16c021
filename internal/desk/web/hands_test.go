package web

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/lang"
)

// A way is how a flow is driven once.
type way struct {
	t     *testing.T
	tag   lang.Tag
	width int64
	dark  bool
	keys  bool
}

// drive drives a flow once in each language: by mouse in a wide window, by keyboard alone in
// the dark, and by mouse in a narrow window. Which language goes which way differs from flow to
// flow. Under -short one way is enough.
func drive(t *testing.T, flow int, do func(t *testing.T, w way)) {
	for i, w := range []way{{width: 1280}, {width: 1280, dark: true, keys: true}, {width: 768}} {
		w.tag = lang.All()[(flow+i)%len(lang.All())]
		t.Run(fmt.Sprintf("%s-%d-%s", w.tag, w.width, map[bool]string{true: "keys", false: "mouse"}[w.keys]), func(t *testing.T) {
			if testing.Short() && i != flow%3 {
				t.Skip("driven in each language without -short")
			}
			w.t = t
			do(t, w)
		})
	}
}

// browser enters the desk as this way has it. The language is as its button leaves it; the
// button itself is pressed by browser.speak.
func (w way) browser(h *house) *browser {
	w.t.Helper()
	h.speaks(w.tag)
	b := newBrowser(w.t, h)
	b.size(w.width, 860)
	b.dark(w.dark)
	b.keys, b.tag = w.keys, w.tag
	b.until(fmt.Sprintf(`document.documentElement.lang === %q`, w.tag.HTML()))
	return b
}

// press presses keys as a hand would: each comes down and up.
func (b *browser) press(key string, mods ...chromedp.KeyOption) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key, mods...))
}

// stops lists in JavaScript what Tab stops at, in its order.
const stops = `(() => {
	const scope = document.querySelector("dialog:modal") || document.body;
	return [...scope.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter((e) =>
		e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}) && (e.localName !== "summary" || e === e.parentElement.querySelector("summary")));
})()`

// reach brings the focus to a thing by Tab alone, and opens what it is folded into.
func (b *browser) reach(css string) {
	b.t.Helper()
	for range 12 {
		// A closed details around the thing is opened first, the outermost before the others.
		fold := eval[bool](b, fmt.Sprintf(`(() => {
			const e = document.querySelector(%q);
			if (!e) return false;
			const folds = [];
			for (let d = e.parentElement?.closest("details"); d; d = d.parentElement?.closest("details")) {
				if (!d.open && !(e.localName === "summary" && e.parentElement === d)) folds.unshift(d);
			}
			document.querySelectorAll("[data-reach]").forEach((s) => delete s.dataset.reach);
			if (folds.length) folds[0].querySelector("summary").dataset.reach = "1";
			return folds.length > 0; })()`, css))
		if !fold {
			b.tabTo(css)
			return
		}
		b.tabTo(`[data-reach]`)
		b.press(kb.Enter)
		b.until(`document.querySelector("[data-reach]").parentElement.open`)
	}
	b.t.Fatalf("%s is folded away too deeply", css)
}

func (b *browser) tabTo(css string) {
	b.t.Helper()
	for range 12 {
		n := eval[int](b, fmt.Sprintf(`(() => {
			const e = document.querySelector(%q), all = %s;
			if (e && e === document.activeElement) return 0;
			const to = all.indexOf(e), at = all.indexOf(document.activeElement);
			return to < 0 ? 9999 : at === to ? 1 : to - at; })()`, css, stops))
		if n == 0 {
			return
		}
		if n == 9999 {
			b.t.Fatalf("Tab does not reach %s", css)
		}
		for range max(n, -n) {
			if n > 0 {
				b.press(kb.Tab)
			} else {
				b.press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
			}
		}
	}
	b.t.Fatalf("Tab goes past %s", css)
}

// click clicks what is visible, enabled and not covered by something else.
func (b *browser) click(css string) {
	b.t.Helper()
	if b.keys {
		b.reach(css)
		if eval[bool](b, `document.activeElement.matches("input[type=checkbox], input[type=radio]")`) {
			b.press(" ")
		} else {
			b.press(kb.Enter)
		}
		return
	}
	if why := eval[string](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q);
		if (!e) return "is not there";
		if (e.disabled || !e.checkVisibility()) return "is disabled or not visible";
		e.scrollIntoView({block: "center"});
		const r = e.getClientRects()[0], top = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
		if (!top || !(e.contains(top) || top.contains(e) || [...e.labels || []].some((l) => l.contains(top)))) return "is covered by " + (top && top.outerHTML.slice(0, 80));
		e.click(); return ""; })()`, css)); why != "" {
		b.t.Fatalf("%s can't be clicked: it %s", css, why)
	}
}

// send clicks a button that leads to a new page, and waits for the page.
func (b *browser) send(css string) {
	b.t.Helper()
	b.leave(func() { b.click(css) })
}

// leave does what leads to a new page, and waits for the page.
func (b *browser) leave(do func()) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`window.before = true`))
	do()
	b.until(`!window.before`)
}

// fill puts text in the place of what a field holds.
func (b *browser) fill(css, text string) {
	b.t.Helper()
	if b.keys {
		b.reach(css)
		b.press("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
		if text == "" {
			b.press(kb.Delete)
		} else {
			b.write(text)
		}
	} else if !eval[bool](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q);
		if (!e || e.disabled || e.readOnly) return false;
		e.value = %s; e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, css, quoteJS(text))) {
		b.t.Fatalf("%s can't be filled", css)
	}
	b.until(fmt.Sprintf(`(document.querySelector(%q).value !== "") === %v`, css, text != ""))
}

// write types lines where the focus is.
func (b *browser) write(lines ...string) {
	b.t.Helper()
	for i, l := range lines {
		if i > 0 {
			b.press(kb.Enter)
		}
		_, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: l})
		must(b.t, err)
	}
}

// sendKeys ends what is written as the pages have it: Ctrl Enter sends the form, and a new page comes.
func (b *browser) sendKeys() {
	b.t.Helper()
	b.leave(func() { b.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)) })
}

// choose takes an entry of a list, by its value.
func (b *browser) choose(css, value string) {
	b.t.Helper()
	if !b.keys {
		b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})); })()`, css, value)))
	} else {
		b.reach(css)
		n := eval[int](b, fmt.Sprintf(`(() => { const o = [...document.activeElement.options].filter((o) => !o.disabled); return o.findIndex((o) => o.value === %q) - o.findIndex((o) => o.selected); })()`, value))
		for range max(n, -n) {
			b.press(map[bool]string{true: kb.ArrowDown, false: kb.ArrowUp}[n > 0])
		}
	}
	b.until(fmt.Sprintf(`document.querySelector(%q).value === %q`, css, value))
}

// openAll opens every fold of the page at once, for a mouse; keys open each where they go.
func (b *browser) openAll() {
	if !b.keys {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
	}
}

// chooseFile gives a file as a person does: the dialog is opened by a click, or by Enter, on what
// the page shows, and the file goes to whatever opened it.
func (b *browser) chooseFile(css, path string) {
	b.t.Helper()
	asked, stop := b.opensDialog(false)
	defer stop()
	b.openDialog(css)
	select {
	case node := <-asked:
		_, err := chromedp.Call(b.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: node})
		must(b.t, err)
	case <-b.ctx.Done():
		b.t.Fatal("no dialog opens")
	case <-time.After(time.Minute):
		b.t.Fatal("no dialog opens")
	}
	b.until(fmt.Sprintf(`document.querySelector(%q).files[0]?.name === %q && document.querySelector("[data-chosen-file]").textContent === %[2]q`, css, filepath.Base(path)))
}

func (b *browser) openDialog(css string) {
	b.t.Helper()
	if b.keys {
		b.reach(css)
		b.press(kb.Enter)
		return
	}
	at := eval[[]float64](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); return [r.left + 24, r.top + r.height / 2]; })()`, css))
	b.do(chromedp.MouseClickXY(at[0], at[1]))
}

// opensDialog takes the place of the system's file dialog, which a test can't reach, and tells
// which field asked for one; the dialog is left without a choice if give up is wanted.
func (b *browser) opensDialog(giveUp bool) (asked <-chan cdp.BackendNodeID, stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	opened := make(chan cdp.BackendNodeID, 4)
	must(b.t, chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*page.EventFileChooserOpened); ok {
			opened <- e.BackendNodeID
		}
	}))
	_, err := chromedp.Call(b.ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true, Cancel: &giveUp})
	must(b.t, err)
	return opened, func() {
		cancel()
		_, _ = chromedp.Call(b.ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{})
	}
}
