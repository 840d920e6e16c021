package desk

import (
	"fmt"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A reply counts as read only where the source can have read it: a bulletin that had no room
// for it beside a later one says nothing of it, and it goes on being sealed until it is read.
func TestP12WhatABulletinLackedWasNotRead(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Text: []byte("하나")})
	src := r.only()
	early, _, err := r.desk.Reply(ctx, src, "먼저 "+strings.Repeat("가", 900), "mina") // three of the thread's four tags
	must(t, err)
	r.sync()
	r.today++
	r.publish()
	r.sync()
	if s := r.states(src); s[early].Progress != InBulletin {
		t.Fatalf("%+v", s)
	}
	late, _, err := r.desk.Reply(ctx, src, "나중 "+strings.Repeat("나", 900), "mina")
	must(t, err)
	r.sync()
	r.today++
	found := c.FindReplies(r.publish(), r.today, w0)
	if len(found) != 1 || found[0].ID != cell.ReplyID(late[:8]) {
		t.Fatalf("the play wants the later reply alone: %+v", found)
	}
	r.sync()
	r.send(c, seal.Letter{Text: []byte("읽었습니다"), LastReply: found[0].ID})
	if s := r.states(src); s[late].Progress != ReadBack || s[early].Progress != InBulletin {
		t.Errorf("the one that was read: %+v; the one that no bulletin of that day held: %+v", s[late], s[early])
	}
	r.rebuildsSame()
	// It is found again, and counts once it is named itself.
	for range 2 {
		r.today++
		found = c.FindReplies(r.publish(), r.today, w0)
		r.sync()
	}
	if len(found) == 0 || found[0].ID != cell.ReplyID(early[:8]) || !found[0].Complete {
		t.Fatalf("lost: %+v", found)
	}
	r.send(c, seal.Letter{Text: []byte("이것도"), LastReply: found[0].ID})
	if s := r.states(src); s[early].Progress != ReadBack {
		t.Errorf("%+v", s[early])
	}
}

// The same where the host or the sift left the earlier one's slots out of what was published.
func TestP12SlotsLeftOutWereNotRead(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Text: []byte("하나")})
	src := r.only()
	early, _, err := r.desk.Reply(ctx, src, "먼저", "mina")
	must(t, err)
	r.sync()
	r.today++
	r.publish()
	r.sync()
	late, _, err := r.desk.Reply(ctx, src, "나중", "mina")
	must(t, err)
	r.sync()
	r.today++
	p, err := cell.ParseParcel(r.newest(fmt.Sprintf("parcel/%d/0/", r.today)))
	must(t, err)
	key := c.Key(r.week())
	var rest []cell.Slot
	for _, s := range p.Slots {
		if plain, ok := openAny(key, r.today, &s); !ok || plain.Reply != cell.ReplyID(early[:8]) {
			rest = append(rest, s)
		}
	}
	if len(rest) != len(p.Slots)-1 {
		t.Fatalf("%d of %d slots are left", len(rest), len(p.Slots))
	}
	r.publishSlots(rest)
	r.sync()
	r.send(c, seal.Letter{Text: []byte("읽었습니다"), LastReply: cell.ReplyID(late[:8])})
	if s := r.states(src); s[late].Progress != ReadBack || s[early].Progress != InBulletin {
		t.Errorf("read: %+v; left out: %+v", s[late], s[early])
	}
}

// Replies that stood together are read together: one letter is enough.
func TestRepliesThatStoodTogetherAreReadTogether(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Text: []byte("하나")})
	src := r.only()
	for _, text := range []string{"먼저", "나중"} {
		_, _, err := r.desk.Reply(ctx, src, text, "mina")
		must(t, err)
	}
	r.sync()
	r.today++
	found := c.FindReplies(r.publish(), r.today, w0)
	r.sync()
	r.send(c, seal.Letter{Text: []byte("읽었습니다"), LastReply: found[len(found)-1].ID})
	for id, s := range r.states(src) {
		if s.Progress != ReadBack {
			t.Errorf("%s: %+v", id, s)
		}
	}
}

// states gives how far each reply to a source has come.
func (r *room) states(src ID) map[ID]ReplyState {
	r.t.Helper()
	v, err := r.desk.Thread(r.t.Context(), src)
	must(r.t, err)
	out := map[ID]ReplyState{}
	for _, p := range v.Replies {
		out[p.ID] = p.State
	}
	return out
}

// openAny opens a slot under whichever tag of a day it stands.
func openAny(key seal.WeekKey, day cell.Day, s *cell.Slot) (*seal.SlotPlain, bool) {
	for i := range uint8(cell.TagsPerDay) {
		if p, ok := seal.OpenSlot(key, day, i, s); ok {
			return p, true
		}
	}
	return nil, false
}

// rebuildsSame wants the projections to be what a rebuild makes of the log.
func (r *room) rebuildsSame() {
	r.t.Helper()
	want := r.whole()
	must(r.t, r.desk.Vault().Rebuild(r.t.Context(), nil))
	if r.whole() != want {
		r.t.Error("rebuilt, the projections differ")
	}
}
