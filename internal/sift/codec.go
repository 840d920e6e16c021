package sift

import (
	"encoding/binary"

	"kkachi/internal/cell"
)

// writer appends big-endian fields.
type writer struct{ b []byte }

func (w *writer) u8(v uint8)   { w.b = append(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *writer) raw(v []byte) { w.b = append(w.b, v...) }

func (w *writer) flag(v bool) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}

// reader takes fields off the front. Once bytes are missing it is bad, and gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) into(out []byte) {
	if r.bad || len(r.b) < len(out) {
		r.bad = true
		return
	}
	copy(out, r.b)
	r.b = r.b[len(out):]
}

func (r *reader) u8() uint8 {
	var b [1]byte
	r.into(b[:])
	return b[0]
}

func (r *reader) u32() uint32 {
	var b [4]byte
	r.into(b[:])
	return binary.BigEndian.Uint32(b[:])
}

func (r *reader) u64() uint64 {
	var b [8]byte
	r.into(b[:])
	return binary.BigEndian.Uint64(b[:])
}

func (r *reader) day() cell.Day { return cell.Day(r.u32()) }

func (r *reader) flag() bool {
	switch r.u8() {
	case 0:
		return false
	case 1:
		return true
	}
	r.bad = true
	return false
}

func (r *reader) hash() (h [32]byte) {
	r.into(h[:])
	return h
}

// count reads a u32 count of things of at least size bytes each. A count that the rest
// cannot hold is bad: nothing is allocated for it.
func (r *reader) count(size int) int {
	n := r.u32()
	if r.bad || uint64(n)*uint64(size) > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

// count8 reads a u8 count of at most limit.
func (r *reader) count8(limit int) int {
	n := int(r.u8())
	if n > limit {
		r.bad = true
		return 0
	}
	return n
}
