package desk

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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

// MaxTellers bounds a list to choose from: nobody looks through more.
const MaxTellers = 300

// Tellers lists sources by handle, for choosing a teller or a relay: those whom the newsroom
// has dealt with, the latest of them; after those, where there is room, the others whose
// tellings are newest. Any other is named by its handle.
func (d *Desk) Tellers(ctx context.Context) ([]Teller, error) {
	var out []Teller
	seen := map[ID]bool{}
	add := func(where string, args ...any) error {
		rows, err := d.v.View().Query(ctx, `SELECT s.id, s.handle FROM thread t JOIN source s ON s.id = t.source WHERE `+where+
			` LIMIT `+strconv.Itoa(MaxTellers), args...)
		if err != nil {
			return fmt.Errorf("desk: %w", err)
		}
		list, err := collect(rows, func(t *Teller) []any { return []any{&t.ID, &t.Handle} })
		for _, t := range list {
			if !seen[t.ID] && len(out) < MaxTellers {
				seen[t.ID] = true
				out = append(out, t)
			}
		}
		return err
	}
	err := add(`t.box = ? AND t.known > 0`+byDays, boxOpen)
	for _, box := range []int{boxOpen, boxMoved, boxBlocked, boxEmpty} {
		if err == nil && len(out) < MaxTellers {
			err = add(`t.box = ?`+byDays, box)
		}
	}
	slices.SortFunc(out, func(a, b Teller) int {
		return cmp.Or(strings.Compare(a.Handle, b.Handle), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out, err
}

// Teller gives one source by its ID; ErrNotFound if there is none.
func (d *Desk) Teller(ctx context.Context, id ID) (Teller, error) {
	t := Teller{ID: id}
	err := d.v.View().QueryRow(ctx, `SELECT handle FROM source WHERE id = ?`, id).Scan(&t.Handle)
	if errors.Is(err, sql.ErrNoRows) {
		return Teller{}, fmt.Errorf("%w: source %s", ErrNotFound, id)
	}
	if err != nil {
		return Teller{}, fmt.Errorf("desk: %w", err)
	}
	return t, nil
}

// handles gives the handles of all sources behind a claim, for showing its evidence.
func (c *claimState) handles(ctx context.Context, d *Desk) (map[ID]string, error) {
	out := map[ID]string{}
	for _, e := range c.evidence {
		for _, r := range e.Relays {
			out[r.Teller] = ""
		}
		for _, token := range e.standing.Tokens {
			if id, err := ParseID(token[1:]); err == nil && token[0] == 's' {
				out[id] = ""
			}
		}
	}
	for id := range out {
		t, err := d.Teller(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		out[id] = t.Handle
	}
	return out, nil
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
