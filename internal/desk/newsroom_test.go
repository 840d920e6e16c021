package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/relay"
	"kkachi/internal/risk"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// day0 is a Monday; the newsroom began three weeks before.
const day0 = cell.Day(20653)

const w0 = uint32(day0)/7 - 3

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A room is a newsroom around one desk: the test plays its root, its sift and its host.
type room struct {
	t          testing.TB
	dir        string
	today      cell.Day
	root, sift *seal.SigningKey
	nid        seal.NewsroomID
	pub        Public
	host       *memHost
	desk       *Desk
	key        vault.Key
	cfg        Config
	serial     uint64
	day        seal.HPKESeed // the one day key of the play
	bulletins  []seal.BulletinHash
	approvers  []seal.Approver
	signed     uint64 // serial of the root and devices notes
	opened     int    // conversations so far
}

// roots holds the one root key of all rooms, so that what Argon2id has opened for one is a conversation of each.
var roots = sync.OnceValues(func() (*seal.SigningKey, error) { return seal.NewSigningKey(seal.RoleRoot, rand.Reader) })

func newRoom(t testing.TB) *room {
	t.Helper()
	root, err := roots()
	must(t, err)
	return roomOf(t, root)
}

// roomOf is a room with a root key of its own: another newsroom.
func roomOf(t testing.TB, root *seal.SigningKey) *room {
	t.Helper()
	r := &room{t: t, dir: t.TempDir(), today: day0, host: &memHost{objects: map[string][]byte{}}, root: root}
	var err error
	r.sift, err = seal.NewSigningKey(seal.RoleSift, rand.Reader)
	must(t, err)
	r.day, err = seal.NewHPKESeed(rand.Reader)
	must(t, err)
	r.nid = seal.NewNewsroomID(r.root.Public())
	keyFile := filepath.Join(t.TempDir(), "key")
	must(t, vault.NewKeyFile(keyFile, rand.Reader))
	r.key, err = vault.KeyFile(keyFile)
	must(t, err)
	r.cfg = Config{
		Dir: r.dir, Key: r.key, Newsroom: r.nid, Name: "Test", Slots: 32, Ceiling: risk.DefaultCeiling(), Host: r.host,
		Names:       lang.Names{Country: lang.Words{KO: "중국", EN: "China", ZH: "中国"}},
		DateIsRight: true, // plays jump
		Now:         func() time.Time { return r.today.Time().Add(8 * time.Hour) }, Rand: rand.Reader,
	}
	r.pub, err = Create(t.Context(), r.cfg)
	must(t, err)
	for _, name := range []string{"ayla", "boram"} {
		k, err := CreateApprover(r.dir, name, pass(name), 1, rand.Reader)
		must(t, err)
		r.approvers = append(r.approvers, seal.Approver{Name: name, Key: k})
	}
	r.signNotes()
	r.open()
	return r
}

// Passphrases of the two approvers, ayla and boram.
func pass(name string) []byte { return []byte("pass of " + name) }

// signNotes signs root and devices note as of today.
func (r *room) signNotes() {
	r.signed++
	root := &seal.RootNote{
		Newsroom: r.nid, Serial: r.signed, Issued: r.today, Expires: r.today + seal.RootLife, Name: "Test", W0: w0,
		First: r.root.Public(), SiftKeys: []seal.VerifyKey{r.sift.Public()}, DeskKeys: []seal.VerifyKey{r.pub.Sign},
	}
	raw, err := seal.SignRoot(root, r.root)
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(r.dir, notesDir, RootNoteFile), raw, 0o600))
	devices := &seal.DevicesNote{
		Newsroom: r.nid, Serial: r.signed, Issued: r.today, Expires: r.today + seal.DevicesLife,
		Devices: []seal.Device{{Name: "desk-one", Recipient: r.pub.Recipient}}, Approvers: r.approvers,
	}
	raw, err = seal.SignDevices(devices, r.root)
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(r.dir, notesDir, DevicesNoteFile), raw, 0o600))
}

func (r *room) open() {
	d, err := Open(context.Background(), r.cfg)
	must(r.t, err)
	r.desk = d
	r.t.Cleanup(func() { _ = d.Close() })
}

func (r *room) reopen() {
	must(r.t, r.desk.Close())
	r.open()
}

func (r *room) week() cell.Week { return cell.WeekOf(r.today, w0) }

func (r *room) sync() SyncReport {
	r.t.Helper()
	rep, err := r.desk.Sync(context.Background())
	must(r.t, err)
	return rep
}

// records cuts a letter and seals each part to the inbox key of its week.
func (r *room) records(c *seal.Conversation, l seal.Letter) []cell.Record {
	r.t.Helper()
	if l.Week == 0 {
		l.Week = r.week()
	}
	l.Thread = c.Thread()
	frags, err := seal.CutLetter(rand.Reader, &l, c.Key(l.Week))
	must(r.t, err)
	var out []cell.Record
	for i := range frags {
		out = append(out, r.record(&frags[i]))
	}
	return out
}

func (r *room) record(f *cell.Fragment) cell.Record {
	inbox := r.inboxKey()
	c, err := seal.SealLetterCell(rand.Reader, r.nid, r.today, r.day.Public(), inbox, f)
	must(r.t, err)
	_, rec, ok := seal.NewDayOpener(r.nid, r.today, &r.day).Open(c)
	if !ok {
		r.t.Fatal("the play's own cell does not open")
	}
	return *rec
}

func (r *room) inboxKey() *seal.HPKEPublic {
	r.t.Helper()
	root, err := seal.ParseRoot(r.newest(rootPrefix), r.nid, r.today)
	must(r.t, err)
	n, err := seal.ParseDesk(r.newest(deskPrefix), root, r.today)
	must(r.t, err)
	for _, b := range n.Inboxes {
		if b.Week == r.week() {
			return &b.Key
		}
	}
	return &n.Inboxes[len(n.Inboxes)-1].Key
}

// newest gives the object with the highest number under a prefix.
func (r *room) newest(prefix string) []byte {
	r.t.Helper()
	var best string
	for name := range r.host.objects {
		if strings.HasPrefix(name, prefix) && (best == "" || compareNumbers(strings.TrimPrefix(name, prefix), strings.TrimPrefix(best, prefix)) > 0) {
			best = name
		}
	}
	if best == "" {
		r.t.Fatalf("nothing under %s", prefix)
	}
	return r.host.objects[best]
}

// batch puts records into a batch as sift would, with a dummy among them.
func (r *room) batch(day cell.Day, recs ...cell.Record) {
	r.t.Helper()
	dummy, err := seal.NewDummy(rand.Reader, r.nid, r.inboxKey())
	must(r.t, err)
	plain, err := cell.MarshalBatch(day, append(recs, *dummy))
	must(r.t, err)
	plain, err = seal.SignBatch(r.nid, r.sift, plain)
	must(r.t, err)
	to, err := age.ParseHybridRecipient(r.pub.Recipient)
	must(r.t, err)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	must(r.t, err)
	_, err = w.Write(plain)
	must(r.t, err)
	must(r.t, w.Close())
	r.host.objects[fmt.Sprintf("batch/%d", day)] = out.Bytes()
}

// publish joins the newest parcel for today into a bulletin, as sift would at 00Z, and
// gives it. A nil parcel publishes random slots.
func (r *room) publish() cell.Bulletin {
	r.t.Helper()
	var slots []cell.Slot
	prefix := fmt.Sprintf("parcel/%d/0/", r.today)
	if names, _ := r.host.ListObjects(context.Background(), prefix); len(names) > 0 {
		p, err := cell.ParseParcel(r.newest(prefix))
		must(r.t, err)
		slots = p.Slots
	}
	return r.publishSlots(slots)
}

func (r *room) publishSlots(slots []cell.Slot) cell.Bulletin {
	r.t.Helper()
	slots = slices.Clone(slots)
	for len(slots) < 32 {
		s, err := seal.RandomSlot(rand.Reader)
		must(r.t, err)
		slots = append(slots, *s)
	}
	b, err := cell.NewBulletin(slots)
	must(r.t, err)
	root, desk := r.newest(rootPrefix), r.newest(deskPrefix)
	r.serial++
	r.bulletins = []seal.BulletinHash{{Day: r.today, Hash: b.Hash()}}
	other, err := seal.NewHPKESeed(rand.Reader)
	must(r.t, err)
	n := &seal.SiftNote{
		Newsroom: r.nid, Serial: r.serial, Issued: r.today, Expires: r.today + seal.SiftLife,
		Root: seal.HashNote(root), Desk: seal.HashNote(desk), Batch: 256, Slots: 32, Bulletins: r.bulletins,
		Days: []seal.DayKey{{Day: r.today, Key: *r.day.Public()}, {Day: r.today + 1, Key: *other.Public()}},
	}
	sift, err := seal.SignSift(n, r.sift)
	must(r.t, err)
	r.host.notes, err = seal.JoinNotes(root, desk, sift)
	must(r.t, err)
	r.host.bulletin = b
	return b
}

// conversations are those that rooms have opened.
var conversations struct {
	mu   sync.Mutex // guards list
	list []*seal.Conversation
}

// conversation opens one that this room does not have yet; another room may: they know nothing of each other. Argon2id
// over 64 MiB for each was half of what the failure table took.
func (r *room) conversation() *seal.Conversation {
	r.t.Helper()
	if shared, err := roots(); err != nil || r.root != shared {
		r.t.Fatal("conversations are opened for the root key that rooms share: ", err)
	}
	conversations.mu.Lock()
	defer conversations.mu.Unlock()
	if r.opened == len(conversations.list) {
		words, err := seal.NewWords(rand.Reader)
		must(r.t, err)
		conversations.list = append(conversations.list, words.Open(r.nid))
	}
	r.opened++
	return conversations.list[r.opened-1]
}

// A memHost keeps what the host would keep, and remembers each byte string under a name.
type memHost struct {
	objects         map[string][]byte
	notes, bulletin []byte
	fail            func(op, name string) error // nil: all goes well
}

func (h *memHost) broken(op, name string) error {
	if h.fail == nil {
		return nil
	}
	return h.fail(op, name)
}

func (h *memHost) PutObject(_ context.Context, name string, data []byte) error {
	if err := h.broken("put", name); err != nil {
		return err
	}
	if have, ok := h.objects[name]; ok && !bytes.Equal(have, data) {
		return relay.ErrConflict
	}
	h.objects[name] = bytes.Clone(data)
	return h.broken("put answer", name)
}

func (h *memHost) GetObject(_ context.Context, name string) ([]byte, error) {
	if b, ok := h.objects[name]; ok {
		return b, h.broken("get", name)
	}
	return nil, relay.ErrNotFound
}

func (h *memHost) ListObjects(_ context.Context, prefix string) ([]string, error) {
	var out []string
	for name := range h.objects {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, h.broken("list", prefix)
}

func (h *memHost) Notes(context.Context) ([]byte, error) {
	if h.notes == nil {
		return nil, relay.ErrNotFound
	}
	return h.notes, nil
}

func (h *memHost) Bulletin(context.Context) ([]byte, error) {
	if h.bulletin == nil {
		return nil, relay.ErrNotFound
	}
	return h.bulletin, nil
}

// handles gives the handle of each source.
func (d *Desk) handles(ctx context.Context) (map[ID]string, error) {
	ts, err := d.Tellers(ctx)
	out := make(map[ID]string, len(ts))
	for _, t := range ts {
		out[t.ID] = t.Handle
	}
	return out, err
}
