package drop_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Texts are sent in gzip to who accepts it, and are the same as without; so are their headers.
func TestTextsAreCompressed(t *testing.T) {
	s := play(t)
	long := strings.Repeat("The magpie brings news. ", 100)
	files := map[string]string{"index.html": long, "page/page.js": long + "1", "short.html": "x", "a.jpg": long + "2"}
	s.must(s.publish(1, files))
	for name, body := range files {
		plain := s.ask("GET", "/"+name, http.Header{"Accept-Encoding": {"identity"}}, nil)
		packed := s.ask("GET", "/"+name, http.Header{"Accept-Encoding": {"br;q=1, gzip;q=0.8"}}, nil)
		if plain.body != body || plain.header.Get("Content-Encoding") != "" {
			t.Errorf("%s without gzip: %v", name, plain)
		}
		if want := !strings.HasPrefix(name, "short") && !strings.HasSuffix(name, ".jpg"); want != (packed.header.Get("Content-Encoding") == "gzip") {
			t.Errorf("%s: compressed %v, want %v", name, !want, want)
			continue
		} else if !want {
			continue
		}
		r, err := gzip.NewReader(strings.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != body {
			t.Errorf("%s in gzip is another text, %v", name, err)
		}
		if r.Name != "" || !r.ModTime.IsZero() {
			t.Errorf("%s tells the name %q or a time", name, r.Name)
		}
		if packed.header.Get("Content-Length") != strconv.Itoa(len(packed.body)) || packed.header.Get("Vary") != "Accept-Encoding" || plain.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v", name, packed.header)
		}
		tag := packed.header.Get("ETag")
		if tag == plain.header.Get("ETag") || tag == "" {
			t.Errorf("%s: one tag for two forms", name)
		}
		again := s.ask("GET", "/"+name, http.Header{"Accept-Encoding": {"gzip"}, "If-None-Match": {tag}}, nil)
		if again.status != 304 || again.body != "" {
			t.Errorf("%s, held already: %v", name, again)
		}
		if part := s.ask("GET", "/"+name, http.Header{"Accept-Encoding": {"gzip"}, "Range": {"bytes=1-2"}}, nil); part.status != 200 || part.body != packed.body {
			t.Errorf("%s, a range: %d of %d bytes", name, part.status, len(part.body))
		}
	}
	for _, accept := range []string{"gzip;q=0", "gzip;q=0.0", "br", "identity", "x-gzip"} {
		if a := s.ask("GET", "/", http.Header{"Accept-Encoding": {accept}}, nil); a.header.Get("Content-Encoding") != "" {
			t.Errorf("%q is sent gzip", accept)
		}
	}
	// What was withdrawn is gone in this form too.
	s.must(s.publish(2, map[string]string{"other.html": long}))
	if a := s.ask("GET", "/index.html", http.Header{"Accept-Encoding": {"gzip"}}, nil); a.status != 404 {
		t.Errorf("withdrawn: %v", a)
	}
}
