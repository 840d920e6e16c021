package risk

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"kkachi/internal/lang"
)

// A Context is what a newsroom knows about the people among whom a source stands, for the
// choice of an attribution.
type Context struct {
	Base  Range
	K     float64
	Units int
	Joint *Range
	// Fractions of the base population that each level fits, by axis, from level 1 on; level 0
	// fits everybody. A level that is missing (zero) is never proposed.
	Fractions map[Axis][]Range
	Printed   []Printed        // what earlier stories of the same source printed; axes are hierarchies too
	Details   []Detail         // what else the story prints
	Weights   map[Axis]float64 // what a step coarser costs in credibility; 1 where none is given
	Within    *Level           // the finest that is proposed; nil: any
}

// Options are the details that stand in print, by axis and level, with what was printed
// before: a hierarchy knows nothing of the others, so each is put together once.
type options struct {
	at    [6][]*Detail // by level from 0; nil: nothing is known of that level
	fixed []Detail     // of hierarchies that no axis changes, and of the story
}

func (c *Context) options() (*options, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	o := new(options)
	known := axes()
	for i, axis := range known {
		before := slices.DeleteFunc(slices.Clone(c.Printed), func(p Printed) bool { return p.Hierarchy != string(axis) })
		for level := range finestOf()[i] + 1 {
			printed := slices.Clone(before)
			if level > 0 {
				if int(level) > len(c.Fractions[axis]) || c.Fractions[axis][level-1] == (Range{}) {
					o.at[i] = append(o.at[i], nil)
					continue
				}
				printed = append(printed, Printed{string(axis), level, c.Fractions[axis][level-1]})
			}
			merged, err := Mosaic(printed)
			if err != nil {
				return nil, err
			}
			d := Detail{string(axis), Range{1, 1}}
			if len(merged) > 0 {
				d = merged[0]
			}
			o.at[i] = append(o.at[i], &d)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(c.Printed), func(p Printed) bool { return slices.Contains(known[:], Axis(p.Hierarchy)) })
	merged, err := Mosaic(rest)
	o.fixed = append(merged, c.Details...)
	return o, err
}

// question asks for the crowd under an attribution. Missing are axes whose level has no
// estimate.
func (c *Context) question(o *options, l Level) (q CrowdQuestion, missing []Axis) {
	q = CrowdQuestion{Base: c.Base, K: c.K, Units: c.Units, Joint: c.Joint}
	q.Details = make([]Detail, 0, len(o.at)+len(o.fixed))
	for i, level := range values(l) {
		switch d := o.at[i][level]; {
		case d == nil:
			missing = append(missing, axes()[i])
		case d.Fraction != (Range{1, 1}):
			q.Details = append(q.Details, *d)
		}
	}
	q.Details = append(q.Details, o.fixed...)
	return q, missing
}

// A Wording is a combination of levels.
type Wording struct {
	Level Level   `json:"level"`
	Cost  float64 `json:"cost"` // steps to the finest that was allowed, weighted
	Q05   float64 `json:"q05"`
	Bits  float64 `json:"bits"` // what the attribution alone spends
}

// Lattice judges all 3600 combinations (place 6 × role 5 × medium 5 × day 6 × gender 2 × count
// 2) and gives each minimal passing one: it passes, and with any one axis a step finer it does
// not. They come cheapest first. Refused with ErrRange: what Fits refuses, and a level that
// fits more people than a coarser one.
//
// Source: minimal generalisations in a lattice, Samarati, Protecting Respondents' Identities in
// Microdata Release (2001).
func Lattice(c Context) ([]Wording, error) {
	o, err := c.options()
	if err != nil {
		return nil, err
	}
	var (
		finest  = c.finest()
		passing = map[Level]*Wording{}
		failed  error
	)
	each(finest, func(l Level) {
		w, err := c.wording(o, l, finest)
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

func (c *Context) finest() [6]uint8 {
	if c.Within != nil {
		return values(*c.Within)
	}
	return finestOf()
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
func (c *Context) wording(o *options, l Level, finest [6]uint8) (*Wording, error) {
	q, missing := c.question(o, l)
	if len(missing) > 0 {
		return nil, nil
	}
	crowd, err := Fits(q)
	if err != nil || crowd.Verdict != Pass {
		return nil, err
	}
	w := &Wording{Level: l, Q05: crowd.Q05}
	for i, axis := range axes() {
		have := values(l)[i]
		weight := 1.0
		if given, ok := c.Weights[axis]; ok {
			weight = given
		}
		w.Cost += weight * float64(finest[i]-have)
		if have > 0 {
			w.Bits -= math.Log2(c.Fractions[axis][have-1].Median())
		}
	}
	return w, nil
}

func (c *Context) check() error {
	known := axes()
	if c.Within != nil && !c.Within.Valid() {
		return fmt.Errorf("within: %w: no level", ErrRange)
	}
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
