package sift

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A mode is how a step breaks.
type mode int

const (
	notDone    mode = iota // it fails, and had no effect
	doneFailed             // it has its effect, and is reported as failed
	killBefore             // the process dies before it
	killAfter              // the process dies after it
	modes
)

func (m mode) String() string {
	return [...]string{"not done", "done but reported as failed", "killed before", "killed after"}[m]
}

var errBroken = errors.New("broken on purpose")

type killed struct{}

// breaker counts the steps by which sift touches disk and host, and breaks one of them.
type breaker struct {
	armed bool
	at    int // the step to break; -1: none
	mode  mode
	then  int // so many steps after that, the process dies; 0: it does not
	names []string
	hit   bool
}

func (b *breaker) step(name string, do func() error) error {
	if !b.armed {
		return do()
	}
	b.names = append(b.names, name)
	if at := len(b.names) - 1; b.hit && b.then > 0 && at == b.at+b.then {
		defer panic(killed{})
		return do()
	} else if b.hit || at != b.at {
		return do()
	}
	b.hit = true
	switch b.mode {
	case notDone:
		return errBroken
	case killBefore:
		panic(killed{})
	}
	if err := do(); err != nil {
		return err
	}
	if b.mode == killAfter {
		panic(killed{})
	}
	return errBroken
}

// memFiles is files in memory. A killed write leaves half a file beside.
type memFiles struct{ m map[string][]byte }

func (f memFiles) read(name string) ([]byte, error) {
	if b, ok := f.m[name]; ok {
		return slices.Clone(b), nil
	}
	return nil, fs.ErrNotExist
}
func (f memFiles) write(name string, b []byte) error { f.m[name] = slices.Clone(b); return nil }
func (f memFiles) destroy(name string) error         { delete(f.m, name); return nil }
func (f memFiles) sync(string) error                 { return nil }
func (f memFiles) list(folder string) ([]string, error) {
	var out []string
	for name := range f.m {
		if strings.HasPrefix(name, folder+"/") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

type breakingFiles struct {
	memFiles
	*breaker
}

func (f breakingFiles) read(name string) (b []byte, err error) {
	err = f.step("read "+kindOf(name), func() error { b, err = f.memFiles.read(name); return err })
	return b, err
}

func (f breakingFiles) write(name string, b []byte) error {
	folder := folderOf(name)
	f.m[folder+"/.half"] = b[:len(b)/2]
	err := f.step("write "+kindOf(name), func() error { return f.memFiles.write(name, b) })
	delete(f.m, folder+"/.half") // a kill does not come here
	return err
}

func (f breakingFiles) destroy(name string) error {
	return f.step("destroy "+kindOf(name), func() error { return f.memFiles.destroy(name) })
}

func (f breakingFiles) sync(folder string) error {
	return f.step("sync "+folder, func() error { return nil })
}

func (f breakingFiles) list(folder string) (l []string, err error) {
	err = f.step("list "+folder, func() error { l, err = f.memFiles.list(folder); return err })
	return l, err
}

// folderOf is where a file lies; "" is beside the folders.
func folderOf(name string) string { return name[:max(0, strings.LastIndexByte(name, '/'))] }

func kindOf(name string) string {
	if strings.HasPrefix(name, outboxFolder) {
		return outboxFolder
	}
	return name
}

type breakingHost struct {
	*memHost
	*breaker
}

func (h breakingHost) Days(ctx context.Context) (d []cell.Day, err error) {
	err = h.step("host days", func() error { d, err = h.memHost.Days(ctx); return err })
	return d, err
}

func (h breakingHost) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	return h.step("host reads day", func() error { return h.memHost.ReadDay(ctx, day, yield) })
}

func (h breakingHost) AckDay(ctx context.Context, day cell.Day) error {
	return h.step("host forgets day", func() error { return h.memHost.AckDay(ctx, day) })
}

func (h breakingHost) PutObject(ctx context.Context, name string, b []byte) error {
	h.mu.Lock()
	h.attempt(name, b) // seen on the way, even if it never arrives
	h.mu.Unlock()
	return h.step("host takes batch", func() error { return h.memHost.PutObject(ctx, name, b) })
}

func (h breakingHost) GetObject(ctx context.Context, name string) (b []byte, err error) {
	err = h.step("host gives "+name[:5], func() error { b, err = h.memHost.GetObject(ctx, name); return err })
	return b, err
}

func (h breakingHost) ListObjects(ctx context.Context, prefix string) (l []string, err error) {
	err = h.step("host lists "+prefix[:5], func() error { l, err = h.memHost.ListObjects(ctx, prefix); return err })
	return l, err
}

func (h breakingHost) PutNow(ctx context.Context, n *cell.Now) error {
	h.mu.Lock()
	h.attempt(fmt.Sprintf("now/%d", n.Serial), must(n.Marshal()))
	h.mu.Unlock()
	return h.step("host switches now", func() error { return h.memHost.PutNow(ctx, n) })
}

func (h breakingHost) CurrentNow(ctx context.Context) (n *cell.Now, err error) {
	err = h.step("host gives now", func() error { n, err = h.memHost.CurrentNow(ctx); return err })
	return n, err
}

// people are made once for the whole table: keys cost time.
type people struct {
	w     *world
	files map[string][]byte
}

func newPeople(t *testing.T) *people {
	w := newWorld(t)
	own, sign := must(age.GenerateHybridIdentity()), must(seal.NewSigningKey(seal.RoleSift, rand.Reader))
	f := memFiles{map[string][]byte{}}
	b := newBox(own)
	seed := sign.Seed()
	for name, data := range map[string][]byte{tokenFile: []byte("token"), signFile: seed[:], stateFile: newState().marshal()} {
		if err := b.write(f, name, data); err != nil {
			t.Fatal(err)
		}
	}
	f.m[unlockFile] = must(encrypt([]byte(own.String()), w.unlock.recipient))
	h := newMemHost(w.today)
	w.host = h
	w.signNotes(sign.Public())
	for name, data := range h.objects {
		f.m["note:"+name] = data
	}
	return &people{w, f.m}
}

// play runs three days with letters, covers and a replay, breaking one step, and checks what
// must hold whatever broke. It gives the steps that were taken.
func (p *people) play(t *testing.T, at int, m mode, then int) []string {
	t.Helper()
	world := *p.w
	w := &world
	w.t, w.cfg.Batch, w.cfg.Isolation = t, 4, InProcess
	w.cfg.Now = w.now
	files := memFiles{map[string][]byte{}}
	host := newMemHost(w.today)
	for name, data := range p.files {
		if object, ok := strings.CutPrefix(name, "note:"); ok {
			host.objects[object] = data
		} else {
			files.m[name] = data
		}
	}
	b := &breaker{at: at, mode: m, then: then, armed: true}
	w.host, w.post = host, host.post
	w.cfg.Connect = func(string) (Host, error) { return breakingHost{host, b}, nil }
	c := &crasher{w: w, files: breakingFiles{files, b}}

	var numbers []uint64
	var old *cell.Cell
	serial := uint64(0)
	for range 3 {
		c.day(t)
		if s := host.current.Serial; s <= serial {
			t.Errorf("serial %d after %d", s, serial)
		} else {
			serial = s
		}
		cells, n := w.send(2, 1)
		numbers = append(numbers, n...)
		if old != nil {
			w.post(old)
		}
		old = cells[0]
		w.turn(1)
	}
	b.armed = false
	names := b.names
	c.day(t)
	w.wantOnce(numbers)
	for name, forms := range host.attempts {
		if len(forms) != 1 {
			t.Errorf("%s was put in %d forms", name, len(forms))
		}
	}
	for name := range files.m {
		if day, ok := parseDayKeyFile(name); ok && day < w.today()-1 || halfWritten(name) {
			t.Errorf("%s is left at the end", name)
		}
	}
	var kept []string // batches that the host has, for a host that is lost
	for _, o := range c.s.st.outbox {
		if !c.s.kept(o) {
			t.Errorf("%s was not put", o.name)
		}
		kept = append(kept, o.file())
	}
	slices.Sort(kept)
	if left := must(files.list(outboxFolder)); c.reopened && !slices.Equal(left, kept) {
		t.Errorf("left in the outbox: %v, of which it knows %v", left, kept)
	}
	if at >= 0 && !b.hit {
		t.Error("the step was never taken: the table is blind")
	}
	return names
}

// crasher opens sift again after each death, and runs the day until it is done.
type crasher struct {
	w        *world
	files    files
	s        *Sift
	reopened bool
}

func (c *crasher) day(t *testing.T) {
	t.Helper()
	var last error
	for range 4 {
		r, err := c.try()
		if err == nil && r.Done {
			return
		}
		last = err
	}
	t.Fatalf("the day was never done: %v", last)
}

func (c *crasher) try() (r *Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			c.s, c.reopened, r, err = nil, true, nil, errBroken
		}
	}()
	if c.s == nil {
		if c.s, err = open(c.files, c.w.unlock, c.w.cfg); err != nil {
			c.s = nil
			return nil, err
		}
	}
	return c.s.Day(context.Background())
}

// P8, P13: each step by which sift touches disk and host is broken in each way. It goes on,
// each letter stands in exactly one batch, and the host saw one byte string a name.
func TestP13EachStepBroken(t *testing.T) {
	p := newPeople(t)
	names := p.play(t, -1, notDone, 0)
	if len(names) < 80 {
		t.Fatalf("only %d steps: %v", len(names), names)
	}
	stride := 1
	if testing.Short() {
		stride = 19
	}
	for m := range modes {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			for at := int(m) % stride; at < len(names); at += stride {
				t.Run(fmt.Sprintf("%d %s", at, names[at]), func(t *testing.T) { p.play(t, at, m, 0) })
			}
		})
	}
}

// P8, P13: a write that fails, and soon after it the process dies: what was only in memory
// must not have been shown to the host.
func TestP13FailedWriteThenKilled(t *testing.T) {
	p := newPeople(t)
	names := p.play(t, -1, notDone, 0)
	for at, name := range names {
		if !strings.HasPrefix(name, "write") {
			continue
		}
		for _, m := range []mode{notDone, doneFailed} {
			for then := 1; then <= 6; then++ {
				if testing.Short() && (at+then)%11 != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%d %s %s then %d", at, name, m, then), func(t *testing.T) { p.play(t, at, m, then) })
			}
		}
	}
}
