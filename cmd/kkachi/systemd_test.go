package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// units is where the units of doc/ stand, seen from this folder.
var units = filepath.Join("..", "..", "doc", "systemd")

// unitFile names a unit whose system-call filter the command kkachi-confined takes on. Only
// this test binary reads it.
const unitFile = "KKACHI_UNIT"

// A directive is one line of a unit.
type directive struct{ key, value string }

func readUnit(path string) ([]directive, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []directive
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '[' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s, line %d: no directive", path, i+1)
		}
		out = append(out, directive{key, value})
	}
	return out, nil
}

func get(unit []directive, key string) (out []string) {
	for _, d := range unit {
		if d.key == key {
			out = append(out, d.value)
		}
	}
	return out
}

// Each unit takes from its role what it does not need; which of these lines a unit leaves
// out is said here, with the reason.
func TestUnitsAreConfined(t *testing.T) {
	for name, without := range map[string][]string{
		"kkachi-drop.service":  nil,
		"kkachi-sift.service":  nil,
		"kkachi-watch.service": nil,
		// It looks at /proc and the kernel's clock, and reads folders that are not its own.
		"kkachi-doctor@.service": {"DynamicUser", "PrivateUsers", "ProtectProc", "ProcSubset", "ProtectClock", "CapabilityBoundingSet"},
	} {
		unit, err := readUnit(filepath.Join(units, name))
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{
			"DynamicUser": "yes", "UMask": "0077", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "",
			"ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "PrivateUsers": "yes",
			"ProtectClock": "yes", "ProtectKernelLogs": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes",
			"ProtectProc": "invisible", "ProcSubset": "pid", "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
			"RestrictSUIDSGID": "yes", "LockPersonality": "yes", "SystemCallArchitectures": "native",
			"LimitCORE": "0", "LimitMEMLOCK": "infinity",
		} {
			if got := get(unit, key); !slices.Contains(without, key) && (len(got) != 1 || got[0] != want) {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
		if af := get(unit, "RestrictAddressFamilies"); len(af) != 1 || af[0] != "AF_INET AF_INET6" && af[0] != "none" {
			t.Errorf("%s: address families %q", name, af)
		}
		for _, d := range unit {
			if strings.Contains(strings.ToLower(d.value), "passphrase=") || d.key == "Environment" {
				t.Errorf("%s: a secret or an environment in a unit: %s", name, d.key)
			}
		}
		if _, err := exec.LookPath("systemd-analyze"); err != nil {
			continue
		}
		verifyUnit(t, name)
		// In tenths: an exposure of 1.5 at most.
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", filepath.Join(units, name)).CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Log(lines[len(lines)-1])
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, lines[len(lines)-1])
		}
	}
}

// verifyUnit lets systemd read a unit and say what it does not understand, with the drop-ins that
// stand beside it. Of the program this test knows the path only.
func verifyUnit(t *testing.T, name string) {
	t.Helper()
	dir := t.TempDir()
	role, _, _ := strings.Cut(name, ".")
	for from, to := range map[string]string{name: name, strings.TrimSuffix(role, "@") + "-tls.conf": name + ".d/tls.conf"} {
		text, err := os.ReadFile(filepath.Join(units, from))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		text = bytes.ReplaceAll(text, []byte("/usr/local/bin/kkachi"), []byte("/bin/true"))
		to = filepath.Join(dir, to)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("systemd-analyze", "verify", filepath.Join(dir, name)).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s: %v: %s", name, err, out)
	}
}

// allowed are the system calls that a unit leaves to its process, as systemd 252 reads it: the
// first list allows, those with ~ take away, later ones give again.
func allowed(unit []directive) ([]string, error) {
	in := map[string]bool{}
	for _, list := range get(unit, "SystemCallFilter") {
		rest, deny := strings.CutPrefix(list, "~")
		for _, name := range strings.Fields(rest) {
			calls, err := expand(name)
			if err != nil {
				return nil, err
			}
			for _, c := range calls {
				in[c] = !deny
			}
		}
	}
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, err
	}
	out := []string{"execve"} // systemd itself starts the program after it has loaded the filter
	for c, yes := range in {
		if _, known := info.SyscallNames[c]; known && yes && c != "execve" {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out, nil
}

// expand gives the system calls of a group, those of groups within it too.
func expand(name string) ([]string, error) {
	if name[0] != '@' {
		return []string{name}, nil
	}
	text, err := exec.Command("systemd-analyze", "syscall-filter", name).Output()
	if err != nil {
		return nil, fmt.Errorf("systemd-analyze syscall-filter %s: %w", name, err)
	}
	var out []string
	for _, line := range strings.Split(string(text), "\n")[1:] {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		inner, err := expand(line)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
	return out, nil
}

// confined takes on what a unit's seccomp filters would do, then becomes kkachi with the same
// arguments: the list of system calls, any other of which kills it; no memory that can be written and run
// (MemoryDenyWriteExecute); no sockets but IPv4 and IPv6 (RestrictAddressFamilies); no
// namespaces, for which systemd answers clone3 with ENOSYS. What mounts, users and the
// network's packet filter would do is not shown by it.
func confined() error {
	unit, err := readUnit(os.Getenv(unitFile))
	if err != nil {
		return err
	}
	calls, err := allowed(unit)
	if err != nil {
		return err
	}
	program, err := exec.LookPath("kkachi")
	if err != nil {
		return err
	}
	special := []string{"clone", "unshare", "setns", "mmap", "mprotect", "pkey_mprotect", "socket", "clone3"}
	calls = slices.DeleteFunc(calls, func(c string) bool { return slices.Contains(special, c) })
	families := []seccomp.NameWithConditions{}
	for _, f := range []uint64{unix.AF_INET, unix.AF_INET6} {
		if get(unit, "RestrictAddressFamilies")[0] != "none" {
			families = append(families, seccomp.NameWithConditions{Name: "socket", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.Equal, Value: f}}})
		}
	}
	const namespaces = unix.CLONE_NEWCGROUP | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWTIME | unix.CLONE_NEWUSER | unix.CLONE_NEWUTS
	// A memory is made executable only by who does not also write it, and never later.
	families = append(families,
		seccomp.NameWithConditions{Name: "mmap", Conditions: []seccomp.Condition{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}},
		seccomp.NameWithConditions{Name: "mmap", Conditions: []seccomp.Condition{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_WRITE}}},
		seccomp.NameWithConditions{Name: "clone", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsNotSet, Value: namespaces}}},
		seccomp.NameWithConditions{Name: "mprotect", Conditions: []seccomp.Condition{{Argument: 2, Operation: seccomp.BitsNotSet, Value: unix.PROT_EXEC}}},
	)
	err = seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true, Flag: seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionKillProcess, // as systemd does where a unit has no SystemCallErrorNumber
			Syscalls: []seccomp.SyscallGroup{
				{Action: seccomp.ActionAllow, Names: calls},
				{Action: seccomp.ActionAllow, NamesWithCondtions: families},
				{Action: seccomp.ActionErrno, Names: []string{"clone", "unshare", "setns", "mmap", "mprotect", "pkey_mprotect", "socket"}}, // EPERM
				{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
			},
		},
	})
	if err != nil {
		return err
	}
	return syscall.Exec(program, append([]string{"kkachi"}, os.Args[1:]...), os.Environ())
}
