package ladder

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var people = []string{"A", "B", "C", "D", "E", "F", "k1", "k2", "k3"}

func drawItem(t *rapid.T, n int) Item {
	it := Item{
		Claim: "C", Report: fmt.Sprintf("%02d", n),
		Teller: rapid.SampledFrom(people[:6]).Draw(t, "teller"),
		Stance: rapid.SampledFrom([]Stance{Supports, Supports, Supports, Contradicts}).Draw(t, "stance"),
		Path:   rapid.SampledFrom([]Path{Direct, Told, Rumour}).Draw(t, "path"),
		Grade:  rapid.IntRange(1, 6).Draw(t, "grade"),
	}
	if it.Path != Direct {
		it.Relays = rapid.SliceOfNDistinct(rapid.SampledFrom(people), 0, 3, rapid.ID[string]).Draw(t, "relays")
		it.Unknown = rapid.IntRange(0, 4).Draw(t, "unknown") == 0
	}
	return it
}

func drawItems(t *rapid.T, most int) []Item {
	n := rapid.IntRange(0, most).Draw(t, "n")
	items := make([]Item, n)
	for i := range items {
		items[i] = drawItem(t, i)
	}
	return items
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 10)
		for i := range items {
			items[i].Claim = rapid.SampledFrom([]string{"C1", "C2", "C10"}).Draw(t, "claim")
		}
		shuffled := rapid.Permutation(items).Draw(t, "shuffled")
		if a, b := Derive(items, nil), Derive(shuffled, nil); !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\nshuffled %+v", a, b)
		}
	})
}

// A further item of a chain that is there already, told by a teller of the claim or told
// again just as before, never raises a rung or a count: also beyond the exact counts.
func TestSameChainNeverRaises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{8, 40}).Draw(t, "most")
		items := drawItems(t, most)
		if len(items) == 0 {
			return
		}
		known := items[rapid.IntRange(0, len(items)-1).Draw(t, "known")]
		known.Stance = Supports
		items = append(items, known)
		more := known
		more.Report = "99"
		if rapid.Bool().Draw(t, "retold") {
			more.Teller, more.Path = "Z", Told
			more.Relays = append([]string{known.Teller}, rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"k7", "k8"}), 0, 2, rapid.ID[string]).Draw(t, "also")...)
			more.Unknown = rapid.Bool().Draw(t, "open")
		}
		before, after := Claim(items, nil), Claim(append(slices.Clone(items), more), nil)
		if after.Rung.Height() > before.Rung.Height() || before.Exact && after.Chains > before.Chains || before.Exact && after.Independent > before.Independent {
			t.Fatalf("%+v rose from %+v to %+v", more, before, after)
		}
	})
}

func TestContradictionNeverDisappears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 8)
		if !Claim(items, nil).Disputed {
			return
		}
		more := drawItem(t, 50)
		more.Stance = Supports
		if !Claim(append(items, more), nil).Disputed {
			t.Fatalf("%+v took the dispute away", more)
		}
	})
}

// To learn less about a path never raises a rung.
func TestForgettingNeverRaises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 8)
		if len(items) == 0 {
			return
		}
		before := Claim(items, nil)
		less := slices.Clone(items)
		less[rapid.IntRange(0, len(items)-1).Draw(t, "which")].Unknown = true
		if after := Claim(less, nil); after.Rung.Height() > before.Rung.Height() {
			t.Fatalf("rose from %+v to %+v", before, after)
		}
	})
}

func brute(sets [][]string) int {
	best := 0
	for mask := range 1 << len(sets) {
		seen, ok := map[string]bool{}, true
		for i, s := range sets {
			if mask&(1<<i) == 0 {
				continue
			}
			for _, tok := range s {
				ok = ok && !seen[tok]
				seen[tok] = true
			}
		}
		if ok {
			best = max(best, bits.OnesCount(uint(mask)))
		}
	}
	return best
}

// Every choice of small tables is tried: the count is the largest there is, and what is
// marked as a chain is one.
func TestPackAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Claim(drawItems(t, 9), nil)
		var all, closed [][]string
		seen, marked := map[string]bool{}, 0
		for _, st := range r.Items {
			if st.Stance == Supports {
				all = append(all, st.Tokens)
				if st.Open == Closed {
					closed = append(closed, st.Tokens)
				}
			}
			if !st.Chain {
				continue
			}
			marked++
			for _, tok := range st.Tokens {
				if seen[tok] {
					t.Fatalf("two chains share %s: %+v", tok, r)
				}
				seen[tok] = true
			}
		}
		if want := brute(all); r.Chains != want || !r.Exact {
			t.Fatalf("%d chains, want %d: %+v", r.Chains, want, r)
		}
		if want := brute(closed); r.Independent != want {
			t.Fatalf("%d independent, want %d: %+v", r.Independent, want, r)
		}
		if marked != r.Chains && marked != r.Independent {
			t.Fatalf("%d items marked: %+v", marked, r)
		}
	})
}

// ring gives n sets of which each shares a token with the next, so n/2 can be chosen.
func ring(n int) [][]string {
	sets := make([][]string, n)
	for i := range sets {
		a, b := fmt.Sprintf("t%03d", i), fmt.Sprintf("t%03d", (i+1)%n)
		sets[i] = []string{a, b}
		slices.Sort(sets[i])
	}
	return sets
}

func TestExactToTwentyFourEntangledItems(t *testing.T) {
	if got, exact := pack(ring(ExactItems)); len(got) != ExactItems/2 || !exact {
		t.Errorf("ring of %d: %d, exact %v", ExactItems, len(got), exact)
	}
	got, exact := pack(ring(ExactItems + 1))
	if exact || len(got) == 0 || len(got) > ExactItems/2 {
		t.Errorf("ring of %d: %d, exact %v: want a lower bound that says so", ExactItems+1, len(got), exact)
	}
	// What includes the tokens of another decides nothing, however much of it there is.
	many := [][]string{{"a"}}
	for _, s := range ring(ExactItems + 1) {
		many = append(many, append([]string{"a"}, s...))
	}
	if got, exact := pack(many); len(got) != 1 || !exact {
		t.Errorf("many of one origin: %d, exact %v", len(got), exact)
	}
	apart := make([][]string, 100)
	for i := range apart {
		apart[i] = []string{fmt.Sprint(i)}
	}
	if got, exact := pack(apart); len(got) != 100 || !exact {
		t.Errorf("a hundred apart: %d, exact %v", len(got), exact)
	}
}
