package drop_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/store"
)

func TestSite(t *testing.T) {
	s := play(t)
	files := map[string]string{
		"index.html": "<p>front", "ko/index.html": "<p>앞", "ko/a.html": "<p>가", "style.css": "a{}", "k.js": "1", "p.jpg": "\xff\xd8", "p.png": "\x89PNG", "feed.atom": "<feed/>",
		"notes.xyz": "?", "empty.txt": "",
	}
	s.must(s.publish(1, files))
	for path, want := range map[string]struct{ file, kind string }{
		"/":              {"index.html", "text/html; charset=utf-8"},
		"/index.html":    {"index.html", "text/html; charset=utf-8"},
		"/?fbclid=x":     {"index.html", "text/html; charset=utf-8"},
		"/ko/":           {"ko/index.html", "text/html; charset=utf-8"},
		"/ko/a.html":     {"ko/a.html", "text/html; charset=utf-8"},
		"/style.css":     {"style.css", "text/css; charset=utf-8"},
		"/k.js":          {"k.js", "text/javascript; charset=utf-8"},
		"/p.jpg":         {"p.jpg", "image/jpeg"},
		"/p.png":         {"p.png", "image/png"},
		"/feed.atom":     {"feed.atom", "application/atom+xml"},
		"/notes.xyz":     {"notes.xyz", "application/octet-stream"},
		"/empty.txt":     {"empty.txt", "text/plain; charset=utf-8"},
		"/empty.txt?a=b": {"empty.txt", "text/plain; charset=utf-8"},
	} {
		a := s.ask("GET", path, nil, nil)
		if a.status != 200 || a.body != files[want.file] || a.header.Get("Content-Type") != want.kind {
			t.Errorf("%s: %v", path, a)
		}
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(files[want.file])))
		if a.header.Get("ETag") != etag {
			t.Errorf("%s: ETag %s", path, a.header.Get("ETag"))
		}
		if b := s.ask("GET", path, http.Header{"If-None-Match": {etag}}, nil); b.status != 304 || b.body != "" {
			t.Errorf("%s, again: %v", path, b)
		}
		if b := s.ask("HEAD", path, nil, nil); b.status != 200 || b.body != "" || b.header.Get("Content-Length") != fmt.Sprint(len(a.body)) {
			t.Errorf("%s, head: %v", path, b)
		}
	}
	if a := s.ask("GET", "/index.html", http.Header{"Range": {"bytes=3-5"}}, nil); a.status != 206 || a.body != "fro" {
		t.Errorf("range: %v", a)
	}
	if a := s.ask("GET", "/index.html", http.Header{"Range": {"bytes=99-"}}, nil); a.status != 416 {
		t.Errorf("range beyond the end: %v", a)
	}
	if a := s.ask("GET", "/ko", nil, nil); a.status != 301 || a.header.Get("Location") != "/ko/" || a.body != "" {
		t.Errorf("folder without its slash: %v", a)
	}
	for _, path := range []string{"/en/", "/ko//", "//", "/ko/../index.html", "/%69ndex.html", "/index.html/", "/../tokens", "/d", "/r", "/s", "/objects/site"} {
		if a := s.ask("GET", path, nil, nil); a.status != 404 || a.body != "not found\n" {
			t.Errorf("%s: %v", path, a)
		}
	}
	if a := s.ask("POST", "/", nil, strings.NewReader("x")); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST to the site: %v", a)
	}
}

// The policy of every answer that a browser might show, in its exact words.
func TestHeadersOfEveryAnswer(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	s.must(s.publish(1, map[string]string{"index.html": "x", "ko/index.html": "y"}))
	for _, path := range []string{"/", "/ko", "/d", "/m", "/r", "/none", "/s/days"} {
		h := s.ask("GET", path, nil, nil).header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
				"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kkachi",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if c := h.Get("Cache-Control"); c != "no-store" && (path != "/" || c != "no-cache") {
			t.Errorf("%s: Cache-Control %q", path, c)
		}
	}
	for _, method := range []string{"GET", "OPTIONS"} {
		h := s.ask(method, "/c", http.Header{"Origin": {"https://example.org"}, "Access-Control-Request-Method": {"POST"}}, nil)
		if h.status != 405 || h.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s /c from another origin: %v", method, h)
		}
	}
}

// Anybody is handed the manifest as the press put it, with nothing that could be kept on the
// way; before the first there is none.
func TestManifestIsPublic(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	if _, err := s.anyone.Manifest(ctx); !errors.Is(err, relay.ErrNotFound) {
		t.Errorf("before any site: %v", err)
	}
	for serial, files := range []map[string]string{1: {"index.html": "one"}, 2: {"index.html": "two", "page/page.js": "1"}} {
		if files == nil {
			continue
		}
		s.must(s.publish(uint64(serial), files))
		got, err := s.anyone.Manifest(ctx)
		if want := manifest(uint64(serial), files); err != nil || string(got) != string(want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	if a := s.ask("GET", "/m", nil, nil); a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" || a.header.Get("ETag") != "" {
		t.Errorf("%v", a)
	}
	if a := s.ask("POST", "/m", nil, nil); a.status != 405 {
		t.Errorf("%v", a)
	}
	if a := s.ask("GET", "/m?x", nil, nil); a.status != 404 {
		t.Errorf("%v", a)
	}
	if data, err := s.anyone.File(ctx, "page/page.js", 1); err != nil || string(data) != "1" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := s.anyone.File(ctx, "index.html", 2); !errors.Is(err, relay.ErrRefused) {
		t.Errorf("a file that is longer than it should be: %v", err)
	}
	if _, err := s.anyone.File(ctx, "none.html", 2); !errors.Is(err, relay.ErrNotFound) {
		t.Errorf("a file that isn't there: %v", err)
	}
}

func TestManifestIsStrict(t *testing.T) {
	s := play(t)
	good := string(manifest(1, map[string]string{"index.html": ""}))
	digest := fmt.Sprintf("%x", sha256.Sum256(nil))
	list := func(lines string, n int) string {
		return fmt.Sprintf("kkachi/1 site note\nnewsroom 00\nserial 1\nday 1\nfiles %d %x\n\n— sig\n\n%s", n, sha256.Sum256([]byte(lines)), lines)
	}
	line := func(path string) string { return "file " + digest + " 0 " + path + "\n" }
	for name, bad := range map[string]string{
		"empty":            "",
		"other serial":     strings.Replace(good, "serial 1", "serial 2", 1),
		"spelt otherwise":  strings.Replace(good, "serial 1", "serial 01", 1),
		"other kind":       strings.Replace(good, "site note", "root note", 1),
		"cut list":         good[:len(good)-1],
		"edited list":      strings.Replace(good, "index.html", "other.html", 1),
		"no signature":     strings.Replace(good, "— sig\n\n", "", 1),
		"one more line":    strings.Replace(good, "day 1\n", "day 1\nday 2\n", 1),
		"twice":            list(line("a")+line("a"), 2),
		"miscounted":       list(line("a"), 2),
		"outside":          list(line("../a"), 1),
		"dot":              list(line("a/./b"), 1),
		"absolute":         list(line("/a"), 1),
		"with a space":     list(line("a b"), 1),
		"with a control":   list(line("a\rb"), 1),
		"the cell's path":  list(line("c"), 1),
		"the notes' path":  list(line("d"), 1),
		"its own path":     list(line("m"), 1),
		"the inside":       list(line("s/days"), 1),
		"too large":        list(fmt.Sprintf("file %s %d a\n", digest, drop.MaxSiteFile+1), 1),
		"negative":         list("file "+digest+" -1 a\n", 1),
		"upper case":       list("file "+strings.ToUpper(digest)+" 0 a\n", 1),
		"no digest":        list("file x 0 a\n", 1),
		"something else":   list("link "+digest+" 0 a\n", 1),
		"an empty line":    list(line("a")+"\n", 2),
		"too long a path":  list(line(strings.Repeat("a", drop.MaxSitePath+1)), 1),
		"no files":         list("", 0),
		"other bytes":      "\x00\xff",
		"two empty blocks": "\n\n\n\n\n\n",
	} {
		if a := s.ask("PUT", "/s/site/1", s.as(drop.RolePress), strings.NewReader(bad)); a.status != 400 {
			t.Errorf("%s: %v", name, a)
		}
	}
	s.must(s.press.PutObject(t.Context(), "site/"+digest, nil))
	if a := s.ask("PUT", "/s/site/1", s.as(drop.RolePress), strings.NewReader(good)); a.status != 204 {
		t.Errorf("the good one: %v", a)
	}
	wrongSize := "file " + digest + " 1 a\n"
	if a := s.ask("PUT", "/s/site/1", s.as(drop.RolePress), strings.NewReader(list(wrongSize, 1))); a.status != 409 {
		t.Errorf("a size that isn't the file's: %v", a)
	}
}

// What was withdrawn is gone as the site is switched, and a lower serial brings nothing back.
func TestWithdrawnFilesAreGone(t *testing.T) {
	s := play(t)
	s.must(s.publish(1, map[string]string{"index.html": "front", "danger.html": "named by mistake"}))
	s.must(s.publish(2, map[string]string{"index.html": "front"}))
	if a := s.ask("GET", "/danger.html", nil, nil); a.status != 404 {
		t.Errorf("a withdrawn page: %v", a)
	}
	names, err := s.press.ListObjects(t.Context(), "site/")
	s.must(err)
	if len(names) != 1 {
		t.Errorf("files %v are left", names)
	}
	if err := s.publish(1, map[string]string{"index.html": "front", "danger.html": "named by mistake"}); !errors.Is(err, relay.ErrConflict) {
		t.Errorf("an old site put anew: %v", err)
	}
	if back, err := s.press.CurrentSite(t.Context()); err != nil || !strings.Contains(string(back), "serial 2\n") {
		t.Errorf("current site: %v", err)
	}
}

// sticky is a store of which no object can be deleted for a while.
type sticky struct {
	store.Store
	sticks *bool
}

func (s sticky) DeleteObject(ctx context.Context, name string) error {
	if *s.sticks {
		return errors.New("input/output error")
	}
	return s.Store.DeleteObject(ctx, name)
}

// What was withdrawn goes though it could not be deleted with the switch, or the host died before: the switch is
// answered 204 when it is gone.
func TestWithdrawnFilesGoLater(t *testing.T) {
	secret := fmt.Sprintf("site/%x", sha256.Sum256([]byte("named by mistake")))
	files := map[string]string{"index.html": "front"}
	for name, later := range map[string]func(s *stage) error{
		"the press asks again":   func(s *stage) error { return s.press.PutSite(s.t.Context(), 2, manifest(2, files)) },
		"another site comes":     func(s *stage) error { return s.publish(3, map[string]string{"index.html": "front", "b": "b"}) },
		"the clock is looked at": func(s *stage) error { return s.host.Tick(s.t.Context()) },
		"the host is started anew": func(s *stage) error {
			again, err := drop.New(s.t.Context(), drop.Config{Store: s.store, Now: s.clock})
			s.must(err)
			return again.Tick(s.t.Context())
		},
	} {
		t.Run(name, func(t *testing.T) {
			sticks := false
			s := playOn(t, func(inner store.Store) store.Store { return sticky{inner, &sticks} })
			s.must(s.publish(1, map[string]string{"index.html": "front", "danger.html": "named by mistake"}))
			sticks = true
			for range 2 {
				if err := s.press.PutSite(t.Context(), 2, manifest(2, files)); !errors.Is(err, relay.ErrUnavailable) {
					t.Errorf("the press is told %v while what it withdrew stands", err)
				}
			}
			if a := s.ask("GET", "/danger.html", nil, nil); a.status != 404 {
				t.Errorf("a withdrawn page: %v", a)
			}
			sticks = false
			s.must(later(s))
			if got := s.names("site/"); slices.Contains(got, secret) {
				t.Errorf("what was withdrawn stands: %v", got)
			}
			if a := s.ask("GET", "/", nil, nil); a.body != "front" {
				t.Errorf("the site: %v", a)
			}
		})
	}
}

// What was withdrawn and is named again by the next site stays.
func TestWithdrawnFileComesBack(t *testing.T) {
	sticks := true
	s := playOn(t, func(inner store.Store) store.Store { return sticky{inner, &sticks} })
	both := map[string]string{"index.html": "front", "a.html": "a"}
	s.must(s.publish(1, both))
	_ = s.publish(2, map[string]string{"index.html": "front"}) // its file can't be deleted
	sticks = false
	s.must(s.publish(3, both))
	s.must(s.host.Tick(t.Context()))
	again, err := drop.New(t.Context(), drop.Config{Store: s.store, Now: s.clock})
	s.must(err)
	s.must(again.Tick(t.Context()))
	if a := s.ask("GET", "/a.html", nil, nil); a.body != "a" {
		t.Errorf("a page that came back: %v", a)
	}
}

// A request during a switch sees the old site or the new one, never neither.
func TestRequestsDuringASwitch(t *testing.T) {
	s := play(t)
	s.must(s.publish(1, map[string]string{"index.html": "site 1"}))
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if a := s.ask("GET", "/", nil, nil); a.status != 200 || !strings.HasPrefix(a.body, "site ") {
					t.Errorf("during a switch: %v", a)
					return
				}
			}
		})
	}
	for serial := range uint64(30) {
		if err := s.publish(serial+2, map[string]string{"index.html": fmt.Sprint("site ", serial+2)}); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
}
