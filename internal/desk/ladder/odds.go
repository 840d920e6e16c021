package ladder

import (
	"math/big"
	"slices"
	"strconv"
)

// What is told moves the odds of a claim by a likelihood ratio a chain, s/f: s is how often
// such a chain tells of the thing when it is so, f how often it tells so when it isn't.
// Nobody knows s and f, so there are three estimates of each, and what comes out is a
// range. It multiplies odds that this house doesn't know; it is no probability.

// Estimates in percent: low, middle, high. The middle stands between the others for every
// path, so that what comes out does too.
const (
	DirectTrueLow, DirectFalseLow   = 60, 30
	DirectTrueMid, DirectFalseMid   = 80, 20
	DirectTrueHigh, DirectFalseHigh = 90, 10

	ToldTrueLow, ToldFalseLow   = 50, 40
	ToldTrueMid, ToldFalseMid   = 60, 30
	ToldTrueHigh, ToldFalseHigh = 80, 20

	RumourTrueLow, RumourFalseLow   = 50, 50
	RumourTrueMid, RumourFalseMid   = 50, 40
	RumourTrueHigh, RumourFalseHigh = 60, 30

	// CopyLow and so on are the probability that the second report of a chain only repeats
	// the first.
	CopyLow, CopyMid, CopyHigh = 90, 75, 50
	// OpenLow and so on are the same of a chain that can't be shown to be independent: at
	// best it is one of its own.
	OpenLow, OpenMid, OpenHigh = 90, 50, 0
)

type estimate struct{ s, f int64 }

const (
	low = iota
	middle
	high
	estimates
)

var byPath = map[Path][estimates]estimate{
	Direct: {{DirectTrueLow, DirectFalseLow}, {DirectTrueMid, DirectFalseMid}, {DirectTrueHigh, DirectFalseHigh}},
	Told:   {{ToldTrueLow, ToldFalseLow}, {ToldTrueMid, ToldFalseMid}, {ToldTrueHigh, ToldFalseHigh}},
	Rumour: {{RumourTrueLow, RumourFalseLow}, {RumourTrueMid, RumourFalseMid}, {RumourTrueHigh, RumourFalseHigh}},
}

var (
	ofCopy = [estimates]int64{CopyLow, CopyMid, CopyHigh}
	ofOpen = [estimates]int64{OpenLow, OpenMid, OpenHigh}
)

// A Range is a factor by which odds are multiplied: what it is at least, in the middle and
// at most. No one of them is ever shown alone.
type Range struct{ Low, Middle, High *big.Rat }

// A Count says how often a report entered a Range.
type Count string

// The counts.
const (
	CountsFirst Count = "first"  // the first report of a chain: s/f
	CountsOpen  Count = "open"   // the first of a chain that may be none of its own
	CountsAgain Count = "second" // the second report of a chain
	CountsNot   Count = "not"    // a third or later one, which adds nothing
)

// A Factor is what one item adds to a Range: it multiplies it if the item supports the
// claim, and divides it if it contradicts.
type Factor struct {
	Report string // of the item
	Stance Stance
	Path   Path
	Chain  int // of its stance, from 1
	Count  Count
	Range  Range
}

// Odds gives the factor by which all items together multiply the odds of the claim, and
// what each adds to it, in the order of chains. Without items it is 1.
func (r Result) Odds() (Range, []Factor) {
	total := Range{one(), one(), one()}
	all := append(factors(r.Items, Supports), factors(r.Items, Contradicts)...)
	for _, f := range all {
		if f.Stance == Supports {
			total.Low.Mul(total.Low, f.Range.Low)
			total.Middle.Mul(total.Middle, f.Range.Middle)
			total.High.Mul(total.High, f.Range.High)
			continue
		}
		// A contradiction takes most where the estimate is lowest.
		total.Low.Quo(total.Low, f.Range.High)
		total.Middle.Quo(total.Middle, f.Range.Middle)
		total.High.Quo(total.High, f.Range.Low)
	}
	return total, all
}

func one() *big.Rat { return big.NewRat(1, 1) }

// factors finds the chains of one stance and what each of its items adds.
func factors(items []Standing, stance Stance) []Factor {
	var out []Factor
	for n, members := range strands(items, stance) {
		// The best known report of a chain counts first.
		slices.SortStableFunc(members, func(a, b int) int { return height(items[a].Path) - height(items[b].Path) })
		open := !slices.ContainsFunc(members, func(i int) bool { return items[i].Open == Closed })
		for k, i := range members {
			f := Factor{Report: items[i].Report, Stance: stance, Path: items[i].Path, Chain: n + 1, Count: CountsNot}
			switch {
			case k == 0 && (n == 0 || !open):
				f.Count = CountsFirst
			case k == 0:
				f.Count = CountsOpen
			case k == 1:
				f.Count = CountsAgain
			}
			f.Range = ratio(f.Path, f.Count)
			out = append(out, f)
		}
	}
	return out
}

// strands gives the indices of a stance's items by chains that share no origin: those that
// are shown to be independent first, then open ones that share nothing with them. Whoever
// is left shares an origin with a chain, and is a further report of the first such.
func strands(items []Standing, stance Stance) [][]int {
	var closed, open []int
	for i := range items {
		switch {
		case items[i].Stance != stance:
		case items[i].Open == Closed:
			closed = append(closed, i)
		default:
			open = append(open, i)
		}
	}
	heads := packed(items, closed)
	free := slices.DeleteFunc(slices.Clone(open), func(i int) bool {
		return slices.ContainsFunc(heads, func(h int) bool { return touches(items[i].Tokens, items[h].Tokens) })
	})
	heads = append(heads, packed(items, free)...)
	out := make([][]int, len(heads))
	for n, h := range heads {
		out[n] = []int{h}
	}
	for _, i := range append(closed, open...) {
		if slices.Contains(heads, i) {
			continue
		}
		for n, h := range heads {
			if touches(items[i].Tokens, items[h].Tokens) {
				out[n] = append(out[n], i)
				break
			}
		}
	}
	return out
}

// maxCanonical is how many items are searched for the first of all largest choices. Beyond
// it any largest choice is taken.
const maxCanonical = 64

// packed chooses the largest number of items that share no token with each other; of
// several such choices the one that holds the first item, then the second, and so on.
func packed(items []Standing, of []int) []int {
	chosen, _ := pack(tokensOf(items, of))
	if len(chosen) == len(of) {
		return of
	}
	if len(of) > maxCanonical {
		out := make([]int, len(chosen))
		for n, c := range chosen {
			out[n] = of[c]
		}
		return out
	}
	var out []int
	left := of
	for len(out) < len(chosen) && len(left) > 0 {
		i := left[0]
		left = left[1:]
		rest := slices.DeleteFunc(slices.Clone(left), func(j int) bool { return touches(items[i].Tokens, items[j].Tokens) })
		if more, _ := pack(tokensOf(items, rest)); len(out)+1+len(more) >= len(chosen) {
			out, left = append(out, i), rest
		}
	}
	return out
}

func tokensOf(items []Standing, of []int) [][]string {
	out := make([][]string, len(of))
	for n, i := range of {
		out[n] = items[i].Tokens
	}
	return out
}

func touches(a, b []string) bool {
	return slices.ContainsFunc(a, func(t string) bool { return slices.Contains(b, t) })
}

func height(p Path) int { return slices.Index([]Path{Direct, Told, Rumour}, p) }

// ratio is (c + (1−c)·s) / (c + (1−c)·f) for the three estimates.
func ratio(p Path, count Count) Range {
	at := func(n int) *big.Rat {
		var c int64
		switch count {
		case CountsNot:
			return one()
		case CountsAgain:
			c = ofCopy[n]
		case CountsOpen:
			c = ofOpen[n]
		}
		e := byPath[p][n]
		return big.NewRat(100*c+(100-c)*e.s, 100*c+(100-c)*e.f)
	}
	return Range{at(low), at(middle), at(high)}
}

// maxShown is the largest factor that is shown: beyond it a figure would say more than
// anybody knows.
const maxShown = 1000

// Shown is a factor to two digits as people read it: "12", "1.5"; less is true for one under
// 1, which is given by its inverse: 3 for a third. over says that it is more than it shows.
func Shown(x *big.Rat) (text string, less, over bool) {
	y := new(big.Rat).Set(x)
	if less = y.Cmp(one()) < 0; less {
		y.Inv(y)
	}
	if y.Cmp(big.NewRat(maxShown, 1)) > 0 {
		return strconv.Itoa(maxShown), less, true
	}
	unit := big.NewRat(1, 10)
	for y.Cmp(new(big.Rat).Mul(unit, big.NewRat(100, 1))) >= 0 {
		unit.Mul(unit, big.NewRat(10, 1))
	}
	steps := new(big.Rat).Add(new(big.Rat).Quo(y, unit), big.NewRat(1, 2)) // half up
	n := new(big.Int).Quo(steps.Num(), steps.Denom())
	y.Mul(new(big.Rat).SetInt(n), unit)
	if y.IsInt() {
		return y.Num().String(), less, false
	}
	return y.FloatString(1), less, false
}
