package press

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

const storyFile = "/stories/sessions-every-two-days.html"

func TestStoryPage(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), r, otherRelease(t, 2, "second", 19270))
	docs := pages(t, dir)
	for i, l := range lang.All() {
		at := string(l) + storyFile
		doc := docs[at]
		e := r.Editions[i]
		if got := attr(one(t, at, doc, tag("html")), "lang"); got != l.HTML() {
			t.Errorf("%s: the page is in %q", at, got)
		}
		if got := text(one(t, at, doc, tag("h1"))); got != string(e.Headline) {
			t.Errorf("%s: headline %q", at, got)
		}
		for _, other := range lang.All() {
			href := "../../" + string(other) + storyFile
			linked := slices.Contains(hrefs(doc, tag("a")), href)
			if linked != (other != l) {
				t.Errorf("%s: linked to %s: %v", at, other, linked)
			}
			alternate := func(n *html.Node) bool {
				return n.Data == "link" && attr(n, "rel") == "alternate" && attr(n, "hreflang") == other.HTML()
			}
			if got := hrefs(doc, alternate); len(got) != 1 || got[0] != href {
				t.Errorf("%s: alternate %s: %v", at, other, got)
			}
		}
		checkFigure(t, at, doc, r, l)
		if got := text(one(t, at, doc, class("corrections"))); !strings.Contains(got, string(r.Corrections[0].Text.In(l))) || !strings.Contains(got, lang.Date(l, uint32(r.Corrections[0].Day))) {
			t.Errorf("%s: corrections %q", at, got)
		}
		if got := text(one(t, at, doc, class("why"))); !strings.Contains(got, string(e.Anonymity)) {
			t.Errorf("%s: reason %q", at, got)
		}
		translated := strings.Contains(text(doc), lang.T(l, "site.translated", lang.T(l, "site.language.ko")))
		if translated != (l != lang.Korean) {
			t.Errorf("%s: said to be translated: %v", at, translated)
		}
		foot := one(t, at, doc, tag("footer"))
		if !slices.Contains(hrefs(foot, tag("a")), "../../"+string(l)+"/contact.html") || !strings.Contains(text(foot), lang.T(l, "site.write")) {
			t.Errorf("%s: the foot does not lead to the contact page", at)
		}
		if more := hrefs(one(t, at, doc, class("more")), tag("a")); !slices.Equal(more, []string{"second.html"}) {
			t.Errorf("%s: more stories: %v", at, more)
		}
	}
}

func checkFigure(t *testing.T, at string, doc *html.Node, r *release.Release, l lang.Tag) {
	t.Helper()
	fig := one(t, at, doc, tag("figure"))
	img := one(t, at, fig, tag("img"))
	if attr(img, "src") != "../../"+photoPath(r.Photo) || attr(img, "alt") != string(r.Photo.Alt.In(l)) || attr(img, "width") != "960" {
		t.Errorf("%s: the photograph is %v", at, img.Attr)
	}
	caption := text(fig)
	for _, want := range []string{lang.T(l, "site.file_photo"), string(r.Photo.Caption.In(l)), string(r.Photo.Credit.In(l))} {
		if !strings.Contains(caption, want) {
			t.Errorf("%s: the caption %q lacks %q", at, caption, want)
		}
	}
}

// What is disputed is printed as disputed, and nothing else is.
func TestDisputedIsPrintedAsDisputed(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), r)
	docs := pages(t, dir)
	for i, l := range lang.All() {
		doc := docs[string(l)+storyFile]
		marked := one(t, string(l), doc, class("disputed"))
		if got, want := text(marked), string(r.Editions[i].Body[1].Sentences[2].Text); got != want {
			t.Errorf("%s: marked is %q, want %q", l, got, want)
		}
		if got := text(one(t, string(l), doc, class("mark"))); got != lang.T(l, "site.disputed") {
			t.Errorf("%s: the mark says %q", l, got)
		}
	}
	for i := range r.Editions {
		r.Editions[i].Body[1].Sentences[2].Disputed = false
	}
	dir, _ = printInto(t, sampleSite(), r)
	if doc := pages(t, dir)["en"+storyFile]; len(all(doc, class("disputed"))) != 0 || len(all(doc, class("note"))) != 0 {
		t.Error("an undisputed story is marked")
	}
}

func TestFileMarkAndCorrectionsOnlyWhereTrue(t *testing.T) {
	r, _ := sampleRelease(t)
	r.Photo.FilePhoto, r.Corrections = false, nil
	dir, _ := printInto(t, sampleSite(), r)
	for _, l := range lang.All() {
		doc := pages(t, dir)[string(l)+storyFile]
		if strings.Contains(text(doc), lang.T(l, "site.file_photo")) {
			t.Errorf("%s: a photograph of the day is called a file photograph", l)
		}
		if !strings.Contains(text(one(t, string(l), doc, class("corrections"))), lang.T(l, "site.no_corrections")) {
			t.Errorf("%s: no line says that there are no corrections", l)
		}
	}
}

func TestContactAndAbout(t *testing.T) {
	dir, _ := printInto(t, sampleSite())
	docs := pages(t, dir)
	for _, l := range lang.All() {
		contact := text(docs[string(l)+"/contact.html"])
		if !strings.Contains(contact, sampleAddress) || !strings.Contains(contact, "kkachi source write") {
			t.Errorf("%s: the contact page lacks the address or the way", l)
		}
		for _, page := range []string{"/contact.html", "/about.html"} {
			for i, limit := range texts(l, "site.limit_", siteLimits) {
				if !strings.Contains(text(docs[string(l)+page]), limit) {
					t.Errorf("%s%s: limit %d is not told", l, page, i+1)
				}
			}
		}
		if !strings.Contains(text(docs[string(l)+"/index.html"]), lang.T(l, "site.empty")) {
			t.Errorf("%s: an empty front page says nothing", l)
		}
	}
	for path, doc := range docs {
		if s := text(doc); strings.Contains(s, "[site.") || strings.Contains(s, "{0}") {
			t.Errorf("%s: a word of the catalogue is missing", path)
		}
	}
}

func TestFrontPages(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), otherRelease(t, 2, "older", 19270), r, otherRelease(t, 3, "oldest", 19260))
	docs := pages(t, dir)
	for i, l := range lang.All() {
		doc := docs[string(l)+"/index.html"]
		lead := one(t, string(l), doc, class("lead"))
		if !strings.Contains(text(lead), string(r.Editions[i].Headline)) || len(all(lead, tag("img"))) != 1 {
			t.Errorf("%s: the newest story does not lead", l)
		}
		if got := hrefs(one(t, string(l), doc, class("others")), tag("a")); !slices.Equal(got, []string{"stories/older.html", "stories/oldest.html"}) {
			t.Errorf("%s: the others are %v", l, got)
		}
	}
	choose := one(t, "root", docs["index.html"], class("choose"))
	for _, l := range lang.All() {
		if !slices.Contains(hrefs(choose, tag("a")), string(l)+"/index.html") {
			t.Errorf("the root does not lead to %s", l)
		}
	}
}

func TestFeed(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, _ := printInto(t, sampleSite(), r)
	for i, l := range lang.All() {
		data, err := os.ReadFile(filepath.Join(dir, string(l), "feed.atom"))
		if err != nil {
			t.Fatal(err)
		}
		var f atomFeed
		if err := xml.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		if len(f.Entries) != 1 || f.Entries[0].Title != string(r.Editions[i].Headline) || f.Entries[0].Link.Href != "http://127.0.0.1:8080/"+string(l)+storyFile || f.Updated != "2022-10-16T00:00:00Z" {
			t.Errorf("%s: %+v", l, f)
		}
	}
}

// The sample tells what the motivating case allows; what may be printed nowhere stands in no
// file of the site.
func TestBannedWordsAreNowhere(t *testing.T) {
	r, _ := sampleRelease(t)
	dir, m := printInto(t, sampleSite(), r)
	banned := []string{
		"on Monday", "월요일", "在周一", "星期一", "by telephone", "전화 통화", "在电话中", "Liaoning", "랴오닝", "辽宁", "Dandong", "단둥", "丹东", "Yunnan", "윈난", "云南",
		"sources", "소식통들", "多名消息人士", "photo.jpg", "handle", "thread", "SN-0041", "GPS", "Exif",
	}
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range banned {
			if bytes.Contains(bytes.ToLower(data), []byte(strings.ToLower(w))) || strings.Contains(f.Path, w) {
				t.Errorf("%s holds %q", f.Path, w)
			}
		}
	}
}

func TestManifestIsWhatStandsThere(t *testing.T) {
	r, _ := sampleRelease(t)
	site := sampleSite()
	site.Bundle = fstest.MapFS{"page.js": {Data: []byte("1")}, "worker.js": {Data: []byte("2")}}
	dir, m := printInto(t, site, r)
	var have []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			have = append(have, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(have)
	var listed []string
	for _, f := range m.Files {
		listed = append(listed, f.Path)
		data, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil || sha256.Sum256(data) != f.SHA256 || int64(len(data)) != f.Size {
			t.Errorf("%s is not what the manifest says: %v", f.Path, err)
		}
	}
	if !slices.Equal(have, listed) {
		t.Errorf("listed %v, standing %v", listed, have)
	}
	for path, doc := range pages(t, dir) {
		if s := all(doc, tag("script")); len(s) != 1 || !strings.HasSuffix(attr(s[0], "src"), "page/page.js") || s[0].FirstChild != nil {
			t.Errorf("%s does not load the reader's script alone", path)
		} else if sum := sha256.Sum256([]byte("1")); attr(s[0], "integrity") != "sha256-"+base64.StdEncoding.EncodeToString(sum[:]) ||
			!strings.Contains(site.Address, attr(s[0], "data-newsroom")) || len(attr(s[0], "data-newsroom")) != 64 {
			t.Errorf("%s: integrity %q, newsroom %q", path, attr(s[0], "integrity"), attr(s[0], "data-newsroom"))
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	r, _ := sampleRelease(t)
	o, p := otherRelease(t, 2, "second", 19270), otherRelease(t, 3, "third", 19270)
	_, a := printInto(t, sampleSite(), r, o, p)
	_, b := printInto(t, sampleSite(), p, r, o, r)
	if !slices.Equal(a.Files, b.Files) {
		t.Error("the order of releases changes the site")
	}
}

func TestLaterSerialIsPrinted(t *testing.T) {
	r, _ := sampleRelease(t)
	later, _ := sampleRelease(t)
	later.Serial = 2
	later.Editions[1].Headline = "Corrected headline"
	for _, order := range [][]*release.Release{{r, later}, {later, r}} {
		dir, _ := printInto(t, sampleSite(), order...)
		if got := text(one(t, "h1", pages(t, dir)["en"+storyFile], tag("h1"))); got != "Corrected headline" {
			t.Errorf("printed is %q", got)
		}
	}
}

// Any error leaves the old site as it was, with nothing beside it.
func TestFailureLeavesTheOldSite(t *testing.T) {
	r, _ := sampleRelease(t)
	dst := filepath.Join(t.TempDir(), "site")
	if _, err := build(t, dst, sampleSite(), r); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, filepath.Dir(dst))
	twice := otherRelease(t, 2, r.Slug, 19270)
	changed, _ := sampleRelease(t)
	changed.Editions[1].Headline = "Two versions of one serial"
	nameless := sampleSite()
	nameless.Name.ZH = " "
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"two with one slug", func() error { _, err := build(t, dst, sampleSite(), r, twice); return err }},
		{"two with one serial", func() error { _, err := build(t, dst, sampleSite(), r, changed); return err }},
		{"no name", func() error { _, err := build(t, dst, nameless, r); return err }},
		{"no address", func() error {
			_, err := build(t, dst, Site{Name: sampleSite().Name, Address: "kkachi:x@y"}, r)
			return err
		}},
		{"never approved", func() error {
			_, err := Build(dst, []*release.Verified{new(release.Verified)}, nil, sampleSite())
			return err
		}},
		{"photograph missing", func() error {
			_, err := Build(dst, []*release.Verified{verified(t, r)}, func(release.Hash) ([]byte, error) { return nil, fs.ErrNotExist }, sampleSite())
			return err
		}},
		{"another photograph", func() error {
			_, err := Build(dst, []*release.Verified{verified(t, r)}, func(release.Hash) ([]byte, error) { return []byte("x"), nil }, sampleSite())
			return err
		}},
	} {
		if err := c.run(); !errors.Is(err, ErrSite) {
			t.Errorf("%s: got %v", c.name, err)
		}
		if after := snapshot(t, filepath.Dir(dst)); !slices.Equal(after, before) {
			t.Errorf("%s: the folder changed", c.name)
		}
	}
}

func TestSwitchFailsWhole(t *testing.T) {
	dir := t.TempDir()
	dst := filepath.Join(dir, "site")
	if err := switchFolder(dst, []printed{{"a.html", []byte("old")}}); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	// The second file cannot be written, for the first stands where its folder should be.
	if err := switchFolder(dst, []printed{{"a.html", []byte("new")}, {"a.html/b", nil}}); err == nil {
		t.Fatal("a folder that can't be written is switched")
	}
	if after := snapshot(t, dir); !slices.Equal(after, before) {
		t.Errorf("before %v, after %v", before, after)
	}
	if err := switchFolder(dst, []printed{{"c.html", []byte("new")}}); err != nil {
		t.Fatal(err)
	}
	if after := snapshot(t, dir); !slices.Equal(after, []string{"site", "site/c.html new"}) {
		t.Errorf("after the switch: %v", after)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := switchFolder(file, nil); !errors.Is(err, ErrSite) {
		t.Errorf("a file is taken for a folder: %v", err)
	}
}

// The way of systems that cannot exchange folders at once is tried here too.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	fresh, dst := filepath.Join(dir, "fresh"), filepath.Join(dir, "site")
	for _, d := range []string{fresh, dst} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(fresh, "new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replace(fresh, dst); err != nil {
		t.Fatal(err)
	}
	if err := replace(filepath.Join(dir, "none"), dst); err == nil {
		t.Error("a folder that does not exist takes the place of the site")
	}
	if _, err := os.Stat(filepath.Join(dst, "new")); err != nil {
		t.Errorf("after a failed replacement: %v", err)
	}
}

// snapshot lists what stands in a folder, with its contents.
func snapshot(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		if d.IsDir() {
			out = append(out, filepath.ToSlash(rel))
			return nil
		}
		data, err := os.ReadFile(p)
		out = append(out, filepath.ToSlash(rel)+" "+string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPreview(t *testing.T) {
	r, _ := sampleRelease(t)
	var b bytes.Buffer
	if err := Preview(&b, r, lang.Chinese, sampleSite()); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got := attr(one(t, "preview", doc, tag("img")), "src"); got != "/photo/"+r.Photo.SHA256.String() {
		t.Errorf("the photograph is %q", got)
	}
	if got := text(one(t, "preview", doc, tag("h1"))); got != string(r.Editions[2].Headline) {
		t.Errorf("the headline is %q", got)
	}
	r.Editions[2].Headline = ""
	if err := Preview(&b, r, lang.Chinese, sampleSite()); !errors.Is(err, release.ErrRelease) || b.Len() > 0 {
		t.Errorf("a release that would be refused: %v, %d bytes written", err, b.Len())
	}
}
