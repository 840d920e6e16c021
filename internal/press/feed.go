package press

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"kkachi/internal/lang"
)

// feedStories is how many stories a feed names.
const feedStories = 20

// An atomFeed is a feed in the form of RFC 4287: headlines and standfirsts, no content.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

// feed is the Atom feed of language t. Times are midnight of the printed day, for no finer
// time exists; ids are made of the newsroom's and the release's, not of an address that may
// move.
func (p *printer) feed(t lang.Tag) ([]byte, error) {
	id, base, _ := strings.Cut(strings.TrimPrefix(p.site.Address, "kkachi:"), "@")
	base = strings.TrimSuffix(base, "/") + "/" + string(t) + "/"
	f := atomFeed{
		Lang: t.HTML(), ID: "urn:kkachi:" + id + ":" + string(t), Title: p.site.Name.In(t), Updated: instant(0),
		Author: atomAuthor{p.site.Name.In(t)},
		Links:  []atomLink{{"self", base + "feed.atom"}, {"alternate", base + "index.html"}},
	}
	for i, s := range p.stories {
		if i == feedStories {
			break
		}
		e := s.edition(t)
		day := uint32(s.Printed)
		if n := len(s.Corrections); n > 0 {
			day = uint32(s.Corrections[n-1].Day)
		}
		title, summary := string(e.Headline), string(e.Standfirst)
		if r := s.Retraction; r != nil {
			day = max(day, uint32(r.Day))
			title, summary = lang.T(t, "site.retracted_title", title), string(r.Text.In(t))
		}
		f.Updated = max(f.Updated, instant(day))
		f.Entries = append(f.Entries, atomEntry{
			ID: f.ID + ":" + s.ID.String(), Title: title, Updated: instant(day),
			Link: atomLink{"alternate", base + storyPath(s)}, Summary: summary,
		})
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(f); err != nil {
		return nil, fmt.Errorf("press: feed: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func instant(day uint32) string { return lang.ISODate(day) + "T00:00:00Z" }
