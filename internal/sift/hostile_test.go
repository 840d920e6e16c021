package sift

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// An eagerHost hands out today before it is over, and days that were forgotten long ago.
type eagerHost struct {
	*memHost
	old  cell.Day // 0: none
	read []cell.Day
}

func (h *eagerHost) Days(ctx context.Context) ([]cell.Day, error) {
	days, err := h.memHost.Days(ctx)
	if h.old > 0 {
		days = append(days, h.old)
	}
	days = append(days, h.now())
	slices.Sort(days)
	return slices.Compact(days), err
}

func (h *eagerHost) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	h.read = append(h.read, day)
	if day < h.now() && !h.acked[day] {
		return h.memHost.ReadDay(ctx, day, yield)
	}
	for _, c := range h.days[day] {
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

// P4, P8: a day that is on is not drained though the host offers it: its later cells would be
// lost, and a key die early. Nor is one that is drained and forgotten read again.
func TestP8OnlyDaysThatAreOverAreDrained(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := &eagerHost{memHost: w.withMemHost()}
	w.cfg.Connect = func(string) (Host, error) { return h, nil }
	s := w.create(t.TempDir())
	w.day(s)
	_, numbers := w.send(1, 1)
	if r, err := s.Day(t.Context()); err != nil || len(r.Arrivals)+len(r.Batches) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	_, later := w.send(1, 1)
	w.turn(1)
	w.day(s)
	w.wantOnce(append(numbers, later...))
	if s.keys[firstDay] == nil {
		t.Error("the key of yesterday is gone a day early")
	}
	h.old, h.read = w.today()-ArrivalKept-1, nil
	w.day(s)
	if slices.Contains(h.read, h.old) || slices.Contains(h.read, w.today()) {
		t.Errorf("it reads %v", h.read)
	}
}

// A run that comes to nothing and is done again makes cells no dearer: a day is judged once.
func TestPriceIsDecidedOnce(t *testing.T) {
	w := newWorld(t)
	s := w.create(func() string { w.withMemHost(); return t.TempDir() }())
	s.cfg.Quota = 10
	s.host = &countingHost{memHost: w.host.(*memHost)} // 99 cells offered
	for range 3 {
		r := &run{Sift: s, today: w.today(), report: &Report{}}
		if r.harden(t.Context()); s.st.hard.d != StampFirst {
			t.Fatalf("stamps of %d bits, want %d", s.st.hard.d, StampFirst)
		}
	}
}

// forgedNow is what who holds a sift's key and the host would show: a note of today above all
// others, signed by the key, beside the root note that named it, with a bulletin of his own.
func (w *world) forgedNow(key *seal.SigningKey, stood *cell.Now, serial uint64) *cell.Now {
	w.t.Helper()
	root, desk, sift, err := seal.SplitNotes(stood.Notes)
	if err != nil {
		w.t.Fatal(err)
	}
	n := must(seal.ParseSift(sift, must(seal.ParseRoot(root, w.id, 0)), 0))
	var slots []cell.Slot
	for range w.cfg.Slots {
		slots = append(slots, *must(seal.RandomSlot(rand.Reader)))
	}
	b := must(cell.NewBulletin(slots))
	n.Serial, n.Issued, n.Expires = serial, w.today(), w.today()+seal.SiftLife
	n.Days[0].Day, n.Days[1].Day = w.today(), w.today()+1
	n.Bulletins = []seal.BulletinHash{{Day: w.today(), Hash: b.Hash()}}
	return &cell.Now{Serial: serial, Epochs: stood.Epochs, Notes: must(seal.JoinNotes(root, desk, must(seal.SignSift(n, key)))), Bulletin: b}
}

// P12: who stole a sift's key, which the root note names no more, and holds the host, makes the new
// sift go above his serials, but chooses none of its bulletins.
func TestP12StolenKeyChoosesNoBulletin(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	_, stood := w.visitorNotes()
	stolen := seal.SigningKeyFromSeed(seal.RoleSift, s.sign.Seed())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w.signRoot(w.root, nil, must(Create(dir, w.unlock, CreateOptions{Rand: rand.Reader})))
	s = w.open(dir)
	w.day(s)
	for i := range uint64(2) {
		slots := append(w.putParcel(0), w.putParcel(1)...)
		w.turn(1)
		h.current = w.forgedNow(stolen, stood, 50+10*i)
		his := h.current.Bulletin.Hash()
		if r := w.day(s); r.Serial != 51+10*i {
			t.Errorf("it goes on with serial %d", r.Serial)
		}
		if got := w.bulletinSlots(slots); got != len(slots) {
			t.Errorf("%d of %d slots of the desks are in the bulletin", got, len(slots))
		}
		n, _ := w.visitorNotes()
		for _, b := range n.Sift.Bulletins {
			if b.Hash == his {
				t.Error("the note names a bulletin of the thief's")
			}
		}
	}
}

// A host chooses no bulletin: what it shows beside a true note and the note does not name is not
// published by a new folder.
func TestP12HostChoosesNoBulletin(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	stolen := seal.SigningKeyFromSeed(seal.RoleSift, s.sign.Seed())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	his := *h.current
	his.Bulletin = w.forgedNow(stolen, h.current, 5).Bulletin
	h.current = &his
	dir := t.TempDir()
	w.signRoot(w.root, nil, must(Create(dir, w.unlock, CreateOptions{Rand: rand.Reader})))
	s = w.open(dir)
	w.day(s)
	if _, now := w.visitorNotes(); now.Bulletin.Hash() == his.Bulletin.Hash() {
		t.Error("the host's own bulletin is published")
	}
}

// askedHost counts the parcels that are fetched.
type askedHost struct {
	*memHost
	parcels int
}

func (h *askedHost) GetObject(ctx context.Context, name string) ([]byte, error) {
	if strings.HasPrefix(name, parcelPrefix) {
		h.parcels++
	}
	return h.memHost.GetObject(ctx, name)
}

// A desk that puts rubbish without end costs sift no more than ParcelTries parcels.
func TestP9RubbishParcelsAreNotAllRead(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := &askedHost{memHost: w.withMemHost()}
	s := w.create(t.TempDir())
	s.host = h
	w.day(s)
	for n := range 3 * ParcelTries {
		w.put(fmt.Sprintf("parcel/%d/0/%d", w.today()+1, n+2), []byte("rubbish"))
	}
	w.turn(1)
	if w.day(s); h.parcels != ParcelTries {
		t.Errorf("%d parcels were read", h.parcels)
	}
}

// Notes under another serial than their own, junk in the outbox, and serials near the greatest of
// all come to nothing.
func TestWhatAHostMakesUpComesToNothing(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	h.objects["note/root/9"] = h.objects["note/root/1"]
	w.day(s)
	if got := s.st.seen[rootNote].serial; got != 1 {
		t.Errorf("root note %d was seen", got)
	}
	w.turn(1)
	h.down = relay.ErrUnavailable
	if _, err := s.Day(t.Context()); err == nil {
		t.Fatal("no error without a host")
	}
	h.down = nil
	_, stood := w.visitorNotes()
	h.current = w.forgedNow(s.sign, stood, seal.MaxSerial-SerialRoom)
	if r, _ := s.Day(t.Context()); r.Serial > 9 {
		t.Errorf("it goes on with serial %d", r.Serial)
	}
	h.current = stood
	w.turn(1)
	for _, o := range s.st.outbox {
		if err := s.files.write(o.file(), []byte("torn")); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.st.outbox) == 0 {
		t.Fatal("nothing waits: the test is blind")
	}
	if _, err := s.Day(t.Context()); !errors.Is(err, ErrState) || h.attempts["now/2"]["torn"] {
		t.Errorf("%v", err)
	}
}
