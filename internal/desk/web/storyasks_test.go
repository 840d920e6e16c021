package web

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// putBetweenAndRemove puts a sentence at the end of the first paragraph, before those of the
// next, takes another away, and undoes both.
func (b *browser) putBetweenAndRemove(r *room, id desk.ID) {
	b.t.Helper()
	page := "/story/" + id.String() + "?view=en"
	texts := func() []string {
		v, err := r.desk.Story(b.t.Context(), id)
		must(b.t, err)
		var out []string
		for _, p := range v.Story.Paragraphs {
			for _, sn := range p.Sentences {
				out = append(out, sn.Text[lang.English])
			}
			out = append(out, "¶")
		}
		return out
	}
	is := func(what string, want []string) {
		b.t.Helper()
		if got := texts(); strings.Join(got, "|") != strings.Join(want, "|") {
			b.t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	before := texts()
	n := 0
	for before[n] != "¶" {
		n++
	}
	b.open(page)
	b.send(fmt.Sprintf(`.more a[href*="s=1.%d#write"]`, n+1))
	b.until(`document.querySelector("form[action$='/insert'] #t-en")`)
	b.looked("insert-before-" + string(b.tag))
	b.fill("#t-ko", "그 사이의 문장이다.")
	b.fill("#t-en", "A sentence between.")
	b.fill("#t-zh", "中间的一句。")
	b.send("#write button.main")
	b.said("desk.said.sentence")
	b.axe("story with a sentence more")
	b.looked("insert-after-" + string(b.tag))
	with := append(append(append([]string{}, before[:n]...), "A sentence between."), before[n:]...)
	is("put between", with)
	// It carries no claim: the notes are counted on without it.
	b.until(`[...document.querySelectorAll(".margin .n")].every((n, i) => Number(n.textContent) === i + 1) && document.querySelectorAll(".margin .n").length > 3`)
	b.key('u')
	b.said("desk.said.undone")
	is("the insertion undone", before)
	b.key('u') // the notice reads the same before and after
	b.until(`document.querySelector("main").textContent.includes("A sentence between.")`)
	is("put between again", with)
	b.open(page + "&s=1.1#write")
	b.until(`document.querySelector("form[action$='/sentence'] #t-en")`)
	b.send(`#write button[formaction$="/remove"]`)
	b.said("desk.said.removed")
	is("removed", with[1:])
	b.key('u')
	b.said("desk.said.undone")
	is("the removal undone", with)
	b.open(page + fmt.Sprintf("&s=1.%d#write", n+1))
	b.until(`document.getElementById("t-en")?.value === "A sentence between."`)
	b.send(`#write button[formaction$="/remove"]`)
	b.said("desk.said.removed")
	is("taken out again", before)
}

// saysWhatIsAsked tells the exposure rule what it can't know: in which population the sources
// stand, how many had what a request would show, how the news goes round; and has the day of
// printing drawn.
func (b *browser) saysWhatIsAsked(r *room, id desk.ID) {
	b.t.Helper()
	r.coarse(id)
	r.estimates(func(text string) string {
		return text + "[populations.clerks]\npeople = \"400-500\"\nsource = \"x\"\ndate = \"2022-09-01\"\nauthor = \"x\"\ngood_for = 5000\n"
	})
	st := func() *desk.StoryView {
		v, err := r.desk.Story(b.t.Context(), id)
		must(b.t, err)
		return v
	}
	b.open("/story/" + id.String() + "?view=en")
	b.until(`document.getElementById("among")`)
	b.choose("#among", "officials")
	b.send(`form[action$="/among"] button`)
	b.said("desk.said.spread")
	if got := st().Story.Among; got != "officials" {
		b.t.Errorf("the sources stand among %q", got)
	}
	b.openAll()
	b.fill("#shown", "many")
	b.send(`form[action$="/shown"] button`)
	b.wrong("desk.field.shown")
	b.openAll()
	b.fill("#shown", "6")
	b.send(`form[action$="/shown"] button`)
	b.said("desk.said.shown")
	b.until(`document.getElementById("ask-first").open && document.getElementById("shown").value === "6"`)
	if n := st().Story.Shown; n == nil || *n != 6 {
		b.t.Errorf("shown to %v", n)
	}
	b.key('u')
	b.said("desk.said.undone")
	if st().Story.Shown != nil {
		b.t.Error("undone, the request is still judged")
	}
	b.openAll()
	b.fill("#known", "5")
	b.fill("#reach", "400")
	b.fill("#rate", "0.5")
	b.send(`form[action$="/spread"] button`)
	b.said("desk.said.spread")
	if s := st().Story.Spread; s == nil || *s != (desk.Spread{Known: 5, Reach: 400, Rate: 0.5, Day: r.desk.Today()}) {
		b.t.Errorf("the news goes round as %+v", s)
	}
	b.axe("what is asked")
	b.do(scrollTo("#spread"))
	b.looked("asks-before-" + string(b.tag))
	b.send(`form[action$="/embargo"] button`)
	b.said("desk.said.drawn")
	b.until(`document.querySelector("#spread[open] .mark.hold") && !document.querySelector("form[action$='/embargo']")`)
	b.axe("the day is drawn")
	b.do(scrollTo("#spread"))
	b.looked("asks-after-" + string(b.tag))
	if st().Exposure.Embargo == nil {
		b.t.Error("no day was drawn")
	}
}

func scrollTo(css string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](`document.querySelector("` + css + `").scrollIntoView({block: "center"})`)
}
