package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"kkachi/internal/cell"
)

func TestNotesVerify(t *testing.T) {
	r := newRoom(t)
	raw := r.signed(t)
	n, err := VerifyNotes(raw, r.id, day0)
	must(t, err)
	if n.Root.Name != r.rootNote.Name || n.Desk.Serial != 9 || n.Sift.Crowd != 512 || n.Week(day0) != week0 {
		t.Error("the notes came back changed")
	}
	// A clock that is wrong by less than the note lives changes nothing; the last inbox stands in.
	for _, today := range []cell.Day{day0 - 400, day0 - 1, day0, day0 + 1} {
		if n, err = VerifyNotes(raw, r.id, today); err != nil {
			t.Fatalf("on %s: %v", today, err)
		}
		if epoch, key, d := n.DayKey(); epoch != day0 || *key != *r.day[0].Public() || d != 0 {
			t.Errorf("on %s the key of %s is used", today, epoch)
		}
	}
	for week, want := range map[cell.Week]*HPKESeed{week0: r.inbox[0], week0 + 1: r.inbox[1], 0: r.inbox[1], 99: r.inbox[1]} {
		if *n.InboxKey(week) != *want.Public() {
			t.Errorf("week %d has another inbox key", week)
		}
	}
	if _, day, err := n.CheckBulletin(r.bulletin); err != nil || day != day0 {
		t.Errorf("the bulletin: %v", err)
	}
	if _, _, err := n.CheckBulletin(fillBulletin(t, "other", cell.MinSlots, nil)); !errors.Is(err, ErrHash) {
		t.Errorf("another bulletin: %v", err)
	}
	if _, _, err := n.CheckBulletin(r.bulletin[:len(r.bulletin)-1]); !errors.Is(err, cell.ErrSize) {
		t.Errorf("a cut bulletin: %v", err)
	}
}

// Any failure makes the whole worthless.
func TestNotesAreRefusedWhole(t *testing.T) {
	for name, c := range map[string]struct {
		bend  func(t *testing.T, r *room) []byte
		today cell.Day
		want  error
	}{
		"sift expired": {func(t *testing.T, r *room) []byte { return r.signed(t) }, day0 + SiftLife, ErrExpired},
		"desk expired": {func(t *testing.T, r *room) []byte {
			r.deskNote.Issued, r.deskNote.Expires = day0-9, day0
			return r.signed(t)
		}, day0, ErrExpired},
		"root expired":             {func(t *testing.T, r *room) []byte { r.rootNote.Expires = day0; return r.signed(t) }, day0, ErrExpired},
		"root lives long":          {func(t *testing.T, r *room) []byte { r.rootNote.Expires++; return r.signed(t) }, day0, ErrNoteFormat},
		"desk lives long":          {func(t *testing.T, r *room) []byte { r.deskNote.Expires++; return r.signed(t) }, day0, ErrNoteFormat},
		"sift lives long":          {func(t *testing.T, r *room) []byte { r.siftNote.Expires++; return r.signed(t) }, day0, ErrNoteFormat},
		"desk of another newsroom": {func(t *testing.T, r *room) []byte { r.deskNote.Newsroom[0]++; return r.signed(t) }, day0, ErrNewsroom},
		"sift of another newsroom": {func(t *testing.T, r *room) []byte { r.siftNote.Newsroom[0]++; return r.signed(t) }, day0, ErrNewsroom},
		"another desk note": {func(t *testing.T, r *room) []byte {
			root, _, sift, err := SplitNotes(r.signed(t))
			must(t, err)
			r.deskNote.Serial++
			desk, err := SignDesk(r.deskNote, r.desk)
			must(t, err)
			raw, err := JoinNotes(root, desk, sift)
			must(t, err)
			return raw
		}, day0, ErrHash},
		"another root note": {func(t *testing.T, r *room) []byte {
			_, desk, sift, err := SplitNotes(r.signed(t))
			must(t, err)
			r.rootNote.Serial++
			root, err := SignRoot(r.rootNote, r.root)
			must(t, err)
			raw, err := JoinNotes(root, desk, sift)
			must(t, err)
			return raw
		}, day0, ErrHash},
		"four notes": {func(t *testing.T, r *room) []byte {
			raw := r.signed(t)
			return append(append(raw, '\n'), raw...)
		}, day0, ErrNoteFormat},
		"cut":   {func(t *testing.T, r *room) []byte { raw := r.signed(t); return raw[:len(raw)-1] }, day0, ErrNoteFormat},
		"empty": {func(t *testing.T, r *room) []byte { return nil }, day0, ErrNoteFormat},
		"too long": {func(t *testing.T, r *room) []byte {
			raw := r.signed(t)
			return append(raw, bytes.Repeat([]byte("\n"), cell.NotesMaxSize)...)
		}, day0, ErrNoteFormat},
	} {
		r := newRoom(t)
		if n, err := VerifyNotes(c.bend(t, r), r.id, c.today); !errors.Is(err, c.want) || n != nil {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
	r := newRoom(t)
	if _, err := VerifyNotes(r.signed(t), NewsroomID{1}, day0); !errors.Is(err, ErrNewsroom) {
		t.Errorf("under another id: %v", err)
	}
}

// Each character of the signed text, changed, is refused; and no error repeats what it read.
func TestEveryByteOfTheNotesIsSigned(t *testing.T) {
	r := newRoom(t)
	raw := r.signed(t)
	for i := range raw {
		if i%7 != 0 && raw[i] != '\n' { // keys are long: every seventh byte, and each line's end
			continue
		}
		bad := bytes.Clone(raw)
		if bad[i] ^= 1; bad[i] == raw[i] {
			continue
		}
		n, err := VerifyNotes(bad, r.id, day0)
		if err == nil && !onlySignature(raw, bad) {
			t.Fatalf("byte %d is changed, and the notes verify: %v", i, n)
		}
		if err != nil && len(err.Error()) > 150 {
			t.Errorf("an error that carries content: %d bytes", len(err.Error()))
		}
	}
}

// onlySignature says whether two files differ in the unused low bits of base64 alone, which
// sumdb/note does not look at. The text is the same then.
func onlySignature(a, b []byte) bool {
	strip := func(x []byte) string {
		var out []string
		for _, line := range strings.Split(string(x), "\n") {
			if !strings.HasPrefix(line, "— ") {
				out = append(out, line)
			}
		}
		return strings.Join(out, "\n")
	}
	return strip(a) == strip(b)
}

func TestUnknownSignaturesAreSkipped(t *testing.T) {
	r := newRoom(t)
	stranger := signing(RoleDesk, "stranger")
	second := signing(RoleDesk, "second desk")
	r.rootNote.DeskKeys = append(r.rootNote.DeskKeys, second.Public())
	both, err := SignDesk(r.deskNote, stranger, second)
	must(t, err)
	if _, err := ParseDesk(both, r.rootNote, day0); err != nil {
		t.Errorf("a stranger's signature beside a good one: %v", err)
	}
	alone, err := SignDesk(r.deskNote, stranger)
	must(t, err)
	if _, err := ParseDesk(alone, r.rootNote, day0); !errors.Is(err, ErrSignature) {
		t.Errorf("a stranger's signature alone: %v", err)
	}
	// The line reserved for ML-DSA: a name and a hash that nobody knows yet.
	pq := append(bytes.Clone(both), "— kkachi-desk "+b64(append([]byte{1, 2, 3, 4}, make([]byte, 3309)...))+"\n"...)
	if _, err := ParseDesk(pq, r.rootNote, day0); err != nil {
		t.Errorf("a post-quantum signature beside a good one: %v", err)
	}
	// A known key's wrong signature spoils the note, even beside a good one.
	lines := strings.Split(string(both), "\n")
	bad := lines[len(lines)-2]
	spoiled := strings.Replace(string(both), bad, bad[:len(bad)-9]+"AAAAAAA==", 1)
	if _, err := ParseDesk([]byte(spoiled), r.rootNote, day0); !errors.Is(err, ErrSignature) {
		t.Errorf("a spoiled signature: %v", err)
	}
}

func TestSuccessionKeepsTheID(t *testing.T) {
	r := newRoom(t)
	next, third := signing(RoleRoot, "second root"), signing(RoleRoot, "third root")
	must(t, r.rootNote.Succeed(r.root, next))
	must(t, r.rootNote.Succeed(next, third))
	signed, err := SignRoot(r.rootNote, third)
	must(t, err)
	n, err := ParseRoot(signed, r.id, day0)
	must(t, err)
	if n.Key() != third.Public() || n.Newsroom != r.id {
		t.Error("after two successions the third key does not sign for the same newsroom")
	}
	for name, key := range map[string]*SigningKey{"first": r.root, "second": next} {
		if _, err := SignRoot(r.rootNote, key); !errors.Is(err, ErrRole) {
			t.Errorf("the %s key still signs: %v", name, err)
		}
		forged, err := sign(r.rootNote.text(), RoleRoot, []*SigningKey{key})
		must(t, err)
		if _, err := ParseRoot(forged, r.id, day0); !errors.Is(err, ErrSignature) {
			t.Errorf("a note by the %s key: %v", name, err)
		}
	}
	if err := r.rootNote.Succeed(r.root, signing(RoleRoot, "usurper")); !errors.Is(err, ErrRole) {
		t.Errorf("a key that was replaced names a successor: %v", err)
	}
	if err := r.rootNote.Succeed(third, signing(RoleDesk, "x")); !errors.Is(err, ErrRole) {
		t.Errorf("a desk key succeeds: %v", err)
	}
	r.rootNote.Succession[0].Sig[0] ^= 1
	if _, err := SignRoot(r.rootNote, third); !errors.Is(err, ErrSignature) {
		t.Errorf("a broken succession: %v", err)
	}
	r.rootNote.Succession[0].Sig[0] ^= 1
	r.rootNote.Succession[0], r.rootNote.Succession[1] = r.rootNote.Succession[1], r.rootNote.Succession[0]
	if _, err := SignRoot(r.rootNote, next); !errors.Is(err, ErrSignature) {
		t.Errorf("a succession in another order: %v", err)
	}
}

// Whoever has a key of his own can write our id into a note: it must be the digest of the key.
func TestARootKeyOfAnotherDoesNotTakeTheID(t *testing.T) {
	r := newRoom(t)
	thief := signing(RoleRoot, "thief")
	r.rootNote.First = thief.Public()
	if _, err := SignRoot(r.rootNote, thief); !errors.Is(err, ErrNewsroom) {
		t.Errorf("signed: %v", err)
	}
	forged, err := sign(r.rootNote.text(), RoleRoot, []*SigningKey{thief})
	must(t, err)
	if _, err := ParseRoot(forged, r.id, day0); !errors.Is(err, ErrNewsroom) {
		t.Errorf("read: %v", err)
	}
}

func TestNotesRefuseWrongFields(t *testing.T) {
	key := HPKEPublic{}
	for i := range key {
		key[i] = 0xff // not canonical: each coefficient is over q
	}
	for name, c := range map[string]func(r *room) error{
		"root: no name":           func(r *room) error { r.rootNote.Name = ""; return r.sign1() },
		"root: two lines of name": func(r *room) error { r.rootNote.Name = "a\nb"; return r.sign1() },
		"root: direction marks":   func(r *room) error { r.rootNote.Name = "a\u202eb"; return r.sign1() },
		"root: serial 0":          func(r *room) error { r.rootNote.Serial = 0; return r.sign1() },
		"root: no sift key":       func(r *room) error { r.rootNote.SiftKeys = nil; return r.sign1() },
		"root: five desk keys": func(r *room) error {
			for _, l := range []string{"a", "b", "c", "d"} {
				r.rootNote.DeskKeys = append(r.rootNote.DeskKeys, signing(RoleDesk, l).Public())
			}
			return r.sign1()
		},
		"root: an onion that is none": func(r *room) error { r.rootNote.Onion = "example.org"; return r.sign1() },
		"desk: no inbox":              func(r *room) error { r.deskNote.Inboxes = nil; return r.sign2() },
		"desk: key not canonical":     func(r *room) error { r.deskNote.Inboxes[0].Key = key; return r.sign2() },
		"desk: one key twice":         func(r *room) error { r.deskNote.Inboxes[1].Key = r.deskNote.Inboxes[0].Key; return r.sign2() },
		"desk: five inboxes": func(r *room) error {
			r.deskNote.Inboxes = nil
			for _, l := range []string{"a", "b", "c", "d", "e"} {
				seed, err := NewHPKESeed(seeded("inbox " + l))
				must(t, err)
				r.deskNote.Inboxes = append(r.deskNote.Inboxes, Inbox{Name: l, Week: week0, Key: *seed.Public()})
			}
			return r.sign2()
		},
		"desk: weeks descend":         func(r *room) error { r.deskNote.Inboxes[1].Week = 0; return r.sign2() },
		"desk: a name with a space":   func(r *room) error { r.deskNote.Inboxes[0].Name = "a b"; return r.sign2() },
		"sift: one day":               func(r *room) error { r.siftNote.Days = r.siftNote.Days[:1]; return r.sign3() },
		"sift: days apart":            func(r *room) error { r.siftNote.Days[1].Day++; return r.sign3() },
		"sift: difficulty 19":         func(r *room) error { r.siftNote.Days[1].D = 19; return r.sign3() },
		"sift: one key for both days": func(r *room) error { r.siftNote.Days[1].Key = r.siftNote.Days[0].Key; return r.sign3() },
		"sift: no batch":              func(r *room) error { r.siftNote.Batch = 0; return r.sign3() },
		"sift: few slots":             func(r *room) error { r.siftNote.Slots = 15; return r.sign3() },
		"sift: crowd 3":               func(r *room) error { r.siftNote.Crowd = 3; return r.sign3() },
		"sift: bulletin of tomorrow":  func(r *room) error { r.siftNote.Bulletins[0].Day = day0 + 1; return r.sign3() },
		"sift: no bulletin":           func(r *room) error { r.siftNote.Bulletins = nil; return r.sign3() },
		"devices: classic age key":    func(r *room) error { r.devicesNote.Devices[0].Recipient = "age1qpzry"; return r.sign4() },
		"devices: none":               func(r *room) error { r.devicesNote.Devices = nil; return r.sign4() },
		"devices: one key, two approvers": func(r *room) error {
			r.devicesNote.Approvers[1].Key = r.devicesNote.Approvers[0].Key
			return r.sign4()
		},
		"site: leaves its folder": func(r *room) error { r.siteNote.Files[0].Path = "../x"; return r.sign5() },
		"site: a dot":             func(r *room) error { r.siteNote.Files[0].Path = "a/./x"; return r.sign5() },
		"site: absolute":          func(r *room) error { r.siteNote.Files[0].Path = "/x"; return r.sign5() },
		"site: a space":           func(r *room) error { r.siteNote.Files[0].Path = "a b"; return r.sign5() },
		"site: one path twice":    func(r *room) error { r.siteNote.Files[0].Path = r.siteNote.Files[1].Path; return r.sign5() },
		"site: no file":           func(r *room) error { r.siteNote.Files = nil; return r.sign5() },
	} {
		if err := c(newRoom(t)); !errors.Is(err, ErrNoteFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (r *room) sign1() error { _, err := SignRoot(r.rootNote, r.root); return err }
func (r *room) sign2() error { _, err := SignDesk(r.deskNote, r.desk); return err }
func (r *room) sign3() error { _, err := SignSift(r.siftNote, r.sift); return err }
func (r *room) sign4() error { _, err := SignDevices(r.devicesNote, r.root); return err }
func (r *room) sign5() error { _, err := SignSite(r.siteNote, r.desk); return err }

func TestSiteNoteBindsItsList(t *testing.T) {
	r := newRoom(t)
	r.siteNote.Files[0], r.siteNote.Files[1] = r.siteNote.Files[1], r.siteNote.Files[0] // it sorts a copy
	signed, err := SignSite(r.siteNote, r.desk)
	must(t, err)
	n, err := ParseSite(signed, r.rootNote)
	must(t, err)
	if len(n.Files) != 2 || n.Files[0].Path != "en/index.html" || n.Files[1].Size != 11 {
		t.Errorf("%+v", n.Files)
	}
	for i := bytes.LastIndex(signed, blank); i < len(signed); i++ {
		bad := bytes.Clone(signed)
		bad[i] ^= 1
		if _, err := ParseSite(bad, r.rootNote); err == nil {
			t.Errorf("byte %d of the list is changed, and the site verifies", i)
		}
	}
	if _, err := ParseSite(append(signed, "file\n"...), r.rootNote); !errors.Is(err, ErrHash) {
		t.Errorf("a line more: %v", err)
	}
}
