package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
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

// at gives the words of what has the focus.
func (c *composing) at() string {
	c.t.Helper()
	return in[string](c.t, c.ctx, `((e) => e.getAttribute("aria-label") ?? e.labels?.[0]?.firstChild.textContent ?? e.textContent)(compose.root()?.activeElement ?? document.activeElement)`)
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

// One whole letter by keyboard alone, in Korean: the keys of the Korean layout are known by
// their place, so they work whatever the input method makes of them. Focus goes in the order
// in which things stand, and back to the link where it came from.
func TestComposerByKeyboardAlone(t *testing.T) {
	r := pageSite(t, nil)
	c := compose(t, r, "ko", 360, 800)
	link := in[string](t, c.ctx, `document.querySelector(".write a").textContent`)
	c.tabTo(link)
	c.keys(kb.Enter)
	c.do("step(%q)", "쓰기 전에")
	if got := c.at(); got != "쓰기 전에" {
		t.Errorf("the focus is on %q, not on the heading", got)
	}
	if got, want := c.tabTo("도움이"), []string{"처음 씁니다", "여덟 단어가 있습니다", "도움이 필요합니다"}; !slices.Equal(got, want) {
		t.Errorf("Tab leads along %q, want %q", got, want)
	}
	back := kb.Tab
	if err := chromedp.Do(c.ctx, chromedp.KeyEvent(back, chromedp.KeyModifiers(kb.ModifierShift)), chromedp.KeyEvent(back, chromedp.KeyModifiers(kb.ModifierShift))); err != nil {
		t.Fatal(err)
	}
	if got := c.at(); got != "처음 씁니다" {
		t.Errorf("Shift and Tab lead back to %q", got)
	}
	c.keys(kb.Enter)
	c.do("step(%q)", "당신의 여덟 단어")
	words := in[[]string](t, c.ctx, "compose.words()")
	if got, want := c.tabTo("다 외웠"), []string{"단어의 언어", "다 외웠습니다"}; !slices.Equal(got, want) {
		t.Errorf("Tab leads along %q, want %q", got, want)
	}
	c.keys(kb.Enter)
	c.do("step(%q)", "이제 넣어 보십시오")
	for _, w := range words {
		c.pickByKeys(w)
	}
	c.do("step(%q)", "메아리 단어")
	if got := c.at(); got != "메아리 단어" {
		t.Errorf("the focus is on %q, not on the heading", got)
	}
	c.tabTo("계속")
	c.keys(kb.Enter)
	c.do("step(%q)", "당신의 편지")
	if got := c.at(); got != "편지" {
		t.Errorf("the focus is on %q, not where a letter is written", got)
	}
	if _, err := chromedp.Call(c.ctx, input.InsertText, input.InsertTextParams{Text: "자판만으로 씁니다."}); err != nil {
		t.Fatal(err)
	}
	if got, want := c.tabTo("다음 기사들"), []string{"사진 넣기", "다음 기사들과 함께 보내기"}; !slices.Equal(got, want) {
		t.Errorf("Tab leads along %q, want %q", got, want)
	}
	c.keys(kb.Enter)
	c.do("step(%q)", "편지가 있는 곳")
	if text := c.get("text()"); !strings.Contains(text, "기사 1개") {
		t.Errorf("what waits is not said: %s", text)
	}

	// Esc twice wipes, and the focus is where it was before.
	c.keys(kb.Escape)
	if in[bool](t, c.ctx, "compose.root() === null") {
		t.Error("one Esc leaves the composer")
	}
	c.keys(kb.Escape)
	if in[bool](t, c.ctx, "compose.root() !== null") {
		t.Error("Esc twice does not leave the composer")
	}
	if got := c.at(); got != link {
		t.Errorf("the focus is on %q, not on the link", got)
	}
	c.keys(kb.Enter)
	c.do("step(%q)", "쓰기 전에")
	if text := c.get("text()"); strings.Contains(text, "편지가 있는 곳") {
		t.Error("a letter that was wiped still waits")
	}
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("the keyboard asked for %q", got)
	}
}

// pickByKeys enters a Korean word: its first consonant by its place on the keyboard, the
// syllable and the word by Tab and Enter.
func (c *composing) pickByKeys(word string) {
	c.t.Helper()
	const initials = "rRseEfaqQtTdwWczxvg"
	syllable := []rune(word)[0]
	c.keys(string(initials[(syllable-0xac00)/588]))
	if got := c.at(); got != string(syllable) && got != word { // the focus stands on the first of them
		for range 120 { // some consonants begin sixty syllables
			if got = c.at(); got == word || got == string(syllable) {
				break
			}
			c.keys(kb.Tab)
		}
		if got != word && got != string(syllable) {
			c.t.Fatalf("Tab does not lead to %c", syllable)
		}
	}
	c.keys(kb.Enter)
	if in[bool](c.t, c.ctx, `!!compose.root().querySelector(".choices:not([hidden]) button")`) {
		if c.at() != word {
			c.tabTo(word)
		}
		c.keys(kb.Enter)
	}
}
