package risk

import (
	"fmt"
	"math"

	"kkachi/internal/chart"
	"kkachi/internal/lang"
)

// Plots draw what the functions of this room found, in a reader's language. They draw nothing else, and no plot
// gives a probability of what happens to anybody.

func days(v float64) string {
	if v >= 10 {
		return chart.Number(math.Round(v))
	}
	return chart.Number(v)
}

// BitsPlot is the waterfall of a crowd's details: what each costs, and how many bits there are until k people are
// left.
func BitsPlot(t lang.Tag, c *Crowd, base Range, k float64) chart.Chart {
	w := &chart.Waterfall{
		Head:  chart.Head{Lang: t, Title: lang.T(t, "risk.plot.bits")},
		X:     chart.Axis{Label: lang.T(t, "risk.plot.bits.x"), Format: func(v float64) string { return fmt.Sprintf("%.3g", v) }},
		Total: lang.T(t, "risk.plot.sum"),
	}
	sum := 0.0
	for _, b := range c.Bits {
		sum += b.Bits
		w.Steps = append(w.Steps, chart.Step{Name: b.Name, Value: b.Bits})
	}
	have := max(0, math.Log2(base.Median()/k))
	w.Limit = &chart.Level{At: have, Name: lang.T(t, "risk.plot.have", chart.Grouped(k))}
	w.Desc = lang.T(t, "risk.plot.bits.desc", fmt.Sprintf("%.1f", sum), fmt.Sprintf("%.1f", have), chart.Grouped(k))
	return w
}

// SurvivalPlot is the curve of lives of which nothing was seen; a sweep, if there was one, is the band around it.
func SurvivalPlot(t lang.Tag, curve []Point, runs int, s *Sweep) chart.Chart {
	l := &chart.Lines{
		Head: chart.Head{Lang: t, Title: lang.T(t, "risk.plot.survival", chart.Grouped(float64(runs)))},
		X:    chart.Axis{Label: lang.T(t, "risk.plot.days"), Format: days},
		Y:    chart.Axis{Label: lang.T(t, "risk.plot.unseen"), Min: 0, Max: 1, Format: chart.Percent},
	}
	given := chart.Series{Name: lang.T(t, "risk.plot.given"), Mark: chart.Line}
	for _, p := range curve {
		given.X, given.Y = append(given.X, p.Day), append(given.Y, p.Unseen)
	}
	half := curve[len(curve)/2]
	low, high := half.Unseen, half.Unseen
	if s != nil {
		drawn := chart.Series{Name: lang.T(t, "risk.plot.drawn"), Colour: 1}
		for _, b := range s.Survival {
			drawn.X, drawn.Y = append(drawn.X, b.Day), append(drawn.Y, b.Median)
			drawn.Low, drawn.High = append(drawn.Low, b.Low), append(drawn.High, b.High)
		}
		middle := s.Survival[len(s.Survival)/2]
		low, high = middle.Low, middle.High
		l.Series = append(l.Series, drawn)
	}
	l.Series = append(l.Series, given)
	l.Desc = lang.T(t, "risk.plot.survival.desc", days(half.Day), chart.Percent(half.Unseen), chart.Percent(low), chart.Percent(high))
	return l
}

// TornadoPlot shows which number of an apparatus moves the median day most.
func TornadoPlot(t lang.Tag, all []Sensitivity) chart.Chart {
	name := func(s Sensitivity) string { return lang.T(t, "risk.field."+s.Field) }
	p := &chart.Tornado{
		Head: chart.Head{Lang: t, Title: lang.T(t, "risk.plot.tornado")},
		X:    chart.Axis{Label: lang.T(t, "risk.plot.median"), Log: true, Format: days},
	}
	if len(all) > 0 {
		p.Now = chart.Level{At: float64(all[0].Now), Name: lang.T(t, "risk.plot.now")}
		p.Desc = lang.T(t, "risk.plot.tornado.desc", name(all[0]))
	}
	end := func(key string, d Days) (float64, string, bool) {
		if !finite(float64(d)) {
			return 0, lang.T(t, key, lang.T(t, "risk.cause.none")), true
		}
		return float64(d), lang.T(t, key, days(float64(d))), false
	}
	for _, s := range all {
		b := chart.Swing{Name: name(s)}
		b.Down, b.DownIs, b.DownNo = end("risk.plot.half", s.Halved)
		b.Up, b.UpIs, b.UpNone = end("risk.plot.double", s.Doubled)
		p.Swings = append(p.Swings, b)
	}
	return p
}

// StoriesLeft is the smaller of both budgets.
func StoriesLeft(candidates int, mean, k float64, searchable int, alpha float64) (int, error) {
	b, err := CountingBudget(candidates, mean, k)
	if err != nil {
		return 0, err
	}
	if searchable < 1 {
		return b.Five, nil
	}
	top, err := TopCBudget(candidates, mean, searchable, alpha)
	return min(b.Five, top.Stories), err
}

// BudgetPlot is a map of budgets around those that were asked for.
func BudgetPlot(t lang.Tag, candidates int, mean, k float64, searchable int, alpha float64) (chart.Chart, error) {
	m := &chart.Map{
		Head: chart.Head{Lang: t, Title: lang.T(t, "risk.plot.budget"), Desc: lang.T(t, "risk.plot.budget.desc", chart.Grouped(k))},
		Note: lang.T(t, "risk.plot.budget.note"),
		X:    lang.T(t, "risk.plot.budget.x"), Y: lang.T(t, "risk.plot.budget.y"),
		Class: func(v float64) chart.Class {
			switch {
			case v < 1:
				return 4
			case v < 5:
				return 1
			}
			return 0
		},
	}
	var means []float64
	for _, f := range []float64{.1, .3, 1, 2, 4} {
		means = append(means, min(MaxMean, mean*f))
		m.Columns = append(m.Columns, fmt.Sprintf("%.3g", means[len(means)-1]))
	}
	for _, f := range []float64{10, 3, 1, .3, .1} {
		n := max(1, int(min(MaxCandidates, math.Round(float64(candidates)*f))))
		m.Rows = append(m.Rows, chart.Grouped(float64(n)))
		var row []float64
		for _, mu := range means {
			left, err := StoriesLeft(n, mu, k, searchable, alpha)
			if err != nil {
				return nil, err
			}
			row = append(row, float64(left))
		}
		m.Values = append(m.Values, row)
	}
	return m, nil
}

// SpreadPlot is how many people know what a story tells, over three times the days to hold it.
func SpreadPlot(t lang.Tag, known, reach, rate, k, until float64) chart.Chart {
	last := until * 3
	if last == 0 {
		last = 3 / rate
	}
	var s chart.Series
	const steps = 60
	for i := range steps + 1 {
		day := last * float64(i) / steps
		s.X, s.Y = append(s.X, day), append(s.Y, reach/(1+(reach/known-1)*math.Exp(-rate*day)))
	}
	return &chart.Lines{
		Head: chart.Head{
			Lang: t, Title: lang.T(t, "risk.plot.spread"),
			Desc: lang.T(t, "risk.plot.spread.desc", chart.Grouped(known), chart.Grouped(k), days(until)),
		},
		X: chart.Axis{Label: lang.T(t, "risk.plot.days"), Format: days}, Y: chart.Axis{Label: lang.T(t, "risk.plot.people"), Format: chart.Grouped},
		Series: []chart.Series{s}, Levels: []chart.Level{{At: k, Name: lang.T(t, "risk.plot.wanted", chart.Grouped(k))}},
	}
}
