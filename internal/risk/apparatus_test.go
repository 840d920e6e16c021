package risk_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"kkachi/internal/risk"
)

func usual() risk.Apparatus {
	return risk.Apparatus{Contacts: .1, TraceLife: 1, Interval: 7, Detect: .3, Move: .01}
}

// Golden values of the design.
func TestApparatusOfTheDesign(t *testing.T) {
	for interval, want := range map[float64][2]float64{7: {.052, 191}, 2: {.152, 66}} {
		a := usual()
		a.Interval = interval
		e, err := a.Exposed()
		if err != nil || math.Abs(e.PerContact-want[0]) > .0005 || math.Round(float64(e.MeanDays)) != want[1] {
			t.Errorf("an inspection each %v days: %+v, %v; want %v", interval, e, err, want)
		}
	}
	weekly, _ := usual().Exposed()
	a := usual()
	a.Interval = 2
	even, err := a.BreakEvens(weekly.Rate)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]risk.BreakEven{}
	for _, b := range even {
		got[b.Field] = b
	}
	if hours := got["trace-life"].Value * 24; math.Abs(hours-6.9) > .05 {
		t.Errorf("mended by a trace life of %v hours, want 6.9", hours)
	}
	if times := got["contact-rate"].Value / a.Contacts; math.Abs(times-.35) > .005 {
		t.Errorf("mended by contacts × %v, want 0.35", times)
	}
	if b := got["session-interval"]; math.Abs(b.Value-7) > 1e-6 {
		t.Errorf("mended by an interval of %v days, want 7", b.Value)
	}
}

func TestNoInformant(t *testing.T) {
	a := usual()
	a.Informants, a.Peers, a.Confidants = 2, 10, 3
	e, err := a.Exposed()
	if want := 56.0 / 120; err != nil || math.Abs(e.NoInformant-want) > 1e-12 { // C(8,3)/C(10,3)
		t.Errorf("%v, %v; want %v", e.NoInformant, err, want)
	}
}

// Simulation against the closed forms over a grid of 60 cells and more: the mean of the day of
// the fatal contact within three standard errors of 1/(c·q), but for what chance allows in so
// many cells.
func TestLivesAgainstClosedForms(t *testing.T) {
	cells, out := 0, 0
	for _, c := range []float64{.05, .3, 1} {
		for _, tau := range []float64{.2, 1, 5} {
			for _, interval := range []float64{2, 7} {
				for _, detect := range []float64{.1, .5, 1} {
					for _, move := range []float64{0, .05} {
						a := risk.Apparatus{Contacts: c, TraceLife: tau, Interval: interval, Detect: detect, Move: move}
						cells++
						if z := meanError(t, a, uint64(cells)); math.Abs(z) > 3 {
							out++
							t.Logf("%+v: %.1f standard errors", a, z)
						}
					}
				}
			}
		}
	}
	if cells < 60 || out > 2 { // 108 cells: 0.3 are expected beyond three, more than 2 in 0.3 % of seeds
		t.Errorf("%d of %d cells lie beyond three standard errors", out, cells)
	}
}

func meanError(t *testing.T, a risk.Apparatus, seed uint64) float64 {
	t.Helper()
	const runs = 2000
	e, err := a.Exposed()
	if err != nil {
		t.Fatal(err)
	}
	l, err := risk.Simulate(a, runs, seed)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, r := range l.Runs {
		sum += r.Fatal
	}
	return (sum/runs - float64(e.MeanDays)) / (float64(e.MeanDays) / math.Sqrt(runs))
}

// The day of the fatal contact is exponential: KS at 1 % passes for 95 % of 200 seeds, and
// does not pass another rate.
func TestFatalContactIsExponential(t *testing.T) {
	e, err := usual().Exposed()
	if err != nil {
		t.Fatal(err)
	}
	passed, other := 0, 0
	for seed := range uint64(200) {
		l, err := risk.Simulate(usual(), 1000, seed)
		if err != nil {
			t.Fatal(err)
		}
		if _, p := l.KS(e.Rate); p >= .01 {
			passed++
		}
		if _, p := l.KS(e.Rate * 1.2); p >= .01 {
			other++
		}
	}
	if passed < 190 || other > 20 {
		t.Errorf("%d of 200 seeds pass, %d under a rate that is a fifth higher", passed, other)
	}
}

func TestLivesAreReproducible(t *testing.T) {
	a := usual()
	a.Informants, a.Peers, a.Confidants, a.Slip = 1, 20, 2, .001
	one, err := risk.Simulate(a, 500, 9)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := risk.Simulate(a, 500, 9)
	if fmt.Sprint(one) != fmt.Sprint(two) {
		t.Error("one seed, two outcomes")
	}
	// Common random numbers: a better policy ends no life sooner.
	a.Detect /= 2
	better, _ := risk.Simulate(a, 500, 9)
	for i := range better.Runs {
		if better.Runs[i].End < one.Runs[i].End {
			t.Fatalf("life %d ends on day %v under less detection, %v before", i, better.Runs[i].End, one.Runs[i].End)
		}
	}
	shares := one.Shares()
	sum := 0.0
	for _, s := range shares {
		sum += s
	}
	if math.Abs(sum-1) > 1e-9 || shares["informant"] < .05 || shares["informant"] > .16 || shares["slip"] == 0 || shares["trace"] == 0 || shares["movement"] == 0 {
		t.Errorf("shares %v", shares)
	}
	curve := one.Survival(400, 40)
	if len(curve) != 41 || curve[0].Unseen > 1 || curve[40].Day != 400 {
		t.Errorf("curve %v", curve)
	}
	for i := range curve[1:] {
		if curve[i+1].Unseen > curve[i].Unseen {
			t.Errorf("the curve rises at day %v", curve[i+1].Day)
		}
	}
}

func TestApparatusRefuses(t *testing.T) {
	for name, change := range map[string]func(*risk.Apparatus){
		"contacts": func(a *risk.Apparatus) { a.Contacts = 0 },
		"NaN":      func(a *risk.Apparatus) { a.TraceLife = math.NaN() },
		"interval": func(a *risk.Apparatus) { a.Interval = math.Inf(1) },
		"detect":   func(a *risk.Apparatus) { a.Detect = 1.1 },
		"k over m": func(a *risk.Apparatus) { a.Informants = 1 },
		"slip":     func(a *risk.Apparatus) { a.Slip = -1 },
	} {
		a := usual()
		change(&a)
		if _, err := a.Exposed(); !errors.Is(err, risk.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := risk.Simulate(a, 10, 1); err == nil {
			t.Errorf("%s: simulated", name)
		}
	}
	if _, err := risk.Simulate(usual(), 0, 1); !errors.Is(err, risk.ErrRange) {
		t.Errorf("no runs: %v", err)
	}
}
