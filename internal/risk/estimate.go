package risk

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// z95 is the 95 % quantile of the standard normal distribution; a 90 % range spans twice it.
const z95 = 1.645

// ErrRange is wrapped by each refusal of a range or a number.
var ErrRange = errors.New("not a usable range")

// A Range is a 90 % range of a number that nobody knows exactly: one in twenty such numbers
// lies under Lo, one in twenty over Hi. It stands for a lognormal distribution.
type Range struct{ Lo, Hi float64 }

// ParseRange reads "LO-HI" or one number, in plain decimals ("400-2500", "0.1-0.3", "12").
// Exponents, signs, blanks and separators of thousands are refused.
func ParseRange(s string) (Range, error) {
	lo, hi, two := strings.Cut(s, "-")
	if !two {
		hi = lo
	}
	var ends [2]float64
	for i, part := range []string{lo, hi} {
		v, err := plain(part)
		if err != nil {
			return Range{}, fmt.Errorf("%q: %w: write LO-HI in plain decimals, such as 0.1-0.3", s, err)
		}
		ends[i] = v
	}
	r := Range{ends[0], ends[1]}
	return r, r.check()
}

// plain reads digits with at most one point.
func plain(s string) (float64, error) {
	if s == "" || len(s) > 24 || strings.Trim(s, "0123456789.") != "" || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") {
		return 0, ErrRange
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, ErrRange
	}
	return v, nil
}

// check refuses what is not positive and finite, and a low end above the high one.
func (r Range) check() error {
	if !finite(r.Lo) || !finite(r.Hi) || r.Lo <= 0 {
		return fmt.Errorf("%s: %w: both ends must be numbers above 0", r, ErrRange)
	}
	if r.Lo > r.Hi {
		return fmt.Errorf("%s: %w: the low end is above the high end", r, ErrRange)
	}
	return nil
}

// checkFraction also refuses what is above 1.
func (r Range) checkFraction() error {
	if err := r.check(); err != nil {
		return err
	}
	if r.Hi > 1 {
		return fmt.Errorf("%s: %w: a fraction is at most 1", r, ErrRange)
	}
	return nil
}

// String is "LO-HI".
func (r Range) String() string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return f(r.Lo) + "-" + f(r.Hi)
}

// Median is the middle of the lognormal: the geometric mean of both ends.
func (r Range) Median() float64 { return math.Sqrt(r.Lo) * math.Sqrt(r.Hi) }

func (r Range) lognormal() lognormal {
	mu := (math.Log(r.Lo) + math.Log(r.Hi)) / 2
	sigma := (math.Log(r.Hi) - math.Log(r.Lo)) / (2 * z95)
	return lognormal{mu, sigma * sigma}
}

// A lognormal has the mean and the variance of the logarithm. A product of independent
// numbers has the sums of both.
type lognormal struct{ mu, variance float64 }

func (l lognormal) times(o lognormal) lognormal {
	return lognormal{l.mu + o.mu, l.variance + o.variance}
}

// quantile is at z standard deviations.
func (l lognormal) quantile(z float64) float64 { return math.Exp(l.mu + z*math.Sqrt(l.variance)) }

// below is the probability of less than k.
func (l lognormal) below(k float64) float64 {
	if l.variance == 0 {
		if l.quantile(0) < k {
			return 1
		}
		return 0
	}
	return phi((math.Log(k) - l.mu) / math.Sqrt(l.variance))
}

// phi is the distribution function of the standard normal.
func phi(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
