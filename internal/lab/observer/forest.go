package observer

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// A Forest is a random forest of two classes (Breiman 2001): trees on bootstrap samples, each split the best of
// about √f features that are drawn for it.
type Forest struct{ trees []*node }

type node struct {
	feature   int
	at        float64
	low, high *node
	share     float64 // of sources in a leaf
}

const (
	trees = 120
	leaf  = 4 // samples of a leaf at the least
)

// Grow grows a forest on rows x of classes y.
func Grow(x [][]float64, y []bool, r *rand.Rand) *Forest {
	f := &Forest{}
	for range trees {
		of := make([]int, len(x))
		for i := range of {
			of[i] = r.IntN(len(x))
		}
		f.trees = append(f.trees, grow(x, y, of, r))
	}
	return f
}

func grow(x [][]float64, y []bool, of []int, r *rand.Rand) *node {
	ones := 0
	for _, i := range of {
		if y[i] {
			ones++
		}
	}
	n := &node{share: float64(ones) / float64(len(of))}
	if ones == 0 || ones == len(of) || len(of) < 2*leaf {
		return n
	}
	best, cut := impurity(ones, len(of)), -1
	var order []int
	for range int(1.5*math.Sqrt(float64(len(x[0])))) + 1 {
		feature := r.IntN(len(x[0]))
		slices.SortFunc(of, func(a, b int) int { return cmp.Compare(x[a][feature], x[b][feature]) })
		left := 0
		for i := 1; i < len(of); i++ {
			if y[of[i-1]] {
				left++
			}
			if i < leaf || len(of)-i < leaf || x[of[i]][feature] == x[of[i-1]][feature] {
				continue
			}
			if got := impurity(left, i) + impurity(ones-left, len(of)-i); got < best-1e-12 {
				best, cut, n.feature = got, i, feature
				n.at = (x[of[i]][feature] + x[of[i-1]][feature]) / 2
				order = append(order[:0], of...)
			}
		}
	}
	if cut < 0 {
		return n
	}
	n.low, n.high = grow(x, y, slices.Clone(order[:cut]), r), grow(x, y, slices.Clone(order[cut:]), r)
	return n
}

// impurity is Gini's, times the samples.
func impurity(ones, all int) float64 {
	return float64(ones) * float64(all-ones) / float64(all)
}

// Score is the share of sources among the leaves that a row falls into.
func (f *Forest) Score(x []float64) float64 {
	s := 0.0
	for _, n := range f.trees {
		for n.low != nil {
			if x[n.feature] < n.at {
				n = n.low
			} else {
				n = n.high
			}
		}
		s += n.share
	}
	return s / float64(len(f.trees))
}
