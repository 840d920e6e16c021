package desk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"kkachi/internal/risk"
)

// EstimatesFile stands in the desk's folder: the newsroom's own numbers, by which the gate judges
// what stories give away. Without it each is missing, and a missing input is never a pass.
const EstimatesFile = "estimates.toml"

// estimates gives the numbers of now: none without a file. They are never written.
func (d *Desk) estimates() (*risk.Estimates, error) {
	e, err := d.numbers.get(d.cfg.path(EstimatesFile), func(data []byte) (*risk.Estimates, error) {
		return risk.ParseEstimates(bytes.NewReader(data))
	})
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.As(err, &path):
		return nil, fmt.Errorf("desk: %s: %w", EstimatesFile, path.Err)
	case err != nil:
		return nil, err
	}
	return e, nil
}

// CheckEstimates says what is wrong with the file; nil if it can be read, or is not there.
func (d *Desk) CheckEstimates() error {
	_, err := d.estimates()
	return err
}

// ExampleEstimates says whether the file is the example that a new desk begins with, by which every
// story is held. One that can't be read is none.
func (d *Desk) ExampleEstimates() bool {
	e, err := d.estimates()
	return err == nil && e != nil && e.Example
}

// populations lists those among whom a source may stand.
func populations(e *risk.Estimates) []string {
	if e == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(e.Populations))
}

// among is the population that a story's sources stand in: the one that was chosen, or the only one.
func (s *Story) among(e *risk.Estimates) string {
	names := populations(e)
	if s.Among == "" && len(names) == 1 {
		return names[0]
	}
	if slices.Contains(names, s.Among) {
		return s.Among
	}
	return ""
}

// details lists what a sentence may be marked with: the details that were estimated of a population.
func details(e *risk.Estimates, population string) []string {
	var out []string
	if e == nil || population == "" {
		return nil
	}
	for name, f := range e.Fractions {
		if _, err := e.Detail(population, name); err == nil && f.Axis == "" && detailName.MatchString(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
