package doctor

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Unlimited is a limit that there is none.
const Unlimited = ^uint64(0)

// A Machine is what doctor sees of the computer. This gives the real one; tests make their own.
type Machine struct {
	Proc, Sys    string // where /proc and /sys stand
	Now          time.Time
	User         int                               // of this process
	Synchronised func() (bool, error)              // what the kernel says of its clock
	Free         func(path string) (uint64, error) // bytes that a user who is not root can still write
	FileSystem   func(path string) (string, error) // its kind, as in /proc/mounts, network ones of a family by one name
	ReadOnly     func(path string) bool            // it is mounted so that nobody can write there
	Landlock     func() (int, error)               // the kernel's version of it
	LockLimit    uint64                            // hard limit of locked memory, bytes
	FileLimit    uint64                            // hard limit of open files
}

func (m *Machine) proc(parts ...string) ([]byte, error) {
	return os.ReadFile(filepath.Join(append([]string{m.Proc}, parts...)...))
}

// swap looks whether memory can come to stand on a disk.
func (e *exam) swap() {
	const off = "swapoff -a, and take it out of /etc/fstab; or encrypt it with a key that is drawn at each start"
	raw, err := e.m.proc("swaps")
	if err != nil {
		e.warn(machineRole, "swap", off, "whether there is swap can't be seen: %v", err)
		return
	}
	var plain, held []string
	in := bufio.NewScanner(bytes.NewReader(raw))
	for n := 0; in.Scan(); n++ {
		f := strings.Fields(in.Text())
		if n == 0 || len(f) < 2 { // the first line names columns
			continue
		}
		device := f[0]
		switch name := filepath.Base(device); {
		case strings.HasPrefix(name, "zram") && !e.m.backed(name):
			held = append(held, device+" (in memory)")
		case f[1] == "partition" && e.m.encrypted(device):
			held = append(held, device+" (encrypted)")
		default:
			plain = append(plain, device)
		}
	}
	switch {
	case len(plain) == 0 && len(held) == 0:
		e.pass(machineRole, "swap", "there is none")
	case len(plain) == 0:
		e.pass(machineRole, "swap", "none that stays readable on a disk: %s", strings.Join(held, ", "))
	case !e.secrets():
		e.warn(machineRole, "swap", off, "%s is not seen to be encrypted; the host holds no key that opens anything, but for that of its TLS", strings.Join(plain, ", "))
	case e.m.LockLimit == Unlimited:
		e.warn(machineRole, "swap", off, "%s is not seen to be encrypted; roles lock their memory, but other programs (a browser) do not", strings.Join(plain, ", "))
	default:
		e.fail(machineRole, "swap", off+"; or let the role lock its memory: ulimit -l unlimited, LimitMEMLOCK=infinity", "%s is not seen to be encrypted, and the limit of locked memory is %s: keys can come to stand on the disk", strings.Join(plain, ", "), bytesText(e.m.LockLimit))
	}
}

// backed says whether a zram device writes to a disk behind it.
func (m *Machine) backed(name string) bool {
	raw, err := os.ReadFile(filepath.Join(m.Sys, "block", name, "backing_dev"))
	return err == nil && strings.TrimSpace(string(raw)) != "none"
}

// dumps looks where a crash of a program would write its memory. Roles switch it off for
// themselves; a browser does not.
func (e *exam) dumps() {
	const next = "sysctl kernel.core_pattern=core, and ulimit -c 0 for the user (LimitCORE=0 in a unit)"
	raw, err := e.m.proc("sys", "kernel", "core_pattern")
	pattern := strings.TrimSpace(string(raw))
	switch {
	case err != nil:
		e.warn(machineRole, "core dumps", next, "where they go can't be seen: %v", err)
	case strings.HasPrefix(pattern, "|"):
		program, _, _ := strings.Cut(strings.TrimPrefix(pattern, "|"), " ")
		e.warn(machineRole, "core dumps", next, "a crash of any program is handed to %s, whatever its limit; kkachi's roles switch theirs off, a browser does not", program)
	default:
		e.pass(machineRole, "core dumps", "no program collects them; kkachi's roles switch theirs off")
	}
}

// tracing looks whether a program can read the memory of others of its user.
func (e *exam) tracing() {
	const next = "sysctl kernel.yama.ptrace_scope=1, where the kernel has Yama"
	raw, err := e.m.proc("sys", "kernel", "yama", "ptrace_scope")
	switch {
	case errors.Is(err, os.ErrNotExist):
		e.warn(machineRole, "tracing", next, "this kernel has no Yama; kkachi's roles refuse to be read by their user's other programs, a browser does not")
	case err != nil:
		e.warn(machineRole, "tracing", next, "ptrace_scope can't be seen: %v", err)
	case strings.TrimSpace(string(raw)) == "0":
		e.warn(machineRole, "tracing", next, "programs of one user may read each other's memory; kkachi's roles refuse it, a browser does not")
	default:
		e.pass(machineRole, "tracing", "programs of one user can't read each other's memory")
	}
}

// sandbox looks for what sift's children need of the kernel.
func (e *exam) sandbox() {
	const next = "use a Linux kernel of 5.13 or later with landlock in its list of security modules (lsm=landlock,…) and seccomp"
	version, err := e.m.Landlock()
	if err != nil || version < 1 {
		e.fail(Sift, "sandbox", next, "this kernel grants no landlock: a day key would be opened by no process")
		return
	}
	actions, err := e.m.proc("sys", "kernel", "seccomp", "actions_avail")
	switch {
	case err != nil || !strings.Contains(string(actions), "errno"):
		e.fail(Sift, "sandbox", next, "this kernel grants no seccomp filter: a day key would be opened by no process")
	default:
		e.pass(Sift, "sandbox", "landlock (version %d) and seccomp are granted", version)
	}
}

// hostFiles is how many files a host opens at most: its connections, and those of its store.
const hostFiles = 4096 + 512

func (e *exam) openFiles() {
	if e.m.FileLimit < hostFiles {
		e.fail(Host, "open files", fmt.Sprintf("ulimit -Hn %d, or LimitNOFILE=%d in its unit", hostFiles, hostFiles), "the limit is %d, and the host takes 4096 connections: a flood would lock readers out", e.m.FileLimit)
		return
	}
	e.pass(Host, "open files", "the limit is enough for 4096 connections")
}

// Days before the end of a certificate at which a person is warned.
const certificateDays = 7

// certificates looks at the files that the host would speak TLS with.
func (e *exam) certificates() {
	if e.TLSChain == "" && e.TLSKey == "" {
		e.warn(Host, "certificates", "name them with --tls-chain and --tls-key, or look at the proxy or onion service yourself", "no files of certificates were named: none was looked at")
		return
	}
	if info, err := os.Stat(e.TLSKey); err != nil {
		e.fail(Host, "key of the certificate", "name the file with --tls-key, as for kkachi drop", "%v", err)
	} else if mode := info.Mode().Perm(); mode&0o037 != 0 { // a group may read it: doc/systemd/kkachi-drop-tls.conf
		e.fail(Host, "key of the certificate", "chmod 600 "+e.TLSKey+"; or 640, in a group of the drop's alone", "others of this machine can read or change %s (mode %04o)", e.TLSKey, mode)
	} else if mode&0o040 != 0 {
		e.pass(Host, "key of the certificate", "only its owner and its group can read it")
	} else {
		e.pass(Host, "key of the certificate", "only its owner can read it")
	}
	begin, end, leaf, err := readChain(e.TLSChain)
	const next = "renew the certificate; kkachi drop reads the files anew each minute"
	switch left := age(end, e.m.Now); {
	case err != nil:
		e.fail(Host, "certificates", "name the file with --tls-chain, as for kkachi drop", "%v", err)
	case e.HostName != "" && leaf.VerifyHostname(e.HostName) != nil:
		e.fail(Host, "certificates", "let one be made for "+e.HostName+", or mend url in newsroom.toml", "%s is not for %s, the host of the newsroom's url: browsers refuse it", e.TLSChain, e.HostName)
	case begin.After(e.m.Now):
		e.fail(Host, "certificates", "wait for that day, or check the clock of this machine", "begins on %s only", begin.UTC().Format(time.DateOnly))
	case !end.After(e.m.Now):
		e.fail(Host, "certificates", next, "ended on %s", end.UTC().Format(time.DateOnly))
	case left < certificateDays:
		e.warn(Host, "certificates", next, "ends on %s, whole days left: %d", end.UTC().Format(time.DateOnly), left)
	default:
		e.pass(Host, "certificates", "valid until %s", end.UTC().Format(time.DateOnly))
	}
}

// readChain gives from when to when all certificates of a chain are good, and the first, which is
// the host's own.
func readChain(path string) (begin, end time.Time, leaf *x509.Certificate, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return begin, end, nil, err
	}
	for {
		var block *pem.Block
		block, raw = pem.Decode(raw)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return begin, end, nil, fmt.Errorf("%s holds a certificate that can't be read", path)
		}
		if leaf == nil {
			leaf = c
		}
		if end.IsZero() || c.NotAfter.Before(end) {
			end = c.NotAfter
		}
		if c.NotBefore.After(begin) {
			begin = c.NotBefore
		}
	}
	if leaf == nil {
		return begin, end, nil, fmt.Errorf("%s holds no certificate", path)
	}
	return begin, end, leaf, nil
}
