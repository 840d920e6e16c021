package lint

import (
	"cmp"
	"slices"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// A Fine place prints of a source what its level forbids.
type Fine struct {
	Start, End int    // bytes of the sentence
	Text       string // what stands there
	Rule       Rule
	Axis       risk.Axis
	Needs      uint8 // the least level on the axis that would allow it
}

// Finer finds what text, written in language t, prints although level l forbids it, in order
// of place: the patterns by which the desk's gate and Check read alike. It knows a small list of patterns and place names: what it does not find may
// still give a source away, and a person must read the draft. A role is read beside the word for a
// source only, for the trade of which a story treats is no attribution. A language that is not known gets the
// patterns of all.
func Finer(t lang.Tag, text string, l risk.Level) []Fine {
	have := risk.ByAxis(l)
	var out []Fine
	for _, p := range levelsOf(t) {
		if have[p.axis] >= p.needs {
			continue
		}
		for _, at := range p.find(text) {
			out = append(out, Fine{at[0], at[1], text[at[0]:at[1]], p.rule, p.axis, p.needs})
		}
	}
	slices.SortFunc(out, func(a, b Fine) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.Rule, b.Rule))
	})
	return outermost(out)
}

// outermost drops findings that lie within one of the same axis before them that is as fine.
func outermost(sorted []Fine) []Fine {
	var out []Fine
	for _, f := range sorted {
		within := slices.ContainsFunc(out, func(o Fine) bool { return o.Axis == f.Axis && f.End <= o.End && f.Needs <= o.Needs })
		if !within {
			out = append(out, f)
		}
	}
	return out
}
