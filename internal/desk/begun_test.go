package desk

import "testing"

// Each step shows when it stands, and no longer when it is undone.
func TestBegunFollowsWhatStands(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	want := func(after string, want Begun) {
		t.Helper()
		got, err := r.desk.Begun(ctx)
		must(t, err)
		if got != want {
			t.Errorf("%s: %+v, want %+v", after, got, want)
		}
	}
	undo := func(op OpID) {
		t.Helper()
		_, _, err := r.desk.Undo(ctx, op)
		must(t, err)
	}
	want("empty", Begun{})
	_, _, call, err := r.desk.TakeCall(ctx, CallNote{Kind: KindCall, Lang: "en", Text: "They meet every two days.", Taker: "mina", Day: r.today})
	must(t, err)
	want("call", Begun{Told: true})
	_, claim, err := r.desk.NewClaim(ctx, Claim{Statement: "They meet every two days"})
	must(t, err)
	want("claim", Begun{Told: true, Claimed: true})
	id, story, err := r.desk.NewStory(ctx, Story{Title: "Sessions", Original: "en"})
	must(t, err)
	want("story", Begun{Told: true, Claimed: true, Story: id})
	undo(story)
	undo(claim)
	want("undone", Begun{Told: true})
	undo(call)
	want("all undone", Begun{})
}
