package lint

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"kkachi/internal/lang"
)

// A span is a place in a text, in bytes.
type span struct{ start, end int }

// sentences cuts a text after each end of a sentence and each end of a line. Quotes and brackets that close
// right after belong to the sentence.
func sentences(text string) []span {
	var out []span
	start := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		end := i + size
		full := strings.ContainsRune("。！？!?\n", r) || r == '.' && (end == len(text) || strings.ContainsRune(" \n\t”\"’)", rune(text[end])) || strings.HasPrefix(text[end:], "”"))
		i = end
		if !full || r == '.' && abbreviated(text[start:end]) {
			continue
		}
		for i < len(text) {
			r, size := utf8.DecodeRuneInString(text[i:])
			if !strings.ContainsRune("”’\"')」』）", r) {
				break
			}
			i += size
		}
		out = append(out, span{start, i})
		start = i
	}
	if start < len(text) {
		out = append(out, span{start, len(text)})
	}
	return out
}

// abbreviated says whether a full stop ends an abbreviation: a single letter before it, or a title.
func abbreviated(s string) bool {
	for _, a := range []string{"Mr.", "Ms.", "Mrs.", "Dr.", "No.", "St.", "a.m.", "p.m.", " a.", " p."} {
		if strings.HasSuffix(s, a) {
			return true
		}
	}
	return false
}

// place is the line and the column of a byte, both from 1; a column is a character.
func place(text string, at int) (line, column int) {
	before := text[:at]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// The words by which a sentence speaks of a source. They are compiled once and never written.
var sourceWords = map[lang.Tag]*regexp.Regexp{
	lang.English: regexp.MustCompile(`(?i)\b(?:an?|the|one|two|three|several|multiple|many|another|other|female|male|woman|man|anonymous|unnamed|official|diplomatic|government) sources?\b(?: (?:in|inside|outside|from|with|close|near|familiar|who|said|says|told|added|explained|working|at)\b|[,.;]| ?$)|\bsources? (?:inside|close to|familiar with|said|told|who)\b|\baccording to (?:an? |the )?(?:\w+ )?sources?\b|\b(?:person|people|official) familiar with the matter\b|\bon condition of anonymity\b|\basked not to be named\b|\binformants?\b|\bsources in [A-Z]`),
	lang.Korean:  regexp.MustCompile(`소식통|취재원|제보자|익명을 요구|익명의 (?:관계자|간부|주민)`),
	lang.Chinese: regexp.MustCompile(`消息人士|知情人士|知情者|线人|匿名人士|要求匿名`),
}

func speaksOfSource(t lang.Tag, sentence string) bool {
	if re := sourceWords[t]; re != nil {
		return re.MatchString(sentence)
	}
	for _, re := range sourceWords {
		if re.MatchString(sentence) {
			return true
		}
	}
	return false
}
