package desk

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/desk/ladder"
)

func (p *play) claimView(t *testing.T, claim string) *ClaimView {
	t.Helper()
	v, err := p.desk.Claim(t.Context(), p.claim[claim])
	must(t, err)
	return v
}

func (p *play) undo(t *testing.T, op OpID) OpID {
	t.Helper()
	_, again, err := p.desk.Undo(t.Context(), op)
	must(t, err)
	return again
}

// Two claims that say the same become one: its chains are counted together, stories that
// carried either carry both, and undo takes them apart.
func TestClaimsAreMergedAndTakenApart(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	story := p.newStory(t, p.draftStory()) // carries C04 and C10, not C05
	if v := p.claimView(t, "C08"); v.Rung != ladder.OneChain {
		t.Fatalf("C08 stands at %q", v.Rung)
	}
	op, err := p.desk.MergeClaim(ctx, p.claim["C10"], p.claim["C08"])
	must(t, err)
	v := p.claimView(t, "C10") // its name leads to the other
	if v.Number != "C08" || v.Rung != ladder.Independent || len(v.Evidence) != 2 || len(v.Merged) != 1 || v.Merged[0].Number != "C10" {
		t.Errorf("merged: %s, %q, %d items, %+v", v.Number, v.Rung, len(v.Evidence), v.Merged)
	}
	if len(v.InStory) != 1 || v.InStory[0].ID != story || v.Stories != 1 {
		t.Errorf("the story that carried C10 does not carry C08: %+v", v.InStory)
	}
	rows, err := p.desk.Claims(ctx)
	must(t, err)
	if len(rows) != 11 || slices.ContainsFunc(rows, func(r ClaimRow) bool { return r.Number == "C10" }) {
		t.Errorf("%d claims on the board", len(rows))
	}
	for _, c := range []struct{ from, into string }{{"C08", "C10"}, {"C10", "C08"}, {"C08", "C08"}} {
		if _, err := p.desk.MergeClaim(ctx, p.claim[c.from], p.claim[c.into]); err == nil {
			t.Errorf("%s was merged into itself as %s", c.from, c.into)
		}
	}
	if _, err := p.desk.MergeClaim(ctx, ID{1}, p.claim["C08"]); !errors.Is(err, ErrNotFound) {
		t.Errorf("merging nothing: %v", err)
	}
	again := p.undo(t, op)
	if v := p.claimView(t, "C10"); v.Number != "C10" || v.Rung != ladder.OneChain || len(v.Evidence) != 1 {
		t.Errorf("taken apart: %+v", v.ClaimRow)
	}
	// Two desks may merge both ways; then both stay apart, and the desk goes on.
	op2, err := p.desk.MergeClaim(ctx, p.claim["C08"], p.claim["C10"])
	must(t, err)
	p.undo(t, again)
	rows, err = p.desk.Claims(ctx)
	must(t, err)
	if len(rows) != 12 {
		t.Errorf("a ring of merges leaves %d claims", len(rows))
	}
	p.undo(t, op2)
	if v := p.claimView(t, "C10"); v.Number != "C08" {
		t.Errorf("without the second merge the first is not there: %s", v.Number)
	}
}

// A claim that said two things becomes two in one operation, and one again by undo.
func TestClaimsAreSplit(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id, op, err := p.desk.SplitClaim(ctx, p.claim["C07"], Claim{Statement: "Bribes cost more"}, []ID{p.evidence["C07/07"]})
	must(t, err)
	old := p.claimView(t, "C07")
	if old.Disputed || len(old.Evidence) != 2 {
		t.Errorf("C07 after the split: disputed %v, %d items", old.Disputed, len(old.Evidence))
	}
	v, err := p.desk.Claim(ctx, id)
	must(t, err)
	if v.Number != "C13" || len(v.Evidence) != 1 || !v.Disputed || v.From == nil || v.From.Number != "C07" {
		t.Errorf("the new claim: %+v, from %+v", v.ClaimRow, v.From)
	}
	// Its words may change; what it took along stays with it.
	_, err = p.desk.EditClaim(ctx, id, Claim{Statement: "Bribes cost four times as much"})
	must(t, err)
	if v, err = p.desk.Claim(ctx, id); err != nil || len(v.Evidence) != 1 || v.From == nil {
		t.Errorf("after an edit it has %d items: %v", len(v.Evidence), err)
	}
	// Evidence of a claim that took it can be split off again.
	third, op3, err := p.desk.SplitClaim(ctx, id, Claim{Statement: "A driver does it"}, []ID{p.evidence["C07/07"]})
	must(t, err)
	if v, err := p.desk.Claim(ctx, third); err != nil || len(v.Evidence) != 1 {
		t.Errorf("split twice: %v", err)
	}
	p.undo(t, op3)
	if v, err := p.desk.Claim(ctx, id); err != nil || len(v.Evidence) != 1 {
		t.Errorf("the second split undone: %v", err)
	}
	for _, ids := range [][]ID{nil, {{1}}, {p.evidence["C01/01"]}} {
		if _, _, err := p.desk.SplitClaim(ctx, p.claim["C07"], Claim{Statement: "x"}, ids); err == nil {
			t.Errorf("split with %v", ids)
		}
	}
	// The claim was written twice; undoing the first alone leaves the second.
	p.undo(t, op)
	if v, err := p.desk.Claim(ctx, id); err != nil || len(v.Evidence) != 1 {
		t.Errorf("the edit stands alone: %v", err)
	}
}

func TestSplitUndoneIsAsBefore(t *testing.T) {
	p := newPlay(t)
	before := p.snapshot(t)
	_, op, err := p.desk.SplitClaim(t.Context(), p.claim["C07"], Claim{Statement: "y"}, []ID{p.evidence["C07/07"], p.evidence["C07/02"]})
	must(t, err)
	if p.snapshot(t) == before {
		t.Error("a split changes nothing")
	}
	p.undo(t, op)
	if p.snapshot(t) != before {
		t.Error("a split undone leaves something")
	}
}

// A doubt marks a claim as disputed and raises nothing; it is settled by undo.
func TestClaimsAreDoubted(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	if _, err := p.desk.DisputeClaim(ctx, p.claim["C06"], "mina", " "); err == nil {
		t.Error("a doubt without a reason was taken")
	}
	op, err := p.desk.DisputeClaim(ctx, p.claim["C06"], "mina", "두 사람이 같은 날을 말하지 않는다")
	must(t, err)
	v := p.claimView(t, "C06")
	if !v.Disputed || v.Rung != ladder.Independent || v.Dispute == nil || v.Dispute.By != "mina" {
		t.Errorf("doubted: %+v, %+v", v.ClaimRow, v.Dispute)
	}
	if r := p.row(t, "C06"); !r.Disputed {
		t.Error("the ladder does not know of the doubt")
	}
	p.undo(t, op)
	if v := p.claimView(t, "C06"); v.Disputed || v.Dispute != nil {
		t.Error("the doubt stays")
	}
}

// One chain is graded 3 at best. Two approvers with a reason lift that to 2, never to 1, and
// only for the evidence as it stood.
func TestCeilingIsLiftedByTwo(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	_, err := p.desk.EditEvidence(ctx, p.evidence["C08/03"], EvidenceInput{Stance: ladder.Supports, Path: ladder.Direct, Grade: 1})
	must(t, err)
	grade := func(want int, when string) {
		t.Helper()
		if v := p.claimView(t, "C08"); v.Grade != want || v.Ceiling != 3 {
			t.Errorf("%s: grade %d, ceiling %d, want grade %d", when, v.Grade, v.Ceiling, want)
		}
	}
	grade(3, "one chain")
	if _, err := p.desk.LiftCeiling(ctx, p.claim["C08"], "ayla", pass("ayla"), " "); err == nil {
		t.Error("lifted without a reason")
	}
	if _, err := p.desk.LiftCeiling(ctx, p.claim["C08"], "ayla", pass("boram"), "she was there"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("with another's passphrase: %v", err)
	}
	if _, err := p.desk.LiftCeiling(ctx, p.claim["C06"], "ayla", pass("ayla"), "x"); err == nil {
		t.Error("a claim of two chains has a ceiling to lift")
	}
	_, err = p.desk.LiftCeiling(ctx, p.claim["C08"], "ayla", pass("ayla"), "she was there, and has been right before")
	must(t, err)
	grade(3, "one approver")
	if _, err := p.desk.LiftCeiling(ctx, p.claim["C08"], "ayla", pass("ayla"), "again"); err == nil {
		t.Error("one approver counts twice")
	}
	_, err = p.desk.LiftCeiling(ctx, p.claim["C08"], "boram", pass("boram"), "the photograph fits")
	must(t, err)
	grade(2, "two approvers")
	if v := p.claimView(t, "C08"); !v.Lift.Done || v.Lift.May || len(v.Lift.By) != 2 {
		t.Errorf("%+v", v.Lift)
	}
	op, err := p.desk.EditEvidence(ctx, p.evidence["C08/03"], EvidenceInput{Stance: ladder.Supports, Path: ladder.Told, Relays: "k9", Grade: 1})
	must(t, err)
	grade(3, "the evidence changed")
	p.undo(t, op)
	grade(2, "the change undone")
}

// snapshot is everything that is derived for claims and stories, as text.
func (p *play) snapshot(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	var b strings.Builder
	board, err := p.desk.board(ctx)
	must(t, err)
	b.WriteString(board.text())
	fresh, err := p.desk.boardIf(ctx, Withdrawal{})
	must(t, err)
	if fresh.text() != board.text() {
		t.Fatalf("a board is kept that is not so any more:\n%s\nit is\n%s", board.text(), fresh.text())
	}
	due, err := p.desk.due(ctx, board)
	must(t, err)
	fmt.Fprintf(&b, "%+v\n", due)
	stories, err := p.desk.Stories(ctx)
	must(t, err)
	fmt.Fprintf(&b, "%+v\n", stories)
	return b.String()
}

// text is everything that is derived on a board, as text.
func (b *board) text() string {
	var out strings.Builder
	for _, c := range b.claims {
		low, factors := c.result.Odds()
		fmt.Fprintf(&out, "%+v %v %v %+v %v %v %v %v\n", c.row(0), c.result.Cap(), c.mergeOp, c.dispute, low.Low, low.Middle, low.High, factors)
		for _, e := range c.evidence {
			fmt.Fprintf(&out, "  %s %v %v %v %+v\n", e.thing, e.standing.Chain, e.standing.Open, e.pulled, e.standing.Tokens)
		}
	}
	for _, st := range b.stories {
		fmt.Fprintf(&out, "%+v\n", st)
	}
	return out.String()
}

// Whatever a journalist does to claims, reports and sources: undone, all is as it was; the
// projections come back the same from the log; and no step lifts a claim by what is no
// evidence.
func TestAnyStepUndoneIsAsIfItHadNotBeen(t *testing.T) {
	if testing.Short() {
		t.Skip("the same steps are walked without -short")
	}
	ctx := t.Context()
	p := newPlay(t)
	p.printed(t)
	rnd := rand.New(rand.NewPCG(6, 5))
	pick := func(m map[string]ID) ID {
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return m[keys[rnd.IntN(len(keys))]]
	}
	steps := []func() (OpID, error){
		func() (OpID, error) { return p.desk.MergeClaim(ctx, pick(p.claim), pick(p.claim)) },
		func() (OpID, error) {
			v, err := p.desk.Claim(ctx, pick(p.claim))
			must(t, err)
			if len(v.Evidence) == 0 {
				return OpID{}, ErrNotFound
			}
			_, op, err := p.desk.SplitClaim(ctx, v.ID, Claim{Statement: "split"}, []ID{v.Evidence[rnd.IntN(len(v.Evidence))].ID})
			return op, err
		},
		func() (OpID, error) { return p.desk.DisputeClaim(ctx, pick(p.claim), "mina", "why") },
		func() (OpID, error) { return p.desk.Withdraw(ctx, Withdrawal{Report: pick(p.report)}, "mina", "why") },
		func() (OpID, error) { return p.desk.Withdraw(ctx, Withdrawal{Source: pick(p.source)}, "mina", "why") },
		func() (OpID, error) { return p.desk.Withdraw(ctx, Withdrawal{Claim: pick(p.claim)}, "mina", "why") },
		func() (OpID, error) { return p.desk.WithdrawEvidence(ctx, pick(p.evidence)) },
		func() (OpID, error) {
			return p.desk.EditEvidence(ctx, pick(p.evidence), EvidenceInput{Stance: ladder.Supports, Path: ladder.Told, Relays: "?", Grade: 4})
		},
	}
	done := 0
	for n := range 48 {
		before := p.snapshot(t)
		op, err := steps[n%len(steps)]()
		if err != nil {
			continue // not possible as things stand now
		}
		done++
		after := p.snapshot(t)
		again := p.undo(t, op)
		if got := p.snapshot(t); got != before {
			t.Fatalf("step %d undone leaves\n%s\nwhere there was\n%s", n, got, before)
		}
		if rnd.IntN(2) == 0 { // and goes on with it done
			p.undo(t, again)
			if got := p.snapshot(t); got != after {
				t.Fatalf("step %d done again gives\n%s\nand gave\n%s", n, got, after)
			}
		}
	}
	if done < 24 {
		t.Errorf("only %d steps were possible", done)
	}
	want, dump := p.snapshot(t), p.dump(t)
	must(t, p.desk.Close())
	views, err := filepath.Glob(filepath.Join(p.dir, "view.db*"))
	must(t, err)
	for _, v := range views {
		must(t, os.Remove(v))
	}
	p.open()
	if p.dump(t) != dump || p.snapshot(t) != want {
		t.Error("rebuilt from the log it is not the same")
	}
}

func (p *play) dump(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	must(t, p.desk.Vault().Dump(t.Context(), &b))
	return b.String()
}
