package observer

import (
	"math"
	"slices"
)

// Features are the numbers of a visit that a forest is grown on: counts, totals, sizes, quantiles of what lies
// between moves, where cells lie from the beginnings of views and from each other. Always as many.
func Features(v *Visit, moves []Move, network bool) []float64 {
	var f []float64
	add := func(x ...float64) { f = append(f, x...) }
	var cells, views, others, gaps, sizesC, sizesR, waits, down []float64
	var afterView, afterAny, between, rank []float64
	lastView, lastAny, sinceView, lastCell := 0.0, 0.0, 0, -1.0
	up, conns := 0.0, 0
	for i, m := range moves {
		if i > 0 {
			gaps = append(gaps, m.At-moves[i-1].At)
		}
		up += float64(m.Size)
		conns = max(conns, m.Conn)
		down = append(down, float64(m.Down))
		if m.Kind == 'C' {
			cells, sizesC, waits = append(cells, m.At), append(sizesC, float64(m.Size)), append(waits, m.Wait)
			afterView = append(afterView, m.At-lastView)
			if sinceView == 0 {
				afterAny = append(afterAny, m.At-lastAny)
			} else {
				between = append(between, m.At-lastCell)
			}
			lastCell, sinceView = m.At, sinceView+1
			continue
		}
		sizesR = append(sizesR, float64(m.Size))
		lastAny = m.At
		if m.Kind == 'V' {
			if len(views) > 0 {
				rank = append(rank, float64(sinceView))
			}
			views, lastView, sinceView = append(views, m.At), m.At, 0
		} else {
			others = append(others, m.At)
		}
	}
	// Two cells of each view, in the order of both: where no view is cut short, these are t1 and t2 − t1.
	var first, next []float64
	for i, b := range views {
		if 2*i+1 < len(cells) {
			first, next = append(first, cells[2*i]-b), append(next, cells[2*i+1]-cells[2*i])
		}
	}
	add(float64(len(moves)), float64(len(cells)), float64(len(views)), float64(len(others)), up, sum(down), float64(conns))
	for _, of := range [][]float64{gaps, afterView, afterAny, between, first, next, rank, waits, diffs(cells), diffs(views)} {
		add(quantiles(of)...)
		add(mean(of))
	}
	for _, of := range [][]float64{sizesC, sizesR, cells, views, others} {
		add(quantile(of, 0), quantile(of, 0.5), quantile(of, 1), mean(of))
	}
	for i := range 10 { // each of the first cells
		x := [2]float64{-1, -1}
		if i < len(afterView) {
			x = [2]float64{afterView[i], cells[i]}
		}
		add(x[:]...)
	}
	if !network {
		return f
	}
	var hist [2][9]float64 // records by size: powers of two from 32
	var total, reads [2]float64
	for _, r := range v.Records {
		way := map[bool]int{true: 1}[r.Up]
		hist[way][min(8, max(0, int(math.Log2(float64(r.Size)))-5))]++
		total[way] += float64(r.Size)
	}
	for _, r := range v.Reads {
		reads[map[bool]int{true: 1}[r.Up]]++
	}
	for way := range 2 {
		add(hist[way][:]...)
		add(total[way], reads[way])
	}
	return f
}

func diffs(x []float64) []float64 {
	var out []float64
	for i := 1; i < len(x); i++ {
		out = append(out, x[i]-x[i-1])
	}
	return out
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

// mean is −1 of nothing.
func mean(x []float64) float64 {
	if len(x) == 0 {
		return -1
	}
	return sum(x) / float64(len(x))
}

func quantiles(x []float64) []float64 {
	var out []float64
	for _, q := range []float64{0, 0.1, 0.25, 0.5, 0.75, 0.9, 1} {
		out = append(out, quantile(x, q))
	}
	return out
}

// quantile is −1 of nothing.
func quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return -1
	}
	s := slices.Sorted(slices.Values(x))
	return s[int(q*float64(len(s)-1)+0.5)]
}
