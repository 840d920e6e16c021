package desk

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A Snippet is a stretch of a text around the words that were asked for.
type Snippet struct{ Before, Hit, After string }

// Characters of a snippet on each side of the words.
const (
	snippetBefore = 36
	snippetAfter  = 84
)

func joinLines(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), "\n")
}

// snippetOf cuts the stretch around the first word of a question that stands in the text as
// it was written; a text that holds none of them so gives its beginning.
func snippetOf(text string, want []wanted) Snippet {
	shown := []rune(strings.Join(strings.Fields(norm.NFC.String(text)), " "))
	folded, at := foldRunes(shown)
	best, size := -1, 0
	for _, w := range want {
		for _, word := range []string{w.text, w.stem} {
			needle := []rune(word)
			i := indexRunes(folded, needle)
			if len(needle) == 0 || i < 0 || best >= 0 && at[i] >= best {
				continue
			}
			best, size = at[i], at[i+len(needle)-1]+1-at[i]
			break
		}
	}
	if best < 0 {
		return Snippet{Before: snippet(string(shown))}
	}
	from, to := max(0, best-snippetBefore), min(len(shown), best+size+snippetAfter)
	s := Snippet{string(shown[from:best]), string(shown[best : best+size]), string(shown[best+size : to])}
	if from > 0 {
		s.Before = "…" + s.Before
	}
	if to < len(shown) {
		s.After += "…"
	}
	return s
}

// foldRunes gives a text in the form of searching, and for each of its characters the place
// of the one it came of.
func foldRunes(text []rune) (folded []rune, at []int) {
	for i, r := range text {
		for _, f := range searchFormKeepingBlanks(r) {
			folded, at = append(folded, f), append(at, i)
		}
	}
	return folded, at
}

func searchFormKeepingBlanks(r rune) string {
	return foldHan(strings.ToLower(norm.NFKC.String(string(r))))
}

func indexRunes(text, part []rune) int {
	for i := 0; i+len(part) <= len(text); i++ {
		if slices.Equal(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}
