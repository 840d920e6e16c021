package desk

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"

	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// An ID names a thing of the desk: a source, a report, a reply, a claim, an item of
// evidence, a story. It is random and means nothing. In JSON it is 32 hex digits.
type ID vault.Thing

// An OpID names an operation, for Undo. In JSON it is 64 hex digits.
type OpID vault.Hash

// String is the ID in hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero says whether the ID names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes the ID in hex.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error {
	got, err := ParseID(string(b))
	*id = got
	return err
}

// Value gives the ID to SQL as a blob.
func (id ID) Value() (driver.Value, error) { return id[:], nil }

// Scan takes a blob from SQL.
func (id *ID) Scan(src any) error { return (*vault.Thing)(id).Scan(src) }

// String is the OpID in hex.
func (id OpID) String() string { return hex.EncodeToString(id[:]) }

// IsZero says whether the OpID names nothing.
func (id OpID) IsZero() bool { return id == OpID{} }

// MarshalText writes the OpID in hex.
func (id OpID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *OpID) UnmarshalText(b []byte) error {
	got, err := ParseOpID(string(b))
	*id = got
	return err
}

// Value gives the OpID to SQL as a blob.
func (id OpID) Value() (driver.Value, error) { return id[:], nil }

// Scan takes a blob from SQL.
func (id *OpID) Scan(src any) error { return (*vault.Hash)(id).Scan(src) }

// A Lang is one of the languages of the house.
type Lang = lang.Tag

// ParseID reads an ID written in hex.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, fmt.Errorf("id: %d hex digits wanted", 2*len(id))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, errors.New("id: not hex")
	}
	return id, nil
}

// ParseOpID reads an OpID: 64 hex digits.
func ParseOpID(s string) (OpID, error) {
	var id OpID
	if len(s) != 2*len(id) {
		return OpID{}, fmt.Errorf("operation: %d hex digits wanted", 2*len(id))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return OpID{}, errors.New("operation: not hex")
	}
	return id, nil
}

// Errors of the desk; use errors.Is. None carries what a source wrote.
var (
	ErrNotFound   = errors.New("no such thing at this desk")
	ErrPassphrase = errors.New("wrong passphrase")
	ErrHeld       = errors.New("held: the gate must be answered first")
	ErrApprovals  = errors.New("two different approvers are needed")
	ErrStale      = errors.New("changed since: look again, then approve again")
	ErrNotUndone  = errors.New("this can't be undone")
	ErrLate       = errors.New("too late")
)

// A FieldError says which field of an input is wrong, for a form.
type FieldError struct {
	Field   string // the name of the struct's field, in lower case: "text", "relays", "sentence.level"
	Problem string
}

// Error names the field first.
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

func field(name, format string, args ...any) error {
	return &FieldError{name, fmt.Sprintf(format, args...)}
}
