package source

import (
	"crypto/rand"
	"slices"
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

// P2: from outside an erasure, its being taken back, a move and a letter are what a sitting
// without any is: the same requests, as many cells of one size, at times that are drawn alike.
// With chance standing still, the times are the same.
func TestP2WishesLeaveAsCover(t *testing.T) {
	n := newNewsroom(t, today)
	old, next := words(t).Open(n.id), words(t).Open(n.id)
	const views = 4
	sit := func(write func(*Client) (cell.LetterID, error)) *sitting {
		n.calls, n.cells = nil, nil
		s := &sitting{newsroom: n, now: today}
		cfg := s.config()
		cfg.Rand = still{}
		c, err := Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if write != nil {
			if _, err := write(c); err != nil {
				t.Fatal(err)
			}
		}
		for range views {
			if _, err := c.View(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	reader := sit(nil)
	if len(n.opened(n.cells)) != 0 || len(reader.pauses) != views*CellsPerView {
		t.Fatalf("the play wants a reader: %d pauses", len(reader.pauses))
	}
	calls := slices.Clone(n.calls)
	for name, write := range map[string]func(*Client) (cell.LetterID, error){
		"erase":    func(c *Client) (cell.LetterID, error) { return c.Write(old, cell.KindErase, nil) },
		"withdraw": func(c *Client) (cell.LetterID, error) { return c.Write(old, cell.KindWithdraw, nil) },
		"move":     func(c *Client) (cell.LetterID, error) { return c.Move(old, next) },
		"letter":   func(c *Client) (cell.LetterID, error) { return c.Write(old, cell.KindLetter, []byte("편지")) },
	} {
		s := sit(write)
		if got := n.opened(n.cells); len(got) != 1 {
			t.Errorf("%s: %d pieces left", name, len(got))
		}
		if !slices.Equal(n.calls, calls) || !slices.Equal(s.pauses, reader.pauses) {
			t.Errorf("%s: requests %q at %v, a reader's %q at %v", name, n.calls, s.pauses, calls, reader.pauses)
		}
	}
}

// still is chance that stands still.
type still struct{}

func (still) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(7 * i)
	}
	return len(p), nil
}
