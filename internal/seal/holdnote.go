package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"kkachi/internal/cell"
)

// Limits of the notes about a held day (spec/02-notes.md).
const (
	HoldDays          = 3                  // days after its end, 72 hours, that an arrival day is held at most
	FreeApprovers     = 2                  // different people who must sign a free note
	ApproverKeyPrefix = "kkachi-approver-" // of the name on an approver's signature line; the approver's name follows
	MaxHeldCanaries   = 1 << 16            // that a hold note may speak of
)

// A HoldNote says that sift keeps back the letters of an arrival day, and how many canaries
// came with them. A sift signing key signs it; it is never public. It has no serial and no
// life: of one day there is one, with the same bytes however often it is made.
type HoldNote struct {
	Newsroom NewsroomID
	Day      cell.Day
	Canaries uint32
}

// SignHold signs a hold note with sift signing keys. Errors: ErrRole, ErrNoteFormat.
func SignHold(n *HoldNote, keys ...*SigningKey) ([]byte, error) {
	text := n.text()
	if _, err := parseHoldText(text); err != nil {
		return nil, err
	}
	return sign(text, RoleSift, keys)
}

// ParseHold reads and verifies a hold note under a verified root note. Errors: ErrNoteFormat,
// ErrNewsroom, ErrSignature.
func ParseHold(signed []byte, root *RootNote) (*HoldNote, error) {
	text, err := verify(signed, RoleSift, root.SiftKeys)
	if err != nil {
		return nil, err
	}
	n, err := parseHoldText(text)
	if err != nil {
		return nil, err
	}
	if n.Newsroom != root.Newsroom {
		return nil, fmt.Errorf("%w: hold note", ErrNewsroom)
	}
	return n, nil
}

func (n *HoldNote) text() string {
	w := newWriter("hold")
	w.line("newsroom", n.Newsroom.String())
	w.line("day", dec(n.Day))
	w.line("canaries", dec(n.Canaries))
	return w.String()
}

func parseHoldText(text string) (*HoldNote, error) {
	l := readLines(text, "hold")
	n := &HoldNote{Newsroom: l.newsroom()}
	n.Day = l.day("day", l.next("day", 1)[0])
	n.Canaries = uint32(l.number("canaries", l.next("canaries", 1)[0], MaxHeldCanaries))
	if err := l.end(); err != nil {
		return nil, err
	}
	if n.text() != text {
		return nil, fmt.Errorf("%w: hold note: not its one form", ErrNoteFormat)
	}
	return n, nil
}

// A FreeNote lets the letters of a held arrival day go. FreeApprovers different approvers of
// the devices note sign it, each with a key that signs nothing else but releases, and those
// in another way (Ed25519ctx): neither can be taken for the other (P14).
type FreeNote struct {
	Newsroom NewsroomID
	Day      cell.Day
}

// SignFree signs a free note as one approver: by itself it frees nothing. Errors:
// ErrNoteFormat, ErrKey.
func SignFree(n *FreeNote, name string, key ed25519.PrivateKey) ([]byte, error) {
	text := n.text()
	if _, err := parseFreeText(text); err != nil {
		return nil, err
	}
	if len(key) != ed25519.PrivateKeySize || !validName(name) {
		return nil, fmt.Errorf("%w: no approver", ErrKey)
	}
	v, err := Approver{name, VerifyKey(key.Public().(ed25519.PublicKey))}.verifier()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, &signer{v.Name(), v.KeyHash(), key})
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be signed", ErrNoteFormat)
	}
	return signed, nil
}

// JoinFree puts the signatures of free notes of one day under one text, each once, in the order
// of their lines: who joins the same ones gets the same bytes. It verifies nothing. It fails
// with ErrNoteFormat.
func JoinFree(notes ...[]byte) ([]byte, error) {
	var text []byte
	var lines [][]byte
	for i, n := range notes {
		before, sigs, ok := bytes.Cut(n, blank)
		if _, err := parseFreeText(string(before) + "\n"); !ok || err != nil || i > 0 && !bytes.Equal(before, text) {
			return nil, fmt.Errorf("%w: not free notes of one day", ErrNoteFormat)
		}
		text = before
		lines = append(lines, slices.Collect(bytes.Lines(sigs))...)
	}
	slices.SortFunc(lines, bytes.Compare)
	lines = slices.CompactFunc(lines, bytes.Equal)
	out := slices.Concat(text, blank, bytes.Join(lines, nil))
	if len(notes) == 0 || len(out) > NoteMaxSize {
		return nil, fmt.Errorf("%w: no free note, or too many", ErrNoteFormat)
	}
	return out, nil
}

// FreeSigners reads a free note and gives the names of the approvers of the devices note whose
// good signatures it has, in their order there, at least one. Errors: ErrNoteFormat,
// ErrNewsroom, ErrSignature.
func FreeSigners(signed []byte, devices *DevicesNote) (*FreeNote, []string, error) {
	if len(signed) > NoteMaxSize {
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrNoteFormat, len(signed), NoteMaxSize)
	}
	verifiers := make([]note.Verifier, 0, len(devices.Approvers))
	for _, a := range devices.Approvers {
		v, err := a.verifier()
		if err != nil {
			return nil, nil, err
		}
		verifiers = append(verifiers, v)
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	_, unverified := errors.AsType[*note.UnverifiedNoteError](err)
	_, invalid := errors.AsType[*note.InvalidSignatureError](err)
	switch {
	case unverified || invalid:
		return nil, nil, fmt.Errorf("%w: approver", ErrSignature)
	case err != nil:
		return nil, nil, fmt.Errorf("%w: not a signed note", ErrNoteFormat)
	}
	n, err := parseFreeText(opened.Text)
	if err != nil {
		return nil, nil, err
	}
	if n.Newsroom != devices.Newsroom {
		return nil, nil, fmt.Errorf("%w: free note", ErrNewsroom)
	}
	var names []string
	for _, a := range devices.Approvers {
		if slices.ContainsFunc(opened.Sigs, func(s note.Signature) bool { return s.Name == ApproverKeyPrefix+a.Name }) {
			names = append(names, a.Name)
		}
	}
	return n, names, nil
}

// ParseFree reads and verifies a free note under a verified devices note: it has the good
// signatures of FreeApprovers different approvers. Errors: ErrNoteFormat, ErrNewsroom,
// ErrSignature.
func ParseFree(signed []byte, devices *DevicesNote) (*FreeNote, error) {
	n, names, err := FreeSigners(signed, devices)
	if err != nil {
		return nil, err
	}
	if len(names) < FreeApprovers {
		return nil, fmt.Errorf("%w: %d of %d approvers have signed the free note", ErrSignature, len(names), FreeApprovers)
	}
	return n, nil
}

func (n *FreeNote) text() string {
	w := newWriter("free")
	w.line("newsroom", n.Newsroom.String())
	w.line("day", dec(n.Day))
	return w.String()
}

func parseFreeText(text string) (*FreeNote, error) {
	l := readLines(text, "free")
	n := &FreeNote{Newsroom: l.newsroom()}
	n.Day = l.day("day", l.next("day", 1)[0])
	if err := l.end(); err != nil {
		return nil, err
	}
	if n.text() != text {
		return nil, fmt.Errorf("%w: free note: not its one form", ErrNoteFormat)
	}
	return n, nil
}

// verifier is of an approver's own signature lines, which carry the approver's name.
func (a Approver) verifier() (note.Verifier, error) {
	s, err := note.NewEd25519VerifierKey(ApproverKeyPrefix+a.Name, a.Key[:])
	if err != nil {
		return nil, fmt.Errorf("%w: approver %s", ErrKey, a.Name)
	}
	v, err := note.NewVerifier(s)
	if err != nil {
		return nil, fmt.Errorf("%w: approver %s", ErrKey, a.Name)
	}
	return v, nil
}
