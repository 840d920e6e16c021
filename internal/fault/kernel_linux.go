package fault

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// Of <linux/seccomp.h>: what golang.org/x/sys does not name.
const (
	setModeFilter = 1
	newListener   = 1 << 3
	waitKillable  = 1 << 5 // a signal, as Go sends to its threads, does not make a call twice
	userNotif     = 0x7fc00000
	allow         = 0x7fff0000
	notifRecv     = 0xc0502100
	notifSend     = 0xc0182101
	goOn          = 1 // let the kernel do it
)

// A notification is struct seccomp_notif, a reply struct seccomp_notif_resp.
type notification struct {
	id   uint64
	tid  uint32
	_    uint32
	nr   int32
	_    uint32
	_    uint64
	args [6]uint64
}

type reply struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// A call is a system call that changes files, or opens them.
type call struct {
	name   string
	nature Nature
	fd     int // which argument is an open file; -1 for none
	paths  []path
}

// A path is an argument: which are the folder it begins in (-1: this one) and its text.
type path struct{ dir, text int }

func calls() []call {
	at := func(dir, text int) path { return path{dir, text} }
	of := func(name string, n Nature, fd int) call { return call{name, n, fd, nil} }
	by := func(name string, n Nature, p ...path) call { return call{name, n, -1, p} }
	return []call{
		of("write", Write, 0), of("pwrite64", Write, 0), of("writev", Room, 0), of("pwritev", Room, 0), of("pwritev2", Room, 0),
		of("copy_file_range", Room, 2), of("sendfile", Room, 0),
		of("ftruncate", Plain, 0), of("fallocate", Room, 0), by("truncate", Plain, at(-1, 0)),
		of("fsync", Plain, 0), of("fdatasync", Plain, 0), of("syncfs", Plain, 0),
		by("rename", Plain, at(-1, 1), at(-1, 0)), by("renameat", Plain, at(2, 3), at(0, 1)), by("renameat2", Plain, at(2, 3), at(0, 1)),
		by("link", Room, at(-1, 1)), by("linkat", Room, at(2, 3)), by("symlinkat", Room, at(1, 2)),
		by("unlink", Plain, at(-1, 0)), by("unlinkat", Plain, at(0, 1)), by("rmdir", Plain, at(-1, 0)),
		by("mkdir", Room, at(-1, 0)), by("mkdirat", Room, at(0, 1)),
		by("chmod", Plain, at(-1, 0)), by("fchmodat", Plain, at(0, 1)), of("fchmod", Plain, 0), by("utimensat", Plain, at(0, 1)),
		by("open", Plain, at(-1, 0)), by("openat", Plain, at(0, 1)), of("flock", Plain, 0), of("fcntl", Plain, 0), of("close", Closing, 0),
	}
}

// Watch makes each system call by which this goroutine changes a file below dir, or opens,
// locks or closes one, a step. Goroutines that it starts are not watched; processes are not.
// The goroutine gets a thread of its own, which ends with it: call Watch in a subtest, as the
// plays of a Table are. It skips the test where the kernel does not let a process hold up its
// own system calls (seccomp user notification, Linux 5.19).
//
// Syncs that don't break are answered at once, to the end of the test: nothing here ends the
// power supply.
func (s *Steps) Watch(t testing.TB, dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{steps: s, dir: dir, tids: map[uint32]bool{}, calls: map[int32]call{}}
	if w.mem, err = os.Open("/proc/self/mem"); err != nil {
		t.Skipf("this process cannot read its own memory: %v", err)
	}
	filter, err := w.filter()
	if err != nil {
		t.Fatal(err)
	}
	lockThread() // never let go: the filter cannot be taken from the thread
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Skipf("the kernel refuses: %v", err)
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, newListener|waitKillable, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		t.Skipf("the kernel does not let a process hold up its own system calls: %v", errno)
	}
	t.Cleanup(s.End)
	go w.serve(int(fd))
}

// lockThread gives this goroutine a thread of its own that ends with it: any but the first of
// the process, which Go never ends.
func lockThread() {
	for {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			return
		}
		runtime.UnlockOSThread()
		there, moved := make(chan struct{}), make(chan struct{})
		go func() { // sits down where we were
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			there <- struct{}{}
			<-moved
		}()
		<-there
		runtime.LockOSThread()
		close(moved)
		if unix.Gettid() != unix.Getpid() {
			return
		}
		runtime.UnlockOSThread()
	}
}

type watcher struct {
	steps *Steps
	dir   string
	mem   *os.File
	calls map[int32]call
	tids  map[uint32]bool // threads, and whether they are of this process
}

// filter holds up the calls of the table. It lets writes to what the Go runtime wakes itself
// by pass: those it makes where it can't wait for us.
func (w *watcher) filter() ([]unix.SockFilter, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, err
	}
	own, err := wakers()
	if err != nil {
		return nil, err
	}
	const load, equal, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	const number, arg0, arg1 = 0, 16, 24
	prog := []unix.SockFilter{{Code: load, K: number}}
	hold := unix.SockFilter{Code: ret, K: userNotif}
	pass := unix.SockFilter{Code: ret, K: allow}
	for _, c := range calls() {
		nr, ok := info.SyscallNames[c.name]
		if !ok {
			continue // machines differ in which they have
		}
		w.calls[int32(nr)] = c
		body := []unix.SockFilter{hold}
		switch c.name {
		case "write":
			body = []unix.SockFilter{{Code: load, K: arg0}}
			for _, fd := range own {
				body = append(body, unix.SockFilter{Code: equal, K: fd, Jf: 1}, pass)
			}
			body = append(body, hold)
		case "fcntl":
			body = []unix.SockFilter{{Code: load, K: arg1}}
			for _, cmd := range []uint32{unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_SETLK, unix.F_OFD_SETLKW} {
				body = append(body, unix.SockFilter{Code: equal, K: cmd, Jf: 1}, hold)
			}
			body = append(body, pass)
		}
		prog = append(append(prog, unix.SockFilter{Code: equal, K: uint32(nr), Jf: uint8(len(body))}), body...)
	}
	return append(prog, pass), nil
}

// wakers are standard output and error, and the file by which Go's poller is woken up.
func wakers() ([]uint32, error) {
	r, p, err := os.Pipe() // now there is a poller
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer p.Close()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	own := []uint32{1, 2}
	for _, e := range entries {
		var fd uint32
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if _, serr := fmt.Sscan(e.Name(), &fd); err == nil && serr == nil && to == "anon_inode:[eventfd]" {
			own = append(own, fd)
		}
	}
	return own, nil
}

// serve answers until the thread has ended.
func (w *watcher) serve(fd int) {
	defer w.mem.Close()
	defer unix.Close(fd)
	for {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || p[0].Revents&unix.POLLIN == 0 {
			return
		}
		var n notification
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), notifRecv, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue // interrupted, or the thread has gone on
		}
		r := w.judge(&n)
		r.id = n.id
		for {
			_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), notifSend, uintptr(unsafe.Pointer(&r)))
			if errno != unix.EINTR { // else the thread would wait for ever
				break
			}
		}
	}
}

// judge lets a call go on, or does of it what the plan says.
func (w *watcher) judge(n *notification) reply {
	c := w.calls[n.nr]
	file, below := w.target(c, n)
	if !below {
		return reply{flags: goOn}
	}
	nature, name := c.nature, c.name
	switch c.name {
	case "open", "openat":
		if n.args[c.paths[0].text+1]&unix.O_CREAT != 0 {
			nature, name = Room, "create"
		}
	case "fcntl":
		name = "lock"
	}
	switch w.steps.take(name+" "+file, nature) {
	case good:
		if strings.Contains(name, "sync") {
			return reply{}
		}
		return reply{flags: goOn}
	case noRoom:
		return failed(unix.ENOSPC)
	case halfDone:
		if !cut(c, n) {
			return failed(unix.ENOSPC)
		}
		done, errno := perform(n)
		if errno != 0 {
			return failed(errno)
		}
		return reply{val: int64(done)}
	case done:
		fd, errno := perform(n)
		if errno != 0 {
			return failed(errno)
		}
		if strings.HasPrefix(c.name, "open") {
			_ = unix.Close(int(fd))
		}
	}
	return failed(unix.EIO)
}

// cut makes a write end in the middle of what it would add to its file. What a file has room
// for already is written whole or not at all, as a disk does it that becomes full.
func cut(c call, n *notification) bool {
	var info unix.Stat_t
	fd, at := int(n.args[0]), int64(n.args[3])
	err := unix.Fstat(fd, &info)
	if c.name == "write" && err == nil {
		at, err = unix.Seek(fd, 0, unix.SEEK_CUR)
	}
	if err != nil {
		return false
	}
	old := max(0, info.Size-at) // bytes of the write that the file has room for
	more := int64(n.args[2]) - old
	if more < 1 || old+more/2 == 0 {
		return false
	}
	n.args[2] = uint64(old + more/2)
	return true
}

func failed(e syscall.Errno) reply { return reply{errno: -int32(e)} }

// perform makes the call in the place of the thread that waits: it is of this process, so
// files and memory are the same.
func perform(n *notification) (uintptr, syscall.Errno) {
	a := n.args
	r, _, errno := unix.Syscall6(uintptr(n.nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
	return r, errno
}

// target is the file that a call is about, below the folder.
func (w *watcher) target(c call, n *notification) (string, bool) {
	if !w.own(n.tid) {
		return "", false
	}
	if c.fd >= 0 {
		p, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", n.args[c.fd]))
		return w.below(p, err == nil)
	}
	for _, p := range c.paths {
		text, ok := w.text(n.args[p.text])
		if ok && !filepath.IsAbs(text) {
			link := "/proc/self/cwd"
			if p.dir >= 0 && int32(n.args[p.dir]) != unix.AT_FDCWD {
				link = fmt.Sprintf("/proc/self/fd/%d", n.args[p.dir])
			}
			from, err := os.Readlink(link)
			text, ok = filepath.Join(from, text), err == nil
		}
		if rel, ok := w.below(text, ok); ok {
			return rel, true
		}
	}
	return "", false
}

func (w *watcher) below(name string, ok bool) (string, bool) {
	if name == w.dir {
		return ".", ok
	}
	rel, within := strings.CutPrefix(strings.TrimSuffix(name, " (deleted)"), w.dir+"/")
	return rel, ok && within
}

// text reads a path from memory.
func (w *watcher) text(at uint64) (string, bool) {
	b := make([]byte, unix.PathMax)
	n, _ := w.mem.ReadAt(b, int64(at)) // short where the memory ends
	text, _, ok := strings.Cut(string(b[:n]), "\x00")
	return text, ok && at != 0
}

// own says whether a thread is of this process: the filter is inherited by programs that the
// watched thread starts, whose memory is another.
func (w *watcher) own(tid uint32) bool {
	is, known := w.tids[tid]
	if !known {
		// Not os.Stat: it asks package testing to note it, which may be what waits for us.
		is = unix.Access(fmt.Sprintf("/proc/self/task/%d", tid), unix.F_OK) == nil
		w.tids[tid] = is
	}
	return is
}
