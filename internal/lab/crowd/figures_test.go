package crowd

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/chart"
	"kkachi/internal/lab/figure"
	"kkachi/internal/lang"
	"kkachi/internal/sift"
)

// TestFigures draws the figures and fills the tables of doc/crowd.md, in the folder named by
// KKACHI_FIGURES; among the other tests it does the same a few times only, into a folder of
// its own, and looks that there is something everywhere.
func TestFigures(t *testing.T) {
	doc, runs := os.Getenv("KKACHI_FIGURES"), 1000
	if doc == "" {
		doc, runs = t.TempDir(), 4
		page, err := os.ReadFile("../../../doc/crowd.md")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(doc, "crowd.md"), page, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(doc, "figures"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, table := range map[string]func(runs int) string{
		"newsrooms": newsrooms, "remain": remain, "fewer": fewerThan, "suspects": suspected, "long": long, "floods": floods, "replies": replies, "overflow": overflowing, "canaries": withheld,
	} {
		rows := table(runs)
		if strings.Count(rows, "\n") < 4 || strings.Contains(rows, "NaN") {
			t.Errorf("the table of %s: %q", name, rows)
		}
		if err := figure.Fill(filepath.Join(doc, "crowd.md"), name+", by make figures", rows); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]chart.Lines{
		"intersection": intersection(runs), "window": windows(runs), "habits": habits(runs), "delay": delay(runs), "overflow": overflowFigure(runs),
	} {
		if err := figure.Write(filepath.Join(doc, "figures", name+".svg"), &f); err != nil {
			t.Error(err)
		}
	}
}

func newsroomSizes() [3]int { return [3]int{1000, 10_000, 10_000_000} }

// runsOf are fewer for many readers, whose numbers scatter less.
func runsOf(n, runs int) int {
	if n > 100_000 {
		return max(2, runs/4)
	}
	return runs
}

const (
	longest  = 52  // letters tied to dates: two years at one a fortnight
	meanPage = 2.5 // views of a visit, geometric from 1 on
)

// The habits of sources.
func always() habit      { return habit{rate: 5} }
func mostDays() habit    { return habit{rate: 0.92} }
func onlyToWrite() habit { return habit{} }
func onStories() habit   { return habit{onStories: 0.6} }

func basic(n int) study {
	return study{readers: n, people: usual(), window: 1, views: 1, letters: longest, habit: mostDays()}
}

func markdown(head string, rows ...string) string {
	n := strings.Count(head, "|") - 2
	return head + "\n|---|" + strings.Repeat("--:|", n) + "\n" + strings.Join(rows, "\n") + "\n"
}

// ofThree writes the middle and the span from 5 to 95 %.
func ofThree(v []float64) string {
	low, mid, high := quantile(v, 0.05), quantile(v, 0.5), quantile(v, 0.95)
	if low == high {
		return whole(mid)
	}
	return fmt.Sprintf("%s (%s–%s)", whole(mid), whole(low), whole(high))
}

// whole writes a count with two significant digits at most.
func whole(v float64) string {
	if v >= 100 {
		unit := math.Pow(10, math.Floor(math.Log10(v))-1)
		v = math.Round(v/unit) * unit
	}
	return chart.Number(v)
}

func percent(v float64) string {
	switch {
	case v < 0.0005:
		return "under 0.1 %"
	case v < 0.1:
		return fmt.Sprintf("%.1f %%", 100*v)
	case v > 0.995 && v < 1:
		return fmt.Sprintf("%.1f %%", min(99.9, 100*v))
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// newsrooms says what a day is like, and what the crowd figure and the host's quota make of it.
func newsrooms(int) string {
	var rows []string
	for _, n := range newsroomSizes() {
		came := float64(n) * usual().meanVisits(date{weekday: 2})
		cells := 2 * meanPage * came
		kept := func(quota int) string { return percent(min(1, float64(quota)/cells)) }
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |", chart.Number(float64(n)), whole(came), whole(cells),
			fmt.Sprintf("%.2g", cells*4096/1e9), chart.Number(float64(crowdFigure(int(cells), int(came), 1<<16))), kept(1<<16), kept(1<<20)))
	}
	return markdown("| readers | come on a Wednesday | cells that day | GB that day | crowd figure, at most | cells kept of 65,536 a day | of 1,048,576 |", rows...)
}

// remain counts those who fit all dates beside the source.
func remain(runs int) string {
	var rows []string
	for _, n := range newsroomSizes() {
		outs := each(basic(n), runsOf(n, runs), 1, (*study).byClass)
		row := "| " + chart.Number(float64(n))
		for _, k := range []int{1, 2, 4, 8, 16, 32} {
			row += " | " + ofThree(after(outs, k, fitting))
		}
		rows = append(rows, row+" |")
	}
	return markdown("| readers | after 1 letter | 2 | 4 | 8 | 16 | 32 |", rows...)
}

// until is after how many letters fewer than n are left.
func until(outs []outcome, what func(outcome) []int, n int) string {
	var v []float64
	for _, o := range outs {
		k := fewer(what(o), n)
		if k == 0 {
			k = longest + 1
		}
		v = append(v, float64(k))
	}
	one := func(p float64) string {
		if k := quantile(v, p); k <= longest {
			return chart.Number(k)
		}
		return fmt.Sprintf("over %d", longest)
	}
	if one(0.05) == one(0.95) {
		return one(0.5)
	}
	return fmt.Sprintf("%s (%s–%s)", one(0.5), one(0.05), one(0.95))
}

func untilRow(name string, s study, runs int, what func(outcome) []int) string {
	outs := each(s, runsOf(s.readers, runs), 2, (*study).byClass)
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", chart.Number(float64(s.readers)), name, until(outs, what, 20), until(outs, what, 5), until(outs, what, 2))
}

func fewerThan(runs int) string {
	var rows []string
	for _, n := range newsroomSizes() {
		day, week, story := basic(n), basic(n), basic(n)
		week.window, story.onStory = 7, true
		rows = append(rows, untilRow("the day", day, runs, fitting), untilRow("one of 7 days", week, runs, fitting), untilRow("the day, and a story broke on it", story, runs, fitting))
	}
	return markdown("| readers | the observer knows of each letter | fewer than 20 | fewer than 5 | she alone |", rows...)
}

func suspected(runs int) string {
	var rows []string
	for _, n := range newsroomSizes() {
		daily, reads, writes, story := basic(n), basic(n), basic(n), basic(n)
		daily.habit = always()
		writes.habit = onlyToWrite()
		story.habit, story.onStory = onStories(), true
		rows = append(rows, untilRow("comes every day, writes on some", daily, runs, suspects), untilRow("comes on most days, writes on some", reads, runs, suspects), untilRow("comes when a story breaks, writes then", story, runs, suspects),
			untilRow("comes only to write", writes, runs, suspects))
	}
	return markdown("| readers | a source who | among the first 20 | the first 5 | the first |", rows...)
}

// long says who could have sent a letter of so many cells in one visit.
func long(int) string {
	var rows []string
	for _, cells := range []int{2, 4, 8, 16} {
		share := math.Pow(1-1/meanPage, float64((cells+1)/2))
		row := fmt.Sprintf("| %d | %d | %s", cells, 1+(cells+1)/2, percent(share))
		for _, n := range newsroomSizes() {
			row += " | " + whole(math.Round(float64(n)*usual().meanVisits(date{weekday: 2})*share))
		}
		rows = append(rows, row+" |")
	}
	return markdown("| cells of the letter | pages it takes | visits that long | of 1,000 readers come for so long that day | of 10,000 | of 10 million |", rows...)
}

// aFlood gives, of letters written on the day of a flood, how many days each took to the desk.
func aFlood(base, n, runs int) []float64 {
	f := flow{base: base, mean: 20, flood: once(10, n), resize: sift.Resize}
	rnd := newRand(uint64(base + n))
	var days []float64
	for range max(4, runs/4) {
		carried, _ := f.delays(rnd, 60, 10, 10)
		for _, c := range carried {
			if c < 0 {
				c = 60
			}
			days = append(days, float64(1+c))
		}
	}
	return days
}

func floods(runs int) string {
	var rows []string
	for _, n := range []int{0, 1000, 10_000, 60_000} {
		row := "| " + chart.Number(float64(n))
		for _, base := range []int{256, 512, 1024} {
			row += " | " + ofThree(aFlood(base, n, runs))
		}
		rows = append(rows, row+" |")
	}
	return markdown("| records of a flood that day | B = 256 | B = 512 | B = 1,024 |", rows...)
}

// replies is the way back: the desk answers on the day it has the letter, the reply stands in the
// bulletin of the next day and for 28 days, and is read when the source next comes.
func replies(runs int) string {
	rnd := newRand(28)
	var rows []string
	for _, c := range []struct {
		name string
		p    float64
	}{{"on six days of ten", 0.6}, {"once a week", 1.0 / 7}, {"once a month", 1.0 / 30}} {
		var days []float64
		for range 50 * runs {
			d := 1
			for rnd.Float64() >= c.p {
				d++
			}
			if d <= 28 {
				days = append(days, float64(1+d))
			}
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", c.name, ofThree(days), percent(math.Pow(1-c.p, 28))))
	}
	return markdown("| she comes | days from writing to reading the answer | never reads it |", rows...)
}

func overflowing(runs int) string {
	var rows []string
	for _, mean := range []float64{50, 128, 200, 230, 256, 300, 450} {
		row := fmt.Sprintf("| %g", mean)
		for _, b := range []int{256, 512} {
			row += " | " + percent(overflowTail(b, mean))
		}
		f := flow{base: 256, mean: mean, resize: sift.Resize}
		late, all := 0, 0
		rnd := newRand(uint64(mean))
		for range max(2, runs/200) {
			carried, _ := f.delays(rnd, 365, 0, 364)
			for _, c := range carried {
				if all++; c != 0 {
					late++
				}
			}
		}
		rows = append(rows, row+" | "+percent(float64(late)/float64(all))+" |")
	}
	return markdown("| records of letters a day | over 256 | over 512 | letters that come a day late or more, with B growing from 256 |", rows...)
}

func withheld(int) string {
	var rows []string
	for _, share := range []float64{0.05, 0.1, 0.25, 0.5, 0.9} {
		rows = append(rows, fmt.Sprintf("| %s | %s |", percent(share), percent(unnoticed(share))))
	}
	return markdown("| readers whose cells the host keeps back | chance that the day is not held |", rows...)
}

// people are those who are left, she among them, in the middle and from 5 to 95 %.
func people(name string, colour int, s study, runs int, what func(outcome) []int) chart.Series {
	out := chart.Series{Name: name, Colour: colour}
	outs := each(s, runsOf(s.readers, runs), 3, (*study).byClass)
	for k := 1; k <= s.letters; k++ {
		v := after(outs, k, what)
		out.X, out.Y = append(out.X, float64(k)), append(out.Y, 1+quantile(v, 0.5))
		out.Low, out.High = append(out.Low, 1+quantile(v, 0.05)), append(out.High, 1+quantile(v, 0.95))
	}
	return out
}

const letterAxis = "letters of one source whose day of writing is known"

func intersection(runs int) chart.Lines {
	f := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Readers who came on all days on which she wrote"}, X: chart.Axis{Label: letterAxis, Min: 0, Max: 30}, Y: chart.Axis{Label: "people left, she among them (log)", Log: true, Min: 1, Max: 1e7}}
	for i, n := range []int{10_000_000, 10_000, 1000} {
		s := basic(n)
		s.letters = 30
		f.Series = append(f.Series, people(chart.Number(float64(n))+" readers", i, s, runs, fitting))
	}
	return f
}

func windows(runs int) chart.Lines {
	f := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "10,000 readers: what not knowing the day is worth"}, X: chart.Axis{Label: letterAxis, Min: 0, Max: 30}, Y: chart.Axis{Label: "people left, she among them (log)", Log: true, Min: 1, Max: 1e4}}
	for i, w := range []int{14, 7, 3, 1} {
		s := basic(10_000)
		s.letters, s.window = 30, w
		name := fmt.Sprintf("written within %d days", w)
		if w == 1 {
			name = "the day is known"
		}
		f.Series = append(f.Series, people(name, i, s, runs, fitting))
	}
	return f
}

func habits(runs int) chart.Lines {
	f := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "10,000 readers: suspects, by the habit of the source"}, X: chart.Axis{Label: letterAxis, Min: 0, Max: 16}, Y: chart.Axis{Label: "people at least as suspect as she (log)", Log: true, Min: 1, Max: 1e4}}
	for i, c := range []struct {
		name    string
		h       habit
		onStory bool
	}{{"comes every day, writes on some", always(), false}, {"comes on most days, writes on some", mostDays(), false}, {"comes when a story breaks, writes then", onStories(), true}, {"comes only to write", onlyToWrite(), false}} {
		s := basic(10_000)
		s.letters, s.habit, s.onStory = 16, c.h, c.onStory
		f.Series = append(f.Series, people(c.name, i, s, runs, suspects))
	}
	return f
}

func delay(runs int) chart.Lines {
	f := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Letters written on the day of a flood of so many records"}, X: chart.Axis{Label: "days from writing to the desk", Min: 0, Max: 14}, Y: chart.Axis{Label: "letters at the desk (%)", Min: 0, Max: 100}}
	for i, c := range []struct{ base, n int }{{256, 1000}, {512, 10_000}, {256, 10_000}, {512, 60_000}, {256, 60_000}} {
		s := chart.Series{Name: fmt.Sprintf("%s, B = %d", chart.Number(float64(c.n)), c.base), Colour: i, Mark: chart.Dotted}
		days := aFlood(c.base, c.n, runs)
		for d := 1.0; d <= 10; d++ {
			in := 0
			for _, x := range days {
				if x <= d {
					in++
				}
			}
			s.X, s.Y = append(s.X, d), append(s.Y, 100*float64(in)/float64(len(days)))
		}
		f.Series = append(f.Series, s)
	}
	return f
}

func overflowFigure(runs int) chart.Lines {
	f := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Days on which letters do not fit a batch"}, X: chart.Axis{Label: "records of letters a day, on average", Min: 0, Max: 600}, Y: chart.Axis{Label: "days (%)", Min: 0, Max: 100}}
	for i, b := range []int{256, 512} {
		line := chart.Series{Name: fmt.Sprintf("B = %d, Poisson", b), Colour: i}
		dots := chart.Series{Name: fmt.Sprintf("B = %d, simulated", b), Colour: i, Mark: chart.Dots}
		for mean := 150.0; mean <= 600; mean += 2 {
			line.X, line.Y = append(line.X, mean), append(line.Y, 100*overflowTail(b, mean))
		}
		for mean := 160.0; mean <= 600; mean += 20 {
			sum := 0.0
			for _, o := range overflows(b, mean, runs, newRand(uint64(mean))) {
				sum += o
			}
			dots.X, dots.Y = append(dots.X, mean), append(dots.Y, 100*sum/float64(runs))
		}
		f.Series = append(f.Series, line, dots)
	}
	return f
}
