package sift

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"syscall"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// self is the program that runs, even if its file was replaced meanwhile.
func self() (string, error) { return "/proc/self/exe", nil }

// childAttr lets a child die with its parent. The end of its pipes ends it besides.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// widen lets a pipe hold some frames, so that a child need not wait for its parent to wake up;
// best effort.
func widen(pipe *os.File) {
	if raw, err := pipe.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
}

// calls are the system calls that the Go runtime and a child's pipes need. None opens a file
// or a socket, starts a program, or looks at another process.
var calls = []string{
	"read", "write", "close", "fcntl",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2",
	"mmap", "munmap", "mprotect", "madvise", "brk", "mremap",
	"futex", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq",
	"nanosleep", "clock_nanosleep", "clock_gettime", "getrandom",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	"getpid", "gettid", "exit", "exit_group",
}

// confine takes from this process what it does not need: core dumps, being read by others of
// its user, swap where the limits allow it; and what the kernel must grant: no file system
// and no TCP (landlock), and no system call but those above (seccomp). It fails if the
// kernel refuses landlock for files or seccomp.
func confine() error {
	debug.SetTraceback("none")
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	lockMemory()
	// The first must be granted; the second adds what younger kernels know: truncation, TCP
	// (sockets are refused below in any case), abstract sockets, signals to others.
	if err := landlock.V1.Restrict(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if err := landlock.V9.BestEffort().Restrict(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return confineCalls()
}

// confineCalls bars all system calls but those above.
func confineCalls() error {
	err := seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true, Flag: seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionErrno,
			Syscalls: []seccomp.SyscallGroup{
				{Action: seccomp.ActionAllow, Names: calls},
				{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
					only("clone", seccomp.BitsSet, unix.CLONE_THREAD),
					// To its own threads: another's could be ended, or held up, by a signal.
					only("tgkill", seccomp.Equal, uint64(os.Getpid())),
				}},
				// Its flags lie in memory, where no filter can look; told that it does not
				// exist, C libraries take clone instead.
				{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
			},
		},
	})
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// only lets a system call through by its first argument.
func only(name string, op seccomp.Operation, value uint64) seccomp.NameWithConditions {
	return seccomp.NameWithConditions{Name: name, Conditions: []seccomp.Condition{{Argument: 0, Operation: op, Value: value}}}
}

// keepOpenFiles lets a child inherit nothing but its pipes: what this program was started with
// may stand open in it, and no sandbox closes that.
func keepOpenFiles() { _ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) }

// lockMemory keeps all memory out of swap. With a finite limit it would succeed now, and end
// the process at a later allocation, so it is only done where there is none.
func lockMemory() {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil {
		return
	}
	_ = unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT)
}
