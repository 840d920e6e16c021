package ladder

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a table.
const (
	MaxTable = 16 << 20 // bytes
	MaxName  = 64       // characters of a claim, report, teller or relay
)

// The columns of a table, in their order, separated by tabs.
var columns = []string{"claim", "report", "teller", "stance", "path", "relays", "grade"}

// A TableError names the place of what is wrong in a table. Line and Column count from 1;
// Column is the number of the field, not of a character.
type TableError struct {
	Line, Column int
	Problem      string
}

// Error names line and column, the latter with its heading.
func (e *TableError) Error() string {
	if e.Column < 1 || e.Column > len(columns) {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
	}
	return fmt.Sprintf("line %d, column %d (%s): %s", e.Line, e.Column, columns[e.Column-1], e.Problem)
}

// ParseTable reads a table of evidence: UTF-8, one item a line, seven fields separated by
// tabs, headed by
//
//	claim  report  teller  stance  path  relays  grade
//
// relays is "-" for none, or a list with commas in which "?" is an unknown one. The first
// thing wrong ends it with a *TableError.
func ParseTable(r io.Reader) ([]Item, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxTable+1))
	if err != nil {
		return nil, fmt.Errorf("reading the table: %w", err)
	}
	if len(data) > MaxTable {
		return nil, fmt.Errorf("the table is larger than %d bytes", MaxTable)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if text == "" {
		return nil, &TableError{1, 1, "empty: the first line must be " + strings.Join(columns, ", ") + ", separated by tabs"}
	}
	var items []Item
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fields, err := split(n+1, strings.TrimSuffix(line, "\r"))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if err := head(fields); err != nil {
				return nil, err
			}
			continue
		}
		it, err := parseRow(n+1, fields)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, nil
}

func split(line int, text string) ([]string, error) {
	fields := strings.Split(text, "\t")
	for i, f := range fields {
		if !utf8.ValidString(f) {
			return nil, &TableError{line, i + 1, "not UTF-8"}
		}
	}
	switch {
	case len(fields) < len(columns):
		return nil, &TableError{line, len(fields) + 1, fmt.Sprintf("missing: %d fields where %d are wanted, separated by tabs", len(fields), len(columns))}
	case len(fields) > len(columns):
		return nil, &TableError{line, len(columns) + 1, fmt.Sprintf("%d fields where %d are wanted", len(fields), len(columns))}
	}
	return fields, nil
}

func head(fields []string) error {
	for i, f := range fields {
		if f != columns[i] {
			return &TableError{1, i + 1, fmt.Sprintf("heading %q, want %q", clip(f), columns[i])}
		}
	}
	return nil
}

func parseRow(line int, f []string) (Item, error) {
	it := Item{Claim: f[0], Report: f[1], Teller: f[2], Stance: Stance(f[3]), Path: Path(f[4])}
	bad := func(column int, format string, args ...any) (Item, error) {
		return Item{}, &TableError{line, column, fmt.Sprintf(format, args...)}
	}
	for i := range 3 {
		if why := name(f[i]); why != "" {
			return bad(i+1, "%s", why)
		}
	}
	if it.Stance != Supports && it.Stance != Contradicts {
		return bad(4, "%q: write supports or contradicts", clip(f[3]))
	}
	if !slices.Contains([]Path{Direct, Told, Rumour}, it.Path) {
		return bad(5, "%q: write direct, told or rumour", clip(f[4]))
	}
	var why string
	if it.Relays, it.Unknown, why = relays(f[5]); why != "" {
		return bad(6, "%s", why)
	}
	if len(f[6]) != 1 || f[6][0] < '1' || f[6][0] > '0'+maxGrade {
		return bad(7, "%q: write a grade from 1 to 6", clip(f[6]))
	}
	it.Grade = int(f[6][0] - '0')
	return it, nil
}

// ParseRelays reads the field "relays" of a table: known ones and whether an unknown one
// is among them.
func ParseRelays(field string) (known []string, unknown bool, err error) {
	known, unknown, why := relays(field)
	if why != "" {
		return nil, false, fmt.Errorf("relays: %s", why)
	}
	return known, unknown, nil
}

func relays(field string) (known []string, unknown bool, why string) {
	if field == "-" {
		return nil, false, ""
	}
	for r := range strings.SplitSeq(field, ",") {
		if r == "?" {
			unknown = true
			continue
		}
		if why := name(r); why != "" {
			if r == "-" {
				why = `"-" means no relay, and can't stand in a list`
			}
			return nil, false, why
		}
		if slices.Contains(known, r) {
			return nil, false, fmt.Sprintf("%q is named twice", clip(r))
		}
		known = append(known, r)
	}
	return known, unknown, ""
}

// name says what is wrong with a name, or "".
func name(s string) string {
	switch {
	case s == "":
		return "empty"
	case s == "?" || s == "-":
		return fmt.Sprintf("%q is no name", s)
	case strings.TrimSpace(s) != s:
		return fmt.Sprintf("%q has a space at its end", clip(s))
	case strings.Contains(s, ","):
		return fmt.Sprintf("%q holds a comma", clip(s))
	case utf8.RuneCountInString(s) > MaxName:
		return fmt.Sprintf("longer than %d characters", MaxName)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Sprintf("%q holds a character that can't be printed", clip(s))
	}
	return ""
}

// clip keeps a wrong field short enough for an error.
func clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > 24 {
			return s[:i] + "…"
		}
	}
	return s
}
