package press

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// printInto builds a site of verified releases into a folder of the test and parses its pages.
func printInto(t testing.TB, s Site, rs ...*release.Release) (string, *Manifest) {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "site")
	m, err := build(t, dst, s, rs...)
	if err != nil {
		t.Fatal(err)
	}
	return dst, m
}

func build(t testing.TB, dst string, s Site, rs ...*release.Release) (*Manifest, error) {
	t.Helper()
	data, _ := samplePhoto(t)
	var vs []*release.Verified
	for _, r := range rs {
		vs = append(vs, verified(t, r))
	}
	return Build(dst, vs, func(release.Hash) ([]byte, error) { return data, nil }, s)
}

// pages parses every HTML page of a site, by path.
func pages(t testing.TB, dir string) map[string]*html.Node {
	t.Helper()
	out := map[string]*html.Node{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(p) != ".html" {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		doc, err := html.Parse(bytes.NewReader(data))
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		out[filepath.ToSlash(rel)] = doc
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// all gives the elements below n for which ok holds.
func all(n *html.Node, ok func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && ok(d) {
			out = append(out, d)
		}
	}
	return out
}

func tag(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

func class(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), name) }
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// one is the only element below n for which ok holds.
func one(t *testing.T, at string, n *html.Node, ok func(*html.Node) bool) *html.Node {
	t.Helper()
	found := all(n, ok)
	if len(found) != 1 {
		t.Fatalf("%s: %d elements found, want 1", at, len(found))
	}
	return found[0]
}

func hrefs(n *html.Node, ok func(*html.Node) bool) []string {
	var out []string
	for _, a := range all(n, ok) {
		out = append(out, attr(a, "href"))
	}
	return out
}

// injected is a release whose every text tries to become markup.
func injected(t testing.TB, evil release.Text) *release.Release {
	r, _ := sampleRelease(t)
	per := release.PerLang{KO: evil, EN: evil, ZH: evil}
	for i := range r.Editions {
		e := &r.Editions[i]
		e.Headline, e.Standfirst, e.Anonymity = evil, evil, evil
		for j := range e.Body {
			for k := range e.Body[j].Sentences {
				e.Body[j].Sentences[k].Text = evil
			}
		}
	}
	r.Photo.Alt, r.Photo.Caption, r.Photo.Credit = per, per, per
	r.Corrections[0].Text = per
	return r
}

// outline is the elements of a page in order, with their attributes' names: what markup it has.
func outline(n *html.Node) []string {
	var out []string
	for _, e := range all(n, func(*html.Node) bool { return true }) {
		s := e.Data
		for _, a := range e.Attr {
			s += " " + a.Key
		}
		out = append(out, s)
	}
	return out
}

// Whatever stands in a text, each page in each language has the markup that it has anyway.
func TestNoTextBecomesMarkup(t *testing.T) {
	plain, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), plain, otherRelease(t, 2, "second", 19270))
	want := pages(t, dir)
	for _, evil := range []release.Text{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onload='alert(1)`, `</title><script>1</script>`,
		`javascript:alert(1)`, `{{.}} ${1} <!-- --> ]]>`, `<base href=//evil.example>`, `</p></main><meta http-equiv=refresh content=0>`, `&lt;b&gt; &#60;`,
	} {
		site := sampleSite()
		site.Name = lang.Words{KO: string(evil), EN: string(evil), ZH: string(evil)}
		second := injected(t, evil)
		second.ID, second.Slug, second.Printed, second.Photo, second.Corrections = release.ID{2}, "second", 19270, nil, nil
		dir, _ := printInto(t, site, injected(t, evil), second)
		got := pages(t, dir)
		if len(got) != len(want) {
			t.Fatalf("%d pages, want %d", len(got), len(want))
		}
		for path, doc := range got {
			if !slices.Equal(outline(doc), outline(want[path])) {
				t.Errorf("%s: %q changes the markup", path, evil)
			}
		}
		story := got["en/stories/sessions-every-two-days.html"]
		if h := text(one(t, "h1", story, tag("h1"))); h != strings.Join(strings.Fields(string(evil)), " ") {
			t.Errorf("the headline %q is printed as %q", evil, h)
		}
	}
}

// A page asks nothing of anybody else, carries no script or style of its own, writes no form
// and asks for nothing by scroll: P2 and a strict CSP depend on it.
func TestPagesAskNothingOfThirdParties(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), r, otherRelease(t, 2, "second", 19270))
	n := 0
	for path, doc := range pages(t, dir) {
		for _, e := range all(doc, func(*html.Node) bool { return true }) {
			n++
			switch e.Data {
			case "script", "style", "iframe", "object", "embed", "form", "input", "base", "svg", "video", "audio", "source":
				t.Errorf("%s: holds <%s>", path, e.Data)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "loading" || a.Key == "srcset" || a.Key == "ping" || a.Key == "http-equiv" {
					t.Errorf("%s: <%s> has the attribute %s", path, e.Data, a.Key)
				}
				if (a.Key == "href" || a.Key == "src") && (strings.Contains(a.Val, ":") || strings.HasPrefix(a.Val, "//")) {
					t.Errorf("%s: <%s> leads out of the site: %s", path, e.Data, a.Val)
				}
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d elements seen", n)
	}
}

// Each link and picture of each page leads to a file that was printed.
func TestLinksLeadSomewhere(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), r, otherRelease(t, 2, "second", 19270))
	for at, doc := range pages(t, dir) {
		for _, e := range all(doc, func(*html.Node) bool { return true }) {
			to := attr(e, "href") + attr(e, "src")
			if to == "" || strings.HasPrefix(to, "#") {
				continue
			}
			file := filepath.Join(dir, filepath.Dir(at), to)
			if strings.HasPrefix(to, "/") {
				file = filepath.Join(dir, to)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: <%s> leads to %s, which is not printed", at, e.Data, to)
			}
		}
	}
}
