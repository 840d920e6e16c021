package release

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
)

// Context is the context string of an approval (Ed25519ctx, RFC 8032): a signature made for
// anything else is none here.
const Context = "kkachi/1 release approval"

// Approvals is the number of different people who must approve.
const Approvals = 2

// ErrApproval is behind each refusal of approvals.
var ErrApproval = errors.New("release is not approved")

// An Approver is the name of somebody who may approve, as the devices note has it.
type Approver string

// A Signature is an Ed25519 signature. Written in base64.
type Signature [ed25519.SignatureSize]byte

// MarshalText writes the signature in base64.
func (s Signature) MarshalText() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(s[:])), nil
}

// UnmarshalText reads 88 characters of base64.
func (s *Signature) UnmarshalText(b []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(b))
	if err != nil || len(raw) != len(s) || base64.StdEncoding.EncodeToString(raw) != string(b) {
		return errors.New("signature: no base64 of 64 bytes")
	}
	copy(s[:], raw)
	return nil
}

// An Approval is one person's signature of one digest.
type Approval struct {
	Name      Approver  `json:"name"`
	Signature Signature `json:"signature"`
}

// Approve signs digest d with an approver's key. The name goes with it; it is the key that
// counts. It fails if priv is no Ed25519 private key.
func Approve(name Approver, priv ed25519.PrivateKey, d Digest) (Approval, error) {
	if len(priv) != ed25519.PrivateKeySize {
		return Approval{}, fmt.Errorf("%w: %q has no Ed25519 key", ErrApproval, name)
	}
	sig, err := priv.Sign(nil, d[:], &ed25519.Options{Context: Context})
	if err != nil {
		return Approval{}, fmt.Errorf("%w: %w", ErrApproval, err)
	}
	return Approval{Name: name, Signature: Signature(sig)}, nil
}

// Verify says whether a is the signature of d under pub.
func (a Approval) Verify(pub ed25519.PublicKey, d Digest) error {
	if len(pub) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: the key of %q is not %d bytes long", ErrApproval, a.Name, ed25519.PublicKeySize)
	}
	if err := ed25519.VerifyWithOptions(pub, d[:], a.Signature[:], &ed25519.Options{Context: Context}); err != nil {
		return fmt.Errorf("%w: the signature of %q is not one of this release", ErrApproval, a.Name)
	}
	return nil
}

// MarshalApprovals writes approvals as JSON, one line feed at the end.
func MarshalApprovals(a []Approval) ([]byte, error) { return marshal(a) }

// ParseApprovals reads what MarshalApprovals wrote, and nothing else.
func ParseApprovals(data []byte) ([]Approval, error) {
	var a []Approval
	if err := unmarshal(data, &a); err != nil {
		return nil, fmt.Errorf("approvals: %w", err)
	}
	again, err := marshal(a)
	if err != nil {
		return nil, fmt.Errorf("approvals: %w", err)
	}
	if !bytes.Equal(again, data) {
		return nil, errors.New("approvals: not in canonical form")
	}
	return a, nil
}

// A Verified is a release whose approvals were checked. Only Open makes one.
type Verified struct {
	data   []byte
	digest Digest
}

// Open checks the canonical bytes of a release and its approvals: each must be good and by
// one of approvers, and two must be by different people with different keys. Anything else
// is refused, whole.
func Open(data []byte, approvals []Approval, approvers map[Approver]ed25519.PublicKey) (*Verified, error) {
	if _, err := Decode(data); err != nil {
		return nil, err
	}
	d := DigestOf(data)
	names, keys := map[Approver]bool{}, map[string]bool{}
	for _, a := range approvals {
		pub, ok := approvers[a.Name]
		if !ok {
			return nil, fmt.Errorf("%w: %q is not on the list of approvers", ErrApproval, a.Name)
		}
		if err := a.Verify(pub, d); err != nil {
			return nil, err
		}
		names[a.Name] = true
		keys[string(pub)] = true
	}
	if n := min(len(names), len(keys)); n < Approvals {
		return nil, fmt.Errorf("%w: %d of %d different approvers have signed: let another one approve it", ErrApproval, n, Approvals)
	}
	return &Verified{data: bytes.Clone(data), digest: d}, nil
}

// Release is a copy of what was approved. A zero Verified has none.
func (v *Verified) Release() (*Release, error) {
	if v == nil || v.data == nil {
		return nil, fmt.Errorf("%w: it was never opened", ErrApproval)
	}
	return Decode(v.data)
}

// Digest is the digest that was approved.
func (v *Verified) Digest() Digest { return v.digest }
