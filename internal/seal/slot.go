package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"

	"kkachi/internal/cell"
)

// Sizes of a reply's parts (spec/04-bulletin.md).
const (
	ReplyHeaderSize = 30
	ReplyBodySize   = cell.SlotPlainSize - ReplyHeaderSize
	MaxReplyParts   = 16
)

// Kinds of replies. Who reads skips kinds it does not know.
const (
	ReplyText    = 0 // UTF-8 text
	ReplyReceipt = 1 // an acknowledgement alone: no body
)

// Ack says which fragments of a letter are at the desk.
type Ack struct {
	Letter [8]byte // first half of the letter id; zero if nothing is acknowledged
	Bitmap uint64  // bit i, of value 1<<i: fragment i
}

// AckOf acknowledges the fragments of bitmap.
func AckOf(id cell.LetterID, bitmap uint64) Ack {
	return Ack{Letter: [8]byte(id[:8]), Bitmap: bitmap}
}

// SlotPlain is one part of a reply, as it stands under a slot's seal.
type SlotPlain struct {
	Kind  uint8
	Index uint8 // 0 … Count−1
	Count uint8 // 1 … MaxReplyParts
	Flags uint8 // reserved: 0
	Reply cell.ReplyID
	Ack   Ack
	Body  []byte // at most ReplyBodySize; exactly that in all but the last part
}

// SlotTag is the tag of slot i (0 … cell.TagsPerDay−1) on a day, with the key of that day's week.
func SlotTag(k WeekKey, day cell.Day, i uint8) [cell.SlotTagSize]byte {
	return [cell.SlotTagSize]byte(expand(k[:], slotInfo(LabelReplyTag, day, i), cell.SlotTagSize))
}

// DeskOwns says whether tag i belongs to a desk: i ≡ desk modulo cell.MaxDesks.
func DeskOwns(desk, i uint8) bool { return i%cell.MaxDesks == desk }

// SealSlot seals one part of a reply for a day, with the key of that day's week. It fails
// with ErrSlot if a field is out of its range.
func SealSlot(random io.Reader, k WeekKey, day cell.Day, i uint8, p *SlotPlain) (*cell.Slot, error) {
	plain, err := p.marshal()
	if err != nil {
		return nil, err
	}
	if i >= cell.TagsPerDay {
		return nil, fmt.Errorf("%w: tag %d of a day, not under %d", ErrSlot, i, cell.TagsPerDay)
	}
	var s cell.Slot
	tag := SlotTag(k, day, i)
	copy(s[:], tag[:])
	if err := fill(random, s.Nonce()); err != nil {
		return nil, err
	}
	copy(s.Ciphertext(), slotAEAD(k, day, i).Seal(nil, s.Nonce(), plain, tag[:]))
	return &s, nil
}

// OpenSlot opens a slot that stands under tag i of a day, with the key of that day's week.
func OpenSlot(k WeekKey, day cell.Day, i uint8, s *cell.Slot) (*SlotPlain, bool) {
	if i >= cell.TagsPerDay {
		return nil, false
	}
	tag := SlotTag(k, day, i)
	plain, err := slotAEAD(k, day, i).Open(nil, s.Nonce(), s.Ciphertext(), tag[:])
	if err != nil || s.Tag() != tag {
		return nil, false
	}
	return parseSlotPlain(plain)
}

// RandomSlot is random bytes: without the key no test tells it from a sealed slot (P12).
func RandomSlot(random io.Reader) (*cell.Slot, error) {
	var s cell.Slot
	if err := fill(random, s[:]); err != nil {
		return nil, err
	}
	return &s, nil
}

func slotInfo(label string, day cell.Day, i uint8) string {
	b := binary.BigEndian.AppendUint32([]byte(label), uint32(day))
	return string(append(b, i))
}

func slotAEAD(k WeekKey, day cell.Day, i uint8) cipher.AEAD {
	key := expand(k[:], slotInfo(LabelReplyKey, day, i), 32)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: AES with 32 bytes: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: GCM over AES: " + err.Error())
	}
	return aead
}

func (p *SlotPlain) marshal() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	out := make([]byte, cell.SlotPlainSize)
	out[0], out[1], out[2], out[3] = p.Kind, p.Index, p.Count, p.Flags
	copy(out[4:12], p.Reply[:])
	binary.BigEndian.PutUint16(out[12:14], uint16(len(p.Body)))
	copy(out[14:22], p.Ack.Letter[:])
	binary.BigEndian.PutUint64(out[22:30], p.Ack.Bitmap)
	copy(out[ReplyHeaderSize:], p.Body)
	return out, nil
}

func parseSlotPlain(b []byte) (*SlotPlain, bool) {
	if len(b) != cell.SlotPlainSize {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(b[12:14]))
	if n > ReplyBodySize {
		return nil, false
	}
	p := &SlotPlain{
		Kind: b[0], Index: b[1], Count: b[2], Flags: b[3],
		Reply: cell.ReplyID(b[4:12]),
		Ack:   Ack{Letter: [8]byte(b[14:22]), Bitmap: binary.BigEndian.Uint64(b[22:30])},
		Body:  b[ReplyHeaderSize : ReplyHeaderSize+n],
	}
	for _, pad := range b[ReplyHeaderSize+n:] {
		if pad != 0 {
			return nil, false
		}
	}
	return p, p.check() == nil
}

func (p *SlotPlain) check() error {
	switch {
	case p.Flags != 0:
		return fmt.Errorf("%w: reserved flags are set", ErrSlot)
	case p.Count < 1 || p.Count > MaxReplyParts:
		return fmt.Errorf("%w: count is not in 1…%d", ErrSlot, MaxReplyParts)
	case p.Index >= p.Count:
		return fmt.Errorf("%w: index is not under count", ErrSlot)
	case len(p.Body) > ReplyBodySize:
		return fmt.Errorf("%w: body is over %d bytes", ErrSlot, ReplyBodySize)
	case p.Index < p.Count-1 && len(p.Body) != ReplyBodySize:
		return fmt.Errorf("%w: a part before the last is not full", ErrSlot)
	}
	return nil
}
