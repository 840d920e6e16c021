package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/web"
	"kkachi/internal/relay"
	"kkachi/internal/risk"
)

type deskCmd struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and desk/."`
	Listen     string          `help:"Listen there instead of where newsroom.toml says; loopback only." placeholder:"HOST:PORT"`
	Number     uint8           `help:"Number of this desk among those that share the bulletin, from 0." default:"0"`
	By         string          `help:"Name of the journalist, put beside replies and calls." default:"desk"`
	DateRight  bool            `help:"Your word that this computer's date is right, after the desk was shut for over 14 days: it then destroys what has ended." name:"date-is-right"`
	SyncOnce   bool            `help:"Exchange with the host once, say what came, and end."`
	JSON       bool            `help:"With --sync-once: print what came as JSON." name:"json"`
	Host       string          `help:"Reach the host there instead of at the newsroom's url." placeholder:"URL"`
	KeyFile    string          `help:"Open the vault with a key file instead of a passphrase." placeholder:"PATH"`
	Passphrase passphraseFiles `help:"For scripts: desk=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*deskCmd) Help() string {
	return `Reads newsroom.toml and desk/; writes desk/ only. Asks for the passphrase of the vault, and prints a link that lets one browser on this computer in. Works without a network; exchanges with the host at start and at 06, 12, 18 and 22 UTC. Runs until it is interrupted; nothing is lost if it is killed.

Example:

    kkachi desk mynews --by jin`
}

// syncHours are the hours (UTC) at which a desk exchanges with the host.
var syncHours = [...]int{6, 12, 18, 22}

// Run runs the desk until the world ends.
func (c *deskCmd) Run(w *world) (err error) {
	w.protect(false)
	if err := c.Passphrase.checkNames("desk"); err != nil {
		return err
	}
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	d, err := openDesk(w, n, deskAccess{c.Dir, c.Number, c.Host, c.KeyFile, c.Passphrase, c.DateRight})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if c.SyncOnce {
		r, err := d.Sync(w.ctx)
		if err != nil {
			if r.Batches > 0 { // one step that failed stops no other
				w.say("%s", syncLine(r))
			}
			return err
		}
		if c.JSON {
			return w.json(r)
		}
		w.say("%s", syncLine(r))
		return nil
	}
	return c.serve(w, n, d)
}

// serve shows the pages and syncs by the clock.
func (c *deskCmd) serve(w *world, n *newsroom, d *desk.Desk) (err error) {
	addr := n.Listen.Desk
	if c.Listen != "" {
		addr = c.Listen
	}
	if err := loopbackOnly("listen.desk", addr); err != nil {
		return bad(err, "")
	}
	ln, err := listenOn(w.ctx, addr, "")
	if err != nil {
		return err
	}
	if err := c.warn(w, n); err != nil {
		return errors.Join(err, ln.Close())
	}
	if _, err := d.HouseRules(); err != nil { // letters can be read all the same; no story is approved
		fmt.Fprintf(w.stderr, "kkachi desk: %s\n", saidOnce(err))
	}
	if err := d.CheckEstimates(); err != nil { // every story is held then
		fmt.Fprintf(w.stderr, "kkachi desk: %s: %v\n", desk.EstimatesFile, err)
	} else if d.ExampleEstimates() {
		fmt.Fprintf(w.stderr, "kkachi desk: %s is still the example, so each story is held: put in the newsroom's own numbers (doc/risk.md)\n", desk.EstimatesFile)
	}
	practice, err := newPractising(w, n, c.Dir)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer func() { err = errors.Join(err, practice.Close()) }()
	s, err := web.New(d, web.Options{
		Rand: w.rand, By: c.By, Publish: publisher(w, n, d, c.Dir, c.Host), Contacts: contactsForDesk(n, c.Dir, w.now), Practice: practice,
	})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	return together(w.ctx,
		func(ctx context.Context) error { return s.Serve(ctx, ln) },
		func(ctx context.Context) error {
			w.say("kkachi desk serves one browser on this computer. Open:")
			if err := w.sayLink(ctx, s); err != nil {
				return err
			}
			return c.syncByClock(ctx, w, d)
		},
	)
}

// warn says which of the notes that are signed offline end soon.
func (c *deskCmd) warn(w *world, n *newsroom) error {
	list, err := noteStates(c.Dir, n.id(), cell.DayOf(w.now()))
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.State != "ok" {
			fmt.Fprintf(w.stderr, "kkachi desk: %s\n", s.line())
		}
	}
	p, err := readPair(c.Dir, n.id())
	if err != nil {
		return err
	}
	for _, line := range contactsOf(c.Dir, &p.root).lines(c.Dir, cell.DayOf(w.now())) {
		fmt.Fprintf(w.stderr, "kkachi desk: %s\n", line)
	}
	return nil
}

// publisher lets the desk's pages print what is released and put it up: the desk may not
// print, so it is handed this.
func publisher(w *world, n *newsroom, d *desk.Desk, dir, host string) func(context.Context) (int, error) {
	var one sync.Mutex // two printings at once would put up half of each
	return func(ctx context.Context) (int, error) {
		one.Lock()
		defer one.Unlock()
		m, err := printSite(ctx, n, d, dir)
		if err != nil {
			return 0, err
		}
		if err := asReadersAreTold(w, n, dir, host); err != nil {
			return 0, err
		}
		serial, err := pushSite(w, n, d, m, dir, host)
		if err != nil || serial == 0 {
			return 0, err
		}
		return len(m.Files), nil
	}
}

// sayLink prints the link as soon as the server knows its port.
func (w *world) sayLink(ctx context.Context, s *web.Server) error {
	for s.Link() == "" {
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	w.say("%s", s.Link())
	return nil
}

// syncByClock syncs now and whenever an hour of syncHours has come. A failure is said, and
// tried again at the next poll: the desk works without a network.
func (c *deskCmd) syncByClock(ctx context.Context, w *world, d *desk.Desk) error {
	var done time.Time
	failed := false
	for {
		if due := lastSyncHour(w.now()); done.Before(due) || failed && w.now().Sub(done) >= retrySync {
			now := w.now()
			r, err := d.Sync(ctx)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				fmt.Fprintf(w.stderr, "kkachi desk: %s\n", saidOnce(err))
			default:
				w.say("%s", syncLine(r))
			}
			done, failed = now, err != nil
		}
		if err := sleep(ctx, w.poll); err != nil {
			return nil
		}
	}
}

// retrySync is how long a desk waits after a failed exchange.
const retrySync = 10 * time.Minute

// lastSyncHour is the latest of the day's hours of syncing that is not after now.
func lastSyncHour(now time.Time) time.Time {
	now = now.UTC()
	midnight := now.Truncate(24 * time.Hour)
	last := midnight.Add(-24*time.Hour + time.Duration(syncHours[len(syncHours)-1])*time.Hour)
	for _, h := range syncHours {
		if at := midnight.Add(time.Duration(h) * time.Hour); !at.After(now) {
			last = at
		}
	}
	return last
}

// deskAccess is what opening a desk needs besides newsroom.toml.
type deskAccess struct {
	dir        string
	number     uint8
	host       string
	keyFile    string
	passphrase passphraseFiles
	dateRight  bool // a person says so
}

// openDesk opens the vault and the desk above it.
func openDesk(w *world, n *newsroom, a deskAccess) (*desk.Desk, error) {
	dir, err := roleFolder(a.dir, "desk")
	if err != nil {
		return nil, err
	}
	key, err := w.vaultKey(a.keyFile, a.passphrase)
	if err != nil {
		return nil, err
	}
	host := &lazyHost{}
	step, end := w.progress("replaying operations")
	defer end()
	d, err := desk.Open(w.ctx, desk.Config{
		Dir: dir, Key: key, Newsroom: n.id(), Name: n.Name, Address: n.address(),
		Number: a.number, Desks: n.Desks, Slots: n.Slots, Ceiling: risk.DefaultCeiling(),
		Host: host, DateIsRight: a.dateRight, Now: w.now, Rand: w.rand, Progress: step,
		Preview: preview(n), Partners: n.partners(),
	})
	if err != nil {
		return nil, err
	}
	host.connect = func() (*relay.Client, error) {
		token, err := d.Vault().Secret(secretDeskToken)
		if err != nil {
			return nil, fmt.Errorf("the desk's token for the host: %w", err)
		}
		return n.connect(w, a.host, string(token))
	}
	return d, nil
}

// syncLine says in a line what an exchange brought. It counts, and names nobody.
func syncLine(r desk.SyncReport) string {
	line := fmt.Sprintf("%s: exchanged with the host: %d batches, %d letters, %d waiting for parts", r.Day, r.Batches, r.Letters, r.Pending)
	if r.Bulletin != 0 {
		line += fmt.Sprintf("; bulletin of %s holds %d of our slots, %d are missing", r.Bulletin, r.Found, r.Missing)
	}
	if r.Late > 0 {
		line += fmt.Sprintf("; %d records came after their key had died", r.Late)
	}
	return line
}

// A lazyHost is the desk's client of the host, made at first use: its token lies in the
// vault, which is closed before.
type lazyHost struct {
	connect func() (*relay.Client, error)

	mu     sync.Mutex // guards client
	client *relay.Client
}

func (h *lazyHost) get() (*relay.Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client == nil {
		client, err := h.connect()
		if err != nil {
			return nil, err
		}
		h.client = client
	}
	return h.client, nil
}

// PutObject implements desk.Host.
func (h *lazyHost) PutObject(ctx context.Context, name string, data []byte) error {
	c, err := h.get()
	if err != nil {
		return err
	}
	return c.PutObject(ctx, name, data)
}

// GetObject implements desk.Host.
func (h *lazyHost) GetObject(ctx context.Context, name string) ([]byte, error) {
	c, err := h.get()
	if err != nil {
		return nil, err
	}
	return c.GetObject(ctx, name)
}

// ListObjects implements desk.Host.
func (h *lazyHost) ListObjects(ctx context.Context, prefix string) ([]string, error) {
	c, err := h.get()
	if err != nil {
		return nil, err
	}
	return c.ListObjects(ctx, prefix)
}

// Notes implements desk.Host.
func (h *lazyHost) Notes(ctx context.Context) ([]byte, error) {
	c, err := h.get()
	if err != nil {
		return nil, err
	}
	return c.Notes(ctx)
}

// Bulletin implements desk.Host.
func (h *lazyHost) Bulletin(ctx context.Context) ([]byte, error) {
	c, err := h.get()
	if err != nil {
		return nil, err
	}
	return c.Bulletin(ctx)
}
