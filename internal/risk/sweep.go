package risk

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Draws is how many times the priors are drawn in a sweep.
const Draws = 200

// A Prior is what is known of one number of an apparatus: a 90 % range.
type Prior struct {
	Field string
	Range Range
}

// Priors are ranges of half to double of each number that a break-even is looked for, where nobody gave any:
// probabilities reach at most 1.
func (a Apparatus) Priors() []Prior {
	var out []Prior
	for _, f := range a.breakFields() {
		if *f.at > 0 {
			out = append(out, Prior{f.name, Range{*f.at / 2, min(*f.at*2, f.to)}})
		}
	}
	return out
}

// A Band is the middle of many draws and, around it, 5 to 95 % of them.
type Band struct {
	Day    float64 `json:"day"`
	Low    float64 `json:"q05"`
	Median float64 `json:"median"`
	High   float64 `json:"q95"`
}

// A Sweep is what an apparatus does when its numbers are drawn from their priors.
type Sweep struct {
	Draws    int    `json:"draws"`
	Lives    int    `json:"lives_a_draw"`
	Survival []Band `json:"survival"`
	MeanDays Band   `json:"mean_days"` // of the closed form; Day is 0
	Passing  Share  `json:"passing"`
}

// A Share is how many of the draws keep a limit of exposures a day.
type Share struct {
	Limit float64 `json:"limit"`
	Share float64 `json:"share"`
}

// Sweep draws the numbers that have a prior so many times, simulates lives under each with the same luck, and
// gives bands of the curve over n+1 days from 0 to days. Progress, if given, is told how many draws are done.
func (a Apparatus) Sweep(priors []Prior, draws, lives int, seed uint64, days, limit float64, n int, progress func(int)) (*Sweep, error) {
	if err := a.checkPriors(priors); err != nil {
		return nil, err
	}
	if draws < 1 || draws > 10*Draws || lives < 1 || draws*lives > MaxRuns || n < 1 || n > 1000 {
		return nil, fmt.Errorf("draws: %w: draws × lives are at most %d", ErrRange, MaxRuns)
	}
	if !finite(days) || !finite(limit) || days <= 0 || limit < 0 {
		return nil, fmt.Errorf("days: %w: above 0", ErrRange)
	}
	out := &Sweep{Draws: draws, Lives: lives, Passing: Share{Limit: limit}}
	curves, means := make([][]Point, draws), make([]float64, draws)
	source := rand.New(rand.NewPCG(seed, math.MaxUint64)) // no life draws from it
	for d := range draws {
		b := a
		for _, p := range priors {
			b.set(p.Field, p.Range.lognormal().quantile(source.NormFloat64()))
		}
		e, err := b.Exposed()
		if err != nil {
			return nil, err
		}
		if means[d] = float64(e.MeanDays); e.Rate <= limit {
			out.Passing.Share += 1 / float64(draws)
		}
		l, err := simulateTo(b, lives, seed, days, nil)
		if err != nil {
			return nil, err
		}
		curves[d] = l.Survival(days, n)
		if progress != nil {
			progress(d + 1)
		}
	}
	for i := range n + 1 {
		at := make([]float64, draws)
		for d := range curves {
			at[d] = curves[d][i].Unseen
		}
		out.Survival = append(out.Survival, band(curves[0][i].Day, at))
	}
	out.MeanDays = band(0, means)
	return out, nil
}

func (a Apparatus) checkPriors(priors []Prior) error {
	if err := a.Check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, p := range priors {
		if !a.set(p.Field, p.Range.Lo) || seen[p.Field] {
			return fmt.Errorf("prior %s: %w: no number of an apparatus, or named twice", p.Field, ErrRange)
		}
		seen[p.Field] = true
		if err := p.Range.check(); err != nil {
			return fmt.Errorf("prior %s: %w", p.Field, err)
		}
		for _, end := range []float64{p.Range.Lo, p.Range.Hi} {
			b := a
			for _, f := range b.breakFields() {
				if f.name == p.Field {
					*f.at = end
				}
			}
			if err := b.Check(); err != nil {
				return fmt.Errorf("prior: %w", err)
			}
		}
	}
	return nil
}

// set puts a value into a field, within its bounds; false where there is no such field.
func (a *Apparatus) set(field string, v float64) bool {
	for _, f := range a.breakFields() {
		if f.name == field {
			*f.at = min(f.to, max(f.from, v))
			return true
		}
	}
	return false
}

func band(day float64, values []float64) Band {
	slices.Sort(values)
	at := func(share float64) float64 { return values[int(share*float64(len(values)-1)+.5)] }
	return Band{day, at(.05), at(.5), at(.95)}
}
