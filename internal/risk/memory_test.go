package risk_test

import (
	"reflect"
	"testing"

	"kkachi/internal/risk"
)

// A memory changes no answer, in which order whatever is asked.
func TestMemoryChangesNoAnswer(t *testing.T) {
	var m risk.Memory
	for range 3 {
		for _, mean := range []float64{.5, 2, 5} {
			for candidates := 50; candidates <= 2000; candidates += 150 {
				for _, searchable := range []float64{3, 20} {
					c := parseCase(t, passing)
					c.Timing, c.Searchable = &risk.Timing{Candidates: candidates, Mean: mean}, &searchable
					want, err := risk.Judge(c)
					if err != nil {
						t.Fatal(err)
					}
					c.Remember(&m)
					got, err := risk.Judge(c)
					if err != nil || !reflect.DeepEqual(got, want) {
						t.Fatalf("N %d, μ %v, C %v: %+v, %v, not %+v", candidates, mean, searchable, got, err, want)
					}
				}
			}
		}
	}
	bad := parseCase(t, passing)
	bad.Timing.Mean = -1
	bad.Remember(&m)
	for range 2 {
		if _, err := risk.Judge(bad); err == nil {
			t.Error("a mean below 0 is remembered as an answer")
		}
	}
}
