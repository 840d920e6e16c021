package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/cell"
)

// What a real browser leaves on disk after a search, and after forms that the desk refuses: its
// folder holds the words in no file, not in the history, the session or the list of what was
// typed. A word that did stand in an address, and one in a form whose answer is the POST's own,
// as of another server, are found there, so the test would see it.
func TestFormsLeaveNoWordOnDisk(t *testing.T) {
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
	post := func(action, fields string) {
		b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const f = document.createElement("form");
			f.method = "post"; f.action = %q; f.innerHTML = %q; document.body.append(f); f.submit(); })()`, action, fields)))
	}
	post("/undo", `<input type="hidden" name="op" value="drystone">`)
	b.until(`location.pathname.startsWith("/refused/") && !document.querySelector("#reply")`)
	b.open("/thread/" + r.ids["A"].String())
	b.fill("#reply", "sandstone "+strings.Repeat("and more than fits ", 2_000))
	b.send("form.reply button.main")
	b.until(`location.pathname.startsWith("/refused/") && document.querySelector("#reply").value.startsWith("sandstone") && document.querySelector(".wrong")`)
	b.do(chromedp.Reload())
	b.until(`document.querySelector("#reply")?.value.startsWith("sandstone")`)
	b.open("/inbox")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>plain</title>")
	}))
	defer other.Close()
	b.do(chromedp.Navigate(other.URL))
	post("/answer", `<input name="word" value="flagstone">`)
	b.until(`location.pathname === "/answer"`)
	b.open("/inbox")
	must(t, chromedp.Cancel(b.ctx)) // as a person closes it: everything is written
	for word, want := range map[string]bool{"smokehouse": false, "gravelpit": true, "drystone": false, "sandstone": false, "flagstone": true} {
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
