package crowd

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// A population is how readers differ: each has a rate of visits a day of her own, drawn from a
// log-normal distribution, and comes on a day with the chance that a Poisson process of
// that rate gives, more often on weekdays and when a story breaks.
type population struct {
	median   float64    // visits a day of the reader in the middle
	spread   float64    // standard deviation of the logarithm of the rates
	breaking float64    // times as many visits on a day on which a story breaks
	week     [7]float64 // of each weekday, from Monday; the mean is 1
}

// usual are the readers of doc/crowd.md: the one in the middle comes once a week.
func usual() population {
	return population{0.15, 1.2, 3, [7]float64{1.15, 1.15, 1.1, 1.1, 1.05, 0.7, 0.75}}
}

// alike are readers who all come on any day with chance p.
func alike(p float64) population {
	return population{median: -math.Log1p(-p), breaking: 1, week: [7]float64{1, 1, 1, 1, 1, 1, 1}}
}

// A date is what about a day changes how many come.
type date struct {
	weekday  int // 0 is Monday
	breaking bool
}

// visits is the chance that a reader of a rate comes on a date.
func (p population) visits(rate float64, d date) float64 {
	rate *= p.week[d.weekday]
	if d.breaking {
		rate *= p.breaking
	}
	return -math.Expm1(-rate)
}

// A class is the readers of about one rate.
type class struct{ rate, share float64 }

// classes cut the population: at a hundred and one places, four deviations either way.
func (p population) classes() []class {
	if p.spread == 0 {
		return []class{{p.median, 1}}
	}
	const step = 0.08
	var out []class
	total := 0.0
	for i := -50; i <= 50; i++ {
		z := float64(i) * step
		share := distuv.UnitNormal.CDF(z+step/2) - distuv.UnitNormal.CDF(z-step/2)
		out = append(out, class{p.median * math.Exp(p.spread*z), share})
		total += share
	}
	for i := range out {
		out[i].share /= total
	}
	return out
}

// draw is the rate of one reader.
func (p population) draw(rnd *rand.Rand) float64 {
	return p.median * math.Exp(p.spread*rnd.NormFloat64())
}

// meanVisits is the share of readers who come on a date.
func (p population) meanVisits(d date) float64 {
	sum := 0.0
	for _, c := range p.classes() {
		sum += c.share * p.visits(c.rate, d)
	}
	return sum
}

// binomial draws how many of n do what each does with chance p.
func binomial(rnd *rand.Rand, n int, p float64) int {
	switch {
	case n == 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	}
	return int(distuv.Binomial{N: float64(n), P: p, Src: rnd}.Rand())
}
