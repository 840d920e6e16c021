package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/demo"
	"kkachi/internal/desk"
	"kkachi/internal/desk/web"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/sift"
	"kkachi/internal/source"
	"kkachi/page"
)

type demoCmd struct {
	Once bool   `help:"End when the ring has turned, instead of serving the site and the desk."`
	Dir  string `help:"Keep everything in this new folder; without it all is removed at the end." placeholder:"DIR"`
}

// Help is shown by --help.
func (*demoCmd) Help() string {
	return `Turns the whole ring on the motivating case, on this computer alone: host, sift and desk with folders of their own, talking over loopback HTTP, on a clock that passes ten days in seconds. Letters are sent among cover, mixed, read, answered, corroborated, approved by two keys and printed in three languages; then what is printed and stored is searched for what must be nowhere.

Without --once it stays and serves; Return turns the day. Ends 1 if any step, any rung of the case or any rule for what is printed fails.

Example: kkachi demo --dir tour`
}

// Run runs the demo.
func (c *demoCmd) Run(w *world) error {
	w.protect(false)
	if c.Dir != "" {
		if err := mustBeNew(c.Dir); err != nil {
			return err
		}
	}
	step, end := w.progress("turning the ring")
	defer end()
	_, err := demo.Run(w.ctx, demo.Options{
		Dir: c.Dir, Once: c.Once, Now: w.now, Rand: w.rand, In: w.stdin, Out: w.stdout,
		Step: func(done, total int, _ string) { step(done, total) },
		Parts: func(dir string, clock func() time.Time) demo.Parts {
			return &demoParts{outer: w, dir: dir, clock: clock}
		},
	})
	return err
}

// demoQuota is the host's daily quota of cells in the demo: a day's file of 4 MiB.
const demoQuota = 1024

// demoParts wires the rooms for the demo as the verbs wire them, on the demo's clock.
type demoParts struct {
	outer   *world
	dir     string
	clock   func() time.Time
	n       *newsroom
	init    initCmd
	secrets secrets
	sift    *sift.Sift // nil until the first day
}

// world is the demo's world for one verb: its clock, and a passphrase on standard input.
func (p *demoParts) world(ctx context.Context, stdin string) *world {
	return &world{
		ctx: ctx, stdin: strings.NewReader(stdin), stdout: io.Discard, stderr: io.Discard,
		now: p.clock, rand: p.outer.rand, sleep: sleep, poll: time.Second,
		tty: func() *os.File { return nil },
	}
}

// Init implements demo.Parts.
func (p *demoParts) Init(ctx context.Context) (seal.Address, error) {
	addr, err := freePort(ctx)
	if err != nil {
		return seal.Address{}, err
	}
	p.init = initCmd{
		Dir: p.dir, Name: "Kkachi demo", URL: "http://" + addr, Listen: addr,
		Languages: []string{"ko", "en", "zh"}, Approver: []string{"editor1", "editor2"},
	}
	n, err := p.init.newsroom()
	if err != nil {
		return seal.Address{}, err
	}
	n.Quota = demoQuota
	n.Names.KO, n.Names.EN, n.Names.ZH = "까치", "Kkachi", "喜鹊"
	p.n, p.secrets = n, secrets{}
	for _, name := range append([]string{"root", "sift", "desk"}, p.init.Approver...) {
		var b [16]byte
		if _, err := rand.Read(b[:]); err != nil {
			return seal.Address{}, err
		}
		p.secrets[name] = []byte(hex.EncodeToString(b[:]))
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return seal.Address{}, err
	}
	if err := p.init.lay(p.world(ctx, ""), p.dir, n, p.secrets); err != nil {
		return seal.Address{}, err
	}
	if err := p.vet(ctx); err != nil {
		return seal.Address{}, err
	}
	return seal.ParseAddress(n.address())
}

// vet signs the demo's contacts, and the script of its pages, as the editor in chief does.
func (p *demoParts) vet(ctx context.Context) error {
	draft := contactsDraft(p.dir)
	file, err := demo.Contacts(cell.DayOf(p.clock()))
	if err != nil {
		return err
	}
	if err := writeFile(draft, file, 0o644); err != nil {
		return err
	}
	engine := page.Digest()
	sign := rootSignCmd{Dir: p.dir, Days: seal.RootLife, Contacts: draft, Engine: hex.EncodeToString(engine[:])}
	return sign.Run(p.world(ctx, string(p.secrets["root"])+"\n"))
}

// freePort finds a free port of loopback: the newsroom's address must name it before the
// host listens.
func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr := ln.Addr().String()
	return addr, ln.Close()
}

// Host implements demo.Parts: the verb drop, until stop is called.
func (p *demoParts) Host(ctx context.Context) (func() error, error) {
	inner, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- (&dropCmd{Dir: p.dir}).Run(p.world(inner, "")) }()
	stop := func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	var d net.Dialer
	for {
		conn, err := d.DialContext(inner, "tcp", p.n.Listen.Drop)
		if err == nil {
			return stop, conn.Close()
		}
		select {
		case err := <-ended:
			cancel()
			return nil, fmt.Errorf("the host ended: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Sift implements demo.Parts: what the verb sift does, unlocked once for the whole run.
func (p *demoParts) Sift(ctx context.Context) error {
	if p.sift == nil {
		cmd := siftCmd{Dir: p.dir}
		s, err := cmd.open(p.world(ctx, string(p.secrets["sift"])+"\n"), p.n)
		if err != nil {
			return err
		}
		p.sift = s
	}
	_, err := p.sift.Day(ctx)
	return err
}

// Close implements demo.Parts.
func (p *demoParts) Close() error {
	p.secrets.wipe()
	if p.sift == nil {
		return nil
	}
	return p.sift.Close()
}

// Desk implements demo.Parts: what the verb desk opens.
func (p *demoParts) Desk(ctx context.Context) (*desk.Desk, error) {
	return openDesk(p.world(ctx, string(p.secrets["desk"])+"\n"), p.n, deskAccess{dir: p.dir})
}

// Pages implements demo.Parts: what the verb desk serves.
func (p *demoParts) Pages(ctx context.Context, d *desk.Desk) (string, func() error, error) {
	inner, cancel := context.WithCancel(ctx)
	ln, err := listenOn(inner, p.n.Listen.Desk, "")
	if err != nil {
		cancel()
		return "", nil, err
	}
	s, err := web.New(d, web.Options{Rand: p.outer.rand, By: "demo", Publish: publisher(p.world(inner, ""), p.n, d, p.dir, ""), Contacts: contactsForDesk(p.n, p.dir, p.clock)})
	if err != nil {
		cancel()
		return "", nil, errors.Join(err, ln.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(inner, ln) }()
	for s.Link() == "" {
		if err := sleep(inner, time.Millisecond); err != nil {
			cancel()
			return "", nil, errors.Join(err, <-ended)
		}
	}
	return s.Link(), func() error { cancel(); return <-ended }, nil
}

// Approve implements demo.Parts.
func (p *demoParts) Approve(ctx context.Context, d *desk.Desk, story desk.ID) error {
	for _, name := range p.init.Approver {
		if _, err := d.Approve(ctx, story, name, p.secrets[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Browse implements demo.Parts.
func (p *demoParts) Browse() (source.Host, error) {
	return relay.New(p.n.URL, relay.Options{})
}

// Get implements demo.Parts.
func (p *demoParts) Get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.n.URL+path, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the host answers %s", resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// Verify implements demo.Parts: what the verb page verify does.
func (p *demoParts) Verify(ctx context.Context) (files, contacts int, err error) {
	v := pageVerifyCmd{Site: p.n.address()}
	out, _, err := v.look(p.world(ctx, ""))
	if err == nil && !out.Well {
		err = fmt.Errorf("%w: %v", errDiffers, out.Differs)
	}
	return out.Files, out.Contacts, err
}

// Print implements demo.Parts: what the button on the desk's page of stories does.
func (p *demoParts) Print(ctx context.Context, d *desk.Desk) error {
	_, err := publisher(p.world(ctx, ""), p.n, d, p.dir, "")(ctx)
	return err
}
