package main

import (
	"errors"
	"fmt"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/source"
)

type sourceReadCmd struct {
	sourceFlags
	netFlags
}

// Help is shown by --help.
func (*sourceReadCmd) Help() string {
	return `Fetches the notes and the bulletin that everyone fetches, sends the two cells of a page view (cover), writes nothing, and shows the replies to eight words. Any eight words are taken; without replies it looks like a new conversation.

Example:

    kkachi source read kkachi:ID@URL --lang ko --proxy socks5://127.0.0.1:9050` + sourceHelp
}

// Run reads the replies.
func (c *sourceReadCmd) Run(w *world) error {
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
	c.show(w, s.BulletinDay(), s.Replies(conv), s.Receipts(conv))
	fmt.Fprintln(w.stderr, c.t("source.wait"))
	if err := <-s.first; err != nil {
		return c.explain(err)
	}
	return nil
}

// show prints replies, and of each letter that a receipt names how much is at the desk.
func (c *sourceReadCmd) show(w *world, day cell.Day, replies []seal.Reply, receipts []source.Receipt) {
	w.say("%s", c.t("source.bulletin", lang.Date(c.Lang, uint32(day))))
	for _, r := range receipts {
		w.say("%s", c.n("source.receipt", r.Count(), mark(r.Letter[:])))
	}
	shown := 0
	for _, r := range replies {
		if r.Kind != seal.ReplyText {
			continue
		}
		shown++
		w.say("\n%s", c.t("source.reply", lang.Date(c.Lang, uint32(r.Day))))
		w.say("%s", printable(r.Body))
		if !r.Complete {
			w.say("%s", c.t("source.reply.part"))
		}
	}
	if shown == 0 {
		w.say("%s", c.t("source.none"))
	}
}

// mark is the short form of a letter's id, by which a person knows it again.
func mark(id []byte) string { return fmt.Sprintf("%x %x", id[0:2], id[2:4]) }

// printable is text for a terminal: control characters, which could move its cursor or
// change its title, are left out.
func printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(string(text), "\ufffd"))
}
