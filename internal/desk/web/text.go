package web

import (
	"fmt"
	"strings"
	"unicode"
)

// piece is a run of a stranger's text: plain, a control character shown as what it is, or a
// word that mixes look-alike alphabets.
type piece struct {
	Text  string
	Mark  string // code point, e.g. "U+202E"; empty for words
	Mixed bool   // letters of look-alike alphabets in one word
}

// pieces cuts a stranger's text so that a template can show what would otherwise act or
// hide: controls, bidi marks, zero-width and tag characters are named, words written in
// two look-alike alphabets are marked. Line breaks and tabs stay.
func pieces(s string) []piece {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	var out []piece
	var word, plain strings.Builder
	flushWord := func() {
		if word.Len() == 0 {
			return
		}
		if w := word.String(); mixed(w) {
			if plain.Len() > 0 {
				out = append(out, piece{Text: plain.String()})
				plain.Reset()
			}
			out = append(out, piece{Text: w, Mixed: true})
		} else {
			plain.WriteString(w)
		}
		word.Reset()
	}
	for _, r := range s {
		switch {
		case hidden(r):
			flushWord()
			if plain.Len() > 0 {
				out = append(out, piece{Text: plain.String()})
				plain.Reset()
			}
			out = append(out, piece{Mark: fmt.Sprintf("U+%04X", r)})
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			word.WriteRune(r)
		default:
			flushWord()
			plain.WriteRune(r)
		}
	}
	flushWord()
	if plain.Len() > 0 {
		out = append(out, piece{Text: plain.String()})
	}
	return out
}

// hidden says whether a character acts on text without being seen.
func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r == '\uFFF9' || r == '\uFFFA' || r == '\uFFFB':
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	case r == 0x2028 || r == 0x2029 || r == 0x00AD || r == 0x034F || r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0:
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)
}

// mixed says whether a word holds letters of more than one of the alphabets that look
// alike. Korean, Chinese and Latin side by side are usual and are not meant.
func mixed(word string) bool {
	var latin, cyrillic, greek, wide bool
	for _, r := range word {
		latin = latin || unicode.Is(unicode.Latin, r) && r < 0xFF00
		cyrillic = cyrillic || unicode.Is(unicode.Cyrillic, r)
		greek = greek || unicode.Is(unicode.Greek, r)
		wide = wide || r >= 0xFF21 && r <= 0xFF5A
	}
	n := 0
	for _, b := range []bool{latin, cyrillic, greek, wide} {
		if b {
			n++
		}
	}
	return n > 1
}

// flat is a stranger's text where no markup can stand, as in an option of a list: what
// pieces would mark stands between brackets.
func flat(s string) string {
	var b strings.Builder
	for _, p := range pieces(s) {
		if p.Mark != "" {
			b.WriteString("⟨" + p.Mark + "⟩")
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

// cut is the beginning of a text, lines and all.
func cut(s string, runes int) string {
	for i := range s {
		if runes == 0 {
			return s[:i] + "…"
		}
		runes--
	}
	return s
}

// snippet is the beginning of a text in one line, for lists.
func snippet(s string, runes int) string {
	return cut(strings.Join(strings.Fields(s), " "), runes)
}
