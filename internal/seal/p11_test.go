package seal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"kkachi/internal/cell"
)

// flips runs judge for each of n bits on all processors.
func flips(n int, judge func(bit int)) {
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for bit := w; bit < n; bit += workers {
				judge(bit)
			}
		})
	}
	wg.Wait()
}

func sealedLetter(t *testing.T, r *room) (*cell.Cell, *cell.Fragment) {
	t.Helper()
	c := conversationOf("p11")
	fs, err := CutLetter(seeded("p11"), &Letter{Text: []byte("한 통의 편지"), Thread: c.Thread(), Week: week0}, c.Key(week0))
	must(t, err)
	out, err := SealLetterCell(seeded("p11 stamp"), r.id, day0, r.day[0].Public(), r.inbox[0].Public(), &fs[0])
	must(t, err)
	return out, &fs[0]
}

// P11: a cell with any one bit flipped opens to nothing; in the stamp, to the same record
// under the same replay key.
func TestP11EachBitOfACell(t *testing.T) {
	r := newRoom(t)
	c, _ := sealedLetter(t, r)
	opener := NewDayOpener(r.id, day0, r.day[0])
	_, want, ok := opener.Open(c)
	if !ok {
		t.Fatal("the cell does not open")
	}
	flips(cell.Size*8, func(bit int) {
		bad := *c
		bad[bit/8] ^= 0x80 >> (bit % 8)
		_, rec, ok := opener.Open(&bad)
		switch stamp := bit >= 32 && bit < cell.HeaderSize*8; {
		case stamp && (!ok || *rec != *want || bad.ReplayKey() != c.ReplayKey()):
			t.Errorf("bit %d of the stamp changes the cell", bit)
		case !stamp && ok:
			t.Errorf("bit %d is flipped, and the cell opens", bit)
		case bit >= cell.HeaderSize*8 && bad.ReplayKey() == c.ReplayKey():
			t.Errorf("bit %d is flipped, and the replay key stays", bit)
		}
	})
}

// P11: the epoch is bound: the opener of the epoch that a flipped bit names opens nothing,
// even with the same key.
func TestP11EpochIsBound(t *testing.T) {
	r := newRoom(t)
	c, _ := sealedLetter(t, r)
	for bit := range 32 {
		bad := *c
		bad[bit/8] ^= 0x80 >> (bit % 8)
		if bad.ReplayKey() != c.ReplayKey() {
			t.Error("the epoch is part of the replay key: a cell could be sent twice under two epochs")
		}
		if _, _, ok := NewDayOpener(r.id, bad.Epoch(), r.day[0]).Open(&bad); ok {
			t.Errorf("under epoch %d the cell opens", bad.Epoch())
		}
	}
}

// P11: stamped anew, a cell is the same cell.
func TestP11StampedAnew(t *testing.T) {
	r := newRoom(t)
	c, _ := sealedLetter(t, r)
	opener := NewDayOpener(r.id, day0, r.day[0])
	_, want, _ := opener.Open(c)
	anew := *c
	anew[11]++
	must(t, anew.Stamp(9))
	if !anew.Stamped(9) || anew == *c {
		t.Fatal("it was not stamped anew")
	}
	if _, rec, ok := opener.Open(&anew); !ok || *rec != *want || anew.ReplayKey() != c.ReplayKey() {
		t.Error("a cell stamped anew is another cell")
	}
}

// P11: a record with any one bit flipped opens to nothing. (A sift could flip it.)
func TestP11EachByteOfARecord(t *testing.T) {
	r := newRoom(t)
	c, fragment := sealedLetter(t, r)
	_, rec, _ := NewDayOpener(r.id, day0, r.day[0]).Open(c)
	opener := NewInboxOpener(r.id, r.inbox[0])
	if f, ok := opener.Open(rec); !ok || *f != *fragment {
		t.Fatal("the record does not open")
	}
	flips(cell.RecordSize, func(i int) {
		bad := *rec
		bad[i] ^= 1 << (i % 8)
		if _, ok := opener.Open(&bad); ok {
			t.Errorf("a bit of byte %d is flipped, and the record opens", i)
		}
	})
}

// P11: a slot with any one bit flipped opens to nothing.
func TestP11EachBitOfASlot(t *testing.T) {
	key := conversationOf("p11 slot").Key(week0)
	s := sealReply(t, "p11 slot", key, day0, 3, &Reply{ID: cell.ReplyID{1}, Body: []byte("답장")})[0]
	if p, ok := OpenSlot(key, day0, 3, &s); !ok || !bytes.Equal(p.Body, []byte("답장")) {
		t.Fatal("the slot does not open")
	}
	for bit := range cell.SlotSize * 8 {
		bad := s
		bad[bit/8] ^= 0x80 >> (bit % 8)
		if _, ok := OpenSlot(key, day0, 3, &bad); ok {
			t.Errorf("bit %d is flipped, and the slot opens", bit)
		}
	}
}

// P11: fragments of a letter can't be exchanged between letters, threads or weeks.
func TestP11FragmentsAreBound(t *testing.T) {
	c := conversationOf("p11")
	cut := func(text string, week cell.Week) []*cell.FragmentFields {
		return fragmentsOf(t, &Letter{Text: []byte(text), Thread: c.Thread(), Week: week}, c.Key(week))
	}
	one, two := cut("first letter", 3), cut("other letter", 3)
	swapped := *one[0]
	swapped.Body = two[0].Body
	j := NewJoiner(c.Key(3).LetterKey())
	must(t, j.Add(&swapped))
	if _, err := j.Letter(); err == nil {
		t.Error("a letter with another's body joins")
	}
	j = NewJoiner(c.Key(4).LetterKey())
	must(t, j.Add(one[0]))
	if _, err := j.Letter(); err == nil {
		t.Error("a letter of one week joins under another week's key")
	}
	// What is no part of the letter does not get among its parts, nor in the place of one.
	long := strings.Builder{}
	for i := range 400 {
		fmt.Fprintf(&long, "%x ", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	parts := cut(long.String(), 3)
	if len(parts) < 3 {
		t.Fatalf("a letter of %d fragments: the test is blind", len(parts))
	}
	for name, bend := range map[string]func(*cell.FragmentFields){
		"letter": func(f *cell.FragmentFields) { f.Letter[0] ^= 1 },
		"thread": func(f *cell.FragmentFields) { f.Thread[0] ^= 1 },
		"week":   func(f *cell.FragmentFields) { f.Week++ },
		"count":  func(f *cell.FragmentFields) { f.Count++ },
		"kind":   func(f *cell.FragmentFields) { f.Kind ^= 1 },
		"topic":  func(f *cell.FragmentFields) { f.Topic ^= 1 },
		"flags":  func(f *cell.FragmentFields) { f.Flags ^= cell.FlagFile },
		"body":   func(f *cell.FragmentFields) { f.Index, f.Body = 0, parts[1].Body },
	} {
		other := *parts[1]
		bend(&other)
		j := NewJoiner(c.Key(3).LetterKey())
		must(t, j.Add(parts[0]))
		if err := j.Add(&other); !errors.Is(err, ErrMixed) {
			t.Errorf("a fragment of another %s joins: %v", name, err)
		}
	}
	// Nor is a letter another one if all its fragments say so.
	for name, bend := range map[string]func(*cell.FragmentFields){
		"kind":  func(f *cell.FragmentFields) { f.Kind ^= 1 },
		"topic": func(f *cell.FragmentFields) { f.Topic ^= 1 },
		"flags": func(f *cell.FragmentFields) { f.Flags ^= cell.FlagFile },
	} {
		other := *one[0]
		bend(&other)
		j := NewJoiner(c.Key(3).LetterKey())
		must(t, j.Add(&other))
		if _, err := j.Letter(); !errors.Is(err, ErrLetterID) {
			t.Errorf("a letter joins under another %s: %v", name, err)
		}
	}
}
