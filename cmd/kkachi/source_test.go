package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/desk"
	"kkachi/internal/seal"
)

func newWords(t testing.TB) string {
	w, err := seal.NewWords(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return w.String(seal.English)
}

var echoWord = regexp.MustCompile(`(Echo word: )\pL+`)

// shape is output without what differs between any two conversations.
func shape(out string) string { return echoWord.ReplaceAllString(out, "$1…") }

// Random and used words: the same requests, and the same output but for the reply itself.
func TestP6AnyWordsReadAlike(t *testing.T) { // P6
	t.Parallel()
	r := newRing(t)
	used := newWords(t)
	r.visitor() // what the desk fetched
	out := must(t, r.clock, used+"\n우리 사무소에도 두 명이 붙어 있습니다.\n", "source", "write", r.address)
	if !strings.Contains(out, "The whole letter has left.") {
		t.Fatalf("writing said:\n%s", out)
	}
	wrote := r.visitor()
	if got := counts(wrote); got != [3]int{1, 1, 4} {
		t.Errorf("writing a letter of one piece: %v of /d, /r, /c; want 1, 1, 4 (a view of cover, then one with the piece)", got)
	}
	must(t, r.clock, newWords(t)+"\nsomebody else's letter\n", "source", "write", r.address)
	if again := r.visitor(); !slices.Equal(wrote, again) {
		t.Errorf("writing with other words sends\n%q, not\n%q", again, wrote)
	}

	r.answer("잘 받았습니다.", 2)
	r.visitor()
	withReply := must(t, r.clock, used+"\n", "source", "read", r.address)
	first := r.visitor()
	if !strings.Contains(withReply, "잘 받았습니다.") {
		t.Fatalf("the reply is not read:\n%s", withReply)
	}
	var outs []string
	for range 2 {
		outs = append(outs, shape(must(t, r.clock, newWords(t)+"\n", "source", "read", r.address)))
		if got := r.visitor(); !slices.Equal(first, got) {
			t.Errorf("other words send\n%q, not\n%q", got, first)
		}
	}
	if got := counts(first); got != [3]int{1, 1, 2} {
		t.Errorf("reading: %v of /d, /r, /c; want 1, 1, 2", got)
	}
	if outs[0] != outs[1] || !strings.Contains(outs[0], "No replies.") {
		t.Errorf("two new conversations read differently:\n%s\n%s", outs[0], outs[1])
	}
	if head := strings.SplitN(shape(withReply), "\n", 3); !strings.HasPrefix(outs[0], head[0]+"\n"+head[1]+"\n") {
		t.Errorf("a used conversation begins otherwise:\n%s\n%s", withReply, outs[0])
	}
}

// counts are the requests for notes and bulletin, and the cells.
func counts(calls []string) (n [3]int) {
	for _, c := range calls {
		for i, head := range []string{"GET /d 0 ", "GET /r 0 ", "POST /c 4096 "} {
			if strings.HasPrefix(c, head) {
				n[i]++
			}
		}
	}
	return n
}

// answer lets the desk read so many letters of as many threads, reply to each, and brings the
// replies into the bulletin. Gives what the letters say.
func (r *ring) answer(text string, letters int) []string {
	r.t.Helper()
	return r.answerThreads(text, letters, letters)
}

// answerThreads does so where letters came in fewer threads.
func (r *ring) answerThreads(text string, letters, threads int) []string {
	r.t.Helper()
	r.day("2026-10-04")
	r.run("sift", "--once")
	if out := r.run("desk", "--sync-once"); !strings.Contains(out, fmt.Sprintf("%d letter", letters)) {
		r.t.Fatalf("the desk read: %s", out)
	}
	var said []string
	r.atDesk(func(_ *world, _ *newsroom, d *desk.Desk) {
		rows, err := d.Inbox(r.t.Context())
		if err != nil || len(rows) != threads {
			r.t.Fatalf("inbox of %d rows, error %v", len(rows), err)
		}
		for _, row := range rows {
			thread, err := d.Thread(r.t.Context(), row.ID)
			if err != nil {
				r.t.Fatal(err)
			}
			for _, l := range thread.Reports {
				said = append(said, l.Text)
			}
			if _, _, err := d.Reply(r.t.Context(), row.ID, text, "test"); err != nil {
				r.t.Fatal(err)
			}
		}
		if _, err := d.Sync(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
	})
	r.day("2026-10-05")
	r.run("sift", "--once")
	return said
}

// The source's process leaves no file anywhere it could: nothing is made in its home, its
// temporary folder or where it stands, and the kernel refuses it every byte of a file.
func TestP5SourceWritesNothing(t *testing.T) { // P5
	r := newRing(t)
	bin, err := exec.LookPath("kkachi")
	if err != nil {
		t.Fatal(err)
	}
	words := newWords(t)
	for _, c := range []struct{ verb, stdin, want string }{
		{"write", words + "\na letter\n", "The whole letter has left."},
		{"read", words + "\n", "No replies."},
	} {
		home := t.TempDir()
		for _, sub := range []string{"cwd", "tmp", "config", "cache", "state", "run"} {
			if err := os.Mkdir(filepath.Join(home, sub), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		events := watch(t, home)
		cmd := exec.CommandContext(t.Context(), bin, "source", c.verb, r.address)
		cmd.Dir = filepath.Join(home, "cwd")
		cmd.Env = []string{
			"HOME=" + home, "TMPDIR=" + home + "/tmp", clockFile + "=" + r.clock, "XDG_CONFIG_HOME=" + home + "/config",
			"XDG_CACHE_HOME=" + home + "/cache", "XDG_STATE_HOME=" + home + "/state", "XDG_RUNTIME_DIR=" + home + "/run",
		}
		cmd.Stdin = strings.NewReader(c.stdin)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("source %s: %v\n%s%s", c.verb, err, out.String(), errs.String())
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("source %s said:\n%s", c.verb, out.String())
		}
		for _, said := range []string{out.String(), errs.String()} {
			if strings.Contains(said, words) || strings.Contains(said, "a letter\n") {
				t.Errorf("source %s shows what was typed", c.verb)
			}
		}
		if n := events(); n != 0 {
			t.Errorf("source %s: %d files were made or written", c.verb, n)
		}
		if left := files(t, home); len(left) != 6 {
			t.Errorf("source %s left %q", c.verb, left)
		}
	}
}

// New words are shown once, with their echo word, and asked for again.
func TestSourceNewAsksForItsWordsAgain(t *testing.T) {
	for _, c := range []struct {
		lang  string
		wrong int // how often other words are entered first
		code  int
		say   string
	}{
		{"en", 0, exitDone, "The words are right."},
		{"ko", 1, exitDone, "낱말이 맞습니다."},
		{"zh", 2, exitDone, "词语正确。"},
		{"en", 3, exitBad, ""},
	} {
		in, type_ := io.Pipe()
		shown, out := io.Pipe()
		w := testWorld(t.Context(), "")
		w.stdin, w.stdout = in, out
		code := make(chan int, 1)
		go func() {
			code <- run([]string{"source", "new", "kkachi:" + strings.Repeat("0", 64) + "@https://news.example", "--lang", c.lang}, w)
			out.Close()
		}()
		lines := bufio.NewScanner(shown)
		words, said := "", ""
		for lines.Scan() {
			said += lines.Text() + "\n"
			if line, ok := strings.CutPrefix(lines.Text(), "    "); ok {
				words = line
				go func() {
					for range c.wrong {
						io.WriteString(type_, newWords(t)+"\n")
					}
					io.WriteString(type_, words+"\n")
				}()
			}
		}
		if got := <-code; got != c.code || !strings.Contains(said, c.say) {
			t.Errorf("%+v: code %d, said\n%s", c, got, said)
		}
		if strings.Count(said, words) != 1 {
			t.Errorf("the words are shown %d times", strings.Count(said, words))
		}
		in.Close()
	}
}

func files(t testing.TB, dir string) (out []string) {
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Who redirects what is printed gets it, and is told that it stays.
func TestSourceIntoAFile(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("kkachi")
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.CommandContext(t.Context(), bin, "source", "new", "kkachi:"+strings.Repeat("0", 64)+"@https://news.example")
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errs
	if err := cmd.Run(); err == nil {
		t.Error("no words were entered again, and all was well")
	}
	data, err := os.ReadFile(out.Name())
	if err != nil || !strings.Contains(string(data), "Echo word") {
		t.Errorf("the file holds %q, error %v", data, err)
	}
	if !strings.Contains(errs.String(), "goes into a file and stays there") {
		t.Errorf("said %q", errs.String())
	}
}

// After protect(true) this kernel refuses to write into a file: tried in a process of its own.
func TestP5TheKernelRefusesFiles(t *testing.T) { // P5
	bin, err := exec.LookPath("kkachi-writes")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		guarded string
		want    string
	}{{"no", "written"}, {"yes", "refused"}} {
		path := filepath.Join(t.TempDir(), "file")
		out, err := exec.CommandContext(t.Context(), bin, c.guarded, path).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != c.want {
			t.Errorf("guarded %s: %s, error %v; want %s", c.guarded, out, err, c.want)
		}
		if data, err := os.ReadFile(path); err != nil || len(data) != map[string]int{"written": 1, "refused": 0}[c.want] {
			t.Errorf("guarded %s: the file holds %d bytes, error %v", c.guarded, len(data), err)
		}
	}
}
