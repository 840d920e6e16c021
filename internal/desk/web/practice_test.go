package web

import (
	"context"
	"html"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// playedPractice is what cmd hands in, without a second desk.
type playedPractice struct {
	link  string
	there bool
	in    lang.Tag
}

func (p *playedPractice) Begin(_ context.Context, l lang.Tag) error {
	p.link, p.there, p.in = "http://other.localhost:9/#token", true, l
	return nil
}
func (p *playedPractice) End() error { p.link, p.there = "", false; return nil }

func (p *playedPractice) Now() (string, bool) { return p.link, p.there }

type playedLesson struct {
	steps []LessonStep
	ended int
}

func (l *playedLesson) Lesson(context.Context) ([]LessonStep, error) { return l.steps, nil }
func (l *playedLesson) End() error                                   { l.ended++; return nil }

// lessonKeys are those of the demo's lesson, which its own test learns by doing.
var lessonKeys = []string{"letter", "call", "claim", "chains", "story", "gate", "release"}

func playedSteps(done int) []LessonStep {
	var out []LessonStep
	for i, key := range lessonKeys {
		st := LessonStep{Key: key, Path: "/inbox", Done: i < done}
		if key == "release" {
			st.Args = []any{"ayla", "1111", "boram", "2222"}
		}
		out = append(out, st)
	}
	return out
}

// The newsroom's desk offers practice on its first page and in its help, says what it is before it
// begins, and leads there by a link that lets one browser in.
func TestDeskOffersPractice(t *testing.T) {
	p := &playedPractice{}
	h := houseWith(t, newRoom(t), Options{Practice: p}).enter()
	for _, speak := range lang.All() {
		h.ask("POST", "/language", "lang="+string(speak), nil)
		word := lang.T(speak, "desk.practice.do")
		if got := body(t, h.ask("GET", "/inbox", "", nil)); strings.Count(got, `href="/practice">`+word) != 2 {
			t.Errorf("%s: the first page and the help do not both offer it", speak)
		}
		if got := body(t, h.ask("GET", "/claims", "", nil)); strings.Count(got, `href="/practice">`+word) != 1 {
			t.Errorf("%s: the help of another page does not offer it", speak)
		}
		got := body(t, h.ask("GET", "/practice", "", nil))
		for _, key := range []string{"what", "apart", "send", "stays", "begin"} {
			if !strings.Contains(got, lang.T(speak, "desk.practice."+key)) {
				t.Errorf("%s: desk.practice.%s is not said", speak, key)
			}
		}
		if res := h.ask("POST", "/practice/begin", "", nil); res.StatusCode != http.StatusSeeOther || p.in != speak {
			t.Errorf("%s: %s, begun in %s", speak, res.Status, p.in)
		}
		if got := body(t, h.ask("GET", "/practice", "", nil)); !strings.Contains(got, `href="`+p.link+`" target="_blank" rel="noopener noreferrer"`) {
			t.Errorf("%s: no link to the practice desk", speak)
		}
		p.link = "" // a browser came in
		if got := body(t, h.ask("GET", "/practice", "", nil)); !strings.Contains(got, lang.T(speak, "desk.practice.there")) || strings.Contains(got, "_blank") {
			t.Errorf("%s: that it is open is not said", speak)
		}
		h.ask("POST", "/practice/end", "", nil)
		if got := body(t, h.ask("GET", "/practice", "", nil)); p.there || !strings.Contains(got, lang.T(speak, "desk.practice.ended")) {
			t.Errorf("%s: that it is over is not said", speak)
		}
	}
	if res := h.ask("GET", "/lesson", "", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a lesson at the newsroom's desk: %s", res.Status)
	}
	without := newHouse(t, newRoom(t)).enter()
	if got := body(t, without.ask("GET", "/inbox", "", nil)); strings.Contains(got, "/practice") {
		t.Error("offered where there is none")
	}
	if res := without.ask("POST", "/practice/begin", "", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("begun where there is none: %s", res.Status)
	}
}

// Each page of a practice desk says in each language that it is one, and names the next step. It offers
// neither an exchange, nor a site to put up, nor another practice.
func TestEachPageOfPracticeSaysSo(t *testing.T) {
	r := newRoom(t)
	fill(r, "Words in practice.")
	pages, err := fs.Glob(files, "page/*.html")
	must(t, err)
	for _, name := range pages { // the mark stands in the frame that all begin with
		page, err := fs.ReadFile(files, name)
		must(t, err)
		part := slices.Contains([]string{"frame", "parts", "marks", "exposure", "door"}, strings.TrimSuffix(path.Base(name), ".html"))
		if begins := strings.HasPrefix(string(page), `{{template "top" .}}`); begins == part {
			t.Errorf("%s: begins with the frame: %v", name, begins)
		}
	}
	l := &playedLesson{steps: playedSteps(2)}
	h := houseWith(t, r, Options{Lesson: l}).enter()
	for _, speak := range lang.All() {
		h.ask("POST", "/language", "lang="+string(speak), nil)
		paths := hostilePaths(t, r)
		paths["lesson"], paths["nothing there"] = "/lesson", "/no/such"
		for name, at := range paths {
			got := body(t, h.ask("GET", h.aside(at), "", nil))
			plain := html.UnescapeString(got)
			if !strings.Contains(plain, lang.T(speak, "desk.practice.mark")) || !strings.Contains(plain, "3/7") || !strings.Contains(plain, lang.T(speak, "desk.lesson.claim")) {
				t.Errorf("%s %s: the mark or the next step is missing", speak, name)
			}
			if strings.Contains(got, "[desk.") {
				t.Errorf("%s %s: a word is missing from the catalogue", speak, name)
			}
			for _, no := range []string{`action="/sync"`, `action="/publish"`, `href="/practice"`} {
				if strings.Contains(got, no) {
					t.Errorf("%s %s offers %s", speak, name, no)
				}
			}
		}
		lesson := html.UnescapeString(body(t, h.ask("GET", "/lesson", "", nil)))
		for _, key := range lessonKeys {
			if !strings.Contains(lesson, lang.T(speak, "desk.lesson."+key+".why")) {
				t.Errorf("%s: the lesson does not say why: %s", speak, key)
			}
		}
		if n := strings.Count(lesson, `class="mark done"`); n != 2 {
			t.Errorf("%s: %d steps are ticked off, want 2", speak, n)
		}
		for _, want := range []string{"<kbd>1111</kbd>", "<kbd>{source}</kbd>", lang.T(speak, "desk.practice.end.what")} {
			if !strings.Contains(lesson, want) {
				t.Errorf("%s: the lesson lacks %q", speak, want)
			}
		}
	}
}

// Ending practice destroys the desk before the answer comes, and only the hall is left, which says so.
func TestEndOfPractice(t *testing.T) {
	l := &playedLesson{steps: playedSteps(0)}
	h := houseWith(t, newRoom(t), Options{Lesson: l, Lang: lang.Chinese}).enter()
	if res := h.ask("GET", "/", "", nil); res.Header.Get("Location") != "/lesson" {
		t.Errorf("the hall leads to %q", res.Header.Get("Location"))
	}
	if res := h.ask("POST", "/practice/end", "", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" || l.ended != 1 {
		t.Fatalf("%s to %q, ended %d times", res.Status, res.Header.Get("Location"), l.ended)
	}
	for _, path := range []string{"/inbox", "/lesson", "/claims", "/static/desk.css", "/no/such"} {
		if res := h.ask("GET", path, "", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if got := body(t, h.ask("GET", "/", "", nil)); !strings.Contains(got, lang.T(lang.Chinese, "desk.practice.over")) || strings.Contains(got, "Riverside") {
		t.Errorf("the hall says %q", got)
	}
}

// A page of another name may lead to the hall of a practice desk, and nowhere else; to the newsroom's
// own desk it may lead nowhere.
func TestOnlyTheHallOfPracticeIsLinked(t *testing.T) {
	linked := func(q *http.Request) {
		q.Header.Set("Sec-Fetch-Site", "cross-site")
		q.Header.Set("Sec-Fetch-Mode", "navigate")
		q.Header.Set("Sec-Fetch-Dest", "document")
	}
	r := newRoom(t)
	own, practice := newHouse(t, r).enter(), houseWith(t, r, Options{Lesson: &playedLesson{}})
	if own.s.door.cookie == practice.s.door.cookie || own.s.host() == practice.s.host() {
		t.Fatal("one name for both")
	}
	for _, h := range []*house{own, practice} {
		for _, path := range []string{"/", "/inbox", "/lesson", "/door.js", "/no/such"} {
			want := http.StatusForbidden
			if h == practice && path == "/" {
				want = http.StatusOK
			}
			if res := h.ask("GET", path, "", linked); res.StatusCode != want {
				t.Errorf("%s, linked: %s, want %d", path, res.Status, want)
			}
		}
	}
	framed := func(q *http.Request) { linked(q); q.Header.Set("Sec-Fetch-Dest", "iframe") }
	if res := practice.ask("GET", "/", "", framed); res.StatusCode != http.StatusForbidden {
		t.Errorf("in a frame: %s", res.Status)
	}
	// The newsroom's cookie opens nothing at the practice desk, under whichever name.
	for _, name := range []string{own.cookie.Name, practice.s.door.cookie} {
		c := *own.cookie
		c.Name = name
		practice.cookie = &c
		if res := practice.ask("GET", "/inbox", "", nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("the newsroom's session at the practice desk: %s", res.Status)
		}
	}
}
