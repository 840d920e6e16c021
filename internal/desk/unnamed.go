package desk

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// mustNameNobody refuses a hand-over in whose free texts stands a name by which the desk knows the
// source, or that of a journalist of the case. The error says the field and not the name.
func (d *Desk) mustNameNobody(ctx context.Context, c *CaseView, h *Handover, by string) error {
	names := []string{by, c.TakenBy}
	for _, s := range c.Steps {
		names = append(names, s.By)
	}
	for _, g := range c.Given {
		names = append(names, g.By)
	}
	rows, err := d.v.View().Query(ctx, group+`SELECT handle FROM source WHERE id IN (SELECT source FROM g)`, c.Source)
	if err != nil {
		return fmt.Errorf("desk: handles: %w", err)
	}
	handles, err := collect(rows, func(h *string) []any { return []any{h} })
	if err != nil {
		return err
	}
	for _, h := range handles {
		words := strings.Fields(h)
		names = append(names, strings.Join(words[:min(2, len(words))], " ")) // a third word only tells two apart
	}
	for _, t := range h.texts() {
		for _, name := range names {
			if named(t.text, name) {
				return field("named."+t.field, "names the source as the desk knows it, or a journalist: write it without")
			}
		}
	}
	return nil
}

// A handoverText is a free text of a hand-over and the field in which it stands.
type handoverText struct{ field, text string }

func (h *Handover) texts() []handoverText {
	out := []handoverText{{"need", h.Need}, {"danger", h.Danger}, {"message", h.Message}}
	for _, s := range h.Steps {
		out = append(out, handoverText{"steps", s.Text})
	}
	for _, w := range h.Words {
		out = append(out, handoverText{"words", w.Text})
		for _, t := range w.Translations {
			out = append(out, handoverText{"words", t})
		}
	}
	return out
}

// named says whether a name stands in a text, however it is broken into lines and written large. In
// a longer Latin word it is none; in Korean and Chinese a name has no end that could be seen.
func named(text, name string) bool {
	text, name = plainWords(text), plainWords(name)
	if name == "" {
		return false
	}
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(name)
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(text[to:])
		first, _ := utf8.DecodeRuneInString(name)
		last, _ := utf8.DecodeLastRuneInString(name)
		if !oneWord(before, first) && !oneWord(last, after) {
			return true
		}
		at = from + utf8.RuneLen(first)
	}
}

func oneWord(a, b rune) bool { return unicode.Is(unicode.Latin, a) && unicode.Is(unicode.Latin, b) }

func plainWords(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
}
