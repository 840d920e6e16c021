package risk

import (
	"fmt"
	"math"
)

// LeastUnits is how many missions, offices or households a crowd must span: a crowd within
// one is punished as one.
const LeastUnits = 3

// A Detail is something printed, and the fraction of the base population that it fits.
type Detail struct {
	Name     string
	Fraction Range
}

// A CrowdQuestion asks how many people fit all that is printed.
type CrowdQuestion struct {
	Base    Range
	Details []Detail
	Joint   *Range  // how many fit all, if somebody could say so directly: it goes before the product
	K       float64 // the least that is wanted, see KMin
	Units   int     // missions, offices or households that the crowd spans; 0: not known
}

// A Crowd is the answer. Numbers are people, but for PBelow, a probability, and Bits.
type Crowd struct {
	Median      float64   `json:"median"`
	Q05         float64   `json:"q05"`
	Q95         float64   `json:"q95"`
	PBelow      float64   `json:"p_below"` // of fewer than K
	FrechetLow  float64   `json:"frechet_low"`
	FrechetHigh float64   `json:"frechet_high"`
	Bits        []Bits    `json:"details"`
	Verdict     Verdict   `json:"verdict"`
	Reasons     []Reason  `json:"reasons"`
	dist        lognormal `json:"-"`
}

// Bits are what a detail costs: −log₂ of its fraction's median.
type Bits struct {
	Name string  `json:"name"`
	Bits float64 `json:"bits"`
}

// Fits answers a question. Base population and fractions are multiplied as independent
// lognormals; the Fréchet bounds beside it hold whatever depends on what, over both ends of the
// ranges. Refused with ErrRange: a range that is none, a fraction above 1, K under 1, fewer
// than 0 units, a joint count above the base, or above what one detail leaves of it.
//
// It BLOCKs when one in twenty crowds of these ranges is smaller than K, or the units are
// known and too few, or one detail alone leaves fewer than K; it HOLDs when the lowest ends
// together would leave fewer, or the units are not known.
//
// Sources: ranges from people, O'Hagan and others, Uncertain Judgements (2006); a crowd of at least
// K, Sweeney, k-anonymity (2002); the bounds, Fréchet, Fundamenta Mathematicae 25 (1935).
func Fits(q CrowdQuestion) (*Crowd, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	c := &Crowd{dist: q.Base.lognormal(), FrechetHigh: q.Base.Hi}
	lowest, sumLo := q.Base.Lo, 0.0
	for _, d := range q.Details {
		c.dist = c.dist.times(d.Fraction.lognormal())
		c.Bits = append(c.Bits, Bits{d.Name, max(0, -math.Log2(d.Fraction.Median()))})
		c.FrechetHigh = min(c.FrechetHigh, q.Base.Hi*d.Fraction.Hi)
		sumLo += 1 - d.Fraction.Lo
		lowest *= d.Fraction.Lo
	}
	c.FrechetLow = q.Base.Lo * max(0, 1-sumLo)
	if q.Joint != nil {
		c.dist, lowest = q.Joint.lognormal(), q.Joint.Lo
	}
	c.Median, c.Q05, c.Q95 = c.dist.quantile(0), c.dist.quantile(-z95), c.dist.quantile(z95)
	c.PBelow = c.dist.below(q.K)
	c.judge(q, lowest)
	return c, nil
}

func (c *Crowd) judge(q CrowdQuestion, lowest float64) {
	for _, d := range q.Details {
		if alone := q.Base.lognormal().times(d.Fraction.lognormal()).quantile(-z95); less(alone, q.K) && q.Joint == nil {
			c.add(Block, "detail", d.Name, alone, q.K)
		}
	}
	switch {
	case less(c.Q05, q.K):
		c.add(Block, "crowd", "", c.Q05, q.K)
	case less(lowest, q.K):
		c.add(Hold, "lowest", "", lowest, q.K)
	}
	switch {
	case q.Units == 0:
		c.add(Hold, "units-unknown", "", 0, LeastUnits)
	case q.Units < LeastUnits:
		c.add(Block, "units", "", float64(q.Units), LeastUnits)
	}
	c.Verdict = worst(c.Reasons)
}

func (c *Crowd) add(v Verdict, rule, detail string, have, want float64) {
	c.Reasons = append(c.Reasons, Reason{v, rule, detail, have, want})
}

// less is a < b but for the rounding of logarithms: a range of 20-40 is not under 20.
func less(a, b float64) bool { return a < b*(1-1e-12) }

func (q *CrowdQuestion) check() error {
	if err := q.Base.check(); err != nil {
		return fmt.Errorf("base: %w", err)
	}
	if q.Base.Hi > 1e10 {
		return fmt.Errorf("base %s: %w: more people than there are", q.Base, ErrRange)
	}
	if len(q.Details) > 1000 {
		return fmt.Errorf("details: %w: at most 1000", ErrRange)
	}
	for _, d := range q.Details {
		if err := d.Fraction.checkFraction(); err != nil {
			return fmt.Errorf("detail %s: %w", d.Name, err)
		}
	}
	if q.Joint != nil {
		if err := q.Joint.check(); err != nil {
			return fmt.Errorf("joint: %w", err)
		}
		if q.Joint.Hi > q.Base.Hi || q.Joint.Lo > q.Base.Lo {
			return fmt.Errorf("joint %s: %w: more people than the base %s", q.Joint, ErrRange, q.Base)
		}
		for _, d := range q.Details {
			if most := q.Base.Hi * d.Fraction.Hi; less(most, q.Joint.Hi) {
				return fmt.Errorf("joint %s: %w: %s alone leaves at most %.4g people", q.Joint, ErrRange, d.Name, most)
			}
		}
	}
	if !finite(q.K) || q.K < 1 {
		return fmt.Errorf("k: %w: at least 1", ErrRange)
	}
	if q.Units < 0 {
		return fmt.Errorf("units: %w: at least 0", ErrRange)
	}
	return nil
}

// EffectiveSize is how many people a distribution over people is worth. By min-entropy, on
// which the gate goes, it is 1 over the largest weight; by entropy, for a picture only,
// 2 to the entropy: one suspect at 0.5 beside a thousand at 0.0005 looks like 63 by entropy
// and is 2. Weights need not add up to 1; those that are not above 0 count for nothing.
//
// Sources: entropy, Serjantov and Danezis, Towards an Information Theoretic Metric for Anonymity
// (2002); why not, Smith, On the Foundations of Quantitative Information Flow (2009).
func EffectiveSize(weights []float64) (byLargest, byEntropy float64) {
	sum, most := 0.0, 0.0
	for _, w := range weights {
		if finite(w) && w > 0 {
			sum += w
			most = max(most, w)
		}
	}
	if sum == 0 || !finite(sum) {
		return 0, 0
	}
	entropy := 0.0
	for _, w := range weights {
		if p := w / sum; finite(p) && p > 0 {
			entropy -= p * math.Log2(p)
		}
	}
	return sum / most, math.Exp2(entropy)
}
