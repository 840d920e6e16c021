package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kkachi/internal/lang"
)

// A browser that saves data takes no part from the first view on: no worker, no notes, no bulletin, no cell; the
// composer says so in one sentence and offers no way that would lead nowhere. Soft navigation works as ever.
func TestP2SavedDataSendsNothing(t *testing.T) { // P2
	t.Parallel()
	r := pageSite(t, nil)
	f := r.fail()
	ctx, said := strictBrowser(t, r.settings(0, true)+opened)
	saves := true
	if _, err := chromedp.Call(ctx, emulation.SetDataSaverOverride, emulation.SetDataSaverOverrideParams{DataSaverEnabled: &saves}); err != nil {
		t.Fatal(err)
	}
	c := composeIn(t, ctx, said, r, "en")
	c.do("open()")
	sentence := lang.T("en", "site.apart")
	if text := c.get("text()"); strings.Count(text, sentence) != 1 {
		t.Errorf("the composer says %q", text)
	}
	if n := in[int](t, ctx, `compose.root().querySelectorAll(".step:not(.cover) button").length`); n != 0 {
		t.Errorf("%d ways that lead nowhere are offered", n)
	}
	c.look("apart")
	c.press("Leave now", "")
	if text := in[string](t, ctx, `document.querySelector(".take").innerText`); text != sentence {
		t.Errorf("the page says %q", text)
	}
	c.turn("index")
	for _, tag := range []lang.Tag{"ko", "zh"} {
		in[any](t, ctx, fmt.Sprintf(`document.querySelector("nav a[hreflang^=%s]").click()`, tag))
		c.do("until(() => document.documentElement.lang.startsWith(%q), 'the language')", string(tag))
		if text := in[string](t, ctx, `document.querySelector(".take").innerText`); text != lang.T(tag, "site.apart") {
			t.Errorf("the page says %q in %s", text, tag)
		}
		c.do("open()")
		if text := c.get("text()"); strings.Count(text, lang.T(tag, "site.apart")) != 1 {
			t.Errorf("the composer says %q in %s", text, tag)
		}
		in[any](t, ctx, `compose.root().querySelector(".leave").click()`)
	}
	time.Sleep(20 * time.Second / pageScale)
	calls := f.take()[""]
	scripts := 0
	for _, call := range calls {
		if strings.HasSuffix(call, "/page/page.js 0") {
			scripts++
		}
		if strings.Contains(call, " /c ") || strings.Contains(call, " /d ") || strings.Contains(call, " /r ") {
			t.Errorf("asked for: %s", call)
		}
	}
	if scripts != 1 {
		t.Errorf("the script was asked for %d times: %q", scripts, calls)
	}
	for _, s := range append(said(), in[[]string](t, ctx, "[...touched, ...broken]")...) {
		t.Errorf("the page said: %s", s)
	}
}
