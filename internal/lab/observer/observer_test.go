package observer_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kkachi/internal/lab/observer"
)

// normal is the area under the curve of two normal distributions that lie d deviations apart.
func normal(d float64) float64 { return 0.5 * math.Erfc(-d/2) }

// The area and its error are those of distributions whose area is known.
func TestAreaIsTheTrueOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range []float64{0, 0.5, 1.5} {
		const rounds = 400
		held, sum := 0, 0.0
		for range rounds {
			var readers, sources []float64
			for range 120 {
				readers, sources = append(readers, r.NormFloat64()), append(sources, r.NormFloat64()+d)
			}
			a := observer.AreaOf(readers, sources)
			sum += a.AUC
			if low, high := a.Interval(observer.Joint(0.99, 1)); low <= normal(d) && normal(d) <= high {
				held++
			}
		}
		if got := sum / rounds; math.Abs(got-normal(d)) > 0.01 {
			t.Errorf("d = %v: mean area %.3f, want %.3f", d, got, normal(d))
		}
		if share := float64(held) / rounds; share < 0.97 {
			t.Errorf("d = %v: a 99 %% interval holds the truth in %.3f", d, share)
		}
	}
	if z := observer.Joint(0.99, 1); math.Abs(z-2.5758) > 1e-3 {
		t.Errorf("z = %v", z)
	}
	if a := observer.AreaOf([]float64{1, 1, 2}, []float64{1, 2, 3}); math.Abs(a.AUC-(0.5+0.5+0+1+1+0.5+1+1+1)/9) > 1e-12 {
		t.Errorf("ties: %v", a.AUC)
	}
}

// A forest comes near the best area that anybody can reach, whichever feature it hides in, and finds nothing in noise.
func TestForestNearsTheBest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	draw := func(n int, d float64) (x [][]float64, y []bool) {
		for i := range n {
			row := make([]float64, 40)
			for j := range row {
				row[j] = r.NormFloat64()
			}
			if i%2 == 1 {
				row[17] += d
			}
			x, y = append(x, row), append(y, i%2 == 1)
		}
		return x, y
	}
	for _, d := range []float64{0, 2} {
		f := observer.Grow(drawRows(draw(400, d)), drawClasses(400), r)
		x, y := draw(2000, d)
		var readers, sources []float64
		for i := range x {
			if y[i] {
				sources = append(sources, f.Score(x[i]))
			} else {
				readers = append(readers, f.Score(x[i]))
			}
		}
		a := observer.AreaOf(readers, sources)
		if math.Abs(a.AUC-normal(d)) > 0.05 {
			t.Errorf("d = %v: %.3f, the best is %.3f", d, a.AUC, normal(d))
		}
	}
}

func drawRows(x [][]float64, _ []bool) [][]float64 { return x }

func drawClasses(n int) []bool {
	y := make([]bool, n)
	for i := range y {
		y[i] = i%2 == 1
	}
	return y
}

// synthetic visits keep the page's schedule to the letter, without any browser.
func synthetic(n int, seed uint64, least, most float64) []*observer.Visit {
	r := rand.New(rand.NewPCG(seed, 5))
	var out []*observer.Visit
	for pair := range n {
		var stays []float64
		for range 5 {
			stays = append(stays, least+(most-least)*r.Float64())
		}
		for _, source := range []bool{false, true} {
			v := &observer.Visit{Pair: pair, Source: source, Scale: 1}
			at := 0.0
			put := func(at float64, size, answer int, q observer.Request) {
				conn := map[string]int{"POST": 1}[q.Method]
				v.Records = append(v.Records, observer.Record{At: at, Conn: conn, Up: true, Size: size}, observer.Record{At: at + 0.05, Conn: conn, Size: answer})
				q.At = at
				v.Requests = append(v.Requests, q)
			}
			for _, stay := range stays {
				put(at, 412, 9000, observer.Request{Method: "GET", Path: "/en/about.html", Header: 400})
				t1 := 1 + 4*r.Float64()
				t2 := t1 + 2 + 6*r.Float64()
				for _, offset := range []float64{t1, t2} {
					put(at+offset, 4600, 200, observer.Request{Method: "POST", Path: "/c", Header: 500, Size: 4096})
				}
				at += stay
			}
			slices.SortStableFunc(v.Records, func(a, b observer.Record) int { return cmp.Compare(a.At, b.At) })
			slices.SortStableFunc(v.Requests, func(a, b observer.Request) int { return cmp.Compare(a.At, b.At) })
			out = append(out, v)
		}
	}
	return out
}

// On visits that differ in nothing no instrument finds anything; each leak that is planted is found.
func TestInstrumentsFindWhatIsPlanted(t *testing.T) {
	visits := synthetic(100, 6, 15, 20)
	for _, v := range observer.Judge(visits, 8) {
		if v.AUC > 0.5+3.5*v.Error || v.AUC < 0.5-3.5*v.Error {
			t.Errorf("%s of the %s finds %.3f ± %.3f where nothing is", v.Instrument, v.View, v.AUC, v.Error)
		}
	}
	for _, leak := range []observer.Leak{observer.Late(0.1), observer.OneMore(), observer.Longer(99), observer.Coin(1), observer.Coin(2), observer.Coin(3), observer.Coin(5)} {
		got := observer.Judge(observer.Planted(visits, leak, 7), 8)
		for _, view := range observer.Views() {
			if best := observer.Best(got, view.Name); best.AUC < 0.8 {
				t.Errorf("%s: the %s finds %.3f only", leak.Name, view.Name, best.AUC)
			}
		}
	}
}

// Where views overlap, which cell is whose is not seen. Late cells are found all the same by who knows the schedule.
func TestScheduleSeesThroughOverlaps(t *testing.T) {
	for _, v := range observer.Judge(observer.Planted(synthetic(120, 9, 2, 8), observer.Late(0.1), 7), 8) {
		if v.Instrument == "schedule" && v.AUC < 0.8 {
			t.Errorf("the schedule of the %s finds %.3f only", v.View, v.AUC)
		}
	}
}
