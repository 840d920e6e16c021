package desk

import (
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// What is said about a thread leaves the board of claims as it is, so none is made anew; all
// else is seen on it at once.
func TestBoardIsKeptWhileItIsTheSame(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a, f := p.source["A"], p.source["F"]
	reply, _, err := p.desk.Reply(ctx, a, "고맙습니다.", "mina")
	must(t, err)
	help, err := p.desk.Thread(ctx, f)
	must(t, err)
	change := func(c ThreadChange) func() error {
		return func() error { return second(p.desk.Change(ctx, []ID{a, f}, c)) }
	}
	story := p.newStory(t, p.draftStory())
	note, noted := CallNote{Source: a, Lang: lang.Korean, Text: "통화", Taker: "mina"}, ID{}
	for _, step := range []struct {
		name string
		same bool
		do   func() error
	}{
		{"topic", true, change(ThreadChange{Topic: ptr("국경")})},
		{"tag", true, change(ThreadChange{Tag: "중요"})},
		{"assign", true, change(ThreadChange{Assign: ptr("mina")})},
		{"snooze", true, change(ThreadChange{Snooze: ptr(p.today + 3)})},
		{"wake", true, change(ThreadChange{Snooze: ptr(cell.Day(0))})},
		{"read", true, change(ThreadChange{Read: true})},
		{"unread", true, change(ThreadChange{Unread: true})},
		{"block", true, change(ThreadChange{Block: "mina"})},
		{"take", true, func() error { return second(p.desk.TakeCase(ctx, f, "mina")) }},
		{"case sheet", true, func() error { return second(p.desk.SetCase(ctx, f, CaseSheet{Need: "a place"})) }},
		{"case step", true, func() error { return second(p.desk.AddStep(ctx, f, "called", "mina")) }},
		{"case closed", true, func() error { return second(p.desk.CloseCase(ctx, f, OutcomeSafe, "", "mina")) }},
		{"note", true, func() error { _, _, err := p.desk.AddRemark(ctx, a, "call back", "jin"); return err }},
		{"view", true, func() error { _, _, err := p.desk.SaveView(ctx, ID{}, "v", InboxQuery{Tag: "중요"}); return err }},
		{"reply", true, func() error { _, _, err := p.desk.Reply(ctx, a, "아직입니까?", "mina"); return err }},
		{"reply withdrawn", true, func() error { return second(p.desk.WithdrawReply(ctx, reply)) }},
		{"draft", true, func() error { return p.desk.SaveDraft(ctx, "reply", a, "감사") }},
		{"comment", true, func() error { _, _, err := p.desk.AddComment(ctx, story, ID{}, "jin", "제목은?"); return err }},
		{"sheet", true, func() error { return second(p.desk.SetSheet(ctx, a, Sheet{Access: "river", Danger: 2})) }},
		{"consent", false, func() error { return second(p.desk.SetConsent(ctx, help.Reports[0].ID, true)) }},
		{"dispute", false, func() error { return second(p.desk.DisputeClaim(ctx, p.claim["C06"], "mina", "why")) }},
		{"call", false, func() error {
			_, _, _, err := p.desk.TakeCall(ctx, CallNote{Lang: lang.Korean, Text: "통화", Taker: "mina"})
			return err
		}},
		{"call of somebody known", true, func() error {
			_, noted, _, err = p.desk.TakeCall(ctx, note)
			return err
		}},
		{"call edited", true, func() error { return second(p.desk.EditCall(ctx, noted, note)) }},
		{"call as evidence", false, func() error {
			_, _, err := p.desk.AddEvidence(ctx, EvidenceInput{Claim: p.claim["C06"], Report: noted, Stance: ladder.Supports, Path: ladder.Direct, Grade: 3})
			return err
		}},
		{"call that is evidence, doubted", false, func() error {
			doubted := note
			doubted.Known = KnownDoubt
			return second(p.desk.EditCall(ctx, noted, doubted))
		}},
		{"evidence", false, func() error { return second(p.desk.WithdrawEvidence(ctx, p.evidence["C08/03"])) }},
		{"source", false, func() error {
			return second(p.desk.Withdraw(ctx, Withdrawal{Source: a}, "mina", "why"))
		}},
		{"apart", false, func() error { return second(p.desk.Join(ctx, p.source["B"], p.source["C"], "mina")) }},
	} {
		before, err := p.desk.board(ctx)
		must(t, err)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		after, err := p.desk.board(ctx)
		must(t, err)
		if (before == after) != step.same {
			t.Errorf("%s: the board is kept: %v", step.name, before == after)
		}
		fresh, err := p.desk.boardIf(ctx, Withdrawal{})
		must(t, err)
		if after.text() != fresh.text() {
			t.Errorf("%s: a board is kept that is not so any more", step.name)
		}
	}
}
