// Package seal holds the project's cryptography: it opens and closes cells, letters,
// replies and signed notes, and turns eight words into a conversation.
//
// What enters: keys, words, plaintext and sealed bytes, as values, with a source of
// randomness. What leaves: sealed cells and slots, verified notes, opened fragments. What
// may never be known or done here: a disk, a network, a clock; nothing is kept between
// calls, and no error carries a secret or a byte of what was opened.
//
// The suite (spec/01-cell.md, section 3): HPKE (RFC 9180) base mode with the X-Wing KEM
// (ML-KEM-768 with X25519, 0x647a), HKDF-SHA-256 and AES-256-GCM; Ed25519 over signed
// notes; Argon2id under words. Nothing below these is home-made, and no other public-key
// encryption exists in the project (P3).
package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Errors of sealed things. None carries content.
var (
	ErrKey        = errors.New("seal: malformed key")
	ErrWeek       = errors.New("seal: week is not accepted now")
	ErrChain      = errors.New("seal: key is not of this thread")
	ErrTooLong    = errors.New("seal: too long")
	ErrUTF8       = errors.New("seal: text is not UTF-8")
	ErrMixed      = errors.New("seal: fragments of different letters")
	ErrIncomplete = errors.New("seal: fragments are missing")
	ErrLetterID   = errors.New("seal: letter does not match its id")
	ErrInflate    = errors.New("seal: letter does not inflate within its bounds")
	ErrSlot       = errors.New("seal: malformed slot")
)

// expand is HKDF-Expand with SHA-256 (RFC 5869, section 2.3), key standing for the PRK.
func expand(key []byte, info string, n int) []byte {
	out, err := hkdf.Expand(sha256.New, key, info, n)
	if err != nil {
		// Only a length over 255 hashes fails, and every length here is a constant.
		panic("seal: HKDF-Expand: " + err.Error())
	}
	return out
}

// fill draws all of b from random.
func fill(random io.Reader, b []byte) error {
	if _, err := io.ReadFull(random, b); err != nil {
		return fmt.Errorf("seal: draw randomness: %w", err)
	}
	return nil
}
