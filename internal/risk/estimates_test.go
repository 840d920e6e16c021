package risk_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"kkachi/internal/risk"
)

func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func estimates(t testing.TB, s string) *risk.Estimates {
	t.Helper()
	e, err := risk.ParseEstimates(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExampleEstimates(t *testing.T) {
	e := estimates(t, risk.ExampleEstimates)
	if !e.Example || len(e.Populations) != 2 || len(e.Fractions) < 8 || e.Populations["officials"].People.Range != (risk.Range{Lo: 4000, Hi: 9000}) {
		t.Errorf("%+v", e)
	}
	if s := e.Stale(day(t, "2026-10-03")); len(s) != 0 {
		t.Errorf("stale: %+v", s)
	}
	if s := e.Stale(day(t, "2027-07-02")); len(s) != 4 || s[0].Name != "fractions.country" || s[0].Days != 366 || s[0].Good != 365 {
		t.Errorf("stale: %+v", s)
	}
	if s := e.Stale(day(t, "2026-01-01")); len(s) == 0 {
		t.Error("estimates of the future are good")
	}
}

// Each refusal names its line and its field.
func TestEstimatesAreStrict(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown":          {`units = 3`, `rooms = 3`, "line 28: populations.officials-northeast.rooms: no such field"},
		"unknown table":    {`[fractions.outside]`, `[persons.outside]`, "line 35: persons.outside: no such field"},
		"version":          {`version = 1`, `version = 2`, "line 3: version: 2 is not 1"},
		"no version":       {`version = 1`, ``, "line 1: version: 0 is not 1"},
		"syntax":           {`units = 3`, `units = = 3`, "line 28: "},
		"type":             {`units = 3`, `units = "three"`, "line 28: populations.officials-northeast.units: "},
		"range turned":     {`"400-1500"`, `"1500-400"`, "line 27: "},
		"range as number":  {`"400-1500"`, `-3`, "line 27: "},
		"no people":        {"people = \"400-1500\"\n", "", "line 25: populations.officials-northeast.people: missing"},
		"no source":        {`source = "the same, for three provinces"`, ``, "populations.officials-northeast.source: missing"},
		"no date":          {`date = "2026-08-20"`, ``, "apparatus.date: missing"},
		"no day":           {`date = "2026-08-20"`, `date = "20.8.2026"`, "line 12: apparatus.date: not a day"},
		"child":            {`"400-1500"`, `"400-9500"`, "line 25: populations.officials-northeast: 400-9500 is more than its parent officials"},
		"no parent":        {`parent = "officials"`, `parent = "officers"`, "line 26: populations.officials-northeast.parent: no \"officers\""},
		"own ancestor":     {`parent = "officials"`, `parent = "officials-northeast"`, "line 26: populations.officials-northeast.parent: is its own ancestor"},
		"over 1":           {`"0.3-0.6"`, `"0.3-1.6"`, "line 57: fractions.familiar.fraction: a fraction is at most 1"},
		"no population":    {`of = "officials"`, `of = "people"`, "no population"},
		"axis":             {`axis = "role"`, `axis = "shoe"`, "line 55: fractions.familiar.axis"},
		"level":            {`axis = "role"` + "\nlevel = 1", `axis = "role"` + "\nlevel = 5", "line 56: fractions.familiar.level: 1 to 4"},
		"level, no axis":   {`axis = "role"` + "\n", ``, "fractions.familiar.level: a level needs its axis"},
		"level twice":      {`axis = "day"` + "\nlevel = 4", `axis = "day"` + "\nlevel = 1", "stands in fractions"},
		"blank source":     {`source = "the same, for three provinces"`, `source = "  "`, "populations.officials-northeast.source: missing"},
		"child's low end":  {`"400-1500"`, `"4500-9000"`, "4500-9000 is more than its parent officials"},
		"parent of others": {"[fractions.at-sessions]\nof = \"officials\"", "[fractions.at-sessions]\nparent = \"told\"\nof = \"officials-northeast\"", "no \"told\" to stand in"},
		"finer's low end":  {`"0.02-0.1"`, `"0.95-1"`, "level 4 fits more people than level 1"},
		"finer is more":    {`"0.02-0.1"`, `"0.02-1"`, ""},
		"success":          {`success = 0.3`, `success = 1.3`, "line 9: apparatus.success"},
		"opportunities":    {`opportunities = 5`, `opportunities = 5000`, "populations.officials.opportunities"},
		"good for":         {`good_for = 365`, `good_for = -1`, "line 23: populations.officials.good_for"},
		"key twice":        {`units = 3`, "units = 3\nunits = 4", "line 29: "},
	} {
		s := strings.Replace(risk.ExampleEstimates, c.from, c.to, 1)
		if s == risk.ExampleEstimates {
			t.Fatalf("%s: nothing was changed", name)
		}
		_, err := risk.ParseEstimates(strings.NewReader(s))
		if name == "finer is more" {
			if err != nil {
				t.Errorf("%s, and as many: %v", name, err)
			}
			continue
		}
		if name == "level twice" {
			c.want = "as well"
		}
		var at *risk.FieldError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, risk.ErrEstimates) || !errors.As(err, &at) || at.Line < 1 {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, s := range map[string]string{"empty": "", "no populations": "version = 1\n", "not UTF-8": "version = 1 # \xff"} {
		if _, err := risk.ParseEstimates(strings.NewReader(s)); !errors.Is(err, risk.ErrEstimates) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A case takes what it does not give from the estimates, and what it gives stays.
func TestFill(t *testing.T) {
	e := estimates(t, strings.Replace(risk.ExampleEstimates, "example = true", "", 1))
	bare := `{"version": 1, "editions": [{"lang": "ko", "level": {"place": 2, "role": 1, "day": 1, "medium": 0, "gender": false, "count": false}}],
 "details": [{"name": "at-sessions", "fraction": null}], "ledger": {"stories": 0, "quoted_words": 0, "finest": []}, "chains": 2, "metadata": 0}`
	c := parseCase(t, bare)
	if j := judge(t, c); j.Verdict == risk.Pass {
		t.Error("PASS without any number")
	}
	if err := c.Fill(e, "officials", day(t, "2026-10-03")); err != nil {
		t.Fatal(err)
	}
	j := judge(t, c)
	if j.Verdict != risk.Pass || j.K != 20 || math.Abs(j.Crowd.Median-6000*math.Sqrt(.45)*math.Sqrt(.18)*math.Sqrt(.9)*math.Sqrt(.1)) > 1 {
		t.Errorf("%v %+v %+v", j.Verdict, j.Reasons, j.Crowd)
	}
	// A part takes the fractions of the whole.
	c = parseCase(t, bare)
	if err := c.Fill(e, "officials-northeast", day(t, "2026-10-03")); err != nil {
		t.Fatal(err)
	}
	if part := judge(t, c); part.Crowd == nil || part.Crowd.Median >= j.Crowd.Median {
		t.Errorf("a part is no smaller: %+v", part.Crowd)
	}
	// What is stale, or an example, holds.
	for rule, fill := range map[string]func(*risk.Case) error{
		"stale": func(c *risk.Case) error { return c.Fill(e, "officials", day(t, "2028-10-03")) },
		"example": func(c *risk.Case) error {
			return c.Fill(estimates(t, risk.ExampleEstimates), "officials", day(t, "2026-10-03"))
		},
	} {
		c := parseCase(t, bare)
		if err := fill(c); err != nil {
			t.Fatal(err)
		}
		if j := judge(t, c); j.Verdict != risk.Hold || !slices.Contains(rules(j), rule) {
			t.Errorf("%s: %v %+v", rule, j.Verdict, j.Reasons)
		}
	}
	// What the case gives stays, and is not stale.
	c = parseCase(t, passing)
	if err := c.Fill(e, "officials-northeast", day(t, "2028-10-03")); err != nil {
		t.Fatal(err)
	}
	if *c.Base != (risk.Pair{4000, 9000}) || *c.Units != 5 {
		t.Errorf("the estimates replaced what was given: %v", *c.Base)
	}
	if err := c.Fill(e, "nobody", day(t, "2026-10-03")); !errors.Is(err, risk.ErrEstimates) {
		t.Errorf("an unknown population: %v", err)
	}
	if d, err := e.Detail("officials-northeast", "at-sessions"); err != nil || d.Fraction != (risk.Range{Lo: .2, Hi: .5}) {
		t.Errorf("%v %v", d, err)
	}
	if _, err := e.Detail("officials", "nothing"); !errors.Is(err, risk.ErrEstimates) {
		t.Errorf("an unknown fraction: %v", err)
	}
}

func FuzzParseEstimates(f *testing.F) {
	f.Add(risk.ExampleEstimates)
	f.Add("version = 1\n[populations.a]\npeople = \"1-2\"\nparent = \"a\"")
	f.Add("version = 1\nx.y = [1, {z = 2}]\n[fractions.\"a.b\"]\n")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := risk.ParseEstimates(strings.NewReader(s))
		if err != nil {
			var at *risk.FieldError
			if !errors.Is(err, risk.ErrEstimates) || errors.As(err, &at) && at.Line < 1 {
				t.Fatalf("%v", err)
			}
			return
		}
		for name, p := range e.Populations {
			if p.People.Lo <= 0 || p.People.Lo > p.People.Hi {
				t.Fatalf("%s: %v", name, p.People)
			}
			c := &risk.Case{Version: 1}
			if err := c.Fill(e, name, day(t, "2026-10-03")); err != nil {
				t.Fatal(err)
			}
			if j, err := risk.Judge(c); err == nil && j.Verdict == risk.Pass {
				t.Fatal("PASS on a case that gives nothing")
			}
		}
	})
}
