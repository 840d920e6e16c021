package source

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

const today cell.Day = 20000

// A newsroom is a host with notes and a bulletin, and the keys to open what it was sent.
type newsroom struct {
	t      testing.TB
	id     seal.NewsroomID
	w0     uint32
	first  cell.Day // on which days[0] is the day key
	days   [2]seal.HPKESeed
	inbox  seal.HPKESeed
	root   *seal.SigningKey
	desk   *seal.SigningKey
	sift   *seal.SigningKey
	notes  []byte
	slots  []cell.Slot
	refuse func(n int) bool // whether the nth cell is refused, from 0

	mu    sync.Mutex
	calls []string
	cells []*cell.Cell
}

func newNewsroom(t testing.TB, now cell.Day) *newsroom {
	n := &newsroom{t: t, w0: uint32(now)/7 - 3}
	var err error
	for _, s := range []*seal.HPKESeed{&n.days[0], &n.days[1], &n.inbox} {
		if *s, err = seal.NewHPKESeed(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range []struct {
		role seal.Role
		key  **seal.SigningKey
	}{{seal.RoleRoot, &n.root}, {seal.RoleDesk, &n.desk}, {seal.RoleSift, &n.sift}} {
		if *k.key, err = seal.NewSigningKey(k.role, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	n.id = seal.NewNewsroomID(n.root.Public())
	for len(n.slots) < cell.DefaultSlots {
		s, err := seal.RandomSlot(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		n.slots = append(n.slots, *s)
	}
	n.sign(now)
	return n
}

func (n *newsroom) bulletin() cell.Bulletin {
	b, err := cell.NewBulletin(n.slots)
	if err != nil {
		n.t.Fatal(err)
	}
	return b
}

// sign makes the three notes as of day now.
func (n *newsroom) sign(now cell.Day) {
	n.t.Helper()
	n.first = now
	must := func(b []byte, err error) []byte {
		n.t.Helper()
		if err != nil {
			n.t.Fatal(err)
		}
		return b
	}
	root := must(seal.SignRoot(&seal.RootNote{
		Newsroom: n.id, Serial: 1, Issued: now, Expires: now + seal.RootLife, Name: "Test", W0: n.w0, First: n.root.Public(),
		SiftKeys: []seal.VerifyKey{n.sift.Public()}, DeskKeys: []seal.VerifyKey{n.desk.Public()},
	}, n.root))
	week := cell.WeekOf(now, n.w0)
	desk := must(seal.SignDesk(&seal.DeskNote{
		Newsroom: n.id, Serial: 1, Issued: now, Expires: now + seal.DeskLife,
		Inboxes: []seal.Inbox{{Name: "desk", Week: week, Key: *n.inbox.Public()}},
	}, n.desk))
	sift := must(seal.SignSift(&seal.SiftNote{
		Newsroom: n.id, Serial: 1, Issued: now, Expires: now + seal.SiftLife, Root: seal.HashNote(root), Desk: seal.HashNote(desk),
		Days:  []seal.DayKey{{Day: now, Key: *n.days[0].Public()}, {Day: now + 1, Key: *n.days[1].Public()}},
		Batch: cell.DefaultBatch, Slots: uint32(len(n.slots)), Bulletins: []seal.BulletinHash{{Day: now, Hash: n.bulletin().Hash()}},
	}, n.sift))
	n.notes = must(seal.JoinNotes(root, desk, sift))
}

func (n *newsroom) call(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls = append(n.calls, what)
}

func (n *newsroom) Notes(context.Context) ([]byte, error) { n.call("GET /d"); return n.notes, nil }
func (n *newsroom) Bulletin(context.Context) ([]byte, error) {
	n.call("GET /r")
	return n.bulletin(), nil
}

func (n *newsroom) PostCell(_ context.Context, c *cell.Cell) error {
	n.call("POST /c")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cells = append(n.cells, c)
	if n.refuse != nil && n.refuse(len(n.cells)-1) {
		return errors.New("refused")
	}
	return nil
}

// opened are the fields of all pieces of letters within cells.
func (n *newsroom) opened(cells []*cell.Cell) (out []*cell.FragmentFields) {
	n.t.Helper()
	for _, c := range cells {
		o := seal.NewDayOpener(n.id, c.Epoch(), &n.days[c.Epoch()-n.first])
		flag, rec, ok := o.Open(c)
		if !ok {
			n.t.Fatal("a cell does not open under the day key")
		}
		f, ok := seal.OpenRecord(n.id, &n.inbox, rec)
		if !ok {
			n.t.Fatal("a record does not open under the inbox key")
		}
		fields, err := cell.ParseFragment(f)
		switch {
		case flag == seal.FlagCover && errors.Is(err, cell.ErrCover):
		case flag == seal.FlagLetter && err == nil:
			out = append(out, fields)
		default:
			n.t.Fatalf("flag %d with fragment: %v", flag, err)
		}
	}
	return out
}

// A sitting is a Client with a clock and pauses that the test sees.
type sitting struct {
	*newsroom
	now    cell.Day
	mu     sync.Mutex
	pauses []time.Duration
}

func (s *sitting) config() Config {
	return Config{
		Newsroom: s.id, Host: s.newsroom, Rand: rand.Reader,
		Now: func() time.Time { return s.now.Time().Add(13 * time.Hour) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pauses = append(s.pauses, d)
			return ctx.Err()
		},
	}
}

func (s *sitting) open() *Client {
	s.t.Helper()
	c, err := Open(context.Background(), s.config())
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}
