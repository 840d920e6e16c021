package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/term"

	"kkachi/internal/desk"
	"kkachi/internal/doctor"
	"kkachi/internal/risk"
	"kkachi/internal/sift"
)

// clockFile names the environment variable with the path of a file that holds the time. Only
// this test binary reads it; the released one has its own main and knows no such thing.
const clockFile = "KKACHI_CLOCK"

func TestMain(m *testing.M) {
	if sift.Child(os.Args[1:], rand.Reader) {
		return
	}
	testscript.Main(m, map[string]func(){
		"kkachi": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			w := testWorld(ctx, os.Getenv(clockFile))
			w.stdin, w.stdout, w.stderr, w.guard = os.Stdin, os.Stdout, os.Stderr, harden
			if term.IsTerminal(int(os.Stdin.Fd())) {
				w.tty = func() *os.File { return os.Stdin }
			}
			os.Exit(run(os.Args[1:], w))
		},
		"kkachi-confined": func() {
			if err := confined(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(9)
			}
		},
		"kkachi-traced": func() { traceUntilKilled(os.Args) },
		"kkachi-writes": func() {
			if os.Args[1] == "yes" {
				harden(true)
			}
			if os.WriteFile(os.Args[2], []byte("x"), 0o600) != nil {
				fmt.Println("refused")
				return
			}
			fmt.Println("written")
		},
	})
}

// testWorld has a driven clock if there is a file for it, no terminal, and no pauses.
func testWorld(ctx context.Context, clock string) *world {
	return &world{
		ctx: ctx, stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{},
		rand: rand.Reader, work: 10, poll: 20 * time.Millisecond,
		sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		tty:   func() *os.File { return nil },
		guard: func(bool) {},
		looks: plainMachine,
		now: func() time.Time {
			if clock == "" {
				return time.Now()
			}
			return readClock(clock)
		},
	}
}

// plainMachine is one on which all is well: what stands in folders is the scripts' to plant.
func plainMachine(now time.Time) *doctor.Machine {
	m := doctor.This(now)
	m.Proc, m.LockLimit, m.FileLimit = "/proc/self/none", doctor.Unlimited, doctor.Unlimited
	m.Synchronised = func() (bool, error) { return true, nil }
	m.Free = func(string) (uint64, error) { return 1 << 40, nil }
	m.FileSystem = func(string) (string, error) { return "ext4", nil }
	return m
}

func readClock(path string) time.Time {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(string(data)))
	if err != nil {
		panic(err)
	}
	return t
}

// photoWithPosition holds a GPS position, a serial number and more, all of them invented.
const photoWithPosition = "../../internal/clean/testdata/photo.jpg"

// setClock replaces the file whole, as servers read it while it changes.
func setClock(path, value string) error {
	if err := os.WriteFile(path+".new", []byte(value), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Each verb has its script; further commands of scripts:
//
//	ends CODE COMMAND…   runs a command that must end with this exit code
//	clock TIME           sets the time (RFC 3339)
//	address VAR          sets VAR to a free address of loopback
//	await ADDRESS        waits until something listens there
//	find FILE RE [VAR]   waits until FILE holds RE, and sets VAR to its first group
//	cpcase DIR           copies the motivating case
//	desk …               works at the desk's pages, see deskClient.command
//	letter TELLER NN […] a teller of the case sends report NN, with kkachi source write
//	reads TELLER RE      a teller looks for replies, with kkachi source read
//	fetch URL RE         fetches a page, which must hold RE
//	sealcase KEY FILE    seals a case to the recipient in KEY, as the desk's pages do
//	machines             lays out a newsroom at $ADDR on four machines: a host, b sift, c desk, s stick
//	tlsproxy AT TO FILE  speaks TLS before a host, with a certificate that it writes to FILE
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() { // under the race detector those in which a role serves; the others run one command after the other
		serve := []string{"drop", "page-verify", "press", "ring", "roles", "source", "watch"}
		scripts = slices.DeleteFunc(scripts, func(name string) bool {
			return !slices.Contains(serve, strings.TrimSuffix(filepath.Base(name), ".txtar"))
		})
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			at, err := filepath.Abs(units)
			if err != nil {
				return err
			}
			e.Setenv("UNITS", at)
			photo, err := filepath.Abs(photoWithPosition)
			if err != nil {
				return err
			}
			e.Setenv("PHOTO", photo)
			if err := os.WriteFile(filepath.Join(e.WorkDir, "estimates.example.toml"), []byte(risk.ExampleEstimates), 0o600); err != nil {
				return err
			}
			e.Setenv(clockFile, filepath.Join(e.WorkDir, ".clock"))
			return setClock(filepath.Join(e.WorkDir, ".clock"), "2026-10-03T13:00:00Z")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"clock": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(setClock(ts.Getenv(clockFile), args[0]))
			},
			"address": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], freeAddress(ts.Check))
			},
			"await": func(ts *testscript.TestScript, _ bool, args []string) {
				if !eventually(func() bool { return listens(args[0]) }) {
					ts.Fatalf("nothing listens on %s", args[0])
				}
			},
			"ends": func(ts *testscript.TestScript, _ bool, args []string) { ends(ts, args) },
			"find": func(ts *testscript.TestScript, _ bool, args []string) { find(ts, args) },
			"cpcase": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.CopyFS(ts.MkAbs(args[0]), os.DirFS(caseFolder)))
			},
			"desk":     deskScript(),
			"letter":   func(ts *testscript.TestScript, _ bool, args []string) { letter(ts, args) },
			"reads":    func(ts *testscript.TestScript, _ bool, args []string) { reads(ts, args) },
			"sealcase": func(ts *testscript.TestScript, _ bool, args []string) { sealCase(ts, args[0], args[1]) },
			"machines": func(ts *testscript.TestScript, _ bool, _ []string) { machines(ts) },
			"tlsproxy": func(ts *testscript.TestScript, _ bool, args []string) { tlsProxy(ts, args) },
			"fetch": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(fetch(args[0], args[1]))
			},
		},
	})
}

// sealCase writes what the desk hands out for a partner.
func sealCase(ts *testscript.TestScript, key, file string) {
	to := strings.TrimSpace(ts.ReadFile(key))
	f, err := os.Create(ts.MkAbs(file))
	ts.Check(err)
	err = desk.SealHandover(f, &desk.Handover{
		Format: desk.HandoverFormat, Newsroom: "Riverside Daily", Reference: "1f0a77c2", Partner: "Helping Hands", Day: "2026-10-03",
		Asked: "2026-10-01", Deadline: "2026-10-09", Need: "A place to stay\nuntil the end of the month",
		Words: []desk.HandoverWords{{Day: "2026-10-01", Lang: "ko", Text: "도와주십시오\u202e", Translations: map[string]string{"en": "help me"}}},
	}, desk.Partner{Name: "Helping Hands", Recipient: to})
	ts.Check(errors.Join(err, f.Close()))
}

func ends(ts *testscript.TestScript, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var code *exec.ExitError
	switch {
	case err == nil:
		ts.Fatalf("exit code 0, want %s", args[0])
	case !errors.As(err, &code):
		ts.Fatalf("%v", err)
	case strconv.Itoa(code.ExitCode()) != args[0]:
		ts.Fatalf("exit code %d, want %s", code.ExitCode(), args[0])
	}
}

func find(ts *testscript.TestScript, args []string) {
	re := regexp.MustCompile(args[1])
	var m []string
	found := eventually(func() bool {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		m = re.FindStringSubmatch(string(data))
		return err == nil && m != nil
	})
	if !found {
		ts.Fatalf("%s never held %s", args[0], args[1])
	}
	if len(args) > 2 {
		ts.Setenv(args[2], m[1])
	}
}

// eventually asks again and again, for a minute: processes of a loaded machine are slow.
func eventually(done func() bool) bool {
	for range 3000 {
		if done() {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// nextPort counts from a place of this run's own.
var nextPort = func() *atomic.Uint32 {
	n := &atomic.Uint32{}
	n.Store(uint32(os.Getpid()) * 101 % 12000)
	return n
}()

// freeAddress finds an address to listen on later. Its port is below those that Linux and others
// give to connections that go out: one of the thousands that tests make would take it meanwhile.
// Nor is it given twice.
func freeAddress(check func(error)) string {
	for try := 0; ; try++ {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+nextPort.Add(1)%12000))
		if err != nil && try < 100 {
			continue // somebody listens there
		}
		check(err)
		addr := ln.Addr().String()
		check(ln.Close())
		return addr
	}
}

func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// kkachi runs a command line within this process, and gives exit code and streams.
func kkachi(t testing.TB, ctx context.Context, clock, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	w := testWorld(ctx, clock)
	var out, errs bytes.Buffer
	w.stdin, w.stdout, w.stderr = strings.NewReader(stdin), &out, &errs
	code = run(args, w)
	return code, out.String(), errs.String()
}

// must fails the test unless the command line ends with 0, and gives its output.
func must(t testing.TB, clock, stdin string, args ...string) string {
	t.Helper()
	code, stdout, stderr := kkachi(t, t.Context(), clock, stdin, args...)
	if code != exitDone {
		t.Fatalf("kkachi %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// Each verb explains itself: what it reads, writes and needs, and an example.
func TestHelpExplainsEachVerb(t *testing.T) {
	for _, verb := range []string{
		"init", "root sign", "root succeed", "root status", "renew sift", "renew sift-key", "renew canary", "renew desk",
		"renew desk-key", "renew device", "renew inbox", "renew approver", "renew token", "renew host", "renew passphrase", "drop", "sift", "desk", "source new", "source write", "source read",
		"vault verify", "vault rebuild", "vault backup", "vault restore", "press build", "press push", "case key", "case open", "ladder", "version",
	} {
		out := strings.ToLower(must(t, "", "", append(strings.Fields(verb), "--help")...))
		for _, word := range []string{"read", "write", "example", "kkachi " + verb} {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), word) {
				t.Errorf("the help of %s does not say %q", verb, word)
			}
		}
	}
}

// The released main has no hook: nothing outside tests knows the clock file.
func TestReleasedBinaryReadsNoClockFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), clockFile) != (f == "main_test.go") {
			t.Errorf("%s: who reads %s", f, clockFile)
		}
		if strings.Contains(string(data), "Getenv") && !strings.HasSuffix(f, "_test.go") {
			t.Errorf("%s reads the environment", f)
		}
	}
}

func TestExitCodesOfErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		say  string
	}{
		{nil, exitDone, ""},
		{fmt.Errorf("x"), exitFailed, "kkachi: x\n"},
		{badf("x"), exitBad, "kkachi: x\n"},
		{fmt.Errorf("y: %w", bad(fmt.Errorf("x"), "do z")), exitBad, "kkachi: y: x\n  next: do z\n"},
		{withHint(fmt.Errorf("x"), "do z"), exitFailed, "kkachi: x\n  next: do z\n"},
		{fmt.Errorf("x: %w", syscall.ENOSPC), exitFailed, "kkachi: x: no space left on device\n  next: the disk is full: make room, then run the same command again\n"},
		{context.Canceled, exitFailed, "kkachi: interrupted\n"},
	} {
		var b bytes.Buffer
		if code := report(&b, c.err); code != c.code || b.String() != c.say {
			t.Errorf("%v: code %d, said %q", c.err, code, b.String())
		}
	}
}
