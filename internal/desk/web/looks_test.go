package web

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
)

// places are the pages to look at, with a reading width and a sentence open.
func places(r *room, story string, claims map[string]string) map[string]string {
	out := inboxPlaces(r)
	maps.Copy(out, map[string]string{
		"inbox": "/inbox", "thread": "/thread/" + r.ids["A"].String(), "thread-translated": "/thread/" + r.ids["C"].String(),
		"thread-help": "/thread/" + r.ids["F"].String(), "call": "/call", "claims": "/claims", "claim-two": "/claim/" + claims["C06"],
		"claim-disputed": "/claim/" + claims["C07"], "claim-new": "/claim/new", "stories": "/stories", "story": "/story/" + story,
		"story-side": "/story/" + story + "?view=side", "story-sentence": "/story/" + story + "?view=en&s=1.1#s1.1",
		"call-claim": "/call/" + r.ids["report 02"].String() + "?line=1", "thread-call": "/thread/" + r.ids["B"].String(),
		"sources": "/sources", "translate": "/translate/" + r.ids["report 03"].String() + "/ko", "thread-pairs": "/thread/" + r.ids["E"].String(), "withdraw-report": "/withdraw/report/" + r.ids["report 03"].String(), "withdraw-source": "/withdraw/source/" + r.ids["B"].String(),
		"corrections": "/corrections", "claim-edit": "/claim/" + claims["C06"] + "?edit=" + r.ids["C06/02"].String(), "claim-open": "/claim/" + claims["C01"],
		"thread-erase": "/thread/" + r.ids["G"].String(), "blocked": "/inbox?box=blocked", "newsroom": "/newsroom", "problem": "/no/such",
	})
	return out
}

// full is a newsroom with the whole case in it.
func full(t *testing.T) (*room, string, map[string]string) {
	t.Helper()
	r := newRoom(t)
	r.tell()
	claims := r.judge()
	story := r.write(claims)
	r.printed(claims)
	r.letter("G", cell.KindLetter, "잊어 주십시오.", cell.ReplyID{})
	r.name("G")
	r.letter("G", cell.KindErase, "", cell.ReplyID{})
	r.hold(3)
	r.busy()
	text := map[string]string{}
	for n, id := range claims {
		text[n] = id.String()
	}
	return r, story.String(), text
}

// Pictures of each page, in each language, at two widths, light and dark. Set
// KKACHI_PICTURES to a folder; KKACHI_PICTURES_ONLY picks names by a part.
func TestPictures(t *testing.T) {
	if os.Getenv("KKACHI_PICTURES") == "" {
		t.Skip("KKACHI_PICTURES names no folder")
	}
	r, story, claims := full(t)
	h := newHouse(t, r)
	b := newBrowser(t, h)
	only := os.Getenv("KKACHI_PICTURES_ONLY")
	for _, tag := range []string{"en", "ko", "zh"} {
		b.speak(tag)
		for _, dark := range []bool{false, true} {
			b.dark(dark)
			for _, width := range []int64{1280, 768} {
				b.size(width, 860)
				for name, path := range places(r, story, claims) {
					full := fmt.Sprintf("%s-%s-%d-%s", name, tag, width, map[bool]string{false: "light", true: "dark"}[dark])
					if strings.Contains(full, only) {
						b.open(path)
						b.picture(full)
					}
				}
			}
		}
	}
}

// No page has a violation that axe-core knows of, nor is wider than its window: in three
// languages, which take turns with widths, light and dark.
func TestAxe(t *testing.T) {
	if testing.Short() {
		t.Skip("the same pages are checked without -short")
	}
	axe, err := os.ReadFile("../../../page/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("axe-core is missing: `make install` brings it")
		}
		t.Skip("axe-core is missing: `npm ci` in page/ brings it")
	}
	r, story, claims := full(t)
	b := newBrowser(t, newHouse(t, r))
	_, err = chromedp.Call(b.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	must(t, err)
	check := func(name string) {
		t.Helper()
		b.do(chromedp.Evaluate[chromedp.Void](string(axe)))
		found := eval[[]string](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.flatMap(v => v.nodes.map(n =>
			v.id + " (" + v.impact + "): " + n.target.join(" ") + " " + (n.any.concat(n.all, n.none)[0]?.message || v.help))))`)
		for _, f := range found {
			t.Errorf("%s: %s", name, f)
		}
	}
	for _, way := range []struct {
		tag   string
		width int64
		dark  bool
	}{{"en", 768, false}, {"ko", 1280, true}, {"zh", 1280, false}} { // English words are the longest
		b.size(way.width, 900)
		b.speak(way.tag)
		b.dark(way.dark)
		for name, path := range places(r, story, claims) {
			b.open(path)
			if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s, %s: %d px wider than the window", name, way.tag, over)
			}
			b.openAll()
			check(name + " " + way.tag)
			b.noEnglish(name)
		}
		b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("keys").showModal()`))
		check("keys " + way.tag)
	}
	empty := newBrowser(t, newHouse(t, newRoom(t)))
	_, err = chromedp.Call(empty.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	must(t, err)
	b = empty
	for _, path := range []string{"/inbox", "/inbox?box=unread", "/cases", "/search", "/search?q=%EC%97%86%EC%9D%8C", "/call", "/claims", "/stories", "/story/new", "/newsroom", "/"} {
		b.open(path)
		check("empty " + path)
	}
}

// Pictures of what a page shows only when asked: empty states, the keys, the bar over
// selected words, the ring around what has the focus.
func TestPicturesOfMoments(t *testing.T) {
	if os.Getenv("KKACHI_PICTURES") == "" {
		t.Skip("KKACHI_PICTURES names no folder")
	}
	b := newBrowser(t, newHouse(t, newRoom(t)))
	for _, tag := range []string{"en", "ko", "zh"} {
		b.speak(tag)
		for _, path := range []string{"inbox", "claims", "stories"} {
			b.open("/" + path)
			b.picture("empty-" + path + "-" + tag)
		}
	}
	r, _, claims := full(t)
	b = newBrowser(t, newHouse(t, r))
	b.open("/thread/" + r.ids["C"].String())
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { const n = document.querySelector("[data-report] .words-block").firstChild;
		getSelection().setBaseAndExtent(n, 10, n, 40); })()`))
	b.until(`!document.getElementById("pick").hidden`)
	b.picture("moment-selected")
	b.key('c')
	b.until(`document.getElementById("claim").open`)
	b.picture("moment-claim")
	b.open("/inbox")
	b.key('j')
	b.key('j')
	b.picture("moment-focus")
	b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("keys").showModal()`))
	b.picture("moment-keys")
	b.open("/claim/" + claims["C05"])
	b.key('e')
	b.send(`form[action="/evidence/new"] button.main`)
	b.picture("moment-notice")
	b.open("/inbox")
	b.send(`form[action="/help/take"] button`)
	b.picture("moment-taken")
}

// English words that pages of other languages may show outside of what people wrote: names of
// the programs and people of the play, what is typed on keys.
var notEnglish = []string{
	"Kkachi", "kkachi", "Riverside", "Daily", "mina", "jin", "hana", "ayla", "boram", "Helping", "Hands", "Ctrl", "Enter", "Shift", "Esc", "English", "UTC", "JPEG", "PNG", "age",
}

// noEnglish looks for words in Latin letters where the desk itself speaks Korean or Chinese:
// everywhere but in what somebody wrote.
func (b *browser) noEnglish(name string) {
	b.t.Helper()
	if b.tag == lang.English {
		return
	}
	found := eval[[]string](b, `(() => {
		const of = document.documentElement.lang, out = [], own = `+quoteJS(strings.Join(notEnglish, " "))+`.split(" ");
		const theirs = "bdi, code, kbd, .code, .choose .hide, .checks, .thread-marks .acts, .facts dd, caption, .words-block, .words, .topic, .tag, textarea, svg, .num-id, option, [lang]:not(html)";
		const made = /\bk[0-9a-f]{6}\b|\bcase-[0-9a-f]+|[a-z]+\.toml|\{[a-zA-Z]+\}/g; // tokens, names of files, what is typed
		const look = (text, e) => { text = text.replace(made, ""); for (const w of text.match(/[A-Za-z]{2,}/g) || []) if (!own.includes(w)) out.push(w + " in " + e.outerHTML.slice(0, 90)); };
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		for (let n; n = walk.nextNode();) if (!n.parentElement.closest(theirs)) look(n.data, n.parentElement);
		for (const e of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
			if (!e.closest("[lang]:not(html)")) for (const a of ["title", "placeholder"]) if (e.hasAttribute(a)) look(e.getAttribute(a), e);
		}
		return out.slice(0, 6); })()`)
	for _, f := range found {
		b.t.Errorf("%s, %s: %s", name, b.tag, f)
	}
}
