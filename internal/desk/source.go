package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// source is the content of the operation by which a source becomes known.
type source struct {
	Handle string `json:"handle"`
	Thread []byte `json:"thread,omitempty"` // thread id; none for somebody known from calls
}

// newSource drafts a source with an unused handle. The caller holds mu.
func (d *Desk) newSource(ctx context.Context, thread []byte, others ...string) (id ID, name string, dr vault.Draft, err error) {
	id, err = d.newID()
	if err != nil {
		return ID{}, "", vault.Draft{}, err
	}
	seed := thread
	if len(seed) == 0 {
		seed = id[:]
	}
	name, err = handle(seed, func(h string) (bool, error) {
		var n int
		err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM source WHERE handle = ?`, h).Scan(&n)
		return n > 0 || slices.Contains(others, h), err
	})
	if err != nil {
		return ID{}, "", vault.Draft{}, fmt.Errorf("desk: handle: %w", err)
	}
	dr, err = draft(opSource, id, id, source{Handle: name, Thread: thread})
	return id, name, dr, err
}

// sourceOf finds the source of a thread, and whether it is blocked.
func (d *Desk) sourceOf(ctx context.Context, thread cell.ThreadID) (id ID, blocked, ok bool, err error) {
	err = d.v.View().QueryRow(ctx, `SELECT id, EXISTS (SELECT 1 FROM state WHERE noun = 'blocked' AND thing = id)
		FROM source WHERE thread = ?`, thread[:]).Scan(&id, &blocked)
	if errors.Is(err, sql.ErrNoRows) {
		return ID{}, false, false, nil
	}
	return id, blocked, err == nil, err
}

// Tellers lists the sources by handle, for choosing a teller or a relay.
func (d *Desk) Tellers(ctx context.Context) ([]Teller, error) {
	rows, err := d.v.View().Query(ctx, `SELECT id, handle FROM source ORDER BY handle, n`)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	return collect(rows, func(t *Teller) []any { return []any{&t.ID, &t.Handle} })
}

// handles gives the handle of each source.
func (d *Desk) handles(ctx context.Context) (map[ID]string, error) {
	ts, err := d.Tellers(ctx)
	out := make(map[ID]string, len(ts))
	for _, t := range ts {
		out[t.ID] = t.Handle
	}
	return out, err
}

const (
	maxDanger = 4
	maxSheet  = 4000 // bytes of a field
)

// telling finds what could say who somebody is: a telephone number, an address of mail.
var telling = regexp.MustCompile(`\d[\d\s().-]{6,}\d|[^\s@]+@[^\s@]+\.[^\s@]+`)

// SetSheet changes the sheet of facts about a source. Another reliability than before needs
// a reason. What looks like a telephone number or an address is refused: a sheet never says
// who somebody is.
func (d *Desk) SetSheet(ctx context.Context, src ID, s Sheet) (OpID, error) {
	if len(s.Reliability) > 1 || s.Reliability != "" && !strings.Contains("ABCDEF", s.Reliability) {
		return OpID{}, field("reliability", "write A to F; F means that it cannot be judged")
	}
	if s.Danger < 0 || s.Danger > maxDanger {
		return OpID{}, field("danger", "write 0 to %d", maxDanger)
	}
	for name, text := range map[string]string{"access": s.Access, "wishes": s.Wishes, "note": s.Note, "reason": s.Reason} {
		if len(text) > maxSheet {
			return OpID{}, field(name, "longer than %d bytes", maxSheet)
		}
		if telling.MatchString(text) {
			return OpID{}, field("identity", "%s holds what looks like a telephone number or an address", name)
		}
	}
	for _, l := range s.Langs {
		if !l.Valid() {
			return OpID{}, field("langs", "choose among ko, en, zh")
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.mustHave(ctx, "source", src); err != nil {
		return OpID{}, err
	}
	old, err := d.sheet(ctx, src)
	if err != nil {
		return OpID{}, err
	}
	if judged(s.Reliability) != judged(old.Reliability) && strings.TrimSpace(s.Reason) == "" {
		return OpID{}, field("rating", "say why the reliability changes")
	}
	if judged(s.Reliability) == judged(old.Reliability) && strings.TrimSpace(s.Reason) == "" {
		s.Reason = old.Reason
	}
	return d.append1(ctx, opSheet, src, src, s)
}

// judged is a rating; nothing said and F both mean that it cannot be judged.
func judged(r string) string {
	if r == "F" {
		return ""
	}
	return r
}

func (d *Desk) sheet(ctx context.Context, src ID) (SheetView, error) {
	var out SheetView
	gone, err := d.flags(ctx, nounDiscredited)
	if err != nil {
		return out, err
	}
	if out.Discredited, err = withdrawn(gone, src); err != nil {
		return out, err
	}
	rows, err := d.v.View().Query(ctx,
		`SELECT day, op, doc FROM version WHERE noun = ? AND thing = ? AND undone = 0 ORDER BY n`, nounSheet, src)
	if err != nil {
		return out, fmt.Errorf("desk: sheet: %w", err)
	}
	type change struct {
		day cell.Day
		op  OpID
		doc string
	}
	changes, err := collect(rows, func(c *change) []any { return []any{&c.day, &c.op, &c.doc} })
	if err != nil {
		return out, err
	}
	for _, c := range changes {
		if out.Sheet, err = unmarshal[Sheet](c.doc); err != nil {
			return out, err
		}
		out.Op = c.op
		out.History = append(out.History, SheetChange{c.day, out.Reliability, out.Reason, out.By, c.op})
	}
	return out, nil
}
