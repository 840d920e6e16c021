// Package chart draws numbers: lines with bands, a waterfall, a tornado, a map of cells. Each drawing is an SVG with
// a title, a description and a table of the same numbers, in the colours of the house's tokens, light and dark,
// labelled where the lines are.
//
// What enters: numbers, titles, names of axes with their units, a language. What leaves: SVG, and a table. What may
// never be known here: where a number comes from. The same chart gives the same bytes.
package chart

import (
	_ "embed"
	"errors"
	"fmt"
	"html"
	"math"
	"strings"

	"kkachi/internal/lang"
)

// Width of every drawing, in pixels; it may be shown smaller. Heights follow from what is drawn.
const Width = 640

// A Head is what is said of a drawing.
type Head struct {
	Lang  lang.Tag
	Title string
	Desc  string // what is to be seen, for who can't see it
}

// A Table holds the numbers of a drawing: the first row names the columns.
type Table [][]string

// A Chart can be drawn. A chart that can't be drawn honestly (no values, NaN, an axis of no length) is an error.
type Chart interface {
	head() Head
	draw(c *canvas) error
	Table() Table
}

// ErrChart is wrapped by each refusal to draw.
var ErrChart = errors.New("can't be drawn")

//go:embed chart.css
var css string

// CSS is the style of a drawing within a page, which has the tokens already.
func CSS() string { return css }

// tokens are those of the look that drawings use, as a file that stands alone needs them; a test holds them to
// look/tokens.css.
const tokens = `svg{color-scheme:light dark;--ink:#16191d;--ink-2:#4a5159;--paper:#ffffff;--line:#dfe3e7;--accent:#0b5c8a;--pass:#1d6f42;--hold:#8a5a00;--block:#a3211c}
@media (prefers-color-scheme:dark){svg{--ink:#e8eaed;--ink-2:#b3bac2;--paper:#14171a;--line:#2c3238;--accent:#6cb6e3;--pass:#6cc48d;--hold:#e0b04f;--block:#f0857f}}
`

// SVG is a file that stands alone, with its colours and its ground.
func SVG(c Chart) ([]byte, error) {
	body, k, err := drawn(c)
	if err != nil {
		return nil, err
	}
	return []byte(k.open(c.head(), "") + "<style>" + tokens + css + "</style>\n<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n" + body + "</svg>\n"), nil
}

// Inline is a drawing within a page, which brings the tokens and CSS; id is its own on the page. Its table follows, folded.
func Inline(c Chart, id string) (string, error) {
	body, k, err := drawn(c)
	if err != nil {
		return "", err
	}
	h := c.head()
	return "<figure class=\"chart\">" + k.open(h, id+"-") + body + "</svg>\n<details><summary>" + escape(lang.T(h.Lang, "risk.chart.table")) +
		"</summary>" + tables(c) + "</details></figure>\n", nil
}

// Page is a page of its own with the drawing and the table.
func Page(c Chart) ([]byte, error) {
	svg, err := SVG(c)
	if err != nil {
		return nil, err
	}
	h := c.head()
	return fmt.Appendf(nil, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>\n"+
		"<style>h1{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%%)}svg{display:block;max-width:100%%;height:auto}body{max-width:40rem;margin:1.5rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color-scheme:light dark}"+
		"table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin-top:1.5rem}td,th{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #8884;white-space:nowrap}caption{text-align:left;font-weight:600;padding:.25rem .75rem}td:first-child,th:first-child{text-align:left}</style></head>\n"+
		"<body><main>\n<h1>%s</h1>\n%s%s</main></body></html>\n", h.Lang.HTML(), escape(h.Title), escape(h.Title), svg, tables(c)), nil
}

// tables are those of a chart, or of each in a stack, under their titles.
func tables(c Chart) string {
	s, ok := c.(*Stack)
	if !ok {
		return c.Table().html(c.head().Title)
	}
	var b strings.Builder
	for _, c := range s.Charts {
		b.WriteString(tables(c))
	}
	return b.String()
}

// html is the table as markup, under its title.
func (t Table) html(title string) string {
	var b strings.Builder
	b.WriteString("<table><caption>" + escape(title) + "</caption>")
	for i, row := range t {
		cell := "td"
		if i == 0 {
			b.WriteString("<thead>")
			cell = "th scope=\"col\""
		}
		b.WriteString("<tr>")
		for _, s := range row {
			open := cell
			if s == "" { // a head that names nothing is none
				open = "td"
			}
			name, _, _ := strings.Cut(open, " ")
			b.WriteString("<" + open + ">" + escape(s) + "</" + name + ">")
		}
		b.WriteString("</tr>")
		if i == 0 {
			b.WriteString("</thead><tbody>")
		}
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// Markdown is the table for a document: the first column to the left, numbers to the right.
func (t Table) Markdown() string {
	var b strings.Builder
	for i, row := range t {
		for _, s := range row {
			b.WriteString("| " + strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|--:", len(row)-1) + "|\n")
		}
	}
	return b.String()
}

// Describe is the descriptions of several charts in one.
func Describe(cs ...Chart) string {
	var all []string
	for _, c := range cs {
		all = append(all, c.head().Desc)
	}
	return strings.Join(all, " ")
}

func drawn(c Chart) (string, *canvas, error) {
	k := &canvas{}
	h := c.head()
	k.y = 16
	for _, line := range wrap(h.Title, Width-2*side, titleSize*bold) {
		k.y += titleSize * 1.3
		k.text(side, k.y, start, "title", line)
	}
	if err := c.draw(k); err != nil {
		return "", nil, fmt.Errorf("%q: %w", h.Title, err)
	}
	return k.b.String(), k, nil
}

// A canvas is what has been drawn so far, and the y below it.
type canvas struct {
	b strings.Builder
	y float64
}

const (
	side      = 16.0 // between the edge and what is drawn
	titleSize = 16.0
	textSize  = 13.0
	smallSize = 12.0
	bold      = 1.12 // how much wider bold letters are
)

// open is the svg element with its title and description. Ids begin with a prefix, so that a page may hold many.
func (k *canvas) open(h Head, prefix string) string {
	height := math.Ceil(k.y)
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" role=\"img\" lang=\"%s\" aria-labelledby=\"%st %sd\">\n<title id=\"%st\">%s</title><desc id=\"%sd\">%s</desc>\n",
		Width, height, Width, height, h.Lang.HTML(), prefix, prefix, prefix, escape(h.Title), prefix, escape(h.Desc))
}

// escape makes text harmless in markup, and drops what XML can't hold.
func escape(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�")))
}

// Anchors of text.
const (
	start  = "start"
	middle = "middle"
	end    = "end"
)

func (k *canvas) text(x, y float64, anchor, class, s string) {
	a := ""
	if anchor != start {
		a = " text-anchor=\"" + anchor + "\""
	}
	fmt.Fprintf(&k.b, "<text x=\"%s\" y=\"%s\"%s class=\"%s\">%s</text>\n", n(x), n(y), a, class, escape(s))
}

func (k *canvas) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&k.b, "<path class=\"%s\" d=\"M%s %sL%s %s\"/>\n", class, n(x1), n(y1), n(x2), n(y2))
}

func (k *canvas) rect(x, y, w, h float64, class string) {
	fmt.Fprintf(&k.b, "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"/>\n", class, n(x), n(y), n(w), n(h))
}

// n writes a coordinate with at most one decimal.
func n(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

func finite(vs ...float64) bool {
	for _, v := range vs {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
