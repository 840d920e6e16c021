package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"kkachi/internal/lang"
)

func head(t lang.Tag) Head {
	return Head{Lang: t, Title: "a <title> & \"more\"", Desc: "what is to be seen"}
}

// each is one chart of every kind, with hostile and long names.
func each(t lang.Tag) map[string]Chart {
	long := "a very long name of a series <b>that</b> goes on 그리고 아주 긴 이름 以及很长的名称"
	lines := &Lines{
		Head: head(t), X: Axis{Label: "days"}, Y: Axis{Label: "people", Log: true},
		Series: []Series{
			{Name: long, X: []float64{1, 2, 4}, Y: []float64{10, 1000, 20}, Low: []float64{5, 500, 10}, High: []float64{20, 2000, 40}, Mark: Dotted},
			{Name: "same end", X: []float64{1, 4}, Y: []float64{20, 20}, Colour: 1},
			{Name: "dots", X: []float64{1, 4}, Y: []float64{21, 20}, Colour: 2, Mark: Dots},
			{Name: "steps", X: []float64{1, 4}, Y: []float64{21, 30}, Colour: 3, Mark: Steps},
			{Name: "dashes", X: []float64{1, 4}, Y: []float64{40, 30}, Colour: 4, Mark: Dashed},
		},
		Levels: []Level{{At: 100, Name: "wanted"}},
	}
	waterfall := &Waterfall{Head: head(t), X: Axis{Label: "bits"}, Steps: []Step{{long, 1.5}, {"nothing", 0}, {"much", 9}}, Total: "sum", Limit: &Level{At: 5, Name: "limit"}}
	tornado := &Tornado{
		Head: head(t), X: Axis{Label: "days", Log: true}, Now: Level{At: 100, Name: "now"},
		Swings: []Swing{{Name: long, Down: 10, Up: 1000, DownIs: "½: 10", UpIs: "×2: 1,000"}, {Name: "never", Down: 50, DownIs: "½: 50", UpNone: true, UpIs: "×2: never"}, {Name: "still", Down: 100, Up: 100}},
	}
	cells := &Map{Head: head(t), X: "μ", Y: "N", Columns: []string{"1", "2"}, Rows: []string{"300", "30,000,000"}, Values: [][]float64{{0, 4}, {9, 1e7}}, Class: func(v float64) Class { return Class(min(3, v) - 1) }}
	return map[string]Chart{"lines": lines, "waterfall": waterfall, "tornado": tornado, "map": cells, "stack": &Stack{Head: head(t), Charts: []Chart{lines, tornado}}}
}

// Every drawing is well-formed, the same each time, says what it is, and stays on its ground.
func TestDrawings(t *testing.T) {
	for _, tag := range lang.All() {
		for name, c := range each(tag) {
			one, err := SVG(c)
			if err != nil {
				t.Fatal(name, err)
			}
			if two, _ := SVG(each(tag)[name]); string(two) != string(one) {
				t.Errorf("%s: drawn again it is another", name)
			}
			texts := wellFormed(t, name, one)
			for _, want := range []string{"a <title> & \"more\"", "what is to be seen"} {
				if !strings.Contains(texts, want) {
					t.Errorf("%s does not say %q", name, want)
				}
			}
			for _, no := range []string{"NaN", "Inf", "<b>", "-0<", "style=", "href", "<script"} {
				if strings.Contains(string(one), no) {
					t.Errorf("%s holds %q", name, no)
				}
			}
			onGround(t, name, string(one))
			inline, err := Inline(c, "x")
			if err != nil || strings.Contains(inline, "<style") || !strings.Contains(inline, "aria-labelledby=\"x-t x-d\"") || !strings.Contains(inline, "<th scope=\"col\">") {
				t.Errorf("%s within a page: %v %.200s", name, err, inline)
			}
			if n := strings.Count(inline, "<table>"); n != 1 && name != "stack" || n != 2 && name == "stack" {
				t.Errorf("%s within a page has %d tables", name, n)
			}
			page, err := Page(c)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := html.Parse(strings.NewReader(string(page))); err != nil || strings.Contains(string(page), "<b>") {
				t.Errorf("%s as a page: %v", name, err)
			}
		}
	}
}

func wellFormed(t *testing.T, name string, svg []byte) string {
	t.Helper()
	var texts strings.Builder
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts.String()
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c, ok := tok.(xml.CharData); ok {
			texts.Write(c)
		}
	}
}

var (
	size   = regexp.MustCompile(`viewBox="0 0 ([0-9]+) ([0-9]+)"`)
	placed = regexp.MustCompile(`<text x="([0-9.-]+)" y="([0-9.-]+)"(?: text-anchor="(\w+)")? class="([^"]*)">([^<]*)<`)
)

// onGround holds each text to the drawing's edges, by its width as it is reckoned.
func onGround(t *testing.T, name, svg string) {
	t.Helper()
	m := size.FindStringSubmatch(svg)
	height, _ := strconv.ParseFloat(m[2], 64)
	texts := placed.FindAllStringSubmatch(svg, -1)
	if len(texts) < 4 {
		t.Errorf("%s: %d texts", name, len(texts))
	}
	for _, p := range texts {
		x, _ := strconv.ParseFloat(p[1], 64)
		y, _ := strconv.ParseFloat(p[2], 64)
		w := wide(html.UnescapeString(p[5]), smallSize)
		if p[4] == "title" {
			w *= titleSize * bold / smallSize
		}
		from := map[string]float64{"": x, "middle": x - w/2, "end": x - w}[p[3]]
		if from < 0 || from+w > Width+1 || y < 8 || y > height {
			t.Errorf("%s: %q stands at %.0f–%.0f, %.0f of %.0f", name, p[5], from, from+w, y, height)
		}
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	line := func(y ...float64) *Lines {
		s := Series{Name: "s", Y: y}
		for i := range y {
			s.X = append(s.X, float64(i))
		}
		return &Lines{Series: []Series{s}}
	}
	log := line(0, 1)
	log.Y.Log = true
	short := line(1, 2)
	short.Series[0].X = short.Series[0].X[:1]
	colour := line(1, 2)
	colour.Series[0].Colour = Colours
	for name, c := range map[string]Chart{
		"no series": &Lines{}, "no values": line(), "NaN": line(1, math.NaN()), "infinite": line(1, math.Inf(1)), "log of 0": log, "short": short, "colour": colour,
		"no steps": &Waterfall{}, "step below 0": &Waterfall{Steps: []Step{{"a", -1}}}, "no inputs": &Tornado{}, "no cells": &Map{}, "no drawings": &Stack{},
		"ragged": &Map{Rows: []string{"a"}, Columns: []string{"b"}, Values: [][]float64{{}}, Class: func(float64) Class { return 0 }},
	} {
		if _, err := SVG(c); !errors.Is(err, ErrChart) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SVG(line(3)); err != nil {
		t.Errorf("one value: %v", err)
	}
}

// Colours are the look's own, and stand out from the ground in both schemes.
func TestColoursAreTheLooks(t *testing.T) {
	data, err := os.ReadFile("../look/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(data), "prefers-color-scheme: dark")
	mine, mineDark, _ := strings.Cut(tokens, "prefers-color-scheme:dark")
	for _, c := range []struct{ look, chart string }{{light, mine}, {dark, mineDark}} {
		values := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z0-9-]+):(#[0-9a-f]{6})`).FindAllStringSubmatch(c.chart, -1) {
			values[m[1]] = m[2]
			if !strings.Contains(c.look, "--"+m[1]+": "+m[2]+";") {
				t.Errorf("--%s is %s in a drawing, and not in the look", m[1], m[2])
			}
		}
		for _, name := range []string{"ink", "ink-2", "accent", "hold", "pass", "block"} {
			if r := contrast(t, values[name], values["paper"]); r < 4.5 {
				t.Errorf("--%s on paper has a contrast of %.1f", name, r)
			}
		}
	}
	for _, m := range regexp.MustCompile(`var\(--([a-z0-9-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !strings.Contains(tokens, "--"+m[1]+":") {
			t.Errorf("chart.css uses --%s, which a file that stands alone lacks", m[1])
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light := func(s string) float64 {
		sum := 0.0
		for i, w := range []float64{.2126, .7152, .0722} {
			n, err := strconv.ParseUint(s[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= .04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+.055)/1.055, 2.4)
			}
			sum += w * v
		}
		return sum
	}
	x, y := light(a), light(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// Labels never cover each other, wherever lines end, as long as there is room for all.
func TestLabelsStandApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ls []label
		for i := range rapid.IntRange(1, 8).Draw(t, "labels") {
			ls = append(ls, label{rapid.Float64Range(-50, 400).Draw(t, "y"), make([]string, rapid.IntRange(1, 2).Draw(t, "lines")), i})
		}
		out := apart(ls, 0, 300)
		for i := range out {
			if top := out[i].y - out[i].height()/2; top < -1e-6 || out[i].y+out[i].height()/2 > 300+1e-6 {
				t.Fatalf("label at %v of 300", out[i].y)
			}
			if i > 0 && out[i].y-out[i-1].y < (out[i].height()+out[i-1].height())/2-1e-6 {
				t.Fatalf("labels at %v and %v", out[i-1].y, out[i].y)
			}
		}
	})
}

// Ticks are round, rise, and lie within their axis.
func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scale{log: rapid.Bool().Draw(t, "log")}
		s.lo = rapid.Float64Range(1e-6, 1e6).Draw(t, "lo")
		s.hi = s.lo * rapid.Float64Range(1.5, 1e6).Draw(t, "times")
		ticks := s.ticks(6)
		if len(ticks) > 30 {
			t.Fatalf("%d ticks from %v to %v", len(ticks), s.lo, s.hi)
		}
		for i, v := range ticks {
			if v < s.lo*(1-1e-6) || v > s.hi*(1+1e-6) || i > 0 && v <= ticks[i-1] {
				t.Fatalf("ticks %v from %v to %v", ticks, s.lo, s.hi)
			}
		}
	})
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", .05: "0.05", .123456: "0.123", 1.5: "1.5", 20: "20", 450: "450", 1000: "1,000", 12345: "12,345", 1.6e6: "1.6 million", 1e7: "10 million", -3: "−3", 1e-7: "0.0000001", 999.6: "1,000", 999.4: "999"} {
		if got := Number(v); got != want {
			t.Errorf("%v is %q, not %q", v, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 12345678: "12,345,678"} {
		if got := Grouped(v); got != want {
			t.Errorf("%v is %q, not %q", v, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct{ s, want string }{
		{"a few short words", "a few/short/words"},
		{"정보가 새는 곳", "정보가/새는 곳"},
		{"这些词，很长", "这些词，/很长"},
		{"", ""},
		{"unbreakablylongword", "unbreakablylongword"},
	} {
		if got := strings.Join(wrap(c.s, 55, 13), "/"); got != c.want {
			t.Errorf("%q: %q, not %q", c.s, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	table := Table{{"", "a|b"}, {"x\ny", "<1>"}}
	if got, want := table.Markdown(), "|  | a\\|b |\n|---|--:|\n| x y | <1> |\n"; got != want {
		t.Errorf("%q", got)
	}
	if got := table.html("<t>"); !strings.Contains(got, "<td>&lt;1&gt;</td>") || !strings.Contains(got, "<caption>&lt;t&gt;</caption>") {
		t.Errorf("%q", got)
	}
	lines := each(lang.English)["lines"].Table()
	if len(lines) != 4 || fmt.Sprint(lines[1]) != "[1 10 (5–20) 20 21 21 40]" {
		t.Errorf("%q", lines)
	}
}
