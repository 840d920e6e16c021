package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"kkachi/internal/cell"
)

// Sizes of canaries, in bytes (spec/08-watch.md, section 4).
const (
	CanaryKeySize = 32
	CanaryMACSize = 32 // the last bytes of a canary's record
)

// Labels of canaries.
const (
	LabelCanaryDay = "kkachi/1 canary day" // ‖ u32 epoch: HKDF info of the key of an epoch
	LabelCanary    = "kkachi/1 canary"     // ‖ record without its last 32 bytes: what the MAC is over
)

// canaryPrefix begins the text form of a canary key.
const canaryPrefix = "kkachi-canary-1:"

// CanaryKey is what watch and sift share, so that sift can tell which cells watch sent. It
// opens nothing. Who has it can make canaries, and so hide that others were kept back.
type CanaryKey [CanaryKeySize]byte

// CanaryDayKey is the key of one epoch.
type CanaryDayKey [CanaryKeySize]byte

// NewCanaryKey draws a key.
func NewCanaryKey(random io.Reader) (CanaryKey, error) {
	var k CanaryKey
	err := fill(random, k[:])
	return k, err
}

// Text is the key as one line, for a file.
func (k CanaryKey) Text() string { return fmt.Sprintf("%s%x\n", canaryPrefix, k[:]) }

// ParseCanaryKey reads what Text wrote. It fails with ErrKey.
func ParseCanaryKey(text string) (CanaryKey, error) {
	digits, ok := strings.CutPrefix(strings.TrimSpace(text), canaryPrefix)
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != CanaryKeySize {
		return CanaryKey{}, fmt.Errorf("%w: not a canary key (%s and 64 hex digits)", ErrKey, canaryPrefix)
	}
	return CanaryKey(raw), nil
}

// Day is the key of an epoch. It does not lead back.
func (k CanaryKey) Day(epoch cell.Day) CanaryDayKey {
	return CanaryDayKey(expand(k[:], LabelCanaryDay+string(binary.BigEndian.AppendUint32(nil, uint32(epoch))), CanaryKeySize))
}

// SealCanaryCell is the cell of a cover with FlagCanary, and in the place of the record's
// last bytes the MAC: the same code, work and shape as those of cover and letter.
func SealCanaryCell(random io.Reader, id NewsroomID, epoch cell.Day, dayKey, inboxKey *HPKEPublic, k CanaryDayKey) (*cell.Cell, error) {
	f, err := cell.NewCoverFragment(random)
	if err != nil {
		return nil, err
	}
	rec, err := sealRecord(id, inboxKey, f)
	if err != nil {
		return nil, err
	}
	k.mark(rec)
	return sealOuter(random, id, epoch, dayKey, FlagCanary, rec)
}

// Marked says whether a record under FlagCanary carries the MAC of the epoch's key.
func (k CanaryDayKey) Marked(rec *cell.Record) bool {
	want := k.mac(rec)
	return hmac.Equal(want[:], rec[cell.RecordSize-CanaryMACSize:])
}

func (k CanaryDayKey) mark(rec *cell.Record) {
	mac := k.mac(rec)
	copy(rec[cell.RecordSize-CanaryMACSize:], mac[:])
}

func (k CanaryDayKey) mac(rec *cell.Record) [CanaryMACSize]byte {
	h := hmac.New(sha256.New, k[:])
	h.Write([]byte(LabelCanary))
	h.Write(rec[:cell.RecordSize-CanaryMACSize])
	return [CanaryMACSize]byte(h.Sum(nil))
}
