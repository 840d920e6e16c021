package sift

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// batches builds the batch of each drained day that has none yet.
func (r *run) batches(ctx context.Context) error {
	for _, day := range slices.Sorted(maps.Keys(r.st.arrivals)) {
		if r.st.arrivals[day] != drained || r.held(day) {
			continue
		}
		if err := r.batch(ctx, day); err != nil {
			return fmt.Errorf("sift: batch of %s: %w", day, err)
		}
	}
	return r.flush(ctx)
}

// batch draws the batch of a day from the whole pool, fills it with dummies, and makes its
// bytes and what is left of the pool durable at once.
func (r *run) batch(ctx context.Context, day cell.Day) error {
	stands, err := r.stands(ctx, batchName(day))
	if err != nil {
		return err
	}
	if stands {
		// Another life of this sift put it, before its folder was lost. A second one could
		// never stand; its records leave with the next day's.
		r.st.arrivals[day] = sent
		return r.save()
	}
	n, err := r.fetchDevices(ctx)
	if err != nil {
		return err
	}
	if err := r.decideSize(r.drawable()); err != nil {
		return err
	}
	dummies, err := r.dummies(ctx, n.desk.InboxKey(cell.WeekOf(r.today, n.root.W0)))
	if err != nil {
		return err
	}
	recs, rest, err := r.draw(dummies)
	if err != nil {
		return err
	}
	plain, err := cell.MarshalBatch(day, recs)
	if err != nil {
		return err
	}
	if plain, err = seal.SignBatch(r.cfg.Newsroom, r.sign, plain); err != nil {
		return err
	}
	to, err := recipients(n.devices)
	if err != nil {
		return err
	}
	sealed, err := encrypt(plain, to...)
	if err != nil {
		return err
	}
	if err := r.stage(batchName(day), sealed); err != nil {
		return err
	}
	r.st.pool = rest
	r.st.arrivals[day] = batched
	if err := r.save(); err != nil {
		return err
	}
	r.report.Batches = append(r.report.Batches, day)
	r.report.Carried = r.drawable()
	return nil
}

func (r *run) stands(ctx context.Context, name string) (bool, error) {
	names, err := r.host.ListObjects(ctx, batchPrefix)
	return slices.Contains(names, name), err
}

// dummies makes B of them, however few are wanted: the host sees how long a batch takes, and must
// not see how many letters are in it.
func (r *run) dummies(ctx context.Context, inbox *seal.HPKEPublic) ([]cell.Record, error) {
	out := make([]cell.Record, r.batchSize())
	for i := range out {
		dummy, err := seal.NewDummy(r.cfg.Rand, r.cfg.Newsroom, inbox)
		if err = cmp.Or(err, r.over(ctx)); err != nil {
			return nil, err
		}
		out[i] = *dummy
	}
	return out, nil
}

// draw takes up to B records, uniformly from all arrival days that are not held, fills up with B
// dummies and shuffles. It changes nothing; rest is what the pool is without them.
func (r *run) draw(dummies []cell.Record) (recs []cell.Record, rest map[cell.Day][]cell.Record, err error) {
	type place struct {
		day cell.Day
		at  int
	}
	var all []place
	rest = map[cell.Day][]cell.Record{}
	for _, day := range slices.Sorted(maps.Keys(r.st.pool)) {
		if r.held(day) {
			rest[day] = r.st.pool[day]
			continue
		}
		for at := range r.st.pool[day] {
			all = append(all, place{day, at})
		}
	}
	if err := r.shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }); err != nil {
		return nil, nil, err
	}
	k := min(len(all), len(dummies))
	for _, p := range all[:k] {
		recs = append(recs, r.st.pool[p.day][p.at])
	}
	slices.SortFunc(all[k:], func(a, b place) int { return a.at - b.at })
	for _, p := range all[k:] {
		rest[p.day] = append(rest[p.day], r.st.pool[p.day][p.at])
	}
	recs = append(recs, dummies[k:]...)
	err = r.shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
	return recs, rest, err
}

// shuffle puts n things into a uniformly drawn order (Fisher and Yates).
func (r *run) shuffle(n int, swap func(i, j int)) error {
	for i := n - 1; i > 0; i-- {
		j, err := rand.Int(r.cfg.Rand, big.NewInt(int64(i+1)))
		if err != nil {
			return fmt.Errorf("draw randomness: %w", err)
		}
		swap(i, int(j.Int64()))
	}
	return nil
}

// recipients takes post-quantum recipients and no other kind (P3).
func recipients(n *seal.DevicesNote) ([]age.Recipient, error) {
	var out []age.Recipient
	for _, d := range n.Devices {
		to, err := age.ParseHybridRecipient(d.Recipient)
		if err != nil {
			return nil, fmt.Errorf("device %s has no post-quantum recipient", d.Name)
		}
		out = append(out, to)
	}
	if len(out) == 0 {
		return nil, &missing{"the devices note names no device"}
	}
	return out, nil
}
