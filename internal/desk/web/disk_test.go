package web

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/cell"
)

// What a real browser leaves on disk after a search: its folder holds the word in no file,
// not in the history, the session or the list of what was typed. A word that did stand in
// an address, and one in a form whose answer is the POST's own, are found there, so the
// test would see it.
func TestSearchLeavesNoWordOnDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("looked at without -short")
	}
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "the old smokehouse", cell.ReplyID{})
	r.name("A")
	root := filepath.Dir(t.TempDir()) // the browser's folder stands beside
	b := ownBrowser(t, newHouse(t, r), t.TempDir())
	for _, field := range []string{"#find", "#q"} {
		b.open(map[string]string{"#find": "/inbox", "#q": "/search"}[field])
		b.fill(field, "smokehouse")
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("`+field+`").focus()`), chromedp.KeyEvent(kb.Enter))
		b.until(`document.querySelector(".results mark")`)
	}
	b.send(".results a")
	b.do(chromedp.Navigate("http://" + b.h.s.host() + "/search?q=gravelpit"))
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { const f = document.createElement("form");
		f.method = "post"; f.action = "/undo"; f.innerHTML = '<input name="op" value="drystone">'; document.body.append(f); f.submit(); })()`))
	b.until(`location.pathname === "/undo"`)
	b.open("/inbox")
	must(t, chromedp.Cancel(b.ctx)) // as a person closes it: everything is written
	for word, want := range map[string]bool{"smokehouse": false, "gravelpit": true, "drystone": true} {
		if in := filesWith(t, root, word); len(in) > 0 != want {
			t.Errorf("%s lies in %q", word, in)
		}
	}
}

// filesWith lists the files in a folder that hold a word, as UTF-8 or UTF-16.
func filesWith(t *testing.T, root, word string) (in []string) {
	t.Helper()
	var wide []byte
	for _, u := range utf16.Encode([]rune(word)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	must(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() {
			return nil // the browser tidies up while it ends
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && (bytes.Contains(data, []byte(word)) || bytes.Contains(data, wide)) {
			in = append(in, path)
		}
		return err
	}))
	return in
}
