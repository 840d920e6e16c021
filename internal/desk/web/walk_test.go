package web

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kkachi/internal/desk"
	"kkachi/internal/lang"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The way of somebody who has never seen the desk: from an empty vault to a first released
// story that is put up, going only where the pages themselves lead. No address is typed; each
// step is the link or button that the page shows as the next one, taken by keyboard.
func TestWalkOfANewJournalist(t *testing.T) {
	for _, way := range []way{{tag: lang.English, width: 1280}, {tag: lang.Korean, width: 768}, {tag: lang.Chinese, width: 1280, dark: true}} {
		t.Run(string(way.tag), func(t *testing.T) {
			if testing.Short() && way.tag != lang.English {
				t.Skip("walked in each language without -short")
			}
			way.t, way.keys = t, true
			walk(t, way)
		})
	}
}

func walk(t *testing.T, way way) {
	own := string(way.tag)
	r := roomWith(t, lang.Names{})
	published := 0
	h := houseWith(t, r, Options{By: "mina", Publish: func(context.Context) (int, error) { published++; return 12, nil }})
	b := way.browser(h)
	w := newcomer{b}

	w.step("told", 1)
	w.go1("a.button.main")
	b.until(`location.pathname === "/call" && document.activeElement.id === "text"`)
	w.write("? "+told[own][0], told[own][1], told[own][2])
	w.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	b.until(`location.pathname.startsWith("/thread/") && document.querySelector(".letter .begin")`)
	if !eval[bool](b, `document.querySelector(".letter header").getBoundingClientRect().top >= (innerWidth > 900 ? 0 : document.querySelector(".rail").getBoundingClientRect().bottom)`) {
		t.Error("what was just noted is hidden below the head of the page")
	}
	b.picture("walk-noted")
	b.key('g')
	b.key('i')
	b.until(`location.pathname === "/inbox"`)
	w.step("claim", 2)
	w.go1("a.button.main")
	b.until(`location.pathname.startsWith("/thread/")`)
	w.claim(own)
	w.go1(".onward a")
	b.until(`location.pathname === "/story/new" && document.activeElement.id === "title"`)
	w.write("Sessions")
	w.press(kb.Enter)
	// The first sentence is open, in the language of the story, with the claim ticked.
	b.until(`document.activeElement.id === "t-` + own + `" && document.querySelector("#write input[name=claims]").checked`)
	w.sentence(own)
	w.follow("#names", `document.activeElement.name === "country-ko"`)
	for _, word := range []string{"중국", "China", "中国"} {
		w.write(word)
		w.press(kb.Tab)
	}
	w.saveBy(`form[action$="/names"] .after button`)
	for _, l := range inOrder[own] { // the language of the story comes first
		w.follow("#heads-"+l, fmt.Sprintf(`document.activeElement.id === "h-%s"`, l))
		for _, text := range heads[l] {
			w.write(text)
			w.press(kb.Tab)
		}
		w.saveBy(`form[action$="/edition"]:has(#h-` + l + `) .after button`)
	}
	w.follow("#r-", `document.activeElement.name === "text"`)
	b.answerRules()
	w.follow("#approval", `document.activeElement.id === "p-ayla"`)
	for _, name := range []string{"ayla", "boram"} {
		b.until(`document.activeElement.id === "p-` + name + `"`)
		w.write("pass of " + name)
		w.press(kb.Enter)
		b.until(`document.querySelector(".people .mark.done") && !document.getElementById("p-` + name + `")`)
		w.follow("#approval", `document.activeElement.matches("input[type=password], form.release button")`)
	}
	w.press(kb.Enter)
	b.until(`document.querySelector(".releases li")`)
	w.follow("#approval", `document.activeElement.matches('form[action="/publish"] button')`)
	w.press(kb.Enter)
	b.until(`document.querySelector(".notice")?.textContent.includes("12")`)
	if published != 1 {
		t.Errorf("published %d times", published)
	}
	b.open("/inbox")
	b.until(`document.querySelector(".row") && !document.querySelector(".first")`)
	rows, err := r.desk.Stories(t.Context())
	must(t, err)
	if len(rows) != 1 || rows[0].State != desk.Released {
		t.Errorf("the stories: %+v", rows)
	}
}

// told are the lines of a call: our question, what was said in very words, and more.
var told = map[string][3]string{
	"ko": {"모임이 얼마나 자주 열립니까?", "“지난주부터는 이틀에 한 번”이라고 했다.", "순찰이 두 배가 되었다."},
	"en": {"How often are the sessions held?", `"Every two days since last week", she said.`, "Patrols were doubled."},
	"zh": {"学习会多久开一次？", "“上周起两天一次”，她说。", "巡逻增加了一倍。"},
}

// inOrder is in which order a story asks for its editions.
var inOrder = map[string][]string{"ko": {"ko", "en", "zh"}, "en": {"en", "ko", "zh"}, "zh": {"zh", "ko", "en"}}

// first is the first sentence of the story, in each language.
var first = map[string]string{
	"ko": "{said} 모임이 이틀에 한 번 열린다고 전했다.", "en": "{said} that sessions are held every two days.", "zh": "{said}，学习会改为两天一次。",
}

// heads are what an edition wants beside its sentences.
var heads = map[string][3]string{
	"ko": {"모임이 잦아졌다", "이틀에 한 번 모인다.", "위험해질 수 있어 이름을 밝히지 않는다."},
	"en": {"Sessions every two days", "They meet more often.", "They would be in danger if they were known."},
	"zh": {"学习会更加频繁", "改为两天一次。", "身份曝光会有危险，因此不公布姓名。"},
}

// A newcomer goes where a page leads.
type newcomer struct{ *browser }

// step wants the list of first steps, with the nth as the next one.
func (w newcomer) step(name string, n int) {
	w.t.Helper()
	w.until(fmt.Sprintf(`[...document.querySelectorAll(".first li")].findIndex(e => e.getAttribute("aria-current") === "step") === %d`, n-1))
	w.picture("walk-" + name)
}

// go1 goes to the one link that fits, and presses Enter.
func (w newcomer) go1(css string) {
	w.t.Helper()
	if n := eval[int](w.browser, fmt.Sprintf(`document.querySelectorAll(%q).length`, css)); n != 1 {
		w.t.Fatalf("%d of %s: a newcomer would have to choose", n, css)
	}
	w.click(css)
}

// follow takes the next step that a story shows above its text, which leads to a place there.
func (w newcomer) follow(to, there string) {
	w.t.Helper()
	w.until(fmt.Sprintf(`document.querySelector(".lead-line .go")?.getAttribute("href").startsWith(%q)`, to))
	w.picture("walk-next-" + strings.TrimPrefix(to, "#"))
	w.go1(".lead-line .go")
	w.until(there)
}

// saveBy sends a form by its button, which has the focus already.
func (w newcomer) saveBy(css string) {
	w.t.Helper()
	w.until(fmt.Sprintf(`document.querySelector(%q)`, css))
	w.send(css)
	w.until(`document.querySelector(".notice")`)
}

// claim chooses what was said by keys: our own question before it is passed over.
func (w newcomer) claim(own string) {
	w.t.Helper()
	w.key('c')
	w.until(`!document.querySelector("[data-pick-how]").hidden && getSelection().toString().trim() === ` + quoteJS(told[own][1]))
	w.key('c')
	w.until(`document.getElementById("claim").open && document.activeElement.id === "claim-text"`)
	w.write("Sessions are held every two days")
	w.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	w.until(`location.pathname.startsWith("/claim/")`)
	w.picture("walk-claim")
}

// sentence writes the first sentence in three languages.
func (w newcomer) sentence(own string) {
	w.t.Helper()
	w.write(first[own])
	for _, l := range inOrder[own][1:] {
		w.fill("#t-"+l, first[l])
	}
	w.picture("walk-sentence")
	w.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	w.until(`document.querySelector(".notice") && !document.getElementById("write")`)
}
