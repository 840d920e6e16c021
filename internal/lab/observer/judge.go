package observer

import "math/rand/v2"

// folds of cross-validation.
const folds = 5

// A Verdict is how one instrument does on one observer's view.
type Verdict struct {
	Instrument, View string
	Area
	Readers, Sources []float64 // scores, each by a model that saw neither visit of its pair
}

// Instruments are those that Judge tries on each view.
func Instruments() []string { return []string{"forest", "sequence", "schedule"} }

// Judge tries every instrument on every view of visits, cross-validated by pair. It looks at who was a source
// only to learn, and to count.
func Judge(visits []*Visit, seed uint64) []Verdict {
	var out []Verdict
	for _, view := range Views() {
		moves, rows := make([][]Move, len(visits)), make([][]float64, len(visits))
		for i, v := range visits {
			moves[i] = view.See(v)
			rows[i] = Features(v, moves[i], view.Name == "network")
		}
		for _, instrument := range Instruments() {
			r := rand.New(rand.NewPCG(seed, 1))
			v := Verdict{Instrument: instrument, View: view.Name}
			for fold := range folds {
				var in, test []int
				for i, visit := range visits {
					if visit.Pair%folds == fold {
						test = append(test, i)
					} else {
						in = append(in, i)
					}
				}
				y := pick(visits, in, func(v *Visit) bool { return v.Source })
				var score func(i int) float64
				switch instrument {
				case "forest":
					f := Grow(pick(rows, in, same), y, r)
					score = func(i int) float64 { return f.Score(rows[i]) }
				case "sequence":
					s := Learn(pick(moves, in, same), y)
					score = func(i int) float64 { return s.Score(moves[i]) }
				case "schedule":
					s := LearnSchedule(pick(moves, in, same), y)
					score = func(i int) float64 { return s.Score(moves[i]) }
				}
				for _, i := range test {
					if visits[i].Source {
						v.Sources = append(v.Sources, score(i))
					} else {
						v.Readers = append(v.Readers, score(i))
					}
				}
			}
			v.Area = AreaOf(v.Readers, v.Sources)
			out = append(out, v)
		}
	}
	return out
}

// Best is the verdict with the largest area on a view.
func Best(verdicts []Verdict, view string) Verdict {
	var best Verdict
	for _, v := range verdicts {
		if v.View == view && v.AUC > best.AUC {
			best = v
		}
	}
	return best
}

func same[T any](v T) T { return v }

func pick[A, B any](from []A, of []int, f func(A) B) []B {
	var out []B
	for _, i := range of {
		out = append(out, f(from[i]))
	}
	return out
}
