package seal

import (
	"bytes"
	"fmt"
	"slices"

	"kkachi/internal/cell"
)

// Notes are the three notes of GET /d, verified and bound to each other. Only VerifyNotes
// makes them. Without them a client sends nothing at all, cover neither.
type Notes struct {
	Root *RootNote
	Desk *DeskNote
	Sift *SiftNote
}

// blank stands between text and signatures of a note, and between notes.
var blank = []byte("\n\n")

// JoinNotes writes the file of GET /d: root, desk and sift note with a blank line between
// them, at most NoteMaxSize bytes. It fails with ErrNoteFormat.
func JoinNotes(root, desk, sift []byte) ([]byte, error) {
	out := bytes.Join([][]byte{root, desk, sift}, []byte("\n"))
	if _, _, _, err := SplitNotes(out); err != nil {
		return nil, err
	}
	return out, nil
}

// SplitNotes takes the file of GET /d apart without verifying anything. It fails with
// ErrNoteFormat.
func SplitNotes(raw []byte) (root, desk, sift []byte, err error) {
	parts := bytes.Split(raw, blank)
	if len(raw) > cell.NotesMaxSize || len(parts) != 6 || !bytes.HasSuffix(raw, []byte("\n")) {
		return nil, nil, nil, fmt.Errorf("%w: not three notes in at most %d bytes", ErrNoteFormat, cell.NotesMaxSize)
	}
	whole := func(i int) []byte {
		n := slices.Concat(parts[i], blank, parts[i+1])
		if i+2 < len(parts) {
			n = append(n, '\n')
		}
		return n
	}
	return whole(0), whole(2), whole(4), nil
}

// VerifyNotes reads the file of GET /d and checks everything: signatures and their roles, the
// newsroom, the digests by which the sift note names the others, the lives. Whatever fails
// makes the whole worthless. Errors: ErrNoteFormat, ErrNewsroom, ErrSignature, ErrExpired,
// ErrHash, ErrKey.
func VerifyNotes(raw []byte, id NewsroomID, today cell.Day) (*Notes, error) {
	rootRaw, deskRaw, siftRaw, err := SplitNotes(raw)
	if err != nil {
		return nil, err
	}
	n := &Notes{}
	if n.Root, err = ParseRoot(rootRaw, id, today); err != nil {
		return nil, err
	}
	if n.Desk, err = ParseDesk(deskRaw, n.Root, today); err != nil {
		return nil, err
	}
	if n.Sift, err = ParseSift(siftRaw, n.Root, today); err != nil {
		return nil, err
	}
	if n.Sift.Root != HashNote(rootRaw) || n.Sift.Desk != HashNote(deskRaw) {
		return nil, fmt.Errorf("%w: the sift note names another root or desk note", ErrHash)
	}
	return n, nil
}

// DayKey is the key to which a client seals as long as it holds these notes: that of the day on
// which the sift note was issued; and its epoch, and the difficulty of its stamps. No clock
// has a part in it, for a client's may be wrong by hours: the host takes cells of this epoch
// for as long as the note lives (spec/02-notes.md, section 4).
func (n *Notes) DayKey() (epoch cell.Day, key *HPKEPublic, d uint8) {
	k := &n.Sift.Days[0]
	return k.Day, &k.Key, k.D
}

// InboxKey is the key of the first inbox for a cell's week, else the last that is listed.
func (n *Notes) InboxKey(week cell.Week) *HPKEPublic { return n.Desk.InboxKey(week) }

// Week is the newsroom's week of a day.
func (n *Notes) Week(day cell.Day) cell.Week { return cell.WeekOf(day, n.Root.W0) }

// CheckBulletin reads a fetched bulletin and finds the day for which the sift note names it.
// Errors: cell.ErrSize, cell.ErrSorted, cell.ErrRepeated, ErrHash.
func (n *Notes) CheckBulletin(raw []byte) (cell.Bulletin, cell.Day, error) {
	b, err := cell.ParseBulletin(raw, int(n.Sift.Slots))
	if err != nil {
		return nil, 0, err
	}
	for _, named := range n.Sift.Bulletins {
		if named.Hash == b.Hash() {
			return b, named.Day, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: the sift note does not name this bulletin", ErrHash)
}
