package relay

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Tries of a request under /s/, and the pause before the second; it doubles with each.
const (
	Tries        = 4
	PauseSeconds = 1
)

// AcceptEncoding is what Chromium and Firefox say over https that they can unpack. A host of ours
// knows gzip of these.
const AcceptEncoding = "gzip, deflate, br, zstd"

// PackedMore is how many bytes, and a sixty-fourth, an answer in gzip may be longer than what it
// holds.
const PackedMore = 1024

// A request is all that this client ever sends.
type request struct {
	name   string // for errors
	method string
	path   string // begins with "/"
	body   []byte // nil for none
	token  bool
	packed bool  // asks as a browser does, and opens what is packed
	sized  int64 // if not 0, the answer says its length before it begins, and is no longer
}

// once sends a request and gives the body of its answer, of at most limit bytes.
func (c *Client) once(ctx context.Context, r request, limit int64) ([]byte, error) {
	var data []byte
	err := c.send(ctx, r, func(body io.Reader, encoding string) error {
		var err error
		if r.packed && encoding != "" {
			data, err = unpack(body, encoding, limit)
		} else {
			data, err = bounded(body, limit)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	return data, nil
}

func bounded(body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: its answer is over %d bytes", ErrRefused, limit)
	}
	return data, err
}

// unpack opens an answer in gzip (RFC 1952): one member and nothing behind it. That it can't be
// opened is the host's doing, unlike an answer that is cut off on the way.
func unpack(body io.Reader, encoding string, limit int64) ([]byte, error) {
	if encoding != "gzip" {
		return nil, fmt.Errorf("%w: its answer is packed in another way than gzip", ErrRefused)
	}
	packed, err := bounded(body, limit+limit/64+PackedMore)
	if err != nil {
		return nil, err
	}
	rest := bytes.NewReader(packed)
	z, err := gzip.NewReader(rest)
	if err != nil {
		return nil, errUnpack
	}
	z.Multistream(false)
	data, err := bounded(z, limit)
	switch {
	case errors.Is(err, ErrRefused):
		return nil, err
	case err != nil || rest.Len() > 0:
		return nil, errUnpack
	}
	return data, nil
}

var errUnpack = fmt.Errorf("%w: its answer can't be unpacked", ErrRefused)

// again is once, tried again while the host can't be reached. Only for requests under /s/:
// each of them has the same effect however often it arrives.
func (c *Client) again(ctx context.Context, r request, limit int64) ([]byte, error) {
	r.token = true
	var data []byte
	err := c.Retry(ctx, func() error {
		var err error
		data, err = c.once(ctx, r, limit)
		return err
	})
	return data, err
}

// Retry tries up to Tries times, with longer and longer pauses, while the host can't be reached or answers
// 5xx (spec/05-host.md, section 11).
func (c *Client) Retry(ctx context.Context, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if !errors.Is(err, ErrUnavailable) || n == Tries || ctx.Err() != nil {
			return err
		}
		if serr := c.sleep(ctx, PauseSeconds*time.Second<<(n-1)); serr != nil {
			return err
		}
	}
}

// send sends a request and hands the body of a good answer to read, and how it is packed.
func (c *Client) send(caller context.Context, r request, read func(body io.Reader, encoding string) error) error {
	under, shown := withHeads(caller, r)
	ctx, cancel := context.WithCancel(under)
	defer cancel()
	w := time.AfterFunc(c.timeout, cancel)
	defer w.Stop()
	var body io.Reader
	if r.body != nil {
		body = &watched{bytes.NewReader(r.body), w, c.timeout}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if r.body != nil {
		req.ContentLength = int64(len(r.body))
		if len(r.body) == 0 {
			req.Body = http.NoBody
		}
	}
	req.Header["User-Agent"] = nil // else Go names itself
	if r.packed {
		req.Header.Set("Accept-Encoding", AcceptEncoding)
	}
	if r.token {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.unreached(caller, ctx, err)
	}
	defer res.Body.Close()
	shown(res)
	if err := c.judge(res.StatusCode, r); err != nil {
		return err
	}
	switch {
	case r.sized > 0 && res.ContentLength < 0:
		return fmt.Errorf("%w: its answer doesn't say its length: whether it is whole can't be known", ErrRefused)
	case r.sized > 0 && res.ContentLength > r.sized:
		return fmt.Errorf("%w: its answer is over %d bytes", ErrRefused, r.sized)
	}
	if err := read(&watched{res.Body, w, c.timeout}, strings.Join(res.Header["Content-Encoding"], ", ")); err != nil {
		if errors.Is(err, ErrRefused) || errors.Is(err, errYield) {
			return err
		}
		return c.unreached(caller, ctx, err)
	}
	return nil
}

// judge turns a status into an error. A redirection is followed nowhere.
func (c *Client) judge(status int, r request) error {
	switch {
	case status == http.StatusOK && r.method == http.MethodGet, status == http.StatusNoContent && r.method != http.MethodGet:
		return nil
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusServiceUnavailable && r.path == "/c":
		return ErrFull
	case status >= 500:
		return fmt.Errorf("%w (status %d)", ErrUnavailable, status)
	}
	return fmt.Errorf("%w (status %d)", ErrRefused, status)
}

// unreached says why a host wasn't reached, without its address. That the watch ended the
// call must not look as if the caller had.
func (c *Client) unreached(caller, ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if ctx.Err() != nil && caller.Err() == nil {
		return fmt.Errorf("%w: nothing moved for %v", ErrUnavailable, c.timeout)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// A watched reader winds the watch up with each read that brings something.
type watched struct {
	r       io.Reader
	watch   *time.Timer
	timeout time.Duration
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if n > 0 {
		w.watch.Reset(w.timeout)
	}
	return n, err
}
