package seal

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
)

// P6: any eight words of a list parse, whatever they are: there is no checksum.
func TestP6AnyEightWordsParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Words
		for i := range w {
			w[i] = uint16(rapid.IntRange(0, ListSize-1).Draw(t, "index"))
		}
		for _, lang := range []Lang{English, Korean, Chinese} {
			got, err := ParseWords(lang, w.String(lang))
			if err != nil || got != w {
				t.Fatalf("%s: eight words of the list did not come back: %v", lang, err)
			}
			// A telephone writes the first one large.
			if got, err := ParseWords(lang, strings.ToUpper(w.String(lang))); lang == English && (err != nil || got != w) {
				t.Fatalf("eight words in capitals did not come back: %v", err)
			}
		}
	})
}

// P6: any eight words open a conversation: with a thread, an echo word and a chain like any other.
func TestP6AnyEightWordsOpen(t *testing.T) {
	id := NewsroomID{9}
	seen := map[cell.ThreadID]bool{}
	packed := map[[WordCount * WordBits / 8]byte]bool{}
	for i := range WordCount { // no bit of any word is left out
		for bit := range WordBits {
			var w Words
			w[i] = 1 << bit
			packed[w.pack()] = true
		}
	}
	if len(packed) != WordCount*WordBits {
		t.Errorf("%d different inputs of %d different words", len(packed), WordCount*WordBits)
	}
	for _, w := range []Words{
		{}, {2047, 2047, 2047, 2047, 2047, 2047, 2047, 2047}, // nobody would draw these, and they open
		{1, 2, 3, 4, 5, 6, 7, 8}, {8, 7, 6, 5, 4, 3, 2, 1},
	} {
		c := w.Open(id)
		if seen[c.Thread()] || c.Thread() == (cell.ThreadID{}) || c.Key(0) == (WeekKey{}) || c.EchoIndex() >= ListSize {
			t.Errorf("%v open no conversation of their own", w)
		}
		seen[c.Thread()] = true
		for _, lang := range []Lang{English, Korean, Chinese} {
			if c.Echo(lang) == "" {
				t.Errorf("%v have no echo word in %s", w, lang)
			}
		}
		if again := w.Open(id); *again != *c {
			t.Errorf("%v open two different conversations", w)
		}
		if other := w.Open(NewsroomID{8}); other.Thread() == c.Thread() || other.Key(0) == c.Key(0) {
			t.Errorf("%v open one conversation in two newsrooms", w)
		}
	}
}

// P6: words with replies and words drawn this moment cost the same look-ups: each tag one
// opening, each week's key once, in the same order of days and tags.
func TestP6SameWorkForRandomAndUsedWords(t *testing.T) {
	used, random := conversationOf("used"), conversationOf("never used")
	var slots []cell.Slot
	for i := range cell.Day(cell.BulletinDays) {
		day := day0 - i
		slots = append(slots, sealReply(t, "p6", used.Key(cell.WeekOf(day, w0)), day, 0,
			&Reply{ID: cell.ReplyID{byte(i)}, Body: make([]byte, 2000)})...)
	}
	b := fillBulletin(t, "p6", cell.DefaultSlots, slots)

	type work struct {
		opened []int
		weeks  []cell.Week
	}
	measure := func(c *Conversation) (work, []Reply) {
		var w work
		key := func(week cell.Week) (WeekKey, bool) {
			w.weeks = append(w.weeks, week)
			return c.Key(week), true
		}
		replies := findReplies(key, b, day0, w0, func(k WeekKey, day cell.Day, i uint8, s *cell.Slot) (*SlotPlain, bool) {
			w.opened = append(w.opened, int(day)*cell.TagsPerDay+int(i))
			return OpenSlot(k, day, i, s)
		})
		return w, replies
	}
	usedWork, found := measure(used)
	randomWork, none := measure(random)
	if len(found) != cell.BulletinDays || len(none) != 0 {
		t.Fatalf("found %d and %d replies, not %d and 0", len(found), len(none), cell.BulletinDays)
	}
	if want := cell.BulletinDays * cell.TagsPerDay; len(usedWork.opened) != want {
		t.Errorf("%d openings, not %d", len(usedWork.opened), want)
	}
	if !slices.Equal(usedWork.opened, randomWork.opened) || !slices.Equal(usedWork.weeks, randomWork.weeks) {
		t.Error("used and random words do not do the same work")
	}
}
