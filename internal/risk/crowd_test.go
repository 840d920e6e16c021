package risk_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/risk"
)

func example(k float64) risk.CrowdQuestion {
	return risk.CrowdQuestion{
		Base: risk.Range{Lo: 400, Hi: 2500}, K: k, Units: 3,
		Details: []risk.Detail{{Name: "a", Fraction: risk.Range{Lo: .1, Hi: .3}}, {Name: "b", Fraction: risk.Range{Lo: .2, Hi: .6}}},
	}
}

func fits(t interface {
	Helper()
	Fatal(...any)
}, q risk.CrowdQuestion,
) *risk.Crowd {
	t.Helper()
	c, err := risk.Fits(q)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCrowdOfTheDesign(t *testing.T) {
	c := fits(t, example(20))
	if math.Round(c.Median) != 60 || math.Round(c.Q05) != 18 || math.Abs(c.PBelow-.066) > .0005 {
		t.Errorf("median %v, q05 %v, P(N<20) %v", c.Median, c.Q05, c.PBelow)
	}
	if p := fits(t, example(50)).PBelow; math.Abs(p-.40) > .005 {
		t.Errorf("P(N<50) %v", p)
	}
	if c.Verdict != risk.Block {
		t.Errorf("q05 of 18 under 20 is %v", c.Verdict)
	}
}

func TestCrowdVerdicts(t *testing.T) {
	r := func(lo, hi float64) risk.Range { return risk.Range{Lo: lo, Hi: hi} }
	joint := r(30, 90)
	for name, c := range map[string]struct {
		q    risk.CrowdQuestion
		want risk.Verdict
		rule string
	}{
		"passes":            {risk.CrowdQuestion{Base: r(400, 2500), K: 20, Units: 3}, risk.Pass, ""},
		"units not known":   {risk.CrowdQuestion{Base: r(400, 2500), K: 20}, risk.Hold, "units-unknown"},
		"one unit":          {risk.CrowdQuestion{Base: r(400, 2500), K: 20, Units: 1}, risk.Block, "units"},
		"lowest ends":       {risk.CrowdQuestion{Base: r(400, 2500), K: 17, Units: 3, Details: example(1).Details}, risk.Hold, "lowest"},
		"six printed it":    {risk.CrowdQuestion{Base: r(6, 6), K: 20, Units: 3}, risk.Block, "crowd"},
		"sixteen opened it": {risk.CrowdQuestion{Base: r(400, 2500), Joint: &[]risk.Range{r(16, 16)}[0], K: 20, Units: 3}, risk.Block, "crowd"},
		"joint goes before": {risk.CrowdQuestion{Base: r(400, 2500), Joint: &joint, K: 20, Units: 3, Details: example(1).Details}, risk.Pass, ""},
		"a detail alone":    {risk.CrowdQuestion{Base: r(400, 2500), K: 20, Units: 3, Details: []risk.Detail{{Name: "rare", Fraction: r(.01, .02)}}}, risk.Block, "detail"},
		"just enough":       {risk.CrowdQuestion{Base: r(20, 40), K: 20, Units: 3}, risk.Pass, ""},
	} {
		got := fits(t, c.q)
		found := c.rule == ""
		for _, reason := range got.Reasons {
			found = found || reason.Rule == c.rule
		}
		if got.Verdict != c.want || !found {
			t.Errorf("%s: %v %+v", name, got.Verdict, got.Reasons)
		}
	}
}

func TestEffectiveSize(t *testing.T) {
	w := []float64{.5}
	for range 1000 {
		w = append(w, .0005)
	}
	largest, entropy := risk.EffectiveSize(w)
	if math.Abs(largest-2) > 1e-9 || math.Round(entropy) != 63 {
		t.Errorf("%v by the largest, %v by entropy", largest, entropy)
	}
}

func TestCrowdRefuses(t *testing.T) {
	good := example(20)
	for name, change := range map[string]func(*risk.CrowdQuestion){
		"base turned": func(q *risk.CrowdQuestion) { q.Base = risk.Range{Lo: 5, Hi: 4} },
		"base zero":   func(q *risk.CrowdQuestion) { q.Base = risk.Range{} },
		"base NaN":    func(q *risk.CrowdQuestion) { q.Base.Hi = math.NaN() },
		"fraction over 1": func(q *risk.CrowdQuestion) {
			q.Details = []risk.Detail{{Name: "x", Fraction: risk.Range{Lo: .5, Hi: 1.5}}}
		},
		"k 0":             func(q *risk.CrowdQuestion) { q.K = 0 },
		"units":           func(q *risk.CrowdQuestion) { q.Units = -1 },
		"joint over base": func(q *risk.CrowdQuestion) { q.Joint = &risk.Range{Lo: 10, Hi: 9000} },
	} {
		q := good
		change(&q)
		if _, err := risk.Fits(q); !errors.Is(err, risk.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func drawRange(lo, hi float64) *rapid.Generator[risk.Range] {
	return rapid.Custom(func(t *rapid.T) risk.Range {
		a, b := rapid.Float64Range(lo, hi).Draw(t, "end"), rapid.Float64Range(lo, hi).Draw(t, "end")
		return risk.Range{Lo: min(a, b), Hi: max(a, b)}
	})
}

func drawQuestion(t *rapid.T) risk.CrowdQuestion {
	q := risk.CrowdQuestion{
		Base: drawRange(1, 1e5).Draw(t, "base"), K: rapid.Float64Range(1, 500).Draw(t, "k"), Units: rapid.IntRange(0, 5).Draw(t, "units"),
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "details") {
		q.Details = append(q.Details, risk.Detail{Name: fmt.Sprint(i), Fraction: drawRange(.001, 1).Draw(t, "fraction")})
	}
	return q
}

func TestCrowdLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		c, err := risk.Fits(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{c.Median, c.Q05, c.Q95, c.PBelow, c.FrechetLow, c.FrechetHigh} {
			if math.IsNaN(v) || v < 0 {
				t.Fatalf("a crowd of %v", v)
			}
		}
		more := q
		more.Details = append(more.Details[:len(more.Details):len(more.Details)], risk.Detail{Name: "more", Fraction: drawRange(.001, 1).Draw(t, "more")})
		if m := fits(t, more); m.Q05 > c.Q05*(1+1e-9) || m.Median > c.Median*(1+1e-9) || m.Verdict < c.Verdict {
			t.Fatalf("one more detail: %v (%v) after %v (%v)", m.Q05, m.Verdict, c.Q05, c.Verdict)
		}
		wanting := q
		wanting.K *= rapid.Float64Range(1, 3).Draw(t, "times k")
		if m := fits(t, wanting); m.Verdict < c.Verdict {
			t.Fatalf("a larger k turns %v to %v", c.Verdict, m.Verdict)
		}
		wide, low := q, q
		by := rapid.Float64Range(1, 2).Draw(t, "wider")
		wide.Base = risk.Range{Lo: q.Base.Lo / by, Hi: q.Base.Hi * by}
		low.Base.Lo /= by
		for _, worse := range []risk.CrowdQuestion{wide, low} {
			if m := fits(t, worse); m.Verdict < c.Verdict {
				t.Fatalf("ranges %v instead of %v turn %v to %v", worse.Base, q.Base, c.Verdict, m.Verdict)
			}
		}
	})
}

func TestParseRange(t *testing.T) {
	for s, want := range map[string]risk.Range{
		"400-2500": {Lo: 400, Hi: 2500}, "0.1-0.3": {Lo: .1, Hi: .3}, "12": {Lo: 12, Hi: 12}, "20-20": {Lo: 20, Hi: 20}, "01-1": {Lo: 1, Hi: 1},
	} {
		if got, err := risk.ParseRange(s); err != nil || got != want {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"400-2500", "0.1-0.3", "12", "", "-", "1e3-2", "5-4", "0-1", "1--2", "１-２", "NaN-1", ".5", "999999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := risk.ParseRange(s)
		if err != nil {
			return
		}
		again, err := risk.ParseRange(r.String())
		if err != nil && len(r.String()) < 40 || err == nil && again != r {
			t.Errorf("%q is %v, which is %v, %v", s, r, again, err)
		}
		if !(r.Lo > 0 && r.Lo <= r.Hi && !math.IsInf(r.Hi, 0)) {
			t.Errorf("%q is %v", s, r)
		}
	})
}
