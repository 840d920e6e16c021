package drop_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/store"
)

func itoa(d cell.Day) string { return strconv.FormatUint(uint64(d), 10) }

func (s *stage) names(prefix string) []string {
	s.t.Helper()
	names, err := s.store.ListObjects(s.t.Context(), prefix)
	s.must(err)
	return names
}

// Room is made ahead, days close as they end, and a host whose sift is silent makes no more.
func TestTickOpensAndCloses(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	want := func(open, closed string) {
		t.Helper()
		s.must(s.host.Tick(ctx))
		o, err := s.store.OpenDays(ctx)
		s.must(err)
		c, err := s.store.ClosedDays(ctx)
		s.must(err)
		if got := fmt.Sprintf("%d %d", o, c); got != open+" "+closed {
			t.Errorf("open and closed days %s, want %s %s", got, open, closed)
		}
	}
	want("[]", "[]") // no notes: no cell would be accepted
	s.must(s.sift.PutNow(ctx, newNow(20700, 0)))
	want("[20700 20701]", "[]")
	want("[20700 20701]", "[]")
	s.set(cell.Day(20701).Time())
	want("[20701 20702]", "[20700]")
	s.set(cell.Day(20702).Time().Add(23 * time.Hour))
	want("[20702]", "[20700 20701]") // the last epoch, 20701, is accepted until 20703 begins
	s.set(cell.Day(20703).Time())
	want("[]", "[20700 20701 20702]")
}

func TestRetention(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	for d := range cell.Day(3) {
		s.must(s.sift.PutObject(ctx, "batch/"+itoa(first+d), []byte("b")))
		s.must(s.desk.PutObject(ctx, "parcel/"+itoa(first+d)+"/0/1", []byte("p")))
	}
	for n := range 20 {
		s.must(s.desk.PutObject(ctx, fmt.Sprint("note/desk/", n), []byte("n")))
	}
	s.must(s.desk.PutObject(ctx, "note/root/1", []byte("n")))
	s.must(s.store.CloseDay(ctx, first))
	s.must(s.store.CloseDay(ctx, first+30))
	oldest := first + drop.RetainDays + 1 - drop.UnreadDays
	s.must(s.store.CloseDay(ctx, oldest))
	s.must(s.store.CloseDay(ctx, oldest-1))

	s.set((first + 1000).Time()) // a clock run ahead, without notes that say so
	s.must(s.host.Tick(ctx))
	s.must(s.sift.PutNow(ctx, newNow(first+1, 0)))
	s.must(s.host.Tick(ctx))
	if n := len(s.names("batch/")) + len(s.names("parcel/")); n != 6 {
		t.Errorf("a host with a wrong clock has %d batches and parcels of 6 left", n)
	}

	day := first + drop.RetainDays + 1
	s.set(day.Time())
	s.must(s.sift.PutNow(ctx, newNow(day, 0)))
	s.must(s.host.Tick(ctx))
	if got := s.names("batch/"); !slices.Equal(got, []string{"batch/20701", "batch/20702"}) {
		t.Errorf("batches %v", got)
	}
	if got := s.names("parcel/"); len(got) != 2 {
		t.Errorf("parcels %v", got)
	}
	if got := s.names("note/desk/"); len(got) != drop.RetainNotes || slices.Contains(got, "note/desk/3") || !slices.Contains(got, "note/desk/4") {
		t.Errorf("notes %v", got)
	}
	for name, client := range map[string]*relay.Client{"batch/20700": s.sift, "batch/20": s.sift, "parcel/20700/0/1": s.desk, "parcel/20700/0/9": s.desk, "note/desk/3": s.desk} {
		s.must(client.PutObject(ctx, name, []byte("other bytes"))) // who comes late goes on
		if _, err := client.GetObject(ctx, name); !errors.Is(err, relay.ErrNotFound) {
			t.Errorf("P13: other bytes stand in the place of the deleted %s: %v", name, err)
		}
	}
	s.must(s.desk.PutObject(ctx, "note/desk/4", []byte("n"))) // stands yet
	if got := s.names("note/root/"); len(got) != 1 {
		t.Errorf("root notes %v", got)
	}
	closed, err := s.store.ClosedDays(ctx)
	s.must(err)
	if !slices.Equal(closed, []cell.Day{oldest, first + 30}) {
		t.Errorf("closed days %v", closed)
	}
}

// A file that was put and never named goes after two days; one that a manifest names stays.
func TestOrphansAreRemoved(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	s.must(s.publish(1, map[string]string{"index.html": "front"}))
	lone := "site/" + strings.Repeat("ab", 32)
	s.must(s.store.PutObject(ctx, lone, []byte("x")))
	for d, want := range []int{2, 2, 1} {
		s.set((first + cell.Day(d)).Time())
		s.must(s.sift.PutNow(ctx, newNow(first+cell.Day(d), 0)))
		s.must(s.host.Tick(ctx))
		s.must(s.host.Tick(ctx))
		if got := s.names("site/"); len(got) != want {
			t.Errorf("after %d days: %v", d, got)
		}
	}
	if a := s.ask("GET", "/", nil, nil); a.body != "front" {
		t.Errorf("the site: %v", a)
	}
}

// Run ticks at once, says what goes wrong, and ends with its context.
func TestRunReportsAndEnds(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	trouble := errors.New("trouble")
	reported := make(chan error, 1)
	h, err := drop.New(t.Context(), drop.Config{
		Store: noRoom{s.store, trouble}, Now: s.clock, Report: func(err error) { reported <- err },
	})
	s.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	if err := <-reported; !errors.Is(err, trouble) {
		t.Errorf("reported %v", err)
	}
	w := httptest.NewRecorder()
	if h.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "what is done each minute failed") {
		t.Errorf("the operator is told %d %q", w.Code, w.Body)
	}
	for _, path := range []string{"/x", "/c"} {
		w = httptest.NewRecorder()
		if h.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil)); w.Code != http.StatusNotFound {
			t.Errorf("%s among the operator's answers: %d", path, w.Code)
		}
	}
	cancel()
	s.must(<-done)
}

type noRoom struct {
	store.Store
	err error
}

func (n noRoom) OpenDay(context.Context, cell.Day) error { return n.err }
