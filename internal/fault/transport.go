package fault

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// Transport makes each request by way of base, to an http address, a step. It breaks one as a network does: the
// host is not reached, the connection is cut in the request's body, before the answer or in
// the middle of it; or as a host does that can't go on for now, with 503.
func (s *Steps) Transport(base http.RoundTripper) http.RoundTripper { return transport{s, base} }

type transport struct {
	steps *Steps
	base  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	name := r.Method + " " + r.URL.Path
	nature := request
	if r.ContentLength > 1 {
		nature = upload
	}
	v := t.steps.take(name, nature)
	switch v {
	case notDone:
		closeBody(r)
		return nil, syscall.ECONNREFUSED
	case noRoom:
		closeBody(r)
		return &http.Response{
			StatusCode: http.StatusServiceUnavailable, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: r,
		}, nil
	case halfDone:
		return nil, fmt.Errorf("%w: %w", syscall.ECONNRESET, sendHalf(r))
	}
	res, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.ContentLength != 0 {
		t.steps.hasAnswer(name)
	}
	switch v {
	case done:
		return nil, fmt.Errorf("%w: %w", syscall.ECONNRESET, drop(res))
	case torn:
		if res.ContentLength > 0 {
			res.Body = &cutBody{res.Body, res.ContentLength / 2}
			break
		}
		data, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		res.Body = &cutBody{io.NopCloser(strings.NewReader(string(data))), int64(len(data) / 2)}
	}
	return res, nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// sendHalf sends a request up to the middle of its body over a connection of its own, and
// waits until the host has given it up. A transport would keep a short half in its buffer.
func sendHalf(r *http.Request) error {
	var whole bytes.Buffer
	if err := r.Write(&whole); err != nil {
		return err
	}
	c, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write(whole.Bytes()[:int64(whole.Len())-r.ContentLength+r.ContentLength/2]); err != nil {
		return err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, c)
	return io.ErrUnexpectedEOF
}

// drop reads an answer to its end, so that the request is surely done, and forgets it.
func drop(res *http.Response) error {
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return io.ErrUnexpectedEOF
}

// cutBody is a body that breaks off.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, syscall.ECONNRESET
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
