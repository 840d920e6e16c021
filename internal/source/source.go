// Package source is the source's side for the command line: it fetches what everyone
// fetches, checks all of it, sends two cells a view like any reader's page, and puts the
// pieces of a letter into the place of cover.
//
// What enters: a newsroom's id, eight words, a text; notes and bulletin from the host.
// What leaves: cells, at the times of the page's schedule, and replies for the one who
// knows the words. What may never be done here: keep anything. Nothing is written, nothing
// is read but what is given; all of it is gone when the process ends (P5). And nothing that
// is sent may depend on the words (P6): they decide the inside of a cell, and no more.
package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// The page's schedule (protocol, reader's script): a view sends CellsPerView cells, the
// first FirstMin to FirstMax after it began, the second NextMin to NextMax after the first.
const (
	CellsPerView = 2
	FirstMin     = 1 * time.Second
	FirstMax     = 5 * time.Second
	NextMin      = 2 * time.Second
	NextMax      = 8 * time.Second
)

// Between two views that send a letter lies the time in which a reader would read a page.
const (
	GapMin = 10 * time.Second
	GapMax = 40 * time.Second
)

// ErrUntrusted means that notes or bulletin are expired, or not this newsroom's, or don't
// fit each other. Nothing at all is sent then: this computer's clock or the site is wrong.
var ErrUntrusted = errors.New("this computer's clock or the site is wrong")

// A Host is what the source asks of a host, once each and never again by itself:
// relay.Client is one.
type Host interface {
	// Notes is the file of GET /d.
	Notes(ctx context.Context) ([]byte, error)
	// Bulletin is the body of GET /r.
	Bulletin(ctx context.Context) ([]byte, error)
	// PostCell sends one cell, once. Nil means that the host has it for good.
	PostCell(ctx context.Context, c *cell.Cell) error
}

// A Config is what a Client is made of. All fields but Canary are needed.
type Config struct {
	Newsroom seal.NewsroomID
	Host     Host
	Now      func() time.Time
	Rand     io.Reader
	Sleep    func(ctx context.Context, d time.Duration) error

	// Canary makes each cover a canary (spec/08-watch.md): for kkachi watch alone. Nil for
	// every source and reader. From outside nothing differs.
	Canary *seal.CanaryKey
}

// A Client is one sitting of a source, or of a reader who happens to use the command line:
// from outside they are the same. Its methods are called one after another, but for View,
// during which Replies and Write may be called.
type Client struct {
	cfg Config
	got atomic.Pointer[fetched] // a view may fetch anew while a letter is written
	queue
}

// fetched is what the host shows, checked as a whole; it never changes.
type fetched struct {
	raw      []byte // of the notes, for looking at their ends again
	notes    *seal.Notes
	bulletin cell.Bulletin
	day      cell.Day // of the bulletin
}

func (c *Client) current() *fetched { return c.got.Load() }

// Open fetches notes and bulletin, once each, and checks everything. It fails with
// ErrUntrusted, or with what the host's client says.
func Open(ctx context.Context, cfg Config) (*Client, error) {
	c := &Client{cfg: cfg}
	if err := c.fetch(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// fetch gets both files before it looks at either: what is requested depends on nothing.
func (c *Client) fetch(ctx context.Context) error {
	raw, err := c.cfg.Host.Notes(ctx)
	if err != nil {
		return fmt.Errorf("fetching the newsroom's notes: %w", err)
	}
	slots, err := c.cfg.Host.Bulletin(ctx)
	if err != nil {
		return fmt.Errorf("fetching the bulletin: %w", err)
	}
	notes, err := seal.VerifyNotes(raw, c.cfg.Newsroom, c.today())
	if err != nil {
		return fmt.Errorf("%w, nothing was sent: %w", ErrUntrusted, err)
	}
	bulletin, day, err := notes.CheckBulletin(slots)
	if err != nil {
		return fmt.Errorf("%w, nothing was sent: %w", ErrUntrusted, err)
	}
	c.got.Store(&fetched{raw, notes, bulletin, day})
	return nil
}

func (c *Client) today() cell.Day { return cell.DayOf(c.cfg.Now()) }

// Name is the newsroom's name, as its root note has it.
func (c *Client) Name() string { return c.current().notes.Root.Name }

// BulletinDay is the day of the bulletin that was fetched.
func (c *Client) BulletinDay() cell.Day { return c.current().day }

// Replies looks for replies in the bulletin, the oldest first. Any eight words may be asked
// for; without replies the answer is empty and the work was the same (P6).
func (c *Client) Replies(conv *seal.Conversation) []seal.Reply {
	got := c.current()
	return conv.FindReplies(got.bulletin, got.day, got.notes.Root.W0)
}

// A View says what became of one view. It concerns the source alone: nothing that is sent
// later depends on it but which piece stands within a cell.
type View struct {
	Pieces  int // of letters, sent in this view
	Arrived int // of these, answered 204
}

// View sends one view: two cells, sealed before the first pause, at the page's times. Each
// carries a piece of a letter if one was waiting when the view began, else cover. It
// returns when both are answered; nothing is sent twice. A view that finds the notes
// expired fetches them and the bulletin again, and fails with ErrUntrusted, nothing sent,
// if they still are.
func (c *Client) View(ctx context.Context) (View, error) {
	if _, err := seal.VerifyNotes(c.current().raw, c.cfg.Newsroom, c.today()); err != nil {
		if err := c.fetch(ctx); err != nil {
			return View{}, err
		}
	}
	var pauses [CellsPerView]time.Duration
	var err error
	if pauses[0], err = c.uniform(FirstMin, FirstMax); err != nil {
		return View{}, err
	}
	if pauses[1], err = c.uniform(NextMin, NextMax); err != nil {
		return View{}, err
	}
	pieces := c.begin()
	var cells [CellsPerView]*cell.Cell
	for i := range cells {
		if cells[i], err = c.seal(pieces[i]); err != nil {
			return View{}, err
		}
	}
	arrived, err := c.send(ctx, cells, pauses)
	var v View
	for i, p := range pieces {
		if p == nil {
			continue
		}
		v.Pieces++
		if arrived[i] {
			v.Arrived++
			c.done(p)
		}
	}
	return v, err
}

// Pause waits as a reader would before the next view.
func (c *Client) Pause(ctx context.Context) error {
	d, err := c.uniform(GapMin, GapMax)
	if err != nil {
		return err
	}
	return c.cfg.Sleep(ctx, d)
}

// send posts each cell after its pause. The second doesn't wait for the first's answer, and
// neither is given up for the other's sake. An error is a pause that was broken off.
func (c *Client) send(ctx context.Context, cells [CellsPerView]*cell.Cell, pauses [CellsPerView]time.Duration) (arrived [CellsPerView]bool, err error) {
	type answer struct {
		i  int
		ok bool
	}
	answers := make(chan answer, CellsPerView)
	sent := 0
	for i := range cells {
		if err = c.cfg.Sleep(ctx, pauses[i]); err != nil {
			break
		}
		sent++
		go func() { answers <- answer{i, c.cfg.Host.PostCell(ctx, cells[i]) == nil} }()
	}
	for range sent {
		a := <-answers
		arrived[a.i] = a.ok
	}
	return arrived, err
}

// seal makes the cell of a piece, or cover for nil, under the notes' keys, and stamps it.
func (c *Client) seal(p *piece) (*cell.Cell, error) {
	notes := c.current().notes
	epoch, dayKey, d := notes.DayKey()
	var out *cell.Cell
	var err error
	if inbox := notes.InboxKey(notes.Week(epoch)); p == nil && c.cfg.Canary != nil {
		out, err = seal.SealCanaryCell(c.cfg.Rand, c.cfg.Newsroom, epoch, dayKey, inbox, c.cfg.Canary.Day(epoch))
	} else if p == nil {
		out, err = seal.SealCoverCell(c.cfg.Rand, c.cfg.Newsroom, epoch, dayKey, inbox)
	} else {
		inbox := notes.InboxKey(p.week)
		out, err = seal.SealLetterCell(c.cfg.Rand, c.cfg.Newsroom, epoch, dayKey, inbox, &p.fragment)
	}
	if err != nil {
		return nil, fmt.Errorf("sealing a cell: %w", err)
	}
	if err := out.Stamp(d); err != nil {
		return nil, err
	}
	return out, nil
}

// uniform draws a duration from [lo, hi).
func (c *Client) uniform(lo, hi time.Duration) (time.Duration, error) {
	var b [8]byte
	if _, err := io.ReadFull(c.cfg.Rand, b[:]); err != nil {
		return 0, fmt.Errorf("drawing a pause: %w", err)
	}
	// The bias of the remainder is below 2^-30 of the range.
	return lo + time.Duration(binary.BigEndian.Uint64(b[:])%uint64(hi-lo)), nil
}
