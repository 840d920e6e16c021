package vault

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
)

// chains follows every author's chain through a walk in canonical order.
type chains map[DeviceID]head

// next checks that e continues its author's chain, and moves the chain's end there.
func (c chains) next(e *envelope) error {
	err := e.follows(c[e.Author])
	if err == nil || e.Seq > c[e.Author].seq {
		c[e.Author] = e.head()
	}
	return err
}

// against compares the ends with the remembered ones: a chain may be longer, never shorter.
func (c chains) against(remembered map[DeviceID]head) []Fault {
	var faults []Fault
	for id, want := range remembered {
		got := c[id]
		if got.seq < want.seq {
			faults = append(faults, cutFault(id, got.seq, want.seq))
		} else if got.seq == want.seq && got.hash != want.hash {
			faults = append(faults, headFault(id, want.seq))
		}
	}
	return faults
}

func cutFault(id DeviceID, got, want uint64) Fault {
	return Fault{
		What: Cut, File: logFile, Author: id, Seq: got + 1,
		Detail: fmt.Sprintf("missing, though operations up to %d were remembered", want),
	}
}

func headFault(id DeviceID, seq uint64) Fault {
	return Fault{What: Edited, File: logFile, Author: id, Seq: seq, Detail: "it is not the operation that was remembered as the last"}
}

// An opener decrypts contents, keeping the keys of things that it met.
type opener struct {
	keys  *keyStore
	cache map[Thing]cipher.AEAD // nil: erased
}

// maxCache bounds the keys that an opener keeps.
const maxCache = 1 << 14

func newOpener(keys *keyStore) *opener {
	return &opener{keys: keys, cache: make(map[Thing]cipher.AEAD)}
}

// open is the operation with its content, or with Erased. Any failure is a fault.
func (o *opener) open(ctx context.Context, e *envelope) (*Op, error) {
	op := e.Op
	if op.KeyOf.IsZero() {
		return &op, nil
	}
	aead, ok := o.cache[op.KeyOf]
	if !ok {
		var err error
		if aead, err = o.aead(ctx, op.KeyOf); err != nil {
			if errors.Is(err, ErrNotFound) {
				f := e.fault(err)
				f.What, f.File, f.Detail = Lost, keysFile, "the key of thing "+op.KeyOf.String()+" is gone without an erasure"
				return nil, damaged(f)
			}
			return nil, err
		}
		if len(o.cache) >= maxCache {
			clear(o.cache)
		}
		o.cache[op.KeyOf] = aead
	}
	if aead == nil {
		op.Erased = true
		return &op, nil
	}
	content, err := e.open(aead)
	if err != nil {
		return nil, damaged(e.fault(err))
	}
	op.Content = content
	return &op, nil
}

func (o *opener) aead(ctx context.Context, t Thing) (cipher.AEAD, error) {
	key, err := o.keys.thing(ctx, t)
	if errors.Is(err, ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	return newGCM(key)
}

// checkHeads holds the ends of the log to what keys.db remembers, and remembers what a
// crash kept from being remembered. It costs one look-up an author.
func (v *Vault) checkHeads(ctx context.Context) error {
	remembered, err := v.keys.heads(ctx)
	if err != nil {
		return err
	}
	authors, err := v.keys.authors(ctx)
	if err != nil {
		return err
	}
	tails, err := v.log.tails(ctx)
	if err != nil {
		return err
	}
	var faults []Fault
	for id, want := range remembered {
		if tails[id] < want.seq {
			faults = append(faults, cutFault(id, tails[id], want.seq))
			continue
		}
		e, err := v.log.at(ctx, id, want.seq)
		if err != nil {
			return err
		}
		if e == nil {
			faults = append(faults, cutFault(id, want.seq-1, want.seq))
		} else if e.Hash != want.hash {
			faults = append(faults, headFault(id, want.seq))
		}
	}
	if len(faults) > 0 {
		return damaged(faults...)
	}
	ahead := make(map[DeviceID]head)
	for id, last := range tails {
		h := remembered[id]
		for h.seq < last {
			e, err := v.log.at(ctx, id, h.seq+1)
			switch {
			case err != nil:
				return err
			case e == nil:
				return damaged(cutFault(id, h.seq, last))
			}
			if err := e.verify(authors[id]); err != nil {
				return damaged(e.fault(err))
			}
			if err := e.follows(h); err != nil {
				return damaged(e.fault(err))
			}
			h = e.head()
			ahead[id] = h
		}
		remembered[id] = h
	}
	if len(ahead) > 0 {
		if err := v.keys.setHeads(ctx, ahead); err != nil {
			return err
		}
	}
	v.head = remembered[v.device]
	for _, h := range remembered {
		v.clock = max(v.clock, h.clock)
	}
	return nil
}
