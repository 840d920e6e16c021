package growth

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/sift"
	"kkachi/internal/store/disk"
)

// A sift runs this program again for each day key.
func TestMain(m *testing.M) {
	if sift.Child(os.Args[1:], rand.Reader) {
		return
	}
	os.Exit(m.Run())
}

const first cell.Day = 20000

// A newsroom is a real host on a disk, a real sift, and the keys of those who sign.
type newsroom struct {
	t     testing.TB
	day   atomic.Uint32
	files *disk.Store
	host  *drop.Host
	desk  *relay.Client
	sift  *sift.Sift
	id    seal.NewsroomID

	sealed atomic.Int64
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (n *newsroom) now() time.Time { return cell.Day(n.day.Load()).Time().Add(time.Hour) }

// begin lays out a newsroom whose days hold quota cells, with a bulletin of so many slots, and
// publishes the first day.
func begin(t testing.TB, quota, slots int) *newsroom {
	t.Helper()
	n := &newsroom{t: t}
	n.day.Store(uint32(first))
	n.files = must(disk.Open(t.TempDir(), disk.Options{Quota: quota, Rand: rand.Reader}))
	siftToken, deskToken := must(drop.NewToken(rand.Reader)), must(drop.NewToken(rand.Reader))
	var tokens drop.Tokens
	n.check(tokens.Add(drop.RoleSift, siftToken))
	n.check(tokens.Add(drop.RoleDesk, deskToken))
	ctx, cancel := context.WithCancel(context.Background())
	n.host = must(drop.New(ctx, drop.Config{Store: n.files, Now: n.now, Tokens: tokens}))
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	ended := make(chan error, 1)
	go func() { ended <- n.host.Serve(ctx, ln) }()
	client := func(token string) *relay.Client {
		c := must(relay.New("http://"+ln.Addr().String(), relay.Options{Token: token}))
		t.Cleanup(c.Close)
		return c
	}
	t.Cleanup(func() {
		cancel()
		n.check(<-ended)
		n.check(n.files.Close())
	})
	n.desk = client(deskToken)

	root := must(seal.NewSigningKey(seal.RoleRoot, rand.Reader))
	n.id = seal.NewNewsroomID(root.Public())
	unlock := must(sift.KeyFile(must(sift.NewKeyFile())))
	dir := filepath.Join(t.TempDir(), "sift")
	public := must(sift.Create(dir, unlock, sift.CreateOptions{Token: siftToken, Rand: rand.Reader}))
	n.sign(root, public)
	n.sift = must(sift.Open(dir, unlock, sift.Config{
		Newsroom: n.id, Slots: slots, Now: n.now, Rand: rand.Reader,
		Connect: func(token string) (sift.Host, error) { return client(token), nil },
	}))
	t.Cleanup(func() { n.sift.Close() })
	n.turn(0)
	return n
}

func (n *newsroom) check(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Error(err)
	}
}

// sign puts the notes of people at the host.
func (n *newsroom) sign(root *seal.SigningKey, public seal.VerifyKey) {
	desk := must(seal.NewSigningKey(seal.RoleDesk, rand.Reader))
	inbox, device := must(seal.NewHPKESeed(rand.Reader)), must(age.GenerateHybridIdentity())
	w0 := uint32(first) / 7
	for kind, raw := range map[string][]byte{
		"root": must(seal.SignRoot(&seal.RootNote{
			Newsroom: n.id, Serial: 1, Issued: first, Expires: first + seal.RootLife, Name: "Growth", W0: w0, First: root.Public(),
			SiftKeys: []seal.VerifyKey{public}, DeskKeys: []seal.VerifyKey{desk.Public()},
		}, root)),
		"desk": must(seal.SignDesk(&seal.DeskNote{
			Newsroom: n.id, Serial: 1, Issued: first, Expires: first + seal.DeskLife,
			Inboxes: []seal.Inbox{{Name: "inbox", Week: cell.WeekOf(first, w0), Key: *inbox.Public()}},
		}, desk)),
		"devices": must(seal.SignDevices(&seal.DevicesNote{
			Newsroom: n.id, Serial: 1, Issued: first, Expires: first + seal.DevicesLife,
			Devices: []seal.Device{{Name: "desk", Recipient: device.Recipient().String()}},
		}, root)),
	} {
		n.check(n.desk.PutObject(n.t.Context(), "note/"+kind+"/1", raw))
	}
}

// turn lets days pass and gives what the sift then did, and how long its order of the day took.
func (n *newsroom) turn(days uint32) (*sift.Report, cost) {
	n.t.Helper()
	n.day.Add(days)
	n.check(n.host.Tick(n.t.Context()))
	var r *sift.Report
	took := timed(n.t, func() (err error) {
		r, err = n.sift.Day(n.t.Context())
		return err
	})
	if !r.Done {
		n.t.Fatalf("the order of the day: %+v", r)
	}
	n.check(n.host.Tick(n.t.Context()))
	return r, took
}

// seal fills the list with cells of today, on all processors; one in a hundred is a letter.
func (n *newsroom) seal(cells []*cell.Cell) {
	raw := must(n.desk.Notes(n.t.Context()))
	notes := must(seal.VerifyNotes(raw, n.id, cell.Day(n.day.Load())))
	today := &notes.Sift.Days[0]
	inbox := notes.InboxKey(notes.Week(today.Day))
	eachOf(len(cells), runtime.GOMAXPROCS(0), func(i int) {
		if n.sealed.Add(1)%100 != 1 {
			cells[i] = must(seal.SealCoverCell(rand.Reader, n.id, today.Day, &today.Key, inbox))
			return
		}
		f := cell.FragmentFields{Count: 1, Body: []byte("text")}
		cells[i] = must(seal.SealLetterCell(rand.Reader, n.id, today.Day, &today.Key, inbox, must(f.Marshal(rand.Reader))))
	})
}

// eachOf does n things with so many workers.
func eachOf(n, workers int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
