package press

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

//go:embed page/*.html
var templates embed.FS

// A chrome is what every page has: masthead, languages, foot.
type chrome struct {
	Lang        lang.Tag
	Title       string
	Description string
	Name        string // of the newspaper
	Edition     string // date of the newest story, "" if there is none
	Langs       []langLink
	Style       string
	Script      string // "" on a page without it
	Integrity   string // of the script: what browsers check it against
	Newsroom    string // the newsroom's id, for the script
	Feed        string
	Home        string
	About       string
	Corrections string
	Contact     string   // the page
	Limits      []string // what is not hidden
	Contacts    []contactView
	Digest      string // of the script, in hex; "" on a page without it
}

// T is the catalogue's text in the page's language.
func (c chrome) T(key string, args ...any) string { return lang.T(c.Lang, key, args...) }

type langLink struct {
	Lang    lang.Tag
	Href    string
	Current bool
}

type storyPage struct {
	chrome
	Headline, Standfirst       release.Text
	Published, ISO, Translated string
	Photo                      *photoView
	Body                       [][]sentenceView
	AnyDisputed                bool
	Retraction                 *correctionView // in the place of the text
	Anonymity                  release.Text
	Corrected                  []correctionView
	More                       []storyLink
}

type sentenceView struct {
	Text     release.Text
	Disputed bool
	Gap      string // between this sentence and the next: a blank where the language has one
}

type photoView struct {
	Src           string
	Width, Height int
	Alt, Caption  release.Text
	Credit        release.Text
	File          bool
}

type correctionView struct {
	Date, ISO string
	Text      release.Text
}

type storyLink struct {
	Href                 string
	Headline, Standfirst release.Text
	Date, ISO            string
	Retracted            string // "" or since when it is taken back
	Photo                *photoView
}

type frontPage struct {
	chrome
	Lead   *storyLink
	Others []storyLink
}

type choosePage struct {
	chrome
	Choices []choice
}

type choice struct {
	Lang       lang.Tag
	Href, Name string
	Lead       *storyLink
}

type contactPage struct {
	chrome
	Address string
	Steps   []step
}

// A step may end in a command, whose parts are not broken over lines.
type step struct {
	Text    string
	Command []string
}

type aboutPage struct {
	chrome
	Address string
	Work    []string
}

type notFoundPage struct {
	chrome
	Tongues []notFoundText
}

type notFoundText struct {
	Lang                    lang.Tag
	Title, Text, Href, Link string
}

// template is the file that a page's main part stands in.
func (storyPage) template() string    { return "story" }
func (frontPage) template() string    { return "front" }
func (choosePage) template() string   { return "choose" }
func (contactPage) template() string  { return "contact" }
func (aboutPage) template() string    { return "about" }
func (notFoundPage) template() string { return "notfound" }

// A page is one of the kinds above, or that of corrections.
type page interface{ template() string }

// write executes a page's template.
func (p *printer) write(w io.Writer, pg page) error {
	t, err := template.ParseFS(templates, "page/layout.html", "page/"+pg.template()+".html")
	if err != nil {
		return fmt.Errorf("press: template %s: %w", pg.template(), err)
	}
	var b bytes.Buffer // half a page is never written
	if err := t.Execute(&b, pg); err != nil {
		return fmt.Errorf("press: page %s: %w", pg.template(), err)
	}
	_, err = w.Write(b.Bytes())
	return err
}
