package drop

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Role is whom a token speaks for.
type Role string

// The roles. Each may do only what spec/05-host.md, section 6 says.
const (
	RoleSift  Role = "sift"
	RoleDesk  Role = "desk"
	RolePress Role = "press"
)

// TokenSize is the random bytes of a token; it is written as 43 characters of base64url.
const TokenSize = 32

// Tokens is what the host keeps of tokens: the role and the SHA-256 of each. The zero Tokens
// lets nobody in.
type Tokens struct{ entries []tokenEntry }

type tokenEntry struct {
	role Role
	hash [sha256.Size]byte
}

// NewToken draws a token. Its holder keeps it; the host gets it by Add and keeps its hash.
func NewToken(rand io.Reader) (string, error) {
	var b [TokenSize]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("drop: making a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// Add lets the holder of a token in.
func (t *Tokens) Add(role Role, token string) error {
	if !known(role) {
		return errors.New("drop: unknown role: it is sift, desk or press")
	}
	if b, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil || len(b) != TokenSize {
		return errors.New("drop: a token is 43 characters of base64url")
	}
	t.entries = append(slices.Clone(t.entries), tokenEntry{role, sha256.Sum256([]byte(token))})
	return nil
}

// With is t with the entries of fresh in the place of all that t has for their roles.
func (t Tokens) With(fresh Tokens) Tokens {
	var out Tokens
	for _, e := range t.entries {
		if !slices.Contains(fresh.Roles(), e.role) {
			out.entries = append(out.entries, e)
		}
	}
	out.entries = append(out.entries, fresh.entries...)
	return out
}

// Roles lists whom the tokens speak for, each once.
func (t Tokens) Roles() (out []Role) {
	for _, r := range []Role{RoleSift, RoleDesk, RolePress} {
		if slices.ContainsFunc(t.entries, func(e tokenEntry) bool { return e.role == r }) {
			out = append(out, r)
		}
	}
	return out
}

// Marshal writes the file of tokens: a line "ROLE SHA256" for each.
func (t Tokens) Marshal() []byte {
	var b bytes.Buffer
	for _, e := range t.entries {
		fmt.Fprintf(&b, "%s %x\n", e.role, e.hash)
	}
	return b.Bytes()
}

// ParseTokens reads what Marshal wrote. An error names the line.
func ParseTokens(data []byte) (Tokens, error) {
	var t Tokens
	for i, line := range strings.SplitAfter(string(data), "\n") {
		if line == "" {
			break
		}
		role, digits, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		hash, err := hex.DecodeString(digits)
		if !ok || err != nil || len(hash) != sha256.Size || hex.EncodeToString(hash) != digits || !known(Role(role)) || !strings.HasSuffix(line, "\n") {
			return Tokens{}, fmt.Errorf("drop: tokens, line %d: want a role (sift, desk, press), a space and 64 lower-case hex digits", i+1)
		}
		t.entries = append(t.entries, tokenEntry{Role(role), [sha256.Size]byte(hash)})
	}
	return t, nil
}

func known(r Role) bool { return r == RoleSift || r == RoleDesk || r == RolePress }

// role finds whose token stands in the Authorization headers of a request. It compares with
// every entry, whichever fits, so that its time says nothing.
func (t Tokens) role(headers []string) (Role, bool) {
	if len(headers) != 1 {
		return "", false
	}
	token, ok := strings.CutPrefix(headers[0], "Bearer ")
	if !ok || len(token) != base64.RawURLEncoding.EncodedLen(TokenSize) {
		return "", false
	}
	hash := sha256.Sum256([]byte(token))
	var role Role
	for _, e := range t.entries {
		if subtle.ConstantTimeCompare(hash[:], e.hash[:]) == 1 {
			role = e.role
		}
	}
	return role, role != ""
}
