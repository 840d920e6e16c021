package watch

import (
	"strings"
	"testing"

	"kkachi/internal/contacts"
)

const vetted = "kkachi/1 contacts\n\nname Example helpline\nname-ko 보기 전화\nnumber +82 2 0000 0000\nhours at any time\nlanguages ko en\nchecked 2026-10-01\n"

// block is how a page shows them, in the words of its language.
func block(html string, lines ...string) string {
	out := `<!doctype html><html lang="` + html + `"><title>x</title><script src="/page/page.js"></script><p>x</p><ul class="contacts"><li>`
	for i, line := range lines {
		out += `<bdi class="` + []string{"name", "number", "hours", "spoken", "checked"}[i] + `">` + line + "</bdi> "
	}
	return out + "</li></ul>"
}

const others = "contacts: en/nobody.html shows others than contacts.txt"

var english = block("en", "Example helpline", "+82 2 0000 0000", "at any time", "한국어, English", "Checked on 1 October 2026")

// onPage signs a page on which something of the contacts is another.
func onPage(n *newsroom, old, now string) {
	altered := strings.Replace(english, old, now, 1)
	if altered == english {
		panic("nothing is altered")
	}
	n.printContacts(2, map[string]string{"en/nobody.html": altered})
}

// printContacts prints a site as the press does, whose root note names its contacts.
func (n *newsroom) printContacts(serial uint64, change map[string]string) {
	site := map[string]string{
		contacts.File:    vetted,
		"en/index.html":  block("en", "Example helpline", "+82 2 0000 0000", "at any time", "한국어, English", "Checked on 1 October 2026"),
		"ko/index.html":  block("ko", "보기 전화", "+82 2 0000 0000", "at any time", "한국어, English", "2026년 10월 1일 확인"),
		"zh/index.html":  block("zh-Hans", "Example helpline", "+82 2 0000 0000", "at any time", "한국어, English", "2026年10月1日核实"),
		"en/nobody.html": block("en", "Example helpline", "+82 2 0000 0000", "at any time", "한국어, English", "Checked on 1 October 2026"),
	}
	for path, data := range change {
		site[path] = data
	}
	n.print(serial, site)
	for path, data := range change {
		if data == "" {
			delete(n.files, path)
		}
	}
	n.site = n.manifest(serial, n.desk)
}

func (n *newsroom) withContacts(file string) {
	sum := contacts.Digest([]byte(file))
	n.rootN.Contacts, n.rootN.Serial = &sum, n.rootN.Serial+1
	n.sign()
}

// P10: contacts that differ from the root note are said, in the file, on a page, by the host or by a desk.
func TestP10ContactsAreTheNewsrooms(t *testing.T) {
	other := strings.Replace(vetted, "0000 0000", "0000 0001", 1)
	heldToTheRootNote(t, map[string]contactsCase{
		"as they were signed": {func(*newsroom) {}, ""},
		"none, none named": {func(n *newsroom) {
			n.turn()
			n.rootN.Contacts = nil
			n.rootN.Serial++
			n.sign()
			n.print(2, nil)
		}, ""},
		"a file of nobody": {func(n *newsroom) {
			n.turn()
			n.withContacts("kkachi/1 contacts\n")
			n.print(2, map[string]string{contacts.File: "kkachi/1 contacts\n"})
		}, ""},
		"altered by the host":      {func(n *newsroom) { n.files[contacts.File] = []byte(other) }, "contacts: contacts.txt is another file than the manifest lists"},
		"altered by a desk":        {func(n *newsroom) { n.printContacts(2, map[string]string{contacts.File: other}) }, "contacts: contacts.txt is not the file that the root note names"},
		"not on the site":          {func(n *newsroom) { n.printContacts(2, map[string]string{contacts.File: ""}) }, "contacts: the root note names contacts, and the site lists no contacts.txt"},
		"not handed out":           {func(n *newsroom) { delete(n.files, contacts.File) }, "contacts: contacts.txt is not handed out"},
		"not named":                {func(n *newsroom) { n.rootN.Contacts = nil; n.rootN.Serial++; n.sign() }, "contacts: the site lists contacts.txt, and the root note names no contacts"},
		"malformed, though signed": {func(n *newsroom) { n.withContacts("x"); n.printContacts(2, map[string]string{contacts.File: "x"}) }, "contacts: contacts.txt: malformed contacts: line 1"},
		"another number on one page": {func(n *newsroom) {
			n.printContacts(2, map[string]string{"ko/index.html": block("ko", "보기 전화", "+82 2 0000 0009", "at any time", "한국어, English", "2026년 10월 1일 확인")})
		}, "contacts: ko/index.html shows others than contacts.txt"},
		"one more on a page": {func(n *newsroom) {
			n.printContacts(2, map[string]string{"en/nobody.html": block("en", "Example helpline", "+82 2 0000 0000", "at any time", "한국어, English", "Checked on 1 October 2026") + `<div class="x contacts">112</div>`})
		}, "contacts: en/nobody.html shows others than contacts.txt"},
		"none on a page": {func(n *newsroom) { n.printContacts(2, map[string]string{"en/nobody.html": `<!doctype html><p>x`}) }, "contacts: en/nobody.html shows none of contacts.txt"},
		"on a page, and none are named": {func(n *newsroom) {
			n.rootN.Contacts = nil
			n.rootN.Serial++
			n.sign()
			n.print(2, map[string]string{"en/nobody.html": block("en", "x", "112")})
		}, "contacts: en/nobody.html shows contacts, and the root note names none"},
		"a place for them, and none are named": {func(n *newsroom) {
			n.rootN.Contacts = nil
			n.rootN.Serial++
			n.sign()
			n.print(2, map[string]string{"en/nobody.html": `<ul class="contacts"></ul>`})
		}, "contacts: en/nobody.html shows contacts, and the root note names none"},
	})
}

// P10: contacts on a page are those of the file for readers with scripts and without, entry by entry.
func TestP10ContactsEntryByEntry(t *testing.T) {
	heldToTheRootNote(t, map[string]contactsCase{
		"others for who runs no scripts": {func(n *newsroom) { onPage(n, "</ul>", `</ul><noscript><ul class="contacts"><li>112</ul></noscript>`) }, others},
		"for who runs no scripts alone": {func(n *newsroom) {
			n.printContacts(2, map[string]string{"en/nobody.html": strings.Replace(english, "<ul", "<noscript><ul", 1) + "</noscript>"})
		}, "contacts: en/nobody.html shows none of contacts.txt"},
		"the same letters, and half a number": {func(n *newsroom) {
			onPage(n, `helpline</bdi> <bdi class="number">+82 2 `, `helpline +82 2</bdi> <bdi class="number">`)
		}, others},
		"no number, by its class":     {func(n *newsroom) { onPage(n, `"number"`, `"hours"`) }, others},
		"two numbers, by their class": {func(n *newsroom) { onPage(n, `"hours"`, `"number"`) }, others},
		"a number that is hidden":     {func(n *newsroom) { onPage(n, `"number"`, `"number" hidden`) }, others},
		"a number that is turned":     {func(n *newsroom) { onPage(n, `"number"`, `"number" dir="rtl"`) }, others},
		"all hidden":                  {func(n *newsroom) { onPage(n, `<ul`, `<ul style="display:none"`) }, others},
		"letters that are not shown":  {func(n *newsroom) { onPage(n, `+82 2 0000 0000</bdi>`, `<template>+82 2 0000 0000</template></bdi>`) }, others},
		"a picture among them":        {func(n *newsroom) { onPage(n, `</li>`, `<img src="112.png"></li>`) }, others},
		"outside of an entry":         {func(n *newsroom) { onPage(n, `<li>`, ``) }, others},
		"laid out of sight": {func(n *newsroom) {
			n.printContacts(2, map[string]string{"en/nobody.html": strings.Replace(english, "<ul", "<div hidden><ul", 1)})
		}, "contacts: en/nobody.html shows none of contacts.txt"},
		"in a template": {func(n *newsroom) {
			n.printContacts(2, map[string]string{"en/nobody.html": strings.Replace(english, "<ul", "<template><ul", 1)})
		}, "contacts: en/nobody.html shows none of contacts.txt"},
	})
}

// A contactsCase changes something after a first visit.
type contactsCase struct {
	change func(n *newsroom)
	want   string // "": all is well
}

func heldToTheRootNote(t *testing.T, cases map[string]contactsCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := newNewsroom()
			n.withContacts(vetted)
			n.printContacts(1, nil)
			w := n.watch(t, t.TempDir())
			if r := visit(t, w); r.Contacts != 1 {
				t.Fatalf("%+v", r)
			}
			c.change(n)
			if c.want == "" {
				visit(t, w)
				return
			}
			if _, wrong := shown(t, w); !strings.Contains(wrong, c.want) {
				t.Errorf("%q, want %q", wrong, c.want)
			}
		})
	}
}

// A visit that looks at all finds what is altered at once, whatever would have been drawn.
func TestLookAtAll(t *testing.T) {
	n := newNewsroom()
	more := map[string]string{}
	for i := range 3 * SiteSample {
		more["en/"+strings.Repeat("x", i+1)+".html"] = "<p>x"
	}
	n.print(1, more)
	w := n.watch(t, "")
	w.LookAtAll()
	if r := visit(t, w); r.SiteLooked != r.SiteFiles || r.SiteFiles != 3*SiteSample+5 {
		t.Errorf("%d of %d files were looked at", r.SiteLooked, r.SiteFiles)
	}
	n.files["en/xxxxxxx.html"] = []byte("<p>y")
	if _, wrong := shown(t, w); wrong != "page: en/xxxxxxx.html is another file than the manifest lists" {
		t.Errorf("%q", wrong)
	}
}
