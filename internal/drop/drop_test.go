package drop_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/store"
	"kkachi/internal/store/disk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// first is the day on which the tests begin.
const first cell.Day = 20700

// A stage is a running host, its clock, and a client for each role.
type stage struct {
	t      testing.TB
	dir    string
	host   *drop.Host
	store  store.Store
	base   string
	tokens map[drop.Role]string

	mu  sync.Mutex
	now time.Time

	anyone, sift, desk, press *relay.Client
}

func play(t testing.TB) *stage { return playOn(t, nil) }

// playOn plays on a store made around the one on disk.
func playOn(t testing.TB, around func(store.Store) store.Store) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), now: first.Time().Add(9*time.Hour + 17*time.Minute), tokens: map[drop.Role]string{}}
	d, err := disk.Open(s.dir, disk.Options{Quota: 64, Rand: rand.Reader})
	s.must(err)
	t.Cleanup(func() { s.must(d.Close()) })
	s.store = d
	if around != nil {
		s.store = around(d)
	}
	var tokens drop.Tokens
	for _, role := range []drop.Role{drop.RoleSift, drop.RoleDesk, drop.RolePress} {
		s.tokens[role], err = drop.NewToken(rand.Reader)
		s.must(err)
		s.must(tokens.Add(role, s.tokens[role]))
	}
	tokens, err = drop.ParseTokens(tokens.Marshal())
	s.must(err)
	s.host, err = drop.New(t.Context(), drop.Config{
		Store: s.store, Now: s.clock, Tokens: tokens,
		Rand: rand.Reader, Sleep: func(context.Context, time.Duration) error { return nil },
	})
	s.must(err)
	s.base = "http://" + serve(t, s.host)
	s.anyone, s.sift = s.client(""), s.client(s.tokens[drop.RoleSift])
	s.desk, s.press = s.client(s.tokens[drop.RoleDesk]), s.client(s.tokens[drop.RolePress])
	return s
}

func serve(t testing.TB, h *drop.Host) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- h.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func (s *stage) client(token string) *relay.Client {
	c, err := relay.New(s.base, relay.Options{Token: token, Sleep: func(context.Context, time.Duration) error { return nil }})
	s.must(err)
	s.t.Cleanup(c.Close)
	return c
}

func (s *stage) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) set(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// newNow is a Now of a day: yesterday's, today's and tomorrow's epoch.
func newNow(day cell.Day, d uint8) *cell.Now {
	slots := make([]cell.Slot, cell.DefaultSlots)
	for i := range slots {
		binary.BigEndian.PutUint32(slots[i][:], uint32(i))
		binary.BigEndian.PutUint32(slots[i][20:], uint32(day))
	}
	b, err := cell.NewBulletin(slots)
	if err != nil {
		panic(err)
	}
	return &cell.Now{
		Serial: uint64(day), Notes: fmt.Appendf(nil, "notes of %d\n", day), Bulletin: b,
		Epochs: []cell.EpochDifficulty{{Epoch: day - 1, D: d}, {Epoch: day, D: d}, {Epoch: day + 1, D: d}},
	}
}

// newCell is a cell of an epoch, random after it.
func newCell(epoch cell.Day) *cell.Cell {
	c := new(cell.Cell)
	rand.Read(c[:])
	binary.BigEndian.PutUint32(c[:], uint32(epoch))
	return c
}

// An answer is all that a client sees.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprint(a.status, a.header, a.body) }

// ask sends one request on a connection of its own.
func (s *stage) ask(method, path string, header http.Header, body io.Reader) answer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.base+path, body)
	s.must(err)
	if header != nil {
		r.Header = header
	}
	r.Close = true
	res, err := http.DefaultTransport.RoundTrip(r)
	s.must(err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	s.must(err)
	return answer{res.StatusCode, res.Header, string(data)}
}

func (s *stage) as(role drop.Role) http.Header {
	return http.Header{"Authorization": {"Bearer " + s.tokens[role]}}
}

func manifest(serial uint64, files map[string]string) []byte {
	var list strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		data := files[path]
		fmt.Fprintf(&list, "file %x %d %s\n", sha256.Sum256([]byte(data)), len(data), path)
	}
	return fmt.Appendf(nil, "kkachi/1 site note\nnewsroom 00\nserial %d\nday 1\nfiles %d %x\n\n— sig\n\n%s",
		serial, len(files), sha256.Sum256([]byte(list.String())), list.String())
}

func (s *stage) publish(serial uint64, files map[string]string) error {
	s.t.Helper()
	for _, data := range files {
		s.must(s.press.PutObject(s.t.Context(), fmt.Sprintf("site/%x", sha256.Sum256([]byte(data))), []byte(data)))
	}
	return s.press.PutSite(s.t.Context(), serial, manifest(serial, files))
}

func (s *stage) readDay(day cell.Day) []cell.Cell {
	s.t.Helper()
	var out []cell.Cell
	s.must(s.sift.ReadDay(s.t.Context(), day, func(c *cell.Cell) error {
		out = append(out, *c)
		return nil
	}))
	return out
}

// The ring of the host: put now, post, read the closed day, acknowledge; batch and parcel.
func TestDayFromCellToAcknowledgement(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	now := newNow(first, 4)
	s.must(s.sift.PutNow(ctx, now))
	if notes, err := s.anyone.Notes(ctx); err != nil || !bytes.Equal(notes, now.Notes) {
		t.Fatalf("notes %q, %v", notes, err)
	}
	if b, err := s.anyone.Bulletin(ctx); err != nil || !bytes.Equal(b, now.Bulletin) {
		t.Fatalf("bulletin of %d bytes, %v", len(b), err)
	}
	sent := map[cell.Cell]bool{}
	for range 20 {
		c := newCell(first)
		s.must(c.Stamp(4))
		s.must(s.anyone.PostCell(ctx, c))
		sent[*c] = true
	}
	days, err := s.sift.Days(ctx)
	s.must(err)
	if len(days) != 0 {
		t.Fatalf("days %v before midnight", days)
	}
	if err := s.sift.ReadDay(ctx, first, nil); err == nil {
		t.Fatal("an open day was handed out")
	}
	s.set((first + 1).Time())
	days, err = s.sift.Days(ctx)
	s.must(err)
	if len(days) != 1 || days[0] != first {
		t.Fatalf("days %v after midnight", days)
	}
	got := s.readDay(first)
	for _, c := range got {
		if !sent[c] {
			t.Fatal("a cell that nobody sent")
		}
	}
	if len(got) != 20 {
		t.Fatalf("%d cells", len(got))
	}
	s.must(s.sift.PutObject(ctx, "batch/20700", []byte("batch")))
	s.must(s.sift.AckDay(ctx, first))
	s.must(s.sift.AckDay(ctx, first))
	if days, err := s.sift.Days(ctx); err != nil || len(days) != 0 {
		t.Fatalf("days %v, %v after the acknowledgement", days, err)
	}
	if data, err := s.desk.GetObject(ctx, "batch/20700"); err != nil || string(data) != "batch" {
		t.Fatalf("batch %q, %v", data, err)
	}
	s.must(s.desk.PutObject(ctx, "parcel/20702/0/1", []byte("parcel")))
	names, err := s.sift.ListObjects(ctx, "parcel/20702/")
	s.must(err)
	if len(names) != 1 || names[0] != "parcel/20702/0/1" {
		t.Fatalf("parcels %v", names)
	}
	if back, err := s.desk.CurrentNow(ctx); err != nil || back.Serial != now.Serial {
		t.Fatalf("current now: %v", err)
	}
}

// What the host answers is what its store holds, also after it was started anew.
func TestHostStartedAnew(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	s.must(s.publish(3, map[string]string{"index.html": "<p>site", "long.html": strings.Repeat("magpie ", 200)}))
	again, err := drop.New(t.Context(), drop.Config{Store: s.store, Now: s.clock})
	s.must(err)
	s.base = "http://" + serve(t, again)
	if a := s.ask("GET", "/d", nil, nil); a.body != "notes of 20700\n" {
		t.Errorf("notes: %v", a)
	}
	if a := s.ask("GET", "/", nil, nil); a.body != "<p>site" {
		t.Errorf("site: %v", a)
	}
	if a := s.ask("GET", "/long.html", http.Header{"Accept-Encoding": {"gzip"}}, nil); a.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("a text of the site is sent as it is: %v", a.header)
	}
	if a := s.ask("GET", "/s/days", s.as(drop.RoleSift), nil); a.status != 404 {
		t.Errorf("a host without tokens let somebody in: %v", a)
	}
}
