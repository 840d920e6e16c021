package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
)

// Everything that can be done with a claim, in a browser: words chosen by keyboard alone,
// change, evidence taken away, merge and take apart, split, doubt and settle, the ceiling lifted
// by two, a report and a claim withdrawn after their cascades were read, and brought back.
func TestWorkOnClaims(t *testing.T) { drive(t, 2, workOnClaims) }

func workOnClaims(t *testing.T, w way) {
	r := newRoom(t)
	r.tell()
	claims := r.judge()
	story := r.printed(claims)
	b := w.browser(newHouse(t, r))
	b.pickByKeys(r)
	b.editAndBack(r, claims)
	b.takeEvidenceAndBack(r, claims)
	b.mergeAndApart(r, claims)
	b.splitAndBack(r, claims)
	b.doubtAndSettle(r, claims)
	b.liftByTwo(r, claims)
	b.withdrawAndBringBack(r, claims, story)
	b.withdrawClaimAndBack(r, claims)
}

// pickByKeys chooses a sentence of C's letter without a mouse, extends it, and claims it.
func (b *browser) pickByKeys(r *room) {
	b.t.Helper()
	b.open("/thread/" + r.ids["C"].String())
	b.key('c')
	b.until(`!document.querySelector("[data-pick-how]").hidden && getSelection().toString() === "我住在西南边境附近。"`)
	b.key('j')
	b.until(`getSelection().toString().startsWith("今年夏天以来") && getSelection().toString().endsWith("晚上也查。")`)
	b.key('J')
	b.until(`getSelection().toString().includes("以前有人被抓住")`)
	b.key('K')
	b.until(`!getSelection().toString().includes("以前有人被抓住")`)
	if say := eval[string](b, `document.querySelector("[data-pick-say]").textContent`); !strings.Contains(say, "晚上也查") {
		b.t.Errorf("a screen reader hears %q", say)
	}
	b.key('c')
	b.until(`document.getElementById("claim").open && document.activeElement.id === "claim-text"`)
	b.do(chromedp.KeyEvent("Check points went from two to five"))
	b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.until(`location.pathname.startsWith("/claim/") && document.querySelector(".quote")?.textContent.includes("检查站从两个变成五个")`)
	b.open("/thread/" + r.ids["C"].String())
	b.key('c')
	b.until(`getSelection().toString() !== ""`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`getSelection().toString() === "" && document.querySelector("[data-pick-how]").hidden`)
}

func (b *browser) claimOf(r *room, id desk.ID) *desk.ClaimView {
	b.t.Helper()
	v, err := r.desk.Claim(b.t.Context(), id)
	must(b.t, err)
	return v
}

func (b *browser) editAndBack(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	id := claims["C06"]
	before := b.claimOf(r, id)
	b.open("/claim/" + id.String())
	b.openAll()
	b.fill("#w-text", "Two roads were closed "+hostile)
	b.fill("#w-place", "the border")
	b.click(`form[action$="/edit"] input[name=negative]`)
	b.send(`form[action$="/edit"] button`)
	b.said("desk.said.edited")
	b.until(`document.querySelector("h1").textContent.startsWith("Two roads were closed") && !document.querySelector("h1 script, h1 img")`)
	b.axe("claim")
	if v := b.claimOf(r, id); v.Claim.Place != "the border" || v.Claim.Negative == before.Claim.Negative || v.Rung != before.Rung {
		b.t.Errorf("edited: %+v at %q, stood at %q", v.Claim, v.Rung, before.Rung)
	}
	b.key('u')
	b.said("desk.said.undone")
	if v := b.claimOf(r, id); v.Claim != before.Claim {
		b.t.Errorf("undone it says %+v, said %+v", v.Claim, before.Claim)
	}
}

func (b *browser) takeEvidenceAndBack(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	id := claims["C06"]
	b.open("/claim/" + id.String())
	rows := `document.querySelectorAll(".evidence form[action='/evidence/withdraw']").length`
	n := eval[int](b, rows)
	b.send(`.evidence form[action="/evidence/withdraw"] button`)
	b.said("desk.said.unevidence")
	b.until(fmt.Sprintf(`%s === %d && document.querySelector(".standing .mark.one")`, rows, n-1))
	b.axe("claim without evidence")
	if v := b.claimOf(r, id); v.Rung != ladder.OneChain {
		b.t.Errorf("on one report less it stands at %q", v.Rung)
	}
	b.key('u')
	b.said("desk.said.undone")
	b.until(fmt.Sprintf(`%s === %d && document.querySelector(".standing .mark.two")`, rows, n))
	if v := b.claimOf(r, id); v.Rung != ladder.Independent {
		b.t.Errorf("undone it stands at %q", v.Rung)
	}
}

// withdrawClaimAndBack goes from the claim's page, and comes back by the button that stands there.
func (b *browser) withdrawClaimAndBack(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	id := claims["C06"]
	page := "/claim/" + id.String()
	gone := func() bool {
		rows, err := r.desk.Claims(b.t.Context())
		must(b.t, err)
		i := slices.IndexFunc(rows, func(c desk.ClaimRow) bool { return c.ID == id })
		return rows[i].Withdrawn
	}
	b.open(page)
	b.send(`a[href="/withdraw/claim/` + id.String() + `"]`)
	b.until(`document.querySelector("table.shift")`)
	b.axe("withdraw a claim")
	b.fill("#reason", "it was said of another year")
	b.send(`form[action^="/withdraw/"] button.red`)
	b.said("desk.said.pulled")
	if !gone() {
		b.t.Error("the claim is not withdrawn")
	}
	b.open(page)
	b.until(`document.querySelector(".bar .mark.block") && !document.querySelector("a[href^='/withdraw/claim/']")`)
	b.axe("claim that is withdrawn")
	b.send(`.goes form[action="/undo"] button`)
	b.said("desk.said.undone")
	b.until(`!document.querySelector(".bar .mark.block") && document.querySelector("a[href^='/withdraw/claim/']")`)
	if gone() {
		b.t.Error("brought back, the claim is still withdrawn")
	}
}

func (b *browser) mergeAndApart(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	b.open("/claim/" + claims["C10"].String())
	b.openAll()
	b.choose("#w-into", claims["C08"].String())
	b.send(`form[action$="/merge"] button`)
	b.until(`location.pathname === "/claim/` + claims["C08"].String() + `" && document.querySelector(".same li .num-id").textContent === "C10"`)
	if v := b.claimOf(r, claims["C08"]); v.Rung != ladder.Independent {
		b.t.Errorf("merged it stands at %q", v.Rung)
	}
	b.send(`.same form button`)
	b.until(`!document.querySelector(".same")`)
	if v := b.claimOf(r, claims["C08"]); v.Rung != ladder.OneChain {
		b.t.Errorf("taken apart it stands at %q", v.Rung)
	}
}

func (b *browser) splitAndBack(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	b.open("/claim/" + claims["C07"].String())
	b.openAll()
	b.click(`input[name=evidence][value="` + r.ids["C07/07"].String() + `"]`)
	b.fill("#w-second", "Bribes cost four times as much")
	b.send(`form[action$="/split"] button`)
	b.until(`document.querySelector("h1").textContent.includes("four times") && document.querySelectorAll(".evidence tbody tr").length === 1`)
	if v := b.claimOf(r, claims["C07"]); v.Disputed {
		b.t.Error("what contradicted the first statement still does")
	}
	b.send(`.notice form button`)
	if v := b.claimOf(r, claims["C07"]); !v.Disputed {
		b.t.Error("undone, the contradiction is not back")
	}
}

func (b *browser) doubtAndSettle(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	b.open("/claim/" + claims["C06"].String())
	b.openAll()
	b.fill("#w-doubt", "the two name different roads")
	b.send(`form[action$="/dispute"] button`)
	b.until(`document.querySelector(".standing .disputed") && document.querySelector(".why .doubt").textContent.includes("different roads")`)
	b.send(`.why .doubt button`)
	b.until(`!document.querySelector(".standing .disputed")`)
}

func (b *browser) liftByTwo(r *room, claims map[string]desk.ID) {
	b.t.Helper()
	b.open("/claim/" + claims["C10"].String() + "?edit=" + r.ids["C10/04"].String())
	b.choose("#e-grade", "2")
	b.send(`#evidence-edit button.main`)
	b.until(`document.querySelector(".graded").textContent.startsWith("3")`)
	for _, name := range []string{"ayla", "boram"} {
		b.openAll()
		b.choose("#w-who", name)
		b.fill("#w-pass", "pass of "+name)
		b.fill("#w-lift", "she keeps the books")
		b.send(`form[action$="/lift"] button`)
	}
	b.until(`document.querySelector(".graded").textContent.startsWith("2") && !document.getElementById("w-pass")`)
}

func (b *browser) withdrawAndBringBack(r *room, claims map[string]desk.ID, story desk.ID) {
	b.t.Helper()
	ctx := b.t.Context()
	b.open("/thread/" + r.ids["C"].String())
	b.send(`a[href="/withdraw/report/` + r.ids["report 03"].String() + `"]`)
	b.until(`document.querySelectorAll("table.shift").length === 2 && document.body.textContent.includes("C06")`)
	if v := b.claimOf(r, claims["C06"]); v.Rung != ladder.Independent {
		b.t.Error("looking withdrew it")
	}
	b.fill("#reason", "it was another road")
	b.send(`form[action^="/withdraw/"] button.red`)
	b.until(`location.pathname === "/corrections" && document.querySelector("table.shift tbody tr .mark.none")`)
	if v := b.claimOf(r, claims["C06"]); v.Rung != ladder.OneChain {
		b.t.Errorf("withdrawn, C06 stands at %q", v.Rung)
	}
	b.openAll()
	b.fill("#why-"+story.String(), "the story says one source, and that it is disputed")
	b.send(`form[action="/corrections/settle"] button`)
	b.until(`document.querySelector(".empty")`)
	b.open("/thread/" + r.ids["C"].String())
	b.until(`document.querySelector(".pulled").textContent.includes("another road")`)
	b.send(`.pulled form button`)
	b.until(`!document.querySelector(".pulled")`)
	if v := b.claimOf(r, claims["C06"]); v.Rung != ladder.Independent {
		b.t.Errorf("brought back, C06 stands at %q", v.Rung)
	}
	if due, err := r.desk.Corrections(ctx); err != nil || len(due) != 1 {
		b.t.Errorf("the first correction is due again: %v, %v", due, err)
	}
}

// The picture says what the table says: one node a report, relays shared by two drawn once.
func TestChainsArePictured(t *testing.T) {
	r := newRoom(t)
	r.tell()
	claims := r.judge()
	h := newHouse(t, r).enter()
	page := body(t, h.ask("GET", "/claim/"+claims["C05"].String(), "", nil))
	for what, n := range map[string]int{
		`<rect class="report chain"`: 1, `<rect class="report none"`: 1, `<rect class="origin token"`: 2, `<rect class="claim"`: 1,
		`<path class="link relay none"`: 1, `<path class="link relay chain"`: 2, `<path class="link chain"`: 1,
	} {
		if got := strings.Count(page, what); got != n {
			t.Errorf("%d of %s, want %d", got, what, n)
		}
	}
	open := body(t, h.ask("GET", "/claim/"+claims["C01"].String(), "", nil))
	if !strings.Contains(open, "wo chains; report 02 can") || !strings.Contains(open, "somebody who passed it on is unknown") {
		t.Error("the sentence that a reader can check is missing")
	}
}
