package desk

import (
	"crypto/rand"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// A thread of which one part came and nothing whole leaves the desk after 28 days: its row, its
// handle, its keys and its content; the log stays good. Those that wait still, that became
// whole, that somebody has dealt with or blocked, stay.
func TestP9ThreadsThatComeToNothingGo(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	first := func(n int) []*cell.Fragment { // first parts of letters that never follow
		junk := r.junk(n, func(int) string { return "part" })
		for i, f := range junk {
			f[4], f[6], f[7] = 64, byte(cell.BodySize>>8), byte(cell.BodySize&0xff)
			f[58+i%8] ^= 1
			_, _ = rand.Read(f[10:26])
		}
		return junk
	}
	whole := r.conversation()
	r.send(whole, seal.Letter{Text: []byte("whole")})
	r.today++
	r.pour(r.today, first(20))
	var ids []ID
	rows, err := r.desk.v.View().Query(ctx, `SELECT source FROM thread WHERE box = ? ORDER BY source`, boxEmpty)
	must(t, err)
	ids, err = collect(rows, func(id *ID) []any { return []any{id} })
	must(t, err)
	if len(ids) != 20 {
		t.Fatalf("%d threads wait for parts", len(ids))
	}
	_, err = r.desk.SetSheet(ctx, ids[0], Sheet{Note: "known from a call"})
	must(t, err)
	_, err = r.desk.Block(ctx, ids[1], "mina")
	must(t, err)
	count := func() (n int) {
		t.Helper()
		must(t, r.desk.v.View().QueryRow(ctx, `SELECT count(*) FROM source`).Scan(&n))
		return n
	}
	began := r.today
	turn := func(to cell.Day) {
		for r.today < to {
			r.today++
			if (r.today-began)%10 == 0 {
				r.signNotes()
			}
			r.sync()
		}
	}
	turn(began + PendingDays)
	if n := count(); n != 21 {
		t.Fatalf("%d sources on the last day on which the parts may wait", n)
	}
	r.pour(r.today, first(3)) // others begin to wait
	turn(began + PendingDays + 1)
	if n := count(); n != 1+2+3 {
		t.Errorf("%d sources stay, want the whole one, the two that were dealt with, and three that wait", n)
	}
	for _, id := range ids[2:] {
		if _, err := r.desk.v.Secret(secretThread + id.String()); err == nil {
			t.Error("a weekly key is left")
		}
	}
	r.reopen()
	if n := count(); n != 6 {
		t.Errorf("%d sources after opening again", n)
	}
	rep, err := r.desk.v.Verify(ctx, nil)
	if err != nil {
		t.Errorf("the log: %v %+v", err, rep)
	}
	erased := 0
	for op, err := range r.desk.v.History(ctx, vault.Thing(ids[2])) {
		must(t, err)
		if op.Kind == opSource && (!op.Erased || op.Content != nil) {
			t.Error("the content of a thread that came to nothing can be read")
		}
		erased++
	}
	if erased == 0 {
		t.Error("the test looks at nothing")
	}
}
