package risk_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// drawContext draws a context in which finer levels fit fewer people.
func drawContext(t *rapid.T) risk.Context {
	c := risk.Context{
		Base: drawRange(100, 1e6).Draw(t, "base"), K: rapid.Float64Range(1, 300).Draw(t, "k"), Units: 3,
		Fractions: map[risk.Axis][]risk.Range{}, Weights: map[risk.Axis]float64{risk.Place: rapid.Float64Range(0, 3).Draw(t, "weight")},
	}
	for axis, n := range map[risk.Axis]int{
		risk.Place: lang.MaxPlace, risk.Role: lang.MaxRole, risk.Day: lang.MaxDay, risk.Medium: lang.MaxMedium, risk.Gender: 1, risk.Count: 1,
	} {
		lo, hi := 1.0, 1.0
		for range rapid.IntRange(0, n).Draw(t, "levels") {
			step := rapid.Float64Range(.3, 1).Draw(t, "step")
			lo, hi = lo*step*.9, hi*step
			c.Fractions[axis] = append(c.Fractions[axis], risk.Range{Lo: lo, Hi: hi})
		}
	}
	return c
}

// atLeastAsFine says whether a tells no less than b on each axis.
func atLeastAsFine(a, b risk.Level) bool { return len(risk.Finer(b, a)) == 0 }

// forced is the verdict of one combination by brute force.
func forced(t *rapid.T, c risk.Context, l risk.Level) risk.Verdict {
	q := risk.CrowdQuestion{Base: c.Base, K: c.K, Units: c.Units, Details: slices.Clone(c.Details)}
	for axis, v := range map[risk.Axis]uint8{risk.Place: l.Place, risk.Role: l.Role, risk.Day: l.Day, risk.Medium: l.Medium, risk.Gender: bit(l.Gender), risk.Count: bit(l.Count)} {
		if int(v) > len(c.Fractions[axis]) {
			return risk.Block
		}
		if v > 0 {
			q.Details = append(q.Details, risk.Detail{Name: string(axis), Fraction: c.Fractions[axis][v-1]})
		}
	}
	return fits(t, q).Verdict
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func allLevels() []risk.Level {
	var out []risk.Level
	for p := range uint8(lang.MaxPlace + 1) {
		for r := range uint8(lang.MaxRole + 1) {
			for d := range uint8(lang.MaxDay + 1) {
				for m := range uint8(lang.MaxMedium + 1) {
					for g := range 4 {
						out = append(out, risk.Level{Place: p, Role: r, Day: d, Medium: m, Gender: g&1 == 1, Count: g&2 == 2})
					}
				}
			}
		}
	}
	return out
}

// The answers pass and are minimal, and none is missing: checked by brute force over all 3600.
func TestLatticeIsMinimal(t *testing.T) {
	levels := allLevels()
	if len(levels) != 3600 {
		t.Fatalf("%d combinations", len(levels))
	}
	rapid.Check(t, func(t *rapid.T) {
		c := drawContext(t)
		got, err := risk.Lattice(c)
		if err != nil {
			t.Fatal(err)
		}
		var passing []risk.Level
		for _, l := range levels {
			if forced(t, c, l) == risk.Pass {
				passing = append(passing, l)
			}
		}
		var want []risk.Level
		for _, l := range passing {
			if !slices.ContainsFunc(passing, func(f risk.Level) bool { return f != l && atLeastAsFine(f, l) }) {
				want = append(want, l)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d wordings, brute force finds %d", len(got), len(want))
		}
		for i, w := range got {
			if !slices.Contains(want, w.Level) {
				t.Fatalf("%v is no minimal passing combination", w.Level)
			}
			if i > 0 && w.Cost < got[i-1].Cost {
				t.Fatalf("wording %d costs less than the one before", i)
			}
		}
	})
}

func TestLatticeRefuses(t *testing.T) {
	c := risk.Context{Base: risk.Range{Lo: 100, Hi: 200}, K: 20, Units: 3}
	for name, f := range map[string]map[risk.Axis][]risk.Range{
		"child over parent": {risk.Place: {{Lo: .1, Hi: .2}, {Lo: .1, Hi: .3}}},
		"unknown axis":      {"shoe": {{Lo: .1, Hi: .2}}},
		"too many levels":   {risk.Gender: {{Lo: .1, Hi: .2}, {Lo: .1, Hi: .2}}},
	} {
		c.Fractions = f
		if _, err := risk.Lattice(c); !errors.Is(err, risk.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Going coarser later wins nothing back, and the order of stories does not matter.
func TestMosaic(t *testing.T) {
	city := risk.Printed{Hierarchy: "place", Level: 5, Fraction: risk.Range{Lo: .01, Hi: .02}}
	country := risk.Printed{Hierarchy: "place", Level: 2, Fraction: risk.Range{Lo: .5, Hi: .9}}
	trade := risk.Printed{Hierarchy: "role", Level: 2, Fraction: risk.Range{Lo: .1, Hi: .3}}
	for _, stories := range [][]risk.Printed{{city, trade, country}, {country, trade, city}, {trade, city, city, country, country}} {
		got, err := risk.Mosaic(stories)
		if err != nil || len(got) != 2 || got[0].Fraction != city.Fraction || got[1].Fraction != trade.Fraction {
			t.Errorf("%v: %v, %v", stories, got, err)
		}
	}
	wide := city
	wide.Fraction.Hi = .95
	if _, err := risk.Mosaic([]risk.Printed{country, wide}); !errors.Is(err, risk.ErrRange) {
		t.Errorf("a city that fits more people than its country: %v", err)
	}
}

func BenchmarkLattice(b *testing.B) {
	c := risk.Context{Base: risk.Range{Lo: 400, Hi: 2500}, K: 20, Units: 3, Fractions: map[risk.Axis][]risk.Range{}}
	for _, axis := range []risk.Axis{risk.Place, risk.Role, risk.Day, risk.Medium} {
		for n := range 4 {
			c.Fractions[axis] = append(c.Fractions[axis], risk.Range{Lo: .5 / float64(n+1), Hi: .9 / float64(n+1)})
		}
	}
	for b.Loop() {
		if _, err := risk.Lattice(c); err != nil {
			b.Fatal(err)
		}
	}
}
