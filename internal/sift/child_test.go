package sift

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"

	"kkachi/internal/cell"
)

// parent is asked for before the sandbox, which does not say it.
var parent = os.Getppid()

// escapes are what a child that somebody has taken over would try.
var escapes = []struct {
	name string
	try  func() error
}{
	{"read a file", func() error { _, err := os.ReadFile("/etc/passwd"); return err }},
	{"list a folder", func() error { _, err := os.ReadDir("/"); return err }},
	{"write a file", func() error { return os.WriteFile(filepath.Join(os.TempDir(), "kkachi-escaped"), nil, 0o600) }},
	{"open a TCP socket", func() error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err }},
	{"open a UDP socket", func() error { _, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0); return err }},
	{"open a local socket", func() error { _, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }},
	{"dial", func() error { _, err := net.Dial("tcp", "127.0.0.1:1"); return refusedOnly(err) }},
	{"start a program", func() error { return exec.Command("/bin/true").Run() }},
	{"signal another", func() error { return unix.Kill(parent, 0) }},
	{"signal a thread of another", func() error { return unix.Tgkill(parent, parent, 0) }},
	{"look at another", func() error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", parent)); return err }},
	{"make a file in memory", func() error { _, err := unix.MemfdCreate("x", 0); return err }},
}

// refusedOnly lets an answer of the network count as an escape.
func refusedOnly(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil
	}
	return err
}

// escapeMain plays a child that was taken over, with the sandbox or without it.
func escapeMain(how string) {
	wall := map[string]func() error{"confined": confine, "calls": confineCalls, "free": func() error { return nil }}[how]
	if err := wall(); err != nil {
		fmt.Println("refused:", err)
		return
	}
	for _, e := range escapes {
		fmt.Println(e.name, e.try() == nil)
	}
	_, undumpable := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	fmt.Println("end", undumpable == nil)
}

// P4: a process that holds a day key can open no file and no socket, start nothing, and reach
// no other process, by the bar on system calls alone, since older kernels have less besides.
// Without the sandbox it can: the test is not blind.
func TestP4ChildIsConfined(t *testing.T) {
	for _, how := range []string{"free", "calls", "confined"} {
		out, err := exec.Command(os.Args[0], "--try-escape", how).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("\nend ")) {
			t.Fatalf("%s: %v\n%s", how, err, out)
		}
		escaped := strings.Count(string(out), " true\n")
		if how != "free" && escaped > 0 {
			t.Errorf("%s: escaped:\n%s", how, out)
		}
		if how == "free" && escaped < 5 {
			t.Errorf("blind: only %d ways out are open without a sandbox\n%s", escaped, out)
		}
	}
}

// P4: whatever stands open in sift, as who started it left it, no child has it.
func TestP4ChildInheritsNothing(t *testing.T) {
	w := newWorld(t)
	w.withMemHost()
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil { // without O_CLOEXEC
		t.Fatal(err)
	}
	s := w.create(t.TempDir())
	w.day(s)
	if len(children(s)) == 0 {
		t.Fatal("no child: the test is blind")
	}
	if err := errors.Join(unix.Close(ends[1]), unix.SetNonblock(ends[0], true)); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	if n, err := unix.Read(ends[0], make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("a child holds the other end of a pipe of sift's: %v", err)
	}
}

// A kernel that refuses the sandbox is told so in words, and nothing is opened, unless the
// newsroom has decided otherwise.
func TestSandboxRefused(t *testing.T) {
	p := &process{cmd: exec.Command("true")}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.cmd.Wait() }()
	err := p.ready(strings.NewReader("s\x05no ll"))
	if !errors.Is(err, ErrSandbox) || !strings.Contains(err.Error(), "no ll") {
		t.Errorf("%v", err)
	}
	if err := p.ready(strings.NewReader("b")); !errors.Is(err, ErrState) {
		t.Errorf("%v", err)
	}
	for _, strange := range []string{"", "PASS"} {
		if err := p.ready(strings.NewReader(strange)); !errors.Is(err, errChild) {
			t.Errorf("%q: %v", strange, err)
		}
	}
	for i, want := range map[Isolation]string{Sandboxed: strict, Unsandboxed: lenient} {
		if got := (&Config{Isolation: i}).policy(); got != want {
			t.Errorf("isolation %d: %s", i, got)
		}
	}
}

// children are the processes that hold the keys of s.
func children(s *Sift) (out []*child) {
	for _, day := range s.living() {
		out = append(out, s.keys[day].opener.(*child))
	}
	return out
}

// killingHost kills every child while a day is read.
type killingHost struct {
	*memHost
	s     *Sift
	kills int
}

func (h *killingHost) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	return h.memHost.ReadDay(ctx, day, func(c *cell.Cell) error {
		if h.kills > 0 {
			h.kills--
			for _, c := range children(h.s) {
				_ = c.cmd.Process.Kill()
			}
		}
		return yield(c)
	})
}

// P8: a child that is killed, idle or at work, loses nothing: another is started with the key.
func TestP8KilledChildLosesNothing(t *testing.T) {
	w := newWorld(t)
	h := w.withMemHost()
	s := w.create(t.TempDir())
	w.day(s)
	_, first := w.send(3, 4)
	before := children(s)
	for _, c := range before {
		_ = c.cmd.Process.Kill()
		_, _ = c.cmd.Process.Wait()
	}
	w.turn(1)
	w.day(s)
	w.wantOnce(first)
	_, second := w.send(3, 4)
	w.turn(1)
	killer := &killingHost{memHost: h, s: s, kills: 2}
	s.host = killer
	w.day(s)
	if killer.kills != 0 {
		t.Error("nothing was killed: the test is blind")
	}
	w.wantOnce(append(first, second...))
	for _, c := range children(s) {
		if slices.Contains(before, c) {
			t.Error("a dead child is still taken for a living one")
		}
	}
	// Killed each time, it gives up for this run, says so, and goes on in the next.
	_, third := w.send(2, 2)
	w.turn(1)
	killer.kills = 1 << 20
	if _, err := s.Day(context.Background()); !errors.Is(err, errChild) {
		t.Errorf("%v", err)
	}
	killer.kills = 0
	w.day(s)
	w.wantOnce(slices.Concat(first, second, third))
}

// A child answers malformed input with silence or one byte, and ends.
func TestChildRefusesMalformed(t *testing.T) {
	for mode, in := range map[string]string{
		modeMake: "short", modeUnlock: "\x00\x00\x00\x01\xff\xff\xff\xff", modeOpen: strings.Repeat("x", helloSize), "other": "",
	} {
		cmd := exec.Command(os.Args[0], childArg, mode, strict)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		if want := map[bool]string{true: "", false: "b"}[mode == "other"]; err != nil || string(out) != want {
			t.Errorf("%s: %q, %v", mode, out, err)
		}
	}
	if Child([]string{"sift", "dir"}, rand.Reader) || Child(nil, rand.Reader) {
		t.Error("other arguments were taken for a child's")
	}
}

// Each system call on the list exists on the machines that Kkachi is built for: one that
// doesn't would make the filter fail as a whole.
func TestCallsExist(t *testing.T) {
	for _, machine := range []string{"amd64", "arm64"} {
		info := must(arch.GetInfo(machine))
		for _, name := range append([]string{"clone", "clone3"}, calls...) {
			if _, ok := info.SyscallNames[name]; !ok {
				t.Errorf("%s has no %s", machine, name)
			}
		}
	}
}
