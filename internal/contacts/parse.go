package contacts

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kkachi/internal/lang"
)

// ErrFormat is behind each refusal of a file. The text names the line, and how to write it.
var ErrFormat = errors.New("malformed contacts")

// Parse reads the file. It has one form: Encode gives the same bytes back.
func Parse(file []byte) ([]Contact, error) {
	if len(file) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, at most %d: leave contacts out", ErrFormat, len(file), MaxSize)
	}
	if !utf8.Valid(file) {
		return nil, fmt.Errorf("%w: not UTF-8: save the file as UTF-8", ErrFormat)
	}
	r := &reader{lines: strings.Split(string(file), "\n")}
	if r.line() != FirstLine {
		return nil, r.wrong("the first line is %q", FirstLine)
	}
	r.at++
	if last := len(r.lines) - 1; last == 0 || r.lines[last] != "" {
		r.at = last
		return nil, r.wrong("end the last line with a line feed, and leave no more behind it")
	}
	r.lines = r.lines[:len(r.lines)-1]
	var out []Contact
	for r.at < len(r.lines) {
		if len(out) == Max {
			return nil, r.wrong("more than %d contacts: leave some out", Max)
		}
		c, err := r.contact(out)
		if err != nil {
			return nil, err
		}
		out = append(out, *c)
	}
	return out, nil
}

// Digits is a number without its blanks.
func Digits(number string) string { return strings.ReplaceAll(number, " ", "") }

// A reader takes a file line by line.
type reader struct {
	lines []string
	at    int // of the next line, from 0
}

func (r *reader) line() string {
	if r.at < len(r.lines) {
		return r.lines[r.at]
	}
	return ""
}

// wrong names the next line, and says how it is written.
func (r *reader) wrong(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrFormat, r.at+1, fmt.Sprintf(format, args...))
}

// contact takes an empty line and the lines of one contact, other than those before it.
func (r *reader) contact(before []Contact) (*Contact, error) {
	if r.line() != "" || r.at+1 >= len(r.lines) {
		return nil, r.wrong("one empty line stands before each contact, and none elsewhere; the lines of a contact are name, number, hours, languages, checked")
	}
	r.at++
	var c Contact
	var err error
	if c.Name, err = r.text("name"); err != nil {
		return nil, err
	}
	taken := func(n string) bool {
		return slices.ContainsFunc(before, func(o Contact) bool { return Digits(o.Number) == Digits(n) })
	}
	if c.Number, err = r.field("number", func(s string) string {
		if taken(s) {
			return "another contact has this number: give each number once"
		}
		return number(s)
	}); err != nil {
		return nil, err
	}
	if c.Hours, err = r.text("hours"); err != nil {
		return nil, err
	}
	spoken, err := r.field("languages", languages)
	if err != nil {
		return nil, err
	}
	c.Languages = strings.Split(spoken, " ")
	day, err := r.field("checked", date)
	if err != nil {
		return nil, err
	}
	t, _ := time.Parse(time.DateOnly, day) // date has seen that it can be read
	c.Checked = uint32(t.Unix() / 86400)
	return &c, nil
}

// field takes the line of a word, whose value check finds right or says how it is written.
func (r *reader) field(word string, check func(string) string) (string, error) {
	value, ok := strings.CutPrefix(r.line(), word+" ")
	if !ok {
		return "", r.wrong("here stands %q, one blank, and its value", word)
	}
	if how := check(value); how != "" {
		return "", r.wrong("%s: %s", word, how)
	}
	r.at++
	return value, nil
}

// text takes the line of a word, and those of the word in a language, in the order of the site.
func (r *reader) text(word string) (t Text, err error) {
	if t.All, err = r.field(word, plain); err != nil {
		return t, err
	}
	for _, l := range []struct {
		tag lang.Tag
		to  *string
	}{{lang.Korean, &t.By.KO}, {lang.English, &t.By.EN}, {lang.Chinese, &t.By.ZH}} {
		own := word + "-" + string(l.tag)
		if !strings.HasPrefix(r.line(), own+" ") {
			continue
		}
		if *l.to, err = r.field(own, plain); err != nil {
			return t, err
		}
	}
	return t, nil
}

func plain(s string) string {
	switch {
	case s == "" || len(s) > TextMaxSize:
		return fmt.Sprintf("write 1 to %d bytes", TextMaxSize)
	case s != strings.Join(strings.Fields(s), " "):
		return "write one blank between words, and none at the ends"
	case strings.ContainsFunc(s, hidden):
		return "take out the characters that can't be seen"
	}
	return ""
}

// hidden are characters that show nothing, or turn what is around them.
func hidden(r rune) bool {
	return r != ' ' && (!unicode.IsGraphic(r) || unicode.In(r, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp, unicode.Co,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || r == '\u2800' || r == '\uFFFD')
}

func number(s string) string {
	const how = "write digits, with + before them if the country's code stands there, in groups apart by one blank"
	groups, digits := strings.Split(strings.TrimPrefix(s, "+"), " "), 0
	for _, g := range groups {
		if g == "" || len(g) > MaxGroup || strings.Trim(g, "0123456789") != "" {
			return how + " of 1 to " + strconv.Itoa(MaxGroup)
		}
		digits += len(g)
	}
	if digits < MinDigits || digits > MaxDigits {
		return fmt.Sprintf("%s, %d to %d in all", how, MinDigits, MaxDigits)
	}
	return ""
}

func languages(s string) string {
	tags := strings.Split(s, " ")
	for i, t := range tags {
		if Tongue(t) == "" || slices.Contains(tags[:i], t) {
			return "write each language once, apart by one blank, of these: " + known()
		}
	}
	if len(tags) > MaxLanguages {
		return fmt.Sprintf("write at most %d", MaxLanguages)
	}
	return ""
}

func date(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 || t.Format(time.DateOnly) != s {
		return "write the day as YEAR-MONTH-DAY, such as 2026-10-03"
	}
	return ""
}
