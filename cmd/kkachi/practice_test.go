package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"kkachi/internal/demo"
	"kkachi/internal/desk"
	"kkachi/internal/vault"
)

// emptyNewsroom is laid out and has seen nothing. asked counts what reaches its host, which has nothing.
func emptyNewsroom(t *testing.T) (args []string, dir string, asked *atomic.Int64) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "news")
	line := []string{"init", dir}
	for _, name := range []string{"root", "sift", "desk", "editor1", "editor2"} {
		pass := filepath.Join(filepath.Dir(dir), name+".pass")
		if err := os.WriteFile(pass, []byte("passphrase of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		line = append(line, "--passphrase-file", name+"="+pass)
	}
	must(t, "", "", line...)
	asked = &atomic.Int64{}
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(host.Close)
	return []string{"desk", dir, "--host", host.URL, "--listen", "127.0.0.1:0", "--passphrase-file", "desk=" + filepath.Join(filepath.Dir(dir), "desk.pass")}, dir, asked
}

// startDesk starts a desk as a process of its own, and gives it with its link once it has exchanged.
func startDesk(t *testing.T, args []string) (*exec.Cmd, string) {
	t.Helper()
	bin, err := exec.LookPath("kkachi")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, args...)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := errors.Join(cmd.Start(), in.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	link, tried, all := "", false, ""
	lines := bufio.NewScanner(out)
	for (link == "" || !tried) && lines.Scan() {
		all += lines.Text() + "\n"
		tried = tried || link != "" // its word on the first exchange follows the link
		if strings.HasPrefix(lines.Text(), "http") {
			link = lines.Text()
		}
	}
	if link == "" {
		t.Fatalf("the desk shows no link:\n%s", all)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return cmd, link
}

// kill9 kills it, and returns when it is dead.
func kill9(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var code *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &code) || code.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("it ended by itself: %v", err)
	}
}

// operations counts those of the vault in a newsroom's folder.
func operations(t *testing.T, dir string) int {
	t.Helper()
	var r struct {
		Operations int `json:"operations"`
	}
	said := must(t, "", "", "vault", "verify", dir, "--json", "--passphrase-file", "desk="+filepath.Join(filepath.Dir(dir), "desk.pass"))
	if err := json.Unmarshal([]byte(said), &r); err != nil {
		t.Fatal(err)
	}
	return r.Operations
}

var practiceLink = regexp.MustCompile(`href="(http://[a-z0-9]+\.localhost:[0-9]+/#[a-z0-9]+)" target="_blank"`)

// practiseAt begins practice as the page does, and enters by its link.
func practiseAt(t *testing.T, d *deskClient) *deskClient {
	t.Helper()
	if _, err := d.post("/practice/begin"); err != nil {
		t.Fatal(err)
	}
	m := practiceLink.FindStringSubmatch(d.last)
	if m == nil {
		t.Fatalf("no link to the practice desk: %s", d.last)
	}
	p, err := openDeskPages(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// openUnder tries to open a vault.
func openUnder(dir, passphrase string) error {
	key, err := vault.Passphrase([]byte(passphrase))
	if err != nil {
		return err
	}
	v, err := vault.Open(dir, key, desk.Projectors(), testWorld(context.Background(), "").vaultOptions())
	if err != nil {
		return err
	}
	return v.Close()
}

// A practice desk beside the newsroom's: what is written at one is not at the other, nobody is asked for
// anything, nothing of it stands in the log, and when the desk is killed in the midst of it nothing opens
// what is left, which the next start removes.
func TestPracticeIsApart(t *testing.T) {
	if testing.Short() {
		t.Skip("several processes")
	}
	const real, played = "a note of the newsroom's own", "a note that was written in practice"
	args, dir, asked := emptyNewsroom(t)
	cmd, link := startDesk(t, args)
	d, err := openDeskPages(link)
	if err != nil {
		t.Fatal(err)
	}
	own, err := d.post("/call", "text", real, "lang", "en", "known", "voice")
	if err != nil {
		t.Fatal(err)
	}
	kill9(t, cmd)
	before := operations(t, dir)
	cmd, link = startDesk(t, args)
	if d, err = openDeskPages(link); err != nil {
		t.Fatal(err)
	}
	sent := asked.Load()
	p := practiseAt(t, d)
	note, err := p.post("/call", "text", played, "lang", "en", "known", "voice")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.keep("reply/"+strings.TrimPrefix(note, "/thread/"), "a draft of practice"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.post("/claim/new", "text", "a claim of practice"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.post("/sync"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.post("/publish"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("put up by a practice desk: %v", err)
	}
	for _, c := range []struct {
		who        *deskClient
		path, word string
	}{{d, note, played}, {p, own, real}} {
		if page, err := c.who.get(c.path); err == nil || strings.Contains(page, c.word) {
			t.Errorf("%s is at the other desk", c.path)
		}
	}
	for _, path := range []string{"/inbox?box=all", "/claims", "/stories", "/sources"} {
		page, err := d.get(path)
		if err != nil || strings.Contains(page, "of practice") || strings.Contains(page, played) {
			t.Errorf("%s shows what is of practice: %v", path, err)
		}
	}
	if n := asked.Load(); n != sent || sent == 0 {
		t.Errorf("the host was asked %d times before practice, and %d after", sent, n)
	}
	kill9(t, cmd)
	left := filepath.Join(dir, "desk", practiceFolder)
	if _, err := os.Stat(filepath.Join(left, "vault.toml")); err != nil {
		t.Fatalf("the crash left no practice desk to look at: %v", err)
	}
	hits, err := demo.NewSearch(map[string]string{
		"the note": played, "the draft": "a draft of practice", "the claim": "a claim of practice",
		"a letter": "通往老挝方向的路上巡逻明显增加", "the call of the case": "순찰 얘기는 라오스 쪽으로",
	}, true).Folder(os.DirFS(filepath.Join(dir, "desk")))
	if err != nil || len(hits) > 0 {
		t.Errorf("found: %v, %v", hits, err)
	}
	if err := openUnder(left, "passphrase of desk"); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("what is left, under the newsroom's key: %v", err)
	}
	if after := operations(t, dir); after != before {
		t.Errorf("%d operations of practice stand in the newsroom's log", after-before)
	}
	cmd, _ = startDesk(t, args)
	defer kill9(t, cmd)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the next start left it: %v", err)
	}
}
