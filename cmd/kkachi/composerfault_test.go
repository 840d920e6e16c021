package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"kkachi/internal/desk"
)

// known opens a conversation by any eight words and leads to where a letter is written.
func (c *composing) known() {
	c.t.Helper()
	c.do("open()")
	c.press("I have eight words", "Your eight words")
	c.do("pick(%s)", list(anyWords["en"]))
	c.do("step(%q)", "The echo word")
	c.press("Go on", "Your conversation")
	c.press("Write a letter", "Your letter")
}

// turn follows a link of the foot, which is a view.
func (c *composing) turn(end string) {
	c.t.Helper()
	in[any](c.t, c.ctx, `(document.querySelector("footer a[href$='`+end+`.html'], .name a[href$='`+end+`.html']").click(), 0)`)
	c.do("until(() => location.pathname.endsWith(%q), 'another page')", "/"+end+".html")
}

// waits gives what is said of the letters that wait, and closes the composer.
func (c *composing) waits() string {
	c.t.Helper()
	c.do("open()")
	c.press("Where your letter is", "Where your letter is")
	text := c.get("text()")
	c.press("Read on", "")
	return text
}

// Without notes that hold, the composer says one sentence, queues nothing, and leaves what was
// written where it stands; likewise when the worker dies, during Argon2id or later.
func TestComposerRefusesInOneSentence(t *testing.T) {
	t.Parallel()
	r := pageSite(t, nil)
	f := r.fail()
	at := func(settings string) *composing {
		ctx, said := strictBrowser(t, settings+opened)
		c := composeIn(t, ctx, said, r, "en")
		c.do("open()")
		return c
	}
	for _, fault := range []string{"503", "away", "expired"} {
		f.mode.Store(fault)
		ahead, sentence := time.Duration(0), "could not be fetched. Nothing is sent."
		if fault == "expired" {
			ahead, sentence = 48*time.Hour, "clock of this device or this site is wrong. Nothing is sent."
		}
		c := at(r.settings(ahead, true))
		c.do("until(() => compose.text().includes(%q), 'one sentence')", sentence)
		c.press("Leave now", "")
		c.known()
		c.do("type(%q)", "stays where it stands")
		c.press("Send", "")
		c.do("until(() => compose.text().includes(%q), 'a refusal')", sentence)
		if text := c.get("text()"); !strings.Contains(text, "stays where it stands") || c.get("title()") != "Your letter" {
			t.Errorf("%s: a refusal takes away what was written: %s", fault, text)
		}
		if got := counts(r.visitor()); got[2] != 0 {
			t.Errorf("%s: %d cells", fault, got[2])
		}
	}

	// The second worker, as start.ts makes them, does a composer's work.
	f.mode.Store("")
	c := at(r.settings(0, true) + `), ((Real) => { window.workers = []; window.Worker = class extends Real { constructor(url) { super(url); workers.push(this); } }; })(Worker`)
	r.sent(2)
	c.press("I have eight words", "Your eight words")
	c.do("pick(%s)", list(anyWords["en"]))
	in[any](t, c.ctx, `(workers[1].dispatchEvent(new ErrorEvent("error")), 0)`)
	c.do("until(() => compose.text().includes(%q), 'a failure')", "This device could not do it. Nothing was sent.")
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("a worker that died asked for %q", got)
	}
}

// hostile is what a letter, an answer or an article may hold in each language: markup, bidi
// controls, homographs.
var hostile = map[string]string{
	"ko": "<img src=/x onerror=window.ran=1><script>window.ran=1</script>\u202e거꾸로\u2066 Кkachi</article>",
	"en": "</div><svg onload=window.ran=1></svg><iframe src=javascript:window.ran=1></iframe>\u202eesrever\u2069 раypal {0} &lt;b&gt;",
	"zh": "<a href=javascript:window.ran=1>点</a><style>*{display:none}</style>\u2067倒\u202d 一—ー --> <!-- x --> ]]>",
}

// Hostile words in a letter, in an answer and in an article change nothing: they are text,
// nothing runs, nothing is asked for.
func TestComposerShowsHostileWordsAsText(t *testing.T) {
	t.Parallel()
	r := pageSite(t, nil)
	f := r.fail()
	for _, lang := range []string{"ko", "en", "zh"} {
		bad := hostile[lang]
		f.mend = func(path string, page []byte) []byte {
			if !strings.HasSuffix(path, lang+"/index.html") {
				return page
			}
			return bytes.Replace(page, []byte("</main>"), []byte("<h2>"+bad+"</h2></main>"), 1)
		}
		c := compose(t, r, "en", 360, 800)
		if lang != "en" {
			in[any](t, c.ctx, `(document.querySelector("a[href$='`+lang+`/about.html']").click(), 0)`)
			c.do("until(() => document.documentElement.lang.startsWith(%q), 'the language')", lang)
			r.sent(2)
		}
		c.turn("index")
		r.sent(2)
		if shown := in[string](t, c.ctx, "document.body.textContent"); !strings.Contains(shown, map[string]string{"ko": "거꾸로", "en": "esrever", "zh": "倒"}[lang]) {
			t.Errorf("%s: the article was not altered: the test tests nothing", lang)
		}
		c.do("open()")
		in[any](t, c.ctx, `new Promise((f) => setTimeout(f, 300))`)
		wrong := in[[]string](t, c.ctx, `[...(window.ran ? ["a script ran"] : []), ...touched,
			...[...document.querySelectorAll("body script, body style, iframe, svg, [onerror], [onload], [href^=javascript]")].map((e) => e.outerHTML)]`)
		for _, w := range wrong {
			t.Errorf("%s: an article brought in %s", lang, w)
		}
		if got := r.visitor(); len(got) != 0 {
			t.Errorf("%s: an article asked for %q", lang, got)
		}
	}
	f.mend = func(_ string, page []byte) []byte { return page }

	all := hostile["ko"] + hostile["en"] + hostile["zh"]
	c := compose(t, r, "en", 360, 800)
	c.known()
	c.do("type(%q)", all)
	if got := in[string](t, c.ctx, `compose.root().querySelector(".text").textContent + compose.root().querySelectorAll(".text *").length`); got != all+"0" {
		t.Errorf("the field holds %q", got)
	}
	c.press("Send", "Where your letter is")
	c.press("Read on", "")
	c.turn("index")
	r.sent(2)
	if at := r.answer(all, 1); len(at) != 1 || at[0] != all {
		t.Errorf("the desk read %q", at)
	}
	c = compose(t, r, "en", 360, 800)
	c.do("open()")
	c.press("I have eight words", "Your eight words")
	c.do("pick(%s)", list(anyWords["en"]))
	c.do("step(%q)", "The echo word")
	c.press("Go on", "Your conversation")
	if got := in[string](t, c.ctx, `(() => { const d = compose.root().querySelector(".reply [dir=auto]"); return d.textContent + d.children.length; })()`); got != all+"0" {
		t.Errorf("the answer is shown as %q", got)
	}
	if in[bool](t, c.ctx, "!!window.ran") {
		t.Error("a script ran")
	}
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("an answer asked for %q", got)
	}
}

// photoWith is a photograph beside whose pixels a camera wrote something.
func photoWith(t *testing.T, beside string) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for x := range 320 {
		for y := range 240 {
			picture.Set(x, y, color.RGBA{uint8(x * 255 / 320), uint8(y), 90, 255})
		}
	}
	var whole bytes.Buffer
	if err := jpeg.Encode(&whole, picture, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte{0xff, 0xe1, 0, byte(len(beside) + 2)}, beside...)
	return append(append(bytes.Clone(whole.Bytes()[:2]), exif...), whole.Bytes()[2:]...)
}

// choose gives a photograph to the composer.
func (c *composing) choose(photo []byte) {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "photo.jpg")
	if err := os.WriteFile(path, photo, 0o600); err != nil {
		c.t.Fatal(err)
	}
	input, err := chromedp.Call(c.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: `compose.root().querySelector("input[type=file]")`})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := chromedp.Call(c.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: input.Result.ObjectID}); err != nil {
		c.t.Fatal(err)
	}
}

// beside is what a camera wrote into a test's photograph.
const beside = "Exif\x00\x00PLANTED CAMERA 37.5665N"

// A photograph arrives at the desk as a picture of its pixels: nothing that stood beside them.
func TestComposerSendsAPhotographWithoutItsMetadata(t *testing.T) {
	t.Parallel()
	r := pageSite(t, nil)
	c := compose(t, r, "en", 360, 800)
	c.known()
	file := photoWith(t, beside)
	c.choose(file)
	c.do("until(() => /Pieces: \\d+/.test(compose.text()) && compose.text().includes(%q), 'its size')", "Leave the photograph out")
	views := in[int](t, c.ctx, `Number(/Articles to open: (\d+)/.exec(compose.text())[1])`)
	c.look("photo")
	c.press("Send", "Where your letter is")
	c.press("Read on", "")
	for i := range views {
		c.turn([]string{"index", "about"}[i%2])
		r.sent(2)
	}
	if text := c.waits(); !strings.Contains(text, "All pieces have left") {
		t.Fatalf("after %d views: %s", views, text)
	}
	r.answer("a picture", 1)
	r.atDesk(func(_ *world, _ *newsroom, d *desk.Desk) {
		rows, err := d.Inbox(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		thread, err := d.Thread(t.Context(), rows[0].ID)
		if err != nil || len(thread.Reports) != 1 || !thread.Reports[0].File {
			t.Fatalf("no file arrived: %v", err)
		}
		got := thread.Reports[0].FileBytes
		config, err := jpeg.DecodeConfig(bytes.NewReader(got))
		if err != nil || config.Width != 320 || config.Height != 240 {
			t.Errorf("the file is %d × %d, %v", config.Width, config.Height, err)
		}
		if !bytes.Contains(file, []byte("PLANTED")) || bytes.Contains(got, []byte("PLANTED")) || bytes.Contains(got, []byte("Exif")) {
			t.Error("what the camera wrote arrived")
		}
	})
}
