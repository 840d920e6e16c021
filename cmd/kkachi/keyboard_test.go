package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A keyboard is a browser as somebody has it who presses keys and does nothing else. Keys are written as package kb has them; with
// withShift before it a key is pressed with Shift.
type keyboard interface {
	// sit opens a page in a width, without what was kept before, with before.js by its settings.
	sit(url, settings string, width int64) error
	// run evaluates an expression in the page, waiting for what it promises, and gives it as JSON. For looking only.
	run(expression string) ([]byte, error)
	// press presses keys, one after another, as events of the browser and not of a script.
	press(keys ...string) error
	// nodes gives what the browser hands to a screen reader.
	nodes() ([]axNode, error)
	// picture keeps in a file how the page looks.
	picture(file string) error
}

const withShift = "shift "

// chromiumKeys has a tab of one Chromium for each sitting.
type chromiumKeys struct {
	t       *testing.T
	browser context.Context
	tab     context.Context
	close   context.CancelFunc
}

func (c *chromiumKeys) sit(url, settings string, width int64) error {
	if c.browser == nil {
		c.browser = startChromium(c.t)
		if err := chromedp.Do(c.browser); err != nil {
			return err
		}
	} else {
		c.close()
	}
	c.tab, c.close = chromedp.NewContext(c.browser)
	c.t.Cleanup(c.close)
	strictPage(c.t, c.tab, settings)
	if _, err := chromedp.Call(c.tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		return err
	}
	calm := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}} // else buttons fade
	if _, err := chromedp.Call(c.tab, emulation.SetEmulatedMedia, calm); err != nil {
		return err
	}
	return chromedp.Do(c.tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS(`main`)))
}

func (c *chromiumKeys) run(expression string) ([]byte, error) {
	return chromedp.Run(c.tab, chromedp.Evaluate[json.RawMessage](expression, chromedp.EvalAwaitPromise))
}

func (c *chromiumKeys) press(keys ...string) error {
	for _, k := range keys {
		var with []chromedp.KeyOption
		if key, ok := strings.CutPrefix(k, withShift); ok {
			k, with = key, append(with, chromedp.KeyModifiers(kb.ModifierShift))
		}
		if err := chromedp.Do(c.tab, chromedp.KeyEvent(k, with...)); err != nil {
			return err
		}
	}
	return nil
}

func (c *chromiumKeys) nodes() ([]axNode, error) { return chromiumTree(c.tab) }

func (c *chromiumKeys) picture(file string) error {
	shot, err := chromedp.Run(c.tab, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(file, shot, 0o600)
}

// firefoxKeys has a context of one Firefox for each sitting, by WebDriver BiDi; what a screen reader is given it is told by Firefox's
// own accessibility service, for the protocol has no tree.
type firefoxKeys struct{ toldFirefox }

func (f *firefoxKeys) sit(url, settings string, width int64) error {
	_, err := f.ask(map[string]string{"open": url, "settings": settings, "width": fmt.Sprint(width)})
	return err
}

func (f *firefoxKeys) run(expression string) ([]byte, error) {
	got, err := f.ask(map[string]string{"run": expression})
	return []byte(got), err
}

// As WebDriver names keys that write nothing.
var namedKeys = strings.NewReplacer(kb.Tab, "\ue004", kb.Enter, "\ue006", kb.Escape, "\ue00c", kb.Backspace, "\ue003", kb.ArrowDown, "\ue015")

func (f *firefoxKeys) press(keys ...string) error {
	var named []string
	for _, k := range keys {
		named = append(named, namedKeys.Replace(k))
	}
	list, err := json.Marshal(named)
	if err == nil {
		_, err = f.ask(map[string]string{"keys": string(list)})
	}
	return err
}

func (f *firefoxKeys) nodes() (nodes []axNode, err error) {
	got, err := f.ask(map[string]string{"tree": "page"})
	if err == nil {
		err = json.Unmarshal([]byte(got), &nodes)
	}
	return nodes, err
}

func (f *firefoxKeys) picture(file string) error {
	_, err := f.ask(map[string]string{"picture": file})
	return err
}
