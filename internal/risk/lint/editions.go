package lint

import (
	"regexp"
	"strconv"
	"strings"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// A shade is the finest that an edition prints of its source on one axis, and where.
type shade struct {
	level uint8
	span
}

// Editions compares the editions of one story in several languages: the finest decides what all give away,
// so each place in which one is finer than another blocks. What they print of their source is read from the
// sentences that speak of one. A figure that another edition has not is a warning.
func Editions(ds []Draft) []Finding {
	var out []Finding
	shades := make([]map[risk.Axis]shade, len(ds))
	for i, d := range ds {
		shades[i] = d.shades()
	}
	for i, d := range ds {
		for j, other := range ds {
			if d.Lang == other.Lang {
				continue
			}
			for axis, s := range shades[i] {
				if there := shades[j][axis]; s.level > there.level && len(shades[j]) > 0 {
					out = append(out, d.finding(s.start, s.end, RuleEdition, Block, sign(axis, s.level), other.Name, sign(axis, there.level)))
				}
			}
			out = append(out, d.figures(other)...)
		}
	}
	return sorted(out)
}

// coarse are the words of the first level of an axis, which no ceiling forbids and which editions must share.
var coarse = map[lang.Tag][]struct {
	axis risk.Axis
	re   *regexp.Regexp
}{
	lang.English: {{risk.Day, re(`(?i)\b(?:recently|in recent days|recent)\b`)}, {risk.Medium, re(`(?i)\btold us\b|\bcontacted us\b`)}, {risk.Place, re(`(?i)\boutside (?:of )?the country\b`)}},
	lang.Korean:  {{risk.Day, re(`최근`)}, {risk.Medium, re(`전해 ?왔|알려 ?왔`)}, {risk.Place, re(`해외 (?:또 다른 )?소식통`)}},
	lang.Chinese: {{risk.Day, re(`近日|最近|近来`)}, {risk.Medium, re(`透露|告诉本报`)}, {risk.Place, re(`境外(?:消息|知情)人士`)}},
}

// shades are empty in a text that speaks of no source; else each axis has one.
func (d Draft) shades() map[risk.Axis]shade {
	out := map[risk.Axis]shade{}
	for _, s := range sentences(d.Text) {
		text := d.Text[s.start:s.end]
		if !speaksOfSource(d.Lang, text) {
			continue
		}
		if len(out) == 0 {
			for _, axis := range []risk.Axis{risk.Place, risk.Role, risk.Day, risk.Medium, risk.Gender, risk.Count} {
				out[axis] = shade{0, s}
			}
		}
		for _, c := range coarse[d.Lang] {
			if at := c.re.FindStringIndex(text); at != nil && out[c.axis].level == 0 {
				out[c.axis] = shade{1, span{s.start + at[0], s.start + at[1]}}
			}
		}
		for _, f := range Finer(d.Lang, text, risk.Level{}) {
			if f.Needs > out[f.Axis].level {
				out[f.Axis] = shade{f.Needs, span{s.start + f.Start, s.start + f.End}}
			}
		}
	}
	return out
}

// sign is a level as papers write it: D4.
func sign(a risk.Axis, level uint8) string {
	letter := map[risk.Axis]string{risk.Place: "L", risk.Role: "R", risk.Day: "D", risk.Medium: "M", risk.Gender: "G", risk.Count: "N"}[a]
	return letter + strconv.Itoa(int(level))
}

// least is the smallest figure that editions are held to: smaller ones are written out.
const least = 13

func (d Draft) figures(other Draft) []Finding {
	theirs := map[float64]bool{}
	for _, f := range figuresOf(other.Text) {
		theirs[f.value] = true
	}
	var out []Finding
	for _, f := range figuresOf(d.Text) {
		if !theirs[f.value] {
			out = append(out, d.finding(f.start, f.end, RuleFigure, Warn, d.Text[f.start:f.end], other.Name))
		}
	}
	return out
}

type figure struct {
	value float64
	span
}

// scales are words by which a figure is multiplied.
var scales = []struct {
	word string
	by   float64
}{{" million", 1e6}, {" billion", 1e9}, {" thousand", 1e3}, {"만", 1e4}, {"억", 1e8}, {"천", 1e3}, {"万", 1e4}, {"亿", 1e8}, {"千", 1e3}, {" 만", 1e4}, {" 억", 1e8}}

func figuresOf(text string) []figure {
	var out []figure
	for _, at := range digits.FindAllStringIndex(text, -1) {
		v, err := strconv.ParseFloat(strings.NewReplacer(",", "", "，", "").Replace(text[at[0]:at[1]]), 64)
		if err != nil || partOfDate(text[:at[0]], "", text[at[1]:]) {
			continue
		}
		end := at[1]
		for _, s := range scales {
			if strings.HasPrefix(text[at[1]:], s.word) {
				v, end = v*s.by, at[1]+len(s.word)
			}
		}
		if v >= least {
			out = append(out, figure{v, span{at[0], end}})
		}
	}
	return out
}

// Printed is the level that a draft prints of its source, as far as patterns show it.
func Printed(d Draft) (risk.Level, bool) {
	s := d.shades()
	return lang.Level{
		Place: s[risk.Place].level, Role: s[risk.Role].level, Day: s[risk.Day].level, Medium: s[risk.Medium].level,
		Gender: s[risk.Gender].level > 0, Count: s[risk.Count].level > 0,
	}, len(s) > 0
}
