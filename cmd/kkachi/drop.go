package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"kkachi/internal/drop"
	"kkachi/internal/store/disk"
)

type dropCmd struct {
	Dir    string `arg:"" help:"The folder with newsroom.toml and host/."`
	Listen string `help:"Listen there instead of where newsroom.toml says." placeholder:"HOST:PORT"`
}

// Help is shown by --help.
func (*dropCmd) Help() string {
	return `Reads newsroom.toml and host/tokens; writes host/days, host/objects and host/current, and nothing else: no log, no address, no time finer than a day. Holds no key that opens anything. Runs until it is interrupted.

Beside it in DIR nothing else is needed: bring host/ and newsroom.toml to the public machine. Put a TLS proxy that keeps no log, or an onion service, in front of it.

Example:

    kkachi drop mynews --listen 127.0.0.1:8400`
}

// Run runs the host until the world ends.
func (c *dropCmd) Run(w *world) (err error) {
	w.protect(false)
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	dir, err := roleFolder(c.Dir, "host")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "tokens")
	data, err := os.ReadFile(path)
	if err != nil {
		return bad(err, "bring host/tokens from where kkachi init ran")
	}
	tokens, err := drop.ParseTokens(data)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", path, err), "")
	}
	s, err := disk.Open(dir, disk.Options{Quota: n.Quota, Rand: w.rand})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	h, err := drop.New(w.ctx, drop.Config{
		Store: s, Now: w.now, Tokens: tokens,
		Report: func(err error) { fmt.Fprintf(w.stderr, "kkachi drop: %v\n", err) },
	})
	if err != nil {
		return err
	}
	ln, err := listenOn(w.ctx, c.Listen, n.Listen.Drop)
	if err != nil {
		return err
	}
	w.say("kkachi drop listens on http://%s", ln.Addr())
	return together(w.ctx,
		func(ctx context.Context) error { return h.Serve(ctx, ln) },
		func(ctx context.Context) error { return h.Run(ctx) },
	)
}

// listenOn opens the flag's address, or else the configured one.
func listenOn(ctx context.Context, flag, configured string) (net.Listener, error) {
	addr := configured
	if flag != "" {
		addr = flag
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, badf("--listen: %q is not HOST:PORT", addr)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// together runs parts of a role until ctx ends or one of them fails, and waits for all. The
// end of ctx is no error.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() {
			err := part(inner)
			cancel()
			ended <- err
		}()
	}
	var errs []error
	for range parts {
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
