package drop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// The names of the values that are switched as a whole, and of what the last switch of the site withdrew.
const (
	currentNow  = "now"
	currentSite = "site"
	currentGone = "gone"
)

// Largest objects (spec/05-host.md, section 3), in bytes.
const (
	MaxBatchObject  = cell.MaxBatch*cell.RecordSize + 1<<20 // the largest batch, wrapped
	MaxParcelObject = cell.ParcelHeaderSize + cell.MaxSlots*cell.SlotSize
	MaxNoteObject   = 32768
	MaxNow          = 4 + 8 + 1 + cell.MaxEpochs*5 + 4 + cell.NotesMaxSize + 4 + cell.MaxSlots*cell.SlotSize
)

// inside answers who holds a token. What a role may not do is answered as what isn't there.
func (h *Host) inside(w http.ResponseWriter, r *http.Request, role Role, path string) {
	verb, rest, _ := strings.Cut(path, "/")
	get, put := r.Method == http.MethodGet, r.Method == http.MethodPut
	switch {
	case path == "days" && role == RoleSift:
		allow(w, get, "GET", func() { h.listDays(w, r) })
	case verb == "day" && role == RoleSift:
		n, ack := strings.CutSuffix(rest, "/ack")
		day, ok := parseNumber(n, 32)
		switch {
		case !ok:
			notFound(w)
		case ack:
			allow(w, r.Method == http.MethodPost, "POST", func() { h.answer(w, h.store.AckDay(r.Context(), cell.Day(day))) })
		default:
			allow(w, get, "GET", func() { h.readDay(w, r, cell.Day(day)) })
		}
	case verb == "crowd" && role == RoleSift:
		day, ok := parseNumber(rest, 32)
		if !ok {
			notFound(w)
			return
		}
		allow(w, get, "GET", func() { h.getCrowd(w, r, cell.Day(day)) })
	case verb == "o":
		h.object(w, r, role, rest)
	case verb == "list" && path != verb:
		allow(w, get, "GET", func() { h.listObjects(w, r, role, rest) })
	case path == "now" && role != RolePress:
		allow(w, get, "GET", func() { h.getCurrent(w, r, currentNow) })
	case verb == "now" && role == RoleSift:
		h.numbered(w, put, rest, func(serial uint64) { h.putNow(w, r, serial) })
	case path == "site":
		allow(w, get, "GET", func() { h.getCurrent(w, r, currentSite) })
	case verb == "site" && role == RolePress:
		h.numbered(w, put, rest, func(serial uint64) { h.putSite(w, r, serial) })
	default:
		notFound(w)
	}
}

func allow(w http.ResponseWriter, ok bool, methods string, do func()) {
	if !ok {
		notAllowed(w, methods)
		return
	}
	do()
}

func (h *Host) numbered(w http.ResponseWriter, put bool, number string, do func(uint64)) {
	serial, ok := parseNumber(number, 64)
	if !ok {
		notFound(w)
		return
	}
	allow(w, put, "PUT", func() { do(serial) })
}

// listDays answers with the closed days, after closing what has ended: so nobody has to wait
// for the host's own clock to strike.
func (h *Host) listDays(w http.ResponseWriter, r *http.Request) {
	if err := h.closeEnded(r.Context()); err != nil {
		h.answer(w, err)
		return
	}
	days, err := h.store.ClosedDays(r.Context())
	if err != nil {
		h.answer(w, err)
		return
	}
	var b strings.Builder
	for _, d := range days {
		fmt.Fprintf(&b, "%d\n", d)
	}
	give(w, r, textPlain, []byte(b.String()))
}

// readDay streams the cells of a day. They are counted first, so that the length stands before them:
// a proxy that speaks HTTP/1.0 on its side takes a connection that is cut for the end of an answer
// without a length, and a day that was cut between two cells would be acknowledged.
func (h *Host) readDay(w http.ResponseWriter, r *http.Request, day cell.Day) {
	count := 0
	if err := h.store.ReadDay(r.Context(), day, func(*cell.Cell) error { count++; return nil }); err != nil {
		h.answer(w, err)
		return
	}
	protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", octetStream)
	w.Header().Set("Content-Length", strconv.Itoa(count*cell.Size))
	if err := h.store.ReadDay(r.Context(), day, func(c *cell.Cell) error {
		count--
		_, err := w.Write(c[:])
		return err
	}); err != nil || count != 0 {
		panic(http.ErrAbortHandler)
	}
}

func (h *Host) object(w http.ResponseWriter, r *http.Request, role Role, name string) {
	o, ok := parseObject(name)
	if !ok || !o.readable(role) && o.writer != role {
		notFound(w)
		return
	}
	switch {
	case r.Method == http.MethodGet && o.readable(role):
		f, err := h.store.OpenObject(r.Context(), name)
		if err != nil {
			h.answer(w, err)
			return
		}
		protect(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", octetStream)
		http.ServeContent(w, r, "", time.Time{}, f)
		_ = f.Close() // it was only read
	case r.Method == http.MethodPut && o.writer == role:
		data, ok := readAll(w, r, o.limit)
		if !ok {
			return
		}
		if o.kind == "site" && hex.EncodeToString(hash(data)) != o.last {
			plain(w, http.StatusBadRequest, "bad request\n")
			return
		}
		spent, err := h.spent(r.Context(), name, o.kind)
		if err == nil && !spent {
			err = h.store.PutObject(r.Context(), name, data)
		}
		h.answer(w, err)
	case o.writer == role:
		notAllowed(w, "GET, PUT")
	default:
		notAllowed(w, "GET")
	}
}

func hash(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

func (h *Host) listObjects(w http.ResponseWriter, r *http.Request, role Role, prefix string) {
	names, err := h.store.ListObjects(r.Context(), prefix)
	if err != nil {
		h.answer(w, err)
		return
	}
	var b strings.Builder
	for _, name := range names {
		if o, ok := parseObject(name); ok && o.readable(role) {
			b.WriteString(name + "\n")
		}
	}
	give(w, r, textPlain, []byte(b.String()))
}

func (h *Host) getCurrent(w http.ResponseWriter, r *http.Request, name string) {
	_, data, err := h.store.Current(r.Context(), name)
	if err != nil {
		h.answer(w, err)
		return
	}
	give(w, r, octetStream, data)
}

func (h *Host) putNow(w http.ResponseWriter, r *http.Request, serial uint64) {
	data, ok := readAll(w, r, MaxNow)
	if !ok {
		return
	}
	now, err := cell.ParseNow(data)
	if err != nil || now.Serial != serial {
		plain(w, http.StatusBadRequest, "bad request\n")
		return
	}
	h.switching.Lock()
	defer h.switching.Unlock()
	if err = h.store.Switch(r.Context(), currentNow, serial, data); err == nil {
		h.current.Store(now)
	}
	h.answer(w, err)
}

// putSite switches the site whole, if all its files are there. Then the files of the former
// one which the new one does not name are removed: what was withdrawn is gone.
func (h *Host) putSite(w http.ResponseWriter, r *http.Request, serial uint64) {
	data, ok := readAll(w, r, MaxManifest)
	if !ok {
		return
	}
	next, err := parseSite(serial, data)
	if err != nil {
		plain(w, http.StatusBadRequest, "bad request\n")
		return
	}
	h.switching.Lock()
	defer h.switching.Unlock()
	h.answer(w, h.switchSite(r.Context(), next))
}

func (h *Host) switchSite(ctx context.Context, next *site) error {
	if err := errors.Join(h.removeGone(ctx, next), h.complete(ctx, next)); err != nil {
		return err
	}
	var gone []string
	former := h.site.Load()
	if next.serial > former.serial || former.manifest == nil {
		var err error
		if gone, err = h.withdraw(ctx, former, next); err != nil {
			return err
		}
	}
	if err := h.store.Switch(ctx, currentSite, next.serial, next.manifest); err != nil {
		return err
	}
	h.pack(ctx, next, former)
	h.site.Store(next)
	h.gone = append(h.gone, gone...)
	return h.removeGone(ctx, &site{})
}

// readAll reads a body of known length. It answers itself if it can't: 400 for none or an
// unknown length, 413 for too much.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	switch {
	case r.ContentLength > limit:
		plain(w, http.StatusRequestEntityTooLarge, "too large\n")
		return nil, false
	case r.ContentLength < 0 || r.ContentLength == 0 && len(r.Header["Content-Length"]) == 0 || len(r.Header["Content-Encoding"]) > 0:
		plain(w, http.StatusBadRequest, "bad request\n")
		return nil, false
	}
	data := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, data); err != nil {
		plain(w, http.StatusBadRequest, "bad request\n")
		return nil, false
	}
	return data, true
}

// answer turns an error of the store into the one answer that it has.
func (h *Host) answer(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, store.ErrNotFound):
		notFound(w)
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrSerial), errors.Is(err, store.ErrOpen), errors.Is(err, errMissing):
		plain(w, http.StatusConflict, "conflict\n")
	default:
		plain(w, http.StatusServiceUnavailable, unavailable)
	}
}

// parseNumber reads a decimal number in its one spelling.
func parseNumber(s string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, bits)
	return n, err == nil && strconv.FormatUint(n, 10) == s
}
