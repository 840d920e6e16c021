// Package web shows the desk to one journalist, in one browser, on the desk's own computer.
//
// What enters: HTTP requests on loopback, for one random *.localhost name, from the one
// browser that exchanged the link's token; and the words of sources, which are treated as
// hostile text. What leaves: pages made on the server, with a policy that lets them load
// nothing but themselves, and calls of the desk's operations. What may never be known or
// done here: a key (the desk holds them; a passphrase is passed on and forgotten), a file
// of the vault, the network beyond loopback; nothing a letter says becomes markup, and
// nothing is logged.
package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// Options of a server. The zero value is usable.
type Options struct {
	// Rand draws the host name, the token and the session; nil: crypto/rand.
	Rand io.Reader
	// By names the journalist at this desk, beside replies and calls taken; never a source.
	// Empty: "desk".
	By string
	// Publish prints all that is released and puts the site up at the host, as kkachi press
	// push does. It gives the number of files, 0 if the host has this site already; ErrEarly if
	// readers' notes do not name yet what it carries. Nil: the pages do not offer it; the desk
	// itself cannot print.
	Publish func(ctx context.Context) (files int, err error)
	// Contacts gives those that the newsroom has vetted, for the page Newsroom to say which
	// are to be checked again. Nil: the page does not speak of them.
	Contacts func() Contacts
	// Practice makes desks to learn at. Nil: the pages do not offer one.
	Practice Practice
	// Lesson makes these the pages of a practice desk: each says so. Nil: of a newsroom's.
	Lesson Lesson
	// Lang is the language until one is chosen; "": the browser's first that the house speaks.
	Lang lang.Tag
}

// Contacts are those that readers see.
type Contacts struct {
	List     []Contact
	Unsigned bool // the file that the newsroom keeps is another than the one that was signed, or can't be used
}

// A Contact is one of them.
type Contact struct {
	Name, Number string
	Checked      uint32 // day
	Stale        bool
}

// Limits of a request. A photograph is the largest thing that a page sends.
const (
	maxForm  = 1 << 20
	maxPhoto = 32 << 20
	stopping = 3 * time.Second
)

// Server serves the pages of one desk.
type Server struct {
	desk    *desk.Desk
	opts    Options
	label   string // the random part of the host name
	door    *door
	pages   *pages
	mux     *http.ServeMux
	routes  []route
	origins *http.CrossOriginProtection

	aside   aside   // words that addresses stand for
	refused refused // pages that answer forms

	mu   sync.Mutex // guards addr and said
	addr string     // host:port as browsers write it, known once listening
	said notice     // what the last write did, shown once
	lang lang.Tag   // language chosen in this session, "" for the browser's

	over atomic.Bool // a practice desk that is gone: only the hall is left
}

// New makes the server: its host name and its token are drawn here and live as long as it.
func New(d *desk.Desk, opts Options) (*Server, error) {
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	if opts.By == "" {
		opts.By = "desk"
	}
	label, err := draw(opts.Rand)
	if err != nil {
		return nil, fmt.Errorf("desk pages: draw host name: %w", err)
	}
	gate, err := newDoor(opts.Rand, label)
	if err != nil {
		return nil, fmt.Errorf("desk pages: draw token: %w", err)
	}
	all, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("desk pages: %w", err)
	}
	s := &Server{
		desk: d, opts: opts, label: label, door: gate, pages: all,
		mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), lang: opts.Lang,
	}
	s.routes = s.table()
	for _, r := range s.routes {
		s.mux.Handle(r.pattern(), r.handler)
	}
	return s, nil
}

// Listen opens a port of loopback's choosing; afterwards Link is whole.
func (s *Server) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("desk pages: listen on loopback: %w", err)
	}
	if err := s.bind(l); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// bind learns the port, and refuses any listener that others could reach.
func (s *Server) bind(l net.Listener) error {
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return fmt.Errorf("desk pages: %s is not loopback: the desk is served to its own computer only", l.Addr())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr = fmt.Sprintf("%s.localhost:%d", s.label, tcp.Port)
	return nil
}

// Link is what the journalist opens: it lets in one browser, once. The token stands in the
// fragment, which browsers never send. Empty before Listen or Serve.
func (s *Server) Link() string {
	host := s.host()
	if host == "" {
		return ""
	}
	return "http://" + host + "/#" + s.door.token()
}

// Renew ends the present session and returns a new link, for a browser that was closed.
func (s *Server) Renew() (string, error) {
	if err := s.door.renew(s.opts.Rand); err != nil {
		return "", fmt.Errorf("desk pages: draw token: %w", err)
	}
	return s.Link(), nil
}

func (s *Server) host() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Serve answers on l until ctx ends, then lets running requests finish for a moment.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if err := s.bind(l); err != nil {
		return err
	}
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      120 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		// Go would log addresses and requests on errors; a desk keeps no such line.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("desk pages: %w", err)
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	err := srv.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	<-done
	if err != nil {
		return fmt.Errorf("desk pages: stop: %w", err)
	}
	return nil
}

// draw returns 128 random bits as 26 small letters and digits.
func draw(r io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", err
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])), nil
}
