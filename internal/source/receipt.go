package source

import (
	"math/bits"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Move writes a letter that says by the old words that the conversation goes on under the
// new ones. The desk takes both for one source from then on, and answers to the new words
// as soon as a letter came by them. The old words can be forgotten then.
func (c *Client) Move(old, next *seal.Conversation) (cell.LetterID, error) {
	return c.Write(old, cell.KindMove, seal.MoveText(next.Thread()))
}

// A Receipt says which pieces of a letter are at the desk.
type Receipt struct {
	Letter [8]byte // the first bytes of the letter's id
	Pieces uint64  // bit i, of value 1<<i, is piece i
}

// Receipts gives what the bulletin says of letters, each named once. They ride in replies,
// and alone where a bulletin has room, for 14 days after a letter came: no receipt is no
// sign that a letter was lost. Of several for one letter that with the most pieces counts: two
// desks may each lack what the other has, and neither can read the letter then.
func (c *Client) Receipts(conv *seal.Conversation) []Receipt {
	var out []Receipt
	at := map[[8]byte]int{}
	for _, r := range c.Replies(conv) {
		if r.Ack.Bitmap == 0 {
			continue
		}
		i, ok := at[r.Ack.Letter]
		if !ok {
			i = len(out)
			at[r.Ack.Letter] = i
			out = append(out, Receipt{Letter: r.Ack.Letter})
		}
		if bits.OnesCount64(r.Ack.Bitmap) > out[i].Count() {
			out[i].Pieces = r.Ack.Bitmap
		}
	}
	return out
}

// Count is how many pieces are there.
func (r Receipt) Count() int { return bits.OnesCount64(r.Pieces) }

// Received says how many pieces of a letter are at the desk, as far as the bulletin says; 0
// if it says nothing of it. Write names the letter, and a letter written again in the same
// week has the same name.
func (c *Client) Received(conv *seal.Conversation, letter cell.LetterID) int {
	for _, r := range c.Receipts(conv) {
		if r.Letter == [8]byte(letter[:8]) {
			return r.Count()
		}
	}
	return 0
}
