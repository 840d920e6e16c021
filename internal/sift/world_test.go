package sift

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

const firstDay = cell.Day(20000) // a Tuesday; no other meaning

// memHost is a host in memory. Days end by the world's clock.
type memHost struct {
	mu      sync.Mutex
	now     func() cell.Day
	days    map[cell.Day][]*cell.Cell
	opened  map[cell.Day]bool
	acked   map[cell.Day]bool
	objects map[string][]byte
	current *cell.Now
	down    error
	// every byte string that was ever put under a name, kept or not (P13)
	attempts map[string]map[string]bool
}

func newMemHost(now func() cell.Day) *memHost {
	return &memHost{
		now: now, days: map[cell.Day][]*cell.Cell{}, opened: map[cell.Day]bool{}, acked: map[cell.Day]bool{},
		objects: map[string][]byte{}, attempts: map[string]map[string]bool{},
	}
}

func (h *memHost) attempt(name string, data []byte) {
	if h.attempts[name] == nil {
		h.attempts[name] = map[string]bool{}
	}
	h.attempts[name][string(data)] = true
}

func (h *memHost) tick() {
	today := h.now()
	h.opened[today] = true
	// The host runs on through the days that the world jumps over.
	for d := range maps.Clone(h.opened) {
		for x := d; x < today; x++ {
			h.opened[x] = true
		}
	}
}

func (h *memHost) Days(context.Context) ([]cell.Day, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down != nil {
		return nil, h.down
	}
	h.tick()
	var out []cell.Day
	for d := range h.opened {
		if d < h.now() && !h.acked[d] {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (h *memHost) ReadDay(_ context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.acked[day] || day >= h.now() {
		return relay.ErrNotFound
	}
	for _, c := range h.days[day] {
		if err := yield(c); err != nil {
			return err
		}
	}
	return h.down
}

func (h *memHost) AckDay(_ context.Context, day cell.Day) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked[day] = true
	delete(h.days, day)
	return h.down
}

func (h *memHost) PutObject(_ context.Context, name string, data []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down != nil {
		return h.down
	}
	h.attempt(name, data)
	if old, ok := h.objects[name]; ok && !bytes.Equal(old, data) {
		return relay.ErrConflict
	}
	h.objects[name] = bytes.Clone(data)
	return nil
}

func (h *memHost) GetObject(_ context.Context, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if data, ok := h.objects[name]; ok {
		return bytes.Clone(data), h.down
	}
	return nil, relay.ErrNotFound
}

func (h *memHost) ListObjects(_ context.Context, prefix string) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for name := range h.objects {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, h.down
}

func (h *memHost) PutNow(_ context.Context, n *cell.Now) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down != nil {
		return h.down
	}
	raw, err := n.Marshal()
	if err != nil {
		return err
	}
	h.attempt("now/"+strconv.FormatUint(n.Serial, 10), raw)
	if h.current != nil {
		old, _ := h.current.Marshal()
		if n.Serial < h.current.Serial || n.Serial == h.current.Serial && !bytes.Equal(raw, old) {
			return relay.ErrConflict
		}
	}
	h.current, err = cell.ParseNow(raw)
	return err
}

func (h *memHost) CurrentNow(context.Context) (*cell.Now, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == nil {
		return nil, relay.ErrNotFound
	}
	return h.current, h.down
}

// post is what a visitor does.
func (h *memHost) post(c *cell.Cell) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tick()
	for _, e := range h.current.Epochs {
		if e.Epoch == c.Epoch() && c.Stamped(e.D) {
			cp := *c
			h.days[h.now()] = append(h.days[h.now()], &cp)
			return true
		}
	}
	return false
}

// A world is a newsroom around one sift: the people who sign, a desk's device, an inbox.
type world struct {
	t      testing.TB
	clock  time.Time
	id     seal.NewsroomID
	sifts  []seal.VerifyKey // that root notes have named
	root   *seal.SigningKey
	desk   *seal.SigningKey
	inbox  seal.HPKESeed
	device *age.HybridIdentity
	unlock Unlock
	cfg    Config
	token  string
	serial uint64 // of the notes that people sign
	next   uint64 // of letters
	post   func(*cell.Cell) bool
	host   Host // as the desk sees it
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, clock: firstDay.Time(), token: "token"}
	w.root, w.desk = must(seal.NewSigningKey(seal.RoleRoot, rand.Reader)), must(seal.NewSigningKey(seal.RoleDesk, rand.Reader))
	w.inbox, w.device = must(seal.NewHPKESeed(rand.Reader)), must(age.GenerateHybridIdentity())
	w.id = seal.NewNewsroomID(w.root.Public())
	w.unlock = must(KeyFile(must(NewKeyFile())))
	w.cfg = Config{
		Newsroom: w.id, Batch: 8, Slots: 16, Desks: 2, Workers: 2, Rand: rand.Reader,
	}
	w.cfg.Now = w.now
	return w
}

// begun is a sift in this process alone that has published its first day at a host in memory, and
// its folder.
func begun(t testing.TB) (w *world, h *memHost, dir string, s *Sift) {
	t.Helper()
	w = newWorld(t)
	h = w.withMemHost()
	w.cfg.Isolation = InProcess
	dir = t.TempDir()
	s = w.create(dir)
	w.day(s)
	return w, h, dir, s
}

// withMemHost plays the host in memory.
func (w *world) withMemHost() *memHost {
	h := newMemHost(w.today)
	w.host, w.post = h, h.post
	w.cfg.Connect = func(string) (Host, error) { return h, nil }
	return h
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) now() time.Time { return w.clock }

func (w *world) today() cell.Day { return cell.DayOf(w.clock) }

func (w *world) turn(days int) { w.clock = w.clock.Add(time.Duration(days) * 24 * time.Hour) }

// signNotes lets the editor in chief and a desk sign, and a desk put their notes.
func (w *world) signNotes(sift seal.VerifyKey) {
	w.t.Helper()
	w.serial++
	w.sifts = append(w.sifts, sift)
	today := w.today()
	root := &seal.RootNote{
		Newsroom: w.id, Serial: w.serial, Issued: today, Expires: today + seal.RootLife, Name: "The Test",
		W0: uint32(firstDay) / 7, First: w.root.Public(), SiftKeys: []seal.VerifyKey{sift}, DeskKeys: []seal.VerifyKey{w.desk.Public()},
	}
	desk := &seal.DeskNote{
		Newsroom: w.id, Serial: w.serial, Issued: today, Expires: today + seal.DeskLife,
		Inboxes: []seal.Inbox{{Name: "inbox", Week: cell.WeekOf(today, root.W0), Key: *w.inbox.Public()}},
	}
	devices := &seal.DevicesNote{
		Newsroom: w.id, Serial: w.serial, Issued: today, Expires: today + seal.DevicesLife,
		Devices: []seal.Device{{Name: "desk", Recipient: w.device.Recipient().String()}},
	}
	for kind, raw := range map[string][]byte{
		"root": must(seal.SignRoot(root, w.root)), "desk": must(seal.SignDesk(desk, w.desk)), "devices": must(seal.SignDevices(devices, w.root)),
	} {
		if err := w.host.PutObject(context.Background(), fmt.Sprintf("note/%s/%d", kind, w.serial), raw); err != nil {
			w.t.Fatal(err)
		}
	}
}

// visitorNotes are the notes as a client fetches and verifies them.
func (w *world) visitorNotes() (*seal.Notes, *cell.Now) {
	w.t.Helper()
	now := must(w.host.CurrentNow(context.Background()))
	return must(seal.VerifyNotes(now.Notes, w.id, w.today())), now
}

// sealLetter makes the cell of a letter with a number of its own.
func (w *world) sealLetter() (*cell.Cell, uint64) {
	w.t.Helper()
	n, _ := w.visitorNotes()
	w.next++
	f := cell.FragmentFields{Count: 1, Body: []byte("text")}
	binary.BigEndian.PutUint64(f.Letter[:], w.next)
	epoch, key, d := n.DayKey()
	c := must(seal.SealLetterCell(rand.Reader, w.id, epoch, key, n.InboxKey(n.Week(epoch)), must(f.Marshal(rand.Reader))))
	if err := c.Stamp(d); err != nil {
		w.t.Fatal(err)
	}
	return c, w.next
}

func (w *world) sealCover() *cell.Cell {
	w.t.Helper()
	n, _ := w.visitorNotes()
	epoch, key, d := n.DayKey()
	c := must(seal.SealCoverCell(rand.Reader, w.id, epoch, key, n.InboxKey(n.Week(epoch))))
	if err := c.Stamp(d); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// send posts letters and covers of today; it gives the letters' cells and numbers.
func (w *world) send(letters, covers int) (cells []*cell.Cell, numbers []uint64) {
	w.t.Helper()
	for range letters {
		c, n := w.sealLetter()
		cells, numbers = append(cells, c), append(numbers, n)
		w.mustPost(c)
	}
	for range covers {
		w.mustPost(w.sealCover())
	}
	return cells, numbers
}

func (w *world) mustPost(c *cell.Cell) {
	w.t.Helper()
	if !w.post(c) {
		w.t.Fatal("the host refused a cell")
	}
}

// putParcel is a desk's parcel for tomorrow; it gives its slots.
func (w *world) putParcel(desk uint8) []cell.Slot {
	w.t.Helper()
	p := cell.Parcel{Day: w.today() + 1, Desk: desk}
	for range w.cfg.Slots / w.cfg.Desks {
		p.Slots = append(p.Slots, *must(seal.RandomSlot(rand.Reader)))
	}
	w.put(fmt.Sprintf("parcel/%d/%d/1", p.Day, desk), must(p.Marshal()))
	return p.Slots
}

func (w *world) put(name string, data []byte) {
	w.t.Helper()
	if err := w.host.PutObject(context.Background(), name, data); err != nil {
		w.t.Fatal(err)
	}
}

// delivered opens each batch at the host as the desk's device does, and counts how often
// each letter stands in them. Each batch must have the one size.
func (w *world) delivered() map[uint64]int {
	w.t.Helper()
	out := map[uint64]int{}
	sizes := map[int]int{} // bytes by records: all batches of a size are alike
	opener := seal.NewInboxOpener(w.id, &w.inbox)
	for _, name := range must(w.host.ListObjects(context.Background(), "batch/")) {
		raw := must(w.host.GetObject(context.Background(), name))
		plain := must(io.ReadAll(must(age.Decrypt(bytes.NewReader(raw), w.device))))
		day, recs, err := seal.OpenBatch(w.id, w.sifts, plain)
		if err != nil || batchName(day) != name || len(recs)%w.cfg.Batch != 0 || len(recs) == 0 {
			w.t.Fatalf("%s: day %d with %d records: %v", name, day, len(recs), err)
		}
		if size := sizes[len(recs)]; size != 0 && len(raw) != size {
			w.t.Errorf("%s has %d bytes, others %d", name, len(raw), size)
		}
		sizes[len(recs)] = len(raw)
		for i := range recs {
			f, ok := opener.Open(&recs[i])
			if !ok {
				w.t.Fatalf("%s: record %d does not open: a dummy must", name, i)
			}
			if fields, err := cell.ParseFragment(f); err == nil {
				out[binary.BigEndian.Uint64(fields.Letter[:])]++
			}
		}
	}
	return out
}

// wantOnce wants each numbered letter exactly once, and none besides.
func (w *world) wantOnce(numbers []uint64) {
	w.t.Helper()
	got := w.delivered()
	for _, n := range numbers {
		if got[n] != 1 {
			w.t.Errorf("letter %d stands %d times in the batches, want once", n, got[n])
		}
		delete(got, n)
	}
	if len(got) > 0 {
		w.t.Errorf("letters in batches that were not wanted: %v", got)
	}
}

// create lays out a folder on disk, has its key signed and opens it.
func (w *world) create(dir string) *Sift {
	w.t.Helper()
	w.signNotes(must(Create(dir, w.unlock, CreateOptions{Token: w.token, Rand: rand.Reader})))
	return w.open(dir)
}

func (w *world) open(dir string) *Sift {
	w.t.Helper()
	s, err := Open(dir, w.unlock, w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close() })
	return s
}

// day runs the order of the day, which must leave nothing to do.
func (w *world) day(s *Sift) *Report {
	w.t.Helper()
	r, err := s.Day(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	if !r.Done {
		w.t.Fatalf("not done: %+v", r)
	}
	return r
}
