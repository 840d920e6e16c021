// Package cell is the shape of everything that crosses the host: the cell that a
// reader or a source posts, the fragment inside its two seals, the slot of a
// bulletin and the record of a batch. It gives sizes, offsets and strict parsers.
//
// What enters: byte strings of exact length. What leaves: typed fixed-size arrays
// and fields. What may never be known here: a key, or anything that a key opens.
//
// Every number here stands in spec/01-cell.md; a house test holds the two together.
package cell

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math/bits"
	"time"
)

// Sizes in bytes of a cell and its parts (spec/01-cell.md, section 2).
const (
	Size           = 4096 // a cell, always
	HeaderSize     = 12   // epoch (4) and stamp (8)
	EncapSize      = 1120 // an X-Wing encapsulation: ML-KEM-768 (1088) and X25519 (32)
	TagSize        = 16   // AES-256-GCM tag
	OuterSize      = Size - HeaderSize - EncapSize
	OuterPlainSize = OuterSize - TagSize
	FlagSize       = 1
	InnerSize      = OuterPlainSize - FlagSize - EncapSize
	FragmentSize   = InnerSize - TagSize
	RecordSize     = EncapSize + InnerSize // one record of a batch: what is under the flag
	MaxDifficulty  = 18                    // leading zero bits of a stamp
)

// Errors of the cell's shape. None carries a byte of the cell.
var (
	ErrSize  = errors.New("cell: wrong size")
	ErrEpoch = errors.New("cell: epoch is not accepted now")
	ErrStamp = errors.New("cell: stamp does not meet the difficulty")
)

// A Cell is what is posted to the host: epoch, stamp, outer encapsulation and outer ciphertext.
type Cell [Size]byte

// Parse copies b into a Cell. It fails with ErrSize unless b has exactly Size bytes.
func Parse(b []byte) (*Cell, error) {
	if len(b) != Size {
		return nil, ErrSize
	}
	return (*Cell)(append([]byte(nil), b...)), nil
}

// Epoch is the UTC day whose key opens the outer seal. It selects the key, nothing else.
func (c *Cell) Epoch() Day { return Day(binary.BigEndian.Uint32(c[0:4])) }

// Encap is the outer encapsulation to the day key.
func (c *Cell) Encap() []byte { return c[HeaderSize : HeaderSize+EncapSize] }

// Outer is the outer ciphertext.
func (c *Cell) Outer() []byte { return c[HeaderSize+EncapSize:] }

// ReplayKey names the sealed part, whatever epoch or stamp stand before it:
// SHA-256(cell[12:4096]).
func (c *Cell) ReplayKey() [32]byte { return sha256.Sum256(c[HeaderSize:]) }

// Stamped says whether the stamp meets difficulty d: SHA-256(cell[0:4] ‖ cell[12:4096] ‖ stamp)
// begins with d zero bits. A d over MaxDifficulty is never met.
func (c *Cell) Stamped(d uint8) bool {
	if d > MaxDifficulty {
		return false
	}
	if d == 0 {
		return true
	}
	return c.zeros() >= int(d)
}

// Stamp searches for a stamp of difficulty d from the one that stands in the cell onwards,
// and leaves it there: about 2^d tries. The stamp is hashed last, so that all before it is
// hashed once and a try costs two blocks of SHA-256. d must not exceed MaxDifficulty.
func (c *Cell) Stamp(d uint8) error {
	if d > MaxDifficulty {
		return fmt.Errorf("cell: difficulty %d is over the limit of %d", d, MaxDifficulty)
	}
	if c.Stamped(d) {
		return nil
	}
	before := sha256.New()
	before.Write(c[0:4])
	before.Write(c[HeaderSize:])
	state, err := before.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return fmt.Errorf("cell: stamping: %w", err)
	}
	h := sha256.New()
	for n := binary.BigEndian.Uint64(c[4:HeaderSize]) + 1; ; n++ {
		binary.BigEndian.PutUint64(c[4:HeaderSize], n)
		if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			return fmt.Errorf("cell: stamping: %w", err)
		}
		h.Write(c[4:HeaderSize])
		if zeros(h) >= int(d) {
			return nil
		}
	}
}

func (c *Cell) zeros() int {
	h := sha256.New()
	h.Write(c[0:4])
	h.Write(c[HeaderSize:])
	h.Write(c[4:HeaderSize])
	return zeros(h)
}

// zeros is the number of zero bits with which a SHA-256 begins.
func zeros(h hash.Hash) int {
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	n := 0
	for _, b := range sum {
		z := bits.LeadingZeros8(b)
		n += z
		if z < 8 {
			break
		}
	}
	return n
}

// A Record is the inner part of a cell: inner encapsulation and inner ciphertext, as it
// stands in a batch.
type Record [RecordSize]byte

// Encap is the inner encapsulation to an inbox key.
func (r *Record) Encap() []byte { return r[:EncapSize] }

// Inner is the inner ciphertext of a fragment.
func (r *Record) Inner() []byte { return r[EncapSize:] }

// A Day is a UTC day since 1970-01-01. No finer time exists in the protocol.
type Day uint32

// DayOf is the UTC day of t.
func DayOf(t time.Time) Day { return Day(t.Unix() / 86400) }

// Time is the first instant of the day, in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the day as 2006-01-02.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// A Week counts weeks since the newsroom began: floor(day / 7) − w0 (spec/03-words.md).
type Week uint16

// WeekOf is the week of day d in a newsroom that began in absolute week w0. Days before
// the beginning are in week 0.
func WeekOf(d Day, w0 uint32) Week {
	w := uint32(d) / 7
	if w < w0 {
		return 0
	}
	if w-w0 > 0xffff {
		return 0xffff
	}
	return Week(w - w0)
}
