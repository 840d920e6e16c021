package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/seal"
	"kkachi/internal/source"
)

// A person is a teller of the case: eight words in her memory, and at the desk a handle.
type person struct {
	words seal.Words
	conv  *seal.Conversation
	id    desk.ID // the desk's name for her; zero until something has arrived
}

func (p *person) forget() {
	if p.conv != nil {
		p.conv.Wipe()
	}
	p.words.Wipe()
}

// person gives the teller of a letter, and draws words for one that is new.
func (r *ring) person(name string) (*person, error) {
	if p := r.people[name]; p != nil {
		return p, nil
	}
	words, err := seal.NewWords(r.o.Rand)
	if err != nil {
		return nil, err
	}
	p := &person{words: words, conv: words.Open(r.address.ID)}
	r.people[name] = p
	return p, nil
}

// browse opens a sitting as any reader does: notes and bulletin are fetched and checked. The
// pauses of the page's schedule pass at once.
func (r *ring) browse(ctx context.Context) (*source.Client, error) {
	host, err := r.parts.Browse()
	if err != nil {
		return nil, err
	}
	return source.Open(ctx, source.Config{
		Newsroom: r.address.ID, Host: host, Now: r.clock.now, Rand: r.o.Rand,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
}

// readers are some sittings at once.
func (r *ring) readers(ctx context.Context) error {
	ended := make(chan error, readers)
	for range readers {
		go func() { ended <- r.read(ctx) }()
	}
	var errs []error
	for range readers {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

func (r *ring) count(cells, cover int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells += cells
	r.cover += cover
}

// read is one reader's sitting: cover, two cells a view.
func (r *ring) read(ctx context.Context) error {
	c, err := r.browse(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for range views {
		if _, err := c.View(ctx); err != nil {
			return err
		}
		r.count(source.CellsPerView, source.CellsPerView)
	}
	return nil
}

// write is one source's sitting: she looks for replies, writes, and reads on until every
// piece has left.
func (r *ring) write(ctx context.Context, t telling) error {
	text, err := caseText("reports/" + t.report + ".txt")
	if err != nil {
		return err
	}
	p, err := r.person(t.teller)
	if err != nil {
		return err
	}
	c, err := r.browse(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	c.Replies(p.conv)
	kind := cell.KindLetter
	if t.way == "help" {
		kind = cell.KindHelp
	}
	if _, err := c.Write(p.conv, kind, []byte(text)); err != nil {
		return err
	}
	for {
		v, err := c.View(ctx)
		if err != nil {
			return err
		}
		r.count(source.CellsPerView, source.CellsPerView-v.Pieces)
		if v.Pieces != v.Arrived {
			return fmt.Errorf("of %d pieces %d arrived", v.Pieces, v.Arrived)
		}
		if left, _ := c.Left(); left == 0 {
			return nil
		}
	}
}

// replyText is what the desk answers to the first letter.
const replyText = "고맙습니다. 편지를 잘 받았습니다. 무리하지 마시고, 보내기 어려우면 쉬어 가셔도 됩니다."

// readReply is the source coming back with her eight words: any other eight find nothing.
func (r *ring) readReply(ctx context.Context) error {
	c, err := r.browse(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, reply := range c.Replies(r.people["A"].conv) {
		if string(reply.Body) == replyText {
			r.replyRead = r.clock.now()
			return nil
		}
	}
	return fmt.Errorf("the reply of day %d is not in the bulletin of day %d", replyDay, readDay)
}
