package watch

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

func (n *newsroom) Manifest(context.Context) ([]byte, error) {
	if err := n.fails["m"]; err != nil {
		return nil, err
	}
	if n.site == nil {
		return nil, relay.ErrNotFound
	}
	return n.site, nil
}

func (n *newsroom) File(_ context.Context, path string, most int64) ([]byte, error) {
	if err := n.fails[path]; err != nil {
		return nil, err
	}
	data, ok := n.folders[path]
	if !ok {
		if path == "" || strings.HasSuffix(path, "/") {
			path += "index.html"
		}
		data, ok = n.files[path]
	}
	if !ok {
		return nil, relay.ErrNotFound
	}
	if int64(len(data)) > most {
		return nil, relay.ErrRefused
	}
	return data, nil
}

// Packed is File, but for what a host alters in this way alone.
func (n *newsroom) Packed(ctx context.Context, path string, most int64) ([]byte, error) {
	if err := n.fails["packed "+path]; err != nil {
		return nil, err
	}
	if data, ok := n.packed[path]; ok {
		return data, nil
	}
	return n.File(ctx, path, most)
}

const script = "views()"

func integrity(data string) string {
	sum := sha256.Sum256([]byte(data))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// print makes a site as the press does, with more files beside it, and signs its manifest.
func (n *newsroom) print(serial uint64, more map[string]string) {
	n.files = map[string][]byte{"page/page.js": []byte(script), "site.css": []byte("p {}")}
	for _, lang := range []string{"en", "ko", "zh"} {
		n.files[lang+"/index.html"] = fmt.Appendf(nil, `<!doctype html><title>%s</title><link rel="stylesheet" href="../site.css"><script src="../page/page.js" defer integrity="%s" data-newsroom="%s"></script><p>no <em>onions</em>`,
			lang, integrity(script), n.id)
	}
	for path, data := range more {
		n.files[path] = []byte(data)
	}
	n.site = n.manifest(serial, n.desk)
}

func (n *newsroom) manifest(serial uint64, key *seal.SigningKey) []byte {
	m := &seal.SiteNote{Newsroom: n.id, Serial: serial, Day: n.today}
	for path, data := range n.files {
		m.Files = append(m.Files, seal.SiteFile{Hash: sha256.Sum256(data), Size: uint64(len(data)), Path: path})
	}
	return must(seal.SignSite(m, key))
}

func (n *newsroom) withEngine() {
	sum := sha256.Sum256([]byte(script))
	n.rootN.Engine, n.rootN.Serial = &sum, n.rootN.Serial+1
	n.sign()
}

// An honest site is well, with and without a digest in the root note, and through changes.
func TestSiteIsWell(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, t.TempDir())
	if r := visit(t, w); r.Site != 0 {
		t.Errorf("%+v", r)
	}
	n.print(1, nil)
	if r := visit(t, w); r.Site != 1 || r.SiteFiles != 5 || r.SiteLooked != 5 {
		t.Errorf("%+v", r)
	}
	n.turn()
	n.withEngine()
	n.print(2, map[string]string{"en/x.html": `<link rel="alternate" hreflang="ko" href="https://news.example/ko/"><link rel=icon href="/a.ico"><p>onward: a page without a script</p>`, "feed.xml": "<script>1</script>"})
	if r := visit(t, w); r.Site != 2 || r.SiteFiles != 7 {
		t.Errorf("%+v", r)
	}
}

// P10: whatever a host shows that is not the newsroom's site is said.
func TestP10SiteIsTheNewsrooms(t *testing.T) {
	page := func(n *newsroom, html string) { n.print(2, map[string]string{"en/new.html": html}) }
	for name, c := range map[string]struct {
		change func(n *newsroom)
		want   string
	}{
		"a script altered":          {func(n *newsroom) { n.files["page/page.js"] = []byte("veiws()") }, "page/page.js is another file"},
		"a page altered":            {func(n *newsroom) { n.files["ko/index.html"][20] ^= 1 }, "ko/index.html is another file"},
		"a page longer":             {func(n *newsroom) { n.files["ko/index.html"] = append(n.files["ko/index.html"], ' ') }, "not handed out"},
		"a page shorter":            {func(n *newsroom) { n.files["ko/index.html"] = n.files["ko/index.html"][:9] }, "another file"},
		"a file missing":            {func(n *newsroom) { delete(n.files, "site.css") }, "not handed out"},
		"no manifest any more":      {func(n *newsroom) { n.site = nil }, "no manifest"},
		"a stranger's manifest":     {func(n *newsroom) { n.site = n.manifest(2, must(seal.NewSigningKey(seal.RoleDesk, n.random()))) }, "not signed"},
		"the sift's manifest":       {func(n *newsroom) { n.site = n.manifest(2, seal.SigningKeyFromSeed(seal.RoleDesk, n.sift.Seed())) }, "not signed"},
		"garbage":                   {func(n *newsroom) { n.site = []byte("<html>") }, "malformed"},
		"an older manifest":         {func(n *newsroom) { n.print(1, nil) }, "went back"},
		"an unlisted script":        {func(n *newsroom) { page(n, `<script src="../page/more.js"></script>`) }, "does not list"},
		"a script elsewhere":        {func(n *newsroom) { page(n, `<script src="https://evil.example/page/page.js"></script>`) }, "from elsewhere"},
		"a script, without a colon": {func(n *newsroom) { page(n, `<script src="//evil.example/page/page.js"></script>`) }, "from elsewhere"},
		"a script by http":          {func(n *newsroom) { page(n, `<script src="http://site.invalid/page/page.js"></script>`) }, "from elsewhere"},
		"a script named twice":      {func(n *newsroom) { page(n, `<script src="https://evil.example/x.js" src="../page/page.js"></script>`) }, "from elsewhere"},
		"a data script":             {func(n *newsroom) { page(n, `<script src="data:text/javascript,1"></script>`) }, "from elsewhere"},
		"a page as a script":        {func(n *newsroom) { page(n, `<script src="index.html"></script>`) }, "does not list"},
		"a script in what looks like style": {func(n *newsroom) {
			page(n, `<svg><style><script href="../page/page.js"></script></style></svg>`)
		}, "script of its own"},
		"a script in a picture": {func(n *newsroom) {
			page(n, `<svg><script src="../page/page.js" href="https://evil.example/x.js"></script></svg>`)
		}, "script of its own"},
		"a script in what looks like a title": {func(n *newsroom) {
			page(n, `<svg><title><script src="../page/more.js"></script></title></svg>`)
		}, "does not list"},
		"leading away those without scripts": {func(n *newsroom) {
			page(n, `<noscript><meta http-equiv=refresh content="0;url=https://evil.example/"></noscript>`)
		}, "by itself"},
		"an address with a tab":  {func(n *newsroom) { page(n, "<a href=\"\x01java\tscript:1\">x</a>") }, "script of its own"},
		"a page that leads away": {func(n *newsroom) { page(n, `<meta http-equiv=Refresh content="0;url=https://evil.example/">`) }, "by itself"},
		"a script of its own":    {func(n *newsroom) { page(n, `<SCRIPT type=module>1</SCRIPT>`) }, "script of its own"},
		"a handler":              {func(n *newsroom) { page(n, `<p ONCLICK="1">x`) }, "script of its own, in onclick"},
		"a link that runs":       {func(n *newsroom) { page(n, `<a href=" JavaScript:1">x</a>`) }, "script of its own"},
		"a preloaded script":     {func(n *newsroom) { page(n, `<link rel="preload" as=script href="/x.js">`) }, "does not list"},
		"a module preloaded":     {func(n *newsroom) { page(n, `<link rel="MODULEPRELOAD" href="/x.js">`) }, "does not list"},
		"a base":                 {func(n *newsroom) { page(n, `<base href="/en/">`) }, "elsewhere"},
		"a frame":                {func(n *newsroom) { page(n, `<iframe srcdoc="<script src=/x.js></script>"></iframe>`) }, "another page, in iframe"},
		"an object":              {func(n *newsroom) { page(n, `<object data="/x.svg"></object>`) }, "another page, in object"},
		"a name looked up":       {func(n *newsroom) { page(n, `<link rel="dns-prefetch" href="//evil.example">`) }, "ask elsewhere"},
		"a connection made":      {func(n *newsroom) { page(n, `<link rel="alternate PRECONNECT" href="https://evil.example/">`) }, "ask elsewhere"},
		"another integrity":      {func(n *newsroom) { page(n, `<script src="/page/page.js" integrity="`+integrity("x")+`"></script>`) }, "expects another"},
		"another newsroom's id":  {func(n *newsroom) { page(n, `<script src="/page/page.js" data-newsroom="00"></script>`) }, "another newsroom"},
		"not the engine":         {func(n *newsroom) { n.rootN.Engine = &[32]byte{1}; n.rootN.Serial++; n.sign() }, "none on the site is"},
		"a second, other script": {func(n *newsroom) {
			n.withEngine()
			n.print(2, map[string]string{"x.js": "2", "en/y.html": `<script src="/x.js"></script>`})
		}, "not the script"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNewsroom()
			n.print(1, nil)
			w := n.watch(t, t.TempDir())
			if name == "an older manifest" {
				n.print(2, nil)
			}
			visit(t, w)
			c.change(n)
			if _, wrong := shown(t, w); !strings.Contains(wrong, c.want) {
				t.Errorf("%q, want %q", wrong, c.want)
			}
		})
	}
}

// P10: what is altered only for who asks as browsers do is said too.
func TestP10PackedIsTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		change func(n *newsroom)
		want   string
	}{
		"a script":         {func(n *newsroom) { n.packed = map[string][]byte{"page/page.js": []byte("veiws()")} }, "script: page/page.js as browsers ask for it is another file than the manifest lists"},
		"what it packs":    {func(n *newsroom) { n.fails = map[string]error{"packed site.css": relay.ErrRefused} }, "file: site.css as browsers ask for it is not handed out as the manifest lists it"},
		"a page":           {func(n *newsroom) { n.packed = map[string][]byte{"en/index.html": []byte("<base href=//evil.example>")} }, "page: en/index.html moves its addresses elsewhere"},
		"the root":         {func(n *newsroom) { n.packed = map[string][]byte{"": []byte("x")} }, "page: the root of the site as browsers ask for it is not its index.html"},
		"a folder":         {func(n *newsroom) { n.packed = map[string][]byte{"ko/": []byte("x")} }, "page: ko/ as browsers ask for it is not its index.html"},
		"an unlisted root": {func(n *newsroom) { n.print(2, nil); n.packed = map[string][]byte{"": []byte("x")} }, "page: the root of the site as browsers ask for it is a page that the manifest does not list"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNewsroom()
			n.print(1, map[string]string{"index.html": "<p>here"})
			w := n.watch(t, "")
			visit(t, w)
			c.change(n)
			if _, wrong := shown(t, w); !strings.Contains(wrong, c.want) {
				t.Errorf("%q, want %q", wrong, c.want)
			}
		})
	}
}

// P10: two manifests with one serial are proof, kept and named like notes'.
func TestP10TwoManifestsWithOneSerial(t *testing.T) {
	n := newNewsroom()
	n.print(3, nil)
	w := n.watch(t, t.TempDir())
	visit(t, w)
	n.print(3, map[string]string{"en/for-one-reader.html": "<p>x"})
	r, _ := shown(t, w)
	if len(r.Proofs) != 1 || r.Proofs[0].Kind != "site" || r.Proofs[0].Serial != 3 || !r.Proofs[0].Signed {
		t.Fatalf("%+v", r.Proofs)
	}
	root := must(seal.ParseRoot(must(seal.SignRoot(n.rootN, n.root)), n.id, n.today))
	for _, file := range []string{r.Proofs[0].First, r.Proofs[0].Second} {
		if m, err := seal.ParseSite(must(os.ReadFile(file)), root); err != nil || m.Serial != 3 {
			t.Errorf("%s is no proof: %v", file, err)
		}
	}
}

// Of a large site some files are looked at in each visit, others each time: what is altered is
// found in a few visits.
func TestSampleFindsWhatIsAltered(t *testing.T) {
	n := newNewsroom()
	more := map[string]string{}
	for i := range 3 * SiteSample {
		more[fmt.Sprintf("en/%d.html", i)] = "<p>x"
	}
	n.print(1, more)
	w := n.watch(t, "")
	if r := visit(t, w); r.SiteLooked != SiteSample+1 {
		t.Errorf("%d files were looked at", r.SiteLooked)
	}
	n.files["en/7.html"] = []byte("<p>y")
	for range 400 {
		if _, err := w.Visit(t.Context()); errors.Is(err, ErrShown) {
			return
		}
	}
	t.Error("400 visits do not find it")
}

// A site that is switched while it is looked at is looked at once more, and is well.
func TestSiteSwitchedInBetween(t *testing.T) {
	n := newNewsroom()
	n.print(1, nil)
	w, err := Open(n.id, &switching{newsroom: n}, "", n.clock(), n.random())
	if err != nil {
		t.Fatal(err)
	}
	if r := visit(t, w); r.Site != 2 {
		t.Errorf("%+v", r)
	}
}

type switching struct {
	*newsroom
	asked int
}

func (s *switching) File(ctx context.Context, path string, most int64) ([]byte, error) {
	if s.asked++; s.asked == 2 {
		s.print(2, map[string]string{"site.css": "p { margin: 0 }"})
	}
	return s.newsroom.File(ctx, path, most)
}
