package risk

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Judge is the gate. It BLOCKs what printing would give away by these numbers, HOLDs where an
// input is missing, corroboration is one chain, or the verdict turns within the given ranges,
// and else lets it PASS. Numbers that can't be used are an error that wraps ErrRange; what is
// merely not given is a HOLD that names it. The rules are those of spec/10-risk.md, section 5; what
// they weigh is cited where it is computed.
//
// Two different people and a reason overrule a verdict, as an override that the caller
// records. Metadata, and an edition finer than the others, are mended, never overruled.
func Judge(c *Case) (*Judgement, error) {
	c, err := c.narrowed()
	if err != nil {
		return nil, err
	}
	j, err := weigh(c)
	if err != nil || j.Crowd == nil {
		return j, err
	}
	return j, j.mend(c)
}

// Weigh is Judge without what mends the verdict and what flips it: for lists.
func Weigh(c *Case) (*Judgement, error) {
	c, err := c.narrowed()
	if err != nil {
		return nil, err
	}
	return weigh(c)
}

func weigh(c *Case) (*Judgement, error) {
	j := &Judgement{K: KFloor, Reasons: []Reason{}, Fixes: []Fix{}, Flips: []Flip{}}
	if err := j.least(c); err != nil {
		return nil, err
	}
	for _, name := range c.absent {
		j.missing(name)
	}
	for _, old := range c.stale {
		j.add(Hold, "stale", old.Name, float64(old.Days), float64(old.Good))
	}
	if c.example {
		j.add(Hold, "example", "", 0, 0)
	}
	if err := j.crowd(c); err != nil {
		return nil, err
	}
	if err := j.stories(c); err != nil {
		return nil, err
	}
	if err := j.wait(c); err != nil {
		return nil, err
	}
	if err := j.rest(c); err != nil {
		return nil, err
	}
	j.Verdict = worst(j.Reasons)
	j.overrule(c)
	return j, nil
}

// narrowed is c with one row of the ledger for each hierarchy and level, the narrowest: an
// archive has as many rows as stories have details, and the same few levels.
func (c *Case) narrowed() (*Case, error) {
	if c.Ledger == nil {
		return c, nil
	}
	type place struct {
		hierarchy string
		level     uint8
	}
	at := map[place]int{}
	var rows []LedgerRow
	for _, row := range c.Ledger.Finest {
		if row.Fraction != nil {
			if err := row.Fraction.Range().checkFraction(); err != nil {
				return nil, fmt.Errorf("ledger %s: %w", row.Hierarchy, err)
			}
		}
		key := place{row.Hierarchy, row.Level}
		i, ok := at[key]
		switch {
		case !ok:
			at[key] = len(rows)
			rows = append(rows, row)
		case row.Fraction == nil:
			rows[i].Fraction = nil // what nobody estimated is missing, whatever else was
		case rows[i].Fraction != nil:
			was := rows[i].Fraction
			rows[i].Fraction = &Pair{min(was[0], row.Fraction[0]), min(was[1], row.Fraction[1])}
		}
	}
	out, ledger := *c, *c.Ledger
	ledger.Finest = rows
	out.Ledger = &ledger
	return &out, nil
}

func (j *Judgement) add(v Verdict, rule, detail string, have, want float64) {
	j.Reasons = append(j.Reasons, Reason{v, rule, detail, have, want})
}

func (j *Judgement) missing(input string) { j.add(Hold, "missing", input, 0, 0) }

// least finds the k that the crowd must have.
func (j *Judgement) least(c *Case) error {
	given := true
	for _, in := range []struct {
		name  string
		value *float64
	}{{"accepted", c.Accepted}, {"searchable", c.Searchable}, {"success", c.Success}} {
		if in.value == nil {
			given = false
			j.missing(in.name)
		}
	}
	if !given {
		return nil
	}
	k, err := KMin(*c.Searchable, *c.Success, *c.Accepted)
	j.K = k
	return err
}

// context is the case as the lattice takes it. What is not given is named to missing.
func (c *Case) context(k float64, missing func(string)) Context {
	out := Context{K: k, Weights: c.Weights, Fractions: map[Axis][]Range{}}
	get := func(p *Pair, name string) Range {
		if p == nil {
			missing(name)
			return Range{}
		}
		return p.Range()
	}
	out.Base = get(c.Base, "base")
	if c.Units != nil {
		out.Units = *c.Units // Fits names units that are not given
	}
	if c.Joint != nil {
		joint := c.Joint.Range()
		out.Joint = &joint
	}
	for axis, fs := range c.Fractions {
		for _, f := range fs {
			out.Fractions[axis] = append(out.Fractions[axis], get(f, ""))
		}
	}
	if c.Ledger == nil {
		missing("ledger")
	} else {
		for _, row := range c.Ledger.Finest {
			out.Printed = append(out.Printed, Printed{row.Hierarchy, row.Level, get(row.Fraction, "ledger "+row.Hierarchy)})
		}
	}
	for _, d := range c.Details {
		out.Details = append(out.Details, Detail{d.Name, get(d.Fraction, "detail "+d.Name)})
	}
	return out
}

// fits judges the draft's crowd: nil where an input is missing, each of which is named.
func (c *Case) fits(l Level, k float64, missing func(string)) (*Crowd, error) {
	whole := true
	context := c.context(k, func(name string) {
		if name != "" { // a level that nobody estimated is missing only where it is printed
			whole = false
			missing(name)
		}
	})
	if !whole {
		return nil, nil
	}
	o, err := context.options()
	if err != nil {
		return nil, err
	}
	q, axes := context.question(o, l)
	for _, axis := range axes {
		missing("fractions " + string(axis))
	}
	if len(axes) > 0 {
		return nil, nil
	}
	return Fits(q)
}

func nobody(string) {}

func (j *Judgement) crowd(c *Case) error {
	if len(c.Editions) == 0 {
		j.missing("editions")
		return nil
	}
	for _, e := range c.Editions {
		if !e.Level.Valid() {
			return fmt.Errorf("editions %s: level: %w", e.Lang, ErrRange)
		}
	}
	if name, differs := c.uneven(); differs {
		j.add(Block, "edition", name, 0, 0)
	}
	var err error
	if j.Crowd, err = c.fits(c.finestLevel(), j.K, j.missing); err != nil || j.Crowd == nil {
		return err
	}
	j.Reasons = append(j.Reasons, j.Crowd.Reasons...)
	return nil
}

// stories holds the number of stories against the smaller budget, this draft among them.
func (j *Judgement) stories(c *Case) error {
	if c.Timing == nil {
		j.missing("timing")
		return nil
	}
	if c.Ledger == nil || c.Searchable == nil || c.Accepted == nil {
		return nil // named already
	}
	if c.Ledger.Stories < 0 || c.Ledger.Quoted < 0 {
		return fmt.Errorf("ledger: %w: at least 0", ErrRange)
	}
	if c.Base != nil && float64(c.Timing.Candidates) > c.Base[1] {
		j.add(Hold, "candidates", "", float64(c.Timing.Candidates), c.Base[1])
	}
	b, err := CountingBudget(c.Timing.Candidates, c.Timing.Mean, j.K)
	if err != nil {
		return fmt.Errorf("timing: %w", err)
	}
	top := TopBudget{Stories: b.Five}
	if *c.Searchable >= 1 && *c.Accepted < 1 {
		if top, err = c.memory.topC(topQuestion{c.Timing.Candidates, int(math.Ceil(min(*c.Searchable, MaxCandidates))), c.Timing.Mean, *c.Accepted}); err != nil {
			return fmt.Errorf("timing: %w", err)
		}
	}
	allowed := min(b.Five, top.Stories)
	j.Budget = &Budgets{b, top.Stories, max(0, allowed-c.Ledger.Stories-1)}
	if c.Ledger.Stories+1 > allowed {
		j.add(Block, "budget", "", float64(c.Ledger.Stories+1), float64(allowed))
	}
	switch {
	case c.Ledger.Quoted >= QuotedBlock:
		j.add(Block, "quoted", "", float64(c.Ledger.Quoted), QuotedBlock)
	case c.Ledger.Quoted >= QuotedWarn:
		j.add(Hold, "quoted", "", float64(c.Ledger.Quoted), QuotedWarn)
	}
	return nil
}

// wait holds a story that tells what too few know yet.
func (j *Judgement) wait(c *Case) error {
	if c.Hold == nil {
		return nil
	}
	if c.Hold.Known > 0 && c.Hold.Reach > 0 && c.Hold.Reach <= j.K {
		j.add(Block, "never-known", "", c.Hold.Reach, j.K)
		return nil
	}
	days, err := HoldDays(c.Hold.Known, c.Hold.Reach, c.Hold.Rate, j.K)
	if err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if j.HoldDays = days; days > 0 {
		j.add(Hold, "known-to-few", "", c.Hold.Known, j.K)
		j.Fixes = append(j.Fixes, Fix{Kind: "hold", Days: days})
	}
	return nil
}

func (j *Judgement) rest(c *Case) error {
	switch {
	case c.Chains == nil:
		j.missing("chains")
	case *c.Chains < 0:
		return fmt.Errorf("chains: %w: at least 0", ErrRange)
	case *c.Chains < 2:
		j.add(Hold, "one-chain", "", float64(*c.Chains), 2)
	}
	switch {
	case c.Metadata == nil:
		j.missing("metadata")
	case *c.Metadata < 0:
		return fmt.Errorf("metadata: %w: at least 0", ErrRange)
	case *c.Metadata > 0:
		j.add(Block, "metadata", "", float64(*c.Metadata), 0)
	}
	if c.Shown != nil {
		if !finite(*c.Shown) || *c.Shown < 0 {
			return fmt.Errorf("shown: %w: at least 0", ErrRange)
		}
		if less(*c.Shown, j.K) {
			j.add(Block, "shown", "", *c.Shown, j.K)
		}
	}
	return nil
}

// mend proposes wordings under which the crowd passes and details whose leaving out does it,
// and finds what flips its verdict.
func (j *Judgement) mend(c *Case) error {
	if j.Crowd.Verdict != Pass && c.Joint == nil { // who counted all of it together counted the wording too
		if err := j.wordings(c); err != nil {
			return err
		}
		if err := j.leaveOut(c); err != nil {
			return err
		}
	}
	level := values(c.finestLevel())
	j.flip(c, "base", c.Base)
	j.flip(c, "joint", c.Joint)
	for i, axis := range axes() {
		if n := int(level[i]); n > 0 && n <= len(c.Fractions[axis]) {
			j.flip(c, "fractions "+string(axis), c.Fractions[axis][n-1])
		}
	}
	for i := range c.Details {
		j.flip(c, "detail "+c.Details[i].Name, c.Details[i].Fraction)
	}
	return nil
}

// flip looks what the crowd's verdict is at either end of a range. An end that contradicts
// another estimate says nothing.
func (j *Judgement) flip(c *Case, input string, p *Pair) {
	if p == nil || p[0] == p[1] {
		return
	}
	was := *p
	defer func() { *p = was }()
	for _, end := range was {
		*p = Pair{end, end}
		if crowd, err := c.fits(c.finestLevel(), j.K, nobody); err == nil && crowd != nil && crowd.Verdict != j.Crowd.Verdict {
			j.Flips = append(j.Flips, Flip{input, end, crowd.Verdict})
		}
	}
}

// offered is how many wordings are proposed.
const offered = 3

// wordings proposes the cheapest that are no finer than the draft's, and pass.
func (j *Judgement) wordings(c *Case) error {
	context := c.context(j.K, nobody)
	finest := c.finestLevel()
	if c.Ceiling != nil {
		if !c.Ceiling.Valid() {
			return fmt.Errorf("ceiling: %w: no level", ErrRange)
		}
		a, b := values(finest), values(*c.Ceiling)
		for i := range a {
			a[i] = min(a[i], b[i])
		}
		finest = levelOf(a)
	}
	context.Within = &finest
	ws, err := Lattice(context)
	if err != nil {
		return err
	}
	for _, w := range ws[:min(len(ws), offered)] {
		j.Fixes = append(j.Fixes, Fix{Kind: "wording", Wording: &w, Says: w.In()})
	}
	return nil
}

func (j *Judgement) leaveOut(c *Case) error {
	for i, d := range c.Details {
		without := *c
		without.Details = slices.Delete(slices.Clone(c.Details), i, i+1)
		crowd, err := without.fits(c.finestLevel(), j.K, nobody)
		if err != nil {
			return err
		}
		if crowd != nil && crowd.Verdict == Pass {
			j.Fixes = append(j.Fixes, Fix{Kind: "leave-out", Detail: d.Name})
		}
	}
	return nil
}

// overrule applies an override: never to metadata or uneven editions, which are mended.
func (j *Judgement) overrule(c *Case) {
	if c.Override == nil || j.Verdict == Pass || people(c.Override.Approvers) < 2 || strings.TrimSpace(c.Override.Reason) == "" {
		return
	}
	if slices.ContainsFunc(j.Reasons, func(r Reason) bool { return r.Rule == "metadata" || r.Rule == "edition" }) {
		return
	}
	j.Overruled = true
}

// Wordings gives the minimal passing attributions of a case, whatever its draft says now. It
// is an error that wraps ErrRange where an input is missing.
func Wordings(c *Case) ([]Wording, error) {
	c, err := c.narrowed()
	if err != nil {
		return nil, err
	}
	j := &Judgement{K: KFloor}
	if err := j.least(c); err != nil {
		return nil, err
	}
	lacking := slices.Clone(c.absent)
	for _, r := range j.Reasons {
		lacking = append(lacking, r.Detail)
	}
	context := c.context(j.K, func(name string) {
		if name != "" {
			lacking = append(lacking, name)
		}
	})
	if len(lacking) > 0 {
		return nil, fmt.Errorf("%s: %w: missing", strings.Join(lacking, ", "), ErrRange)
	}
	return Lattice(context)
}
