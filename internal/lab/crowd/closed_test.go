package crowd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"

	"kkachi/internal/sift"
)

// limit is how many standard errors a mean may lie off.
const limit = 3

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 6)) }

// each runs a study again and again.
func each(s study, runs int, seed uint64, one func(*study, *rand.Rand) outcome) []outcome {
	rnd := newRand(seed)
	out := make([]outcome, runs)
	for i := range out {
		out[i] = one(&s, rnd)
	}
	return out
}

// after lists what is left after k letters in each run.
func after(outs []outcome, k int, what func(outcome) []int) []float64 {
	var v []float64
	for _, o := range outs {
		v = append(v, float64(what(o)[k-1]))
	}
	return v
}

func fitting(o outcome) []int  { return o.fit }
func suspects(o outcome) []int { return o.suspect }

func quantile(v []float64, p float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[min(len(v)-1, int(p*float64(len(v))))]
}

// thinning compares readers who are all alike with what must come out: of N readers who fit each
// date with chance p, Binomial(N, p^k) are left after k. claimed is the chance that the closed form
// is told, and gives how far it is off at most.
func thinning(runs int, p, claimed float64, one func(*study, *rand.Rand) outcome) (worst float64, where string) {
	for _, n := range []int{30, 300, 3000} {
		outs := each(study{readers: n, people: alike(p), window: 1, views: 1, letters: 4}, runs, uint64(n), one)
		for k := 1; k <= 4; k++ {
			q := math.Pow(claimed, float64(k))
			got := after(outs, k, fitting)
			var none, square []float64
			for _, g := range got {
				none = append(none, map[bool]float64{true: 1}[g == 0])
				square = append(square, (g-float64(n)*q)*(g-float64(n)*q))
			}
			for what, off := range map[string]float64{
				"mean": unlike(got, float64(n)*q), "variance": unlike(square, float64(n)*q*(1-q)), "none left": unlike(none, math.Pow(1-q, float64(n))),
			} {
				if off > worst {
					worst, where = off, fmt.Sprintf("%s of %d readers after %d letters at %g", what, n, k, p)
				}
			}
		}
	}
	return worst, where
}

// Readers who are all alike: thinned survivors are binomial, by either way of drawing them.
func TestSurvivorsAreBinomial(t *testing.T) {
	for _, p := range []float64{0.1, 0.3, 0.5, 0.8} {
		if off, where := thinning(2000, p, p, (*study).byClass); off > limit {
			t.Errorf("by class: %.1f standard errors off: %s", off, where)
		}
	}
	if off, where := thinning(100, 0.3, 0.3, (*study).byReader); off > limit {
		t.Errorf("by reader: %.1f standard errors off: %s", off, where)
	}
}

// The comparison can fail: a rate that is wrong by a twentieth is seen.
func TestWrongRateIsSeen(t *testing.T) {
	for _, wrong := range []float64{0.95, 1.05} {
		if off, _ := thinning(2000, 0.3, 0.3*wrong, (*study).byClass); off < 2*limit {
			t.Errorf("a rate wrong by a factor of %g is only %.1f standard errors off", wrong, off)
		}
	}
}

// The design's own example: of 300 readers of whom 30 % fit each date, 2 to 3 remain after four.
func TestDesignsExample(t *testing.T) {
	outs := each(study{readers: 300, people: alike(0.3), window: 1, views: 1, letters: 4}, 4000, 4, (*study).byClass)
	left := after(outs, 4, fitting)
	if off := unlike(left, 300*math.Pow(0.3, 4)); off > limit { // 2.43
		t.Errorf("%.1f standard errors off", off)
	}
	if m := quantile(left, 0.5); m < 2 || m > 3 {
		t.Errorf("in the middle %g remain, want 2 to 3", m)
	}
}

// Readers who differ: on average N Σ share Π fit are left, and of them those who came at most so
// often; drawing them by class and one by one comes to the same.
func TestReadersWhoDiffer(t *testing.T) {
	for i, s := range []study{
		{readers: 1000, people: usual(), window: 1, views: 1, letters: 4, habit: habit{rate: 0.9}},
		{readers: 1000, people: usual(), window: 7, views: 0.6, letters: 4, habit: habit{rate: 0.9}},
		{readers: 1000, people: usual(), window: 1, views: 1, letters: 4, onStory: true, habit: habit{onStories: 0.6}},
		{readers: 1000, people: usual(), window: 1, views: 1, letters: 4},
	} {
		drawn := s.calendar(newRand(uint64(40 + i)))
		s.drawn = &drawn
		want := expected(&s)
		for way, outs := range map[string][]outcome{
			"by class":  each(s, 1000, uint64(i), (*study).byClass),
			"by reader": each(s, 150, uint64(i), (*study).byReader),
		} {
			for k := 1; k <= s.letters; k++ {
				if off := unlike(after(outs, k, fitting), want.fit[k-1]); off > limit {
					t.Errorf("study %d %s: those who fit %d dates are %.1f standard errors off %.2f", i, way, k, off, want.fit[k-1])
				}
				if off := unlike(after(outs, k, suspects), want.suspect[k-1]); off > limit {
					t.Errorf("study %d %s: suspects after %d letters are %.1f standard errors off %.2f", i, way, k, off, want.suspect[k-1])
				}
			}
		}
	}
}

type means struct{ fit, suspect []float64 }

// expected is the closed form for one calendar.
func expected(s *study) means {
	out := means{make([]float64, s.letters), make([]float64, s.letters)}
	for _, c := range s.people.classes() {
		n := float64(s.readers) * c.share
		few := atMost(s.people, c.rate, s.drawn.history, s.drawn.hers)
		for k, w := range s.drawn.windows {
			n *= s.fits(c.rate, w)
			out.fit[k] += n
			out.suspect[k] += n * few
		}
	}
	return out
}

// A pool that stays as large is drawn from evenly: a record is carried over a geometric number
// of days.
func TestCarriedDaysAreGeometric(t *testing.T) {
	const batch, days = 16, 4000
	for _, pool := range []int{17, 24, 32, 64} {
		// As many of the flood come as leave, so the pool stays as it is; a letter a day is followed.
		var all []float64
		f := flow{base: batch, resize: steady, flood: func(day int) int {
			if day == 0 {
				return pool - 1
			}
			return batch - 1
		}}
		f.letters = func(int) int { return 1 }
		carried, _ := f.delays(newRand(uint64(pool)), days, 0, days-400)
		chance := batch / float64(pool)
		for _, c := range carried {
			all = append(all, float64(c))
		}
		if off := unlike(all, 1/chance-1); off > limit {
			t.Errorf("pool %d: the mean is %.1f standard errors off", pool, off)
		}
		for d := range 4 {
			var later []float64
			for _, c := range all {
				later = append(later, map[bool]float64{true: 1}[c > float64(d)])
			}
			if off := unlike(later, math.Pow(1-chance, float64(d+1))); off > limit {
				t.Errorf("pool %d: more than %d days: %.1f standard errors off", pool, d, off)
			}
		}
	}
}

// One flood and nothing more: by each day the share that has left is the sum of the batches, as the
// real rule makes them grow, over the flood.
func TestFloodLeavesAsBatchesGrow(t *testing.T) {
	const n = 10_000
	for _, base := range []int{256, 512} {
		gone, size, sum := []float64{}, base, 0
		for pool := n; pool > 0; {
			next, _ := sift.Resize(size, base, pool, 0, 0)
			sum += min(size, pool)
			pool -= min(size, pool)
			gone = append(gone, float64(sum)/n)
			size = next
		}
		f := flow{base: base, flood: once(0, n-50), letters: once(0, 50), resize: sift.Resize}
		by := make([][]float64, len(gone))
		rnd := newRand(uint64(base))
		for range 400 {
			carried, _ := f.delays(rnd, 20, 0, 0)
			for d := range gone {
				in := 0.0
				for _, c := range carried {
					if c <= d {
						in++
					}
				}
				by[d] = append(by[d], in/50)
			}
		}
		for d, want := range gone {
			if off := unlike(by[d], want); off > limit {
				t.Errorf("B %d: left by day %d: %.1f standard errors off %.3f", base, d, off, want)
			}
		}
	}
}

// A batch that starts empty overflows as often as a Poisson variable exceeds it.
func TestOverflowIsPoissonsTail(t *testing.T) {
	for _, mean := range []float64{220, 240, 256, 270, 290} {
		if off := unlike(overflows(256, mean, 3000, newRand(uint64(mean))), overflowTail(256, mean)); off > limit {
			t.Errorf("%g letters a day: %.1f standard errors off", mean, off)
		}
	}
}

// overflows draws days on each of which the pool begins empty: 1 where it does not fit.
func overflows(batch int, mean float64, days int, rnd *rand.Rand) []float64 {
	f := flow{base: batch, mean: mean, resize: steady}
	out := make([]float64, days)
	for i := range out {
		_, over := f.delays(rnd, 1, 0, 0)
		out[i] = float64(over)
	}
	return out
}

func overflowTail(batch int, mean float64) float64 {
	return 1 - distuv.Poisson{Lambda: mean}.CDF(float64(batch))
}

// The draw is hypergeometric: so many of a batch are letters and not flood.
func TestDrawIsHypergeometric(t *testing.T) {
	const letters, others, batch = 20, 100, 32
	f := flow{base: batch, letters: once(0, letters), flood: once(0, others), resize: steady}
	rnd := newRand(9)
	seen := make([][]float64, letters+1)
	for range 4000 {
		carried, _ := f.delays(rnd, 1, 0, 0)
		left := 0
		for _, c := range carried {
			if c == 0 {
				left++
			}
		}
		for k := range seen {
			seen[k] = append(seen[k], map[bool]float64{true: 1}[k == left])
		}
	}
	for k := range seen {
		want := math.Exp(lnChoose(letters, k) + lnChoose(others, batch-k) - lnChoose(letters+others, batch))
		if want*4000 < 10 { // too few to say
			continue
		}
		if off := unlike(seen[k], want); off > limit {
			t.Errorf("%d letters in a batch: %.1f standard errors off %.4f", k, off, want)
		}
	}
}

func lnChoose(n, k int) float64 { return combin.LogGeneralizedBinomial(float64(n), float64(k)) }

// Who sees batches alone and sends or keeps back one letter moves the next B on at most one draw of
// the margin, in B/2, and on two where the seventh quiet day decides: that is all that one letter shows in the
// notes of the next day. Below half of the configured B it shows nothing.
func TestOneLetterMovesBOnFewDraws(t *testing.T) {
	const base = 256
	for _, c := range []struct{ size, quiet, draws int }{{base, 0, 1}, {2 * base, 0, 1}, {2 * base, sift.QuietDays - 1, 2}} {
		most := 0
		for pool := range 2 * c.size {
			moved := 0
			for margin := range c.size / 2 {
				with, _ := sift.Resize(c.size, base, pool+1, margin, c.quiet)
				without, _ := sift.Resize(c.size, base, pool, margin, c.quiet)
				if with != without {
					moved++
				}
			}
			if most = max(most, moved); moved > 0 && c.size == base && pool < base/2 {
				t.Errorf("B %d, %d records: one letter more moves B on %d draws", c.size, pool, moved)
			}
		}
		if most != c.draws {
			t.Errorf("%+v: one letter more moves B on %d draws", c, most)
		}
	}
}

// unnoticed is the chance that a host which keeps back a share of all cells, not knowing which are
// canaries, lets enough of them through.
func unnoticed(share float64) float64 {
	return 1 - distuv.Binomial{N: sift.CanariesDaily, P: 1 - share}.CDF(sift.CanariesLeast-1)
}

func TestWithheldCanaries(t *testing.T) {
	rnd := newRand(12)
	for _, share := range []float64{0.1, 0.25, 0.5, 0.75} {
		var through []float64
		for range 20_000 {
			n := 0
			for range sift.CanariesDaily {
				if rnd.Float64() >= share {
					n++
				}
			}
			through = append(through, map[bool]float64{true: 1}[n >= sift.CanariesLeast])
		}
		if off := unlike(through, unnoticed(share)); off > limit {
			t.Errorf("%g kept back: %.1f standard errors off", share, off)
		}
	}
}

// The crowd figure is at most the views, at most the networks, and at most what the host's day
// has room for.
func TestFigureIsAtMost(t *testing.T) {
	for _, c := range []struct{ cells, networks, quota, want int }{
		{1000, 300, 65536, 256},
		{400, 300, 65536, 128},
		{20_000_000, 3_000_000, 65536, 32768},
		{20_000_000, 3_000_000, 1 << 20, 1 << 19},
	} {
		if got := crowdFigure(c.cells, c.networks, c.quota); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
