package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Encode gives the canonical form of r, which is what people approve: JSON with the fields
// in the order of the types, without blanks between, one line feed at the end. It fails as
// Check does.
func (r *Release) Encode() ([]byte, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	data, err := marshal(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRelease, err)
	}
	if len(data) > MaxSize {
		return nil, refuse("release", fmt.Sprintf("is %d bytes long, over %d", len(data), MaxSize))
	}
	return data, nil
}

// Decode reads the canonical form and nothing else: an unknown, repeated or missing field,
// another order or a blank is refused, so that one release has one digest.
func Decode(data []byte) (*Release, error) {
	if len(data) > MaxSize {
		return nil, refuse("release", fmt.Sprintf("is %d bytes long, over %d", len(data), MaxSize))
	}
	var r Release
	if err := unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRelease, err)
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	again, err := marshal(&r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRelease, err)
	}
	if !bytes.Equal(again, data) {
		return nil, refuse("release", "is not in canonical form")
	}
	return &r, nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unmarshal(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return plain(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end")
	}
	return nil
}

// plain names the field of a JSON error without the value that stands there.
func plain(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("%s: wrong kind of value", kind.Field)
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON at byte %d", syntax.Offset)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("is cut short")
	case errors.Is(err, ErrRung):
		return err
	}
	return errors.New("unknown field, or a value of the wrong form")
}

// A Digest names the exact bytes of a release: SHA-256 of its canonical form.
type Digest [sha256.Size]byte

// DigestOf is the digest of a release's canonical bytes.
func DigestOf(data []byte) Digest { return sha256.Sum256(data) }

// String is the digest in hex.
func (d Digest) String() string { return Hash(d).String() }

// MarshalText writes the digest in hex.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 64 hex digits in lower case.
func (d *Digest) UnmarshalText(b []byte) error { return unhex(d[:], b) }
