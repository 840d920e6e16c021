package words

import (
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Traditional finds the first Chinese character that simplified writing does not have: none of GB 2312.
// Rare characters of both writings count as well. ok is false where there is none.
func Traditional(text string) (at Span, ok bool) {
	enc := simplifiedchinese.HZGB2312.NewEncoder()
	for i, r := range text {
		if !unicode.Is(unicode.Han, r) {
			continue
		}
		if _, err := enc.String(string(r)); err != nil {
			return Span{i, i + len(string(r))}, true
		}
	}
	return Span{}, false
}
