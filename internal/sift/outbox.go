package sift

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
)

// Names of objects at the host that sift writes or reads.
const (
	batchPrefix  = "batch/"
	nowPrefix    = "now/" // of the outbox only: the host has its own verb for it
	parcelPrefix = "parcel/"
)

func batchName(d cell.Day) string { return batchPrefix + strconv.FormatUint(uint64(d), 10) }

// stage writes built bytes to the outbox, synced. They are not to be put before save has
// made the entry durable: until then a crash forgets them, and others may be built.
func (s *Sift) stage(name string, data []byte) error {
	o := outgoing{name, sha256.Sum256(data)}
	if err := s.files.write(o.file(), data); err != nil {
		s.stale = true // what was decided with it is in memory only
		return fmt.Errorf("sift: write %s to the outbox: %w", name, err)
	}
	s.st.outbox = append(s.st.outbox, o)
	return nil
}

// flush puts what the outbox holds, in the order in which it was decided: those exact bytes,
// until the host says yes (P13). One that fails keeps back only later ones of its kind.
func (s *Sift) flush(ctx context.Context) error {
	var errs []error
	held := map[string]bool{}
	for _, o := range slices.Clone(s.st.outbox) {
		kind, _, _ := strings.Cut(o.name, "/")
		if held[kind] || s.kept(o) {
			continue
		}
		err := s.put(ctx, o)
		if err == nil {
			err = s.delivered(o)
		}
		if s.stale {
			return errors.Join(append(errs, err)...)
		}
		if err != nil {
			held[kind] = true
			errs = append(errs, fmt.Errorf("sift: put %s: %w", o.name, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Sift) put(ctx context.Context, o outgoing) error {
	data, err := s.files.read(o.file())
	if err != nil {
		return err
	}
	if sha256.Sum256(data) != o.sum {
		return fmt.Errorf("%w: %s is damaged", ErrState, o.file())
	}
	if !strings.HasPrefix(o.name, nowPrefix) {
		return s.host.PutObject(ctx, o.name, data)
	}
	now, err := cell.ParseNow(data)
	if err != nil {
		return err
	}
	return s.host.PutNow(ctx, now)
}

// delivered notes what the host has. A batch is kept for BatchKept days.
func (s *Sift) delivered(o outgoing) error {
	if day, ok := batchDay(o.name); ok {
		s.st.arrivals[day] = sent
		return s.save()
	}
	return s.drop(o)
}

// drop forgets what was put. The entry goes first: a file without one is swept.
func (s *Sift) drop(o outgoing) error {
	s.st.outbox = slices.DeleteFunc(s.st.outbox, func(x outgoing) bool { return x == o })
	if err := s.save(); err != nil {
		return err
	}
	if err := s.files.destroy(o.file()); err != nil {
		return fmt.Errorf("sift: clear %s from the outbox: %w", o.name, err)
	}
	return nil
}

// waitingNow is the now that was built and that the host has not confirmed.
func (s *Sift) waitingNow() (outgoing, bool) {
	for _, o := range s.st.outbox {
		if strings.HasPrefix(o.name, nowPrefix) {
			return o, true
		}
	}
	return outgoing{}, false
}

func isConflict(err error) bool { return errors.Is(err, relay.ErrConflict) }
