package desk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// Every version of a story can be looked at, compared and brought back; what moved is not
// said to be new.
func TestVersionsAndWhatChanged(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	first, err := p.desk.Story(ctx, id)
	must(t, err)
	sn := first.Story.Paragraphs[0].Sentences[0]
	sn.Text = three("{source}은 모이면 꼭 보고한다고 말했다.", sn.Text[lang.English], "{source}说，人们必须在会上汇报。")
	sn.Level.Role = 1
	_, err = p.desk.SetSentence(ctx, id, 0, 0, sn)
	must(t, err)
	_, err = p.desk.InsertSentence(ctx, id, 1, 0, Sentence{Text: three("새 문장.", "A new one.", "新句。")})
	must(t, err)
	_, err = p.desk.RemoveSentence(ctx, id, 0, 1)
	must(t, err)
	_, err = p.desk.SetEdition(ctx, id, lang.English, EditionText{"Sessions grow far more frequent", "Every two days.", "They fear reprisal."})
	must(t, err)
	list, err := p.desk.Versions(ctx, id)
	must(t, err)
	if len(list) != 5 || !list[0].Now || list[0].Number != 5 || list[4].Op != first.Op {
		t.Fatalf("%+v", list)
	}
	now, err := p.desk.Version(ctx, id, list[0].Op)
	must(t, err)
	var got []string
	for _, c := range Compare(&first.Story, now) {
		line := string(c.Kind) + " " + c.Part
		for _, x := range c.Texts {
			line += " " + string(x.Lang)
		}
		if c.Level {
			line += " level"
		}
		got = append(got, line)
	}
	want := []string{"changed headline en", "changed sentence ko zh level", "removed sentence ko en zh", "added sentence ko en zh"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if _, err := p.desk.Version(ctx, id, OpID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a version of nothing: %v", err)
	}
	op, err := p.desk.RestoreVersion(ctx, id, first.Op)
	must(t, err)
	back, err := p.desk.Story(ctx, id)
	must(t, err)
	if d := Compare(&first.Story, &back.Story); len(d) != 0 {
		t.Errorf("brought back it still differs: %+v", d)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	back, err = p.desk.Story(ctx, id)
	must(t, err)
	if d := Compare(now, &back.Story); len(d) != 0 {
		t.Errorf("undone it differs: %+v", d)
	}
	p.rebuilt(t)
}

func TestRuns(t *testing.T) {
	show := func(rs []TextRun) string {
		out := ""
		for _, r := range rs {
			switch r.Kind {
			case Added:
				out += "+[" + r.Text + "]"
			case Removed:
				out += "-[" + r.Text + "]"
			default:
				out += r.Text
			}
		}
		return out
	}
	for _, c := range []struct{ a, b, want string }{
		{"They meet every week.", "They meet every two days.", "They meet every -[week]+[two days]."},
		{"일주일에 한 번 모인다.", "이틀에 한 번 모인다.", "-[일주일에]+[이틀에] 한 번 모인다."},
		{"每周一次开会", "两天一次开会", "-[每周]+[两天]一次开会"},
		{"", "new", "+[new]"},
		{"same", "same", "same"},
	} {
		if got := show(runs(c.a, c.b)); got != c.want {
			t.Errorf("%q", got)
		}
	}
	// A sentence that changed its place is not new.
	a, b := Sentence{ID: ID{1}, Text: three("가", "a", "一")}, Sentence{ID: ID{2}, Text: three("나", "b", "二")}
	moved := Compare(&Story{Paragraphs: []Paragraph{{[]Sentence{a, b}}}}, &Story{Paragraphs: []Paragraph{{[]Sentence{b, a}}}})
	if len(moved) != 1 || moved[0].Kind != Moved || len(moved[0].Texts) != 0 {
		t.Errorf("%+v", moved)
	}
}

// rebuilt makes the tables anew, and wants the same dump.
func (p *play) rebuilt(t *testing.T) {
	t.Helper()
	dump := func() string {
		var b strings.Builder
		must(t, p.desk.Vault().Dump(t.Context(), &b))
		return b.String()
	}
	before := dump()
	must(t, p.desk.Vault().Rebuild(t.Context(), nil))
	if dump() != before {
		t.Error("the tables made anew from the log are others")
	}
}

func TestComments(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	view := func() *StoryView {
		v, err := p.desk.Story(ctx, id)
		must(t, err)
		return v
	}
	sentence := view().Story.Paragraphs[0].Sentences[1].ID
	one, op, err := p.desk.AddComment(ctx, id, sentence, "mina", " Who else knows? ")
	must(t, err)
	_, _, err = p.desk.AddComment(ctx, id, ID{}, "jin", "Shorter, please.")
	must(t, err)
	if v := view(); v.StoryRow.Comments != 2 || v.Comments[0].Text != "Who else knows?" || v.Comments[0].Sentence != sentence || v.Comments[0].By != "mina" {
		t.Errorf("%+v", view().Comments)
	}
	_, err = p.desk.SetCommentDone(ctx, one, true)
	must(t, err)
	if v := view(); v.StoryRow.Comments != 1 || !v.Comments[0].Done {
		t.Errorf("%+v", view().Comments)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	// Without its first version the newest still stands: what was marked as done is one.
	if v := view(); len(v.Comments) != 2 {
		t.Errorf("%+v", v.Comments)
	}
	_, err = p.desk.SetCommentDone(ctx, one, false)
	must(t, err)
	_, err = p.desk.RemoveSentence(ctx, id, 0, 1)
	must(t, err)
	if v := view(); !v.Comments[0].Sentence.IsZero() || v.StoryRow.Comments != 2 {
		t.Errorf("with its sentence gone: %+v", v.Comments)
	}
	for name, err := range map[string]error{
		"empty":       third(p.desk.AddComment(ctx, id, ID{}, "mina", " \n")),
		"no sentence": third(p.desk.AddComment(ctx, id, ID{7}, "mina", "x")),
		"no story":    third(p.desk.AddComment(ctx, ID{7}, ID{}, "mina", "x")),
		"no comment":  second(p.desk.SetCommentDone(ctx, ID{7}, true)),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	p.rebuilt(t)
}

func third[S, T any](_ S, _ T, err error) error { return err }

// What was printed is corrected and taken back by two people; the dates stay in order, and a
// story of which a claim no longer stands can still be taken back.
func TestCorrectionAndRetraction(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	if _, err := p.desk.Correct(ctx, id, three("가", "a", "一")); err == nil {
		t.Error("corrected before it was printed")
	}
	p.letOut(t, id)
	if _, err := p.desk.Correct(ctx, id, map[Lang]string{lang.Korean: "가"}); err == nil {
		t.Error("corrected in one edition only")
	}
	p.today += 2
	_, err := p.desk.Correct(ctx, id, three("고칩니다.", "Corrected.", "更正。"))
	must(t, err)
	p.letOut(t, id)
	// Its claim is gone: the text could not be printed any more.
	_, err = p.desk.WithdrawClaim(ctx, p.claim["C02"])
	must(t, err)
	if v, err := p.desk.Story(ctx, id); err != nil || v.Verdict != Block {
		t.Fatalf("%v, %v", v.Verdict, err)
	}
	p.today += 3
	op, err := p.desk.Retract(ctx, id, three("취소합니다.", "We take it back.", "撤回。"))
	must(t, err)
	v, err := p.desk.Story(ctx, id)
	must(t, err)
	if v.Verdict != Pass || !v.Retracted {
		t.Fatalf("%s: %+v", v.Verdict, v.Findings)
	}
	rel := p.letOut(t, id)
	if rel.Serial != 3 {
		t.Errorf("%+v", rel)
	}
	out, err := p.desk.Exports(ctx)
	must(t, err)
	r, err := out[0].Verified.Release()
	must(t, err)
	if r.Retraction == nil || r.Retraction.Text.EN != "We take it back." || len(r.Corrections) != 1 || r.Editions[1].Body != nil || strings.Contains(string(out[0].Data), "report there") {
		t.Errorf("%s", out[0].Data)
	}
	// All that left the house is kept.
	list, err := p.desk.Versions(ctx, id)
	must(t, err)
	var serials []uint64
	for _, w := range list {
		if w.Released != 0 {
			serials = append(serials, w.Released)
		}
	}
	if !slices.Equal(serials, []uint64{3, 2, 1}) {
		t.Errorf("%v", serials)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	if _, err := p.desk.PrintAgain(ctx, id); err == nil {
		t.Error("a retraction was taken back that does not stand")
	}
	if v, _ := p.desk.Story(ctx, id); v.Retracted || v.Verdict != Block {
		t.Error("undone, the story is not as it was")
	}
	p.rebuilt(t)
}

// What readers were told stays: the address of a page, its corrections, and that it was taken back.
func TestReadersKeepWhatTheyWereTold(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	newest := func() *release.Release {
		t.Helper()
		out, err := p.desk.Exports(ctx)
		must(t, err)
		r, err := out[0].Verified.Release()
		must(t, err)
		return r
	}
	p.letOut(t, id)
	at := newest().Slug
	plain := p.view(id)
	s := plain.Story
	e := s.Editions[lang.English]
	e.Headline = "Another headline"
	s.Editions[lang.English] = e
	_, err := p.desk.SetStory(ctx, id, s)
	must(t, err)
	op, err := p.desk.Correct(ctx, id, three("고칩니다.", "Corrected.", "更正。"))
	must(t, err)
	p.letOut(t, id)
	if r := newest(); r.Slug != at || r.Editions[1].Headline != "Another headline" || len(r.Corrections) != 1 {
		t.Errorf("%s moved to %s: %+v", at, r.Slug, r.Corrections)
	}
	// Without the correction it is not approved.
	back := p.undo(t, op)
	_, err = p.desk.Approve(ctx, id, "ayla", pass("ayla"))
	if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != "corrections" {
		t.Errorf("approved without a correction that readers saw: %v", err)
	}
	_, err = p.desk.Correct(ctx, id, three("다른 것.", "Another.", "另一个。"))
	must(t, err)
	if _, err = p.desk.Approve(ctx, id, "ayla", pass("ayla")); err == nil {
		t.Error("another correction took the place of one that readers saw")
	}
	list, err := p.desk.Versions(ctx, id)
	must(t, err)
	p.undo(t, list[0].Op)
	p.undo(t, back)
	_, err = p.desk.Retract(ctx, id, three("취소합니다.", "We take it back.", "撤回。"))
	must(t, err)
	p.letOut(t, id)
	if r := newest(); r.Slug != at || r.Retraction == nil {
		t.Errorf("taken back, %s moved to %s", at, r.Slug)
	}
	// A former version brings back a text, and not that it was never taken back.
	_, err = p.desk.RestoreVersion(ctx, id, plain.Op)
	must(t, err)
	if v := p.view(id); !v.Retracted || len(v.Story.Corrections) != 1 {
		t.Errorf("restored: %+v", v.Story)
	}
	_, err = p.desk.PrintAgain(ctx, id)
	must(t, err)
	if p.view(id).Retracted {
		t.Error("printed again, it is taken back still")
	}
	p.rebuilt(t)
}

// overrule has two people give their reason where a story is blocked.
func (p *play) overrule(t *testing.T, id ID) {
	t.Helper()
	for _, name := range []string{"ayla", "boram"} {
		if p.view(id).Verdict == Block {
			_, err := p.desk.Override(t.Context(), id, name, pass(name), "it matters")
			must(t, err)
		}
	}
}

// letOut has two people approve a story, and releases it.
func (p *play) letOut(t *testing.T, id ID) *ReleaseView {
	t.Helper()
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Approve(t.Context(), id, name, pass(name))
		must(t, err)
	}
	rel, err := p.desk.Release(t.Context(), id)
	must(t, err)
	return rel
}
