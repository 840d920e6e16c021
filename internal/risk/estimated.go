package risk

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// A Stale estimate is older than it says that it is good for.
type Stale struct {
	Name string // such as populations.officials
	Days int    // of age
	Good int    // days
}

// Stale lists the estimates that are too old on a day, by name; one of the future is stale as well.
func (e *Estimates) Stale(today time.Time) []Stale {
	all := map[string]Origin{}
	if e.Apparatus != nil {
		all["apparatus"] = e.Apparatus.Origin
	}
	for name, p := range e.Populations {
		all["populations."+name] = p.Origin
	}
	for name, f := range e.Fractions {
		all["fractions."+name] = f.Origin
	}
	var out []Stale
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s, old := all[name].stale(today); old {
			s.Name = name
			out = append(out, s)
		}
	}
	return out
}

func (o Origin) stale(today time.Time) (Stale, bool) {
	made, err := date(o.Date)
	good := o.GoodFor
	if good == 0 {
		good = GoodFor
	}
	age := int(math.Floor(today.Sub(made).Hours() / 24))
	return Stale{Days: age, Good: good}, err != nil || age > good || age < -1
}

// Population finds one by name.
func (e *Estimates) Population(name string) (Population, error) {
	p, ok := e.Populations[name]
	if !ok {
		return p, fmt.Errorf("population %q: %w: there are %v", name, ErrEstimates, slices.Sorted(maps.Keys(e.Populations)))
	}
	return p, nil
}

// fractionsOf are those of a population, or of the nearest that holds it: who is in a part is taken to fit like
// the whole, unless the part has an estimate of its own.
func (e *Estimates) fractionsOf(population string) map[string]Fraction {
	out := map[string]Fraction{}
	taken := map[string]bool{}
	for at := population; at != ""; at = e.Populations[at].Parent {
		for _, name := range slices.Sorted(maps.Keys(e.Fractions)) {
			f := e.Fractions[name]
			key := fmt.Sprint(f.Axis, f.Level)
			if f.Axis == "" {
				key = name
			}
			if f.Of == at && !taken[key] {
				taken[key], out[name] = true, f
			}
		}
	}
	return out
}

// Detail finds a fraction of a population by name.
func (e *Estimates) Detail(population, name string) (Detail, error) {
	f, ok := e.fractionsOf(population)[name]
	if !ok {
		return Detail{}, fmt.Errorf("fraction %q: %w: none of population %s", name, ErrEstimates, population)
	}
	return Detail{name, f.Fraction.Range}, nil
}

// Fill puts what a case does not give from estimates of a population: base, units, fractions, what the apparatus
// can do, the timing, and a detail's fraction by its name. What stands in the case stays. Estimates that are stale
// on the day, or an example, make the gate HOLD.
func (c *Case) Fill(e *Estimates, population string, today time.Time) error {
	p, err := e.Population(population)
	if err != nil {
		return err
	}
	used := map[string]bool{"populations." + population: c.Base == nil || c.Units == nil || c.Timing == nil}
	if c.Base == nil {
		c.Base = &Pair{p.People.Lo, p.People.Hi}
	}
	if c.Units == nil && p.Units > 0 {
		c.Units = &p.Units
	}
	if c.Timing == nil && p.Opportunities > 0 {
		c.Timing = &Timing{Candidates: max(1, int(min(MaxCandidates, c.Base[0]))), Mean: p.Opportunities}
	}
	if a := e.Apparatus; a != nil {
		for _, in := range []struct {
			to   **float64
			from *float64
		}{{&c.Searchable, &a.Searchable}, {&c.Success, &a.Success}, {&c.Accepted, &a.Accepted}} {
			if *in.to == nil {
				*in.to, used["apparatus"] = in.from, true
			}
		}
	}
	for name, f := range e.fractionsOf(population) {
		if c.fraction(name, f) {
			used["fractions."+name] = true
		}
	}
	for _, s := range e.Stale(today) {
		if used[s.Name] {
			c.stale = append(c.stale, s)
		}
	}
	c.Example(e)
	return nil
}

// Example makes the gate HOLD if the newsroom's estimates are an example: also where no population of them was chosen
// yet, so that nobody learns only then that the numbers are invented.
func (c *Case) Example(e *Estimates) { c.example = c.example || e != nil && e.Example }

// fraction puts an estimate where the case has none, and says whether it did.
func (c *Case) fraction(name string, f Fraction) bool {
	pair := &Pair{f.Fraction.Lo, f.Fraction.Hi}
	if f.Axis == "" {
		put := false
		for i := range c.Details {
			if c.Details[i].Name == name && c.Details[i].Fraction == nil {
				c.Details[i].Fraction, put = pair, true
			}
		}
		return put
	}
	if c.Fractions == nil {
		c.Fractions = map[Axis][]*Pair{}
	}
	for len(c.Fractions[f.Axis]) < f.Level {
		c.Fractions[f.Axis] = append(c.Fractions[f.Axis], nil)
	}
	if c.Fractions[f.Axis][f.Level-1] != nil {
		return false
	}
	c.Fractions[f.Axis][f.Level-1] = pair
	return true
}
