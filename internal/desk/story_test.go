package desk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
	"kkachi/internal/release"
)

func three(ko, en, zh string) map[Lang]string {
	return map[Lang]string{lang.Korean: ko, lang.English: en, lang.Chinese: zh}
}

// draftStory is a story on the case: A, then B, then A again, and a claim that two stand for.
func (p *play) draftStory() Story {
	at := lang.Level{Place: 2, Day: 1}
	return Story{
		Title: "학습", Original: lang.Korean,
		Editions: map[Lang]EditionText{
			lang.Korean:  {Headline: "학습이 늘었다", Standfirst: "이틀에 한 번 모인다.", Reason: "보복이 두려워 이름을 밝히지 않는다."},
			lang.English: {Headline: "Sessions grow more frequent", Standfirst: "Every two days.", Reason: "They fear reprisal."},
			lang.Chinese: {Headline: "学习会更频繁", Standfirst: "每两天一次。", Reason: "他们担心遭到报复。"},
		},
		Paragraphs: []Paragraph{
			{[]Sentence{
				{Level: at, Claims: []ID{p.claim["C02"]}, Text: three("{source}은 모이면 보고한다고 말했다.", "{said} that people report there.", "{source}说，人们在会上汇报。")},
				{Level: at, Claims: []ID{p.claim["C04"]}, Text: three("{source}은 요청이 있었다고 말했다.", "{Source} said a request was made.", "{source}说，有人提出请求。")},
			}},
			{[]Sentence{
				{Level: at, Claims: []ID{p.claim["C10"]}, Text: three("{source}은 무역이 멈췄다고 했다.", "Trade has stopped, {source} said.", "{source}说，贸易停了。")},
				{Level: at, Claims: []ID{p.claim["C06"]}, Text: three("{source}은 순찰이 늘었다고 했다.", "Patrols have grown, {source} said.", "{source}说，巡逻增加了。")},
				{Text: three("배경 문장이다.", "This is background.", "这是背景。")},
			}},
		},
	}
}

// newStory makes a story and answers what the house rules ask of it.
func (p *play) newStory(t *testing.T, s Story) ID {
	t.Helper()
	id, _, err := p.desk.NewStory(t.Context(), s)
	must(t, err)
	p.answer(t, id)
	return id
}

// answer gives a reason for each house rule that holds a story.
func (p *play) answer(t *testing.T, id ID) {
	t.Helper()
	v, err := p.desk.Story(t.Context(), id)
	must(t, err)
	for _, r := range v.House {
		if r.Verdict == Hold {
			_, err := p.desk.AnswerRule(t.Context(), id, r.Rule(), "mina", "looked at")
			must(t, err)
		}
	}
}

func TestAttributionsAreMadeFromLevelsAndChains(t *testing.T) {
	p := newPlay(t)
	v, err := p.desk.Story(t.Context(), p.newStory(t, p.draftStory()))
	must(t, err)
	for _, c := range []struct {
		para, sent int
		l          Lang
		want       string
	}{
		{0, 0, lang.English, "A source in China said recently that people report there."},
		{0, 1, lang.English, "Another source in China said a request was made."},
		{0, 1, lang.Korean, "중국 내 또 다른 소식통은 요청이 있었다고 말했다."},
		{1, 0, lang.English, "Trade has stopped, a source in China said."},
		{1, 1, lang.English, "Patrols have grown, sources in China said."},
		{1, 2, lang.English, "This is background."},
	} {
		if got := v.Paragraphs[c.para].Sentences[c.sent].Printed[c.l]; got != c.want {
			t.Errorf("%d.%d: %q, want %q", c.para, c.sent, got, c.want)
		}
	}
	s := v.Paragraphs[1].Sentences[1]
	if s.Rung != ladder.Independent || s.Independent != 2 || s.Disputed {
		t.Errorf("%+v", s)
	}
	if v.Verdict != Pass || v.State != Drafting {
		t.Errorf("verdict %s, state %s: %+v", v.Verdict, v.State, v.Findings)
	}
	// With a relay unknown the plural is gone by itself.
	e := EvidenceInput{Stance: ladder.Supports, Path: ladder.Told, Relays: "?", Grade: 2}
	_, err = p.desk.EditEvidence(t.Context(), p.evidence["C06/02"], e)
	must(t, err)
	v, err = p.desk.Story(t.Context(), v.ID)
	must(t, err)
	if got := v.Paragraphs[1].Sentences[1].Printed[lang.English]; strings.Contains(got, "sources") {
		t.Errorf("a plural for one: %q", got)
	}
}

// Whatever is wrong with a draft is found, and what may not be overridden is not.
func TestGateFinds(t *testing.T) {
	p := newPlay(t)
	handles, err := p.desk.handles(t.Context())
	must(t, err)
	first := func(s *Story) *Sentence { return &s.Paragraphs[0].Sentences[0] }
	for name, c := range map[string]struct {
		change func(*Story)
		key    string
		final  bool
	}{
		"place too fine": {func(s *Story) {
			first(s).Level.Place = 4
			s.Names.Province = lang.Words{KO: "랴오닝성", EN: "Liaoning", ZH: "辽宁省"}
		}, "risk.finer.place", false},
		"day too fine": {func(s *Story) {
			first(s).Level.Day = 4
			s.Names.When = lang.Words{KO: "월요일", EN: "on Monday", ZH: "周一"}
		}, "risk.finer.day", false},
		"a day typed":           {func(s *Story) { first(s).Text[lang.English] = "{said} on Monday that they report." }, "risk.why.weekday", false},
		"telephone typed":       {func(s *Story) { s.Editions[lang.English] = EditionText{"By telephone", "x", "y"} }, "risk.why.phone", false},
		"sources typed":         {func(s *Story) { first(s).Text[lang.English] = "Sources said they report." }, "desk.find.typed", true},
		"소식통 typed":             {func(s *Story) { first(s).Text[lang.Korean] = "소식통들은 말했다." }, "desk.find.typed", true},
		"edition missing":       {func(s *Story) { delete(first(s).Text, lang.Chinese) }, "desk.find.no-text", true},
		"uneven":                {func(s *Story) { first(s).Text[lang.Chinese] = "人们在会上汇报。" }, "desk.find.uneven", true},
		"unknown placeholder":   {func(s *Story) { first(s).Text[lang.English] += " {name}" }, "desk.find.placeholder", true},
		"no reason":             {func(s *Story) { s.Editions[lang.Korean] = EditionText{"제목", "머리", ""} }, "desk.find.no-reason", true},
		"handle":                {func(s *Story) { first(s).Text[lang.English] += " " + handles[p.source["A"]] }, "desk.find.handle", true},
		"disputed":              {func(s *Story) { first(s).Claims = []ID{p.claim["C07"]} }, "desk.find.disputed", true},
		"no such claim":         {func(s *Story) { first(s).Claims = []ID{{1}} }, "desk.find.unsupported", true},
		"attribution, no claim": {func(s *Story) { first(s).Claims = nil }, "desk.find.noclaim", true},
		"no one for both":       {func(s *Story) { first(s).Claims = []ID{p.claim["C02"], p.claim["C04"]} }, "desk.find.voice", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := p.draftStory()
			c.change(&s)
			v, err := p.desk.Story(t.Context(), p.newStory(t, s))
			must(t, err)
			i := slices.IndexFunc(v.Findings, func(f Finding) bool { return f.Key == c.key && !f.Answered })
			if i < 0 {
				t.Fatalf("not found: %+v", v.Findings)
			}
			if v.Findings[i].Final != c.final || v.Verdict == Pass || v.State != Held {
				t.Errorf("%+v, verdict %s, state %s", v.Findings[i], v.Verdict, v.State)
			}
			for _, f := range v.Findings {
				for _, l := range lang.All() {
					if !lang.Has(l, f.Key) || f.Fix != "" && !lang.Has(l, f.Fix) {
						t.Errorf("%s or %s is not in the catalogue of %s", f.Key, f.Fix, l)
					}
				}
			}
			if _, err := p.desk.Approve(t.Context(), v.ID, "ayla", pass("ayla")); !errors.Is(err, ErrHeld) {
				t.Errorf("approved all the same: %v", err)
			}
		})
	}
	// Marked as disputed, it may be printed.
	s := p.draftStory()
	first(&s).Claims, first(&s).Disputed = []ID{p.claim["C07"]}, true
	v, err := p.desk.Story(t.Context(), p.newStory(t, s))
	must(t, err)
	if v.Verdict != Pass {
		t.Errorf("marked as disputed: %+v", v.Findings)
	}
	// Who asks for help is never a voice, even with consent.
	_, err = p.desk.SetConsent(t.Context(), p.report["06"], true)
	must(t, err)
	s = p.draftStory()
	first(&s).Claims, first(&s).Voice = []ID{p.claim["C09"]}, p.source["F"]
	v, err = p.desk.Story(t.Context(), p.newStory(t, s))
	must(t, err)
	if !v.Paragraphs[0].Sentences[0].Voice.IsZero() || v.Verdict != Block {
		t.Error("a request for help is quoted")
	}
}

func TestOverrideNeedsTwoAndAReason(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	s := p.draftStory()
	s.Paragraphs[0].Sentences[0].Level.Place = 4
	s.Names.Province = lang.Words{KO: "랴오닝성", EN: "Liaoning", ZH: "辽宁省"}
	s.Names.City = lang.Words{KO: "단둥", EN: "Dandong", ZH: "丹东"}
	id := p.newStory(t, s)
	verdict := func() Verdict {
		v, err := p.desk.Story(ctx, id)
		must(t, err)
		return v.Verdict
	}
	if _, err := p.desk.Override(ctx, id, "ayla", pass("ayla"), " "); err == nil {
		t.Error("overridden without a reason")
	}
	if _, err := p.desk.Override(ctx, id, "ayla", pass("boram"), "vital"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	for range 2 { // twice the same person is one person
		_, err := p.desk.Override(ctx, id, "ayla", pass("ayla"), "vital")
		must(t, err)
		if verdict() != Block {
			t.Fatal("one person overrode it")
		}
	}
	_, err := p.desk.Override(ctx, id, "boram", pass("boram"), "vital")
	must(t, err)
	if verdict() != Pass {
		t.Fatal("two people and a reason did not override it")
	}
	// What comes later is not covered.
	_, err = p.desk.SetLevel(ctx, id, 0, 0, lang.Level{Place: 5, Day: 1})
	must(t, err)
	if verdict() == Pass {
		t.Error("the override covers a finer level that came later")
	}
}

func TestApprovalByTwoAndRelease(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	s := p.draftStory()
	s.From, s.To = p.today, p.today+3
	id := p.newStory(t, s)
	photo, err := os.ReadFile("../demo/case/photo.jpg")
	must(t, err)
	_, err = p.desk.SetPhoto(ctx, id, photo, "IMG_1.JPG", Photo{
		File: true, Alt: three("건물", "a building", "大楼"), Caption: three("건물", "A building", "大楼"), Credit: three("까치", "Kkachi", "喜鹊"),
	})
	must(t, err)
	v, err := p.desk.Story(ctx, id)
	must(t, err)
	if !slices.ContainsFunc(v.Photo.Findings, func(f PhotoFinding) bool { return f.Position }) {
		t.Errorf("the position is not found: %+v", v.Photo.Findings)
	}
	if _, err := p.desk.Approve(ctx, id, "ayla", pass("ayla")); !errors.Is(err, ErrHeld) {
		t.Errorf("the position does not block: %v", err)
	}
	if _, err := p.desk.PhotoCopy(ctx, v.Photo.Original); !errors.Is(err, ErrNotFound) {
		t.Errorf("the original can be had: %v", err)
	}
	_, err = p.desk.CleanPhoto(ctx, id)
	must(t, err)
	v, err = p.desk.Story(ctx, id)
	must(t, err)
	if _, err := p.desk.PhotoCopy(ctx, v.Photo.Original); !errors.Is(err, ErrNotFound) {
		t.Errorf("the original can be had: %v", err)
	}
	if data, err := p.desk.PhotoCopy(ctx, v.Photo.SHA256); err != nil || len(data) == 0 {
		t.Errorf("the copy can't be had: %v", err)
	}

	if _, err := p.desk.Release(ctx, id); !errors.Is(err, ErrApprovals) {
		t.Errorf("released by nobody: %v", err)
	}
	if _, err := p.desk.Approve(ctx, id, "ayla", pass("boram")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, err := p.desk.Approve(ctx, id, "nobody", pass("ayla")); err == nil {
		t.Error("approved by nobody of the note")
	}
	_, err = p.desk.Approve(ctx, id, "ayla", pass("ayla"))
	must(t, err)
	if _, err := p.desk.Approve(ctx, id, "ayla", pass("ayla")); err == nil {
		t.Error("approved twice by one")
	}
	if _, err := p.desk.Release(ctx, id); !errors.Is(err, ErrApprovals) {
		t.Errorf("released by one: %v", err)
	}
	op, err := p.desk.SetEdition(ctx, id, lang.English, EditionText{"Sessions", "Every two days.", "They fear reprisal."})
	must(t, err)
	if v, _ := p.desk.Story(ctx, id); v.Approvals != 0 {
		t.Error("an approval outlives a change")
	}
	if _, err := p.desk.Release(ctx, id); !errors.Is(err, ErrStale) {
		t.Errorf("released after a change: %v", err)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	_, err = p.desk.Approve(ctx, id, "boram", pass("boram"))
	must(t, err)
	rel, err := p.desk.Release(ctx, id)
	must(t, err)
	if rel.Serial != 1 || rel.Printed < s.From || rel.Printed > s.To || len(rel.By) != 2 {
		t.Errorf("%+v", rel)
	}
	if _, err := p.desk.Release(ctx, id); err == nil {
		t.Error("released twice as it is")
	}
	p.exported(t, photo)
	p.corrected(t, id)
}

// exported looks at what leaves the house: verified, the copy of the photograph, no handle,
// no word of a report.
func (p *play) exported(t *testing.T, original []byte) {
	t.Helper()
	out, err := p.desk.Exports(t.Context())
	must(t, err)
	if len(out) != 1 {
		t.Fatalf("%d exports", len(out))
	}
	r, err := out[0].Verified.Release()
	must(t, err)
	must(t, release.CheckPhoto(r.Photo, out[0].Photo))
	if bytes.Equal(out[0].Photo, original) {
		t.Error("the original leaves the house")
	}
	handles, err := p.desk.handles(t.Context())
	must(t, err)
	for id, h := range handles {
		for _, secret := range []string{h, id.String(), "그대로"} {
			if bytes.Contains(out[0].Data, []byte(secret)) {
				t.Errorf("the release holds %q", secret)
			}
		}
	}
	v, err := p.desk.Thread(t.Context(), p.source["A"])
	must(t, err)
	if len(v.Sheet.Printed) != 1 {
		t.Error("the source's sheet does not show the released story")
	}
}

// corrected releases again: same id, same day, the next serial.
func (p *play) corrected(t *testing.T, id ID) {
	t.Helper()
	ctx := t.Context()
	v, err := p.desk.Story(ctx, id)
	must(t, err)
	if v.State != Released {
		t.Errorf("state %s", v.State)
	}
	p.today += 5
	s := v.Story
	s.Corrections = []CorrectionText{{Day: p.today, Text: three("고침", "Corrected.", "更正")}}
	_, err = p.desk.SetStory(ctx, id, s)
	must(t, err)
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Approve(ctx, id, name, pass(name))
		must(t, err)
	}
	rel, err := p.desk.Release(ctx, id)
	must(t, err)
	if rel.Serial != 2 || rel.Printed != v.Releases[0].Printed {
		t.Errorf("%+v after %+v", rel, v.Releases[0])
	}
	out, err := p.desk.Exports(ctx)
	must(t, err)
	if len(out) != 1 || !bytes.Contains(out[0].Data, []byte("Corrected.")) {
		t.Error("the newest release is not what is exported")
	}
}

func TestSentencesAreEdited(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	count := func() (n []int) {
		v, err := p.desk.Story(ctx, id)
		must(t, err)
		for _, q := range v.Story.Paragraphs {
			n = append(n, len(q.Sentences))
		}
		return n
	}
	sn := Sentence{Text: three("가", "a", "一")}
	_, err := p.desk.InsertSentence(ctx, id, 2, 0, sn)
	must(t, err)
	_, err = p.desk.InsertSentence(ctx, id, 0, 1, sn)
	must(t, err)
	_, err = p.desk.SetSentence(ctx, id, 0, 1, Sentence{Text: three("나", "b", "二")})
	must(t, err)
	if got := count(); !slices.Equal(got, []int{3, 3, 1}) {
		t.Errorf("%v", got)
	}
	_, err = p.desk.RemoveSentence(ctx, id, 2, 0)
	must(t, err)
	if got := count(); !slices.Equal(got, []int{3, 3}) {
		t.Errorf("%v", got)
	}
	for name, err := range map[string]error{
		"insert": second(p.desk.InsertSentence(ctx, id, 5, 0, sn)), "set": second(p.desk.SetSentence(ctx, id, 0, 9, sn)),
		"remove": second(p.desk.RemoveSentence(ctx, id, -1, 0)), "level": second(p.desk.SetLevel(ctx, id, 9, 9, lang.Level{})),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s where nothing is: %v", name, err)
		}
	}
	if _, err := p.desk.SetLevel(ctx, id, 0, 0, lang.Level{Place: 9}); err == nil {
		t.Error("a level out of range was taken")
	}
	if _, _, err := p.desk.NewStory(ctx, Story{}); err == nil {
		t.Error("a story without a title was taken")
	}
	if err := p.desk.Preview(ctx, id, lang.English, io.Discard); err == nil {
		t.Error("a preview without a printer")
	}
}

func second[T any](_ T, err error) error { return err }
