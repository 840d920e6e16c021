package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/seal"
	"kkachi/internal/source"
)

// Parts are the real ones, wired by cmd as its verbs wire them, on the demo's clock and in
// the demo's folder. All of them talk over loopback HTTP only.
type Parts interface {
	// Init lays the newsroom out, as kkachi init does, with passphrases drawn for this run.
	Init(ctx context.Context) (seal.Address, error)
	// Host serves until stop is called.
	Host(ctx context.Context) (stop func() error, err error)
	// Sift does what the order of the day asks for.
	Sift(ctx context.Context) error
	// Desk opens the vault.
	Desk(ctx context.Context) (*desk.Desk, error)
	// Pages serves the desk's pages until stop is called; the link opens them.
	Pages(ctx context.Context, d *desk.Desk) (link string, stop func() error, err error)
	// Print builds the site from what was released, and pushes it to the host.
	Print(ctx context.Context, d *desk.Desk) error
	// Approve signs with each approver's key.
	Approve(ctx context.Context, d *desk.Desk, story desk.ID) error
	// Browse is a client of the host that holds no token.
	Browse() (source.Host, error)
	// Get fetches a page of the site as a reader does.
	Get(ctx context.Context, path string) ([]byte, error)
	// Verify compares the site with what the newsroom has signed, as kkachi page verify does,
	// and gives how many files and contacts it saw.
	Verify(ctx context.Context) (files, contacts int, err error)
	// Close closes what the others have left open, and wipes the passphrases.
	Close() error
}

// Options say where and how long.
type Options struct {
	Dir   string // keeps everything; must not exist or be empty. "": a folder that is removed at the end
	Once  bool   // end when the ring has turned; else serve until ctx ends
	Now   func() time.Time
	Rand  io.Reader
	In    io.Reader // while serving, each line turns a day
	Out   io.Writer
	Step  func(done, total int, what string) // progress; may be nil
	Parts func(dir string, clock func() time.Time) Parts
}

// Days of the demo, counted from the case's first, which is today − lastDay.
const (
	replyDay   = 1 // the first letter is at the desk, and answered
	readDay    = 2 // the answer is in the bulletin
	claimsDay  = 8 // everything has arrived
	releaseDay = 9
	lastDay    = 10
)

// Run turns the ring once, checks what came out, and says so. It fails if any step, any rung
// of the case or any rule for what is printed fails. It gives what must be nowhere but in the
// desk's encrypted files, label → text, so that a caller can search further than it did.
func Run(ctx context.Context, o Options) (planted map[string]string, err error) {
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "kkachi-demo-"); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		dir = filepath.Join(dir, "newsroom")
	}
	today := cell.DayOf(o.Now())
	r := &ring{
		o: o, dir: dir, first: today - lastDay, clock: &clock{},
		people: map[string]*person{}, reports: map[string]desk.ID{}, claims: map[string]desk.ID{},
	}
	r.clock.set(r.first, 0)
	r.parts = o.Parts(dir, r.clock.now)
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.turn(ctx); err != nil {
		return nil, err
	}
	link, stop, err := r.parts.Pages(ctx, r.desk)
	if err != nil {
		return nil, fmt.Errorf("demo: the desk's pages: %w", err)
	}
	r.stops = append(r.stops, stop)
	r.tell(link)
	if o.Once {
		return r.planted, nil
	}
	return r.planted, r.serve(ctx)
}

// close stops what was started, last first.
func (r *ring) close() error {
	var errs []error
	for i := len(r.stops) - 1; i >= 0; i-- {
		errs = append(errs, r.stops[i]())
	}
	if r.desk != nil {
		errs = append(errs, r.desk.Close())
	}
	if r.stopHost != nil {
		errs = append(errs, r.stopHost())
	}
	for _, p := range r.people {
		p.forget()
	}
	return errors.Join(append(errs, r.parts.Close())...)
}
