package desk

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
	"kkachi/internal/vault"
)

// ourNumbers are estimates under which the draft story passes as it is, and its finer wordings don't.
func ourNumbers() string {
	data, err := os.ReadFile("testdata/estimates.toml")
	if err != nil {
		panic(err)
	}
	return string(data)
}

// estimate puts the newsroom's estimates where the desk reads them.
func (p *play) estimate(text string) {
	p.t.Helper()
	must(p.t, os.WriteFile(filepath.Join(p.dir, EstimatesFile), []byte(text), 0o600))
}

// article is a story on C06, for which two independent chains stand.
func (p *play) article(at lang.Level) Story {
	s := p.draftStory()
	s.Names.When = lang.Words{KO: "월요일", EN: "on Monday", ZH: "周一"}
	s.Paragraphs = []Paragraph{{[]Sentence{{
		Level: at, Claims: []ID{p.claim["C06"]}, Text: three("{source}은 순찰이 늘었다고 했다.", "Patrols have grown, {source} said.", "{source}说，巡逻增加了。"),
	}}}}
	return s
}

func (v *StoryView) risks() []string {
	var out []string
	for _, f := range v.Findings {
		if f.Rule == "house exposure" {
			out = append(out, strings.TrimPrefix(f.Key, "risk.reason."))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *play) view(id ID) *StoryView {
	p.t.Helper()
	v, err := p.desk.Story(p.t.Context(), id)
	must(p.t, err)
	return v
}

// Without estimates everything is missing: the rule holds and is answered with a reason, and is
// never passed by itself.
func TestExposureWithoutEstimatesHolds(t *testing.T) {
	p := newPlay(t)
	id, _, err := p.desk.NewStory(t.Context(), p.article(lang.Level{Place: 2, Day: 1}))
	must(t, err)
	// A new desk begins with the example, which holds before anybody has chosen a population of it.
	if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Equal(v.risks(), []string{"example", "missing"}) {
		t.Errorf("as laid out: %v", v.risks())
	}
	must(t, os.Remove(filepath.Join(p.dir, EstimatesFile)))
	v := p.view(id)
	if r := v.rule("exposure"); r.Verdict != Hold || r.Derived || v.Exposure.Verdict != Hold || !slices.Equal(v.risks(), []string{"missing"}) {
		t.Errorf("%+v %v", r, v.risks())
	}
	for what, text := range map[string]string{
		"no file of estimates":    "version = 1",
		"a range the wrong way":   strings.Replace(ourNumbers(), "0.5-0.9", "0.9-0.5", 1),
		"a child over its parent": strings.Replace(ourNumbers(), `"0.05-0.2"`, `"0.95-1"`, 1),
	} {
		p.estimate(text)
		if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Contains(v.risks(), "desk.find.estimates") {
			t.Errorf("%s: %v", what, v.risks())
		}
	}
	// An example, and what is old, are no estimates of anybody.
	p.estimate("example = true\n" + ourNumbers())
	if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Equal(v.risks(), []string{"example"}) {
		t.Errorf("an example: %v", v.risks())
	}
	p.estimate(strings.Replace(ourNumbers(), "good_for = 5000", "good_for = 5", 2))
	if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Equal(v.risks(), []string{"stale"}) {
		t.Errorf("old: %v", v.risks())
	}
	// Of two populations somebody chooses one.
	p.estimate(ourNumbers() + "[populations.others]\npeople = \"400-500\"\nsource = \"x\"\ndate = \"2026-01-01\"\nauthor = \"x\"\n")
	if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Equal(v.risks(), []string{"missing"}) {
		t.Errorf("not chosen: %v", v.risks())
	}
	op, err := p.desk.SetAmong(t.Context(), id, "officials")
	must(t, err)
	if v := p.view(id); v.Exposure.Verdict != Pass {
		t.Errorf("chosen: %v", v.risks())
	}
	p.undo(t, op)
	if _, err := p.desk.SetAmong(t.Context(), id, "nobody"); err == nil {
		t.Error("a population that is none was chosen")
	}
}

// The motivating article as printed, "on Monday" and "in a telephone conversation", is blocked for
// these; the wording that is offered passes, in one change that undo takes back.
func TestTheArticleIsHeldForItsDayAndMedium(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	typed := p.article(lang.Level{Place: 2, Day: 1})
	typed.Paragraphs[0].Sentences[0].Text = three(
		"{source}은 월요일 전화 통화에서 순찰이 늘었다고 했다.", "Patrols have grown, {source} said on Monday in a telephone conversation.", "{source}周一在电话中说，巡逻增加了。")
	for name, s := range map[string]Story{"chosen": p.article(lang.Level{Place: 2, Day: 4, Medium: 2}), "typed": typed} {
		v := p.view(p.newStory(t, s))
		x := v.Exposure
		if x.Verdict != Block || len(x.Sources) != 2 || x.Sources[0].Level != (lang.Level{Place: 2, Day: 4, Medium: 2}) {
			t.Fatalf("%s: %s %+v", name, x.Verdict, x.Sources)
		}
		bits := map[string]float64{}
		for _, b := range x.Sources[0].Judgement.Crowd.Bits {
			bits[b.Name] = b.Bits
		}
		if !(bits["day"] > 5 && bits["medium"] > 2 && bits["place"] < 1) {
			t.Errorf("%s: bits %v", name, bits)
		}
		var fix *risk.Fix
		for _, f := range x.Sources[0].Judgement.Fixes {
			if f.Kind == "wording" && fix == nil {
				fix = &f
			}
		}
		if fix == nil {
			t.Fatalf("%s: no wording is offered: %+v", name, x.Sources[0].Judgement)
		}
		for _, l := range lang.All() {
			if fix.Says[l] == "" {
				t.Errorf("%s: nothing to print in %s", name, l)
			}
		}
		if name == "typed" {
			continue // a person writes the sentence anew
		}
		op, err := p.desk.Coarsen(ctx, v.ID, fix.Wording.Level)
		must(t, err)
		if after := p.view(v.ID); after.Exposure.Verdict != Pass || after.rule("exposure").Verdict != Pass {
			t.Errorf("with %s: %v", fix.Wording.Level, after.risks())
		}
		p.undo(t, op)
		if again := p.view(v.ID); again.Exposure.Verdict != Block {
			t.Error("undone, it passes still")
		}
	}
	p.rebuilt(t)
}

// What is held is answered with a reason, for that and for nothing else; what is blocked by two;
// what is uneven or carries metadata is mended.
func TestExposureIsAnsweredByItsGrade(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(strings.Replace(ourNumbers(), "units = 5\n", "", 1))
	id := p.newStory(t, p.article(lang.Level{Place: 2, Day: 1}))
	if v := p.view(id); v.rule("exposure").Verdict != Pass || v.rule("exposure").Reason == "" || v.Exposure.Verdict != Hold {
		t.Fatalf("%+v", v.rule("exposure"))
	}
	// Another hold is not covered by what was said of this one.
	_, err := p.desk.SetSpread(ctx, id, &Spread{Known: 5, Reach: 400, Rate: .5})
	must(t, err)
	if r := p.view(id).rule("exposure"); r.Verdict != Hold || !r.Stale {
		t.Errorf("%+v", r)
	}
	// Six people printed what would be shown.
	six := 6
	_, err = p.desk.SetShown(ctx, id, &six)
	must(t, err)
	p.answer(t, id)
	if v := p.view(id); v.Verdict != Block || !slices.Contains(v.risks(), "shown") {
		t.Fatalf("%s %v", v.Verdict, v.risks())
	}
	for n, name := range []string{"ayla", "boram"} {
		if p.view(id).Verdict != Block {
			t.Errorf("overruled by %d", n)
		}
		_, err := p.desk.Override(ctx, id, name, pass(name), "the accused must answer")
		must(t, err)
	}
	if p.view(id).Verdict != Hold {
		t.Error("two overruled what is held")
	}
	p.answer(t, id)
	if v := p.view(id); v.Verdict != Pass {
		t.Errorf("%s: %+v", v.Verdict, v.Findings)
	}
	// Sixteen had it: another number needs another override.
	sixteen := 16
	op, err := p.desk.SetShown(ctx, id, &sixteen)
	must(t, err)
	if v := p.view(id); v.Exposure.Verdict != Block || v.rule("exposure").Verdict != Block {
		t.Error("sixteen passed on the override of six")
	}
	p.undo(t, op)
	// Uneven editions are final.
	s := p.view(id).Story
	s.Paragraphs[0].Sentences[0].Text[lang.English] = "Patrols have grown, {source} said on Monday."
	_, err = p.desk.SetStory(ctx, id, s)
	must(t, err)
	final := false
	for _, f := range p.view(id).Findings {
		final = final || f.Rule == "house exposure" && f.Key == "risk.reason.edition" && f.Final
	}
	if !final {
		t.Error("an uneven edition may be overruled")
	}
	p.rebuilt(t)
}

// A detail costs its bits where a sentence is marked with it, and one that nobody estimated is
// missing.
func TestDetailsAreMarked(t *testing.T) {
	p := newPlay(t)
	p.estimate(ourNumbers())
	s := p.article(lang.Level{Place: 2, Day: 1})
	s.Paragraphs[0].Sentences[0].Details = []string{"gathering"}
	id := p.newStory(t, s)
	if v := p.view(id); v.Exposure.Verdict != Pass || !slices.Equal(v.Exposure.Sources[0].Details, []string{"gathering"}) {
		t.Errorf("%+v", v.risks())
	}
	s.Paragraphs[0].Sentences[0].Details = []string{"gathering", "trip"}
	_, err := p.desk.SetStory(t.Context(), id, s)
	must(t, err)
	v := p.view(id)
	left := false
	for _, f := range v.Exposure.Sources[0].Judgement.Fixes {
		left = left || f.Kind == "leave-out" && f.Detail == "trip"
	}
	if v.Exposure.Verdict != Block || !left {
		t.Errorf("%s: %+v", v.Exposure.Verdict, v.Exposure.Sources[0].Judgement)
	}
	s.Paragraphs[0].Sentences[0].Details = []string{"other"}
	_, err = p.desk.SetStory(t.Context(), id, s)
	must(t, err)
	if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Contains(v.risks(), "missing") {
		t.Errorf("%v", v.risks())
	}
	for _, hostile := range []string{"<b>", "=1+1", "\u202ename", strings.Repeat("x", 41), ""} {
		s.Paragraphs[0].Sentences[0].Details = []string{hostile}
		if _, err := p.desk.SetStory(t.Context(), id, s); err == nil {
			t.Errorf("%q is a name of a detail", hostile)
		}
	}
}

// The ledger is written by the release, not by the draft; what is finest stays; a correction is
// no further story; and all of it dies with its source.
func TestLedger(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	a := p.source["A"]
	ledger := func(src ID) *Ledger {
		l, err := p.desk.ledgers().ledger(ctx, src, ID{})
		must(t, err)
		return l
	}
	s := p.article(lang.Level{Place: 3, Role: 1, Day: 1})
	s.Names.Region = lang.Words{KO: "동북", EN: "the northeast", ZH: "东北"}
	s.Names.Sector = lang.Words{KO: "무역", EN: "trade", ZH: "贸易"}
	s.Paragraphs[0].Sentences[0].Text[lang.English] = "“Patrols have grown,” {source} said."
	s.Paragraphs[0].Sentences[0].Details = []string{"gathering"}
	id := p.newStory(t, s)
	sources := p.view(id).Exposure.Sources
	if len(sources) != 2 || len(ledger(sources[0].Source).Printed) != 0 {
		t.Fatal("a draft stands in the ledger")
	}
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Override(ctx, id, name, pass(name), "it matters")
		must(t, err)
	}
	p.letOut(t, id)
	src := sources[0].Source
	l := ledger(src)
	want := []FinestPrinted{{"day", 1}, {"detail gathering", 1}, {"place", 3}, {"role", 1}}
	if l.Stories != 1 || l.Quoted != 3 || !slices.Equal(l.Finest, want) || l.Printed[0].Bits <= 1 || l.Unwritten != 0 {
		t.Fatalf("%+v", l)
	}
	// The next story is coarser, and the finest counts all the same.
	next := p.newStory(t, p.article(lang.Level{Place: 1, Day: 1}))
	x := p.view(next).Exposure
	i := slices.IndexFunc(x.Sources, func(s SourceExposure) bool { return s.Source == src })
	bits := map[string]float64{}
	for _, b := range x.Sources[i].Judgement.Crowd.Bits {
		bits[b.Name] = b.Bits
	}
	if math.Abs(bits["place"]-math.Log2(1/math.Sqrt(.05*.2))) > 1e-9 || bits["detail gathering"] == 0 {
		t.Errorf("going coarser won something back: %v", bits)
	}
	if left := x.Sources[i].Judgement.Budget.Left; left != min(x.Sources[i].Judgement.Budget.Five, x.Sources[i].Judgement.Budget.TopC)-2 {
		t.Errorf("%d stories left", left)
	}
	// Corrected, it is one story still, and is judged as one.
	_, err := p.desk.Correct(ctx, id, three("고침", "Corrected", "更正"))
	must(t, err)
	p.answer(t, id)
	p.overrule(t, id)
	p.letOut(t, id)
	if l := ledger(src); l.Stories != 1 || l.Quoted != 3 {
		t.Errorf("corrected: %+v", l)
	}
	p.rebuilt(t)
	if a == src {
		src = sources[1].Source
	}
	must(t, p.desk.Vault().Erase(ctx, vault.Thing(src)))
	if l := ledger(src); l.Stories != 0 || len(l.Finest) != 0 {
		t.Errorf("the ledger outlived its source: %+v", l)
	}
	p.rebuilt(t)
}

// A release from before there were ledgers leaves them incomplete: missing, never nothing.
func TestReleaseWithoutLedgerIsMissing(t *testing.T) {
	p := newPlay(t)
	p.estimate(ourNumbers())
	id := p.newStory(t, p.article(lang.Level{Place: 2, Day: 1}))
	if v := p.view(id); v.Exposure.Verdict != Pass {
		t.Fatal(v.risks())
	}
	_, err := p.desk.append1(t.Context(), opRelease, id, id, map[string]any{"serial": 1})
	must(t, err)
	if v := p.view(id); v.Exposure.Verdict != Hold || !slices.Equal(v.risks(), []string{"missing"}) {
		t.Errorf("%v", v.risks())
	}
}

// A day is drawn once from the window after enough know; until it has come the story is held.
func TestHoldDrawsTheDay(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	id := p.newStory(t, p.article(lang.Level{Place: 2, Day: 1}))
	if _, err := p.desk.HoldStory(ctx, id); err == nil {
		t.Error("held without need")
	}
	_, err := p.desk.SetSpread(ctx, id, &Spread{Known: 5, Reach: 400, Rate: .5})
	must(t, err)
	v := p.view(id)
	days := v.Exposure.Sources[0].Judgement.HoldDays
	if v.Verdict != Hold || days < 2 {
		t.Fatalf("%s, %v days", v.Verdict, days)
	}
	today := p.today
	e, err := p.desk.HoldStory(ctx, id)
	must(t, err)
	if first := today + Day(math.Ceil(days)); e.From != first || e.To != first+EmbargoDays-1 || e.Day < e.From || e.Day > e.To {
		t.Errorf("%+v", e)
	}
	if _, err := p.desk.HoldStory(ctx, id); err == nil {
		t.Error("a day was drawn twice")
	}
	p.today = e.Day - 1
	p.reopen()
	if v := p.view(id); v.Verdict != Hold || !slices.Contains(v.risks(), "desk.find.embargo") {
		t.Errorf("on the day before: %s %v", v.Verdict, v.risks())
	}
	p.today = e.Day
	p.reopen()
	v = p.view(id)
	if v.Exposure.Verdict != Pass {
		t.Fatalf("on the day: %v", v.risks())
	}
	if c, err := p.desk.drawDay(v); err != nil || c != e.Day {
		t.Errorf("printed on %s, %v", c, err)
	}
	p.rebuilt(t)
}

// After an embargo the page says the day on which it was printed, and not that of the first
// approval; nor one before the day that was drawn.
func TestReleaseAfterEmbargoSaysItsDay(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	id := p.newStory(t, p.article(lang.Level{Place: 2, Day: 1}))
	_, err := p.desk.SetSpread(ctx, id, &Spread{Known: 5, Reach: 400, Rate: .5})
	must(t, err)
	p.answer(t, id)
	approve := func(names ...string) {
		t.Helper()
		for _, name := range names {
			_, err := p.desk.Approve(ctx, id, name, pass(name))
			must(t, err)
		}
	}
	approve("ayla", "boram")
	e, err := p.desk.HoldStory(ctx, id)
	must(t, err)
	p.today = e.Day
	p.reopen()
	p.answer(t, id)
	if _, err := p.desk.Release(ctx, id); !errors.Is(err, ErrStale) {
		t.Errorf("approved for a day before the one that was drawn: %v", err)
	}
	approve("ayla")
	p.today = e.Day + 2
	p.reopen()
	approve("boram")
	if _, err := p.desk.Release(ctx, id); !errors.Is(err, ErrApprovals) {
		t.Errorf("approved for two days: %v", err)
	}
	approve("ayla")
	rel, err := p.desk.Release(ctx, id)
	must(t, err)
	if rel.Printed != p.today {
		t.Errorf("released on %s, it says %s", p.today, rel.Printed)
	}
	// A correction keeps the day, whenever it comes.
	p.today += 3
	p.reopen()
	_, err = p.desk.Correct(ctx, id, three("고침", "Corrected", "更正"))
	must(t, err)
	p.answer(t, id)
	if again := p.letOut(t, id); again.Printed != rel.Printed {
		t.Errorf("corrected, it says %s", again.Printed)
	}
	p.rebuilt(t)
}

// What is typed is judged as if it were saved, and nothing is saved.
func TestLiveIsTheVerdictOfWhatIsTyped(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	id := p.newStory(t, p.article(lang.Level{Place: 2, Day: 1}))
	before := p.dump(t)
	sn := p.view(id).Story.Paragraphs[0].Sentences[0]
	put := func(level lang.Level) *Exposure {
		x, err := p.desk.Live(ctx, id, func(s *Story) error {
			n := sn
			n.Level = level
			return s.PutSentence(0, 0, n, false)
		})
		must(t, err)
		return x
	}
	if x := put(lang.Level{Place: 2, Day: 4, Medium: 2}); x.Verdict != Block {
		t.Errorf("typed finer: %s", x.Verdict)
	}
	if x := put(lang.Level{Place: 2, Day: 1}); x.Verdict != Pass {
		t.Errorf("typed as it is: %s", x.Verdict)
	}
	if p.dump(t) != before {
		t.Error("judging changed something")
	}
	// Something else changes: the next verdict knows.
	_, err := p.desk.WithdrawClaim(ctx, p.claim["C06"])
	must(t, err)
	v := p.view(id)
	if x := put(lang.Level{Place: 2, Day: 1}); x.Verdict != v.Exposure.Verdict || len(x.Sources) != len(v.Exposure.Sources) {
		t.Errorf("live %s of %d, saved %s of %d", x.Verdict, len(x.Sources), v.Exposure.Verdict, len(v.Exposure.Sources))
	}
	if _, err := p.desk.Live(ctx, id, func(s *Story) error { return s.PutSentence(7, 7, sn, false) }); err == nil {
		t.Error("a sentence that is not there was judged")
	}
}
