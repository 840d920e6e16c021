package main

import (
	"fmt"
	"path/filepath"

	"kkachi/internal/chart"
	"kkachi/internal/lang"
)

// plotFlags are those of a verb that draws.
type plotFlags struct {
	Plot string `help:"Draw into FILE: .svg, or .html with the numbers as a table." placeholder:"FILE"`
	In   string `help:"The language of the drawing: ko, en or zh." name:"plot-lang" enum:"ko,en,zh" default:"en"`
}

func (p *plotFlags) lang() lang.Tag { return lang.Tag(p.In) }

// check refuses a name before anything is computed.
func (p *plotFlags) check() error {
	switch filepath.Ext(p.Plot) {
	case ".svg", ".html":
		return nil
	}
	if p.Plot == "" {
		return nil
	}
	return badf("--plot %s: name a file that ends in .svg or .html", p.Plot)
}

// write draws c, if a file was named.
func (p *plotFlags) write(c chart.Chart) error {
	if p.Plot == "" {
		return nil
	}
	made := chart.SVG
	if filepath.Ext(p.Plot) == ".html" {
		made = chart.Page
	}
	data, err := made(c)
	if err != nil {
		return given(fmt.Errorf("--plot: %w", err))
	}
	if err := writeFile(p.Plot, data, 0o644); err != nil {
		return fmt.Errorf("--plot: %w", err)
	}
	return nil
}
