package lint

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/lang"
	"kkachi/internal/risk/words"
)

// hidden finds characters that nobody sees, that look like others, or that are put together in another way:
// each could mark one copy.
func (d Draft) hidden() []Finding {
	var out []Finding
	text := d.Text
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case unseen(r, d.Lang) || r == utf8.RuneError:
			out = append(out, d.finding(i, i+size, RuleHidden, Block, code(r)))
		case disguised(r, d.Lang):
			out = append(out, d.finding(i, i+size, RuleLookLike, Block, code(r)))
		}
	}
	for _, w := range letters(text) {
		if at, ok := foreign(text[w.start:w.end]); ok {
			r, size := utf8.DecodeRuneInString(text[w.start+at:])
			out = append(out, d.finding(w.start+at, w.start+at+size, RuleLookLike, Block, code(r)))
		}
	}
	for i := 0; i < len(text); { // a letter and its marks as two characters, where one would do
		n := norm.NFC.NextBoundaryInString(text[i:], true)
		if n <= 0 {
			n = len(text) - i
		}
		if piece := text[i : i+n]; utf8.ValidString(piece) && !norm.NFC.IsNormalString(piece) {
			r, _ := utf8.DecodeRuneInString(piece)
			out = append(out, d.finding(i, i+n, RuleHidden, Block, code(r)))
		}
		i += n
	}
	if d.Lang != lang.Chinese {
		return out
	}
	if at, ok := words.Traditional(text); ok {
		out = append(out, d.finding(at.Start, at.End, RuleScript, Warn))
	}
	return out
}

func code(r rune) string { return fmt.Sprintf("U+%04X", r) }

// unseen are characters without a shape, and spaces that look like the common one.
func unseen(r rune, t lang.Tag) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r' || r == ' ':
		return false
	case r == 0x3000: // the wide space sets Chinese paragraphs
		return t != lang.Chinese
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef: // variation selectors
		return true
	case r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0: // fillers of Hangul
		return true
	case r == 0x034f || r == 0x2800 || r == 0x17b4 || r == 0x17b5: // joiner of marks, empty Braille, vowels without a shape
		return true
	case r >= 0xe000 && r <= 0xf8ff, r >= 0xf0000: // private use
		return true
	}
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Zs, unicode.Zl, unicode.Zp)
}

// disguised are letters and digits in another dress: wide, mathematical, circled.
func disguised(r rune, t lang.Tag) bool {
	switch {
	case r >= 0xff10 && r <= 0xff19, r >= 0xff21 && r <= 0xff3a, r >= 0xff41 && r <= 0xff5a:
		return true
	case r >= 0xff01 && r <= 0xff5e: // wide punctuation is Chinese
		return t != lang.Chinese
	case r >= 0x1d400 && r <= 0x1d7ff, r >= 0x24b6 && r <= 0x24e9, r >= 0x1f130 && r <= 0x1f189:
		return true
	case r >= 0x2f00 && r <= 0x2fdf, r >= 0xf900 && r <= 0xfaff: // radicals and twins of Chinese characters
		return true
	}
	return false
}

// letters are the runs of letters of scripts that have twins of Latin ones.
func letters(text string) []span {
	var out []span
	start := -1
	for i, r := range text {
		in := unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee)
		switch {
		case in && start < 0:
			start = i
		case !in && start >= 0:
			out, start = append(out, span{start, i}), -1
		}
	}
	if start >= 0 {
		out = append(out, span{start, len(text)})
	}
	return out
}

// twins are letters of other scripts that look like Latin ones.
const twins = "аеорсухіјѕԁһӏԛԝвкмнтАВЕКМНОРСТУХІЈЅοαινυρτκΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսօΟᎪᎬᎢᏀᎻ"

// foreign finds a letter of another script within a word that has Latin ones, or a word of
// nothing but twins.
func foreign(word string) (at int, ok bool) {
	latin, other := false, -1
	twin := true
	for i, r := range word {
		if unicode.Is(unicode.Latin, r) {
			latin = true
			continue
		}
		if other < 0 {
			other = i
		}
		twin = twin && strings.ContainsRune(twins, r)
	}
	symbol := utf8.RuneCountInString(word) == 1 && unicode.In([]rune(word)[0], unicode.Greek) // α rays
	return max(other, 0), other >= 0 && (latin || twin && !symbol)
}
