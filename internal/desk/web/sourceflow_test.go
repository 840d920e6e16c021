package web

import (
	"slices"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// What is known of a source, in a browser: the sheet with a reason for its reliability, the
// board of sources narrowed by typing, and a source that is no longer believed, and is again.
func TestWorkOnASource(t *testing.T) { drive(t, 7, workOnASource) }

func workOnASource(t *testing.T, w way) {
	r := newRoom(t)
	r.tell()
	claims := r.judge()
	b := w.browser(newHouse(t, r))
	id := r.ids["C"]
	b.open("/thread/" + id.String())
	b.choose("#s-rel", "D")
	b.fill("#s-access", "lives at the border")
	b.send(`form[action="/thread/source"] .after button`)
	b.wrong("desk.field.rating") // why is not said; what was typed stays
	b.until(`document.getElementById("s-rel").value === "D" && document.getElementById("s-access").value === "lives at the border"`)
	b.fill("#s-reason", "was wrong about the bridge")
	b.fill("#s-wishes", "do not print the month")
	b.click(`input[name=langs][value="zh"]`)
	b.send(`form[action="/thread/source"] .after button`)
	b.said("desk.said.saved")
	v, err := r.desk.Thread(t.Context(), id)
	must(t, err)
	if s := v.Sheet; s.Reliability != "D" || s.Access != "lives at the border" || s.Wishes != "do not print the month" || len(s.Langs) != 1 || s.Langs[0] != lang.Chinese {
		t.Errorf("the sheet says %+v", s)
	}
	b.open("/sources")
	b.fill("#find", "border")
	b.until(`[...document.querySelectorAll("[data-found]")].filter((e) => e.checkVisibility()).length === 1`)
	b.send(`tr[data-found]:not([hidden]) a`)
	b.until(`location.pathname === "/thread/` + id.String() + `"`)
	b.send(`a[href="/withdraw/source/` + id.String() + `"]`)
	b.until(`document.querySelectorAll("table.shift tbody tr").length >= 2`)
	b.fill("#reason", "a second telling contradicts all of it")
	b.send(`form[action^="/withdraw/"] button.red`)
	b.until(`document.querySelector(".facts .mark.block")`)
	b.said("desk.said.pulled")
	if rung := b.claimOf(r, claims["C06"]).Rung; rung != ladder.OneChain {
		t.Errorf("without the source the claim stands at %q", rung)
	}
	b.key('u')
	b.said("desk.said.undone")
	if rung := b.claimOf(r, claims["C06"]).Rung; rung != ladder.Independent {
		t.Errorf("believed again, the claim stands at %q", rung)
	}
}

// A case in a browser: red on top until somebody takes it, its sheet, what is done, a mistyped
// day, the hand-over that the partner opens, the end, and undo.
func TestWorkOnACase(t *testing.T) { drive(t, 8, workOnACase) }

func workOnACase(t *testing.T, w way) {
	r := newRoom(t)
	r.letter("F", cell.KindHelp, "도와주십시오. 여권을 빼앗겼습니다.", cell.ReplyID{})
	r.name("F")
	b := w.browser(newHouse(t, r))
	id := r.ids["F"]
	b.until(`document.querySelector(".rail .n.red") && document.querySelector(".row.help .alarm").textContent === ` + b.T("desk.inbox.help"))
	b.key('g')
	b.key('h')
	b.until(`location.pathname === "/cases"`)
	b.key('j')
	b.leave(func() { b.key('o') })
	b.until(`location.pathname === "/case/` + id.String() + `"`)
	b.send(`form[action="/help/take"] button`)
	b.said("desk.said.taken")
	b.fill("#need", "a place to stay")
	b.fill("#danger", "the passport is kept")
	b.fill("#deadline", "30.11.2022")
	b.send(`form[action="/case/sheet"] button`)
	b.wrong("desk.field.date")
	b.until(`document.getElementById("need").value === "a place to stay" && document.getElementById("deadline").value === "30.11.2022"`)
	b.fill("#deadline", map[lang.Tag]string{lang.Korean: "2022년 11월 30일", lang.English: "2022-11-30", lang.Chinese: "2022年11月30日"}[w.tag])
	b.send(`form[action="/case/sheet"] button`)
	b.said("desk.said.saved")
	b.until(`document.getElementById("deadline").value === "2022-11-30"`)
	b.key('m')
	b.until(`document.activeElement.id === "step"`)
	b.write("asked the lawyers")
	b.sendKeys()
	b.until(`document.querySelector(".remark .words-block")?.textContent === "asked the lawyers"`)
	b.openAll()
	b.fill("#message", "Please call back by Friday.")
	b.click(`form[action="/case/give"] input[name=steps]`)
	b.send(`form[action="/case/give"] button.red`)
	b.said("desk.said.given")
	sealed := eval[string](b, `fetch(document.querySelector(".given a").href).then((r) => r.arrayBuffer()).then((a) => String.fromCharCode(...new Uint8Array(a)))`)
	b.opensAs(r, sealed)
	b.openAll()
	b.choose("#outcome", string(desk.OutcomeReferred))
	b.send(`form[action="/case/close"] button`)
	b.said("desk.said.closed")
	b.key('u')
	b.said("desk.said.undone")
	c, err := r.desk.Case(t.Context(), id)
	must(t, err)
	if c.State != desk.CaseTaken || c.Sheet.Deadline != 19326 || len(c.Steps) != 1 {
		t.Errorf("%+v", c)
	}
	b.openAgain(r, id)
}

// openAgain closes a case, and opens it again from its own page; undo closes it once more.
func (b *browser) openAgain(r *room, id desk.ID) {
	b.t.Helper()
	state := func(want ...desk.CaseState) {
		b.t.Helper()
		c, err := r.desk.Case(b.t.Context(), id)
		must(b.t, err)
		if !slices.Contains(want, c.State) {
			b.t.Errorf("the case is %v, want %v", c.State, want)
		}
	}
	b.openAll()
	b.choose("#outcome", string(desk.OutcomeReferred))
	b.fill("#note", "the lawyers have it")
	b.send(`form[action="/case/close"] button`)
	b.said("desk.said.closed")
	b.until(`!document.getElementById("outcome") && !document.getElementById("step")`)
	b.axe("closed case")
	b.send(`form[action="/case/open"] button`)
	b.said("desk.said.opened")
	b.until(`document.getElementById("outcome") && !document.querySelector("form[action='/case/open']")`)
	state(desk.CaseOpen, desk.CaseTaken)
	b.key('u')
	b.said("desk.said.undone")
	b.until(`document.querySelector("form[action='/case/open']")`)
	state(desk.CaseClosed)
}
