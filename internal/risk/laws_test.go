package risk_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// drawCase draws a case in which nothing is missing: whether it passes is chance.
func drawCase(t *rapid.T) *risk.Case {
	c, err := risk.ParseCase(strings.NewReader(passing))
	if err != nil {
		t.Fatal(err)
	}
	base := drawRange(500, 1e5).Draw(t, "base")
	c.Base = &risk.Pair{base.Lo, base.Hi}
	c.Searchable, c.Success, c.Accepted = ptr(rapid.Float64Range(1, 10).Draw(t, "C")), ptr(rapid.Float64Range(.05, 1).Draw(t, "δ")), ptr(rapid.Float64Range(.02, .2).Draw(t, "α"))
	// few stories allowed are computed fast
	c.Timing = &risk.Timing{Candidates: rapid.IntRange(50, 500).Draw(t, "N"), Mean: rapid.Float64Range(.5, 6).Draw(t, "μ")}
	c.Timing.Candidates = min(c.Timing.Candidates, int(base.Lo))
	c.Fractions = map[risk.Axis][]*risk.Pair{}
	for axis, n := range map[risk.Axis]int{risk.Place: lang.MaxPlace, risk.Role: lang.MaxRole, risk.Day: lang.MaxDay, risk.Medium: lang.MaxMedium, risk.Gender: 1, risk.Count: 1} {
		lo, hi := 1.0, 1.0
		for range n {
			step := rapid.Float64Range(.4, 1).Draw(t, "step")
			lo, hi = lo*step*.9, hi*step
			c.Fractions[axis] = append(c.Fractions[axis], &risk.Pair{lo, hi})
		}
	}
	level := drawLevelOf(t)
	setLevel(c, func(l *risk.Level) { *l = level })
	c.Ledger.Finest = nil
	return c
}

func drawLevelOf(t *rapid.T) risk.Level {
	return risk.Level{
		Place: uint8(rapid.IntRange(0, lang.MaxPlace).Draw(t, "place")), Role: uint8(rapid.IntRange(0, lang.MaxRole).Draw(t, "role")),
		Day: uint8(rapid.IntRange(0, lang.MaxDay).Draw(t, "day")), Medium: uint8(rapid.IntRange(0, lang.MaxMedium).Draw(t, "medium")),
		Gender: rapid.Bool().Draw(t, "gender"), Count: rapid.Bool().Draw(t, "count"),
	}
}

// The verdict of the gate is monotone: more people who can be searched, a search that succeeds more often, a risk that
// is accepted less, a lower low end, a range widened evenly, one more detail, or a finer word never make it better.
func TestVerdictIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		before, err := risk.Judge(c)
		if err != nil {
			t.Skip(err)
		}
		by := rapid.Float64Range(1, 3).Draw(t, "by")
		worse := map[string]func(c *risk.Case){
			"C":                   func(c *risk.Case) { *c.Searchable *= by },
			"δ":                   func(c *risk.Case) { *c.Success = min(1, *c.Success*by) },
			"α":                   func(c *risk.Case) { *c.Accepted /= by },
			"low end of the base": func(c *risk.Case) { c.Base[0] /= by },
			"base, wider":         func(c *risk.Case) { c.Base[0] /= by; c.Base[1] *= by },
			"low end of a detail": func(c *risk.Case) { c.Details[0].Fraction[0] /= by },
			"detail, wider": func(c *risk.Case) {
				f := min(by, 1/c.Details[0].Fraction[1])
				c.Details[0].Fraction[0] /= f
				c.Details[0].Fraction[1] *= f
			},
			"one more detail": func(c *risk.Case) {
				c.Details = append(c.Details, risk.CaseDetail{Name: "more", Fraction: &risk.Pair{.5 / by, 1 / by}})
			},
			"a finer word": func(c *risk.Case) {
				setLevel(c, func(l *risk.Level) { l.Day = min(lang.MaxDay, l.Day+1) })
			},
			"an earlier story was finer": func(c *risk.Case) {
				c.Ledger.Finest = append(c.Ledger.Finest, risk.LedgerRow{Hierarchy: "day", Level: lang.MaxDay, Fraction: c.Fractions[risk.Day][lang.MaxDay-1]})
			},
			"a chain less":  func(c *risk.Case) { *c.Chains-- },
			"a story more":  func(c *risk.Case) { c.Ledger.Stories++ },
			"words quoted":  func(c *risk.Case) { c.Ledger.Quoted += 1000 },
			"fewer to hide": func(c *risk.Case) { c.Timing.Candidates = max(1, c.Timing.Candidates/2) },
		}
		for name, change := range worse {
			again := copied(t, c)
			change(again)
			after, err := risk.Judge(again)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if after.Verdict < before.Verdict {
				t.Fatalf("%s: %v after %v: %+v, %+v", name, after.Verdict, before.Verdict, before.Reasons, after.Reasons)
			}
			if after.Crowd != nil && before.Crowd != nil && after.Crowd.Q05 > before.Crowd.Q05*(1+1e-9) {
				t.Fatalf("%s: the low end of the crowd rises from %v to %v", name, before.Crowd.Q05, after.Crowd.Q05)
			}
		}
	})
}

// copied is a case that shares nothing with c.
func copied(t *rapid.T, c *risk.Case) *risk.Case {
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var out risk.Case
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// Arbitrary numbers, NaN and infinity among them, put straight into a case: no NaN comes out, no crowd is
// negative, nothing panics.
func FuzzNumbers(f *testing.F) {
	f.Add(400.0, 2500.0, .1, .3, 3.0, .3, .05, 3000, 5.0, 5.0, 400.0, .5, 6.0, 16.0, 20.0)
	f.Add(math.NaN(), math.Inf(1), -1.0, 2.0, math.Inf(-1), 0.0, math.NaN(), -5, 1e300, 0.0, -1.0, math.NaN(), -6.0, 1e-300, math.MaxFloat64)
	f.Add(1e-300, 1e300, 5e-324, 1.0, 1e15, 1.0, 5e-324, 1, 1e-300, 1e-300, 1e300, 1e-300, 0.0, 0.0, 0.0)
	f.Fuzz(func(t *testing.T, baseLo, baseHi, lo, hi, searchable, success, accepted float64, candidates int, mean, known, reach, rate, shown, jointLo, jointHi float64) {
		if candidates > 1e5 || mean > 50 {
			return // slow, and no other code
		}
		c := parseCase(t, passing)
		c.Base, c.Details[0].Fraction = &risk.Pair{baseLo, baseHi}, &risk.Pair{lo, hi}
		c.Searchable, c.Success, c.Accepted = &searchable, &success, &accepted
		c.Timing, c.Hold, c.Shown = &risk.Timing{Candidates: candidates, Mean: mean}, &risk.HoldIf{Known: known, Reach: reach, Rate: rate}, &shown
		for _, joint := range []*risk.Pair{nil, {jointLo, jointHi}} {
			c.Joint = joint
			j, err := risk.Judge(c)
			if err != nil {
				continue
			}
			if _, err := json.Marshal(j); err != nil {
				t.Fatalf("a judgement that is no JSON: %v", err)
			}
			if j.Crowd != nil && !(j.Crowd.Q05 >= 0 && j.Crowd.Median >= j.Crowd.Q05*(1-1e-9) && j.Crowd.PBelow >= 0 && j.Crowd.PBelow <= 1) {
				t.Fatalf("crowd %+v", j.Crowd)
			}
			if j.Verdict == risk.Pass && (math.IsNaN(baseLo) || baseLo < 20) {
				t.Fatalf("PASS of %v people", baseLo)
			}
		}
	})
}
