package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/press"
	"kkachi/internal/relay"
	"kkachi/internal/release"
	"kkachi/internal/risk"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

const (
	firstDay = cell.Day(19268) // 3 October 2022, the first day of the case
	weekZero = uint32(firstDay)/7 - 3
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A room is a newsroom around a real desk: the test plays its root, its sift and its host.
type room struct {
	t          testing.TB
	dir        string
	today      cell.Day
	root, sift *seal.SigningKey
	nid        seal.NewsroomID
	pub        desk.Public
	host       *memHost
	desk       *desk.Desk
	day        seal.HPKESeed
	serial     uint64
	ids        map[string]desk.ID
	partner    *age.HybridIdentity // who takes over cases
}

func newRoom(t testing.TB) *room {
	t.Helper()
	return roomWith(t, lang.Names{Country: lang.Words{KO: "중국", EN: "China", ZH: "中国"}})
}

// roomWith is a newsroom that has given these words to fill the levels; init gives none.
func roomWith(t testing.TB, names lang.Names) *room {
	t.Helper()
	r := &room{
		t: t, dir: t.TempDir(), today: firstDay, host: &memHost{objects: map[string][]byte{}},
		ids: map[string]desk.ID{},
	}
	var err error
	r.root, err = roots()
	must(t, err)
	r.sift, err = seal.NewSigningKey(seal.RoleSift, rand.Reader)
	must(t, err)
	r.day, err = seal.NewHPKESeed(rand.Reader)
	must(t, err)
	r.nid = seal.NewNewsroomID(r.root.Public())
	keyFile := filepath.Join(t.TempDir(), "key")
	must(t, vault.NewKeyFile(keyFile, rand.Reader))
	key, err := vault.KeyFile(keyFile)
	must(t, err)
	cfg := desk.Config{
		Dir: r.dir, Key: key, Newsroom: r.nid, Name: "Riverside Daily", Address: "kkachi:" + strings.Repeat("5a", 32) + "@https://news.example",
		Slots: 32, Ceiling: risk.DefaultCeiling(), Host: r.host,
		Names: names,
		Now:   func() time.Time { return r.today.Time().Add(8 * time.Hour) }, Rand: rand.Reader,
		Preview: func(w io.Writer, p *release.Release, l lang.Tag) error {
			return press.Preview(w, p, l, press.Site{
				Name: lang.Words{KO: "강가일보", EN: "Riverside Daily", ZH: "河畔日报"}, Address: "kkachi:" + strings.Repeat("5a", 32) + "@https://news.example",
			})
		},
	}
	partner, err := age.GenerateHybridIdentity()
	must(t, err)
	r.partner = partner
	cfg.Partners = []desk.Partner{{Name: "Helping Hands", Recipient: partner.Recipient().String()}}
	r.pub, err = desk.Create(t.Context(), cfg)
	must(t, err)
	var approvers []seal.Approver
	for _, name := range []string{"ayla", "boram"} {
		k, err := desk.CreateApprover(r.dir, name, []byte("pass of "+name), 1, rand.Reader)
		must(t, err)
		approvers = append(approvers, seal.Approver{Name: name, Key: k})
	}
	r.signNotes(approvers)
	r.desk, err = desk.Open(context.Background(), cfg)
	must(t, err)
	t.Cleanup(func() { _ = r.desk.Close() })
	r.sync()
	return r
}

func (r *room) signNotes(approvers []seal.Approver) {
	raw, err := seal.SignRoot(&seal.RootNote{
		Newsroom: r.nid, Serial: 1, Issued: r.today, Expires: r.today + seal.RootLife, Name: "Riverside Daily", W0: weekZero,
		First: r.root.Public(), SiftKeys: []seal.VerifyKey{r.sift.Public()}, DeskKeys: []seal.VerifyKey{r.pub.Sign},
	}, r.root)
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(r.dir, "notes", desk.RootNoteFile), raw, 0o600))
	raw, err = seal.SignDevices(&seal.DevicesNote{
		Newsroom: r.nid, Serial: 1, Issued: r.today, Expires: r.today + seal.DevicesLife,
		Devices: []seal.Device{{Name: "desk-one", Recipient: r.pub.Recipient}}, Approvers: approvers,
	}, r.root)
	must(r.t, err)
	must(r.t, os.WriteFile(filepath.Join(r.dir, "notes", desk.DevicesNoteFile), raw, 0o600))
}

func (r *room) sync() {
	r.t.Helper()
	_, err := r.desk.Sync(context.Background())
	must(r.t, err)
}

// roots holds the one root key of all rooms, so that what Argon2id has opened for one is a conversation of each.
var roots = sync.OnceValues(func() (*seal.SigningKey, error) { return seal.NewSigningKey(seal.RoleRoot, rand.Reader) })

// voices are those of the people of the play, by name: the same in each room, and no room knows of another.
var voices struct {
	mu   sync.Mutex // guards said
	said map[string]*seal.Conversation
}

// who is the conversation of a person of the play.
func (r *room) who(name string) *seal.Conversation {
	r.t.Helper()
	voices.mu.Lock()
	defer voices.mu.Unlock()
	if voices.said == nil {
		voices.said = map[string]*seal.Conversation{}
	}
	if voices.said[name] == nil {
		w, err := seal.NewWords(rand.Reader)
		must(r.t, err)
		voices.said[name] = w.Open(r.nid)
	}
	return voices.said[name]
}

// letter sends a letter as a source would; it is at the desk at once. seen: the last reply
// that its writer has read.
func (r *room) letter(name string, kind cell.Kind, text string, seen cell.ReplyID) {
	r.t.Helper()
	r.batch(r.records(name, kind, text, seen))
}

// records are the parts of a letter.
func (r *room) records(name string, kind cell.Kind, text string, seen cell.ReplyID) []cell.Record {
	r.t.Helper()
	c := r.who(name)
	week := cell.WeekOf(r.today, weekZero)
	l := &seal.Letter{Kind: kind, Week: week, Thread: c.Thread(), Text: []byte(text), LastReply: seen}
	frags, err := seal.CutLetter(rand.Reader, l, c.Key(week))
	must(r.t, err)
	var recs []cell.Record
	for i := range frags {
		sealed, err := seal.SealLetterCell(rand.Reader, r.nid, r.today, r.day.Public(), r.inboxKey(week), &frags[i])
		must(r.t, err)
		_, rec, ok := seal.NewDayOpener(r.nid, r.today, &r.day).Open(sealed)
		if !ok {
			r.t.Fatal("the play's own cell does not open")
		}
		recs = append(recs, *rec)
	}
	return recs
}

func (r *room) batch(recs []cell.Record) {
	plain, err := cell.MarshalBatch(r.today, recs)
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
	r.host.objects[fmt.Sprintf("batch/%d", r.today)] = out.Bytes()
	r.sync()
	r.publish()
	r.today++
	r.publish()
	r.sync()
}

// publish joins the newest parcel into the bulletin of today, as sift would.
func (r *room) publish() {
	r.t.Helper()
	var slots []cell.Slot
	if raw := r.newest(fmt.Sprintf("parcel/%d/0/", r.today)); raw != nil {
		p, err := cell.ParseParcel(raw)
		must(r.t, err)
		slots = slices.Clone(p.Slots)
	}
	for len(slots) < 32 {
		s, err := seal.RandomSlot(rand.Reader)
		must(r.t, err)
		slots = append(slots, *s)
	}
	b, err := cell.NewBulletin(slots)
	must(r.t, err)
	other, err := seal.NewHPKESeed(rand.Reader)
	must(r.t, err)
	root, note := r.newest("note/root/"), r.newest("note/desk/")
	r.serial++
	sift, err := seal.SignSift(&seal.SiftNote{
		Newsroom: r.nid, Serial: r.serial, Issued: r.today, Expires: r.today + seal.SiftLife,
		Root: seal.HashNote(root), Desk: seal.HashNote(note), Batch: 256, Slots: 32,
		Bulletins: []seal.BulletinHash{{Day: r.today, Hash: b.Hash()}},
		Days:      []seal.DayKey{{Day: r.today, Key: *r.day.Public()}, {Day: r.today + 1, Key: *other.Public()}},
	}, r.sift)
	must(r.t, err)
	r.host.notes, err = seal.JoinNotes(root, note, sift)
	must(r.t, err)
	r.host.bulletin = b
}

func (r *room) inboxKey(week cell.Week) *seal.HPKEPublic {
	root, err := seal.ParseRoot(r.newest("note/root/"), r.nid, r.today)
	must(r.t, err)
	n, err := seal.ParseDesk(r.newest("note/desk/"), root, r.today)
	must(r.t, err)
	for _, b := range n.Inboxes {
		if b.Week == week {
			return &b.Key
		}
	}
	return &n.Inboxes[len(n.Inboxes)-1].Key
}

// newest gives the object with the highest number under a prefix, nil if there is none.
func (r *room) newest(prefix string) []byte {
	best, data := -1, []byte(nil)
	for name, b := range r.host.objects {
		n := 0
		if _, err := fmt.Sscanf(name, prefix+"%d", &n); err == nil && n > best {
			best, data = n, b
		}
	}
	return data
}

// read is the newest reply that a person of the play finds in the bulletin.
func (r *room) read(name string) cell.ReplyID {
	r.t.Helper()
	found := r.who(name).FindReplies(r.host.bulletin, r.today, weekZero)
	if len(found) == 0 {
		r.t.Fatalf("%s finds no reply", name)
	}
	return found[0].ID
}

// A memHost keeps what the host would keep.
type memHost struct {
	objects         map[string][]byte
	notes, bulletin []byte
}

func (h *memHost) PutObject(_ context.Context, name string, data []byte) error {
	if have, ok := h.objects[name]; ok && !bytes.Equal(have, data) {
		return relay.ErrConflict
	}
	h.objects[name] = bytes.Clone(data)
	return nil
}

func (h *memHost) GetObject(_ context.Context, name string) ([]byte, error) {
	if b, ok := h.objects[name]; ok {
		return b, nil
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
	return out, nil
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
