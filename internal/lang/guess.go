package lang

import "unicode"

// Guess gives the language that a text seems to be written in, by its script: a Korean text may hold
// Chinese characters, and both may hold names and terms in Latin letters. What has none of these is
// English.
func Guess(text string) Tag {
	var hangul, han, latin int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case hangul*4 > latin && hangul*2 > han && hangul > 0:
		return Korean
	case han*4 > latin && han > 0:
		return Chinese
	}
	return English
}
