package web

import (
	"fmt"
	"html/template"
	"strconv"

	"kkachi/internal/cell"
	"kkachi/internal/chart"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// budgetView is what was printed of one source over time, against the stories that it can carry.
type budgetView struct {
	Handle, Budget, Quoted string
	Chart                  template.HTML // drawn by this program: numbers, days and words of the catalogue
	Printed                []printedRow  // the newest first
	Older                  string
}

type printedRow struct{ Href, Day, Level, Bits, Quoted string }

// shownPrints is how many printed stories a table lists; the drawing has all.
const shownPrints = 20

// maxPoints is how many days a drawing has, about; of a longer archive it leaves days out.
const maxPoints = 100

func (v *visit) budgets(x *desk.Exposure, today cell.Day) []budgetView {
	var out []budgetView
	for i := range x.Sources {
		s := &x.Sources[i]
		w := budgetView{Handle: s.Handle, Budget: v.T("desk.exposure.unknown"), Quoted: v.T("desk.exposure.quoted", s.Ledger.Quoted+s.Quoted)}
		if s.Judgement != nil && s.Judgement.Budget != nil {
			b := s.Judgement.Budget
			w.Budget = v.T("desk.exposure.left", b.Left, min(b.Five, b.TopC))
		}
		all := s.Ledger.Printed
		for k := len(all) - 1; k >= max(0, len(all)-shownPrints); k-- {
			p := all[k]
			row := printedRow{"/story/" + p.Story.String(), v.short(p.Day), p.Level.String(), fmt.Sprintf("%.1f", p.Bits), strconv.Itoa(p.Quoted)}
			if p.Bits < 0 {
				row.Bits = "?"
			}
			w.Printed = append(w.Printed, row)
		}
		if n := len(all) - shownPrints; n > 0 {
			w.Older = v.N("desk.exposure.older", n)
		}
		w.Chart = v.budgetChart(s, today, i)
		out = append(out, w)
	}
	return out
}

// budgetChart draws the stories of a source by day, and the number that it can carry; nothing
// where nothing was printed.
func (v *visit) budgetChart(s *desk.SourceExposure, today cell.Day, n int) template.HTML {
	if len(s.Ledger.Printed) == 0 {
		return ""
	}
	title := v.T("desk.exposure.plot", s.Handle)
	series := chart.Series{Name: v.T("desk.exposure.plot.stories"), Mark: chart.Steps}
	most := 0.0
	add := func(day cell.Day, stories int) {
		if k := len(series.X) - 1; k >= 0 && series.X[k] == float64(day) {
			series.Y[k] = float64(stories)
		} else {
			series.X, series.Y = append(series.X, float64(day)), append(series.Y, float64(stories))
		}
		most = max(most, float64(stories))
	}
	first := s.Ledger.Printed[0].Day
	add(first-1, 0)
	step := 1 + len(s.Ledger.Printed)/maxPoints
	for k, p := range s.Ledger.Printed {
		if k%step == 0 || k == len(s.Ledger.Printed)-1 {
			add(p.Day, k+1)
		}
	}
	if last := s.Ledger.Printed[len(s.Ledger.Printed)-1].Day; today > last {
		add(today, len(s.Ledger.Printed))
	}
	lines := &chart.Lines{
		Head: chart.Head{Lang: lang.Tag(v.tongue), Title: title, Desc: v.T("desk.exposure.plot.desc", s.Handle, len(s.Ledger.Printed))},
		X:    chart.Axis{Label: v.T("desk.exposure.over.day"), Format: func(d float64) string { return v.short(cell.Day(max(0, d))) }},
		Y:    chart.Axis{Label: v.T("desk.exposure.plot.stories")}, Series: []chart.Series{series},
	}
	if s.Judgement != nil && s.Judgement.Budget != nil {
		at := float64(min(s.Judgement.Budget.Five, s.Judgement.Budget.TopC))
		lines.Levels, most = []chart.Level{{At: at, Name: v.T("desk.exposure.plot.budget")}}, max(most, at)
	}
	lines.Y.Max = most + 1
	svg, err := chart.Inline(lines, "spent-"+strconv.Itoa(n))
	if err != nil {
		return "" // the table has the same numbers
	}
	return template.HTML(svg) // chart escapes what it is given
}
