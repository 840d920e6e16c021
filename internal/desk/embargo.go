package desk

import (
	"context"
	"errors"
	"fmt"
)

// EmbargoDays is how many days the window has from which a day of printing is drawn.
const EmbargoDays = 7

// An Embargo is a day before which a story is not printed. The machine drew it from a window: a
// delay that is known, or that somebody chose, buys nothing.
type Embargo struct {
	From Day `json:"from"` // the window, both days included
	To   Day `json:"to"`
	Day  Day `json:"day"` // the one that was drawn
}

// printed is the day that a story says which is let out today.
func (e *Embargo) printed(today Day) Day { return max(e.Day, today) }

func (e *Embargo) waits(today Day) bool { return e != nil && today < e.Day }

// HoldStory draws the day on which a story may be printed, from the days after enough people know
// what it tells. The draw is kept, and can't be undone or repeated until a day is too early:
// who draws until he likes the day has chosen it.
func (d *Desk) HoldStory(ctx context.Context, id ID) (*Embargo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.judged(ctx, id)
	if err != nil {
		return nil, err
	}
	wait := v.Exposure.holdDays()
	first := d.Today() + Day(min(wait, 100_000)) // uint32 days; nobody waits for centuries
	e := &Embargo{From: max(first, v.Story.From)}
	e.To = max(e.From+EmbargoDays-1, v.Story.To)
	if old := v.Exposure.Embargo; old != nil && old.Day >= first {
		return nil, field("hold", "a day is drawn already: it stands")
	}
	if wait == 0 && v.Story.From == 0 {
		return nil, field("hold", "nothing asks for a delay: say first how many know it")
	}
	n, err := below(d.cfg.Rand, int(e.To-e.From)+1)
	if err != nil {
		return nil, err
	}
	e.Day = e.From + Day(n)
	_, err = d.append1(ctx, opEmbargo, id, id, e)
	return e, err
}

// embargo gives the day that was drawn last; nil if none was.
func (d *Desk) embargo(ctx context.Context, id ID) (*Embargo, error) {
	e, ok, err := lastOf[Embargo](ctx, d, opEmbargo, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("desk: day of printing: %w", err)
	}
	if !ok {
		return nil, nil
	}
	return &e, nil
}
