package desk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// sentencesDir holds sentences of the parallel treebanks: ko.tsv, zh.tsv and en.tsv, an id
// and a sentence a line; "" if there is no such folder.
func sentencesDir() string {
	for _, dir := range []string{os.Getenv("KKACHI_PUD"), "../../../shared/data/pud"} {
		if _, err := os.Stat(filepath.Join(dir, "ko.tsv")); dir != "" && err == nil {
			return dir
		}
	}
	return ""
}

func sentencesIn(t testing.TB, dir string, l Lang) []string {
	b, err := os.ReadFile(filepath.Join(dir, string(l)+".tsv"))
	must(t, err)
	var out []string
	for line := range strings.Lines(string(b)) {
		_, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		out = append(out, text)
	}
	return out
}

// drawn are words that a journalist could ask for to find a sentence again: of Korean the
// first two syllables of each longer word, of Chinese two characters within each run, of
// English each whole word.
func drawn(l Lang, sentence string) []string {
	var out []string
	for _, r := range stretches(sentence) {
		script := unicode.Hangul
		if l == lang.Chinese {
			script = unicode.Han
		}
		switch {
		case l == lang.English && !r.pairs && len(r.text) > 3:
			out = append(out, string(r.text))
		case l != lang.English && r.pairs && len(r.text) >= 2 && unicode.Is(script, r.text[0]) && unicode.Is(script, r.text[1]):
			at := 0
			if l == lang.Chinese {
				at = (len(r.text) - 2) / 2
			}
			out = append(out, string(r.text[at:at+2]))
		}
	}
	return out
}

// Words drawn from a sentence find it among all sentences of its language: nearly all of
// what should be found is. Precision is told twice: what is found and holds the word
// anywhere, and, more strictly, at the beginning of a word, as Korean words mostly have it.
func TestSearchQualityOnSentences(t *testing.T) {
	if testing.Short() {
		t.Skip("the same without -short")
	}
	dir := sentencesDir()
	if dir == "" {
		t.Skip("no folder with sentences: KKACHI_PUD names none")
	}
	r := newRoom(t)
	for _, l := range lang.All() {
		texts := sentencesIn(t, dir, l)
		r.fillWith(texts)
		recall, precision, begins, asked := r.quality(l, texts)
		t.Logf("%s: %d words of %d sentences: recall %.4f; of what is found, %.4f holds the word, %.4f at the beginning of a word",
			l, asked, len(texts), recall, precision, begins)
		if asked < 500 || recall < 0.98 || precision < 0.95 {
			t.Errorf("%s: too little", l)
		}
	}
}

// fillWith puts texts into the log as letters of one source.
func (r *room) fillWith(texts []string) {
	r.t.Helper()
	ctx := r.t.Context()
	src, _, dr, err := r.desk.newSource(ctx, nil)
	must(r.t, err)
	drafts := []vault.Draft{dr}
	for i, text := range texts {
		id, err := r.desk.newID()
		must(r.t, err)
		dr, err := draft(opLetter, id, src, letter{Kind: KindLetter, Day: r.today, Lang: lang.Guess(text), Text: text, Letter: fmt.Appendf(nil, "%s %08d", src, i)[24:], Parts: 1})
		must(r.t, err)
		drafts = append(drafts, dr)
	}
	_, err = r.desk.v.Append(ctx, drafts...)
	must(r.t, err)
}

// quality asks for each drawn word among the sentences of one language. It asks the index
// itself, so that all that is found is counted and not a page of it.
func (r *room) quality(l Lang, texts []string) (recall, precision, begins float64, asked int) {
	r.t.Helper()
	place := map[string]int{}
	for i, text := range texts {
		place[text] = i
	}
	var hits, found, right, begun int
	known := map[string]map[int]bool{}
	for i, text := range texts {
		for n, word := range drawn(l, text) {
			if n%3 != i%3 { // a third of the words is enough
				continue
			}
			asked++
			if known[word] == nil {
				known[word] = r.ask(word, place)
				for at := range known[word] {
					found++
					if strings.Contains(searchForm(texts[at]), word) {
						right++
					}
					if strings.Contains(" "+blanked(texts[at]), " "+word) {
						begun++
					}
				}
			}
			if known[word][i] {
				hits++
			}
		}
	}
	return float64(hits) / float64(asked), float64(right) / float64(found), float64(begun) / float64(found), asked
}

// blanked is a text with a blank for each sign.
func blanked(text string) string {
	return strings.Map(func(r rune) rune {
		if inWord(r) {
			return r
		}
		return ' '
	}, searchForm(text))
}

func (r *room) ask(word string, place map[string]int) map[int]bool {
	r.t.Helper()
	rows, err := r.desk.v.View().Query(r.t.Context(), `SELECT p.text FROM words w JOIN found f ON f.n = w.rowid JOIN report p ON p.id = f.thing
		WHERE words MATCH ?`, matchOf(parseSearch(word), SearchQuery{}, allWords))
	must(r.t, err)
	list, err := collect(rows, func(s *string) []any { return []any{s} })
	must(r.t, err)
	out := map[int]bool{}
	for _, text := range list {
		if i, ok := place[text]; ok {
			out[i] = true
		}
	}
	return out
}
