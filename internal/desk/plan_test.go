package desk

import (
	"regexp"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// No list of threads is made by reading all of them, or by sorting more than is shown: each
// is read from an index, in its order.
func TestListsAreReadFromAnIndex(t *testing.T) {
	r := newRoom(t)
	today := r.desk.Today()
	plan := func(query string, args ...any) string {
		t.Helper()
		rows, err := r.desk.v.View().Query(t.Context(), `EXPLAIN QUERY PLAN `+query, args...)
		must(t, err)
		type line struct {
			id, parent, unused int
			detail             string
		}
		list, err := collect(rows, func(l *line) []any { return []any{&l.id, &l.parent, &l.unused, &l.detail} })
		must(t, err)
		var out []string
		for _, l := range list {
			out = append(out, l.detail)
		}
		return strings.Join(out, "; ")
	}
	found := regexp.MustCompile(`SEARCH t USING (COVERING )?INDEX`)
	check := func(name, query string, args ...any) {
		t.Helper()
		p := plan(query, args...)
		if !found.MatchString(p) || strings.Contains(p, "TEMP B-TREE") || strings.Contains(p, "SCAN t") {
			t.Errorf("%s: %s", name, p)
		}
	}
	for name, q := range map[string]InboxQuery{
		"all": {}, "unread": {Box: BoxUnread}, "to be answered": {Box: BoxWaiting}, "blocked": {Box: BoxBlocked},
		"topic": {Topic: "a"}, "tag": {Tag: "a"}, "colleague": {Assigned: "a"}, "language": {Lang: lang.Korean},
		"unread of a language": {Box: BoxUnread, Lang: lang.Korean}, "unread of a tag": {Box: BoxUnread, Tag: "a"}, "tag and language": {Tag: "a", Lang: lang.Korean},
	} {
		l := q.ask(today)
		check(name, l.rows(byDays, InboxRows), l.args...)
		check(name+", up", l.rows(` ORDER BY t.top, t.day, t.last`, InboxRows), l.args...)
		check(name+", counted", l.count(), l.args...)
		l.and(`(t.top, t.day, t.last) < (?, ?, ?)`, 0, 1, 2)
		check(name+", further", l.rows(byDays, InboxRows), l.args...)
	}
	for _, part := range inboxParts {
		check(part.where, foldSQL(part.where, part.limit), today)
	}
	for _, q := range []string{wished, `SELECT min(asked) FROM (` + wished + `) WHERE source = x'00'`} {
		if p := plan(q); regexp.MustCompile(`SCAN (report|t|e|w|thread)\b`).MatchString(p) {
			t.Errorf("what is to be erased: %s", p)
		}
	}
	check("cases", casesWorked, CaseOpen, CaseTaken, boxMoved, maxUnread)
	check("closed cases", casesClosed, CaseClosed, boxMoved, ClosedCases)
	check("closed cases, counted", casesClosedOf, CaseClosed, boxMoved)
}
