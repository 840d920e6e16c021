package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"sync"
)

// door lets in one browser. The token of the link is exchanged once for a session cookie;
// afterwards the token opens nothing, and no second browser comes in.
type door struct {
	cookie string // its name is bound to the random host: cookies ignore ports

	mu      sync.Mutex // guards what follows
	tok     string
	used    bool
	session [32]byte // hash of the cookie's value; meaningless until used
	value   string   // drawn beforehand, so that an exchange can't fail half-way
}

func newDoor(r io.Reader, label string) (*door, error) {
	d := &door{cookie: "kkachi-" + label}
	return d, d.renew(r)
}

// renew draws a new token and a new session; whoever was inside is outside.
func (d *door) renew(r io.Reader) error {
	tok, err := draw(r)
	if err != nil {
		return err
	}
	value, err := draw(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tok, d.value, d.used = tok, value, false
	d.session = sha256.Sum256([]byte(value))
	return nil
}

func (d *door) token() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tok
}

// exchange gives the session cookie for the token, the first time only.
func (d *door) exchange(token string) (*http.Cookie, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(d.tok))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || d.used {
		return nil, false
	}
	d.used = true
	c := &http.Cookie{
		Name: d.cookie, Value: d.value, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	d.value = ""
	return c, true
}

// inside says whether a request carries the session. Several cookies of that name are
// refused: one of them was planted.
func (d *door) inside(r *http.Request) bool {
	cs := r.CookiesNamed(d.cookie)
	if len(cs) != 1 {
		return false
	}
	got := sha256.Sum256([]byte(cs[0].Value))
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used && subtle.ConstantTimeCompare(got[:], d.session[:]) == 1
}
