package desk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// One start with a clock that runs ahead would destroy every key whose end it believes to
// have come, and with them all letters under way. So the desk remembers the last day on
// which it was open, and after a longer time destroys nothing until the day is confirmed:
// by notes of the newsroom that are valid on it, or by a person.

// ErrClock is the answer of Sync while the desk can't be sure which day it is.
var ErrClock = errors.New("this computer's clock may be wrong: check the date, then open the desk again and say that it is right")

const (
	secretDay = "day" // the last day on which the desk was open
	maxAway   = 14    // days
)

// doubtClock compares today with the last day on which the desk was open.
func (d *Desk) doubtClock() error {
	last, err := d.lastDay()
	d.doubted = err == nil && last != 0 && d.Today() > last+maxAway && !d.cfg.DateIsRight
	return err
}

func (d *Desk) lastDay() (cell.Day, error) {
	b, err := d.v.Secret(secretDay)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("desk: the last day: %w", err)
	case len(b) != 4:
		return 0, fmt.Errorf("desk: the last day has %d bytes", len(b))
	}
	return cell.Day(binary.BigEndian.Uint32(b)), nil
}

// rememberDay keeps today as the last day, once it is not doubted.
func (d *Desk) rememberDay() error {
	last, err := d.lastDay()
	if err != nil || last == d.Today() {
		return err
	}
	return d.v.PutSecret(secretDay, binary.BigEndian.AppendUint32(nil, uint32(d.Today())), 0)
}

// confirmClock asks the host for notes that are valid today. They are signed for two days,
// so a clock that is far off finds none.
func (d *Desk) confirmClock(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.doubted {
		return nil
	}
	last, err := d.lastDay()
	if err != nil {
		return err
	}
	raw, err := d.cfg.Host.Notes(ctx)
	if err == nil {
		_, err = seal.VerifyNotes(raw, d.cfg.Newsroom, d.Today())
	}
	if err != nil {
		return fmt.Errorf("desk: %w: the desk was last open on %s, and today is said to be %s: %w", ErrClock, last, d.Today(), err)
	}
	d.doubted = false
	return nil
}
