package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// Beside a thread of a long inbox stands a part of the list; the row that is open stays at the
// height at which one opened it, and by keys one comes from part to part, without opening any.
func TestLongListBesideAThread(t *testing.T) {
	if testing.Short() {
		t.Skip("the same page is driven without -short")
	}
	ctx := t.Context()
	r := newRoom(t)
	for i := range 2*desk.BesideRows + 40 {
		_, _, _, err := r.desk.TakeCall(ctx, desk.CallNote{Lang: lang.Korean, Text: fmt.Sprintf("전화 %d. 이틀에 한 번씩 모입니다.", i), Taker: "mina"})
		must(t, err)
	}
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	b := newBrowser(t, newHouse(t, r))
	b.size(1280, 860)
	n := len(rows)
	row := func(i int) string { return "/thread/" + rows[i].ID.String() }
	shown := func(first, last int) string {
		return fmt.Sprintf(`(e => e.length === %d && e[0].getAttribute("href") === %q && e.at(-1).getAttribute("href") === %q)([...document.querySelectorAll(".row [data-row]")])`,
			last-first, row(first), row(last-1))
	}
	height := `Math.round(document.querySelector("[aria-current][data-row]").getBoundingClientRect().top)`

	b.open(row(120))
	b.until(shown(90, 190) + ` && document.querySelectorAll("[data-part]").length === 2`)
	b.axe("a long list")
	b.key('j')
	next := eval[int](b, `Math.round(document.activeElement.getBoundingClientRect().top)`)
	b.key('o')
	b.until(`location.pathname === "` + row(121) + `" && ` + shown(91, 191))
	if now := eval[int](b, height); now < next-2 || now > next+2 {
		t.Errorf("the row stood at %d px when it was opened, and stands at %d", next, now)
	}

	// Down: the part behind this one, around its last row; the thread stays open.
	b.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".row [data-row]")].at(-1).focus()`))
	b.key('j')
	b.until(`document.activeElement.matches("[data-part][rel=next]")`)
	b.picture("beside-focus")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`location.pathname === "` + row(121) + `" && document.activeElement.matches("[data-at]")`)
	b.until(shown(n-100, n) + ` && document.activeElement.getAttribute("href") === "` + row(190) + `" && !document.querySelector("[data-part][rel=next]")`)
	for _, tag := range []string{"en", "ko", "zh"} {
		b.speak(tag)
		b.open(row(121))
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-part][rel=next]").scrollIntoView({ block: "center" })`))
		b.looked("beside-down-" + tag)
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-part][rel=prev]").scrollIntoView({ block: "center" })`))
		b.looked("beside-up-" + tag)
	}
	b.dark(true)
	b.looked("beside-dark")
	b.dark(false)
	b.size(768, 860)
	b.looked("beside-768")
	b.size(1280, 860)

	// Up, from the row at which the list was left.
	b.open(row(121) + "?at=" + rows[190].ID.String())
	b.until(`document.activeElement.matches("[data-at]")`)
	b.key('k')
	b.until(`document.activeElement.getAttribute("href") === "` + row(189) + `"`)
	b.send("[data-part][rel=prev]")
	b.until(shown(n-130, n-30))
}
