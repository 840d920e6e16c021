package web

import (
	"net/http"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// Days are read as journalists of three languages write them, and nothing else is taken for one.
func TestTypedDays(t *testing.T) {
	const want = cell.Day(19326) // 30 November 2022
	for _, text := range []string{
		"2022-11-30", " 2022-11-30 ", "2022.11.30", "2022. 11. 30.", "2022/11/30", "20221130", "2022년 11월 30일", "2022年11月30日", "２０２２－１１－３０",
	} {
		if got, ok := typedDay(text); !ok || got != want {
			t.Errorf("%q is read as %d, %v", text, got, ok)
		}
	}
	if got, ok := typedDay("  "); !ok || got != 0 {
		t.Errorf("nothing typed is %d, %v", got, ok)
	}
	for _, text := range []string{
		"30-11-2022", "11/30/2022", "2022-02-30", "2022-13-01", "2022-11", "22-11-30", "2022-11-30-1", "1969-12-31", "-2022-11-30", "2022113", "Nov 30 2022", "2022 Nov 30",
		"2022-11-30T00:00", "tomorrow", "内日", "99999999999999999999-1-1",
	} {
		if got, ok := typedDay(text); ok {
			t.Errorf("%q is read as day %d", text, got)
		}
	}
}

// A day that is none is said in the page's language, and nothing that was typed is lost, nor
// a deadline that stood.
func TestWrongDaysKeepTheForm(t *testing.T) {
	r := newRoom(t)
	r.letter("F", cell.KindHelp, "도와주십시오.", cell.ReplyID{})
	r.name("F")
	h := newHouse(t, r).enter()
	id := r.ids["F"].String()
	h.ask("POST", "/case/sheet", "id="+id+"&need=a+room&deadline=2022-11-30", nil)
	for _, l := range lang.All() {
		h.ask("POST", "/language", "lang="+string(l), nil)
		res := h.ask("POST", "/case/sheet", "id="+id+"&need=a+bed&danger=the+police&deadline=30.11.2022", nil)
		page := body(t, res)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, lang.T(l, "desk.field.date")) ||
			!strings.Contains(page, ">a bed<") || !strings.Contains(page, ">the police<") || !strings.Contains(page, `value="30.11.2022"`) {
			t.Errorf("%s: %s, or what was typed is lost", l, res.Status)
		}
		if !strings.Contains(page, `placeholder="`+lang.T(l, "desk.day.form")+`"`) {
			t.Errorf("%s: the page does not say how a day is written", l)
		}
		page = body(t, h.ask("GET", h.aside("/search?q=a&from=next+week&tag=x"), "", nil))
		if !strings.Contains(page, lang.T(l, "desk.field.date")) || !strings.Contains(page, `value="next week"`) || !strings.Contains(page, `value="a"`) {
			t.Errorf("%s: the search does not say what is wrong", l)
		}
	}
	c, err := r.desk.Case(t.Context(), r.ids["F"])
	must(t, err)
	if c.Sheet.Deadline != 19326 || c.Sheet.Need != "a room" {
		t.Errorf("a wrong day changed the sheet: %+v", c.Sheet)
	}
	for _, path := range []string{"/call", "/search", "/case/" + id} {
		if page := body(t, h.ask("GET", path, "", nil)); strings.Contains(page, `type="date"`) {
			t.Errorf("%s has a field that speaks the browser's language", path)
		}
	}
}

// The sheet of a case shows a note of a call turn by turn, without the marks of the note.
func TestCaseShowsTurns(t *testing.T) {
	r := newRoom(t)
	id, _, _, err := r.desk.TakeCall(t.Context(), desk.CallNote{
		Kind: desk.KindCall, Lang: lang.Korean, Text: "? 어디에 있습니까?\n\"창고에 있다\"\n2: 경찰이 왔다", Taker: "mina",
	})
	must(t, err)
	_, err = r.desk.OpenCase(t.Context(), id, "mina")
	must(t, err)
	h := newHouse(t, r).enter()
	for _, l := range lang.All() {
		h.ask("POST", "/language", "lang="+string(l), nil)
		page := body(t, h.ask("GET", "/case/"+id.String(), "", nil))
		for _, raw := range []string{"? 어디", "&#34;창고", "2: 경찰"} {
			if strings.Contains(page, raw) {
				t.Errorf("%s: the mark of %q is shown as it was typed", l, raw)
			}
		}
		for _, want := range []string{`class="turn us"`, `class="turn quote-turn"`, lang.T(l, "desk.turn.us"), "창고에 있다", "경찰이 왔다"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is not shown", l, want)
			}
		}
	}
}
