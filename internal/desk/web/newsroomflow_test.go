package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// The newsroom in a browser: the language by its button, the list of keys, an exchange with the
// host, a held day freed by two, and a search narrowed by kind and day.
func TestWorkInTheNewsroom(t *testing.T) { drive(t, 10, workInTheNewsroom) }

func workInTheNewsroom(t *testing.T, w way) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "국경에서 순찰이 늘었습니다.", cell.ReplyID{})
	r.name("A")
	day := r.hold(3)
	b := w.browser(newHouse(t, r))
	for _, tag := range []lang.Tag{lang.English, lang.Chinese, lang.Korean, w.tag} {
		if eval[string](b, `document.documentElement.lang`) != tag.HTML() {
			b.send(`.langs button[value="` + string(tag) + `"]`)
		}
		b.tag = tag
		b.until(fmt.Sprintf(`document.documentElement.lang === %q && document.querySelector('.rail [aria-current]').firstChild.textContent.startsWith(%s)`, tag.HTML(), b.T("desk.nav.inbox")))
	}
	b.key('?')
	b.until(`document.getElementById("keys").open && document.getElementById("keys-title").textContent === ` + b.T("desk.keys.title"))
	b.press(kb.Escape)
	b.until(`!document.getElementById("keys").open`)
	b.key('g')
	b.key('n')
	b.until(`location.pathname === "/newsroom"`)
	b.send(`form[action="/sync"] button`)
	b.until(`document.querySelector(".notice")`)
	b.fill("#h-0-ayla", "wrong")
	b.send(`form:has(#h-0-ayla) button`)
	b.until(`document.body.textContent.includes(` + b.T("desk.problem.passphrase") + `)`)
	b.open("/newsroom")
	for _, name := range []string{"ayla", "boram"} {
		b.fill("#h-0-"+name, "pass of "+name)
		b.send(`form:has(#h-0-` + name + `) button`)
		b.said("desk.said.freed")
	}
	if r.host.objects[fmt.Sprintf("note/free/%d", day)] == nil {
		t.Error("signed by two, it is not at the host")
	}
	b.key('g')
	b.key('f')
	b.until(`location.pathname === "/search" && document.activeElement.id === "q"`)
	b.write("순찰")
	b.choose("#by-kind", string(desk.FoundLetter))
	b.fill("#to", "2022. 2. 30.")
	b.send(`.ask button.main`)
	b.wrong("desk.field.date")
	b.fill("#to", "2021-01-01")
	b.send(`.ask button.main`)
	b.until(`document.querySelector(".empty h2").textContent === ` + b.T("desk.search.nothing"))
	b.fill("#to", "2022. 12. 31.")
	b.send(`.ask button.main`)
	b.until(`document.querySelector(".results mark").textContent === "순찰"`)
}
