package desk

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Words are compared in one form: compatibility forms composed (NFKC), so that full width,
// half width and taken-apart syllables are the same, in small letters, and traditional Chinese
// characters as simplified ones.
//
// Korean words carry particles, and Chinese has no spaces, so both are indexed by pairs of
// characters that stand side by side, and by the last of a run alone: any two or more
// characters of a word are found wherever they stand in it. Other scripts are indexed by
// words.

func searchForm(s string) string {
	return foldHan(strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))))
}

// inPairs says whether a script is indexed by pairs.
func inPairs(r rune) bool {
	return unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー' || r == '々'
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// A stretch is a part of a text that is indexed in one way.
type stretch struct {
	text  []rune
	pairs bool
	end   bool // a blank or a sign follows
}

func stretches(text string) []stretch {
	var out []stretch
	open := false
	for _, r := range searchForm(text) {
		if !inWord(r) {
			if len(out) > 0 {
				out[len(out)-1].end = true
			}
			open = false
			continue
		}
		pairs := inPairs(r)
		if unicode.IsMark(r) && open {
			pairs = out[len(out)-1].pairs
		}
		if !open || out[len(out)-1].pairs != pairs {
			out = append(out, stretch{pairs: pairs})
			open = true
		}
		out[len(out)-1].text = append(out[len(out)-1].text, r)
	}
	return out
}

// indexForm is a text as it is indexed: tokens apart by blanks.
func indexForm(text string) string {
	var b strings.Builder
	for _, r := range stretches(text) {
		if !r.pairs {
			b.WriteString(string(r.text))
			b.WriteByte(' ')
			continue
		}
		for i := range r.text {
			b.WriteString(string(r.text[i:min(i+2, len(r.text))]))
			b.WriteByte(' ')
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

// phraseOf is a question for the index: these characters side by side. open: the last word
// may go on, which is asked for by its beginning. "" if there is no letter or digit.
func phraseOf(text string) (phrase string, open bool) {
	rs := stretches(text)
	if len(rs) == 0 {
		return "", false
	}
	form, last := indexForm(text), rs[len(rs)-1]
	if last.pairs && len(last.text) > 1 {
		// The last alone would ask that the word ends here.
		return `"` + strings.TrimSuffix(form, " "+string(last.text[len(last.text)-1])) + `"`, false
	}
	return `"` + form + `"`, true
}

// A wanted is one thing that a question asks for: words side by side. Stem is the word
// without its particle, where there may be one.
type wanted struct {
	text, stem string
	sure       bool // that it is a particle: the stem alone is asked for
}

// parseSearch cuts a question: words that must all be there, and between quotation marks
// words side by side.
func parseSearch(text string) []wanted {
	var out []wanted
	quotes := strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "「", `"`, "」", `"`, "『", `"`, "』", `"`)
	for i, part := range strings.Split(quotes.Replace(norm.NFKC.String(text)), `"`) {
		if i%2 == 1 {
			if p, _ := phraseOf(part); p != "" {
				out = append(out, wanted{text: searchForm(part)})
			}
			continue
		}
		for _, word := range strings.Fields(part) {
			if p, _ := phraseOf(word); p == "" {
				continue
			}
			w := wanted{text: searchForm(word)}
			w.stem, w.sure = stem(w.text)
			out = append(out, w)
		}
	}
	return out[:min(len(out), maxWanted)]
}

// maxWanted bounds a question: no person asks for more words at once.
const maxWanted = 12

// Korean particles. Of the sure ones hardly any noun ends so; of the others many do (the
// novelist 소설가 ends like a novel 소설 with a particle), so those are taken off only where
// the word as it was written is not found.
var (
	sureParticles = []string{
		"에서는", "에서도", "으로는", "으로도", "에게는", "에게서", "이라고", "이라는", "들에게", "들에서",
		"에서", "에게", "으로", "부터", "까지", "에는", "에도", "라고", "라는", "들은", "들이", "들을", "들의", "보다", "처럼", "마다", "조차",
		"을", "를", "은", "는",
	}
	likeParticles = []string{"이", "가", "의", "에", "와", "과", "도", "로", "만"}
)

// stem takes a particle off a word, if two syllables stay.
func stem(word string) (stem string, sure bool) {
	cut := func(list []string) string {
		for _, p := range list {
			if s, ok := strings.CutSuffix(word, p); ok {
				rs := stretches(s)
				if len(rs) > 0 && rs[len(rs)-1].pairs && len(rs[len(rs)-1].text) >= 2 && !rs[len(rs)-1].end && korean(rs[len(rs)-1].text) {
					return s
				}
			}
		}
		return ""
	}
	if s := cut(sureParticles); s != "" {
		return s, true
	}
	return cut(likeParticles), false
}

// korean says whether a text ends in two Korean syllables.
func korean(text []rune) bool {
	return !slices.ContainsFunc(text[len(text)-2:], func(r rune) bool { return !unicode.Is(unicode.Hangul, r) })
}

// facets are the words by which kind and language are found in the index.
func facets(kind FoundKind, l Lang) string { return "kind" + string(kind) + " lang" + string(l) }

// matchOf is the whole question for the index.
func matchOf(want []wanted, q SearchQuery, p round) string {
	var parts []string
	switch p {
	case otherWords:
		parts = []string{"(" + allOf(want, allWords) + ") NOT (" + allOf(want, wholeWords) + ")"}
	default:
		parts = []string{allOf(want, p)}
	}
	if q.Kind != "" {
		parts = append(parts, `facet : "kind`+string(q.Kind)+`"`)
	}
	if q.Lang != "" {
		parts = append(parts, `facet : "lang`+string(q.Lang)+`"`)
	}
	return strings.Join(parts, " AND ")
}

// allOf asks for all words, in one round.
func allOf(want []wanted, p round) string {
	var parts []string
	for _, w := range want {
		phrase, open := phraseOf(w.asked(p))
		if open && p != wholeWords {
			phrase += " *"
		}
		parts = append(parts, "body : "+phrase)
	}
	return strings.Join(parts, " AND ")
}

// asked is the word as a round asks for it.
func (w *wanted) asked(p round) string {
	if w.stem != "" && (w.sure || p == stemmed) {
		return w.stem
	}
	return w.text
}

// openEnded says whether a word may go on: whole words are then asked for first.
func openEnded(want []wanted) bool {
	return slices.ContainsFunc(want, func(w wanted) bool {
		_, open := phraseOf(w.asked(allWords))
		return open
	})
}

// doubtful says whether there is a word that may end in a particle.
func doubtful(want []wanted) bool {
	return slices.ContainsFunc(want, func(w wanted) bool { return w.stem != "" && !w.sure })
}
