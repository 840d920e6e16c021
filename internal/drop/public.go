package drop

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// Acceptance of an epoch's cells (spec/05-host.md, section 4).
const (
	EarlyMinutes = 15 // before its day begins
	AcceptDays   = 2  // days from its beginning, after which its cells are refused
)

const (
	textPlain   = cell.TextType
	octetStream = cell.BytesType
)

// postCell takes one cell. 204: it is durable. 400: its size, epoch or stamp is wrong. 503: it
// was not kept. None says more.
func (h *Host) postCell(w http.ResponseWriter, r *http.Request, query bool) {
	if r.Method != http.MethodPost {
		notAllowed(w, "POST")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if query || r.ContentLength != cell.Size || len(r.Header["Content-Encoding"]) > 0 || len(r.TransferEncoding) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c := new(cell.Cell)
	if _, err := io.ReadFull(r.Body, c[:]); err != nil || !h.accepts(c, h.now()) { // or too late: the server's ReadTimeout
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	heard(r.Context())
	if h.prefixes != nil && !h.prefixes.slow(r.Context(), r.RemoteAddr, h.now()) {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	day, err := h.keep(r.Context(), c)
	if errors.Is(err, errLate) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	full := errors.Is(err, store.ErrFull)
	if err == nil || full {
		h.offer(day)
	}
	if r.Context().Err() == nil {
		h.failing.Store(err != nil && !full)
	}
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// errLate is a cell whose epoch ended while it waited.
var errLate = errors.New("drop: the epoch of the cell has ended")

// keep files a cell under the day that it is now. Midnight may have passed while the cell waited for
// its turn, or pass while it is put: then it goes to the new day, if its epoch is accepted on that one.
// If not, the key of the epoch is dead before the new day is read: an answer of 204 would be a lie (P8).
func (h *Host) keep(ctx context.Context, c *cell.Cell) (day cell.Day, err error) {
	for range 2 {
		now := h.now()
		if _, to := window(c.Epoch()); !now.Before(to) {
			return day, errLate
		}
		day = cell.DayOf(now)
		if err = h.store.PutCell(ctx, day, c); !errors.Is(err, store.ErrClosed) {
			break
		}
	}
	return day, err
}

// accepts says whether a cell's epoch stands in the current notes, is accepted at this time,
// and is stamped as that epoch asks.
func (h *Host) accepts(c *cell.Cell, now time.Time) bool {
	current := h.current.Load()
	if current == nil {
		return false
	}
	for _, e := range current.Epochs {
		if e.Epoch == c.Epoch() {
			from, to := window(e.Epoch)
			return !now.Before(from) && now.Before(to) && c.Stamped(e.D)
		}
	}
	return false
}

// window is when cells of an epoch are accepted: from is in it, to is not.
func window(epoch cell.Day) (from, to time.Time) {
	return epoch.Time().Add(-EarlyMinutes * time.Minute), epoch.Time().AddDate(0, 0, AcceptDays)
}

func (h *Host) getNotes(w http.ResponseWriter, r *http.Request) {
	if now := h.current.Load(); now != nil {
		h.hand(w, r, textPlain, now.Notes)
		return
	}
	h.serveSite(w, r, "")
}

func (h *Host) getBulletin(w http.ResponseWriter, r *http.Request) {
	if now := h.current.Load(); now != nil {
		h.hand(w, r, octetStream, now.Bulletin)
		return
	}
	h.serveSite(w, r, "")
}

// getManifest hands out the manifest of the site as the press signed it, so that anybody can
// see whether all are shown the same.
func (h *Host) getManifest(w http.ResponseWriter, r *http.Request) {
	if s := h.site.Load(); s.manifest != nil {
		h.hand(w, r, textPlain, s.manifest)
		return
	}
	h.serveSite(w, r, "")
}

// hand answers a visitor's GET with bytes that nobody on the way may keep.
func (h *Host) hand(w http.ResponseWriter, r *http.Request, kind string, data []byte) {
	hurry(w, int64(len(data)))
	give(w, r, kind, data)
}

// give is hand for those who have a token, and so have time.
func give(w http.ResponseWriter, r *http.Request, kind string, data []byte) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		notAllowed(w, "GET, HEAD")
		return
	}
	protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(data) // the visitor may be gone: there is no one to tell
}

// hurry ends an answer that a visitor takes too slowly. The deadline stands when the handler is done:
// the last of an answer leaves after that.
func hurry(w http.ResponseWriter, size int64) {
	within := CellSeconds*time.Second + time.Duration(size/BytesPerSecond)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(within)) // a recorder in a test has none
}

// protect sets the headers of every answer with a body, whoever asks.
func protect(h http.Header) {
	for _, l := range cell.HostHead() {
		h.Set(l.Name, l.Value)
	}
}

// unavailable is all that is said of a failure inside.
const unavailable = "unavailable\n"

// notFound is the one answer for whatever isn't there, or isn't for who asks.
func notFound(w http.ResponseWriter) { plain(w, http.StatusNotFound, "not found\n") }

func notAllowed(w http.ResponseWriter, methods string) {
	w.Header().Set("Allow", methods)
	plain(w, http.StatusMethodNotAllowed, "method not allowed\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", textPlain)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
