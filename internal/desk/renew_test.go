package desk

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// letterOf is a letter of one cell, from words of its own.
func (r *room) letterOf(text string) []byte {
	r.t.Helper()
	r.batch(r.today-1, r.records(r.conversation(), seal.Letter{Kind: cell.KindLetter, Text: []byte(text)})...)
	return []byte(text)
}

// P8: device key and signing key are renewed; what was sealed to the former device, and under
// the former notes, is read all the same.
func TestP8DeviceAndSigningKeyRenewed(t *testing.T) {
	r := newRoom(t)
	r.sync()
	old := r.pub
	sign, err := r.desk.RenewSigning()
	must(t, err)
	name, recipient, err := r.desk.RenewDevice()
	must(t, err)
	if again, err := r.desk.RenewSigning(); err != nil || again != sign || sign == old.Sign {
		t.Fatalf("asked again, it draws another key: %v", err)
	}
	if n, again, err := r.desk.RenewDevice(); err != nil || again != recipient || n != name || name != "desk-one" || recipient == old.Recipient {
		t.Fatalf("asked again: %q %v", n, err)
	}
	read := func(when string, letters int) {
		t.Helper()
		r.today++
		r.letterOf(when)
		if rep := r.sync(); rep.Letters != letters {
			t.Errorf("%s: %d letters, want %d", when, rep.Letters, letters)
		}
	}
	r.reopen()
	read("before the notes name them", 1)
	if k, err := r.desk.SigningKey(); err != nil || k != old.Sign {
		t.Error("it signs with a key that no note names")
	}
	r.pub = Public{Recipient: recipient, Sign: sign}
	read("sealed to the new device before the desk's own folder knows", 1)
	r.signNotes()
	r.pub = old
	read("sealed to the former device", 1)
	if k, err := r.desk.SigningKey(); err != nil || k != sign {
		t.Error("it does not take up the key that the root note names")
	}
	if n := r.newest(deskPrefix); !signedBy(t, r, n, sign) {
		t.Error("the desk note in force is not the new key's")
	}
	r.today += DeviceDays - 2
	r.pub = Public{Recipient: recipient, Sign: sign}
	r.signNotes()
	r.sync()
	r.pub = old
	read("on its last days", 1)
	r.today += 2
	r.letterOf("after them")
	if rep, err := r.desk.Sync(t.Context()); err == nil || rep.Letters != 0 {
		t.Errorf("the former device key lives on: %+v, %v", rep, err)
	}
}

func signedBy(t *testing.T, r *room, raw []byte, key seal.VerifyKey) bool {
	t.Helper()
	root := &seal.RootNote{Newsroom: r.nid, DeskKeys: []seal.VerifyKey{key}}
	_, err := seal.ParseDesk(raw, root, r.today)
	return err == nil
}

// P8: inbox keys are drawn anew after a seizure. The note names the new ones at once, and
// letters that were sealed to the former ones are read to their end.
func TestP8InboxKeysRenewed(t *testing.T) {
	r := newRoom(t)
	r.sync()
	before := *r.inboxKey()
	r.today++
	former := r.records(r.conversation(), seal.Letter{Kind: cell.KindLetter, Text: []byte("to the former key")})
	must(t, r.desk.RenewInbox())
	r.sync()
	after := *r.inboxKey()
	if after == before {
		t.Fatal("the note in force names the key that was seen")
	}
	r.today++
	r.batch(r.today-1, append(former, r.records(r.conversation(), seal.Letter{Kind: cell.KindLetter, Text: []byte("to the new key")})...)...)
	if rep := r.sync(); rep.Letters != 2 {
		t.Errorf("%d letters, want 2", rep.Letters)
	}
	notes := len(r.names(deskPrefix))
	r.sync()
	if len(r.names(deskPrefix)) != notes {
		t.Error("a desk note is made at each exchange")
	}
	must(t, r.desk.RenewInbox())
	r.sync()
	if third := *r.inboxKey(); third == after {
		t.Error("keys can't be drawn anew twice in a week")
	}
}

func (r *room) names(prefix string) []string {
	r.t.Helper()
	names, err := r.host.ListObjects(r.t.Context(), prefix)
	must(r.t, err)
	return names
}

// A host that was lost gets the notes again, the desk's own in the same bytes (P13).
func TestP13NotesForANewHost(t *testing.T) {
	r := newRoom(t)
	r.sync()
	r.today++
	r.sync()
	own := bytes.Clone(r.newest(deskPrefix))
	r.host.objects = map[string][]byte{}
	r.sync()
	if !bytes.Equal(r.newest(deskPrefix), own) || len(r.names(deskPrefix)) != 1 {
		t.Error("the desk note stands there in other bytes")
	}
	r.newest(rootPrefix)
	r.newest(devicesPrefix)
}

// A desk without notes, or with older ones, takes them from the host; but none that another
// root key signed.
func TestNotesAreFetched(t *testing.T) {
	r := newRoom(t)
	r.sync()
	dir := filepath.Join(r.dir, notesDir)
	first := readFile(t, filepath.Join(dir, RootNoteFile))
	must(t, os.RemoveAll(dir))
	r.reopen()
	r.sync()
	if got := readFile(t, filepath.Join(dir, RootNoteFile)); !bytes.Equal(got, first) {
		t.Error("the root note was not fetched")
	}
	// A later pair, brought by another desk.
	devices := readFile(t, filepath.Join(dir, DevicesNoteFile))
	r.signNotes()
	second := readFile(t, filepath.Join(dir, RootNoteFile))
	r.host.objects[rootPrefix+"2"] = second
	must(t, os.WriteFile(filepath.Join(dir, RootNoteFile), first, 0o600))
	later := readFile(t, filepath.Join(dir, DevicesNoteFile))
	must(t, os.WriteFile(filepath.Join(dir, DevicesNoteFile), devices, 0o600))
	r.sync()
	if got := readFile(t, filepath.Join(dir, RootNoteFile)); !bytes.Equal(got, first) {
		t.Error("half a pair was taken")
	}
	r.host.objects[devicesPrefix+"2"] = later
	r.sync()
	if got := readFile(t, filepath.Join(dir, RootNoteFile)); !bytes.Equal(got, second) {
		t.Error("the later pair was not fetched")
	}
	// One that does not continue the succession, whatever its serial.
	heir, err := seal.NewSigningKey(seal.RoleRoot, rand.Reader)
	must(t, err)
	root, err := seal.ParseRoot(second, r.nid, 0)
	must(t, err)
	root.Serial = 3
	must(t, root.Succeed(r.root, heir))
	raw, err := seal.SignRoot(root, heir)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, RootNoteFile), raw, 0o600))
	n, err := seal.ParseDevices(later, &seal.RootNote{Newsroom: r.nid, First: r.root.Public()}, 0)
	must(t, err)
	n.Serial = 3
	own, err := seal.SignDevices(n, heir)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, DevicesNoteFile), own, 0o600))
	old := *root
	old.Serial, old.Succession = 9, nil
	forged, err := seal.SignRoot(&old, r.root)
	must(t, err)
	n.Serial = 9
	forgedDevices, err := seal.SignDevices(n, r.root)
	must(t, err)
	r.host.objects[rootPrefix+"9"], r.host.objects[devicesPrefix+"9"] = forged, forgedDevices
	r.sync()
	if got := readFile(t, filepath.Join(dir, RootNoteFile)); !bytes.Equal(got, raw) {
		t.Error("a note of the root key that was replaced was taken")
	}
}

// Notes that were carried here by hand, under the names that root sign gives them, are taken
// with the newest serial; half a pair, or one of another newsroom, is named.
func TestBroughtNotes(t *testing.T) {
	r := newRoom(t)
	dir := filepath.Join(r.dir, notesDir)
	own, ownDevices := readFile(t, filepath.Join(dir, RootNoteFile)), readFile(t, filepath.Join(dir, DevicesNoteFile))
	r.signNotes()
	r.signNotes()
	third, thirdDevices := readFile(t, filepath.Join(dir, RootNoteFile)), readFile(t, filepath.Join(dir, DevicesNoteFile))
	for name, data := range map[string][]byte{RootNoteFile: own, DevicesNoteFile: ownDevices, "root-1": own, "devices-1": ownDevices, "root-3": third} {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	if _, err := r.desk.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "bring devices-3") {
		t.Errorf("half a pair: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "devices-3"), thirdDevices, 0o600))
	r.reopen()
	if got := readFile(t, filepath.Join(dir, RootNoteFile)); !bytes.Equal(got, third) {
		t.Error("the newest pair was not taken")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*-*")); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
	// A stick that was behind signs a serial for the second time.
	r.signed, r.today = 2, r.today+1
	r.signNotes()
	must(t, os.Rename(filepath.Join(dir, RootNoteFile), filepath.Join(dir, "root-3")))
	must(t, os.Rename(filepath.Join(dir, DevicesNoteFile), filepath.Join(dir, "devices-3")))
	must(t, os.WriteFile(filepath.Join(dir, RootNoteFile), third, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, DevicesNoteFile), thirdDevices, 0o600))
	if _, err := r.desk.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "was behind") {
		t.Errorf("two notes with one serial: %v", err)
	}
	must(t, errors.Join(os.Remove(filepath.Join(dir, "root-3")), os.Remove(filepath.Join(dir, "devices-3"))))
	root, err := seal.NewSigningKey(seal.RoleRoot, rand.Reader)
	must(t, err)
	other := roomOf(t, root)
	other.signed = 8
	other.signNotes()
	for from, to := range map[string]string{RootNoteFile: "root-9", DevicesNoteFile: "devices-9"} {
		must(t, os.WriteFile(filepath.Join(dir, to), readFile(t, filepath.Join(other.dir, notesDir, from)), 0o600))
	}
	if _, err := r.desk.Sync(t.Context()); err == nil || !strings.Contains(err.Error(), "root-9 and devices-9") {
		t.Errorf("another newsroom's notes: %v", err)
	}
	if got := readFile(t, filepath.Join(dir, RootNoteFile)); !bytes.Equal(got, third) {
		t.Error("another newsroom's notes were taken")
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// An approver's key is renewed: the former one approves until the devices note names the new
// one, and no longer; a wrong passphrase is told as such at each step.
func TestApproverRenewed(t *testing.T) {
	r := newRoom(t)
	opens := func(when string, passphrase []byte, want error) {
		t.Helper()
		key, err := r.desk.approver("ayla", passphrase)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
		clear(key)
	}
	next := []byte("another pass of ayla")
	k, err := RenewApprover(r.dir, "ayla", next, 1, rand.Reader)
	must(t, err)
	opens("before", pass("ayla"), nil)
	opens("before, with the new one", next, ErrPassphrase)
	r.approvers[0].Key = k
	r.signNotes()
	opens("after, with the old one", pass("ayla"), ErrPassphrase)
	opens("after", next, nil)
	opens("taken up", next, nil)
	if left, err := filepath.Glob(filepath.Join(r.dir, approversDir, "*"+nextExt+"*")); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
	third := []byte("a third pass of ayla")
	if err := RekeyApprover(r.dir, "ayla", pass("boram"), third, 1); !errors.Is(err, ErrPassphrase) {
		t.Errorf("rekeyed by somebody else: %v", err)
	}
	must(t, RekeyApprover(r.dir, "ayla", next, third, 1))
	opens("the former passphrase", next, ErrPassphrase)
	opens("rekeyed", third, nil)
	// A name that is new here.
	if _, err := RenewApprover(r.dir, "chae", []byte("pass of chae"), 1, rand.Reader); err != nil {
		t.Error(err)
	}
	if key, err := LoadApprover(r.dir, "chae", []byte("pass of chae")); err != nil {
		t.Error(err)
	} else {
		clear(key)
	}
	if _, err := RenewApprover(r.dir, "../x", next, 1, rand.Reader); err == nil || !strings.Contains(err.Error(), "hyphens") {
		t.Errorf("a name that leaves the folder: %v", err)
	}
}

// What a backup keeps of renewed keys: those that still open something.
func TestBackupKeepsRenewedKeys(t *testing.T) {
	keeps := BackupKeeps(day0)
	for name, want := range map[string]bool{
		secretNextSign: true, secretNextAge: true, secretFormerAge + "20653": true,
	} {
		if keeps(vault.SecretInfo{Name: name}) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}

// After a seizure no key is taken up that waited in the vault which was seized; what was sealed
// to the device key among them is still read.
func TestNextKeysOfASeizedVaultAreGivenUp(t *testing.T) {
	r := newRoom(t)
	r.sync()
	old := r.pub
	waiting, err := r.desk.RenewSigning()
	must(t, err)
	_, device, err := r.desk.RenewDevice()
	must(t, err)
	must(t, r.desk.GiveUpNext())
	r.reopen()
	sign, err := r.desk.RenewSigning()
	must(t, err)
	_, recipient, err := r.desk.RenewDevice()
	must(t, err)
	if sign == waiting || recipient == device || sign == old.Sign || recipient == old.Recipient {
		t.Error("a key is to be named that lay in the vault which was seized")
	}
	r.pub = Public{Recipient: device, Sign: old.Sign}
	r.today++
	r.letterOf("sealed to the device that waited")
	if rep := r.sync(); rep.Letters != 1 {
		t.Errorf("%d letters", rep.Letters)
	}
	must(t, r.desk.GiveUpNext())
	must(t, r.desk.GiveUpNext()) // where none waits
}
