// Package lang holds the words of each language that the house speaks: Korean, English and
// Chinese. It gives dates, quotes, the catalogue of words for the site, the desk and the
// source's command line, and the vocabulary in which a source may be described.
//
// What enters: a language, a key and arguments; or levels of attribution with the names of
// places and trades. What leaves: text for people. What may never be known here: a source,
// a thread or a story; a plural of sources is made from the count of independent chains
// and from nothing else.
package lang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Tag names one of the languages of the house.
type Tag string

// The languages of the house.
const (
	Korean  Tag = "ko"
	English Tag = "en"
	Chinese Tag = "zh" // simplified
)

// All lists the languages in the order in which the site shows them. The slice is the caller's.
func All() []Tag { return []Tag{Korean, English, Chinese} }

// Parse reads a tag: "ko", "en" or "zh", in lower case.
func Parse(s string) (Tag, error) {
	if t := Tag(s); t.Valid() {
		return t, nil
	}
	return "", fmt.Errorf("language %s is not one of ko, en, zh", strconv.QuoteToASCII(clip(s, 16)))
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// Valid says whether t is a language of the house.
func (t Tag) Valid() bool { return slices.Contains(All(), t) }

// HTML is the tag for lang and hreflang attributes (BCP 47): Chinese is zh-Hans there.
func (t Tag) HTML() string {
	if t == Chinese {
		return "zh-Hans"
	}
	return string(t)
}

// Name is the language's name in itself: 한국어, English, 中文.
func (t Tag) Name() string {
	switch t {
	case Korean:
		return "한국어"
	case Chinese:
		return "中文"
	default:
		return "English"
	}
}

// A Words is one term in three languages, such as a country's name. It is a value given by
// the newsroom, not a word of the catalogue.
type Words struct {
	KO string `json:"ko" toml:"ko"`
	EN string `json:"en" toml:"en"`
	ZH string `json:"zh" toml:"zh"`
}

// In is the term in language t, "" if it is not given.
func (w Words) In(t Tag) string {
	switch t {
	case Korean:
		return w.KO
	case English:
		return w.EN
	case Chinese:
		return w.ZH
	}
	return ""
}

// T is the text of key in language t, with {0}, {1} … replaced by args. A key that is not in
// the catalogue gives "[key]", which the tests of each page look for.
func T(t Tag, key string, args ...any) string {
	text, ok := lookup(t, key)
	if !ok {
		return "[" + key + "]"
	}
	return fill(text, args)
}

// N is T for a counted thing: it takes key+".one" if n is 1, else key+".other", and {0} is n.
// Korean and Chinese have both keys with the same text.
func N(t Tag, key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return T(t, key+form, append([]any{n}, args...)...)
}

// Has says whether the catalogue holds key in language t.
func Has(t Tag, key string) bool {
	_, ok := lookup(t, key)
	return ok
}

// Keys lists the catalogue's keys of language t, sorted.
func Keys(t Tag) []string {
	var out []string
	for _, area := range catalogue(t) {
		for key := range area {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// catalogue gives the areas of language t. The maps are never written.
func catalogue(t Tag) []map[string]string {
	switch t {
	case Korean:
		return []map[string]string{siteKO, deskKO, sourceKO, riskKO, derivedKO, pagesKO, editingKO, claimsKO, storyKO, inboxKO, exposureKO, firstKO, practiceKO}
	case English:
		return []map[string]string{siteEN, deskEN, sourceEN, riskEN, derivedEN, pagesEN, editingEN, claimsEN, storyEN, inboxEN, exposureEN, firstEN, practiceEN}
	case Chinese:
		return []map[string]string{siteZH, deskZH, sourceZH, riskZH, derivedZH, pagesZH, editingZH, claimsZH, storyZH, inboxZH, exposureZH, firstZH, practiceZH}
	}
	return nil
}

func lookup(t Tag, key string) (string, bool) {
	for _, area := range catalogue(t) {
		if text, ok := area[key]; ok {
			return text, true
		}
	}
	return "", false
}

// fill puts arguments into their places. A page has thousands of them, so it goes over the
// text once; what an argument holds is not filled again.
func fill(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			break
		}
		b.WriteString(text[:open])
		text = text[open:]
		end := strings.IndexByte(text, '}')
		n, err := strconv.Atoi(text[1:max(end, 1)])
		if err != nil || n < 0 || n >= len(args) {
			b.WriteByte('{')
			text = text[1:]
			continue
		}
		switch a := args[n].(type) {
		case string:
			b.WriteString(a)
		default:
			fmt.Fprint(&b, a)
		}
		text = text[end+1:]
	}
	b.WriteString(text)
	return b.String()
}

// Quote puts s in the quotation marks of language t: “ ” in all three, as simplified
// Chinese is printed.
func Quote(t Tag, s string) string {
	open, end := Quotes(t)
	return open + s + end
}

// Quotes are the opening and closing quotation marks of language t.
func Quotes(Tag) (string, string) { return "“", "”" }

// Particle appends the form of a Korean particle that fits the sound at the word's end:
// with for a final consonant, without for a vowel: Particle("소식통", "은", "는").
// A word that does not end in Hangul gets the form with.
func Particle(word, with, without string) string {
	r := []rune(word)
	if len(r) == 0 {
		return word
	}
	last := r[len(r)-1]
	if last >= 0xAC00 && last <= 0xD7A3 && (last-0xAC00)%28 == 0 {
		return word + without
	}
	return word + with
}
