package desk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"kkachi/internal/risk"
)

// EstimatesFile stands in the desk's folder: the newsroom's own numbers, by which the gate judges
// what stories give away. Without it each is missing, and a missing input is never a pass.
const EstimatesFile = "estimates.toml"

// estimatesFile is the file as it was read last.
type estimatesFile struct {
	mu   sync.Mutex // guards all below
	at   time.Time  // when the file was written
	size int64
	read bool
	have *risk.Estimates
	err  error
}

// estimates gives the numbers of now: none without a file. They are never written.
func (d *Desk) estimates() (*risk.Estimates, error) {
	f := &d.numbers
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(d.cfg.path(EstimatesFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.read = false
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("desk: %s: %w", EstimatesFile, errors.Unwrap(err))
	case f.read && info.ModTime().Equal(f.at) && info.Size() == f.size:
		return f.have, f.err
	}
	data, err := os.ReadFile(d.cfg.path(EstimatesFile))
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", EstimatesFile, errors.Unwrap(err))
	}
	f.have, f.err = risk.ParseEstimates(bytes.NewReader(data))
	if f.err != nil {
		f.have = nil
	}
	f.at, f.size, f.read = info.ModTime(), info.Size(), true
	return f.have, f.err
}

// CheckEstimates says what is wrong with the file; nil if it can be read, or is not there.
func (d *Desk) CheckEstimates() error {
	_, err := d.estimates()
	return err
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
