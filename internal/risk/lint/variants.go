package lint

import (
	"unicode"
	"unicode/utf8"
)

// most is the number of places in which two texts may differ and still be copies of one.
const most = 1000

// Variants compares a draft with another copy of the same text, and finds each place where they differ: a
// figure, a wording or a space that stands in one copy only shows which copy was leaked. A whole passage
// that is new is one finding. Places are those of d.
func Variants(d, other Draft) []Finding {
	a, b := pieces(d.Text), pieces(other.Text)
	hunks, ok := diff(texts(d.Text, a), texts(other.Text, b))
	if !ok {
		return []Finding{d.finding(0, 0, RuleVariant, Block, "…", "…", other.Name)}
	}
	at := func(text string, ps []span, i int) int {
		if i < len(ps) {
			return ps[i].start
		}
		return len(text)
	}
	var out []Finding
	for _, h := range hunks {
		start, end := at(d.Text, a, h.a), at(d.Text, a, h.a)
		if h.aEnd > h.a {
			end = a[h.aEnd-1].end
		}
		theirs := ""
		if h.bEnd > h.b {
			theirs = other.Text[b[h.b].start:b[h.bEnd-1].end]
		}
		out = append(out, d.finding(start, end, RuleVariant, Block, shown(d.Text[start:end]), shown(theirs), other.Name))
	}
	return out
}

// shown is a piece of text as it is put into words: shortened, and so that spaces are seen.
func shown(s string) string {
	switch {
	case s == "":
		return "∅"
	case len([]rune(s)) > 40:
		s = string([]rune(s)[:39]) + "…"
	}
	out := []rune{}
	for _, r := range s {
		switch {
		case r == ' ':
			if len(s) < 4 {
				r = '␣'
			}
		case unicode.IsSpace(r):
			r = '⏎'
		case unseen(r, ""):
			out = append(out, []rune(code(r))...)
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

// pieces cuts a text into words, and every other character by itself.
func pieces(text string) []span {
	var out []span
	in := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		word := (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.Is(unicode.Han, r)
		if word && in {
			out[len(out)-1].end = i + size
		} else {
			out = append(out, span{i, i + size})
		}
		in = word
		i += size
	}
	return out
}

func texts(text string, ps []span) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = text[p.start:p.end]
	}
	return out
}

// A hunk is a[a:aEnd] in the place of b[b:bEnd].
type hunk struct{ a, aEnd, b, bEnd int }

// diff finds the shortest way from a to b (Myers 1986), and not ok where they differ in too many places.
func diff(a, b []string) ([]hunk, bool) {
	front := 0
	for front < len(a) && front < len(b) && a[front] == b[front] {
		front++
	}
	back := 0
	for back < len(a)-front && back < len(b)-front && a[len(a)-1-back] == b[len(b)-1-back] {
		back++
	}
	x, y := a[front:len(a)-back], b[front:len(b)-back]
	path, ok := walk(x, y)
	if !ok {
		return nil, false
	}
	var out []hunk
	i, j := 0, 0
	for _, step := range append(path, [2]int{len(x), len(y)}) { // each is a pair that is equal, and the end
		if i < step[0] || j < step[1] {
			h := hunk{front + i, front + step[0], front + j, front + step[1]}
			if n := len(out); n > 0 && out[n-1].aEnd == h.a && out[n-1].bEnd == h.b {
				out[n-1].aEnd, out[n-1].bEnd = h.aEnd, h.bEnd
			} else {
				out = append(out, h)
			}
		}
		i, j = step[0]+1, step[1]+1
	}
	return out, true
}

// walk gives the pairs of equal pieces on the shortest way.
func walk(a, b []string) ([][2]int, bool) {
	var trail [][]int
	for d := range min(most, len(a)+len(b)) + 1 {
		v := make([]int, 2*d+1) // v[k+d] is how far a is read on diagonal k
		for k := -d; k <= d; k += 2 {
			x := 0
			if d > 0 {
				before := trail[d-1]
				get := func(k int) int { return before[k+d-1] }
				if k == -d || k != d && get(k-1) < get(k+1) {
					x = get(k + 1)
				} else {
					x = get(k-1) + 1
				}
			}
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x, y = x+1, y+1
			}
			v[k+d] = x
			if x >= len(a) && y >= len(b) {
				return back(append(trail, v), len(a), len(b)), true
			}
		}
		trail = append(trail, v)
	}
	return nil, false
}

func back(trail [][]int, x, y int) [][2]int {
	var out [][2]int
	for d := len(trail) - 1; d >= 0; d-- {
		k := x - y
		fromX, fromY := 0, 0
		if d > 0 {
			before := trail[d-1]
			get := func(k int) int { return before[k+d-1] }
			prev := k - 1
			if k == -d || k != d && get(k-1) < get(k+1) {
				prev = k + 1
			}
			fromX = get(prev)
			fromY = fromX - prev
		}
		for x > fromX && y > fromY && (d == 0 || x-fromX > 0 && y-fromY > 0) {
			x, y = x-1, y-1
			out = append(out, [2]int{x, y})
		}
		x, y = fromX, fromY
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
