package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// durable are the calls into the kernel by which a role makes something durable, or undoes it.
var durable = map[uint64]string{
	unix.SYS_PWRITE64: "pwrite64", unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_LINKAT: "linkat",
	unix.SYS_UNLINKAT: "unlinkat", unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2",
	unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_IO_SUBMIT: "io_submit",
}

// diesAt begins the line in which a tracer says where it has killed.
const diesAt = "killed at "

// callInfo is struct ptrace_syscall_info: op 1 is a call's entry, 2 its exit.
type callInfo struct {
	op    uint8
	_     [3]uint8
	arch  uint32
	ip    uint64
	stack uint64
	nr    uint64
	args  [6]uint64
	_     [8]byte
}

// traceUntilKilled is a program of its own: traceUntilKilled N before|after PROGRAM ARGS… runs a
// program and kills it at the N-th of all durable calls that it makes, before the kernel has
// done it or when it has. The processes that the program starts are not looked at.
func traceUntilKilled(args []string) {
	n, err := strconv.Atoi(args[1])
	if err == nil {
		err = traced(n, args[2] == "after", args[3:])
	}
	if err != nil {
		fmt.Println("the tracer failed:", err)
		os.Exit(3)
	}
}

func traced(n int, after bool, argv []string) error {
	runtime.LockOSThread() // one thread alone may speak of a tracee
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &unix.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return err
	}
	root := p.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(root, &status, unix.WALL, nil); err != nil {
		return err
	}
	options := unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACESYSGOOD
	if err := errors.Join(unix.PtraceSetOptions(root, options), unix.PtraceSyscall(root, 0)); err != nil {
		return err
	}
	inside := map[int]bool{} // threads in the call that is the last one
	for seen := 0; ; {
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case tid == root && status.Signaled():
			return unix.Kill(unix.Getpid(), unix.SIGKILL) // die as it died
		case tid == root && status.Exited():
			os.Exit(status.ExitStatus())
		case !status.Stopped():
			continue // a thread has ended
		}
		pass := 0
		switch sig := status.StopSignal(); {
		case sig == unix.SIGTRAP|0x80:
			var info callInfo
			if !look(tid, &info) {
				break
			}
			name, is := durable[info.nr]
			entry := info.op == 1 && is
			if entry {
				seen++
			}
			if entry && seen == n && after {
				inside[tid] = true
				fmt.Println(diesAt + name + " of " + aim(tid, name, &info) + ", done")
			}
			if entry && seen == n && !after {
				fmt.Println(diesAt + name + " of " + aim(tid, name, &info) + ", not done")
				err = unix.Kill(root, unix.SIGKILL)
			}
			if info.op == 2 && inside[tid] {
				err = unix.Kill(root, unix.SIGKILL)
			}
		case sig == unix.SIGTRAP || sig == unix.SIGSTOP: // a new thread
		default:
			pass = int(sig)
		}
		if err != nil {
			return err
		}
		_ = unix.PtraceSyscall(tid, pass) // a thread that was killed meanwhile is gone
	}
}

func look(tid int, info *callInfo) bool {
	_, _, no := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(*info), uintptr(unsafe.Pointer(info)), 0, 0)
	return no == 0
}

var digits = regexp.MustCompile(`[0-9a-f]{64}|[0-9]+`)

// aim is the file that a call is about, folder and name without what differs from day to day.
func aim(tid int, name string, info *callInfo) string {
	var path string
	switch name {
	case "renameat", "renameat2", "linkat":
		path = text(tid, uintptr(info.args[3]))
	case "unlinkat":
		path = text(tid, uintptr(info.args[1]))
	case "io_submit": // the third argument points to pointers to what is asked for, with the file at byte 20
		fd := binary.NativeEndian.Uint32(peek(tid, uintptr(binary.NativeEndian.Uint64(peek(tid, uintptr(info.args[2]), 8)))+20, 4))
		path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, fd))
	default:
		path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, info.args[0]))
	}
	return digits.ReplaceAllString(filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)), "N")
}

func text(tid int, at uintptr) string {
	buf := peek(tid, at, 256)
	return string(buf[:max(bytes.IndexByte(buf, 0), 0)])
}

// peek reads n bytes of a tracee; those that it cannot read are zero.
func peek(tid int, at uintptr, n int) []byte {
	buf := make([]byte, n)
	got, _ := unix.PtracePeekData(tid, at, buf)
	clear(buf[max(got, 0):])
	return buf
}
