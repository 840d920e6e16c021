package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
)

// The main way through the desk, with a real browser and a real desk, by keyboard where a
// journalist would: link, inbox, thread, draft, reply, claim from selected words, evidence,
// story, gate, photograph, approval by two, release.
func TestFromLinkToRelease(t *testing.T) { drive(t, 6, fromLinkToRelease) }

func fromLinkToRelease(t *testing.T, w way) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "안녕하십니까.\n요즘 우리에 대한 통제가 심해졌습니다. 이틀에 한 번씩 모입니다.", cell.ReplyID{})
	r.name("A")
	r.letter("C", cell.KindLetter, "他们每两天开一次会。", cell.ReplyID{})
	r.name("C")
	b := w.browser(newHouse(t, r))
	ctx := t.Context()

	if link := eval[string](b, `location.href`); strings.Contains(link, "#") {
		t.Errorf("the token is still in the address: %s", link)
	}
	b.openByKeys(r.ids["A"].String())
	b.replyWithDraft(r)
	claim := b.claimFromWords(r)
	b.addEvidence(r, claim)
	story := b.writeStory(claim)
	b.printIt(story)

	view, err := r.desk.Story(ctx, story)
	must(t, err)
	if view.State != desk.Released || len(view.Releases) != 1 || len(view.Releases[0].By) != 2 {
		t.Errorf("the story is %s with %d releases", view.State, len(view.Releases))
	}
}

// openByKeys goes to a conversation with j and o alone.
func (b *browser) openByKeys(source string) {
	b.t.Helper()
	for range 5 {
		b.key('j')
		if eval[string](b, `document.activeElement.getAttribute("href") || ""`) == "/thread/"+source {
			b.key('o')
			b.until(`location.pathname === "/thread/` + source + `"`)
			return
		}
	}
	b.t.Fatal("j does not reach the conversation")
}

// replyWithDraft types a reply, loses the tab, finds the draft again, and sends it.
func (b *browser) replyWithDraft(r *room) {
	b.t.Helper()
	b.key('r')
	b.until(`document.activeElement.id === "reply"`)
	b.do(chromedp.KeyEvent("Thank you. "))
	b.until(`document.querySelector("[data-saved]").textContent !== ""`)
	b.do(chromedp.KeyEvent("We read it."))
	b.open("/claims") // at once: what was typed goes with the page
	b.until(`location.pathname === "/claims"`)
	b.finds("/thread/"+r.ids["A"].String(), `document.getElementById("reply").value === "Thank you. We read it."`)
	b.key('r')
	b.until(`document.activeElement.id === "reply"`)
	b.do(chromedp.KeyEvent(" Bye."))
	b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.until(`document.querySelector(".notice") && document.querySelector(".ours .mark.wait")`)
	draft, err := r.desk.Draft(b.t.Context(), draftReply, r.ids["A"])
	must(b.t, err)
	if draft != "" {
		b.t.Errorf("the draft stayed after the reply went: %q", draft)
	}
}

// claimFromWords selects words of the letter, across its line break, and presses c.
func (b *browser) claimFromWords(r *room) desk.ID {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`(() => {
		const n = document.querySelector("[data-report] .words-block").firstChild, s = n.textContent;
		const at = document.createRange(); at.setStart(n, s.indexOf("까.") - 1); at.setEnd(n, s.indexOf("통제가") + 3);
		getSelection().removeAllRanges(); getSelection().addRange(at);
	})()`))
	b.until(`!document.getElementById("pick").hidden`)
	if !eval[bool](b, `(() => { const p = document.getElementById("pick").getBoundingClientRect(), s = getSelection().getRangeAt(0).getBoundingClientRect();
		return Math.abs(p.left - s.left) < 40 && p.top >= s.bottom && p.top < s.bottom + 24; })()`) {
		b.t.Error("the bar does not stand under the selected words")
	}
	b.key('c')
	b.until(`document.getElementById("claim").open && document.activeElement.id === "claim-text"`)
	b.do(chromedp.KeyEvent("Sessions are held every two days"))
	b.send(`#claim button.main`)
	b.until(`location.pathname.startsWith("/claim/") && document.querySelector("h1").textContent.includes("every two days")`)
	rows, err := r.desk.Claims(b.t.Context())
	must(b.t, err)
	view, err := r.desk.Claim(b.t.Context(), rows[0].ID)
	must(b.t, err)
	if len(view.Evidence) != 1 || !strings.Contains(view.Evidence[0].Words, "\n") {
		b.t.Fatalf("the claim rests on %+v", view.Evidence)
	}
	return rows[0].ID
}

// addEvidence makes a second chain, takes it back by u, and does it again.
func (b *browser) addEvidence(r *room, claim desk.ID) {
	b.t.Helper()
	rung := func() ladder.Rung {
		view, err := r.desk.Claim(b.t.Context(), claim)
		must(b.t, err)
		return view.Rung
	}
	b.key('e')
	b.choose("#report", eval[string](b, `[...document.getElementById("report").options].find(o => o.text.startsWith("02")).value`))
	b.send(`form[action="/evidence/new"] button.main`)
	b.until(`document.querySelectorAll(".evidence tbody tr").length === 2 && document.querySelector(".standing .mark.two")`)
	if rung() != ladder.Independent {
		b.t.Fatalf("the rung is %q", rung())
	}
	b.key('u')
	b.until(`document.querySelectorAll(".evidence tbody tr").length === 1`)
	if rung() != ladder.OneChain {
		b.t.Fatalf("after undo the rung is %q", rung())
	}
	b.key('u')
	b.until(`document.querySelectorAll(".evidence tbody tr").length === 2`)
	if rung() != ladder.Independent {
		b.t.Fatalf("after undoing the undo the rung is %q", rung())
	}
}

// writeStory makes a story of one sentence in three languages, its photograph included.
func (b *browser) writeStory(claim desk.ID) desk.ID {
	b.t.Helper()
	b.key('g')
	b.key('s')
	b.until(`location.pathname === "/stories"`)
	b.key('n')
	b.until(`location.pathname === "/story/new"`)
	b.fill("#title", "Sessions")
	b.send("form button.main")
	b.until(`/^\/story\/[0-9a-f]{32}$/.test(location.pathname)`)
	id, err := desk.ParseID(strings.TrimPrefix(eval[string](b, `location.pathname`), "/story/"))
	must(b.t, err)
	b.key('n')
	b.until(`document.getElementById("write")`)
	b.fill("#t-ko", "{said} 모임이 이틀에 한 번 열린다고 전했다.")
	b.fill("#t-en", "{said} that sessions are held every two days.")
	b.fill("#t-zh", "{said}，学习会改为两天一次。")
	b.click(`input[name=claims][value="` + claim.String() + `"]`)
	b.choose("#l-medium", "2") // by telephone: finer than allowed
	b.send("#write button.main")
	b.until(`document.querySelector(".lead-line .mark.block")`)
	for tag, text := range map[string][3]string{
		"ko": {"모임이 잦아졌다", "이틀에 한 번 모인다.", "위험해질 수 있어 이름을 밝히지 않는다."},
		"en": {"Sessions every two days", "They meet more often.", "They would be in danger if they were known."},
		"zh": {"学习会更加频繁", "改为两天一次。", "身份曝光会有危险，因此不公布姓名。"},
	} {
		b.openAll()
		b.fill("#h-"+tag, text[0])
		b.fill("#f-"+tag, text[1])
		b.fill("#w-"+tag, text[2])
		b.send(`form[action$="/edition"]:has(#h-` + tag + `) button`)
		b.until(`document.querySelector(".notice") && document.querySelector("#h-` + tag + `").value !== ""`)
	}
	return id
}

// printIt mends what the gate says, has two people approve, and releases.
func (b *browser) printIt(story desk.ID) {
	b.t.Helper()
	b.send(".lead-line .mend button") // the cheapest mend: the way of contact not said
	b.until(`document.querySelector(".lead-line .mark:not(.block)")`)
	photo, err := filepath.Abs(caseDir + "photo.jpg")
	must(b.t, err)
	b.openAll()
	b.chooseFile("#photo", photo)
	for _, f := range []string{"ca", "cr", "al"} {
		for tag, text := range map[string]string{"ko": "건물", "en": "A building", "zh": "大楼"} {
			b.fill("#"+f+"-"+tag, text)
		}
	}
	b.send(`form[action$="/photo"] button`)
	b.until(`document.querySelector('form[action$="/clean"]')`)
	b.send(`form[action$="/clean"] button`)
	b.until(`document.querySelector("img.photo")?.naturalWidth > 0`)
	b.answerRules()
	b.preview(story)
	b.fill("#p-ayla", "not the passphrase")
	b.send(`form:has(#p-ayla) button`)
	b.until(`document.querySelector(".wrong[role=alert]") && document.querySelector("#p-ayla")`)
	for _, name := range []string{"ayla", "boram"} {
		b.fill("#p-"+name, "pass of "+name)
		b.send(`form:has(#p-` + name + `) button`)
		b.until(`document.querySelector(".people .mark.done") && !document.querySelector("#p-` + name + `")`)
	}
	b.send(`form.release button`)
	b.until(`document.querySelector(".releases li")`)
	if os.Getenv("KKACHI_PICTURES") != "" {
		b.picture("story-released-en-1280-light")
	}
}

// answerRules answers what the house rules ask, by keyboard alone: after each answer the next
// one is open, and the cursor stands in it.
func (b *browser) answerRules() {
	b.t.Helper()
	b.open(eval[string](b, `location.pathname`) + "#r-vital")
	for n := range 20 {
		b.until(`document.activeElement.name === "text"`)
		asked := eval[string](b, `document.activeElement.id`)
		b.do(chromedp.KeyEvent("Looked at, with two editors."))
		b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		b.until(`document.querySelector(".notice") && document.activeElement.id !== "` + asked + `"`)
		if eval[bool](b, `!document.querySelector("#house .left")`) {
			b.until(`document.querySelector(".lead-line .mark.pass")`)
			return
		}
		if n == 19 {
			b.t.Fatal("the house rules ask without end")
		}
	}
}

// preview looks at the page as it will be printed: its style and photograph load.
func (b *browser) preview(story desk.ID) {
	b.t.Helper()
	back := eval[string](b, `location.pathname + location.search`)
	for _, l := range []string{"ko", "en", "zh"} {
		b.open("/story/" + story.String() + "/preview/" + l)
		b.until(`document.querySelector("img")?.naturalWidth > 0 && [...document.styleSheets].some(s => s.cssRules.length > 20)`)
	}
	b.open(back)
}

// A second browser with the same link finds an empty hall that says what to do.
func TestSecondBrowserIsTold(t *testing.T) {
	h := newHouse(t, newRoom(t))
	link := h.s.Link()
	b := newBrowser(t, h)
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	defer cancel()
	other := &browser{t: t, ctx: ctx, h: h}
	other.do(chromedp.Navigate(link))
	other.until(`!document.getElementById("used").hidden && document.getElementById("wait").hidden`)
	if text := eval[string](other, `fetch("/inbox").then(r => r.text().then(t => r.status + t))`); text != "404" {
		t.Errorf("the second browser reads %q", text)
	}
	b.open("/inbox")
	b.until(`document.querySelector("header.rail")`)
}
