package observer

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// A Leak changes what was recorded of a source's visit, as a fault in the page would have.
type Leak struct {
	Name  string
	Plant func(v *Visit, r *rand.Rand)
}

// Widths of the windows of a view's two cells, in a reader's seconds.
var widths = [2]float64{4, 6}

// Late sends each cell later by a share of its window.
func Late(share float64) Leak {
	return Leak{"each send late", func(v *Visit, _ *rand.Rand) {
		cells(v, func(n int, parts []*Record, request *Request) {
			by := share * widths[n%2] / v.Scale
			for _, p := range parts {
				p.At += by
			}
			if request != nil {
				request.At += by
			}
		})
	}}
}

// Longer makes the first n cells of a visit a byte longer.
func Longer(n int) Leak {
	return Leak{"a cell a byte longer", func(v *Visit, _ *rand.Rand) {
		cells(v, func(nth int, parts []*Record, request *Request) {
			if nth >= n {
				return
			}
			parts[len(parts)-2].Size++
			if request != nil {
				request.Size++
			}
		})
	}}
}

// OneMore asks for the notes once more, at some time.
func OneMore() Leak {
	return Leak{"one more request", func(v *Visit, r *rand.Rand) {
		at := v.Records[len(v.Records)-1].At * (0.3 + 0.6*r.Float64())
		v.Records = append(v.Records, Record{at, 0, true, 392}, Record{at + 0.001, 0, false, 4118})
		v.Requests = append(v.Requests, Request{at, "GET", "/d", 455, 0})
	}}
}

// Coin is a leak drawn by a seed of those that no instrument was made for.
func Coin(seed uint64) Leak {
	hidden := []Leak{
		{"a connection of its own for one cell", func(v *Visit, _ *rand.Rand) {
			conn := 0
			for _, r := range v.Records {
				conn = max(conn, r.Conn+1)
			}
			cells(v, func(n int, parts []*Record, request *Request) {
				if n != 4 {
					return
				}
				for _, p := range parts {
					p.Conn = conn
				}
				if request != nil {
					request.Header += 2
				}
			})
		}},
		{"both cells of a view at once", func(v *Visit, _ *rand.Rand) {
			last, asked := 0.0, 0.0
			cells(v, func(n int, parts []*Record, request *Request) {
				if n%2 == 1 && n > 2 {
					for _, p := range parts {
						p.At = last + 0.1/v.Scale
					}
					if request != nil {
						request.At = asked + 0.1/v.Scale
					}
				}
				last = parts[0].At
				if request != nil {
					asked = request.At
				}
			})
		}},
		{"one cell missing", func(v *Visit, _ *rand.Rand) {
			cells(v, func(n int, parts []*Record, request *Request) {
				if n == 5 {
					for _, p := range parts {
						p.Size = 0
					}
					if request != nil {
						request.Method = ""
					}
				}
			})
			v.Records = slices.DeleteFunc(v.Records, func(r Record) bool { return r.Size == 0 })
			v.Requests = slices.DeleteFunc(v.Requests, func(r Request) bool { return r.Method == "" })
		}},
		{"a header of two bytes more", func(v *Visit, _ *rand.Rand) {
			cells(v, func(_ int, parts []*Record, request *Request) {
				parts[0].Size += 2
				if request != nil {
					request.Header += 2
				}
			})
		}},
	}
	return hidden[rand.New(rand.NewPCG(seed, 7)).IntN(len(hidden))]
}

// cells hands over the records of each cell in the order of time, its answer last, and the request that the host saw of it.
func cells(v *Visit, f func(n int, parts []*Record, request *Request)) {
	var requests []*Request
	for i := range v.Requests {
		if v.Requests[i].Method == "POST" {
			requests = append(requests, &v.Requests[i])
		}
	}
	open := map[int][]*Record{} // by connection: what went up since something came down
	n := 0
	for i := range v.Records {
		r := &v.Records[i]
		if r.Up {
			open[r.Conn] = append(open[r.Conn], r)
			continue
		}
		parts := open[r.Conn]
		delete(open, r.Conn)
		size := 0
		for _, p := range parts {
			size += p.Size
		}
		if size < CellLeast {
			continue
		}
		var request *Request
		if n < len(requests) {
			request = requests[n]
		}
		f(n, append(parts, r), request)
		n++
	}
}

// Planted gives copies of visits, with a leak in those of sources.
func Planted(visits []*Visit, leak Leak, seed uint64) []*Visit {
	var out []*Visit
	for _, v := range visits {
		if v.Source {
			c := *v
			c.Records, c.Requests = slices.Clone(v.Records), slices.Clone(v.Requests)
			leak.Plant(&c, rand.New(rand.NewPCG(seed, uint64(v.Pair))))
			slices.SortStableFunc(c.Records, func(a, b Record) int { return cmp.Compare(a.At, b.At) })
			v = &c
		}
		out = append(out, v)
	}
	return out
}
