// Package lint reads a draft for what numbers do not see: words that point at one person, at an hour, a
// room or a car, wordings that few would use, quotes, spellings of the North, characters that nobody sees,
// and copies or editions that differ.
//
// What enters: texts with their languages and levels, and kinds of metadata that somebody else found in files.
// What leaves: findings, each with its place, its rule, why, and how to mend it. What may never be known here:
// who a source is. It knows small lists of patterns and words: what it does not find may still give a source
// away, and a person must read the draft.
package lint

import (
	"cmp"
	"slices"
	"strconv"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// A Grade says how much a finding weighs.
type Grade uint8

// Grades. What blocks is mended before anything is printed; what warns is looked at.
const (
	Warn Grade = iota
	Block
)

// String is "warn" or "block".
func (g Grade) String() string {
	if g == Warn {
		return "warn"
	}
	return "block"
}

// MarshalText is for JSON.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// A Rule names what a finding is about.
type Rule string

// Rules of the attribution: what is finer than its level.
const (
	RuleWeekday  Rule = "weekday"
	RuleDate     Rule = "date"
	RuleWeek     Rule = "week"
	RuleMonth    Rule = "month"
	RulePhone    Rule = "phone"
	RuleApp      Rule = "app"
	RulePaper    Rule = "paper"
	RuleCountry  Rule = "country"
	RuleRegion   Rule = "region"
	RuleProvince Rule = "province"
	RuleCity     Rule = "city"
	RuleRole     Rule = "role"
	RuleGender   Rule = "gender"
	RuleCount    Rule = "count"
)

// Rules beside those of the attribution.
const (
	RuleQuote    Rule = "quote"     // a long direct quote
	RuleQuoted   Rule = "quoted"    // words of one source quoted so far
	RuleRare     Rule = "rare"      // a sequence of words that few would use
	RuleDialect  Rule = "dialect"   // words of the North
	RuleSpelling Rule = "spelling"  // spelling of the North
	RuleNumber   Rule = "number"    // an exact number
	RuleRoom     Rule = "room"      // a room or a floor
	RulePlate    Rule = "plate"     // a number plate
	RuleOnly     Rule = "only"      // the only one
	RuleKin      Rule = "kin"       // a relative
	RulePronoun  Rule = "pronoun"   // he, she
	RuleUnit     Rule = "unit"      // a small named unit
	RuleHidden   Rule = "hidden"    // a character that nobody sees
	RuleLookLike Rule = "homoglyph" // a character that looks like another
	RuleScript   Rule = "script"    // traditional characters
	RuleVariant  Rule = "variant"   // what one copy says and the other does not
	RuleFigure   Rule = "figure"    // a number that one edition has and the other does not
	RuleEdition  Rule = "edition"   // an edition finer than another
	RuleMetadata Rule = "metadata"  // what a file carries beside its picture
)

// A Draft is a text that may be printed.
type Draft struct {
	Name string // of its file, for findings
	Lang lang.Tag
	Text string
}

// A Finding is a place in a draft and what is wrong with it.
type Finding struct {
	File       string
	Line       int // from 1
	Column     int // from 1, in characters
	Start, End int // bytes of the draft
	Text       string
	Rule       Rule
	Grade      Grade
	Args       []any // of the words why and mend
}

// Why says in language t what it gives away.
func (f Finding) Why(t lang.Tag) string { return lang.T(t, "risk.why."+string(f.Rule), f.Args...) }

// Mend says in language t how to put it instead.
func (f Finding) Mend(t lang.Tag) string { return lang.T(t, "risk.mend."+string(f.Rule), f.Args...) }

// Place is FILE:LINE:COLUMN, as compilers write it.
func (f Finding) Place() string {
	return f.File + ":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)
}

// Check reads one draft whose attribution may be as fine as level. Findings come in order of place. In a
// sentence that speaks of a source, what is finer than the level blocks, and so do relatives, pronouns and
// units; elsewhere they warn, for a story has other people and days in it.
func Check(d Draft, level risk.Level) []Finding {
	var out []Finding
	add := func(start, end int, rule Rule, grade Grade, args ...any) {
		out = append(out, d.finding(start, end, rule, grade, args...))
	}
	for _, s := range sentences(d.Text) {
		text := d.Text[s.start:s.end]
		source := speaksOfSource(d.Lang, text)
		grade := Warn
		if source {
			grade = Block
		}
		for _, f := range Finer(d.Lang, text, level) {
			add(s.start+f.Start, s.start+f.End, f.Rule, grade)
		}
		for _, p := range patternsOf(d.Lang) {
			for _, at := range p.find(text) {
				g := p.grade
				if p.ofPerson && source {
					g = Block
				}
				add(s.start+at[0], s.start+at[1], p.rule, g)
			}
		}
	}
	out = append(out, d.exactNumbers()...)
	out = append(out, d.rare()...)
	out = append(out, d.quotes()...)
	out = append(out, d.hidden()...)
	return sorted(out)
}

// Anywhere reads for what blocks wherever it stands, and costs little to look for: characters that nobody sees or
// that look like others, rooms and number plates.
func Anywhere(d Draft) []Finding {
	var out []Finding
	for _, f := range d.hidden() {
		if f.Grade == Block {
			out = append(out, f)
		}
	}
	for _, p := range patternsOf(d.Lang) {
		if p.rule != RuleRoom && p.rule != RulePlate {
			continue
		}
		for _, at := range p.find(d.Text) {
			out = append(out, d.finding(at[0], at[1], p.rule, Block, d.Text[at[0]:at[1]]))
		}
	}
	return sorted(out)
}

func (d Draft) finding(start, end int, rule Rule, grade Grade, args ...any) Finding {
	line, column := place(d.Text, start)
	return Finding{File: d.Name, Line: line, Column: column, Start: start, End: end, Text: d.Text[start:end], Rule: rule, Grade: grade, Args: args}
}

// sorted puts findings in order of place, and drops what another finding says already: one of the same rule
// around it, or of a rule that says more.
func sorted(fs []Finding) []Finding {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(b.Grade, a.Grade), cmp.Compare(a.Rule, b.Rule))
	})
	var out []Finding
	for i, f := range fs {
		said := slices.ContainsFunc(out, func(o Finding) bool { return o.Rule == f.Rule && around(o, f) })
		for _, o := range fs {
			said = said || o.File == f.File && slices.Contains(saysMore[f.Rule], o.Rule) && around(o, f)
		}
		if !said {
			out = append(out, fs[i])
		}
	}
	return out
}

// around says whether f lies within o.
func around(o, f Finding) bool {
	return o.File == f.File && o.Start <= f.Start && f.End <= o.End && f.End > f.Start
}

// saysMore names the rules beside which a rule says nothing new of the same words: the number of a room is no
// exact number as well.
var saysMore = map[Rule][]Rule{
	RuleNumber:  {RuleRoom, RulePlate, RuleUnit, RuleDate},
	RuleUnit:    {RuleRoom},
	RuleDialect: {RuleSpelling, RuleUnit},
}

// Metadata is a finding in a file that holds a picture: what kind was found, and at which byte.
func Metadata(file, kind string, offset int) Finding {
	return Finding{File: file, Line: 1, Column: offset + 1, Start: offset, End: offset, Rule: RuleMetadata, Grade: Block, Args: []any{kind, offset}}
}

// AnyBlocks says whether a finding blocks.
func AnyBlocks(fs []Finding) bool {
	return slices.ContainsFunc(fs, func(f Finding) bool { return f.Grade == Block })
}
