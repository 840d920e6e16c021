package main

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// harden keeps what a role knows out of files that it did not mean to write: no core dump,
// no reading of its memory by other processes of the same user, and, where the limits of
// the machine allow it, no swap. All of it is best effort; `ulimit -l unlimited` makes the
// last part work.
//
// With writeNothing the kernel refuses each byte that this process would write into a
// regular file, even by mistake (P5). Terminals, pipes and sockets are not concerned.
func harden(writeNothing bool) {
	unix.Umask(0o077)          // what a role writes is for its user alone: SQLite would let others read
	debug.SetTraceback("none") // the traces of a crash show the values of arguments
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	lockMemory()
	if writeNothing {
		_ = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{})
	}
}

// lockMemory keeps all memory out of swap. With a finite limit it would succeed now, and
// end the process at a later allocation, so it is only done where there is none.
func lockMemory() {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil {
		return
	}
	_ = unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT)
}
