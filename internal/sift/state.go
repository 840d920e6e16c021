package sift

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A step of an arrival day. Each is durable before the next begins.
type step uint8

const (
	drained step = 1 + iota // its records are in the pool; nothing is read of it again
	batched                 // its batch is in the outbox
	sent                    // the host has its batch
	acked                   // the host may have forgotten it
)

// state is all that sift must remember but keys and what lies in the outbox. It is one file,
// replaced as a whole: whatever changes together, changes at once.
type state struct {
	day cell.Day // the newest on which the order of the day began: the clock never goes back

	serial    uint64    // of the newest sift note
	noteDay   cell.Day  // its day
	previous  *[32]byte // its hash
	bulletins []seal.BulletinHash

	seen  [3]seenNote // root, desk and devices note: none older is taken again
	desks map[uint8]standing

	arrivals map[cell.Day]step
	outbox   []outgoing // in the order in which they were decided
	pool     map[cell.Day][]cell.Record
	replays  map[cell.Day]map[[32]byte]struct{} // by epoch; of cells that opened and of those that did not
	outlived uint64                             // cells that came after the death of their key

	canaries map[cell.Day]uint32 // of each arrival day that stands in arrivals
	sizing   sizing
	hard     hardness
	crowd    uint32 // of crowdDay; 0: not measured
	crowdDay cell.Day
}

type seenNote struct {
	serial uint64
	hash   [32]byte
}

// standing are the last slots of a desk and the bulletin day they were made for.
type standing struct {
	day   cell.Day
	slots []cell.Slot
}

// outgoing is something that was built and is put until the host says yes: a file of the
// outbox, named by the SHA-256 of its bytes.
type outgoing struct {
	name string // at the host: batch/DAY or now/SERIAL
	sum  [32]byte
}

func (o outgoing) file() string { return outboxFolder + "/" + hex.EncodeToString(o.sum[:]) }

func newState() *state {
	return &state{
		desks:    map[uint8]standing{},
		arrivals: map[cell.Day]step{},
		pool:     map[cell.Day][]cell.Record{},
		replays:  map[cell.Day]map[[32]byte]struct{}{},
		canaries: map[cell.Day]uint32{},
	}
}

// addPool keeps records under their arrival day, in the order of their bytes: the order in
// which they came is not kept.
func (st *state) addPool(day cell.Day, recs []cell.Record) {
	if len(recs) == 0 {
		return
	}
	all := append(st.pool[day], recs...)
	slices.SortFunc(all, compareRecords)
	st.pool[day] = all
}

func compareRecords(a, b cell.Record) int { return bytes.Compare(a[:], b[:]) }

// StateMagic begins the state, and says its version.
const StateMagic = "KKS3"

// marshal lays out the state as spec/06-batch.md, section 4. Equal states give equal bytes.
func (st *state) marshal() []byte {
	w := &writer{b: []byte(StateMagic)}
	w.u32(uint32(st.day))
	w.u64(st.serial)
	w.u32(uint32(st.noteDay))
	w.flag(st.previous != nil)
	if st.previous != nil {
		w.raw(st.previous[:])
	}
	w.u8(uint8(len(st.bulletins)))
	for _, b := range st.bulletins {
		w.u32(uint32(b.Day))
		w.raw(b.Hash[:])
	}
	for _, s := range st.seen {
		w.u64(s.serial)
		w.raw(s.hash[:])
	}
	w.u8(uint8(len(st.desks)))
	for _, n := range slices.Sorted(maps.Keys(st.desks)) {
		d := st.desks[n]
		w.u8(n)
		w.u32(uint32(d.day))
		w.u32(uint32(len(d.slots)))
		for i := range d.slots {
			w.raw(d.slots[i][:])
		}
	}
	w.u32(uint32(len(st.arrivals)))
	for _, d := range slices.Sorted(maps.Keys(st.arrivals)) {
		w.u32(uint32(d))
		w.u8(uint8(st.arrivals[d]))
		w.u32(st.canaries[d])
	}
	w.u32(uint32(len(st.outbox)))
	for _, o := range st.outbox {
		w.u8(uint8(len(o.name)))
		w.raw([]byte(o.name))
		w.raw(o.sum[:])
	}
	w.u64(st.outlived)
	w.u32(st.sizing.size)
	w.u32(st.sizing.next)
	w.u8(st.sizing.quiet)
	w.u32(uint32(st.sizing.decided))
	w.u32(st.crowd)
	w.u32(uint32(st.crowdDay))
	w.u8(st.hard.d)
	w.u8(st.hard.quiet)
	w.u32(uint32(st.hard.decided))
	w.u32(st.hard.load)
	w.u32(uint32(st.hard.loadDay))
	st.marshalPool(w)
	return w.b
}

func (st *state) marshalPool(w *writer) {
	w.u32(uint32(len(st.replays)))
	for _, e := range slices.Sorted(maps.Keys(st.replays)) {
		keys := slices.SortedFunc(maps.Keys(st.replays[e]), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		w.u32(uint32(e))
		w.u32(uint32(len(keys)))
		for _, k := range keys {
			w.raw(k[:])
		}
	}
	w.u32(uint32(len(st.pool)))
	for _, d := range slices.Sorted(maps.Keys(st.pool)) {
		w.u32(uint32(d))
		w.u32(uint32(len(st.pool[d])))
		for i := range st.pool[d] {
			w.raw(st.pool[d][i][:])
		}
	}
}

// parseState reads what marshal wrote, and nothing else. It fails with ErrState, ErrNewer, ErrOlder.
func parseState(b []byte) (*state, error) {
	if err := checkMagic(b); err != nil {
		return nil, err
	}
	st := newState()
	r := &reader{b: b[len(StateMagic):]}
	st.day = r.day()
	st.serial, st.noteDay = r.u64(), r.day()
	if r.flag() {
		h := r.hash()
		st.previous = &h
	}
	for range r.count8(seal.MaxBulletins) {
		st.bulletins = append(st.bulletins, seal.BulletinHash{Day: r.day(), Hash: r.hash()})
	}
	for i := range st.seen {
		st.seen[i] = seenNote{r.u64(), r.hash()}
	}
	for range r.count8(cell.MaxDesks) {
		n := r.u8()
		d := standing{day: r.day()}
		d.slots = make([]cell.Slot, r.count(cell.SlotSize))
		for i := range d.slots {
			r.into(d.slots[i][:])
		}
		st.desks[n] = d
	}
	for range r.count(9) {
		d := r.day()
		if st.arrivals[d] = step(r.u8()); st.arrivals[d] < drained || st.arrivals[d] > acked {
			r.bad = true
		}
		st.canaries[d] = r.u32()
	}
	for range r.count(33) {
		name := make([]byte, r.u8())
		r.into(name)
		st.outbox = append(st.outbox, outgoing{string(name), r.hash()})
	}
	st.outlived = r.u64()
	st.sizing = sizing{size: r.u32(), next: r.u32(), quiet: r.u8(), decided: r.day()}
	st.crowd, st.crowdDay = r.u32(), r.day()
	if st.hard = (hardness{d: r.u8(), quiet: r.u8(), decided: r.day(), load: r.u32(), loadDay: r.day()}); st.hard.d > cell.MaxDifficulty {
		r.bad = true
	}
	st.parsePool(r)
	// One state has one form: this refuses repeats, disorder and what stands after the end.
	if r.bad || len(r.b) != 0 || !bytes.Equal(st.marshal(), b) {
		return nil, fmt.Errorf("%w: %s", ErrState, stateFile)
	}
	return st, nil
}

func (st *state) parsePool(r *reader) {
	for range r.count(8) {
		e := r.day()
		n := r.count(32)
		keys := make(map[[32]byte]struct{}, n)
		for range n {
			keys[r.hash()] = struct{}{}
		}
		st.replays[e] = keys
	}
	for range r.count(8) {
		d := r.day()
		recs := make([]cell.Record, r.count(cell.RecordSize))
		for i := range recs {
			r.into(recs[i][:])
		}
		r.bad = r.bad || !slices.IsSortedFunc(recs, compareRecords)
		st.pool[d] = recs
	}
}
