package watch

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

const firstDay = cell.Day(20000)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A newsroom signs; its host shows what it is told to.
type newsroom struct {
	today            cell.Day
	id               seal.NewsroomID
	root, desk, sift *seal.SigningKey
	inbox            seal.HPKESeed
	rootN            *seal.RootNote
	deskN            *seal.DeskNote
	siftN            *seal.SiftNote
	keys             map[cell.Day]*seal.HPKEPublic
	bulletins        map[cell.Day]cell.Bulletin

	notes, bulletin []byte
	site            []byte            // manifest; nil: none
	files           map[string][]byte // of the site, as they are handed out
	folders         map[string][]byte // what a folder's address hands out instead of its index
	packed          map[string][]byte // what is shown for a path to who asks as browsers do, if that is another
	fetched         int
	atFetch         func(n int)
	fails           map[string]error // by path: what it answers instead
}

func newNewsroom() *newsroom {
	n := &newsroom{today: firstDay, keys: map[cell.Day]*seal.HPKEPublic{}, bulletins: map[cell.Day]cell.Bulletin{}}
	n.root, n.desk, n.sift = must(seal.NewSigningKey(seal.RoleRoot, rand.Reader)), must(seal.NewSigningKey(seal.RoleDesk, rand.Reader)), must(seal.NewSigningKey(seal.RoleSift, rand.Reader))
	n.inbox = must(seal.NewHPKESeed(rand.Reader))
	n.id = seal.NewNewsroomID(n.root.Public())
	n.rootN = &seal.RootNote{
		Newsroom: n.id, Serial: 1, Issued: firstDay, Expires: firstDay + seal.RootLife, Name: "Test", W0: uint32(firstDay) / 7, First: n.root.Public(),
		SiftKeys: []seal.VerifyKey{n.sift.Public()}, DeskKeys: []seal.VerifyKey{n.desk.Public()},
	}
	n.deskN = &seal.DeskNote{
		Newsroom: n.id, Serial: 1, Issued: firstDay, Expires: firstDay + seal.DeskLife,
		Inboxes: []seal.Inbox{{Name: "desk", Week: cell.WeekOf(firstDay, n.rootN.W0), Key: *n.inbox.Public()}},
	}
	n.publish()
	return n
}

func (n *newsroom) key(d cell.Day) *seal.HPKEPublic {
	if n.keys[d] == nil {
		seed := must(seal.NewHPKESeed(rand.Reader))
		n.keys[d] = seed.Public()
	}
	return n.keys[d]
}

// publish makes the note of today, chained to the one before.
func (n *newsroom) publish() {
	before := n.siftN
	var slots []cell.Slot
	for range cell.MinSlots {
		slots = append(slots, *must(seal.RandomSlot(rand.Reader)))
	}
	n.bulletins[n.today] = must(cell.NewBulletin(slots))
	n.siftN = &seal.SiftNote{
		Newsroom: n.id, Serial: 1, Issued: n.today, Expires: n.today + seal.SiftLife, Batch: 256, Slots: cell.MinSlots, Crowd: 64,
		Days:      []seal.DayKey{{Day: n.today, Key: *n.key(n.today)}, {Day: n.today + 1, Key: *n.key(n.today + 1)}},
		Bulletins: []seal.BulletinHash{{Day: n.today, Hash: n.bulletins[n.today].Hash()}},
	}
	if before != nil {
		_, _, raw, err := seal.SplitNotes(n.notes)
		if err != nil {
			panic(err)
		}
		h := seal.HashNote(raw)
		n.siftN.Serial, n.siftN.Previous = before.Serial+1, &h
		n.siftN.Bulletins = append(n.siftN.Bulletins, before.Bulletins[0])
	}
	n.sign()
}

func (n *newsroom) sign() {
	root, desk := must(seal.SignRoot(n.rootN, n.root)), must(seal.SignDesk(n.deskN, n.desk))
	n.siftN.Root, n.siftN.Desk = seal.HashNote(root), seal.HashNote(desk)
	n.notes = must(seal.JoinNotes(root, desk, must(seal.SignSift(n.siftN, n.sift))))
	n.bulletin = n.bulletins[n.siftN.Issued]
}

func (n *newsroom) turn() { n.today++; n.publish() }

func (n *newsroom) Notes(context.Context) ([]byte, error) {
	n.fetched++
	if n.atFetch != nil {
		n.atFetch(n.fetched)
	}
	return n.notes, nil
}
func (n *newsroom) Bulletin(context.Context) ([]byte, error) { return n.bulletin, n.fails["r"] }

func (n *newsroom) clock() func() time.Time {
	return func() time.Time { return n.today.Time().Add(5 * time.Hour) }
}

func (n *newsroom) random() io.Reader { return rand.Reader }

func (n *newsroom) watch(t *testing.T, dir string) *Watch {
	t.Helper()
	w, err := Open(n.id, n, dir, n.clock(), n.random())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// visit wants all to be well.
func visit(t *testing.T, w *Watch) *Report {
	t.Helper()
	r, err := w.Visit(t.Context())
	if err != nil {
		t.Fatalf("%v: %q, %v", err, wrongs(r), r != nil)
	}
	return r
}

func wrongs(r *Report) []string {
	if r == nil {
		return nil
	}
	var out []string
	for _, d := range r.Wrong {
		out = append(out, d.String())
	}
	return out
}

// shown wants something to be wrong, and gives it as text.
func shown(t *testing.T, w *Watch) (*Report, string) {
	t.Helper()
	r, err := w.Visit(t.Context())
	if !errors.Is(err, ErrShown) {
		t.Fatalf("nothing was noticed: %v, %q", err, wrongs(r))
	}
	return r, strings.Join(wrongs(r), "\n")
}

func TestHonestHost(t *testing.T) {
	n := newNewsroom()
	dir := filepath.Join(t.TempDir(), "seen")
	for i := range 5 {
		w := n.watch(t, dir)
		r := visit(t, w)
		visit(t, w)
		if r.Serial != uint64(i+1) || r.Bulletin != n.today || r.Crowd != 64 || len(r.Warnings) != 0 {
			t.Errorf("serial %d, bulletin of %s, crowd %d, %q", r.Serial, r.Bulletin, r.Crowd, r.Warnings)
		}
		n.deskN.Serial++
		n.deskN.Issued++
		n.deskN.Expires++
		n.turn()
	}
	for _, name := range []string{"root/1.txt", "desk/1.txt", "sift/1.txt", "sift/5.txt"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// P10: two notes with one serial are noticed, whichever role signed them, on the same visit
// or weeks apart, and both are kept: anyone who knows the newsroom's id can check the proof.
func TestP10TwoNotesWithOneSerial(t *testing.T) {
	for kind, change := range map[string]func(*newsroom){
		"root": func(n *newsroom) { n.rootN.Name = "Another" },
		"desk": func(n *newsroom) { n.deskN.Expires-- },
		"sift": func(n *newsroom) { n.siftN.Batch = 512 },
	} {
		for _, folder := range []bool{true, false} {
			n := newNewsroom()
			dir := ""
			if folder {
				dir = t.TempDir()
			}
			w := n.watch(t, dir)
			visit(t, w)
			first := n.notes
			change(n)
			if kind != "sift" {
				n.today++ // the sift note that names it has a serial of its own
				n.siftN.Issued, n.siftN.Expires = n.today, n.today+seal.SiftLife
				n.publishOver(first)
			}
			n.sign()
			r, _ := shown(t, w)
			if len(r.Proofs) != 1 || r.Proofs[0].Kind != kind || !r.Proofs[0].Signed || r.Proofs[0].Serial != 1 {
				t.Fatalf("%s: %v, %q", kind, r.Proofs, r.Wrong)
			}
			if !folder {
				continue
			}
			p := r.Proofs[0]
			a, b := must(os.ReadFile(p.First)), must(os.ReadFile(p.Second))
			if bytes.Equal(a, b) || !strings.Contains(p.String(), "PROOF") {
				t.Errorf("%s: the proof is not one: %s", kind, p)
			}
			for _, raw := range [][]byte{a, b} {
				if err := verifies(n, kind, raw); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
			}
			// It is remembered by the next watch over this folder.
			if r, _ := shown(t, n.watch(t, dir)); len(r.Proofs) != 1 {
				t.Errorf("%s: forgotten: %q", kind, r.Wrong)
			}
		}
	}
}

// publishOver is the next day's note over other root and desk notes.
func (n *newsroom) publishOver(first []byte) {
	n.notes = first
	n.publish()
}

func verifies(n *newsroom, kind string, raw []byte) error {
	var err error
	switch kind {
	case "root":
		_, err = seal.ParseRoot(raw, n.id, 0)
	case "desk":
		_, err = seal.ParseDesk(raw, n.rootN, 0)
	case "sift":
		_, err = seal.ParseSift(raw, n.rootN, 0)
	}
	return err
}

// P10: a host alone cannot make it look as if the newsroom had signed twice.
func TestP10SignatureLinesAreNoProof(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, t.TempDir())
	visit(t, w)
	other := must(seal.NewSigningKey(seal.RoleSift, rand.Reader))
	n.notes = must(seal.JoinNotes(must(seal.SignRoot(n.rootN, n.root)), must(seal.SignDesk(n.deskN, n.desk)), must(seal.SignSift(n.siftN, n.sift, other))))
	r, _ := shown(t, w)
	if len(r.Proofs) != 1 || r.Proofs[0].Signed || strings.Contains(r.Proofs[0].String(), "PROOF") {
		t.Errorf("%+v", r.Proofs)
	}
}

// P10: what else an honest host does not show.
func TestP10OtherDirectories(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*newsroom)
		want   string
	}{
		"an older note": {func(n *newsroom) {
			n.siftN.Serial--
			n.siftN.Batch, n.siftN.Previous = 9, nil
			n.sign()
		}, "went back"},
		"another chain": {func(n *newsroom) { n.turn(); n.siftN.Previous = &[32]byte{1}; n.sign() }, "chain is another"},
		"no chain":      {func(n *newsroom) { n.turn(); n.siftN.Previous = nil; n.sign() }, "names none"},
		"another bulletin of the same day": {func(n *newsroom) {
			n.turn()
			n.siftN.Bulletins[1].Hash[0] ^= 1
			n.sign()
		}, "different bulletins"},
		"another price of one key": {func(n *newsroom) { n.turn(); n.siftN.Days[0].D = 9; n.sign() }, "0 and 9 bits under one key"},
		"a note of the day before": {func(n *newsroom) {
			n.turn()
			n.siftN.Issued, n.siftN.Expires = firstDay, firstDay+seal.SiftLife
			n.siftN.Days = []seal.DayKey{{Day: firstDay, Key: *n.key(firstDay)}, {Day: firstDay + 1, Key: *n.key(firstDay + 1)}}
			n.siftN.Bulletins = n.siftN.Bulletins[1:]
			n.siftN.Bulletins[0] = seal.BulletinHash{Day: firstDay, Hash: n.bulletins[firstDay].Hash()}
			n.sign()
		}, "is of 2024-10-04, and the 2 before it of 2024-10-05"},
		"another bulletin": {func(n *newsroom) { n.bulletin[5] ^= 1 }, "bulletin"},
		"a bit changed":    {func(n *newsroom) { n.notes = bytes.Replace(n.notes, []byte("batch 256"), []byte("batch 257"), 1) }, "notes"},
		"another newsroom": {func(n *newsroom) { n.notes = newNewsroom().notes }, "notes"},
		"not notes":        {func(n *newsroom) { n.notes = []byte("<html>") }, "notes"},
		"expired":          {func(n *newsroom) { n.today += 3 }, "notes"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNewsroom()
			n.turn()
			w := n.watch(t, t.TempDir())
			visit(t, w)
			c.change(n)
			if r, wrong := shown(t, w); !strings.Contains(wrong, c.want) {
				t.Errorf("%q, want %q; %v", wrong, c.want, r.Proofs)
			}
		})
	}
}

// P12: a host that holds the newest bulletin back, and shows the one before it, is noticed: the notes name both.
func TestP12NewestBulletinIsShown(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, "")
	visit(t, w)
	former := n.bulletin
	n.turn()
	visit(t, w)
	n.bulletin = former
	if _, wrong := shown(t, w); !strings.Contains(wrong, "bulletin: it is that of 2024-10-04, and that of 2024-10-05") {
		t.Errorf("%q", wrong)
	}
}

// A host that switches between the two fetches is asked once more, and nothing is wrong.
func TestSwitchBetweenFetches(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, "")
	old := n.notes
	n.turn()
	newer := n.notes
	n.notes = old
	n.atFetch = func(at int) {
		if at == 2 {
			n.notes = newer
		}
	}
	if r := visit(t, w); r.Serial != 2 || n.fetched != 2 {
		t.Errorf("serial %d after %d fetches", r.Serial, n.fetched)
	}
}

// Notes that are about to end are said in time, a sift that is late as well, and a key that
// was made twice.
func TestWarnings(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, "")
	visit(t, w)
	for _, c := range []struct {
		days int
		want string
	}{{2, ""}, {1, ""}, {5, ""}, {1, "in 7 days"}, {4, "in 3 days"}, {2, "in 1 day"}} {
		for range c.days {
			n.turn()
			visit(t, w)
		}
		r := visit(t, w)
		if got := strings.Join(r.Warnings, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("on %s: %q, want %q", n.today, got, c.want)
		}
	}
	n.deskN.Serial, n.deskN.Issued, n.deskN.Expires = 2, n.today, n.today+seal.DeskLife
	n.turn()
	visit(t, w)
	n.today++
	if r := visit(t, w); !strings.Contains(strings.Join(r.Warnings, ""), "not published") {
		t.Errorf("%q", r.Warnings)
	}
	delete(n.keys, n.today)
	n.publish()
	if r := visit(t, w); !strings.Contains(strings.Join(r.Warnings, ""), "another than before") {
		t.Errorf("%q", r.Warnings)
	}
}

// Two watches over one folder: the second to come writes over nothing, and learns what stands there.
func TestKeptIsNeverWrittenOver(t *testing.T) {
	dir := t.TempDir()
	one, two := must(openKeep(dir)), must(openKeep(dir))
	first, second := []byte("a first note"), []byte("another, with its serial")
	for _, k := range []*keep{one, two} {
		if have, _, err := k.note("sift", 5); err != nil || have != nil {
			t.Fatalf("%q, %v", have, err)
		}
	}
	for _, c := range []struct {
		keep *keep
		note []byte
	}{{one, first}, {two, second}, {one, second}} {
		if have, err := c.keep.put("sift", 5, c.note); err != nil || !bytes.Equal(have, first) {
			t.Errorf("%q, %v", have, err)
		}
	}
	if left := must(filepath.Glob(filepath.Join(dir, ".*"))); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
}

// What a crash has torn, or somebody has put there, accuses no newsroom: it is said to be damaged.
func TestDamagedFolderAccusesNobody(t *testing.T) {
	n := newNewsroom()
	n.print(1, nil)
	dir := t.TempDir()
	visit(t, n.watch(t, dir))
	n.turn()
	n.deskN.Serial++
	n.sign()
	n.print(2, nil)
	visit(t, n.watch(t, dir))
	for kind, serial := range map[string]string{"root": "1", "desk": "2", "sift": "2", "site": "2"} {
		path := filepath.Join(dir, kind, serial+".txt")
		whole := must(os.ReadFile(path))
		foreign := newNewsroom()
		foreign.print(1, nil)
		older := must(os.ReadFile(filepath.Join(dir, kind, "1.txt")))
		for what, torn := range map[string][]byte{"empty": {}, "torn": whole[:len(whole)/2], "foreign": foreign.site, "another serial": older} {
			if what == "another serial" && serial == "1" {
				continue
			}
			if err := os.WriteFile(path, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			if r, err := n.watch(t, dir).Visit(t.Context()); !errors.Is(err, errKept) || errors.Is(err, ErrShown) || r != nil {
				t.Errorf("%s, %s: %v, %q", kind, what, err, wrongs(r))
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	visit(t, n.watch(t, dir))
}

// A host that makes up notes and signature lines fills no disk.
func TestKeepsAtMost(t *testing.T) {
	n := newNewsroom()
	dir := t.TempDir()
	w := n.watch(t, dir)
	visit(t, w)
	for i := range RefusedKept + 10 {
		n.notes = []byte{byte(i), 'x'}
		shown(t, w)
	}
	if got := len(must(os.ReadDir(filepath.Join(dir, "refused")))); got != RefusedKept {
		t.Errorf("%d refused answers are kept", got)
	}
	for i := range OthersKept + 5 {
		n.siftN.Batch = uint32(300 + i)
		n.sign()
		shown(t, w)
	}
	if got := len(must(os.ReadDir(filepath.Join(dir, "sift")))); got != OthersKept+1 {
		t.Errorf("%d sift notes are kept", got)
	}
}
