package sift

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// BatchKept is how many days a batch stays in the outbox after the host has it, counted from
// its arrival day: a host that is lost takes none with it. It is sealed to the desks' devices,
// and tells sift's own seizer nothing.
const BatchKept = 4

// again puts what the host confirmed once and shows no more: it was lost, and another stands in
// its place. Exactly the bytes that stood there are put. It is looked at once a day by each
// process, when it has nothing else to put.
func (r *run) again(ctx context.Context) error {
	if r.looked == r.today {
		return nil
	}
	if err := r.nowAgain(ctx); err != nil {
		return fmt.Errorf("sift: put the notes again: %w", err)
	}
	names, err := r.host.ListObjects(ctx, batchPrefix)
	if err != nil {
		return err
	}
	for _, o := range r.st.outbox {
		if day, ok := batchDay(o.name); !ok || r.st.arrivals[day] < sent || slices.Contains(names, o.name) {
			continue
		}
		if err := r.put(ctx, o); err != nil {
			return fmt.Errorf("sift: put %s again: %w", o.name, err)
		}
		r.report.Again = append(r.report.Again, o.name)
	}
	r.looked = r.today
	return nil
}

func (r *run) nowAgain(ctx context.Context) error {
	if _, waiting := r.waitingNow(); waiting || r.st.noteDay != r.today {
		return nil
	}
	current, err := r.host.CurrentNow(ctx)
	if err != nil && !errors.Is(err, relay.ErrNotFound) {
		return err
	}
	if err == nil && current.Serial >= r.st.serial {
		return nil
	}
	raw, err := r.files.read(nowFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a folder of before: the notes of tomorrow will stand
	}
	if err != nil {
		return err
	}
	now, err := cell.ParseNow(raw)
	if err != nil || now.Serial != r.st.serial {
		return nil // of a run that was broken off: it never stood
	}
	_, _, note, err := seal.SplitNotes(now.Notes)
	if err != nil || r.st.previous == nil || seal.HashNote(note) != *r.st.previous {
		return nil
	}
	if err := r.host.PutNow(ctx, now); err != nil {
		return err
	}
	r.report.Again = append(r.report.Again, nowPrefix+strconv.FormatUint(now.Serial, 10))
	return nil
}

// forgetBatches clears away the batches that are kept no longer.
func (r *run) forgetBatches() error {
	for _, o := range slices.Clone(r.st.outbox) {
		if day, ok := batchDay(o.name); ok && r.st.arrivals[day] != batched && day+BatchKept <= r.today {
			if err := r.drop(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// kept says whether an entry of the outbox is one that the host has confirmed.
func (s *Sift) kept(o outgoing) bool {
	day, ok := batchDay(o.name)
	return ok && s.st.arrivals[day] >= sent
}

func batchDay(name string) (cell.Day, bool) {
	digits, ok := strings.CutPrefix(name, batchPrefix)
	day, err := strconv.ParseUint(digits, 10, 32)
	return cell.Day(day), ok && err == nil
}
