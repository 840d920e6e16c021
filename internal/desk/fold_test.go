package desk

import (
	"testing"

	"kkachi/internal/lang"
)

// Who types one form of Chinese finds the other, with the words shown as they were written.
func TestSearchFoldsTraditionalChinese(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	for _, text := range []string{"他們每兩天開一次會。", "他们每两天开一次会，国际贸易停了。"} {
		_, _, _, err := r.desk.TakeCall(ctx, CallNote{Lang: lang.Chinese, Text: text, Taker: "mina"})
		must(t, err)
	}
	for query, hits := range map[string][]string{
		"两天": {"两天", "兩天"}, "兩天": {"两天", "兩天"}, "國際": {"国际"}, "“开一次会”": {"开一次会", "開一次會"}, "兩年": nil,
	} {
		p, err := r.desk.Search(ctx, SearchQuery{Text: query})
		must(t, err)
		var got []string
		for _, f := range p.Rows {
			got = append(got, f.Snippet.Hit)
		}
		if len(got) != len(hits) {
			t.Errorf("%s finds %q, want %q", query, got, hits)
			continue
		}
		for i := range got {
			if got[i] != hits[i] {
				t.Errorf("%s shows %q, want %q", query, got, hits)
			}
		}
	}
}

// A story is found by what is said about it, until that is undone.
func TestSearchFindsComments(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	story, _, err := r.desk.NewStory(ctx, Story{Title: "Sessions", Original: lang.English})
	must(t, err)
	found := func(word string) (n int, hit string) {
		t.Helper()
		p, err := r.desk.Search(ctx, SearchQuery{Text: word})
		must(t, err)
		for _, f := range p.Rows {
			if f.Kind != FoundStory || f.Thing != story {
				t.Errorf("%s finds %+v", word, f)
			}
			hit = f.Snippet.Hit
		}
		return len(p.Rows), hit
	}
	_, op, err := r.desk.AddComment(ctx, story, ID{}, "mina", "자문을 받아야 합니다. Ask the lawyers.")
	must(t, err)
	for _, word := range []string{"lawyers", "자문"} {
		if n, hit := found(word); n != 1 || hit != word {
			t.Errorf("%s: %d stories, showing %q", word, n, hit)
		}
	}
	_, _, err = r.desk.Undo(ctx, op)
	must(t, err)
	if n, _ := found("lawyers"); n != 0 {
		t.Error("a comment that was undone is found")
	}
	if n, _ := found("Sessions"); n != 1 {
		t.Error("the story is lost with its comment")
	}
}
