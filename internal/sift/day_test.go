package sift

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

func TestMain(m *testing.M) {
	if Child(os.Args[1:], rand.Reader) {
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "--try-escape" {
		escapeMain(os.Args[2])
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "--sift-to-search" {
		searchedMain(os.Args[2:])
		return
	}
	goleak.VerifyTestMain(m)
}

// The whole order of the day, six days long: notes verify and chain, serials rise by one,
// the bulletin is complete, each letter of day T is in the batch of T.
func TestSixDays(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	var all []uint64
	var previous *[32]byte
	var parcel []cell.Slot
	for i := range 6 {
		r := w.day(s)
		if r.Serial != uint64(i+1) || !r.Published {
			t.Fatalf("day %d: %+v", i, r)
		}
		n, now := w.visitorNotes()
		if h := n.Sift.Previous; (h == nil) != (previous == nil) || h != nil && *h != *previous {
			t.Errorf("day %d: the sift note does not name the one before it", i)
		}
		_, _, raw, _ := seal.SplitNotes(now.Notes)
		h := seal.HashNote(raw)
		previous = &h
		b, day, err := n.CheckBulletin(now.Bulletin)
		if err != nil || day != w.today() {
			t.Fatalf("bulletin of %s: %v", day, err)
		}
		for _, slot := range parcel {
			if _, ok := b.Find(slot.Tag()); !ok {
				t.Errorf("day %d: a slot of the parcel is not in the bulletin", i)
			}
		}
		wantEpochs := min(i+2, 3)
		if len(now.Epochs) != wantEpochs || now.Epochs[wantEpochs-1].Epoch != w.today()+1 {
			t.Errorf("day %d: epochs %v", i, now.Epochs)
		}
		if i > 0 {
			if !slices.Equal(r.Batches, []cell.Day{w.today() - 1}) || !slices.Equal(r.Acknowledged, r.Batches) {
				t.Errorf("day %d: batches %v, acknowledged %v", i, r.Batches, r.Acknowledged)
			}
			w.wantOnce(all)
		}
		again := w.day(s)
		if len(again.Batches)+len(again.Arrivals) != 0 || again.Serial != r.Serial {
			t.Errorf("day %d, run again: %+v", i, again)
		}
		_, numbers := w.send(3, 5)
		all = append(all, numbers...)
		parcel = append(w.putParcel(0), w.putParcel(1)...)
		w.turn(1)
	}
}

// A pool over B: B leave, the rest is carried over, nothing is lost (P8). B doubles for the
// next day.
func TestP8CarriedOver(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	_, numbers := w.send(w.cfg.Batch*2+3, 0)
	for _, carried := range []int{w.cfg.Batch + 3, 0, 0} {
		w.turn(1)
		if r := w.day(s); r.Carried != carried {
			t.Fatalf("%d records carried, want %d", r.Carried, carried)
		}
	}
	w.wantOnce(numbers)
}

// Sift is off for a day, and restarted between: each closed day gets its batch, and only
// what outlived its key is lost, counted.
func TestP8SiftWasOff(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	_, first := w.send(2, 0)
	w.turn(1)
	_, second := w.send(2, 0) // sift did not run: notes of yesterday
	s.Close()
	w.turn(1)
	s = w.open(dir)
	if r := w.day(s); len(r.Arrivals) != 2 || r.OutlivedEver != 0 {
		t.Fatalf("%+v", r)
	}
	w.wantOnce(append(first, second...))
	_, third := w.send(2, 0)
	_ = third
	s.Close()
	w.turn(5)
	s = w.open(dir)
	r := w.day(s)
	if r.OutlivedEver != 2 || r.Arrivals[0].Outlived != 2 {
		t.Errorf("2 letters outlived their key, reported %+v", r)
	}
	w.wantOnce(append(first, second...))
}

// P11: cells sent again in the same day, on later days, with another stamp, with another
// epoch before them, or with a bit changed leave the batches as they are, and none of them
// keeps a letter out.
func TestP11ReplaysChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	w.turn(1)
	w.day(s)
	cells, numbers := w.send(3, 2)
	replay := func() {
		for _, c := range cells {
			stamped := *c
			binary.BigEndian.PutUint64(stamped[4:12], 77)
			flipped := *c
			flipped[2000] ^= 1
			for _, x := range []*cell.Cell{c, &stamped, &flipped} {
				w.post(x)
			}
			for _, e := range []cell.Day{c.Epoch() - 1, c.Epoch() + 1} {
				moved := *c
				binary.BigEndian.PutUint32(moved[:4], uint32(e))
				w.post(&moved)
			}
		}
	}
	replay()
	w.turn(1)
	replayed := w.day(s).Arrivals[0].Replayed
	if replayed != 2*len(cells) {
		t.Errorf("%d replays refused, want %d", replayed, 2*len(cells))
	}
	replay()
	w.turn(1)
	w.day(s)
	replay()
	w.turn(1)
	w.day(s)
	w.wantOnce(numbers)
}

// P11: what came for an epoch on several days, from the quarter of an hour before it to the day
// after it, is remembered together.
func TestP11ReplaysOverDaysChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	notes, _ := w.visitorNotes()
	ahead := &notes.Sift.Days[1]
	early := must(seal.SealCoverCell(rand.Reader, w.id, ahead.Day, &ahead.Key, notes.InboxKey(notes.Week(ahead.Day))))
	if err := early.Stamp(ahead.D); err != nil {
		t.Fatal(err)
	}
	w.mustPost(early)
	w.turn(1)
	w.day(s)
	cells, numbers := w.send(2, 1)
	w.turn(1)
	w.day(s)
	again := append(cells, early)
	for _, c := range again {
		w.mustPost(c)
	}
	w.turn(1)
	if a := w.day(s).Arrivals[0]; a.Replayed != len(again) {
		t.Errorf("%d of %d replays were refused", a.Replayed, len(again))
	}
	w.wantOnce(numbers)
}

// P11: a copy with another epoch that is opened before the letter does not keep it out.
func TestP11ForeignEpochDoesNotSuppress(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	c, n := w.sealLetter()
	moved := *c
	binary.BigEndian.PutUint32(moved[:4], uint32(c.Epoch()+1))
	w.mustPost(&moved)
	w.turn(1)
	w.day(s)
	w.mustPost(c)
	w.turn(1)
	w.day(s)
	w.wantOnce([]uint64{n})
}

// Nothing is published without the notes of people; the report says what is missing.
func TestWaitsForNotes(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	dir := t.TempDir()
	public := must(Create(dir, w.unlock, CreateOptions{Token: "token", Rand: rand.Reader}))
	s := w.open(dir)
	r, err := s.Day(context.Background())
	if !errors.Is(err, ErrNoNotes) || len(r.Waiting) != 1 || !strings.Contains(r.Waiting[0], "root note") || h.current != nil {
		t.Fatalf("%v, %+v", err, r)
	}
	w.signNotes(must(seal.NewSigningKey(seal.RoleSift, rand.Reader)).Public())
	if r, err = s.Day(context.Background()); !errors.Is(err, ErrNoNotes) || !strings.Contains(r.Waiting[0], "signing key") {
		t.Fatalf("%v, %+v", err, r)
	}
	w.signNotes(public)
	w.day(s)
}

// P10: an older note, or another with the same serial, is not taken.
func TestP10NotesNeverGoBack(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.signNotes(s.Public())
	w.day(s)
	second := h.objects["note/desk/2"]
	delete(h.objects, "note/desk/2")
	w.turn(1)
	if _, err := s.Day(context.Background()); err == nil {
		t.Error("an older desk note was taken")
	}
	n := must(seal.ParseDesk(second, must(seal.ParseRoot(h.objects["note/root/2"], w.id, 0)), 0))
	n.Expires--
	h.objects["note/desk/2"] = must(seal.SignDesk(n, w.desk))
	if _, err := s.Day(context.Background()); err == nil || !strings.Contains(err.Error(), "two desk notes") {
		t.Errorf("another desk note with the same serial: %v", err)
	}
	h.objects["note/desk/2"] = second
	h.objects["note/desk/9"] = []byte("rubbish under a high serial")
	w.day(s)
}

// The clock never goes back: nothing is done, and no expired key comes to life.
func TestClockGoesBack(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	w.turn(2)
	w.day(s)
	w.turn(-1)
	if _, err := s.Day(context.Background()); !errors.Is(err, ErrClock) {
		t.Errorf("the clock went back a day: %v", err)
	}
	w.turn(1)
	w.day(s)
}

// P8: a clock that ran far ahead once, as before a time service has set it, costs the keys, and
// not the folder: the day is not begun, for no notes are valid on it.
func TestP8ClockThatRanAhead(t *testing.T) {
	w, _, dir, s := begun(t)
	w.turn(3650)
	r, err := s.Day(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the clock says 2034-10-02") || len(s.living()) > 0 || len(r.Waiting) != 1 {
		t.Errorf("%v, keys of %v, waiting for %q", err, s.living(), r.Waiting)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.turn(1 - 3650)
	s = w.open(dir)
	w.day(s)
	_, numbers := w.send(2, 1)
	w.turn(1)
	w.day(s)
	w.wantOnce(numbers)
}

// P4: a clock that has gone back wakes no key at a start: they expire by the newest day that has
// begun.
func TestP4ClockGoneBackWakesNoKey(t *testing.T) {
	w, h, dir, s := begun(t)
	name := dayKeyFile(firstDay)
	old := must(s.files.read(name))
	w.turn(KeyDeath)
	h.down = relay.ErrUnavailable // else what is drained would tell that the key is over
	if _, err := s.Day(t.Context()); err == nil {
		t.Fatal("no error without a host")
	}
	if err := errors.Join(s.Close(), disk{dir}.write(name, old)); err != nil { // as a backup brings it back
		t.Fatal(err)
	}
	w.turn(1 - KeyDeath)
	s = w.open(dir)
	if got := keysOnDisk(t, dir); slices.Contains(got, firstDay) || s.keys[firstDay] != nil {
		t.Errorf("keys on disk %v, in memory %v", got, s.living())
	}
}

// A folder lost with its state: the next one goes on above the serial that the host shows,
// chained to it, and no batch is built whose name is taken.
func TestP13NewFolderGoesOn(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	w.turn(1)
	w.day(s)
	old, _ := w.visitorNotes()
	s.Close()

	h.mu.Lock()
	h.acked[w.today()-1] = false // the acknowledgement got lost with the folder
	h.mu.Unlock()
	dir := t.TempDir()
	public := must(Create(dir, w.unlock, CreateOptions{Rand: rand.Reader}))
	w.signBothSifts(old.Root.SiftKeys[0], public)
	s = w.open(dir)
	if r := w.day(s); r.Serial != old.Sift.Serial+1 || len(r.Batches) != 0 {
		t.Errorf("%+v", r)
	}
	if n, _ := w.visitorNotes(); n.Sift.Previous == nil {
		t.Error("the chain of sift notes is broken")
	}
	for name, strings := range h.attempts {
		if len(strings) != 1 {
			t.Errorf("%s was put in %d forms", name, len(strings))
		}
	}
}

func (w *world) signBothSifts(a, b seal.VerifyKey) {
	w.t.Helper()
	w.signNotes(b)
	w.serial++
	today := w.today()
	root := &seal.RootNote{
		Newsroom: w.id, Serial: w.serial, Issued: today, Expires: today + seal.RootLife, Name: "The Test",
		W0: uint32(firstDay) / 7, First: w.root.Public(), SiftKeys: []seal.VerifyKey{a, b}, DeskKeys: []seal.VerifyKey{w.desk.Public()},
	}
	w.put(fmt.Sprintf("note/root/%d", w.serial), must(seal.SignRoot(root, w.root)))
}

// The host is away at midnight and back later the same day.
func TestHostAway(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	_, numbers := w.send(2, 1)
	w.turn(1)
	h.down = relay.ErrUnavailable
	r, err := s.Day(context.Background())
	if !errors.Is(err, relay.ErrUnavailable) || r.Done {
		t.Fatalf("%v, %+v", err, r)
	}
	h.down = nil
	w.day(s)
	w.wantOnce(numbers)
}

func TestOpenRefuses(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	if _, err := Open(dir, w.unlock, w.cfg); !errors.Is(err, ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	s.Close()
	if _, err := Open(dir, must(KeyFile(must(NewKeyFile()))), w.cfg); !errors.Is(err, ErrUnlock) {
		t.Errorf("another key file: %v", err)
	}
	if _, err := Create(dir, w.unlock, CreateOptions{Rand: rand.Reader}); !errors.Is(err, ErrExists) {
		t.Errorf("created twice: %v", err)
	}
	bad := w.cfg
	bad.Batch = cell.MaxBatch + 1
	if _, err := Open(dir, w.unlock, bad); !errors.Is(err, ErrConfig) {
		t.Errorf("batch too large: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "pool", "state")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, w.unlock, w.cfg); err == nil {
		t.Error("opened without a state")
	}
	if _, err := KeyFile([]byte("AGE-SECRET-KEY-1QQQQ")); err == nil {
		t.Error("a classic identity was taken")
	}
}

func TestPassphrase(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	w.unlock = must(Passphrase([]byte("correct horse")))
	s := w.create(dir)
	w.day(s)
	s.Close()
	if _, err := Open(dir, must(Passphrase([]byte("wrong horse"))), w.cfg); !errors.Is(err, ErrUnlock) {
		t.Errorf("wrong passphrase: %v", err)
	}
	w.day(w.open(dir))
	if _, err := Passphrase(nil); err == nil {
		t.Error("an empty passphrase was taken")
	}
}

// forgetfulHost hides its now from the first who asks.
type forgetfulHost struct {
	*memHost
	asked bool
}

func (h *forgetfulHost) CurrentNow(ctx context.Context) (*cell.Now, error) {
	if !h.asked {
		h.asked = true
		return nil, relay.ErrNotFound
	}
	return h.memHost.CurrentNow(ctx)
}

// A folder restored from an older copy, whose now the host refuses because it has another
// with that serial: the refused one is dropped, and the next goes on above the host's.
func TestP10RefusedNowIsBuiltAnew(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	dir, older := t.TempDir(), t.TempDir()
	s := w.create(dir)
	w.day(s)
	if err := os.CopyFS(older, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	w.turn(1)
	w.day(s)
	s.Close()
	theirs, _ := w.visitorNotes()
	_, _, raw, _ := seal.SplitNotes(h.current.Notes)

	w.cfg.Connect = func(string) (Host, error) { return &forgetfulHost{memHost: h}, nil }
	s = w.open(older)
	if _, err := s.Day(context.Background()); !errors.Is(err, relay.ErrConflict) {
		t.Fatalf("a second note of serial %d: %v", theirs.Sift.Serial, err)
	}
	if h.current.Serial != theirs.Sift.Serial {
		t.Fatal("the host took it")
	}
	if r, _ := s.Day(context.Background()); r.Serial != theirs.Sift.Serial+1 || !r.Published {
		t.Errorf("%+v", r)
	}
	if n, _ := w.visitorNotes(); n.Sift.Previous == nil || *n.Sift.Previous != seal.HashNote(raw) {
		t.Error("the new note is not chained to that of the host")
	}
	w.day(s)
}
