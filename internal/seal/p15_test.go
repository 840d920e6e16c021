package seal

import (
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
)

// P15: what a desk holds of a thread in week w finds and opens no recorded slot of a week
// before w−2, and every later one.
func TestP15StateOpensNoOlderSlot(t *testing.T) {
	source := conversationOf("p15")
	// A recording of all slots ever: one on each day of 12 weeks.
	const weeks = 12
	first := cell.Day(w0 * 7)
	recorded := map[cell.Day]cell.Slot{}
	for d := first; d < first+weeks*7; d++ {
		recorded[d] = sealReply(t, d.String(), source.Key(cell.WeekOf(d, w0)), d, 5, &Reply{ID: cell.ReplyID{byte(d)}})[0]
	}
	// The desk learned the key in week 1 and stepped it on each week.
	state := Chain{Week: 1, Key: source.Key(1)}
	for present := cell.Week(1); present < weeks; present++ {
		state.Advance(present)
		back, err := ParseChain(state.Bytes()) // what stands on its disk
		must(t, err)
		for d, slot := range recorded {
			week := cell.WeekOf(d, w0)
			old := int(week) < int(present)-2 || week < 1 // two, whatever the constant says
			opened := false
			// Whoever seized the state tries every key that it gives, on every tag.
			for w := cell.Week(0); w < weeks; w++ {
				k, ok := back.At(w)
				if !ok {
					continue
				}
				for i := range uint8(cell.TagsPerDay) {
					if _, ok := OpenSlot(k, d, i, &slot); ok {
						opened = true
					}
				}
			}
			if opened && old {
				t.Fatalf("in week %d the desk opens a slot of week %d", present, week)
			}
			if !opened && !old {
				t.Fatalf("in week %d the desk does not open a slot of week %d", present, week)
			}
		}
	}
}

// P15: whatever week a letter claims, what is kept of it begins at earliest at the present
// week − 2; and a chain of another thread is refused.
func TestP15TakeKeyKeepsNothingOlder(t *testing.T) {
	source, other := conversationOf("p15"), conversationOf("p15 other")
	rapid.Check(t, func(t *rapid.T) {
		present := cell.Week(rapid.IntRange(0, 300).Draw(t, "present"))
		claimed := cell.Week(rapid.IntRange(0, 320).Draw(t, "claimed"))
		f := &cell.FragmentFields{Week: claimed, Key: source.Key(claimed)}
		lk, chain, err := TakeKey(f, present)
		if f.Key != ([32]byte{}) {
			t.Fatal("the key stays in the fragment")
		}
		open := int(claimed) <= int(present)+WeeksAhead && int(claimed) >= int(present)-WeeksBehind
		if open != (err == nil) {
			t.Fatalf("week %d in week %d: %v", claimed, present, err)
		}
		if err != nil {
			if chain != (Chain{}) || lk != (LetterKey{}) {
				t.Fatal("a refused letter leaves a key")
			}
			return
		}
		if int(chain.Week) < int(present)-2 || chain.Key != source.Key(chain.Week) {
			t.Fatalf("the chain begins in week %d", chain.Week)
		}
		known := Chain{Week: present, Key: source.Key(present)}
		if err := known.Join(chain); err != nil {
			t.Fatalf("the thread's own chain is refused: %v", err)
		}
		if known.Week > chain.Week || known.Week > present {
			t.Fatal("the later of two chains was kept")
		}
		foreign := Chain{Week: present, Key: other.Key(present)}
		before := foreign
		if err := foreign.Join(chain); err == nil || foreign != before {
			t.Fatal("a chain of another thread is joined")
		}
	})
}
