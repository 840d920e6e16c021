package seal

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
)

func TestRepliesAreFoundOnEachOfFourteenDays(t *testing.T) {
	c := conversationOf("replies")
	for back := range cell.Day(20) {
		day := day0 - back
		slots := sealReply(t, "found", c.Key(cell.WeekOf(day, w0)), day, 15, &Reply{ID: cell.ReplyID{1}, Body: []byte("예")})
		got := c.FindReplies(fillBulletin(t, "found", cell.MinSlots, slots), day0, w0)
		if want := back < cell.BulletinDays; (len(got) == 1) != want {
			t.Errorf("sealed %d days back, found: %v", back, !want)
		} else if want && (got[0].Day != day || !got[0].Complete || string(got[0].Body) != "예") {
			t.Errorf("%+v", got[0])
		}
	}
	tomorrow := sealReply(t, "tomorrow", c.Key(cell.WeekOf(day0+1, w0)), day0+1, 0, &Reply{ID: cell.ReplyID{1}})
	if got := c.FindReplies(fillBulletin(t, "t", cell.MinSlots, tomorrow), day0, w0); len(got) != 0 {
		t.Error("a reply of tomorrow is found today")
	}
}

// Sealed anew each day, in several slots, over several days, in any order: one reply.
func TestRepliesJoin(t *testing.T) {
	c := conversationOf("joined")
	key := func(d cell.Day) WeekKey { return c.Key(cell.WeekOf(d, w0)) }
	rapid.Check(t, func(rt *rapid.T) {
		body := noise(rapid.IntRange(0, MaxReplyParts*ReplyBodySize).Draw(rt, "size"), rapid.Uint64().Draw(rt, "seed"))
		r := &Reply{ID: cell.ReplyID{7}, Body: body, Ack: AckOf(cell.LetterID{1, 2}, 5)}
		parts, err := CutReply(r)
		if err != nil {
			rt.Fatal(err)
		}
		places := rapid.Permutation(indices(cell.BulletinDays*cell.TagsPerDay)).Draw(rt, "places")
		var slots []cell.Slot
		lost := rapid.IntRange(-1, len(parts)-1).Draw(rt, "lost")
		for copies := range 2 {
			for i := range parts {
				if i == lost {
					continue
				}
				at := places[copies*len(parts)+i]
				day := day0 - cell.Day(at/cell.TagsPerDay)
				s, err := SealSlot(seeded("nonce"), key(day), day, uint8(at%cell.TagsPerDay), &parts[i])
				if err != nil {
					rt.Fatal(err)
				}
				slots = append(slots, *s)
			}
		}
		got := c.FindReplies(fillBulletin(t, "join", cell.DefaultSlots, slots), day0, w0)
		if lost >= 0 && len(parts) == 1 {
			if len(got) != 0 {
				rt.Fatal("a reply out of nothing")
			}
			return
		}
		if len(got) != 1 || got[0].Complete != (lost < 0) || got[0].ID != r.ID || got[0].Ack != r.Ack {
			rt.Fatalf("%d replies: %+v", len(got), got)
		}
		want := body
		if lost >= 0 {
			want = body[:lost*ReplyBodySize]
		}
		if !bytes.Equal(got[0].Body, want) {
			rt.Fatal("the body came back changed")
		}
	})
}

func TestTheNewestSealingDecides(t *testing.T) {
	c := conversationOf("newest")
	var slots []cell.Slot
	for back, body := range []string{"new", "old"} {
		day := day0 - cell.Day(back)
		slots = append(slots, sealReply(t, body, c.Key(cell.WeekOf(day, w0)), day, 0, &Reply{ID: cell.ReplyID{1}, Body: []byte(body)})...)
	}
	slots = append(slots, sealReply(t, "first", c.Key(cell.WeekOf(day0-5, w0)), day0-5, 2, &Reply{ID: cell.ReplyID{2}, Body: []byte("first")})...)
	got := c.FindReplies(fillBulletin(t, "newest", cell.MinSlots, slots), day0, w0)
	if len(got) != 2 || string(got[0].Body) != "first" || string(got[1].Body) != "new" || got[1].Day != day0 {
		t.Errorf("%+v", got)
	}
}

func TestRepliesAtTheBeginningOfTime(t *testing.T) {
	c := conversationOf("early")
	slots := sealReply(t, "early", c.Key(0), 0, 0, &Reply{ID: cell.ReplyID{1}, Kind: ReplyReceipt})
	if got := c.FindReplies(fillBulletin(t, "early", cell.MinSlots, slots), 3, 0); len(got) != 1 {
		t.Errorf("%d replies on day 3", len(got))
	}
	FindReplies(func(w cell.Week) (WeekKey, bool) {
		if w != 0 {
			t.Errorf("on day 3 the key of week %d is asked for", w)
		}
		return WeekKey{}, false
	}, fillBulletin(t, "early", cell.MinSlots, slots), 3, 0)
	if got := c.FindReplies(nil, 3, 0); got != nil {
		t.Error("replies out of no bulletin")
	}
	none := func(cell.Week) (WeekKey, bool) { return WeekKey{}, false }
	if got := FindReplies(none, fillBulletin(t, "early", cell.MinSlots, slots), 3, 0); len(got) != 0 {
		t.Error("replies without a key")
	}
}

func TestSlotsRefuseWrongFields(t *testing.T) {
	k := conversationOf("slots").Key(0)
	for name, p := range map[string]SlotPlain{
		"no count":       {},
		"count 17":       {Count: 17},
		"index at count": {Count: 1, Index: 1},
		"a flag":         {Count: 1, Flags: 1},
		"a long body":    {Count: 1, Body: make([]byte, ReplyBodySize+1)},
		"a short part":   {Count: 2, Body: make([]byte, 10)},
	} {
		if _, err := SealSlot(seeded("slots"), k, day0, 0, &p); !errors.Is(err, ErrSlot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SealSlot(seeded("slots"), k, day0, cell.TagsPerDay, &SlotPlain{Count: 1}); !errors.Is(err, ErrSlot) {
		t.Errorf("tag 16: %v", err)
	}
	s := sealReply(t, "slots", k, day0, 3, &Reply{ID: cell.ReplyID{1}})[0]
	for name, ok := range map[string]bool{
		"another tag": opens(k, day0, 2, s), "another day": opens(k, day0+1, 3, s), "tag 16": opens(k, day0, 16, s),
		"another week's key": opens(k.Next(), day0, 3, s),
	} {
		if ok {
			t.Errorf("%s opens", name)
		}
	}
	if _, err := CutReply(&Reply{Body: make([]byte, MaxReplyParts*ReplyBodySize+1)}); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long a reply: %v", err)
	}
	if _, err := CutReply(&Reply{Body: []byte{0xff}}); !errors.Is(err, ErrUTF8) {
		t.Errorf("a reply that is no text: %v", err)
	}
}

func opens(k WeekKey, day cell.Day, i uint8, s cell.Slot) bool {
	_, ok := OpenSlot(k, day, i, &s)
	return ok
}

func TestDesksShareTheTags(t *testing.T) {
	for i := range uint8(cell.TagsPerDay) {
		owners := 0
		for desk := range uint8(cell.MaxDesks) {
			if DeskOwns(desk, i) {
				owners++
			}
		}
		if owners != 1 {
			t.Errorf("tag %d has %d owners", i, owners)
		}
	}
}

// A part that is of another kind than the newest of its reply is left out: the reply stays incomplete.
func TestPartsOfAnotherKindAreLeftOut(t *testing.T) {
	c := conversationOf("kinds")
	parts, err := CutReply(&Reply{ID: cell.ReplyID{3}, Body: bytes.Repeat([]byte("a"), ReplyBodySize+1)})
	must(t, err)
	parts[1].Kind = ReplyReceipt
	var slots []cell.Slot
	for i := range parts {
		s, err := SealSlot(seeded("kinds"), c.Key(cell.WeekOf(day0, w0)), day0, uint8(i), &parts[i])
		must(t, err)
		slots = append(slots, *s)
	}
	got := c.FindReplies(fillBulletin(t, "kinds", cell.MinSlots, slots), day0, w0)
	if len(got) != 1 || got[0].Complete || len(got[0].Body) != ReplyBodySize {
		t.Errorf("%d replies, %+v", len(got), got)
	}
}
