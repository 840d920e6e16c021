package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// checkBulletin fetches what is published and looks for the desk's own slots in it (P12).
// It gives the bulletin's day (0: nothing is published yet) and how many were found and are
// missing; replies that were found are marked as being in it.
func (d *Desk) checkBulletin(ctx context.Context) (day cell.Day, found, missing int, err error) {
	raw, err := d.cfg.Host.Notes(ctx)
	if errors.Is(err, relay.ErrNotFound) {
		return 0, 0, 0, nil
	}
	if err != nil {
		return 0, 0, 0, fmt.Errorf("desk: notes: %w", err)
	}
	notes, err := seal.VerifyNotes(raw, d.cfg.Newsroom, d.Today())
	if err != nil {
		return 0, 0, 0, fmt.Errorf("desk: what the host shows for notes: %w", err)
	}
	foreign := d.checkInboxes(notes.Desk)
	published, err := d.cfg.Host.Bulletin(ctx)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("desk: bulletin: %w", err)
	}
	b, day, err := notes.CheckBulletin(published)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("desk: what the host shows for a bulletin: %w", err)
	}
	in := map[string]bool{}
	for i := range b.Len() {
		in[string(slotID(b.Slot(i)))] = true
	}
	best, found, err := d.bestParcel(day, in)
	if err != nil || best == nil {
		return day, 0, 0, errors.Join(foreign, err)
	}
	return day, found, len(best.Slots) - found, errors.Join(foreign, d.markOut(ctx, day, best, in))
}

// checkInboxes reports a desk note in force that names inbox keys of others: letters sealed
// to them never open here. Several desks may share a newsroom, but then every week's keys
// must hold this desk's too.
func (d *Desk) checkInboxes(n *seal.DeskNote) error {
	boxes, err := d.inboxes()
	if err != nil {
		return err
	}
	own := map[seal.HPKEPublic]bool{}
	for i := range boxes {
		own[*boxes[i].seed.Public()] = true
		boxes[i].seed.Wipe()
	}
	mine, all := map[cell.Week]bool{}, map[cell.Week]bool{}
	foreign := 0
	for _, b := range n.Inboxes {
		all[b.Week] = true
		if own[b.Key] {
			mine[b.Week] = true
		} else {
			foreign++
		}
	}
	if len(mine) < len(all) || foreign > 0 && d.cfg.Desks == 1 {
		return fmt.Errorf("desk: the desk note in force (number %d) names %d inbox keys that this desk does not hold: letters to them can't be read here; another desk signs for this newsroom, or somebody who has its signing key", n.Serial, foreign)
	}
	return nil
}

// bestParcel finds the parcel of which the bulletin holds the most slots: the last that the
// sift had for that day, or an earlier one that stands in for it. Of those with equally
// many the newest; nil if the desk put none.
func (d *Desk) bestParcel(day cell.Day, in map[string]bool) (best *sent, found int, err error) {
	list, err := d.v.ListSecrets(secretSent)
	if err != nil {
		return nil, 0, fmt.Errorf("desk: %w", err)
	}
	var bestAt [2]uint64
	for _, s := range list {
		a, b, _ := strings.Cut(strings.TrimPrefix(s.Name, secretSent), "/")
		of, err1 := strconv.ParseUint(a, 10, 32)
		n, err2 := strconv.ParseUint(b, 10, 64)
		if err1 != nil || err2 != nil || cell.Day(of) > day || cell.Day(of)+cell.BulletinDays <= day {
			continue
		}
		raw, err := d.v.Secret(s.Name)
		if err != nil {
			return nil, 0, fmt.Errorf("desk: %w", err)
		}
		var one sent
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, 0, fmt.Errorf("desk: what was put on %s: %w", cell.Day(of), err)
		}
		hits := 0
		for _, id := range one.Slots {
			if in[string(id)] {
				hits++
			}
		}
		at := [2]uint64{of, n}
		if best == nil || hits > found || hits == found && (at[0] > bestAt[0] || at[0] == bestAt[0] && at[1] > bestAt[1]) {
			best, found, bestAt = &one, hits, at
		}
	}
	return best, found, nil
}

// markOut marks the replies of which all slots are in the bulletin, and those that it lacks
// though it holds a later one.
func (d *Desk) markOut(ctx context.Context, day cell.Day, s *sent, in map[string]bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	all, err := d.replies(ctx, `p.seen IS NULL AND p.queued >= ?`, int64(day)-ReplyDays)
	if err != nil {
		return err
	}
	next, err := d.successors(ctx)
	if err != nil {
		return err
	}
	whole := map[ID]bool{}
	for i := range all {
		r := &all[i]
		r.source = follow(next, r.source)
		places := s.Replies[r.ID.String()]
		whole[r.ID] = len(places) > 0
		for _, at := range places {
			whole[r.ID] = whole[r.ID] && at < len(s.Slots) && in[string(s.Slots[at])]
		}
		if r.day.Valid || !whole[r.ID] {
			continue
		}
		if _, err := d.append1(ctx, opReplyOut, r.ID, r.own, replyOut{Day: day}); err != nil {
			return err
		}
	}
	return d.passOver(ctx, all, func(id ID) bool { return whole[id] })
}
