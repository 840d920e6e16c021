package desk

import (
	"errors"
	"slices"
	"testing"

	"kkachi/internal/desk/ladder"
)

// printed drafts the case's story, has it approved by two and releases it.
func (p *play) printed(t *testing.T) ID {
	t.Helper()
	ctx := t.Context()
	id := p.newStory(t, p.draftStory())
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Approve(ctx, id, name, pass(name))
		must(t, err)
	}
	_, err := p.desk.Release(ctx, id)
	must(t, err)
	return id
}

// Withdrawing a report says first what falls with it: claims, drafts, printed sentences.
// Done, exactly that has happened; undone, nothing has.
func TestWithdrawnReportTakesDownWhatRestedOnIt(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	story := p.printed(t)
	draft := p.newStory(t, p.draftStory())
	before := p.snapshot(t)
	w := Withdrawal{Report: p.report["03"]} // C06, C07 and C08 rest on it
	c, err := p.desk.Cascade(ctx, w)
	must(t, err)
	if p.snapshot(t) != before {
		t.Fatal("looking changed something")
	}
	var numbers []string
	for _, s := range c.Claims {
		numbers = append(numbers, s.Number)
	}
	if !slices.Equal(numbers, []string{"C06", "C07", "C08"}) || c.Items != 3 || c.Report == nil || c.Handle == "" || c.Done {
		t.Fatalf("the cascade: %v, %d items", numbers, c.Items)
	}
	if s := c.Claims[0]; s.Before != ladder.Independent || s.After != ladder.OneChain {
		t.Errorf("C06 goes from %q to %q", s.Before, s.After)
	}
	if s := c.Claims[2]; s.After != ladder.Unsupported {
		t.Errorf("C08 goes to %q", s.After)
	}
	if len(c.Stories) != 1 || c.Stories[0].ID != draft {
		t.Errorf("stories not printed yet: %+v", c.Stories)
	}
	if len(c.Printed) != 1 || c.Printed[0].Story != story || c.Printed[0].Paragraph != 1 || c.Printed[0].Sentence != 1 || c.Printed[0].Now != ladder.OneChain {
		t.Fatalf("printed: %+v", c.Printed)
	}
	if due, err := p.desk.Corrections(ctx); err != nil || len(due) != 0 {
		t.Fatalf("a correction is due before: %+v, %v", due, err)
	}
	for _, bad := range []struct{ by, reason string }{{"", "why"}, {"mina", " "}} {
		if _, err := p.desk.Withdraw(ctx, w, bad.by, bad.reason); err == nil {
			t.Errorf("withdrawn by %q because of %q", bad.by, bad.reason)
		}
	}
	op, err := p.desk.Withdraw(ctx, w, "mina", "그 길이 아니었다고 한다")
	must(t, err)
	after, err := p.desk.Corrections(ctx)
	must(t, err)
	if len(after) != 1 || after[0].key() != c.Printed[0].key() || len(after[0].Claims) != 1 || after[0].Claims[0].Number != "C06" {
		t.Errorf("due now: %+v", after)
	}
	for _, s := range c.Claims {
		if r := p.row(t, s.Number); r.Rung != s.After {
			t.Errorf("%s stands at %q, said was %q", s.Number, r.Rung, s.After)
		}
	}
	r, err := p.desk.Report(ctx, p.report["03"])
	must(t, err)
	if r.Withdrawn == nil || r.Withdrawn.By != "mina" || r.Text == "" {
		t.Errorf("the report: %+v", r.Withdrawn)
	}
	if v := p.claimView(t, "C06"); v.Supports != 1 || !slices.ContainsFunc(v.Evidence, func(e EvidenceView) bool { return e.Pulled == PulledReport }) {
		t.Errorf("C06 does not show what was withdrawn: %+v", v.Evidence)
	}
	p.undo(t, op)
	if p.snapshot(t) != before {
		t.Error("undone, something is left")
	}
}

// A source that is discredited takes all its tellings down, of every thread it wrote in.
func TestDiscreditedSourceCountsNowhere(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.printed(t)
	w := Withdrawal{Source: p.source["B"]}
	c, err := p.desk.Cascade(ctx, w)
	must(t, err)
	op, err := p.desk.Withdraw(ctx, w, "mina", "made up")
	must(t, err)
	for claim, want := range map[string]ladder.Rung{
		"C01": ladder.OneChain, "C04": ladder.Unsupported, "C05": ladder.OneChain, "C06": ladder.OneChain, "C07": ladder.OneChain,
	} {
		if r := p.row(t, claim); r.Rung != want {
			t.Errorf("%s stands at %q, want %q", claim, r.Rung, want)
		}
	}
	if due, err := p.desk.Corrections(ctx); err != nil || len(due) != len(c.Printed) || len(due) != 2 {
		t.Errorf("%d corrections are due, said were %d: %v", len(due), len(c.Printed), err)
	}
	v, err := p.desk.Thread(ctx, p.source["B"])
	must(t, err)
	if v.Sheet.Discredited == nil || v.Sheet.Discredited.Reason != "made up" {
		t.Errorf("the sheet: %+v", v.Sheet.Discredited)
	}
	if c, err := p.desk.Cascade(ctx, w); err != nil || !c.Done || c.Items != 0 || len(c.Claims) != 0 {
		t.Errorf("once more: %+v, %v", c, err)
	}
	p.undo(t, op)
	if r := p.row(t, "C04"); r.Rung != ladder.OneChain {
		t.Errorf("undone: %+v", r)
	}
	for _, w := range []Withdrawal{{Source: ID{1}}, {Report: ID{1}}, {Claim: ID{1}}} {
		if _, err := p.desk.Cascade(ctx, w); !errors.Is(err, ErrNotFound) {
			t.Errorf("%+v: %v", w, err)
		}
		if _, err := p.desk.Withdraw(ctx, w, "mina", "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

// What is due ends when the story is printed anew, or when somebody says why it stays; a
// further fall asks again.
func TestCorrectionsEnd(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	story := p.printed(t)
	_, err := p.desk.Withdraw(ctx, Withdrawal{Report: p.report["03"]}, "mina", "x")
	must(t, err)
	if _, err := p.desk.SettleCorrection(ctx, ID{1}, "mina", "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("settling nothing: %v", err)
	}
	op, err := p.desk.SettleCorrection(ctx, story, "mina", "the text says one source already")
	must(t, err)
	if due, err := p.desk.Corrections(ctx); err != nil || len(due) != 0 {
		t.Errorf("settled, and due: %+v, %v", due, err)
	}
	more, err := p.desk.Withdraw(ctx, Withdrawal{Claim: p.claim["C10"]}, "mina", "x")
	must(t, err)
	due, err := p.desk.Corrections(ctx)
	must(t, err)
	if len(due) != 2 || !due[0].Withdrawn || due[0].Sentence != 0 || due[0].Paragraph != 1 {
		t.Errorf("after a further fall: %+v", due)
	}
	p.undo(t, more)
	p.undo(t, op)
	if due, err := p.desk.Corrections(ctx); err != nil || len(due) != 1 {
		t.Errorf("undone: %+v, %v", due, err)
	}
	// The text is mended and printed again, whatever was edited in between.
	_, err = p.desk.RemoveSentence(ctx, story, 0, 0)
	must(t, err)
	p.answer(t, story)
	if due, err := p.desk.Corrections(ctx); err != nil || len(due) != 1 || due[0].Paragraph != 1 || due[0].Sentence != 1 {
		t.Errorf("an edit hides what was printed: %+v, %v", due, err)
	}
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Approve(ctx, story, name, pass(name))
		must(t, err)
	}
	_, err = p.desk.Release(ctx, story)
	must(t, err)
	if due, err := p.desk.Corrections(ctx); err != nil || len(due) != 0 {
		t.Errorf("printed anew, and due: %+v, %v", due, err)
	}
}

// A caller who was not known again for sure makes no second independent chain.
func TestDoubtedCallerIsNoIndependentChain(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	_, rep, _, err := p.desk.TakeCall(ctx, CallNote{Lang: "ko", Text: "저도 보았습니다.", Taker: "mina", Known: KnownDoubt})
	must(t, err)
	_, _, err = p.desk.AddEvidence(ctx, EvidenceInput{Claim: p.claim["C08"], Report: rep, Stance: ladder.Supports, Path: ladder.Direct, Grade: 2})
	must(t, err)
	if v := p.claimView(t, "C08"); v.Rung != ladder.Unverified || v.Evidence[1].Open != ladder.DoubtedTeller {
		t.Errorf("%q, %+v", v.Rung, v.Evidence[1])
	}
	_, err = p.desk.EditCall(ctx, rep, CallNote{Lang: "ko", Text: `저도 보았습니다. "known":"doubt"`, Taker: "mina", Known: KnownPhrase})
	must(t, err)
	if v := p.claimView(t, "C08"); v.Rung != ladder.Independent {
		t.Errorf("known by the phrase: %q", v.Rung)
	}
}

// Two desks that share the newsroom's secret make one token of one name, without telling it.
func TestTwoDesksFindACommonOrigin(t *testing.T) {
	one, two, other := newRoom(t), newRoom(t), newRoom(t)
	secret, err := one.desk.v.Secret(secretRelays)
	must(t, err)
	must(t, two.desk.v.PutSecret(secretRelays, secret, 0))
	must(t, two.desk.Close())
	two.open()
	a, b, c := one.desk.blind("driver at the pass"), two.desk.blind("Driver  at the PASS"), other.desk.blind("driver at the pass")
	if a != b || a == c {
		t.Errorf("%s, %s; of another newsroom %s", a, b, c)
	}
}
