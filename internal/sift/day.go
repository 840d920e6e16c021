package sift

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Report says what a run of the order of the day did and what it waits for.
type Report struct {
	Day       cell.Day
	Done      bool     // nothing is left to do today
	Again     []string // what was put once more, because the host had lost it
	Serial    uint64   // of the newest sift note
	Published bool     // today's notes and bulletin stand at the host

	Arrivals     []Arrival  // drained in this run
	Batches      []cell.Day // built in this run
	Acknowledged []cell.Day // acknowledged in this run
	Carried      int        // records over the batch's size, in a run that built one; of those that wait for a batch nothing is told

	Keys      []cell.Day // whose keys exist at the end
	Destroyed []cell.Day // whose keys were destroyed in this run

	Desks    []DeskSlots // of today's bulletin, in the run that built it
	Repeated int         // slots refused because their tag stood already

	Held  []Hold     // arrival days that wait for time or editors, because canaries are missing
	Freed []cell.Day // that two editors let go in this run

	OutlivedEver uint64   // cells that came after the death of their key, since the beginning
	Stamp        uint8    // zero bits that tomorrow's stamps ask for, in the run that built the note
	Crowd        uint32   // in the note that was built in this run; 0: not measured
	Waiting      []string // what is missing, in words for a person
}

// A run is one pass through the order of the day.
type run struct {
	*Sift
	today   cell.Day
	report  *Report
	notes   *newsroom
	offered []cell.Day    // closed days that the host holds
	stood   cell.Bulletin // of today, which another life of this sift published; nil: none
}

// Day does what the order of the day asks for at this hour: it destroys expired keys, joins
// the bulletin, makes keys and notes, drains closed arrival days, builds and puts batches,
// and destroys the keys whose time has come. It can be broken off anywhere and called again;
// what is done is not done twice. A step that fails does not keep the others back, unless the
// disk itself failed. ErrClock if the clock went back; ErrNoNotes among others while the host
// lacks a note. It does not reach over midnight, whatever the host is doing: the keys that die
// there must die.
func (s *Sift) Day(ctx context.Context) (*Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	today := cell.DayOf(now)
	ctx, cancel := context.WithTimeout(ctx, untilMidnight(now))
	defer cancel()
	r := &run{Sift: s, today: today, report: &Report{Day: today}}
	if s.st == nil {
		return r.report, errors.New("sift: it is closed")
	}
	if s.stale {
		// Keys first, as at every start: what keeps the rest of the folder from being read must
		// not keep a key alive (P4).
		gone, err := s.destroyKeys(max(today, s.st.day))
		r.report.Destroyed = gone
		if err == nil {
			err = s.load()
		}
		if err != nil {
			return r.report, err
		}
	}
	err := r.begin(ctx)
	r.waitFor(err)
	if err == nil {
		err = r.steps(ctx)
	}
	r.conclude()
	return r.report, err
}

// begin destroys expired keys, notes that the day has begun, and only then connects. A day on
// which no key can live any more, far from the newest that has begun, must be one on which the
// newsroom's notes are valid: a clock that ran ahead once would close the folder until then.
func (r *run) begin(ctx context.Context) error {
	latest := max(r.today, r.st.day)
	gone, err := r.expire(latest)
	r.report.Destroyed = append(r.report.Destroyed, gone...)
	if err != nil {
		return err
	}
	if r.today < r.st.day {
		return fmt.Errorf("%w: it says %s, and %s has begun", ErrClock, r.today, r.st.day)
	}
	if r.st.day > 0 && r.today > r.st.day+KeyDeath {
		if err := r.connect(); err != nil {
			return err
		}
		if _, err := r.fetchNotes(ctx); err != nil {
			return fmt.Errorf("sift: the clock says %s, and the newest day that has begun is %s: %w", r.today, r.st.day, err)
		}
	}
	if r.today > r.st.day {
		r.st.day = r.today
		for day := range r.st.arrivals {
			if day+ArrivalKept < r.today {
				delete(r.st.arrivals, day)
				delete(r.st.canaries, day)
			}
		}
		if err := errors.Join(r.save(), r.forgetBatches()); err != nil {
			return err
		}
	}
	return r.connect()
}

func (r *run) connect() error {
	if r.host != nil {
		return nil
	}
	host, err := r.cfg.Connect(r.token)
	if err != nil {
		return fmt.Errorf("sift: connect to the host: %w", err)
	}
	r.host = host
	return nil
}

func (r *run) steps(ctx context.Context) error {
	var errs []error
	for _, step := range []func(context.Context) error{
		r.outgoing, r.again, r.publish, r.drain, r.free, r.batches, r.acknowledge,
	} {
		if err := r.over(ctx); err != nil { // broken off between two steps: not done, though none failed
			if len(errs) == 0 {
				errs = append(errs, err)
			}
			break
		}
		err := step(ctx)
		r.waitFor(err)
		if err != nil && !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) {
			errs = append(errs, err)
		}
		if r.stale {
			break
		}
	}
	return errors.Join(errs...)
}

// waitFor says in the report what a step waits for.
func (r *run) waitFor(err error) {
	var m *missing
	if errors.As(err, &m) && !slices.Contains(r.report.Waiting, m.what) {
		r.report.Waiting = append(r.report.Waiting, m.what)
	}
	if errors.Is(err, ErrSandbox) && !slices.Contains(r.report.Waiting, ErrSandbox.Error()) {
		r.report.Waiting = append(r.report.Waiting, ErrSandbox.Error())
	}
}

// errOver is a run whose day has ended by the clock. A timer alone would not tell: it stands
// still while the computer sleeps.
var errOver = errors.New("sift: the day ended before its order was done, which begins anew")

// over says whether a run must break off: it was told to, or midnight has passed.
func (r *run) over(ctx context.Context) error {
	if cell.DayOf(r.cfg.Now()) != r.today {
		return errOver
	}
	return ctx.Err()
}

func untilMidnight(now time.Time) time.Duration { return (cell.DayOf(now) + 1).Time().Sub(now) }

// outgoing puts what an earlier run left in the outbox. A now that the host refuses for good
// is built anew if the host shows why: a verified note of ours with a higher serial.
func (r *run) outgoing(ctx context.Context) error {
	err := r.flush(ctx)
	if _, waiting := r.waitingNow(); isConflict(err) && waiting && !r.stale {
		err = errors.Join(err, r.superseded(ctx))
	}
	return err
}

// acknowledge lets the host forget the days whose batch it has.
func (r *run) acknowledge(ctx context.Context) error {
	for _, day := range r.offered {
		if step := r.st.arrivals[day]; step != sent && step != acked {
			continue
		}
		if err := r.host.AckDay(ctx, day); err != nil {
			return fmt.Errorf("sift: acknowledge %s: %w", day, err)
		}
		r.report.Acknowledged = append(r.report.Acknowledged, day)
		if r.st.arrivals[day] == acked {
			continue
		}
		r.st.arrivals[day] = acked
		if err := r.save(); err != nil {
			return err
		}
	}
	return nil
}

// conclude fills in the report from what stands.
func (r *run) conclude() {
	rep, st := r.report, r.st
	_, waiting := r.waitingNow()
	rep.Serial = st.serial
	rep.Published = st.noteDay == r.today && !waiting
	rep.Keys = r.living()
	rep.OutlivedEver = st.outlived
	if yesterday := r.today - 1; r.tookCells(yesterday) && st.arrivals[yesterday] < drained {
		rep.Waiting = append(rep.Waiting, fmt.Sprintf("the host has not closed %s yet", yesterday))
	}
	rep.Done = rep.Published && !slices.ContainsFunc(st.outbox, func(o outgoing) bool { return !r.kept(o) }) && len(rep.Waiting) == 0
	for _, day := range r.offered {
		rep.Done = rep.Done && (day >= r.today || day+ArrivalKept < r.today || st.arrivals[day] == acked)
	}
	rep.Held = r.holds()
	rep.Done = rep.Done && len(rep.Held) == 0 // one may be freed at any time
	for _, h := range rep.Held {
		rep.Waiting = append(rep.Waiting, h.String())
	}
}

// tookCells says whether the notes before today's let the host take cells on a day: its file
// of that day is to be waited for. A host whose sift was silent for longer opens none.
func (r *run) tookCells(day cell.Day) bool {
	for _, b := range r.st.bulletins {
		if b.Day < r.today {
			return b.Day <= day && day <= b.Day+seal.SiftLife
		}
	}
	return false
}

// RunInterval is how long Run waits, in seconds, before it looks again whether there is
// something to do.
const RunInterval = 60

// Run does the order of the day when it starts, at each midnight UTC, and again after
// interval (0: RunInterval seconds) while something is left to do, until ctx ends; then it
// returns nil. Each result goes to report, which may be nil.
func (s *Sift) Run(ctx context.Context, interval time.Duration, report func(*Report, error)) error {
	if interval <= 0 {
		interval = RunInterval * time.Second
	}
	var done cell.Day
	for ctx.Err() == nil {
		today := cell.DayOf(s.cfg.Now())
		if today != done {
			rep, err := s.Day(ctx)
			if report != nil && ctx.Err() == nil {
				report(rep, err)
			}
			if err == nil && rep.Done {
				done = rep.Day
			}
		}
		now := s.cfg.Now()
		if cell.DayOf(now) != today {
			continue // midnight passed meanwhile, and what dies there does not wait
		}
		wait := time.NewTimer(min(interval, untilMidnight(now)))
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
	return nil
}
