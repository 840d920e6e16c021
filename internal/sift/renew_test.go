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

// signRoot lets the editor in chief sign a root note that names these sift keys, with those who
// succeeded the first root key; and the devices note under it.
func (w *world) signRoot(by *seal.SigningKey, heirs []*seal.SigningKey, sifts ...seal.VerifyKey) {
	w.t.Helper()
	w.serial++
	w.sifts = append(w.sifts, sifts...)
	today := w.today()
	root := &seal.RootNote{
		Newsroom: w.id, Serial: w.serial, Issued: today, Expires: today + seal.RootLife, Name: "The Test",
		W0: uint32(firstDay) / 7, First: w.root.Public(), SiftKeys: sifts, DeskKeys: []seal.VerifyKey{w.desk.Public()},
	}
	old := w.root
	for _, next := range heirs {
		if err := root.Succeed(old, next); err != nil {
			w.t.Fatal(err)
		}
		old = next
	}
	devices := &seal.DevicesNote{
		Newsroom: w.id, Serial: w.serial, Issued: today, Expires: today + seal.DevicesLife,
		Devices: []seal.Device{{Name: "desk", Recipient: w.device.Recipient().String()}},
	}
	w.put(fmt.Sprintf("note/root/%d", w.serial), must(seal.SignRoot(root, by)))
	w.put(fmt.Sprintf("note/devices/%d", w.serial), must(seal.SignDevices(devices, by)))
}

// P8: a signing key is renewed without a day on which no notes stand, and without a letter
// lost, wherever the sift is started anew in between.
func TestP8SigningKeyRenewed(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	old := s.Public()
	var numbers []uint64
	turn := func() {
		t.Helper()
		w.day(s)
		_, n := w.send(2, 1)
		numbers = append(numbers, n...)
		w.turn(1)
	}
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = w.open(dir)
	}
	turn()
	next := must(s.RenewSigning())
	if again := must(s.RenewSigning()); again != next || next == old {
		t.Fatalf("asked again, it draws another key: %s, %s", next, again)
	}
	reopen()
	turn() // the root note doesn't name it yet
	if s.Public() != old {
		t.Error("it signs with a key that no root note names")
	}
	if again := must(s.RenewSigning()); again != next {
		t.Error("the key that waits was forgotten")
	}
	w.signRoot(w.root, nil, old, next) // routine: batches of the old key are on their way
	turn()
	if s.Public() != next {
		t.Error("it does not take up the key that the root note names")
	}
	w.signRoot(w.root, nil, next)
	reopen()
	turn()
	w.day(s)
	w.wantOnce(numbers)
	if left := must(disk{dir}.list(keysFolder)); slices.Contains(left, nextFile) {
		t.Error("the key that was taken up lies there twice")
	}
	if third := must(s.RenewSigning()); third == next {
		t.Error("a key can't be renewed twice")
	}
}

// A root note under a key that was replaced is taken by no sift that has seen the successor,
// whatever its serial; nor one that names another successor.
func TestP10OldRootKeyIsTakenNoMore(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	s := w.create(t.TempDir())
	own := s.Public()
	heir, thief := must(seal.NewSigningKey(seal.RoleRoot, rand.Reader)), must(seal.NewSigningKey(seal.RoleRoot, rand.Reader))
	w.day(s)
	w.turn(1)
	w.signRoot(heir, []*seal.SigningKey{heir}, own)
	w.day(s)
	good := w.serial
	forged := must(seal.NewSigningKey(seal.RoleSift, rand.Reader)).Public()
	for name, sign := range map[string]func(){
		"the old key itself": func() { w.signRoot(w.root, nil, forged) },
		"another heir":       func() { w.signRoot(thief, []*seal.SigningKey{thief}, forged) },
	} {
		sign()
		w.turn(1)
		w.day(s)
		n, _ := w.visitorNotes()
		if n.Root.Serial != good || n.Root.Key() != heir.Public() {
			t.Errorf("%s: sift published root note %d", name, n.Root.Serial)
		}
	}
}

// P10: a note that was seen is not forgotten by a start, also where the run that saw it came to
// nothing: a host cannot take it back.
func TestP10SeenNoteOutlivesAStart(t *testing.T) {
	w, h, dir, s := begun(t)
	w.turn(1)
	for _, kind := range []string{"root", "desk", "devices"} {
		first, newer := "note/"+kind+"/1", "note/"+kind+"/2"
		r := &run{Sift: s, today: w.today(), report: &Report{}}
		s.host = h
		w.serial = 1
		w.signNotes(s.Public())
		for _, other := range []string{"root", "desk", "devices"} {
			if other != kind { // the run that sees it fails for want of the others, or builds nothing
				delete(h.objects, "note/"+other+"/2")
			}
		}
		if _, err := r.fetchDevices(t.Context()); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = w.open(dir)
		delete(h.objects, newer)
		s.host = h
		r = &run{Sift: s, today: w.today(), report: &Report{}}
		if _, err := r.fetchDevices(t.Context()); err == nil || h.objects[first] == nil || !strings.Contains(err.Error(), "seen before") {
			t.Errorf("%s: the older note is taken: %v", kind, err)
		}
		s.st.seen[map[string]int{"root": rootNote, "desk": deskNote, "devices": devicesNote}[kind]] = seenNote{}
		if err := errors.Join(s.save(), s.files.destroy(rootFile)); err != nil {
			t.Fatal(err)
		}
	}
}

// A sift's folder was stolen: the root note names the new one's key alone. The new one goes on
// above the serials of the stolen key, with the bulletin that stood on that day, and chained.
func TestP13FolderStolenGoesOn(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	w.turn(1)
	w.day(s)
	before, stood := w.visitorNotes()
	s.Close()

	dir := t.TempDir()
	public := must(Create(dir, w.unlock, CreateOptions{Rand: rand.Reader}))
	w.signRoot(w.root, nil, public)
	s = w.open(dir)
	r, err := s.Day(context.Background())
	if err != nil || !r.Published || r.Serial != before.Sift.Serial+1 {
		t.Fatalf("%v, %+v", err, r)
	}
	after, now := w.visitorNotes()
	if after.Sift.Previous == nil || *after.Sift.Previous != hashOfSift(t, stood) {
		t.Error("the chain of sift notes is broken")
	}
	if now.Bulletin.Hash() != stood.Bulletin.Hash() {
		t.Error("one day has two bulletins")
	}
	for name, forms := range h.attempts {
		if len(forms) != 1 {
			t.Errorf("%s was put in %d forms", name, len(forms))
		}
	}
}

// P10: a note under another heir of the root key than the one that sift has seen changes no serial.
func TestP10AnotherHeirsNoteChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.cfg.Isolation = InProcess
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	w.turn(1)
	heir, thief := must(seal.NewSigningKey(seal.RoleRoot, rand.Reader)), must(seal.NewSigningKey(seal.RoleRoot, rand.Reader))
	w.signRoot(heir, []*seal.SigningKey{heir}, s.Public())
	w.day(s)
	_, stood := w.visitorNotes()
	root, desk, _, err := seal.SplitNotes(stood.Notes)
	if err != nil {
		t.Fatal(err)
	}
	his := *must(seal.ParseRoot(root, w.id, 0))
	forger := must(seal.NewSigningKey(seal.RoleSift, rand.Reader))
	his.Succession, his.SiftKeys = nil, []seal.VerifyKey{forger.Public()}
	if err := his.Succeed(w.root, thief); err != nil {
		t.Fatal(err)
	}
	other := *stood
	other.Notes = must(seal.JoinNotes(must(seal.SignRoot(&his, thief)), desk, must(seal.SignSift(must(seal.ParseSift(mustSift(stood), must(seal.ParseRoot(root, w.id, 0)), 0)), forger))))
	w.turn(1)
	h.current = w.forgedNow(forger, &other, 50)
	if r, _ := s.Day(t.Context()); r.Serial >= 50 {
		t.Errorf("it goes on with serial %d", r.Serial)
	}
}

func mustSift(n *cell.Now) []byte {
	_, _, raw, err := seal.SplitNotes(n.Notes)
	if err != nil {
		panic(err)
	}
	return raw
}

func hashOfSift(t *testing.T, n *cell.Now) [32]byte {
	t.Helper()
	_, _, raw, err := seal.SplitNotes(n.Notes)
	if err != nil {
		t.Fatal(err)
	}
	return seal.HashNote(raw)
}

// The host is lost with all that it had, and an empty one stands in its place: sift puts the
// notes and the batches of the last days again, in the bytes in which they stood (P13), and
// cells are taken again on the same day. Lost is what it had not handed over.
func TestP13HostLost(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	var numbers []uint64
	for range 3 {
		w.day(s)
		_, n := w.send(2, 1)
		numbers = append(numbers, n...)
		w.turn(1)
	}
	w.day(s)
	_, gone := w.send(1, 1) // of today: they lay at the host alone
	_, stood := w.visitorNotes()
	notes := map[string][]byte{}
	for name, data := range h.objects {
		if strings.HasPrefix(name, "note/") {
			notes[name] = data
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	fresh := w.withMemHost()
	fresh.attempts = h.attempts
	for name, data := range notes {
		w.put(name, data)
	}
	s = w.open(dir)
	w.day(s)
	if _, now := w.visitorNotes(); string(must(now.Marshal())) != string(must(stood.Marshal())) {
		t.Error("other notes stand on the same day")
	}
	_, n := w.send(2, 1)
	numbers = append(numbers, n...)
	w.turn(1)
	w.day(s)
	w.wantOnce(numbers)
	if slices.Contains(numbers, gone[0]) {
		t.Error("the test loses nothing")
	}
	for name, forms := range h.attempts {
		if len(forms) != 1 {
			t.Errorf("%s was put in %d forms", name, len(forms))
		}
	}
	for range BatchKept {
		w.turn(1)
		w.day(s)
	}
	if names := must(disk{dir}.list(outboxFolder)); len(names) >= 2*BatchKept {
		t.Errorf("batches are kept for ever: %d", len(names))
	}
}

// An outage of the host in that moment changes nothing: it is tried again.
func TestHostLostAndAway(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	s.Close()
	fresh := w.withMemHost()
	for name, data := range h.objects {
		w.put(name, data)
	}
	fresh.down = relay.ErrUnavailable
	s = w.open(dir)
	if _, err := s.Day(context.Background()); !errors.Is(err, relay.ErrUnavailable) {
		t.Fatal(err)
	}
	fresh.down = nil
	w.day(s)
	w.visitorNotes()
}

// Another passphrase: the former opens the folder no more, and nothing in it is lost.
func TestRekey(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	_, numbers := w.send(1, 1)
	fresh := must(KeyFile(must(NewKeyFile())))
	if err := Rekey(dir, w.unlock, fresh); !errors.Is(err, ErrLocked) {
		t.Errorf("rekeyed under a running sift: %v", err)
	}
	s.Close()
	if err := Rekey(dir, fresh, fresh); !errors.Is(err, ErrUnlock) {
		t.Errorf("rekeyed by who can't open it: %v", err)
	}
	if err := Rekey(dir, w.unlock, fresh); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, w.unlock, w.cfg); !errors.Is(err, ErrUnlock) {
		t.Errorf("the former key opens it: %v", err)
	}
	w.unlock = fresh
	s = w.open(dir)
	w.turn(1)
	w.day(s)
	w.wantOnce(numbers)
}

func TestRenewTokenAndCanary(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	before, _ := s.CanaryKey()
	if err := errors.Join(s.RenewCanary(), s.RenewToken("another"), s.Close()); err != nil {
		t.Fatal(err)
	}
	var shown string
	connect := w.cfg.Connect
	w.cfg.Connect = func(token string) (Host, error) { shown = token; return connect(token) }
	s = w.open(dir)
	w.day(s)
	if after, ok := s.CanaryKey(); !ok || after == before {
		t.Error("the canary key is the former one")
	}
	if shown != "another" || s.Token() != "another" {
		t.Errorf("the host was shown %q", shown)
	}
}

// P9: who held a desk's key may have signed a desk note with the greatest serial of all. Once
// the root note drops that key, the serial binds nobody: the sift takes the desk's next note,
// wherever it is started anew in between.
func TestP9DroppedDeskKeyBindsNobody(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	dir := t.TempDir()
	s := w.create(dir)
	w.day(s)
	desk := func(serial uint64) {
		t.Helper()
		today := w.today()
		week := cell.WeekOf(today, uint32(firstDay)/7)
		w.put(fmt.Sprintf("note/desk/%d", serial), must(seal.SignDesk(&seal.DeskNote{
			Newsroom: w.id, Serial: serial, Issued: today, Expires: today + seal.DeskLife,
			Inboxes: []seal.Inbox{{Name: "main", Week: week, Key: *w.inbox.Public()}},
		}, w.desk)))
	}
	w.turn(1)
	desk(seal.MaxSerial)
	w.day(s)
	w.desk = must(seal.NewSigningKey(seal.RoleDesk, rand.Reader))
	w.turn(1)
	w.signRoot(w.root, nil, s.Public())
	desk(w.serial)
	for try := range 3 {
		rep, err := s.Day(t.Context())
		if try < 2 && err == nil && rep.Published {
			break
		}
		if try == 2 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = w.open(dir)
	}
}
