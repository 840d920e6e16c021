package risk_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// passing is a case in which nothing is missing and nothing speaks against it.
const passing = `{
  "version": 1, "searchable": 3, "success": 0.3, "accepted": 0.05,
  "base": [4000, 9000], "units": 5,
  "fractions": {
    "place": [[0.9, 1], [0.5, 0.9], [0.05, 0.2]],
    "role": [[0.3, 0.6], [0.05, 0.2]],
    "day": [[0.9, 1], [0.7, 0.9], [0.3, 0.6], [0.02, 0.1], [0.002, 0.02]],
    "medium": [[0.9, 1], [0.1, 0.3]]
  },
  "editions": [
    {"lang": "ko", "level": {"place": 2, "role": 1, "day": 1, "medium": 0, "gender": false, "count": false}},
    {"lang": "en", "level": {"place": 2, "role": 1, "day": 1, "medium": 0, "gender": false, "count": false}}
  ],
  "details": [{"name": "heard it at work", "fraction": [0.2, 0.5]}],
  "ledger": {"stories": 0, "quoted_words": 40, "finest": [{"hierarchy": "place", "level": 2, "fraction": [0.5, 0.9]}]},
  "chains": 2, "metadata": 0, "timing": {"candidates": 3000, "mu": 5}
}`

func parseCase(t testing.TB, s string) *risk.Case {
	t.Helper()
	c, err := risk.ParseCase(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func judge(t testing.TB, c *risk.Case) *risk.Judgement {
	t.Helper()
	j, err := risk.Judge(c)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func rules(j *risk.Judgement) []string {
	var out []string
	for _, r := range j.Reasons {
		out = append(out, r.Rule)
	}
	return out
}

func setLevel(c *risk.Case, f func(*risk.Level)) {
	for i := range c.Editions {
		f(&c.Editions[i].Level)
	}
}

// The cases that must come out right.
func TestGateCases(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*risk.Case)
		want   risk.Verdict
		rule   string
	}{
		"nothing against it": {func(*risk.Case) {}, risk.Pass, ""},
		"the article: on Monday, by telephone": {func(c *risk.Case) {
			setLevel(c, func(l *risk.Level) { l.Day, l.Medium = 4, 2 })
		}, risk.Block, "crowd"},
		"six printed the document":            {func(c *risk.Case) { c.Shown = ptr(6.0) }, risk.Block, "shown"},
		"sixteen opened what a request names": {func(c *risk.Case) { c.Joint = &risk.Pair{16, 16} }, risk.Block, "crowd"},
		"a visit before state media":          {func(c *risk.Case) { c.Hold = &risk.HoldIf{Known: 5, Reach: 400, Rate: .5} }, risk.Hold, "known-to-few"},
		"known to few for ever":               {func(c *risk.Case) { c.Hold = &risk.HoldIf{Known: 5, Reach: 12, Rate: .5} }, risk.Block, "never-known"},
		"a position in a photograph":          {func(c *risk.Case) { c.Metadata = ptr(1) }, risk.Block, "metadata"},
		"one chain":                           {func(c *risk.Case) { c.Chains = ptr(1) }, risk.Hold, "one-chain"},
		"budget spent":                        {func(c *risk.Case) { c.Ledger.Stories = 40 }, risk.Block, "budget"},
		"more candidates than people":         {func(c *risk.Case) { c.Timing.Candidates = 9001 }, risk.Hold, "candidates"},
		"much quoted":                         {func(c *risk.Case) { c.Ledger.Quoted = 1000 }, risk.Hold, "quoted"},
		"too much quoted":                     {func(c *risk.Case) { c.Ledger.Quoted = 2500 }, risk.Block, "quoted"},
		"one edition is finer":                {func(c *risk.Case) { c.Editions[1].Level.Role = 2 }, risk.Block, "edition"},
		"an earlier story was finer": {func(c *risk.Case) {
			c.Ledger.Finest = append(c.Ledger.Finest, risk.LedgerRow{Hierarchy: "day", Level: 5, Fraction: &risk.Pair{.002, .02}})
		}, risk.Block, "crowd"},
		"what was printed twice counts by its narrower number": {func(c *risk.Case) {
			c.Ledger.Finest = append(c.Ledger.Finest, risk.LedgerRow{Hierarchy: "day", Level: 5, Fraction: &risk.Pair{.002, .02}}, risk.LedgerRow{Hierarchy: "day", Level: 5, Fraction: &risk.Pair{.9, 1}})
		}, risk.Block, "crowd"},
		"what was printed twice, once without an estimate": {func(c *risk.Case) {
			c.Ledger.Finest = append(c.Ledger.Finest, risk.LedgerRow{Hierarchy: "day", Level: 5, Fraction: &risk.Pair{.9, 1}}, risk.LedgerRow{Hierarchy: "day", Level: 5})
		}, risk.Hold, "missing"},
		"a level without any estimate": {func(c *risk.Case) { setLevel(c, func(l *risk.Level) { l.Gender = true }) }, risk.Hold, "missing"},
	} {
		cs := parseCase(t, passing)
		c.change(cs)
		j := judge(t, cs)
		if j.Verdict != c.want || c.rule != "" && !slices.Contains(rules(j), c.rule) {
			t.Errorf("%s: %v, %+v", name, j.Verdict, j.Reasons)
		}
		if c.rule == "known-to-few" && math.Abs(j.HoldDays-2*math.Log((400.0/5-1)/(400.0/20-1))) > 1e-9 {
			t.Errorf("%s: hold %v days", name, j.HoldDays)
		}
	}
}

// The last story that both adversaries allow may be printed, and not one more, whichever is the stricter.
func TestGateCountsStories(t *testing.T) {
	stricter := map[bool]bool{}
	for _, accepted := range []float64{.9, .5, .1, .05} {
		c := parseCase(t, passing)
		c.Accepted = ptr(accepted)
		b := judge(t, c).Budget
		if b == nil {
			t.Fatal("no budget: the test is blind")
		}
		stricter[b.TopC < b.Five] = true
		allowed := min(b.Five, b.TopC)
		for stories, spent := range map[int]bool{allowed - 1: false, allowed: true} {
			if stories < 0 {
				continue
			}
			c.Ledger.Stories = stories
			if got := slices.Contains(rules(judge(t, c)), "budget"); got != spent {
				t.Errorf("accepted %v, after %d of %d stories: blocked by the budget: %v", accepted, stories, allowed, got)
			}
		}
	}
	if len(stricter) != 2 {
		t.Errorf("one adversary is the stricter in all cases (%v): the test is blind", stricter)
	}
}

func ptr[T any](v T) *T { return &v }

// The article as printed is offered wordings that pass, no finer than its own.
func TestGateOffersWordings(t *testing.T) {
	c := parseCase(t, passing)
	setLevel(c, func(l *risk.Level) { l.Day, l.Medium = 4, 2 })
	j := judge(t, c)
	offered := 0
	for _, f := range j.Fixes {
		if f.Kind != "wording" {
			continue
		}
		offered++
		again := parseCase(t, passing)
		setLevel(again, func(l *risk.Level) { *l = f.Wording.Level })
		if got := judge(t, again); got.Verdict != risk.Pass {
			t.Errorf("offered %v: %v %+v", f.Wording.Level, got.Verdict, got.Reasons)
		}
		if len(risk.Finer(f.Wording.Level, c.Editions[0].Level)) > 0 {
			t.Errorf("offered %v, which is finer than the draft", f.Wording.Level)
		}
	}
	if offered == 0 {
		t.Error("no wording is offered")
	}
	c = parseCase(t, passing)
	c.Details = append(c.Details, risk.CaseDetail{Name: "only cook", Fraction: &risk.Pair{.001, .01}})
	j = judge(t, c)
	if !slices.ContainsFunc(j.Fixes, func(f risk.Fix) bool { return f.Kind == "leave-out" && f.Detail == "only cook" }) {
		t.Errorf("nobody proposes to leave out what gives the source away: %+v", j.Fixes)
	}
}

// What flips the verdict is named, with the end of the range that does.
func TestGateFlips(t *testing.T) {
	c := parseCase(t, passing)
	c.Base = &risk.Pair{300, 9000}
	j := judge(t, c)
	if j.Crowd.Verdict == risk.Pass || !slices.ContainsFunc(j.Flips, func(f risk.Flip) bool {
		return f.Input == "base" && f.At == 9000 && f.Verdict == risk.Pass
	}) {
		t.Errorf("%v, %+v", j.Crowd.Verdict, j.Flips)
	}
	if *c.Base != (risk.Pair{300, 9000}) {
		t.Error("judging changed the case")
	}
}

// No PASS on a missing input: each field of the passing case is taken away in turn, at each
// depth, and set to null.
func TestGateNeedsEachInput(t *testing.T) {
	var whole map[string]any
	if err := json.Unmarshal([]byte(passing), &whole); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"searchable", "success", "accepted", "base", "units", "fractions", "editions", "ledger", "chains", "metadata", "timing"} {
		for _, null := range []bool{false, true} {
			was := whole[field]
			delete(whole, field)
			if null {
				whole[field] = nil
			}
			data, _ := json.Marshal(whole)
			c, err := risk.ParseCase(strings.NewReader(string(data)))
			if err == nil {
				var j *risk.Judgement
				if j, err = risk.Judge(c); err == nil && j.Verdict == risk.Pass {
					t.Errorf("without %s (null: %v): PASS", field, null)
				}
			}
			whole[field] = was
		}
	}
}

func TestParseCaseIsStrict(t *testing.T) {
	for name, s := range map[string]string{
		"unknown field":  strings.Replace(passing, `"units": 5`, `"units": 5, "person": 1`, 1),
		"twice":          strings.Replace(passing, `"units": 5`, `"units": 5, "units": 6`, 1),
		"twice, in case": strings.Replace(passing, `"units": 5`, `"units": 5, "Units": 6`, 1),
		"twice, deep":    strings.Replace(passing, `"mu": 5`, `"mu": 5, "mu": 6`, 1),
		"more":           passing + "{}",
		"version":        strings.Replace(passing, `"version": 1`, `"version": 2`, 1),
		"text":           strings.Replace(passing, `"units": 5`, `"units": "5"`, 1),
		"three ends":     strings.Replace(passing, "[4000, 9000]", "[4000, 9000, 1]", 1),
		"empty":          "",
	} {
		c, err := risk.ParseCase(strings.NewReader(s))
		if err == nil {
			t.Errorf("%s: %+v", name, c)
		} else if !errors.Is(err, risk.ErrCase) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOverrides(t *testing.T) {
	c := parseCase(t, passing)
	c.Chains = ptr(1)
	c.Override = &risk.Consent{Approvers: []string{"jin", "ara"}, Reason: "the second voice can't be named"}
	if j := judge(t, c); j.Verdict != risk.Hold || !j.Overruled {
		t.Errorf("two and a reason: %v, overruled %v", j.Verdict, j.Overruled)
	}
	for name, o := range map[string]risk.Consent{
		"one":       {Approvers: []string{"jin", "Jin "}, Reason: "x"},
		"no reason": {Approvers: []string{"jin", "ara"}, Reason: " "},
	} {
		c.Override = &o
		if judge(t, c).Overruled {
			t.Errorf("%s overrules", name)
		}
	}
	c.Override = &risk.Consent{Approvers: []string{"jin", "ara"}, Reason: "x"}
	c.Metadata = ptr(1)
	if judge(t, c).Overruled {
		t.Error("metadata is overruled instead of removed")
	}
	c.Metadata = ptr(0)
	if c.Editions[1].Level.Role = 2; judge(t, c).Overruled {
		t.Error("one edition is finer than another, and that is overruled instead of mended")
	}
}

// Arbitrary numbers: no NaN, no negative crowd, no panic, no PASS on a missing input.
func FuzzJudge(f *testing.F) {
	f.Add([]byte(passing))
	f.Add([]byte(strings.Replace(passing, "[4000, 9000]", "[1e-300, 1e300]", 1)))
	f.Add([]byte(strings.Replace(passing, `"mu": 5`, `"mu": 1e-5`, 1)))
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := risk.ParseCase(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		if c.Timing != nil && (c.Timing.Candidates > 1e5 || c.Timing.Mean > 50) {
			return // slow, and no other code
		}
		j, err := risk.Judge(c)
		if err != nil {
			return
		}
		if _, err := json.Marshal(j); err != nil {
			t.Fatalf("a judgement that is no JSON: %v", err) // NaN and infinity are none
		}
		if j.Crowd != nil && (j.Crowd.Q05 < 0 || j.Crowd.Median < 0 || j.Crowd.PBelow < 0 || j.Crowd.PBelow > 1) {
			t.Fatalf("crowd %+v", j.Crowd)
		}
		missing := c.Base == nil || c.Searchable == nil || c.Success == nil || c.Accepted == nil || c.Ledger == nil ||
			c.Units == nil || len(c.Editions) == 0 || c.Chains == nil || c.Metadata == nil || c.Timing == nil
		if missing && j.Verdict == risk.Pass {
			t.Fatal("PASS on a missing input")
		}
	})
}

// Each reason has its words in each language: a rule without any would print its key.
func TestReasonsHaveWords(t *testing.T) {
	for _, rule := range []string{
		"missing", "crowd", "lowest", "detail", "units-unknown", "units", "budget", "quoted", "edition", "known-to-few", "never-known",
		"one-chain", "metadata", "shown",
	} {
		for _, l := range lang.All() {
			text := risk.Reason{Rule: rule, Detail: "DETAIL", Have: 1.5, Want: 20}.Text(l)
			if strings.Contains(text, "risk.") || strings.Contains(text, "{") {
				t.Errorf("%s in %s: %q", rule, l, text)
			}
		}
	}
	source, err := os.ReadFile("judge.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`add\((?:Hold|Block), "([a-z-]+)"`).FindAllSubmatch(source, -1) {
		if text := (risk.Reason{Rule: string(m[1])}).Text(lang.English); strings.Contains(text, "risk.reason") {
			t.Errorf("the rule %s has no words", m[1])
		}
	}
}
