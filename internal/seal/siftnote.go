package seal

import (
	"fmt"
	"math/bits"

	"kkachi/internal/cell"
)

// Limits of the sift note (spec/02-notes.md).
const (
	SiftLife     = 2 // days
	SiftDays     = 2 // day keys: today's and tomorrow's
	MaxBulletins = 2 // this day's and the former
	MaxCrowd     = 1 << 31
)

// A SiftNote holds the day keys and names the bulletin. A sift signing key signs it, daily.
type SiftNote struct {
	Newsroom  NewsroomID
	Serial    uint64
	Issued    cell.Day
	Expires   cell.Day
	Previous  *[32]byte // HashNote of the sift note before; nil for the first
	Root      [32]byte  // HashNote of the root note beside it
	Desk      [32]byte  // HashNote of the desk note beside it
	Days      []DayKey  // SiftDays: Issued and the day after
	Batch     uint32    // records of a batch, 1 … cell.MaxBatch
	Slots     uint32    // slots of a bulletin, cell.MinSlots … cell.MaxSlots
	Bulletins []BulletinHash
	Crowd     uint32 // at most, worldwide: 0 or a power of two
}

// A DayKey opens the outer seal of one epoch.
type DayKey struct {
	Day cell.Day
	D   uint8 // difficulty of its stamps
	Key HPKEPublic
}

// A BulletinHash names a bulletin; the newest stands first.
type BulletinHash struct {
	Day  cell.Day
	Hash [32]byte
}

// SignSift signs a sift note with sift signing keys. Errors: ErrRole, ErrNoteFormat.
func SignSift(n *SiftNote, keys ...*SigningKey) ([]byte, error) {
	text := n.text()
	if _, err := parseSiftText(text); err != nil {
		return nil, err
	}
	return sign(text, RoleSift, keys)
}

// ParseSift reads and verifies a sift note under a verified root note. With today 0 it looks
// at a note whatever its age. Whether it names the notes beside it, VerifyNotes says. Errors:
// ErrNoteFormat, ErrNewsroom, ErrSignature, ErrExpired.
func ParseSift(signed []byte, root *RootNote, today cell.Day) (*SiftNote, error) {
	text, err := verify(signed, RoleSift, root.SiftKeys)
	if err != nil {
		return nil, err
	}
	n, err := parseSiftText(text)
	if err != nil {
		return nil, err
	}
	if err := n.head().check("sift", root.Newsroom, SiftLife, today); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *SiftNote) head() head { return head{n.Newsroom, n.Serial, n.Issued, n.Expires} }

func (n *SiftNote) text() string {
	w := newWriter("sift")
	w.head(n.head())
	w.line("previous", hexOrAbsent(n.Previous))
	w.line("root", hexOrAbsent(&n.Root))
	w.line("desk", hexOrAbsent(&n.Desk))
	for i := range n.Days {
		d := &n.Days[i]
		w.line("day", dec(d.Day), dec(d.D), b64(d.Key[:]))
	}
	w.line("batch", dec(n.Batch))
	w.line("slots", dec(n.Slots))
	for _, b := range n.Bulletins {
		w.line("bulletin", dec(b.Day), hexOrAbsent(&b.Hash))
	}
	w.line("crowd", dec(n.Crowd))
	return w.String()
}

func parseSiftText(text string) (*SiftNote, error) {
	l := readLines(text, "sift")
	n := &SiftNote{Newsroom: l.newsroom(), Serial: l.serial()}
	n.Issued, n.Expires = l.life()
	n.Previous = l.maybeHash("previous", l.next("previous", 1)[0])
	n.Root = l.hash("root", l.next("root", 1)[0])
	n.Desk = l.hash("desk", l.next("desk", 1)[0])
	l.many("day", 3, SiftDays, SiftDays, func(f []string) {
		n.Days = append(n.Days, DayKey{
			l.day("day", f[0]), uint8(l.number("day", f[1], cell.MaxDifficulty)), l.hpkeKey("day", f[2]),
		})
	})
	n.Batch = uint32(l.number("batch", l.next("batch", 1)[0], cell.MaxBatch))
	n.Slots = uint32(l.number("slots", l.next("slots", 1)[0], cell.MaxSlots))
	l.many("bulletin", 2, 1, MaxBulletins, func(f []string) {
		n.Bulletins = append(n.Bulletins, BulletinHash{l.day("bulletin", f[0]), l.hash("bulletin", f[1])})
	})
	n.Crowd = uint32(l.number("crowd", l.next("crowd", 1)[0], MaxCrowd))
	if err := l.end(); err != nil {
		return nil, err
	}
	switch {
	case n.Days[0].Day != n.Issued || n.Days[1].Day != n.Issued+1 || n.Days[0].Key == n.Days[1].Key:
		return nil, fmt.Errorf("%w: sift note: the days are not that of issue and the next, with a key each", ErrNoteFormat)
	case n.Batch < 1 || n.Slots < cell.MinSlots:
		return nil, fmt.Errorf("%w: sift note: batch or slots out of range", ErrNoteFormat)
	case n.Bulletins[0].Day > n.Issued || len(n.Bulletins) > 1 && n.Bulletins[1].Day >= n.Bulletins[0].Day:
		return nil, fmt.Errorf("%w: sift note: bulletins are out of order", ErrNoteFormat)
	case bits.OnesCount32(n.Crowd) > 1:
		return nil, fmt.Errorf("%w: sift note: crowd is no power of two", ErrNoteFormat)
	case n.text() != text:
		return nil, fmt.Errorf("%w: sift note: not its one form", ErrNoteFormat)
	}
	return n, nil
}
