package main

import (
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A callNote is a call that is being taken down: the journalist types, the page keeps what is
// typed as a draft, and in the end the note is saved.
type callNote struct {
	text  string
	typed []string // what was sent to be kept, in order
	kept  int      // the last of them that the page showed as kept, -1: none
	sent  bool     // it was sent to be saved, and nobody was told
}

// work is what a journalist made of call notes.
type work struct {
	taking       *callNote          // begun, and not seen as saved
	took         time.Duration      // to take down the last call that nothing interrupted
	claims       map[string]promise // by statement
	translations map[string]promise // by text
}

var (
	typedNote = regexp.MustCompile(`(?s)<textarea class="tall"[^>]*>(.*?)</textarea>`)
	onBoard   = regexp.MustCompile(`data-row><bdi>([^<]*)</bdi>`)
)

// call takes down a call over the desk's pages: what is typed is kept twice on the way, the note is
// saved, a claim is made of its line, and the line is translated. What an earlier life of the desk
// left in the form is finished first.
func (r *killRing) call(n int) {
	d, err := r.pages()
	if err != nil || !r.foundAgain(d) {
		return
	}
	c := r.taking
	if c == nil {
		c = &callNote{text: fmt.Sprintf("somebody calls on %s, note %d of the day", r.today, n), kept: -1}
		r.taking = c
	}
	for _, typed := range []string{c.text[:len(c.text)/2], c.text} {
		c.typed = append(c.typed, typed)
		form, err := json.Marshal(map[string]string{"text": typed, "lang": "en", "known": "voice"})
		r.check(err)
		if err := d.keep("call", string(form)); err != nil {
			return
		}
		c.kept = len(c.typed) - 1
	}
	c.sent = true
	if _, again := r.saved[c.text]; !again {
		r.saved[c.text] = unsure
	}
	at, err := d.post("/call", "text", c.text, "lang", "en", "known", "voice", "line", "0")
	if err != nil {
		return
	}
	r.saved[c.text], r.taking = shown, nil
	note, claim, translation := strings.TrimPrefix(at, "/call/"), "claimed: "+c.text, "번역: "+c.text
	r.claims[claim] = unsure
	_, err = d.post("/claim/new", "report", note, "words", c.text, "text", claim, "stance", "supports", "path", "told", "grade", "3")
	if err != nil {
		return
	}
	r.claims[claim], r.translations[translation] = shown, unsure
	if _, err := d.post("/translate/"+note+"/ko", "count", "1", "t0", translation, "state", "done"); err == nil {
		r.translations[translation] = shown
	}
}

// interrupt kills the desk at so many random moments while a call is taken down: as it is typed, as
// the note, the claim and the translation are saved, and between them.
func (r *killRing) interrupt(times int) {
	for n := range times {
		r.desk.await(r.t)
		var killed sync.WaitGroup
		at := time.Duration(rand.Int64N(int64(r.took*5/4) + 1))
		killed.Go(func() {
			time.Sleep(at)
			r.desk.kill("while a call is taken down")
		})
		r.call(100 + n)
		killed.Wait()
	}
}

// keep sends what is typed, as the page does while somebody types.
func (d *deskClient) keep(draft, text string) error {
	form := url.Values{"for": {draft}, "text": {text}}
	_, _, err := d.send("/draft", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	return err
}

// foundAgain looks at what the form of a new call holds: what the page showed as kept, or what was
// typed after it; or nothing, if the note was saved. It is false if the desk did not answer.
func (r *killRing) foundAgain(d *deskClient) bool {
	page, err := d.get("/call")
	if err != nil {
		return false
	}
	m := typedNote.FindStringSubmatch(page)
	if m == nil {
		r.t.Error("the form of a new call has no text")
		return false
	}
	found, c := strings.TrimPrefix(html.UnescapeString(m[1]), "\n"), r.taking
	switch {
	case c == nil && found != "":
		r.t.Errorf("P8: the form of a new call holds %q, which was saved or never typed", found)
	case c == nil:
	case found == "" && c.sent:
		if c.kept >= 0 {
			r.saved[c.text] = shown // its draft ends with nothing but the note
		}
		r.taking = nil
	case found == "" && c.kept >= 0:
		r.t.Errorf("P8: the draft %q was shown as kept, and is gone", c.typed[c.kept])
		r.taking = nil
	case found != "" && !slices.Contains(c.typed[max(c.kept, 0):], found):
		r.t.Errorf("P8: of the call %q the form holds %q", c.typed, found)
	}
	return true
}

// judgeWork wants what was made of the notes: each claim on the board once, with what it rests on,
// and what the form of a new call still has to hold. Translations stand beside their notes.
func (r *killRing) judgeWork() {
	board := map[string]int{}
	r.until("the desk shows its claims", func() bool {
		r.desk.await(r.t)
		d, err := r.pages()
		if err != nil || !r.foundAgain(d) {
			return false
		}
		page, err := d.get("/claims")
		clear(board)
		for _, m := range onBoard.FindAllStringSubmatch(page, -1) {
			board[html.UnescapeString(m[1])]++
		}
		return err == nil
	})
	for text, p := range r.claims {
		if n := board[text]; n > 1 || p == shown && n != 1 {
			r.t.Errorf("P8: a claim stands %d times on the board: %s", n, text)
		}
	}
}
