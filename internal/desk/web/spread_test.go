package web

import (
	"net/http"
	"strings"
	"testing"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// A number that can't be used is said by the name of its field, in the page's language.
func TestWrongNumbersAreSaidByTheirField(t *testing.T) {
	r := newRoom(t)
	id, _, err := r.desk.NewStory(t.Context(), desk.Story{Title: "Counted", Original: lang.English})
	must(t, err)
	h := newHouse(t, r).enter()
	path := "/story/" + id.String()
	for _, l := range lang.All() {
		h.ask("POST", "/language", "lang="+string(l), nil)
		for _, c := range []struct{ form, sent, field string }{
			{"/spread", "known=many&reach=5&rate=1", "aware"},
			{"/spread", "known=5&reach=4&rate=1", "reach"},
			{"/spread", "known=5&reach=50&rate=0", "rate"},
			{"/shown", "shown=some", "shown"},
			{"/among", "among=nobody", "among"},
		} {
			res := h.ask("POST", path+c.form, c.sent, nil)
			if page := body(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, lang.T(l, "desk.field."+c.field)) {
				t.Errorf("%s: %s %s: %s, or the field is not named", l, c.form, c.sent, res.Status)
			}
		}
	}
}
