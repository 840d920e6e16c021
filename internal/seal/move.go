package seal

import (
	"encoding/hex"

	"kkachi/internal/cell"
)

// MoveText is the text of a letter of kind move: the id of the thread in which the
// conversation goes on, 32 hexadecimal digits (spec/01-cell.md, section 5).
func MoveText(next cell.ThreadID) []byte { return []byte(next.String()) }

// ParseMove reads the text of a letter of kind move. False for any other text.
func ParseMove(text []byte) (cell.ThreadID, bool) {
	var next cell.ThreadID
	if len(text) != 2*len(next) {
		return cell.ThreadID{}, false
	}
	if _, err := hex.Decode(next[:], text); err != nil || next.String() != string(text) {
		return cell.ThreadID{}, false
	}
	return next, next != cell.ThreadID{}
}
