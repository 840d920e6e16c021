package watch

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
)

// An honestHead is what the host of spec/05-host.md writes, typed here once more.
func honestHead(h http.Header, cache, kind string) {
	h["Date"] = nil
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kkachi")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", cache)
	h.Set("Content-Type", kind)
}

// A webHost shows a newsroom over HTTP. twist has the last word on each head.
type webHost struct {
	*newsroom
	mu    sync.Mutex
	twist func(w http.ResponseWriter, r *http.Request)
}

func (h *webHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	twist := h.twist
	h.mu.Unlock()
	if twist == nil {
		twist = func(http.ResponseWriter, *http.Request) {}
	}
	hand := func(kind string, data []byte) {
		honestHead(w.Header(), "no-store", kind)
		twist(w, r)
		_, _ = w.Write(data)
	}
	switch r.URL.Path {
	case "/d":
		hand("text/plain; charset=utf-8", h.notes)
		return
	case "/r":
		hand("application/octet-stream", h.bulletin)
		return
	case "/m":
		hand("text/plain; charset=utf-8", h.site)
		return
	case "/c":
		w.Header()["Date"] = nil
		w.Header().Set("Cache-Control", "no-store")
		twist(w, r)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if strings.HasSuffix(name, "/") {
		name += index
	}
	data, ok := h.files[name]
	if !ok {
		honestHead(w.Header(), "no-store", "text/plain; charset=utf-8")
		twist(w, r)
		w.WriteHeader(http.StatusNotFound)
		return
	}
	end := name[strings.LastIndexByte(name, '.'):]
	kind := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png"}[end]
	honestHead(w.Header(), "no-cache", kind)
	w.Header().Set("Accept-Ranges", "bytes")
	tag := fmt.Sprintf("%x", sha256.Sum256(data))
	if end != ".png" {
		w.Header().Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			tag += "-gzip"
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(data)
			_ = z.Close()
			data = b.Bytes()
		}
	}
	w.Header().Set("ETag", `"`+tag+`"`)
	twist(w, r)
	_, _ = w.Write(data)
}

func (n *newsroom) overHTTP(t *testing.T) (*webHost, *relay.Client, *Watch) {
	t.Helper()
	h := &webHost{newsroom: n}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := relay.New(s.URL, relay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	w, err := Open(n.id, c, "", n.clock(), n.random())
	if err != nil {
		t.Fatal(err)
	}
	w.LookAtAll()
	return h, c, w
}

// A headTwist is what a host does to the head of an answer, and what is said of it.
type headTwist struct {
	name   string
	change func(http.Header)
	want   string
	files  bool // what only files of the site have
}

func headTwists() []headTwist {
	set := func(name, value string) func(http.Header) { return func(x http.Header) { x.Set(name, value) } }
	del := func(name string) func(http.Header) { return func(x http.Header) { x.Del(name) } }
	return []headTwist{
		{"a cookie", set("Set-Cookie", "visitor=5"), "Set-Cookie", false},
		{"no policy", del("Content-Security-Policy"), "no Content-Security-Policy", false},
		{"a weaker policy", func(x http.Header) {
			x.Set("Content-Security-Policy", strings.Replace(x.Get("Content-Security-Policy"), "script-src 'self'", "script-src 'self' 'unsafe-inline'", 1))
		}, "another Content-Security-Policy", false},
		{"a second policy", func(x http.Header) { x.Add("Content-Security-Policy", x.Get("Content-Security-Policy")) }, "another Content-Security-Policy", false},
		{"a policy that reports", set("Content-Security-Policy-Report-Only", "default-src 'none'; report-uri /x"), "Content-Security-Policy-Report-Only", false},
		{"refresh", set("Refresh", "0; url=/x"), "Refresh", false},
		{"a link", set("Link", "<https://elsewhere.example>; rel=preconnect"), "Link", false},
		{"a service worker", set("Service-Worker-Allowed", "/"), "Service-Worker-Allowed", false},
		{"another service", set("Alt-Svc", `h3="elsewhere.example:443"`), "Alt-Svc", false},
		{"network errors", set("Nel", `{"report_to":"x","max_age":1}`), "Nel", false},
		{"reports", set("Report-To", "{}"), "Report-To", false},
		{"endpoints", set("Reporting-Endpoints", `x="/x"`), "Reporting-Endpoints", false},
		{"another origin", set("Access-Control-Allow-Origin", "*"), "Access-Control-Allow-Origin", false},
		{"strict transport", set("Strict-Transport-Security", "max-age=1"), "Strict-Transport-Security", false},
		{"hints wanted", set("Accept-Ch", "Sec-CH-UA-Model"), "Accept-Ch", false},
		{"timing", set("Server-Timing", "visitor;desc=5"), "Server-Timing", false},
		{"a date", set("Last-Modified", "Thu, 01 Jan 1970 00:00:05 GMT"), "Last-Modified", false},
		{"an end", set("Expires", "Thu, 01 Jan 2099 00:00:05 GMT"), "Expires", false},
		{"a map", set("Sourcemap", "/visitor-5"), "Sourcemap", false},
		{"speculation", set("Speculation-Rules", `"/x.json"`), "Speculation-Rules", false},
		{"a download", set("Content-Disposition", "attachment"), "Content-Disposition", false},
		{"what nobody knows", set("X-Visitor", "5"), "X-Visitor", false},
		{"sniffing", del("X-Content-Type-Options"), "no X-Content-Type-Options", false},
		{"a referrer", set("Referrer-Policy", "unsafe-url"), "another Referrer-Policy", false},
		{"an opener", set("Cross-Origin-Opener-Policy", "unsafe-none"), "another Cross-Origin-Opener-Policy", false},
		{"an embedder", del("Cross-Origin-Embedder-Policy"), "no Cross-Origin-Embedder-Policy", false},
		{"a resource", set("Cross-Origin-Resource-Policy", "cross-origin"), "another Cross-Origin-Resource-Policy", false},
		{"kept", set("Cache-Control", "max-age=31536000, immutable"), "another Cache-Control", false},
		{"another type", set("Content-Type", "text/xml"), "another Content-Type", false},
		{"a tag", set("Etag", `"visitor-5"`), "Etag", false},
		{"no tag", del("Etag"), "no Etag", true},
		{"vary", set("Vary", "*"), "Vary", false},
		{"trailers", set("Trailer", "X-Visitor"), "Trailer", false},
		{"a long name", set(strings.Repeat("X", 300), "5"), "xxx…", false},
	}
}

// P10: a host that adds, takes away or alters any line in the head of an answer is noticed,
// whatever is asked for: by some it could know visitors again, by others it opens the page.
func TestP10HeadersAreTheHosts(t *testing.T) {
	n := newNewsroom()
	n.print(1, map[string]string{"a.png": "picture"})
	h, _, w := n.overHTTP(t)
	if r := visit(t, w); len(r.Warnings) > 0 {
		t.Fatalf("%q", r.Warnings)
	}
	for _, c := range headTwists() {
		var paths []string
		seen := map[string]bool{}
		h.twist = func(_ http.ResponseWriter, r *http.Request) {
			if path := r.URL.Path; !seen[path] {
				seen[path], paths = true, append(paths, path)
			}
		}
		visit(t, w)
		if len(paths) < 9 {
			t.Fatalf("only %q was asked for: the test is blind", paths)
		}
		for _, at := range paths {
			page := at != "/d" && at != "/r" && at != "/m"
			if c.files && (!page || at == "/") { // there is no index, so that / is none
				continue
			}
			h.twist = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == at {
					c.change(w.Header())
				}
			}
			r, wrong := shown(t, w)
			if !strings.Contains(wrong, c.want) || !strings.Contains(wrong, at) || len(r.Wrong) != 1 || r.Wrong[0].Thing != InHeaders || len(wrong) > 200 {
				t.Errorf("%s at %s: %q", c.name, at, wrong)
			}
		}
	}
	h.twist = nil
	visit(t, w)
}

// P10: an answer before the answer, by which a host has browsers ask elsewhere.
func TestP10NothingComesBeforeAnAnswer(t *testing.T) {
	n := newNewsroom()
	h, _, w := n.overHTTP(t)
	n.print(1, nil)
	h.twist = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/en/" {
			honest := w.Header().Clone()
			clear(w.Header())
			w.Header().Set("Link", "<https://elsewhere.example>; rel=preconnect")
			w.WriteHeader(http.StatusEarlyHints)
			clear(w.Header())
			for name, values := range honest {
				w.Header()[name] = values
			}
		}
	}
	if _, wrong := shown(t, w); wrong != "headers: an answer before the answer in the answer to /en/" {
		t.Errorf("%q", wrong)
	}
}

// A host that alters what browsers ask for alone is noticed too, and one that packs for who did
// not ask for it.
func TestP10HeadersOfBothWays(t *testing.T) {
	n := newNewsroom()
	h, _, w := n.overHTTP(t)
	n.print(1, nil)
	for name, twist := range map[string]func(w http.ResponseWriter, packed bool){
		"Set-Cookie": func(w http.ResponseWriter, packed bool) {
			if packed {
				w.Header().Set("Set-Cookie", "visitor=5")
			}
		},
		"another Etag": func(w http.ResponseWriter, packed bool) {
			if packed {
				w.Header().Set("ETag", strings.TrimSuffix(w.Header().Get("ETag"), `-gzip"`)+`"`)
			}
		},
		"Content-Encoding": func(w http.ResponseWriter, packed bool) {
			if !packed {
				w.Header().Set("Content-Encoding", "identity")
			}
		},
	} {
		h.twist = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/page/page.js" {
				twist(w, r.Header.Get("Accept-Encoding") != "")
			}
		}
		if _, wrong := shown(t, w); !strings.Contains(wrong, "headers: "+name+" in the answer to /page/page.js") {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

// What a TLS proxy writes of its own is said, and no more: the newsroom's own examples of one do.
func TestProxysHeadersAreAWarning(t *testing.T) {
	n := newNewsroom()
	h, _, w := n.overHTTP(t)
	n.print(1, nil)
	h.twist = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:05 GMT")
		w.Header().Set("Server", "proxy")
	}
	if r := visit(t, w); len(r.Warnings) != 1 || r.Warnings[0] != "a proxy before the host writes Date, Server to its answers" {
		t.Errorf("%q", r.Warnings)
	}
}

// A host that can't answer, or a proxy in its place, shows nothing wrong, unless it adds something.
func TestHostInTroubleIsNotAccused(t *testing.T) {
	n := newNewsroom()
	h, _, w := n.overHTTP(t)
	n.print(1, nil)
	for _, cookie := range []bool{false, true} {
		h.twist = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/ko/" {
				return
			}
			clear(w.Header())
			w.Header().Set("Content-Type", "text/html")
			if cookie {
				w.Header().Set("Set-Cookie", "visitor=5")
			}
			w.WriteHeader(http.StatusBadGateway)
		}
		r, err := w.Visit(t.Context())
		if accused := errors.Is(err, ErrShown); err == nil || accused != cookie {
			t.Errorf("cookie %v: %v, %q", cookie, err, wrongs(r))
		}
	}
}

// One line, whatever a host makes up.
func TestHeadersAreOneLine(t *testing.T) {
	n := newNewsroom()
	h, _, w := n.overHTTP(t)
	n.print(1, nil)
	h.twist = func(w http.ResponseWriter, _ *http.Request) {
		for i := range 100 {
			w.Header().Set(fmt.Sprintf("X-%03d", i), "visitor")
		}
	}
	r, wrong := shown(t, w)
	if len(r.Wrong) != 1 || strings.Contains(wrong, "\n") || !strings.Contains(wrong, "X-007 in the answer to /d and ") || !strings.HasSuffix(wrong, ", 92 more") || strings.Contains(wrong, "visitor") {
		t.Errorf("%q", wrong)
	}
}

// A site that the press switches while it is looked at is held to the tags of the new one.
func TestHeadersOfASwitchedSite(t *testing.T) {
	n := newNewsroom()
	h, _, w := n.overHTTP(t)
	n.print(1, nil)
	switched := false
	h.twist = func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/m" && !switched {
			switched = true
			n.print(2, map[string]string{"site.css": "p { color: red }"})
		}
	}
	if r := visit(t, w); r.Site != 2 {
		t.Errorf("site %d", r.Site)
	}
}

// The answers to the cells of a canary are looked at as well.
func TestP10HeadersOfACell(t *testing.T) {
	n := newNewsroom()
	h, c, _ := n.overHTTP(t)
	n.print(1, nil)
	for _, want := range []string{"", "Set-Cookie in the answer to /c"} {
		ctx, said := Heed(t.Context())
		if err := c.PostCell(ctx, new(cell.Cell)); err != nil {
			t.Fatal(err)
		}
		if got := said(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		h.twist = func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "visitor=5") }
	}
}
