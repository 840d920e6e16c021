package source

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

func words(t testing.TB) seal.Words {
	w, err := seal.NewWords(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A view is two cells at the page's times, whatever is in them (P2).
func TestViewKeepsThePagesSchedule(t *testing.T) {
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	c := s.open()
	for range 20 {
		if _, err := c.View(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.cells) != 40 || len(s.pauses) != 40 {
		t.Fatalf("%d cells after %d pauses in 20 views", len(s.cells), len(s.pauses))
	}
	for i, p := range s.pauses {
		lo, hi := FirstMin, FirstMax
		if i%2 == 1 {
			lo, hi = NextMin, NextMax
		}
		if p < lo || p >= hi {
			t.Errorf("pause %d is %v, want %v to %v", i, p, lo, hi)
		}
	}
	if got := s.opened(s.cells); len(got) != 0 {
		t.Errorf("%d letters' pieces in a sitting without a letter", len(got))
	}
	// The second goes by its own time, though the first is not answered yet.
	cfg, slept, second := s.config(), 0, make(chan struct{})
	cfg.Sleep = func(context.Context, time.Duration) error {
		if slept++; slept == CellsPerView {
			close(second)
		}
		return nil
	}
	s.refuse = func(i int) bool {
		select {
		case <-second:
		case <-time.After(10 * time.Second):
			t.Error("the second cell waits for the answer to the first")
		}
		return false
	}
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.View(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A letter takes the place of cover in later views only.
func TestLetterLeavesInLaterViews(t *testing.T) {
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	c := s.open()
	text := []byte("우리 사무소에도 두 명이 붙어 있습니다.")
	conv := words(t).Open(s.id)
	id, err := c.Write(conv, cell.KindLetter, text)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.View(t.Context()); err != nil || v.Pieces != 0 {
		t.Fatalf("the first view carried %d pieces, error %v", v.Pieces, err)
	}
	if v, err := c.View(t.Context()); err != nil || v != (View{Pieces: 1, Arrived: 1}) {
		t.Fatalf("the second view: %+v, error %v", v, err)
	}
	if left, total := c.Left(); left != 0 || total != 1 {
		t.Errorf("%d of %d pieces left", left, total)
	}
	got := s.opened(s.cells)
	if len(got) != 1 {
		t.Fatalf("%d pieces arrived, want 1", len(got))
	}
	key, _, err := seal.TakeKey(got[0], got[0].Week)
	if err != nil {
		t.Fatal(err)
	}
	j := seal.NewJoiner(key)
	if err := j.Add(got[0]); err != nil {
		t.Fatal(err)
	}
	l, err := j.Letter()
	if err != nil || l.ID != id || !bytes.Equal(l.Text, text) || l.Thread != conv.Thread() {
		t.Errorf("letter %+v, error %v", l, err)
	}
}

// What was not answered 204 goes again in a later view, sealed afresh; nothing goes twice
// within a view, and nothing that arrived goes again.
func TestRefusedPieceGoesAgainFreshlySealed(t *testing.T) {
	n := newNewsroom(t, today)
	conv := words(t).Open(n.id)
	rapid.Check(t, func(rt *rapid.T) {
		n.calls, n.cells = nil, nil
		refused := rapid.SliceOfN(rapid.Bool(), 0, 12).Draw(rt, "refused")
		n.refuse = func(i int) bool { return i < len(refused) && refused[i] }
		s := &sitting{newsroom: n, now: today}
		c := s.open()
		text := make([]byte, rapid.IntRange(1, 6000).Draw(rt, "size"))
		for i := range text { // text that does not deflate
			text[i] = byte('!' + rapid.IntRange(0, 90).Draw(rt, "c")%91)
		}
		if _, err := c.Write(conv, cell.KindLetter, text); err != nil {
			rt.Fatal(err)
		}
		_, total := c.Left()
		views := 0
		for left := total; left > 0; left, _ = c.Left() {
			before := len(s.cells)
			v, err := c.View(t.Context())
			if err != nil {
				rt.Fatal(err)
			}
			if len(s.cells)-before != CellsPerView {
				rt.Fatalf("%d cells in a view", len(s.cells)-before)
			}
			within := map[uint8]bool{}
			for _, f := range s.opened(s.cells[before:]) {
				if within[f.Index] {
					rt.Fatalf("piece %d twice in one view", f.Index)
				}
				within[f.Index] = true
			}
			if len(within) != v.Pieces {
				rt.Fatalf("%d pieces in the cells, %d said", len(within), v.Pieces)
			}
			if views++; views > 40 {
				rt.Fatal("the letter does not leave")
			}
		}
		arrived := map[uint8]int{}
		for i, c := range s.cells {
			for _, f := range s.opened([]*cell.Cell{c}) {
				if !n.refuse(i) {
					arrived[f.Index]++
				}
			}
		}
		if len(arrived) != total {
			rt.Fatalf("%d pieces arrived, want %d", len(arrived), total)
		}
		for i, times := range arrived {
			if times != 1 {
				rt.Errorf("piece %d arrived %d times", i, times)
			}
		}
		seen := map[cell.Cell]bool{}
		for _, c := range s.cells {
			if seen[*c] {
				rt.Error("one cell was sent twice: not sealed afresh")
			}
			seen[*c] = true
		}
	})
}

// Whatever is wrong with notes or bulletin, nothing is sent.
func TestNothingIsSentOnWhatIsNotTrusted(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(s *sitting, cfg *Config)
	}{
		{"the sift note has expired", func(s *sitting, _ *Config) { s.now = today + seal.SiftLife }},
		{"the root note has expired", func(s *sitting, _ *Config) { s.now = today + 2*seal.RootLife }},
		{"another newsroom", func(_ *sitting, cfg *Config) { cfg.Newsroom[0] ^= 1 }},
		{"a bit of the notes", func(s *sitting, _ *Config) { s.notes[200] ^= 1 }},
		{"another bulletin", func(s *sitting, _ *Config) { s.slots[5][700] ^= 1 }},
		{"a slot is missing", func(s *sitting, _ *Config) { s.slots = s.slots[1:] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sitting{newsroom: newNewsroom(t, today), now: today}
			cfg := s.config()
			c.harm(s, &cfg)
			_, err := Open(t.Context(), cfg)
			if !errors.Is(err, ErrUntrusted) {
				t.Errorf("got %v, want ErrUntrusted", err)
			}
			if want := []string{"GET /d", "GET /r"}; !slices.Equal(s.calls, want) {
				t.Errorf("requests %q, want %q", s.calls, want)
			}
		})
	}
}

// A view that finds the notes expired fetches both again; if they still are, nothing is sent.
func TestViewAfterTheNotesEnded(t *testing.T) {
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	c := s.open()
	s.now = today + seal.SiftLife
	if _, err := c.View(t.Context()); !errors.Is(err, ErrUntrusted) {
		t.Fatalf("got %v, want ErrUntrusted", err)
	}
	if len(s.cells) != 0 {
		t.Fatalf("%d cells were sent under expired notes", len(s.cells))
	}
	s.sign(s.now)
	if _, err := c.View(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /d", "GET /r", "GET /d", "GET /r", "GET /d", "GET /r", "POST /c", "POST /c"}
	if !slices.Equal(s.calls, want) {
		t.Errorf("requests %q, want %q", s.calls, want)
	}
}

// Any eight words do the same, and only who knows used ones sees replies.
func TestP6RandomAndUsedWordsLookTheSame(t *testing.T) { // P6
	used := words(t)
	n := newNewsroom(t, today)
	conv := used.Open(n.id)
	key := conv.Key(cell.WeekOf(today, n.w0))
	parts, err := seal.CutReply(&seal.Reply{ID: cell.ReplyID{1}, Kind: seal.ReplyText, Body: []byte("잘 받았습니다.")})
	if err != nil {
		t.Fatal(err)
	}
	slot, err := seal.SealSlot(rand.Reader, key, today, 0, &parts[0])
	if err != nil {
		t.Fatal(err)
	}
	n.slots[7] = *slot
	n.sign(today)
	var calls [2][]string
	var replies [2]int
	for i, w := range []seal.Words{used, words(t)} {
		n.calls, n.cells = nil, nil
		s := &sitting{newsroom: n, now: today}
		c := s.open()
		conv := w.Open(n.id)
		replies[i] = len(c.Replies(conv))
		if _, err := c.Write(conv, cell.KindLetter, []byte("the same letter")); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := c.View(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		calls[i] = s.calls
	}
	if !slices.Equal(calls[0], calls[1]) {
		t.Errorf("requests differ: %q and %q", calls[0], calls[1])
	}
	if replies != [2]int{1, 0} {
		t.Errorf("replies %v, want one for the used words and none for others", replies)
	}
}

// A sitting that is broken off ends at once, and what was under way is waited for.
func TestInterruptedView(t *testing.T) {
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	c := s.open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.View(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if len(s.cells) != 0 {
		t.Errorf("%d cells were sent after the interrupt", len(s.cells))
	}
}

func TestLettersThatCannotBeWritten(t *testing.T) {
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	c := s.open()
	conv := words(t).Open(s.id)
	for _, e := range []struct {
		text string
		want error
	}{
		{"", ErrEmpty},
		{"\xff", seal.ErrUTF8},
		{strings.Repeat("x", seal.InflatedMaxSize+1), seal.ErrTooLong},
	} {
		if _, err := c.Write(conv, cell.KindLetter, []byte(e.text)); !errors.Is(err, e.want) {
			t.Errorf("got %v, want %v", err, e.want)
		}
	}
	if left, total := c.Left(); left != 0 || total != 0 {
		t.Errorf("%d of %d pieces wait after refused letters", left, total)
	}
}

// The room has no way to a file: none of its sources imports a package that opens one (P5).
func TestP5NoFileIsInReach(t *testing.T) { // P5
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			seen++
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, no := range []string{"os", "io/fs", "io/ioutil", "log", "syscall", "net", "net/http", "embed", "unsafe"} {
				if path == no || strings.HasPrefix(path, no+"/") || strings.HasPrefix(path, "golang.org/x/sys") {
					t.Errorf("%s imports %s", e.Name(), path)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d imports seen: the test is blind", seen)
	}
}

// A letter names the newest reply that was read whole: not half of one, and no receipt. The
// desk would take what it names out of the bulletin, and the rest would never be read.
func TestLetterNamesTheReplyThatWasReadWhole(t *testing.T) {
	n := newNewsroom(t, today)
	conv := words(t).Open(n.id)
	key := conv.Key(cell.WeekOf(today, n.w0))
	put := func(i uint8, r seal.Reply, parts int) {
		cut, err := seal.CutReply(&r)
		if err != nil {
			t.Fatal(err)
		}
		for at := range parts {
			slot, err := seal.SealSlot(rand.Reader, key, today, i+uint8(at), &cut[at])
			if err != nil {
				t.Fatal(err)
			}
			n.slots[int(i)+at] = *slot
		}
	}
	put(0, seal.Reply{ID: cell.ReplyID{1}, Body: []byte("read whole")}, 1)
	put(4, seal.Reply{ID: cell.ReplyID{2}, Body: make([]byte, 2*seal.ReplyBodySize)}, 1) // its second part is lost
	put(8, seal.Reply{ID: cell.ReplyID{3}, Kind: seal.ReplyReceipt}, 1)
	n.sign(today)
	s := &sitting{newsroom: n, now: today}
	c := s.open()
	if got := c.Replies(conv); len(got) != 3 {
		t.Fatalf("%d replies found, want 3", len(got))
	}
	if _, err := c.Write(conv, cell.KindLetter, []byte("an answer")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.View(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range s.opened(s.cells) {
		if f.LastReply != (cell.ReplyID{1}) {
			t.Errorf("the letter names reply %s as the last one seen", f.LastReply)
		}
	}
}

// A view that fetches anew and a letter that is written meanwhile don't meet half-way (run
// under the race detector).
func TestLetterWrittenWhileNotesAreFetchedAnew(t *testing.T) {
	s := &sitting{newsroom: newNewsroom(t, today), now: today}
	c := s.open()
	s.now += seal.SiftLife
	s.sign(s.now)
	conv := words(t).Open(s.id)
	done := make(chan error, 1)
	go func() {
		_, err := c.View(t.Context())
		done <- err
	}()
	c.Replies(conv)
	if _, err := c.Write(conv, cell.KindLetter, []byte("at midnight")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
