package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Append writes drafts as operations, all or none, and projects them. When it returns
// without an error they are durable and can be read. The key of a new thing is durable
// before the first operation under it.
//
// A projector's error refuses the whole Append, and nothing is written. If hashes come
// with an error, then the operations are durable in the log, and only what follows has
// failed. Do not append them again. If it is the projection that failed, nothing is read any
// more from tables that lack them: open the vault again.
//
// Errors: ErrBadDraft, ErrTooLarge, ErrErased (KeyOf was erased), ErrClosed.
func (v *Vault) Append(ctx context.Context, drafts ...Draft) ([]Hash, error) {
	for i := range drafts {
		if err := drafts[i].check(); err != nil {
			return nil, fmt.Errorf("%w (draft %d of %d)", err, i+1, len(drafts))
		}
	}
	if len(drafts) == 0 {
		return nil, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, ErrClosed
	}
	if v.view.behind {
		if err := v.rebuild(ctx, nil); err != nil {
			return nil, err
		}
	}
	keys, fresh, err := v.keysFor(ctx, drafts)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, k := range keys {
			clear(k[:])
		}
	}()
	envs, err := v.encode(drafts, keys)
	if err != nil {
		return nil, err
	}
	return v.store(ctx, envs, fresh)
}

func (d *Draft) check() error {
	switch {
	case !d.Kind.valid() || d.Kind.reserved():
		return fmt.Errorf("%w: kind %q", ErrBadDraft, d.Kind)
	case d.Subject.IsZero():
		return fmt.Errorf("%w: %s has no subject", ErrBadDraft, d.Kind)
	case len(d.Content) > MaxContent:
		return fmt.Errorf("%w of %d bytes: %s has %d", ErrTooLarge, MaxContent, d.Kind, len(d.Content))
	}
	if d.KeyOf.IsZero() {
		d.KeyOf = d.Subject
	}
	return nil
}

// keysFor finds the keys of the drafts' things, and draws those of new things.
func (v *Vault) keysFor(ctx context.Context, drafts []Draft) (keys, fresh map[Thing]*[32]byte, err error) {
	keys, fresh = make(map[Thing]*[32]byte), make(map[Thing]*[32]byte)
	err = v.keys.many(ctx, func(thing func(Thing) (*[32]byte, error)) error {
		for _, d := range drafts {
			if keys[d.KeyOf] != nil {
				continue
			}
			key, err := thing(d.KeyOf)
			if errors.Is(err, ErrNotFound) {
				key = new([32]byte)
				if _, err := io.ReadFull(v.opts.Rand, key[:]); err != nil {
					return fmt.Errorf("vault: randomness: %w", err)
				}
				fresh[d.KeyOf] = key
			} else if err != nil {
				return err
			}
			keys[d.KeyOf] = key
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return keys, fresh, nil
}

// encode makes signed operations of drafts, in order, after the end of this device's chain.
func (v *Vault) encode(drafts []Draft, keys map[Thing]*[32]byte) ([]*envelope, error) {
	envs := make([]*envelope, len(drafts))
	end, clock, day := v.head, v.clock, v.opts.today()
	for i, d := range drafts {
		clock++
		op := Op{
			Author: v.device, Seq: end.seq + 1, Prev: end.hash, Day: day, Clock: clock,
			Kind: d.Kind, Subject: d.Subject, KeyOf: d.KeyOf,
		}
		var nonce [nonceSize]byte
		key := keys[d.KeyOf]
		if key != nil {
			if _, err := io.ReadFull(v.opts.Rand, nonce[:]); err != nil {
				return nil, fmt.Errorf("vault: randomness: %w", err)
			}
		}
		raw, err := op.encode(d.Content, key, nonce, v.signer)
		if err != nil {
			return nil, err
		}
		e, err := parseOp(raw)
		if err != nil {
			return nil, err
		}
		if key != nil {
			e.Content = append([]byte{}, bytes.Clone(d.Content)...)
		}
		envs[i] = e
		end = e.head()
	}
	return envs, nil
}

// store projects into an open transaction first, so that a projector can refuse; then the
// keys, the log, the projection and the remembered heads become durable, in this order. A
// crash before the log leaves a key without use; a crash after it is caught up at Open.
func (v *Vault) store(ctx context.Context, envs []*envelope, fresh map[Thing]*[32]byte) ([]Hash, error) {
	tx, err := v.view.begin(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range envs {
		if err := tx.apply(&e.Op); err != nil {
			tx.rollback()
			return nil, err
		}
	}
	if err := tx.settle(); err != nil {
		tx.rollback()
		return nil, err
	}
	if len(fresh) > 0 {
		if err := v.keys.addThings(ctx, fresh); err != nil {
			tx.rollback()
			return nil, err
		}
	}
	if err := v.log.add(ctx, envs); err != nil {
		tx.rollback()
		return nil, err
	}
	hashes := v.advance(envs)
	if err = tx.commit(); err != nil {
		v.view.behind = true
		if err = v.catchUp(context.WithoutCancel(ctx)); err != nil {
			v.view.shut()
		}
	}
	if err2 := v.keys.setHeads(context.WithoutCancel(ctx), map[DeviceID]head{v.device: v.head}); err == nil {
		err = err2
	}
	if err != nil {
		err = fmt.Errorf("vault: the operations are kept, but not all that follows: %w", err)
	}
	return hashes, err
}

// advance moves the end of this device's chain behind envs.
func (v *Vault) advance(envs []*envelope) []Hash {
	hashes := make([]Hash, len(envs))
	for i, e := range envs {
		hashes[i] = e.Hash
		v.head, v.clock = e.head(), e.Clock
	}
	return hashes
}
