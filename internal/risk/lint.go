package risk

import (
	"cmp"
	"slices"

	"kkachi/internal/lang"
)

// A Rule names what a finding is about.
type Rule string

// The rules of the lint.
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
	RuleGender   Rule = "gender"
	RuleCount    Rule = "count"
)

// A Finding is a place in a sentence that prints what its level forbids.
type Finding struct {
	Start, End int    // bytes of the sentence
	Text       string // what stands there
	Rule       Rule
	Axis       Axis
	Needs      uint8 // the least level on the axis that would allow it
}

// Why says in language t what the words give away.
func (f Finding) Why(t lang.Tag) string { return lang.T(t, "risk.why."+string(f.Rule)) }

// Mend says in language t how to put it instead.
func (f Finding) Mend(t lang.Tag) string { return lang.T(t, "risk.mend."+string(f.Rule)) }

// Lint finds what text, written in language t, prints although level l forbids it, in order
// of place. It knows a small list of patterns and place names: what it does not find may
// still give a source away, and a person must read the draft. Roles are not judged, for the
// trade of which a story treats is no attribution. A language that is not known gets the
// patterns of all.
func Lint(t lang.Tag, text string, l Level) []Finding {
	have := map[Axis]uint8{}
	for i, axis := range axes() {
		have[axis] = values(l)[i]
	}
	var out []Finding
	for _, p := range patterns(t) {
		if have[p.axis] >= p.needs {
			continue
		}
		for _, at := range p.find(text) {
			out = append(out, Finding{at[0], at[1], text[at[0]:at[1]], p.rule, p.axis, p.needs})
		}
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.Rule, b.Rule))
	})
	return outermost(out)
}

// outermost drops findings that lie within one of the same axis before them.
func outermost(sorted []Finding) []Finding {
	var out []Finding
	for _, f := range sorted {
		within := slices.ContainsFunc(out, func(o Finding) bool { return o.Axis == f.Axis && f.End <= o.End })
		if !within {
			out = append(out, f)
		}
	}
	return out
}
