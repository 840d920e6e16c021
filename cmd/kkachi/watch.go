package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"
	"time"

	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/source"
	lookout "kkachi/internal/watch"
)

type watchCmd struct {
	Address    string          `arg:"" optional:"" help:"The newsroom: kkachi:ID@URL, learnt by hand."`
	Keep       string          `help:"Remember there what was seen. Without it nothing is compared with earlier visits." placeholder:"DIR"`
	Stay       bool            `help:"Visit again and again, 1 to 3 hours apart, until something is wrong."`
	CanaryKey  string          `help:"Send canaries: the file that --key-of wrote." placeholder:"FILE"`
	KeyOf      string          `help:"Print the canary key of the sift in DIR/sift instead, for a file that whoever watches gets." placeholder:"DIR"`
	KeyFile    string          `help:"With --key-of: unlock with a key file instead of a passphrase." placeholder:"PATH"`
	Passphrase passphraseFiles `help:"With --key-of, for scripts: sift=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
	netFlags
}

// Help is shown by --help.
func (*watchCmd) Help() string {
	return `Visits a newsroom's host from anywhere, over Tor with --proxy. A host that looks can tell it from a reader's browser, over Tor too: that hides who watches, not that somebody does. Checks signatures, serials, the chain of notes and the bulletin; of the site its signed manifest, every script, the contacts the page at / and some of the other files, drawn anew each time, folders by their own addresses too, and that no page runs a script which the manifest does not list. Copies in gzip, which browsers ask for, are compared too, and the headers of each answer with those that a host of ours writes. With --keep it checks also that it is shown what it was shown before. Two notes or two manifests with one serial are proof that somebody is shown something else: both are kept, for everybody to check.

Prints one line. Exit code 0: well. 1: something is wrong, or the host could not be reached. 2: bad input.

With --canary-key each visit sends the two cells of a page view as canaries, which sift counts: at least 12 a day, so let it --stay, on several machines that the host does not know. Who has that key can hide from sift that letters are kept back; it opens nothing.

Example:

    kkachi watch kkachi:ID@URL --keep seen --stay --canary-key canary.txt --proxy socks5://127.0.0.1:9050`
}

// Run visits once, or stays.
func (c *watchCmd) Run(w *world) error {
	w.protect(false)
	if c.KeyOf != "" {
		return c.printKey(w)
	}
	a, err := seal.ParseAddress(strings.TrimSpace(c.Address))
	if err != nil {
		return bad(fmt.Errorf("ADDRESS: %w", err), "take it from the newsroom's printed page: kkachi:, 64 digits, @ and its URL")
	}
	key, err := c.readKey()
	if err != nil {
		return err
	}
	client, err := relay.New(a.URL, relay.Options{Proxy: c.Proxy, Sleep: w.sleep})
	if err != nil {
		return bad(err, "check the address, and --proxy")
	}
	defer client.Close()
	looks, err := lookout.Open(a.ID, client, c.Keep, w.now, w.rand)
	if err != nil {
		return bad(err, "name a folder that can be written with --keep")
	}
	for {
		err := c.visit(w, a.ID, client, looks, key)
		if !c.Stay || errors.Is(err, lookout.ErrShown) || w.ctx.Err() != nil {
			return err
		}
		if err != nil {
			fmt.Fprintf(w.stderr, "kkachi watch: %v\n", err)
		}
		pause, err := rand.Int(w.rand, big.NewInt(int64((lookout.VisitMost-lookout.VisitLeast)*time.Hour)))
		if err != nil {
			return err
		}
		if err := w.sleep(w.ctx, lookout.VisitLeast*time.Hour+time.Duration(pause.Int64())); err != nil {
			return err
		}
	}
}

// visit looks, says what it saw in one line, and sends the view of a visit where all is well.
func (c *watchCmd) visit(w *world, id seal.NewsroomID, client *relay.Client, looks *lookout.Watch, key *seal.CanaryKey) error {
	r, err := looks.Visit(w.ctx)
	if r != nil && errors.Is(err, lookout.ErrShown) {
		var said []string
		for _, p := range r.Proofs {
			said = append(said, p.String())
		}
		for _, d := range r.Wrong {
			said = append(said, d.String())
		}
		w.say("%s: %s", r.Day, strings.Join(said, "; "))
	}
	if errors.Is(err, relay.ErrNotFound) {
		return withHint(err, "the host shows no notes: it is not this newsroom's, or its desk and sift have not published any yet")
	}
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s: well: serial %d of %s, root note %d, bulletin of %s, batches of %d, at most %d readers worldwide", r.Day, r.Serial, r.Issued, r.Root.Serial, r.Bulletin, r.Batch, r.Crowd)
	if r.Crowd == 0 {
		line = strings.Replace(line, "at most 0 readers worldwide", "readers not counted", 1)
	}
	if line += ", no site"; r.Site > 0 {
		line = strings.TrimSuffix(line, "no site") + fmt.Sprintf("site %d: %d of %d files looked at", r.Site, r.SiteLooked, r.SiteFiles)
	}
	w.say("%s", strings.Join(append([]string{line}, r.Warnings...), "; "))
	if key == nil {
		return nil
	}
	s, err := source.Open(w.ctx, source.Config{
		Newsroom: id, Host: &visited{client, r}, Now: w.now, Rand: w.rand, Sleep: w.sleep, Canary: key,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, said := lookout.Heed(w.ctx)
	_, err = s.View(ctx)
	if what := said(); what != "" {
		w.say("%s: %s", r.Day, lookout.Difference{Thing: lookout.InHeaders, What: what})
		return errors.Join(lookout.ErrShown, err)
	}
	return err
}

// visited hands out what the visit has fetched already: a page fetches once a document.
type visited struct {
	*relay.Client
	r *lookout.Report
}

func (v *visited) Notes(context.Context) ([]byte, error)    { return v.r.Notes, nil }
func (v *visited) Bulletin(context.Context) ([]byte, error) { return v.r.RawBulletin, nil }

func (c *watchCmd) readKey() (*seal.CanaryKey, error) {
	if c.CanaryKey == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CanaryKey)
	if err != nil {
		return nil, bad(err, "")
	}
	k, err := seal.ParseCanaryKey(string(text))
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", c.CanaryKey, err), "kkachi watch --key-of DIR prints one")
	}
	return &k, nil
}

func (c *watchCmd) printKey(w *world) error {
	n, err := readNewsroom(c.KeyOf)
	if err != nil {
		return err
	}
	s := siftCmd{Dir: c.KeyOf, KeyFile: c.KeyFile, Passphrase: c.Passphrase}
	open, err := s.open(w, n)
	if err != nil {
		return err
	}
	k, ok := open.CanaryKey()
	if err := open.Close(); err != nil {
		return err
	}
	if !ok {
		return bad(errors.New("this sift's folder has no canary key: it was laid out by an older kkachi"), "")
	}
	fmt.Fprint(w.stdout, k.Text())
	return nil
}
