// Package words knows which words are common in general texts of a language, and so which
// sequences of words are not: a wording that few would use is as good as a signature.
//
// What enters: a language and a sentence. What leaves: the places of rare sequences. What may never
// be known here: who wrote a sentence. The three lists are embedded (NOTICE.md names their sources and
// licences, make words makes them anew) and read when first asked for.
package words

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"kkachi/internal/lang"
)

//go:embed en.txt.gz ko.txt.gz zh.txt.gz
var lists embed.FS

// A list is the common words of one language.
type list map[string]struct{}

func (l list) has(w string) bool { _, ok := l[w]; return ok }

// The lists are read once and never written. A list that can't be read would be a broken build; it is
// empty then, and the tests say so.
var (
	english = sync.OnceValue(func() list { return read("en.txt.gz") })
	korean  = sync.OnceValue(func() list { return read("ko.txt.gz") })
	chinese = sync.OnceValue(func() list { return read("zh.txt.gz") })
)

func read(name string) list {
	out := list{}
	packed, err := lists.ReadFile(name)
	if err != nil {
		return out
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return out
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return out
	}
	for word := range strings.Lines(string(text)) {
		out[strings.TrimSuffix(word, "\n")] = struct{}{}
	}
	return out
}

// A Span is a place in a text, in bytes.
type Span struct{ Start, End int }

// A unit is a word, or what stands for one, and what it says of its writer.
type unit struct {
	Span
	rare bool
	gap  bool // between it and the unit before a sentence ends
}

// reachOf is how many units after a rare one another must come for both to be one sequence: the
// units of Chinese are often single characters.
func reachOf(t lang.Tag) int {
	if t == lang.Chinese {
		return 4
	}
	return 2
}

// Rare finds sequences of words that are not common in language t: two within reach, and as many as
// follow. Names in capitals, numbers and one rare word alone are none. Chinese in traditional
// characters is not read, for the list is simplified (Traditional says so).
func Rare(t lang.Tag, text string) []Span {
	var units []unit
	switch t {
	case lang.English:
		units = englishUnits(text)
	case lang.Korean:
		units = koreanUnits(text)
	case lang.Chinese:
		if _, ok := Traditional(text); ok {
			return nil
		}
		units = chineseUnits(text)
	}
	var out []Span
	last, reach := -1, reachOf(t) // the rare unit before
	for i, u := range units {
		if u.gap {
			last = -1
		}
		if !u.rare {
			continue
		}
		if last >= 0 && i-last <= reach {
			if n := len(out); n > 0 && out[n-1].End == units[last].End {
				out[n-1].End = u.End
			} else {
				out = append(out, Span{units[last].Start, u.End})
			}
		}
		last = i
	}
	return out
}

// runs calls f for each run of runes for which in says yes.
func runs(text string, in func(rune) bool, f func(start, end int, gap bool)) {
	start, gap := -1, true
	for i, r := range text {
		switch {
		case in(r):
			if start < 0 {
				start = i
			}
			continue
		case start >= 0:
			f(start, i, gap)
			start, gap = -1, false
		}
		gap = gap || strings.ContainsRune(".!?;:。！？；：\n", r)
	}
	if start >= 0 {
		f(start, len(text), gap)
	}
}

func englishUnits(text string) []unit {
	var out []unit
	in := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' || r == '’' }
	runs(text, in, func(start, end int, gap bool) {
		w, _, _ := strings.Cut(strings.ReplaceAll(text[start:end], "’", "'"), "'")
		rare := len(w) > 3 && strings.IndexFunc(w, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 && !knownEnglish(w)
		out = append(out, unit{Span{start, end}, rare, gap})
	})
	return out
}

// endings of English words, and what stands in their place in the word they are made from.
var endings = [][2]string{
	{"s", ""},
	{"es", ""},
	{"ies", "y"},
	{"ed", ""},
	{"ed", "e"},
	{"ied", "y"},
	{"ing", ""},
	{"ing", "e"},
	{"ly", ""},
	{"ily", "y"},
	{"er", ""},
	{"er", "e"},
	{"ers", ""},
	{"ers", "e"},
	{"est", ""},
	{"ness", ""},
	{"less", ""},
	{"our", "or"},
	{"ise", "ize"},
	{"ised", "ized"},
	{"ising", "izing"},
}

func knownEnglish(w string) bool {
	l := english()
	if l.has(w) {
		return true
	}
	for _, prefix := range []string{"", "un", "re", "non", "over", "anti"} {
		stem, ok := strings.CutPrefix(w, prefix)
		if !ok {
			continue
		}
		if prefix != "" && l.has(stem) {
			return true
		}
		for _, e := range endings {
			base, ok := strings.CutSuffix(stem, e[0])
			if !ok || len(base) < 3 {
				continue
			}
			if l.has(base + e[1]) {
				return true
			}
			if n := len(base); e[1] == "" && base[n-1] == base[n-2] && l.has(base[:n-1]) { // patrolled
				return true
			}
		}
	}
	return false
}

func koreanUnits(text string) []unit {
	var out []unit
	in := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	runs(text, in, func(start, end int, gap bool) {
		w := text[start:end]
		hangul := strings.IndexFunc(w, func(r rune) bool { return r < 0xac00 || r > 0xd7a3 }) < 0
		out = append(out, unit{Span{start, end}, hangul && !knownKorean(w), gap})
	})
	return out
}

// particles that may follow a word of one syllable, and end a word that is known without them.
const particles = " 에는 에도 에서는 에서도 으로는 과의 와의 까지는 부터는 에게는 이라도 이지만 은 는 이 가 을 를 의 에 와 과 도 만 로 으로 에서 에게 까지 부터 처럼 보다 이나 나 이고 이며 이다 인 일 들 들이 들은 들을 들의 마다 뿐 뿐만 라고 이라 이라고 라는 이라는 한 할 함 해 했다 하는 하고 하며 된 될 되는 됐다 되고 "

// longestEnding is how many syllables may follow a word that is known.
const longestEnding = 4

func knownKorean(w string) bool {
	l := korean()
	n := utf8.RuneCountInString(w)
	if n == 1 || l.has(w) {
		return true
	}
	rest := 0
	for cut := len(w) - 3; cut >= 3; cut -= 3 { // a syllable is three bytes
		rest++
		switch head := w[:cut]; {
		case cut == 3:
			return strings.Contains(particles, " "+w[cut:]+" ")
		case rest <= longestEnding && l.has(head):
			return true
		}
	}
	return false
}

// longestWord is the most characters that are looked for as one word.
const longestWord = 6

// chineseUnits cuts runs of characters into the longest common words, from the left. A character
// that stands alone and is not common is rare: no common word covers it.
func chineseUnits(text string) []unit {
	var out []unit
	l := chinese()
	runs(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }, func(start, end int, gap bool) {
		for at := start; at < end; gap = false {
			size, run := 0, text[at:end]
			ends := make([]int, 0, longestWord)
			for i, r := range run {
				if len(ends) == longestWord {
					break
				}
				ends = append(ends, i+utf8.RuneLen(r))
			}
			for i := len(ends) - 1; i >= 0; i-- {
				if size = ends[i]; i == 0 || l.has(run[:size]) {
					break
				}
			}
			u := unit{Span{at, at + size}, !l.has(run[:size]), gap}
			out = append(out, u)
			at += size
		}
	})
	return out
}
