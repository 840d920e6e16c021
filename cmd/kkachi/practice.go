package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"kkachi/internal/demo"
	"kkachi/internal/desk"
	"kkachi/internal/desk/web"
	"kkachi/internal/lang"
)

// practiceFolder stands in the desk's folder while somebody practises.
const practiceFolder = "practice"

// practising makes practice desks beside the newsroom's, one at a time, for its pages. What it hands
// them is a folder, a clock and a template: no key, token, host or press of the newsroom.
type practising struct {
	w       *world
	dir     string
	preview desk.Printer

	mu   sync.Mutex // guards now
	now  *practiceAt
	done sync.WaitGroup // servers that still answer
}

// practiceAt is one practice desk and its pages.
type practiceAt struct {
	*demo.Practice
	pages *web.Server
	stop  context.CancelFunc
}

// newPractising removes what a crash may have left: its key is gone, so that nobody reads it. The
// caller holds the desk's vault, and so is the only one.
func newPractising(w *world, n *newsroom, dir string) (*practising, error) {
	p := &practising{w: w, dir: filepath.Join(dir, "desk", practiceFolder), preview: preview(practiceSite(n))}
	if err := os.RemoveAll(p.dir); err != nil {
		return nil, fmt.Errorf("a former practice desk: %w", err)
	}
	return p, nil
}

// practiceSite is the newsroom by whose name a practice story is previewed: each page says what it is.
func practiceSite(n *newsroom) *newsroom {
	out := *n
	out.Name = lang.T(lang.English, "desk.practice.title")
	mark := func(l lang.Tag) string {
		return lang.T(l, "desk.practice.title") + ": " + lang.T(l, "desk.practice.mark")
	}
	out.Names = lang.Words{KO: mark(lang.Korean), EN: mark(lang.English), ZH: mark(lang.Chinese)}
	out.URL = "https://practice.invalid"
	return &out
}

// Begin implements web.Practice. The desk outlives the request that asks for it.
func (p *practising) Begin(ctx context.Context, l lang.Tag) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.end(); err != nil {
		return err
	}
	one, err := demo.NewPractice(ctx, demo.PracticeOptions{Dir: p.dir, Now: p.w.now, Rand: p.w.rand, Preview: p.preview, Lang: l})
	if err != nil {
		return err
	}
	at := &practiceAt{Practice: one}
	at.pages, err = web.New(one.Desk, web.Options{Rand: p.w.rand, By: lang.T(l, "desk.practice.you"), Lesson: one, Lang: l})
	if err != nil {
		return errors.Join(err, one.End())
	}
	ln, err := at.pages.Listen()
	if err != nil {
		return errors.Join(err, one.End())
	}
	serving, stop := context.WithCancel(p.w.ctx)
	at.stop, p.now = stop, at
	p.done.Go(func() {
		if err := at.pages.Serve(serving, ln); err != nil {
			fmt.Fprintf(p.w.stderr, "kkachi desk: practice: %v\n", err)
		}
	})
	return nil
}

// End implements web.Practice.
func (p *practising) End() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end()
}

// end destroys the practice desk first: its server may wait for a page that still loads.
func (p *practising) end() error {
	if p.now == nil {
		return nil
	}
	err := p.now.End()
	p.now.stop()
	p.now = nil
	return err
}

// Now implements web.Practice.
func (p *practising) Now() (link string, there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil || p.now.Over() {
		return "", false
	}
	if p.now.pages.Entered() {
		return "", true
	}
	return p.now.pages.Link(), true
}

// Close ends all of it, for the end of the desk.
func (p *practising) Close() error {
	err := p.End()
	p.done.Wait()
	return err
}
