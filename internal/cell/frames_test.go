package cell

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func slotsOf(seed uint64, n int) []Slot {
	out := make([]Slot, n)
	b := filled(seed, n*SlotSize)
	for i := range out {
		copy(out[i][:], b[i*SlotSize:])
	}
	return out
}

func bulletinOf(t testing.TB, n int) Bulletin {
	t.Helper()
	b, err := NewBulletin(slotsOf(7, n))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBulletinDoesNotShowTheOrderOfItsSlots(t *testing.T) {
	slots := slotsOf(7, 40)
	want, err := NewBulletin(slots)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b, err := NewBulletin(rapid.Permutation(slots).Draw(t, "order"))
		if err != nil || !bytes.Equal(b, want) {
			t.Fatalf("another order gives another bulletin: %v", err)
		}
	})
	if back, err := ParseBulletin(want, 40); err != nil || !bytes.Equal(back, want) || back.Hash() != want.Hash() {
		t.Fatalf("it does not come back: %v", err)
	}
	for i := range slots {
		if s, ok := want.Find(slots[i].Tag()); !ok || *s != slots[i] {
			t.Fatalf("slot %d is not found", i)
		}
	}
	for _, tag := range [][16]byte{{}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
		if _, ok := want.Find(tag); ok {
			t.Error("a slot is found that is not there")
		}
	}
}

func TestBulletinsAreRefused(t *testing.T) {
	slots := slotsOf(8, 20)
	b := bulletinOf(t, 20)
	swapped := slices.Clone(b)
	copy(swapped[SlotSize:], b[:SlotSize])
	copy(swapped[:SlotSize], b[SlotSize:2*SlotSize])
	twice := slices.Clone(b)
	copy(twice[SlotSize:], b[:SlotTagSize])
	for name, c := range map[string]struct {
		b     []byte
		slots int
		want  error
	}{
		"a byte short":   {b[:len(b)-1], 20, ErrSize},
		"a slot short":   {b[SlotSize:], 20, ErrSize},
		"a slot more":    {b, 19, ErrSize},
		"too few slots":  {b[:15*SlotSize], 15, ErrSize},
		"too many slots": {make([]byte, (MaxSlots+1)*SlotSize), MaxSlots + 1, ErrSize},
		"unsorted":       {swapped, 20, ErrSorted},
		"one tag twice":  {twice, 20, ErrRepeated},
		"no slots":       {nil, 0, ErrSize},
		"below none":     {nil, -1, ErrSize},
	} {
		if _, err := ParseBulletin(c.b, c.slots); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	copy(slots[3][:SlotTagSize], slots[9][:SlotTagSize])
	if _, err := NewBulletin(slots); !errors.Is(err, ErrRepeated) {
		t.Errorf("made with one tag twice: %v", err)
	}
	if _, err := NewBulletin(slots[:15]); !errors.Is(err, ErrSize) {
		t.Errorf("made of 15 slots: %v", err)
	}
}

func batchOf(t testing.TB, n int) []byte {
	t.Helper()
	recs := make([]Record, n)
	for i := range recs {
		copy(recs[i][:], filled(uint64(i), RecordSize))
	}
	b, err := MarshalBatch(20000, recs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBatch(t *testing.T) {
	b := batchOf(t, 3)
	day, recs, err := ParseBatch(b)
	if err != nil || day != 20000 || len(recs) != 3 || !bytes.Equal(recs[2][:], filled(2, RecordSize)) {
		t.Fatalf("%v %d %v", day, len(recs), err)
	}
	if again, err := MarshalBatch(day, recs); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("it has two forms: %v", err)
	}
	refused(t, func(b []byte) error { _, _, err := ParseBatch(b); return err }, b)
	if _, err := MarshalBatch(1, nil); !errors.Is(err, ErrSize) {
		t.Errorf("an empty batch: %v", err)
	}
	if _, err := MarshalBatch(1, make([]Record, MaxBatch+1)); !errors.Is(err, ErrSize) {
		t.Errorf("too large a batch: %v", err)
	}
}

func parcelOf(t testing.TB) []byte {
	t.Helper()
	b, err := (&Parcel{Day: 20001, Desk: 3, Slots: slotsOf(9, 4)}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParcel(t *testing.T) {
	b := parcelOf(t)
	p, err := ParseParcel(b)
	if err != nil || p.Day != 20001 || p.Desk != 3 || len(p.Slots) != 4 {
		t.Fatalf("%+v %v", p, err)
	}
	if again, err := p.Marshal(); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("it has two forms: %v", err)
	}
	refused(t, func(b []byte) error { _, err := ParseParcel(b); return err }, b)
	for at, v := range map[int]byte{8: 4, 9: 1} {
		bad := slices.Clone(b)
		bad[at] = v
		if _, err := ParseParcel(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("byte %d is %d: %v", at, v, err)
		}
	}
	swapped := slices.Clone(b)
	copy(swapped[ParcelHeaderSize:], b[ParcelHeaderSize+SlotSize:])
	copy(swapped[len(b)-SlotSize:], b[ParcelHeaderSize:ParcelHeaderSize+SlotSize])
	if _, err := ParseParcel(swapped); !errors.Is(err, ErrSorted) {
		t.Errorf("unsorted: %v", err)
	}
	for _, bad := range []*Parcel{{Desk: 4, Slots: slotsOf(1, 1)}, {}, {Slots: make([]Slot, 2)}, {Slots: make([]Slot, MaxSlots+1)}} {
		if _, err := bad.Marshal(); err == nil {
			t.Errorf("a parcel of desk %d with %d slots is written", bad.Desk, len(bad.Slots))
		}
	}
}

func nowOf(t testing.TB) *Now {
	t.Helper()
	return &Now{
		Serial: 1 << 40, Epochs: []EpochDifficulty{{20000, 0}, {20001, MaxDifficulty}},
		Notes: []byte("three notes"), Bulletin: bulletinOf(t, MinSlots),
	}
}

func TestNow(t *testing.T) {
	n := nowOf(t)
	b, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseNow(b)
	if err != nil || back.Serial != n.Serial || !slices.Equal(back.Epochs, n.Epochs) ||
		!bytes.Equal(back.Notes, n.Notes) || !bytes.Equal(back.Bulletin, n.Bulletin) {
		t.Fatalf("%+v %v", back, err)
	}
	refused(t, func(b []byte) error { _, err := ParseNow(b); return err }, b)
	for name, bend := range map[string]func(n *Now){
		"no epoch":             func(n *Now) { n.Epochs = nil },
		"five epochs":          func(n *Now) { n.Epochs = make([]EpochDifficulty, 5) },
		"epochs descend":       func(n *Now) { n.Epochs[1].Epoch = 1 },
		"one epoch twice":      func(n *Now) { n.Epochs[1].Epoch = n.Epochs[0].Epoch },
		"too hard a stamp":     func(n *Now) { n.Epochs[0].D = MaxDifficulty + 1 },
		"no notes":             func(n *Now) { n.Notes = nil },
		"notes too long":       func(n *Now) { n.Notes = make([]byte, NotesMaxSize+1) },
		"no bulletin":          func(n *Now) { n.Bulletin = nil },
		"half a slot":          func(n *Now) { n.Bulletin = n.Bulletin[:len(n.Bulletin)-512] },
		"an unsorted bulletin": func(n *Now) { n.Bulletin[0] = 0xff },
	} {
		n := nowOf(t)
		bend(n)
		if _, err := n.Marshal(); err == nil {
			t.Errorf("%s: it is written", name)
		}
	}
}

// refused wants every cut of good, a byte more, and another magic to fail.
func refused(t *testing.T, parse func([]byte) error, good []byte) {
	t.Helper()
	for n := range good {
		if n > 64 && n < len(good)-64 && n%97 != 0 {
			continue
		}
		if parse(good[:n]) == nil {
			t.Errorf("cut to %d of %d bytes, it is read", n, len(good))
		}
	}
	if parse(append(slices.Clone(good), 0)) == nil {
		t.Error("with a byte more, it is read")
	}
	bad := slices.Clone(good)
	bad[3]++
	if err := parse(bad); !errors.Is(err, ErrFormat) {
		t.Errorf("with another magic: %v", err)
	}
}
