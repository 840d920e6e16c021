package drop

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"kkachi/internal/cell"
)

// How long the host keeps what (spec/05-host.md, section 9).
const (
	RetainDays  = 35 // batches and parcels, after the day in their name
	RetainNotes = 16 // newest notes of each kind
	UnreadDays  = 14 // closed days that nobody acknowledged
	OrphanDays  = 2  // files that no manifest names
	TickSeconds = 60 // between two looks at the clock
)

// Run ticks at once and then each minute until ctx ends. What fails is reported and tried
// again: a host that can't tidy up goes on taking cells.
func (h *Host) Run(ctx context.Context) error {
	tick := time.NewTicker(TickSeconds * time.Second)
	defer tick.Stop()
	for {
		if err := h.Tick(ctx); err != nil && ctx.Err() == nil && h.report != nil {
			h.report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick does what the host's clock asks for: closes days that have ended, makes room for today
// and tomorrow, and lets go of what is too old. It may be called at any time, again and again.
func (h *Host) Tick(ctx context.Context) error {
	var err error
	if now := h.now(); h.prefixes != nil {
		err = h.prefixes.turn(cell.DayOf(now))
		h.prefixes.forget(now)
	}
	h.count()
	err = errors.Join(err, h.closeEnded(ctx), h.openAhead(ctx), h.withdrawn(ctx), h.retain(ctx))
	if h.certificates != nil {
		err = errors.Join(err, h.certificates.Reload())
	}
	if h.last.Store(nil); err != nil {
		h.last.Store(&err)
	}
	return err
}

// closeEnded closes each open day before the present one.
func (h *Host) closeEnded(ctx context.Context) error {
	today := cell.DayOf(h.now())
	days, err := h.store.OpenDays(ctx)
	for _, d := range days {
		if d < today {
			err = errors.Join(err, h.store.CloseDay(ctx, d))
		}
	}
	return err
}

// openAhead makes room for today and tomorrow, unless no cell would be accepted on them: a
// host whose sift is silent doesn't fill its disk.
func (h *Host) openAhead(ctx context.Context) error {
	now := h.current.Load()
	if now == nil {
		return nil
	}
	var errs []error
	for today, d := cell.DayOf(h.now()), cell.Day(0); d <= 1; d++ {
		day := today + d
		if slices.ContainsFunc(now.Epochs, func(e cell.EpochDifficulty) bool { return day+1 >= e.Epoch && day <= e.Epoch+1 }) {
			errs = append(errs, h.store.OpenDay(ctx, day))
		}
	}
	return errors.Join(errs...)
}

// withdrawn deletes what a switch of the site left.
func (h *Host) withdrawn(ctx context.Context) error {
	h.switching.Lock()
	defer h.switching.Unlock()
	return h.removeGone(ctx, &site{})
}

// retainDay is today for what is deleted: never after the newest epoch of the notes, so a host whose
// clock has run ahead deletes nothing. False: there are none.
func (h *Host) retainDay() (cell.Day, bool) {
	now := h.current.Load()
	if now == nil {
		return 0, false
	}
	return min(cell.DayOf(h.now()), now.Epochs[len(now.Epochs)-1].Epoch), true
}

// spent says whether a name that holds nothing is too old to hold anything: what stood there may have
// been deleted, and other bytes under it would be published twice (P13). Whoever puts them is answered as
// if they had been put and deleted at once: he may have been off for long, and has to go on.
func (h *Host) spent(ctx context.Context, name, kind string) (bool, error) {
	today, ok := h.retainDay()
	if !ok || kind == "site" { // whose names are digests
		return false, nil
	}
	names, err := h.store.ListObjects(ctx, kind+"/")
	if err != nil || slices.Contains(names, name) {
		return false, err
	}
	return slices.Contains(outdated(append(names, name), today), name), nil
}

// retain deletes what is too old.
func (h *Host) retain(ctx context.Context) error {
	today, ok := h.retainDay()
	if !ok {
		return nil
	}
	names, err := h.store.ListObjects(ctx, "")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range outdated(names, today) {
		errs = append(errs, h.store.DeleteObject(ctx, name))
	}
	days, err := h.store.ClosedDays(ctx)
	errs = append(errs, err)
	for _, d := range days {
		if uint64(d)+UnreadDays < uint64(today) {
			errs = append(errs, h.store.AckDay(ctx, d))
		}
	}
	return errors.Join(append(errs, h.removeOrphans(ctx, today))...)
}

// outdated picks the batches and parcels of old days, and all but the newest notes.
func outdated(names []string, today cell.Day) []string {
	var out []string
	notes := map[string][]uint64{}
	for _, name := range names {
		o, ok := parseObject(name)
		switch {
		case !ok:
		case o.kind == "batch" || o.kind == "parcel":
			if o.number+RetainDays < uint64(today) {
				out = append(out, name)
			}
		case o.kind == "note":
			kind := strings.TrimSuffix(name, o.last)
			notes[kind] = append(notes[kind], o.number)
		}
	}
	for kind, serials := range notes {
		slices.Sort(serials)
		for _, n := range serials[:max(0, len(serials)-RetainNotes)] {
			out = append(out, kind+strconv.FormatUint(n, 10))
		}
	}
	return out
}

// removeOrphans deletes files that have stood for OrphanDays without being of the site: the
// press puts files before the manifest that names them, so they get some time.
func (h *Host) removeOrphans(ctx context.Context, today cell.Day) error {
	h.switching.Lock()
	defer h.switching.Unlock()
	names, err := h.store.ListObjects(ctx, "site/")
	if err != nil {
		return err
	}
	stay, seen := h.site.Load().digests(), map[string]cell.Day{}
	var errs []error
	for _, name := range names {
		if stay[strings.TrimPrefix(name, "site/")] {
			continue
		}
		first, again := h.orphans[name]
		if !again {
			first = today
		}
		if again && uint64(first)+OrphanDays <= uint64(today) {
			errs = append(errs, h.store.DeleteObject(ctx, name))
			continue
		}
		seen[name] = first
	}
	h.orphans = seen
	return errors.Join(errs...)
}
