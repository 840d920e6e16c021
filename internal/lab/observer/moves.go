package observer

import (
	"cmp"
	"slices"
)

// CellLeast is the least size of what carries a cell; no other request of a page is half as large.
const CellLeast = 4096

// bulletinLeast is less than a bulletin, and more than anything else that comes down.
const bulletinLeast = 100_000

// burst is how far apart requests of one page are at the most, in a reader's seconds.
const burst = 1.5

// A Move is one thing that a browser did, in a reader's seconds from the visit's beginning.
type Move struct {
	At   float64
	Kind byte    // 'C' a cell, 'V' the first request of a page, 'R' another request
	Size int     // bytes
	Conn int     // network's view only
	Down int     // bytes that came back; network's view only
	Wait float64 // until the first of them
	Done float64 // until the last of them
}

// A View is one observer's: of the network, or of the host.
type View struct {
	Name string
	See  func(*Visit) []Move
}

// Views are the two observers.
func Views() []View { return []View{{"network", Network}, {"host", Host}} }

// Network reads a visit as who sees its TLS records does: what goes up on one connection, with nothing that
// comes down between, is one move; sizes tell cells from other requests.
func Network(v *Visit) []Move {
	var out []Move
	last := map[int]int{} // by connection: the move whose answer is awaited, or that still goes up
	for _, r := range v.Records {
		at := r.At * v.Scale
		i, known := last[r.Conn]
		switch {
		case r.Up && known && out[i].Down == 0:
			out[i].Size += r.Size
		case r.Up:
			last[r.Conn] = len(out)
			out = append(out, Move{At: at, Size: r.Size, Conn: r.Conn})
		case known:
			if out[i].Down == 0 {
				out[i].Wait = at - out[i].At
			}
			out[i].Down += r.Size
			out[i].Done = at - out[i].At
		}
	}
	loaded := 0 // what is asked for until the bulletin comes belongs to the page that is loaded
	for i, m := range out {
		if m.Down >= bulletinLeast {
			loaded = i
		}
	}
	before := -2 * burst
	for i := range out {
		m := &out[i]
		switch {
		case m.Size >= CellLeast:
			m.Kind = 'C'
			continue
		case m.At-before > burst && (i == 0 || i > loaded):
			m.Kind = 'V'
		default:
			m.Kind = 'R'
		}
		before = m.At
	}
	return out
}

// Host reads a visit as the host does.
func Host(v *Visit) []Move {
	var out []Move
	for _, r := range v.Requests {
		m := Move{At: r.At * v.Scale, Kind: 'R', Size: r.Header + len(r.Path) + max(r.Size, 0)}
		switch {
		case r.Method == "POST":
			m.Kind, m.Size = 'C', r.Header+r.Size
		case len(r.Path) > 5 && r.Path[len(r.Path)-5:] == ".html":
			m.Kind = 'V'
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Move) int { return cmp.Compare(a.At, b.At) })
	return out
}
