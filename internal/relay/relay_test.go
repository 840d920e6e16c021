package relay_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A host that answers each request by a function of its number, from 1.
func host(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) (base string, count *atomic.Int32) {
	t.Helper()
	count = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(int(count.Add(1)), w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, count
}

func client(t *testing.T, base string, o relay.Options) *relay.Client {
	t.Helper()
	if o.Sleep == nil {
		o.Sleep = func(context.Context, time.Duration) error { return nil }
	}
	c, err := relay.New(base, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func want(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got error %v, want %v", err, target)
	}
}

func TestBaseIsStrict(t *testing.T) {
	for _, base := range []string{
		"", "https://", "ftp://example.org", "example.org", "//example.org", "http://example.org", "http://192.0.2.1:80",
		"https://user@example.org", "https://example.org/a b", "https://example.org/a/../b", "https://example.org/a//b", "https://example.org/%61", "https://example.org/?q", "https://example.org/?", "https://example.org#f",
		"https://example.org/#", "http://localhost.example.org", "http://abc.onion.example.org", "https://exa mple.org", "http://abc.onion", "https://abc.onion", "https://abc.onion.", "https://ABC.Onion.:443",
	} {
		if _, err := relay.New(base, relay.Options{}); err == nil {
			t.Errorf("%q was taken as the address of a host", base)
		}
	}
	for _, base := range []string{"https://example.org", "https://example.org/", "https://example.org:8443", "https://example.org/news", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"} {
		if _, err := relay.New(base, relay.Options{}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
	for _, proxy := range []string{"127.0.0.1:9050", "http://127.0.0.1:9050", "socks5://127.0.0.1", "socks5://u@127.0.0.1:1", "socks5://127.0.0.1:1/x"} {
		if _, err := relay.New("http://abc.onion", relay.Options{Proxy: proxy}); err == nil {
			t.Errorf("%q was taken as a proxy", proxy)
		}
	}
	if _, err := relay.New("https://example.org", relay.Options{Token: "a\r\nX: y"}); err == nil {
		t.Error("a token with a line break was taken")
	}
}

// The source's own requests are what the page's are: no name of a program, no cookie, no
// language, no encoding, and each at most once.
func TestRequestsAreBare(t *testing.T) {
	var mu sync.Mutex
	var heads []http.Header
	base, count := host(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		heads = append(heads, r.Header)
		w.Header().Set("Set-Cookie", "a=b")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	c := client(t, base, relay.Options{Token: "secret"})
	want(t, c.PostCell(t.Context(), new(cell.Cell)), relay.ErrFull)
	_, err := c.Notes(t.Context())
	want(t, err, relay.ErrUnavailable)
	_, err = c.Bulletin(t.Context())
	want(t, err, relay.ErrUnavailable)
	if n := count.Load(); n != 3 {
		t.Errorf("%d requests for three calls", n)
	}
	for _, h := range heads {
		h.Del("Content-Length")
		if len(h) != 0 {
			t.Errorf("headers %v", h)
		}
	}
}

func TestRetriesAreForTheInsideOnly(t *testing.T) {
	var pauses []time.Duration
	sleep := func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}
	base, count := host(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Error("no token")
		}
		switch {
		case n == 1: // cut without an answer
			panic(http.ErrAbortHandler)
		case n < 4:
			w.WriteHeader(http.StatusBadGateway)
		default:
			data, err := io.ReadAll(r.Body)
			if err != nil || string(data) != "the bytes" {
				t.Errorf("body of try %d is %q, %v", n, data, err)
			}
			w.WriteHeader(http.StatusNoContent)
		}
	})
	c := client(t, base, relay.Options{Token: "secret", Sleep: sleep})
	if err := c.PutObject(t.Context(), "batch/1", []byte("the bytes")); err != nil {
		t.Fatal(err)
	}
	if count.Load() != 4 || !slices.Equal(pauses, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}) {
		t.Errorf("%d tries with pauses %v", count.Load(), pauses)
	}
	ctx, cancel := context.WithCancel(t.Context())
	base, count = host(t, func(_ int, w http.ResponseWriter, _ *http.Request) { cancel(); w.WriteHeader(http.StatusBadGateway) })
	c = client(t, base, relay.Options{})
	_, err := c.Days(ctx)
	want(t, err, relay.ErrUnavailable)
	if count.Load() != 1 {
		t.Errorf("%d tries after the caller went", count.Load())
	}
}

func TestStatusesBecomeErrors(t *testing.T) {
	for status, target := range map[int]error{
		http.StatusNotFound: relay.ErrNotFound, http.StatusConflict: relay.ErrConflict, http.StatusBadRequest: relay.ErrRefused,
		http.StatusRequestEntityTooLarge: relay.ErrRefused, http.StatusMethodNotAllowed: relay.ErrRefused, http.StatusFound: relay.ErrRefused,
		http.StatusServiceUnavailable: relay.ErrUnavailable, http.StatusOK: relay.ErrRefused,
	} {
		base, _ := host(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
		})
		c := client(t, base, relay.Options{Token: "secret-token"})
		err := c.PutSite(t.Context(), 1, []byte("m"))
		want(t, err, target)
		for _, word := range []string{"secret-token", "127.0.0.1", base} {
			if strings.Contains(err.Error(), word) {
				t.Errorf("status %d: the error holds %q: %v", status, word, err)
			}
		}
	}
	c := client(t, "http://127.0.0.1:1", relay.Options{})
	want(t, c.PostCell(t.Context(), new(cell.Cell)), relay.ErrUnavailable)
}

func TestAnswersAreBounded(t *testing.T) {
	base, _ := host(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/d":
			_, _ = w.Write(make([]byte, cell.NotesMaxSize+1))
		case "/s/days":
			_, _ = io.WriteString(w, "5\n4\n")
		case "/s/list/batch/":
			_, _ = io.WriteString(w, "batch/../../x\n")
		case "/s/list/note/":
			_, _ = io.WriteString(w, "batch/1\n")
		case "/s/day/2":
			w.Header().Set("Content-Length", strconv.Itoa((relay.MaxDay+1)*cell.Size))
			_, _ = w.Write(make([]byte, cell.Size))
		case "/s/now":
			_, _ = io.WriteString(w, "KKN1")
		case "/s/day/1":
			w.Header().Set("Content-Length", strconv.Itoa(cell.Size+1))
			_, _ = w.Write(make([]byte, cell.Size+1))
		case "/r":
			w.Header().Set("X", strings.Repeat("x", relay.MaxHeader+1))
		}
	})
	c := client(t, base, relay.Options{})
	_, err := c.Notes(t.Context())
	want(t, err, relay.ErrRefused)
	_, err = c.Days(t.Context())
	want(t, err, relay.ErrRefused)
	_, err = c.ListObjects(t.Context(), "batch/")
	want(t, err, relay.ErrRefused)
	_, err = c.ListObjects(t.Context(), "note/")
	want(t, err, relay.ErrRefused)
	want(t, c.ReadDay(t.Context(), 2, func(*cell.Cell) error { return nil }), relay.ErrRefused)
	_, err = c.CurrentNow(t.Context())
	want(t, err, cell.ErrFormat)
	_, err = c.Bulletin(t.Context())
	want(t, err, relay.ErrUnavailable)
	want(t, c.ReadDay(t.Context(), 1, func(*cell.Cell) error { return nil }), relay.ErrUnavailable)
	_, err = c.GetObject(t.Context(), "../x")
	want(t, err, relay.ErrRefused)
	want(t, c.PutObject(t.Context(), "a?b", nil), relay.ErrRefused)
}

// A day that breaks off must not look like a shorter day, and is not begun anew unasked.
func TestReadDayBreaksOff(t *testing.T) {
	base, count := host(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Length", strconv.Itoa(3*cell.Size))
		_, _ = w.Write(bytes.Repeat([]byte{1}, 2*cell.Size))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	c := client(t, base, relay.Options{})
	got := 0
	want(t, c.ReadDay(t.Context(), 1, func(*cell.Cell) error { got++; return nil }), relay.ErrUnavailable)
	if got != 2 || count.Load() != 2 {
		t.Errorf("%d cells in %d requests", got, count.Load())
	}
	own := errors.New("own")
	if err := c.ReadDay(t.Context(), 1, func(*cell.Cell) error { return own }); !errors.Is(err, own) || errors.Is(err, relay.ErrUnavailable) {
		t.Errorf("error of the reader came back as %v", err)
	}
}

// A proxy that speaks HTTP/1.0 to the host passes a day that broke off on as a whole one, of an unknown
// length: such an answer is none, or it would be acknowledged (P8).
func TestP8DayOfUnknownLengthIsRefused(t *testing.T) {
	base, _ := host(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte{1}, 2*cell.Size))
	})
	want(t, client(t, base, relay.Options{}).ReadDay(t.Context(), 1, func(*cell.Cell) error {
		t.Error("a cell was read")
		return nil
	}), relay.ErrRefused)
}

// A host that stands still is left, and one that is slow but moves is not.
func TestStandingStill(t *testing.T) {
	release := make(chan struct{})
	base, _ := host(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/d" {
			for range 8 {
				_, _ = io.WriteString(w, "x")
				http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond)
			}
			return
		}
		<-release
	})
	defer close(release)
	c := client(t, base, relay.Options{Timeout: 300 * time.Millisecond})
	_, err := c.Bulletin(t.Context())
	want(t, err, relay.ErrUnavailable)
	if errors.Is(err, context.Canceled) {
		t.Error("it looks as if the caller had gone")
	}
	if data, err := c.Notes(t.Context()); err != nil || string(data) != "xxxxxxxx" {
		t.Errorf("slow answer: %q, %v", data, err)
	}
}

// Names are looked up by the proxy: what the client says to it is the name itself.
func TestProxyGetsTheName(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	asked := make(chan string, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		asked <- socks(conn)
	}()
	c := client(t, "http://kkachitest.onion", relay.Options{Proxy: "socks5://" + ln.Addr().String()})
	data, err := c.Notes(t.Context())
	if err != nil || string(data) != "notes" {
		t.Fatalf("%q, %v", data, err)
	}
	if name := <-asked; name != "kkachitest.onion:80" {
		t.Errorf("the proxy was asked for %q", name)
	}
}

// socks answers one SOCKS5 connection (RFC 1928) and one request through it.
func socks(conn net.Conn) string {
	b := make([]byte, 512)
	r := bufio.NewReader(conn)
	_, _ = io.ReadFull(r, b[:2])
	_, _ = io.ReadFull(r, b[:b[1]])
	_, _ = conn.Write([]byte{5, 0})
	_, _ = io.ReadFull(r, b[:5])
	if b[3] != 3 {
		return fmt.Sprintf("address type %d", b[3])
	}
	n := int(b[4])
	_, _ = io.ReadFull(r, b[:n+2])
	name := fmt.Sprintf("%s:%d", b[:n], int(b[n])<<8|int(b[n+1]))
	_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	if _, err := http.ReadRequest(r); err == nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnotes")
	}
	return name
}

// What browsers are given is asked for as they ask, and unpacked: within bounds, to the last byte,
// and only from what a host of ours packs.
func TestPackedIsUnpacked(t *testing.T) {
	var plain, zipped bytes.Buffer
	for i := range 2000 {
		fmt.Fprintln(&plain, i)
	}
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(plain.Bytes())
	_ = z.Close()
	whole := zipped.Bytes()
	answers := map[string]struct {
		encoding string
		body     []byte
	}{
		"plain": {"", plain.Bytes()}, "gzip": {"gzip", whole}, "br": {"br", whole}, "twice": {"gzip, gzip", whole},
		"short": {"gzip", whole[:len(whole)-9]}, "behind": {"gzip", append(slices.Clone(whole), 0)},
		"again": {"gzip", append(slices.Clone(whole), whole...)}, "no": {"gzip", plain.Bytes()}, "empty": {"gzip", nil},
		"padded": {"gzip", append(slices.Clone(whole), make([]byte, plain.Len()+relay.PackedMore)...)},
	}
	base, _ := host(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		a := answers[r.URL.Path[1:]]
		if asked := r.Header.Get("Accept-Encoding"); a.encoding != "" && asked == relay.AcceptEncoding {
			w.Header().Set("Content-Encoding", a.encoding)
		} else if a.encoding != "" {
			a.body = []byte("asked with " + asked)
		}
		_, _ = w.Write(a.body)
	})
	c := client(t, base, relay.Options{})
	size := int64(plain.Len())
	for name := range answers {
		got, err := c.Packed(t.Context(), name, size)
		switch name {
		case "plain", "gzip":
			if err != nil || !bytes.Equal(got, plain.Bytes()) {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
			_, err = c.Packed(t.Context(), name, size-1)
			want(t, err, relay.ErrRefused)
		default:
			if !errors.Is(err, relay.ErrRefused) || got != nil {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
	}
	if got, err := c.File(t.Context(), "gzip", size); err != nil || string(got) != "asked with " {
		t.Errorf("a plain request: %q, %v", got, err)
	}
}
