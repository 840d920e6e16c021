package desk

import (
	"regexp"
	"strings"
)

// A Turn is one line of a call note: who spoke, and whether these are the very words. A
// journalist writes it with one character at the beginning of a line: ? for a question of
// our own, a quotation mark for the caller's very words, a letter or number and a colon for
// somebody else who was there. Everything else is what the caller said, in short.
type Turn struct {
	Line  int // of the note, from 0
	Ours  bool
	Quote bool
	Label string // of somebody else who was there: "B", "2"
	Text  string // without the marks
}

var (
	turnLabel = regexp.MustCompile(`^([A-Za-z0-9]{1,2})[:：]\s*`)
	turnOurs  = regexp.MustCompile(`^[?？]\s*`)
	turnQuote = regexp.MustCompile(`^["“”「『]\s*`)
	turnEnd   = regexp.MustCompile(`\s*["“”」』]$`)
)

// Turns cuts a note into its turns. Empty lines are left out.
func Turns(text string) []Turn {
	var out []Turn
	for n, line := range strings.Split(text, "\n") {
		t := Turn{Line: n, Text: strings.TrimSpace(line)}
		if m := turnOurs.FindString(t.Text); m != "" {
			t.Ours, t.Text = true, t.Text[len(m):]
		} else if m := turnLabel.FindStringSubmatch(t.Text); m != nil {
			t.Label, t.Text = m[1], t.Text[len(m[0]):]
		}
		if m := turnQuote.FindString(t.Text); m != "" {
			t.Quote = true
			// Where the very words end within the line, their marks say what is whose: they stay.
			if rest := turnEnd.ReplaceAllString(t.Text[len(m):], ""); !strings.ContainsAny(rest, "\"“”「」『』") {
				t.Text = rest
			}
		}
		if t.Text != "" {
			out = append(out, t)
		}
	}
	return out
}

// TurnAt gives the turn of a line, or the last one before it; ok is false if there is none.
func TurnAt(text string, line int) (t Turn, ok bool) {
	for _, u := range Turns(text) {
		if u.Line <= line {
			t, ok = u, true
		}
	}
	return t, ok
}

// spoken is a note as it is read: its turns without their marks.
func spoken(text string) string {
	var b strings.Builder
	for _, t := range Turns(text) {
		b.WriteString(t.Text + "\n")
	}
	return b.String()
}

// contains says whether words stand so in a text, whatever blanks stand between them: a
// browser's selection has line ends of its own, and none between blocks.
func contains(text, words string) bool { return strings.Contains(bare(text), bare(words)) }

func bare(s string) string { return strings.Join(strings.Fields(s), "") }
