package desk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Text that grows in the log beyond what an operation may hold stops nobody: it is kept
// beside the log, whole, and what comes with it and after it is read.
func TestP9PoisonLetterStopsNobody(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	evil := make([]byte, 60000)
	_, _ = rand.Read(evil)
	for i := range evil {
		evil[i] = 1 + evil[i]%8
	}
	r.send(r.conversation(), seal.Letter{Text: evil}, seal.Letter{Text: []byte("honest")})
	if rep := r.send(r.conversation(), seal.Letter{Text: []byte("the day after")}); rep.Letters != 1 {
		t.Errorf("%+v", rep)
	}
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	v, err := r.desk.Thread(ctx, rows[1].ID)
	must(t, err)
	if len(v.Reports) != 2 || !slices.ContainsFunc(v.Reports, func(r ReportView) bool { return r.Text == string(evil) }) {
		t.Error("the long letter is not there whole")
	}
}

// A batch that can't be read holds up no later one.
func TestP9BrokenBatchHoldsUpNoOther(t *testing.T) {
	r := newRoom(t)
	r.sync()
	r.host.objects[fmt.Sprintf("batch/%d", r.today-1)] = []byte("not a batch")
	r.batch(r.today, r.records(r.conversation(), seal.Letter{Text: []byte("하나")})...)
	r.today++
	rep, err := r.desk.Sync(t.Context())
	if err == nil || rep.Letters != 1 {
		t.Errorf("%+v %v", rep, err)
	}
}

// Whoever keeps all parcels of a day sees the same with replies and without: as many tags
// stay from one to the next, and none comes back. What stands under a tag doesn't decide
// whether it leaves.
func TestP12ParcelsOfOneDayTellNothing(t *testing.T) {
	ctx := t.Context()
	left := 0
	for _, replies := range []int{0, 6} {
		r := newRoom(t)
		r.sync()
		var srcs []ID
		for range replies {
			r.batch(r.today-cell.Day(len(srcs))-1, r.records(r.conversation(), seal.Letter{Text: []byte(noiseText(60))})...)
			r.sync()
			rows, err := r.desk.Inbox(ctx)
			must(t, err)
			srcs = append(srcs, rows[0].ID)
		}
		r.today++
		var before map[slotTag]bool
		gone, first := map[slotTag]bool{}, map[slotTag]bool{}
		for n := range 8 {
			if n == 1 {
				for _, src := range srcs {
					_, _, err := r.desk.Reply(ctx, src, "an answer", "x")
					must(t, err)
				}
			}
			r.sync()
			p, err := cell.ParseParcel(r.newest(fmt.Sprintf("parcel/%d/0/", r.today+1)))
			must(t, err)
			now := map[slotTag]bool{}
			stay := 0
			for i := range p.Slots {
				tag := p.Slots[i].Tag()
				now[tag] = true
				if before[tag] {
					stay++
				}
				if gone[tag] {
					t.Errorf("with %d replies a tag comes back", replies)
				}
			}
			if before != nil && stay != 32-churnLeast {
				t.Errorf("with %d replies %d tags stay, want %d", replies, stay, 32-churnLeast)
			}
			for tag := range before {
				if !now[tag] {
					gone[tag] = true
				}
			}
			if n == 0 {
				first = now
			}
			before = now
		}
		for tag := range first {
			if !before[tag] {
				left++
			}
		}
	}
	if left == 0 {
		t.Error("no tag ever leaves")
	}
}

// A host that lists absurd numbers wears out none.
func TestP13HostCannotWearOutNumbers(t *testing.T) {
	r := newRoom(t)
	r.sync()
	for _, name := range []string{"note/desk/9007199254740993", "note/desk/18446744073709551615"} {
		r.host.objects[name] = []byte("x")
	}
	r.today += 9
	r.sync()
	if _, ok := r.host.objects["note/desk/2"]; !ok {
		t.Error("the next number was not taken")
	}
}

// One start with a clock that runs ahead destroys nothing; notes of the day confirm a long
// absence, and so does a person.
func TestClockAheadDestroysNothing(t *testing.T) {
	r := newRoom(t)
	r.cfg.DateIsRight = false
	r.reopen()
	r.sync()
	recs := r.records(r.conversation(), seal.Letter{Text: []byte("hello")})
	r.today += 365
	r.reopen()
	if v, err := r.desk.Newsroom(t.Context()); err != nil || !v.ClockDoubted {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := r.desk.Sync(t.Context()); !errors.Is(err, ErrClock) {
		t.Errorf("%v", err)
	}
	r.today -= 365
	r.reopen()
	r.batch(r.today-1, recs...)
	if rep := r.sync(); rep.Letters != 1 {
		t.Errorf("after one start with a clock a year ahead: %+v", rep)
	}
	// Notes that are valid on that day confirm it.
	r.today += maxAway + 1
	r.publish()
	r.reopen()
	r.sync()
	if v, err := r.desk.Newsroom(t.Context()); err != nil || v.ClockDoubted {
		t.Errorf("%+v %v", v, err)
	}
	r.today += 40
	r.cfg.DateIsRight = true
	r.reopen()
	boxes, err := r.desk.inboxes()
	must(t, err)
	if len(boxes) != 2 {
		t.Errorf("%d inbox keys live after a person's word", len(boxes))
	}
}

// Inbox keys in force that this desk does not hold are reported.
func TestAnotherDesksKeysAreNoticed(t *testing.T) {
	r := newRoom(t)
	r.sync()
	other, err := seal.NewHPKESeed(rand.Reader)
	must(t, err)
	key, err := r.desk.signingKey()
	must(t, err)
	raw, err := seal.SignDesk(&seal.DeskNote{
		Newsroom: r.nid, Serial: 50, Issued: r.today, Expires: r.today + 16,
		Inboxes: []seal.Inbox{{Name: "desk", Week: r.week(), Key: *other.Public()}},
	}, key)
	must(t, err)
	r.host.objects["note/desk/50"] = raw
	r.publish()
	rep, err := r.desk.Sync(t.Context())
	if err == nil || rep.Err == "" || rep.Parcel == 0 {
		t.Errorf("foreign inbox keys are in force, and sync says nothing: %+v", rep)
	}
}
