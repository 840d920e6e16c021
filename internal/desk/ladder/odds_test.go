package ladder

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The figures that a journalist reads beside two claims of the case.
func TestOddsAreARange(t *testing.T) {
	for claim, want := range map[string][3]string{
		"C06": {"2.5", "8", "36"}, // told × direct
		"C10": {"2", "4", "9"},    // direct
		"C03": {"1.3", "2", "4"},  // told; the unknown relay makes it no second chain, but it is the first
	} {
		r := find(t, Derive(caseItems(t), nil), claim)
		odds, _ := r.Odds()
		for n, x := range []*big.Rat{odds.Low, odds.Middle, odds.High} {
			if text, less, over := Shown(x); text != want[n] || less || over {
				t.Errorf("%s: %d is %s (less %v, over %v), want %s", claim, n, text, less, over, want[n])
			}
		}
	}
}

func TestShown(t *testing.T) {
	for _, c := range []struct {
		num, den   int64
		text       string
		less, over bool
	}{
		{1, 1, "1", false, false},
		{9, 8, "1.1", false, false},
		{1, 3, "3", true, false},
		{3, 2, "1.5", false, false},
		{99, 10, "9.9", false, false},
		{995, 100, "10", false, false},
		{123, 1, "120", false, false},
		{125, 1, "130", false, false},
		{1, 1000, "1000", true, false},
		{1001, 1, "1000", false, true},
		{1, 2000, "1000", true, true},
	} {
		text, less, over := Shown(big.NewRat(c.num, c.den))
		if text != c.text || less != c.less || over != c.over {
			t.Errorf("%d/%d is shown as %s, less %v, over %v", c.num, c.den, text, less, over)
		}
	}
}

// The laws of the range: low ≤ middle ≤ high; no order matters; a contradiction never raises
// and a support never lowers it; a third report of a chain changes nothing; without chains
// it is 1.
func TestOddsLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 8)
		odds := func(items []Item) Range {
			r, _ := Claim(items, nil).Odds()
			return r
		}
		a := odds(items)
		if a.Low.Cmp(a.Middle) > 0 || a.Middle.Cmp(a.High) > 0 {
			t.Fatalf("%v %v %v", a.Low, a.Middle, a.High)
		}
		if b := odds(rapid.Permutation(items).Draw(t, "shuffled")); !same(a, b) {
			t.Fatalf("%v in another order is %v", a, b)
		}
		// Somebody new who shares nothing with anybody.
		more := Item{Claim: "C", Report: "98", Teller: "new", Stance: Contradicts, Path: Direct, Grade: 3}
		if b := odds(append(slices.Clone(items), more)); above(b, a) {
			t.Fatalf("a contradiction raised %v to %v", a, b)
		}
		more.Stance = Supports
		if b := odds(append(slices.Clone(items), more)); above(a, b) {
			t.Fatalf("a further witness lowered %v to %v", a, b)
		}
		again := []Item{more}
		for n := range rapid.IntRange(2, 6).Draw(t, "copies") {
			c := more
			c.Report = fmt.Sprintf("99%d", n)
			again = append(again, c)
		}
		if two, all := odds(append(slices.Clone(items), again[:2]...)), odds(append(slices.Clone(items), again...)); !same(two, all) {
			t.Fatalf("two reports of one teller give %v, %d give %v", two, len(again), all)
		}
	})
	if r, f := Claim(nil, nil).Odds(); !same(r, Range{one(), one(), one()}) || f != nil {
		t.Errorf("nothing gives %v", r)
	}
}

func same(a, b Range) bool {
	return a.Low.Cmp(b.Low) == 0 && a.Middle.Cmp(b.Middle) == 0 && a.High.Cmp(b.High) == 0
}

// above says whether any of a's figures is higher than b's.
func above(a, b Range) bool {
	return a.Low.Cmp(b.Low) > 0 || a.Middle.Cmp(b.Middle) > 0 || a.High.Cmp(b.High) > 0
}
