package seal

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"kkachi/internal/cell"
)

// A Reply is what a desk answers in one thread.
type Reply struct {
	ID       cell.ReplyID
	Kind     uint8
	Flags    uint8 // reserved: 0
	Ack      Ack
	Body     []byte   // of an incomplete reply: its unbroken beginning
	Day      cell.Day // set by FindReplies: the newest day under which a part of it was found
	Complete bool     // set by FindReplies
}

// CutReply cuts the body of r into parts. Who seals them chooses the day and tag of each; all
// of them may stand in one bulletin. It fails with ErrTooLong over MaxReplyParts, with ErrUTF8
// if the body of a text is none.
func CutReply(r *Reply) ([]SlotPlain, error) {
	count := max(1, (len(r.Body)+ReplyBodySize-1)/ReplyBodySize)
	if count > MaxReplyParts {
		return nil, fmt.Errorf("%w: reply of %d slots, at most %d", ErrTooLong, count, MaxReplyParts)
	}
	if r.Kind == ReplyText && !utf8.Valid(r.Body) {
		return nil, ErrUTF8
	}
	out := make([]SlotPlain, count)
	for i := range out {
		from := i * ReplyBodySize
		out[i] = SlotPlain{
			Kind: r.Kind, Index: uint8(i), Count: uint8(count), Flags: r.Flags, Reply: r.ID, Ack: r.Ack,
			Body: r.Body[from:min(from+ReplyBodySize, len(r.Body))],
		}
	}
	return out, nil
}

// FindReplies is FindReplies with the conversation's keys.
func (c *Conversation) FindReplies(b cell.Bulletin, day cell.Day, w0 uint32) []Reply {
	return FindReplies(func(w cell.Week) (WeekKey, bool) { return c.Key(w), true }, b, day, w0)
}

// FindReplies looks up the cell.TagsPerDay tags of the bulletin's day and the 13 before it,
// opens what stands under them, and joins the parts of each reply. Each tag costs the same
// work whether it stands in the bulletin or not: one tag, one key, one opening (P6). key is
// asked once for each week; false means that the key is gone (a desk; a client holds all).
// Replies come in the order of the days on which they were found, oldest first.
func FindReplies(key func(cell.Week) (WeekKey, bool), b cell.Bulletin, day cell.Day, w0 uint32) []Reply {
	return findReplies(key, b, day, w0, OpenSlot)
}

// found is one reply in the making.
type found struct {
	head  SlotPlain
	day   cell.Day
	at    int // order within the look-up
	parts [][]byte
}

type opener func(WeekKey, cell.Day, uint8, *cell.Slot) (*SlotPlain, bool)

func findReplies(key func(cell.Week) (WeekKey, bool), b cell.Bulletin, day cell.Day, w0 uint32, open opener) []Reply {
	if b.Len() == 0 {
		return nil
	}
	byID := map[cell.ReplyID]*found{}
	keys := map[cell.Week]WeekKey{}
	defer clear(keys)
	// From the newest day back, so that what a desk sealed last decides.
	for back := cell.Day(0); back < cell.BulletinDays && back <= day; back++ {
		d := day - back
		week := cell.WeekOf(d, w0)
		k, ok := keys[week]
		if !ok {
			if k, ok = key(week); !ok {
				continue
			}
			keys[week] = k
		}
		for i := range uint8(cell.TagsPerDay) {
			// Where the tag would stand: an opening is tried there in any case.
			at := min(b.Search(SlotTag(k, d, i)), b.Len()-1)
			if p, ok := open(k, d, i, b.Slot(at)); ok {
				collect(byID, p, d, int(d)*cell.TagsPerDay+int(i))
			}
		}
	}
	return joinReplies(byID)
}

// collect adds a part to its reply. The first part seen is of the newest day; a part that
// disagrees with it, or stands already, is left out.
func collect(byID map[cell.ReplyID]*found, p *SlotPlain, day cell.Day, at int) {
	f := byID[p.Reply]
	if f == nil {
		f = &found{head: *p, day: day, at: at, parts: make([][]byte, p.Count)}
		byID[p.Reply] = f
	}
	if p.Count != f.head.Count || p.Kind != f.head.Kind || f.parts[p.Index] != nil {
		return
	}
	f.parts[p.Index] = append([]byte{}, p.Body...)
	f.at = min(f.at, at)
}

func joinReplies(byID map[cell.ReplyID]*found) []Reply {
	all := make([]*found, 0, len(byID))
	for _, f := range byID {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *found) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.at, b.at), bytes.Compare(a.head.Reply[:], b.head.Reply[:]))
	})
	out := make([]Reply, 0, len(all))
	for _, f := range all {
		r := Reply{ID: f.head.Reply, Kind: f.head.Kind, Flags: f.head.Flags, Ack: f.head.Ack, Day: f.day, Complete: true}
		for _, p := range f.parts {
			if p == nil {
				r.Complete = false
				break
			}
			r.Body = append(r.Body, p...)
		}
		if r.Kind == ReplyText && r.Complete && !utf8.Valid(r.Body) {
			continue
		}
		out = append(out, r)
	}
	return out
}
