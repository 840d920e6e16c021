package observer

import (
	"cmp"
	"math"
	"slices"
)

// An Area is the area under a curve (AUC) with its standard error by DeLong (1988): 0.5 is guessing.
type Area struct {
	AUC, Error float64
}

// Interval holds the true area with so many standard errors on each side.
func (a Area) Interval(z float64) (low, high float64) { return a.AUC - z*a.Error, a.AUC + z*a.Error }

// AreaOf counts how often a source's score is above a reader's; ties count half.
func AreaOf(readers, sources []float64) Area {
	place := func(all []float64, x float64) float64 { // how many of sorted all lie below x, ties half
		low, _ := slices.BinarySearch(all, x)
		high, _ := slices.BinarySearchFunc(all, x, func(a, b float64) int {
			if a <= b {
				return -1
			}
			return 1
		})
		return float64(low+high) / 2
	}
	rs, ss := slices.Sorted(slices.Values(readers)), slices.Sorted(slices.Values(sources))
	var v1, v0 []float64
	for _, x := range sources {
		v1 = append(v1, place(rs, x)/float64(len(rs)))
	}
	for _, x := range readers {
		v0 = append(v0, 1-place(ss, x)/float64(len(ss)))
	}
	return Area{mean(v1), math.Sqrt(variance(v1)/float64(len(v1)) + variance(v0)/float64(len(v0)))}
}

func variance(x []float64) float64 {
	m, s := mean(x), 0.0
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return s / float64(len(x)-1)
}

// Joint is how many standard errors make intervals that all hold the truth together with the confidence
// asked for, of n tests (Bonferroni).
func Joint(confidence float64, n int) float64 {
	tail := (1 - confidence) / float64(n)
	return math.Sqrt2 * math.Erfinv(1-tail)
}

// Curve is the receiver operating characteristic: the share of sources found against the share of
// readers taken for one, from (0, 0) to (1, 1).
func Curve(readers, sources []float64) (x, y []float64) {
	type one struct {
		score  float64
		source bool
	}
	var all []one
	for _, s := range readers {
		all = append(all, one{s, false})
	}
	for _, s := range sources {
		all = append(all, one{s, true})
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(b.score, a.score) })
	x, y = []float64{0}, []float64{0}
	var falses, trues float64
	for i, a := range all {
		if a.source {
			trues++
		} else {
			falses++
		}
		if i+1 == len(all) || all[i+1].score != a.score {
			x, y = append(x, falses/float64(len(readers))), append(y, trues/float64(len(sources)))
		}
	}
	return x, y
}
