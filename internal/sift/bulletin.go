package sift

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// DeskSlots says where the slots of a desk in today's bulletin come from.
type DeskSlots struct {
	Desk   uint8
	From   cell.Day // the bulletin day its slots were made for; today unless no parcel came
	Random bool     // no parcel for so long that random slots stand in their place
}

// bulletin joins the newest parcel of each desk for today. A desk without one keeps its last
// slots for ParcelStands days, and has random ones after that. The rest is random, and a
// reader cannot tell which is which (P12).
func (r *run) bulletin(ctx context.Context) (map[uint8]standing, cell.Bulletin, error) {
	per := r.cfg.Slots / r.cfg.Desks
	desks := map[uint8]standing{}
	for desk := range uint8(r.cfg.Desks) {
		now, ok, err := r.parcel(ctx, desk, per)
		if err != nil {
			return nil, nil, err
		}
		last, had := r.st.desks[desk]
		switch {
		case ok:
			desks[desk] = now
		case had && last.day <= r.today && r.today-last.day <= ParcelStands && len(last.slots) == per:
			desks[desk] = last
		}
	}
	b, repeated, err := r.joinSlots(desks)
	if err != nil {
		return nil, nil, err
	}
	r.report.Repeated = repeated
	r.report.Desks = nil
	for desk := range uint8(r.cfg.Desks) {
		d, ok := desks[desk]
		r.report.Desks = append(r.report.Desks, DeskSlots{Desk: desk, From: d.day, Random: !ok})
	}
	return desks, b, nil
}

// parcel reads a desk's newest well-formed parcel for today's bulletin.
func (r *run) parcel(ctx context.Context, desk uint8, per int) (standing, bool, error) {
	prefix := fmt.Sprintf("%s%d/%d/", parcelPrefix, r.today, desk)
	names, err := r.host.ListObjects(ctx, prefix)
	if err != nil {
		return standing{}, false, err
	}
	numbers := numbered(names, prefix)
	for _, n := range numbers[:min(len(numbers), ParcelTries)] {
		raw, err := r.host.GetObject(ctx, fmt.Sprintf("%s%d", prefix, n))
		if errors.Is(err, relay.ErrNotFound) {
			continue
		}
		if err != nil {
			return standing{}, false, err
		}
		p, err := cell.ParseParcel(raw)
		if err == nil && p.Day == r.today && p.Desk == desk && len(p.Slots) == per {
			return standing{p.Day, p.Slots}, true, nil
		}
	}
	return standing{}, false, nil
}

// joinSlots sorts the desks' slots into a bulletin and fills it up. Of two slots with one tag
// the second is refused; slots that stand longer come first, so that a desk which is off is
// not displaced by a copy of what was published.
func (r *run) joinSlots(desks map[uint8]standing) (cell.Bulletin, int, error) {
	order := slices.SortedFunc(maps.Keys(desks), func(a, b uint8) int {
		return cmp.Or(cmp.Compare(desks[a].day, desks[b].day), cmp.Compare(a, b))
	})
	var slots []cell.Slot
	taken := map[[cell.SlotTagSize]byte]bool{}
	repeated := 0
	for _, desk := range order {
		for _, slot := range desks[desk].slots {
			if taken[slot.Tag()] {
				repeated++
				continue
			}
			taken[slot.Tag()] = true
			slots = append(slots, slot)
		}
	}
	for len(slots) < r.cfg.Slots {
		slot, err := seal.RandomSlot(r.cfg.Rand)
		if err != nil {
			return nil, 0, err
		}
		if !taken[slot.Tag()] {
			taken[slot.Tag()] = true
			slots = append(slots, *slot)
		}
	}
	b, err := cell.NewBulletin(slots)
	return b, repeated, err
}
