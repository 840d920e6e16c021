package desk

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/desk/rules"
)

func (v *StoryView) rule(id string) *RuleView {
	for i := range v.House {
		if v.House[i].ID == id {
			return &v.House[i]
		}
	}
	return nil
}

// Each rule is asked where it applies, holds until it is answered, and asks anew what the
// answer was not given for.
func TestHouseRulesHoldUntilAnswered(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id, _, err := p.desk.NewStory(ctx, p.draftStory())
	must(t, err)
	view := func() *StoryView {
		v, err := p.desk.Story(ctx, id)
		must(t, err)
		return v
	}
	v := view()
	if v.Verdict != Hold || v.State != Held || len(v.House) != 10 {
		t.Fatalf("%s, %d rules", v.Verdict, len(v.House))
	}
	for _, want := range []string{"vital", "otherwise", "placed", "manager", "asked", "harm", "exposure"} {
		if r := v.rule(want); r.Verdict != Hold || !r.Applies {
			t.Errorf("%s: %+v", want, r)
		}
	}
	for _, want := range []string{"plural", "reason", "grave"} {
		if r := v.rule(want); r.Verdict != Pass {
			t.Errorf("%s: %+v", want, r)
		}
	}
	if r := v.rule("placed"); !slices.Equal(r.At, [][2]int{{0, 0}, {0, 1}, {1, 0}}) {
		t.Errorf("one chain stands at %v", r.At)
	}
	if _, err := p.desk.AnswerRule(ctx, id, "house plural", "mina", "x"); err == nil {
		t.Error("a rule that nobody asks was answered")
	}
	if _, err := p.desk.AnswerRule(ctx, id, "house no-such", "mina", "x"); err == nil {
		t.Error("a rule that is none was answered")
	}
	op, err := p.desk.AnswerRule(ctx, id, "house vital", "mina", " It is what the story is about. ")
	must(t, err)
	if r := view().rule("vital"); r.Verdict != Pass || r.Reason != "It is what the story is about." || r.By != "mina" || r.Day != p.today || r.Stale {
		t.Errorf("%+v", r)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	if r := view().rule("vital"); r.Verdict != Hold || r.Reason != "" {
		t.Errorf("undone: %+v", r)
	}
	p.answer(t, id)
	if v := view(); v.Verdict != Pass {
		t.Fatalf("%+v", v.Findings)
	}
	// A further sentence on one chain is not covered by what was said of the others.
	_, err = p.desk.InsertSentence(ctx, id, 0, 0, Sentence{Claims: []ID{p.claim["C02"]}, Text: three("말했다.", "They report.", "汇报。")})
	must(t, err)
	if r := view().rule("placed"); r.Verdict != Hold || !r.Stale || r.Reason == "" {
		t.Errorf("%+v", r)
	}
	p.answer(t, id)
	// An empty reason takes the answer back; the log keeps both.
	_, err = p.desk.AnswerRule(ctx, id, "house harm", "mina", "")
	must(t, err)
	if r := view().rule("harm"); r.Verdict != Hold || r.Reason != "" {
		t.Errorf("%+v", r)
	}
	p.rebuilt(t)
}

// A grave charge that stands on one unnamed source needs two approvers and a reason.
func TestGraveChargeGoesUp(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	s := p.draftStory()
	s.Paragraphs[0].Sentences[1].Grave = true // C04, one chain
	s.Paragraphs[1].Sentences[1].Grave = true // C06, two independent chains
	id := p.newStory(t, s)
	view := func() *StoryView {
		v, err := p.desk.Story(ctx, id)
		must(t, err)
		return v
	}
	v := view()
	if r := v.rule("grave"); r.Verdict != Block || !slices.Equal(r.At, [][2]int{{0, 1}}) || v.Verdict != Block {
		t.Fatalf("%+v", r)
	}
	if _, err := p.desk.AnswerRule(ctx, id, "house grave", "mina", "I decide"); err == nil {
		t.Error("one person answered what two must")
	}
	for n, name := range []string{"ayla", "boram"} {
		if view().Verdict != Block {
			t.Errorf("passed with %d approvers", n)
		}
		_, err := p.desk.Override(ctx, id, name, pass(name), "Two editors heard the source.")
		must(t, err)
	}
	if v := view(); v.Verdict != Pass || v.rule("grave").Verdict != Pass {
		t.Fatalf("%+v", v.Findings)
	}
	// It was said of these words: of others it must be said again.
	sn := v.Story.Paragraphs[0].Sentences[1]
	sn.Text = three("{source}은 더한 말을 했다.", "{Source} said more than that.", "{source}说了更多。")
	_, err := p.desk.SetSentence(ctx, id, 0, 1, sn)
	must(t, err)
	if view().Verdict != Block {
		t.Error("two people's word covers other words")
	}
}

// The newsroom edits the file while the desk runs. A mistake blocks, and says its line; other
// words ask anew.
func TestHouseRulesFileIsReadAsItStands(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	write := func(text string) {
		must(t, os.WriteFile(filepath.Join(p.dir, RulesFile), []byte(text), 0o600))
	}
	view := func() *StoryView {
		v, err := p.desk.Story(ctx, id)
		must(t, err)
		return v
	}
	whole := string(rules.Default())
	data, err := os.ReadFile(filepath.Join(p.dir, RulesFile))
	must(t, err)
	if string(data) != whole {
		t.Error("a new desk does not begin with the default rules")
	}
	must(t, os.Remove(filepath.Join(p.dir, RulesFile)))
	if v := view(); v.Verdict != Pass || len(v.House) != 10 {
		t.Fatalf("without the file other things are asked: %+v", v.Findings)
	}
	write(strings.Replace(whole, `weight = "hold"`, `weight = "heavy"`, 1))
	v := view()
	if v.Verdict != Block || v.Findings[0].Key != "desk.find.rules" || !v.Findings[0].Final {
		t.Fatalf("%+v", v.Findings)
	}
	if _, err := p.desk.Approve(ctx, id, "ayla", pass("ayla")); !errors.Is(err, ErrHeld) {
		t.Errorf("approved under rules that can't be read: %v", err)
	}
	if _, err := p.desk.Override(ctx, id, "ayla", pass("ayla"), "never mind"); err == nil {
		t.Error("overridden under rules that can't be read")
	}
	write(strings.Replace(whole, "Harm to third persons was considered.", "Harm to third persons, and to children, was considered.", 1))
	if r := view().rule("harm"); r.Verdict != Hold || !r.Stale {
		t.Errorf("%+v", r)
	}
	// A rule of the newsroom's own.
	write(whole + "\n[[rule]]\nid = \"lawyer\"\nkind = \"asked\"\nwhen = \"always\"\nweight = \"block\"\nko = \"변호사\"\nen = \"A lawyer read it.\"\nzh = \"律师\"\n")
	if r := view().rule("lawyer"); r == nil || r.Verdict != Block {
		t.Errorf("%+v", r)
	}
}
