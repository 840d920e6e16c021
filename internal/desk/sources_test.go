package desk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// Another rating needs a reason, which stays in the history; F is no bad mark and never
// sorts as the worst.
func TestRatingsHaveReasonsAndFIsNotWorst(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	set := func(who, rating, reason string, danger int) error {
		_, err := p.desk.SetSheet(ctx, p.source[who], Sheet{Reliability: rating, Reason: reason, By: "mina", Danger: danger})
		return err
	}
	fe, ok := errors.AsType[*FieldError](set("A", "B", " ", 0))
	if !ok || fe.Field != "rating" {
		t.Errorf("rated without a reason: %v", fe)
	}
	must(t, set("A", "F", "", 0)) // cannot be judged: nothing was said
	must(t, set("A", "B", "was right about the sessions", 1))
	must(t, set("A", "B", "", 3)) // not rated anew: the reason stays
	must(t, set("A", "C", "wrong about the day", 3))
	must(t, set("B", "E", "made it up once", 0))
	must(t, set("C", "C", "placed to see", 4))
	v, err := p.desk.Thread(ctx, p.source["A"])
	must(t, err)
	h := v.Sheet.History
	if len(h) != 4 || h[1].Reason != "was right about the sessions" || h[2].Reason != h[1].Reason || h[3].By != "mina" || h[3].Reliability != "C" {
		t.Errorf("history %+v", h)
	}
	rows, err := p.desk.Sources(ctx)
	must(t, err)
	var order []string
	for _, r := range rows {
		order = append(order, judged(r.Reliability))
	}
	if len(rows) != 6 || order[0] != "" || rows[3].ID != p.source["C"] || rows[4].ID != p.source["A"] || rows[5].Reliability != "E" {
		t.Errorf("in the order %v", order)
	}
	if rows[3].Claims != 3 || rows[3].Reports != 1 || rows[3].Printed != 0 {
		t.Errorf("C: %+v", rows[3])
	}
	p.printed(t)
	_, err = p.desk.Withdraw(ctx, Withdrawal{Source: p.source["B"]}, "mina", "x")
	must(t, err)
	rows, err = p.desk.Sources(ctx)
	must(t, err)
	if rows[3].Printed != 1 || !rows[5].Discredited || rows[5].Claims != 0 {
		t.Errorf("printed: %+v; discredited: %+v", rows[3], rows[5])
	}
}

// A sheet never says who somebody is.
func TestSheetsRefuseIdentities(t *testing.T) {
	p := newPlay(t)
	for text, ok := range map[string]bool{
		"goes to the mission every 2 days": true, "since 2019, posted 3 years": true, "2022-10": true,
		"call +86 138 0013 8000": false, "010-1234-5678": false, "mina@example.org": false, "(02) 555.1234 12": false,
	} {
		for _, s := range []Sheet{{Access: text}, {Wishes: text}, {Note: text}, {Reliability: "B", Reason: text}} {
			_, err := p.desk.SetSheet(t.Context(), p.source["A"], s)
			if fe, isField := errors.AsType[*FieldError](err); ok && err != nil && fe.Field != "rating" || !ok && (!isField || fe.Field != "identity") {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

// A list to choose a source from stays short, and holds those the newsroom has dealt with;
// any other is found by its handle.
func TestTellersOfManySources(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	var drafts []vault.Draft
	var names []string
	first := ID{}
	for i := range MaxTellers + 50 {
		id, name, dr, err := r.desk.newSource(ctx, nil, names...)
		must(t, err)
		if i == 0 {
			first = id
		}
		report, err := r.desk.newID()
		must(t, err)
		l, err := draft(opLetter, report, id, letter{Kind: KindLetter, Day: r.today + cell.Day(i), Lang: "en", Text: name, Letter: report[:], Parts: 1})
		must(t, err)
		names, drafts = append(names, name), append(drafts, dr, l)
	}
	_, err := r.desk.v.Append(ctx, drafts...)
	must(t, err)
	has := func(id ID) bool {
		t.Helper()
		list, err := r.desk.Tellers(ctx)
		must(t, err)
		if len(list) != MaxTellers || !slices.IsSortedFunc(list, func(a, b Teller) int { return strings.Compare(a.Handle, b.Handle) }) {
			t.Errorf("%d tellers", len(list))
		}
		return slices.ContainsFunc(list, func(t Teller) bool { return t.ID == id })
	}
	if has(first) {
		t.Error("the oldest, with whom nobody has dealt, is in the list")
	}
	_, err = r.desk.Change(ctx, []ID{first}, ThreadChange{Tag: "river"})
	must(t, err)
	if !has(first) {
		t.Error("one whom the newsroom has dealt with is not in the list")
	}
	if ref, err := r.desk.relayRef(ctx, strings.ToUpper(names[1]), nil); err != nil || ref.Teller.IsZero() {
		t.Errorf("by its handle: %+v, %v", ref, err)
	}
	if ref, err := r.desk.relayRef(ctx, "somebody else", nil); err != nil || ref.Token == "" {
		t.Errorf("nobody's handle: %+v, %v", ref, err)
	}
	if _, err := r.desk.Teller(ctx, ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such source: %v", err)
	}
}
