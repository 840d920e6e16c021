package web

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/rules"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
)

// T is a word of the page's language, as JavaScript writes it.
func (b *browser) T(key string, args ...any) string {
	b.t.Helper()
	return quoteJS(lang.T(b.tag, key, args...))
}

// said waits for what the desk says was done, in the page's language.
func (b *browser) said(key string, args ...any) {
	b.t.Helper()
	b.until(`document.querySelector(".notice span")?.textContent === ` + b.T(key, args...))
}

// wrong waits for what the desk says is wrong, in the page's language.
func (b *browser) wrong(key string) {
	b.t.Helper()
	b.until(`document.querySelector(".wrong[role=alert]")?.textContent.includes(` + b.T(key) + `)`)
}

// opensAs opens a sealed case with the partner's key, from the bytes that the browser got.
func (b *browser) opensAs(r *room, sealed string) {
	b.t.Helper()
	var raw []byte
	for _, c := range sealed {
		raw = append(raw, byte(c))
	}
	got, err := desk.OpenHandover(bytes.NewReader(raw), r.partner)
	must(b.t, err)
	if got.Need != "a place to stay" || got.Deadline != "2022-11-30" || len(got.Steps) != 1 || got.Message != "Please call back by Friday." {
		b.t.Errorf("the partner reads %+v", got)
	}
}

// What is seldom done with a thread, in a browser: a topic and a saved view, a reply taken
// back, a canned reply of one's own, a flood blocked and let in again, two threads joined and
// parted, a case opened for who didn't ask, and a source who asked for erasure read knowingly.
func TestWorkOnThreads(t *testing.T) { drive(t, 9, workOnThreads) }

func workOnThreads(t *testing.T, w way) {
	r := newRoom(t)
	for _, who := range []string{"A", "C", "G"} {
		r.letter(who, cell.KindLetter, "잊혀야 할 말 "+who, cell.ReplyID{})
		r.name(who)
	}
	r.letter("G", cell.KindErase, "", cell.ReplyID{})
	b := w.browser(newHouse(t, r))
	a := "/thread/" + r.ids["A"].String()

	b.open(a)
	b.key('l')
	b.fill("#m-topic", "국경")
	b.send(`form:has(#m-topic) button`)
	b.until(`document.querySelector(".thread-marks .topic").textContent === "국경"`)
	b.open("/inbox")
	b.openAll()
	b.choose("#by-topic", eval[string](b, `[...document.getElementById("by-topic").options].find((o) => o.text === "국경").value`))
	b.send(`.filter form[action="/inbox"] button`)
	b.until(`document.querySelectorAll(".row").length === 1`)
	b.openAll()
	b.fill("#view-name", "국경 소식")
	b.send(`form:has(#view-name) button`)
	b.dropTheView("국경 소식")
	b.joinAndPart(r, a)
	b.replyAndTakeBack(r, a)
	b.canned(r, a)

	b.open(a)
	b.send(`form[action="/thread/block"]:not(:has([name=alike])) button`)
	b.until(`document.querySelectorAll(".row").length === 2`)
	b.key('u')
	b.until(`document.querySelectorAll(".row").length === 3`)
	b.blockedIsLetIn(r, a)
	b.marksComeAndGo(r, r.ids["C"])

	b.open("/thread/" + r.ids["G"].String())
	b.until(`!document.body.textContent.includes("잊혀야 할 말 G")`)
	b.send(`form[action="/thread/reveal"] button`)
	b.until(`document.body.textContent.includes("잊혀야 할 말 G")`)
}

// dropTheView takes a saved view away that is open: the whole inbox stands there, and undo brings it back.
func (b *browser) dropTheView(name string) {
	b.t.Helper()
	kept := `[...document.querySelectorAll(".boxes a")].some((e) => e.textContent === ` + quoteJS(name) + `)`
	b.until(`document.querySelector('.boxes [aria-current]').textContent === ` + quoteJS(name))
	b.axe("saved view")
	b.openAll()
	b.send(`form[action="/inbox/view"]:has([name=id]) button`)
	b.said("desk.said.dropped")
	b.until(`!` + kept + ` && document.querySelectorAll(".row").length === 3 && document.querySelector('.boxes [aria-current]').textContent === ` + b.T("desk.nav.inbox"))
	b.key('u')
	b.said("desk.said.undone")
	b.until(kept)
}

// blockedIsLetIn opens a thread that was blocked long ago, where its box is, and lets it in again.
func (b *browser) blockedIsLetIn(r *room, a string) {
	b.t.Helper()
	_, err := r.desk.Block(b.t.Context(), r.ids["A"], "jin")
	must(b.t, err)
	b.open("/inbox")
	b.send(`.boxes a[href$="box=blocked"]`)
	b.until(`document.querySelectorAll(".row").length === 1`)
	b.send(`.row a`)
	b.until(`location.pathname === "` + a + `" && document.querySelector(".goes .mark").textContent.includes("jin")`)
	b.send(`form[action="/thread/letin"] button`)
	b.said("desk.said.letin")
	b.until(`!document.querySelector('form[action="/thread/letin"]')`)
}

// marksComeAndGo sets what journalists say of a thread, and takes each away: rest, label, note, unread.
func (b *browser) marksComeAndGo(r *room, id desk.ID) {
	b.t.Helper()
	now := func() *desk.ThreadView {
		v, err := r.desk.Thread(b.t.Context(), id)
		must(b.t, err)
		return v
	}
	b.open("/thread/" + id.String())
	b.openAll()
	b.choose("#m-days", "7")
	b.send(`form:has(#m-days) button`)
	if v := now(); v.Snooze != r.desk.Today()+7 {
		b.t.Errorf("it rests until %s", v.Snooze)
	}
	b.openAll()
	b.choose("#m-days", "0")
	b.send(`form:has(#m-days) button`)
	if v := now(); v.Snooze > r.desk.Today() {
		b.t.Errorf("its rest does not end: %s", v.Snooze)
	}
	b.openAll()
	b.fill("#m-tag", "국경")
	b.send(`form:has(#m-tag) button`)
	b.until(`document.querySelector(".thread-marks .tag").textContent === "국경"`)
	b.openAll()
	b.send(`.thread-marks form:has([value=untag]) button`)
	b.until(`!document.querySelector(".thread-marks .tag")`)
	b.fill("#remark", "ask again in May")
	b.send(`form[action="/thread/note"] button`)
	b.send(`form[action="/thread/note/drop"] button`)
	b.said("desk.said.dropped")
	b.until(`!document.querySelector(".remark")`)
	b.key('u')
	b.until(`document.querySelector(".remark")?.textContent.includes("ask again in May")`)
	b.openAll()
	b.send(`form[action="/case/open"] button`)
	b.until(`location.pathname === "/case/` + id.String() + `"`)
	b.open("/thread/" + id.String())
	b.leave(func() { b.key('d') })
	b.until(`location.pathname === "/inbox" && document.querySelector(".row.unread")`)
}

func (b *browser) joinAndPart(r *room, a string) {
	b.t.Helper()
	v, err := r.desk.Thread(b.t.Context(), r.ids["C"])
	must(b.t, err)
	b.open(a)
	b.key('l')
	b.fill("#m-into", "nobody at all")
	b.send(`form:has(#m-into) button`)
	b.wrong("desk.field.join")
	b.open(a)
	b.key('l')
	b.fill("#m-into", v.Handle)
	b.send(`form:has(#m-into) button`)
	b.said("desk.said.joined")
	b.until(`location.pathname === "/thread/` + r.ids["C"].String() + `" && document.querySelectorAll(".letter").length === 2`)
	b.send(`form[action="/thread/part"] button`)
	b.said("desk.said.parted")
}

func (b *browser) replyAndTakeBack(r *room, a string) {
	b.t.Helper()
	b.open(a)
	b.key('r')
	b.until(`document.activeElement.id === "reply"`)
	b.write("천천히 쓰십시오.")
	b.sendKeys()
	b.said("desk.said.queued")
	b.until(`document.querySelector(".ours .mark.wait").textContent === ` + b.T("desk.reply.waiting"))
	b.send(`form[action="/thread/withdraw"] button`)
	b.said("desk.said.withdrawn")
	v, err := r.desk.Thread(b.t.Context(), r.ids["A"])
	must(b.t, err)
	if len(v.Replies) != 1 || v.Replies[0].State.Progress != desk.Withdrawn {
		b.t.Errorf("the replies: %+v", v.Replies)
	}
}

func (b *browser) canned(r *room, a string) {
	b.t.Helper()
	b.open("/canned")
	b.fill("#title", "사진")
	b.send(`aside form button.main`) // in no language
	b.wrong("desk.field.text")
	b.until(`document.getElementById("title").value === "사진"`)
	b.fill("#text-ko", "사진은 보내지 마십시오.")
	b.send(`aside form button.main`)
	b.said("desk.said.saved")
	b.until(`document.querySelectorAll(".said-often .trio > .hint").length === 2`) // two languages lack it, and it is said
	b.send(`.said-often form button`)
	b.said("desk.said.dropped")
	b.until(`!document.querySelector(".said-often form")`)
	b.key('u')
	b.said("desk.said.undone")
	b.until(`document.querySelector(".said-often form")`)
	b.open(a)
	b.key('t')
	b.reach(`[data-insert="사진은 보내지 마십시오."]`)
	b.key('\r') // the page prevents that it is typed
	b.until(`document.getElementById("reply").value === "사진은 보내지 마십시오."`)
	b.key('k') // typed: the cursor stands in the reply
	if got := eval[string](b, `document.getElementById("reply").value`); !strings.HasPrefix(got, "사진은") {
		b.t.Errorf("the reply is %q", got)
	}
	b.fill("#reply", "")
}

// What seldom comes: a source who went on in another thread and is taken for two, a letter of which a
// part is missing, a flood that says the same, and a file of house rules with a mistake in it.
func TestWorkOnWhatSeldomComes(t *testing.T) { drive(t, 10, workOnWhatSeldomComes) }

func workOnWhatSeldomComes(t *testing.T, w way) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "옛 자리의 말", cell.ReplyID{})
	r.name("A")
	r.letter("A", cell.KindMove, string(seal.MoveText(r.who("B").Thread())), cell.ReplyID{})
	r.letter("B", cell.KindLetter, "새 자리의 말", cell.ReplyID{})
	r.name("B")
	noise := make([]byte, 4500)
	_, _ = rand.Read(noise) // so that it can't be packed into one part
	parts := r.records("C", cell.KindLetter, fmt.Sprintf("반만 온 편지 %x", noise), cell.ReplyID{})
	r.batch(parts[:1])
	r.name("C")
	for _, who := range []string{"D", "E", "F"} {
		r.letter(who, cell.KindLetter, "돈을 버십시오", cell.ReplyID{})
	}
	r.name("F") // the newest, into which the others are folded
	b := w.browser(newHouse(t, r))

	b.open("/thread/" + r.ids["A"].String())
	b.send(`.goes a`)
	b.until(`location.pathname === "/thread/` + r.ids["B"].String() + `" && document.querySelector(".goes").textContent.trim() === ` + b.T("desk.move.former", r.handle("A")))
	b.until(`document.querySelectorAll(".letter").length > 1`)
	b.send(`.goes a`)
	b.until(`document.querySelector(".goes a").textContent === ` + b.T("desk.move.next", r.handle("B")))
	b.send(`form[action="/thread/apart"] button`)
	b.said("desk.said.saved")
	b.until(`!document.querySelector(".goes")`)

	b.open("/thread/" + r.ids["C"].String())
	b.until(`document.querySelector(".letter .mark.hold").textContent === ` + b.T("desk.thread.incomplete", 1, len(parts)) + ` && document.body.textContent.includes("반만 온 편지")`)

	b.open("/thread/" + r.ids["F"].String())
	b.send(`form[action="/thread/block"]:has([name=alike]) button`)
	b.until(`location.pathname === "/inbox" && !document.body.textContent.includes("돈을 버십시오")`)
	b.key('u')
	b.until(`document.body.textContent.includes("돈을 버십시오")`)

	id, _, err := r.desk.NewStory(t.Context(), desk.Story{Title: "규칙", Original: "ko"})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(r.dir, desk.RulesFile), []byte("format = 1\n\n[[rule]]\nid = 1\n"), 0o600))
	b.open("/story/" + id.String())
	wrong := lang.Capital(lang.T(w.tag, "desk.find.rules", 4, lang.T(w.tag, "desk.rules.bad.type")))
	wrong = strings.ReplaceAll(wrong, "`", "") // what is to be typed is shown as such
	b.until(`document.body.textContent.includes(` + quoteJS(wrong) + `)`)
	must(t, os.WriteFile(filepath.Join(r.dir, desk.RulesFile), rules.Default(), 0o600))
	b.open("/story/" + id.String())
	b.until(`document.querySelector("main") && !document.body.textContent.includes(` + quoteJS(wrong) + `)`)
}

// handle is the name of a person's thread at the desk.
func (r *room) handle(person string) string {
	r.t.Helper()
	v, err := r.desk.Thread(r.t.Context(), r.ids[person])
	must(r.t, err)
	return v.Handle
}
