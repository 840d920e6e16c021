package web

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// axe lists what axe-core finds wrong with the page as it stands.
func (b *browser) axe(name string) {
	b.t.Helper()
	src, err := os.ReadFile("../../../page/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("CI") != "" {
			b.t.Fatal("axe-core is missing: `make install` brings it")
		}
		return // said by TestAxe
	}
	_, err = chromedp.Call(b.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	must(b.t, err)
	b.do(chromedp.Evaluate[chromedp.Void](string(src)))
	for _, f := range eval[[]string](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.flatMap(v => v.nodes.map(n =>
		v.id + " (" + v.impact + "): " + n.target.join(" ") + " " + (n.any.concat(n.all, n.none)[0]?.message || v.help))))`) {
		b.t.Errorf("%s: %s", name, f)
	}
}

// looked takes a picture, and says if the page is wider than the window.
func (b *browser) looked(name string) {
	b.t.Helper()
	if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		b.t.Errorf("%s: %d px wider than the window", name, over)
	}
	b.picture(name)
}

// What journalists do on a story beside writing it, in a real browser: comment beside a
// sentence, lose a tab and find the words again, move, compare and bring back versions; and
// once it is printed, correct it and take it back.
func TestWorkOnAStory(t *testing.T) {
	if testing.Short() {
		t.Skip("the same pages are driven without -short")
	}
	drive(t, 5, workOnAStory)
}

func workOnAStory(t *testing.T, w way) {
	r := newRoom(t)
	r.tell()
	claims := r.judge()
	id := r.write(claims)
	b := w.browser(newHouse(t, r))
	story := "/story/" + id.String()

	b.marginStandsBeside(story)
	b.overruleByTwo(r, id)
	b.commentBeside(r, id)
	b.loseTheTab(r, id)
	b.putBetweenAndRemove(r, id)
	b.compareAndBringBack(r, id)
	b.axe("story")
	r.release(id)
	b.open(story + "?view=en")
	b.correctAndTakeBack(r, id)
	b.saysWhatIsAsked(r, r.write(claims))
}

// marginStandsBeside looks at where notes stand: each beside its sentence, none over another.
func (b *browser) marginStandsBeside(story string) {
	b.t.Helper()
	b.open(story + "?view=en")
	b.until(`document.querySelector("[data-note]")`)
	off := eval[[]string](b, `(() => { const out = []; let end = 0;
		for (const n of document.querySelectorAll("[data-note]")) {
			const s = document.getElementById(n.dataset.note).getClientRects()[0], r = n.getBoundingClientRect();
			if (r.top < s.top - 8) out.push(n.dataset.note + " stands above its sentence");
			if (r.top < end) out.push(n.dataset.note + " covers the note before");
			if (innerWidth > 900 && r.left < s.left) out.push(n.dataset.note + " is not in the margin");
			end = r.bottom;
		}
		return out; })()`)
	for _, o := range off {
		b.t.Error(o)
	}
}

// overruleByTwo lets two people pass over what blocks, each with a reason and a passphrase:
// one alone changes nothing, a wrong passphrase is said, and what was passed over stays told.
func (b *browser) overruleByTwo(r *room, id desk.ID) {
	b.t.Helper()
	answered := func() int { return eval[int](b, `document.querySelectorAll(".findings .answered").length`) }
	sign := func(name, pass string) {
		b.openAll()
		b.choose("#o-who", name)
		b.fill("#o-why", "Both editors know the place.")
		b.fill("#o-pass", pass)
		b.send(`form[action$="/override"] button.red`)
	}
	sign("ayla", "not it")
	b.until(`document.body.textContent.includes(` + b.T("desk.problem.passphrase") + `)`)
	b.open("/story/" + id.String() + "?view=en")
	sign("ayla", "pass of ayla")
	b.said("desk.said.override")
	if n := answered(); n != 0 {
		b.t.Errorf("one person passed over %d findings", n)
	}
	sign("boram", "pass of boram")
	b.until(`document.querySelector(".findings .answered")`)
	if told := eval[[]string](b, `[...document.querySelectorAll(".findings .answered")].map((e) => e.textContent)`); !slices.ContainsFunc(told, func(s string) bool {
		return strings.Contains(s, "ayla") && strings.Contains(s, "boram")
	}) {
		b.t.Errorf("who passed over it is told as %q", told)
	}
}

func (b *browser) commentBeside(r *room, id desk.ID) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-note='s1.2'] .say").open = true`))
	b.fill(`[data-note="s1.2"] .say textarea`, "Who else can say this? "+hostile)
	b.send(`[data-note="s1.2"] .say button`)
	b.until(`document.querySelector("[data-note='s1.2'] .comment")`)
	if n := eval[int](b, `document.querySelectorAll(".comment script, .comment img, .comment form[action^='//']").length`); n != 0 {
		b.t.Error("a comment's words became markup")
	}
	v, err := r.desk.Story(b.t.Context(), id)
	must(b.t, err)
	if len(v.Comments) != 1 || v.Comments[0].Sentence != v.Story.Paragraphs[0].Sentences[1].ID || v.Comments[0].By != "mina" {
		b.t.Fatalf("%+v", v.Comments)
	}
	b.key('u')
	b.until(`!document.querySelector("[data-note='s1.2'] .comment")`)
	b.key('u')
	b.until(`document.querySelector("[data-note='s1.2'] .comment")`)
	b.send(`[data-note="s1.2"] .comment button`)
	b.until(`!document.querySelector("[data-note='s1.2'] .comment") && document.querySelector("#comments .comment.done")`)
}

// loseTheTab types into a sentence and leaves: the words are there again, marked as not saved.
func (b *browser) loseTheTab(r *room, id desk.ID) {
	b.t.Helper()
	story := "/story/" + id.String()
	b.open(story + "?view=en&s=1.1#write")
	b.until(`document.getElementById("t-en")`)
	b.fill("#t-en", "{said} that sessions are held much more often.")
	b.open("/claims") // at once: what was typed goes with the page
	b.until(`location.pathname === "/claims"`)
	b.finds(story+"?view=en", `document.querySelector(".typed a")`)
	b.send(".typed a")
	b.until(`document.getElementById("t-en").value.includes("much more often")`)
	b.send("#write button.main")
	b.until(`document.querySelector(".notice") && !document.querySelector(".typed")`)
	v, err := r.desk.Story(b.t.Context(), id)
	must(b.t, err)
	if got := v.Story.Paragraphs[0].Sentences[0].Text[lang.English]; !strings.Contains(got, "much more often") || len(v.Drafts) != 0 {
		b.t.Errorf("%q, drafts %v", got, v.Drafts)
	}
	b.open(story + "?view=en&s=1.2#write")
	b.until(`document.getElementById("t-ko")`)
	b.fill("#t-ko", "버릴 글")
	b.until(`document.querySelector("#write [data-saved]").textContent !== ""`)
	b.open("/claims")
	b.open(story + "?view=en&s=1.2#write")
	b.until(`document.getElementById("t-ko").value === "버릴 글"`)
	b.send(`button[formaction$="/discard"]`)
	b.until(`!document.querySelector(".typed")`)
}

// compareAndBringBack moves a sentence, looks at what changed, and brings the former version
// back.
func (b *browser) compareAndBringBack(r *room, id desk.ID) {
	b.t.Helper()
	story := "/story/" + id.String()
	b.open(story + "?view=en&s=1.1#write")
	b.send(`button[name=by][value="1"]`)
	b.until(`document.querySelector(".notice")`)
	b.key('v')
	b.until(`location.pathname.endsWith("/versions") && document.querySelector(".changes li")`)
	if got := eval[string](b, `document.querySelector(".changes").textContent`); !strings.Contains(got, lang.T(b.tag, "desk.change.moved")) {
		b.t.Errorf("what changed is told as %q", got)
	}
	b.axe("versions")
	v, err := r.desk.Versions(b.t.Context(), id)
	must(b.t, err)
	first := v[len(v)-1].Op.String()
	b.open(story + "/versions?to=" + v[0].Op.String() + "&from=" + first)
	b.until(`document.querySelector(".diff ins") && document.querySelector(".diff del")`)
	b.open(story + "/versions?to=" + first)
	b.send(`form[action$="/restore"] button`)
	b.until(`document.querySelector(".notice")`)
	now, err := r.desk.Story(b.t.Context(), id)
	must(b.t, err)
	then, err := r.desk.Version(b.t.Context(), id, v[len(v)-1].Op)
	must(b.t, err)
	if d := desk.Compare(then, &now.Story); len(d) != 0 {
		b.t.Errorf("brought back it differs: %+v", d)
	}
}

// release answers, approves and releases a story without the pages.
func (r *room) release(id desk.ID) {
	r.t.Helper()
	ctx := r.t.Context()
	v, err := r.desk.Story(ctx, id)
	must(r.t, err)
	_, err = r.desk.SetLevel(ctx, id, 1, 2, lang.Level{Place: 2, Day: 1})
	must(r.t, err)
	if v.Photo != nil && !v.Photo.Copied {
		_, err = r.desk.CleanPhoto(ctx, id)
		must(r.t, err)
	}
	r.answer(id)
	for _, name := range []string{"ayla", "boram"} {
		_, err := r.desk.Approve(ctx, id, name, []byte("pass of "+name))
		must(r.t, err)
	}
	_, err = r.desk.Release(ctx, id)
	must(r.t, err)
}

func (r *room) answer(id desk.ID) {
	r.t.Helper()
	v, err := r.desk.Story(r.t.Context(), id)
	must(r.t, err)
	for _, rule := range v.House {
		if rule.Verdict == desk.Hold {
			_, err := r.desk.AnswerRule(r.t.Context(), id, rule.Rule(), "mina", "Both editors looked at it; see the note of Tuesday.")
			must(r.t, err)
		}
	}
}

func (b *browser) correctAndTakeBack(r *room, id desk.ID) {
	b.t.Helper()
	say := func(prefix, form string) {
		b.openAll()
		for tag, text := range map[string]string{"ko": "처음 기사는 틀렸습니다.", "en": "The first edition had it wrong.", "zh": "初版有误。"} {
			b.fill("#"+prefix+"-"+tag, text)
		}
		b.send(`form[action$="` + form + `"] button`)
		b.until(`document.querySelector(".notice")`)
	}
	say("co", "/correct")
	b.until(`document.querySelector(".corrected li")`)
	say("re", "/retract")
	b.until(`document.querySelector(".taken-back")`)
	b.openAll()
	b.axe("retracted")
	v, err := r.desk.Story(b.t.Context(), id)
	must(b.t, err)
	if !v.Retracted || len(v.Story.Corrections) != 1 || v.Verdict != desk.Pass {
		b.t.Errorf("%+v %s", v.StoryRow, v.Verdict)
	}
	b.open("/story/" + id.String() + "/preview/en")
	b.until(`document.querySelector(".retraction") && !document.querySelector(".body")`)
	b.open("/story/" + id.String() + "/release/1/ko")
	b.until(`document.querySelector(".body") && !document.querySelector(".retraction")`)
	b.open("/story/" + id.String())
	b.send(`form[action$="/again"] button`)
	b.until(`!document.querySelector(".taken-back")`)
}

// A file of another format is kept and not shown; its name, whatever it is, changes nothing.
func TestClosedFileAndItsName(t *testing.T) {
	r := newRoom(t)
	r.tell()
	id := r.write(r.judge())
	_, err := r.desk.SetPhoto(t.Context(), id, []byte("GIF89a no picture of ours"), "\u202Egpj.<script>alert(1)</script>.JPG", desk.Photo{Caption: trio(hostile, hostile, hostile)})
	must(t, err)
	h := newHouse(t, r).enter()
	got := body(t, h.ask("GET", "/story/"+id.String(), "", nil))
	shown := html.UnescapeString(regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(got, ""))
	if strings.Contains(got, "<script>alert") || strings.Contains(shown, "\u202E") || !strings.Contains(shown, "U+202E") || !strings.Contains(shown, ".JPG") {
		t.Error("the name of a file acts on the page")
	}
	if !strings.Contains(got, lang.T(lang.English, "desk.photo.closed")) && !strings.Contains(got, lang.T(lang.Korean, "desk.photo.closed")) {
		t.Error("the page does not say that the file stays closed")
	}
}

// Pictures of the story page, empty and full, at the desk's width and a telephone's.
func TestPicturesOfStories(t *testing.T) {
	if os.Getenv("KKACHI_PICTURES") == "" {
		t.Skip("KKACHI_PICTURES names no folder")
	}
	r := newRoom(t)
	r.tell()
	id := r.write(r.judge())
	v, err := r.desk.Story(t.Context(), id)
	must(t, err)
	_, _, err = r.desk.AddComment(t.Context(), id, v.Story.Paragraphs[0].Sentences[1].ID, "jin", "Is “swear loyalty” her word, or ours?")
	must(t, err)
	must(t, r.desk.SaveDraft(t.Context(), sentenceKey(&v.Story.Paragraphs[1].Sentences[0], "")+"en", id, "Typed and not saved."))
	_, err = r.desk.AnswerRule(t.Context(), id, "house vital", "mina", "Without it there is no story.")
	must(t, err)
	sn := v.Story.Paragraphs[0].Sentences[0]
	sn.Text[lang.English], sn.Grave = "{said} that sessions at missions abroad are now held every other day.", true
	_, err = r.desk.SetSentence(t.Context(), id, 0, 0, sn)
	must(t, err)
	empty, _, err := r.desk.NewStory(t.Context(), desk.Story{Title: "Nothing yet", Original: lang.Korean})
	must(t, err)
	done := r.write(r.judge())
	r.release(done)
	_, err = r.desk.Correct(t.Context(), done, trio("‘매주’가 아니라 ‘이틀마다’입니다.", "It is every two days, not every week.", "应为每两天，而非每周。"))
	must(t, err)
	taken := r.write(r.judge())
	r.release(taken)
	_, err = r.desk.Retract(t.Context(), taken, trio("사실이 아니었습니다.", "It was not so.", "与事实不符。"))
	must(t, err)
	b := newBrowser(t, newHouse(t, r))
	pages := map[string]string{
		"story": "/story/" + id.String(), "side": "/story/" + id.String() + "?view=side", "sentence": "/story/" + id.String() + "?view=ko&s=1.1#write",
		"versions": "/story/" + id.String() + "/versions", "empty": "/story/" + empty.String(), "released": "/story/" + done.String(),
		"retracted": "/story/" + taken.String(), "stories": "/stories", "preview": "/story/" + taken.String() + "/preview/ko",
	}
	for _, tag := range []string{"en", "ko", "zh"} {
		b.speak(tag)
		for _, width := range []int64{1280, 360} {
			b.size(width, map[int64]int64{1280: 1500, 360: 2600}[width])
			for _, dark := range []bool{false, true} {
				if dark && tag != "en" {
					continue
				}
				b.dark(dark)
				for name, path := range pages {
					full := strings.Join([]string{name, tag, map[int64]string{1280: "1280", 360: "360"}[width], map[bool]string{false: "light", true: "dark"}[dark]}, "-")
					if ok, _ := filepath.Match(os.Getenv("KKACHI_PICTURES_ONLY"), full); !ok && os.Getenv("KKACHI_PICTURES_ONLY") != "" {
						continue
					}
					b.open(path)
					b.until(`document.querySelector("main")`)
					b.looked("stories-" + full)
				}
			}
		}
	}
}
