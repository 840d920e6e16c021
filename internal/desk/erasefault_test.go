package desk

import (
	"bytes"
	"context"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/fault"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// P8: each system call of the sync that destroys a conversation at its source's wish is broken
// in each way. Once the fault is gone all of it is destroyed, with its keys and the parts that
// waited; each claim says once that evidence is gone, the newsroom is told of one conversation,
// and who did not ask is as before.
func TestP8EraseAtTheDeskFailureTable(t *testing.T) {
	fault.TableOf(t, 100, 6, func(t *testing.T, s *fault.Steps) {
		r := newRoom(t)
		r.sync()
		c, other := r.conversation(), r.conversation()
		r.send(c, seal.Letter{Text: []byte("사라질 말")})
		src := r.only()
		claim := r.claimOn(src)
		parts := r.records(c, seal.Letter{Text: []byte(noiseText(4000))})
		r.batch(r.today, append(r.records(other, seal.Letter{Text: []byte("남을 말")}), parts[0])...)
		r.today++
		r.sync()
		asked := r.today
		r.send(c, seal.Letter{Kind: cell.KindErase})
		r.today = asked + EraseDays + 1
		r.quiet()
		if !r.is(src) {
			t.Fatal("destroyed before its day")
		}
		s.Watch(t, r.dir)
		p := &faultPlay{room: r, s: s}
		p.syncs("destroying")
		_ = p.desk.Close() // it may be what breaks
		s.End()
		p.open()
		r.destroyedOnce(src, claim)
		r.sync() // and once more, as every day
		r.destroyedOnce(src, claim)
		must(t, p.desk.Close())
	})
}

func (r *room) destroyedOnce(src, claim ID) {
	t, ctx := r.t, context.Background()
	t.Helper()
	if r.is(src) {
		t.Error("not destroyed")
	}
	room, err := r.desk.Newsroom(ctx)
	must(t, err)
	n := 0
	for _, e := range room.Erased {
		n += e.Threads
	}
	if n != 1 {
		t.Errorf("%d conversations are said to be destroyed: %+v", n, room.Erased)
	}
	cv, err := r.desk.Claim(ctx, claim)
	must(t, err)
	if cv.Rung != ladder.Unsupported || cv.Erased != 1 || len(cv.Evidence) != 1 || !cv.Evidence[0].Erased {
		t.Errorf("the claim: %+v", cv)
	}
	for prefix, want := range map[string]int{secretThread: 1, secretPending: 0} {
		if list, err := r.desk.v.ListSecrets(prefix); err != nil || len(list) != want {
			t.Errorf("%d secrets under %s, want %d: %v", len(list), prefix, want, err)
		}
	}
	if rows, err := r.desk.Inbox(ctx); err != nil || len(rows) != 1 || rows[0].Snippet != "남을 말" {
		t.Errorf("who did not ask: %+v, %v", rows, err)
	}
	for op, err := range r.desk.v.Ops(ctx, vault.Position{}) {
		must(t, err)
		if bytes.Contains(op.Content, []byte("사라질 말")) {
			t.Errorf("%s still holds the words", op.Kind)
		}
	}
	if _, err := r.desk.v.Verify(ctx, nil); err != nil {
		t.Error(err)
	}
}
