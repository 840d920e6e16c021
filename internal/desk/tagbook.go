package desk

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// Several parcels are put for one bulletin, and the host keeps them all. A reply's tags are
// the same in each, so fillers drawn anew each time would leave the replies as what two
// parcels share (P12). Hence the tags of a day are kept: from one parcel to the next a fixed
// number leave, drawn among all without regard to what stands under them, and as many come
// in that were never there. What is seen follows from numbers and chance alone. A reply
// whose tag leaves goes under another of its thread's; what finds no place waits.

const (
	secretTags = "tags/" // + day of the bulletin
	churnShare = 16      // one in so many tags changes from parcel to parcel,
	churnLeast = 4       // and at least so many
)

type slotTag = [cell.SlotTagSize]byte

// A tagState says whether a tag may stand in the parcel that is made.
type tagState int

const (
	tagNew    tagState = iota // was never there: costs one of those that come in
	tagStands                 // stood there before, and stays
	tagGone                   // stood there before, and never comes back
)

// A tagBook holds the tags of the parcels for one day.
type tagBook struct {
	Stand [][]byte `json:"stand"` // in the last parcel
	Gone  [][]byte `json:"gone"`  // in earlier ones

	day   cell.Day
	room  int // how many may come in yet
	state map[slotTag]tagState
	taken map[slotTag]bool // by a reply or a receipt of this parcel
	came  []slotTag
}

// openTags reads the tags of a day and lets those leave that must. size is the number of
// slots of a parcel.
func (d *Desk) openTags(day cell.Day, size int) (*tagBook, error) {
	b := &tagBook{}
	raw, err := d.v.Secret(secretTags + day.String())
	switch {
	case err == nil:
		if err := json.Unmarshal(raw, b); err != nil {
			return nil, fmt.Errorf("desk: tags of %s: %w", day, err)
		}
	case !errors.Is(err, vault.ErrNotFound):
		return nil, fmt.Errorf("desk: tags of %s: %w", day, err)
	}
	b.day, b.state, b.taken = day, map[slotTag]tagState{}, map[slotTag]bool{}
	leave := 0
	if len(b.Stand) > 0 {
		leave = max(churnLeast, size/churnShare, len(b.Stand)-size)
	}
	for range min(leave, len(b.Stand)) {
		n, err := below(d.cfg.Rand, len(b.Stand))
		if err != nil {
			return nil, err
		}
		last := len(b.Stand) - 1
		b.Gone = append(b.Gone, b.Stand[n])
		b.Stand[n] = b.Stand[last]
		b.Stand = b.Stand[:last]
	}
	for _, t := range b.Stand {
		b.state[slotTag(t)] = tagStands
	}
	for _, t := range b.Gone {
		b.state[slotTag(t)] = tagGone
	}
	b.room = size - len(b.Stand)
	return b, nil
}

func (b *tagBook) stands(t slotTag) tagState { return b.state[t] }

// take puts a reply's part under a tag.
func (b *tagBook) take(t slotTag) {
	b.taken[t] = true
	if b.state[t] == tagNew {
		b.state[t] = tagStands
		b.came = append(b.came, t)
		b.room--
	}
}

// rest gives the tags under which nothing stands: those from before, and as many drawn as
// may come in yet.
func (b *tagBook) rest(random io.Reader) ([]slotTag, error) {
	var out []slotTag
	for _, t := range b.Stand {
		if !b.taken[slotTag(t)] {
			out = append(out, slotTag(t))
		}
	}
	for ; b.room > 0; b.room-- {
		var t slotTag
		if _, err := io.ReadFull(random, t[:]); err != nil {
			return nil, fmt.Errorf("desk: randomness: %w", err)
		}
		b.came, out = append(b.came, t), append(out, t)
	}
	return out, nil
}

// save makes the book durable, until its day is over.
func (b *tagBook) save(d *Desk) error {
	for _, t := range b.came {
		b.Stand = append(b.Stand, t[:])
	}
	b.came = nil
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("desk: tags of %s: %w", b.day, err)
	}
	if err := d.v.PutSecret(secretTags+b.day.String(), raw, uint32(b.day)); err != nil {
		return fmt.Errorf("desk: tags of %s: %w", b.day, err)
	}
	return nil
}

// below draws a number from 0 to n−1.
func below(random io.Reader, n int) (int, error) {
	limit := ^uint64(0) - ^uint64(0)%uint64(n) // numbers from here on would favour the low ones
	for {
		var b [8]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, fmt.Errorf("desk: randomness: %w", err)
		}
		if x := binary.BigEndian.Uint64(b[:]); x < limit {
			return int(x % uint64(n)), nil
		}
	}
}
