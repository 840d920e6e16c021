package web

import (
	"net/http"
	"net/url"

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

// maxQuestion bounds what is asked, which stays in memory.
const maxQuestion = 16 << 10

// postSearch puts a question aside and leads to its answer.
func (s *Server) postSearch(v *visit) error {
	asked := url.Values{}
	for _, name := range []string{"q", "kind", "in", "tag", "from", "to"} {
		if text := v.form(name); text != "" {
			asked.Set(name, text)
		}
	}
	if len(asked) == 0 {
		return v.see("/search")
	}
	text := asked.Encode()
	if len(text) >= maxQuestion {
		return &http.MaxBytesError{Limit: maxQuestion}
	}
	return v.see("/search?" + url.Values{"n": {s.aside.number(text)}}.Encode())
}

// search shows the form, and the answer to the question whose number the address has.
func (s *Server) search(v *visit) error {
	at := v.r.URL.Query()
	get, err := url.ParseQuery(s.aside.text(at.Get("n")))
	if err != nil {
		return desk.ErrNotFound
	}
	q := desk.SearchQuery{
		Text: get.Get("q"), Kind: desk.FoundKind(get.Get("kind")), Lang: desk.Lang(get.Get("in")), Tag: get.Get("tag"), After: at.Get("after"),
	}
	p := &searchPage{Text: q.Text, From: get.Get("from"), To: get.Get("to"), Asked: q.Text != ""}
	p.Narrowed = q.Kind != "" || q.Lang != "" || q.Tag != "" || p.From != "" || p.To != ""
	for field, into := range map[string]*cell.Day{"from": &q.From, "to": &q.To} {
		day, ok := typedDay(get.Get(field))
		if !ok {
			p.frame = s.frame(v, "search", "desk.search.title")
			p.Wrong, p.Asked = wrong{field, v.T("desk.field.date")}, false
			return s.searchForm(v, p, q)
		}
		*into = day
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
		p.Next = "/search?" + url.Values{"n": {at.Get("n")}, "after": {found.Next}}.Encode()
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
	return s.showAs(v, "search", statusOf(p.Wrong), p)
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
