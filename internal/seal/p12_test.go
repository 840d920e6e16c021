package seal

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"testing"

	"kkachi/internal/cell"
)

// replyBulletin is a bulletin of n sealed replies, filled up with random slots.
func replyBulletin(t *testing.T, label string, n int) (cell.Bulletin, []*Conversation) {
	t.Helper()
	var slots []cell.Slot
	var conversations []*Conversation
	for i := range n {
		c := conversationOf(fmt.Sprintf("%s %d", label, i))
		conversations = append(conversations, c)
		// Short, equal and foolish replies: the hardest to hide.
		slots = append(slots, sealReply(t, fmt.Sprintf("%s nonce %d", label, i), c.Key(week0), day0, 0,
			&Reply{ID: cell.ReplyID{byte(i), byte(i >> 8)}})...)
	}
	return fillBulletin(t, label, cell.DefaultSlots, slots), conversations
}

// P12: the bulletin has one size, whatever it holds, and the desk finds all its slots.
func TestP12ConstantAndComplete(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128} {
		b, conversations := replyBulletin(t, "p12", n)
		if len(b) != cell.DefaultSlots*cell.SlotSize {
			t.Errorf("with %d replies it has %d bytes", n, len(b))
		}
		if _, err := cell.ParseBulletin(b, cell.DefaultSlots); err != nil {
			t.Errorf("with %d replies: %v", n, err)
		}
		for i, c := range conversations {
			s, ok := b.Find(SlotTag(c.Key(week0), day0, 0))
			if !ok {
				t.Fatalf("of %d, the desk does not find slot %d", n, i)
			}
			if _, ok := OpenSlot(c.Key(week0), day0, 0, s); !ok {
				t.Errorf("of %d, slot %d does not open", n, i)
			}
			if got := c.FindReplies(b, day0, w0); len(got) != 1 || !got[0].Complete {
				t.Errorf("of %d, the source finds %d replies, not its one", n, len(got))
			}
		}
	}
}

// P12: without a key no statistic of the test tells full bulletins from empty ones. The
// bounds are five deviations wide, so that chance doesn't fail it, and a planted flaw of one
// byte in each slot is seen.
func TestP12NoStatisticTellsThemApart(t *testing.T) {
	const bulletins = 20
	var empty, full, flawed []cell.Bulletin
	for i := range bulletins {
		e, _ := replyBulletin(t, fmt.Sprintf("empty %d", i), 0)
		f, _ := replyBulletin(t, fmt.Sprintf("full %d", i), 128)
		bad := bytes.Clone(f)
		for s := range cell.DefaultSlots {
			bad[s*cell.SlotSize+cell.SlotTagSize] &= 0x7f // a nonce whose top bit is never set
		}
		empty, full, flawed = append(empty, e), append(full, f), append(flawed, bad)
	}
	const bound = 5.5
	for _, side := range []struct {
		name string
		set  []cell.Bulletin
	}{{"empty", empty}, {"full", full}} {
		if z, where := worst(side.set); z > bound {
			t.Errorf("%s bulletins stand out: %s is %.1f deviations off", side.name, where, z)
		}
	}
	if z, _ := worst(flawed); z <= bound {
		t.Errorf("a planted flaw is %.1f deviations off only: the test sees nothing", z)
	}
}

// worst is the statistic furthest from uniform bytes, in deviations.
func worst(set []cell.Bulletin) (z float64, where string) {
	note := func(v float64, format string, args ...any) {
		if v = math.Abs(v); v > z {
			z, where = v, fmt.Sprintf(format, args...)
		}
	}
	var counts [256]float64
	var runs, total float64
	ones := make([]float64, cell.SlotSize*8) // by bit of a slot
	slots := 0.0
	seen := map[[32]byte]bool{} // two-block repeats would show a mode without a nonce
	for _, b := range set {
		for i := range b.Len() {
			s := b.Slot(i)
			slots++
			for at, v := range s {
				for bit := range 8 {
					ones[at*8+bit] += float64(v >> bit & 1)
				}
				if at < cell.SlotTagSize {
					continue // sorted: not uniform by position, in full and empty alike
				}
				counts[v]++
				total++
				runs += float64(bits.OnesCount8(v ^ v<<1))
			}
			for at := cell.SlotTagSize; at+32 <= cell.SlotSize; at += 32 {
				key := [32]byte(s[at : at+32])
				if seen[key] {
					note(1000, "a repeated block at byte %d", at)
				}
				seen[key] = true
			}
		}
	}
	chi := 0.0
	for _, n := range counts {
		chi += (n - total/256) * (n - total/256) / (total / 256)
	}
	note((chi-255)/math.Sqrt(2*255), "the count of byte values")
	// Seven neighbouring pairs of bits are compared in each byte, and its lowest bit alone.
	note((runs-4*total)/math.Sqrt(2*total), "the count of runs")
	for bit := range ones {
		note((ones[bit]-slots/2)/math.Sqrt(slots/4), "bit %d of a slot", bit)
	}
	return z, where
}
