package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kkachi/internal/lang"
	"kkachi/internal/press"
)

// holds makes a page keep what is asked of its second worker while window.held is true, so that
// a step that passes in a second can be looked at.
const holds = `), ((Real) => {
	const kept = [];
	window.letGo = () => { window.held = false; kept.splice(0).forEach((f) => f()); };
	let n = 0;
	window.Worker = class extends Real {
		constructor(url) { super(url); this.second = n++ % 2 === 1; }
		postMessage(m) { window.held && this.second ? kept.push(() => super.postMessage(m)) : super.postMessage(m); }
	};
})(Worker`

// anyWords are eight words of each language.
var anyWords = map[string][]string{
	"en": {"zoo", "able", "about", "above", "absent", "absorb", "abstract", "absurd"},
	"ko": {"가격", "나머지", "나들이", "마음", "가격", "사람", "아침", "가격"},
	"zh": {"的", "一", "是", "在", "不", "了", "有", "和"},
}

// A picturing is a sitting of which every step is kept as it looks, in two widths, light and dark.
type picturing struct {
	*composing
	n *int
}

// shoot keeps a step, and where it is longer than the screen its end too.
func (p *picturing) shoot(name string) {
	t, ctx := p.t, p.ctx
	t.Helper()
	*p.n++
	for _, size := range [][2]int64{{360, 760}, {1280, 860}} {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(size[0], size[1])); err != nil {
			t.Fatal(err)
		}
		for _, scheme := range []string{"light", "dark"} {
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}}
			if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
				t.Fatal(err)
			}
			for _, end := range []string{"", "-end"} {
				more := in[bool](t, ctx, fmt.Sprintf(`(() => { const d = compose.root()?.querySelector("dialog"); if (!d) return %[1]q === "";
					if (%[1]q) d.scrollTop = 1e6; return %[1]q === "" || d.scrollTop > 0; })()`, end))
				if !more {
					continue
				}
				in[any](t, ctx, "new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
				shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				file := fmt.Sprintf("step-%s-%02d-%s-%d-%s%s.png", p.lang, *p.n, name, size[0], scheme, end)
				if err := os.WriteFile(filepath.Join(os.Getenv(picturesDir), file), shot, 0o600); err != nil {
					t.Fatal(err)
				}
				in[any](t, ctx, `(() => { const d = compose.root()?.querySelector("dialog"); if (d) d.scrollTop = 0; })()`)
			}
		}
	}
	if wide := in[int](t, ctx, `(() => { const d = compose.root()?.querySelector("dialog"); return d ? d.scrollWidth - d.clientWidth : 0; })()`); wide > 0 {
		t.Errorf("%s in %s scrolls sideways by %d px", name, p.lang, wide)
	}
}

// A gallery is where the steps are pictured: a ring, a host that fails, and where each language is.
type gallery struct {
	t     *testing.T
	r     *ring
	f     *failing
	shots map[string]*int
	words map[string][]string // of each language's conversation
}

func (g *gallery) begin(lang, mode string, ahead time.Duration) *picturing {
	g.t.Helper()
	g.f.mode.Store(mode)
	ctx, said := strictBrowser(g.t, g.r.settings(ahead, true)+opened+holds)
	if g.shots[lang] == nil {
		g.shots[lang] = new(int)
	}
	p := &picturing{composeIn(g.t, ctx, said, g.r, lang), g.shots[lang]}
	if mode == "" && ahead == 0 {
		g.r.sent(2)
	}
	p.do("open()")
	return p
}

// Every step of the composer, in three languages, two widths, light and dark, for somebody to
// look at. Nothing is sent to readers by it, and it runs where KKACHI_PICTURES names a folder.
func TestComposerPictures(t *testing.T) {
	if os.Getenv(picturesDir) == "" {
		t.Skip(picturesDir + " names no folder")
	}
	r := pageSiteOf(t, func(s *press.Site) { s.Contacts = []byte(someContacts) })
	g := &gallery{t, r, r.fail(), map[string]*int{}, map[string][]string{}}
	langs := []string{"en", "ko", "zh"}
	for _, lang := range langs {
		g.faults(lang)
		g.writes(lang)
	}
	r.answerThreads("Thank you: we have both, the letter and the picture. Write no more about Monday.\n\n고맙습니다. 편지와 사진을 모두 받았습니다. 월요일의 일은 더 쓰지 마십시오.\n\n谢谢，信和照片都收到了。", 2*len(langs), len(langs))
	for _, lang := range langs {
		g.reads(lang)
	}
}

// faults pictures what is said where nothing can be sent.
func (g *gallery) faults(lang string) {
	g.t.Helper()
	for _, fault := range []struct {
		name, mode, text string
		ahead            time.Duration
	}{
		{"waiting", "hold", "tTrustWaiting", 0},
		{"unreachable", "503", "tTrustUnreachable", 0},
		{"wrong", "", "tTrustWrong", 48 * time.Hour},
	} {
		p := g.begin(lang, fault.mode, fault.ahead)
		p.do("until(() => compose.text().includes(%q), 'the sentence')", p.text[fault.text])
		p.shoot(fault.name)
		if fault.name != "unreachable" {
			continue
		}
		p.to("tKnown", "tWordsTitle")
		p.enter(anyWords[lang], "tTalkTitle")
		p.shoot("missing")
		p.to("tWrite", "tWriteTitle")
		p.do("type(%q)", "…")
		p.press(p.text["tSend"], "")
		p.do("until(() => compose.root().querySelector('[role=alert]').textContent, 'a refusal')")
		p.shoot("refused")
		p.press(p.text["tLeave"], "")
		in[any](g.t, p.ctx, `document.querySelector(".take a").click()`)
		p.do("open()")
		p.shoot("apart")
	}
}

// writes pictures a first letter, from before it is written until it has left.
func (g *gallery) writes(lang string) {
	t := g.t
	t.Helper()
	p := g.begin(lang, "", 0)
	p.shoot("start")
	p.to("tFirst", "tWordsTitle")
	p.shoot("words")
	drawn := in[[]string](t, p.ctx, "compose.words()")
	p.to("tWordsKnow", "tCheckTitle")
	p.shoot("picker")
	p.do("pick(%s)", list(drawn[:3]))
	in[any](t, p.ctx, `compose.root().querySelector(".keys button").click()`)
	p.shoot("picking")
	p.to("tWordsOther", "tWordsTitle")
	drawn = in[[]string](t, p.ctx, "compose.words()")
	g.words[lang] = drawn
	p.to("tWordsKnow", "tCheckTitle")
	p.do("pick(%s)", list(slices.Repeat(drawn[:1], len(drawn))))
	p.shoot("other")
	in[any](t, p.ctx, "window.held = true")
	p.do("pick(%s)", list(drawn))
	p.do("step(%q)", p.text["tOpenTitle"])
	p.shoot("opening")
	in[any](t, p.ctx, "letGo()")
	p.do("step(%q)", p.text["tEchoTitle"])
	p.shoot("echo")
	p.to("tEchoYes", "tWriteTitle")
	p.shoot("letter")
	p.press(p.text["tSend"], "")
	p.do("until(() => compose.text().includes(%q), 'a refusal')", p.text["tEmpty"])
	p.shoot("empty")
	p.do("type(%q)", map[string]string{
		"en": "On Monday two men came to the office. I saw it myself; what they said I was told by a colleague.\n\nThey asked who had been away.",
		"ko": "월요일에 두 사람이 사무소에 왔습니다. 제가 직접 보았고, 그들이 한 말은 동료에게 들었습니다.\n\n누가 자리를 비웠는지 물었습니다.",
		"zh": "星期一有两个人来到办事处。这是我亲眼看到的；他们说的话是同事告诉我的。\n\n他们问谁离开过。",
	}[lang])
	p.choose(photoWith(t, beside))
	p.do("until(() => compose.root().querySelector('.step [role=status]').textContent.match(/[2-9]/) && compose.text().includes(%q), 'the photograph')", p.text["tPhotoRemove"])
	p.shoot("photo")
	p.to("tSend", "tSendTitle")
	p.shoot("sending")
	p.press(p.text["tReadOn"], "")
	p.do("open()")
	p.shoot("start-waiting")
	p.to("tSendTitle", "tSendTitle")
	views := in[int](t, p.ctx, `Number(/\d+/.exec(compose.root().querySelector(".step [role=status]").textContent)[0])`)
	p.press(p.text["tReadOn"], "")
	for i := range views {
		p.turn([]string{"index", "about"}[i%2])
		g.r.sent(2)
	}
	p.do("open()")
	p.to("tSendTitle", "tSendTitle")
	p.shoot("sent")
	p.to("tTalkTitle", "tTalkTitle")
	p.shoot("new")
	p.press(p.text["tLeave"], "")
	p.shoot("left")
	g.f.mode.Store("gone")
	in[any](t, p.ctx, `document.querySelector("footer .links a").click()`)
	if !becomes(p.ctx, `!document.querySelector(".unreached").hidden`) {
		t.Error("nothing is said of a page that could not be reached")
	}
	p.shoot("unreached")
}

// reads pictures the answer, and what else can be done with known words.
func (g *gallery) reads(tag string) {
	t := g.t
	t.Helper()
	p := g.begin(tag, "", 0)
	contacts := lang.T(lang.Tag(tag), "site.contacts")
	p.press(contacts, contacts)
	p.shoot("contacts")
	p.to("tLearn", "tLearn")
	p.shoot("number")
	p.press(p.text["tHide"], "")
	p.do("until(() => compose.root().querySelector('.groups'), 'practice')")
	in[any](t, p.ctx, `compose.root().querySelectorAll(".pad button").forEach((b) => b.click())`)
	p.shoot("practice")
	p.press(p.text["tLeave"], "")
	p.do("open()")
	p.to("tKnown", "tWordsTitle")
	p.shoot("known")
	p.do("pick(%s)", list(g.words[tag]))
	p.do("step(%q)", p.text["tEchoTitle"])
	p.shoot("echo-known")
	p.to("tEchoYes", "tTalkTitle")
	p.shoot("answer")
	p.to("tMore", "tMore")
	p.shoot("more")
	p.to("tMove", "tWordsTitle")
	p.shoot("move")
	p.press(p.text["tLeave"], "")
	p.do("open()")
	p.press(p.text["tNeedHelp"], contacts)
	p.to("tWrite", "tWordsTitle")
	drawn := in[[]string](t, p.ctx, "compose.words()")
	p.to("tWordsKnow", "tCheckTitle")
	p.enter(drawn, "tHelpTitle")
	p.shoot("help")
	in[any](t, p.ctx, `(() => { Object.defineProperty(document, "hidden", { value: true, configurable: true }); document.dispatchEvent(new Event("visibilitychange")); })()`)
	p.shoot("hidden")
}
