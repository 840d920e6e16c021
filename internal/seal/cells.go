package seal

import (
	"crypto/hpke"
	"encoding/binary"
	"io"

	"kkachi/internal/cell"
)

// Flags under the outer seal. Any other is cover.
const (
	FlagCover  = 0
	FlagLetter = 1
	FlagCanary = 2
)

// SealLetterCell seals a fragment to the inbox key, and that with FlagLetter to the day key.
// The stamp holds random bytes: call Stamp with the epoch's difficulty before posting. Only
// the stamp is drawn from random; crypto/hpke draws for itself.
func SealLetterCell(random io.Reader, id NewsroomID, epoch cell.Day, dayKey, inboxKey *HPKEPublic, f *cell.Fragment) (*cell.Cell, error) {
	return sealCell(random, id, epoch, dayKey, inboxKey, FlagLetter, f)
}

// SealCoverCell is a real double seal of a fragment of version 0 with FlagCover: the same
// code, the same work and the same shape as a letter's cell.
func SealCoverCell(random io.Reader, id NewsroomID, epoch cell.Day, dayKey, inboxKey *HPKEPublic) (*cell.Cell, error) {
	f, err := cell.NewCoverFragment(random)
	if err != nil {
		return nil, err
	}
	return sealCell(random, id, epoch, dayKey, inboxKey, FlagCover, f)
}

// NewDummy is a record that fills a batch: a fragment of version 0, truly sealed to the
// inbox key. Only a desk can tell it from a letter's.
func NewDummy(random io.Reader, id NewsroomID, inboxKey *HPKEPublic) (*cell.Record, error) {
	f, err := cell.NewCoverFragment(random)
	if err != nil {
		return nil, err
	}
	return sealRecord(id, inboxKey, f)
}

func sealCell(random io.Reader, id NewsroomID, epoch cell.Day, dayKey, inboxKey *HPKEPublic, flag byte, f *cell.Fragment) (*cell.Cell, error) {
	rec, err := sealRecord(id, inboxKey, f)
	if err != nil {
		return nil, err
	}
	return sealOuter(random, id, epoch, dayKey, flag, rec)
}

func sealOuter(random io.Reader, id NewsroomID, epoch cell.Day, dayKey *HPKEPublic, flag byte, rec *cell.Record) (*cell.Cell, error) {
	plain := make([]byte, 0, cell.OuterPlainSize)
	plain = append(plain, flag)
	plain = append(plain, rec[:]...)
	sealed, err := sealTo(dayKey, outerInfo(id, epoch), plain)
	if err != nil {
		return nil, err
	}
	var c cell.Cell
	binary.BigEndian.PutUint32(c[0:4], uint32(epoch))
	if err := fill(random, c[4:cell.HeaderSize]); err != nil {
		return nil, err
	}
	copy(c[cell.HeaderSize:], sealed)
	return &c, nil
}

func sealRecord(id NewsroomID, inboxKey *HPKEPublic, f *cell.Fragment) (*cell.Record, error) {
	sealed, err := sealTo(inboxKey, innerInfo(id, inboxKey), f[:])
	if err != nil {
		return nil, err
	}
	return (*cell.Record)(sealed), nil
}

// A DayOpener opens the outer seal of cells of one epoch.
type DayOpener struct {
	epoch cell.Day
	info  []byte
	key   hpke.PrivateKey
}

// NewDayOpener expands the seed of the epoch's day key once for many cells. The seed may be
// wiped afterwards; the opener holds its own copy until the process ends.
func NewDayOpener(id NewsroomID, epoch cell.Day, seed *HPKESeed) *DayOpener {
	return &DayOpener{epoch: epoch, info: outerInfo(id, epoch), key: seed.private()}
}

// Open opens the outer seal. Whatever fails (another epoch, a wrong seal, an unknown flag)
// is cover: ok is false and nothing more is said. With ok, flag is FlagCover, FlagLetter or
// FlagCanary, and rec the record under it.
func (o *DayOpener) Open(c *cell.Cell) (flag byte, rec *cell.Record, ok bool) {
	if c.Epoch() != o.epoch {
		return 0, nil, false
	}
	plain, ok := openWith(o.key, o.info, c[cell.HeaderSize:])
	if !ok || len(plain) != cell.OuterPlainSize || plain[0] > FlagCanary {
		return 0, nil, false
	}
	return plain[0], (*cell.Record)(plain[cell.FlagSize:]), true
}

// An InboxOpener opens the inner seal of records with one inbox key.
type InboxOpener struct {
	info []byte
	key  hpke.PrivateKey
}

// NewInboxOpener expands the seed of an inbox key once for many records.
func NewInboxOpener(id NewsroomID, seed *HPKESeed) *InboxOpener {
	return &InboxOpener{info: innerInfo(id, seed.Public()), key: seed.private()}
}

// Open opens the inner seal. Whatever fails gives false and nothing more.
func (o *InboxOpener) Open(rec *cell.Record) (*cell.Fragment, bool) {
	plain, ok := openWith(o.key, o.info, rec[:])
	if !ok || len(plain) != cell.FragmentSize {
		return nil, false
	}
	return (*cell.Fragment)(plain), true
}

// OpenRecord opens one record with one seed. For a batch, make an InboxOpener once.
func OpenRecord(id NewsroomID, seed *HPKESeed, rec *cell.Record) (*cell.Fragment, bool) {
	return NewInboxOpener(id, seed).Open(rec)
}
