package web

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
)

// typedDay reads a day as journalists type it: year, month and day in this order, whatever
// stands between them (2022-11-30, 2022. 11. 30., 2022년 11월 30일, 20221130). Fields for days
// are fields for text: a browser's own would speak the browser's language and write days in
// its order, not in those of the page. Nothing typed is no day, and right.
func typedDay(text string) (cell.Day, bool) {
	text = strings.TrimSpace(norm.NFKC.String(text))
	if text == "" {
		return 0, true
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) })
	if len(parts) == 1 && len(text) == len("20060102") {
		parts = []string{text[:4], text[4:6], text[6:]}
	}
	if len(parts) != 3 || len(parts[0]) != 4 || !strings.HasPrefix(text, parts[0]) || strings.ContainsFunc(text, latinLetter) {
		return 0, false
	}
	var n [3]int
	for i, p := range parts {
		var err error
		if n[i], err = strconv.Atoi(p); err != nil {
			return 0, false
		}
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC)
	if t.Unix() < 0 || t.Month() != time.Month(n[1]) || t.Day() != n[2] {
		return 0, false // the thirtieth of February is no day
	}
	return cell.DayOf(t), true
}

func latinLetter(r rune) bool { return unicode.Is(unicode.Latin, r) }

// iso is a day as forms hold it; "" for none.
func iso(d cell.Day) string {
	if d == 0 {
		return ""
	}
	return lang.ISODate(uint32(d))
}
