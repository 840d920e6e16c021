package press

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"kkachi/internal/contacts"
)

const sampleContacts = `kkachi/1 contacts

name Example helpline
name-ko 보기 상담 전화
number +82 2 0000 0000
hours at any time
hours-zh 任何时候
languages ko en zh
checked 2022-10-01

name Example lawyers
number 112
hours on working days
languages en
checked 2020-01-02
`

func contactSite(file string) Site {
	s := sampleSite()
	s.Contacts = []byte(file)
	s.Bundle = fstest.MapFS{"page.js": {Data: []byte("views()")}}
	s.Policy = "default-src 'none'"
	return s
}

// lists gives each list of contacts on a page, a contact in a line.
func lists(doc *html.Node) (out []string) {
	for _, ul := range all(doc, class("contacts")) {
		var lines []string
		for _, li := range all(ul, tag("li")) {
			lines = append(lines, text(li))
		}
		out = append(out, strings.Join(lines, "\n"))
	}
	return out
}

// Each page of a language holds the same contacts, stale ones too, in the words of its language;
// they need no script, lead nowhere, and the file stands beside them as it was signed.
func TestContactsStandOnEachPage(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, contactSite(sampleContacts), r)
	want := map[string]string{
		"ko":      "보기 상담 전화 +82 2 0000 0000 at any time 한국어, English, 中文 2022년 10월 1일 확인\nExample lawyers 112 on working days English 2020년 1월 2일 확인",
		"en":      "Example helpline +82 2 0000 0000 at any time 한국어, English, 中文 Checked on 1 October 2022\nExample lawyers 112 on working days English Checked on 2 January 2020",
		"zh-Hans": "Example helpline +82 2 0000 0000 任何时候 한국어, English, 中文 2022年10月1日核实\nExample lawyers 112 on working days English 2020年1月2日核实",
	}
	for path, doc := range pages(t, dir) {
		found := lists(doc)
		if n := len(found); n != 1 && !strings.HasSuffix(path, "contact.html") || n == 0 {
			t.Errorf("%s: contacts stand there %d times", path, n)
		}
		for _, got := range found {
			if got != want[attr(one(t, path, doc, tag("html")), "lang")] {
				t.Errorf("%s: %q", path, got)
			}
		}
		for _, ul := range all(doc, class("contacts")) {
			if links := all(ul, tag("a")); len(links) > 0 {
				t.Errorf("%s: a number is a link", path)
			}
		}
	}
	file, err := os.ReadFile(filepath.Join(dir, contacts.File))
	if err != nil || string(file) != sampleContacts {
		t.Errorf("%q, %v", file, err)
	}
}

// Without contacts there is neither file nor list; a list of nobody is a file alone.
func TestNoContacts(t *testing.T) {
	for file, stands := range map[string]bool{"": false, "kkachi/1 contacts\n": true} {
		s := contactSite(file)
		if file == "" {
			s.Contacts = nil
		}
		dir, _ := printInto(t, s)
		for path, doc := range pages(t, dir) {
			if len(lists(doc)) > 0 || len(all(doc, class("helpers"))) > 0 {
				t.Errorf("%s: a list of contacts", path)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, contacts.File)); (err == nil) != stands {
			t.Errorf("with %q: %v", file, err)
		}
	}
	if _, err := build(t, filepath.Join(t.TempDir(), "site"), contactSite("kkachi/1 contacts\n\nname x\n")); !errors.Is(err, ErrSite) || !errors.Is(err, contacts.ErrFormat) {
		t.Errorf("malformed contacts: %v", err)
	}
}

// Whatever stands in a contact, each page has the markup that it has anyway.
func TestNoContactBecomesMarkup(t *testing.T) {
	dir, _ := printInto(t, contactSite(sampleContacts))
	want := pages(t, dir)
	for _, evil := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</bdi></li></ul></details><base href=//evil.example>`, `{{.}} <!-- &lt;b&gt;`, `javascript:alert(1)`} {
		dir, _ := printInto(t, contactSite(strings.NewReplacer("Example helpline", evil, "보기 상담 전화", evil, "at any time", evil).Replace(sampleContacts)))
		for path, doc := range pages(t, dir) {
			if !slices.Equal(outline(doc), outline(want[path])) {
				t.Errorf("%s: %q changes the markup", path, evil)
			}
			if got := lists(doc)[0]; !strings.Contains(got, evil) {
				t.Errorf("%s: %q is printed as %q", path, evil, got)
			}
		}
	}
}

// Each page says the digest of its script.
func TestPagesSayTheDigestOfTheirScript(t *testing.T) {
	dir, _ := printInto(t, contactSite(sampleContacts))
	sum := sha256.Sum256([]byte("views()"))
	for path, doc := range pages(t, dir) {
		for _, p := range all(doc, class("digest")) {
			if got := text(one(t, path, p, tag("code"))); got != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: digest %q", path, got)
			}
		}
		if len(all(doc, class("digest"))) != 1 {
			t.Errorf("%s: no digest", path)
		}
	}
	about := pages(t, dir)["en/about.html"]
	if got := text(one(t, "about", about, tag("main"))); !strings.Contains(got, "kkachi page verify "+sampleAddress) || !strings.Contains(got, hex.EncodeToString(sum[:])) {
		t.Errorf("how to check is not said: %s", got)
	}
}

// The list in the format of WEBCAT's manifest names each other file by its digest, in one form.
func TestWebcatListsTheSite(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, m := printInto(t, contactSite(sampleContacts), r)
	data, err := os.ReadFile(filepath.Join(dir, webcatFile))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Manifest struct {
			App, Version    string
			Files           map[string]string
			Wasm            []string
			DefaultCSP      string            `json:"default_csp"`
			ExtraCSP        map[string]string `json:"extra_csp"`
			DefaultIndex    string            `json:"default_index"`
			DefaultFallback string            `json:"default_fallback"`
		}
		Signatures map[string]string
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	list := got.Manifest
	sum := sha256.Sum256([]byte("views()"))
	if list.App != "http://127.0.0.1:8080" || list.Version != hex.EncodeToString(sum[:]) || list.DefaultCSP != "default-src 'none'" || list.Wasm == nil || len(list.Wasm) > 0 || len(got.Signatures) > 0 {
		t.Errorf("%+v", list)
	}
	if list.Files["/"+list.DefaultIndex] == "" || list.Files[list.DefaultFallback] == "" {
		t.Error("its index or what stands for a missing file is no file of it")
	}
	if len(list.Files) != len(m.Files)-1 {
		t.Errorf("%d files, want %d", len(list.Files), len(m.Files)-1)
	}
	for _, f := range m.Files {
		if want := base64.RawURLEncoding.EncodeToString(f.SHA256[:]); f.Path != webcatFile && list.Files["/"+f.Path] != want {
			t.Errorf("%s: %q, want %q", f.Path, list.Files["/"+f.Path], want)
		}
	}
	if strings.ContainsAny(string(data), "\n\t") || strings.Contains(string(data), `\u0026`) {
		t.Error("not in one form")
	}
}
