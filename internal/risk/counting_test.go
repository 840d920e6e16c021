package risk_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// A counter plays the adversary who counts opportunities. Counts are drawn from a table with a guide, and their
// logarithms looked up: a candidate and a story cost one random number and two looks.
type counter struct {
	rng    *rand.Rand
	upTo   []float64 // P(X ≤ x)
	guide  []int32   // where to begin to look, by the first digits of the random number
	scores []float64 // ln(x/μ)
}

const guides = 256

func newCounter(mean float64, seed uint64) *counter {
	c := &counter{rng: rand.New(rand.NewPCG(seed, math.Float64bits(mean)))}
	sum := 0.0
	for x := 0; sum < 1-1e-15 && x < 2000; x++ {
		sum += distuv.Poisson{Lambda: mean}.Prob(float64(x))
		c.upTo = append(c.upTo, sum)
	}
	for x := range len(c.upTo) + 1 { // one more: the source has an opportunity besides
		c.scores = append(c.scores, math.Log(float64(x)/mean))
	}
	for g := range guides {
		c.guide = append(c.guide, int32(sort.SearchFloat64s(c.upTo, float64(g)/guides)))
	}
	return c
}

// count draws X ~ Poisson(μ).
func (c *counter) count() int {
	u := c.rng.Float64()
	x := int(c.guide[int(u*guides)])
	for x < len(c.upTo)-1 && c.upTo[x] < u {
		x++
	}
	return x
}

// story adds a story to the scores of all; the first is the source.
func (c *counter) story(sums []float64) {
	sums[0] += c.scores[min(c.count()+1, len(c.scores)-1)]
	for i := 1; i < len(sums); i++ {
		sums[i] += c.scores[c.count()]
	}
}

// naiveStory is the same, as one writes it first.
func naiveStory(pois distuv.Poisson, sums []float64) {
	for i := range sums {
		x := pois.Rand()
		if i == 0 {
			x++
		}
		sums[i] += math.Log(x / pois.Lambda)
	}
}

// posteriors plays the counting adversary: after how many stories the event comes, in each of
// so many runs, as ascending numbers of stories.
func posteriors(n int, mu float64, runs int, event func(scores []float64) bool) []int {
	c := newCounter(mu, uint64(n))
	at := make([]int, runs)
	scores := make([]float64, n)
	for r := range at {
		clear(scores)
		for story := 1; story <= 400 && at[r] == 0; story++ {
			c.story(scores)
			if event(scores) {
				at[r] = story
			}
		}
	}
	slices.Sort(at)
	return at
}

// The table draws what the distribution says.
func TestCounterIsPoisson(t *testing.T) {
	for _, mu := range []float64{.3, 1, 5, 40} {
		const n = 40_000
		c := newCounter(mu, 3)
		seen := map[int]int{}
		for range n {
			seen[c.count()]++
		}
		chi, cells := 0.0, 0
		for x, p := 0, 0.0; x < len(c.upTo); x++ {
			if p = (distuv.Poisson{Lambda: mu}).Prob(float64(x)); p*n > 10 {
				chi += math.Pow(float64(seen[x])-p*n, 2) / (p * n)
				cells++
			}
		}
		if limit := float64(cells) + 4.5*math.Sqrt(2*float64(cells)); chi > limit {
			t.Errorf("μ %v: χ² %v over %d cells", mu, chi, cells)
		}
	}
}
