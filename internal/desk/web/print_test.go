package web

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// onPaper are the pages that a journalist prints, each with words that must stand there.
func onPaper(r *room, story string, claims map[string]string) map[string]struct{ path, words string } {
	return map[string]struct{ path, words string }{
		"thread":  {"/thread/" + r.ids["A"].String(), "과제금을 못 바치는 사람이"},
		"note":    {"/thread/" + r.ids["B"].String(), "누가 먼저 한 말인지는 모릅니다."},
		"pairs":   {"/thread/" + r.ids["E"].String(), "It is not quite impossible."},
		"claims":  {"/claims", "Patrols towards Laos have increased"},
		"claim":   {"/claim/" + claims["C07"], "Bribes no longer work at the south-western border"},
		"story":   {"/story/" + story + "?view=side", "are now held once every two days."},
		"case":    {"/case/" + r.ids["B"].String(), "A place to stay until the end of the month"},
		"sources": {"/sources", "do not print place"},
		"inbox":   {"/inbox?box=all", "다시 씁니다."},
	}
}

// pressable is what has no place on paper: what leads on, what is pressed, what is filled in.
const pressable = `button, .button, kbd, nav, dialog, summary, .rail, .notice, input[type=password], input[type=file], input[type=checkbox]`

// What is printed is what is read: no navigation, nothing to press, no address; nothing is
// wider than the paper or cut off. The page is whole again afterwards.
func TestPagesOnPaper(t *testing.T) {
	if testing.Short() {
		t.Skip("printed without -short")
	}
	r, story, claims := full(t)
	b := newBrowser(t, newHouse(t, r))
	n := 0
	for name, p := range onPaper(r, story, claims) {
		tag := lang.All()[n%3]
		n++
		b.h.speaks(tag)
		b.tag = tag
		b.size(1280, 860)
		b.dark(n%2 == 0)
		b.open(p.path)
		b.until(`document.querySelector("main")`)
		links := eval[int](b, `document.querySelectorAll("a[href]").length`)
		b.print(name + "-" + string(tag))
		if now := eval[int](b, `document.querySelectorAll("a[href]").length`); now != links {
			t.Errorf("%s: %d links before printing, %d after", name, links, now)
		}
		b.paper(name, p.words)
	}
	rows, err := r.desk.Stories(t.Context())
	must(t, err)
	i := slices.IndexFunc(rows, func(row desk.StoryRow) bool { return row.Title == "Patrols" })
	for _, tag := range lang.All() {
		b.open("/story/" + rows[i].ID.String() + "/preview/" + string(tag))
		b.until(`document.querySelector(".body")`)
		b.print("preview-" + string(tag))
	}
}

// paper looks at the page as paper has it, at the width of a sheet between its margins.
func (b *browser) paper(name, words string) {
	b.t.Helper()
	b.size(672, 1000) // 178 mm
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	must(b.t, err)
	for _, wrong := range eval[[]string](b, `(() => { const out = [];
		for (const e of document.querySelectorAll(`+quoteJS(pressable)+`)) if (e.getClientRects().length) out.push("there stands " + e.outerHTML.slice(0, 120));
		if (document.documentElement.scrollWidth > innerWidth) out.push(document.documentElement.scrollWidth + " px wide on a sheet of " + innerWidth);
		for (const e of document.querySelectorAll("main *")) {
			if (!e.getClientRects().length || e.closest("svg") || e.classList.contains("hide")) continue;
			const r = e.getBoundingClientRect(), s = getComputedStyle(e);
			if (r.right > innerWidth + 1) out.push("cut at the right: " + e.outerHTML.slice(0, 120));
			if (s.overflowY !== "visible" && e.scrollHeight > e.clientHeight + 1) out.push("cut below: " + e.outerHTML.slice(0, 120));
			if (s.textOverflow === "ellipsis" && e.scrollWidth > e.clientWidth + 1) out.push("cut short: " + e.outerHTML.slice(0, 120));
		}
		return out.slice(0, 5); })()`) {
		b.t.Errorf("%s on paper: %s", name, wrong)
	}
	if !eval[bool](b, `[document.body.innerText, ...[...document.querySelectorAll("textarea, input")].filter((e) => e.checkVisibility()).map((e) => e.value)].join(" ").replace(/\s+/g, " ").includes(`+quoteJS(words)+`)`) {
		b.t.Errorf("%s on paper: %q is not there", name, words)
	}
	b.picture("paper-" + name)
	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	must(b.t, err)
}

var pdfPages = regexp.MustCompile(`/Type\s*/Page\b`)

// print prints the page as the browser does, and reads the file: it has no address in it, of
// the desk or of a thread. KKACHI_PICTURES keeps it.
func (b *browser) print(name string) {
	b.t.Helper()
	pdf, err := chromedp.Call(b.ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true), DisplayHeaderFooter: new(true)})
	must(b.t, err)
	data := pdf.Data
	if len(pdfPages.FindAll(data, -1)) == 0 {
		b.t.Fatalf("%s: hardly a PDF of %d bytes", name, len(data))
	}
	host, _, _ := strings.Cut(b.h.s.host(), ":")
	for _, secret := range []string{"/URI", host, b.h.s.host()} {
		if bytes.Contains(data, []byte(secret)) {
			b.t.Errorf("%s: %q stands in the file", name, secret)
		}
	}
	if tool, err := exec.LookPath("pdftotext"); err == nil { // of poppler-utils, where it is: the margins too
		cmd := exec.Command(tool, "-", "-")
		cmd.Stdin = bytes.NewReader(data)
		text, err := cmd.Output()
		must(b.t, err)
		if strings.Contains(string(text), "http") || strings.Contains(string(text), host) {
			b.t.Errorf("%s: an address is printed", name)
		}
	}
	if dir := os.Getenv("KKACHI_PICTURES"); dir != "" {
		must(b.t, os.WriteFile(filepath.Join(dir, "paper-"+name+".pdf"), data, 0o600))
	}
}
