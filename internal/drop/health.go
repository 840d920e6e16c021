package drop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"

	"kkachi/internal/cell"
)

// Health says to the operator whether the host does its work, and what to do if it doesn't. It
// is nothing of visitors: no count, no time, no address. 200 is well, 503 is not.
func (h *Host) Health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if r.URL.Path != "/" || r.Method != http.MethodGet {
			notFound(w)
			return
		}
		if trouble := h.trouble(r.Context()); len(trouble) > 0 {
			text := ""
			for _, t := range trouble {
				text += t + "\n"
			}
			plain(w, http.StatusServiceUnavailable, text)
			return
		}
		plain(w, http.StatusOK, "well\n")
	})
}

// trouble lists what is wrong, in words that an operator can act on.
func (h *Host) trouble(ctx context.Context) []string {
	var out []string
	now := h.current.Load()
	today := cell.DayOf(h.now())
	switch {
	case now == nil:
		out = append(out, "no notes yet: start the sift")
	case !slices.ContainsFunc(now.Epochs, func(e cell.EpochDifficulty) bool { return e.Epoch == today }):
		out = append(out, "the notes don't list today: look at the sift, and at this machine's clock")
	}
	if err := h.last.Load(); err != nil {
		out = append(out, "what is done each minute failed (closing days, reading certificates): see what kkachi drop reported, and whether the disk is full")
	}
	switch days, err := h.store.ClosedDays(ctx); {
	case err != nil:
		out = append(out, "the store can't be read: look at the disk")
	case len(days) > 1:
		out = append(out, fmt.Sprintf("%d days wait for the sift: look whether it runs", len(days)))
	}
	if h.failing.Load() {
		out = append(out, "the last cell could not be kept: look at the disk; the host tries again by itself within a minute")
	}
	if h.certificates != nil && h.certificates.ends().Before(h.now().AddDate(0, 0, WarnCertificateDays)) {
		out = append(out, "the certificate ends within a week or has ended: renew its files; they are read each minute")
	}
	return out
}

// ServeHealth answers Health on ln until ctx ends. It refuses an address that others than this
// machine can reach.
func (h *Host) ServeHealth(ctx context.Context, ln net.Listener) error {
	at, ok := ln.Addr().(*net.TCPAddr)
	if (!ok || !at.IP.IsLoopback()) && ln.Addr().Network() != "unix" {
		return errors.New("drop: the health of the host is for this machine only: listen on 127.0.0.1 or a Unix socket")
	}
	return serve(ctx, newServer(h.Health()), ln)
}
