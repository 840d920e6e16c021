package web

import (
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// That the estimates are the example still is said on the first page and the newsroom's, until somebody
// has put in numbers, and never in practice; and in a story with several sources once, not of each.
func TestExampleOfEstimatesIsSaidOnce(t *testing.T) {
	r := newRoom(t)
	h, practice := newHouse(t, r).enter(), houseWith(t, r, Options{Lesson: &playedLesson{steps: playedSteps(0)}}).enter()
	count := func(h *house, path, key string, speak lang.Tag) int {
		t.Helper()
		h.ask("POST", "/language", "lang="+string(speak), nil)
		page := html.UnescapeString(body(t, h.ask("GET", path, "", nil)))
		if strings.Contains(page, "[desk.") {
			t.Errorf("%s %s: a word is missing", speak, path)
		}
		return strings.Count(page, lang.T(speak, key))
	}
	for _, speak := range lang.All() {
		for _, path := range []string{"/inbox", "/newsroom"} {
			if n := count(h, path, "desk.numbers.example", speak); n != 1 {
				t.Errorf("%s %s says %d times that the numbers are an example", speak, path, n)
			}
			if n := count(practice, path, "desk.numbers.example", speak); n != 0 {
				t.Errorf("%s %s says so in practice", speak, path)
			}
		}
	}
	r.tell()
	id := r.write(r.judge())
	must(t, os.WriteFile(filepath.Join(r.dir, desk.EstimatesFile), []byte(risk.ExampleEstimates), 0o600))
	if n := count(h, "/story/"+id.String(), "desk.exposure.more", lang.English); n != 1 {
		t.Fatal("the story says nothing of its sources")
	}
	page := html.UnescapeString(body(t, h.ask("GET", "/story/"+id.String(), "", nil)))
	_, more, _ := strings.Cut(page, `<details class="give-more"`)
	more, _, _ = strings.Cut(more, "</details>")
	if strings.Count(more, `<section class="give-source">`) < 2 {
		t.Fatal("fewer than two sources")
	}
	if n := strings.Count(more, "the line “example” away"); n != 1 {
		t.Errorf("said %d times that the estimates are an example", n)
	}
	r.estimates(nil)
	for _, path := range []string{"/inbox", "/newsroom"} {
		if n := count(h, path, "desk.numbers.example", lang.English); n != 0 {
			t.Errorf("%s says that numbers somebody put in are an example", path)
		}
	}
}
