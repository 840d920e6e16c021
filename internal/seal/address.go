package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// ErrAddress is a newsroom id or address that is not written as it must be.
var ErrAddress = errors.New("seal: malformed newsroom address")

// NewsroomID is the SHA-256 of the first root public key: the one thing a reader can learn
// by hand and check everything else against.
type NewsroomID [32]byte

// NewNewsroomID is the id of the newsroom whose first root key this is.
func NewNewsroomID(first VerifyKey) NewsroomID { return sha256.Sum256(first[:]) }

// String is the id in 64 lower-case hex digits.
func (id NewsroomID) String() string { return hex.EncodeToString(id[:]) }

// ParseNewsroomID reads 64 lower-case hex digits. It fails with ErrAddress.
func ParseNewsroomID(s string) (NewsroomID, error) {
	h, ok := parseHash(s)
	if !ok {
		return NewsroomID{}, fmt.Errorf("%w: the id is not 64 lower-case hex digits", ErrAddress)
	}
	return h, nil
}

// An Address is a newsroom's id and where its host is: kkachi:ID@URL.
type Address struct {
	ID  NewsroomID
	URL string // scheme and host, perhaps a path; no query, fragment, user or slash at its end
}

// AddressPrefix begins every address.
const AddressPrefix = "kkachi:"

// String is the address as it is printed and typed.
func (a Address) String() string { return AddressPrefix + a.ID.String() + "@" + a.URL }

// ParseAddress reads kkachi:ID@URL. The URL is https; or http if the host is loopback or an
// onion, where no one stands between. It fails with ErrAddress.
func ParseAddress(s string) (Address, error) {
	rest, ok := strings.CutPrefix(s, AddressPrefix)
	if !ok {
		return Address{}, fmt.Errorf("%w: it does not begin with %q", ErrAddress, AddressPrefix)
	}
	id, raw, ok := strings.Cut(rest, "@")
	if !ok {
		return Address{}, fmt.Errorf("%w: no @ between id and URL", ErrAddress)
	}
	a := Address{URL: raw}
	var err error
	if a.ID, err = ParseNewsroomID(id); err != nil {
		return Address{}, err
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.String() != raw ||
		strings.ContainsAny(raw, "?#") || strings.HasSuffix(raw, "/") {
		return Address{}, fmt.Errorf("%w: the URL is not a plain scheme, host and path without a slash at its end", ErrAddress)
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && private(u.Hostname()):
	default:
		return Address{}, fmt.Errorf("%w: the URL is not https (http is for loopback and onions only)", ErrAddress)
	}
	return a, nil
}

// private says whether plain http reaches host without crossing anyone's wire in clear.
func private(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".onion") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// parseHash reads 64 lower-case hex digits.
func parseHash(s string) (h [32]byte, ok bool) {
	if len(s) != 64 || strings.ToLower(s) != s {
		return h, false
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return h, false
	}
	copy(h[:], b)
	return h, true
}
