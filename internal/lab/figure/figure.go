// Package figure draws the plots of doc/figures: lines with bands and points on a light
// ground, in colours that stay apart for those who see few, as SVG that is legible at 600
// pixels. The other folders of lab, which hold tests only, draw with it.
//
// What enters: numbers, titles, names of axes with their units. What leaves: an SVG file. What may
// never be known here: where a number comes from. Nothing of the program imports it.
package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Width and height of a figure in points; a browser shows a point as 1.33 pixels.
const (
	Width  = 450
	Height = 300
)

// A Mark says how a series is drawn.
type Mark uint8

// Marks: a line, a line with a dot at each value, dots alone, a line of dashes.
const (
	Line Mark = iota
	Dotted
	Dots
	Dashed
)

// A Series is named values; Low and High, if given, are a band around them, as long as X.
type Series struct {
	Name      string
	X, Y      []float64
	Low, High []float64
	Mark      Mark
	Colour    int // of seven; the same number, the same colour
}

// A Figure is one plot.
type Figure struct {
	Title, X, Y string
	LogX, LogY  bool
	XMin, XMax  float64 // both 0: as the values are
	YMin, YMax  float64
	KeyAt       float64 // where the key begins, from the left: 0 … 1; its words run on to the right, however wide they are
	KeyBelow    bool    // at the bottom instead of the top
	Series      []Series
}

// colours of Okabe and Ito (2008), which stay apart for those who see few; all but the last
// have a contrast of 3 to 1 at least on white.
func colours() []color.NRGBA {
	return []color.NRGBA{{0, 0x72, 0xb2, 255}, {0xd5, 0x5e, 0, 255}, {0, 0x80, 0x60, 255}, {0x99, 0x4f, 0x88, 255}, {0x8a, 0x6d, 0, 255}, {0xb0, 0x30, 0x5c, 255}, {0x40, 0x40, 0x40, 255}}
}

func dashes() [][]vg.Length {
	return [][]vg.Length{nil, {7, 3}, {2, 2}, {9, 3, 2, 3}, {12, 3}, {5, 2, 1, 2}, {4, 2}}
}

// Write draws the figure into a file, replacing what stands there. A figure without values is an error.
func (f *Figure) Write(path string) error {
	svg, err := f.SVG()
	if err != nil {
		return fmt.Errorf("figure %s: %w", path, err)
	}
	return os.WriteFile(path, svg, 0o644)
}

// Fill puts a table into a page, in the place of what stands between the comments "<!-- name -->" and
// "<!-- end -->". It fails where the page has no such place.
func Fill(path, name, table string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no place for a table: it begins with %q and ends with %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+strings.TrimSpace(table)+"\n\n"+end+after), 0o644)
}

// SVG draws the figure. The same figure gives the same bytes.
func (f *Figure) SVG() ([]byte, error) {
	if len(f.Series) == 0 {
		return nil, fmt.Errorf("%q has no values", f.Title)
	}
	p := plot.New()
	f.frame(p)
	for _, s := range f.Series {
		if err := s.add(p); err != nil {
			return nil, fmt.Errorf("series %q: %w", s.Name, err)
		}
	}
	if f.XMin != f.XMax {
		p.X.Min, p.X.Max = f.XMin, f.XMax
	}
	if f.YMin != f.YMax {
		p.Y.Min, p.Y.Max = f.YMin, f.YMax
	}
	c := vgsvg.New(Width, Height)
	p.Draw(draw.Crop(draw.New(c), 4, -14, 2, -4))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	// Whoever has no Liberation has Arial or another of the same widths.
	family := regexp.MustCompile(`font-family:[^;]*;font-variant:[^;]*;`)
	return family.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}

func (f *Figure) frame(p *plot.Plot) {
	style := func(size vg.Length) text.Style {
		return text.Style{Color: color.Gray{0x20}, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Handler: plot.DefaultTextHandler}
	}
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = f.Title, f.X, f.Y
	align := func(to *text.Style, size vg.Length) {
		x, y, turn := to.XAlign, to.YAlign, to.Rotation
		*to = style(size)
		to.XAlign, to.YAlign, to.Rotation = x, y, turn
	}
	align(&p.Title.TextStyle, 12)
	align(&p.X.Label.TextStyle, 10.5)
	align(&p.Y.Label.TextStyle, 10.5)
	align(&p.X.Tick.Label, 10)
	align(&p.Y.Tick.Label, 10)
	align(&p.Legend.TextStyle, 10)
	p.Title.Padding, p.X.Label.Padding, p.Y.Label.Padding = 6, 4, 4
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs = !f.KeyBelow, true, vg.Length(f.KeyAt)*Width
	p.Legend.Padding, p.Legend.ThumbnailWidth = 2, 26
	if f.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powers{}
	}
	if f.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, powers{}
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xdd}, color.Gray{0xdd}
	p.Add(grid)
}

func (s *Series) add(p *plot.Plot) error {
	ink := colours()[s.Colour]
	if s.Low != nil {
		band := make(plotter.XYs, 0, 2*len(s.X))
		for i := range s.X {
			band = append(band, plotter.XY{X: s.X[i], Y: s.High[i]})
		}
		for i := len(s.X) - 1; i >= 0; i-- {
			band = append(band, plotter.XY{X: s.X[i], Y: s.Low[i]})
		}
		area, err := plotter.NewPolygon(band)
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Width = color.NRGBA{ink.R, ink.G, ink.B, 38}, 0
		p.Add(area)
	}
	points := make(plotter.XYs, len(s.X))
	for i := range s.X {
		points[i] = plotter.XY{X: s.X[i], Y: s.Y[i]}
	}
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = ink, 1.8
	line.Dashes = dashes()[s.Colour]
	if s.Mark == Dashed {
		line.Dashes = []vg.Length{3, 3}
		line.Width = 1
	}
	dots.Color, dots.Shape, dots.Radius = ink, glyphs()[s.Colour], 2.6
	var thumbs []plot.Thumbnailer
	if s.Mark != Dots {
		p.Add(line)
		thumbs = append(thumbs, line)
	}
	if s.Mark == Dotted || s.Mark == Dots {
		p.Add(dots)
		thumbs = append(thumbs, dots)
	}
	if s.Name != "" {
		p.Legend.Add(s.Name, thumbs...)
	}
	return nil
}

func glyphs() []draw.GlyphDrawer {
	return []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{}, draw.RingGlyph{}}
}

// powers are ticks at powers of ten, with words a person reads at a glance.
type powers struct{}

func (powers) Ticks(low, high float64) []plot.Tick {
	var out []plot.Tick
	for _, t := range (plot.LogTicks{Prec: -1}).Ticks(low, high) {
		if t.Label != "" {
			t.Label = Number(t.Value)
		}
		out = append(out, t)
	}
	return out
}

// Number writes a count as people do: 1,000 · 10 million. Below 1, as few digits as it takes.
func Number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%g million", v/1e6)
	case v >= 1000:
		return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)
	}
	return fmt.Sprintf("%g", v)
}
