package web

import (
	"net/url"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// searchPage asks, and shows what was found.
type searchPage struct {
	frame
	Text, From, To, Next string
	Kinds, Langs, Tags   []choice
	Rows                 []foundRow
	Asked, Stems         bool
	Narrowed             bool
}

type foundRow struct {
	Href, Kind, Who, Day, Lang string
	Before, Hit, After         []piece
}

func (s *Server) search(v *visit) error {
	get := v.r.URL.Query()
	q := desk.SearchQuery{
		Text: get.Get("q"), Kind: desk.FoundKind(get.Get("kind")), Lang: desk.Lang(get.Get("in")), Tag: get.Get("tag"), After: get.Get("after"),
		From: isoDay(get.Get("from")), To: isoDay(get.Get("to")),
	}
	p := &searchPage{Text: q.Text, From: get.Get("from"), To: get.Get("to"), Asked: q.Text != ""}
	p.Narrowed = q.Kind != "" || q.Lang != "" || q.Tag != "" || q.From != 0 || q.To != 0
	if q.From == 0 {
		p.From = ""
	}
	if q.To == 0 {
		p.To = ""
	}
	found, err := s.desk.Search(v.ctx(), q)
	if err != nil {
		return s.again(v, err, func(w wrong) error {
			p.frame = s.frame(v, "search", "desk.search.title")
			p.Wrong = w
			return s.searchForm(v, p, q)
		})
	}
	p.Stems = found.Stems
	for _, f := range found.Rows {
		p.Rows = append(p.Rows, v.found(f))
	}
	if found.Next != "" {
		next := url.Values{}
		for _, name := range []string{"q", "kind", "in", "tag", "from", "to"} {
			if get.Get(name) != "" {
				next.Set(name, get.Get(name))
			}
		}
		next.Set("after", found.Next)
		p.Next = "/search?" + next.Encode()
	}
	p.frame = s.frame(v, "search", "desk.search.title")
	return s.searchForm(v, p, q)
}

// searchForm fills the choices of the form, and shows the page.
func (s *Server) searchForm(v *visit, p *searchPage, q desk.SearchQuery) error {
	m, err := s.desk.Marks(v.ctx())
	if err != nil {
		return err
	}
	for _, k := range desk.FoundKinds() {
		p.Kinds = append(p.Kinds, choice{string(k), v.T("desk.found." + string(k)), k == q.Kind})
	}
	for _, l := range lang.All() {
		p.Langs = append(p.Langs, choice{string(l), v.language(l), l == q.Lang})
	}
	for _, tag := range m.Tags {
		p.Tags = append(p.Tags, choice{tag, flat(tag), tag == q.Tag})
	}
	return s.show(v, "search", p)
}

func (v *visit) found(f desk.Found) foundRow {
	out := foundRow{
		Kind: v.T("desk.found." + string(f.Kind)), Who: f.Handle, Day: v.short(f.Day),
		Before: pieces(f.Snippet.Before), Hit: pieces(f.Snippet.Hit), After: pieces(f.Snippet.After),
	}
	if f.Lang.Valid() {
		out.Lang = f.Lang.HTML()
	}
	switch f.Kind {
	case desk.FoundClaim:
		out.Href = "/claim/" + f.Thing.String()
	case desk.FoundStory:
		out.Href = "/story/" + f.Thing.String()
	case desk.FoundSource, desk.FoundNote:
		out.Href = "/thread/" + f.Source.String()
	default:
		out.Href = "/thread/" + f.Source.String() + "#r" + f.Thing.String()
	}
	return out
}

// isoDay reads a day of a form; 0 for none.
func isoDay(text string) cell.Day {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Unix() < 0 {
		return 0
	}
	return cell.DayOf(t)
}

// iso is a day as forms hold it.
func iso(d cell.Day) string {
	if d == 0 {
		return ""
	}
	return lang.ISODate(uint32(d))
}
