package sift

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// Canaries (spec/06-batch.md, section 10).
const (
	CanariesDaily = 12 // that a watch sends a day, at the least
	CanariesLeast = 9  // fewer on an arrival day hold its records
	HoldDays      = seal.HoldDays
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
	return !slices.Contains(r.report.Freed, day) && r.cfg.Canaries > 0 && int(r.st.canaries[day]) < r.cfg.Canaries && r.today <= day+HoldDays
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
	return fmt.Sprintf("the batch of %s is held until %s: only %d canaries came, the host may keep letters back; ask who runs kkachi watch, or let two approvers free it at the desk", h.Day, h.Until, h.Canaries)
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

// Names of the notes about held days.
const (
	holdPrefix = "note/hold/"
	freePrefix = "note/free/"
)

// free tells the desks of each held day, and frees those of which two approvers say so. What is
// freed is not remembered but by its batch: until that is built, each run looks again.
func (r *run) free(ctx context.Context) error {
	held := r.holds()
	if len(held) == 0 {
		return nil
	}
	names, err := r.host.ListObjects(ctx, "note/")
	if err != nil {
		return fmt.Errorf("sift: holds: %w", err)
	}
	var errs []error
	for _, h := range held {
		digits := strconv.FormatUint(uint64(h.Day), 10)
		if !slices.Contains(names, holdPrefix+digits) {
			errs = append(errs, r.tell(ctx, h, holdPrefix+digits))
		}
		if slices.Contains(names, freePrefix+digits) {
			errs = append(errs, r.freeDay(ctx, h.Day, freePrefix+digits))
		}
	}
	return errors.Join(errs...)
}

// tell puts the hold note of a day. It has the same bytes however often it is made (P13). One
// of another life of this sift may stand there: it is as good.
func (r *run) tell(ctx context.Context, h Hold, name string) error {
	signed, err := seal.SignHold(&seal.HoldNote{
		Newsroom: r.cfg.Newsroom, Day: h.Day, Canaries: min(h.Canaries, seal.MaxHeldCanaries),
	}, r.sign)
	if err != nil {
		return err
	}
	if err := r.host.PutObject(ctx, name, signed); err != nil && !isConflict(err) {
		return fmt.Errorf("sift: put %s: %w", name, err)
	}
	return nil
}

func (r *run) freeDay(ctx context.Context, day cell.Day, name string) error {
	raw, err := r.host.GetObject(ctx, name)
	if errors.Is(err, relay.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sift: get %s: %w", name, err)
	}
	n, err := r.fetchDevices(ctx)
	if err != nil {
		return err
	}
	note, err := seal.ParseFree(raw, n.devices)
	if err == nil && note.Day != day {
		err = fmt.Errorf("it is of %s", note.Day)
	}
	if err != nil { // whoever holds a desk's token can put it there: it holds nothing else up
		r.report.Waiting = append(r.report.Waiting, fmt.Sprintf("%s at the host frees nothing: %v", name, err))
		return nil
	}
	r.report.Freed = append(r.report.Freed, day)
	return nil
}
