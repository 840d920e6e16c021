package observer

import (
	"math"
	"slices"
)

// A Schedule is what an observer who has read spec/09-page.md makes of a visit: each view sends two cells, the first
// after one pause, the second after another. Views overlap, so which cell is whose is not seen: it weighs every way
// to deal cells to views (a sum over matchings), and learns for readers and for sources between which seconds both pauses lie: the windows
// under which their visits are likeliest. It judges by the ratio of likelihoods.
type Schedule struct{ of [2]pauses }

const (
	mostViews = 8   // of a visit that are looked at: cells are dealt to views by masks of twice as many bits
	pauseStep = 0.1 // seconds
	pauseBins = 200 // a longer pause is none
)

// pauses are the probabilities of the two pauses of a view, by bin.
type pauses [2][pauseBins]float64

// A dealing is every way to deal the cells of a visit to its views, two to each. A step is after some views have got
// theirs; the last is before any has. Each has its ways on, to steps that stand before it.
type dealing struct {
	steps [][]way
	none  bool // no way deals all
}

type way struct{ first, next, to int } // the bins of a view's pauses, and the step that is reached

// dealt takes a view to begin with the last request of its page: a page that is loaded asks for its script, and that
// for notes and bulletin; one that is fetched softly asks for nothing more.
func dealt(moves []Move) dealing {
	var views, cells []float64
	for _, m := range moves {
		switch {
		case m.Kind == 'C':
			cells = append(cells, m.At)
		case m.Kind == 'R' && len(views) > 0:
			views[len(views)-1] = m.At
		default:
			views = append(views, m.At+m.Done)
		}
	}
	slices.Sort(views)
	slices.Sort(cells)
	n := min(len(views), len(cells)/2, mostViews)
	views, cells = views[:n], cells[:2*n]

	d := dealing{steps: [][]way{nil}} // the first: all are dealt
	known := map[uint]int{1<<len(cells) - 1: 0}
	var deal func(view int, mask uint) int // −1: no way on
	deal = func(view int, mask uint) int {
		if step, ok := known[mask]; ok {
			return step
		}
		var ways []way
		for i, at := range cells {
			first := at - views[view]
			if mask&(1<<i) != 0 || first < 0 || first >= pauseBins*pauseStep {
				continue
			}
			for j := i + 1; j < len(cells) && cells[j]-at < pauseBins*pauseStep; j++ {
				if mask&(1<<j) != 0 {
					continue
				}
				if to := deal(view+1, mask|1<<i|1<<j); to >= 0 {
					ways = append(ways, way{int(first / pauseStep), int((cells[j] - at) / pauseStep), to})
				}
			}
		}
		known[mask] = -1
		if ways != nil {
			known[mask] = len(d.steps)
			d.steps = append(d.steps, ways)
		}
		return known[mask]
	}
	d.none = deal(0, 0) < 0
	return d
}

// likelihood is the logarithm of a visit's; a visit whose cells no schedule explains has a small one.
func (d dealing) likelihood(p *pauses) float64 {
	if d.none {
		return math.Log(1e-100)
	}
	of := make([]float64, len(d.steps))
	of[0] = 1
	for step, ways := range d.steps[1:] {
		for _, w := range ways {
			of[step+1] += p[0][w.first] * p[1][w.next] * of[w.to]
		}
	}
	return math.Log(of[len(of)-1] + 1e-100)
}

// windows are between which seconds each of a view's two pauses lies, and how soft these edges are.
type windows struct{ edge [5]float64 }

// published are those of the specification.
var published = windows{[5]float64{1, 5, 2, 8, 0.1}}

// pauses are evenly spread within the windows; one in fifty lies anywhere.
func (w windows) pauses() *pauses {
	const astray = 0.02
	soft := w.edge[4]
	rises := func(s float64) float64 { return 1 / (1 + math.Exp(-s/soft)) }
	p := &pauses{}
	for i := range p {
		all := 0.0
		for bin := range p[i] {
			s := (float64(bin) + 0.5) * pauseStep
			p[i][bin] = rises(s-w.edge[2*i]) * rises(w.edge[2*i+1]-s)
			all += p[i][bin]
		}
		for bin := range p[i] {
			p[i][bin] = (1-astray)*p[i][bin]/(all+1e-9) + astray/pauseBins
		}
	}
	return p
}

// fit finds the windows under which visits are likeliest, from the published ones: first how much later both
// cells leave, then each edge by itself.
func fit(visits []dealing) windows {
	value := func(w windows) float64 {
		sum, p := 0.0, w.pauses()
		for _, d := range visits {
			sum += d.likelihood(p)
		}
		return sum
	}
	w := published
	best := value(w)
	try := func(c windows) bool {
		if c.edge[0] < 0 || c.edge[2] < 0 || c.edge[0] >= c.edge[1] || c.edge[2] >= c.edge[3] || c.edge[4] < 0.04 {
			return false
		}
		if got := value(c); got > best {
			w, best = c, got
			return true
		}
		return false
	}
	for later := 0.5; later < 12; later += 0.5 {
		c := published
		c.edge[0], c.edge[1] = c.edge[0]+later, c.edge[1]+later
		try(c)
	}
	for by := 0.8; by > 0.04; by /= 2 {
		for better := true; better; {
			better = false
			for i := range w.edge {
				for _, step := range []float64{-by, by} {
					c := w
					if i < 4 {
						c.edge[i] += step
					} else {
						c.edge[i] *= math.Exp2(step)
					}
					better = try(c) || better
				}
			}
		}
	}
	return w
}

// LearnSchedule learns from visits.
func LearnSchedule(visits [][]Move, y []bool) *Schedule {
	var of [2][]dealing
	for i, moves := range visits {
		c := map[bool]int{true: 1}[y[i]]
		of[c] = append(of[c], dealt(moves))
	}
	s := &Schedule{}
	for c := range s.of {
		s.of[c] = *fit(of[c]).pauses()
	}
	return s
}

// Score is the logarithm of how much likelier the times are a source's.
func (s *Schedule) Score(moves []Move) float64 {
	d := dealt(moves)
	return d.likelihood(&s.of[1]) - d.likelihood(&s.of[0])
}
