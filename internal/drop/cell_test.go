package drop_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/store"
)

// Each wrong cell has the same answer, whatever is wrong with it.
func TestWrongCellsHaveOneAnswer(t *testing.T) {
	s := play(t)
	good := newCell(first)
	before := s.ask("POST", "/c", nil, bytes.NewReader(good[:])) // no notes yet: no epoch
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	if a := s.ask("POST", "/c", nil, bytes.NewReader(good[:])); a.status != 204 || a.body != "" {
		t.Fatalf("a good cell: %v", a)
	}
	wrong := map[string]answer{
		"before notes":     before,
		"empty":            s.ask("POST", "/c", nil, nil),
		"short":            s.ask("POST", "/c", nil, bytes.NewReader(good[:cell.Size-1])),
		"long":             s.ask("POST", "/c", nil, bytes.NewReader(append(good[:], 0))),
		"very long":        s.ask("POST", "/c", nil, bytes.NewReader(make([]byte, 20<<10))), // fits a socket, or the client may write on when it is closed
		"chunked":          s.ask("POST", "/c", nil, io.MultiReader(bytes.NewReader(good[:]))),
		"encoded":          s.ask("POST", "/c", http.Header{"Content-Encoding": {"gzip"}}, bytes.NewReader(good[:])),
		"identity":         s.ask("POST", "/c", http.Header{"Content-Encoding": {"identity"}}, bytes.NewReader(good[:])),
		"query":            s.ask("POST", "/c?", nil, bytes.NewReader(good[:])),
		"epoch of no note": s.ask("POST", "/c", nil, bytes.NewReader(newCell(first + 2)[:])),
		"epoch to come":    s.ask("POST", "/c", nil, bytes.NewReader(newCell(first + 1)[:])),
		"zeros":            s.ask("POST", "/c", nil, bytes.NewReader(make([]byte, cell.Size))),
	}
	s.must(s.sift.PutNow(t.Context(), newNow(first+1, 18)))
	wrong["not stamped"] = s.ask("POST", "/c", nil, bytes.NewReader(newCell(first)[:]))
	for name, a := range wrong {
		a.header.Del("Connection")
		if a.status != 400 || a.body != "" || len(a.header) != 2 || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Length") != "0" {
			t.Errorf("%s: %v", name, a)
		}
	}
	s.set((first + 1).Time())
	if _, err := s.sift.Days(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.readDay(first); len(got) != 1 || got[0] != *good {
		t.Errorf("%d cells were kept of one good one", len(got))
	}
}

// An epoch is accepted from 23:45Z of the day before until two days after it began.
func TestWindowOfAnEpoch(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	s.must(s.sift.PutNow(ctx, newNow(first, 0)))
	for at, ok := range map[time.Duration]bool{
		-15*time.Minute - time.Nanosecond:     false,
		-15 * time.Minute:                     true,
		0:                                     true,
		24 * time.Hour:                        true,
		2*24*time.Hour - time.Nanosecond:      true,
		2 * 24 * time.Hour:                    false,
		3 * 24 * time.Hour:                    false,
		-24 * time.Hour:                       false,
		-15*time.Minute + 23*time.Millisecond: true,
	} {
		s.set(first.Time().Add(at))
		err := s.anyone.PostCell(ctx, newCell(first))
		if (err == nil) != ok || err != nil && !errors.Is(err, relay.ErrRefused) {
			t.Errorf("%v from the beginning of its day: %v", at, err)
		}
	}
}

func TestFullDayIsUnavailable(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	for range 64 {
		s.must(s.anyone.PostCell(t.Context(), newCell(first)))
	}
	refused := 0
	for range 128 {
		if err := s.anyone.PostCell(t.Context(), newCell(first)); err != nil {
			if !errors.Is(err, relay.ErrFull) {
				t.Fatalf("cell over the quota: %v", err)
			}
			refused++
			w := httptest.NewRecorder()
			if s.host.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusOK {
				t.Fatalf("a full day is told as trouble with the disk: %s", w.Body)
			}
		}
	}
	if refused == 0 || refused == 128 {
		t.Errorf("of 128 cells over the quota %d were refused: they are not sampled", refused)
	}
	s.set((first + 1).Time())
	s.must(s.anyone.PostCell(t.Context(), newCell(first)))
	if _, offered, err := s.sift.Crowd(t.Context(), first); err != nil || offered != 64+128 {
		t.Errorf("the sift is told of %d cells offered, %v: those that were refused count", offered, err)
	}
}

// A store of failures, for what a request meets when the disk does not do.
type failing struct {
	store.Store
	put func() error
}

func (f failing) PutCell(ctx context.Context, day cell.Day, c *cell.Cell) error {
	if err := f.put(); err != nil {
		return err
	}
	return f.Store.PutCell(ctx, day, c)
}

// Midnight between looking at the clock and putting the cell: it goes to the new day.
func TestMidnightAmidACell(t *testing.T) {
	var s *stage
	var once sync.Once
	s = playOn(t, func(inner store.Store) store.Store {
		return failing{inner, func() error {
			var err error
			once.Do(func() {
				s.set((first + 1).Time())
				err = inner.CloseDay(context.Background(), first)
			})
			return err
		}}
	})
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	s.must(s.anyone.PostCell(t.Context(), newCell(first)))
	s.set((first + 2).Time())
	if _, err := s.sift.Days(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.readDay(first + 1)); n != 1 {
		t.Errorf("%d cells on the new day", n)
	}
}

// P8: a cell whose epoch ends while it waits is not answered for: the key of its epoch is dead before the
// day into which it would go is read.
func TestP8EpochEndsWhileACellWaits(t *testing.T) {
	end := func(s *stage) { s.set((first + 1).Time()) } // of epoch first-1
	var s *stage
	var put func() error
	s = playOn(t, func(inner store.Store) store.Store { return failing{inner, func() error { return put() }} })
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	before := s.now
	for name, c := range map[string]struct {
		put   func() error
		sleep func()
	}{
		"while it is put": {put: func() error {
			end(s)
			return errors.Join(s.store.(failing).Store.CloseDay(context.Background(), first), store.ErrClosed)
		}},
		"while its network is slowed": {put: func() error { return nil }, sleep: func() { end(s) }},
	} {
		s.set(before)
		puts := 0
		put = func() error { puts++; return c.put() }
		host, err := drop.New(t.Context(), drop.Config{
			Store: stopped{s.store, c.sleep == nil}, Now: s.clock, Rand: rand.Reader,
			Sleep: func(context.Context, time.Duration) error { c.sleep(); return nil },
		})
		s.must(err)
		s.base = "http://" + serve(t, host)
		if c.sleep != nil {
			anyone := s.client("")
			for range drop.PrefixBurst + 1 { // so many wait for nobody
				s.must(anyone.PostCell(t.Context(), newCell(first)))
			}
		}
		late := newCell(first - 1)
		if a := s.ask("POST", "/c", nil, bytes.NewReader(late[:])); a.status != 400 || a.body != "" {
			t.Errorf("%s: %v", name, a)
		}
		if c.sleep == nil && puts != 1 {
			t.Errorf("%s: it was put %d times", name, puts)
		}
	}
}

// A store that keeps nothing, or what is put into it.
type stopped struct {
	store.Store
	keeps bool
}

func (s stopped) PutCell(ctx context.Context, day cell.Day, c *cell.Cell) error {
	if s.keeps {
		return s.Store.PutCell(ctx, day, c)
	}
	return nil
}

// A failing disk and a panic look alike, and no word of either leaves.
func TestFailuresLeaveNoTrace(t *testing.T) {
	secret := errors.New("/var/host/days: input/output error")
	fail := func() error { return secret }
	s := playOn(t, func(inner store.Store) store.Store { return failing{inner, func() error { return fail() }} })
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	c := newCell(first)
	broken := s.ask("POST", "/c", nil, bytes.NewReader(c[:]))
	fail = func() error { panic(secret) }
	panicked := s.ask("POST", "/c", nil, bytes.NewReader(c[:]))
	if panicked.String() != broken.String() {
		t.Errorf("an error: %v\na panic: %v", broken, panicked)
	}
	for name, a := range map[string]answer{"error": broken, "panic": panicked} {
		if a.status != 503 || a.body != "" || strings.Contains(a.String(), "error") {
			t.Errorf("%s: %v", name, a)
		}
	}
	fail = func() error { return nil }
	s.must(s.anyone.PostCell(t.Context(), c))
}

func TestCellsAtOnceAreAllKept(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := s.anyone.PostCell(context.Background(), newCell(first)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.set((first + 1).Time())
	if _, err := s.sift.Days(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.readDay(first)); n != 50 {
		t.Errorf("%d cells of 50", n)
	}
}

// What is no HTTP at all, or half of it, holds nobody else up and is answered by one line.
func TestBrokenRequests(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	addr := strings.TrimPrefix(s.base, "http://")
	for _, request := range []string{
		"\x16\x03\x01\x02\x00", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
		"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\nContent-Length: 4097\r\n\r\n",
		"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", drop.MaxHeader*2) + "\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\nhalf", // and gone
	} {
		conn, err := net.Dial("tcp", addr)
		s.must(err)
		_, err = io.WriteString(conn, request)
		s.must(err)
		_ = conn.(*net.TCPConn).CloseWrite() // it may be answered and closed already
		data, err := io.ReadAll(conn)
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Error(err)
		}
		_ = conn.Close()
		text := string(data)
		for _, bad := range []string{"Date:", "Server:", "200 OK", "204"} {
			if strings.Contains(text, bad) {
				t.Errorf("%.40q was answered with %q: %q", request, bad, text)
			}
		}
	}
	s.must(s.anyone.PostCell(t.Context(), newCell(first)))
	s.set((first + 1).Time())
	if _, err := s.sift.Days(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.readDay(first)); n != 1 {
		t.Errorf("%d cells kept: half a cell is none", n)
	}
}

func TestTokensFile(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for _, bad := range []string{
		"sift", "sift " + hash, "Sift " + hash + "\n", "sift  " + hash + "\n", "sift " + strings.ToUpper(hash) + "\n",
		"sift " + hash[2:] + "\n", "\n", "sift " + hash + "\n\n", " sift " + hash + "\n", "root " + hash + "\n", "sift " + hash + "\r\n",
	} {
		if _, err := drop.ParseTokens([]byte(bad)); err == nil {
			t.Errorf("%q was read as tokens", bad)
		} else if !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: the error names no line: %v", bad, err)
		}
	}
	text := fmt.Sprintf("sift %s\ndesk %s\ndesk %s\n", hash, hash, hash)
	tokens, err := drop.ParseTokens([]byte(text))
	if err != nil || string(tokens.Marshal()) != text {
		t.Errorf("tokens came back as %q, %v", tokens.Marshal(), err)
	}
	if err := tokens.Add("root", strings.Repeat("A", 43)); err == nil {
		t.Error("an unknown role was added")
	}
	if err := tokens.Add(drop.RoleSift, "short"); err == nil {
		t.Error("a short token was added")
	}
}
