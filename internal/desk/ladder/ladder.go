// Package ladder derives how well a claim stands from the evidence for it: how many
// chains, how many of them independent, which rung, and whether anything contradicts.
//
// What enters: items of evidence, whose tellers and relays are opaque tokens. What
// leaves: one Result a claim. What may never be known here: a name, a thread, a word of
// a report; and no result is ever typed in by hand, it is derived each time anew.
//
// A chain is a set of supporting items that share no origin with another chain. To
// count chains is set packing, not union-find: a letter that says "A and C both told
// me" must not make one chain out of A and C.
package ladder

import (
	"fmt"
	"slices"
	"strings"
)

// ExactItems is the largest number of entangled items for which the count of chains is
// exact. Beyond it the count is a lower bound, and Result.Exact says so. Items that
// share no token with each other, and items whose tokens include all of another's,
// don't count: they decide nothing.
const ExactItems = 24

// A Stance says whether an item supports or contradicts its claim.
type Stance string

// The two stances.
const (
	Supports    Stance = "supports"
	Contradicts Stance = "contradicts"
)

// A Path says how the teller knows.
type Path string

// The three paths.
const (
	Direct Path = "direct"
	Told   Path = "told"
	Rumour Path = "rumour"
)

// A Rung is a step of the ladder, in its exact words.
type Rung string

// The rungs, lowest first.
const (
	Unsupported Rung = "unsupported"
	OneChain    Rung = "one chain"
	Unverified  Rung = "two chains, independence unverified"
	Independent Rung = "two independent chains"
)

// Rungs lists the ladder from the lowest rung to the highest.
func Rungs() []Rung { return []Rung{Unsupported, OneChain, Unverified, Independent} }

// Height is the place of r on the ladder, 0 to 3, or −1 if r is no rung.
func (r Rung) Height() int { return slices.Index(Rungs(), r) }

// Key is the rung in one word, for catalogues of words: unsupported, one, two, independent.
func (r Rung) Key() string {
	if r == "" || r.Height() < 0 {
		return ""
	}
	return [...]string{"unsupported", "one", "two", "independent"}[r.Height()]
}

// An Item is one piece of evidence: what a report says about a claim, and how its teller
// knows.
type Item struct {
	Claim, Report string
	Teller        string // a token
	Stance        Stance
	Path          Path
	Relays        []string // known tokens: tellers, people known to the desk as a token only, publications
	Unknown       bool     // some link of the chain of relays is unknown
	Grade         int      // 1 to 6; 6 means that it cannot be judged, not that it is worst
	Doubt         bool     // the teller was not known again for sure: may be somebody else
}

// A Publication is what stands behind something printed. An item that has it among its
// relays takes over its tokens: who read a story is no new origin of it.
type Publication struct {
	Tokens []string // of all evidence behind it
	Open   bool     // some of that evidence is open
}

// A Result is what is derived for one claim.
type Result struct {
	Claim       string     `json:"claim"`
	Chains      int        `json:"chains"`
	Independent int        `json:"independent"`
	Rung        Rung       `json:"rung"`
	Disputed    bool       `json:"disputed"`
	Exact       bool       `json:"exact"` // false: chains and independent are lower bounds
	Items       []Standing `json:"-"`     // how each item came out, sorted by report and teller
}

// A Standing is what was found out about one item.
type Standing struct {
	Item
	Tokens []string // sorted
	Open   Openness // why it can't be shown independent; "" if it can
	Chain  bool     // one of the items that were counted as a chain
}

// Openness is the reason why an item can't be shown to be independent.
type Openness string

// The reasons, in the order in which they are looked for.
const (
	Closed        Openness = ""
	IsRumour      Openness = "rumour"         // its path is rumour
	UnknownRelay  Openness = "unknown relay"  // a link is unknown
	NobodyNamed   Openness = "nobody named"   // told, and nobody is named who told it
	DoubtedTeller Openness = "doubted teller" // it isn't sure who told it
	OpenRelay     Openness = "open relay"     // a relay's own telling of the claim is open
	OpenReading   Openness = "open reading"   // it rests on a publication, behind which something is open
)

// Key is the reason in one word, for catalogues of words; "" if the item is closed.
func (o Openness) Key() string {
	_, last, two := strings.Cut(string(o), " ")
	if two {
		return strings.Fields(string(o))[0] + "-" + last
	}
	return string(o)
}

// Grades of information: 1 is best, 6 cannot be judged.
const (
	gradeOfProof = 1 // two independent chains, one of them direct
	gradeOfTwo   = 2 // two chains
	gradeOfOne   = 3 // no single chain is graded above this
	maxGrade     = 6
)

// Derive gives one Result a claim, in the order of their names ("C2" before "C10"). The
// order of items does not matter. read names the publications among the relays; nil is
// none.
func Derive(items []Item, read map[string]Publication) []Result {
	byClaim := map[string][]Item{}
	for _, it := range items {
		byClaim[it.Claim] = append(byClaim[it.Claim], it)
	}
	out := make([]Result, 0, len(byClaim))
	for _, its := range byClaim {
		out = append(out, Claim(its, read))
	}
	slices.SortFunc(out, func(a, b Result) int { return compareNames(a.Claim, b.Claim) })
	return out
}

// Claim derives the result of one claim from all of its items. Without items it is
// unsupported.
func Claim(items []Item, read map[string]Publication) Result {
	r := Result{Exact: true, Items: stand(items, read)}
	var all, closed []int
	for i := range r.Items {
		st := &r.Items[i]
		r.Claim = st.Claim
		switch {
		case st.Stance == Contradicts:
			r.Disputed = true
		case st.Open == Closed:
			all, closed = append(all, i), append(closed, i)
		default:
			all = append(all, i)
		}
	}
	chosen, exact := pack(tokensOf(r.Items, all))
	indep, exactToo := pack(tokensOf(r.Items, closed))
	r.Chains, r.Independent, r.Exact = len(chosen), len(indep), exact && exactToo
	// A lower bound of the chains is never below that of the independent ones among them.
	r.Chains = max(r.Chains, r.Independent)
	of := closed
	if r.Independent < 2 {
		of = all
	}
	for _, i := range packed(r.Items, of) {
		r.Items[i].Chain = true
	}
	r.Rung = rung(r.Chains, r.Independent)
	return r
}

func rung(chains, independent int) Rung {
	switch {
	case independent >= 2:
		return Independent
	case chains >= 2:
		return Unverified
	case chains == 1:
		return OneChain
	}
	return Unsupported
}

// Ceiling is the best grade of information (1 is best) that the result can carry: 1 only
// with two independent chains of which one has direct access, and never better than 3 for
// a single chain. Two people with a reason may go over it; that is for the caller.
func (r Result) Ceiling() int { return r.Cap().Grade() }

// A Cap is what keeps a claim from a better grade of information.
type Cap string

// The caps.
const (
	CapNone     Cap = "none"     // nothing: two independent chains, one of them direct
	CapIndirect Cap = "indirect" // no independent chain has seen it
	CapOpen     Cap = "open"     // the chains can't be shown to be independent
	CapOne      Cap = "one"      // one chain alone, or none
)

// Cap says what keeps the claim from a better grade.
func (r Result) Cap() Cap {
	if r.Chains < 2 {
		return CapOne
	}
	if r.Independent < 2 {
		return CapOpen
	}
	for _, st := range r.Items {
		if st.Chain && st.Open == Closed && st.Path == Direct {
			return CapNone
		}
	}
	return CapIndirect
}

// Grade is the best grade that a cap allows.
func (c Cap) Grade() int {
	switch c {
	case CapNone:
		return gradeOfProof
	case CapOne:
		return gradeOfOne
	}
	return gradeOfTwo
}

// Grade is the grade of information that the supporting items give the claim: the best one
// that was judged, but none above the ceiling. lifted is two people's word that one chain
// may be graded above 3: to 2, never to 1. Without anything judged it is 6.
func (r Result) Grade(lifted bool) int {
	ceiling := r.Ceiling()
	if lifted {
		ceiling = min(ceiling, gradeOfTwo)
	}
	best := maxGrade
	for _, st := range r.Items {
		if st.Stance == Supports {
			best = min(best, st.Grade)
		}
	}
	if best == maxGrade {
		return maxGrade
	}
	return max(best, ceiling)
}

// Validate says what is wrong with an item that was entered by hand.
func (it Item) Validate() error {
	switch {
	case it.Stance != Supports && it.Stance != Contradicts:
		return fmt.Errorf("stance %q: write supports or contradicts", it.Stance)
	case it.Path != Direct && it.Path != Told && it.Path != Rumour:
		return fmt.Errorf("path %q: write direct, told or rumour", it.Path)
	case it.Grade < 1 || it.Grade > maxGrade:
		return fmt.Errorf("grade %d: write 1 to 6", it.Grade)
	case it.Teller == "":
		return fmt.Errorf("no teller")
	case slices.Contains(it.Relays, ""):
		return fmt.Errorf("a relay without a name: write ? for an unknown one")
	}
	return nil
}

// compareNames orders names with numbers in them as people count: C2 before C10.
func compareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		p, q := run(x), run(y)
		if digit(p[0]) && digit(q[0]) {
			m, n := strings.TrimLeft(p, "0"), strings.TrimLeft(q, "0")
			if len(m) != len(n) {
				return len(m) - len(n)
			}
			if c := strings.Compare(m, n); c != 0 {
				return c
			}
		} else if c := strings.Compare(p, q); c != 0 {
			return c
		}
		x, y = x[len(p):], y[len(q):]
	}
	if x != y {
		return strings.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// run is the longest beginning of s that is all digits, or all other than digits.
func run(s string) string {
	n := 1
	for n < len(s) && digit(s[n]) == digit(s[0]) {
		n++
	}
	return s[:n]
}

func digit(b byte) bool { return b >= '0' && b <= '9' }
