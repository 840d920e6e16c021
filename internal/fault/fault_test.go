package fault

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// What a faulty kernel does to a file: each way in which each step breaks is seen on the disk
// and in the error.
func TestWatch(t *testing.T) {
	type seen struct{ write, rename, a, b string }
	const none, eio, full = "", "EIO", "ENOSPC"
	want := map[string]seen{
		"":                              {none, none, none, "twelve bytes"},
		"create a not done":             {eio, "ENOENT", none, none},
		"create a done":                 {eio, none, none, none},
		"create a no room":              {full, "ENOENT", none, none},
		"write a not done":              {eio, none, none, none},
		"write a done":                  {eio, none, none, "twelve bytes"},
		"write a half done":             {full, none, none, "twelve"},
		"write a no room":               {full, none, none, "twelve"},
		"fsync a not done":              {eio, none, none, "twelve bytes"},
		"fsync a done":                  {eio, none, none, "twelve bytes"},
		"close a done":                  {eio, none, none, "twelve bytes"},
		"renameat b not done":           {none, eio, "twelve bytes", none},
		"renameat b done":               {none, eio, none, "twelve bytes"},
		"nothing that is not in a play": {},
	}
	got := map[string]seen{}
	Table(t, 5, func(t *testing.T, s *Steps) {
		dir := t.TempDir()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		s.Watch(t, dir)
		write, rename := writeSynced(a), os.Rename(a, b)
		s.End()
		line := ""
		if s.Broke() != "" {
			line = s.Broke() + " " + strings.TrimSuffix(s.how.String(), " but reported as failed")
		}
		got[line] = seen{word(write), word(rename), content(a), content(b)}
	})
	if testing.Short() {
		return // not all lines were played
	}
	for line, w := range want {
		if got[line] != w {
			t.Errorf("%q: %q, want %q", line, got[line], w)
		}
	}
	if len(got) != len(want)-1 {
		t.Errorf("%d lines: %v", len(got), got)
	}
}

func writeSynced(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString("twelve bytes")
	return errors.Join(err, f.Sync(), f.Close())
}

func word(err error) string {
	for word, e := range map[string]error{"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC, "ENOENT": syscall.ENOENT} {
		if errors.Is(err, e) {
			return word
		}
	}
	return ""
}

func content(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

// A disk without room stays so until Lift, and still removes, renames and syncs.
func TestFullLasts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	s := &Steps{breaks: place{name: "create a"}, how: Full}
	s.Watch(t, dir)
	for range 3 {
		if err := writeSynced(path); word(err) != "ENOSPC" {
			t.Fatalf("%v", err)
		}
	}
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	s.Lift()
	if err := writeSynced(path); err != nil {
		t.Error(err)
	}
}

// What a faulty network does to a request.
func TestTransport(t *testing.T) {
	got := map[string]string{}
	Table(t, 1, func(t *testing.T, s *Steps) {
		var body []byte
		ended := make(chan error, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var err error
			body, err = io.ReadAll(r.Body)
			_, _ = io.WriteString(w, "an answer")
			ended <- err
		}))
		defer server.Close()
		c := http.Client{Transport: s.Transport(server.Client().Transport)}
		res, err := c.Post(server.URL+"/c", "", strings.NewReader("0123456789"))
		answer := "no answer"
		if err == nil {
			data, rerr := io.ReadAll(res.Body)
			_ = res.Body.Close()
			answer, err = string(data), rerr
		}
		server.Close() // waits for the handler
		select {
		case herr := <-ended:
			if (herr != nil) != (s.how == Half && s.Broke() != "") {
				t.Errorf("the host saw %v", herr)
			}
		default:
		}
		failed := map[bool]string{false: "ok", true: "failed"}[err != nil]
		line := ""
		if s.Broke() != "" {
			line = s.how.String()
		}
		got[line] = string(body) + " " + answer + " " + failed
	})
	if testing.Short() {
		return // not all lines were played
	}
	for line, want := range map[string]string{
		"":                            "0123456789 an answer ok",
		"not done":                    " no answer failed",
		"done but reported as failed": "0123456789 no answer failed",
		"half done":                   "01234 no answer failed",
		"no room":                     "  ok", // 503
		"answer torn":                 "0123456789 an a failed",
	} {
		if got[line] != want {
			t.Errorf("%q: %q, want %q", line, got[line], want)
		}
	}
}

// A play that does not come by the broken step fails the table, and so does one that does not
// pass through it at all.
func TestBlindTableFails(t *testing.T) {
	for how, n := range map[How]Nature{Torn: Plain, Half: Plain, Full: Plain, NotDone: Closing} {
		if n.breaks(how) {
			t.Errorf("a step of nature %d breaks %q", n, how)
		}
	}
	s := &Steps{breaks: place{name: "b"}, how: NotDone}
	s.take("a", Plain)
	if s.Broke() != "" {
		t.Error("the wrong step broke")
	}
	if v := s.take("b", Plain); v != notDone || s.Broke() != "b" {
		t.Errorf("verdict %d of %q", v, s.Broke())
	}
	if v := s.take("c", Plain); v != good || !slices.Equal(s.Taken(), []string{"a", "b", "c"}) {
		t.Errorf("verdict %d after %v", v, s.Taken())
	}
}
