package source

import (
	"crypto/rand"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Receipts ride in replies and stand alone. What two desks have of one letter is not added up:
// neither may have it whole. Other words see none of them.
func TestReceiptsNameWhatIsAtTheDesk(t *testing.T) {
	n := newNewsroom(t, today)
	conv := words(t).Open(n.id)
	key := conv.Key(cell.WeekOf(today, n.w0))
	letter, other := cell.LetterID{1, 2, 3}, cell.LetterID{9}
	for i, r := range []seal.Reply{
		{ID: cell.ReplyID{1}, Body: []byte("an answer"), Ack: seal.AckOf(letter, 0b1011)},
		{ID: cell.ReplyID{2}, Kind: seal.ReplyReceipt, Ack: seal.AckOf(letter, 0b0100)},
		{ID: cell.ReplyID{3}, Body: []byte("without a receipt")},
	} {
		cut, err := seal.CutReply(&r)
		if err != nil {
			t.Fatal(err)
		}
		slot, err := seal.SealSlot(rand.Reader, key, today, uint8(4*i), &cut[0])
		if err != nil {
			t.Fatal(err)
		}
		n.slots[i] = *slot
	}
	n.sign(today)
	c := (&sitting{newsroom: n, now: today}).open()
	if got := c.Receipts(conv); len(got) != 1 || got[0].Pieces != 0b1011 {
		t.Errorf("%+v", got)
	}
	if c.Received(conv, letter) != 3 || c.Received(conv, other) != 0 {
		t.Errorf("%d and %d pieces", c.Received(conv, letter), c.Received(conv, other))
	}
	if got := c.Receipts(words(t).Open(n.id)); len(got) != 0 {
		t.Errorf("other words see %+v", got)
	}
}

// What asks for erasure may be empty; each day's is another letter. A move names the thread
// of the new words.
func TestWishesOfASource(t *testing.T) {
	n := newNewsroom(t, today)
	s := &sitting{newsroom: n, now: today}
	c := s.open()
	old, next := words(t).Open(n.id), words(t).Open(n.id)
	erase, err := c.Write(old, cell.KindErase, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Write(old, cell.KindErase, []byte(today.String())); err != nil || again != erase {
		t.Errorf("the day is not in the letter: %v", err)
	}
	if _, err := c.Write(old, cell.KindLetter, nil); err == nil {
		t.Error("an empty letter is taken")
	}
	if _, err := c.Move(old, next); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := c.View(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var kinds []cell.Kind
	key := old.Key(cell.WeekOf(today, n.w0))
	for _, f := range s.opened(s.cells) {
		kinds = append(kinds, f.Kind)
		j := seal.NewJoiner(seal.LetterKey(key.LetterKey()))
		if err := j.Add(f); err != nil {
			t.Fatal(err)
		}
		l, err := j.Letter()
		if err != nil {
			t.Fatal(err)
		}
		if to, ok := seal.ParseMove(l.Text); f.Kind == cell.KindMove && (!ok || to != next.Thread()) {
			t.Errorf("the move says %q", l.Text)
		}
	}
	if len(kinds) != 3 || kinds[2] != cell.KindMove {
		t.Errorf("%v", kinds)
	}
}
