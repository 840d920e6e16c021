package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// A Thing is the random identifier of what an operation is about. It says nothing.
type Thing [16]byte

// NewThing draws a Thing from rand.
func NewThing(rand io.Reader) (Thing, error) {
	var t Thing
	if _, err := io.ReadFull(rand, t[:]); err != nil {
		return Thing{}, fmt.Errorf("vault: randomness: %w", err)
	}
	return t, nil
}

// ParseThing reads the 32 hexadecimal digits of String.
func ParseThing(s string) (Thing, error) {
	var t Thing
	if len(s) != 2*len(t) {
		return Thing{}, errors.New("vault: a thing is 32 hexadecimal digits")
	}
	if _, err := hex.Decode(t[:], []byte(s)); err != nil {
		return Thing{}, errors.New("vault: a thing is 32 hexadecimal digits")
	}
	return t, nil
}

// IsZero says that t names nothing.
func (t Thing) IsZero() bool { return t == Thing{} }

// String is the thing in hexadecimal.
func (t Thing) String() string { return hex.EncodeToString(t[:]) }

// Value gives the thing to SQL as a blob of 16 bytes.
func (t Thing) Value() (driver.Value, error) { return t[:], nil }

// Scan takes a blob of 16 bytes from SQL; NULL is the zero Thing.
func (t *Thing) Scan(src any) error { return scanBlob(t[:], src, "thing") }

// A DeviceID names an author: the first 16 bytes of SHA-256 of its Ed25519 public key.
type DeviceID [16]byte

// DeviceOf is the identity of the holder of a public key.
func DeviceOf(pub ed25519.PublicKey) DeviceID {
	sum := sha256.Sum256(pub)
	return DeviceID(sum[:16])
}

// String is the identity in hexadecimal.
func (d DeviceID) String() string { return hex.EncodeToString(d[:]) }

// Value gives the identity to SQL as a blob of 16 bytes.
func (d DeviceID) Value() (driver.Value, error) { return d[:], nil }

// Scan takes a blob of 16 bytes from SQL; NULL is the zero DeviceID.
func (d *DeviceID) Scan(src any) error { return scanBlob(d[:], src, "device") }

// A Hash is a SHA-256: of an operation's whole encoding, or of a blob.
type Hash [32]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Value gives the hash to SQL as a blob of 32 bytes.
func (h Hash) Value() (driver.Value, error) { return h[:], nil }

// Scan takes a blob of 32 bytes from SQL; NULL is the zero Hash.
func (h *Hash) Scan(src any) error { return scanBlob(h[:], src, "hash") }

func scanBlob(dst []byte, src any, what string) error {
	switch b := src.(type) {
	case nil:
		clear(dst)
		return nil
	case []byte:
		if len(b) == len(dst) {
			copy(dst, b)
			return nil
		}
	}
	return fmt.Errorf("vault: not a %s of %d bytes", what, len(dst))
}

// A Kind says what an operation does: 1 to MaxKind of a–z, 0–9, '.' and '-'. Kinds that
// begin with "vault." are the vault's own.
type Kind string

// KindErase is the operation that a thing's key was destroyed. Projectors see it.
const KindErase Kind = "vault.erase"

func (k Kind) valid() bool {
	if len(k) == 0 || len(k) > MaxKind {
		return false
	}
	for _, c := range []byte(k) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-') {
			return false
		}
	}
	return true
}

func (k Kind) reserved() bool { return len(k) >= 6 && k[:6] == "vault." }
