package seal

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/argon2"

	"kkachi/internal/cell"
)

// Parameters of Argon2id and of the weekly chain (spec/03-words.md).
const (
	ArgonTime    = 3
	ArgonMemory  = 64 * 1024 // KiB
	ArgonThreads = 1
	WeeksAhead   = 1 // a letter's week may be so far over the present one
	WeeksBehind  = 6 // or so far under it
	WeeksKept    = 2 // a desk keeps keys so far under the present week
	ChainSize    = 34
)

// Labels of the derivations (HKDF-Expand info).
const (
	LabelThread    = "kkachi/1 thread"
	LabelEcho      = "kkachi/1 echo"
	LabelChain     = "kkachi/1 chain"
	LabelNext      = "kkachi/1 next"
	LabelLetterKey = "kkachi/1 letter key"
	LabelReplyTag  = "kkachi/1 reply tag"
	LabelReplyKey  = "kkachi/1 reply key"
	LabelChainMark = "kkachi/1 chain mark"
)

// A Conversation is what eight words open. It lives in memory only.
type Conversation struct {
	thread cell.ThreadID
	echo   uint16
	k0     WeekKey
}

// Open derives the conversation of the words with one newsroom: Argon2id over 64 MiB, then
// HKDF-Expand. It cannot fail: any eight words open one (P6).
func (w Words) Open(id NewsroomID) *Conversation {
	p := w.pack()
	m := argon2.IDKey(p[:], id[:], ArgonTime, ArgonMemory, ArgonThreads, 32)
	echo := expand(m, LabelEcho, 2)
	c := &Conversation{
		thread: cell.ThreadID(expand(m, LabelThread, 16)),
		echo:   binary.BigEndian.Uint16(echo) % ListSize,
		k0:     WeekKey(expand(m, LabelChain, 32)),
	}
	clear(m)
	clear(p[:])
	return c
}

// pack writes the indices as 8 × 11 bits, big-endian.
func (w Words) pack() [WordCount * WordBits / 8]byte {
	var out [WordCount * WordBits / 8]byte
	for i, n := range w {
		for bit := range WordBits {
			if n>>(WordBits-1-bit)&1 == 1 {
				at := i*WordBits + bit
				out[at/8] |= 0x80 >> (at % 8)
			}
		}
	}
	return out
}

// Thread names the conversation towards the desk.
func (c *Conversation) Thread() cell.ThreadID { return c.thread }

// Echo is the word that tells the owner of a slip, whatever was entered.
func (c *Conversation) Echo(lang Lang) string { return WordAt(lang, c.echo) }

// EchoIndex is the index of the echo word.
func (c *Conversation) EchoIndex() uint16 { return c.echo }

// Key is K_week, stepped from K_0.
func (c *Conversation) Key(week cell.Week) WeekKey {
	k := c.k0
	for range week {
		k = k.Next()
	}
	return k
}

// Wipe sets everything to zero.
func (c *Conversation) Wipe() { *c = Conversation{} }

// WeekKey is K_w: it derives the letter key and the reply slots of week w and the keys of
// later weeks, never of earlier ones.
type WeekKey [32]byte

// Next is the key of the week after.
func (k WeekKey) Next() WeekKey { return WeekKey(expand(k[:], LabelNext, 32)) }

// LetterKey checks the letters of this week.
func (k WeekKey) LetterKey() LetterKey { return LetterKey(expand(k[:], LabelLetterKey, 32)) }

// Wipe sets the key to zero.
func (k *WeekKey) Wipe() { clear(k[:]) }

// LetterKey is the key of a letter's id: all a desk keeps beside a pending letter.
type LetterKey [32]byte

// Wipe sets the key to zero.
func (k *LetterKey) Wipe() { clear(k[:]) }

// Step steps k from one week to a later one. It fails with ErrWeek if to is before from.
func Step(k WeekKey, from, to cell.Week) (WeekKey, error) {
	if to < from {
		return WeekKey{}, fmt.Errorf("%w: the chain does not step back from week %d to %d", ErrWeek, from, to)
	}
	for range to - from {
		k = k.Next()
	}
	return k, nil
}

// CheckWeek refuses a letter's week over the present one + WeeksAhead or under it −
// WeeksBehind, with ErrWeek.
func CheckWeek(claimed, present cell.Week) error {
	c, p := int(claimed), int(present)
	if c > p+WeeksAhead || c < p-WeeksBehind {
		return fmt.Errorf("%w: week %d in week %d", ErrWeek, claimed, present)
	}
	return nil
}

// A Chain is what a desk keeps of a thread: the key of the oldest week it may still open.
// It belongs in a table outside the log and its undo.
type Chain struct {
	Week cell.Week
	Key  WeekKey
}

// TakeKey is a desk's first act on an opened fragment: it checks the week, takes K_week out
// (f.Key is zero afterwards, also on failure), and gives the key that checks the letter and
// the thread's chain from at earliest present − WeeksKept. It fails with ErrWeek.
func TakeKey(f *cell.FragmentFields, present cell.Week) (LetterKey, Chain, error) {
	k := WeekKey(f.Key)
	clear(f.Key[:])
	defer k.Wipe()
	if err := CheckWeek(f.Week, present); err != nil {
		return LetterKey{}, Chain{}, err
	}
	c := Chain{Week: f.Week, Key: k}
	c.Advance(present)
	return k.LetterKey(), c, nil
}

// Advance steps the chain on to present − WeeksKept if it is behind: older keys are gone.
func (c *Chain) Advance(present cell.Week) {
	for int(c.Week) < int(present)-WeeksKept {
		c.Key = c.Key.Next()
		c.Week++
	}
}

// At is the key of a week, false for one before the chain begins.
func (c *Chain) At(week cell.Week) (WeekKey, bool) {
	k, err := Step(c.Key, c.Week, week)
	return k, err == nil
}

// Join checks that o is of the same thread's chain and keeps the earlier of both. It fails
// with ErrChain, and c stays as it was: such a letter is refused.
func (c *Chain) Join(o Chain) error {
	early, late := *c, o
	if o.Week < c.Week {
		early, late = o, *c
	}
	k, ok := early.At(late.Week)
	if !ok || subtle.ConstantTimeCompare(k[:], late.Key[:]) != 1 {
		return ErrChain
	}
	*c = early
	return nil
}

// Mark is what tells a chain again when its key is destroyed: derived from the key of a week that
// is far ahead, it opens nothing. False if the chain begins after that week.
func (c *Chain) Mark(week cell.Week) (mark [32]byte, ok bool) {
	k, ok := c.At(week)
	defer k.Wipe()
	return [32]byte(expand(k[:], LabelChainMark, 32)), ok
}

// Bytes is the chain as u16 week ‖ key, ChainSize bytes: a secret.
func (c *Chain) Bytes() []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(c.Week)), c.Key[:]...)
}

// ParseChain reads what Bytes wrote. It fails with ErrKey.
func ParseChain(b []byte) (Chain, error) {
	if len(b) != ChainSize {
		return Chain{}, fmt.Errorf("%w: chain of %d bytes, not %d", ErrKey, len(b), ChainSize)
	}
	return Chain{Week: cell.Week(binary.BigEndian.Uint16(b)), Key: WeekKey(b[2:])}, nil
}
