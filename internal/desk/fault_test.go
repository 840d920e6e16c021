package desk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kkachi/internal/fault"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// serve answers for the play's host over HTTP, and keeps every byte string that came under a
// name, whether it was kept or not.
func (h *memHost) serve(forms map[string]map[string]bool) http.Handler {
	ctx := context.Background()
	mux := http.NewServeMux()
	give := func(w http.ResponseWriter, data []byte, err error) {
		switch {
		case errors.Is(err, relay.ErrNotFound):
			w.WriteHeader(http.StatusNotFound)
		case errors.Is(err, relay.ErrConflict):
			w.WriteHeader(http.StatusConflict)
		case data == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			_, _ = w.Write(data)
		}
	}
	mux.HandleFunc("PUT /s/o/{name...}", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		name := r.PathValue("name")
		if forms[name] == nil {
			forms[name] = map[string]bool{}
		}
		forms[name][string(data)] = true
		give(w, nil, h.PutObject(ctx, name, data))
	})
	mux.HandleFunc("GET /s/o/{name...}", func(w http.ResponseWriter, r *http.Request) {
		data, err := h.GetObject(ctx, r.PathValue("name"))
		give(w, data, err)
	})
	mux.HandleFunc("GET /s/list/{prefix...}", func(w http.ResponseWriter, r *http.Request) {
		names, err := h.ListObjects(ctx, r.PathValue("prefix"))
		list := []byte{}
		for _, name := range names {
			list = append(list, name+"\n"...)
		}
		give(w, list, err)
	})
	mux.HandleFunc("GET /d", func(w http.ResponseWriter, _ *http.Request) {
		data, err := h.Notes(ctx)
		give(w, data, err)
	})
	mux.HandleFunc("GET /r", func(w http.ResponseWriter, _ *http.Request) {
		data, err := h.Bulletin(ctx)
		give(w, data, err)
	})
	return mux
}

// P8, P13: each request of a desk, and each system call by which it touches its folder (the
// outbox, the notes and the vault), is broken in each way, through the real client. Once the
// fault is gone the sync goes well: letters stand once, one reply is queued and found in the
// bulletin, the draft is kept, and the host saw one byte string a name.
func TestP13EachStepOfSyncBroken(t *testing.T) {
	fault.Table(t, 300, func(t *testing.T, s *fault.Steps) {
		r := newRoom(t)
		forms := map[string]map[string]bool{}
		host := httptest.NewServer(r.host.serve(forms))
		defer host.Close()
		client, err := relay.New(host.URL, relay.Options{
			Token: "token", Transport: s.Transport(host.Client().Transport),
			Sleep: func(context.Context, time.Duration) error { return errors.New("no time") }, // each fault comes through
		})
		must(t, err)
		r.cfg.Host = client
		r.reopen()
		s.Watch(t, r.dir)
		p := &faultPlay{room: r, s: s}
		p.run()
		s.End()
		for name, f := range forms {
			if len(f) != 1 {
				t.Errorf("%s came in %d forms", name, len(f))
			}
		}
		p.check()
	})
}

// A faultPlay is two days of a desk of which one step breaks.
type faultPlay struct {
	*room
	s *fault.Steps
}

const draftOf, replyOf = "draft that is kept", "reply that goes out once"

// do tries as often as a person would, the fault gone after the first; in the end with the
// desk opened anew.
func (p *faultPlay) do(name string, op func(context.Context) error) {
	p.t.Helper()
	p.s.Phase(name)
	var err error
	for try := range 5 {
		if try >= 2 && p.desk != nil {
			_ = p.desk.Close() // it may be what breaks
			p.desk = nil
		}
		if p.desk == nil {
			if p.desk, err = Open(context.Background(), p.cfg); err != nil {
				p.desk = nil
				continue
			}
		}
		if err = op(context.Background()); err == nil {
			return
		}
		p.s.Lift()
	}
	p.t.Fatalf("%s: no progress: %v", name, err)
}

func (p *faultPlay) syncs(name string) {
	p.t.Helper()
	p.do(name, func(ctx context.Context) error {
		_, err := p.desk.Sync(ctx)
		return err
	})
}

func (p *faultPlay) run() {
	p.syncs("first sync")
	c, other := p.conversation(), p.conversation()
	p.batch(p.today, append(
		p.records(c, seal.Letter{Text: []byte("one " + strings.Repeat("long letter ", 500))}),
		p.records(other, seal.Letter{Text: []byte("two")})...)...)
	p.today++
	p.syncs("letters come")
	p.do("saving a draft", func(ctx context.Context) error { return p.desk.SaveDraft(ctx, "call", ID{}, draftOf) })
	var src ID
	p.do("looking at the inbox", func(ctx context.Context) error {
		rows, err := p.desk.Inbox(ctx)
		if err == nil && len(rows) != 2 {
			p.t.Fatalf("%d threads", len(rows))
		}
		if err == nil {
			src = rows[0].ID
		}
		return err
	})
	p.do("replying", func(ctx context.Context) error {
		v, err := p.desk.Thread(ctx, src)
		if err != nil || len(v.Replies) > 0 { // done, but reported as failed
			return err
		}
		_, _, err = p.desk.Reply(ctx, src, replyOf, "editor")
		return err
	})
	p.syncs("a parcel with a reply")
	p.today++
	p.publish()
	p.syncs("the bulletin")
	_ = p.desk.Close() // it may be what breaks
}

// check looks at what stands when everything is over.
func (p *faultPlay) check() {
	ctx, t := context.Background(), p.t
	p.open()
	if rep := p.sync(); rep.Letters != 0 || rep.Pending != 0 || rep.Bulletin != p.today || rep.Missing != 0 {
		t.Errorf("a sync later: %+v", rep)
	}
	reports, err := p.desk.reports(ctx, `1`)
	must(t, err)
	seen := map[string]int{}
	for _, r := range reports {
		seen[r.Text[:3]]++
	}
	if len(reports) != 2 || seen["one"] != 1 || seen["two"] != 1 {
		t.Errorf("letters: %v", seen)
	}
	replies, err := p.desk.replies(ctx, `1`)
	must(t, err)
	if len(replies) != 1 || replies[0].Text != replyOf || !replies[0].day.Valid {
		t.Errorf("%d replies: %+v", len(replies), replies)
	}
	if text, err := p.desk.Draft(ctx, "call", ID{}); err != nil || text != draftOf {
		t.Errorf("the draft is %q, %v", text, err)
	}
	if _, err := p.desk.v.Verify(ctx, nil); err != nil {
		t.Error(err)
	}
	must(t, p.desk.Close())
}
