package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A role is one real process of the ring which is started again whenever it dies, as a
// service manager would.
type role struct {
	name  string
	argv  []string
	clock string
	stdin string                 // what is typed into it
	up    func(line string) bool // says of a line of its output that it is up

	mu     sync.Mutex // guards all below
	lives  int
	pid    int // of the process, or of its tracer; 0 while it is down
	born   time.Time
	gone   chan struct{} // closed when this life has ended
	ready  chan struct{} // closed when this life is up
	link   string        // the last http line that it printed
	said   []string      // the last lines
	traces [][]string    // command lines before that of the next lives, one each
	under  bool          // this life is under one
	struck bool          // this life's kill is counted
	ending bool
	broken []string // lives that ended by themselves
	ended  chan struct{}
	kills  map[string]int // by step
}

func newRole(name, clock string, up func(string) bool, argv ...string) *role {
	return &role{name: name, argv: argv, clock: clock, up: up, kills: map[string]int{}}
}

// run starts the role and keeps it up until the test ends.
func (p *role) run(t testing.TB) {
	p.ended = make(chan struct{})
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	go p.keep()
	t.Cleanup(func() { p.stop(t) })
}

// start begins a life.
func (p *role) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	bin, err := exec.LookPath("kkachi")
	if err != nil {
		return err
	}
	argv := append([]string{bin}, p.argv...)
	p.under, p.struck = len(p.traces) > 0, false
	if p.under {
		argv = append(p.traces[0], argv...)
		p.traces = p.traces[1:]
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), clockFile+"="+p.clock)
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(p.stdin), in, in
	if err := errors.Join(cmd.Start(), in.Close()); err != nil {
		return err
	}
	p.pid, p.born, p.gone, p.ready = cmd.Process.Pid, time.Now(), make(chan struct{}), make(chan struct{})
	p.lives++
	go p.listen(out, p.ready)
	go p.wait(cmd, p.gone)
	return nil
}

// listen keeps the last lines, and tells when the role is up.
func (p *role) listen(out io.ReadCloser, ready chan struct{}) {
	defer out.Close()
	lines := bufio.NewScanner(out)
	up := false
	for lines.Scan() {
		line := lines.Text()
		p.mu.Lock()
		p.said = append(p.said, line)
		p.said = p.said[max(0, len(p.said)-40):]
		if strings.HasPrefix(line, "http") {
			p.link = line
		}
		if step, ok := strings.CutPrefix(line, diesAt); ok {
			p.kills[step]++
			p.struck = true
		}
		if !up && p.up(line) {
			up = true
			close(ready)
		}
		p.mu.Unlock()
	}
}

func (p *role) wait(cmd *exec.Cmd, gone chan struct{}) {
	err := cmd.Wait()
	var code *exec.ExitError
	killed := errors.As(err, &code) && code.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pid = 0
	if !killed && !p.ending {
		p.broken = append(p.broken, fmt.Sprintf("%s ended by itself: %v\n%s", p.name, err, strings.Join(p.said, "\n")))
	}
	close(gone)
}

// keep starts the role again whenever it has ended.
func (p *role) keep() {
	defer close(p.ended)
	for {
		p.mu.Lock()
		gone := p.gone
		p.mu.Unlock()
		<-gone
		p.mu.Lock()
		ending := p.ending || len(p.broken) > 0
		p.mu.Unlock()
		if ending || p.start() != nil {
			return
		}
	}
}

// kill kills the role within a step, and returns when it is dead. It does nothing to one that
// is down.
func (p *role) kill(step string) bool {
	p.mu.Lock()
	pid, gone := p.pid, p.gone
	if pid == 0 {
		p.mu.Unlock()
		return false
	}
	if !p.struck {
		p.kills[step]++
		p.struck = true
	}
	traced := p.under
	p.mu.Unlock()
	for {
		hit := []int{pid}
		if traced { // the tracer ends with what it traces
			hit = childrenOf(pid)
		}
		for _, n := range hit {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
		select {
		case <-gone:
			return true
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// await waits until the present life is up. It gives the life's number.
func (p *role) await(t testing.TB) int {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		p.mu.Lock()
		ready, gone, broken, life := p.ready, p.gone, p.broken, p.lives
		p.mu.Unlock()
		if len(broken) > 0 {
			t.Fatal(broken[0])
		}
		select {
		case <-ready:
			return life
		case <-gone:
			time.Sleep(time.Millisecond)
		case <-time.After(time.Second):
		}
	}
	t.Fatalf("%s does not come up:\n%s", p.name, strings.Join(p.last(), "\n"))
	return 0
}

func (p *role) last() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.said...)
}

// trace lets the coming lives begin under these command lines, one each, and no others.
func (p *role) trace(lives ...[]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traces = lives
}

// untrace gives up the traces that no life has come to, and ends the life under one.
func (p *role) untrace() {
	p.mu.Lock()
	p.traces = nil
	under := p.under
	p.mu.Unlock()
	if under {
		p.kill("traced, and alive at the end")
	}
}

func (p *role) traced() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.traces)
}

// stop ends the role as an operator would.
func (p *role) stop(t testing.TB) {
	p.mu.Lock()
	p.ending = true
	pid, gone := p.pid, p.gone
	p.mu.Unlock()
	if pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Errorf("%s does not end:\n%s", p.name, strings.Join(p.last(), "\n"))
		p.kill("at the end")
	}
	<-p.ended
	for _, b := range p.broken {
		t.Error(b)
	}
}

// killed sums the kills up.
func (p *role) killed() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kills {
		n += k
	}
	return n
}

// usage is the resident memory (KiB) and the open files of a process.
func usage(pid int) (rss, files int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(v, &rss); err != nil {
				return 0, 0, err
			}
		}
	}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return rss, len(fds), err
}
