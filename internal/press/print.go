package press

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/contacts"
	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// moreStories is how many others a story's foot names.
const moreStories = 4

// A printer makes the pages of one site.
type printer struct {
	site    Site
	stories []*story           // newest first
	script  *[sha256.Size]byte // its digest; nil on a site without it
	helpers []contacts.Contact
	preview bool
}

// A printed is a file that is ready to be written.
type printed struct {
	path string
	data []byte
}

// render makes every file of the site, by path in ascending order.
func render(stories []*story, s Site) ([]printed, error) {
	helpers, err := s.contactList()
	if err != nil {
		return nil, err
	}
	p := &printer{site: s, stories: stories, helpers: helpers}
	files := []printed{
		{"site.css", Style()},
		{"robots.txt", []byte("User-agent: *\nDisallow:\n")},
	}
	if s.Contacts != nil {
		files = append(files, printed{contacts.File, s.Contacts})
	}
	if s.Bundle != nil {
		bundle, err := p.bundle()
		if err != nil {
			return nil, err
		}
		files = append(files, bundle...)
	}
	pages := map[string]page{"index.html": p.choose(), "404.html": p.notFound()}
	for _, t := range lang.All() {
		dir := string(t) + "/"
		pages[dir+"index.html"] = p.front(t)
		pages[dir+"contact.html"] = p.contact(t)
		pages[dir+"about.html"] = p.about(t)
		pages[dir+"corrections.html"] = p.correctionsPage(t)
		feed, err := p.feed(t)
		if err != nil {
			return nil, err
		}
		files = append(files, printed{dir + "feed.atom", feed})
		for _, st := range stories {
			pages[dir+storyPath(st)] = p.story(st, t)
		}
	}
	for path, pg := range pages {
		var b bytes.Buffer
		if err := p.write(&b, pg); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, printed{path, b.Bytes()})
	}
	seen := map[string]bool{}
	for _, st := range stories {
		if st.photo != nil && !seen[photoPath(st.Photo)] {
			seen[photoPath(st.Photo)] = true
			files = append(files, printed{photoPath(st.Photo), st.photo})
		}
	}
	if s.Policy != "" && p.script != nil {
		list, err := s.webcat(files, *p.script)
		if err != nil {
			return nil, err
		}
		files = append(files, list)
	}
	slices.SortFunc(files, func(a, b printed) int { return cmp.Compare(a.path, b.path) })
	return files, nil
}

func storyPath(s *story) string { return "stories/" + string(s.Slug) + ".html" }

// photoPath names a photograph by its digest: a file's own name is never printed.
func photoPath(p *release.Photo) string {
	ext := ".jpg"
	if p.MIME == release.PNG {
		ext = ".png"
	}
	return "photos/" + p.SHA256.String()[:32] + ext
}

// bundle reads the reader's script; every page loads it.
func (p *printer) bundle() ([]printed, error) {
	entries, err := fs.ReadDir(p.site.Bundle, ".")
	if err != nil {
		return nil, fmt.Errorf("press: bundle: %w", err)
	}
	var out []printed
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := fs.ReadFile(p.site.Bundle, e.Name())
		if err != nil {
			return nil, fmt.Errorf("press: bundle: %w", err)
		}
		if sum := sha256.Sum256(data); e.Name() == scriptFile {
			p.script = &sum
		}
		out = append(out, printed{"page/" + e.Name(), data})
	}
	return out, nil
}

// siteLimits is how many sentences of the catalogue say what is not hidden.
const siteLimits = 7

// chrome is the frame of a page in language t. root leads from the page to the site's root,
// and within is the page's path below its language, the same in each.
func (p *printer) chrome(t lang.Tag, root, within, title string) chrome {
	dir := root + string(t) + "/"
	c := chrome{
		Lang: t, Title: title, Name: p.site.Name.In(t), Style: root + "site.css",
		Home: dir + "index.html", About: dir + "about.html", Contact: dir + "contact.html", Feed: dir + "feed.atom",
		Corrections: dir + "corrections.html",
		Limits:      texts(t, "site.limit_", siteLimits), Contacts: contactViews(p.helpers, t),
	}
	if len(p.stories) > 0 {
		c.Edition = lang.T(t, "site.edition", lang.Date(t, uint32(p.stories[0].Printed)))
	}
	if p.script != nil {
		c.Script, c.Integrity = root+"page/"+scriptFile, "sha256-"+base64.StdEncoding.EncodeToString(p.script[:])
		c.Digest = hex.EncodeToString(p.script[:])
		id, _, _ := strings.Cut(strings.TrimPrefix(p.site.Address, "kkachi:"), "@")
		c.Newsroom = id
	}
	if p.preview {
		c.Style = "/static/site.css"
	}
	for _, other := range lang.All() {
		c.Langs = append(c.Langs, langLink{other, root + string(other) + "/" + within, other == t})
	}
	return c
}

func (p *printer) story(s *story, t lang.Tag) page {
	e := s.edition(t)
	pg := storyPage{
		chrome:   p.chrome(t, "../../", storyPath(s), string(e.Headline)+" · "+p.site.Name.In(t)),
		Headline: e.Headline, Standfirst: e.Standfirst, Anonymity: e.Anonymity,
		Published: lang.T(t, "site.published", lang.Date(t, uint32(s.Printed))), ISO: lang.ISODate(uint32(s.Printed)),
		Photo: p.photo(s, t, "../../"),
	}
	pg.Description = string(e.Standfirst)
	pg.Edition = "" // the story's own date stands below its headline
	if t != s.Original {
		pg.Translated = lang.T(t, "site.translated", lang.T(t, "site.language."+string(s.Original)))
	}
	for _, para := range e.Body {
		var out []sentenceView
		for i, sen := range para.Sentences {
			gap := ""
			if t != lang.Chinese && i < len(para.Sentences)-1 {
				gap = " "
			}
			out = append(out, sentenceView{sen.Text, sen.Disputed, gap})
			pg.AnyDisputed = pg.AnyDisputed || sen.Disputed
		}
		pg.Body = append(pg.Body, out)
	}
	pg.Corrected, pg.Retraction = correctionViews(s, t), retractionView(s, t)
	for _, other := range p.stories {
		if other != s && len(pg.More) < moreStories {
			pg.More = append(pg.More, p.link(other, t, "", false))
		}
	}
	return pg
}

func (p *printer) photo(s *story, t lang.Tag, root string) *photoView {
	ph := s.Photo
	if ph == nil {
		return nil
	}
	v := &photoView{
		Src: root + photoPath(ph), Width: ph.Width, Height: ph.Height, File: ph.FilePhoto,
		Alt: ph.Alt.In(t), Caption: ph.Caption.In(t), Credit: ph.Credit.In(t),
	}
	if p.preview {
		v.Src = "/photo/" + ph.SHA256.String()
	}
	return v
}

// link names a story on another page; to leads from that page to the folder of stories.
func (p *printer) link(s *story, t lang.Tag, to string, photo bool) storyLink {
	e := s.edition(t)
	l := storyLink{
		Href: to + string(s.Slug) + ".html", Headline: e.Headline, Standfirst: e.Standfirst,
		Date: lang.Date(t, uint32(s.Printed)), ISO: lang.ISODate(uint32(s.Printed)),
	}
	if photo {
		l.Photo = p.photo(s, t, "../")
	}
	if r := retractionView(s, t); r != nil {
		l.Retracted = r.Date
	}
	return l
}

func (p *printer) front(t lang.Tag) page {
	pg := frontPage{chrome: p.chrome(t, "../", "index.html", p.site.Name.In(t))}
	var lead *story
	if up := p.standing(); len(up) > 0 {
		lead = up[0]
	}
	for _, s := range p.stories {
		l := p.link(s, t, "stories/", s == lead)
		if s == lead {
			pg.Lead = &l
		} else {
			pg.Others = append(pg.Others, l)
		}
	}
	return pg
}

// choose is the page at the root: each language with its newest headline.
func (p *printer) choose() page {
	t := p.site.Default
	pg := choosePage{chrome: p.chrome(t, "", "index.html", p.site.Name.In(t))}
	for i := range pg.Langs {
		pg.Langs[i].Current = false
	}
	for _, other := range lang.All() {
		c := choice{Lang: other, Href: string(other) + "/index.html", Name: p.site.Name.In(other)}
		if up := p.standing(); len(up) > 0 {
			l := p.link(up[0], other, string(other)+"/stories/", false)
			c.Lead = &l
		}
		pg.Choices = append(pg.Choices, c)
	}
	slices.SortStableFunc(pg.Choices, func(a, b choice) int { // the default first
		return cmp.Compare(rank(b.Lang == t), rank(a.Lang == t))
	})
	return pg
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *printer) contact(t lang.Tag) page {
	pg := contactPage{
		chrome:  p.chrome(t, "../", "contact.html", lang.T(t, "site.write")+" · "+p.site.Name.In(t)),
		Address: p.site.Address,
	}
	verbs := map[int]string{4: "new", 5: "write", 6: "read"}
	for i, text := range texts(t, "site.how_", 6) {
		s := step{Text: text}
		if v := verbs[i+1]; v != "" {
			s.Command = []string{"kkachi source " + v, "--lang " + string(t)}
			if v != "new" {
				s.Command = append(s.Command, "--proxy socks5://127.0.0.1:9050")
			}
		}
		pg.Steps = append(pg.Steps, s)
	}
	return pg
}

func (p *printer) about(t lang.Tag) page {
	return aboutPage{
		chrome: p.chrome(t, "../", "about.html", lang.T(t, "site.about")+" · "+p.site.Name.In(t)),
		Work:   texts(t, "site.work_", 6), Address: p.site.Address,
	}
}

// notFound is handed out at any depth, so its links begin at the root.
func (p *printer) notFound() page {
	t := p.site.Default
	pg := notFoundPage{chrome: p.chrome(t, "/", "index.html", p.site.Name.In(t))}
	for i := range pg.Langs {
		pg.Langs[i].Current = false
	}
	for _, other := range lang.All() {
		pg.Tongues = append(pg.Tongues, notFoundText{
			other, lang.T(other, "site.notfound"), lang.T(other, "site.notfound_text"), "/" + string(other) + "/index.html", lang.T(other, "site.home"),
		})
	}
	return pg
}

// texts are the n texts of the catalogue with keys prefix1, prefix2 …
func texts(t lang.Tag, prefix string, n int) []string {
	var out []string
	for i := 1; i <= n; i++ {
		out = append(out, lang.T(t, prefix+strconv.Itoa(i)))
	}
	return out
}
