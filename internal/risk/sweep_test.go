package risk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"kkachi/internal/chart"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

func TestSweep(t *testing.T) {
	a := usual()
	priors := a.Priors()
	if len(priors) != 5 {
		t.Fatalf("priors %v", priors)
	}
	told := 0
	s, err := a.Sweep(priors, risk.Draws, 200, 3, 600, .005, 20, func(done int) { told = done })
	if err != nil || told != risk.Draws || len(s.Survival) != 21 {
		t.Fatal(err, told, s)
	}
	for i, b := range s.Survival {
		if !(b.Low <= b.Median && b.Median <= b.High && b.Low >= 0 && b.High <= 1) || i > 0 && b.Median > s.Survival[i-1].Median {
			t.Errorf("band %+v", b)
		}
	}
	e, _ := a.Exposed()
	if m := s.MeanDays; m.Low > float64(e.MeanDays)/2 || m.High < float64(e.MeanDays)*1.5 || math.Abs(m.Median/float64(e.MeanDays)-1) > .25 {
		t.Errorf("mean days %+v around %v", m, e.MeanDays)
	}
	if s.Passing.Share < .2 || s.Passing.Share > .8 {
		t.Errorf("%v of the draws keep a rate near today's", s.Passing.Share)
	}
	again, _ := a.Sweep(priors, risk.Draws, 200, 3, 600, .005, 20, nil)
	if fmt.Sprint(again) != fmt.Sprint(s) {
		t.Error("one seed, two sweeps")
	}
	// Without priors the band has no width but for no reason: each draw meets the same luck.
	flat, err := a.Sweep(nil, 20, 200, 3, 600, .005, 20, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range flat.Survival {
		if b.Low != b.High {
			t.Errorf("numbers that are known have a band: %+v", b)
		}
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}

func TestSweepRefuses(t *testing.T) {
	r := risk.Range{Lo: .1, Hi: .2}
	for name, priors := range map[string][]risk.Prior{
		"no field": {{"shoe", r}}, "twice": {{"detect", r}, {"detect", r}}, "turned": {{"detect", risk.Range{Lo: .2, Hi: .1}}},
		"over 1": {{"detect", risk.Range{Lo: .1, Hi: 1.1}}}, "NaN": {{"move", risk.Range{Lo: .1, Hi: math.NaN()}}},
	} {
		if _, err := usual().Sweep(priors, 2, 2, 1, 10, .1, 2, nil); !errors.Is(err, risk.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range [][2]int{{0, 1}, {1, 0}, {2000, 1000}} {
		if _, err := usual().Sweep(nil, bad[0], bad[1], 1, 10, .1, 2, nil); !errors.Is(err, risk.ErrRange) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// Slips and informants against their closed forms: a session's slip comes with ρ, an informant is among the
// confidants with 1 − C(M−K,g)/C(M,g).
func TestSlipsAndInformantsAgainstClosedForms(t *testing.T) {
	const runs = 4000
	for _, slip := range []float64{.01, .05, .2} {
		for _, interval := range []float64{2, 7, 30} {
			a := risk.Apparatus{Contacts: 1e-7, TraceLife: 1, Interval: interval, Detect: .1, Move: .1, Slip: slip}
			l, err := risk.Simulate(a, runs, 5)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, r := range l.Runs {
				sum += r.End
			}
			mean := interval/2 + interval*(1/slip-1) // a phase that is uniform, and a geometric number of sessions
			deviation := math.Hypot(interval/math.Sqrt(12), interval*math.Sqrt(1-slip)/slip)
			if z := (sum/runs - mean) / (deviation / math.Sqrt(runs)); math.Abs(z) > 3.5 {
				t.Errorf("slip %v each %v days: %.1f standard errors", slip, interval, z)
			}
		}
	}
	for _, g := range []int{1, 3, 8} {
		for _, k := range []int{1, 4} {
			a := risk.Apparatus{Contacts: 1, TraceLife: .1, Interval: 7, Detect: .01, Move: .05, Informants: k, Peers: 20, Confidants: g}
			e, _ := a.Exposed()
			l, err := risk.Simulate(a, runs, 6)
			if err != nil {
				t.Fatal(err)
			}
			p := 1 - e.NoInformant
			if z := (l.Shares()["informant"] - p) / math.Sqrt(p*(1-p)/runs); math.Abs(z) > 3.5 {
				t.Errorf("%d of 20 inform, %d confidants: %.1f standard errors", k, g, z)
			}
		}
	}
}

func TestBreakEvensSayWhatMustBeTrue(t *testing.T) {
	all, err := usual().BreakEvens(.003)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		for _, tag := range lang.All() {
			if s := b.Text(tag); strings.ContainsAny(s, "[{") {
				t.Errorf("%s: %q", tag, s)
			}
		}
		if !b.Found {
			continue
		}
		// A little on the right side the limit is kept, and a little on the other it is not.
		for _, side := range []float64{.99, 1.01} {
			a := usual()
			v := b.Value * side
			switch b.Field {
			case "contact-rate":
				a.Contacts = v
			case "trace-life":
				a.TraceLife = v
			case "session-interval":
				a.Interval = v
			case "detect":
				a.Detect = v
			case "move":
				a.Move = v
			}
			e, err := a.Exposed()
			if err != nil {
				t.Fatal(err)
			}
			if kept := e.Rate <= .003; kept != (side < 1 == b.Most) {
				t.Errorf("%s at %v: kept %v", b.Field, v, kept)
			}
		}
	}
	if s := all[3].Text(lang.English); !strings.HasPrefix(s, "this passes only while chance that an inspection finds a trace is at most 0.1") {
		t.Errorf("%q", s)
	}
}

// Every plot can be drawn in every language, with nothing left of a key.
func TestPlots(t *testing.T) {
	l, err := risk.Simulate(usual(), 500, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := usual().Sweep(usual().Priors(), 20, 100, 1, 800, .01, 20, nil)
	if err != nil {
		t.Fatal(err)
	}
	sensitive, err := usual().Sensitivity(200, 1)
	if err != nil {
		t.Fatal(err)
	}
	sensitive = append(sensitive, risk.Sensitivity{Field: "move", Halved: risk.Days(math.Inf(1)), Now: sensitive[0].Now, Doubled: 3})
	c := fits(t, example(20))
	for _, tag := range lang.All() {
		budget, err := risk.BudgetPlot(tag, 3000, 5, 20, 20, .05)
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]chart.Chart{
			"survival": risk.SurvivalPlot(tag, l.Survival(800, 20), 500, nil), "bands": risk.SurvivalPlot(tag, l.Survival(800, 20), 500, s),
			"tornado": risk.TornadoPlot(tag, sensitive), "bits": risk.BitsPlot(tag, c, example(20).Base, 20), "budget": budget,
			"spread": risk.SpreadPlot(tag, 5, 400, .5, 50, 4.85), "spread now": risk.SpreadPlot(tag, 60, 400, .5, 50, 0),
		} {
			svg, err := chart.SVG(p)
			if err != nil {
				t.Errorf("%s in %s: %v", name, tag, err)
			}
			if strings.Contains(string(svg), "[risk.") || strings.Contains(string(svg), "{0}") {
				t.Errorf("%s in %s: a text is missing", name, tag)
			}
			if len(p.Table()) < 3 {
				t.Errorf("%s: table %v", name, p.Table())
			}
		}
	}
}
