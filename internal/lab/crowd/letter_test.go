package crowd

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"kkachi/internal/sift"
)

// A flow is the records that come to a sift, day for day.
type flow struct {
	base    int               // records of a batch, as configured
	mean    float64           // records of letters a day (Poisson)
	letters func(day int) int // records of letters besides
	flood   func(day int) int // records of a flood
	resize  func(size, base, pool, margin, quiet int) (next, nowQuiet int)
}

// delays runs the flow over so many days and gives, for each letter written on one of the days
// from first to last, how many days its record was carried over (-1: it never left within the days),
// and on how many days the pool overflowed its batch.
func (f *flow) delays(rnd *rand.Rand, days, first, last int) (carried []int, overflowed int) {
	size, quiet := f.base, 0
	var letters []int // day of arrival of each letter in the pool
	others := 0       // records of the flood in the pool
	for day := range days {
		n := 0
		if f.mean > 0 {
			n = int(distuv.Poisson{Lambda: f.mean, Src: rnd}.Rand())
		}
		if f.letters != nil {
			n += f.letters(day)
		}
		for range n {
			letters = append(letters, day)
		}
		if f.flood != nil {
			others += f.flood(day)
		}
		pool := len(letters) + others
		if pool > size {
			overflowed++
		}
		next, nowQuiet := f.resize(size, f.base, pool, rnd.IntN(size/2), quiet)
		// The draw is uniform over the pool: record for record, without replacement.
		left := min(pool, size)
		kept := letters[:0]
		for _, at := range letters {
			if rnd.IntN(pool) < left {
				left--
				if at >= first && at <= last {
					carried = append(carried, day-at)
				}
			} else {
				kept = append(kept, at)
			}
			pool--
		}
		letters = kept
		others -= left // never below zero: those who are left have as many places
		size, quiet = next, nowQuiet
	}
	for _, at := range letters {
		if at >= first && at <= last {
			carried = append(carried, -1)
		}
	}
	return carried, overflowed
}

// steady keeps B as it is.
func steady(size, _, _, _, _ int) (int, int) { return size, 0 }

// once is a flood of n records on one day.
func once(on, n int) func(int) int {
	return func(day int) int {
		if day == on {
			return n
		}
		return 0
	}
}

// crowdFigure is the crowd figure of a day on which so many cells came from so many networks, when the
// host's day has room for quota of them.
func crowdFigure(cells, networks, quota int) int {
	return int(sift.CrowdOf(uint32(min(cells, quota)), uint64(networks)))
}
