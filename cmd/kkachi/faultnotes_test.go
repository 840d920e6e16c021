package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A noting signs notes for a site with keys of a test's own, over what the ring's own notes say.
type noting struct {
	t                *testing.T
	root, desk, sift *seal.SigningKey
	was              *seal.Notes
}

func newNoting(t *testing.T, r *ring) *noting {
	t.Helper()
	answer, err := http.Get(r.proxy.URL + "/d")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	address, err := seal.ParseAddress(r.address)
	if err != nil {
		t.Fatal(err)
	}
	n := &noting{t: t}
	if n.was, err = seal.VerifyNotes(raw, address.ID, cell.DayOf(readClock(r.clock))); err != nil {
		t.Fatal(err)
	}
	for role, key := range map[seal.Role]**seal.SigningKey{seal.RoleRoot: &n.root, seal.RoleDesk: &n.desk, seal.RoleSift: &n.sift} {
		if *key, err = seal.NewSigningKey(role, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func (n *noting) id() seal.NewsroomID { return seal.NewNewsroomID(n.root.Public()) }

// notes signs the three with a serial; desk is the key that signs the desk's, and early days earlier they end.
func (n *noting) notes(serial uint64, deskKey *seal.SigningKey, early cell.Day) []byte {
	n.t.Helper()
	root, desk, sift := *n.was.Root, *n.was.Desk, *n.was.Sift
	root.Newsroom, root.First, root.Serial, root.Succession = n.id(), n.root.Public(), serial, nil
	root.SiftKeys, root.DeskKeys = []seal.VerifyKey{n.sift.Public()}, []seal.VerifyKey{n.desk.Public()}
	desk.Newsroom, desk.Serial = n.id(), serial
	sift.Newsroom, sift.Serial = n.id(), serial
	root.Issued, root.Expires = root.Issued-early, root.Expires-early
	signed, err := seal.SignRoot(&root, n.root)
	if err != nil {
		n.t.Fatal(err)
	}
	signedDesk, err := seal.SignDesk(&desk, deskKey)
	if err != nil {
		n.t.Fatal(err)
	}
	sift.Root, sift.Desk = seal.HashNote(signed), seal.HashNote(signedDesk)
	signedSift, err := seal.SignSift(&sift, n.sift)
	if err != nil {
		n.t.Fatal(err)
	}
	all, err := seal.JoinNotes(signed, signedDesk, signedSift)
	if err != nil {
		n.t.Fatal(err)
	}
	return all
}

var newsroomOfPage = regexp.MustCompile(`data-newsroom="[0-9a-f]*"`)

// Notes that are unsigned, signed by another role, over, or older than seen: nothing is sent, by reader and source
// alike, the composer says so in one sentence, and a letter waits until notes hold again.
func TestP2NotesThatFailTellNobodyApart(t *testing.T) { // P2 P10
	r := pageSite(t, nil)
	n := newNoting(t, r)
	id, f := n.id(), r.fail()
	f.mend = func(_ string, page []byte) []byte {
		return newsroomOfPage.ReplaceAll(page, fmt.Appendf(nil, `data-newsroom="%x"`, id[:]))
	}
	parts := strings.Split(string(n.notes(7, n.desk, 0)), "\n\n")
	parts[3] = ""
	faults := []struct {
		name  string
		notes []byte
		cells int
	}{
		{"unsigned", []byte(strings.Join(parts, "\n\n")), 0},
		{"another role", n.notes(7, seal.SigningKeyFromSeed(seal.RoleDesk, n.sift.Seed()), 0), 0},
		{"over", n.notes(7, n.desk, seal.RootLife), 0},
		{"good", n.notes(7, n.desk, 0), 2},
		{"older", n.notes(6, n.desk, 0), 0},
		{"good again", n.notes(8, n.desk, 0), 2},
	}
	browser := startChromium(t)
	recorded := map[bool]map[string][]string{}
	for _, source := range []bool{false, true} {
		ctx, said := strictTab(t, browser, r.settings(0, true)+opened)
		f.begin("no bulletin") // so that each view looks again
		var c *composing
		for i, fault := range faults {
			f.serve(fault.notes)
			f.begin("no bulletin, " + fault.name)
			if i == 0 {
				c = composeIn(t, ctx, said, r, "en")
			} else {
				c.turn([]string{"about", "index"}[i%2])
			}
			if fault.cells > 0 && !eventually(func() bool { return f.sent() >= fault.cells }) {
				t.Errorf("%s: %d cells", fault.name, f.sent())
			}
			time.Sleep(20 * time.Second / pageScale) // more would come now
			if got := f.sent(); got != fault.cells {
				t.Errorf("%s, source %v: %d cells, not %d", fault.name, source, got, fault.cells)
			}
			if !source {
				continue
			}
			sentence := map[bool]string{true: c.text["tTrustWrong"], false: ""}[fault.cells == 0]
			c.do("open()")
			if got := in[string](t, ctx, `compose.root().querySelector(".step [role=status]").textContent`); got != sentence {
				t.Errorf("%s: the composer says %q, not %q", fault.name, got, sentence)
			}
			c.press("Leave now", "")
		}
		recorded[source] = f.take()
	}
	sameRequests(t, recorded[false], recorded[true])
}

// A leaving is a browser in which pages are left and come back.
type leaving struct {
	t         *testing.T
	r         *ring
	f         *failing
	browser   context.Context
	elsewhere string
}

func newLeaving(t *testing.T) *leaving {
	t.Helper()
	r := pageSite(t, nil)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<main>elsewhere</main>"))
	}))
	t.Cleanup(elsewhere.Close)
	return &leaving{t, r, r.fail(), startChromium(t), elsewhere.URL}
}

// cells waits for the cells of a fault, and a moment in which more would come.
func (l *leaving) cells(n int) {
	l.t.Helper()
	if !eventually(func() bool { return l.f.sent() >= n }) {
		l.t.Errorf("%d cells, not %d", l.f.sent(), n)
	}
	time.Sleep(20 * time.Second / pageScale)
}

// visit opens a page in a tab, and waits until its cells have left.
func (l *leaving) visit() *composing {
	l.t.Helper()
	ctx, said := strictTab(l.t, l.browser, l.r.settings(0, true)+opened+holds)
	l.f.begin("opened")
	c := composeIn(l.t, ctx, said, l.r, "en")
	l.cells(2)
	return c
}

// leave goes elsewhere and back, and gives all that the page asked for.
func (l *leaving) leave(c *composing) map[string][]string {
	l.t.Helper()
	l.f.begin("left")
	open(l.t, c.ctx, l.elsewhere)
	time.Sleep(20 * time.Second / pageScale)
	l.f.begin("back")
	in[any](l.t, c.ctx, `(setTimeout(() => history.back(), 50), 0)`)
	if !becomes(c.ctx, `window.restored === true`) {
		l.t.Fatal("the page did not come from the back-forward cache")
	}
	l.cells(2)
	return l.f.take()
}

// A page that is left at any point, and comes back from the back-forward cache, asks for what a reader's does;
// nothing of what was written is in it any more.
func TestP2LeavingTellsNobodyApart(t *testing.T) { // P2 P5
	l := newLeaving(t)
	l.leave(l.visit()) // fills the browser's cache
	reader := l.leave(l.visit())
	for _, point := range []struct {
		name string
		upTo func(c *composing)
	}{
		{"words shown", func(c *composing) { c.do("open()"); c.to("tFirst", "tWordsTitle") }},
		{"conversation being opened", func(c *composing) {
			in[any](t, c.ctx, "window.held = true")
			c.do("open()")
			c.to("tKnown", "tWordsTitle")
			c.do("pick(%s)", list(anyWords["en"]))
			c.do("step(%q)", c.text["tOpenTitle"])
		}},
		{"letter written", func(c *composing) { c.known(); c.do("type(%q)", "never sent") }},
		{"letter waiting", func(c *composing) {
			c.known()
			c.do("type(%q)", "lost by leaving")
			c.to("tSend", "tSendTitle")
			if text := c.get("text()"); !strings.Contains(text, "Don’t close or reload this page before") {
				t.Errorf("what leaving loses is not said: %s", text)
			}
		}},
	} {
		c := l.visit()
		point.upTo(c)
		sameRequests(t, reader, l.leave(c))
		if !in[bool](t, c.ctx, "compose.root() === null") {
			t.Errorf("%s: the composer came back", point.name)
		}
		c.do("open()")
		if text := c.get("text()"); strings.Contains(text, c.text["tSendTitle"]) {
			t.Errorf("%s: a letter came back", point.name)
		}
	}
}

// Two pages at once share nothing: the letter of one is not in the other, and leaves by its own views alone.
func TestP2TwoPagesShareNothing(t *testing.T) { // P2
	l := newLeaving(t)
	visits := func(write bool) map[string][]string {
		a := l.visit()
		if write {
			a.known()
			a.do("type(%q)", "in one page")
			a.to("tSend", "tSendTitle")
			a.press("Read on", "")
		}
		b := l.visit()
		if write {
			b.do("open()")
			if text := b.get("text()"); strings.Contains(text, b.text["tSendTitle"]) {
				t.Error("a page holds a letter of another")
			}
			b.press("Leave now", "")
		}
		l.f.begin("the other page")
		b.turn("index")
		l.cells(2)
		if write {
			if text := a.waits(); !strings.Contains(text, "0 of 1") {
				t.Errorf("after a view of another page: %s", text)
			}
		}
		l.f.begin("the page itself")
		a.turn("index")
		l.cells(2)
		if write {
			if text := a.waits(); !strings.Contains(text, "1 of 1") {
				t.Errorf("after a view: %s", text)
			}
		}
		return l.f.take()
	}
	visits(false) // fills the browser's cache
	sameRequests(t, visits(false), visits(true))
}
