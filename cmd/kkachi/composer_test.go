package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kkachi/internal/lang"
)

// A composing is somebody at the composer of one language, in a browser of their own.
type composing struct {
	t    *testing.T
	ctx  context.Context
	r    *ring
	lang string
	said func() []string
	text map[string]string // the composer's words by their names
	shot int
}

// compose opens the site in a language and a width, with a composer that a test can look into.
func compose(t *testing.T, r *ring, lang string, width, height int64) *composing {
	t.Helper()
	ctx, said := strictBrowser(t, r.settings(0, true)+opened)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	c := composeIn(t, ctx, said, r, lang)
	r.sent(2)
	return c
}

// composeIn is the same in a browser that is prepared.
func composeIn(t *testing.T, ctx context.Context, said func() []string, r *ring, lang string) *composing {
	t.Helper()
	c := &composing{t: t, ctx: ctx, r: r, lang: lang, said: said, text: composerTexts(t, lang)}
	open(t, ctx, r.proxy.URL+"/"+lang+"/about.html")
	data, err := os.ReadFile(driver)
	if err != nil {
		t.Fatal(err)
	}
	in[int](t, ctx, string(data))
	return c
}

// composerTexts are the composer's words of a language by their names.
func composerTexts(t *testing.T, lang string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "page", "src", "compose", "text_"+lang+".ts"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s+(t[A-Z]\w+): "(.*)",$`).FindAllStringSubmatch(string(data), -1) {
		out[m[1]] = m[2]
	}
	if len(out) < 60 {
		t.Fatalf("only %d words of %s", len(out), lang)
	}
	return out
}

// to presses the button that a text names, and waits for the step that another does.
func (c *composing) to(label, step string) {
	c.t.Helper()
	c.press(c.text[label], c.text[step])
}

// enter enters words where they are asked for, and goes on past the echo word, which it gives.
func (c *composing) enter(words []string, step string) string {
	c.t.Helper()
	c.do("pick(%s)", list(words))
	c.do("step(%q)", c.text["tEchoTitle"])
	echo := c.get("echo()")
	c.to("tEchoYes", step)
	return echo
}

// do calls the driver: an expression on it, awaited.
func (c *composing) do(format string, args ...any) {
	c.t.Helper()
	in[any](c.t, c.ctx, "(async () => { await compose."+fmt.Sprintf(format, args...)+"; return 0; })()")
}

func (c *composing) get(expression string) string {
	c.t.Helper()
	return in[string](c.t, c.ctx, "compose."+expression)
}

// press presses the button with a name of the language's words, and waits for the next heading.
func (c *composing) press(label, then string) {
	c.t.Helper()
	c.do("press(%q)", label)
	if then != "" {
		c.do("step(%q)", then)
	}
}

// look reads the accessibility tree, runs axe-core in light and dark, and keeps screenshots where pictures are asked for.
func (c *composing) look(name string) {
	c.t.Helper()
	if name == "start" {
		c.limits()
	}
	for _, wrong := range c.tree() {
		c.t.Errorf("%s in %s: accessibility tree: %s", name, c.lang, wrong)
	}
	dir := os.Getenv(picturesDir)
	for _, scheme := range []string{"light", "dark"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // else buttons fade
		}}
		if _, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, media); err != nil {
			c.t.Fatal(err)
		}
		in[any](c.t, c.ctx, "new Promise((f) => setTimeout(f, 200))")
		for _, wrong := range c.axe() {
			c.t.Errorf("%s in %s, %s: axe: %s", name, c.lang, scheme, wrong)
		}
		if dir != "" {
			shot, err := chromedp.Run(c.ctx, chromedp.CaptureScreenshot())
			if err != nil {
				c.t.Fatal(err)
			}
			width := in[int](c.t, c.ctx, "innerWidth")
			file := fmt.Sprintf("compose-%s-%d-%02d-%s-%s.png", c.lang, width, c.shot, name, scheme)
			if err := os.WriteFile(filepath.Join(dir, file), shot, 0o600); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	c.shot++
}

// axe gives what axe-core finds against the page and the composer in it. It fetches nothing.
func (c *composing) axe() []string {
	c.t.Helper()
	if in[bool](c.t, c.ctx, "!window.axe") {
		script, err := os.ReadFile(filepath.Join("..", "..", "page", "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			c.t.Fatalf("run make install first: %v", err)
		}
		in[int](c.t, c.ctx, string(script)+"; 0")
	}
	return in[[]string](c.t, c.ctx, axeRun)
}

// axeRun runs axe-core on a page that has it, without fetching anything, and gives what it finds.
const axeRun = `axe.run(document, { resultTypes: ["violations"], preload: false }).then((r) =>
	r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.flat().join(" ") + " " + n.failureSummary).slice(0, 3).join(", ")))`

// What is written in the page arrives at the desk; its answer is read in the page; nothing in
// between asks for anything, or leaves an address or a history entry.
func TestComposerEndToEndInChromium(t *testing.T) {
	r := pageSite(t, nil)
	c := compose(t, r, "en", 360, 800)
	before := in[string](t, c.ctx, `location.href + " " + history.length + " " + document.title`)
	c.do("open()")
	c.do("step(%q)", "Before you write")
	c.look("start")
	c.press("Write for the first time", "Your eight words")
	c.look("words")
	words := in[[]string](t, c.ctx, "compose.words()")
	if len(words) != 8 {
		t.Fatalf("%d words", len(words))
	}
	c.press("I know them", "Now enter them")
	c.look("picker")

	// Other words are no loss.
	other := slices.Clone(words)
	slices.Reverse(other)
	c.do("pick(%s)", list(other))
	if slices.Equal(words, other) || !strings.Contains(c.get("text()"), "Nothing is lost") {
		t.Error("other words are taken for the ones that were shown")
	}
	c.do("pick(%s)", list(words))
	c.do("step(%q)", "The echo word")
	c.look("echo")
	echo := c.get("echo()")
	c.press("Go on", "Your letter")
	c.press("Send", "")
	c.do("until(() => compose.text().includes(%q), 'a refusal')", "The letter is empty")
	c.do("type(%q)", "국경에서 본 것을 씁니다. <b>아무도</b> 모릅니다.")
	c.do("until(() => compose.text().includes(%q), 'its size')", "Pieces: 1.")
	c.look("letter")
	c.press("Send", "Where your letter is")
	c.look("waits")
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("writing asked for %q", got)
	}
	if after := in[string](t, c.ctx, `location.href + " " + history.length + " " + document.title`); after != before {
		t.Errorf("the composer left %q, before it was %q", after, before)
	}
	c.press("Read on", "")
	in[any](t, c.ctx, `document.querySelector("footer a[href$='index.html']").click()`)
	r.sent(2)
	c.do("open()")
	c.press("Where your letter is", "Where your letter is")
	if text := c.get("text()"); !strings.Contains(text, "All pieces have left") || !strings.Contains(text, "1 of 1") {
		t.Errorf("after a view: %s", text)
	}
	c.press("Leave now", "")
	if in[bool](t, c.ctx, "compose.root() !== null") {
		t.Error("leaving leaves the sheet")
	}

	if said := r.answer("잘 받았습니다. <i>조심하십시오.</i>", 1); !slices.Contains(said, "국경에서 본 것을 씁니다. <b>아무도</b> 모릅니다.") {
		t.Errorf("the desk read %q", said)
	}
	c = compose(t, r, "en", 1280, 800)
	c.do("open()")
	c.press("I have eight words", "Your eight words")
	c.do("pick(%s)", list(words))
	c.do("step(%q)", "The echo word")
	if got := c.get("echo()"); got != echo {
		t.Errorf("the echo word is %q, was %q", got, echo)
	}
	c.press("Go on", "Your conversation")
	c.look("reply")
	text := c.get("text()")
	for _, want := range []string{"잘 받았습니다. <i>조심하십시오.</i>", "bulletin of October 5, 2026", "received 1 of the pieces"} {
		if !strings.Contains(text, want) {
			t.Errorf("the conversation does not say %q:\n%s", want, text)
		}
	}
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("reading asked for %q", got)
	}
	for _, s := range slices.Concat(c.said(), in[[]string](t, c.ctx, "touched"), in[[]string](t, c.ctx, "broken")) {
		t.Errorf("the page said: %s", s)
	}
}

// list is words as a JavaScript array.
func list(words []string) string { return `["` + strings.Join(words, `","`) + `"]` }

// In each language: any eight words open a conversation that looks new (P6), help has its
// short way, and Esc twice leaves nothing.
func TestComposerInEachLanguage(t *testing.T) { // P6
	t.Parallel()
	r := pageSite(t, nil)
	for _, l := range []struct {
		lang, known, words, echo, yes, talk, write, letter, needHelp, helpTitle, send, waits string
	}{
		{
			"ko", "여덟 단어가", "당신의 여덟 단어", "메아리 단어", "계속", "당신의 대화", "편지 쓰기", "당신의 편지", "도움이 필요", "무엇이 필요합니까?", "다음 기사들과", "편지가 있는 곳",
		},
		{
			"zh", "我有八个词", "您的八个词", "回声词", "继续", "您的对话", "写信", "您的信", "我需要帮助", "您需要什么？", "随下面的", "信的去向",
		},
	} {
		t.Run(l.lang, func(t *testing.T) {
			c := compose(t, r, l.lang, 360, 800)
			c.do("open()")
			c.look("start")
			c.press(l.known, l.words)
			c.look("picker")
			c.arrows()
			c.do("pick(%s)", list(anyWords[l.lang]))
			c.do("step(%q)", l.echo)
			c.press(l.yes, l.talk)
			c.look("new")
			c.press(l.write, l.letter)
			c.look("letter")
			in[any](t, c.ctx, `(() => { for (const n of [1, 2]) compose.root().querySelector("dialog").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })); })()`)
			if in[bool](t, c.ctx, "compose.root() !== null") {
				t.Error("Esc twice leaves the sheet")
			}
			c.do("open()")
			c.press(l.needHelp, l.words)
			words := in[[]string](t, c.ctx, "compose.words()")
			c.do("press(%q)", map[string]string{"ko": "다 외웠습니다", "zh": "我背下来了"}[l.lang])
			c.do("pick(%s)", list(words))
			c.do("step(%q)", l.echo)
			c.press(l.yes, l.helpTitle)
			c.press(l.send, "") // what is empty is refused where it stands
			c.do("until(() => compose.root().querySelector('[role=alert]').textContent, 'a refusal')")
			c.do("step(%q)", l.helpTitle)
			c.do("type(%q, 0)", "X")
			c.do("type(%q, 4)", "Y")
			c.look("help")
			c.press(l.send, l.waits)
			c.look("waits")
			if got := r.visitor(); len(got) != 0 {
				t.Errorf("asked for %q", got)
			}
			for _, s := range slices.Concat(c.said(), in[[]string](t, c.ctx, "touched"), in[[]string](t, c.ctx, "broken")) {
				t.Errorf("the page said: %s", s)
			}
		})
	}
}

// limits wants all limits of what Kkachi can do on the first sheet, and how many readers there are:
// before a word is written.
func (c *composing) limits() {
	c.t.Helper()
	text := in[string](c.t, c.ctx, `compose.root().querySelector("dialog").innerText`)
	crowd := map[string]string{"ko": "당신 가까이에는", "en": "Near you", "zh": "附近"}[c.lang]
	if !strings.Contains(text, crowd) {
		c.t.Errorf("%s: nothing of the crowd before the first word:\n%s", c.lang, text)
	}
	n := 0
	for key := "site.limit_1"; lang.Has(lang.Tag(c.lang), key); key = fmt.Sprint("site.limit_", n+1) {
		if want := lang.T(lang.Tag(c.lang), key); !strings.Contains(text, want) {
			c.t.Errorf("%s: before the first word it is not said that %s", c.lang, want)
		}
		n++
	}
	if n < 7 {
		c.t.Errorf("%d limits are known", n)
	}
}

// While the page is hidden nothing of it can be read, and leaving the page wipes it.
func TestComposerHidesAndWipes(t *testing.T) {
	t.Parallel()
	r := pageSite(t, nil)
	c := compose(t, r, "en", 360, 640)
	c.do("open()")
	c.press("Write for the first time", "Your eight words")
	in[any](t, c.ctx, `(() => { Object.defineProperty(document, "hidden", { value: true, configurable: true }); document.dispatchEvent(new Event("visibilitychange")); })()`)
	if text := in[string](t, c.ctx, `compose.root().querySelector("dialog").innerText`); !strings.Contains(text, "Hidden while you were away") || strings.Contains(text, "Your eight words") {
		t.Errorf("a hidden page shows %q", text)
	}
	if !in[bool](t, c.ctx, `compose.root().querySelector(".leave").getClientRects().length > 0`) {
		t.Error("a hidden page can't be left by its button")
	}
	c.look("hidden")
	c.press("Show it again", "Your eight words")
	in[any](t, c.ctx, `compose.root().querySelector(".step").append(document.createElement("button"))`)
	if wrong := c.axe(); len(wrong) != 1 || !strings.HasPrefix(wrong[0], "button-name") {
		t.Errorf("axe-core finds %q of a button without a name that was planted", wrong)
	}
	if wrong := c.tree(); !slices.Equal(wrong, []string{"button without a name"}) {
		t.Errorf("in the accessibility tree %q is wrong, where a button without a name was planted", wrong)
	}
	in[any](t, c.ctx, `dispatchEvent(new Event("pagehide"))`)
	if in[bool](t, c.ctx, "compose.root() !== null") {
		t.Error("leaving the page leaves the sheet")
	}
}
