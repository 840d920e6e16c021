package desk

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// A letter of kind move names the thread in which its source goes on. From then on both are
// one source: one row in the inbox, one teller in every chain, one place for replies. The
// old thread's weekly keys die as soon as the new one has written: who forgets the old
// words has deleted what they open.

// apart is the content of a journalist's word that a move was not the source's.
type apart struct{}

// KeepApart says that a thread and the one that its letter named are two sources after all:
// somebody else may have had the words. Undo joins them again.
func (d *Desk) KeepApart(ctx context.Context, src ID) (OpID, error) {
	var n int
	err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM thread WHERE source = ?1 AND next IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM state WHERE noun = 'joined' AND thing = ?1)`, src).Scan(&n)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: %w", err)
	}
	if n == 0 {
		return OpID{}, field("source", "goes on in no other thread")
	}
	return d.append1(ctx, opApart, src, src, apart{})
}

// successors gives for each thread that its source has left the one in which it goes on in
// the end.
func (d *Desk) successors(ctx context.Context) (map[ID]ID, error) {
	rows, err := d.v.View().Query(ctx, `SELECT source, next FROM thread WHERE next IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("desk: moved threads: %w", err)
	}
	list, err := collect(rows, func(p *[2]ID) []any { return []any{&p[0], &p[1]} })
	if err != nil {
		return nil, err
	}
	next := make(map[ID]ID, len(list))
	for _, p := range list {
		next[p[0]] = p[1]
	}
	out := make(map[ID]ID, len(list))
	for src := range next {
		out[src] = follow(next, src)
	}
	return out, nil
}

// follow goes from thread to thread. The projection joins no rings; the bound is for safety.
func follow(next map[ID]ID, src ID) ID {
	for range maxMoves {
		n, ok := next[src]
		if !ok {
			break
		}
		src = n
	}
	return src
}

// forgetMoved destroys the weekly keys of threads that their sources have left, once the
// thread in which they go on can be answered in. What still comes in by the old words
// brings its key along.
func (d *Desk) forgetMoved(ctx context.Context) error {
	next, err := d.successors(ctx)
	if err != nil {
		return err
	}
	joined, err := d.flags(ctx, nounJoined)
	if err != nil {
		return err
	}
	for src, to := range next {
		if _, ok := joined[src]; ok {
			continue // a journalist may part them again
		}
		c, err := d.chainOf(secretThread + to.String())
		if errors.Is(err, vault.ErrNotFound) || c == (seal.Chain{}) {
			continue
		}
		if err != nil {
			return err
		}
		if err := d.forgetChain(src); err != nil {
			return err
		}
	}
	return nil
}

// forgetChain destroys the weekly keys of a thread, and keeps a mark by which they are told again.
func (d *Desk) forgetChain(src ID) error {
	c, err := d.chainOf(secretThread + src.String())
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	week := cell.Week(min(int(c.Week)+MarkWeeks, math.MaxUint16))
	mark, ok := c.Mark(week)
	if ok {
		err := d.v.PutSecret(secretMark+src.String(), append(binary.BigEndian.AppendUint16(nil, uint16(week)), mark[:]...), 0)
		if err != nil {
			return fmt.Errorf("desk: weekly keys: %w", err)
		}
	}
	if err := d.v.DeleteSecret(secretThread + src.String()); err != nil {
		return fmt.Errorf("desk: weekly keys: %w", err)
	}
	return nil
}

// sameChain says whether a chain is that of a thread whose keys were destroyed, as far as a mark
// tells.
func (d *Desk) sameChain(src ID, came seal.Chain) (bool, error) {
	raw, err := d.v.Secret(secretMark + src.String())
	if errors.Is(err, vault.ErrNotFound) {
		return true, nil
	}
	if err != nil || len(raw) != 2+32 {
		return false, fmt.Errorf("desk: the mark of a thread's keys, %d bytes: %w", len(raw), err)
	}
	mark, ok := came.Mark(cell.Week(binary.BigEndian.Uint16(raw)))
	return !ok || subtle.ConstantTimeCompare(mark[:], raw[2:]) == 1, nil
}

// moves adds to a thread's view where its source goes on, and which threads it has left.
func (d *Desk) moves(ctx context.Context, v *ThreadView) error {
	rows, err := d.v.View().Query(ctx, `SELECT s.id, s.handle FROM thread t JOIN source s ON s.id = t.next WHERE t.source = ?`, v.ID)
	if err != nil {
		return fmt.Errorf("desk: moved threads: %w", err)
	}
	next, err := collect(rows, func(t *Teller) []any { return []any{&t.ID, &t.Handle} })
	if err != nil {
		return err
	}
	if len(next) > 0 {
		v.Next = &next[0]
	}
	rows, err = d.v.View().Query(ctx, group+`SELECT s.id, s.handle FROM g JOIN source s ON s.id = g.source WHERE s.id <> ?1 ORDER BY s.n`, v.ID)
	if err != nil {
		return fmt.Errorf("desk: moved threads: %w", err)
	}
	if v.Former, err = collect(rows, func(t *Teller) []any { return []any{&t.ID, &t.Handle} }); err != nil {
		return err
	}
	joined, err := d.flags(ctx, nounJoined)
	if err != nil {
		return err
	}
	for _, f := range v.Former {
		if _, ok := joined[f.ID]; ok {
			v.JoinedIn = append(v.JoinedIn, f)
		}
	}
	if st, ok := joined[v.ID]; ok {
		v.Joined, v.Op = true, st.op
		return nil
	}
	switch st, err := d.state(ctx, nounApart, v.ID); {
	case err == nil:
		v.Op = st.op
	case !errors.Is(err, ErrNotFound):
		return err
	}
	return nil
}
