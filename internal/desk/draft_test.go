package desk

import "testing"

// A note and the end of its draft are one write: no crash leaves a note that stands as a draft too,
// and undoing the note is undoing the note.
func TestNoteTakesThePlaceOfItsDraft(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	must(t, r.desk.SaveDraft(ctx, "call", ID{}, "They meet every"))
	count := func(query string) (n int) {
		t.Helper()
		must(t, r.desk.v.View().QueryRow(ctx, query).Scan(&n))
		return n
	}
	_, note, op, err := r.desk.TakeCall(ctx, CallNote{Lang: "en", Text: "They meet every two days.", Taker: "mina", Typed: "call"})
	must(t, err)
	if text, err := r.desk.Draft(ctx, "call", ID{}); err != nil || text != "" {
		t.Errorf("the draft is %q, %v", text, err)
	}
	_, _, err = r.desk.Undo(ctx, op)
	must(t, err)
	if v, err := r.desk.Report(ctx, note); err == nil {
		t.Errorf("after undo the note stands: %+v", v)
	}
	// Without a draft nothing else is written.
	before := count(`SELECT count(*) FROM draft`)
	_, _, _, err = r.desk.TakeCall(ctx, CallNote{Lang: "en", Text: "Patrols were doubled.", Taker: "mina", Typed: "call"})
	must(t, err)
	if after := count(`SELECT count(*) FROM draft`); after != before {
		t.Errorf("%d drafts, before %d", after, before)
	}
}
