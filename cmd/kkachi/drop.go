package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"kkachi/internal/drop"
	"kkachi/internal/store/disk"
)

type dropCmd struct {
	Dir    string `arg:"" help:"The folder with newsroom.toml and host/."`
	Listen string `help:"Listen there instead of where newsroom.toml says." placeholder:"HOST:PORT"`
	Chain  string `help:"Speak TLS with the certificates of this file, read anew each minute; with --tls-key." name:"tls-chain" placeholder:"FILE"`
	Key    string `help:"The private key to --tls-chain." name:"tls-key" placeholder:"FILE"`
	Health string `help:"Answer there, on loopback only, whether the host is well." placeholder:"HOST:PORT"`
}

// Help is shown by --help.
func (*dropCmd) Help() string {
	return `Reads newsroom.toml, host/tokens and the files of certificates; writes host/days, host/objects and host/current, and nothing else: no log, no address, no time finer than a day. Holds no key that opens anything. Runs until it is interrupted.

Beside it in DIR nothing else is needed: bring host/ and newsroom.toml to the public machine. Give it certificates (then a flood from one network is slowed by itself, in memory only), or put a TLS proxy that keeps no log, or an onion service, in front of it.

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
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + disk.Waiters)
	s, err := disk.Open(dir, disk.Options{Quota: n.Quota, Rand: w.rand})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	cfg := drop.Config{
		Store: s, Now: w.now, Tokens: tokens,
		Report: func(err error) { fmt.Fprintf(w.stderr, "kkachi drop: %v\n", err) },
	}
	if err := c.certificates(w, &cfg); err != nil {
		return err
	}
	h, err := drop.New(w.ctx, cfg)
	if err != nil {
		return err
	}
	ln, err := listenOn(w.ctx, c.Listen, n.Listen.Drop)
	if err != nil {
		return err
	}
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return h.Serve(ctx, ln) },
		func(ctx context.Context) error { return h.Run(ctx) },
	}
	if c.Health != "" {
		if err := loopbackOnly("--health", c.Health); err != nil {
			return errors.Join(bad(err, ""), ln.Close())
		}
		health, err := listenOn(w.ctx, c.Health, "")
		if err != nil {
			return errors.Join(err, ln.Close())
		}
		parts = append(parts, func(ctx context.Context) error { return h.ServeHealth(ctx, health) })
	}
	scheme := "http"
	if cfg.Certificates != nil {
		scheme = "https"
	}
	w.say("kkachi drop listens on %s://%s", scheme, ln.Addr())
	return together(w.ctx, parts...)
}

// certificates makes the host speak TLS if there are files for it. Only then do visitors reach
// it directly, each from an address of his own network, and only then may it slow a network.
func (c *dropCmd) certificates(w *world, cfg *drop.Config) error {
	if (c.Chain == "") != (c.Key == "") {
		return badf("--tls-chain and --tls-key go together")
	}
	if c.Chain == "" {
		return nil
	}
	certs, err := drop.ReadCertificates(c.Chain, c.Key)
	if err != nil {
		return bad(err, "")
	}
	cfg.Certificates, cfg.Rand = certs, w.rand
	return nil
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
