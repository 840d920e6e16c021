package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/vault"
)

// A source may ask that its conversation be erased (a letter of kind erase). It is hidden
// at once and destroyed after EraseDays, unless a letter of kind withdraw comes before: who
// knows the words could be the one who forces. Nobody at the desk can keep what a source
// wants gone, nor destroy it sooner; a journalist can read it until then, and the log says
// that it was read.
const (
	// EraseDays are the days after the letter's arrival day on which a letter can still
	// take it back; what is to go is destroyed on the day after the last of them.
	EraseDays = 7
	// eraseLate is how many days more a desk waits that can't read new batches: one of
	// them may hold the letter that takes it back.
	eraseLate = 7
)

// reveal is the content of opening what is hidden.
type reveal struct {
	By string `json:"by"`
}

// evidenceGone says of a claim that an item of evidence was erased with its source. It is
// under the claim's key, and names no source.
type evidenceGone struct {
	Claim  ID            `json:"claim"`
	Stance ladder.Stance `json:"stance"`
}

// erased counts the conversations that were destroyed at their sources' wish.
type erased struct {
	Threads int `json:"threads"`
}

// An ErasedView says that conversations were destroyed at their sources' wish.
type ErasedView struct {
	Day     cell.Day
	Threads int
}

// group is the source and all threads that it has left for this one, found by next.
const group = `WITH RECURSIVE g(source) AS (VALUES (?1) UNION SELECT t.source FROM thread t JOIN g ON t.next = g.source) `

// wished gives all sources that are to be erased, each with the earliest day on which it
// was asked for: of their own thread, or of one that they went on in.
const wished = `WITH RECURSIVE w(source, asked) AS (SELECT source, asked FROM thread WHERE asked IS NOT NULL
	UNION SELECT t.source, w.asked FROM thread t JOIN w ON t.next = w.source) SELECT source, min(asked) FROM w GROUP BY source`

// eraseDay gives the day from which on a source is destroyed, 0 if nobody asked for it.
func (d *Desk) eraseDay(ctx context.Context, src ID) (cell.Day, error) {
	var asked sql.NullInt64
	err := d.v.View().QueryRow(ctx, `WITH RECURSIVE up(source) AS (VALUES (?1)
		UNION SELECT t.next FROM thread t JOIN up ON t.source = up.source WHERE t.next IS NOT NULL)
		SELECT min(t.asked) FROM up JOIN thread t ON t.source = up.source`, src).Scan(&asked)
	if err != nil {
		return 0, fmt.Errorf("desk: erasure: %w", err)
	}
	return dueDay(asked), nil
}

// firstErase gives the day from which on the first of a source's threads is destroyed; 0 if
// nobody asked for it.
func (d *Desk) firstErase(ctx context.Context, src ID) (cell.Day, error) {
	var asked sql.NullInt64
	err := d.v.View().QueryRow(ctx, group+`, up(source) AS (VALUES (?1) UNION SELECT t.next FROM thread t JOIN up ON t.source = up.source WHERE t.next IS NOT NULL)
		SELECT min(asked) FROM thread WHERE source IN (SELECT source FROM g UNION SELECT source FROM up)`, src).Scan(&asked)
	if err != nil {
		return 0, fmt.Errorf("desk: erasure: %w", err)
	}
	return dueDay(asked), nil
}

func dueDay(asked sql.NullInt64) cell.Day {
	if !asked.Valid {
		return 0
	}
	return cell.Day(asked.Int64) + EraseDays + 1
}

// eraseDays gives the day from which on each source is destroyed of which it was asked.
func (d *Desk) eraseDays(ctx context.Context) (map[ID]cell.Day, error) {
	type row struct {
		id    ID
		asked sql.NullInt64
	}
	rows, err := d.v.View().Query(ctx, wished)
	if err != nil {
		return nil, fmt.Errorf("desk: erasure: %w", err)
	}
	list, err := collect(rows, func(r *row) []any { return []any{&r.id, &r.asked} })
	out := make(map[ID]cell.Day, len(list))
	for _, r := range list {
		out[r.id] = dueDay(r.asked)
	}
	return out, err
}

// hide takes the words out of reports whose source asked for erasure.
func (d *Desk) hide(ctx context.Context, rs []ReportView) error {
	days := map[ID]cell.Day{}
	for i := range rs {
		r := &rs[i]
		day, ok := days[r.Source]
		if !ok {
			var err error
			if day, err = d.eraseDay(ctx, r.Source); err != nil {
				return err
			}
			days[r.Source] = day
		}
		if day != 0 {
			r.Hidden, r.Text, r.FileBytes, r.Translations = true, "", nil, nil
			for k := range r.Claims {
				r.Claims[k].Words = ""
			}
		}
	}
	return nil
}

// Reveal opens a conversation whose source asked for erasure, with all its words. The log
// says who did; nothing else changes, and it is hidden again in the next view.
func (d *Desk) Reveal(ctx context.Context, src ID, by string) (*ThreadView, error) {
	if strings.TrimSpace(by) == "" {
		return nil, field("by", "say who opens it")
	}
	day, err := d.eraseDay(ctx, src)
	if err != nil {
		return nil, err
	}
	if day != 0 {
		if _, err := d.append1(ctx, opReveal, src, src, reveal{by}); err != nil {
			return nil, err
		}
	}
	return d.thread(ctx, src, true)
}

// destroyDue destroys what is due on a day. It may be stopped anywhere and done again: what
// stays of evidence is written first, the keys of the conversation go last.
func (d *Desk) destroyDue(ctx context.Context, today cell.Day) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	days, err := d.eraseDays(ctx)
	if err != nil {
		return err
	}
	var things []vault.Thing
	for src, day := range days {
		if day > today {
			continue
		}
		if err := d.leaveMarks(ctx, src); err != nil {
			return err
		}
		if err := d.dropSecrets(src); err != nil {
			return err
		}
		things = append(things, vault.Thing(src))
	}
	if len(things) == 0 {
		return nil
	}
	defer d.waitingChanged()
	if _, err := d.append1(ctx, opErased, deskThing, deskThing, erased{len(things)}); err != nil {
		return err
	}
	d.live.forget()
	if err := d.v.Erase(ctx, things...); err != nil {
		return fmt.Errorf("desk: erasing what sources asked for: %w", err)
	}
	return nil
}

// leaveMarks writes down of each claim how much of its evidence goes.
func (d *Desk) leaveMarks(ctx context.Context, src ID) error {
	rows, err := d.v.View().Query(ctx, `SELECT e.thing, e.doc FROM state e WHERE e.noun = ? AND e.owner = ?
		AND NOT EXISTS (SELECT 1 FROM state g WHERE g.noun IN (?, ?) AND g.thing = e.thing) ORDER BY e.thing`,
		nounEvidence, src, nounEvidenceGone, nounErased)
	if err != nil {
		return fmt.Errorf("desk: erasure: %w", err)
	}
	list, err := collect(rows, func(st *state) []any { return []any{&st.thing, &st.doc} })
	if err != nil {
		return err
	}
	for _, st := range list {
		e, err := unmarshal[evidence](st.doc)
		if err != nil {
			return fmt.Errorf("desk: evidence: %w", err)
		}
		_, err = d.append1(ctx, opEvidenceGone, st.thing, e.Claim, evidenceGone{e.Claim, e.Stance})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropSecrets destroys what the ring keeps of a source: weekly keys, letters in the making.
func (d *Desk) dropSecrets(src ID) error {
	names := []string{secretThread + src.String()}
	waiting, err := d.v.ListSecrets(secretPending + src.String() + "/")
	if err != nil {
		return fmt.Errorf("desk: erasure: %w", err)
	}
	for _, s := range waiting {
		names = append(names, s.Name)
	}
	for _, name := range names {
		if err := d.v.DeleteSecret(name); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return fmt.Errorf("desk: erasure: %w", err)
		}
	}
	return nil
}

// erasures gives the days on which conversations were destroyed, oldest first.
func (d *Desk) erasures(ctx context.Context) ([]ErasedView, error) {
	evs, err := d.events(ctx, opErased, deskThing)
	var out []ErasedView
	for _, e := range evs {
		n, err := unmarshal[erased](e.doc)
		if err != nil {
			return nil, err
		}
		out = append(out, ErasedView{e.day, n.Threads})
	}
	return out, err
}
