package risk_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"kkachi/internal/risk"
)

// Golden values: those of the design, to the digits given there.

func TestExpectedStories(t *testing.T) {
	for _, c := range []struct {
		n       int
		p, want float64
	}{{6, .5, 3.79}, {30, .7, 11.61}, {300, .1, 3.24}, {300, .5, 9.56}, {300, .798, 28.33}, {3000, .9, 81.97}} {
		got, err := risk.ExpectedStories(c.n, c.p)
		if err != nil || math.Abs(got-c.want) > 0.005 {
			t.Errorf("%d candidates, p %v: %v stories (%v), want %v", c.n, c.p, got, err, c.want)
		}
	}
}

func TestStoryBits(t *testing.T) {
	for mu, want := range map[float64]float64{.3: 2.02, 1: .83, 3: .263, 5: .151, 10: .0735} {
		got, err := risk.StoryBits(mu)
		digits := 0.005
		if want < .5 {
			digits = 0.0005
		}
		if want < .1 {
			digits = 0.00005
		}
		if err != nil || math.Abs(got-want) > digits {
			t.Errorf("b(%v) = %v (%v), want %v", mu, got, err, want)
		}
	}
}

func TestHoldDays(t *testing.T) {
	got, err := risk.HoldDays(5, 400, .5, 50)
	if err != nil || math.Abs(got-4.85) > 0.005 {
		t.Errorf("%v days (%v), want 4.85", got, err)
	}
	if got, err := risk.HoldDays(50, 400, .5, 50); got != 0 || err != nil {
		t.Errorf("a story that k know already is held for %v days, %v", got, err)
	}
	if _, err := risk.HoldDays(5, 40, .5, 50); err == nil {
		t.Error("a story that k will never know has a day on which it may go")
	}
}

func TestKMin(t *testing.T) {
	for _, c := range []struct{ c, d, a, want float64 }{{0, .5, .05, 20}, {20, .5, .05, 200}, {1, 1, 1, 20}, {3, .7, .1, 21}} {
		if got, err := risk.KMin(c.c, c.d, c.a); err != nil || got != c.want {
			t.Errorf("k of %v: %v, %v", c, got, err)
		}
	}
}

// The budget never lies above the simulated 5 % quantile, in any cell of the grid.
func TestBudgetsAgainstSimulation(t *testing.T) {
	runs := map[int]int{300: 300, 3000: 100}
	if testing.Short() {
		runs = map[int]int{300: 60}
	}
	for n, runs := range runs {
		for _, mu := range []float64{.6, 1, 2, 5, 10} {
			for _, k := range []float64{2, 20} {
				at := posteriors(n, mu, runs, func(s []float64) bool {
					sum := 0.0
					for _, v := range s {
						sum += math.Exp(v - s[0])
					}
					return 1/sum >= 1/k
				})
				b, err := risk.CountingBudget(n, mu, k)
				if err != nil {
					t.Fatal(err)
				}
				// the event must not come by the budget's last story with more than 5 %, and three
				// standard errors of so many runs
				by, _ := slices.BinarySearch(at, b.Five+1)
				limit := 0.05 + 3*math.Sqrt(0.05*0.95/float64(runs))
				if share := float64(by) / float64(runs); b.Five > 0 && share > limit {
					t.Errorf("N %d, μ %v, k %v: after %d stories the event has come in %.3f of the runs", n, mu, k, b.Five, share)
				}
			}
		}
	}
}

const (
	topRuns  = 600
	topError = 0.0089 // √(0.05 × 0.95 / topRuns)
)

// inTop simulates how often the source is among the top c of n after so many stories.
func inTop(n int, mu float64, c, stories int) float64 {
	adversary := newCounter(mu, uint64(stories))
	hits := 0
	scores := make([]float64, n)
	for range topRuns {
		clear(scores)
		for range stories {
			adversary.story(scores)
		}
		above := 0
		for _, v := range scores[1:] {
			if v > scores[0]+1e-9 {
				above++
			}
		}
		if above < c {
			hits++
		}
	}
	if stories == 0 {
		return 0
	}
	return float64(hits) / topRuns
}

func TestTopCAgainstSimulation(t *testing.T) {
	got, err := risk.TopCBudget(3000, 5, 20, .05)
	if err != nil || got.Stories != 3 {
		t.Errorf("N 3000, μ 5, C 20: %d stories (%v), want about 3", got.Stories, err)
	}
	if five, _ := risk.CountingBudget(3000, 5, 20); five.Five != 17 {
		t.Errorf("N 3000, μ 5, k 20: %d stories, want 17", five.Five)
	}
	for _, mu := range []float64{.6, 2, 5, 10} {
		for _, c := range []int{2, 12} {
			const n = 300
			b, err := risk.TopCBudget(n, mu, c, .05)
			if err != nil {
				t.Fatal(err)
			}
			within, after := inTop(n, mu, c, b.Stories), inTop(n, mu, c, b.Stories+2)
			if within > 0.05+3*topError || b.Stories < 200 && after < 0.05-3*topError {
				t.Errorf("μ %v, C %d: a budget of %d, after it the source is in the top in %.3f of the runs, two later in %.3f", mu, c, b.Stories, within, after)
			}
		}
	}
	if got, _ := risk.TopCBudget(100, 5, 20, .05); got.Stories != 0 || got.Why == "" {
		t.Errorf("20 of 100 can be searched, and the budget is %+v", got)
	}
}

func TestTimingRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, f := range map[string]func() error{
		"p 1":         func() error { _, err := risk.ExpectedStories(3, 1); return err },
		"p NaN":       func() error { _, err := risk.ExpectedStories(3, nan); return err },
		"nobody":      func() error { _, err := risk.ExpectedStories(0, .5); return err },
		"mu 0":        func() error { _, err := risk.StoryBits(0); return err },
		"mu infinite": func() error { _, err := risk.CountingBudget(30, inf, 2); return err },
		"k NaN":       func() error { _, err := risk.CountingBudget(30, 1, nan); return err },
		"alpha 1":     func() error { _, err := risk.TopCBudget(30, 1, 1, 1); return err },
		"searchable":  func() error { _, err := risk.TopCBudget(30, 1, 0, .05); return err },
		"rate":        func() error { _, err := risk.HoldDays(5, 400, 0, 50); return err },
		"known":       func() error { _, err := risk.HoldDays(500, 400, 1, 600); return err },
	} {
		if err := f(); !errors.Is(err, risk.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
