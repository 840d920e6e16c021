package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// A SyncReport says what one sync did. It counts, and names nobody.
type SyncReport struct {
	Day      cell.Day `json:"day"`
	Batches  int      `json:"batches"`
	Records  int      `json:"records"`
	Letters  int      `json:"letters"` // completed
	Pending  int      `json:"pending"` // letters that still wait for parts
	Refused  int      `json:"refused"`
	Late     int      `json:"late"`     // records that no living inbox key opened
	Put      []string `json:"put"`      // names of the objects put
	Bulletin cell.Day `json:"bulletin"` // 0: none is published
	Found    int      `json:"found"`    // own slots in it
	Missing  int      `json:"missing"`
	Parcel   cell.Day `json:"parcel"` // the bulletin day that a parcel was put for
	Err      string   `json:"err"`    // kept for the pages; "" if all went well
}

const secretSync = "sync/last"

// errOffline is the answer of Sync at a desk without a host.
var errOffline = errors.New("desk: no host is configured: this desk works offline")

// Sync does what is due with the host: brings keys to the present, puts what waits and the
// notes, reads new batches, checks what is published, and puts a full parcel for tomorrow.
// A step that fails does not stop the later ones. It may be stopped anywhere and called
// again; nothing is read or put twice.
func (d *Desk) Sync(ctx context.Context) (SyncReport, error) {
	if d.cfg.Host == nil {
		return SyncReport{}, errOffline
	}
	d.sync.Lock()
	defer d.sync.Unlock()
	r := SyncReport{Day: d.Today()}
	err := d.syncSteps(ctx, &r)
	if err != nil {
		r.Err = err.Error()
	}
	b, jerr := json.Marshal(r)
	if jerr == nil {
		jerr = d.v.PutSecret(secretSync, b, 0)
	}
	return r, errors.Join(err, jerr)
}

func (d *Desk) syncSteps(ctx context.Context, r *SyncReport) error {
	if err := d.confirmClock(ctx); err != nil {
		return err
	}
	fetched := errors.Join(d.takeBrought(), d.fetchNotes(ctx)) // a host that is away is no reason not to bring keys to the present
	if err := d.tick(ctx); err != nil {
		return err
	}
	root, _, err := d.root()
	if err != nil {
		return errors.Join(err, fetched)
	}
	errs := []error{fetched, d.flushTo(ctx, r), d.putNotes(ctx), d.flushTo(ctx, r)}
	errs = append(errs, d.readBatches(ctx, cell.WeekOf(d.Today(), root.W0), r))
	lapsed := d.Today()
	if errs[len(errs)-1] != nil {
		lapsed -= eraseLate // a batch that can't be read may hold the rest of a letter
	}
	errs = append(errs, d.destroyDue(ctx, d.Today(), true), d.forgetMoved(ctx), d.lapse(ctx, lapsed))
	errs = append(errs, d.holds(ctx, root))
	r.Bulletin, r.Found, r.Missing, err = d.checkBulletin(ctx)
	errs = append(errs, err)
	r.Parcel, err = d.putParcel(ctx, root.W0)
	return errors.Join(append(errs, err, d.flushTo(ctx, r))...)
}

func (d *Desk) flushTo(ctx context.Context, r *SyncReport) error {
	put, err := d.flush(ctx)
	r.Put = append(r.Put, put...)
	return err
}

// readBatches reads all new batches, oldest first. One that can't be read is reported and
// tried again next time; it doesn't hold up the others.
func (d *Desk) readBatches(ctx context.Context, week cell.Week, r *SyncReport) error {
	ids, err := d.identities()
	if err != nil {
		return err
	}
	days, err := d.unread(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, day := range days {
		recs, err := d.fetchBatch(ctx, day, ids)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err := d.takeIn(ctx, week, day, recs, r); err != nil {
			errs = append(errs, fmt.Errorf("desk: batch of %s: %w", day, err))
		}
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	waiting, err := d.v.ListSecrets(secretPending)
	r.Pending = len(waiting)
	return errors.Join(append(errs, err)...)
}

func (d *Desk) takeIn(ctx context.Context, week cell.Week, day cell.Day, recs []cell.Record, r *SyncReport) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	in, err := d.newIntake(week)
	if err != nil {
		return err
	}
	defer d.waitingChanged()
	if err := in.read(ctx, day, recs); err != nil {
		return err
	}
	r.Batches++
	r.Records += in.Records
	r.Letters += in.Letters
	r.Refused += in.Refused
	r.Late += in.Late
	return nil
}

// lastSync is the report of the last sync; the zero one if there was none.
func (d *Desk) lastSync() (SyncReport, error) {
	var r SyncReport
	b, err := d.v.Secret(secretSync)
	if errors.Is(err, vault.ErrNotFound) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("desk: %w", err)
	}
	return r, json.Unmarshal(b, &r)
}
