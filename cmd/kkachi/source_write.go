package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/source"
)

type sourceWriteCmd struct {
	sourceFlags
	netFlags
	Urgent   bool `help:"The letter asks for help: the desk shows it on top until somebody takes it." xor:"what"`
	Erase    bool `help:"Ask to destroy the whole conversation: hidden at once, destroyed a week later." xor:"what"`
	Withdraw bool `help:"Take a wish to erase back, within the week." xor:"what"`
	Move     bool `help:"Go on with eight other words: asks for them as well." xor:"what"`
}

// Help is shown by --help.
func (*sourceWriteCmd) Help() string {
	return `Fetches the notes and the bulletin that everyone fetches, and sends a letter: a view of cover first, then views whose cells carry its pieces, two at a time, as slowly as a reader turns pages. The text is typed (a line with a full stop alone ends it), or comes from standard input.

Example:

    kkachi source write kkachi:ID@URL --lang ko --proxy socks5://127.0.0.1:9050` + sourceHelp
}

// Run sends a letter.
func (c *sourceWriteCmd) Run(w *world) error {
	address, err := c.begin(w)
	if err != nil {
		return err
	}
	s, err := c.sit(w, c.netFlags, address)
	if err != nil {
		return err
	}
	defer s.Close()
	conv, err := c.converse(w, address.ID)
	if err != nil {
		return errors.Join(err, <-s.first)
	}
	defer conv.Wipe()
	if err := c.order(w, s, conv, address.ID); err != nil {
		return errors.Join(err, <-s.first)
	}
	if err := <-s.first; err != nil {
		return c.explain(err)
	}
	return c.deliver(w, s)
}

// order takes what is to be said, by text or by flag, and cuts it.
func (c *sourceWriteCmd) order(w *world, s *sitting, conv *seal.Conversation, id seal.NewsroomID) error {
	var letter cell.LetterID
	var err error
	switch {
	case c.Erase:
		letter, err = c.erase(w, s, conv)
	case c.Withdraw:
		letter, err = s.Write(conv, cell.KindWithdraw, nil)
	case c.Move:
		letter, err = c.move(w, s, conv, id)
	default:
		letter, err = c.compose(w, s, conv)
	}
	switch {
	case errors.Is(err, source.ErrEmpty):
		return bad(errors.New(c.t("source.empty")), "")
	case errors.Is(err, seal.ErrTooLong), errors.Is(err, seal.ErrUTF8):
		return bad(err, c.t("source.toolong"))
	case err != nil:
		return err
	}
	_, total := s.Left()
	views := (total + source.CellsPerView - 1) / source.CellsPerView
	seconds := time.Duration(views) * (source.GapMin + source.GapMax + source.FirstMax + source.NextMax) / 2
	w.say("%s", c.t("source.mark", mark(letter[:])))
	w.say("%s", c.n("source.pieces", total, views, int(seconds/time.Minute)+1))
	return nil
}

// compose takes the text of a letter.
func (c *sourceWriteCmd) compose(w *world, s *sitting, conv *seal.Conversation) (cell.LetterID, error) {
	fmt.Fprintln(w.stderr, c.t("source.ask.text"))
	text, err := w.unlessEnded(w.readLetter)
	if err != nil {
		return cell.LetterID{}, err
	}
	defer clear(text)
	kind := cell.KindLetter
	if c.Urgent {
		kind = cell.KindHelp
	}
	return s.Write(conv, kind, text)
}

// erase says what will happen, and wants the echo word typed: a slip must not cost a
// conversation.
func (c *sourceWriteCmd) erase(w *world, s *sitting, conv *seal.Conversation) (cell.LetterID, error) {
	fmt.Fprintln(w.stderr, c.t("source.erase"))
	typed, err := w.unlessEnded(w.line)
	if err != nil {
		return cell.LetterID{}, err
	}
	defer clear(typed)
	if norm.NFC.String(strings.TrimSpace(string(typed))) != conv.Echo(seal.Lang(c.Lang)) {
		return cell.LetterID{}, bad(errors.New(c.t("source.erase.no")), "")
	}
	return s.Write(conv, cell.KindErase, nil)
}

// move asks for the words that the conversation goes on with.
func (c *sourceWriteCmd) move(w *world, s *sitting, conv *seal.Conversation, id seal.NewsroomID) (cell.LetterID, error) {
	words, err := c.askWords(w, c.t("source.ask.next"))
	if err != nil {
		return cell.LetterID{}, err
	}
	defer words.Wipe()
	next := words.Open(id)
	defer next.Wipe()
	w.say("%s", c.t("source.echo", next.Echo(seal.Lang(c.Lang))))
	letter, err := s.Move(conv, next)
	if err == nil {
		w.say("%s", c.t("source.moved"))
	}
	return letter, err
}

// sourceViews bounds the views of a letter: how often a refused piece may go again.
const sourceViews = 4 * cell.MaxFragments

// deliver sends views until all pieces have arrived.
func (c *sourceWriteCmd) deliver(w *world, s *sitting) error {
	for range sourceViews {
		if err := s.Pause(w.ctx); err != nil {
			return c.broken(s, err)
		}
		if _, err := s.View(w.ctx); err != nil {
			return c.broken(s, c.explain(err))
		}
		left, total := s.Left()
		w.say("%s", c.t("source.left", total-left, total))
		if left == 0 {
			w.say("%s", c.t("source.done"))
			return nil
		}
	}
	return c.broken(s, errors.New(c.t("source.unreachable")))
}

// broken says what to do about a letter that did not leave whole.
func (c *sourceWriteCmd) broken(s *sitting, err error) error {
	left, total := s.Left()
	return withHint(err, c.t("source.broken", total-left, total))
}

// readLetter reads a text: to the end of standard input, or to a line with a full stop alone.
func (w *world) readLetter() ([]byte, error) {
	var out []byte
	for {
		line, err := w.reader().ReadSlice('\n')
		whole := strings.TrimRight(string(line), "\r\n") == "." && (len(out) == 0 || out[len(out)-1] == '\n')
		if !whole {
			out = append(out, line...)
		}
		switch {
		case whole || errors.Is(err, io.EOF):
			return []byte(strings.Trim(string(out), "\r\n")), nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("reading standard input: %w", err)
		case len(out) > seal.InflatedMaxSize:
			return out, nil // cutting it says that it is too long
		}
	}
}
