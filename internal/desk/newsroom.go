package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"kkachi/internal/seal"
)

// Newsroom gives the state of the desk itself. Notes that are missing are left out.
func (d *Desk) Newsroom(ctx context.Context) (*NewsroomView, error) {
	v := &NewsroomView{Name: d.cfg.Name, Address: d.cfg.Address, Today: d.Today()}
	d.mu.Lock()
	v.ClockDoubted = d.doubted
	d.mu.Unlock()
	last, err := d.lastSync()
	if err != nil {
		return nil, err
	}
	v.LastSync, v.LastError, v.ParcelDay, v.BulletinSeen, v.Missing = last.Day, last.Err, last.Parcel, last.Bulletin, last.Missing
	err = d.v.View().QueryRow(ctx, `SELECT count(*), coalesce(sum(late), 0), coalesce(sum(refused), 0) FROM batch`).
		Scan(&v.Batches, &v.Late, &v.Refused)
	if err != nil {
		return nil, fmt.Errorf("desk: batches: %w", err)
	}
	if v.Erased, err = d.erasures(ctx); err != nil {
		return nil, err
	}
	if v.Held, err = d.held(ctx); err != nil {
		return nil, err
	}
	if err := d.noteViews(v); err != nil {
		return nil, err
	}
	boxes, err := d.inboxes()
	if err != nil {
		return nil, err
	}
	for _, b := range boxes {
		b.seed.Wipe()
		v.Keys = append(v.Keys, KeyView{What: "inbox", Week: int(b.week), Dies: b.dies})
	}
	threads, err := d.v.ListSecrets(secretThread)
	if err != nil {
		return nil, fmt.Errorf("desk: weekly keys: %w", err)
	}
	v.Threads = len(threads)
	v.Keys = append(v.Keys, KeyView{What: "sign", Week: -1}, KeyView{What: "age", Week: -1})
	return v, nil
}

func (d *Desk) noteViews(v *NewsroomView) error {
	root, _, err := d.root()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Notes = append(v.Notes, NoteView{"root", root.Serial, root.Expires, seal.EndingOf(root.Expires, v.Today)})
	switch n, _, err := d.devices(0); {
	case err == nil:
		v.Notes = append(v.Notes, NoteView{"devices", n.Serial, n.Expires, seal.EndingOf(n.Expires, v.Today)})
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	switch n, _, err := d.deskNote(root); {
	case err != nil:
		return err
	case n != nil:
		v.Notes = append(v.Notes, NoteView{"desk", n.Serial, n.Expires, seal.EndingOfDesk(n.Expires, v.Today)})
	}
	if pubs, err := d.approvers(); err == nil {
		v.Approvers = slices.Sorted(maps.Keys(pubs))
	}
	return nil
}
