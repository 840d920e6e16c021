package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Sift holds back the letters of a day on which too few canaries came, for the host may have
// let in one and nothing else (spec/06-batch.md, section 10). It signs a note that says so; two
// approvers may sign one that frees the day.

const (
	holdPrefix  = "note/hold/"
	freePrefix  = "note/free/"
	secretHolds = "sync/holds"
)

// heldDay is what a verified hold note said; kept for the pages.
type heldDay struct {
	Day      cell.Day `json:"day"`
	Canaries uint32   `json:"canaries"`
}

// freeing is the content of one approver's signature that frees a day.
type freeing struct {
	Day  cell.Day `json:"day"`
	Note []byte   `json:"note"` // a free note with this one signature
}

// A HoldView is a day whose letters sift holds back.
type HoldView struct {
	Day      cell.Day
	Until    cell.Day // on which they leave in any case
	Canaries int      // that came on it
	Signed   []ApprovalView
	Enough   bool // enough have signed: the desk puts the free note up
}

// holds brings the held days to the present, and puts up the free notes that have their
// signatures. A note that sift has not signed is reported; the others count all the same.
func (d *Desk) holds(ctx context.Context, root *seal.RootNote) error {
	names, err := d.cfg.Host.ListObjects(ctx, "note/")
	if err == nil {
		var batches []string
		batches, err = d.cfg.Host.ListObjects(ctx, batchPrefix)
		names = append(names, batches...)
	}
	if err != nil {
		return fmt.Errorf("desk: listing held days: %w", err)
	}
	today := d.Today()
	list := []heldDay{}
	var errs []error
	for _, name := range names {
		digits, ok := strings.CutPrefix(name, holdPrefix)
		n, err := strconv.ParseUint(digits, 10, 32)
		day := cell.Day(n)
		if !ok || err != nil || today > day+seal.HoldDays || slices.Contains(names, batchPrefix+digits) {
			continue
		}
		h, err := d.hold(ctx, root, name)
		switch {
		case errors.Is(err, relay.ErrNotFound):
			continue
		case err != nil:
			errs = append(errs, err)
			continue
		case h.Day != day:
			errs = append(errs, fmt.Errorf("desk: %s is of %s", name, h.Day))
			continue
		}
		list = append(list, heldDay{day, h.Canaries})
		if !slices.Contains(names, freePrefix+digits) {
			errs = append(errs, d.putFree(ctx, day))
		}
	}
	b, err := json.Marshal(list)
	if err == nil {
		err = d.v.PutSecret(secretHolds, b, 0)
	}
	return errors.Join(append(errs, err)...)
}

func (d *Desk) hold(ctx context.Context, root *seal.RootNote, name string) (*seal.HoldNote, error) {
	raw, err := d.cfg.Host.GetObject(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	h, err := seal.ParseHold(raw, root)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	return h, nil
}

// putFree puts a free note into the outbox once it has its signatures: the first that were
// given, so that its bytes stay the same whoever signs later (P13).
func (d *Desk) putFree(ctx context.Context, day cell.Day) error {
	signed, _, err := d.freeings(ctx, day)
	if err != nil || len(signed) < seal.FreeApprovers {
		return err
	}
	n, err := seal.JoinFree(signed[:seal.FreeApprovers]...)
	if err != nil {
		return fmt.Errorf("desk: freeing %s: %w", day, err)
	}
	return d.enqueue(freePrefix+strconv.FormatUint(uint64(day), 10), n)
}

// freeings gives the signatures that free a day and are good under the devices note of today,
// one a person, in the order in which they were given. Where that note can't be known none is.
func (d *Desk) freeings(ctx context.Context, day cell.Day) (signed [][]byte, by []ApprovalView, err error) {
	evs, err := d.events(ctx, opFree, deskThing)
	if err != nil || len(evs) == 0 {
		return nil, nil, err
	}
	devices, _, err := d.devices(d.Today())
	if err != nil {
		return nil, nil, nil
	}
	for _, e := range evs {
		f, err := unmarshal[freeing](e.doc)
		if err != nil {
			return nil, nil, err
		}
		n, names, err := seal.FreeSigners(f.Note, devices)
		if f.Day != day || err != nil || n.Day != day || len(names) != 1 ||
			slices.ContainsFunc(by, func(v ApprovalView) bool { return v.Name == names[0] }) {
			continue
		}
		signed, by = append(signed, f.Note), append(by, ApprovalView{names[0], e.day})
	}
	return signed, by, nil
}

// held gives the days that are held as of the last sync, oldest first.
func (d *Desk) held(ctx context.Context) ([]HoldView, error) {
	b, err := d.v.Secret(secretHolds)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("desk: held days: %w", err)
	}
	var list []heldDay
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("desk: held days: %w", err)
	}
	var out []HoldView
	for _, h := range list {
		if d.Today() > h.Day+seal.HoldDays {
			continue
		}
		_, by, err := d.freeings(ctx, h.Day)
		if err != nil {
			return nil, err
		}
		out = append(out, HoldView{h.Day, h.Day + seal.HoldDays + 1, int(h.Canaries), by, len(by) >= seal.FreeApprovers})
	}
	slices.SortFunc(out, func(a, b HoldView) int { return int(a.Day) - int(b.Day) })
	return out, nil
}

// FreeDay signs, as one approver, that the letters of a held day may go. With the second
// approver's signature the next Sync puts it up for sift. It fails with ErrPassphrase if the
// passphrase is not the approver's, and never signs for a day that is not held.
func (d *Desk) FreeDay(ctx context.Context, day cell.Day, approver string, passphrase []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := d.held(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(h HoldView) bool { return h.Day == day })
	if at < 0 {
		return field("day", "%s is not held", day)
	}
	if slices.ContainsFunc(list[at].Signed, func(a ApprovalView) bool { return a.Name == approver }) {
		return field("approver", "%s has signed this already: another one must", approver)
	}
	key, err := d.approver(approver, passphrase)
	if err != nil {
		return err
	}
	defer clear(key)
	signed, err := seal.SignFree(&seal.FreeNote{Newsroom: d.cfg.Newsroom, Day: day}, approver, key)
	if err != nil {
		return fmt.Errorf("desk: freeing %s: %w", day, err)
	}
	_, err = d.append1(ctx, opFree, deskThing, deskThing, freeing{day, signed})
	return err
}
