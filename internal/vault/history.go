package vault

import (
	"context"
	"iter"
)

// Ops yields all operations after from in canonical order, with their contents; the zero
// Position is the beginning. An error ends it. The loop may write to the vault meanwhile.
func (v *Vault) Ops(ctx context.Context, from Position) iter.Seq2[*Op, error] {
	return v.opened(ctx, v.log.walk(ctx, from))
}

// History yields the operations whose Subject is thing, in canonical order.
func (v *Vault) History(ctx context.Context, thing Thing) iter.Seq2[*Op, error] {
	return v.opened(ctx, v.log.about(ctx, thing))
}

func (v *Vault) opened(ctx context.Context, envs iter.Seq2[*envelope, error]) iter.Seq2[*Op, error] {
	return func(yield func(*Op, error) bool) {
		open := newOpener(v.keys)
		for e, err := range envs {
			var op *Op
			if err == nil {
				// A thing may be erased while the loop runs: its key is asked for anew.
				clear(open.cache)
				op, err = open.open(ctx, e)
			}
			if !yield(op, err) || err != nil {
				return
			}
		}
	}
}
