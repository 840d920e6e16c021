package web

import (
	"net/url"
	"strconv"
	"sync"

	"kkachi/internal/desk"
)

// aside keeps words that addresses stand for. A browser writes the address of every page
// into its history, in clear, and with a page that answered a POST the form that was sent;
// so neither holds the words of a search nor a topic, tag or person. They lie here, in
// memory only and as long as the server, under a number; the address has the number, and
// going back and loading again work as ever.
type aside struct {
	mu    sync.Mutex
	texts []string          // a number's text, from 1
	of    map[string]string // a text's number
}

// number of a text, which it gets when it is first asked for; "" for no text.
func (a *aside) number(text string) string {
	if text == "" {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n, ok := a.of[text]
	if !ok {
		if a.of == nil {
			a.of = map[string]string{}
		}
		a.texts = append(a.texts, text)
		n = strconv.Itoa(len(a.texts))
		a.of[text] = n
	}
	return n
}

// text of a number; "" if there is none, as in an address that somebody made up.
func (a *aside) text(number string) string {
	n, err := strconv.Atoi(number)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil || n < 1 || n > len(a.texts) {
		return ""
	}
	return a.texts[n-1]
}

// inboxQuery reads what an address asks of the inbox.
func (s *Server) inboxQuery(v *visit) desk.InboxQuery {
	q := desk.ParseInboxQuery(v.r.URL.RawQuery)
	for _, word := range []*string{&q.Topic, &q.Tag, &q.Assigned} {
		*word = s.aside.text(*word)
	}
	return q
}

// listHref is an address that keeps the list as it is.
func (s *Server) listHref(path string, q desk.InboxQuery, all bool) string {
	for _, word := range []*string{&q.Topic, &q.Tag, &q.Assigned} {
		*word = s.aside.number(*word)
	}
	enc := q.Encode()
	if all {
		enc = url.Values{"box": {"all"}}.Encode()
	}
	if enc == "" {
		return path
	}
	return path + "?" + enc
}
