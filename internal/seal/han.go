package seal

import (
	"sync"
	"unicode/utf8"

	"github.com/tyler-smith/go-bip39/wordlists"
)

// simplified holds the characters of the Chinese lists of words that are written in two ways. The
// lists are parallel: a word has the same number in both.
var simplified = sync.OnceValue(func() map[rune]rune {
	out := map[rune]rune{}
	for i, word := range wordlists.ChineseTraditional {
		from, _ := utf8.DecodeRuneInString(word)
		to, _ := utf8.DecodeRuneInString(wordlists.ChineseSimplified[i])
		if from != to {
			out[from] = to
		}
	}
	return out
})

// Simplified gives the simplified form of a traditional Chinese character, of those that the lists
// of words hold: 2048 that are used most. Any other character is given back as it is.
func Simplified(r rune) rune {
	if r < 0x3400 { // no Chinese character
		return r
	}
	if s, ok := simplified()[r]; ok {
		return s
	}
	return r
}
