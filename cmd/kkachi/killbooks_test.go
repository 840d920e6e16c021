package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	mrand "math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/source"
)

// books are what was promised to sources and journalists.
type books struct {
	mu        sync.Mutex            // guards all below
	tellers   []*teller             // sources
	letters   map[string]bool       // text → all of its cells were answered 204
	saved     map[string]promise    // text of a call note → whether the page said that it is saved
	replies   map[string]*replyPage // text of a reply
	replayed  int                   // cells that were sent again
	session   *deskClient           // of the desk's present life
	sessionOf int                   // which life that is
	work
}

type promise int

const (
	unsure promise = iota // the desk died before it answered
	shown                 // its page said that it is saved
)

// A replyPage is a reply and what became of it.
type replyPage struct {
	promise
	to  *teller
	on  cell.Day
	ids map[cell.ReplyID]bool // under which it was read
}

func newBooks() books {
	return books{
		letters: map[string]bool{}, saved: map[string]promise{}, replies: map[string]*replyPage{},
		work: work{claims: map[string]promise{}, translations: map[string]promise{}},
	}
}

// A teller is a source with words of its own.
type teller struct {
	name   string
	conv   *seal.Conversation
	thread string // path at the desk
	said   int
}

// people makes tellers.
func (r *killRing) people(n int) {
	for i := range n {
		words, err := seal.NewWords(rand.Reader)
		r.check(err)
		r.tellers = append(r.tellers, &teller{name: fmt.Sprintf("teller %d", i), conv: words.Open(r.address.ID)})
	}
}

// A visitorHost is the host as a visitor reaches it. It sends some cells that were answered
// 204 again: by mistake, or to do harm.
type visitorHost struct {
	*relay.Client
	r *killRing
}

func (h visitorHost) PostCell(ctx context.Context, c *cell.Cell) error {
	err := h.Client.PostCell(ctx, c)
	if err == nil && mrand.IntN(16) == 0 && h.Client.PostCell(ctx, c) == nil {
		h.r.mu.Lock()
		h.r.replayed++
		h.r.mu.Unlock()
	}
	return err
}

// visitor opens a sitting as any reader would, as often as it takes.
func (r *killRing) visitor() *source.Client {
	client, err := relay.New(r.doors["visitor"], relay.Options{})
	r.check(err)
	var c *source.Client
	for range 3000 {
		c, err = source.Open(r.t.Context(), source.Config{
			Newsroom: r.address.ID, Host: visitorHost{client, r}, Rand: rand.Reader,
			Now:   func() time.Time { return readClock(r.clock) },
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		if err == nil {
			return c
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.t.Errorf("no visitor can be let in: %v", err)
	return nil
}

// write sends letters of a teller within views of cover, until all of their pieces arrived.
// Long ones have two pieces. It reads replies first.
func (r *killRing) write(who *teller, letters, cover int) {
	c := r.visitor()
	if c == nil {
		return
	}
	defer c.Close()
	r.read(who, c.Replies(who.conv))
	var texts []string
	for i := range letters {
		who.said++
		text := fmt.Sprintf("%s on %s writes letter %d", who.name, r.today, who.said)
		if i%3 == 2 {
			text += strings.Repeat(" "+rand.Text(), 120)
		}
		if _, err := c.Write(who.conv, cell.KindLetter, []byte(text)); err != nil {
			r.t.Error(err)
			return
		}
		texts = append(texts, text)
	}
	r.mu.Lock()
	for _, text := range texts {
		r.letters[text] = false
	}
	r.mu.Unlock()
	for views := 0; ; views++ {
		left, _ := c.Left()
		if left == 0 && views >= cover {
			break
		}
		if v, err := c.View(r.t.Context()); err != nil {
			r.t.Errorf("%s: %v", who.name, err)
			return
		} else if v.Arrived < v.Pieces {
			time.Sleep(20 * time.Millisecond) // the host is down
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range texts {
		r.letters[text] = true
	}
}

// load lets all tellers write, each among so many views of cover.
func (r *killRing) load(letters, cover int) {
	var all sync.WaitGroup
	for _, who := range r.tellers {
		all.Go(func() { r.write(who, letters, cover) })
	}
	all.Wait()
}

// crowd lets readers come at all hours, who only send cover, until it is told to stop. They
// leave room in the day for the others.
func (r *killRing) crowd(readers int) (stop func()) {
	over := make(chan struct{})
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			c := r.visitor()
			if c == nil {
				return
			}
			defer c.Close()
			for {
				select {
				case <-over:
					return
				case <-time.After(20 * time.Millisecond):
				}
				if r.w.came(cell.DayOf(readClock(r.clock))) < killQuota/2 {
					_, _ = c.View(r.t.Context()) // it fails while the host is down: cover is not sent again
				}
			}
		})
	}
	return func() {
		close(over)
		all.Wait()
	}
}

// read notes which replies a teller could read.
func (r *killRing) read(who *teller, replies []seal.Reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, got := range replies {
		if got.Kind != seal.ReplyText {
			continue
		}
		p := r.replies[string(got.Body)]
		switch {
		case !got.Complete:
		case p == nil || p.to != who:
			r.t.Errorf("%s reads %q, which nobody wrote to it", who.name, got.Body)
		default:
			p.ids[got.ID] = true
		}
	}
}

var (
	itemText = regexp.MustCompile(`(?s)<div class="words-block"[^>]*>(.*?)</div>`)
	rowLink  = regexp.MustCompile(`href="(/thread/[0-9a-f]{32})[?"]`)
)

// threads reads all conversations at the desk, by path.
func (r *killRing) threads() map[string][]string {
	var out map[string][]string
	r.until("the desk shows its threads", func() bool {
		r.desk.await(r.t)
		d, err := r.pages()
		if err != nil {
			return false
		}
		list, err := d.get("/inbox?box=all")
		out = map[string][]string{}
		for _, m := range rowLink.FindAllStringSubmatch(list, -1) {
			var page string
			if err == nil {
				page, err = d.get(m[1])
			}
			out[m[1]] = nil
			for _, item := range itemText.FindAllStringSubmatch(page, -1) {
				out[m[1]] = append(out[m[1]], words(html.UnescapeString(item[1])))
			}
		}
		return err == nil
	})
	return out
}

// meet learns which conversation at the desk is whose.
func (r *killRing) meet() {
	for path, items := range r.threads() {
		for _, who := range r.tellers {
			if len(items) > 0 && strings.HasPrefix(items[0], who.name+" ") {
				who.thread = path
			}
		}
	}
}

// reply answers a teller over the desk's pages. What the page shows as queued must be so.
func (r *killRing) reply(who *teller, n int) {
	text := fmt.Sprintf("to %s on %s, answer %d", who.name, r.today, n)
	p := &replyPage{to: who, on: r.today, ids: map[cell.ReplyID]bool{}}
	r.mu.Lock()
	r.replies[text] = p
	r.mu.Unlock()
	d, err := r.pages()
	if err != nil {
		return
	}
	if d.keep("reply/"+strings.TrimPrefix(who.thread, "/thread/"), text) != nil {
		return
	}
	if _, err := d.post("/thread/reply", "thread", strings.TrimPrefix(who.thread, "/thread/"), "text", text); err == nil {
		p.promise = shown
	}
}

var typedReply = regexp.MustCompile(`(?s)<textarea id="reply"[^>]*>(.*?)</textarea>`)

// typed is what stands in the form of a reply to a teller.
func (r *killRing) typed(who *teller) (text string) {
	if who.thread == "" {
		return ""
	}
	r.until("the desk shows a thread", func() bool {
		r.desk.await(r.t)
		d, err := r.pages()
		if err != nil {
			return false
		}
		page, err := d.get(who.thread)
		m := typedReply.FindStringSubmatch(page)
		if m != nil {
			text = strings.TrimPrefix(html.UnescapeString(m[1]), "\n")
		}
		return err == nil && m != nil
	})
	return text
}

// judgeDesk wants each letter at the desk once, and all that its pages showed as saved.
func (r *killRing) judgeDesk() {
	r.judgeWork()
	count := map[string]int{}
	for _, items := range r.threads() {
		for _, text := range items {
			count[text]++
		}
	}
	once := func(what, text string, promised bool) {
		n := count[words(text)]
		if n > 1 || promised && n != 1 {
			r.t.Errorf("P8: %s stands %d times at the desk: %.60s", what, n, text)
		}
		if what != "a reply" { // it is held against what is typed
			delete(count, words(text))
		}
	}
	for text, arrived := range r.letters {
		once("a letter", text, arrived)
	}
	for text, p := range r.saved {
		once("a call note", text, p == shown)
	}
	for text, p := range r.translations {
		once("a translation", text, p == shown)
	}
	for text, p := range r.replies {
		once("a reply", text, p.promise == shown)
	}
	for _, who := range r.tellers {
		if text := r.typed(who); text != "" && count[words(text)] > 0 {
			r.t.Errorf("P8: a reply is queued, and stands to be sent again: %.60s", text)
		} else if p := r.replies[text]; text != "" && (p == nil || p.promise == shown) {
			r.t.Errorf("P8: what nobody typed, or was sent, stands in the form of a reply: %.60s", text)
		}
	}
	for text := range r.replies {
		delete(count, words(text))
	}
	for text, n := range count {
		r.t.Errorf("P8: %d × at the desk, and nobody wrote it: %.60s", n, text)
	}
}

// judgeReplies wants each reply that the desk showed as queued to have been readable by its
// teller, and each to be one reply.
func (r *killRing) judgeReplies() {
	for _, who := range r.tellers {
		if c := r.visitor(); c != nil {
			r.read(who, c.Replies(who.conv))
			c.Close()
		}
	}
	for text, p := range r.replies {
		if n := len(p.ids); n > 1 || p.promise == shown && n != 1 && p.on+2 <= r.today {
			r.t.Errorf("P8: the reply %q of %s was read as %d replies", text, p.on, n)
		}
	}
}
