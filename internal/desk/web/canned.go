package web

import (
	"net/http"
	"slices"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// cannedKeys are the replies that every newsroom begins with; their words stand in the
// catalogue, so that each language says the same.
var cannedKeys = []string{"received", "how", "when", "careful", "silent", "help", "thanks"}

// cannedView is a reply that is written often, in each language that it has.
type cannedView struct {
	ID, Title string // no ID: of the house
	Texts     []cannedText
}

type cannedText struct {
	Href, Name, Tag, Text string
	Here                  bool // the source's own language
}

// cannedPage edits the newsroom's own.
type cannedPage struct {
	frame
	Ours, Given []cannedView
	Form        []cannedText
	ID          string
	Name        string
}

// ownFirst lists the languages, one before the others.
func ownFirst(own lang.Tag) []lang.Tag {
	order := []lang.Tag{own}
	for _, t := range lang.All() {
		if t != own {
			order = append(order, t)
		}
	}
	return order
}

// cannedReplies lists all, with the language in which the source writes first.
func (s *Server) cannedReplies(v *visit, src desk.ID, first desk.Lang) ([]cannedView, error) {
	order := ownFirst(first)
	one := func(id, key, title string, text func(lang.Tag) string) cannedView {
		out := cannedView{ID: id, Title: title}
		for _, t := range order {
			if words := text(t); t.Valid() && words != "" {
				out.Texts = append(out.Texts, cannedText{
					Href: "/thread/" + src.String() + "?canned=" + key + "&say=" + string(t) + "#reply", Name: t.Name(), Tag: t.HTML(), Text: words, Here: t == first,
				})
			}
		}
		return out
	}
	var out []cannedView
	for _, key := range cannedKeys {
		out = append(out, one("", key, v.T("desk.canned."+key), func(t lang.Tag) string { return lang.T(t, "desk.canned."+key+".text") }))
	}
	own, err := s.desk.CannedReplies(v.ctx())
	for _, c := range own {
		out = append(out, one(c.ID.String(), c.ID.String(), flat(c.Title), func(t lang.Tag) string { return c.Text[t] }))
	}
	return out, err
}

// cannedChosen is the text that an address asks to put into the reply; a page without
// scripts works by it.
func cannedChosen(v *visit, list []cannedView) string {
	q := v.r.URL.Query()
	key := q.Get("canned")
	for _, c := range list {
		for _, t := range c.Texts {
			if key != "" && strings.Contains(t.Href, "canned="+key+"&say="+q.Get("say")+"#") {
				return t.Text
			}
		}
	}
	return ""
}

func (s *Server) canned(v *visit) error { return s.showCanned(v, wrong{}) }

func (s *Server) showCanned(v *visit, w wrong) error {
	list, err := s.cannedReplies(v, desk.ID{}, lang.Tag(v.tongue))
	if err != nil {
		return err
	}
	p := &cannedPage{frame: s.frame(v, "inbox", "desk.canned.title")}
	edit := v.r.URL.Query().Get("id")
	if v.r.Method == http.MethodPost {
		edit = v.form("id")
	}
	texts := map[string]string{}
	for _, c := range list {
		if c.ID == "" {
			p.Given = append(p.Given, c)
			continue
		}
		if c.ID == edit {
			p.ID, p.Name = c.ID, c.Title
			for _, t := range c.Texts {
				texts[t.Tag] = t.Text
			}
		}
		p.Ours = append(p.Ours, c.inAll(ownFirst(lang.Tag(v.tongue))))
	}
	for _, t := range ownFirst(lang.Tag(v.tongue)) {
		p.Form = append(p.Form, cannedText{Name: t.Name(), Tag: string(t), Text: texts[t.HTML()]})
	}
	p.Wrong = w
	return s.showAs(v, "canned", statusOf(w), p)
}

// inAll has a place for each language, empty where nothing is written in it.
func (c cannedView) inAll(order []lang.Tag) cannedView {
	out := cannedView{ID: c.ID, Title: c.Title}
	for _, l := range order {
		i := slices.IndexFunc(c.Texts, func(t cannedText) bool { return t.Tag == l.HTML() })
		if i < 0 {
			out.Texts = append(out.Texts, cannedText{Name: l.Name(), Tag: l.HTML()})
			continue
		}
		out.Texts = append(out.Texts, c.Texts[i])
	}
	return out
}

func (s *Server) postCanned(v *visit) error {
	var id desk.ID
	if v.form("id") != "" {
		var err error
		if id, err = v.id("id"); err != nil {
			return err
		}
	}
	text := map[desk.Lang]string{}
	for _, t := range lang.All() {
		text[t] = v.text("text-" + string(t))
	}
	title, said := v.form("title"), "desk.said.saved"
	if v.form("do") == "drop" {
		title, text, said = "", nil, "desk.said.dropped"
	}
	_, op, err := s.desk.SetCanned(v.ctx(), id, title, text)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showCanned(v, w) })
	}
	s.say(v.T(said), op)
	return v.see("/canned")
}
