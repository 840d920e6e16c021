package cell

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sort"
)

// Sizes of slots and bulletins (spec/04-bulletin.md).
const (
	SlotTagSize   = 16
	SlotNonceSize = 12
	SlotSize      = 1024
	SlotPlainSize = SlotSize - SlotTagSize - SlotNonceSize - TagSize

	DefaultSlots = 128  // slots of a bulletin unless the sift note says otherwise
	MinSlots     = 16   // fewest slots a sift note may name
	MaxSlots     = 1024 // most slots a sift note may name
	TagsPerDay   = 16   // tags of one thread on one day
	BulletinDays = 14   // days back from the bulletin's on which tags are looked up
	MaxDesks     = 4    // desks that may share a bulletin
)

// Errors of slots in a row. None carries a byte of a slot.
var (
	ErrSorted   = errors.New("cell: slots are not in strictly ascending order of tags")
	ErrRepeated = errors.New("cell: two slots have one tag")
)

// A Slot is one sealed part of a reply, or random bytes that look the same.
type Slot [SlotSize]byte

// Tag is what a client looks up.
func (s *Slot) Tag() [SlotTagSize]byte { return [SlotTagSize]byte(s[:SlotTagSize]) }

// Nonce is the AES-256-GCM nonce.
func (s *Slot) Nonce() []byte { return s[SlotTagSize : SlotTagSize+SlotNonceSize] }

// Ciphertext is the AES-256-GCM ciphertext with its tag.
func (s *Slot) Ciphertext() []byte { return s[SlotTagSize+SlotNonceSize:] }

// A Bulletin is slots in strictly ascending order of tags, one after another. Make one with
// NewBulletin or ParseBulletin only.
type Bulletin []byte

// NewBulletin sorts a copy of slots into a bulletin. It does not fill up: who calls it has
// added random slots already. It fails with ErrRepeated if two tags are equal and with
// ErrSize if there are fewer than MinSlots or more than MaxSlots.
func NewBulletin(slots []Slot) (Bulletin, error) {
	if len(slots) < MinSlots || len(slots) > MaxSlots {
		return nil, fmt.Errorf("%w: bulletin of %d slots, not %d…%d", ErrSize, len(slots), MinSlots, MaxSlots)
	}
	return joinSlots(slots)
}

// ParseBulletin copies b, which must hold exactly the number of slots given, in strictly
// ascending order of tags. Errors: ErrSize, ErrSorted, ErrRepeated.
func ParseBulletin(b []byte, slots int) (Bulletin, error) {
	if slots < MinSlots || slots > MaxSlots || len(b) != slots*SlotSize {
		return nil, fmt.Errorf("%w: bulletin of %d bytes for %d slots", ErrSize, len(b), slots)
	}
	if err := checkSlots(b); err != nil {
		return nil, err
	}
	return slices.Clone(b), nil
}

// Len is the number of slots.
func (b Bulletin) Len() int { return len(b) / SlotSize }

// Slot is slot i, in place.
func (b Bulletin) Slot(i int) *Slot { return (*Slot)(b[i*SlotSize : (i+1)*SlotSize]) }

// Search is the index of the first slot whose tag is not under tag: where tag stands, if it
// stands there at all. It may be Len.
func (b Bulletin) Search(tag [SlotTagSize]byte) int {
	return sort.Search(b.Len(), func(i int) bool {
		return bytes.Compare(b[i*SlotSize:i*SlotSize+SlotTagSize], tag[:]) >= 0
	})
}

// Find is the slot with the given tag.
func (b Bulletin) Find(tag [SlotTagSize]byte) (*Slot, bool) {
	i := b.Search(tag)
	if i == b.Len() || b.Slot(i).Tag() != tag {
		return nil, false
	}
	return b.Slot(i), true
}

// Hash is the SHA-256 of the bulletin, as it stands in the sift note.
func (b Bulletin) Hash() [32]byte { return sha256.Sum256(b) }

// joinSlots writes slots in ascending order of tags.
func joinSlots(slots []Slot) ([]byte, error) {
	order := make([]*Slot, len(slots))
	for i := range slots {
		order[i] = &slots[i]
	}
	slices.SortFunc(order, func(x, y *Slot) int { return bytes.Compare(x[:SlotTagSize], y[:SlotTagSize]) })
	out := make([]byte, 0, len(slots)*SlotSize)
	for i, s := range order {
		if i > 0 && s.Tag() == order[i-1].Tag() {
			return nil, ErrRepeated
		}
		out = append(out, s[:]...)
	}
	return out, nil
}

// checkSlots wants strictly ascending tags in b, a whole number of slots.
func checkSlots(b []byte) error {
	for at := SlotSize; at < len(b); at += SlotSize {
		before, tag := b[at-SlotSize:at-SlotSize+SlotTagSize], b[at:at+SlotTagSize]
		switch bytes.Compare(before, tag) {
		case 0:
			return ErrRepeated
		case 1:
			return ErrSorted
		}
	}
	return nil
}
