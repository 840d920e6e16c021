package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A visitor is a browser that makes one visit after another for the lab.
type visitor interface {
	// begin opens a page, after a prelude, without a cache.
	begin(prelude, url string) error
	// run evaluates an expression in the page, without waiting for what it promises, and gives it as text.
	run(expression string) (string, error)
	// touch presses the mouse where nothing is, and turns its wheel, as a person does who reads.
	touch() error
	// end closes the page, and forgets what the visit left.
	end() error
}

// chromiumVisitor makes visits in one tab, whose cache it empties after each.
type chromiumVisitor struct {
	ctx   context.Context
	added page.AddScriptToEvaluateOnNewDocumentResult
}

func newChromium(t *testing.T) *chromiumVisitor {
	t.Helper()
	ctx := startChromium(t, trusted(t))
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(400, 300)); err != nil {
		t.Fatal(err)
	}
	return &chromiumVisitor{ctx: ctx}
}

func (c *chromiumVisitor) begin(prelude, url string) error {
	var err error
	if c.added, err = chromedp.Call(c.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: prelude}); err != nil {
		return err
	}
	return chromedp.Do(c.ctx, chromedp.Navigate(url))
}

func (c *chromiumVisitor) run(expression string) (string, error) {
	ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
}

func (c *chromiumVisitor) touch() error {
	for _, e := range []input.DispatchMouseEventParams{
		{Type: input.DispatchMouseEventTypeMousePressed, Button: "left", ClickCount: 1},
		{Type: input.DispatchMouseEventTypeMouseReleased, Button: "left", ClickCount: 1},
		{Type: input.DispatchMouseEventTypeMouseWheel, DeltaX: 1, DeltaY: 60}, // neither is sent where it is 0, and both are asked for
	} {
		e.X, e.Y = 3, 150 // the margin
		if _, err := chromedp.Call(c.ctx, input.DispatchMouseEvent, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *chromiumVisitor) end() error {
	if _, err := chromedp.Call(c.ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams(c.added)); err != nil {
		return err
	}
	if _, err := chromedp.Call(c.ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
		return err
	}
	return chromedp.Do(c.ctx, chromedp.Navigate("about:blank"))
}

// toldFirefox is one Firefox that does what it is told by lines, by way of a script of page/test; it is started by the first.
type toldFirefox struct {
	t      *testing.T
	script string
	in     io.WriteCloser
	out    *bufio.Reader
}

// firefoxVisitor makes visits in one Firefox, each in a context of its own.
type firefoxVisitor struct{ toldFirefox }

func newFirefox(t *testing.T) *firefoxVisitor {
	return &firefoxVisitor{toldFirefox{t: t, script: "labfirefox.mjs"}}
}

func (f *toldFirefox) start() error {
	cmd := exec.Command("node", filepath.Join(pageTests, f.script))
	var err error
	if f.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	f.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return err
	}
	f.t.Cleanup(func() {
		f.in.Close()
		_ = cmd.Wait()
	})
	return nil
}

// ask writes one line of JSON and reads one.
func (f *toldFirefox) ask(question map[string]string) (string, error) {
	if f.in == nil {
		if err := f.start(); err != nil {
			return "", err
		}
	}
	if err := json.NewEncoder(f.in).Encode(question); err != nil {
		return "", err
	}
	line, err := f.out.ReadBytes('\n')
	if err != nil {
		return "", err
	}
	var answer struct{ Got, Failed string }
	if err := json.Unmarshal(line, &answer); err != nil {
		return "", err
	}
	if answer.Failed != "" {
		return "", errors.New(answer.Failed)
	}
	return answer.Got, nil
}

func (f *firefoxVisitor) begin(prelude, url string) error {
	_, err := f.ask(map[string]string{"open": url, "prelude": prelude})
	return err
}

func (f *firefoxVisitor) run(expression string) (string, error) {
	return f.ask(map[string]string{"run": expression})
}

func (f *firefoxVisitor) touch() error {
	_, err := f.ask(map[string]string{"touch": "margin"})
	return err
}

func (f *firefoxVisitor) end() error {
	_, err := f.ask(map[string]string{"end": "visit"})
	return err
}
