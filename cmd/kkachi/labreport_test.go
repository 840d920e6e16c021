package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"kkachi/internal/chart"
	"kkachi/internal/lab/figure"
	"kkachi/internal/lab/observer"
	"kkachi/internal/lang"
)

// What make lab sets: the folder of recorded visits, how many pairs it shall hold, and the folder of pages to
// write what was found into.
const (
	labDir   = "KKACHI_LAB"
	labPairs = "KKACHI_LAB_PAIRS"
	labDoc   = "KKACHI_LAB_DOC"
)

// labLate is the leak that some visits have in the page itself.
const labLate = "late"

// Reader and source make the same clicks in a real browser, and the source writes meanwhile: neither who watches the
// network nor the host tells them apart. The instruments are shown to find leaks first.
func TestP2NobodyIsToldApart(t *testing.T) { // P2
	dir, pairs := os.Getenv(labDir), 464
	if dir == "" {
		t.Skip("make lab runs it: half an hour of browsers on a machine that does nothing else")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("there is no Chromium")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.Atoi(os.Getenv(labPairs)); err == nil {
		pairs = n
	}
	labPace.recordVisits(t, dir, plans(pairs, 16, labLate))
	visits, err := observer.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := judgeLab(visits, []float64{0.02, 0.05, 0.1, 0.2, 0.4}, 0.1, []pageLeak{{labLate, "each send late by 0.10", false}})
	for _, wrong := range l.check(t) {
		t.Error(wrong)
	}
	t.Log("\n" + l.sealTable())
	if doc := os.Getenv(labDoc); doc != "" {
		l.write(t, doc)
	}
}

// check says what is wrong: who is told apart, and which planted leak is not found.
func (l *lab) check(t *testing.T) (wrong []string) {
	t.Helper()
	for _, v := range l.found {
		t.Log(verdictRow(v, l.z))
		if v.AUC > 0.5+3.5*v.Error {
			wrong = append(wrong, fmt.Sprintf("%s, by the %s: %.3f, standard error %.3f", v.Instrument, v.View, v.AUC, v.Error))
		}
	}
	if l.wrote*10 < len(l.visits)/2*7 {
		wrong = append(wrong, fmt.Sprintf("only %d of %d sources sent a letter", l.wrote, len(l.visits)/2))
	}
	for _, p := range l.planted {
		t.Logf("%s: network %.3f, host %.3f", p.name, p.best[0].AUC, p.best[1].AUC)
		if p.must && min(p.best[0].AUC, p.best[1].AUC) < 0.8 {
			wrong = append(wrong, fmt.Sprintf("%s: network %.3f, host %.3f: a planted leak is not found", p.name, p.best[0].AUC, p.best[1].AUC))
		}
	}
	return wrong
}

// A lab is what was found.
type lab struct {
	visits  []*observer.Visit
	wrote   int // sources whose letter left within the visit
	found   []observer.Verdict
	z       float64 // standard errors of joint intervals of 99 %
	planted []*plantedLeak
}

type plantedLeak struct {
	name  string
	share float64 // of a window; 0 where it is not about time
	must  bool
	best  []observer.Verdict // of network and host
}

// A pageLeak is one that some visits of sources had in the page itself.
type pageLeak struct {
	planted, name string
	must          bool
}

// judgeLab judges the visits whose pairs are whole, and with leaks planted in them: among others, cells late by shares
// of their windows, of which one must be found; then readers and those sources that had a leak in the page.
func judgeLab(all []*observer.Visit, late []float64, must float64, inPage []pageLeak) *lab {
	whole := map[int]int{}
	for _, v := range all {
		if v.Planted == "" {
			whole[v.Pair]++
		}
	}
	l := &lab{}
	var readers []*observer.Visit
	leaky := map[string][]*observer.Visit{}
	for _, v := range all {
		switch {
		case whole[v.Pair] < 2:
			continue
		case v.Planted != "":
			leaky[v.Planted] = append(leaky[v.Planted], v)
			continue
		case v.Letters > 0:
			l.wrote++
		}
		if !v.Source {
			readers = append(readers, v)
		}
		l.visits = append(l.visits, v)
	}
	l.found = observer.Judge(l.visits, labSeed)
	l.z = observer.Joint(0.99, len(l.found))
	var judging sync.WaitGroup
	plant := func(name string, share float64, must bool, visits []*observer.Visit) {
		p := &plantedLeak{name: name, share: share, must: must}
		l.planted = append(l.planted, p)
		judging.Go(func() {
			got := observer.Judge(visits, labSeed)
			for _, view := range observer.Views() {
				p.best = append(p.best, observer.Best(got, view.Name))
			}
		})
	}
	coin := observer.Coin(labSeed)
	plant("one more request", 0, true, observer.Planted(l.visits, observer.OneMore(), labSeed))
	plant("every cell a byte longer", 0, true, observer.Planted(l.visits, observer.Longer(100), labSeed))
	plant("one cell a byte longer", 0, true, observer.Planted(l.visits, observer.Longer(1), labSeed))
	plant("chosen by a coin: "+coin.Name, 0, true, observer.Planted(l.visits, coin, labSeed))
	for _, share := range late {
		plant(fmt.Sprintf("each send late by %.2f of its window", share), share, share == must, observer.Planted(l.visits, observer.Late(share), labSeed))
	}
	for _, leak := range inPage {
		if v := leaky[leak.planted]; len(v) > 0 {
			plant(fmt.Sprintf("in the page itself, %d visits: %s", len(v), leak.name), 0, leak.must, slices.Concat(readers, v))
		}
	}
	judging.Wait()
	return l
}

func verdictRow(v observer.Verdict, z float64) string {
	low, high := v.Interval(z)
	return fmt.Sprintf("| %s | %s | %.3f | %.3f … %.3f |", v.View, v.Instrument, v.AUC, low, high)
}

// sealTable says how long sealing took, and how long frames were meanwhile, for cover and letter: view by view, since a
// first view starts workers, and pages differ. Views of which fewer than ten were sealed so are left out.
func (l *lab) sealTable() string {
	var out strings.Builder
	out.WriteString("| the two cells of a view | | sealed | worker, median | 9 of 10 | longest frame, median | 9 of 10 |\n|---|---|---|---|---|---|---|\n")
	at := func(x []float64, q float64) float64 {
		slices.Sort(x)
		return x[int(q*float64(len(x)-1))]
	}
	for view := 1; view < labPace.views; view++ {
		for _, row := range []struct {
			name string
			is   func(source bool, letters int) bool
		}{
			{"a reader's cover", func(source bool, letters int) bool { return !source }},
			{"a source's cover", func(source bool, letters int) bool { return source && letters == 0 }},
			{"a source's letter", func(source bool, letters int) bool { return source && letters > 0 }},
		} {
			var took, frame []float64
			for _, v := range l.visits {
				if !v.Firefox && view < len(v.Seals) && row.is(v.Source, v.Seals[view].Letters) {
					took, frame = append(took, v.Seals[view].Took), append(frame, v.Seals[view].Frame)
				}
			}
			if len(took) >= 10 {
				fmt.Fprintf(&out, "| view %d | %s | %d | %.0f ms | %.0f ms | %.0f ms | %.0f ms |\n", view+1, row.name, len(took), at(took, 0.5), at(took, 0.9), at(frame, 0.5), at(frame, 0.9))
			}
		}
	}
	return out.String()
}

// write draws the figures and fills the page.
func (l *lab) write(t *testing.T, doc string) {
	t.Helper()
	roc := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Readers and sources, told apart by score"}, X: chart.Axis{Label: "share of readers taken for a source", Max: 1}, Y: chart.Axis{Label: "share of sources found", Max: 1}}
	area := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Area under the curve, joint 99 % intervals"}, X: chart.Axis{Label: "1, 2, 3: network: forest, sequence, schedule · 4, 5, 6: host", Min: 0.5, Max: 6.5}, Y: chart.Axis{Label: "area; 0.5 is guessing", Min: 0.3, Max: 0.7}}
	var table strings.Builder
	fmt.Fprintf(&table, "%d visits of readers, %d of sources; the letters of %d sources left within the visit.\n\n", len(l.visits)/2, len(l.visits)/2, l.wrote)
	table.WriteString("| view | instrument | area | joint 99 % interval |\n|---|---|---|---|\n")
	for i, v := range l.found {
		table.WriteString(verdictRow(v, l.z) + "\n")
		x, y := observer.Curve(v.Readers, v.Sources)
		roc.Series = append(roc.Series, chart.Series{Name: v.View + ", " + v.Instrument, X: x, Y: y, Colour: i % len(observer.Instruments()), Mark: map[bool]chart.Mark{true: chart.Dashed}[i >= len(observer.Instruments())]})
		low, high := v.Interval(l.z)
		at := float64(i + 1)
		area.Series = append(area.Series, chart.Series{X: []float64{at, at, at}, Y: []float64{low, v.AUC, high}, Mark: chart.Dotted, Colour: i % len(observer.Instruments())})
	}
	roc.Series = append(roc.Series, chart.Series{X: []float64{0, 1}, Y: []float64{0, 1}, Mark: chart.Dashed, Colour: 4})
	area.Series = append(area.Series, chart.Series{Name: "guessing", X: []float64{0.5, 6.5}, Y: []float64{0.5, 0.5}, Mark: chart.Dashed, Colour: 4})
	table.WriteString("\n| leak that was planted | network | host |\n|---|---|---|\n")
	late := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Each send later by a share of its window"}, X: chart.Axis{Label: "share", Max: 0.4}, Y: chart.Axis{Label: "area of the better instrument", Min: 0.4, Max: 1}}
	late.Series = []chart.Series{{Name: "network", Mark: chart.Dotted}, {Name: "host", Mark: chart.Dotted, Colour: 1}}
	for _, p := range l.planted {
		fmt.Fprintf(&table, "| %s | %.3f | %.3f |\n", p.name, p.best[0].AUC, p.best[1].AUC)
		if p.share > 0 {
			for i := range late.Series {
				s := &late.Series[i]
				s.X, s.Y = append(s.X, p.share), append(s.Y, p.best[i].AUC)
			}
		}
	}
	table.WriteString("\n" + l.sealTable())
	for name, f := range map[string]*chart.Lines{"lab-roc": &roc, "lab-auc": &area, "lab-late": &late} {
		if err := figure.Write(filepath.Join(doc, "figures", name+".svg"), f); err != nil {
			t.Error(err)
		}
	}
	if err := figure.Fill(filepath.Join(doc, "lab.md"), "found", table.String()); err != nil {
		t.Error(err)
	}
	smallest := slices.MinFunc(l.found, func(a, b observer.Verdict) int { return cmp.Compare(a.Error, b.Error) })
	t.Logf("intervals are ±%.3f wide at the least", smallest.Error*l.z)
}
