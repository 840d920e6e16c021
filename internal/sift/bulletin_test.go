package sift

import (
	"crypto/rand"
	"fmt"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

func (w *world) bulletinSlots(slots []cell.Slot) int {
	w.t.Helper()
	n, now := w.visitorNotes()
	b, _, err := n.CheckBulletin(now.Bulletin)
	if err != nil {
		w.t.Fatal(err)
	}
	if b.Len() != w.cfg.Slots {
		w.t.Fatalf("bulletin of %d slots, want %d", b.Len(), w.cfg.Slots)
	}
	found := 0
	for i := range slots {
		if got, ok := b.Find(slots[i].Tag()); ok && *got == slots[i] {
			found++
		}
	}
	return found
}

// P12: no parcel, one, or both: the bulletin has one size and names nobody. A desk's last
// slots stand for ParcelStands days without a parcel, and random ones after that.
func TestP12BulletinIsConstantAndComplete(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s) // no parcel at all
	w.bulletinSlots(nil)
	zero, one := w.putParcel(0), w.putParcel(1)
	w.turn(1)
	w.day(s)
	if got := w.bulletinSlots(append(zero, one...)); got != 16 {
		t.Fatalf("%d of 16 slots of two parcels are in the bulletin", got)
	}
	for i := 1; i <= ParcelStands+1; i++ {
		one = w.putParcel(1)
		w.turn(1)
		if i%10 == 0 {
			w.signNotes(s.Public())
		}
		r := w.day(s)
		want := 8
		if i > ParcelStands {
			want = 0
		}
		if got := w.bulletinSlots(zero); got != want {
			t.Errorf("%d days without a parcel: %d of its slots stand, want %d", i, got, want)
		}
		if got := w.bulletinSlots(one); got != 8 {
			t.Errorf("day %d: %d of 8 fresh slots are in the bulletin", i, got)
		}
		if r.Desks[0].Random != (i > ParcelStands) || r.Desks[1].From != w.today() {
			t.Errorf("day %d: %+v", i, r.Desks)
		}
	}
	// Who gives each desk fewer slots has a smaller bulletin from then on, though the last parcels are large.
	dir := t.TempDir()
	w = newWorld(t)
	w.withMemHost()
	w.cfg.Slots = 32
	s = w.create(dir)
	w.day(s)
	zero = w.putParcel(0)
	w.turn(1)
	w.day(s)
	w.bulletinSlots(zero)
	s.Close()
	w.cfg.Slots = 16
	s = w.open(dir)
	w.turn(1)
	w.day(s)
	if got := w.bulletinSlots(zero); got != 0 {
		t.Errorf("%d slots of a parcel that is too large stand", got)
	}
}

// P12: the last parcel counts; a malformed one, of another day, desk or size is passed over.
func TestP12LastWellFormedParcelCounts(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	w.putParcel(0)
	day := w.today() + 1
	parcel := func(day cell.Day, desk uint8, n int) (cell.Parcel, []byte) {
		p := cell.Parcel{Day: day, Desk: desk}
		for range n {
			p.Slots = append(p.Slots, *must(seal.RandomSlot(rand.Reader)))
		}
		return p, must(p.Marshal())
	}
	good, raw := parcel(day, 0, 8)
	w.put(fmt.Sprintf("parcel/%d/0/10", day), raw) // ten is after nine and two
	_, raw = parcel(day+1, 0, 8)
	w.put(fmt.Sprintf("parcel/%d/0/11", day), raw)
	_, raw = parcel(day, 1, 8)
	w.put(fmt.Sprintf("parcel/%d/0/12", day), raw)
	_, raw = parcel(day, 0, 9)
	w.put(fmt.Sprintf("parcel/%d/0/13", day), raw)
	w.put(fmt.Sprintf("parcel/%d/0/14", day), []byte("rubbish"))
	w.put(fmt.Sprintf("parcel/%d/0/015", day), raw)
	_, raw = parcel(day, 0, 8)
	w.put(fmt.Sprintf("parcel/%d/0/9", day), raw)
	w.turn(1)
	w.day(s)
	if got := w.bulletinSlots(good.Slots); got != 8 {
		t.Errorf("%d of 8 slots of the last parcel are in the bulletin", got)
	}
}

// P12: a desk that copies the tags of slots which stand does not displace them.
func TestP12RepeatedTagIsRefused(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	one := w.putParcel(1)
	w.turn(1)
	w.day(s)
	copied := cell.Parcel{Day: w.today() + 1, Desk: 0}
	for i := range one {
		slot := *must(seal.RandomSlot(rand.Reader))
		copy(slot[:cell.SlotTagSize], one[i][:cell.SlotTagSize])
		copied.Slots = append(copied.Slots, slot)
	}
	w.put(fmt.Sprintf("parcel/%d/0/1", copied.Day), must(copied.Marshal()))
	w.turn(1)
	r := w.day(s)
	if got := w.bulletinSlots(one); got != 8 || r.Repeated != 8 {
		t.Errorf("%d of 8 slots stand, %d were refused", got, r.Repeated)
	}
}
