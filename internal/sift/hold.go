package sift

import (
	"fmt"
	"maps"
	"slices"

	"kkachi/internal/cell"
)

// Canaries (spec/06-batch.md, section 10).
const (
	CanariesDaily = 12 // that a watch sends a day, at the least
	CanariesLeast = 9  // fewer on an arrival day hold its records
	HoldDays      = 3  // days after its end, 72 hours, that an arrival day is held at most
)

// Hold says that the records of an arrival day are kept back because too few canaries came
// with them: the host may have let in one letter and nothing else.
type Hold struct {
	Day      cell.Day
	Canaries uint32   // that came
	Until    cell.Day // on which they leave in any case
}

// held says whether the records of an arrival day may not leave yet.
func (r *run) held(day cell.Day) bool {
	return r.st.arrivals[day] == drained && r.short(day)
}

func (r *run) short(day cell.Day) bool {
	return r.cfg.Canaries > 0 && int(r.st.canaries[day]) < r.cfg.Canaries && r.today <= day+HoldDays
}

// holds lists what is held.
func (r *run) holds() (out []Hold) {
	for _, day := range slices.Sorted(maps.Keys(r.st.arrivals)) {
		if r.held(day) {
			out = append(out, Hold{Day: day, Canaries: r.st.canaries[day], Until: day + HoldDays + 1})
		}
	}
	return out
}

func (h Hold) String() string {
	return fmt.Sprintf("the batch of %s is held until %s: only %d canaries came, the host may keep letters back; ask who runs kkachi watch", h.Day, h.Until, h.Canaries)
}

// drawable is the number of records that may leave.
func (r *run) drawable() (n int) {
	for day, recs := range r.st.pool {
		if !r.held(day) {
			n += len(recs)
		}
	}
	return n
}
