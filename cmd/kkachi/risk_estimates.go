package main

import (
	"fmt"

	"kkachi/internal/risk"
)

// estimateFlags are those of a verb that can take numbers from the newsroom's estimates.
type estimateFlags struct {
	Estimates  string `help:"The newsroom's estimates (estimates.toml, spec/10-risk.md), for what is not given." placeholder:"FILE"`
	Population string `help:"The population of the estimates among which the source stands." placeholder:"NAME"`
}

// estimates reads the file, if one is named, and says on stderr which estimates are stale.
func (w *world) estimates(f *estimateFlags) (*risk.Estimates, error) {
	switch {
	case f.Estimates == "" && f.Population == "":
		return nil, nil
	case f.Estimates == "" || f.Population == "":
		return nil, badf("--estimates and --population go together")
	}
	in, name, err := w.open(f.Estimates, "a file of estimates")
	if err != nil {
		return nil, err
	}
	defer in.Close()
	e, err := risk.ParseEstimates(in)
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", name, err), "spec/10-risk.md shows what each field may be")
	}
	for _, s := range e.Stale(w.now()) {
		fmt.Fprintf(w.stderr, "%s: %s is stale: %d days old, good for %d\n", name, s.Name, s.Days, s.Good)
	}
	if e.Example {
		fmt.Fprintf(w.stderr, "%s is an example: its numbers are invented\n", name)
	}
	return e, nil
}
