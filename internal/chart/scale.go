package chart

import (
	"fmt"
	"math"
	"strings"
)

// An Axis says what is measured and how its numbers are written.
type Axis struct {
	Label    string
	Log      bool
	Min, Max float64              // both 0: as the values are
	Format   func(float64) string // nil: Number
}

func (a Axis) format(v float64) string {
	if a.Format != nil {
		return a.Format(v)
	}
	return Number(v)
}

// A scale turns values into pixels.
type scale struct {
	log      bool
	lo, hi   float64
	from, to float64
}

// span finds the ends of an axis over its values. A logarithmic axis has no place for what is not above 0.
func (a Axis) span(values []float64) (lo, hi float64, err error) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !finite(v) {
			return 0, 0, fmt.Errorf("%w: %s: %v is no number to draw", ErrChart, a.Label, v)
		}
		if a.Log && v <= 0 {
			return 0, 0, fmt.Errorf("%w: %s: %v on a logarithmic axis", ErrChart, a.Label, v)
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	if a.Min != a.Max {
		lo, hi = a.Min, a.Max
	}
	switch {
	case !finite(lo, hi) || a.Log && lo <= 0 || lo > hi:
		return 0, 0, fmt.Errorf("%w: %s: no values", ErrChart, a.Label)
	case lo == hi && a.Log:
		return lo / 2, hi * 2, nil
	case lo == hi:
		return lo - 1, hi + 1, nil
	}
	return lo, hi, nil
}

func (s scale) at(v float64) float64 {
	f := func(v float64) float64 {
		if s.log {
			return math.Log(v)
		}
		return v
	}
	share := (f(v) - f(s.lo)) / (f(s.hi) - f(s.lo))
	return s.from + min(1, max(0, share))*(s.to-s.from)
}

// ticks are round values within a scale, at most so many or a few more.
func (s scale) ticks(most int) []float64 {
	if s.log {
		return s.powers(most)
	}
	step := math.Pow(10, math.Floor(math.Log10((s.hi-s.lo)/float64(most))))
	for _, times := range []float64{1, 2, 5, 10} {
		if (s.hi-s.lo)/(step*times) <= float64(most) {
			step *= times
			break
		}
	}
	var out []float64
	for i := math.Ceil(s.lo/step - 1e-9); i*step <= s.hi+step*1e-9; i++ {
		out = append(out, i*step+0) // no −0
	}
	return out
}

func (s scale) powers(most int) []float64 {
	decades := math.Log10(s.hi / s.lo)
	steps := []float64{1}
	switch {
	case decades <= 1.2:
		steps = []float64{1, 2, 3, 5, 7}
	case decades <= float64(most)/3:
		steps = []float64{1, 2, 5}
	}
	jump := int(math.Max(1, math.Ceil(decades/float64(most))))
	var out []float64
	for e := int(math.Floor(math.Log10(s.lo))); e <= int(math.Ceil(math.Log10(s.hi))); e += jump {
		for _, m := range steps {
			if v := m * math.Pow(10, float64(e)); v >= s.lo*(1-1e-9) && v <= s.hi*(1+1e-9) {
				out = append(out, v)
			}
		}
	}
	return out
}

// Number writes a number as people do: 1,000 · 10 million · 0.05.
func Number(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "−", -v
	}
	switch {
	case v >= 1e6:
		return sign + trim(fmt.Sprintf("%.3g", v/1e6)) + " million"
	case v >= 999.5:
		return sign + Grouped(v)
	case v >= 100:
		return sign + fmt.Sprintf("%.0f", v)
	}
	return sign + trim(fmt.Sprintf("%.3g", v))
}

// Grouped writes a count in any language: 12,345,678.
func Grouped(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// trim writes small numbers out, where %g takes an exponent.
func trim(s string) string {
	if !strings.Contains(s, "e") {
		return s
	}
	var v float64
	if _, err := fmt.Sscan(s, &v); err != nil {
		return s
	}
	return strings.TrimRight(fmt.Sprintf("%.9f", v), "0")
}

// Percent writes a share of 1.
func Percent(v float64) string { return Number(v*100) + " %" }
