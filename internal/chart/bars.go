package chart

import (
	"fmt"
	"math"
	"strconv"
)

// A Step is one bar of a waterfall: how much it adds.
type Step struct {
	Name  string
	Value float64
}

// A Waterfall adds steps up from 0, and shows the sum against what there is.
type Waterfall struct {
	Head
	X     Axis
	Steps []Step
	Total string // name of the sum
	Limit *Level // what the sum may be at most
}

func (w *Waterfall) head() Head { return w.Head }

// Table has a row for each step, and the sum.
func (w *Waterfall) Table() Table {
	out := Table{{"", w.X.Label}}
	sum := 0.0
	for _, s := range w.Steps {
		sum += s.Value
		out = append(out, []string{s.Name, w.X.format(s.Value)})
	}
	out = append(out, []string{w.Total, w.X.format(sum)})
	if w.Limit != nil {
		out = append(out, []string{w.Limit.Name, w.X.format(w.Limit.At)})
	}
	return out
}

const (
	nameWidth = 190.0 // of what stands to the left of bars
	barHeight = 20.0
	barGap    = 12.0
)

func (w *Waterfall) draw(k *canvas) error {
	if len(w.Steps) == 0 {
		return fmt.Errorf("%w: no steps", ErrChart)
	}
	sum, ends := 0.0, []float64{0}
	for _, s := range w.Steps {
		if !finite(s.Value) || s.Value < 0 {
			return fmt.Errorf("%w: step %q: %v", ErrChart, s.Name, s.Value)
		}
		sum += s.Value
	}
	ends = append(ends, sum)
	if w.Limit != nil {
		ends = append(ends, w.Limit.At)
	}
	x := scale{from: side + nameWidth + 8, to: Width - side - 44}
	var err error
	if x.lo, x.hi, err = w.X.span(ends); err != nil {
		return err
	}
	top := k.y + 20
	if w.Limit != nil {
		top += 16
	}
	rows := rowTops(top, append(names(w.Steps), w.Total))
	bottom := rows[len(rows)-1]
	under(k, x, w.X, top, bottom)
	at := 0.0
	for i, s := range w.Steps {
		row(k, s.Name, rows[i], rows[i+1])
		y := middleOf(rows[i], rows[i+1])
		k.rect(x.at(at), y-barHeight/2, max(1, x.at(at+s.Value)-x.at(at)), barHeight, "f0")
		if at += s.Value; i+1 < len(w.Steps) {
			k.line(x.at(at), y+barHeight/2, x.at(at), middleOf(rows[i+1], rows[i+2])-barHeight/2, "base")
		}
		k.text(x.at(at)+6, y+4, start, "small", w.X.format(s.Value))
	}
	last := len(w.Steps)
	row(k, w.Total, rows[last], rows[last+1])
	y, class := middleOf(rows[last], rows[last+1]), "f2"
	if w.Limit != nil && sum > w.Limit.At {
		class = "f4"
	}
	k.rect(x.from, y-barHeight/2, max(1, x.at(sum)-x.from), barHeight, class)
	k.text(x.at(sum)+6, y+4, start, "small on", w.X.format(sum))
	if w.Limit != nil {
		k.line(x.at(w.Limit.At), top-4, x.at(w.Limit.At), bottom, "mark")
		anchor, shift := middle, 0.0
		if half := wide(w.Limit.Name, smallSize) / 2; x.at(w.Limit.At)+half > Width-side {
			anchor, shift = end, Width-side-x.at(w.Limit.At)
		}
		k.text(x.at(w.Limit.At)+shift, top-9, anchor, "small on", w.Limit.Name+" "+w.X.format(w.Limit.At))
	}
	return nil
}

func names(steps []Step) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.Name
	}
	return out
}

// rowTops are where rows begin, and where the last ends: a name of several lines makes its row higher.
func rowTops(top float64, names []string) []float64 {
	out := []float64{top}
	for _, s := range names {
		lines := float64(len(wrap(s, nameWidth, textSize)))
		top += max(barHeight, lines*textSize*1.3) + barGap
		out = append(out, top)
	}
	return out
}

func middleOf(a, b float64) float64 { return (a + b) / 2 }

// row writes the name of a row, to the left of the bars.
func row(k *canvas, name string, top, bottom float64) {
	lines := wrap(name, nameWidth, textSize)
	y := middleOf(top, bottom) - float64(len(lines)-1)*textSize*0.65 + textSize*0.35
	for i, line := range lines {
		k.text(side+nameWidth, y+float64(i)*textSize*1.3, end, "", line)
	}
}

// under draws the grid behind bars, its ticks below, and the axis's name.
func under(k *canvas, x scale, a Axis, top, bottom float64) {
	free := x.from - 100
	for _, v := range x.ticks(6) {
		k.line(x.at(v), top, x.at(v), bottom, "grid")
		if s := a.format(v); x.at(v)-wide(s, smallSize)/2 > free {
			k.text(x.at(v), bottom+smallSize+4, middle, "axis", s)
			free = x.at(v) + wide(s, smallSize)/2 + 6
		}
	}
	k.y = bottom + smallSize + 8
	for _, line := range wrap(a.Label, x.to-x.from, smallSize) {
		k.y += smallSize * 1.4
		k.text(middleOf(x.from, x.to), k.y, middle, "axis", line)
	}
	k.y += 16
}

// A Swing is one bar of a tornado: where the outcome goes when one input moves down or up.
type Swing struct {
	Name           string
	Down, Up       float64
	DownIs, UpIs   string // what is written at the ends
	DownNo, UpNone bool   // the outcome has no end there: it never comes
}

// A Tornado shows which input moves the outcome most: the widest bar on top, as it is given.
type Tornado struct {
	Head
	X      Axis
	Now    Level
	Swings []Swing
}

func (t *Tornado) head() Head { return t.Head }

// Table has a row for each input.
func (t *Tornado) Table() Table {
	out := Table{{"", t.X.Label + " ↓", t.X.Label + " ↑"}}
	for _, s := range t.Swings {
		out = append(out, []string{s.Name, s.DownIs, s.UpIs})
	}
	return append(out, []string{t.Now.Name, t.X.format(t.Now.At), ""})
}

func (t *Tornado) draw(k *canvas) error {
	if len(t.Swings) == 0 {
		return fmt.Errorf("%w: no inputs", ErrChart)
	}
	ends := []float64{t.Now.At}
	all := []string{}
	for _, s := range t.Swings {
		all = append(all, s.Name)
		if !s.DownNo {
			ends = append(ends, s.Down)
		}
		if !s.UpNone {
			ends = append(ends, s.Up)
		}
	}
	x := scale{log: t.X.Log, from: side + nameWidth + 70, to: Width - side - 62}
	var err error
	if x.lo, x.hi, err = t.X.span(ends); err != nil {
		return err
	}
	top := k.y + 34
	rows := rowTops(top, all)
	bottom := rows[len(rows)-1]
	under(k, x, t.X, top, bottom)
	for i, s := range t.Swings {
		row(k, s.Name, rows[i], rows[i+1])
		down, up := x.at(s.Down), x.at(s.Up)
		if s.DownNo {
			down = x.to
		}
		if s.UpNone {
			up = x.to
		}
		now, y := x.at(t.Now.At), middleOf(rows[i], rows[i+1])-barHeight/2
		bar := func(to float64, class string) {
			k.rect(min(now, to), y, math.Abs(to-now), barHeight, class)
		}
		bar(down, "f1")
		bar(up, "f0")
		ended := func(to, other float64, s string) {
			if to < now || to == now && other > now {
				k.text(to-5, y+barHeight/2+4, end, "small", s)
			} else {
				k.text(to+5, y+barHeight/2+4, start, "small", s)
			}
		}
		ended(down, up, s.DownIs)
		if up != down {
			ended(up, down, s.UpIs)
		}
	}
	k.line(x.at(t.Now.At), top-4, x.at(t.Now.At), bottom, "mark")
	k.text(x.at(t.Now.At), top-9, middle, "small on", t.Now.Name+" "+t.X.format(t.Now.At))
	return nil
}

// A Class is how a cell of a map is filled: by number, 0 to Colours-1; below 0 it stays empty.
type Class int

// A Map is a table whose cells are coloured, each with its number: what is read at a glance is never told by
// colour alone.
type Map struct {
	Head
	Note    string // what the colours say
	X, Y    string // names of both axes
	Columns []string
	Rows    []string
	Values  [][]float64 // by row
	Class   func(float64) Class
	Format  func(float64) string
}

func (m *Map) head() Head { return m.Head }

func (m *Map) format(v float64) string {
	if m.Format != nil {
		return m.Format(v)
	}
	return Number(v)
}

// Table is the map itself.
func (m *Map) Table() Table {
	out := Table{append([]string{m.Y + " \\ " + m.X}, m.Columns...)}
	for i, r := range m.Rows {
		row := []string{r}
		for _, v := range m.Values[i] {
			row = append(row, m.format(v))
		}
		out = append(out, row)
	}
	return out
}

func (m *Map) draw(k *canvas) error {
	if len(m.Rows) == 0 || len(m.Columns) == 0 || len(m.Values) != len(m.Rows) {
		return fmt.Errorf("%w: a map of %d rows and %d columns", ErrChart, len(m.Rows), len(m.Columns))
	}
	left := side
	for _, r := range m.Rows {
		left = max(left, side+wide(r, textSize)+8)
	}
	k.y += 10
	for _, line := range wrap(m.Y, Width-2*side, smallSize) {
		k.y += smallSize * 1.4
		k.text(side, k.y, start, "axis", line)
	}
	w, h := (Width-side-left)/float64(len(m.Columns)), 34.0
	k.y += 8
	for i, r := range m.Rows {
		if len(m.Values[i]) != len(m.Columns) {
			return fmt.Errorf("%w: row %s has %d values", ErrChart, strconv.Quote(r), len(m.Values[i]))
		}
		k.text(left-8, k.y+h/2+4, end, "", r)
		for j, v := range m.Values[i] {
			x, class, text := left+float64(j)*w, m.Class(v), "inside on"
			if class < 0 {
				text = ""
				k.rect(x+1, k.y+1, w-2, h-2, "none")
			} else {
				k.rect(x, k.y, w, h, fmt.Sprintf("cell f%d", class))
			}
			k.text(x+w/2, k.y+h/2+4, middle, text, m.format(v))
		}
		k.y += h
	}
	for j, c := range m.Columns {
		k.text(left+(float64(j)+.5)*w, k.y+smallSize+6, middle, "axis", c)
	}
	k.y += smallSize + 10
	for _, line := range wrap(m.X, Width-side-left, smallSize) {
		k.y += smallSize * 1.4
		k.text(middleOf(left, Width-side), k.y, middle, "axis", line)
	}
	for _, line := range wrap(m.Note, Width-2*side, smallSize) {
		k.y += smallSize * 1.6
		k.text(side, k.y, start, "small", line)
	}
	k.y += 16
	return nil
}
