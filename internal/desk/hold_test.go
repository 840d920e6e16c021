package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// hold lets the play's sift put a hold note of a day; nobody else's counts.
func (r *room) hold(day cell.Day, canaries uint32, by *seal.SigningKey) {
	r.t.Helper()
	n, err := seal.SignHold(&seal.HoldNote{Newsroom: r.nid, Day: day, Canaries: canaries}, by)
	must(r.t, err)
	r.host.objects[fmt.Sprintf("%s%d", holdPrefix, day)] = n
}

func (r *room) heldDays() []HoldView {
	r.t.Helper()
	v, err := r.desk.Newsroom(r.t.Context())
	must(r.t, err)
	return v.Held
}

// A held day is shown, two approvers free it with their own passphrases, and the desk puts up
// what sift looks for; whoever signs later changes no byte of it.
func TestTwoApproversFreeADay(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	day := r.today - 1
	free := fmt.Sprintf("%s%d", freePrefix, day)
	r.hold(day, 3, r.sift)
	r.sync()
	if h := r.heldDays(); len(h) != 1 || h[0].Day != day || h[0].Until != day+4 || h[0].Canaries != 3 || h[0].Enough || len(h[0].Signed) != 0 {
		t.Fatalf("%+v", h)
	}
	if err := r.desk.FreeDay(ctx, day, "ayla", []byte("not hers")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if err := r.desk.FreeDay(ctx, day+1, "ayla", pass("ayla")); err == nil {
		t.Error("a day is freed that is not held")
	}
	must(t, r.desk.FreeDay(ctx, day, "ayla", pass("ayla")))
	if err := r.desk.FreeDay(ctx, day, "ayla", pass("ayla")); err == nil {
		t.Error("one person signs twice")
	}
	r.sync()
	if r.host.objects[free] != nil {
		t.Fatal("one approver frees a day")
	}
	r.reopen()
	must(t, r.desk.FreeDay(ctx, day, "boram", pass("boram")))
	if h := r.heldDays(); !h[0].Enough || len(h[0].Signed) != 2 {
		t.Fatalf("%+v", h)
	}
	r.sync()
	devices, _, err := r.desk.devices(r.today)
	must(t, err)
	if n, err := seal.ParseFree(r.host.objects[free], devices); err != nil || n.Day != day {
		t.Fatalf("%+v, %v", n, err)
	}
	first := r.host.objects[free]
	delete(r.host.objects, free) // the host lost it: the same bytes go up again
	r.sync()
	if !bytes.Equal(r.host.objects[free], first) {
		t.Error("put in two forms")
	}
	r.batch(day)
	r.sync()
	if h := r.heldDays(); len(h) != 0 {
		t.Errorf("still held: %+v", h)
	}
}

// A hold that sift has not signed is none, nor one that is over; who left the devices note
// frees nothing any more.
func TestHoldsAreTheSifts(t *testing.T) {
	r := newRoom(t)
	ctx := context.Background()
	other := r.root
	r.hold(r.today-1, 3, seal.SigningKeyFromSeed(seal.RoleSift, other.Seed()))
	if rep, err := r.desk.Sync(ctx); err == nil || rep.Err == "" {
		t.Error("a forged hold goes unsaid")
	}
	if h := r.heldDays(); len(h) != 0 {
		t.Errorf("%+v", h)
	}
	r.hold(r.today-1, 3, r.sift)
	r.hold(r.today-4, 3, r.sift) // its 72 hours are over
	r.host.objects[fmt.Sprintf("%s%d", holdPrefix, r.today-2)] = r.host.objects[fmt.Sprintf("%s%d", holdPrefix, r.today-1)]
	_, _ = r.desk.Sync(ctx)
	if h := r.heldDays(); len(h) != 1 || h[0].Day != r.today-1 {
		t.Errorf("%+v", h)
	}
	must(t, r.desk.FreeDay(ctx, r.today-1, "ayla", pass("ayla")))
	must(t, r.desk.FreeDay(ctx, r.today-1, "boram", pass("boram")))
	r.approvers = r.approvers[:1]
	r.signNotes()
	_, _ = r.desk.Sync(ctx)
	if h := r.heldDays(); len(h) != 1 || h[0].Enough || r.host.objects[fmt.Sprintf("%s%d", freePrefix, r.today-1)] != nil {
		t.Errorf("who has left frees a day: %+v", h)
	}
	r.today += 3
	if h := r.heldDays(); len(h) != 0 {
		t.Errorf("after 72 hours: %+v", h)
	}
}
