package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/desk"
	"kkachi/internal/desk/web"
	"kkachi/internal/press"
)

// The whole ring by keyboard alone, in Chromium and in Firefox, in each language, on a telephone and at a desk: a letter and a
// call for help leave as cover, the desk reads the one and has a case of the other, answers, and the source reads answer and receipts. Hostile words
// are words on the whole way.
// Other words open an empty conversation, by the same requests: none.
func TestComposerEndToEndByKeyboard(t *testing.T) { // P2, P6
	t.Parallel()
	r := pageSiteOf(t, func(s *press.Site) { s.Contacts = []byte(someContacts) })
	chromium, firefox := &chromiumKeys{t: t}, &firefoxKeys{toldFirefox{t: t, script: "keys.mjs"}}
	seats := []*seat{
		newSeat(t, r, chromium, "Chromium", "ko", 360), newSeat(t, r, chromium, "Chromium", "en", 1280), newSeat(t, r, chromium, "Chromium", "zh", 360),
		newSeat(t, r, firefox, "Firefox", "ko", 1280), newSeat(t, r, firefox, "Firefox", "en", 360), newSeat(t, r, firefox, "Firefox", "zh", 1280),
	}
	all := func(what string, do func(*seat)) {
		for _, s := range seats {
			t.Run(fmt.Sprintf("%s in %s %s %d", what, s.name, s.lang, s.width), func(t *testing.T) {
				s.sitDown(t)
				do(s)
				for _, wrong := range has[[]string](s, "[...touched, ...broken]") {
					t.Errorf("the page reached for or broke: %s", wrong)
				}
			})
		}
	}
	all("writes", (*seat).writes)
	if t.Failed() {
		return // what did not leave is not read
	}
	answer := hostile["ko"] + hostile["en"] + hostile["zh"]
	said := r.answerThreads(answer, 2*len(seats), len(seats))
	for _, s := range seats {
		if n := len(slices.DeleteFunc(slices.Clone(said), func(l string) bool { return l != s.letter })); n != 1 {
			t.Errorf("the desk read %q %d times", s.letter, n)
		}
	}
	r.hasCases(seats)
	r.visitor()
	all("reads", func(s *seat) { s.reads(answer) })
}

// writes writes a letter with new words, and with the same words asks for help; both leave with the next page.
func (s *seat) writes() {
	t := s.t
	s.open()
	s.look("start")
	if got, want := s.to("tFirst", "tWordsTitle"), s.text["tFirst"]; got[len(got)-1] != want || len(got) != 2 { // past the contacts
		t.Errorf("Tab leads along %q to %q", got, want)
	}
	s.look("words")
	s.words = has[[]string](s, "compose.words()")
	if got, want := s.to("tWordsKnow", "tCheckTitle"), []string{s.text["tWordsList"], s.text["tWordsKnow"]}; !slices.Equal(got, want) {
		t.Errorf("Tab leads along %q, want %q", got, want)
	}
	s.look("picker")
	s.echo = s.pick(s.words)
	if got := s.at(); got != s.text["tEchoTitle"] {
		t.Errorf("the focus is on %q, not on the heading", got)
	}
	s.look("echo")
	s.to("tEchoYes", "tWriteTitle")
	if got := s.at(); got != s.text["tWriteLabel"] {
		t.Errorf("the focus is on %q, not where a letter is written", got)
	}
	s.keys(strings.Split(s.letter, "")...)
	s.look("letter")
	if got, want := s.to("tSend", "tSendTitle"), []string{s.text["tPhoto"], s.text["tSend"]}; !slices.Equal(got, want) {
		t.Errorf("Tab leads along %q, want %q", got, want)
	}
	s.look("waits")
	s.tabTo(s.text["tReadOn"])
	s.keys(kb.Enter)
	s.closed()

	s.open()
	s.contacts()
	for i, name := range []string{"tHelpNeed", "tHelpDanger", "tHelpDeadline", "tHelpReach", "tHelpText"} {
		if got := s.tabTo(s.text[name]); len(got) != 1 {
			t.Errorf("Tab leads along %q to field %d", got, i+1)
		}
		s.keys(strings.Split(s.help[i], "")...)
	}
	s.look("help")
	s.to("tSend", "tSendTitle")
	s.tabTo(s.text["tReadOn"])
	s.keys(kb.Enter)
	s.closed()
	if got := s.r.visitor(); len(got) != 0 {
		t.Errorf("writing asked for %q", got)
	}
	s.turn()
	s.open()
	s.to("tSendTitle", "tSendTitle")
	left := strings.NewReplacer("{0}", "1", "{1}", "1").Replace(s.text["tSendLeft"])
	if text := has[string](s, "compose.text()"); strings.Count(text, left) != 2 || !strings.Contains(text, s.text["tSendDone"]) {
		t.Errorf("after a view: %s", text)
	}
	s.look("left")
	s.plant()
	s.leave()
	s.open()
	if text := has[string](s, "compose.text()"); strings.Contains(text, s.text["tSendTitle"]) {
		t.Error("a letter that was wiped is still known")
	}
	s.leave()
}

// plant puts a button without a name into the composer: both instruments find it.
func (s *seat) plant() {
	s.t.Helper()
	has[bool](s, `(compose.root().querySelector(".step").append(document.createElement("button")), true)`)
	if wrong := s.axe(); len(wrong) != 1 || !strings.HasPrefix(wrong[0], "button-name") {
		s.t.Errorf("axe-core finds %q of a button without a name that was planted", wrong)
	}
	if wrong := s.treeBecomes([]string{"button without a name"}); len(wrong) != 1 {
		s.t.Errorf("in the accessibility tree %q is wrong, where a button without a name was planted", wrong)
	}
}

// reads opens a conversation by other words, which is empty, and then by its own.
func (s *seat) reads(answer string) {
	t := s.t
	s.open()
	s.to("tKnown", "tWordsTitle")
	if got := s.pick(anyWords[s.lang]); got == "" {
		t.Error("other words have no echo word")
	}
	s.to("tEchoYes", "tTalkTitle")
	s.look("new")
	day := has[string](s, `new Intl.DateTimeFormat(%q, { dateStyle: "long", timeZone: "UTC" }).format(Date.UTC(2026, 9, 5))`, s.lang)
	if text, want := has[string](s, "compose.text()"), strings.ReplaceAll(s.text["tTalkNone"], "{0}", day); !strings.Contains(text, want) {
		t.Errorf("other words open: %s", text)
	}
	other := s.r.visitor()
	s.leave()

	s.open()
	s.to("tKnown", "tWordsTitle")
	if got := s.pick(s.words); got != s.echo {
		t.Errorf("the echo word is %q, was %q", got, s.echo)
	}
	s.to("tEchoYes", "tTalkTitle")
	s.look("answer")
	if got := has[string](s, `[...compose.root().querySelectorAll(".reply [dir=auto]")].map((e) => e.textContent + e.children.length).join("|") + !!window.ran`); got != answer+"0false" {
		t.Errorf("the answer is shown as %q", got)
	}
	text := has[string](s, "compose.text()")
	if receipt := strings.ReplaceAll(s.text["tReceipt"], "{0}", "1"); strings.Count(text, receipt) != 2 {
		t.Errorf("there are not two receipts:\n%s", text)
	}
	if title := strings.ReplaceAll(s.text["tReply"], "{0}", day); !strings.Contains(text, title) {
		t.Errorf("the day of the answer is not there:\n%s", text)
	}
	if own := s.r.visitor(); len(own) != 0 || len(other) != 0 {
		t.Errorf("reading asked for %q, by other words for %q", own, other)
	}
	s.leave()
}

// hasCases holds the desk to one case of each seat, with what stood in the five fields and nothing more: in red, above all else,
// until somebody takes it; and answerable.
func (r *ring) hasCases(seats []*seat) {
	t := r.t
	t.Helper()
	r.atDesk(func(w *world, _ *newsroom, d *desk.Desk) {
		pages, stop := r.deskPages(w, d)
		defer stop()
		rows, older, err := d.Cases(t.Context())
		if err != nil || len(rows) != len(seats) || older != 0 {
			t.Fatalf("%d cases, not %d; %v", len(rows), len(seats), err)
		}
		of := map[string]desk.ID{}
		for _, row := range rows {
			c, err := d.Case(t.Context(), row.Source)
			if err != nil {
				t.Fatal(err)
			}
			if c.State != desk.CaseOpen || c.Sheet != (desk.CaseSheet{}) || !c.Letters || len(c.Reports) != 2 {
				t.Errorf("a case stands at %v with %+v, after %d letters", c.State, c.Sheet, len(c.Reports))
			}
			for _, l := range c.Reports {
				if l.Kind == desk.KindHelp {
					of[l.Text] = row.Source
				}
			}
		}
		for _, s := range seats {
			id, ok := of[s.asked()]
			if !ok {
				t.Fatalf("no case says\n%s\nbut %q", s.asked(), of)
			}
			page, err := pages.get("/case/" + id.String())
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(s.asked(), "\n") {
				if !strings.Contains(readable(page), words(line)) {
					t.Errorf("the desk's page of a case does not show field %d: %q", i+1, line)
				}
			}
			if row := between(page, `href="/case/`+id.String(), "</li>"); !strings.Contains(row, `class="alarm"`) || !strings.Contains(page, `class="wrong case"`) {
				t.Errorf("a case that nobody has taken is not red: %s", row)
			}
		}
		// Taken, it is red no more, and stands below those that wait.
		first := rows[0].Source
		if _, err := pages.post("/help/take", "id", first.String(), "back", "/cases"); err != nil {
			t.Fatal(err)
		}
		page, err := pages.get("/cases")
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(page, `class="alarm"`); n != len(seats)-1 || strings.LastIndex(page, `class="alarm"`) > strings.Index(page, first.String()) {
			t.Errorf("%d cases are red after one of %d was taken", n, len(seats))
		}
	})
}

// asked is what a call for help says at the desk.
func (s *seat) asked() string {
	var lines []string
	for i, name := range []string{"tHelpNeed", "tHelpDanger", "tHelpDeadline", "tHelpReach", "tHelpText"} {
		lines = append(lines, s.text[name]+": "+s.help[i])
	}
	return strings.Join(lines, "\n")
}

// deskPages serves the pages of an open desk, until they are stopped.
func (r *ring) deskPages(w *world, d *desk.Desk) (*deskClient, func()) {
	t := r.t
	t.Helper()
	s, err := web.New(d, web.Options{Rand: w.rand, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	stop := func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if !eventually(func() bool { return s.Link() != "" }) {
		stop()
		t.Fatal("the desk's pages have no link")
	}
	pages, err := openDeskPages(s.Link())
	if err != nil {
		stop()
		t.Fatal(err)
	}
	return pages, stop
}
