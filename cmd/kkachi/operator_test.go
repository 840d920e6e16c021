package main

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// machines is the command "machines" of scripts: a newsroom on four machines, each a folder
// with newsroom.toml: a the host, b the sift, c the desk, s the stick.
func machines(ts *testscript.TestScript) {
	args := []string{"init", "news", "--url", "http://" + ts.Getenv("ADDR"), "--listen", ts.Getenv("ADDR")}
	for name, file := range map[string]string{"root": "one", "sift": "two", "desk": "three", "editor1": "four", "editor2": "five"} {
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte("passphrase of "+file+"\n"), 0o600))
		args = append(args, "--passphrase-file", name+"="+file)
	}
	ts.Check(ts.Exec("kkachi", args...))
	toml := ts.ReadFile("news/newsroom.toml")
	ts.Setenv("ID", regexp.MustCompile(`id = "([0-9a-f]+)"`).FindStringSubmatch(toml)[1])
	for machine, folders := range map[string][]string{"a": {"host"}, "b": {"sift"}, "c": {"desk", "site"}, "s": {"root"}} {
		ts.Check(os.Mkdir(ts.MkAbs(machine), 0o700))
		ts.Check(os.WriteFile(ts.MkAbs(machine+"/newsroom.toml"), []byte(toml), 0o600))
		for _, f := range folders {
			ts.Check(os.Rename(ts.MkAbs("news/"+f), ts.MkAbs(machine+"/"+f)))
		}
	}
}

// reverseProxy hands all that comes to a host on loopback, and its answers on as they are: one that
// asks for packed ones by itself hands them on unpacked under the packed one's Etag, which watch names.
func reverseProxy(to string) *httputil.ReverseProxy {
	target := &url.URL{Scheme: "http", Host: to}
	return &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true, DialContext: (&net.Dialer{}).DialContext},
	}
}

// tlsProxy is the command "tlsproxy ADDRESS TARGET FILE" of scripts: it speaks TLS at ADDRESS,
// with a certificate that it writes to FILE, and hands on to TARGET until the script ends.
func tlsProxy(ts *testscript.TestScript, args []string) {
	s := httptest.NewUnstartedServer(reverseProxy(args[1]))
	ln, err := net.Listen("tcp", args[0])
	ts.Check(err)
	s.Listener.Close()
	s.Listener = ln
	s.StartTLS()
	ts.Defer(s.Close)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
}

var (
	docLine    = regexp.MustCompile(`(?m)^    (kkachi .*)$`)
	scriptLine = regexp.MustCompile(`(?m)^(?:! |ends [0-9] )?(?:exec )?(?:sh -c 'exec )?(kkachi .*)$`)
	flagName   = regexp.MustCompile(`^--?[a-z][a-z-]*`)
)

// A step is a command line without what differs from newsroom to newsroom: its verb, the roles that
// it names behind the folder, and the names of its flags.
func step(line string, verbs []string) (verb string, flags []string) {
	line, _, _ = strings.Cut(line, " #")
	words := strings.Fields(line)[1:]
	for n := 2; n > 0; n-- {
		if v := strings.Join(words[:min(n, len(words))], " "); slices.Contains(verbs, v) {
			verb = v
			for _, w := range words[min(n+1, len(words)):] {
				if slices.Contains([]string{"root", "sift", "desk"}, w) {
					flags = append(flags, w)
				}
			}
			break
		}
	}
	for _, w := range words {
		if f := flagName.FindString(w); f != "" && f != "--passphrase-file" {
			flags = append(flags, f)
		}
	}
	return verb, flags
}

// Every step of the operator's pages is run by a script, with its flags.
func TestOperatorStepsAreRun(t *testing.T) {
	verbs := []string{
		"init", "root sign", "root succeed", "root status", "drop", "sift", "desk", "vault verify", "vault backup", "vault restore",
		"vault rebuild", "vault upgrade", "custody verify", "press build", "press push", "watch", "doctor", "page hash", "page verify",
	}
	for _, sub := range []string{"sift", "sift-key", "canary", "desk", "desk-key", "device", "inbox", "approver", "token", "host", "passphrase"} {
		verbs = append(verbs, "renew "+sub)
	}
	run := map[string][][]string{}
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range scriptLine.FindAllStringSubmatch(string(text), -1) {
			verb, flags := step(m[1], verbs)
			run[verb] = append(run[verb], flags)
		}
	}
	steps := 0
	for _, page := range []string{"operator.md", "keys.md", "restore.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "doc", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docLine.FindAllStringSubmatch(string(text), -1) {
			steps++
			verb, flags := step(m[1], verbs)
			if verb == "" {
				t.Errorf("%s: %s: no verb of kkachi's", page, m[1])
				continue
			}
			if !slices.ContainsFunc(run[verb], func(had []string) bool {
				return !slices.ContainsFunc(flags, func(f string) bool { return !slices.Contains(had, f) })
			}) {
				t.Errorf("%s: no script runs %s with %v", page, m[1], flags)
			}
		}
	}
	if steps < 20 {
		t.Errorf("only %d steps were found", steps)
	}
}
