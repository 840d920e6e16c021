package cell

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Limits of what passes between sift, desk and host (spec/04-bulletin.md and spec/06-batch.md).
const (
	DefaultBatch = 256   // records of a batch unless the sift note says otherwise
	MaxBatch     = 65536 // records of the largest batch
	NotesMaxSize = 32768 // bytes of the three notes that a client fetches
	MaxEpochs    = 4     // epochs that the host may accept at once

	BatchHeaderSize  = 12
	ParcelHeaderSize = 12

	batchMagic  = "KKB1"
	parcelMagic = "KKP1"
	nowMagic    = "KKN1"
)

// ErrFormat is a batch, a parcel or a "now" that is not laid out as it must be.
var ErrFormat = errors.New("cell: wrong format")

// MarshalBatch lays out a batch: "KKB1" ‖ u32 day ‖ u32 count ‖ records. The day is the
// arrival day that was drained. At least 1 and at most MaxBatch records.
func MarshalBatch(day Day, recs []Record) ([]byte, error) {
	if len(recs) < 1 || len(recs) > MaxBatch {
		return nil, fmt.Errorf("%w: batch of %d records, not 1…%d", ErrSize, len(recs), MaxBatch)
	}
	out := make([]byte, 0, BatchHeaderSize+len(recs)*RecordSize)
	out = append(out, batchMagic...)
	out = binary.BigEndian.AppendUint32(out, uint32(day))
	out = binary.BigEndian.AppendUint32(out, uint32(len(recs)))
	for i := range recs {
		out = append(out, recs[i][:]...)
	}
	return out, nil
}

// ParseBatch reads what MarshalBatch wrote. Errors: ErrFormat, ErrSize.
func ParseBatch(b []byte) (Day, []Record, error) {
	if len(b) < BatchHeaderSize || string(b[:4]) != batchMagic {
		return 0, nil, fmt.Errorf("%w: not a batch", ErrFormat)
	}
	day, n := Day(binary.BigEndian.Uint32(b[4:8])), binary.BigEndian.Uint32(b[8:12])
	b = b[BatchHeaderSize:]
	if n < 1 || n > MaxBatch || len(b) != int(n)*RecordSize {
		return 0, nil, fmt.Errorf("%w: batch with %d records in %d bytes", ErrSize, n, len(b))
	}
	recs := make([]Record, n)
	for i := range recs {
		copy(recs[i][:], b[i*RecordSize:])
	}
	return day, recs, nil
}

// A Parcel is a desk's slots for the bulletin of a day, always as many as the desk owns.
type Parcel struct {
	Day   Day   // of the bulletin it is for
	Desk  uint8 // 0 … MaxDesks−1
	Slots []Slot
}

// Marshal lays out a parcel: "KKP1" ‖ u32 day ‖ u8 desk ‖ u8 0 ‖ u16 count ‖ slots in
// ascending order of tags. Errors: ErrFormat, ErrSize, ErrRepeated.
func (p *Parcel) Marshal() ([]byte, error) {
	if p.Desk >= MaxDesks {
		return nil, fmt.Errorf("%w: parcel of desk %d, not 0…%d", ErrFormat, p.Desk, MaxDesks-1)
	}
	if len(p.Slots) < 1 || len(p.Slots) > MaxSlots {
		return nil, fmt.Errorf("%w: parcel of %d slots, not 1…%d", ErrSize, len(p.Slots), MaxSlots)
	}
	slots, err := joinSlots(p.Slots)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, ParcelHeaderSize+len(slots))
	out = append(out, parcelMagic...)
	out = binary.BigEndian.AppendUint32(out, uint32(p.Day))
	out = append(out, p.Desk, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(p.Slots)))
	return append(out, slots...), nil
}

// ParseParcel reads what Marshal wrote. Errors: ErrFormat, ErrSize, ErrSorted, ErrRepeated.
func ParseParcel(b []byte) (*Parcel, error) {
	if len(b) < ParcelHeaderSize || string(b[:4]) != parcelMagic {
		return nil, fmt.Errorf("%w: not a parcel", ErrFormat)
	}
	day, desk, zero := Day(binary.BigEndian.Uint32(b[4:8])), b[8], b[9]
	n := int(binary.BigEndian.Uint16(b[10:12]))
	b = b[ParcelHeaderSize:]
	if desk >= MaxDesks || zero != 0 {
		return nil, fmt.Errorf("%w: parcel of an unknown desk or version", ErrFormat)
	}
	if n < 1 || n > MaxSlots || len(b) != n*SlotSize {
		return nil, fmt.Errorf("%w: parcel with %d slots in %d bytes", ErrSize, n, len(b))
	}
	if err := checkSlots(b); err != nil {
		return nil, err
	}
	p := &Parcel{Day: day, Desk: desk, Slots: make([]Slot, n)}
	for i := range p.Slots {
		copy(p.Slots[i][:], b[i*SlotSize:])
	}
	return p, nil
}

// EpochDifficulty is one epoch that the host accepts, and the zero bits of its stamps.
type EpochDifficulty struct {
	Epoch Day
	D     uint8 // 0 … MaxDifficulty
}

// Now is what the host switches to as a whole: notes, bulletin, and which cells it accepts.
type Now struct {
	Serial   uint64            // of the sift note; the host refuses lower ones
	Epochs   []EpochDifficulty // 1 … MaxEpochs, strictly ascending
	Notes    []byte            // opaque here; at most NotesMaxSize
	Bulletin Bulletin
}

// Marshal lays out a Now: "KKN1" ‖ u64 serial ‖ u8 n ‖ n × (u32 epoch ‖ u8 d) ‖ u32 length ‖
// notes ‖ u32 length ‖ bulletin. Errors: ErrFormat, ErrSize, ErrSorted, ErrRepeated.
func (n *Now) Marshal() ([]byte, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	out := append([]byte(nil), nowMagic...)
	out = binary.BigEndian.AppendUint64(out, n.Serial)
	out = append(out, uint8(len(n.Epochs)))
	for _, e := range n.Epochs {
		out = binary.BigEndian.AppendUint32(out, uint32(e.Epoch))
		out = append(out, e.D)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(n.Notes)))
	out = append(out, n.Notes...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(n.Bulletin)))
	return append(out, n.Bulletin...), nil
}

// ParseNow reads what Marshal wrote. Errors: ErrFormat, ErrSize, ErrSorted, ErrRepeated.
func ParseNow(b []byte) (*Now, error) {
	if len(b) < 13 || string(b[:4]) != nowMagic {
		return nil, fmt.Errorf("%w: not a now", ErrFormat)
	}
	out := &Now{Serial: binary.BigEndian.Uint64(b[4:12])}
	count := int(b[12])
	b = b[13:]
	if count > MaxEpochs || len(b) < count*5 {
		return nil, fmt.Errorf("%w: now is cut in its epochs", ErrFormat)
	}
	for range count {
		out.Epochs = append(out.Epochs, EpochDifficulty{Day(binary.BigEndian.Uint32(b[:4])), b[4]})
		b = b[5:]
	}
	var ok bool
	if out.Notes, b, ok = cutField(b, NotesMaxSize); !ok {
		return nil, fmt.Errorf("%w: now is cut in its notes", ErrFormat)
	}
	if out.Bulletin, b, ok = cutField(b, MaxSlots*SlotSize); !ok {
		return nil, fmt.Errorf("%w: now is cut in its bulletin", ErrFormat)
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("%w: bytes after a now", ErrFormat)
	}
	if err := out.check(); err != nil {
		return nil, err
	}
	return out, nil
}

func (n *Now) check() error {
	if len(n.Epochs) < 1 || len(n.Epochs) > MaxEpochs {
		return fmt.Errorf("%w: now with %d epochs, not 1…%d", ErrFormat, len(n.Epochs), MaxEpochs)
	}
	for i, e := range n.Epochs {
		if e.D > MaxDifficulty || i > 0 && e.Epoch <= n.Epochs[i-1].Epoch {
			return fmt.Errorf("%w: epochs of a now are out of order, or their difficulty over %d", ErrFormat, MaxDifficulty)
		}
	}
	if len(n.Notes) < 1 || len(n.Notes) > NotesMaxSize {
		return fmt.Errorf("%w: notes of %d bytes, not 1…%d", ErrSize, len(n.Notes), NotesMaxSize)
	}
	if len(n.Bulletin)%SlotSize != 0 || n.Bulletin.Len() < MinSlots || n.Bulletin.Len() > MaxSlots {
		return fmt.Errorf("%w: bulletin of %d bytes", ErrSize, len(n.Bulletin))
	}
	return checkSlots(n.Bulletin)
}

// cutField takes a u32 length and as many bytes, copied, off the front of b.
func cutField(b []byte, limit uint32) (field, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b[:4])
	b = b[4:]
	if n > limit || uint64(len(b)) < uint64(n) {
		return nil, nil, false
	}
	return slices.Clone(b[:n]), b[n:], true
}
