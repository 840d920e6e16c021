package web

import (
	"net/http"
	"strconv"
	"sync"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// refused keeps the pages that answer a form, such as one that is shown again with what was wrong. A
// browser writes the form that was sent into a file of its session, in clear, passphrases too, if the
// answer to it is a page; so the answer is always another address, and the page stands here, in memory
// only. Going back and loading again show it, as long as it is among the last.
type refused struct {
	mu    sync.Mutex
	last  int // number of the newest
	pages map[int]answer
}

type answer struct {
	status int
	page   []byte
}

// refusedKept is how many answers are kept.
const refusedKept = 16

func (r *refused) keep(a answer) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pages == nil {
		r.pages = map[int]answer{}
	}
	r.last++
	r.pages[r.last] = a
	delete(r.pages, r.last-refusedKept)
	return strconv.Itoa(r.last)
}

func (r *refused) answer(number string) (answer, bool) {
	n, err := strconv.Atoi(number)
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.pages[n]
	return a, ok && err == nil
}

// render answers with a page, or, where a form was sent, with its address.
func (s *Server) render(v *visit, name string, status int, data any) {
	page, err := s.pages.make(lang.Tag(v.tongue), name, data)
	switch {
	case err != nil:
		http.Error(v.w, v.T("desk.problem.broken"), http.StatusInternalServerError)
	case v.r.Method == http.MethodPost:
		http.Redirect(v.w, v.r, "/refused/"+s.refused.keep(answer{status, page}), http.StatusSeeOther)
	default:
		writePage(v.w, status, page)
	}
}

func (s *Server) showRefused(v *visit) error {
	a, ok := s.refused.answer(v.r.PathValue("number"))
	if !ok {
		return desk.ErrNotFound
	}
	writePage(v.w, a.status, a.page)
	return nil
}
