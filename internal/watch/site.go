package watch

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"kkachi/internal/contacts"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// Limits of looking at a site (spec/08-watch.md, section 5).
const (
	SiteSample  = 16       // files looked at in a visit besides its scripts, drawn anew each time
	SiteMaxFile = 32 << 20 // bytes of a file; a host takes none that is larger
)

// scriptType is how the path of a script ends: the host hands nothing else out as one.
const scriptType = ".js"

const pageType = ".html"

// site looks at what the host publishes: the manifest under the notes' keys and against those
// seen before, all scripts, and some of the other files, drawn, as they are handed out.
func (w *Watch) site(ctx context.Context, r *Report, notes *seal.Notes) error {
	raw, err := w.host.Manifest(ctx)
	if errors.Is(err, relay.ErrNotFound) {
		_, highest, err := w.keep.note("site", 0)
		switch {
		case highest > 0:
			r.differs(InManifest, "no manifest is shown, and one was shown before")
		case notes.Root.Engine != nil || notes.Root.Contacts != nil:
			r.differs(InManifest, "no manifest is shown, and the root note names what the site must carry")
		}
		return err
	}
	if errors.Is(err, relay.ErrRefused) {
		r.differs(InManifest, "it is refused, redirected, or too large")
		return nil
	}
	if err != nil {
		return fmt.Errorf("fetching the manifest: %w", err)
	}
	for try := 1; ; try++ {
		n, noteErr := seal.ParseSite(raw, notes.Root)
		if noteErr != nil {
			r.differs(InManifest, "%v", noteErr)
			return w.keep.refused(raw)
		}
		if err := w.seen(r, "site", n.Serial, raw); err != nil {
			return err
		}
		v := newSiteVisit(n, notes)
		w.heads.begin(v)
		if err := v.look(ctx, w); err != nil {
			r.Wrong = append(r.Wrong, v.wrong...)
			return err
		}
		r.Site, r.SiteFiles, r.SiteLooked, r.Contacts = n.Serial, len(n.Files), v.looked, len(v.contacts)
		r.Script = v.only()
		if len(v.wrong) == 0 {
			return nil
		}
		// The press may have switched the site in between: then there is another manifest.
		former := raw
		raw, err = w.host.Manifest(ctx)
		if try == NoteTries || err != nil || bytes.Equal(raw, former) {
			r.Wrong = append(r.Wrong, v.wrong...)
			return nil
		}
	}
}

// A siteVisit is one look at the files of a manifest.
type siteVisit struct {
	*seal.SiteNote
	notes  *seal.Notes
	files  map[string]*seal.SiteFile
	looked int
	wrong  []Difference

	contacts []contacts.Contact // that pages must show
	compare  bool               // they are known
}

func newSiteVisit(n *seal.SiteNote, notes *seal.Notes) *siteVisit {
	v := &siteVisit{SiteNote: n, notes: notes, files: make(map[string]*seal.SiteFile, len(n.Files))}
	for i := range n.Files {
		v.files[n.Files[i].Path] = &n.Files[i]
	}
	return v
}

func (v *siteVisit) say(thing, format string, args ...any) {
	if d := (Difference{thing, fmt.Sprintf(format, args...)}); !slices.Contains(v.wrong, d) {
		v.wrong = append(v.wrong, d)
	}
}

// thing is what a file of the site is.
func thing(name string) string {
	switch {
	case path.Ext(name) == scriptType:
		return InScript
	case path.Ext(name) == pageType:
		return InPage
	case name == contacts.File:
		return InContacts
	}
	return InFile
}

// only is the digest of the site's script, if it lists one.
func (v *siteVisit) only() (digest *[32]byte) {
	for i := range v.Files {
		if path.Ext(v.Files[i].Path) != scriptType {
			continue
		}
		if digest != nil {
			return nil
		}
		digest = &v.Files[i].Hash
	}
	return digest
}

// look fetches all scripts, the contacts, and SiteSample other files, or all.
func (v *siteVisit) look(ctx context.Context, w *Watch) error {
	if err := v.lookAtContacts(ctx, w); err != nil {
		return err
	}
	var some []*seal.SiteFile
	engine := false
	for i := range v.Files {
		f := &v.Files[i]
		if path.Ext(f.Path) != scriptType {
			if f.Path != contacts.File {
				some = append(some, f)
			}
			continue
		}
		engine = engine || v.notes.Root.Engine != nil && f.Hash == *v.notes.Root.Engine
		if _, err := v.file(ctx, w, f); err != nil {
			return err
		}
	}
	if v.notes.Root.Engine != nil && !engine {
		v.say(InScript, "none on the site is the one that the root note names")
	}
	if err := v.root(ctx, w); err != nil {
		return err
	}
	draw := min(SiteSample, len(some))
	if w.all {
		draw = len(some)
	}
	for n := range draw {
		at, err := rand.Int(w.rand, big.NewInt(int64(len(some)-n)))
		if err != nil {
			return fmt.Errorf("drawing a file: %w", err)
		}
		i := n + int(at.Int64())
		some[n], some[i] = some[i], some[n]
		if _, err := v.file(ctx, w, some[n]); err != nil {
			return err
		}
		if err := v.folder(ctx, w, some[n]); err != nil {
			return err
		}
	}
	return nil
}

// file fetches one file in both ways, and holds it against the manifest. An error says that the
// host was not reached; what it answers wrongly is said, and then data is nil.
func (v *siteVisit) file(ctx context.Context, w *Watch, f *seal.SiteFile) (data []byte, err error) {
	v.looked++
	if f.Size > SiteMaxFile {
		v.say(thing(f.Path), "%s is listed with %d bytes", f.Path, f.Size)
		return nil, nil
	}
	wrong, looked := false, false
	for _, way := range w.ways() {
		former := data
		data, err = way.ask(ctx, f.Path, int64(f.Size))
		switch {
		case err == nil && looked && bytes.Equal(data, former):
			continue // all is said
		case errors.Is(err, relay.ErrNotFound), errors.Is(err, relay.ErrRefused):
			v.say(thing(f.Path), "%s%s is not handed out as the manifest lists it", f.Path, way.called)
			wrong = true
			continue
		case err != nil:
			return nil, fmt.Errorf("fetching %s: %w", f.Path, err)
		case uint64(len(data)) != f.Size || sha256.Sum256(data) != f.Hash:
			v.say(thing(f.Path), "%s%s is another file than the manifest lists", f.Path, way.called)
			wrong = true
		}
		if looked = true; path.Ext(f.Path) == pageType {
			v.page(f.Path, data) // if it is another, what it would do to a reader is said too
		}
	}
	if wrong {
		return nil, nil
	}
	return data, nil
}

// page looks for what a browser would run: every script must be a file of the manifest, and
// the one that the root note names, if it names one. It goes by the tree that a browser makes:
// by tags alone, a script within an svg's style would look like text.
func (v *siteVisit) page(at string, data []byte) {
	for _, scripting := range []bool{true, false} { // noscript holds text for one, elements for the other
		doc, err := html.ParseWithOptions(bytes.NewReader(data), html.ParseOptionEnableScripting(scripting))
		if err != nil {
			v.say(InPage, "%s can't be read as a page", at)
			return
		}
		v.shows(at, doc)
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode {
				v.element(at, n)
			}
		}
	}
}

func (v *siteVisit) element(at string, t *html.Node) {
	attr := map[string]string{}
	for _, a := range t.Attr {
		if _, again := attr[a.Key]; !again { // the first counts, as in a browser
			attr[a.Key] = a.Val
		}
		if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(address(a.Val), "javascript:") {
			v.say(InPage, "%s holds a script of its own, in %s", at, a.Key)
		}
	}
	rel := strings.Fields(strings.ToLower(attr["rel"]))
	switch {
	case t.Data == "base":
		v.say(InPage, "%s moves its addresses elsewhere", at)
	case t.Data == "meta" && strings.EqualFold(attr["http-equiv"], "refresh"):
		v.say(InPage, "%s leads its readers elsewhere by itself", at)
	case slices.Contains(frames, t.Data):
		v.say(InPage, "%s holds another page, in %s", at, t.Data)
	case t.Data == "script" && (attr["src"] == "" || t.Namespace != ""):
		v.say(InPage, "%s holds a script of its own", at)
	case t.Data == "script":
		v.script(at, attr["src"], attr)
	case t.Data == "link" && (slices.Contains(rel, "modulepreload") || slices.Contains(rel, "preload") && attr["as"] == "script"):
		v.script(at, attr["href"], attr)
	case t.Data == "link" && slices.ContainsFunc(rel, acts) && within(at, attr["href"]) == nil:
		v.say(InPage, "%s has browsers ask elsewhere by themselves", at)
	}
}

// frames are elements in which another page can stand, which no policy of this one need bar: the
// text of an iframe's srcdoc runs scripts of its own.
var frames = []string{"iframe", "frame", "object", "embed", "portal", "fencedframe"}

// acts says that browsers may follow a link of a kind though nobody does.
func acts(rel string) bool {
	return !slices.Contains([]string{"alternate", "canonical", "author", "license", "help", "next", "prev"}, rel)
}

// address is an attribute as a browser reads an address: control characters and blanks before
// it, and tabs and line ends within it, count for nothing.
func address(s string) string {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' })
	return strings.ToLower(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s))
}

// within is the address of a reference in a page, nil if it leads out of the site.
func within(at, ref string) *url.URL {
	base := &url.URL{Scheme: "https", Host: "site.invalid", Path: "/" + at}
	u, err := base.Parse(ref)
	if err != nil || u.Scheme != base.Scheme || u.Host != base.Host {
		return nil
	}
	return u
}

func (v *siteVisit) script(at, ref string, attr map[string]string) {
	u := within(at, ref)
	if u == nil {
		v.say(InPage, "%s runs a script from elsewhere", at)
		return
	}
	f := v.files[strings.TrimPrefix(u.Path, "/")]
	switch {
	case f == nil || path.Ext(f.Path) != scriptType:
		v.say(InPage, "%s runs a script that the manifest does not list", at)
		return
	case v.notes.Root.Engine != nil && f.Hash != *v.notes.Root.Engine:
		v.say(InPage, "%s runs %s, which is not the script that the root note names", at, f.Path)
	}
	if want, given := attr["integrity"]; given && want != "sha256-"+base64.StdEncoding.EncodeToString(f.Hash[:]) {
		v.say(InPage, "%s expects another %s than the manifest lists", at, f.Path)
	}
	if id, given := attr["data-newsroom"]; given && id != v.Newsroom.String() {
		v.say(InPage, "%s speaks for another newsroom", at)
	}
}
