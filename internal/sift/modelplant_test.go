package sift

import (
	"bytes"
	"context"
	"io"
	"maps"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A plant is a defect, set between sift and its disk or host: none is ever in the product.
type plant struct {
	name string
	want string // how the counterexample begins
	in   modelBounds

	acksEarly    bool // a day is acknowledged when it was read, before its drain is durable
	sealsAnew    bool // a batch is encrypted when it is put, and so anew after a crash
	keyDiesEarly bool // a day key is destroyed when the day was read, before the drain is durable
	keepsKeys    bool // a key's death is reported, and not done
	mixesEpochs  bool // replay keys count whatever the epoch
	twoWrites    bool // the pool loses its records in one write, the batch is named in the next
	drawsAnew    bool // a bulletin is drawn when it is put, and so anew after a crash
	rereads      bool // that a day is drained becomes durable one write too late
}

func plants() []plant {
	return []plant{
		{name: "acknowledged before the drain is durable", want: "P8", in: modelBounds{days: 2, letters: 1}, acksEarly: true},
		{name: "batch built anew after a crash", want: "P13", in: modelBounds{days: 2}, sealsAnew: true},
		{name: "bulletin drawn anew after a crash", want: "P13", in: modelBounds{days: 1}, drawsAnew: true},
		{name: "key destroyed before the drain is durable", want: "P8", in: modelBounds{days: 2, letters: 1}, keyDiesEarly: true},
		{name: "key kept", want: "P4", in: modelBounds{days: 1}, keepsKeys: true},
		{name: "replay key without its epoch", want: "P8", in: modelBounds{days: 2, letters: 1, replays: 1}, mixesEpochs: true},
		{name: "pool and batch in two writes", want: "P8", in: modelBounds{days: 2, letters: 1}, twoWrites: true},
		{name: "drained without its mark", want: "P8", in: modelBounds{days: 2, letters: 1}, rereads: true},
	}
}

func (p plant) read(h tapHost, day cell.Day) {
	if p.acksEarly && h.h.AckDay(context.Background(), day) == nil {
		h.crash("after: host forgets a day")
	}
	if p.keyDiesEarly {
		delete(h.c.files, dayKeyFile(day))
		h.crash("after: destroy a key")
	}
}

func (p plant) put(t *tap, b []byte) []byte {
	if !p.sealsAnew {
		return b
	}
	plain := must(io.ReadAll(must(age.Decrypt(bytes.NewReader(b), t.r.device))))
	return must(encrypt(plain, t.r.device.Recipient()))
}

func (p plant) switches(t *tap, n *cell.Now) *cell.Now {
	if !p.drawsAnew {
		return n
	}
	var slots []cell.Slot
	for range len(n.Bulletin) / cell.SlotSize {
		slots = append(slots, *must(seal.RandomSlot(t.r.cfg.Rand)))
	}
	other := *n
	other.Bulletin = must(cell.NewBulletin(slots))
	return &other
}

func (p plant) loaded(s *Sift) {
	if !p.mixesEpochs {
		return
	}
	all := map[[32]byte]struct{}{}
	for _, keys := range s.st.replays {
		maps.Copy(all, keys)
	}
	for epoch := range s.keys {
		s.st.replays[epoch] = maps.Clone(all)
	}
}

// write gives what is written before what should be.
func (p plant) write(t *tap, name string, b []byte) [][]byte {
	if name != stateFile || !p.twoWrites && !p.rereads {
		return nil
	}
	disk, next := t.r.state(t.c.files[name]), *t.r.state(b)
	seal := func() [][]byte { return [][]byte{must(encrypt(next.marshal(), t.r.box.to))} }
	for day, step := range next.arrivals {
		before := disk.arrivals[day]
		switch {
		case p.twoWrites && before == drained && step == batched:
			next.arrivals = maps.Clone(next.arrivals)
			next.arrivals[day], next.outbox = drained, disk.outbox
			return seal()
		case p.rereads && before == 0 && step == drained:
			next.arrivals, next.replays = disk.arrivals, disk.replays
			return seal()
		}
	}
	return nil
}
