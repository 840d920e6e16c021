package crowd

import (
	"math"
	"math/rand/v2"
)

// A study is what is asked: a newsroom of so many readers, an observer, and a source with her
// habits. A letter is tied to a date when a story that is printed tells, by what it says or by
// when it appears, on which days it was probably written.
type study struct {
	readers int
	people  population
	window  int     // days among which the observer knows that a letter was written
	onStory bool    // she writes on days on which another story breaks
	views   float64 // share of visits that are long enough for her letter; 1: no visit is too short
	letters int     // tied to dates; one a fortnight
	habit   habit
	drawn   *calendar // instead of a new one in each run
}

// A calendar is the days among which each letter was written, the days of the same kind in the
// weeks before, and on how many of these the source came.
type calendar struct {
	windows [][]date
	history []date
	hers    int
}

// A habit is how often the source comes besides, by which an observer who counts knows her.
type habit struct {
	rate      float64 // visits a day on any day, with the weekday's pattern
	onStories float64 // chance that she comes on a day on which a story breaks, whatever her rate
}

// historyWeeks is for how long the observer has counted visits before the first letter.
const historyWeeks = 12

// calendar draws one. One story breaks a week.
func (s *study) calendar(rnd *rand.Rand) calendar {
	if s.drawn != nil {
		return *s.drawn
	}
	var c calendar
	for range s.letters {
		at := rnd.IntN(7)
		var w []date
		for i := range s.window {
			w = append(w, date{(at + i) % 7, false})
		}
		if s.onStory {
			w[rnd.IntN(s.window)].breaking = true
		}
		c.windows = append(c.windows, w)
	}
	for range historyWeeks {
		broke := rnd.IntN(7)
		for d := range 7 {
			if (d == broke) == s.onStory {
				c.history = append(c.history, date{d, s.onStory})
			}
		}
	}
	for _, d := range c.history {
		p := s.people.visits(s.habit.rate, date{d.weekday, false})
		if d.breaking {
			p = 1 - (1-p)*(1-s.habit.onStories)
		}
		if rnd.Float64() < p {
			c.hers++
		}
	}
	return c
}

// fits is the chance that a reader of a rate could have written on one of the days.
func (s *study) fits(rate float64, window []date) float64 {
	none := 1.0
	for _, d := range window {
		none *= 1 - s.people.visits(rate, d)*s.views
	}
	return 1 - none
}

// An outcome is what is left after each letter, the source not counted: those who fit all dates,
// and those of them who came no more often than she did in the weeks before. An observer who
// counts suspects these first: the rarer somebody comes, the less likely it is that she
// fits all dates by chance.
type outcome struct{ fit, suspect []int }

// byClass draws an outcome by thinning the readers of each rate, which is exact for their
// numbers and takes the same time for a thousand and for ten million.
func (s *study) byClass(rnd *rand.Rand) outcome {
	c := s.calendar(rnd)
	type group struct {
		rate    float64
		n       int
		suspect bool
	}
	var groups []group
	left, share := s.readers, 1.0
	for _, of := range s.people.classes() {
		n := binomial(rnd, left, min(1, of.share/share))
		left, share = left-n, share-of.share
		few := binomial(rnd, n, atMost(s.people, of.rate, c.history, c.hers))
		groups = append(groups, group{of.rate, few, true}, group{of.rate, n - few, false})
	}
	var out outcome
	for _, w := range c.windows {
		fit, suspect := 0, 0
		for i := range groups {
			g := &groups[i]
			if g.n > 0 {
				g.n = binomial(rnd, g.n, s.fits(g.rate, w))
			}
			if fit += g.n; g.suspect {
				suspect += g.n
			}
		}
		out.fit, out.suspect = append(out.fit, fit), append(out.suspect, suspect)
	}
	return out
}

// atMost is the chance that a reader of a rate came on at most n days of the history.
func atMost(p population, rate float64, history []date, n int) float64 {
	if n >= len(history) {
		return 1
	}
	chance := make([]float64, n+1) // of having come so often; more is dropped
	chance[0] = 1
	for _, d := range history {
		v := p.visits(rate, d)
		for i := n; i >= 0; i-- {
			chance[i] *= 1 - v
			if i > 0 {
				chance[i] += chance[i-1] * v
			}
		}
	}
	sum := 0.0
	for _, c := range chance {
		sum += c
	}
	return sum
}

// byReader draws an outcome reader for reader and day for day: slow, and without a formula.
func (s *study) byReader(rnd *rand.Rand) outcome {
	c := s.calendar(rnd)
	out := outcome{make([]int, s.letters), make([]int, s.letters)}
	for range s.readers {
		rate := s.people.draw(rnd)
		var plain, breaking [7]float64
		for d := range 7 {
			plain[d], breaking[d] = s.people.visits(rate, date{d, false}), s.people.visits(rate, date{d, true})
		}
		visits := func(d date) bool {
			if d.breaking {
				return rnd.Float64() < breaking[d.weekday]
			}
			return rnd.Float64() < plain[d.weekday]
		}
		came := 0
		for _, d := range c.history {
			if visits(d) {
				came++
			}
		}
		for k, w := range c.windows {
			fit := false
			for _, d := range w {
				if visits(d) && rnd.Float64() < s.views {
					fit = true
				}
			}
			if !fit {
				break
			}
			out.fit[k]++
			if came <= c.hers {
				out.suspect[k]++
			}
		}
	}
	return out
}

// fewer is after how many letters fewer than n people are left, the source among them; 0: not in all.
func fewer(others []int, n int) int {
	for k, o := range others {
		if o+1 < n {
			return k + 1
		}
	}
	return 0
}

// unlike is how far a mean lies from what it should be, in standard errors.
func unlike(values []float64, want float64) float64 {
	mean, dev := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		dev += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	if math.Abs(mean-want) < 1e-9 {
		return 0
	}
	se := math.Sqrt(dev / float64(len(values)))
	if se == 0 {
		if math.Abs(mean-want) < 3/float64(len(values)) { // nothing seen, and less than three were to be expected
			return 0
		}
		return math.Inf(1)
	}
	return math.Abs(mean-want) / se
}
