package cell

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Sizes in bytes of a fragment's parts (spec/01-cell.md, section 4).
const (
	FragmentHeaderSize = 82
	BodySize           = FragmentSize - FragmentHeaderSize
	MaxFragments       = 64 // fragments of one letter

	versionCover = 0
	versionReal  = 1
)

// FlagFile in a fragment's flags says that the body is a small file and not text. All other
// bits are reserved and refused.
const FlagFile = 1

// Errors of a fragment. None carries a byte of it.
var (
	ErrCover    = errors.New("cell: fragment is cover") // version 0: drop it silently
	ErrFragment = errors.New("cell: malformed fragment")
)

// A ThreadID names one conversation; it is derived from eight words (spec/03-words.md).
type ThreadID [16]byte

// A LetterID names one letter and checks its bytes (spec/01-cell.md, section 5).
type LetterID [16]byte

// A ReplyID names one reply of the desk; random.
type ReplyID [8]byte

// String is the id in lower-case hex.
func (t ThreadID) String() string { return hex.EncodeToString(t[:]) }

// String is the id in lower-case hex.
func (l LetterID) String() string { return hex.EncodeToString(l[:]) }

// String is the id in lower-case hex.
func (r ReplyID) String() string { return hex.EncodeToString(r[:]) }

// A Kind says what a letter is.
type Kind uint8

// The kinds of letters. Any other is refused.
const (
	KindLetter   Kind = 0 // something told
	KindHelp     Kind = 1 // a person asks for help: shown on top
	KindManifest Kind = 2 // names files of the bulk lane
	KindErase    Kind = 3 // hide this thread now, destroy it after 7 days
	KindWithdraw Kind = 4 // take back an erase
	KindMove     Kind = 5 // names the thread's successor
)

// String is the kind in a word.
func (k Kind) String() string {
	names := [...]string{"letter", "help", "manifest", "erase", "withdraw", "move"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// A Fragment is the plaintext under the two seals of a cell.
type Fragment [FragmentSize]byte

// FragmentFields are the fields of a real fragment (version 1).
type FragmentFields struct {
	Kind      Kind
	Topic     uint8
	Index     uint8 // 0 … Count−1
	Count     uint8 // 1 … MaxFragments
	Flags     uint8 // 0 or FlagFile
	Week      Week
	Thread    ThreadID
	Key       [32]byte // K_week: whoever takes a fragment in takes it out first
	Letter    LetterID
	LastReply ReplyID // zero if none was seen
	Body      []byte  // 1 … BodySize bytes; BodySize exactly in all but the last fragment
}

// Marshal lays the fields out. The bytes after the body are drawn from filler, so that a
// short letter shows no pattern even to who opens one seal. It fails with ErrFragment if a
// field is out of its range.
func (f *FragmentFields) Marshal(filler io.Reader) (*Fragment, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	var out Fragment
	out[0] = versionReal
	out[1] = uint8(f.Kind)
	out[2] = f.Topic
	out[3] = f.Index
	out[4] = f.Count
	out[5] = f.Flags
	binary.BigEndian.PutUint16(out[6:8], uint16(len(f.Body)))
	binary.BigEndian.PutUint16(out[8:10], uint16(f.Week))
	copy(out[10:26], f.Thread[:])
	copy(out[26:58], f.Key[:])
	copy(out[58:74], f.Letter[:])
	copy(out[74:82], f.LastReply[:])
	n := copy(out[FragmentHeaderSize:], f.Body)
	if _, err := io.ReadFull(filler, out[FragmentHeaderSize+n:]); err != nil {
		return nil, fmt.Errorf("cell: fill a fragment: %w", err)
	}
	return &out, nil
}

// ParseFragment reads the fields of a real fragment; Body is a copy. It fails with ErrCover
// for version 0 and with ErrFragment for any other version or a field out of its range.
func ParseFragment(f *Fragment) (*FragmentFields, error) {
	switch f[0] {
	case versionReal:
	case versionCover:
		return nil, ErrCover
	default:
		return nil, fmt.Errorf("%w: unknown version", ErrFragment)
	}
	length := int(binary.BigEndian.Uint16(f[6:8]))
	if length > BodySize {
		return nil, fmt.Errorf("%w: length is over %d", ErrFragment, BodySize)
	}
	out := &FragmentFields{
		Kind:      Kind(f[1]),
		Topic:     f[2],
		Index:     f[3],
		Count:     f[4],
		Flags:     f[5],
		Week:      Week(binary.BigEndian.Uint16(f[8:10])),
		Thread:    ThreadID(f[10:26]),
		Key:       [32]byte(f[26:58]),
		Letter:    LetterID(f[58:74]),
		LastReply: ReplyID(f[74:82]),
		Body:      append([]byte(nil), f[FragmentHeaderSize:FragmentHeaderSize+length]...),
	}
	if err := out.check(); err != nil {
		return nil, err
	}
	return out, nil
}

// NewCoverFragment is a fragment of version 0, the rest drawn from filler.
func NewCoverFragment(filler io.Reader) (*Fragment, error) {
	var out Fragment
	if _, err := io.ReadFull(filler, out[1:]); err != nil {
		return nil, fmt.Errorf("cell: fill a cover fragment: %w", err)
	}
	out[0] = versionCover
	return &out, nil
}

func (f *FragmentFields) check() error {
	switch {
	case f.Kind > KindMove:
		return fmt.Errorf("%w: unknown kind", ErrFragment)
	case f.Flags&^FlagFile != 0:
		return fmt.Errorf("%w: reserved flags are set", ErrFragment)
	case f.Count < 1 || f.Count > MaxFragments:
		return fmt.Errorf("%w: count is not in 1…%d", ErrFragment, MaxFragments)
	case f.Index >= f.Count:
		return fmt.Errorf("%w: index is not under count", ErrFragment)
	case len(f.Body) < 1 || len(f.Body) > BodySize:
		return fmt.Errorf("%w: length is not in 1…%d", ErrFragment, BodySize)
	case f.Index < f.Count-1 && len(f.Body) != BodySize:
		return fmt.Errorf("%w: a fragment before the last is not full", ErrFragment)
	}
	return nil
}
