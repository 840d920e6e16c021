package risk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Printed is one thing that a story printed of its source: how fine it is in its hierarchy
// (place, role, day …: larger is finer), and the fraction of the base population that it fits.
type Printed struct {
	Hierarchy string
	Level     uint8
	Fraction  Range
}

// Mosaic puts together what all stories that can be linked to one handle have printed: in each
// hierarchy the finest that ever stood in print. Going coarser later wins nothing back. Two
// values of one level are both known, so the narrower counts, end by end. Linkability is taken
// as certain. Refused with ErrRange: a fraction that is none, and a child above its parent, a
// finer level that fits more people than a coarser one of the same hierarchy.
//
// Source: several releases are intersected, Ganta, Kasiviswanathan and Smith, Composition Attacks and
// Auxiliary Information in Data Privacy (2008).
func Mosaic(printed []Printed) ([]Detail, error) {
	byName := map[string][]Printed{}
	for _, p := range printed {
		if err := p.Fraction.checkFraction(); err != nil {
			return nil, fmt.Errorf("%s, level %d: %w", p.Hierarchy, p.Level, err)
		}
		byName[p.Hierarchy] = append(byName[p.Hierarchy], p)
	}
	var out []Detail
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		ps := byName[name]
		slices.SortStableFunc(ps, func(a, b Printed) int { return cmp.Compare(a.Level, b.Level) })
		if err := childrenFit(ps); err != nil {
			return nil, err
		}
		finest := ps[len(ps)-1].Level
		fraction := Range{1, 1}
		for _, p := range ps {
			if p.Level == finest {
				fraction = Range{min(fraction.Lo, p.Fraction.Lo), min(fraction.Hi, p.Fraction.Hi)}
			}
		}
		if finest > 0 {
			out = append(out, Detail{name, fraction})
		}
	}
	return out, nil
}

// childrenFit refuses an estimate by which a finer value fits more people than a coarser one.
func childrenFit(ascending []Printed) error {
	var coarser, level Range // the narrowest of all coarser levels, and of those of this level too
	for i, p := range ascending {
		if i == 0 || p.Level != ascending[i-1].Level {
			if coarser = level; i == 0 {
				coarser, level = Range{1, 1}, Range{1, 1}
			}
		}
		if p.Fraction.Lo > coarser.Lo || p.Fraction.Hi > coarser.Hi {
			return fmt.Errorf("%s: %w: level %d (%s) fits more people than a coarser level (%s)", p.Hierarchy, ErrRange, p.Level, p.Fraction, coarser)
		}
		level = Range{min(level.Lo, p.Fraction.Lo), min(level.Hi, p.Fraction.Hi)}
	}
	return nil
}
