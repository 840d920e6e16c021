package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// The page Newsroom says of each contact that readers see when it was checked, which are to be
// checked again, and whether the file waits for a signature; whatever their names are.
func TestNewsroomShowsContacts(t *testing.T) {
	r := newRoom(t)
	h := newHouse(t, r).enter()
	var now Contacts
	h.s.opts.Contacts = func() Contacts { return now }
	page := func() string { t.Helper(); return body(t, h.ask("GET", "/newsroom", "", nil)) }
	if got := h.ask("POST", "/language", "lang=en", nil); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if got := page(); !strings.Contains(got, "The root note names none.") {
		t.Error("that there are none is not said")
	}
	now = Contacts{Unsigned: true, List: []Contact{{"A helpline", "112", 20000, false}, {"<b>Lawyers", "+82 2", 19000, true}}}
	got := page()
	for _, want := range []string{
		"A helpline</bdi> · 112", "checked 4 October 2024", "&lt;b&gt;Lawyers", `<span class="mark hold">Check it again: last checked 8 January 2022`, "is not signed as it stands",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for _, speak := range []string{"ko", "zh"} {
		h.ask("POST", "/language", "lang="+speak, nil)
		if got := page(); strings.Contains(got, "[desk.") || strings.Contains(got, "<b>") || !strings.Contains(got, "A helpline") {
			t.Errorf("%s: a word is missing, or a name became markup", speak)
		}
	}
	h.s.opts.Contacts = nil
	if got := page(); strings.Contains(got, "A helpline") {
		t.Error("contacts of nobody")
	}
}

// What keeps a site back is said as what it is: the host that can't be reached, or readers who are
// told of its contacts only tomorrow.
func TestWhatKeepsTheSiteBackIsSaid(t *testing.T) {
	h := newHouse(t, newRoom(t)).enter()
	for err, want := range map[error]string{
		fmt.Errorf("held: %w", ErrEarly): "desk.said.early", errors.New("no route"): "desk.said.nopublish",
	} {
		h.s.opts.Publish = func(context.Context) (int, error) { return 0, err }
		for _, tag := range lang.All() {
			h.speaks(tag)
			h.ask("POST", "/publish", "", nil)
			got := body(t, h.ask("GET", "/stories", "", nil))
			begin, _, _ := strings.Cut(lang.T(tag, want), "`")
			if !strings.Contains(got, begin) {
				t.Errorf("%s: %v is not said as %s", tag, err, want)
			}
		}
	}
}
