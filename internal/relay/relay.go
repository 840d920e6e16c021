// Package relay is the one client of the host's interface (spec/05-host.md), used by source,
// sift, desk and press.
//
// What enters: cells, and byte strings that are sealed or signed already. What leaves: the
// bytes that the host handed out, bounded in size and unjudged, and their heads to who asks for them. What may never be known here:
// a key, what any byte string means, and anything to be kept: no cookie, no cache, no file.
package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"

	"kkachi/internal/cell"
)

// Bounds of what a host may answer, in bytes, whatever host it is.
const (
	MaxHeader   = 16 << 10  // header of an answer
	MaxSmall    = 16 << 20  // notes, bulletin, lists, a now
	MaxManifest = 64 << 20  // the manifest of the site, to anyone
	MaxObject   = 256 << 20 // an object, or the manifest of the site
	MaxDay      = 1 << 20   // cells of a day
)

// DefaultTimeout is how long a request may stand still, in seconds.
const DefaultTimeout = 60

// Errors of a request. Those that are wrapped around them name the request, never the host, the
// token or a body.
var (
	ErrNotFound    = errors.New("relay: not found, or not for this token")
	ErrConflict    = errors.New("relay: the host holds other bytes, a higher serial, or not yet all files")
	ErrRefused     = errors.New("relay: the host refuses the request")
	ErrFull        = errors.New("relay: the host takes no more cells for now")
	ErrUnavailable = errors.New("relay: the host can't be reached or doesn't answer; try again later")
)

// Options of a client.
type Options struct {
	Token     string                                     // for /s/; empty for the public
	Proxy     string                                     // "socks5://HOST:PORT" that also looks names up, or empty
	Timeout   time.Duration                              // without progress; 0 is DefaultTimeout seconds
	Transport http.RoundTripper                          // instead of the network, in tests
	Sleep     func(context.Context, time.Duration) error // between two tries; nil waits really
}

// A Client speaks to one host. Make one with New. It may be used from many goroutines.
type Client struct {
	base    string
	token   string
	timeout time.Duration
	sleep   func(context.Context, time.Duration) error
	http    *http.Client
}

// New makes a client of the host at base: "https://NAME" or, to this machine's own loopback
// or to an onion service, "http://NAME"; a plain path may follow, if the host stands below one. An onion service is reached through a proxy only.
// The environment is not asked for a proxy.
func New(base string, o Options) (*Client, error) {
	u, err := checkBase(base)
	if err != nil {
		return nil, err
	}
	if isOnion(u.Hostname()) && o.Proxy == "" && o.Transport == nil {
		return nil, errors.New("relay: an onion service is reached through Tor only: give its proxy, such as socks5://127.0.0.1:9050")
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("relay: a token is printable ASCII without a space")
	}
	c := &Client{base: u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/"), token: o.Token, timeout: o.Timeout, sleep: o.Sleep}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout * time.Second
	}
	if c.sleep == nil {
		c.sleep = wait
	}
	transport := o.Transport
	if transport == nil {
		if transport, err = newTransport(o.Proxy, c.timeout); err != nil {
			return nil, err
		}
	}
	c.http = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func checkBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, errors.New("relay: the host's address is not a URL")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, errors.New("relay: the host's address must be https://NAME, or http:// to loopback or an onion service")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(base, "#") || !plainPath(u):
		return nil, errors.New("relay: the host's address must be nothing but scheme, name, port and perhaps a plain path")
	case u.Scheme == "http" && !isLoopback(u.Hostname()) && !isOnion(u.Hostname()):
		return nil, errors.New("relay: http:// would show the token and the cells to the network: use https://, or an onion service")
	}
	return u, nil
}

// plainPath wants a path that needs no escape and goes nowhere but down.
func plainPath(u *url.URL) bool {
	return u.RawPath == "" && strings.Trim(u.Path, pathBytes) == "" && !strings.Contains(u.Path, "//") && !strings.Contains(u.Path, "/.")
}

const pathBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~./"

// isOnion also knows a name with the dot of the root after it: whoever looks that up tells the resolver.
func isOnion(host string) bool {
	return strings.HasSuffix(strings.TrimSuffix(strings.ToLower(host), "."), ".onion")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func newTransport(socks string, timeout time.Duration) (*http.Transport, error) {
	direct := &net.Dialer{Timeout: timeout}
	dial := direct.DialContext
	if socks != "" {
		u, err := url.Parse(socks)
		if err != nil || u.Scheme != "socks5" || u.Hostname() == "" || u.Port() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			return nil, errors.New("relay: a proxy is written socks5://HOST:PORT")
		}
		// The name of the host goes to the proxy as it is: nothing is looked up here.
		d, err := proxy.SOCKS5("tcp", u.Host, nil, direct)
		if err != nil {
			return nil, fmt.Errorf("relay: proxy: %w", err)
		}
		through, ok := d.(proxy.ContextDialer)
		if !ok {
			return nil, errors.New("relay: proxy: can't be cancelled")
		}
		dial = through.DialContext
	}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS13},
		TLSHandshakeTimeout:    timeout,
		IdleConnTimeout:        timeout,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: MaxHeader,
		DisableCompression:     true,
	}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// PostCell posts one cell, once: a second try would tell the network that something failed,
// and a fresh cell is sealed for that. nil: it is durable. ErrRefused, ErrFull, ErrUnavailable.
func (c *Client) PostCell(ctx context.Context, x *cell.Cell) error {
	_, err := c.once(ctx, request{name: "posting a cell", method: http.MethodPost, path: "/c", body: x[:]}, 0)
	return err
}

// Notes fetches the signed notes, once. ErrNotFound before the sift has put any.
func (c *Client) Notes(ctx context.Context) ([]byte, error) {
	return c.once(ctx, request{name: "fetching notes", method: http.MethodGet, path: "/d"}, cell.NotesMaxSize)
}

// Manifest fetches the site's signed manifest, once. ErrNotFound before the press has put any.
func (c *Client) Manifest(ctx context.Context) ([]byte, error) {
	return c.once(ctx, request{name: "fetching the manifest", method: http.MethodGet, path: "/m"}, MaxManifest)
}

// File fetches a file of the site, of at most so many bytes, once. path is as the manifest has
// it, without a slash before it. ErrNotFound; ErrRefused if it is larger.
func (c *Client) File(ctx context.Context, path string, most int64) ([]byte, error) {
	return c.once(ctx, request{name: "fetching a file of the site", method: http.MethodGet, path: "/" + path}, most)
}

// Packed is File as browsers ask for one, and what they make of the answer: a host may send texts
// in gzip to who accepts it (spec/05-host.md, section 8). ErrRefused too if it can't be unpacked,
// or is packed in a way in which no host of ours packs.
func (c *Client) Packed(ctx context.Context, path string, most int64) ([]byte, error) {
	return c.once(ctx, request{name: "fetching a file of the site as browsers do", method: http.MethodGet, path: "/" + path, packed: true}, most)
}

// Bulletin fetches the bulletin, once. ErrNotFound before the sift has put any.
func (c *Client) Bulletin(ctx context.Context) ([]byte, error) {
	return c.once(ctx, request{name: "fetching the bulletin", method: http.MethodGet, path: "/r"}, cell.MaxSlots*cell.SlotSize)
}
