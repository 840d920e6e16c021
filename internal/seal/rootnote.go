package seal

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
)

// Limits of the root note (spec/02-notes.md).
const (
	RootLife       = 35 // days
	MaxSuccessions = 8
	MaxRoleKeys    = 4                          // sift signing keys; and as many desk signing keys
	SuccessionInfo = "kkachi/1 root succession" // a zero byte ends it
)

// A RootNote says who may sign what. The editor in chief signs it, offline.
type RootNote struct {
	Newsroom   NewsroomID
	Serial     uint64
	Issued     cell.Day
	Expires    cell.Day // the first day on which it is no longer valid
	Name       string
	W0         uint32    // absolute week (day / 7) in which the newsroom began
	First      VerifyKey // its SHA-256 is the newsroom's id
	Succession []Succession
	SiftKeys   []VerifyKey // 1 … MaxRoleKeys
	DeskKeys   []VerifyKey // 1 … MaxRoleKeys
	Engine     *[32]byte   // digest of the page's engine; nil until the page exists
	Contacts   *[32]byte   // digest of its contacts; nil likewise
	Onion      string      // onion address of the host, or empty
}

// Succession names the next root key, signed by the one before.
type Succession struct {
	Key VerifyKey
	Sig [ed25519.SignatureSize]byte
}

// Key is the root key that signs now: the last of the succession.
func (n *RootNote) Key() VerifyKey {
	if len(n.Succession) > 0 {
		return n.Succession[len(n.Succession)-1].Key
	}
	return n.First
}

// Continues says whether n goes on from former: of one newsroom, with each root key of former
// in its place. Who remembers a root note believes no other: a root key that was replaced can
// still sign, but never a note that continues one of its successor's.
func (n *RootNote) Continues(former *RootNote) bool {
	if n.Newsroom != former.Newsroom || len(n.Succession) < len(former.Succession) {
		return false
	}
	for i, s := range former.Succession {
		if n.Succession[i].Key != s.Key {
			return false
		}
	}
	return true
}

// Succeed appends next to the succession, signed by old, which must be the present root key.
// The newsroom's id stays. It fails with ErrRole.
func (n *RootNote) Succeed(old, next *SigningKey) error {
	if old.role != RoleRoot || next.role != RoleRoot || old.Public() != n.Key() {
		return fmt.Errorf("%w: a succession goes from the present root key to a root key", ErrRole)
	}
	if len(n.Succession) == MaxSuccessions {
		return fmt.Errorf("%w: root note: more than %d successions", ErrNoteFormat, MaxSuccessions)
	}
	msg := successionMessage(n.Newsroom, len(n.Succession), old.Public(), next.Public())
	s := Succession{Key: next.Public()}
	copy(s.Sig[:], ed25519.Sign(old.private(), msg))
	n.Succession = append(n.Succession, s)
	return nil
}

func successionMessage(id NewsroomID, position int, old, next VerifyKey) []byte {
	msg := append([]byte(SuccessionInfo+"\x00"), id[:]...)
	msg = append(msg, byte(position))
	msg = append(msg, old[:]...)
	return append(msg, next[:]...)
}

// SignRoot signs a root note with the present root key. Errors: ErrRole, ErrNoteFormat,
// ErrNewsroom, ErrSignature (of the succession).
func SignRoot(n *RootNote, keys ...*SigningKey) ([]byte, error) {
	text := n.text()
	back, err := parseRootText(text)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 && keys[0].Public() != back.Key() {
		return nil, fmt.Errorf("%w: the first key is not the note's present root key", ErrRole)
	}
	return sign(text, RoleRoot, keys)
}

// ParseRoot reads and verifies a root note of the newsroom. With today 0 it looks at a note
// whatever its age. Errors: ErrNoteFormat, ErrNewsroom, ErrSignature, ErrExpired.
func ParseRoot(signed []byte, id NewsroomID, today cell.Day) (*RootNote, error) {
	// The key that must have signed stands in the text, bound to the id by its hash and by
	// the succession: the text is read first, and believed only once the signature holds.
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok || len(signed) > NoteMaxSize {
		return nil, fmt.Errorf("%w: not a signed root note", ErrNoteFormat)
	}
	n, err := parseRootText(string(text) + "\n")
	if err != nil {
		return nil, err
	}
	if err := n.head().check("root", id, RootLife, today); err != nil {
		return nil, err
	}
	verified, err := verify(signed, RoleRoot, []VerifyKey{n.Key()})
	if err != nil {
		return nil, err
	}
	if verified != string(text)+"\n" {
		return nil, fmt.Errorf("%w: a blank line within a root note", ErrNoteFormat)
	}
	return n, nil
}

func (n *RootNote) head() head { return head{n.Newsroom, n.Serial, n.Issued, n.Expires} }

func (n *RootNote) text() string {
	w := newWriter("root")
	w.head(n.head())
	w.line("name", n.Name)
	w.line("week-zero", dec(n.W0))
	w.line("root-key", n.First.String())
	for _, s := range n.Succession {
		w.line("successor", s.Key.String(), b64(s.Sig[:]))
	}
	for _, k := range n.SiftKeys {
		w.line("sift-key", k.String())
	}
	for _, k := range n.DeskKeys {
		w.line("desk-key", k.String())
	}
	w.line("engine", hexOrAbsent(n.Engine))
	w.line("contacts", hexOrAbsent(n.Contacts))
	onion := n.Onion
	if onion == "" {
		onion = absent
	}
	w.line("onion", onion)
	return w.String()
}

// parseRootText reads and checks all but life and signature.
func parseRootText(text string) (*RootNote, error) {
	l := readLines(text, "root")
	n := &RootNote{Newsroom: l.newsroom(), Serial: l.serial()}
	n.Issued, n.Expires = l.life()
	if n.Name = l.tail("name"); !validTitle(n.Name) {
		l.fail("name")
	}
	n.W0 = uint32(l.number("week-zero", l.next("week-zero", 1)[0], MaxDay/7))
	n.First = l.verifyKey("root-key", l.next("root-key", 1)[0])
	l.many("successor", 2, 0, MaxSuccessions, func(f []string) {
		s := Succession{Key: l.verifyKey("successor", f[0])}
		sig, ok := decode64(f[1], ed25519.SignatureSize)
		if !ok {
			l.fail("successor")
		}
		copy(s.Sig[:], sig)
		n.Succession = append(n.Succession, s)
	})
	l.many("sift-key", 1, 1, MaxRoleKeys, func(f []string) {
		n.SiftKeys = append(n.SiftKeys, l.verifyKey("sift-key", f[0]))
	})
	l.many("desk-key", 1, 1, MaxRoleKeys, func(f []string) {
		n.DeskKeys = append(n.DeskKeys, l.verifyKey("desk-key", f[0]))
	})
	n.Engine = l.maybeHash("engine", l.next("engine", 1)[0])
	n.Contacts = l.maybeHash("contacts", l.next("contacts", 1)[0])
	if n.Onion = l.next("onion", 1)[0]; n.Onion == absent {
		n.Onion = ""
	} else if !validOnion(n.Onion) {
		l.fail("onion")
	}
	if err := l.end(); err != nil {
		return nil, err
	}
	if err := n.checkKeys(); err != nil {
		return nil, err
	}
	if n.text() != text {
		return nil, fmt.Errorf("%w: root note: not its one form", ErrNoteFormat)
	}
	return n, nil
}

// checkKeys holds id, succession and roles together: no key may stand in two places.
func (n *RootNote) checkKeys() error {
	if NewNewsroomID(n.First) != n.Newsroom {
		return fmt.Errorf("%w: the id is not the digest of the first root key", ErrNewsroom)
	}
	seen := map[VerifyKey]bool{n.First: true}
	old := n.First
	for i, s := range n.Succession {
		if !ed25519.Verify(old[:], successionMessage(n.Newsroom, i, old, s.Key), s.Sig[:]) {
			return fmt.Errorf("%w: succession %d of the root key", ErrSignature, i+1)
		}
		if seen[s.Key] {
			return fmt.Errorf("%w: a root key stands twice", ErrRole)
		}
		seen[s.Key] = true
		old = s.Key
	}
	for _, k := range append(append([]VerifyKey(nil), n.SiftKeys...), n.DeskKeys...) {
		if seen[k] {
			return fmt.Errorf("%w: one key stands in two roles, or twice", ErrRole)
		}
		seen[k] = true
	}
	return nil
}

// names says whether a key stands in the note, in any role, now or before.
func (n *RootNote) names(k VerifyKey) bool {
	former := slices.ContainsFunc(n.Succession, func(s Succession) bool { return s.Key == k })
	return k == n.First || former || slices.Contains(n.SiftKeys, k) || slices.Contains(n.DeskKeys, k)
}

func validOnion(s string) bool {
	name, ok := strings.CutSuffix(s, ".onion")
	return ok && len(name) == 56 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
