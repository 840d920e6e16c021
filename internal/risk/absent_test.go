package risk_test

import (
	"errors"
	"strings"
	"testing"

	"kkachi/internal/risk"
)

// What is left out within an input is as missing as the input itself: a row of the ledger
// without its level would count for nothing, and a ledger without its sums would be empty.
func TestGateMissesWhatIsLeftOutWithin(t *testing.T) {
	for name, cut := range map[string][2]string{
		"stories of the ledger":      {`"stories": 0, `, ``},
		"quoted words of the ledger": {`"quoted_words": 40, `, ``},
		"rows of the ledger":         {`, "finest": [{"hierarchy": "place", "level": 2, "fraction": [0.5, 0.9]}]`, ``},
		"all of the ledger":          {`{"stories": 0, "quoted_words": 40, "finest": [{"hierarchy": "place", "level": 2, "fraction": [0.5, 0.9]}]}`, `{}`},
		"level of a row":             {`"hierarchy": "place", "level": 2, "fraction": [0.5, 0.9]`, `"hierarchy": "village", "fraction": [0.0005, 0.001]`},
		"null level of a row":        {`"hierarchy": "place", "level": 2, "fraction": [0.5, 0.9]`, `"hierarchy": "village", "level": null, "fraction": [0.0005, 0.001]`},
		"level of an edition":        {`"en", "level": {"place": 2, "role": 1, "day": 1, "medium": 0, "gender": false, "count": false}`, `"en"`},
		"an axis of an edition":      {`"place": 2, "role": 1, `, `"place": 2, `},
	} {
		s := strings.ReplaceAll(passing, cut[0], cut[1])
		if s == passing {
			t.Fatalf("%s: nothing was cut", name)
		}
		j, err := risk.Judge(parseCase(t, s))
		if err != nil && !errors.Is(err, risk.ErrRange) {
			t.Fatal(err)
		}
		if err == nil && j.Verdict == risk.Pass {
			t.Errorf("%s: PASS", name)
		}
	}
}

// A count of all together is at most what each detail leaves.
func TestJointIsNoMoreThanADetailLeaves(t *testing.T) {
	c := parseCase(t, passing)
	c.Joint = &risk.Pair{3000, 3500}
	c.Details = append(c.Details, risk.CaseDetail{Name: "the only one of his office", Fraction: &risk.Pair{0.0001, 0.0002}})
	if j, err := risk.Judge(c); err == nil && j.Verdict == risk.Pass {
		t.Errorf("PASS: 3000 fit all, and at most 2 one of it: %+v", j.Crowd)
	}
}
