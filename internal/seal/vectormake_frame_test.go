package seal

import (
	"bytes"
	"encoding/binary"
	"testing"

	"kkachi/internal/cell"
)

// vectorSlots are n slots whose tags ascend and whose rest is one byte.
func vectorSlots(n int) []byte {
	var out []byte
	for i := range n {
		s := make([]byte, cell.SlotSize)
		s[0], s[15] = byte(i*7+1), byte(i)
		out = append(out, s...)
	}
	return out
}

func frameRows(t *testing.T) []row {
	slots := vectorSlots(16)
	at := func(b []byte, i int, v ...byte) []byte { c := bytes.Clone(b); copy(c[i:], v); return c }
	swap := func(b []byte, from int) []byte {
		c := bytes.Clone(b)
		copy(c[from:], b[from+cell.SlotSize:from+2*cell.SlotSize])
		copy(c[from+cell.SlotSize:], b[from:from+cell.SlotSize])
		return c
	}
	twice := func(b []byte, from int) []byte { return at(b, from+cell.SlotSize, b[from:from+16]...) }
	u32 := binary.BigEndian.AppendUint32

	batch := append(u32(u32([]byte("KKB1"), 20657), 2), bytes.Repeat([]byte{7}, 2*cell.RecordSize)...)
	parcel := append(append(u32([]byte("KKP1"), 20658), 3, 0, 0, 4), vectorSlots(4)...)
	now := binary.BigEndian.AppendUint64([]byte("KKN1"), 70)
	now = append(u32(append(u32(append(now, 2), 20657), 0), 20658), 3)
	epochs := len(now)
	now = append(u32(now, 5), "notes"...)
	now = append(u32(now, uint32(len(slots))), slots...)

	bulletin := func(b []byte, n int) []any { return []any{"form", "bulletin", "slots", n, "data", inPieces(b)} }
	of := func(form string, b []byte) []any { return []any{"form", form, "data", inPieces(b)} }
	return []row{
		good("bulletin", "", append(bulletin(slots, 16), "count", 16)...),
		bad("wrong size", "bulletin a slot short", "", bulletin(slots[1024:], 16)...),
		bad("wrong size", "bulletin a slot more", "", bulletin(vectorSlots(17), 16)...),
		bad("wrong size", "bulletin a byte short", "", bulletin(slots[:len(slots)-1], 16)...),
		bad("wrong size", "bulletin of 15", "fewer than any newsroom may have", bulletin(vectorSlots(15), 15)...),
		bad("unsorted", "bulletin unsorted", "", bulletin(swap(slots, 3*1024), 16)...),
		bad("repeated tag", "bulletin with one tag twice", "", bulletin(twice(slots, 3*1024), 16)...),

		good("batch", "", append(of("batch", batch), "day", 20657, "count", 2)...),
		bad("wrong format", "batch of another magic", "", of("batch", at(batch, 3, '2'))...),
		bad("wrong format", "batch without a header", "", of("batch", batch[:11])...),
		bad("wrong size", "batch cut", "", of("batch", batch[:len(batch)-1])...),
		bad("wrong size", "batch with a byte more", "", of("batch", append(bytes.Clone(batch), 0))...),
		bad("wrong size", "batch of no record", "", of("batch", at(batch[:12], 8, 0, 0, 0, 0))...),
		bad("wrong size", "batch of very many records", "the count times 2947 must not wrap", of("batch", at(batch, 8, 0xff, 0xff, 0xff, 0xff))...),

		good("parcel", "", append(of("parcel", parcel), "day", 20658, "desk", 3, "count", 4)...),
		bad("wrong format", "parcel of another magic", "", of("parcel", at(parcel, 2, 'B'))...),
		bad("wrong format", "parcel of desk 4", "", of("parcel", at(parcel, 8, 4))...),
		bad("wrong format", "parcel with its reserved byte", "", of("parcel", at(parcel, 9, 1))...),
		bad("wrong size", "parcel cut", "", of("parcel", parcel[:len(parcel)-1])...),
		bad("wrong size", "parcel of no slot", "", of("parcel", at(parcel[:12], 10, 0, 0))...),
		bad("unsorted", "parcel unsorted", "", of("parcel", swap(parcel, 12))...),
		bad("repeated tag", "parcel with one tag twice", "", of("parcel", twice(parcel, 12))...),

		good("now", "", append(of("now", now), "serial", 70, "count", 16)...),
		bad("wrong format", "now of another magic", "", of("now", at(now, 0, 'J'))...),
		bad("wrong format", "now without epochs", "", of("now", append(append(bytes.Clone(now[:12]), 0), now[epochs:]...))...),
		bad("wrong format", "now with epochs descending", "", of("now", at(now, 18, now[13:17]...))...),
		bad("wrong format", "now with a difficulty of 19", "", of("now", at(now, 17, 19))...),
		bad("wrong format", "now with five epochs", "", of("now", at(now, 12, 5))...),
		bad("wrong format", "now cut in its bulletin", "", of("now", now[:len(now)-1])...),
		bad("wrong format", "now with a byte more", "", of("now", append(bytes.Clone(now), 0))...),
		bad("wrong format", "now whose notes claim all", "", of("now", at(now, epochs, 0xff, 0xff, 0xff, 0xff))...),
		bad("unsorted", "now with an unsorted bulletin", "", of("now", swap(now, len(now)-16*1024))...),
	}
}

func repliesRows(t *testing.T) []row {
	const day, zero = cell.Day(20657), uint32(2948) // day is the first of week 3
	k0 := WeekKey(*seedOf("chain"))
	c := &Conversation{k0: k0}
	key := func(d cell.Day) WeekKey { return c.Key(cell.WeekOf(d, zero)) }
	slots := func(label string, d cell.Day, first uint8, r Reply) []cell.Slot {
		return sealReply(t, label, key(d), d, first, &r)
	}
	id := func(n byte) cell.ReplyID { return cell.ReplyID{n, 2, 3, 4, 5, 6, 7, 8} }
	text := bytes.Repeat([]byte("답 "), 400) // 1600 bytes: two slots
	of := func(name, comment string, today cell.Day, sealed ...[]cell.Slot) row {
		all := bytes.Join(nil, nil)
		var list []cell.Slot
		for _, s := range sealed {
			list = append(list, s...)
		}
		fill := vectorSlots(16)
		for i := len(list); i < 16; i++ {
			list = append(list, cell.Slot(fill[i*cell.SlotSize:]))
		}
		b, err := cell.NewBulletin(list)
		must(t, err)
		all = append(all, b...)
		replies := []map[string]any{}
		for _, r := range c.FindReplies(b, today, zero) {
			replies = append(replies, replyRow(r))
		}
		return good(name, comment, "key-0", inPieces(k0[:]), "w0", zero, "day", today, "bulletin", inPieces(all), "replies", replies)
	}
	one := slots("one", day, 3, Reply{ID: id(1), Body: []byte("예")})
	two := slots("two", day, 4, Reply{ID: id(2), Body: text})
	return []row{
		of("no reply", "the words are new, or nobody has answered", day),
		of("one reply", "", day, one),
		of("two replies, one of two slots", "", day, one, two),
		of("the second slot is missing", "its beginning is shown", day, two[:1]),
		of("the first slot is missing", "", day, two[1:]),
		of("thirteen days ago, another week's key", "", day+13, one),
		of("fourteen days ago", "too old to be looked up", day+14, one),
		of("tomorrow's", "not looked up", day-1, one),
		of("sealed anew", "the newest day decides", day+1, one, slots("anew", day+1, 0, Reply{ID: id(1), Body: []byte("아니오")})),
		of("parts on two days", "", day+1, two[:1], slots("second part", day+1, 8, Reply{ID: id(2), Body: text})[1:]),
		bad("unsorted", "an unsorted bulletin", "", "key-0", inPieces(k0[:]), "w0", zero, "day", day, "bulletin",
			inPieces(append(bytes.Clone(vectorSlots(17)[1024:]), vectorSlots(1)...))),
	}
}
