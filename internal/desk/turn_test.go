package desk

import (
	"slices"
	"strings"
	"testing"

	"kkachi/internal/desk/ladder"
)

func TestTurnsOfANote(t *testing.T) {
	got := Turns("학습이 늘었다고 함\n? 누가 말했습니까\n\"한 주에 한 번 하던 걸 이틀에 한 번 한다\"\nB: “저도 보았습니다”\n\n  ？ when\n2： 예\n- 3:15 에 끝남\nhttp://x\n“이틀에 한 번”이라고 했다\n\"A\", he said, \"B\"")
	want := []Turn{
		{Line: 0, Text: "학습이 늘었다고 함"},
		{Line: 1, Ours: true, Text: "누가 말했습니까"},
		{Line: 2, Quote: true, Text: "한 주에 한 번 하던 걸 이틀에 한 번 한다"},
		{Line: 3, Label: "B", Quote: true, Text: "저도 보았습니다"},
		{Line: 5, Ours: true, Text: "when"},
		{Line: 6, Label: "2", Text: "예"},
		{Line: 7, Text: "- 3:15 에 끝남"},
		{Line: 8, Text: "http://x"},
		{Line: 9, Quote: true, Text: "“이틀에 한 번”이라고 했다"},
		{Line: 10, Quote: true, Text: `"A", he said, "B"`},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	for line, want := range map[int]string{0: "학습이 늘었다고 함", 4: "저도 보았습니다", 99: "http://x"} {
		if u, ok := TurnAt(strings.Join([]string{"학습이 늘었다고 함", "? 누가", "x", "B: “저도 보았습니다”", "", "", "http://x"}, "\n"), line); !ok || u.Text != want {
			t.Errorf("at line %d stands %q", line, u.Text)
		}
	}
	if _, ok := TurnAt("\n\n", 1); ok {
		t.Error("a turn of an empty note")
	}
}

// Words chosen over several turns stand in the note, without its marks or with them.
func TestWordsOfANote(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	_, rep, _, err := p.desk.TakeCall(ctx, CallNote{Lang: "zh", Text: "? 谁\n“他们每两天开一次会。”\nB: 我也看到了。", Taker: "mina"})
	must(t, err)
	for words, ok := range map[string]bool{
		"他们每两天开一次会。 我也看到了": true, "“他们每两天": true, "谁\n他们每两天开": true, "她也看到了": false,
	} {
		_, _, err := p.desk.AddEvidence(ctx, EvidenceInput{
			Claim: p.claim["C01"], Report: rep, Words: words, Stance: ladder.Supports, Path: ladder.Told, Grade: 3,
		})
		if (err == nil) != ok {
			t.Errorf("%q: %v", words, err)
		}
	}
	if _, err := p.desk.EditCall(ctx, rep, CallNote{Lang: "zh", Text: "x", Taker: "mina", Known: "perhaps"}); err == nil {
		t.Error("known by nothing that the desk knows")
	}
}
