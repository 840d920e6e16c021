package risk

import (
	"fmt"
	"math"
)

// scoreStep is the grid on which logarithms of counts are added up. Others' scores are
// rounded down and the source's up, so that rounding never flatters.
const scoreStep = 1.0 / 128

// maxTopStories ends the search: a budget beyond it is reported as this.
const maxTopStories = 200

// nothing is a probability that can change no answer.
const nothing = 1e-18

// A TopBudget is how many stories pass before the apparatus, which can search so many
// people, has the source among those it would search first.
type TopBudget struct {
	Stories int    `json:"budget_top_c"`
	Why     string `json:"why,omitempty"` // why there is no budget at all
}

// TopCBudget gives the most stories after each of which the source stands among the
// searchable top of N candidates, ranked by a counting adversary, with a probability of at
// most alpha. A candidate's score is the sum of ln X over the stories, X ~ Poisson(μ)
// opportunities, one more for the source. The apparatus is taken to search once, when it
// likes; one that searches its top anew after each story gets there sooner. It is 0, and
// says why, where searchable/N is above alpha: a search at random would do as well.
//
// Source: who ranks by likelihood errs least, Neyman and Pearson, On the Problem of the Most Efficient Tests of
// Statistical Hypotheses (1933). The budget is this house's, and held to a simulation.
func TopCBudget(candidates int, mean float64, searchable int, alpha float64) (TopBudget, error) {
	if err := checkCandidates(candidates); err != nil {
		return TopBudget{}, err
	}
	if _, err := StoryBits(mean); err != nil {
		return TopBudget{}, err
	}
	if searchable < 1 {
		return TopBudget{}, fmt.Errorf("searchable: %w: at least 1", ErrRange)
	}
	if !finite(alpha) || alpha <= 0 || alpha >= 1 {
		return TopBudget{}, fmt.Errorf("alpha: %w: above 0, below 1", ErrRange)
	}
	if float64(searchable)/float64(candidates) > alpha {
		return TopBudget{Why: "a search at random finds the source as often: searchable / candidates is above alpha"}, nil
	}
	others := scores(mean, 0)
	source := scores(mean, 1)
	sumOthers, sumSource := pmf{p: []float64{1}}, pmf{p: []float64{1}}
	for n := range maxTopStories {
		sumOthers, sumSource = sumOthers.plus(others), sumSource.plus(source)
		if amongTop(sumSource, sumOthers, candidates-1, searchable) > alpha {
			return TopBudget{Stories: n}, nil
		}
	}
	return TopBudget{Stories: maxTopStories}, nil
}

// A pmf is a distribution on the grid: p[i] is the probability of (from+i)·scoreStep. What
// is missing to 1 has the score −∞: somebody without any opportunity.
type pmf struct {
	from int
	p    []float64
}

// scores is the distribution of ln(X+more), X ~ Poisson(mean): rounded down for others
// (more 0), up for the source (more 1).
func scores(mean float64, more int) pmf {
	var out pmf
	for x := range poissonEnd(mean) {
		count := x + more
		if count == 0 {
			continue
		}
		at := math.Log(float64(count)) / scoreStep
		i := int(math.Floor(at))
		if more > 0 {
			i = int(math.Ceil(at))
		}
		for len(out.p) <= i {
			out.p = append(out.p, 0)
		}
		out.p[i] += poisson(mean, x)
	}
	return out
}

// plus is the distribution of a sum. Points of a probability that can change nothing are cut
// off at both ends of the sum.
func (a pmf) plus(b pmf) pmf {
	out := pmf{a.from + b.from, make([]float64, len(a.p)+len(b.p)-1)}
	for j, q := range b.p {
		if q < nothing {
			continue
		}
		for i, p := range a.p {
			out.p[i+j] += p * q
		}
	}
	for len(out.p) > 1 && out.p[len(out.p)-1] < nothing {
		out.p = out.p[:len(out.p)-1]
	}
	for len(out.p) > 1 && out.p[0] < nothing {
		out.p, out.from = out.p[1:], out.from+1
	}
	return out
}

// amongTop is the probability that fewer than top of n others score above the source.
func amongTop(source, others pmf, n, top int) float64 {
	total, above := 0.0, 0.0
	j := len(others.p) - 1
	for i := len(source.p) - 1; i >= 0; i-- {
		for ; j >= 0 && others.from+j > source.from+i; j-- {
			above += others.p[j]
		}
		if source.p[i] > 0 {
			total += source.p[i] * fewer(n, min(1, above), top)
		}
	}
	return total
}

// fewer is P(Binomial(n, p) < top).
func fewer(n int, p float64, top int) float64 {
	mean := float64(n) * p
	switch {
	case n < top, p <= 0, mean < float64(top)-12*math.Sqrt(mean)-30:
		return 1
	case p >= 1, mean > float64(top)+12*math.Sqrt(mean)+30:
		return 0
	}
	term := math.Exp(float64(n) * math.Log1p(-p))
	if term == 0 { // a mean of more than 700: as good as normal
		return phi((float64(top) - 0.5 - mean) / math.Sqrt(mean*(1-p)))
	}
	sum := 0.0
	for k := range top {
		sum += term
		term *= float64(n-k) / float64(k+1) * p / (1 - p)
	}
	return min(1, sum)
}
