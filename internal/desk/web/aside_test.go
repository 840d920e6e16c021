package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
)

// aside turns an address that tests write with words into the one that the pages lead to.
func (h *house) aside(path string) string {
	at, query, _ := strings.Cut(path, "?")
	switch {
	case at == "/search" && query != "":
		return at + "?n=" + h.s.aside.number(query)
	case at == "/inbox" && !strings.Contains(query, "box=all"):
		return h.s.listHref(at, desk.ParseInboxQuery(query), false)
	}
	return path
}

// Addresses of a page: where its links and forms lead, and what goes into an address from
// the fields of forms that do not post; typed says that something can be typed into those.
var (
	hrefs    = regexp.MustCompile(`(?:href|action|name="back" value)="([^"]*)"`)
	getForms = regexp.MustCompile(`(?s)<form [^>]*>.*?</form>`)
	values   = regexp.MustCompile(`value="([^"]*)"`)
)

func addresses(page string) (out []string, typed bool) {
	for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	for _, form := range getForms.FindAllString(page, -1) {
		if head, _, _ := strings.Cut(form, ">"); strings.Contains(head, `method="post"`) {
			continue
		}
		if strings.Contains(form, `type="text"`) || strings.Contains(form, `type="search"`) || strings.Contains(form, "<textarea") {
			typed = true
		}
		for _, m := range values.FindAllStringSubmatch(form, -1) {
			out = append(out, m[1])
		}
	}
	return out, typed
}

// holdsWord says whether an address holds a word, as it is or escaped.
func holdsWord(address, word string) bool {
	plain, err := url.QueryUnescape(address)
	return strings.Contains(address, word) || err == nil && strings.Contains(plain, word)
}

// wordless gets a page, and sees that no address there holds any of the words.
func (h *house) wordless(path string, words ...string) string {
	h.t.Helper()
	res := h.ask("GET", path, "", nil)
	text := body(h.t, res)
	if res.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s", path, res.Status)
	}
	at, typed := addresses(text)
	if typed {
		h.t.Errorf("%s: a form would put what is typed into an address", path)
	}
	for _, a := range append(at, path) {
		for _, w := range words {
			if holdsWord(a, w) {
				h.t.Errorf("%s: %q stands in %q", path, w, a)
			}
		}
	}
	return text
}

// No address holds the words of a search, on any of its pages, nor those of the inbox's
// filters and saved views. A browser keeps addresses.
func TestSearchWordsInNoAddress(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "a smokehouse by the river", cell.ReplyID{})
	r.name("A")
	for range desk.SearchRows {
		_, _, err := r.desk.AddRemark(ctx, r.ids["A"], "ask about the smokehouse", "mina")
		must(t, err)
	}
	for _, c := range []desk.ThreadChange{{Topic: new("gravel pit")}, {Tag: "국경"}, {Assign: new("seoyeon")}} {
		_, err := r.desk.Change(ctx, []desk.ID{r.ids["A"]}, c)
		must(t, err)
	}
	filter := desk.InboxQuery{Topic: "gravel pit", Tag: "국경", Assigned: "seoyeon"}
	h := newHouse(t, r).enter()
	page := func(path string) string {
		t.Helper()
		return h.wordless(path, "smokehouse", "gravel", "국경", "seoyeon")
	}
	post := func(path string, form url.Values) string {
		t.Helper()
		res := h.ask("POST", path, form.Encode(), nil)
		if res.StatusCode != http.StatusSeeOther || body(t, res) != "" {
			t.Fatalf("POST %s: %s", path, res.Status)
		}
		return res.Header.Get("Location")
	}

	// The search: its answer, the next page, and the form empty.
	answer := page(post("/search", url.Values{"q": {"smokehouse"}, "tag": {"국경"}}))
	if !strings.Contains(answer, "<mark>smokehouse</mark>") || !strings.Contains(answer, `value="smokehouse"`) {
		t.Fatal("nothing is found, so the test says nothing")
	}
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(answer)
	if next == nil {
		t.Fatal("no second page")
	}
	if text := page(strings.ReplaceAll(next[1], "&amp;", "&")); !strings.Contains(text, "<mark>smokehouse</mark>") {
		t.Error("the second page is empty")
	}
	for _, path := range []string{"/search", "/search?n=999", "/search?n=x", "/search?q=smoke"} {
		if text := page(path); strings.Contains(text, "<mark>") || strings.Contains(text, `value="smoke`) {
			t.Errorf("%s finds something", path)
		}
	}
	if res := h.ask("POST", "/search", "q="+strings.Repeat("a", maxQuestion), nil); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a question of %d bytes: %s", maxQuestion, res.Status)
	}

	// The inbox, narrowed by hand and by a view; what is opened from there.
	list := page(post("/inbox/view", url.Values{"name": {"mine"}, "query": {filter.Encode()}}))
	row := regexp.MustCompile(`href="(/thread/[^"]*)" data-row`).FindStringSubmatch(list)
	if row == nil || !strings.Contains(row[1], "topic=") {
		t.Fatalf("the narrowed list lacks its row: %q", row)
	}
	page(strings.ReplaceAll(row[1], "&amp;", "&"))
	if text := page("/inbox"); !strings.Contains(text, `aria-label`) || !strings.Contains(text, ">mine</a>") {
		t.Error("the saved view is gone")
	}
	other := filter
	other.Tag = "nobody's"
	if strings.Contains(page(h.s.listHref("/inbox", other, false)), "data-row") {
		t.Error("another tag finds the same")
	}
}

// The test of addresses finds words where they stand.
func TestSearchWordsAreSeenInAddresses(t *testing.T) {
	for _, page := range []string{
		`<a href="/search?q=%EA%B5%AD%EA%B2%BD">`, `<a href="/search?q=국경">`, `<form action="/x"><option value="국경"></form>`,
		`<form method="post" action="/x"><input type="hidden" name="back" value="/inbox?tag=%EA%B5%AD%EA%B2%BD"></form>`,
	} {
		found := false
		at, _ := addresses(page)
		for _, a := range at {
			found = found || holdsWord(a, "국경")
		}
		if !found {
			t.Error("not seen in", page)
		}
	}
	if _, typed := addresses(`<form action="/search"><input type="search" name="q"></form>`); !typed {
		t.Error("a search that does not post is not seen")
	}
}
