package sift

import (
	"context"

	"kkachi/internal/cell"
)

// The rule by which stamps grow dearer under a flood (spec/06-batch.md, section 11).
const (
	StampFirst = 8  // zero bits that the first full day asks for
	StampMost  = 16 // that the rule asks for at most: more takes a slow phone too long
	StampFall  = 2  // that QuietDays quiet days take away
)

// hardness is the price of a cell: how many zero bits keys made from now on ask for.
type hardness struct {
	d       uint8
	quiet   uint8    // quiet days in a row
	decided cell.Day // the newest day on which d was decided
	load    uint32   // cells that the newest drained day held
	loadDay cell.Day // that day
}

// Harden is the rule: the difficulty of the next key from that of the last, and the quiet days
// in a row. base is the configured one, below which it never falls; offered are the cells of
// the day before, kept or not, of which quota could be kept. It never falls as offered grows.
func Harden(d, base uint8, quota, offered uint64, quiet int) (next uint8, nowQuiet int) {
	switch {
	case offered > quota:
		doublings := uint8(1)
		for full := 2 * quota; full < offered && doublings < StampMost; full *= 2 {
			doublings++
		}
		return max(d, min(StampMost, max(StampFirst, d+doublings))), 0
	case d <= base || 4*offered > quota: // at a quarter of the price it might not have been enough
		return d, 0
	case quiet+1 < QuietDays:
		return d, quiet + 1
	}
	return max(base, d-min(d, StampFall)), 0
}

// harden decides the difficulty of the keys that are made today, once a day. A day of which
// neither host nor sift knows how full it was changes nothing.
func (r *run) harden(ctx context.Context) {
	h := &r.st.hard
	h.d = max(h.d, r.cfg.Difficulty)
	if h.decided == r.today {
		return
	}
	h.decided = r.today
	offered, known := r.offeredOn(ctx, r.today-1)
	if !known {
		h.quiet = 0
		return
	}
	next, quiet := Harden(h.d, r.cfg.Difficulty, uint64(r.cfg.Quota), offered, int(h.quiet))
	h.d, h.quiet = next, uint8(quiet)
}

// offeredOn is how many cells came on a day: what the host counted, or if it does not know any
// more, what lay in the newest day that is drained. Of a full one it is only known that it was full.
func (r *run) offeredOn(ctx context.Context, day cell.Day) (offered uint64, known bool) {
	if host, ok := r.host.(crowdHost); ok {
		if _, n, err := host.Crowd(ctx, day); err == nil {
			offered, known = n, true
		}
	}
	h := &r.st.hard
	if h.loadDay == 0 || h.loadDay+2 < r.today {
		return offered, known
	}
	load := uint64(h.load)
	if load >= uint64(r.cfg.Quota) {
		load = uint64(r.cfg.Quota) + 1
	}
	if h.loadDay+1 == r.today || !known {
		return max(offered, load), true
	}
	return offered, known
}
