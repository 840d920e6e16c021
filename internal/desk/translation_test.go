package desk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/lang"
)

func TestTextsAreCutIntoSentences(t *testing.T) {
	for text, want := range map[string][]string{
		"안녕하십니까. 저는 중국에 나와 일합니다.\n다시 씁니다.":                 {"안녕하십니까.", "저는 중국에 나와 일합니다.", "다시 씁니다."},
		"今年夏天以来，巡逻增加，晚上也查。以前给点钱就能走，现在没有人敢收了。":              {"今年夏天以来，巡逻增加，晚上也查。", "以前给点钱就能走，现在没有人敢收了。"},
		"He said “no.” Then he left... at 3.15. Why?!  OK": {"He said “no.”", "Then he left...", "at 3.15.", "Why?!", "OK"},
		"“真的？”他问。": {"“真的？”", "他问。"},
		"":         nil,
		" \n\n ":   nil,
		"no end":   {"no end"},
	} {
		if got := Cut(text); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("가나 abc.。?？!！…”」)\n\t1"))).Draw(t, "text")
		cut := Cut(text)
		if bare(strings.Join(cut, "")) != bare(text) || slices.Contains(cut, "") {
			t.Fatalf("%q loses something: %q", text, cut)
		}
		for _, s := range cut {
			if again := Cut(s); len(again) != 1 {
				t.Fatalf("%q is cut again into %q", s, again)
			}
		}
	})
}

// A translation stands beside the original, sentence by sentence, with its maker and state;
// another person checks it; a mended original shows what no longer fits.
func TestTranslationsStandBesideTheOriginal(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	_, rep, _, err := p.desk.TakeCall(ctx, CallNote{Lang: "ko", Text: "? 언제\n학습이 늘었다. 이틀에 한 번 한다.\n순찰도 늘었다.", Taker: "mina"})
	must(t, err)
	var fe *FieldError
	if _, err := p.desk.Translate(ctx, rep, lang.English, "mina", []string{"x"}, TranslationDone); !errors.As(err, &fe) || fe.Field != "sentences" {
		t.Errorf("of another count: %v", err)
	}
	if _, err := p.desk.Translate(ctx, rep, lang.English, "mina", []string{"When", "More sessions.", "", ""}, TranslationDone); !errors.As(err, &fe) || fe.Field != "missing" {
		t.Errorf("done with a gap: %v", err)
	}
	if _, err := p.desk.Translate(ctx, rep, lang.Korean, "mina", []string{"a", "b", "c", "d"}, TranslationDone); !errors.As(err, &fe) || fe.Field != "lang" {
		t.Errorf("into its own language: %v", err)
	}
	_, err = p.desk.Translate(ctx, rep, lang.English, "mina", []string{"When", "More sessions.", "", ""}, TranslationDraft)
	must(t, err)
	if _, err := p.desk.CheckTranslation(ctx, rep, lang.English, "mina", "hana"); !errors.As(err, &fe) {
		t.Errorf("a draft was checked: %v", err)
	}
	op, err := p.desk.Translate(ctx, rep, lang.English, "mina", []string{"When", "More sessions.", "Every two days.", "Patrols too."}, TranslationDone)
	must(t, err)
	if _, err := p.desk.CheckTranslation(ctx, rep, lang.English, "mina", "mina"); !errors.As(err, &fe) || fe.Field != "checker" {
		t.Errorf("checked by its maker: %v", err)
	}
	_, err = p.desk.CheckTranslation(ctx, rep, lang.English, "mina", "hana")
	must(t, err)
	view := func() (ReportView, Translation) {
		r, err := p.desk.Report(ctx, rep)
		must(t, err)
		return *r, r.Translations[0]
	}
	r, tr := view()
	if tr.Text != "When\nMore sessions. Every two days.\nPatrols too." || tr.State != TranslationChecked || tr.Checked != "hana" || len(r.Translations) != 1 {
		t.Errorf("%+v", tr)
	}
	_, err = p.desk.EditCall(ctx, rep, CallNote{Lang: "ko", Text: "학습이 늘었다. 사흘에 한 번 한다.", Taker: "mina"})
	must(t, err)
	r, tr = view()
	rows, former := r.Pair(tr)
	if len(rows) != 2 || rows[0].Text != "More sessions." || rows[1].Text != "" || len(former) != 3 {
		t.Errorf("after the note was mended: %+v, former %+v", rows, former)
	}
	if r.Text != "학습이 늘었다. 사흘에 한 번 한다." {
		t.Error("a translation changed the original")
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err) // of a version in between: the newest stands
	if _, tr := view(); tr.State != TranslationChecked {
		t.Errorf("%+v", tr)
	}
}
