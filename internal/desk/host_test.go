package desk

import (
	"crypto/rand"
	"net/http/httptest"
	"strings"
	"testing"

	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/store/disk"
)

var _ Host = (*relay.Client)(nil)

// The real host and the one client of it do what the play's host does.
func TestSyncWithTheRealHost(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	store, err := disk.Open(t.TempDir(), disk.Options{Quota: 64, Rand: rand.Reader})
	must(t, err)
	defer store.Close()
	token, err := drop.NewToken(rand.Reader)
	must(t, err)
	var tokens drop.Tokens
	must(t, tokens.Add(drop.RoleDesk, token))
	h, err := drop.New(ctx, drop.Config{Store: store, Now: r.cfg.Now, Tokens: tokens})
	must(t, err)
	srv := httptest.NewServer(h.Handler())
	defer srv.Close()
	client, err := relay.New(srv.URL, relay.Options{Token: token})
	must(t, err)
	defer client.Close()
	r.cfg.Host = client
	r.reopen()
	for range 2 {
		rep, err := r.desk.Sync(ctx)
		must(t, err)
		if rep.Bulletin != 0 || rep.Parcel != r.today+1 {
			t.Errorf("%+v", rep)
		}
	}
	names, err := client.ListObjects(ctx, "")
	must(t, err)
	got := strings.Join(names, " ")
	for _, want := range []string{"note/root/1", "note/devices/1", "note/desk/1", "parcel/20654/0/1", "parcel/20654/0/2"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not at the host: %s", want, got)
		}
	}
	if strings.Contains(got, "note/desk/2") {
		t.Error("a desk note was made anew without need")
	}
}
