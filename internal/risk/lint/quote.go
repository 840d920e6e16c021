package lint

import (
	"unicode"
	"unicode/utf8"

	"kkachi/internal/risk"
	"kkachi/internal/risk/words"
)

// LongQuote is the number of words from which a direct quote is too long: so many in a row are a voice.
const LongQuote = 12

// closing gives the mark that closes a quote, by the one that opens it.
var closing = map[rune]rune{'“': '”', '"': '"', '「': '」', '『': '』', '«': '»'}

// quoted are the insides of direct quotes. A quote that is never closed ends with its paragraph.
func quoted(text string) []span {
	var out []span
	end, start := rune(0), 0
	for i, r := range text {
		switch {
		case end == 0 && closing[r] != 0:
			end, start = closing[r], i+utf8.RuneLen(r)
		case end != 0 && (r == end || r == '\n'):
			out, end = append(out, span{start, i}), 0
		}
	}
	if end != 0 && start < len(text) {
		out = append(out, span{start, len(text)})
	}
	return out
}

// Words counts words: runs of letters and digits, and each two Chinese characters.
func Words(text string) int {
	n, han, in := 0, 0, false
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
			in = false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !in {
				n++
			}
			in = true
		default:
			in = in && (r == '\'' || r == '’' || r == '-')
		}
	}
	return n + (han+1)/2
}

func (d Draft) quotes() []Finding {
	var out []Finding
	for _, q := range quoted(d.Text) {
		if n := Words(d.Text[q.start:q.end]); n >= LongQuote {
			out = append(out, d.finding(q.start, q.end, RuleQuote, Warn, n, LongQuote))
		}
	}
	return out
}

// QuotedWords is how many words stand in direct quotes: what the ledger adds up for a source.
func QuotedWords(text string) int {
	n := 0
	for _, q := range quoted(text) {
		n += Words(text[q.start:q.end])
	}
	return n
}

// Quoted judges the words of one source quoted so far, over all its stories and in this draft.
func Quoted(d Draft, before int) []Finding {
	n := before + QuotedWords(d.Text)
	if n < risk.QuotedWarn || n == before {
		return nil
	}
	grade, limit := Warn, risk.QuotedWarn
	if n >= risk.QuotedBlock {
		grade, limit = Block, risk.QuotedBlock
	}
	first := quoted(d.Text)[0]
	return []Finding{d.finding(first.start, first.end, RuleQuoted, grade, n, limit)}
}

func (d Draft) rare() []Finding {
	var out []Finding
	for _, s := range words.Rare(d.Lang, d.Text) {
		out = append(out, d.finding(s.Start, s.End, RuleRare, Warn))
	}
	return out
}
