// Package drop is the host: HTTP in front of a store. It takes cells which it cannot read,
// hands out notes, bulletin and site, and is the letter box between sift, desk and press.
//
// What enters: cells from anyone; sealed batches, parcels, signed notes and the site from those
// who hold a token. What leaves: the same bytes, and for each wrong request its one answer.
// What may never be known here: a key that opens anything, who a visitor is, and when within a
// day somebody came. So nothing here is logged, no answer carries a time, and an error that is
// reported to the operator is never about a request of a visitor.
package drop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// Limits of a connection (spec/05-host.md, section 10).
const (
	MaxConns       = 4096             // connections at once; for who comes then, a silent one is closed
	MaxHeader      = 8 << 10          // bytes of a request's header
	HeaderSeconds  = 10               // to send the header
	CellSeconds    = 60               // to send a cell
	IdleSeconds    = 60               // between two requests of a connection
	GreetSeconds   = 3                // before the first one, without giving way first in a full host
	InsideSeconds  = 3600             // for any request of sift, desk or press
	AnswerSeconds  = 120              // from the header of a visitor's request to the end of its answer, but for:
	BytesPerSecond = 16 << 10         // slowest reader of notes, bulletin or a file of the site, after CellSeconds
	TakeSeconds    = 10               // an answer may take, without making place at last in a full host
	stopWithin     = 10 * time.Second // for requests under way when the host ends
)

// Config is what a host is made of.
type Config struct {
	Store  store.Store
	Now    func() time.Time // the host's clock
	Tokens Tokens
	Report func(error) // told what went wrong in Run; may be nil. Never about a request

	// Rand draws the secret of each day under which network prefixes are slowed and counted.
	// nil: prefixes are not told apart. So it must be where a proxy or an onion service
	// stands in front, since all visitors come from one address there.
	Rand  io.Reader
	Sleep func(context.Context, time.Duration) error // slows a cell; nil waits really

	Certificates *Certificates // Serve speaks TLS with them; nil: plain HTTP, behind a proxy or an onion service
}

// A Host answers requests. Make one with New.
type Host struct {
	store  store.Store
	now    func() time.Time
	tokens Tokens
	report func(error)

	current atomic.Pointer[cell.Now] // what /d and /r hand out; nil before the first
	site    atomic.Pointer[site]     // never nil

	switching sync.Mutex          // guards switches of now and site, gone and orphans
	gone      []string            // digests of files that a switch has withdrawn, and that may stand yet
	orphans   map[string]cell.Day // files of no site, and the day on which they were first seen so

	certificates *Certificates // nil: plain HTTP

	prefixes *prefixes  // nil: visitors are not slowed
	crowding sync.Mutex // guards crowds
	crowds   map[cell.Day]crowd

	last    atomic.Pointer[error] // what the last tick failed with; nil: it did not
	failing atomic.Bool           // the last cell could not be kept, though there was room
}

// New makes a host that goes on with what its store holds.
func New(ctx context.Context, c Config) (*Host, error) {
	if c.Store == nil || c.Now == nil {
		return nil, errors.New("drop: a host needs a store and a clock")
	}
	h := &Host{store: c.Store, now: c.Now, tokens: c.Tokens, report: c.Report, certificates: c.Certificates, orphans: map[string]cell.Day{}}
	h.site.Store(&site{})
	h.crowds = map[cell.Day]crowd{}
	if c.Rand != nil {
		p, err := newPrefixes(c.Rand, c.Sleep)
		if err != nil {
			return nil, err
		}
		h.prefixes = p
	}
	_, data, err := h.store.Current(ctx, currentNow)
	if err == nil {
		var now *cell.Now
		if now, err = cell.ParseNow(data); err == nil {
			h.current.Store(now)
		}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("drop: what the sift put last: %w", err)
	}
	serial, data, err := h.store.Current(ctx, currentSite)
	if err == nil {
		var s *site
		if s, err = parseSite(serial, data); err == nil {
			h.pack(ctx, s, &site{})
			h.site.Store(s)
		}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("drop: the manifest of the site: %w", err)
	}
	return h, h.readGone(ctx)
}

// Handler answers all requests of the host.
func (h *Host) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // no time but the day is anyone's business
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				clear(w.Header())
				w.Header()["Date"] = nil
				w.Header().Set("Cache-Control", "no-store")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}()
		h.route(w, r)
	})
}

// Serve answers on ln until ctx ends, and then lets requests under way finish for a moment.
// A clean end is nil.
func (h *Host) Serve(ctx context.Context, ln net.Listener) error {
	if h.prefixes != nil {
		fair, err := h.prefixes.listener(ln)
		if err != nil {
			return err
		}
		ln = fair
	}
	room := newRoom(ln, MaxConns)
	ln = room
	if h.certificates != nil {
		ln = h.certificates.listener(ln)
	}
	server := newServer(h.Handler())
	server.ConnState, server.ConnContext = room.changed, room.seated
	return serve(ctx, server, ln)
}

func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:                      handler,
		ReadHeaderTimeout:            HeaderSeconds * time.Second,
		ReadTimeout:                  CellSeconds * time.Second,   // also of a body that nobody reads
		WriteTimeout:                 AnswerSeconds * time.Second, // also of what the server itself still holds of an answer
		IdleTimeout:                  IdleSeconds * time.Second,
		MaxHeaderBytes:               MaxHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it names addresses
	}
}

func serve(ctx context.Context, server *http.Server, ln net.Listener) error {
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		err := server.Shutdown(within)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		ended <- err
	})
	err := server.Serve(ln)
	if stop() { // it failed by itself
		return fmt.Errorf("drop: serving: %w", err)
	}
	return <-ended
}

// route finds who answers. Paths have one spelling: another one is an unknown path.
func (h *Host) route(w http.ResponseWriter, r *http.Request) {
	if r.Body == http.NoBody {
		takes(r.Context())
	}
	query := r.URL.RawQuery != "" || r.URL.ForceQuery
	switch path := r.URL.Path; {
	case r.URL.RawPath != "":
		h.serveSite(w, r, "")
	case path == "/c":
		h.postCell(w, r, query)
	case path == "/d" && !query:
		h.getNotes(w, r)
	case path == "/r" && !query:
		h.getBulletin(w, r)
	case path == "/m" && !query:
		h.getManifest(w, r)
	case len(path) > 3 && path[:3] == "/s/" && !query:
		role, ok := h.tokens.role(r.Header["Authorization"])
		if !ok {
			h.serveSite(w, r, "") // as any path that leads nowhere
			return
		}
		heard(r.Context())
		until := time.Now().Add(InsideSeconds * time.Second)
		conn := http.NewResponseController(w)
		_, _ = conn.SetReadDeadline(until), conn.SetWriteDeadline(until) // a recorder in a test has none
		h.inside(w, r, role, path[3:])
	default:
		h.serveSite(w, r, path)
	}
}
