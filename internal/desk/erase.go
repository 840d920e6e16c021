package desk

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
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
	// eraseLate is how many days more a desk waits for a batch that isn't there: it may hold
	// the letter that takes it back.
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

// erased counts the conversations that were destroyed at their sources' wish. It is written
// before they are, so that none goes uncounted, and again where the desk was stopped between:
// Of tells one that was counted before.
type erased struct {
	Threads int      `json:"threads"`
	Of      []string `json:"of,omitempty"` // a digest of each one's id, which is random
}

func (e *erased) add(src ID) {
	sum := sha256.Sum256(append([]byte("kkachi/1 erased"), src[:]...))
	e.Threads, e.Of = e.Threads+1, append(e.Of, hex.EncodeToString(sum[:8]))
}

// An ErasedView says that conversations were destroyed at their sources' wish.
type ErasedView struct {
	Day     cell.Day
	Threads int
}

// group is the source and all threads that it has left for this one, found by next.
const group = `WITH RECURSIVE g(source) AS (VALUES (?1) UNION SELECT t.source FROM thread t JOIN g ON t.next = g.source) `

// wished gives all sources that are to be erased, each with the earliest day on which it was
// asked for and not taken back since. What a source says in a thread counts for the threads that
// it has left for it: a letter by any of the words on the way asks for erasure, or takes it back.
// So a forced move takes nobody's last word away.
// It begins with those few, and finds a thread's wishes in the index of wishes, which SQLite takes
// only where it is asked in the index's own words.
const wished = `WITH RECURSIVE cand(source) AS (SELECT source FROM thread WHERE asked IS NOT NULL
		UNION SELECT t.source FROM cand CROSS JOIN thread t ON t.next = cand.source),
	up(source, at) AS (SELECT source, source FROM cand
		UNION SELECT up.source, t.next FROM up CROSS JOIN thread t ON t.source = up.at WHERE t.next IS NOT NULL),
	kept(source, day) AS (SELECT up.source, max(w.day) FROM up CROSS JOIN report w INDEXED BY report_wish
		ON w.source = up.at AND w.kind IN ('erase', 'withdraw', 'move') AND w.kind = 'withdraw' GROUP BY up.source)
	SELECT up.source AS source, min(e.day) AS asked FROM up CROSS JOIN report e INDEXED BY report_wish
		ON e.source = up.at AND e.kind IN ('erase', 'withdraw', 'move') AND e.kind = 'erase'
		LEFT JOIN kept ON kept.source = up.source WHERE e.day > coalesce(kept.day, -1) GROUP BY up.source`

// eraseDay gives the day from which on a source is destroyed, 0 if nobody asked for it.
func (d *Desk) eraseDay(ctx context.Context, src ID) (cell.Day, error) {
	return d.firstAsked(ctx, `source = ?1`, src)
}

// firstErase gives the day from which on the first of a source's threads is destroyed; 0 if
// nobody asked for it.
func (d *Desk) firstErase(ctx context.Context, src ID) (cell.Day, error) {
	return d.firstAsked(ctx, inGroup, src)
}

func (d *Desk) firstAsked(ctx context.Context, where string, src ID) (cell.Day, error) {
	var asked sql.NullInt64
	err := d.v.View().QueryRow(ctx, `SELECT min(asked) FROM (`+wished+`) WHERE `+where, src).Scan(&asked)
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

// lastOfErased gives the threads whose newest telling came by a thread that they left and that
// is to be erased, though they are not.
func (d *Desk) lastOfErased(ctx context.Context, days map[ID]cell.Day) (map[ID]bool, error) {
	out := map[ID]bool{}
	if len(days) == 0 {
		return out, nil
	}
	next, err := d.successors(ctx)
	if err != nil {
		return nil, err
	}
	for src := range days {
		to, left := next[src]
		if !left || days[to] != 0 {
			continue
		}
		var own bool
		err := d.v.View().QueryRow(ctx, `SELECT r.source = ? FROM thread t JOIN report r ON r.n = t.last WHERE t.source = ?`, src, to).Scan(&own)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("desk: erasure: %w", err)
		}
		out[to] = out[to] || own
	}
	return out, nil
}

// hide takes the words out of reports whose source asked for erasure: those that days names.
func hide(rs []ReportView, days map[ID]cell.Day) {
	for i := range rs {
		r := &rs[i]
		if days[r.Source] == 0 {
			continue
		}
		r.Hidden, r.Text, r.FileBytes, r.Translations = true, "", nil, nil
		for k := range r.Claims {
			r.Claims[k].Words = ""
		}
	}
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

// destroyDue destroys what is due on a day. waits is whether letters can still come. It may be stopped anywhere and done again: what
// stays of evidence is written first, the keys of the conversation go last.
func (d *Desk) destroyDue(ctx context.Context, today cell.Day, waits bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	days, err := d.eraseDays(ctx)
	if err != nil {
		return err
	}
	var things []vault.Thing
	var gone erased
	for src, day := range days {
		due, err := d.isDue(ctx, day, today, waits)
		if err != nil {
			return err
		}
		if !due {
			continue
		}
		if err := d.leaveMarks(ctx, src); err != nil {
			return err
		}
		if err := d.dropSecrets(src); err != nil {
			return err
		}
		things = append(things, vault.Thing(src))
		gone.add(src)
	}
	if len(things) == 0 {
		return nil
	}
	defer d.waitingChanged()
	if _, err := d.append1(ctx, opErased, deskThing, deskThing, gone); err != nil {
		return err
	}
	d.live.forget()
	if err := d.v.Erase(ctx, things...); err != nil {
		return fmt.Errorf("desk: erasing what sources asked for: %w", err)
	}
	return nil
}

// isDue says whether what is to go on a day goes today: once the batch of each day on which it
// could be taken back was read, for any of them may hold the letter that does. A sift that was
// off, a day that is held and a host that leaves one out all look alike; after eraseLate days
// nothing is waited for.
func (d *Desk) isDue(ctx context.Context, day, today cell.Day, waits bool) (bool, error) {
	if today < day || today >= day+eraseLate || !waits {
		return today >= day, nil
	}
	var read int
	err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM batch WHERE day >= ? AND day < ?`, day-EraseDays, day).Scan(&read)
	if err != nil {
		return false, fmt.Errorf("desk: erasure: %w", err)
	}
	return read == EraseDays, nil
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
	names := []string{secretThread + src.String(), secretMark + src.String()}
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
	counted := map[string]bool{}
	for _, e := range evs {
		n, err := unmarshal[erased](e.doc)
		if err != nil {
			return nil, err
		}
		for _, of := range n.Of {
			if counted[of] {
				n.Threads--
			}
			counted[of] = true
		}
		if n.Threads > 0 {
			out = append(out, ErasedView{e.day, n.Threads})
		}
	}
	return out, err
}
