package risk

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/chart"
	"kkachi/internal/lab/figure"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// The numbers of the page: those of the design's examples.
const (
	seed     = 1
	lives    = 10_000
	wanted   = 20
	days     = 760
	accepted = 0.003 // exposures a day
)

func weekly() risk.Apparatus {
	return risk.Apparatus{Contacts: .1, TraceLife: 1, Interval: 7, Detect: .3, Move: .01}
}

// TestRiskFigures draws the figures and fills the tables of doc/risk.md in the folder named by KKACHI_FIGURES. Among the
// other tests it draws them into a folder of its own, and holds what stands in doc/ to that: the page is true.
func TestRiskFigures(t *testing.T) {
	doc, kept := os.Getenv("KKACHI_FIGURES"), "../../../doc"
	made := doc != ""
	if !made {
		doc = t.TempDir()
		page, err := os.ReadFile(filepath.Join(kept, "risk.md"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(doc, "risk.md"), page, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(doc, "figures"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	charts, evens := drawn(t)
	for name, c := range charts {
		if err := figure.Write(filepath.Join(doc, "figures", name+".svg"), c); err != nil {
			t.Fatal(err)
		}
	}
	for name, table := range map[string]string{
		"bits": charts["risk-bits"].Table().Markdown(), "budget": charts["risk-budget"].Table().Markdown(), "evens": evens, "wordings": wordings(t),
	} {
		if err := figure.Fill(filepath.Join(doc, "risk.md"), name+", by make figures", table); err != nil {
			t.Fatal(err)
		}
	}
	if made || runtime.GOARCH != "amd64" { // other processors round the last digit otherwise
		return
	}
	files := []string{"risk.md"}
	for _, name := range slices.Sorted(maps.Keys(charts)) {
		files = append(files, filepath.Join("figures", name+".svg"))
	}
	for _, name := range files {
		have, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(doc, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != string(want) {
			t.Errorf("doc/%s is not what the functions say today: run make figures", name)
		}
	}
}

func drawn(t *testing.T) (map[string]chart.Chart, string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	base := risk.Range{Lo: 400, Hi: 2500}
	crowd, err := risk.Fits(risk.CrowdQuestion{Base: base, K: wanted, Units: 3, Details: []risk.Detail{
		{Name: "in (country)", Fraction: risk.Range{Lo: .5, Hi: .9}},
		{Name: "on Monday", Fraction: risk.Range{Lo: .02, Hi: .1}},
		{Name: "by telephone", Fraction: risk.Range{Lo: .1, Hi: .3}},
	}})
	must(err)
	budget, err := risk.BudgetPlot(lang.English, 3000, 5, wanted, 20, .05)
	must(err)
	e, err := weekly().Exposed()
	must(err)
	l, err := risk.Simulate(weekly(), lives, seed)
	must(err)
	sweep, err := weekly().Sweep(weekly().Priors(), risk.Draws, 1000, seed, days, accepted, 40, nil)
	must(err)
	swings, err := weekly().Sensitivity(2000, seed)
	must(err)
	evens, err := weekly().BreakEvens(accepted)
	must(err)
	hold, err := risk.HoldDays(5, 400, .5, 50)
	must(err)
	var rows strings.Builder
	fmt.Fprintf(&rows, "| today: %.4f exposures a day; accepted: %.3f |\n|---|\n", e.Rate, accepted)
	for _, b := range evens {
		fmt.Fprintf(&rows, "| %s |\n", b.Text(lang.English))
	}
	fmt.Fprintf(&rows, "| with all numbers drawn from half to double, %.0f of %d draws pass |\n", sweep.Passing.Share*risk.Draws, risk.Draws)
	return map[string]chart.Chart{
		"risk-bits": risk.BitsPlot(lang.English, crowd, base, wanted), "risk-budget": budget,
		"risk-survival": risk.SurvivalPlot(lang.English, l.Survival(days, 40), lives, sweep), "risk-tornado": risk.TornadoPlot(lang.English, swings),
		"risk-hold": risk.SpreadPlot(lang.English, 5, 400, .5, 50, hold),
	}, rows.String()
}

// wordings are those that pass for the example of estimates, in three languages.
func wordings(t *testing.T) string {
	t.Helper()
	e, err := risk.ParseEstimates(strings.NewReader(risk.ExampleEstimates))
	if err != nil {
		t.Fatal(err)
	}
	c := risk.Context{Base: e.Populations["officials"].People.Range, K: wanted, Units: 5, Fractions: map[risk.Axis][]risk.Range{}}
	for _, f := range e.Fractions {
		if f.Axis == "" {
			c.Details = append(c.Details, risk.Detail{Name: "at sessions", Fraction: f.Fraction.Range})
			continue
		}
		for len(c.Fractions[f.Axis]) < f.Level {
			c.Fractions[f.Axis] = append(c.Fractions[f.Axis], risk.Range{})
		}
		c.Fractions[f.Axis][f.Level-1] = f.Fraction.Range
	}
	found, err := risk.Lattice(c)
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	var rows strings.Builder
	rows.WriteString("| levels | one in twenty crowds below | |\n|---|--:|---|\n")
	for _, w := range found[:min(3, len(found))] {
		fmt.Fprintf(&rows, "| %s | %.0f | %s · %s · %s |\n", w.Level, w.Q05, w.Says(lang.English), w.Says(lang.Korean), w.Says(lang.Chinese))
	}
	return rows.String()
}
