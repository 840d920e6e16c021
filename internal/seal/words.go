package seal

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tyler-smith/go-bip39/wordlists"
	"golang.org/x/text/unicode/norm"
)

// Numbers of words (spec/03-words.md).
const (
	WordCount = 8    // words of a conversation
	WordBits  = 11   // bits of one word
	ListSize  = 2048 // words of a list
)

// A Lang is a language in which words are read and shown.
type Lang string

// The languages of words. Chinese shows simplified and reads both: they share indices.
const (
	English Lang = "en"
	Korean  Lang = "ko"
	Chinese Lang = "zh"
)

// Words are eight indices into a list of 2048. Any eight open a conversation.
type Words [WordCount]uint16

// Errors of words.
var (
	ErrLang      = errors.New("seal: no word list in this language")
	ErrWordCount = fmt.Errorf("seal: not exactly %d words", WordCount)
	ErrWord      = errors.New("seal: not a word of the list")
)

// A WordError says which word is not in the list, and never what was typed.
type WordError struct {
	Position int // 1 … WordCount
}

// Error names the position.
func (e *WordError) Error() string {
	return fmt.Sprintf("seal: word %d of %d is not a word of the list", e.Position, WordCount)
}

// Is makes a WordError an ErrWord.
func (e *WordError) Is(target error) bool { return target == ErrWord }

// NewWords draws eight words: 88 bits.
func NewWords(random io.Reader) (Words, error) {
	var b [2 * WordCount]byte
	var w Words
	if err := fill(random, b[:]); err != nil {
		return w, err
	}
	for i := range w {
		// ListSize divides 65536: cutting bits off stays uniform.
		w[i] = (uint16(b[2*i])<<8 | uint16(b[2*i+1])) % ListSize
	}
	clear(b[:])
	return w, nil
}

// ParseWords reads eight words, apart by any white space, in any Unicode form; English in
// any case; Chinese also without spaces. Errors: ErrLang, ErrWordCount, *WordError.
func ParseWords(lang Lang, s string) (Words, error) {
	var w Words
	index, err := lookup(lang)
	if err != nil {
		return w, err
	}
	fields := strings.Fields(norm.NFKD.String(s))
	if lang == Chinese {
		fields = strings.Split(strings.Join(fields, ""), "")
	}
	if len(fields) != WordCount {
		return w, ErrWordCount
	}
	for i, f := range fields {
		n, ok := index[strings.ToLower(f)]
		if !ok {
			clear(w[:])
			return w, &WordError{Position: i + 1}
		}
		w[i] = n
	}
	return w, nil
}

// String writes the words of lang with single spaces, in NFC. It is empty if there is no
// such list.
func (w Words) String(lang Lang) string {
	words := make([]string, WordCount)
	for i, n := range w {
		words[i] = WordAt(lang, n)
	}
	if words[0] == "" {
		return ""
	}
	return strings.Join(words, " ")
}

// Wipe sets the words to zero.
func (w *Words) Wipe() { clear(w[:]) }

// WordAt is the word of an index (modulo ListSize), in NFC; empty if there is no such list.
func WordAt(lang Lang, index uint16) string {
	l := list(lang)
	if l == nil {
		return ""
	}
	return norm.NFC.String(l[index%ListSize])
}

// Suggest gives the words of the list that begin with prefix, in the list's order and in
// NFC. A Korean prefix may end within a syllable. An empty prefix suggests nothing.
func Suggest(lang Lang, prefix string) []string {
	p := strings.ToLower(norm.NFKD.String(strings.TrimSpace(prefix)))
	if p == "" {
		return nil
	}
	var out []string
	for _, word := range list(lang) {
		if strings.HasPrefix(norm.NFKD.String(word), p) {
			out = append(out, norm.NFC.String(word))
		}
	}
	return out
}

func list(lang Lang) []string {
	switch lang {
	case English:
		return wordlists.English
	case Korean:
		return wordlists.Korean
	case Chinese:
		return wordlists.ChineseSimplified
	}
	return nil
}

// lookup maps the NFKD form of each word to its index. It is made for each call, some tens
// of microseconds, so that nothing is kept between calls.
func lookup(lang Lang) (map[string]uint16, error) {
	l := list(lang)
	if l == nil {
		return nil, ErrLang
	}
	index := make(map[string]uint16, 2*ListSize)
	if lang == Chinese {
		for i, word := range wordlists.ChineseTraditional {
			index[norm.NFKD.String(word)] = uint16(i)
		}
	}
	for i, word := range l {
		index[norm.NFKD.String(word)] = uint16(i)
	}
	return index, nil
}
