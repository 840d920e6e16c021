package seal

import (
	"bytes"
	"crypto/hmac"
	"unicode/utf8"

	"kkachi/internal/cell"
)

// A Joiner collects the fragments of one letter, in any order and as often as they come. It
// is not safe for use by several goroutines.
type Joiner struct {
	key   LetterKey
	first *cell.FragmentFields // whatever came first; the others must agree with it
	reply cell.ReplyID         // the last reply that the newest fragment names, if any does
	parts [][]byte
	have  int
}

// NewJoiner makes a joiner for a letter whose week's letter key is given.
func NewJoiner(key LetterKey) *Joiner { return &Joiner{key: key} }

// Add takes a fragment in. A repeat of one that stands is harmless. A fragment of another
// letter, or one that claims a place that is taken with other bytes, fails with ErrMixed and
// changes nothing. Fragments may differ in the last reply seen: a letter that was broken off
// is sent again after a receipt was read. f.Key is not looked at: TakeKey has taken it out.
func (j *Joiner) Add(f *cell.FragmentFields) error {
	if f.Count < 1 || f.Count > cell.MaxFragments || f.Index >= f.Count || len(f.Body) == 0 {
		return cell.ErrFragment
	}
	if j.first == nil {
		own := *f
		own.Body = nil
		own.Key = [32]byte{}
		j.first = &own
		j.parts = make([][]byte, f.Count)
	}
	if !sameLetter(j.first, f) {
		return ErrMixed
	}
	if have := j.parts[f.Index]; have != nil {
		if !bytes.Equal(have, f.Body) {
			return ErrMixed
		}
	} else {
		j.parts[f.Index] = bytes.Clone(f.Body)
		j.have++
	}
	if f.LastReply != (cell.ReplyID{}) {
		j.reply = f.LastReply
	}
	return nil
}

func sameLetter(a, b *cell.FragmentFields) bool {
	return a.Letter == b.Letter && a.Thread == b.Thread && a.Week == b.Week && a.Count == b.Count &&
		a.Kind == b.Kind && a.Topic == b.Topic && a.Flags == b.Flags
}

// Complete says whether every fragment is there.
func (j *Joiner) Complete() bool { return j.first != nil && j.have == len(j.parts) }

// Missing lists the indices that have not come; nil before the first fragment.
func (j *Joiner) Missing() []uint8 {
	var out []uint8
	for i, p := range j.parts {
		if p == nil {
			out = append(out, uint8(i))
		}
	}
	return out
}

// Bitmap has bit i (of value 1<<i) set if fragment i is there: the form of an Ack.
func (j *Joiner) Bitmap() uint64 {
	var out uint64
	for i, p := range j.parts {
		if p != nil {
			out |= 1 << i
		}
	}
	return out
}

// ID is the letter's id; zero before the first fragment.
func (j *Joiner) ID() cell.LetterID {
	if j.first == nil {
		return cell.LetterID{}
	}
	return j.first.Letter
}

// Letter joins the fragments, checks the letter's id and inflates. Errors: ErrIncomplete,
// ErrLetterID, ErrInflate, ErrUTF8.
func (j *Joiner) Letter() (*Letter, error) {
	if !j.Complete() {
		return nil, ErrIncomplete
	}
	deflated := bytes.Join(j.parts, nil)
	id := letterID(j.key, j.first.Kind, j.first.Topic, j.first.Flags, deflated)
	if !hmac.Equal(id[:], j.first.Letter[:]) {
		return nil, ErrLetterID
	}
	text, err := inflate(deflated)
	if err != nil {
		return nil, err
	}
	if j.first.Flags&cell.FlagFile == 0 && !utf8.Valid(text) {
		return nil, ErrUTF8
	}
	f := j.first
	return &Letter{
		ID: f.Letter, Kind: f.Kind, Topic: f.Topic, Flags: f.Flags, Week: f.Week,
		Thread: f.Thread, Text: text, LastReply: j.reply,
	}, nil
}

// Partial is what inflates of the unbroken beginning of an incomplete letter, within the same
// bounds, cut to whole UTF-8 characters; nil for a file. Nothing has checked it: show it as
// incomplete.
func (j *Joiner) Partial() []byte {
	if j.first == nil || j.first.Flags&cell.FlagFile != 0 {
		return nil
	}
	var beginning []byte
	for _, p := range j.parts {
		if p == nil {
			break
		}
		beginning = append(beginning, p...)
	}
	text, _ := inflate(beginning) // an error is expected here: the stream is cut
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return text[:i]
		}
		i += size
	}
	return text
}
