package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// route is one address of the desk. Reading changes nothing but "read"; every change is a
// POST that ends in a redirect, so that a page can be loaded again without harm.
type route struct {
	method, path string
	handler      http.Handler
}

func (r route) pattern() string { return r.method + " " + r.path }

// visit is one request of the journalist.
type visit struct {
	w http.ResponseWriter
	r *http.Request
	tongue
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// ending is the context of a command that takes the place of a draft.
func (v *visit) ending(key string, about desk.ID) context.Context {
	return desk.Ending(v.ctx(), desk.Typed{Key: key, About: about})
}

// form is a field of the form as it was typed, without blanks around it.
func (v *visit) form(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// text is a field as it was typed, blanks and all. Browsers send line ends as CR LF; what
// was selected or written had LF.
func (v *visit) text(name string) string {
	return strings.ReplaceAll(v.r.PostFormValue(name), "\r\n", "\n")
}

// id reads an ID out of the path or, on writes, the form. Nothing there is nothing found.
func (v *visit) id(name string) (desk.ID, error) {
	text := v.r.PathValue(name)
	if text == "" {
		text = v.r.PostFormValue(name)
	}
	id, err := desk.ParseID(text)
	if err != nil {
		return desk.ID{}, desk.ErrNotFound
	}
	return id, nil
}

func (v *visit) see(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// back returns to the page that a form named, if it is one of ours.
func (v *visit) back(other string) error {
	u, err := url.Parse(v.r.PostFormValue("back"))
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, `\`) {
		return v.see(other)
	}
	return v.see(u.RequestURI())
}

// table lists every route behind the door.
func (s *Server) table() []route {
	page := func(method, path string, h func(*visit) error) route {
		return route{method, path, s.page(h)}
	}
	return append(slices.Concat(s.inboxRoutes(page), s.claimRoutes(), s.callRoutes(), s.sourceRoutes(), s.translateRoutes(), s.practiceRoutes(page)), []route{
		page("GET", "/inbox", s.inbox),
		page("GET", "/thread/{id}", s.thread),
		page("POST", "/thread/reply", s.postReply),
		page("POST", "/thread/withdraw", s.postWithdrawReply),
		page("POST", "/thread/consent", s.postConsent),
		page("POST", "/thread/reveal", s.postReveal),
		page("POST", "/thread/apart", s.postApart),
		page("POST", "/thread/block", s.postBlock),
		page("POST", "/thread/letin", s.postLetIn),
		page("POST", "/help/take", s.postTake),
		page("GET", "/claims", s.claims),
		page("GET", "/claim/new", s.newClaim),
		page("POST", "/claim/new", s.postClaim),
		page("GET", "/claim/{id}", s.claim),
		page("POST", "/evidence/new", s.postEvidence),
		page("POST", "/evidence/withdraw", s.postWithdrawEvidence),
		page("GET", "/stories", s.stories),
		page("GET", "/story/new", s.newStory),
		page("POST", "/story/new", s.postStory),
		page("GET", "/story/{id}", s.story),
		page("GET", "/story/{id}/preview/{lang}", s.preview),
		page("POST", "/story/{id}/sentence", s.postSentence),
		page("POST", "/story/{id}/insert", s.postInsert),
		page("POST", "/story/{id}/remove", s.postRemove),
		page("POST", "/story/{id}/level", s.postLevel),
		page("POST", "/story/{id}/edition", s.postEdition),
		page("POST", "/story/{id}/names", s.postNames),
		page("POST", "/story/{id}/rule", s.postRule),
		page("POST", "/story/{id}/move", s.postMove),
		page("POST", "/story/{id}/live", s.postLive),
		page("POST", "/story/{id}/coarsen", s.postCoarsen),
		page("POST", "/story/{id}/shown", s.postShown),
		page("POST", "/story/{id}/among", s.postAmong),
		page("POST", "/story/{id}/spread", s.postSpread),
		page("POST", "/story/{id}/embargo", s.postEmbargo),
		page("POST", "/story/{id}/discard", s.postDiscard),
		page("POST", "/story/{id}/comment", s.postComment),
		page("POST", "/story/{id}/comment/done", s.postCommentDone),
		page("POST", "/story/{id}/correct", s.postCorrect),
		page("POST", "/story/{id}/retract", s.postRetract),
		page("POST", "/story/{id}/again", s.postPrintAgain),
		page("GET", "/story/{id}/versions", s.versions),
		page("POST", "/story/{id}/restore", s.postRestore),
		page("GET", "/story/{id}/release/{serial}/{lang}", s.former),
		page("POST", "/story/{id}/photo", s.postPhoto),
		page("POST", "/story/{id}/photo/drop", s.postDropPhoto),
		page("POST", "/story/{id}/clean", s.postClean),
		page("POST", "/story/{id}/override", s.postOverride),
		page("POST", "/story/{id}/approve", s.postApprove),
		page("POST", "/story/{id}/release", s.postRelease),
		page("GET", "/photo/{sha}", s.photo),
		page("GET", "/newsroom", s.newsroom),
		page("POST", "/newsroom/free", s.postFree),
		page("POST", "/sync", s.postSync),
		page("POST", "/publish", s.postPublish),
		page("POST", "/draft", s.postDraft),
		page("GET", "/refused/{number}", s.showRefused),
		page("POST", "/undo", s.postUndo),
		page("POST", "/language", s.postLanguage),
		{"GET", "/static/{name}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			serveStatic(w, r, r.PathValue("name"))
		})},
	}...)
}

// page wraps a handler: its errors become a page that says what to do next. A panic
// becomes one too, and its message, which may hold a source's words, goes nowhere.
func (s *Server) page(h func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r, tongue: tongue(s.language(r))}
		defer func() {
			if recover() != nil {
				s.problem(v, errors.New("defect"))
			}
		}()
		if r.Method == http.MethodPost {
			limit := int64(maxForm)
			if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
				limit = maxPhoto
			}
			r.Body = http.MaxBytesReader(w, r.Body, limit)
			// A form that is too large would be read as one that is empty.
			var large *http.MaxBytesError
			if err := r.ParseForm(); errors.As(err, &large) {
				s.problem(v, err)
				return
			}
		}
		if err := h(v); err != nil {
			s.problem(v, err)
		}
	})
}

// serveInside is reached with the session only.
func (s *Server) serveInside(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.problem(&visit{w: w, r: r, tongue: tongue(s.language(r))}, desk.ErrNotFound)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// language is the one chosen in this session, else the browser's first that the house
// speaks, else English.
func (s *Server) language(r *http.Request) lang.Tag {
	s.mu.Lock()
	chosen := s.lang
	s.mu.Unlock()
	if chosen.Valid() && s.door.inside(r) {
		return chosen
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(tag, "-")
		if t, err := lang.Parse(strings.ToLower(tag)); err == nil {
			return t
		}
	}
	return lang.English
}

func (s *Server) postLanguage(v *visit) error {
	tag, err := lang.Parse(v.form("lang"))
	if err != nil {
		return desk.ErrNotFound
	}
	s.mu.Lock()
	s.lang = tag
	s.mu.Unlock()
	return v.back("/inbox")
}

// Keys of drafts.
const (
	draftReply  = "reply"
	draftCall   = "call"
	draftRemark = "remark"
	draftStep   = "step"
)

var translationDraft = regexp.MustCompile(`^translation-(ko|en|zh)$`)

// postDraft keeps what is being typed, as an operation of the desk, so that a closed tab
// or a crash loses nothing. The page's script calls it.
func (s *Server) postDraft(v *visit) error {
	key, about, _ := strings.Cut(v.r.PostFormValue("for"), "/")
	var id desk.ID
	if about != "" {
		var err error
		if id, err = desk.ParseID(about); err != nil {
			return desk.ErrNotFound
		}
	}
	if key != draftReply && key != draftCall && !translationDraft.MatchString(key) && key != draftRemark && key != draftStep && !(storyDraft.MatchString(key) && !id.IsZero()) {
		return desk.ErrNotFound
	}
	if err := s.desk.SaveDraft(v.ctx(), key, id, v.text("text")); err != nil {
		return err
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) postUndo(v *visit) error {
	ops, err := undoOps(v.form("op"))
	if err != nil {
		return err
	}
	again, err := s.desk.UndoAll(v.ctx(), ops)
	if err != nil {
		return err
	}
	s.sayAll(v.T("desk.said.undone"), again)
	return v.back("/inbox")
}
