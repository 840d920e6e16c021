package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"

	"kkachi/internal/cell"
)

// Errors of signed notes. They name fields, never what stands in them.
var (
	ErrNoteFormat = errors.New("seal: malformed note")
	ErrSignature  = errors.New("seal: note is not signed by a key of its role")
	ErrRole       = errors.New("seal: key is of another role")
	ErrExpired    = errors.New("seal: note has expired")
	ErrNewsroom   = errors.New("seal: note is of another newsroom")
	ErrHash       = errors.New("seal: digest does not match")
)

// NoteMaxSize is the most bytes that a signed note may have; a site note's list of files
// stands outside it.
const NoteMaxSize = cell.NotesMaxSize

// A Role is what a signing key may sign, and nothing else (P14).
type Role uint8

// The roles of signing keys.
const (
	RoleRoot Role = 1 + iota // root and devices notes
	RoleDesk                 // desk and site notes
	RoleSift                 // sift notes
)

// String is the role in a word.
func (r Role) String() string {
	switch r {
	case RoleRoot:
		return "root"
	case RoleDesk:
		return "desk"
	case RoleSift:
		return "sift"
	}
	return "no role"
}

// keyName is the name of the role's keys on signature lines; it goes into their key hashes.
func (r Role) keyName() string { return "kkachi-" + r.String() }

// VerifyKey is an Ed25519 public key.
type VerifyKey [ed25519.PublicKeySize]byte

// String is the key in standard base64 with padding.
func (k VerifyKey) String() string { return base64.StdEncoding.EncodeToString(k[:]) }

// ParseVerifyKey reads what String writes. It fails with ErrKey.
func ParseVerifyKey(s string) (VerifyKey, error) {
	b, ok := decode64(s, len(VerifyKey{}))
	if !ok {
		return VerifyKey{}, fmt.Errorf("%w: not an Ed25519 public key in base64", ErrKey)
	}
	return VerifyKey(b), nil
}

func (k VerifyKey) verifier(r Role) (note.Verifier, error) {
	s, err := note.NewEd25519VerifierKey(r.keyName(), k[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %s signing key", ErrKey, r)
	}
	v, err := note.NewVerifier(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %s signing key", ErrKey, r)
	}
	return v, nil
}

// A SigningKey signs the notes of one role.
type SigningKey struct {
	role Role
	seed [ed25519.SeedSize]byte
}

// NewSigningKey draws a key for a role.
func NewSigningKey(role Role, random io.Reader) (*SigningKey, error) {
	k := &SigningKey{role: role}
	if err := fill(random, k.seed[:]); err != nil {
		return nil, err
	}
	return k, nil
}

// SigningKeyFromSeed makes the key of a seed (RFC 8032).
func SigningKeyFromSeed(role Role, seed [32]byte) *SigningKey {
	return &SigningKey{role: role, seed: seed}
}

// Role is what the key may sign.
func (k *SigningKey) Role() Role { return k.role }

// Seed is the secret to be kept.
func (k *SigningKey) Seed() [32]byte { return k.seed }

// Public is the key that verifies.
func (k *SigningKey) Public() VerifyKey {
	return VerifyKey(k.private().Public().(ed25519.PublicKey))
}

// Wipe sets the seed to zero.
func (k *SigningKey) Wipe() { clear(k.seed[:]) }

func (k *SigningKey) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.seed[:]) }

// signer fits a SigningKey to sumdb/note.
type signer struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
}

func (s *signer) Name() string                    { return s.name }
func (s *signer) KeyHash() uint32                 { return s.hash }
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// sign signs text, once for each key. Every key must have the role.
func sign(text string, role Role, keys []*SigningKey) ([]byte, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: no key was given", ErrRole)
	}
	signers := make([]note.Signer, 0, len(keys))
	for _, k := range keys {
		if k.role != role {
			return nil, fmt.Errorf("%w: a %s key cannot sign what a %s key signs", ErrRole, k.role, role)
		}
		v, err := k.Public().verifier(role)
		if err != nil {
			return nil, err
		}
		signers = append(signers, &signer{v.Name(), v.KeyHash(), k.private()})
	}
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be signed", ErrNoteFormat)
	}
	if len(signed) > NoteMaxSize {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrNoteFormat, len(signed), NoteMaxSize)
	}
	return signed, nil
}

// verify gives the text of a note signed by at least one of keys. Signatures by other keys
// are skipped; a wrong one by a known key fails. It fails with ErrSignature or ErrNoteFormat.
func verify(signed []byte, role Role, keys []VerifyKey) (string, error) {
	if len(signed) > NoteMaxSize {
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrNoteFormat, len(signed), NoteMaxSize)
	}
	verifiers := make([]note.Verifier, 0, len(keys))
	for _, k := range keys {
		v, err := k.verifier(role)
		if err != nil {
			return "", err
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open(signed, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return "", fmt.Errorf("%w: %s", ErrSignature, role)
	case err != nil:
		return "", fmt.Errorf("%w: not a signed note", ErrNoteFormat)
	}
	return n.Text, nil
}

// HashNote is the SHA-256 of a whole signed note, signatures included: how one note names
// another.
func HashNote(signed []byte) [32]byte { return sha256.Sum256(signed) }

// decode64 reads strict standard base64 of exactly n bytes.
func decode64(s string, n int) ([]byte, bool) {
	if len(s) != base64.StdEncoding.EncodedLen(n) {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == n
}
