package main

import (
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keys presses keys as a keyboard does, one after another.
func (c *composing) keys(keys ...string) {
	c.t.Helper()
	for _, k := range keys {
		if err := chromedp.Do(c.ctx, chromedp.KeyEvent(k)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// focus is an expression for the words of what has the focus.
const focus = `((e) => e.getAttribute("aria-label") ?? e.labels?.[0]?.firstChild.textContent ?? e.textContent)(compose.root()?.activeElement ?? document.activeElement)`

// at gives the words of what has the focus.
func (c *composing) at() string {
	c.t.Helper()
	return in[string](c.t, c.ctx, focus)
}

// tabTo presses Tab until what begins with a label has the focus, and gives all that had it on the way.
func (c *composing) tabTo(label string) []string {
	c.t.Helper()
	var way []string
	for range 60 {
		c.keys(kb.Tab)
		way = append(way, c.at())
		if strings.HasPrefix(way[len(way)-1], label) {
			return way
		}
	}
	c.t.Fatalf("Tab does not lead to %q, but past %q", label, way)
	return nil
}

// arrows leads by arrows among what can be picked, along its rows and between them, without picking anything.
func (c *composing) arrows() {
	c.t.Helper()
	const places = `[...compose.root().querySelectorAll(".keys button, .choices button")].filter((b) => b.getClientRects().length).map((b) => [b.textContent, b.offsetLeft, b.offsetTop])`
	var all []string
	var second int // where the second row begins
	for i, p := range in[[][]any](c.t, c.ctx, places) {
		all = append(all, p[0].(string))
		if second == 0 && p[2].(float64) > in[[][]any](c.t, c.ctx, places)[0][2].(float64) {
			second = i
		}
	}
	if second < 2 || len(all) < second+2 {
		c.t.Fatalf("%d keys in rows of %d: the test tests nothing", len(all), second)
	}
	for _, step := range []struct {
		key string
		to  int
	}{{kb.End, len(all) - 1}, {kb.ArrowDown, len(all) - 1}, {kb.Home, 0}, {kb.ArrowUp, 0}, {kb.ArrowLeft, 0}, {kb.ArrowRight, 1}, {kb.ArrowDown, second + 1}, {kb.ArrowUp, 1}, {kb.ArrowLeft, 0}} {
		c.keys(step.key)
		if got := c.at(); got != all[step.to] {
			c.t.Errorf("%q leads to %q, not to %q", step.key, got, all[step.to])
		}
	}
	if got := c.get("begun()"); got != "" {
		c.t.Errorf("an arrow picks %q", got)
	}
}
