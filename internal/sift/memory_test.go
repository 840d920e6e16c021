package sift

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
)

// searchedMain is a whole sift with a host in memory, in a process of its own, which the
// test can search without holding in its own memory what it looks for. Each line of input
// is a number of days to turn; each answer is the day that is done.
func searchedMain(args []string) {
	t := &quietTB{}
	w := newWorld(t)
	w.withMemHost()
	if args[1] == "here" {
		w.cfg.Isolation = InProcess
	}
	s := w.create(args[0])
	unlock := w.unlock.identity.(*age.HybridIdentity).String()
	if err := os.WriteFile(filepath.Join(args[0], "..", "unlock"), []byte(unlock), 0o600); err != nil {
		panic(err)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		w.turn(must(strconv.Atoi(in.Text())))
		if _, err := s.Day(context.Background()); err != nil {
			panic(err)
		}
		w.send(3, 20)
		fmt.Println(uint32(w.today()))
	}
	s.Close()
}

// quietTB is a testing.TB outside of a test: what fails ends the process.
type quietTB struct{ testing.TB }

func (*quietTB) Helper()                      {}
func (*quietTB) Cleanup(func())               {}
func (*quietTB) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (*quietTB) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
func (*quietTB) Errorf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

// A searched sift runs in another process.
type searched struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
	in  interface{ Write([]byte) (int, error) }
	out *bufio.Scanner
}

func newSearched(t *testing.T, how string) *searched {
	dir := filepath.Join(t.TempDir(), "sift")
	cmd := exec.Command(os.Args[0], "--sift-to-search", dir, how)
	in := must(cmd.StdinPipe())
	out := must(cmd.StdoutPipe())
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &searched{t, dir, cmd, in, bufio.NewScanner(out)}
}

func (s *searched) turn(days int) cell.Day {
	s.t.Helper()
	fmt.Fprintln(s.in, days)
	if !s.out.Scan() {
		s.t.Fatal("the sift ended")
	}
	return cell.Day(must(strconv.ParseUint(s.out.Text(), 10, 32)))
}

// secrets are the seed of a day key as the folder holds it, and what it expands to.
func (s *searched) secrets(day cell.Day) map[string][]byte {
	s.t.Helper()
	identity := must(age.ParseHybridIdentity(string(must(os.ReadFile(filepath.Join(s.dir, "..", "unlock"))))))
	own := must(age.ParseHybridIdentity(string(must(decrypt(must(os.ReadFile(filepath.Join(s.dir, "keys", "unlock"))), identity)))))
	_, seed, err := parseDayKey(must(decrypt(must(os.ReadFile(filepath.Join(s.dir, dayKeyFile(day)))), own)), day)
	if err != nil {
		s.t.Fatal(err)
	}
	x := sha3.SumSHAKE256(seed[:], 96)
	return map[string][]byte{"seed": seed[:], "ML-KEM d": x[:32], "ML-KEM z": x[32:64], "X25519": x[64:]}
}

// processes are sift's own and those of its children, by what they are.
func (s *searched) processes() map[int]string {
	pid := s.cmd.Process.Pid
	out := map[int]string{pid: "sift"}
	tasks := must(os.ReadDir(fmt.Sprintf("/proc/%d/task", pid)))
	for _, task := range tasks {
		list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(list)) {
			out[must(strconv.Atoi(f))] = "child"
		}
	}
	return out
}

// find counts the places in a process's memory where each secret lies.
func find(t *testing.T, pid int, secrets map[string][]byte) map[string]int {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if os.IsPermission(err) {
		t.Skip("only root may look into a process that is not dumpable: that is the point of it")
	}
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if os.IsPermission(err) {
		t.Skip("only root may look into a process that is not dumpable: that is the point of it")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	hits := map[string]int{}
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var perm string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &perm); n != 3 || perm[0] != 'r' || strings.Contains(line, "[v") {
			continue
		}
		const window = 4 << 20
		for at := from; at < to; at += window {
			b := make([]byte, min(window+64, to-at))
			n, _ := mem.ReadAt(b, int64(at))
			for name, secret := range secrets {
				hits[name] += bytes.Count(b[:n], secret)
			}
		}
	}
	return hits
}

func sum(hits map[string]int) (n int) {
	for _, h := range hits {
		n += h
	}
	return n
}

// P4, in memory: while a day key lives it lies in one child, and never in sift's own process;
// after its death no process holds its seed or what the seed expands to. In a sift that keeps
// its keys in its own process the same search finds the dead key: the test is not blind.
func TestP4DeadKeyIsInNoMemory(t *testing.T) {
	s := newSearched(t, "apart")
	day := s.turn(0)
	secrets := s.secrets(day)
	holders := 0
	for pid, what := range s.processes() {
		hits := find(t, pid, secrets)
		if what == "sift" && sum(hits) > 0 {
			t.Errorf("sift's own process holds a living day key: %v", hits)
		}
		if hits["seed"] > 0 && hits["ML-KEM d"] > 0 && hits["X25519"] > 0 {
			holders++
		}
	}
	if holders != 1 {
		t.Fatalf("%d processes hold a living day key, want one child", holders)
	}
	s.turn(1)
	if _, err := os.Stat(filepath.Join(s.dir, dayKeyFile(day))); err != nil {
		t.Fatal("the key died too early: the test is blind")
	}
	s.turn(1)
	if _, err := os.Stat(filepath.Join(s.dir, dayKeyFile(day))); err == nil {
		t.Fatal("the key lives on")
	}
	processes := s.processes()
	if len(processes) != 4 {
		t.Errorf("%d processes, want sift and three children: %v", len(processes), processes)
	}
	for pid, what := range processes {
		if hits := find(t, pid, secrets); sum(hits) > 0 {
			t.Errorf("%s %d holds a dead day key: %v", what, pid, hits)
		}
	}
}

// P4: the search finds a key that is kept in sift's own process.
func TestP4SearchIsNotBlind(t *testing.T) {
	s := newSearched(t, "here")
	day := s.turn(0)
	secrets := s.secrets(day)
	if hits := find(t, s.cmd.Process.Pid, secrets); hits["seed"] == 0 || hits["ML-KEM d"] == 0 {
		t.Errorf("planted, and not found: %v", hits)
	}
}

// P4: no key and no child outlives a sift that is killed.
func TestP4ChildrenDieWithTheirParent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sift")
	cmd := exec.Command(os.Args[0], "--sift-to-search", dir, "apart")
	in, out := must(cmd.StdinPipe()), must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &searched{t, dir, cmd, in, bufio.NewScanner(out)}
	s.turn(0)
	processes := s.processes()
	if len(processes) != 3 {
		t.Errorf("%d processes: %v", len(processes), processes)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for pid, what := range processes {
		if what == "sift" {
			continue
		}
		for alive := true; alive; {
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			alive = err == nil && bytes.Contains(line, []byte(childArg))
			time.Sleep(time.Millisecond)
		}
	}
}

// Nothing secret stands in the arguments or the environment of a child.
func TestP4NothingInArgumentsOrEnvironment(t *testing.T) {
	s := newSearched(t, "apart")
	day := s.turn(0)
	for pid, what := range s.processes() {
		if what == "sift" {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err == nil && len(env) > 0 {
			t.Errorf("a child has an environment: %q", env)
		}
		line := must(os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)))
		if string(line) != "kkachi-sift-key\x00"+childArg+"\x00"+modeOpen+"\x00"+strict+"\x00" {
			t.Errorf("arguments %q", line)
		}
		for name, secret := range s.secrets(day) {
			if bytes.Contains(line, []byte(hex.EncodeToString(secret))) {
				t.Errorf("%s in the arguments", name)
			}
		}
	}
}
