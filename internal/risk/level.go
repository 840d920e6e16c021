// Package risk judges what a draft gives away about a source, before it is printed: how many
// people fit all that is printed (Fits, Mosaic), which attribution leaves enough of them
// (Lattice), how many stories a source can carry (CountingBudget, TopCBudget), how long to
// hold one (HoldDays), and what an apparatus finds over time (Exposed, Simulate). Words that print
// what the level forbids are found by risk/lint.
//
// What enters: numbers, ranges, levels, ceilings, sentences. What leaves: verdicts, ranks,
// budgets, break-evens and findings, each with why and how to mend it. What may never be known
// here: who a source is, or may be. No function takes a person, risk acts on nothing, and a
// PASS promises nothing to anybody. All functions are pure; chance comes from a seed.
package risk

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"kkachi/internal/lang"
)

// A Level says how finely a source is described. Larger is finer on each axis.
type Level = lang.Level

// DefaultCeiling is the finest level that needs no override: in the country, familiar with
// the matter, recently, nothing of the way of contact; L2 R1 D1 M0, no gender, no count.
func DefaultCeiling() Level { return Level{Place: 2, Role: 1, Day: 1} }

// ParseLevel reads a level as String writes it: "L2 R1 D1 M0", with "gender" and "count" after it where they
// are said.
func ParseLevel(s string) (Level, error) {
	var l Level
	fields := strings.Fields(s)
	for i, at := range []*uint8{&l.Place, &l.Role, &l.Day, &l.Medium} {
		if i >= len(fields) || len(fields[i]) != 2 || fields[i][0] != "LRDM"[i] || fields[i][1] < '0' || fields[i][1] > '9' {
			return Level{}, fmt.Errorf("level %q: %w: write it as L2 R1 D1 M0", s, ErrRange)
		}
		*at = fields[i][1] - '0'
	}
	for _, f := range fields[4:] {
		switch {
		case f == "gender" && !l.Gender && !l.Count:
			l.Gender = true
		case f == "count" && !l.Count:
			l.Count = true
		default:
			return Level{}, fmt.Errorf("level %q: %w: gender, then count, may follow", s, ErrRange)
		}
	}
	if !l.Valid() {
		return Level{}, fmt.Errorf("level %q: %w: at most L5 R4 D5 M4", s, ErrRange)
	}
	return l, nil
}

// An Axis is one of the six ways in which a level can be fine.
type Axis string

// The axes of a level.
const (
	Place  Axis = "place"
	Role   Axis = "role"
	Day    Axis = "day"
	Medium Axis = "medium"
	Gender Axis = "gender"
	Count  Axis = "count"
)

// An Excess is an axis on which a level is finer than its ceiling. Gender and count are 0 or 1.
type Excess struct {
	Axis          Axis
	Have, Ceiling uint8
}

// Text says the excess in language t.
func (e Excess) Text(t lang.Tag) string {
	return lang.T(t, "risk.finer."+string(e.Axis), e.Have, e.Ceiling)
}

// Finer lists the axes on which l is finer than ceiling, in the order of the axes.
func Finer(l, ceiling Level) []Excess {
	var out []Excess
	have, limit := values(l), values(ceiling)
	for i, axis := range axes() {
		if have[i] > limit[i] {
			out = append(out, Excess{axis, have[i], limit[i]})
		}
	}
	return out
}

// Finest is the finest value of each axis over all levels: a story is judged by the finest
// sentence of the finest edition.
func Finest(levels ...Level) Level {
	var out Level
	for _, l := range levels {
		out.Place = max(out.Place, l.Place)
		out.Role = max(out.Role, l.Role)
		out.Day = max(out.Day, l.Day)
		out.Medium = max(out.Medium, l.Medium)
		out.Gender = out.Gender || l.Gender
		out.Count = out.Count || l.Count
	}
	return out
}

// ByAxis is a level axis by axis. Gender and count are 0 or 1.
func ByAxis(l Level) map[Axis]uint8 {
	out := map[Axis]uint8{}
	for i, axis := range axes() {
		out[axis] = values(l)[i]
	}
	return out
}

func axes() [6]Axis { return [6]Axis{Place, Role, Day, Medium, Gender, Count} }

func values(l Level) [6]uint8 {
	bit := func(b bool) uint8 {
		if b {
			return 1
		}
		return 0
	}
	return [6]uint8{l.Place, l.Role, l.Day, l.Medium, bit(l.Gender), bit(l.Count)}
}

// An Override lets a level pass that is finer than its ceiling: two different people and a
// reason. Approvers are names as the newsroom writes them.
type Override struct {
	Approvers []string
	Reason    string
}

// A Refusal is the error of Check. It carries levels, never a text.
type Refusal struct {
	Excess []Excess
	Why    string // what an override lacks, "" if none was tried
}

// Error says which axis is too fine and the next step.
func (r *Refusal) Error() string {
	parts := make([]string, len(r.Excess))
	for i, e := range r.Excess {
		parts[i] = string(e.Axis) + " " + strconv.Itoa(int(e.Have)) + " over " + strconv.Itoa(int(e.Ceiling))
	}
	s := "attribution is finer than allowed: " + strings.Join(parts, ", ")
	if r.Why != "" {
		s += "; the override " + r.Why
	}
	return s + ": choose a coarser level, or let two different people override it with a reason"
}

// Text says the refusal in language t, for the desk's pages.
func (r *Refusal) Text(t lang.Tag) string {
	parts := make([]string, len(r.Excess))
	for i, e := range r.Excess {
		parts[i] = e.Text(t)
	}
	return lang.T(t, "risk.refusal", strings.Join(parts, "; "))
}

// Check refuses a level that is finer than ceiling unless o names two different people and
// gives a reason. A level out of range is refused whoever overrides. The error is a
// *Refusal where the level is too fine.
func Check(l, ceiling Level, o Override) error {
	if !l.Valid() {
		return fmt.Errorf("attribution level %s is out of range", l)
	}
	excess := Finer(l, ceiling)
	if len(excess) == 0 {
		return nil
	}
	if len(o.Approvers) == 0 && strings.TrimSpace(o.Reason) == "" {
		return &Refusal{Excess: excess}
	}
	if people(o.Approvers) < 2 {
		return &Refusal{Excess: excess, Why: "does not name two different people"}
	}
	if strings.TrimSpace(o.Reason) == "" {
		return &Refusal{Excess: excess, Why: "gives no reason"}
	}
	return nil
}

// people counts different names: case, width and blanks make no second person.
func people(names []string) int {
	seen := map[string]bool{}
	fold := cases.Fold()
	for _, n := range names {
		n = strings.Join(strings.Fields(fold.String(norm.NFKC.String(n))), " ")
		if n != "" {
			seen[n] = true
		}
	}
	return len(seen)
}
