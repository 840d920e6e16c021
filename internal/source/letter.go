package source

import (
	"errors"
	"sync"
	"unicode/utf8"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// ErrEmpty is a letter without a word in it.
var ErrEmpty = errors.New("the letter is empty")

// A queue holds the pieces of letters that have not arrived.
type queue struct {
	mu     sync.Mutex // guards all below: a letter is written while a view is under way
	begun  int        // views
	pieces []*piece
	total  int // pieces of all letters so far
}

// A piece is one fragment on its way.
type piece struct {
	fragment cell.Fragment
	week     cell.Week
	from     int // the first view that may carry it
}

// Write cuts text into pieces and lets them take the place of cover in later views: never
// in one that has begun, nor in the first of a sitting. Writing the same text again within
// the newsroom's week makes the same letter, which the desk reads once. It gives the
// letter's id, by which a receipt names it. A letter that asks for erasure or takes that
// back may be empty: the day is written into it then, so that another day's is another
// letter. Errors: ErrEmpty, seal.ErrTooLong, seal.ErrUTF8.
func (c *Client) Write(conv *seal.Conversation, kind cell.Kind, text []byte) (cell.LetterID, error) {
	wish := kind == cell.KindErase || kind == cell.KindWithdraw
	if len(text) == 0 && !wish {
		return cell.LetterID{}, ErrEmpty
	}
	if !utf8.Valid(text) {
		return cell.LetterID{}, seal.ErrUTF8
	}
	got := c.current()
	epoch, _, _ := got.notes.DayKey()
	week := got.notes.Week(epoch)
	if len(text) == 0 {
		text = []byte(epoch.String())
	}
	l := seal.Letter{Kind: kind, Week: week, Thread: conv.Thread(), Text: text, LastReply: lastRead(c.Replies(conv))}
	key := conv.Key(week)
	defer key.Wipe()
	fragments, err := seal.CutLetter(c.cfg.Rand, &l, key)
	if err != nil {
		return cell.LetterID{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	from := max(c.begun, 1) + 1
	for i := range fragments {
		c.pieces = append(c.pieces, &piece{fragments[i], week, from})
		clear(fragments[i][:])
	}
	c.total += len(fragments)
	return l.ID, nil
}

// lastRead is the newest reply that could be read to its end, zero if there is none. The
// desk takes a reply that is named here, and those before it, out of the bulletin: half of
// one has not been read, and a receipt is none.
func lastRead(replies []seal.Reply) (id cell.ReplyID) {
	for _, r := range replies {
		if r.Kind == seal.ReplyText && r.Complete {
			id = r.ID
		}
	}
	return id
}

// Left is the number of pieces that have not arrived yet, of all that were cut.
func (c *Client) Left() (left, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pieces), c.total
}

// begin starts a view and takes the pieces that it will carry, nil for cover. They stay in
// the queue until they have arrived.
func (q *queue) begin() (out [CellsPerView]*piece) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.begun++
	n := 0
	for _, p := range q.pieces {
		if n < len(out) && p.from <= q.begun {
			out[n] = p
			n++
		}
	}
	return out
}

// done takes a piece that has arrived out of the queue, and wipes it.
func (q *queue) done(p *piece) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.pieces {
		if q.pieces[i] == p {
			q.pieces = append(q.pieces[:i], q.pieces[i+1:]...)
			clear(p.fragment[:])
			return
		}
	}
}

// Close wipes what is left of letters. What the runtime has copied is out of reach: memory
// is kept out of swap and dumps by cmd, and is gone when the process ends.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pieces {
		clear(p.fragment[:])
	}
	c.pieces = nil
}
