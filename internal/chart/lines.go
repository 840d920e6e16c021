package chart

import (
	"fmt"
	"slices"
	"strings"
)

// Colours of series: by number, the same number the same colour.
const Colours = 5

// A Series is named values, X rising. Low and High, if given, are a band around them.
type Series struct {
	Name      string
	X, Y      []float64
	Low, High []float64
	Mark      Mark
	Colour    int
}

// A Mark says how a series is drawn.
type Mark uint8

// Marks: a line, a line with a dot at each value, dots alone, a thin line of dashes, a line in steps.
const (
	Line Mark = iota
	Dotted
	Dots
	Dashed
	Steps
)

// A Level is a line across at a value of Y, with its name: what is wanted, what is accepted.
type Level struct {
	At   float64
	Name string
}

// Lines is series over two axes, each named at its end.
type Lines struct {
	Head
	X, Y   Axis
	Series []Series
	Levels []Level
}

func (l *Lines) head() Head { return l.Head }

// Table has a row for each X.
func (l *Lines) Table() Table {
	head := []string{l.X.Label}
	var xs []float64
	for _, s := range l.Series {
		head = append(head, s.Name)
		xs = append(xs, s.X...)
	}
	slices.Sort(xs)
	out := Table{head}
	for _, x := range slices.Compact(xs) {
		row := []string{l.X.format(x)}
		for _, s := range l.Series {
			cell := ""
			if i := slices.Index(s.X, x); i >= 0 && i < len(s.Y) {
				if cell = l.Y.format(s.Y[i]); s.Low != nil {
					cell += " (" + l.Y.format(s.Low[i]) + "–" + l.Y.format(s.High[i]) + ")"
				}
			}
			row = append(row, cell)
		}
		out = append(out, row)
	}
	return out
}

// plotHeight is the height between the axes.
const plotHeight = 280.0

func (l *Lines) draw(k *canvas) error {
	x, y, err := l.scales()
	if err != nil {
		return err
	}
	names := 0.0
	for _, s := range l.Series {
		names = max(names, min(150, wide(s.Name, smallSize*bold)))
	}
	ticks := 0.0
	for _, v := range y.ticks(6) {
		ticks = max(ticks, wide(l.Y.format(v), smallSize))
	}
	k.y += 10
	for _, line := range wrap(l.Y.Label, Width-2*side, smallSize) {
		k.y += smallSize * 1.3
		k.text(side, k.y, start, "axis", line)
	}
	top := k.y + 12
	left, right, bottom := side+ticks+8, Width-side-names-14, top+plotHeight
	x.from, x.to, y.from, y.to = left, right, bottom, top
	l.frame(k, x, y)
	for _, s := range l.Series {
		s.draw(k, x, y)
	}
	l.names(k, x, y, right)
	k.y = bottom + smallSize + 10
	for _, line := range wrap(l.X.Label, right-left, smallSize) {
		k.y += smallSize * 1.4
		k.text((left+right)/2, k.y, middle, "axis", line)
	}
	k.y += 16
	return nil
}

func (l *Lines) scales() (x, y scale, err error) {
	var xs, ys []float64
	for _, s := range l.Series {
		if len(s.X) == 0 || len(s.X) != len(s.Y) || s.Low != nil && (len(s.Low) != len(s.X) || len(s.High) != len(s.X)) {
			return x, y, fmt.Errorf("%w: series %q has not as many values each way", ErrChart, s.Name)
		}
		if s.Colour < 0 || s.Colour >= Colours {
			return x, y, fmt.Errorf("%w: series %q: no colour %d", ErrChart, s.Name, s.Colour)
		}
		xs = append(xs, s.X...)
		ys = append(append(append(ys, s.Y...), s.Low...), s.High...)
	}
	if len(l.Series) == 0 {
		return x, y, fmt.Errorf("%w: no values", ErrChart)
	}
	for _, v := range l.Levels {
		ys = append(ys, v.At)
	}
	if !l.Y.Log {
		ys = append(ys, 0)
	}
	x.log, y.log = l.X.Log, l.Y.Log
	if x.lo, x.hi, err = l.X.span(xs); err != nil {
		return x, y, err
	}
	y.lo, y.hi, err = l.Y.span(ys)
	return x, y, err
}

// frame draws the grid, the ticks and the levels.
func (l *Lines) frame(k *canvas, x, y scale) {
	for _, v := range y.ticks(6) {
		k.line(x.from, y.at(v), x.to, y.at(v), "grid")
		k.text(x.from-6, y.at(v)+4, end, "axis", l.Y.format(v))
	}
	free := x.from - 100
	for _, v := range x.ticks(7) {
		s, at := l.X.format(v), x.at(v)
		k.line(at, y.from, at, y.from+4, "base")
		if half := wide(s, smallSize) / 2; at-half > free {
			k.text(at, y.from+smallSize+6, middle, "axis", s)
			free = at + half + 6
		}
	}
	k.line(x.from, y.from, x.to, y.from, "base")
	for _, v := range l.Levels {
		at := y.at(v.At)
		k.line(x.from, at, x.to, at, "mark")
		k.text(x.to-4, at-5, end, "small", v.Name)
	}
}

func (s *Series) draw(k *canvas, x, y scale) {
	path := func(xs, ys []float64, back bool) string {
		var b strings.Builder
		for i := range xs {
			j := i
			if back {
				j = len(xs) - 1 - i
			}
			switch {
			case i == 0 && !back:
				b.WriteByte('M')
			case s.Mark == Steps && !back:
				fmt.Fprintf(&b, "H%s", n(x.at(xs[j])))
				b.WriteByte('L')
			default:
				b.WriteByte('L')
			}
			fmt.Fprintf(&b, "%s %s", n(x.at(xs[j])), n(y.at(ys[j])))
		}
		return b.String()
	}
	if s.Low != nil {
		fmt.Fprintf(&k.b, "<path class=\"band f%d\" d=\"%s%sZ\"/>\n", s.Colour, path(s.X, s.High, false), path(s.X, s.Low, true))
	}
	if s.Mark != Dots {
		dash := ""
		switch {
		case s.Mark == Dashed:
			dash = " dashed"
		case s.Colour > 0:
			dash = fmt.Sprintf(" dash%d", s.Colour)
		}
		fmt.Fprintf(&k.b, "<path class=\"line s%d%s\" d=\"%s\"/>\n", s.Colour, dash, path(s.X, s.Y, false))
	}
	if s.Mark == Dots || s.Mark == Dotted {
		for i := range s.X {
			fmt.Fprintf(&k.b, "<circle class=\"dot f%d\" cx=\"%s\" cy=\"%s\" r=\"3.5\"/>\n", s.Colour, n(x.at(s.X[i])), n(y.at(s.Y[i])))
		}
	}
}

// names writes the name of each series beside its end, with a thin line where it had to move.
func (l *Lines) names(k *canvas, x, y scale, right float64) {
	var ls []label
	for i, s := range l.Series {
		if s.Name != "" {
			ls = append(ls, label{y.at(s.Y[len(s.Y)-1]), wrap(s.Name, Width-side-right-14, smallSize*bold), i})
		}
	}
	for _, p := range apart(ls, y.to-8, y.from+8) {
		s := l.Series[p.row]
		ended := y.at(s.Y[len(s.Y)-1])
		if at := x.at(s.X[len(s.X)-1]); p.y-ended > 6 || ended-p.y > 6 || right-at > 6 {
			k.line(at+2, ended, right+11, p.y, fmt.Sprintf("lead s%d", s.Colour))
		}
		first := p.y - p.height()/2 + smallSize + 1
		for i, line := range p.text {
			k.text(right+14, first+float64(i)*smallSize*1.25, start, fmt.Sprintf("small on f%d", s.Colour), line)
		}
	}
}
