package risk

import (
	"fmt"
	"math"
)

// Limits of the timing functions: beyond them a sum would not end, and no newsroom lies.
const (
	MaxCandidates = 1_000_000_000
	MaxMean       = 1000 // opportunities in the window of uncertainty
)

// ExpectedStories is E[T] = Σ_{n≥0} [1 − (1 − pⁿ)^(N−1)]: how many stories until only the
// source had an opportunity for all of them, when each of the N candidates has one for a
// story with probability p, independently. N ≥ 1, 0 ≤ p < 1.
//
// Source: intersection of those who could have, Kesdogan, Agrawal and Penz, Limits of Anonymity in
// Open Environments (2002).
func ExpectedStories(candidates int, p float64) (float64, error) {
	if err := checkCandidates(candidates); err != nil {
		return 0, err
	}
	if !finite(p) || p < 0 || p > 0.9999 {
		return 0, fmt.Errorf("p: %w: at least 0, at most 0.9999", ErrRange)
	}
	sum := 0.0
	for pn := 1.0; ; pn *= p {
		term := 1 - UniqueAfter(candidates, pn)
		sum += term
		if term < 1e-12 {
			return sum, nil
		}
	}
}

// UniqueAfter is the probability that nobody but the source fits stories which each other
// candidate fits with probability fit: the product of the stories' own probabilities, pⁿ if
// they are equal.
func UniqueAfter(candidates int, fit float64) float64 {
	if candidates <= 1 || fit <= 0 {
		return 1
	}
	if fit >= 1 {
		return 0
	}
	return math.Exp(float64(candidates-1) * math.Log1p(-fit))
}

// StoryBits is b(μ) = E[log₂((1+X)/μ)], X ~ Poisson(μ): what a counting adversary learns of
// the source from one story, where candidates have μ opportunities on average within the
// days that are possible. 0 < μ ≤ 1000.
//
// Sources: who counts, Danezis, Statistical Disclosure Attacks (2003); what a count tells, Kullback and
// Leibler, On Information and Sufficiency (1951).
func StoryBits(mean float64) (float64, error) {
	if !finite(mean) || mean <= 0 || mean > MaxMean {
		return 0, fmt.Errorf("mu: %w: above 0, at most %d", ErrRange, MaxMean)
	}
	sum := 0.0
	for x := range poissonEnd(mean) {
		sum += poisson(mean, x) * math.Log2(float64(1+x)/mean)
	}
	return sum, nil
}

// poisson is the probability of x under a mean.
func poisson(mean float64, x int) float64 {
	lg, _ := math.Lgamma(float64(x + 1))
	return math.Exp(float64(x)*math.Log(mean) - mean - lg)
}

// poissonEnd is a count that is passed with a probability under 1e-18.
func poissonEnd(mean float64) int { return int(mean+12*math.Sqrt(mean)) + 30 }

// A Budget is how many stories a source can carry before a counting adversary gets near.
type Budget struct {
	BitsPerStory float64 `json:"bits_per_story"`
	Five         int     `json:"budget_5pct"`    // until the source's posterior reaches 1/k with 5 %
	Median       float64 `json:"median_stories"` // until it does with 50 %
}

// CountingBudget is n₅ = x²/κ rounded down, κ = b(μ) ln 2, L = ln(N/k),
// x = ½(√(2z²+4L) − z√2), z = 1.645, and the median L/κ. Its event: the posterior of the
// true source reaches 1/k. Both are 0 where N ≤ k: there is no crowd to begin with.
//
// Source: the sum of logarithms that reaches a bound, Wald, Sequential Analysis (1947). The bound and its
// quantile are this house's, and held to a simulation.
func CountingBudget(candidates int, mean, k float64) (Budget, error) {
	if err := checkCandidates(candidates); err != nil {
		return Budget{}, err
	}
	b, err := StoryBits(mean)
	if err != nil {
		return Budget{}, err
	}
	if !finite(k) || k < 1 {
		return Budget{}, fmt.Errorf("k: %w: at least 1", ErrRange)
	}
	out := Budget{BitsPerStory: b}
	l := math.Log(float64(candidates) / k)
	if l <= 0 {
		return out, nil
	}
	kappa := b * math.Ln2
	x := (math.Sqrt(2*z95*z95+4*l) - z95*math.Sqrt2) / 2
	out.Five = wholeStories(x * x / kappa)
	out.Median = l / kappa
	return out, nil
}

// wholeStories rounds down, bounded so that any number is an int.
func wholeStories(n float64) int { return int(min(math.Floor(n), 1e9)) }

func checkCandidates(n int) error {
	if n < 1 || n > MaxCandidates {
		return fmt.Errorf("candidates: %w: 1 to %d", ErrRange, MaxCandidates)
	}
	return nil
}

// HoldDays is how long to hold a story until k people know what it tells:
// t* = (1/r) ln[(M/K₀−1)/(M/k−1)] days, from K(t) = M/(1+(M/K₀−1)e^{−rt}), where known is K₀,
// reach is M, the most who will ever know, and rate is r, a day. It is 0 where k know already,
// and an error where k never will: then no delay helps.
//
// Source: growth up to a bound, Verhulst, Notice sur la loi que la population suit dans son
// accroissement (1838).
func HoldDays(known, reach, rate, k float64) (float64, error) {
	for _, in := range []struct {
		name  string
		value float64
	}{{"known", known}, {"reach", reach}, {"rate", rate}, {"k", k}} {
		if !finite(in.value) || in.value <= 0 {
			return 0, fmt.Errorf("%s: %w: above 0", in.name, ErrRange)
		}
	}
	switch {
	case known > reach:
		return 0, fmt.Errorf("known: %w: more than ever will know", ErrRange)
	case known >= k:
		return 0, nil
	case k >= reach:
		return 0, fmt.Errorf("k: %w: so many will never know it, so no delay helps: print less", ErrRange)
	}
	days := math.Log((reach/known-1)/(reach/k-1)) / rate
	if !finite(days) {
		return 0, fmt.Errorf("rate: %w: too small", ErrRange)
	}
	return days, nil
}
