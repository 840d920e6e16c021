package seal

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kkachi/internal/cell"
)

// absent stands where a value may be missing.
const absent = "-"

// lines reads a note's text line by line: a key word, then fields apart by one space. The
// first failure sticks; it names the line's key word only.
type lines struct {
	kind string
	rest []string
	err  error
}

// readLines begins with the first line, "kkachi/1 KIND note".
func readLines(text, kind string) *lines {
	all := strings.Split(text, "\n")
	l := &lines{kind: kind}
	if len(all) < 2 || all[len(all)-1] != "" || all[0] != firstLine(kind) {
		l.err = fmt.Errorf("%w: not a %s note", ErrNoteFormat, kind)
		return l
	}
	l.rest = all[1 : len(all)-1]
	return l
}

func firstLine(kind string) string { return "kkachi/1 " + kind + " note" }

func (l *lines) fail(word string) {
	if l.err == nil {
		l.err = fmt.Errorf("%w: %s note: line %q", ErrNoteFormat, l.kind, word)
	}
}

// next takes a line that must begin with word and have n fields after it. It always gives n
// fields, empty ones after a failure.
func (l *lines) next(word string, n int) []string {
	if l.err == nil && len(l.rest) > 0 {
		f := strings.Split(l.rest[0], " ")
		if f[0] == word && len(f) == n+1 {
			l.rest = l.rest[1:]
			return f[1:]
		}
	}
	l.fail(word)
	return make([]string, n)
}

// tail takes a line that must begin with word, and gives all that follows the space.
func (l *lines) tail(word string) string {
	if !l.more(word) {
		l.fail(word)
		return ""
	}
	s := strings.TrimPrefix(l.rest[0], word+" ")
	l.rest = l.rest[1:]
	return s
}

// more says whether another line of word stands next.
func (l *lines) more(word string) bool {
	return l.err == nil && len(l.rest) > 0 && strings.HasPrefix(l.rest[0], word+" ")
}

// many calls each for the lines of word that follow, between least and most of them.
func (l *lines) many(word string, n, least, most int, each func(f []string)) {
	count := 0
	for l.more(word) {
		if count++; count > most {
			l.fail(word)
			return
		}
		each(l.next(word, n))
	}
	if count < least {
		l.fail(word)
	}
}

// number reads a decimal without sign or leading zeros, at most limit.
func (l *lines) number(word, s string, limit uint64) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > limit || strconv.FormatUint(n, 10) != s {
		l.fail(word)
		return 0
	}
	return n
}

func (l *lines) day(word, s string) cell.Day {
	return cell.Day(l.number(word, s, MaxDay))
}

// Limits of what stands in notes (spec/02-notes.md).
const (
	MaxDay       = 1 << 24 // keeps days away from the end of their type: adding a life cannot wrap
	MaxSerial    = 1 << 53 // what JavaScript's numbers hold exactly
	NameMaxSize  = 32      // of an inbox, a device or an approver
	TitleMaxSize = 100     // bytes of a newsroom's name
)

func (l *lines) hash(word, s string) [32]byte {
	h, ok := parseHash(s)
	if !ok {
		l.fail(word)
	}
	return h
}

// maybeHash is hash, or nil for "-".
func (l *lines) maybeHash(word, s string) *[32]byte {
	if s == absent {
		return nil
	}
	h := l.hash(word, s)
	return &h
}

func (l *lines) verifyKey(word, s string) VerifyKey {
	k, err := ParseVerifyKey(s)
	if err != nil {
		l.fail(word)
	}
	return k
}

func (l *lines) hpkeKey(word, s string) HPKEPublic {
	b, ok := decode64(s, HPKEPublicSize)
	if !ok {
		l.fail(word)
		return HPKEPublic{}
	}
	k, err := ParseHPKEPublic(b)
	if err != nil {
		l.fail(word)
		return HPKEPublic{}
	}
	return *k
}

// end wants nothing left.
func (l *lines) end() error {
	if l.err == nil && len(l.rest) > 0 {
		l.err = fmt.Errorf("%w: %s note: lines after its end", ErrNoteFormat, l.kind)
	}
	return l.err
}

// head is what begins every note but the site's.
type head struct {
	newsroom        NewsroomID
	serial          uint64
	issued, expires cell.Day
}

func (l *lines) newsroom() NewsroomID { return l.hash("newsroom", l.next("newsroom", 1)[0]) }

func (l *lines) serial() uint64 {
	n := l.number("serial", l.next("serial", 1)[0], MaxSerial)
	if n == 0 {
		l.fail("serial")
	}
	return n
}

func (l *lines) life() (issued, expires cell.Day) {
	issued = l.day("issued", l.next("issued", 1)[0])
	expires = l.day("expires", l.next("expires", 1)[0])
	return issued, expires
}

// check wants a note of this newsroom, with a life of 1 to limit days that has not ended.
func (h head) check(kind string, id NewsroomID, limit uint32, today cell.Day) error {
	if h.newsroom != id {
		return fmt.Errorf("%w: %s note", ErrNewsroom, kind)
	}
	if h.expires <= h.issued || h.expires-h.issued > cell.Day(limit) {
		return fmt.Errorf("%w: %s note: its life is not 1…%d days", ErrNoteFormat, kind, limit)
	}
	if today >= h.expires {
		return fmt.Errorf("%w: %s note, on %s", ErrExpired, kind, h.expires)
	}
	return nil
}

// writer writes the lines that lines reads.
type writer struct{ strings.Builder }

func newWriter(kind string) *writer {
	w := &writer{}
	w.WriteString(firstLine(kind) + "\n")
	return w
}

func (w *writer) line(word string, fields ...string) {
	w.WriteString(word)
	for _, f := range fields {
		w.WriteString(" " + f)
	}
	w.WriteString("\n")
}

func (w *writer) head(h head) {
	w.line("newsroom", h.newsroom.String())
	w.line("serial", strconv.FormatUint(h.serial, 10))
	w.line("issued", dec(h.issued))
	w.line("expires", dec(h.expires))
}

func dec[T ~uint8 | ~uint16 | ~uint32 | ~uint64](n T) string {
	return strconv.FormatUint(uint64(n), 10)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func hexOrAbsent(h *[32]byte) string {
	if h == nil {
		return absent
	}
	return hex.EncodeToString(h[:])
}

// validName is a short name of an inbox, a device or an approver: 1…32 of a-z, 0-9 and -,
// not beginning with -.
func validName(s string) bool {
	if s == "" || len(s) > NameMaxSize || s[0] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// validTitle is a newsroom's name: 1…100 bytes of printable characters, no space at its ends
// nor two in a row. Controls and marks of direction are not printable.
func validTitle(s string) bool {
	if s == "" || s == absent || len(s) > TitleMaxSize || !utf8.ValidString(s) || strings.Join(strings.Fields(s), " ") != s {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// ordered says whether less holds between all neighbours.
func ordered[T any](s []T, less func(a, b T) bool) bool {
	for i := 1; i < len(s); i++ {
		if !less(s[i-1], s[i]) {
			return false
		}
	}
	return true
}
