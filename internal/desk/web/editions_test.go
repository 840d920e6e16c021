package web

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Editions side by side are tabs in a window too narrow for columns, by keyboard too, and all of
// them on paper and without a script.
func TestEditionsBecomeTabs(t *testing.T) {
	r := newRoom(t)
	r.tell()
	story := r.write(r.judge())
	b := newBrowser(t, newHouse(t, r))
	shown := func() string {
		return eval[string](b, `[...document.querySelectorAll(".heads .texts > [data-name]")].filter(e => e.getClientRects().length).map(e => e.lang).join(" ")`)
	}
	want := func(when, want string) {
		t.Helper()
		if got := shown(); got != want {
			t.Errorf("%s: %q is shown, want %q", when, got, want)
		}
	}
	const all = "ko en zh-Hans"
	b.open("/story/" + story.String() + "?view=side")
	want("1280 px", all)
	if eval[bool](b, `!!document.querySelector("[role=tablist], [role=tabpanel]")`) {
		t.Error("columns have the roles of tabs")
	}
	b.size(360, 780)
	b.until(`document.querySelector("[role=tablist]")`)
	want("360 px", "en") // the language of the desk
	b.picture("tabs-360")
	b.axe("tabs")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[role=tab][aria-selected=true]").focus()`))
	for _, step := range []struct{ key, shows string }{
		{kb.ArrowRight, "zh-Hans"}, {kb.ArrowRight, "ko"}, {kb.ArrowLeft, "zh-Hans"}, {kb.Home, "ko"}, {kb.End, "zh-Hans"},
	} {
		b.do(chromedp.KeyEvent(step.key))
		want("after a key", step.shows)
		if roles := eval[string](b, `(() => { const tab = document.activeElement, panel = document.getElementById(tab.getAttribute("aria-controls"));
			const others = [...document.querySelectorAll("[role=tab]")].filter(e => e !== tab);
			return [tab.getAttribute("role"), tab.getAttribute("aria-selected"), panel.getAttribute("role"), panel.getAttribute("aria-labelledby") === tab.id,
				tab.lang === "`+step.shows+`", others.every(e => e.tabIndex === -1 && e.getAttribute("aria-selected") === "false")].join(" "); })()`); roles != "tab true tabpanel true true true" {
			t.Errorf("roles: %s", roles)
		}
	}
	if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("%d px wider than the window", over)
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	must(t, err)
	want("on paper", all)
	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	must(t, err)
	b.size(1280, 800)
	b.until(`!document.querySelector("[role=tablist], [role=tabpanel]")`)
	want("1280 px again", all)
	_, err = chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	must(t, err)
	b.size(360, 780)
	b.do(chromedp.Reload())
	want("without a script", all)
}
