package web

import (
	"net/http"
	"strings"
)

// What a page may do: load its own script, style and pictures, talk to its own server, and
// nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP guards every route alike, before any of them is looked up: the right name, no
// foreign origin, the session. Who lacks one of them learns nothing, not even whether a
// route exists.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), clipboard-read=()")

	// A rebinding page reaches us under its own name.
	host := s.host()
	if host == "" || r.Host != host {
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	if !s.ownOrigin(r, host) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxPhoto+maxForm)
	}
	if s.atTheDoor(w, r) {
		return
	}
	if s.over.Load() {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if !s.door.inside(r) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.serveInside(w, r)
}

// ownOrigin checks where a request comes from. Reading: a browser that says so must say
// that it comes from our own page or from the person (an opened link). Writing: the
// standard library's protection and, besides, a positive statement of our own origin; a
// program that states none is refused.
func (s *Server) ownOrigin(r *http.Request, host string) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		// The newsroom's own page links to the hall of its practice desk, which is of another
		// name so that neither gets the other's cookie. In the hall stands nothing.
		if s.opts.Lesson != nil && r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
			return true
		}
		return site == "" || site == "same-origin" || site == "none"
	}
	if s.origins.Check(r) != nil {
		return false
	}
	switch origin := r.Header.Get("Origin"); origin {
	case "http://" + host:
		return site == "" || site == "same-origin"
	case "", "null":
		// With "no-referrer" a browser hides the origin of a form's own page; then
		// Sec-Fetch-Site, which no page can set, must speak for it.
		return site == "same-origin"
	default:
		return false
	}
}

// atTheDoor answers the few requests that need no session: the empty hall, its script and
// style, and the exchange of the token.
func (s *Server) atTheDoor(w http.ResponseWriter, r *http.Request) bool {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case r.URL.Path == "/" && read:
		if s.door.inside(r) && !s.over.Load() {
			http.Redirect(w, r, s.entrance(), http.StatusSeeOther)
			return true
		}
		s.pages.door(w, s.language(r), s.over.Load())
		return true
	case (r.URL.Path == "/door.js" || r.URL.Path == "/door.css") && read:
		serveStatic(w, r, strings.TrimPrefix(r.URL.Path, "/"))
		return true
	case r.URL.Path == "/open" && r.Method == http.MethodPost:
		s.open(w, r)
		return true
	}
	return false
}

// open exchanges the token. Every failure is one answer.
func (s *Server) open(w http.ResponseWriter, r *http.Request) {
	var buf [64]byte
	n := 0
	for n < len(buf) {
		m, err := r.Body.Read(buf[n:])
		n += m
		if err != nil {
			break
		}
	}
	c, ok := s.door.exchange(string(buf[:n]))
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	http.SetCookie(w, c)
	w.WriteHeader(http.StatusNoContent)
}
