package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kkachi/internal/desk"
	"kkachi/internal/risk"
)

// told is what a verb that runs says, as far as it has said it.
type told struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (o *told) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *told) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// openDemo is a demo that has turned its ring and serves, as a person has it after kkachi demo.
type openDemo struct {
	dir   string         // its own, which goes with it
	link  string         // opens the desk
	keys  *io.PipeWriter // what is typed
	out   told
	errs  told
	day   time.Time
	ended chan int
}

func demoAtWork(t *testing.T) *openDemo {
	t.Helper()
	s := &openDemo{day: time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC), ended: make(chan int, 1)}
	clock := filepath.Join(t.TempDir(), "clock")
	if err := setClock(clock, s.day.Add(13*time.Hour).Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(context.Background())
	w := testWorld(ctx, clock)
	var in *io.PipeReader
	in, s.keys = io.Pipe()
	w.stdin, w.stdout, w.stderr = in, &s.out, &s.errs
	go func() { s.ended <- run([]string{"demo"}, w) }()
	t.Cleanup(func() {
		cancel()
		_ = s.keys.Close()
		if code := <-s.ended; code != exitDone {
			t.Errorf("the demo ended with %d: %s", code, s.errs.String())
		}
		if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the demo's folder outlived it: %v", err)
		}
	})
	s.link = s.says(t.Fatalf, `(?s)desk +(http://\S+).*Return turns the day`)
	dirs, err := filepath.Glob(filepath.Join(temp, "kkachi-demo-*", "newsroom"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("the demo's folder: %v, %v", dirs, err)
	}
	s.dir = dirs[0]
	return s
}

// says waits until the demo has said something, and gives its last group. It turns days meanwhile, which
// takes a loaded machine minutes: only its end ends the waiting before the test's own time is over.
func (s *openDemo) says(fatal func(string, ...any), re string) string {
	var m []string
	look := func() bool {
		m = regexp.MustCompile(re).FindStringSubmatch(s.out.String())
		return m != nil || len(s.ended) > 0
	}
	for range 8 {
		if eventually(look) {
			break
		}
	}
	if m == nil {
		fatal("the demo never says %s:\n%s%s", re, s.out.String(), s.errs.String())
		return ""
	}
	return m[len(m)-1]
}

// The cases that must come out right, each a script in testdata/demo, led through the pages of the
// demo's desk: one turn of the ring serves all. What these scripts have besides those of TestScripts:
//
//	$ESTIMATES   the estimates of the demo's desk, where init laid out the example
//	$PHOTO       the case's photograph, in whose file a position stands
//	turn N       Return is pressed N times, and each turns a day
func TestCasesAtTheDesk(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("testdata", "demo", "*.txtar"))
	if err != nil || len(scripts) < 6 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	if testing.Short() { // under the race detector the one in which days pass while the desk is served
		scripts = slices.DeleteFunc(scripts, func(name string) bool { return filepath.Base(name) != "visit.txtar" })
	}
	s := demoAtWork(t)
	client, err := openDeskPages(s.link)
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts { // one after the other: they share a desk, its language and its day
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files: []string{script}, RequireExplicitExec: true,
				Setup: func(e *testscript.Env) error {
					e.Setenv("ESTIMATES", filepath.Join(s.dir, "desk", desk.EstimatesFile))
					example := filepath.Join(e.WorkDir, "estimates.example.toml")
					photo, err := filepath.Abs(filepath.Join(caseFolder, "photo.jpg"))
					e.Setenv("PHOTO", photo)
					return errors.Join(err, os.CopyFS(filepath.Join(e.WorkDir, "case"), os.DirFS(caseFolder)), os.WriteFile(example, []byte(risk.ExampleEstimates), 0o600))
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"desk": func(ts *testscript.TestScript, neg bool, args []string) { client.script(ts, neg, args) },
					"turn": func(ts *testscript.TestScript, _ bool, args []string) {
						n, err := strconv.Atoi(args[0])
						ts.Check(err)
						for range n {
							s.day = s.day.AddDate(0, 0, 1)
							_, err := io.WriteString(s.keys, "\n")
							ts.Check(err)
							s.says(ts.Fatalf, "It is "+s.day.Format(time.DateOnly))
						}
					},
				},
			})
		})
	}
}
