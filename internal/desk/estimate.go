package desk

import (
	"maps"
	"slices"

	"kkachi/internal/risk"
)

// Estimates are the newsroom's own numbers, by which the gate judges what stories give away.
type Estimates struct {
	// Case holds what is the same for each story: k's three numbers, base, units, fractions of
	// levels, weights, timing. What it leaves out is missing, and a missing input is never a pass.
	Case risk.Case
	// Details are what a sentence may be marked with as telling of its source, by name: the
	// fraction of the base that each fits.
	Details map[string]risk.Pair
	// Old names estimates that the newsroom wants to be looked at again.
	Old []string
}

// estimates gives the numbers of now; without a file none, and each is missing.
func (d *Desk) estimates() (*Estimates, error) {
	if d.cfg.Estimates == nil {
		return &Estimates{}, nil
	}
	e, err := d.cfg.Estimates(d.Today())
	if e == nil {
		e = &Estimates{}
	}
	return e, err
}

// names lists the details that a sentence may be marked with.
func (e *Estimates) names() []string { return slices.Sorted(maps.Keys(e.Details)) }

// detail gives the fraction of a detail; nil if nobody estimated it.
func (e *Estimates) detail(name string) *risk.Pair {
	p, ok := e.Details[name]
	if !ok {
		return nil
	}
	return &p
}

// level gives the fraction of a level of an axis; nil if nobody estimated it.
func (e *Estimates) level(axis risk.Axis, level uint8) *risk.Pair {
	fs := e.Case.Fractions[axis]
	if level == 0 || int(level) > len(fs) {
		return nil
	}
	return twin(fs[level-1])
}

// template is the newsroom's part of a case, for one judgement: the gate moves ranges while it
// looks for what flips them, so no two judgements share one.
func (e *Estimates) template() *risk.Case {
	c := e.Case
	c.Version = risk.CaseVersion
	c.Base, c.Joint = twin(c.Base), nil
	c.Fractions = make(map[risk.Axis][]*risk.Pair, len(e.Case.Fractions))
	for axis, fs := range e.Case.Fractions {
		for _, f := range fs {
			c.Fractions[axis] = append(c.Fractions[axis], twin(f))
		}
	}
	return &c
}

func twin(p *risk.Pair) *risk.Pair {
	if p == nil {
		return nil
	}
	q := *p
	return &q
}
