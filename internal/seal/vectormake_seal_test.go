package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/tyler-smith/go-bip39/wordlists"
	"golang.org/x/text/unicode/norm"

	"kkachi/internal/cell"
)

func decomposed(w Words) string { return norm.NFD.String(w.String(Korean)) }

func traditional(w Words) string {
	var out []string
	for _, n := range w {
		out = append(out, wordlists.ChineseTraditional[n])
	}
	return strings.Join(out, " ")
}

// An openMaker makes cells that open, and cells that don't.
type openMaker struct {
	t                    *testing.T
	id                   NewsroomID
	day, inbox, stranger *HPKESeed
	base                 bentCell
}

func newOpenMaker(t *testing.T) *openMaker {
	m := &openMaker{t: t, id: NewsroomID(*seedOf("newsroom")), day: seedOf("day key"), inbox: seedOf("inbox key"), stranger: seedOf("another key")}
	m.base = bentCell{
		id: m.id, epoch: 20657, day: m.day.Public(), inbox: m.inbox.Public(), flag: FlagLetter, fragment: vectorFragment(t, nil),
		outerRandom: randomOf("outer"), innerRandom: randomOf("inner"),
	}
	return m
}

func (m *openMaker) made(bend func(b *bentCell)) []byte {
	b := m.base
	if bend != nil {
		bend(&b)
	}
	return b.seal(m.t)[:]
}

func (m *openMaker) in(c []byte) []any {
	return []any{
		"newsroom", m.id.String(), "epoch", 20657, "day-seed", hex.EncodeToString(m.day[:]), "inbox-seed", hex.EncodeToString(m.inbox[:]),
		"cell", inPieces(c),
	}
}

func (m *openMaker) ok(name, comment string, bend func(b *bentCell)) row {
	b := m.base
	if bend != nil {
		bend(&b)
	}
	return good(name, comment, append(m.in(b.seal(m.t)[:]), "flag", b.flag, "fragment", inPieces(b.fragment),
		"day-key", hex.EncodeToString(m.day.Public()[:]), "inbox-key", hex.EncodeToString(m.inbox.Public()[:]))...)
}

func (m *openMaker) no(failure, layer, name, comment string, c []byte) row {
	return bad(failure, name, comment, append(m.in(c), "layer", layer)...)
}

// flip changes a bit of a sealed cell.
func (m *openMaker) flip(at int, bit byte) []byte { c := m.made(nil); c[at] ^= bit; return c }

// inner changes the record and seals the outer layer anew, as a dishonest sift could.
func (m *openMaker) inner(bend func(rec []byte)) []byte {
	b := m.base
	rec := bentSeal(m.t, b.inbox, innerInfo(m.id, b.inbox), b.fragment, b.innerRandom, bent{})
	bend(rec)
	sealed := bentSeal(m.t, b.day, outerInfo(m.id, b.epoch), append([]byte{FlagLetter}, rec...), b.outerRandom, bent{})
	return append(binary.BigEndian.AppendUint32(nil, 20657), append(make([]byte, 8), sealed...)...)
}

func openRows(t *testing.T) []row {
	m := newOpenMaker(t)
	return append(append(m.openingRows(), m.flippedRows()...), m.closedRows()...)
}

func (m *openMaker) openingRows() []row {
	cover := append([]byte{0}, bytes.Repeat([]byte{0x5a}, cell.FragmentSize-1)...)
	nine := append([]byte{9}, make([]byte, 31)...)
	own := m.day.Public()[1184:]
	rewritten := m.made(func(b *bentCell) { b.outer = bent{point: nine, secret: own} })
	copy(rewritten[cell.HeaderSize+1088:], nonCanonicalNine())
	return []row{
		m.ok("letter", "both layers sealed with given randomness", nil),
		m.ok("cover cell", "the same double seal of a fragment of version 0", func(b *bentCell) { b.flag, b.fragment = FlagCover, cover }),
		m.ok("canary", "", func(b *bentCell) { b.flag = FlagCanary }),
		m.ok("point 9", "the base point as ephemeral key: the secret is the recipient's own point", func(b *bentCell) {
			b.outer = bent{point: nine, secret: own}
		}),
		m.ok("point 9 + p", "non-canonical: RFC 7748 wants it taken, and the combiner binds it as it is written", func(b *bentCell) {
			b.outer = bent{point: nonCanonicalNine(), secret: own}
		}),
		m.no("non-canonical point", "outer", "point 9 written as 9 + p", "the same secret, other bytes in the combiner", rewritten),
	}
}

func (m *openMaker) flippedRows() []row {
	return []row{
		m.no("flipped bit", "outer", "top bit of the outer point", "X25519 ignores it, the combiner does not", m.flip(cell.HeaderSize+1119, 0x80)),
		m.no("flipped bit", "outer", "outer point", "", m.flip(cell.HeaderSize+1088, 1)),
		m.no("flipped bit", "outer", "outer ML-KEM ciphertext", "implicit rejection", m.flip(cell.HeaderSize, 1)),
		m.no("flipped bit", "outer", "outer ciphertext", "", m.flip(cell.HeaderSize+cell.EncapSize, 1)),
		m.no("flipped bit", "outer", "outer tag", "", m.flip(cell.Size-1, 0x80)),
		m.no("flipped bit", "inner", "top bit of the inner point", "", m.inner(func(r []byte) { r[1119] ^= 0x80 })),
		m.no("flipped bit", "inner", "inner ML-KEM ciphertext", "", m.inner(func(r []byte) { r[500] ^= 4 })),
		m.no("flipped bit", "inner", "inner ciphertext", "", m.inner(func(r []byte) { r[1500] ^= 4 })),
		m.no("flipped bit", "inner", "inner tag", "", m.inner(func(r []byte) { r[cell.RecordSize-1] ^= 1 })),
		bad("wrong size", "truncated cell", "", m.in(m.made(nil)[:cell.Size-1])...),
		bad("wrong size", "cell with a byte more", "", m.in(append(m.made(nil), 0))...),
	}
}

func (m *openMaker) closedRows() []row {
	mixed := func(pq, x *HPKESeed) *HPKEPublic {
		k := *pq.Public()
		copy(k[1184:], x.Public()[1184:])
		return &k
	}
	zero := make([]byte, 32)
	relabelled := m.made(func(b *bentCell) { b.epoch = 20658 })
	relabelled[3]--
	rows := []row{
		m.no("low-order point", "inner", "inner point is zero", "", m.made(func(b *bentCell) { b.inner = bent{point: zero, secret: zero} })),
		m.no("half key", "outer", "right X25519 half, wrong ML-KEM half", "who has broken X25519 reads nothing",
			m.made(func(b *bentCell) { b.day = mixed(m.stranger, m.day) })),
		m.no("half key", "outer", "right ML-KEM half, wrong X25519 half", "who has broken ML-KEM reads nothing",
			m.made(func(b *bentCell) { b.day = mixed(m.day, m.stranger) })),
		m.no("half key", "outer", "ML-KEM secret of zeros", "", m.made(func(b *bentCell) { b.outer = bent{pq: zero} })),
		m.no("half key", "outer", "point left out of the combiner", "", m.made(func(b *bentCell) { b.outer = bent{cut: true} })),
		m.no("wrong key", "outer", "another day key", "", m.made(func(b *bentCell) { b.day = m.stranger.Public() })),
		m.no("wrong role", "outer", "sealed to the inbox key twice", "", m.made(func(b *bentCell) { b.day = m.inbox.Public() })),
		m.no("wrong inbox", "inner", "another inbox key", "", m.made(func(b *bentCell) { b.inbox = m.stranger.Public() })),
		m.no("wrong role", "inner", "sealed to the day key twice", "", m.made(func(b *bentCell) { b.inbox = m.day.Public() })),
		m.no("wrong newsroom", "outer", "another newsroom", "", m.made(func(b *bentCell) { b.id = NewsroomID(*seedOf("another newsroom")) })),
		m.no("wrong epoch", "outer", "another epoch", "", m.made(func(b *bentCell) { b.epoch = 20658 })),
		m.no("wrong epoch", "outer", "epoch relabelled", "sealed for another epoch, then the header changed", relabelled),
		m.no("unknown flag", "outer", "flag 3", "", m.made(func(b *bentCell) { b.flag = 3 })),
		m.no("unknown flag", "outer", "flag 255", "", m.made(func(b *bentCell) { b.flag = 255 })),
	}
	for i, p := range lowOrder() {
		rows = append(rows, m.no("low-order point", "outer", fmt.Sprintf("low-order point %d", i), "the X25519 secret is zero",
			m.made(func(b *bentCell) { b.outer = bent{point: p, secret: zero} })))
	}
	return rows
}

// stored is text as one stored block of raw deflate (RFC 1951, section 3.2.4).
func stored(text []byte) []byte {
	n := uint16(len(text))
	return append([]byte{1, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, text...)
}

func letterRows(t *testing.T) []row {
	key := WeekKey(*seedOf("week key"))
	cut := func(stream []byte, flags uint8, bend func(f *cell.FragmentFields)) (out []string) {
		count := (len(stream) + cell.BodySize - 1) / cell.BodySize
		for i := range count {
			out = append(out, inPieces(vectorFragment(t, func(f *cell.FragmentFields) {
				f.Index, f.Count, f.Flags = uint8(i), uint8(count), flags
				f.Letter = letterID(key.LetterKey(), f.Kind, f.Topic, flags, stream)
				f.Body = stream[i*cell.BodySize : min((i+1)*cell.BodySize, len(stream))]
				if bend != nil {
					bend(f)
				}
			})))
		}
		return out
	}
	of := func(make func(string, string, ...any) row, name, comment string, fragments []string, more ...any) row {
		return make(name, comment, append([]any{"key", hex.EncodeToString(key[:]), "fragments", fragments}, more...)...)
	}
	no := func(failure string) func(string, string, ...any) row {
		return func(name, comment string, more ...any) row { return bad(failure, name, comment, more...) }
	}
	text := []byte("세 사람이 떠났다고 들었습니다. 三个人离开了。 Three people have left.")
	long := bytes.Repeat([]byte{'k'}, 4000)
	one, many := cut(stored(text), 0, nil), cut(stored(long), 0, nil)
	reversed := []string{many[2], many[1], many[0]}
	otherText := cut(stored(bytes.Repeat([]byte{'x'}, 4000)), 0, nil)
	// "kkkk…" 1000 times in 14 bytes: over 64-fold. Made once by a deflate library.
	bomb := unhex("cbce1e05a360140c770000")
	return []row{
		of(good, "one fragment", "", one, "text", inPieces(text)),
		of(good, "three fragments", "", many, "text", inPieces(long)),
		of(good, "backwards", "", reversed, "text", inPieces(long)),
		of(good, "with repeats", "", append(append([]string{many[1], many[1]}, many...), many[0]), "text", inPieces(long)),
		of(good, "empty text", "erase and withdraw need no words", cut([]byte{3, 0}, 0, nil), "text", ""),
		of(good, "a file", "bytes that are no text, under flag 1", cut(stored([]byte{0xff, 0}), cell.FlagFile, nil), "text", "ff00"),
		of(good, "sent again after a reply was read", "the last reply seen differs: the same letter all the same",
			append(cut(stored(long), 0, func(f *cell.FragmentFields) { f.LastReply = cell.ReplyID{} })[:1], many[1:]...), "text", inPieces(long)),
		of(no("letter id"), "an id made for another kind", "the same words as a call for help are another letter",
			cut(stored(text), 0, func(f *cell.FragmentFields) {
				f.Letter, f.Kind = letterID(key.LetterKey(), cell.KindLetter, f.Topic, 0, stored(text)), cell.KindHelp
			})),
		of(no("incomplete"), "the middle is lost", "what inflates of the beginning is shown", []string{many[0], many[2]},
			"partial", inPieces(long[:cell.BodySize-5])),
		of(no("incomplete"), "the beginning is lost", "", many[1:], "partial", ""),
		of(no("mixed letters"), "a fragment of another letter", "", []string{many[0], otherText[1], many[2]}),
		of(no("mixed letters"), "other bytes in one place", "", []string{many[0], cut(stored(otherBody(long)), 0, func(f *cell.FragmentFields) {
			f.Letter = letterID(key.LetterKey(), f.Kind, f.Topic, f.Flags, stored(long))
		})[0]}),
		of(no("mixed letters"), "another thread", "", []string{many[0], cut(stored(long), 0, func(f *cell.FragmentFields) { f.Thread[0]++ })[1]}),
		of(no("mixed letters"), "another week", "", []string{many[0], cut(stored(long), 0, func(f *cell.FragmentFields) { f.Week++ })[1]}),
		of(no("mixed letters"), "another kind", "", []string{many[0], cut(stored(long), 0, func(f *cell.FragmentFields) { f.Kind = cell.KindErase })[1]}),
		of(no("letter id"), "an id of other bytes", "", cut(stored(text), 0, func(f *cell.FragmentFields) { f.Letter[15]++ })),
		of(no("inflate"), "over 64-fold", "1000 bytes out of 11", cut(bomb, 0, nil)),
		of(no("inflate"), "bytes after the stream's end", "", cut(append(stored(text), 0), 0, nil)),
		of(no("inflate"), "stream without an end", "", cut(stored(text)[:20], 0, nil)),
		of(no("inflate"), "reserved block type", "", cut([]byte{7, 0}, 0, nil)),
		of(no("inflate"), "stored length with a wrong complement", "", cut(func() []byte { b := stored(text); b[3]++; return b }(), 0, nil)),
		of(no("not UTF-8"), "bytes that are no text, without the flag", "", cut(stored([]byte{0xff, 0}), 0, nil)),
		of(no("malformed fragment"), "a fragment that is none", "", []string{strings.Replace(one[0], "01", "02", 1)}),
	}
}

// otherBody is text of the same length that begins otherwise.
func otherBody(text []byte) []byte {
	out := bytes.Clone(text)
	out[0] = 'j'
	return out
}

func slotRows(t *testing.T) []row {
	key, day, i := WeekKey(*seedOf("week key")), cell.Day(20657), uint8(5)
	seal := func(p *SlotPlain) []byte {
		s, err := SealSlot(seeded("slot nonce"), key, day, i, p)
		must(t, err)
		return s[:]
	}
	// raw seals any plaintext, as a faulty desk could.
	raw := func(bend func(b []byte)) []byte {
		p := &SlotPlain{Count: 1, Body: []byte("reply")}
		b, err := p.marshal()
		must(t, err)
		bend(b)
		tag := SlotTag(key, day, i)
		nonce := bytes.Repeat([]byte{3}, 12)
		return append(append(tag[:], nonce...), slotAEAD(key, day, i).Seal(nil, nonce, b, tag[:])...)
	}
	in := func(s []byte, k WeekKey, day cell.Day, i uint8) []any {
		return []any{"key", hex.EncodeToString(k[:]), "day", day, "i", i, "slot", inPieces(s)}
	}
	ok := func(name, comment string, p *SlotPlain) row {
		tag := SlotTag(key, day, i)
		return good(name, comment, append(in(seal(p), key, day, i), "tag", hex.EncodeToString(tag[:]), "kind", p.Kind, "index", p.Index,
			"count", p.Count, "reply", p.Reply.String(), "ack-letter", hex.EncodeToString(p.Ack.Letter[:]),
			"ack-bitmap", fmt.Sprint(p.Ack.Bitmap), "body", inPieces(p.Body))...)
	}
	p := &SlotPlain{Count: 1, Reply: cell.ReplyID(seedOf("reply")[:8]), Ack: AckOf(cell.LetterID(seedOf("letter")[:16]), 1<<63|5), Body: []byte("답장입니다. 回信。")}
	s := seal(p)
	flip := func(at int) []byte { b := bytes.Clone(s); b[at] ^= 0x10; return b }
	broken := func(name, comment string, bend func(b []byte)) row {
		return bad("malformed slot", name, comment, in(raw(bend), key, day, i)...)
	}
	return []row{
		ok("a reply", "the bitmap's top bit is fragment 63", p),
		ok("first of two", "full", &SlotPlain{Count: 2, Reply: p.Reply, Body: bytes.Repeat([]byte{'r'}, ReplyBodySize)}),
		ok("a receipt", "no body", &SlotPlain{Kind: ReplyReceipt, Count: 1, Ack: p.Ack}),
		ok("kind 9", "unknown kinds open: who reads skips them", &SlotPlain{Kind: 9, Count: 1}),
		bad("wrong key", "next week's key", "", in(s, key.Next(), day, i)...),
		bad("wrong day", "day after", "", in(s, key, day+1, i)...),
		bad("wrong tag", "tag beside it", "", in(s, key, day, i+1)...),
		bad("wrong tag", "tag 16", "a day has tags 0 to 15", in(s, key, day, 16)...),
		bad("flipped bit", "tag", "", in(flip(0), key, day, i)...),
		bad("flipped bit", "nonce", "", in(flip(16), key, day, i)...),
		bad("flipped bit", "ciphertext", "", in(flip(28), key, day, i)...),
		bad("flipped bit", "authentication tag", "", in(flip(1023), key, day, i)...),
		broken("a flag", "reserved", func(b []byte) { b[3] = 1 }),
		broken("slot count 0", "", func(b []byte) { b[2] = 0 }),
		broken("slot count 17", "", func(b []byte) { b[2] = 17 }),
		broken("slot index is count", "", func(b []byte) { b[1] = 1 }),
		broken("slot length 951", "", func(b []byte) { b[12], b[13] = 3, 0xb7 }),
		broken("short before the last part", "", func(b []byte) { b[2] = 2 }),
		broken("padding is not zero", "", func(b []byte) { b[979] = 1 }),
		bad("wrong size", "slot a byte short", "", in(s[:1023], key, day, i)...),
	}
}
