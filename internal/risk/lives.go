package risk

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// A Cause is how a life ended.
type Cause uint8

// Causes. Unseen lives reached the horizon.
const (
	Unseen   Cause = iota
	ByTrace        // an inspection found a contact's trace
	ByMove         // the way to a contact was seen
	ByInform       // a confidant informs, from the first contact on
	BySlip         // a slip at a session
	causes
)

// String is the cause's name in JSON and tables.
func (c Cause) String() string {
	return [...]string{"none", "trace", "movement", "informant", "slip"}[min(c, causes-1)]
}

// Limits of a simulation.
const (
	MaxRuns     = 1_000_000
	horizonMean = 40 // horizon, in mean times to the fatal contact
)

// A Life is one simulated source. Days are from the first day; +Inf: did not happen.
type Life struct {
	Fatal float64 // day of the contact that is seen, whatever else happened: what KS is tested on
	End   float64 // day on which the apparatus knows, by whatever cause
	Cause Cause
}

// Lives are the outcomes of a simulation.
type Lives struct {
	Runs    []Life
	Horizon float64 // days
}

// Simulate draws so many lives: contacts, inspections each interval from a phase drawn for
// each life, slips at them, and confidants drawn at the beginning. Life i draws from
// generators of its own (PCG, seed and i), so that two policies meet the same chances
// (common random numbers: Law, Simulation Modeling and Analysis) and the outcome does not depend on
// how many processors share the work.
func Simulate(a Apparatus, runs int, seed uint64) (*Lives, error) {
	return SimulateWatched(a, runs, seed, nil)
}

// SimulateWatched is Simulate, and tells watch now and then how many lives are over.
func SimulateWatched(a Apparatus, runs int, seed uint64, watch func(done int)) (*Lives, error) {
	e, err := a.Exposed()
	if err != nil {
		return nil, err
	}
	if e.Rate <= 0 {
		return nil, errors.New("nothing here is ever seen: detect and move are both 0, so there is nothing to simulate")
	}
	return simulateTo(a, runs, seed, horizonMean*float64(e.MeanDays), watch)
}

// share is how many lives a processor takes at once.
const share = 64

// simulateTo draws lives up to a horizon in days. The processors take shares of them in turn.
func simulateTo(a Apparatus, runs int, seed uint64, horizon float64, watch func(done int)) (*Lives, error) {
	if runs < 1 || runs > MaxRuns {
		return nil, fmt.Errorf("runs: %w: 1 to %d", ErrRange, MaxRuns)
	}
	if horizon*a.Contacts*float64(runs) > 2e10 {
		return nil, fmt.Errorf("runs: %w: too many contacts to simulate: take fewer runs", ErrRange)
	}
	l := &Lives{make([]Life, runs), horizon}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards next, done and watch
		next int
		done int
	)
	take := func(over int) (from, to int) {
		mu.Lock()
		defer mu.Unlock()
		if done += over; over > 0 && watch != nil {
			watch(done)
		}
		from = next
		next = min(runs, next+share)
		return from, next
	}
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for from, to := take(0); from < to; from, to = take(to - from) {
				for i := from; i < to; i++ {
					l.Runs[i] = a.live(seed, uint64(i), horizon)
				}
			}
		})
	}
	wg.Wait()
	return l, nil
}

// live draws one life, contact by contact. All chances of a contact are drawn with it: how
// long its trace lives, whether the way is seen, at which inspection the trace would be found
// while it lives (a geometric number: one draw in the place of one at each inspection). So
// no queue of events is needed, and a policy that changes one number meets the same contacts
// with the same luck.
func (a Apparatus) live(seed, life uint64, horizon float64) Life {
	once := rand.New(rand.NewPCG(seed, 2*life))
	each := rand.New(rand.NewPCG(seed, 2*life+1))
	out := Life{Fatal: math.Inf(1), End: math.Inf(1)}
	end := func(day float64, c Cause) {
		if day < out.End {
			out.End, out.Cause = day, c
		}
	}
	phase := once.Float64() * a.Interval // of the first inspection
	end(phase+a.Interval*(trials(once.Float64(), a.Slip)-1), BySlip)
	informed := once.Float64() >= a.noInformant()
	for day := each.ExpFloat64() / a.Contacts; day < horizon; day += each.ExpFloat64() / a.Contacts {
		if day > out.End && day > out.Fatal {
			break
		}
		lives, seen, found := each.ExpFloat64()*a.TraceLife, each.Float64(), trials(each.Float64(), a.Detect)
		if informed {
			end(day, ByInform)
			informed = false
		}
		next := phase + a.Interval*max(0, math.Ceil((day-phase)/a.Interval))
		next += a.Interval * (found - 1)
		switch {
		case seen < a.Move:
			end(day, ByMove)
		case next < day+lives:
			end(next, ByTrace)
		default:
			continue
		}
		out.Fatal = min(out.Fatal, day)
	}
	if out.End > horizon {
		out.End, out.Cause = math.Inf(1), Unseen
	}
	return out
}

// trials is the number of the first success, each with probability p, of a uniform draw u in
// [0, 1): 1, 2 …; +Inf where p is 0.
func trials(u, p float64) float64 {
	switch {
	case p <= 0:
		return math.Inf(1)
	case p >= 1:
		return 1
	}
	return 1 + math.Floor(math.Log1p(-u)/math.Log1p(-p))
}

// Shares is how many of all lives ended by each cause, by name; they add up to 1.
func (l *Lives) Shares() map[string]float64 {
	out := map[string]float64{}
	for c := range causes {
		out[c.String()] = 0
	}
	for _, r := range l.Runs {
		out[r.Cause.String()] += 1 / float64(len(l.Runs))
	}
	return out
}

// A Point of a curve: so much of the lives was unseen on a day.
type Point struct {
	Day    float64 `json:"day"`
	Unseen float64 `json:"unseen"`
}

// Survival gives the share of lives that nobody has seen, at n+1 days from 0 to the given.
func (l *Lives) Survival(days float64, n int) []Point {
	ends := make([]float64, len(l.Runs))
	for i, r := range l.Runs {
		ends[i] = r.End
	}
	slices.Sort(ends)
	out := make([]Point, n+1)
	for i := range out {
		day := days * float64(i) / float64(n)
		by, _ := slices.BinarySearch(ends, math.Nextafter(day, math.Inf(1)))
		out[i] = Point{day, 1 - float64(by)/float64(len(ends))}
	}
	return out
}

// KS compares the days of the fatal contacts with the exponential distribution of a rate: the
// largest distance of the two distribution functions, and the probability of a larger one
// (Kolmogorov's series with Stephens' correction for finite n: Use of the Kolmogorov–Smirnov and Related
// Statistics Without Extensive Tables, 1970).
func (l *Lives) KS(rate float64) (statistic, p float64) {
	days := make([]float64, len(l.Runs))
	for i, r := range l.Runs {
		days[i] = r.Fatal
	}
	slices.Sort(days)
	n := float64(len(days))
	for i, d := range days {
		f := -math.Expm1(-rate * d)
		statistic = max(statistic, f-float64(i)/n, float64(i+1)/n-f)
	}
	x := statistic * (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n))
	sign := 1.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		p += 2 * sign * term
		if sign = -sign; term < 1e-16 {
			break
		}
	}
	return statistic, min(1, max(0, p))
}

// Sensitivity is how the median day on which the apparatus knows moves with one field, halved
// and doubled, under the same luck: the bars of a tornado.
type Sensitivity struct {
	Field   string `json:"field"`
	Halved  Days   `json:"halved"`
	Now     Days   `json:"now"`
	Doubled Days   `json:"doubled"`
}

// Sensitivity simulates each field halved and doubled, and puts the widest bar first.
// Probabilities are doubled to at most 1.
func (a Apparatus) Sensitivity(runs int, seed uint64) ([]Sensitivity, error) {
	median := func(b Apparatus) (Days, error) {
		if e, err := b.Exposed(); err != nil || e.Rate == 0 {
			return Days(math.Inf(1)), err
		}
		l, err := Simulate(b, runs, seed)
		if err != nil {
			return 0, err
		}
		ends := make([]float64, len(l.Runs))
		for i, r := range l.Runs {
			ends[i] = r.End
		}
		slices.Sort(ends)
		return Days(ends[len(ends)/2]), nil
	}
	now, err := median(a)
	if err != nil {
		return nil, err
	}
	var out []Sensitivity
	for i, f := range a.breakFields() {
		s := Sensitivity{Field: f.name, Now: now}
		for times, to := range map[float64]*Days{.5: &s.Halved, 2: &s.Doubled} {
			b := a
			at := b.breakFields()[i]
			*at.at = min(at.to, max(at.from, *at.at*times))
			if *to, err = median(b); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	width := func(s Sensitivity) float64 {
		return math.Abs(math.Log(float64(s.Halved)) - math.Log(float64(s.Doubled)))
	}
	slices.SortStableFunc(out, func(a, b Sensitivity) int { return cmp.Compare(width(b), width(a)) })
	return out, nil
}
