package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"kkachi/internal/lang"
)

// house is a server on loopback and the one browser that is let in.
type house struct {
	t      *testing.T
	s      *Server
	cookie *http.Cookie
}

func newHouse(t *testing.T, r *room) *house {
	t.Helper()
	return houseWith(t, r, Options{By: "mina"})
}

func houseWith(t *testing.T, r *room, o Options) *house {
	t.Helper()
	s, err := New(r.desk, o)
	must(t, err)
	l, err := s.Listen()
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &house{t: t, s: s}
}

// speaks sets the language of the session, as its button does.
func (h *house) speaks(tag lang.Tag) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.s.lang = tag
}

// ask sends one request straight to the handler; change may spoil it first.
func (h *house) ask(method, path, body string, change func(*http.Request)) *http.Response {
	h.t.Helper()
	return askServer(h.s, h.cookie, method, path, body, change)
}

// askServer sends one request as the desk's own page does, straight to the handler, with a cookie unless it is nil.
func askServer(s *Server, cookie *http.Cookie, method, path, body string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, "http://"+s.host()+path, strings.NewReader(body))
	r.Host = s.host()
	if method == http.MethodPost {
		r.Header.Set("Origin", "http://"+s.host())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	res := w.Result()
	if at := res.Header.Get("Location"); method == http.MethodPost && strings.HasPrefix(at, "/refused/") {
		return askServer(s, cookie, http.MethodGet, at, "", nil) // as a browser goes on
	}
	return res
}

// enter exchanges the link's token as the door's script does.
func (h *house) enter() *house {
	h.t.Helper()
	_, token, _ := strings.Cut(h.s.Link(), "#")
	res := h.ask("POST", "/open", token, nil)
	if res.StatusCode != http.StatusNoContent || len(res.Cookies()) != 1 {
		h.t.Fatalf("the token opens nothing: %s", res.Status)
	}
	h.cookie = res.Cookies()[0]
	return h
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return string(b)
}

// Every route, whether it exists or not, gives the same answer to who has no session.
func TestStrangersGetOneAnswer(t *testing.T) {
	h := newHouse(t, newRoom(t))
	var first http.Header
	paths := []route{{method: "GET", path: "/no/such"}, {method: "DELETE", path: "/inbox"}, {method: "PUT", path: "/"}}
	if len(h.s.routes) < 30 {
		t.Fatalf("only %d routes: the table is not read", len(h.s.routes))
	}
	for _, r := range append(paths, h.s.routes...) {
		path := strings.NewReplacer("{id}", strings.Repeat("0", 32), "{lang}", "en", "{sha}", "00", "{name}", "desk.css").Replace(r.path)
		for name, spoil := range map[string]func(*http.Request){
			"no cookie":    nil,
			"wrong cookie": func(q *http.Request) { q.AddCookie(&http.Cookie{Name: h.s.door.cookie, Value: "x"}) },
		} {
			res := h.ask(r.method, path, "", func(q *http.Request) {
				q.Header.Set("Origin", "http://"+h.s.host())
				q.Header.Set("Sec-Fetch-Site", "same-origin")
				if spoil != nil {
					spoil(q)
				}
			})
			if got := body(t, res); res.StatusCode != http.StatusNotFound || got != "" {
				t.Errorf("%s %s, %s: %s, %q", r.method, path, name, res.Status, got)
			}
			if first == nil {
				first = res.Header
			}
			if !reflect.DeepEqual(first, res.Header) {
				t.Errorf("%s %s, %s: other headers: %v", r.method, path, name, res.Header)
			}
		}
	}
	if hall := body(t, h.ask("GET", "/", "", nil)); strings.Contains(hall, "Riverside") {
		t.Error("the door names the newsroom")
	}
}

// A program on the same computer that knows the address, but not the token.
func TestLocalProgramWithoutTheToken(t *testing.T) {
	h := newHouse(t, newRoom(t))
	for _, token := range []string{"", "x", strings.Repeat("a", 26), strings.Repeat("a", 4096)} {
		if res := h.ask("POST", "/open", token, nil); res.StatusCode != http.StatusForbidden || len(res.Cookies()) > 0 || body(t, res) != "" {
			t.Errorf("token of %d bytes: %s", len(token), res.Status)
		}
	}
	_, token, _ := strings.Cut(h.s.Link(), "#")
	// With the token, but stating no origin: a program, not our page.
	bare := func(q *http.Request) { q.Header.Del("Origin"); q.Header.Del("Sec-Fetch-Site") }
	if res := h.ask("POST", "/open", token, bare); res.StatusCode != http.StatusForbidden {
		t.Errorf("no origin: %s", res.Status)
	}
	h.enter()
	if res := h.ask("POST", "/sync", "", bare); res.StatusCode != http.StatusForbidden {
		t.Errorf("a write that states no origin: %s", res.Status)
	}
}

func TestOneBrowser(t *testing.T) {
	h := newHouse(t, newRoom(t))
	_, token, _ := strings.Cut(h.s.Link(), "#")
	h.enter()
	c := h.cookie
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Domain != "" || !strings.Contains(c.Name, h.s.label) {
		t.Errorf("cookie: %v", c)
	}
	if res := h.ask("GET", "/inbox", "", nil); res.StatusCode != http.StatusOK {
		t.Errorf("inside: %s", res.Status)
	}
	h.cookie = nil
	if res := h.ask("POST", "/open", token, nil); res.StatusCode != http.StatusForbidden || len(res.Cookies()) > 0 {
		t.Errorf("the second exchange: %s", res.Status)
	}
	h.cookie = c
	if res := h.ask("GET", "/inbox", "", func(q *http.Request) { q.AddCookie(&http.Cookie{Name: c.Name, Value: "planted"}) }); res.StatusCode != http.StatusNotFound {
		t.Errorf("with a planted cookie beside: %s", res.Status)
	}
	_, err := h.s.Renew()
	must(t, err)
	if res := h.ask("GET", "/inbox", "", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("the old session after a new link: %s", res.Status)
	}
	h.cookie = nil
	h.enter()
}

// A page that made its own name point to loopback reaches us under that name.
func TestRebinding(t *testing.T) {
	h := newHouse(t, newRoom(t)).enter()
	port := h.s.host()[strings.LastIndex(h.s.host(), ":"):]
	for _, host := range []string{"evil.example" + port, "localhost" + port, "127.0.0.1" + port, "[::1]" + port, h.s.label + ".localhost", h.s.host() + ".", "x." + h.s.host(), ""} {
		for _, path := range []string{"/", "/inbox", "/door.js", "/no/such"} {
			res := h.ask("GET", path, "", func(q *http.Request) { q.Host = host })
			if got := body(t, res); res.StatusCode != http.StatusMisdirectedRequest || got != "" || len(res.Cookies()) > 0 {
				t.Errorf("%q %s: %s %q", host, path, res.Status, got)
			}
		}
	}
}

// Another origin's page, in the browser that holds the session.
func TestOtherOrigins(t *testing.T) {
	h := newHouse(t, newRoom(t)).enter()
	for name, spoil := range map[string]func(*http.Request){
		"cross-site form": func(q *http.Request) {
			q.Header.Set("Origin", "https://evil.example")
			q.Header.Set("Sec-Fetch-Site", "cross-site")
		},
		"no fetch metadata": func(q *http.Request) { q.Header.Set("Origin", "https://evil.example"); q.Header.Del("Sec-Fetch-Site") },
		"other port": func(q *http.Request) {
			q.Header.Set("Origin", "http://"+h.s.label+".localhost:1")
			q.Header.Set("Sec-Fetch-Site", "same-site")
		},
		"sandboxed frame":      func(q *http.Request) { q.Header.Set("Origin", "null"); q.Header.Set("Sec-Fetch-Site", "cross-site") },
		"null, old browser":    func(q *http.Request) { q.Header.Set("Origin", "null"); q.Header.Del("Sec-Fetch-Site") },
		"right origin, cross":  func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") },
		"https of the same":    func(q *http.Request) { q.Header.Set("Origin", "https://"+h.s.host()); q.Header.Del("Sec-Fetch-Site") },
		"typed in the address": func(q *http.Request) { q.Header.Del("Origin"); q.Header.Set("Sec-Fetch-Site", "none") },
	} {
		for _, r := range h.s.routes {
			if r.method != http.MethodPost {
				continue
			}
			path := strings.ReplaceAll(r.path, "{id}", strings.Repeat("0", 32))
			if res := h.ask("POST", path, "lang=ko", spoil); res.StatusCode != http.StatusForbidden || body(t, res) != "" {
				t.Errorf("%s: POST %s: %s", name, path, res.Status)
			}
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		res := h.ask("GET", "/inbox", "", func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", site) })
		if res.StatusCode != http.StatusForbidden || body(t, res) != "" {
			t.Errorf("GET from %s: %s", site, res.Status)
		}
	}
	// Our own form, from a browser that hides the origin because of no-referrer.
	if res := h.ask("POST", "/language", "lang=ko", func(q *http.Request) { q.Header.Set("Origin", "null") }); res.StatusCode != http.StatusSeeOther {
		t.Errorf("our own form: %s", res.Status)
	}
}

func TestHeaders(t *testing.T) {
	h := newHouse(t, newRoom(t)).enter()
	for _, path := range []string{"/", "/inbox", "/static/desk.css", "/no/such", "/claim/00"} {
		res := h.ask("GET", path, "", nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if strings.Contains(body(t, res), "style=\"") {
			t.Errorf("%s: inline style", path)
		}
	}
}

func TestServesLoopbackOnly(t *testing.T) {
	r := newRoom(t)
	s, err := New(r.desk, Options{})
	must(t, err)
	l, err := net.Listen("tcp", "0.0.0.0:0")
	must(t, err)
	defer l.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop() // so that a server which should refuse ends all the same
	if err := s.Serve(ctx, l); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("serves to everybody: %v", err)
	}
	if s.Link() != "" {
		t.Error("a link although nothing is served")
	}
}

// The real listener: an unknown name gets 421 over the wire, and the server stops when told.
func TestOverTheWire(t *testing.T) {
	h := newHouse(t, newRoom(t))
	_, port, _ := strings.Cut(h.s.host(), ":")
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://127.0.0.1:" + port + "/inbox")
	must(t, err)
	defer res.Body.Close()
	if got := body(t, res); res.StatusCode != http.StatusMisdirectedRequest || got != "" {
		t.Errorf("%s %q", res.Status, got)
	}
}
