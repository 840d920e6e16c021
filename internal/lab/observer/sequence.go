package observer

import (
	"math"
	"strconv"
)

// A Sequence is a model of the order of moves: what follows what, after which pause, of which size, and where cells lie
// from the beginning of their view. It judges by the ratio of likelihoods.
type Sequence struct {
	seen  [2]map[string]float64 // by class: how often in a context
	total [2]map[string]float64
	kinds map[string]float64 // different things of a context
}

// step is the width of a bucket of time, in a reader's seconds.
const step = 0.25

func bucket(s float64) string {
	if s < 40 {
		return strconv.Itoa(int(s / step))
	}
	return "e" + strconv.Itoa(int(math.Log2(s)*2))
}

// tokens gives context and thing of each observation.
func tokens(moves []Move, yield func(context, thing string)) {
	before, at, view, nth, conn := "start", 0.0, 0.0, 0, 0
	for _, m := range moves {
		kind := string(m.Kind)
		yield("after "+before, kind)
		yield("pause "+before+kind, bucket(m.At-at))
		yield("size "+kind, strconv.Itoa(m.Size))
		if m.Conn > conn {
			conn = m.Conn
			yield("opened", strconv.Itoa(conn))
		}
		switch m.Kind {
		case 'C':
			nth++
			yield("offset "+strconv.Itoa(min(nth, 3)), bucket(m.At-view))
		case 'V':
			yield("cells", strconv.Itoa(nth))
			view, nth = m.At, 0
		}
		before, at = kind, m.At
	}
	yield("moves", strconv.Itoa(len(moves)))
}

// Learn makes a model of visits.
func Learn(visits [][]Move, y []bool) *Sequence {
	s := &Sequence{kinds: map[string]float64{}}
	things := map[string]bool{}
	for c := range 2 {
		s.seen[c], s.total[c] = map[string]float64{}, map[string]float64{}
	}
	for i, moves := range visits {
		c := map[bool]int{true: 1}[y[i]]
		tokens(moves, func(context, thing string) {
			s.seen[c][context+"="+thing]++
			s.total[c][context]++
			if !things[context+"="+thing] {
				things[context+"="+thing] = true
				s.kinds[context]++
			}
		})
	}
	return s
}

// Score is the logarithm of how much likelier the moves are a source's.
func (s *Sequence) Score(moves []Move) float64 {
	const prior = 1.0
	score := 0.0
	tokens(moves, func(context, thing string) {
		p := [2]float64{}
		for c := range 2 {
			p[c] = (s.seen[c][context+"="+thing] + prior) / (s.total[c][context] + prior*(s.kinds[context]+1))
		}
		score += math.Log(p[1] / p[0])
	})
	return score
}
