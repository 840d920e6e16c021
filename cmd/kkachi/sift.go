package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"kkachi/internal/relay"
	"kkachi/internal/sift"
)

type siftCmd struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and sift/."`
	Once       bool            `help:"Do what is to be done now, then end."`
	Host       string          `help:"Reach the host there instead of at the newsroom's url." placeholder:"URL"`
	JSON       bool            `help:"With --once: print what was done as JSON." name:"json"`
	KeyFile    string          `help:"Unlock with a key file instead of a passphrase." placeholder:"PATH"`
	Passphrase passphraseFiles `help:"For scripts: sift=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*siftCmd) Help() string {
	return `Reads newsroom.toml and sift/; writes sift/ only. Asks for the passphrase of the sift. Connects to the host, and listens nowhere. Each day it makes and destroys keys, joins the bulletin, signs its note, drains the closed day, and puts up one batch for the desk. Runs until it is interrupted; it may be stopped and started at any time.

Run it in the newsroom's own rooms, without swap ("swapoff -a"), never on the host's machine: host and sift together know who is real.

Example:

    kkachi sift mynews --once`
}

// Run runs the sift once, or until the world ends.
func (c *siftCmd) Run(w *world) (err error) {
	w.protect(false)
	if err := c.Passphrase.checkNames("sift"); err != nil {
		return err
	}
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	s, err := c.open(w, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if c.Once {
		r, err := s.Day(w.ctx)
		if r != nil && c.JSON {
			return errors.Join(err, w.json(r))
		}
		for _, line := range lines(r) {
			w.say("%s", line)
		}
		return err
	}
	w.say("kkachi sift works for %s", n.address())
	said := map[string]bool{} // at the last run: what only goes on is not said again
	return s.Run(w.ctx, w.poll, func(r *sift.Report, err error) {
		now := map[string]bool{}
		for _, line := range lines(r) {
			now[line] = true
			if !said[line] {
				w.say("%s", line)
			}
		}
		if err != nil {
			line := fmt.Sprintf("kkachi sift: %s", saidOnce(err))
			now[line] = true
			if !said[line] {
				fmt.Fprintln(w.stderr, line)
			}
		}
		said = now
	})
}

// open unlocks the sift's folder.
func (c *siftCmd) open(w *world, n *newsroom) (*sift.Sift, error) {
	dir, err := roleFolder(c.Dir, "sift")
	if err != nil {
		return nil, err
	}
	unlock, err := c.unlock(w)
	if err != nil {
		return nil, err
	}
	return sift.Open(dir, unlock, sift.Config{
		Newsroom: n.id(), Batch: n.Batch, Slots: n.Slots, Desks: n.Desks, Canaries: n.Canaries, Quota: n.Quota, Difficulty: uint8(n.Difficulty), Now: w.now, Rand: w.rand,
		Connect: func(token string) (sift.Host, error) { return n.connect(w, c.Host, token) },
	})
}

func (c *siftCmd) unlock(w *world) (sift.Unlock, error) {
	if c.KeyFile != "" {
		content, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return sift.Unlock{}, bad(err, "")
		}
		defer clear(content)
		u, err := sift.KeyFile(content)
		if err != nil {
			return u, bad(fmt.Errorf("%s: %w", c.KeyFile, err), "")
		}
		return u, nil
	}
	pass, err := w.passphrase(c.Passphrase, "sift", "the sift")
	if err != nil {
		return sift.Unlock{}, err
	}
	defer clear(pass)
	u, err := sift.Passphrase(pass)
	if err != nil {
		return u, bad(err, "")
	}
	return u, nil
}

// lines says what a run has done. It names days and counts of cells, which the host knows as
// well; never a number of letters.
func lines(r *sift.Report) (out []string) {
	if r == nil {
		return nil
	}
	say := func(format string, args ...any) {
		out = append(out, r.Day.String()+": "+fmt.Sprintf(format, args...))
	}
	for _, a := range r.Arrivals {
		say("drained %d cells of %s (%d replayed, %d outlived their key, %d opened under none)", a.Cells, a.Day, a.Replayed, a.Outlived, a.Unopened)
	}
	for _, d := range r.Batches {
		say("batch of %s stands at the host", d)
	}
	if r.Stamp > 0 {
		say("cells of %s need a stamp of %d bits: newsroom.toml asks for it, or a day was fuller than the quota", r.Day+1, r.Stamp)
	}
	for _, what := range r.Again {
		say("put %s again: the host had lost it", what)
	}
	if r.Published {
		say("notes and bulletin stand at the host, serial %d", r.Serial)
	}
	for _, what := range r.Waiting {
		say("waiting: %s", what)
	}
	return out
}

// connect makes the client of the newsroom's host for a role. Its connections end with the
// world.
func (n *newsroom) connect(w *world, override, token string) (*relay.Client, error) {
	base := n.URL
	if override != "" {
		base = override
	}
	client, err := relay.New(base, relay.Options{Token: token, Proxy: n.Proxy, Sleep: w.sleep})
	if err != nil {
		return nil, bad(err, "check url and proxy in "+configFile+", or --host")
	}
	context.AfterFunc(w.ctx, client.Close)
	return client, nil
}
