package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/vault"
)

// newLoneDesk is a newsroom of which only the desk runs, its vault under a key file: it is killed often,
// and a passphrase's stretching at each start would show nothing.
func newLoneDesk(t *testing.T) *killRing {
	t.Helper()
	args, dir, _ := emptyNewsroom(t)
	clock, key := filepath.Join(filepath.Dir(dir), "clock"), filepath.Join(filepath.Dir(dir), "key")
	r := &killRing{t: t, dir: dir, clock: clock, books: newBooks()}
	r.at(cell.DayOf(time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)), 13, 0)
	r.check(vault.NewKeyFile(key, testWorld(t.Context(), "").rand))
	k, err := vault.KeyFile(key)
	r.check(err)
	folder := filepath.Join(dir, "desk")
	for _, name := range []string{"vault.toml", "log.db", "keys.db", "view.db"} {
		r.check(os.RemoveAll(filepath.Join(folder, name)))
	}
	w := testWorld(t.Context(), clock)
	_, err = desk.Create(t.Context(), desk.Config{Dir: folder, Key: k, Now: w.now, Rand: w.rand})
	r.check(err)
	args = append(args[:len(args)-2], "--key-file", key)
	r.desk = newRole("desk", clock, func(line string) bool { return strings.HasPrefix(line, "http") }, args...)
	return r
}

// A desk that is killed again and again, at whatever moment, while a journalist works: what is typed is
// kept, notes and claims and translations are saved. Nothing that a page showed as saved is lost, drafts
// included, and nothing is saved twice.
func TestP8KilledWhileAJournalistWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	const kills = 50 // beside those that the ring's tests make while somebody works
	r := newLoneDesk(t)
	r.desk.run(t)
	r.desk.await(t)
	for n := range 3 {
		began := time.Now()
		r.call(n)
		r.took = max(r.took, time.Since(began))
	}
	r.interrupt(kills * rounds(t))
	r.desk.await(t)
	r.judgeDesk()
	n := r.desk.killed()
	t.Logf("%d kills, %s a call; %d notes, %d claims, %d translations", n, r.took, len(r.saved), len(r.claims), len(r.translations))
	if n < kills || len(r.saved) < 4 {
		t.Errorf("%d kills, %d notes", n, len(r.saved))
	}
}
