package web

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// busy fills the inbox, the cases and the search with what a newsroom has after some weeks.
func (r *room) busy() {
	r.t.Helper()
	ctx := r.t.Context()
	do := func(_ any, err error) { r.t.Helper(); must(r.t, err) }
	ids := func(names ...string) (out []desk.ID) {
		for _, n := range names {
			out = append(out, r.ids[n])
		}
		return out
	}
	topic, to := "국경", "mina"
	rest := r.desk.Today() + 3
	do(r.desk.Change(ctx, ids("C", "D"), desk.ThreadChange{Topic: &topic}))
	do(r.desk.Change(ctx, ids("A", "C"), desk.ThreadChange{Tag: "중요"}))
	do(r.desk.Change(ctx, ids("A"), desk.ThreadChange{Tag: "to check"}))
	do(r.desk.Change(ctx, ids("A"), desk.ThreadChange{Assign: &to}))
	do(r.desk.Change(ctx, ids("E"), desk.ThreadChange{Snooze: &rest}))
	_, _, err := r.desk.AddRemark(ctx, r.ids["A"], "다음 주에 전화로 확인하기로 함.", "jin")
	must(r.t, err)
	_, _, err = r.desk.SaveView(ctx, desk.ID{}, "국경 소식", desk.InboxQuery{Topic: topic})
	must(r.t, err)
	_, _, err = r.desk.SetCanned(ctx, desk.ID{}, "사진", map[lang.Tag]string{lang.Korean: "사진은 보내지 마십시오.", lang.English: "Please send no photographs."})
	must(r.t, err)
	do(r.desk.OpenCase(ctx, r.ids["B"], "mina"))
	do(r.desk.TakeCase(ctx, r.ids["B"], "mina"))
	do(r.desk.SetCase(ctx, r.ids["B"], desk.CaseSheet{
		Need: "A place to stay until the end of the month, and somebody who speaks Korean.", Danger: "Has to go home by force; the passport is kept.", Deadline: r.desk.Today() + 2,
	}))
	do(r.desk.AddStep(ctx, r.ids["B"], "단체에 문의함. 내일 답을 받기로 함.", "mina"))
	do(r.desk.HandOver(ctx, r.ids["B"], desk.HandoverInput{Partner: "Helping Hands", Steps: true, By: "mina"}))
	do(r.desk.OpenCase(ctx, r.ids["D"], "mina"))
	do(r.desk.CloseCase(ctx, r.ids["D"], desk.OutcomeSafe, "무사히 도착함", "jin"))
}

// inboxPlaces are the pages of the inbox, the cases and the search.
func inboxPlaces(r *room) map[string]string {
	return map[string]string{
		"inbox-filter": "/inbox?topic=%EA%B5%AD%EA%B2%BD", "inbox-unread": "/inbox?box=unread", "inbox-snoozed": "/inbox?box=snoozed", "inbox-all": "/inbox?box=all",
		"canned": "/canned", "cases": "/cases", "case-open": "/case/" + r.ids["F"].String(), "case-taken": "/case/" + r.ids["B"].String(),
		"case-closed": "/case/" + r.ids["D"].String(), "search-empty": "/search", "search": "/search?q=%EB%B3%B4%EA%B3%A0",
		"search-narrow": "/search?q=the&kind=claim&in=en", "search-nothing": "/search?q=zzzz",
	}
}

// The inbox by keys alone: choose, rest, undo, label, note, canned reply, search, and back.
func TestInboxByKeys(t *testing.T) { drive(t, 3, inboxByKeys) }

func inboxByKeys(t *testing.T, w way) {
	ctx := t.Context()
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "안녕하십니까. 요즘 우리에 대한 통제가 심해졌습니다.", cell.ReplyID{})
	r.name("A")
	r.letter("C", cell.KindLetter, "他们每两天开一次会。", cell.ReplyID{})
	r.name("C")
	b := w.browser(newHouse(t, r))
	type_ := func(text string) { b.do(chromedp.KeyEvent(text)) }
	enter := func() { b.do(chromedp.KeyEvent(kb.Enter)) }
	leave := b.leave

	// Two rows are chosen, and read with one button; the count says how many.
	top := `Math.round(document.querySelector("[data-row]").getBoundingClientRect().top)`
	at := eval[int](b, top)
	b.key('j')
	b.key('x')
	b.key('j')
	b.key('x')
	if now := eval[int](b, top); now != at {
		t.Errorf("choosing moves the list by %d px", now-at)
	}
	b.until(`document.querySelector("[data-chosen]").textContent.includes("2") && document.querySelector("#bulk").checkVisibility()`)
	leave(func() {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#bulk [value="rest"]').focus()`))
		enter()
	})
	b.until(`document.querySelector(".notice") && document.querySelectorAll(".row").length === 0`)
	leave(func() { b.key('u') })
	b.until(`document.querySelectorAll(".row").length === 2`)

	// One is opened; l labels it, and the list stays.
	b.openByKeys(r.ids["A"].String())
	b.key('l')
	b.until(`document.activeElement.id === "m-tag"`)
	type_("border")
	leave(enter)
	b.until(`[...document.querySelectorAll(".row .tag")].some(e => e.textContent === "border") && location.pathname.startsWith("/thread/")`)
	leave(func() { b.key('a') })
	b.until(`document.querySelector(".row [aria-current], [aria-current].row, .row a[aria-current]").textContent.includes("mina")`)

	// A note for colleagues, and a canned reply in the language of the letter.
	b.key('m')
	b.until(`document.activeElement.id === "remark"`)
	type_("call her")
	leave(func() { b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))) })
	b.until(`document.querySelector(".remark")?.textContent.includes("call her")`)
	b.key('t')
	b.until(`document.activeElement.matches("[data-insert].first")`)
	b.key(0x0D) // the page prevents that it is typed
	b.until(`document.activeElement.id === "reply" && document.getElementById("reply").value === ` + quoteJS(lang.T(lang.Korean, "desk.canned.received.text")))
	leave(func() { b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))) })
	b.until(`document.querySelector(".ours .mark.wait")`)

	// Search from anywhere; what is found opens by keys.
	b.key('g')
	b.key('f')
	b.until(`location.pathname === "/search" && document.activeElement.id === "q"`)
	b.fill("#q", "통제")
	leave(enter)
	b.until(`document.querySelector(".results mark")?.textContent === "통제"`)
	b.searchedTwice()
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	b.key('j')
	leave(func() { b.key('o') })
	b.until(`location.pathname === "/thread/` + r.ids["A"].String() + `"`)
	v, err := r.desk.Thread(ctx, r.ids["A"])
	must(t, err)
	if len(v.Tags) != 1 || v.Assigned != "mina" || len(v.Remarks) != 1 || len(v.Replies) != 1 {
		t.Errorf("%+v", v)
	}
	b.newsOf(r)
}

// searchedTwice loads an answer again, and leaves it and goes back to it: the browser asks
// nothing of the person, and the answer stands there with its question.
func (b *browser) searchedTwice() {
	b.t.Helper()
	there := `document.querySelector(".results mark")?.textContent === "통제" && document.getElementById("q").value === "통제"`
	b.do(chromedp.Evaluate[chromedp.Void](`window.before = true; location.reload()`))
	b.until(`!window.before && ` + there)
	b.send(".results a")
	b.until(`location.pathname.startsWith("/thread/")`)
	b.do(chromedp.Evaluate[chromedp.Void](`history.back()`))
	b.until(there)
}

// newsOf sees that a letter which comes shows as a count in the title and a line above a
// list that does not move.
func (b *browser) newsOf(r *room) {
	b.t.Helper()
	b.open("/inbox")
	before := eval[string](b, `document.querySelector(".list ul").textContent`)
	r.letter("D", cell.KindLetter, "새 편지", cell.ReplyID{})
	b.do(chromedp.Evaluate[chromedp.Void](`document.dispatchEvent(new Event("kkachi:news"))`))
	b.until(`document.title.startsWith("(1) ") && !document.querySelector("[data-news]").hidden`)
	if now := eval[string](b, `document.querySelector(".list ul").textContent`); now != before {
		b.t.Error("the list moved when a letter came")
	}
	b.key('v')
	b.until(`document.querySelectorAll(".row").length === 3 && !document.title.startsWith("(")`)
}

func quoteJS(text string) string {
	return "`" + strings.NewReplacer("`", "\\`", "$", "\\$", "\\", "\\\\", "\r", "\\r").Replace(text) + "`"
}

// A case from red to sealed, by the pages; the partner opens what the browser saved.
func TestCaseByPages(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.letter("F", cell.KindHelp, "도와주십시오.", cell.ReplyID{})
	r.name("F")
	h := newHouse(t, r).enter()
	id := r.ids["F"].String()
	page := body(t, h.ask("GET", "/cases", "", nil))
	if !strings.Contains(page, `class="row help"`) || !strings.Contains(page, lang.T(lang.English, "desk.cases.open")) {
		t.Error("a case that nobody has taken is not red, in words")
	}
	for _, step := range []struct{ path, form string }{
		{"/help/take", "id=" + id + "&back=/case/" + id},
		{"/case/sheet", "id=" + id + "&need=a+place&danger=x&deadline=2022-11-30"},
		{"/case/step", "id=" + id + "&text=called"},
		{"/case/give", "id=" + id + "&partner=Helping+Hands&steps=yes"},
		{"/case/close", "id=" + id + "&outcome=referred&note=done"},
	} {
		if res := h.ask("POST", step.path, step.form, nil); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s\n%.600s", step.path, res.Status, body(t, res))
		}
	}
	page = body(t, h.ask("GET", "/case/"+id, "", nil))
	_, rest, ok := strings.Cut(page, `href="/case/file/`)
	if !ok {
		t.Fatal("no sealed file is offered")
	}
	res := h.ask("GET", "/case/file/"+rest[:64], "", nil)
	if !strings.HasPrefix(res.Header.Get("Content-Disposition"), `attachment; filename="case-`) {
		t.Errorf("%v", res.Header)
	}
	got, err := desk.OpenHandover(bytes.NewReader([]byte(body(t, res))), r.partner)
	must(t, err)
	if got.Need != "a place" || len(got.Steps) != 1 || len(got.Words) != 0 || got.Deadline != "2022-11-30" {
		t.Errorf("%+v", got)
	}
	c, err := r.desk.Case(ctx, r.ids["F"])
	must(t, err)
	if c.State != desk.CaseClosed || c.Outcome != desk.OutcomeReferred {
		t.Errorf("%+v", c.CaseRow)
	}
	if res := h.ask("POST", "/case/close", "id="+id+"&outcome=safe", nil); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("closed twice: %s", res.Status)
	}
	if res := h.ask("GET", "/case/file/"+strings.Repeat("0", 64), "", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a file of nobody: %s", res.Status)
	}
}

// What is opened in a part of the inbox stays in its list, though it is read now.
func TestOpeningKeepsTheList(t *testing.T) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "one", cell.ReplyID{})
	r.name("A")
	h := newHouse(t, r).enter()
	page := body(t, h.ask("GET", "/thread/"+r.ids["A"].String()+"?box=unread", "", nil))
	if !strings.Contains(page, `data-row aria-current="true"`) {
		t.Error("the row that was opened left the list")
	}
	if page := body(t, h.ask("GET", "/inbox?box=unread", "", nil)); strings.Contains(page, "data-row") {
		t.Error("what was read is unread")
	}
}
