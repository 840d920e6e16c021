package desk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

const (
	rootPrefix    = "note/root/"
	devicesPrefix = "note/devices/"
	deskPrefix    = "note/desk/"
	inboxName     = "desk"
)

// putNotes brings the root and the devices note to the host if they are newer than what it
// holds, and makes the desk note anew when it must be.
func (d *Desk) putNotes(ctx context.Context) error {
	root, raw, err := d.root()
	if err != nil {
		return err
	}
	if err := d.bring(ctx, rootPrefix, root.Serial, raw); err != nil {
		return err
	}
	devices, raw, err := d.devices(0)
	if err != nil {
		return err
	}
	if err := d.bring(ctx, devicesPrefix, devices.Serial, raw); err != nil {
		return err
	}
	return d.renewDeskNote(ctx, root)
}

// bring puts a signed note into the outbox unless the host has it, or a later one.
func (d *Desk) bring(ctx context.Context, prefix string, serial uint64, raw []byte) error {
	names, err := d.cfg.Host.ListObjects(ctx, prefix)
	if err != nil {
		return fmt.Errorf("desk: listing %s: %w", prefix, err)
	}
	for _, name := range names {
		if n, err := strconv.ParseUint(strings.TrimPrefix(name, prefix), 10, 64); err == nil && n >= serial {
			return nil
		}
	}
	return d.enqueue(prefix+strconv.FormatUint(serial, 10), raw)
}

// devices is the devices note, as of a day; 0 is whatever its age.
func (d *Desk) devices(today cell.Day) (*seal.DevicesNote, []byte, error) {
	root, _, err := d.root()
	if err != nil {
		return nil, nil, err
	}
	raw, err := os.ReadFile(d.cfg.path(notesDir, DevicesNoteFile))
	if err != nil {
		return nil, nil, fmt.Errorf("desk: the devices note: %w", err)
	}
	n, err := seal.ParseDevices(raw, root, today)
	if errors.Is(err, seal.ErrExpired) {
		return nil, nil, fmt.Errorf("desk: %s: %w: run kkachi root sign", DevicesNoteFile, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("desk: %s: %w", DevicesNoteFile, err)
	}
	return n, raw, nil
}

// deskNote is the desk note that was made last; nil if there is none that the root note
// still vouches for.
func (d *Desk) deskNote(root *seal.RootNote) (*seal.DeskNote, []byte, error) {
	raw, err := os.ReadFile(d.cfg.path(notesDir, DeskNoteFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("desk: the desk note: %w", err)
	}
	n, err := seal.ParseDesk(raw, root, 0)
	if err != nil {
		return nil, nil, nil // of another key or newsroom: made anew
	}
	return n, raw, nil
}

// renewDeskNote makes and signs a desk note with the inbox keys of this and the next week,
// when there is none, when a week has come that it does not list, or when its end is near.
func (d *Desk) renewDeskNote(ctx context.Context, root *seal.RootNote) error {
	today := d.Today()
	week := cell.WeekOf(today, root.W0)
	keys, err := d.noteKeys(week)
	if err != nil {
		return err
	}
	old, raw, err := d.deskNote(root)
	if err != nil {
		return err
	}
	if old != nil && lists(old, keys) && old.Expires > today+seal.RenewBefore {
		return d.bring(ctx, deskPrefix, old.Serial, raw) // a host that is new has none
	}
	serial, err := d.number(ctx, "note", deskPrefix)
	if err != nil {
		return err
	}
	n := &seal.DeskNote{Newsroom: d.cfg.Newsroom, Serial: serial, Issued: today, Expires: today + seal.DeskLife, Inboxes: keys}
	key, err := d.signingKey()
	if err != nil {
		return err
	}
	defer key.Wipe()
	raw, err = seal.SignDesk(n, key)
	if err != nil {
		return fmt.Errorf("desk: signing the desk note: %w", err)
	}
	if _, err := seal.ParseDesk(raw, root, today); err != nil {
		return fmt.Errorf("desk: the root note does not vouch for this desk's key (run kkachi root sign): %w", err)
	}
	if err := d.enqueue(deskPrefix+strconv.FormatUint(serial, 10), raw); err != nil {
		return err
	}
	if err := renameio.WriteFile(d.cfg.path(notesDir, DeskNoteFile), raw, outboxPerm); err != nil {
		return fmt.Errorf("desk: the desk note: %w", err)
	}
	return nil
}

// noteKeys are the inbox keys of a week and the next, each as it was drawn last.
func (d *Desk) noteKeys(week cell.Week) ([]seal.Inbox, error) {
	boxes, err := d.inboxes()
	if err != nil {
		return nil, err
	}
	var out []seal.Inbox
	for i := range boxes { // by week, then by turn
		b := &boxes[i]
		if n := len(out); n > 0 && out[n-1].Week == b.week {
			out = out[:n-1]
		}
		if b.week == week || b.week == week+1 {
			out = append(out, seal.Inbox{Name: inboxName, Week: b.week, Key: *b.seed.Public()})
		}
		b.seed.Wipe()
	}
	return out, nil
}

func lists(n *seal.DeskNote, keys []seal.Inbox) bool {
	for _, k := range keys {
		if !slices.Contains(n.Inboxes, k) {
			return false
		}
	}
	return true
}
