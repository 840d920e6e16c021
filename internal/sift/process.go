package sift

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// ErrSandbox means that the kernel refused the sandbox of a child. Nothing is opened then.
var ErrSandbox = errors.New("sift: this kernel grants no sandbox (landlock and seccomp) to the process that holds a day key: use a Linux kernel of 5.13 or later with both switched on")

// errChild means that a child ended, or said what no child says. The key is on disk: another
// is started with it.
var errChild = errors.New("sift: a process that holds a day key ended")

// ChildPatience is how long a child may take to be ready, in seconds.
const ChildPatience = 20

// A process is a running child and the parent's ends of its pipes.
type process struct {
	cmd  *exec.Cmd
	in   *os.File
	out  *os.File
	gone atomic.Bool
}

// spawn starts this program again. No environment, no arguments but the mode: a key passes
// through pipes alone.
func spawn(mode, policy string, key *os.File) (*process, error) {
	program, err := self()
	if err != nil {
		return nil, err
	}
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childIn.Close()
	widen(in)
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	defer childOut.Close()
	p := &process{in: in, out: out, cmd: &exec.Cmd{
		Path: program, Args: []string{"kkachi-sift-key", childArg, mode, policy}, Env: []string{},
		Stdin: childIn, Stdout: childOut, SysProcAttr: childAttr(),
	}}
	if key != nil {
		p.cmd.ExtraFiles = []*os.File{key}
	}
	keepOpenFiles()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("sift: start a process for a day key: %w", err), in.Close(), out.Close())
	}
	return p, nil
}

// kill ends the process at once, and waits until the kernel has taken its memory back.
func (p *process) kill() {
	if p.gone.Swap(true) {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.in.Close()
	p.out.Close()
}

// ready reads a child's first answer.
func (p *process) ready(r io.Reader) error {
	late := time.AfterFunc(ChildPatience*time.Second, func() { _ = p.cmd.Process.Kill() })
	var b [1]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		if !late.Stop() {
			return fmt.Errorf("%w: it was not ready after %d seconds", errChild, ChildPatience)
		}
		p.kill()
		// How it ended tells an operator what a unit takes away: "bad system call" is its filter.
		return fmt.Errorf("%w before it was ready (%s): see the unit's SystemCallFilter, and that memory is left", errChild, p.cmd.ProcessState)
	}
	late.Stop()
	switch b[0] {
	case saysReady:
		return nil
	case saysRefused:
		text := ""
		if _, err := io.ReadFull(r, b[:]); err == nil {
			raw := make([]byte, b[0])
			n, _ := io.ReadFull(r, raw)
			text = string(raw[:n])
		}
		return fmt.Errorf("%w (%s)", ErrSandbox, text)
	case saysBad:
		return ErrState
	}
	return fmt.Errorf("%w: it said something else", errChild)
}

// policy is what the children of this sift are told about a sandbox that is refused.
func (c *Config) policy() string {
	if c.Isolation == Unsandboxed {
		return lenient
	}
	return strict
}

// makeKeyFile lets a child draw a day key: its seed never is in this process.
func (s *Sift) makeKeyFile(day cell.Day) ([]byte, error) {
	p, err := spawn(modeMake, s.cfg.policy(), nil)
	if err != nil {
		return nil, err
	}
	defer p.kill()
	_, _ = p.in.Write(append(binary.BigEndian.AppendUint32(nil, uint32(day)), s.st.hard.d))
	_ = writeBlock(p.in, []byte(s.box.own.Recipient().String()))
	r := bufio.NewReader(p.out)
	if err := p.ready(r); err != nil {
		return nil, err
	}
	sealed, err := readBlock(r)
	if err != nil {
		return nil, fmt.Errorf("%w while it made one", errChild)
	}
	return sealed, nil
}

// startChild gives the key in a key file to a child of its own: one child decrypts the file
// and hands the seed to the other, and ends. The seed passes by this process.
func (s *Sift) startChild(day cell.Day, sealed []byte) (*dayKey, error) {
	fromUnlock, toOpen, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	opens, err := spawn(modeOpen, s.cfg.policy(), fromUnlock)
	fromUnlock.Close()
	if err != nil {
		return nil, errors.Join(err, toOpen.Close())
	}
	unlocks, err := spawn(modeUnlock, s.cfg.policy(), toOpen)
	toOpen.Close()
	if err != nil {
		opens.kill()
		return nil, err
	}
	defer unlocks.kill()
	k, err := s.introduce(day, sealed, opens, unlocks)
	if err != nil {
		opens.kill()
		return nil, err
	}
	return k, nil
}

func (s *Sift) introduce(day cell.Day, sealed []byte, opens, unlocks *process) (*dayKey, error) {
	_, _ = unlocks.in.Write(binary.BigEndian.AppendUint32(nil, uint32(day)))
	_ = writeBlock(unlocks.in, []byte(s.box.own.String()))
	_ = writeBlock(unlocks.in, sealed)
	if err := unlocks.ready(unlocks.out); err != nil {
		return nil, err
	}
	var d [1]byte
	if _, err := io.ReadFull(unlocks.out, d[:]); err != nil {
		return nil, fmt.Errorf("%w while it unlocked one", errChild)
	}
	_, _ = opens.in.Write(marshalHello(s.cfg.Newsroom, day, s.cfg.Workers, s.canaryKey(day)))
	c := &child{process: opens, r: bufio.NewReaderSize(opens.out, 64<<10)}
	if err := opens.ready(c.r); err != nil {
		return nil, err
	}
	var public seal.HPKEPublic
	if _, err := io.ReadFull(c.r, public[:]); err != nil {
		return nil, errChild
	}
	return &dayKey{d: d[0], public: &public, opener: c}, nil
}

// A child is an opener in a process of its own.
type child struct {
	*process
	r *bufio.Reader
}

func (c *child) begin() error { return c.say([]byte{frameBegin}) }

func (c *child) open(cells []byte) error {
	for len(cells) > 0 {
		b := cells[:min(len(cells), ChildChunk*cell.Size)]
		if err := c.say(binary.BigEndian.AppendUint16([]byte{frameCells}, uint16(len(b)/cell.Size))); err != nil {
			return err
		}
		if err := c.say(b); err != nil {
			return err
		}
		cells = cells[len(b):]
	}
	return nil
}

func (c *child) finish() (*tally, error) {
	if err := c.say([]byte{frameFinish}); err != nil {
		return nil, err
	}
	var head [12]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return nil, c.lost()
	}
	t := &tally{opened: binary.BigEndian.Uint32(head[:]), canaries: binary.BigEndian.Uint32(head[4:])}
	n := binary.BigEndian.Uint32(head[8:])
	if n > t.opened || t.canaries > t.opened-n {
		return nil, c.lost()
	}
	for range n {
		var rec cell.Record
		if _, err := io.ReadFull(c.r, rec[:]); err != nil {
			return nil, c.lost()
		}
		t.recs = append(t.recs, rec)
	}
	return t, nil
}

func (c *child) say(b []byte) error {
	if c.gone.Load() {
		return errChild
	}
	if _, err := c.in.Write(b); err != nil {
		return c.lost()
	}
	return nil
}

// lost is called when a child does not answer as it must.
func (c *child) lost() error {
	c.kill()
	return errChild
}

func (c *child) abort()     {} // begin makes it forget
func (c *child) end()       { c.kill() }
func (c *child) dead() bool { return c.gone.Load() }

// breakOff lets ctx end whatever waits for a child.
func breakOff(ctx context.Context, o opener) (stop func()) {
	c, ok := o.(*child)
	if !ok {
		return func() {}
	}
	end := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	return func() { end() }
}
