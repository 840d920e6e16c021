package desk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"kkachi/internal/desk/rules"
	"kkachi/internal/lang"
)

// What two people signed of one source is not their word on another, though the gate says the
// same of both.
func TestOverrideOfExposureIsBoundToTheSource(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	s := p.draftStory()
	s.Paragraphs = []Paragraph{{s.Paragraphs[0].Sentences[:1]}} // C02, of one source
	id := p.newStory(t, s)
	six := 6
	_, err := p.desk.SetShown(ctx, id, &six)
	must(t, err)
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Override(ctx, id, name, pass(name), "the accused must answer")
		must(t, err)
	}
	p.answer(t, id)
	before := p.view(id)
	if before.Verdict != Pass {
		t.Fatalf("%s: %+v", before.Verdict, before.Findings)
	}
	sn := before.Story.Paragraphs[0].Sentences[0]
	sn.Claims = []ID{p.claim["C04"]} // of another source, in the same words
	op, err := p.desk.SetSentence(ctx, id, 0, 0, sn)
	must(t, err)
	p.answer(t, id)
	after := p.view(id)
	if before.Exposure.Sources[0].Source == after.Exposure.Sources[0].Source {
		t.Fatal("it is the same source")
	}
	if after.rule("exposure").Verdict != Block {
		t.Errorf("another source is printed on the same override: %+v", after.rule("exposure"))
	}
	p.undo(t, op)
	p.answer(t, id)
	if v := p.view(id); v.Verdict != Pass {
		t.Errorf("what was signed does not stand any more: %+v", v.Findings)
	}
	p.rebuilt(t)
}

// An answer to a rule of the whole story is given for its sentences and its photograph of then.
func TestAnswersOfTheWholeStoryAskAgain(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	rule := `
[[rule]]
id = "picture"
kind = "asked"
when = "photo"
weight = "hold"
ko = "사진을 보았다."
en = "The picture was looked at."
zh = "看过照片。"

[[rule]]
id = "lawyer"
kind = "asked"
when = "always"
weight = "block"
ko = "변호사가 읽었다."
en = "A lawyer read it."
zh = "律师看过。"
`
	must(t, os.WriteFile(filepath.Join(p.dir, RulesFile), append(rules.Default(), rule...), 0o600))
	id := p.newStory(t, p.draftStory())
	whole := []string{"vital", "otherwise", "manager", "asked", "harm"}
	expect := func(why string, verdict Verdict, ids ...string) {
		t.Helper()
		v := p.view(id)
		for _, r := range ids {
			if w := v.rule(r); w.Verdict != verdict || w.Stale != (verdict == Hold) {
				t.Errorf("%s: %s %s, stale %v", why, r, w.Verdict, w.Stale)
			}
		}
	}
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Override(ctx, id, name, pass(name), "ours did")
		must(t, err)
	}
	expect("answered", Pass, append(whole, "lawyer")...)
	background := Sentence{Text: three("또 배경이다.", "More background.", "又是背景。")}
	_, err := p.desk.InsertSentence(ctx, id, 1, 0, background)
	must(t, err)
	expect("background", Pass, "vital", "otherwise", "manager")
	expect("background", Hold, "asked", "harm")
	if r := p.view(id).rule("lawyer"); r.Verdict != Block {
		t.Errorf("two people's word covers a sentence that came later: %+v", r)
	}
	// Nobody stands behind it yet; once somebody does, it is a sentence that was not asked about.
	p.answer(t, id)
	sn := p.view(id).Story.Paragraphs[1].Sentences[0]
	sn.Claims = []ID{p.claim["C02"]}
	_, err = p.desk.SetSentence(ctx, id, 1, 0, sn)
	must(t, err)
	expect("a claim", Hold, "vital", "otherwise", "manager")
	expect("a claim", Pass, "asked", "harm")
	p.answer(t, id)
	expect("answered again", Pass, whole...)
	// One less, moved or reworded: nothing new.
	_, err = p.desk.RemoveSentence(ctx, id, 0, 0)
	must(t, err)
	_, err = p.desk.MoveSentence(ctx, id, 0, 0, 1)
	must(t, err)
	expect("one less", Pass, whole...)
	photograph := func(file string) {
		t.Helper()
		_, err := p.desk.SetPhoto(ctx, id, []byte(file), "river.gif", Photo{})
		must(t, err)
	}
	photograph("GIF89a, a picture")
	if r := p.view(id).rule("picture"); r.Verdict != Hold {
		t.Fatalf("%+v", r)
	}
	p.answer(t, id)
	_, err = p.desk.SetEdition(ctx, id, lang.English, EditionText{"More sessions", "Every two days.", "They fear reprisal."})
	must(t, err)
	expect("the same picture", Pass, "picture")
	photograph("GIF89a, another picture")
	expect("another picture", Hold, "picture")
	p.rebuilt(t)
}

// The page that says that a reply was queued offers to take that back: while the reply waits
// it is withdrawn, and the withdrawal can be undone; once a bulletin held it, it is too late.
func TestUndoOfAReplyWithdrawsIt(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id, op, err := p.desk.Reply(ctx, p.source["A"], "고맙습니다.", "mina")
	must(t, err)
	state := func() Progress {
		t.Helper()
		v, err := p.desk.Thread(ctx, p.source["A"])
		must(t, err)
		if len(v.Replies) != 1 || v.Replies[0].ID != id {
			t.Fatalf("%+v", v.Replies)
		}
		return v.Replies[0].State.Progress
	}
	gone, err := p.desk.UndoAll(ctx, []OpID{op})
	must(t, err)
	if state() != Withdrawn {
		t.Errorf("undone, the reply is %v", state())
	}
	_, err = p.desk.UndoAll(ctx, gone)
	must(t, err)
	if state() != Waiting {
		t.Errorf("the withdrawal undone, the reply is %v", state())
	}
	_, err = p.desk.append1(ctx, opReplyOut, id, p.source["A"], replyOut{Day: p.today})
	must(t, err)
	if _, err := p.desk.UndoAll(ctx, []OpID{op}); !errors.Is(err, ErrLate) {
		t.Errorf("in a bulletin, the reply was taken back: %v", err)
	}
	if _, err := p.desk.UndoAll(ctx, []OpID{{1}}); !errors.Is(err, ErrNotUndone) {
		t.Errorf("nothing was undone: %v", err)
	}
}
