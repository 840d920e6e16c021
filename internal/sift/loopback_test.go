package sift

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
	storedisk "kkachi/internal/store/disk"
)

// withRealHost plays a real host: files on disk, HTTP over loopback, sift's own token. The
// desk's part is played with a desk's token.
func (w *world) withRealHost() {
	w.withHostBehind(func(r http.RoundTripper) http.RoundTripper { return r }, nil)
}

// withHostBehind is withRealHost with something between sift and the network. pause is what
// sift's client does between two tries.
func (w *world) withHostBehind(between func(http.RoundTripper) http.RoundTripper, pause func(context.Context, time.Duration) error) {
	t := w.t
	ctx, cancel := context.WithCancel(context.Background())
	files := must(storedisk.Open(t.TempDir(), storedisk.Options{Quota: 256, Rand: rand.Reader}))
	siftToken, deskToken := must(drop.NewToken(rand.Reader)), must(drop.NewToken(rand.Reader))
	var tokens drop.Tokens
	for token, role := range map[string]drop.Role{siftToken: drop.RoleSift, deskToken: drop.RoleDesk} {
		if err := tokens.Add(role, token); err != nil {
			t.Fatal(err)
		}
	}
	host := must(drop.New(ctx, drop.Config{Store: files, Now: w.now, Tokens: tokens}))
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	ended := make(chan error, 1)
	go func() { ended <- host.Serve(ctx, ln) }()
	base := "http://" + ln.Addr().String()
	transport := &http.Transport{}
	client := func(token string) *relay.Client {
		return must(relay.New(base, relay.Options{Token: token, Transport: transport}))
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	visitor := client("")
	w.post = func(c *cell.Cell) bool { return visitor.PostCell(ctx, c) == nil }
	w.cfg.Connect = func(token string) (Host, error) {
		if token != siftToken {
			t.Errorf("token %q, want that of Create", token)
		}
		return must(relay.New(base, relay.Options{Token: token, Transport: between(transport), Sleep: pause})), nil
	}
	w.host = client(deskToken)
	w.token = siftToken
}

// Six days over the real host: the order of the day, replays, a sift that was off for a
// week, and one that was off within.
func TestSixDaysOverLoopback(t *testing.T) {
	w := newWorld(t)
	w.withRealHost()
	dir := t.TempDir()
	s := w.create(dir)
	var all []uint64
	var old []*cell.Cell
	var parcel []cell.Slot
	for i := range 6 {
		if i == 3 {
			s.Close()
			s = w.open(dir)
		}
		r := w.day(s)
		if r.Serial != uint64(i+1) || i > 0 && (len(r.Arrivals) != 1 || len(r.Acknowledged) != 1) {
			t.Errorf("day %d: %+v", i, r)
		}
		if got := w.bulletinSlots(parcel); got != len(parcel) {
			t.Errorf("day %d: %d of %d slots are in the bulletin", i, got, len(parcel))
		}
		w.wantOnce(all)
		for _, c := range old {
			w.post(c)
		}
		cells, numbers := w.send(3, 4)
		w.mustPost(cells[0])
		old, all = append(old, cells...), append(all, numbers...)
		parcel = append(w.putParcel(0), w.putParcel(1)...)
		w.turn(1)
	}
	w.day(s)
	w.wantOnce(all)
	w.turn(7)
	if r := w.day(s); len(r.Keys) != 2 {
		t.Errorf("after a week off: %+v", r)
	}
	_, numbers := w.send(1, 0)
	w.turn(1)
	w.day(s)
	w.wantOnce(append(all, numbers...))
}
