package web

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// A letter is translated sentence by sentence, by keyboard; a lost tab loses nothing; the
// other person checks it; words chosen beside a translation are the original's alone.
func TestTranslationBesideTheOriginal(t *testing.T) { drive(t, 4, translationBeside) }

func translationBeside(t *testing.T, w way) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "我住在边境附近。今年巡逻增加。\n晚上也查。", cell.ReplyID{})
	r.name("A")
	ctx := t.Context()
	view, err := r.desk.Thread(ctx, r.ids["A"])
	must(t, err)
	rep := view.Reports[0].ID
	_, err = r.desk.Translate(ctx, rep, lang.Korean, "hana", []string{"국경 근처에 삽니다.", "올해 순찰이 늘었습니다.", "밤에도 검문합니다."}, desk.TranslationDone)
	must(t, err)
	b := w.browser(newHouse(t, r))
	b.open("/thread/" + r.ids["A"].String())
	b.send(`.into a[href$="/en"]`)
	b.until(`document.activeElement.id === "t0"`)
	h := &hand{b: b}
	h.write("I live near the border.")
	h.chord(kb.Tab)
	h.write("Patrols have grown this year.")
	b.until(`document.querySelector("[data-saved]").textContent !== ""`)
	b.open("/claims")
	b.finds("/translate/"+rep.String()+"/en", `document.getElementById("t1").value === "Patrols have grown this year." && document.getElementById("t0").value.startsWith("I live")`)
	b.send(`button[value=done]`)
	b.until(`document.querySelector(".wrong[role=alert]") && document.getElementById("t1").value !== ""`) // a gap is no end
	b.fill("#t2", "They check at night too.")
	b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("t2").focus()`))
	h.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	b.until(`location.pathname.startsWith("/thread/") && document.querySelectorAll("[data-report] .row-pair").length === 3`)
	r1, err := r.desk.Report(ctx, rep)
	must(t, err)
	if tr := r1.Translations[1]; tr.State != desk.TranslationDone || tr.Text != "I live near the border. Patrols have grown this year.\nThey check at night too." {
		t.Errorf("kept as %+v", tr)
	}
	b.send(`form[action$="/ko/check"] button`)
	b.until(`document.querySelector(".said .mark.done")`)
	// Chosen by keyboard over two sentences: the translation between them is not chosen.
	b.key('c')
	b.key('J')
	b.key('c')
	b.until(`document.getElementById("claim").open`)
	if words := eval[string](b, `document.querySelector("#claim [name=words]").value`); words != "我住在边境附近。今年巡逻增加。" {
		t.Errorf("the words are %q", words)
	}
	b.do(chromedp.KeyEvent("Patrols grow"))
	b.send(`#claim button.main`)
	b.until(`location.pathname.startsWith("/claim/") && document.querySelector(".quote")`)
}
