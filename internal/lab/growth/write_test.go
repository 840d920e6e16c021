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

	"kkachi/internal/lab/figure"
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
	lines := "what,how many,seconds\n"
	for _, r := range all.rows {
		to := &things
		if r.took[slots[0]] > 0 {
			to = &bulletins
		}
		to.rows = append(to.rows, r)
		for _, n := range slices.Sorted(maps.Keys(r.took)) {
			lines += fmt.Sprintf("%q,%d,%.6f\n", r.what, n, r.took[n].Seconds())
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
		seconds, err := strconv.ParseFloat(l[2], 64)
		if err != nil {
			return nil, err
		}
		out.add(l[0], n, time.Duration(seconds*float64(time.Second)))
	}
	return out, nil
}

// markdown is seconds for each number of things, then microseconds for each thing at the largest,
// and the shape.
func (t *table) markdown(what string, sizes []int) string {
	var b strings.Builder
	b.WriteString("| seconds for |")
	for _, n := range sizes {
		fmt.Fprintf(&b, " %s %s |", figure.Number(float64(n)), what)
	}
	b.WriteString(" µs each, at the largest | grows as |\n|---|" + strings.Repeat("--:|", len(sizes)+1) + "---|\n")
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s |", r.what)
		for _, n := range sizes {
			fmt.Fprintf(&b, " %s |", short(r.took[n].Seconds()))
		}
		last := sizes[len(sizes)-1]
		fmt.Fprintf(&b, " %s | %s |\n", short(float64(r.took[last].Microseconds())/float64(last)), r.shape(sizes))
	}
	return b.String()
}

// short writes two significant digits, or whole numbers.
func short(v float64) string {
	if v >= 10 || v == 0 {
		return fmt.Sprintf("%.0f", v)
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
	from, to := sizes[(len(sizes)-1)/2], sizes[len(sizes)-1]
	ratio := max(r.took[to], time.Microsecond).Seconds() / max(r.took[from], time.Microsecond).Seconds()
	return math.Log(ratio) / math.Log(float64(to)/float64(from))
}

func draw(path string, sizes []int, things *table) error {
	f := figure.Figure{
		Title: "Time for each thing, by how many there are", X: "cells a day, or operations in the vault", Y: "microseconds for each",
		LogX: true, LogY: true, YMin: 1, YMax: 1e4, KeyAt: 0.35,
	}
	for _, want := range []struct{ row, name string }{
		{"host: put, 256 at once, each synced", "host: put a cell"},
		{"sift: order of the day", "sift: open a cell"},
		{"vault: append, 500 at once", "vault: append"},
		{"vault: rebuild the tables", "vault: rebuild"},
		{"vault: verify the log", "vault: verify"},
	} {
		s := figure.Series{Name: want.name, Mark: figure.Dotted, Colour: len(f.Series)}
		for _, r := range things.rows {
			if r.what != want.row {
				continue
			}
			for _, n := range sizes {
				s.X = append(s.X, float64(n))
				s.Y = append(s.Y, float64(r.took[n].Nanoseconds())/1e3/float64(n))
			}
		}
		if s.X == nil {
			return fmt.Errorf("%q was not measured", want.row)
		}
		f.Series = append(f.Series, s)
	}
	return f.Write(path)
}
