package vault

import (
	"context"
	"errors"
	"fmt"
)

// Erase destroys the keys of things, and with them all content under these keys and all
// their blobs, for good. One operation a thing says that it happened; the log stays
// verifiable. The projections are recomputed as though the content had never been known:
// operations come to Apply with Erased set. Things that were erased before are passed over;
// a thing that has no key is ErrNotFound, and then nothing is erased.
//
// An error after the operations are written says so; the next Open completes the erasure.
// Until then nothing is read from tables that still hold what was erased, and Erase and Backup
// give the same error: what is erased by halves is neither called done nor carried on.
func (v *Vault) Erase(ctx context.Context, things ...Thing) error {
	v.life.Lock()
	defer v.life.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	if v.unfinished != nil {
		return v.unfinished
	}
	var drafts []Draft
	seen := make(map[Thing]bool)
	err := v.keys.many(ctx, func(thing func(Thing) (*[32]byte, error)) error {
		for _, t := range things {
			key, err := thing(t)
			if errors.Is(err, ErrErased) || seen[t] {
				continue
			}
			if err != nil {
				return fmt.Errorf("erase thing %s: %w", t, err)
			}
			clear(key[:])
			seen[t] = true
			drafts = append(drafts, Draft{Kind: KindErase, Subject: t})
		}
		return nil
	})
	if err != nil || len(drafts) == 0 {
		return err
	}
	envs, err := v.encode(drafts, nil)
	if err != nil {
		return err
	}
	if err := v.log.add(ctx, envs); err != nil {
		return err
	}
	v.advance(envs)
	v.view.behind = true
	ctx = context.WithoutCancel(ctx) // decided: nothing stops it half-way but a crash
	if err := v.destroy(ctx, drafts); err != nil {
		v.view.shut()
		v.unfinished = fmt.Errorf("vault: the erasure is written, but not complete; open the vault again: %w", err)
		return v.unfinished
	}
	return nil
}

func (v *Vault) destroy(ctx context.Context, drafts []Draft) error {
	var things []Thing
	for _, d := range drafts {
		things = append(things, d.Subject)
	}
	if err := v.keys.destroy(ctx, things); err != nil {
		return err
	}
	if err := v.keys.setHeads(ctx, map[DeviceID]head{v.device: v.head}); err != nil {
		return err
	}
	if err := v.dropBlobs(ctx, things); err != nil {
		return err
	}
	return v.rebuild(ctx, nil)
}

// finishErasures destroys what the log says is erased and a crash left alive.
func (v *Vault) finishErasures(ctx context.Context) error {
	things, err := v.log.erasedThings(ctx)
	if err != nil || len(things) == 0 {
		return err
	}
	var alive []Thing
	for _, t := range things {
		key, err := v.keys.thing(ctx, t)
		switch {
		case errors.Is(err, ErrErased):
		case errors.Is(err, ErrNotFound): // never had a key here: remember the erasure
			alive = append(alive, t)
		case err != nil:
			return err
		default:
			clear(key[:])
			alive = append(alive, t)
		}
	}
	if len(alive) > 0 {
		if err := v.keys.destroy(ctx, alive); err != nil {
			return err
		}
	}
	return v.dropBlobs(ctx, things)
}
