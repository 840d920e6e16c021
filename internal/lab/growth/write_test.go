package growth

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kkachi/internal/chart"
	"kkachi/internal/lab/figure"
	"kkachi/internal/lang"
)

// write joins what was measured with what stands in figures/growth.csv, and writes that, the tables
// of growth.md and the figure.
func write(doc string, sizes, slots []int, measured *table) error {
	data := filepath.Join(doc, "figures", "growth.csv")
	all, err := read(data)
	if err != nil {
		return err
	}
	for _, r := range measured.rows {
		for _, n := range slices.Sorted(maps.Keys(r.took)) {
			all.add(r.what, n, r.took[n])
		}
	}
	var things, bulletins table
	lines := "what,how many,seconds on the clock,seconds of processors\n"
	for _, r := range all.rows {
		to := &things
		if r.took[slots[0]].clock > 0 {
			to = &bulletins
		}
		to.rows = append(to.rows, r)
		for _, n := range slices.Sorted(maps.Keys(r.took)) {
			lines += fmt.Sprintf("%q,%d,%.6f,%.6f\n", r.what, n, r.took[n].clock.Seconds(), r.took[n].cpu.Seconds())
		}
	}
	path := filepath.Join(doc, "growth.md")
	return errors.Join(
		os.WriteFile(data, []byte(lines), 0o644),
		figure.Fill(path, "things, by make growth", things.markdown("things", sizes)),
		figure.Fill(path, "slots, by make growth", bulletins.markdown("slots", slots)),
		draw(filepath.Join(doc, "figures", "growth.svg"), sizes, &things))
}

// read gives what was measured before; nothing if there is no such file.
func read(path string) (*table, error) {
	out := &table{log: func(string, ...any) {}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	} else if err != nil {
		return nil, err
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, l := range lines[1:] {
		n, err := strconv.Atoi(l[1])
		if err != nil {
			return nil, err
		}
		var seconds [2]float64
		for i, field := range l[2:4] {
			if seconds[i], err = strconv.ParseFloat(field, 64); err != nil {
				return nil, err
			}
		}
		out.add(l[0], n, cost{time.Duration(seconds[0] * float64(time.Second)), time.Duration(seconds[1] * float64(time.Second))})
	}
	return out, nil
}

// markdown is seconds of processors for each number of things, then microseconds for each thing and the
// shape, and seconds on the clock at the largest number.
func (t *table) markdown(what string, sizes []int) string {
	var b strings.Builder
	b.WriteString("| seconds of processors for |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %s %s |", chart.Number(float64(n)), what)
	}
	last := sizes[len(sizes)-1]
	fmt.Fprintf(&b, " µs each | grows as | on the clock, %s |\n|---|%s---|--:|\n", chart.Number(float64(last)), strings.Repeat("--:|", len(sizes)+1))
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s |", r.what)
		for _, n := range sizes {
			fmt.Fprintf(&b, " %s |", short(r.took[n].cpu.Seconds()))
		}
		most := r.measured(sizes)
		clock := short(r.took[last].clock.Seconds())
		fmt.Fprintf(&b, " %s | %s | %s |\n", short(float64(r.took[most].cpu.Nanoseconds())/1e3/float64(most)), r.shape(sizes), clock)
	}
	return b.String()
}

// measured is the largest number for which the time of processors is known.
func (r *row) measured(sizes []int) int {
	for i := len(sizes) - 1; i > 0; i-- {
		if r.took[sizes[i]].cpu > 0 {
			return sizes[i]
		}
	}
	return sizes[0]
}

// short writes two significant digits, or whole numbers; a dash for what was not measured.
func short(v float64) string {
	switch {
	case v == 0:
		return "–"
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	case v < 1e-5:
		return "under 0.00001"
	}
	return fmt.Sprintf("%.*f", max(1, 1-int(math.Floor(math.Log10(v)))), v)
}

// shape is the exponent from the second size to the last: time grows as n to that power, the smallest
// left out because it shows constants. 1 is linear.
func (r *row) shape(sizes []int) string {
	e := r.exponent(sizes)
	switch {
	case e < 0.2:
		return fmt.Sprintf("hardly (n^%.1f)", max(e, 0))
	case e < 0.85:
		return fmt.Sprintf("less than n (n^%.1f)", e)
	case e <= 1.15:
		return fmt.Sprintf("n (n^%.2f)", e)
	}
	return fmt.Sprintf("more than n (n^%.2f)", e)
}

func (r *row) exponent(sizes []int) float64 {
	from, to := sizes[(len(sizes)-1)/2], r.measured(sizes)
	if from == to {
		from = sizes[0]
	}
	least := 10 * time.Microsecond
	ratio := float64(max(r.took[to].cpu, least)) / float64(max(r.took[from].cpu, least))
	return math.Log(ratio) / math.Log(float64(to)/float64(from))
}

func draw(path string, sizes []int, things *table) error {
	f := chart.Lines{Head: chart.Head{Lang: lang.English, Title: "Processor time for each thing, by how many there are"}, X: chart.Axis{Label: "cells a day, or operations in the vault", Log: true, Min: 1e3, Max: 1e6}, Y: chart.Axis{Label: "microseconds of processors for each", Log: true, Min: 1, Max: 1e3}}
	for _, want := range []struct{ row, name string }{
		{"host: put, 256 at once, each synced", "host: put a cell"},
		{"sift: order of the day", "sift: open a cell"},
		{"vault: append, 500 at once", "vault: append"},
		{"vault: rebuild the tables", "vault: rebuild"},
		{"vault: verify the log", "vault: verify"},
	} {
		s := chart.Series{Name: want.name, Mark: chart.Dotted, Colour: len(f.Series)}
		for _, r := range things.rows {
			if r.what != want.row {
				continue
			}
			for _, n := range sizes {
				if r.took[n].cpu > 0 {
					s.X = append(s.X, float64(n))
					s.Y = append(s.Y, float64(r.took[n].cpu.Nanoseconds())/1e3/float64(n))
				}
			}
		}
		if s.X == nil {
			continue // not measured yet
		}
		f.Series = append(f.Series, s)
	}
	return figure.Write(path, &f)
}
