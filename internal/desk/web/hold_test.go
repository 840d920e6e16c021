package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// hold lets the play's sift say that yesterday is held; the desk hears of it.
func (r *room) hold(canaries uint32) cell.Day {
	r.t.Helper()
	day := r.today - 1
	n, err := seal.SignHold(&seal.HoldNote{Newsroom: r.nid, Day: day, Canaries: canaries}, r.sift)
	must(r.t, err)
	r.host.objects[fmt.Sprintf("note/hold/%d", day)] = n
	delete(r.host.objects, fmt.Sprintf("batch/%d", day))
	r.sync()
	return day
}

// A held day stands on the newsroom's page with what it means; each approver signs there with
// a passphrase, and with the second signature it stands at the host.
func TestTwoApproversFreeAHeldDay(t *testing.T) {
	r := newRoom(t)
	day := r.hold(3)
	h := newHouse(t, r).enter()
	name := fmt.Sprintf("note/free/%d", day)
	for _, speak := range []string{"ko", "zh", "en"} {
		h.ask("POST", "/language", "lang="+speak, nil)
		page := body(t, h.ask("GET", "/newsroom", "", nil))
		if strings.Contains(page, "[desk.") || strings.Count(page, `action="/newsroom/free"`) != 2 || strings.Contains(page, "{0}") || strings.Contains(page, "{1}") {
			t.Errorf("%s: the held day is not shown with its two forms", speak)
		}
	}
	page := body(t, h.ask("GET", "/newsroom", "", nil))
	for _, want := range []string{"Only 3 of the test cells", "2 different approvers must sign", "Ask whoever runs kkachi watch"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	sign := func(who, pass string) *http.Response {
		return h.ask("POST", "/newsroom/free", fmt.Sprintf("day=%d&approver=%s&passphrase=%s&back=/newsroom", day, who, pass), nil)
	}
	if res := sign("ayla", "wrong"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a wrong passphrase: %s", res.Status)
	}
	if res := sign("ayla", "pass+of+ayla"); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the first: %s", res.Status)
	}
	if page = body(t, h.ask("GET", "/newsroom", "", nil)); strings.Count(page, `action="/newsroom/free"`) != 1 || !strings.Contains(page, "1 more approver must sign") {
		t.Error("the page does not show who has signed")
	}
	if res := sign("ayla", "pass+of+ayla"); res.StatusCode != http.StatusUnprocessableEntity || r.host.objects[name] != nil {
		t.Errorf("one person twice: %s", res.Status)
	}
	if res := sign("boram", "pass+of+boram"); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the second: %s", res.Status)
	}
	if r.host.objects[name] == nil {
		t.Error("signed by two, it is not at the host")
	}
	if page = body(t, h.ask("GET", "/newsroom", "", nil)); strings.Contains(page, `action="/newsroom/free"`) || !strings.Contains(page, "Enough have signed") {
		t.Error("the page asks for more")
	}
	if res := h.ask("POST", "/newsroom/free", "day=1&approver=ayla&passphrase=pass+of+ayla", nil); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that is not held: %s", res.Status)
	}
}
