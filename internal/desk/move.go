package desk

import (
	"context"
	"errors"
	"fmt"

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
		if err := d.v.DeleteSecret(secretThread + src.String()); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return fmt.Errorf("desk: weekly keys: %w", err)
		}
	}
	return nil
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
