package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"kkachi/internal/cell"
)

// Sizes in bytes of HPKE keys (X-Wing, draft-connolly-cfrg-xwing-kem).
const (
	HPKEPublicSize = 1216 // ML-KEM-768 encapsulation key (1184) and X25519 point (32)
	HPKESeedSize   = 32
	KEMID          = 0x647a // MLKEM768-X25519
	KDFID          = 0x0001 // HKDF-SHA-256
	AEADID         = 0x0002 // AES-256-GCM
)

// Labels that begin the HPKE info of each layer; a zero byte ends each.
const (
	OuterInfo = "kkachi/1 outer" // ‖ 0 ‖ newsroom id (32) ‖ u32 epoch
	InnerInfo = "kkachi/1 inner" // ‖ 0 ‖ newsroom id (32) ‖ SHA-256 of the inbox key
)

// HPKEPublic is a day key or an inbox key, public half. It is the only type to which
// anything is ever encrypted in this package (P3).
type HPKEPublic [HPKEPublicSize]byte

// ParseHPKEPublic checks length and form (the ML-KEM half must be canonical) and copies.
// It fails with ErrKey.
func ParseHPKEPublic(b []byte) (*HPKEPublic, error) {
	if len(b) != HPKEPublicSize {
		return nil, fmt.Errorf("%w: X-Wing public key of %d bytes, not %d", ErrKey, len(b), HPKEPublicSize)
	}
	if _, err := hpke.MLKEM768X25519().NewPublicKey(b); err != nil {
		return nil, fmt.Errorf("%w: not an X-Wing public key", ErrKey)
	}
	return (*HPKEPublic)(append([]byte(nil), b...)), nil
}

// HPKESeed is the private half of a day key or an inbox key.
type HPKESeed [HPKESeedSize]byte

// NewHPKESeed draws a seed.
func NewHPKESeed(random io.Reader) (HPKESeed, error) {
	var s HPKESeed
	err := fill(random, s[:])
	return s, err
}

// Public is the public half.
func (s *HPKESeed) Public() *HPKEPublic {
	return (*HPKEPublic)(s.private().PublicKey().Bytes())
}

// Wipe sets the seed to zero. Copies that the runtime or crypto/hpke made stay behind:
// only the end of the process wipes those.
func (s *HPKESeed) Wipe() { clear(s[:]) }

func (s *HPKESeed) private() hpke.PrivateKey {
	k, err := hpke.MLKEM768X25519().NewPrivateKey(s[:])
	if err != nil {
		// Every 32-byte string is a seed.
		panic("seal: X-Wing seed: " + err.Error())
	}
	return k
}

// sealTo encrypts plain to pub and returns encapsulation ‖ ciphertext. crypto/hpke draws
// its own randomness from the operating system.
func sealTo(pub *HPKEPublic, info, plain []byte) ([]byte, error) {
	k, err := hpke.MLKEM768X25519().NewPublicKey(pub[:])
	if err != nil {
		return nil, fmt.Errorf("%w: not an X-Wing public key", ErrKey)
	}
	out, err := hpke.Seal(k, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plain)
	if err != nil {
		return nil, fmt.Errorf("%w: cannot seal to it", ErrKey)
	}
	return out, nil
}

// openWith decrypts encapsulation ‖ ciphertext. Why it failed is nobody's business: any
// failure is cover.
func openWith(k hpke.PrivateKey, info, sealed []byte) ([]byte, bool) {
	plain, err := hpke.Open(k, hpke.HKDFSHA256(), hpke.AES256GCM(), info, sealed)
	return plain, err == nil
}

func outerInfo(id NewsroomID, epoch cell.Day) []byte {
	out := append([]byte(OuterInfo+"\x00"), id[:]...)
	return binary.BigEndian.AppendUint32(out, uint32(epoch))
}

func innerInfo(id NewsroomID, inbox *HPKEPublic) []byte {
	sum := sha256.Sum256(inbox[:])
	out := append([]byte(InnerInfo+"\x00"), id[:]...)
	return append(out, sum[:]...)
}
