package risk

import (
	"cmp"
	"fmt"
	"slices"

	"kkachi/internal/lang"
)

// A Context is what a newsroom knows about the people among whom a source stands, for the
// choice of an attribution.
type Context struct {
	Base  Range
	K     float64
	Units int
	// Fractions of the base population that each level fits, by axis, from level 1 on; level 0
	// fits everybody. A level that is missing is never proposed.
	Fractions map[Axis][]Range
	Details   []Detail         // what else the story or an earlier one prints
	Weights   map[Axis]float64 // what a step coarser costs in credibility; 1 where none is given
}

// A Wording is a combination of levels.
type Wording struct {
	Level Level   `json:"level"`
	Cost  float64 `json:"cost"` // steps to the finest of each axis, weighted
	Q05   float64 `json:"q05"`
	Bits  float64 `json:"bits"` // what the attribution alone spends
}

// Lattice judges all 3600 combinations (place 6 × role 5 × medium 5 × day 6 × gender 2 × count
// 2) and gives each minimal passing one: it passes, and with any one axis a step finer it does
// not. They come cheapest first. Refused with ErrRange: what Fits refuses, and a level that
// fits more people than a coarser one.
func Lattice(c Context) ([]Wording, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	var (
		finest  = finestOf()
		passing = map[Level]*Wording{}
		failed  error
	)
	each(finest, func(l Level) {
		w, err := c.wording(l, finest)
		if err != nil {
			failed = err
		}
		if w != nil {
			passing[l] = w
		}
	})
	if failed != nil {
		return nil, failed
	}
	var out []Wording
	for l, w := range passing {
		if !slices.ContainsFunc(finer(l, finest), func(f Level) bool { return passing[f] != nil }) {
			out = append(out, *w)
		}
	}
	slices.SortFunc(out, func(a, b Wording) int {
		va, vb := values(a.Level), values(b.Level)
		return cmp.Or(cmp.Compare(a.Cost, b.Cost), slices.Compare(va[:], vb[:]))
	})
	return out, nil
}

func finestOf() [6]uint8 {
	return [6]uint8{lang.MaxPlace, lang.MaxRole, lang.MaxDay, lang.MaxMedium, 1, 1}
}

func levelOf(v [6]uint8) Level {
	return Level{Place: v[0], Role: v[1], Day: v[2], Medium: v[3], Gender: v[4] == 1, Count: v[5] == 1}
}

// each calls f for each combination up to finest.
func each(finest [6]uint8, f func(Level)) {
	var v [6]uint8
	for {
		f(levelOf(v))
		i := 0
		for ; i < len(v) && v[i] == finest[i]; i++ {
			v[i] = 0
		}
		if i == len(v) {
			return
		}
		v[i]++
	}
}

// finer lists the combinations one step finer on one axis.
func finer(l Level, finest [6]uint8) []Level {
	var out []Level
	v := values(l)
	for i := range v {
		if v[i] < finest[i] {
			v[i]++
			out = append(out, levelOf(v))
			v[i]--
		}
	}
	return out
}

// wording judges one combination: nil if it does not pass.
func (c *Context) wording(l Level, finest [6]uint8) (*Wording, error) {
	q := CrowdQuestion{Base: c.Base, K: c.K, Units: c.Units, Details: slices.Clone(c.Details)}
	w := &Wording{Level: l}
	for i, axis := range axes() {
		have := values(l)[i]
		weight := 1.0
		if given, ok := c.Weights[axis]; ok {
			weight = given
		}
		w.Cost += weight * float64(finest[i]-have)
		if have == 0 {
			continue
		}
		if int(have) > len(c.Fractions[axis]) || c.Fractions[axis][have-1] == (Range{}) {
			return nil, nil
		}
		q.Details = append(q.Details, Detail{string(axis), c.Fractions[axis][have-1]})
	}
	crowd, err := Fits(q)
	if err != nil || crowd.Verdict != Pass {
		return nil, err
	}
	w.Q05 = crowd.Q05
	for _, b := range crowd.Bits[len(c.Details):] {
		w.Bits += b.Bits
	}
	return w, nil
}

func (c *Context) check() error {
	known := axes()
	for axis, fractions := range c.Fractions {
		i := slices.Index(known[:], axis)
		if i < 0 {
			return fmt.Errorf("%q: %w: no axis of an attribution", axis, ErrRange)
		}
		if len(fractions) > int(finestOf()[i]) {
			return fmt.Errorf("%s: %w: at most %d levels", axis, ErrRange, finestOf()[i])
		}
		var printed []Printed
		for n, f := range fractions {
			if f != (Range{}) {
				printed = append(printed, Printed{string(axis), uint8(n + 1), f})
			}
		}
		if _, err := Mosaic(printed); err != nil {
			return err
		}
	}
	for axis, w := range c.Weights {
		if !finite(w) || w < 0 || !slices.Contains(known[:], axis) {
			return fmt.Errorf("weight of %q: %w: at least 0, of an axis", axis, ErrRange)
		}
	}
	return nil
}
