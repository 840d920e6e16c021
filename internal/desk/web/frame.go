package web

import (
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// frame is what every page shows around its work.
type frame struct {
	Lang      string
	Title     string // names the kind of page only: titles stay in a browser's history
	Here      string
	House     string
	Nav       []place
	Languages []speaker
	Said      notice
	Path      string
	Wrong     wrong
	Sent      sentForm
	Practise  bool       // a desk to learn at is offered
	Lesson    *lessonBar // on the pages of a practice desk
}

// place is an entry of the navigation.
type place struct {
	Href, Word, What string
	Here             bool
	N, Red           int
}

// notice says what was just done, and how to take it back.
type notice struct{ Word, Undo string }

// sentForm is what was typed into a form that this page answers: it was refused, and a script puts
// the words back where they were typed. Passphrases and files are not among them.
type sentForm struct {
	Action string
	Fields []sentField
}

type sentField struct{ Name, Value string }

// sent keeps what a form brought for the page that answers it.
func (v *visit) sent() sentForm {
	out := sentForm{Action: v.r.URL.Path}
	for _, name := range slices.Sorted(maps.Keys(v.r.PostForm)) {
		for _, value := range v.r.PostForm[name] {
			if name != "passphrase" {
				out.Fields = append(out.Fields, sentField{name, value})
			}
		}
	}
	return out
}

// wrong says what is wrong with a form, and in which field.
type wrong struct{ Field, Word string }

// frame fills what is around the page here, titled by key.
func (s *Server) frame(v *visit, here, title string) frame {
	f := frame{
		Lang: lang.Tag(v.tongue).HTML(), Title: v.T(title), Here: here, Path: v.r.URL.RequestURI(),
		Languages: speakers(lang.Tag(v.tongue)), Said: s.said1(),
	}
	if v.r.Method != http.MethodGet {
		f.Path, f.Sent = "/"+here, v.sent()
	}
	// A page is worth showing without its figures.
	n, err := s.desk.Counts(v.ctx())
	if err != nil {
		n = desk.Counts{}
	}
	if room, err := s.desk.Newsroom(v.ctx()); err == nil && room != nil {
		f.House = room.Name
	}
	f.Nav = []place{
		{Href: "/inbox", Word: v.T("desk.nav.inbox"), N: n.Unread, What: v.T("desk.nav.unread")},
		{Href: "/cases", Word: v.T("desk.nav.cases"), Red: n.OpenCases},
		{Href: "/call", Word: v.T("desk.nav.call")},
		{Href: "/sources", Word: v.T("desk.nav.sources")},
		{Href: "/claims", Word: v.T("desk.nav.claims"), N: n.Claims, What: v.T("desk.nav.claims.n")},
		{Href: "/stories", Word: v.T("desk.nav.stories"), N: n.Stories, What: v.T("desk.nav.stories.n")},
		{Href: "/search", Word: v.T("desk.nav.search")},
		{Href: "/newsroom", Word: v.T("desk.nav.newsroom")},
	}
	f.Practise, f.Lesson = s.opts.Practice != nil, s.lessonBar(v)
	for i := range f.Nav {
		f.Nav[i].Here = f.Nav[i].Href == "/"+here
	}
	return f
}

// say keeps a notice for the next page.
func (s *Server) say(word string, undo desk.OpID) {
	n := notice{Word: word}
	if undo != (desk.OpID{}) {
		n.Undo = hex.EncodeToString(undo[:])
	}
	s.mu.Lock()
	s.said = n
	s.mu.Unlock()
}

func (s *Server) said1() notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.said
	s.said = notice{}
	return n
}

// problemPage says what went wrong and what to do.
type problemPage struct {
	frame
	Heading, What, Next string
	Back                string // to what a refused form was about
}

// formOf finds in the address of a form what it was about.
var formOf = regexp.MustCompile(`^/(story|claim|case|call)/[0-9a-f]{32}`)

// errPreview: a story can't be shown as printed yet.
var errPreview = errors.New("no preview")

// problems are the errors that a person can do something about, with the family of words
// that says so.
var problems = []struct {
	err    error
	key    string
	status int
}{
	{desk.ErrNotFound, "notfound", http.StatusNotFound},
	{desk.ErrPassphrase, "passphrase", http.StatusForbidden},
	{desk.ErrHeld, "held", http.StatusConflict},
	{desk.ErrApprovals, "approvals", http.StatusConflict},
	{desk.ErrStale, "stale", http.StatusConflict},
	{desk.ErrNotUndone, "notundone", http.StatusConflict},
	{errPreview, "preview", http.StatusConflict},
	{desk.ErrLate, "late", http.StatusConflict},
}

// problemOf finds the words for an error. Unknown errors show no text of their own: they
// could hold what nobody should read over a shoulder.
func problemOf(err error) (key string, status int) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return "large", http.StatusRequestEntityTooLarge
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.key, p.status
		}
	}
	var field *desk.FieldError
	if errors.As(err, &field) {
		return "field", http.StatusUnprocessableEntity
	}
	return "other", http.StatusInternalServerError
}

// wrongOf says an error above the form it came from.
func (v *visit) wrongOf(err error) wrong {
	var field *desk.FieldError
	if errors.As(err, &field) {
		if key := "desk.field." + field.Field; lang.Has(lang.English, key) {
			return wrong{field.Field, v.T(key)}
		}
		return wrong{field.Field, v.T("desk.field.other", field.Field, field.Problem)}
	}
	key, _ := problemOf(err)
	return wrong{"", v.T("desk.problem."+key) + " " + v.T("desk.problem."+key+".next")}
}

func (s *Server) problem(v *visit, err error) {
	key, status := problemOf(err)
	p := problemPage{frame: s.frame(v, "", "desk.problem.title"), Heading: v.T("desk.problem." + key), Next: v.T("desk.problem." + key + ".next")}
	if key == "field" {
		p.What = v.wrongOf(err).Word
	}
	if v.r.Method == http.MethodPost && key != "notfound" {
		p.Back = formOf.FindString(v.r.URL.Path)
	}
	s.render(v, "problem", status, p)
}

func (s *Server) show(v *visit, name string, data any) error {
	return s.showAs(v, name, http.StatusOK, data)
}

func (s *Server) showAs(v *visit, name string, status int, data any) error {
	s.render(v, name, status, data)
	return nil
}
