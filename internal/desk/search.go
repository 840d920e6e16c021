package desk

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Search lists the sources whose handle, reports or translations hold the text; case and
// Unicode forms don't matter. Korean and Chinese are found by any characters that stand
// together, other scripts by whole words, the last by its beginning. At most InboxRows,
// ordered like the inbox; what its source wants erased is not searched, what is blocked is.
func (d *Desk) Search(ctx context.Context, text string) ([]InboxRow, error) {
	want := searchForm(text)
	if want == "" {
		return d.Inbox(ctx)
	}
	where, args := `SELECT id FROM source WHERE instr(handle, ?) > 0`, []any{want}
	if match := matchForm(want); match != "" {
		where += ` UNION SELECT r.source FROM report_words w JOIN report r ON r.n = w.rowid WHERE report_words MATCH ? AND r.gone = 0`
		args = append(args, match)
	}
	lines, err := d.threadLines(ctx, `t.source IN (`+where+`) ORDER BY t.top DESC, t.day DESC, t.last DESC`, InboxRows, args...)
	if err != nil {
		return nil, fmt.Errorf("desk: search: %w", err)
	}
	rows, err := d.inboxRows(ctx, lines)
	var out []InboxRow
	for _, r := range rows {
		if r.Erase == 0 || strings.Contains(r.Handle, want) {
			out = append(out, r)
		}
	}
	return out, err
}

func searchForm(s string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))) }

// indexForm is a text as it is indexed: each character of a script that is written without
// spaces, or whose words carry endings, stands alone.
func indexForm(text string) string {
	var b strings.Builder
	for _, r := range searchForm(text) {
		if unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			b.WriteRune(' ')
			b.WriteRune(r)
			b.WriteRune(' ')
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// matchForm is the question for the index: the words in this order, the last by its
// beginning. "" if there is no letter or digit in it.
func matchForm(text string) string {
	form := indexForm(text)
	if form == "" {
		return ""
	}
	return `"` + form + `" *`
}
