package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/vault"
)

// find is the finding of a check; there must be one.
func find(t *testing.T, list []Finding, role, check string) Finding {
	t.Helper()
	for _, f := range list {
		if f.Role == role && f.Check == check {
			return f
		}
	}
	t.Fatalf("no check %s of %s among %+v", check, role, list)
	return Finding{}
}

// On a clean machine nothing fails, and what warns is only what cannot be looked at.
func TestClean(t *testing.T) {
	for _, role := range []string{Host, Sift, Desk, Root} {
		p := newPlant(t, role)
		p.certificate(noon.AddDate(0, 2, 0))
		list := Examine(p.s, p.m)
		for _, f := range list {
			unseen := f.Check == "owner" && os.Geteuid() == 0 || f.Check == "format" && role == Sift
			if f.Verdict != Pass && !unseen {
				t.Errorf("%s: %+v", role, f)
			}
			if (f.Verdict == Pass) != (f.Next == "") || f.What == "" || strings.Contains(f.What+f.Next, "\n") {
				t.Errorf("%s: a finding is what and next, each in one line: %+v", role, f)
			}
		}
		if Failed(list) || len(list) < 10 {
			t.Errorf("%s: failed %v, %d checks", role, Failed(list), len(list))
		}
	}
}

// A fault is planted, and must be found by its check with its verdict.
type fault struct {
	name        string
	roles       []string
	plant       func(*plant)
	role, check string
	verdict     Verdict
	what        string
}

// Each fault planted in a folder is found, and with it what to do.
func TestPlantedInFolders(t *testing.T) {
	examineAll(t, []fault{
		{"no config", []string{Host}, func(p *plant) { p.s.ConfigErr = errors.New("no newsroom.toml in it") }, machineRole, "newsroom.toml", Fail, "no newsroom.toml"},
		{"config open", []string{Host}, func(p *plant) { p.chmod("newsroom.toml", 0o664) }, machineRole, "newsroom.toml", Fail, "others of this machine can write"},
		{"no role", nil, func(*plant) {}, machineRole, "roles", Fail, "no role's folder"},
		{"host with sift", []string{Host, Sift}, func(*plant) {}, machineRole, "apart", Fail, "which cells are real"},
		{"root with sift", []string{Sift, Root}, func(*plant) {}, machineRole, "apart", Fail, "root/ stands beside sift/"},
		{"root with desk", []string{Desk, Root}, func(*plant) {}, machineRole, "apart", Warn, "root/ stands beside desk/"},
		{"sift runs beside the host", []string{Host}, func(p *plant) { p.proc("77/cmdline", "/usr/bin/kkachi\x00sift\x00/srv/b\x00") }, machineRole, "apart", Fail, "kkachi sift runs"},
		{"drop runs beside the sift", []string{Sift}, func(p *plant) { p.proc("77/cmdline", "kkachi\x00drop\x00/srv/a\x00") }, machineRole, "apart", Fail, "kkachi drop runs"},
		{"contacts not signed", []string{Desk}, func(p *plant) { p.s.Contacts.Unsigned = "desk/contacts.txt" }, machineRole, "contacts", Warn, "pages do not show it"},
		{"contacts not printed", []string{Desk}, func(p *plant) { p.s.Contacts.Printed = "site/contacts.txt" }, machineRole, "contacts", Warn, "not what the root note names"},
		{"contacts stale", []string{Root}, func(p *plant) { p.s.Contacts = Contacts{Signed: 1, Stale: []string{"A helpline"}} }, machineRole, "contacts", Warn, "A helpline was not checked"},
		{"contacts malformed", []string{Desk}, func(p *plant) { p.s.Contacts.Err = errors.New("malformed contacts: line 4") }, machineRole, "contacts", Fail, "line 4"},
		{"no estimates", []string{Desk}, func(p *plant) { p.s.Estimates.Missing = true }, Desk, "estimates", Warn, "every story is held"},
		{"estimates of nobody", []string{Desk}, func(p *plant) { p.s.Estimates.Example = true }, Desk, "estimates", Warn, "numbers are invented"},
		{"estimates stale", []string{Desk}, func(p *plant) { p.s.Estimates.Stale = []string{"apparatus", "populations.officials"} }, Desk, "estimates", Warn, "apparatus, populations.officials"},
		{"estimates malformed", []string{Desk}, func(p *plant) { p.s.Estimates.Err = errors.New("line 7: populations.x.rooms") }, Desk, "estimates", Fail, "line 7"},
		{"no tokens", []string{Host}, func(p *plant) { p.remove("host/tokens") }, Host, "layout", Fail, "missing or not readable in"},
		{"newer host", []string{Host}, func(p *plant) { p.s.HostFormatErr = errors.New("host is of format 2, and this kkachi knows 1") }, Host, "format", Fail, "this kkachi knows 1"},
		{"bad tokens", []string{Host}, func(p *plant) { p.s.TokensErr = errors.New("tokens, line 1") }, Host, "layout", Fail, "tokens, line 1"},
		{"a folder for a file", []string{Sift}, func(p *plant) { p.remove("sift/token"); p.mkdir(filepath.Join(p.s.Dir, "sift/token"), 0o700) }, Sift, "layout", Fail, "token"},
		{"no unlock key", []string{Sift}, func(p *plant) { p.remove("sift/keys/unlock") }, Sift, "layout", Fail, "keys/unlock"},
		{"no root key", []string{Root}, func(p *plant) { p.remove("root/root.age") }, Root, "layout", Fail, "root.age"},
		{"no devices note", []string{Desk}, func(p *plant) { p.remove("desk/notes/devices.note") }, Desk, "layout", Fail, "notes/devices.note"},
		{"folder open", []string{Sift}, func(p *plant) { p.chmod("sift", 0o750) }, Sift, "permissions", Fail, "mode 0750"},
		{"replaceable", []string{Desk}, func(p *plant) { p.chmod(".", 0o777) }, Desk, "permissions", Fail, "in the place of this one"},
		{"a link", []string{Sift}, func(p *plant) { p.must(os.Symlink("/etc", filepath.Join(p.s.Dir, "sift/keys/x"))) }, Sift, "permissions", Fail, "leads elsewhere"},
		{"another user", []string{Desk}, func(p *plant) { p.m.User = os.Geteuid() + 1 }, Desk, "owner", Fail, "and this is user"},
		{"vault cut", []string{Desk}, func(p *plant) { p.write("desk/log.db", "half a page") }, Desk, "vault", Fail, "ends within a page"},
		{"vault gone", []string{Desk}, func(p *plant) { p.remove("desk/vault.toml") }, Desk, "vault", Fail, "vault.toml is missing"},
		{"newer vault", []string{Desk}, func(p *plant) { p.write("desk/vault.toml", "format = 99\n") }, Desk, "format", Fail, "is of format 99, and this kkachi knows"},
		{"older vault", []string{Desk}, func(p *plant) { p.write("desk/vault.toml", oldHeader(p)) }, Desk, "format", Fail, "is of format 1, and this kkachi writes"},
		{"no notes", []string{Desk}, func(p *plant) { p.s.NotesErr = errors.New("no notes in root/notes") }, machineRole, "notes", Fail, "no notes"},
		{"not enough for a day", []string{Host}, func(p *plant) { p.free = 1024*4096 - 1 }, Host, "disk", Fail, "1024 cells of 4096 bytes"},
		{"not enough for two weeks", []string{Host}, func(p *plant) { p.free = 8 * 1024 * 4096 }, Host, "disk", Warn, "it can come to need 64 MiB"},
		{"sift's disk full", []string{Sift}, func(p *plant) { p.free = 4096 }, Sift, "disk", Fail, "free: 4 KiB"},
		{"tmpfs", []string{Sift}, func(p *plant) { p.fileSystem = "tmpfs" }, Sift, "file system", Fail, "gone when the machine stops"},
		{"network", []string{Desk}, func(p *plant) { p.fileSystem = "nfs" }, Desk, "file system", Fail, "over a network"},
		{"container", []string{Host}, func(p *plant) { p.fileSystem = "overlay" }, Host, "file system", Fail, "with its container"},
		{"copy on write", []string{Sift}, func(p *plant) { p.fileSystem = "btrfs" }, Sift, "file system", Warn, "may live on"},
		{"a stick", []string{Root}, func(p *plant) { p.fileSystem = "vfat" }, Root, "file system", Warn, "no owner"},
		{"read-only", []string{Host}, func(p *plant) { p.readOnly = true }, Host, "file system", Fail, "mounted for reading only"},
		{"unknown", []string{Host}, func(p *plant) { p.fileSystem = "number 0x1" }, Host, "file system", Warn, "not known here"},
	})
}

// Each fault planted in the machine is found, and with it what to do.
func TestPlantedInTheMachine(t *testing.T) {
	examineAll(t, []fault{
		{"not synchronised", []string{Sift}, func(p *plant) { p.synced = false }, machineRole, "clock", Warn, "no time service"},
		{"clock not seen", []string{Sift}, func(p *plant) { p.clockErr = errors.New("adjtimex: refused") }, machineRole, "clock", Warn, "can't be seen"},
		{"clock behind a note", []string{Desk}, func(p *plant) { p.s.Notes[0].Issued++ }, machineRole, "date", Fail, "the clock is behind"},
		{"clock behind a day", []string{Host}, func(p *plant) { p.write("host/days/20730.closed", "") }, machineRole, "date", Fail, "host/days is of 2026-10-04"},
		{"clock behind a file", []string{Sift}, func(p *plant) {
			later := noon.AddDate(0, 0, 1)
			p.must(os.Chtimes(filepath.Join(p.s.Dir, "sift/pool/state"), later, later))
		}, machineRole, "date", Fail, "the clock is behind"},
		{"swap", []string{Sift}, func(p *plant) { p.swapOn("/dev/sda2", "partition") }, machineRole, "swap", Fail, "/dev/sda2 is not seen to be encrypted"},
		{"swap file", []string{Desk}, func(p *plant) { p.swapOn("/swapfile", "file") }, machineRole, "swap", Fail, "/swapfile"},
		{"swap, locked", []string{Sift}, func(p *plant) { p.swapOn("/dev/sda2", "partition"); p.m.LockLimit = Unlimited }, machineRole, "swap", Warn, "roles lock their memory"},
		{"swap at the host", []string{Host}, func(p *plant) { p.swapOn("/dev/sda2", "partition") }, machineRole, "swap", Warn, "the host holds no key"},
		{"swap encrypted", []string{Sift}, func(p *plant) {
			p.swapOn("/dev/dm-1", "partition")
			p.sys("class/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap\n")
		}, machineRole, "swap", Pass, "(encrypted)"},
		{"swap on a volume", []string{Sift}, func(p *plant) {
			p.swapOn("/dev/dm-1", "partition")
			p.sys("class/block/dm-1/dm/uuid", "LVM-swap\n")
		}, machineRole, "swap", Fail, "/dev/dm-1"},
		{"zram", []string{Sift}, func(p *plant) { p.swapOn("/dev/zram0", "partition"); p.sys("block/zram0/backing_dev", "none\n") }, machineRole, "swap", Pass, "(in memory)"},
		{"zram on a disk", []string{Sift}, func(p *plant) { p.swapOn("/dev/zram0", "partition"); p.sys("block/zram0/backing_dev", "/dev/sdb1\n") }, machineRole, "swap", Fail, "/dev/zram0"},
		{"swap unseen", []string{Sift}, func(p *plant) { p.must(os.Remove(filepath.Join(p.m.Proc, "swaps"))) }, machineRole, "swap", Warn, "can't be seen"},
		{"dumps", []string{Desk}, func(p *plant) { p.proc("sys/kernel/core_pattern", "|/lib/systemd/systemd-coredump %P\n") }, machineRole, "core dumps", Warn, "handed to /lib/systemd/systemd-coredump,"},
		{"tracing", []string{Desk}, func(p *plant) { p.proc("sys/kernel/yama/ptrace_scope", "0\n") }, machineRole, "tracing", Warn, "may read each other"},
		{"no Yama", []string{Desk}, func(p *plant) { p.must(os.Remove(filepath.Join(p.m.Proc, "sys/kernel/yama/ptrace_scope"))) }, machineRole, "tracing", Warn, "no Yama"},
		{"no landlock", []string{Sift}, func(p *plant) { p.landlock = 0 }, Sift, "sandbox", Fail, "no landlock"},
		{"no seccomp", []string{Sift}, func(p *plant) { p.must(os.Remove(filepath.Join(p.m.Proc, "sys/kernel/seccomp/actions_avail"))) }, Sift, "sandbox", Fail, "no seccomp"},
		{"few files", []string{Host}, func(p *plant) { p.m.FileLimit = 1024 }, Host, "open files", Fail, "1024"},
		{"certificate ends", []string{Host}, func(p *plant) { p.certificate(noon.AddDate(0, 0, 6)) }, Host, "certificates", Warn, "ends on 2026-10-09"},
		{"certificate ended", []string{Host}, func(p *plant) { p.certificate(noon.Add(-time.Minute)) }, Host, "certificates", Fail, "ended on 2026-10-03"},
		{"certificate not yet good", []string{Host}, func(p *plant) { p.certificateOf(noon.Add(time.Hour), noon.AddDate(1, 0, 0)) }, Host, "certificates", Fail, "begins on 2026-10-03"},
		{"no certificate", []string{Host}, func(p *plant) { p.certificate(noon); p.s.TLSChain = p.s.TLSKey }, Host, "certificates", Fail, "holds no certificate"},
		{"key of the certificate open", []string{Host}, func(p *plant) { p.certificate(noon.AddDate(1, 0, 0)); p.chmod("key.pem", 0o644) }, Host, "key of the certificate", Fail, "can read"},
		{"key of the certificate, open to a group", []string{Host}, func(p *plant) { p.certificate(noon.AddDate(1, 0, 0)); p.chmod("key.pem", 0o640) }, Host, "key of the certificate", Pass, "and its group"},
		{"key of the certificate, written by a group", []string{Host}, func(p *plant) { p.certificate(noon.AddDate(1, 0, 0)); p.chmod("key.pem", 0o660) }, Host, "key of the certificate", Fail, "mode 0660"},
		{"another's certificate", []string{Host}, func(p *plant) { p.certificate(noon.AddDate(1, 0, 0)); p.s.HostName = "other.example" }, Host, "certificates", Fail, "is not for other.example"},
		{"no certificates named", []string{Host}, func(*plant) {}, Host, "certificates", Warn, "none was looked at"},
	})
}

func examineAll(t *testing.T, faults []fault) {
	t.Helper()
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			p := newPlant(t, c.roles...)
			c.plant(p)
			list := Examine(p.s, p.m)
			f := find(t, list, c.role, c.check)
			if f.Verdict != c.verdict || !strings.Contains(f.What, c.what) {
				t.Errorf("%+v, want %s with %q", f, c.verdict, c.what)
			}
			if Failed(list) != (c.verdict == Fail) {
				t.Errorf("failed: %v", Failed(list))
			}
			if c.verdict != Pass && f.Next == "" {
				t.Error("no next step")
			}
		})
	}
}

// oldHeader is the header of a vault of format 1.
func oldHeader(p *plant) string {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.s.Dir, "desk", "vault.toml"))
	p.must(err)
	_, rest, _ := strings.Cut(string(raw), "format = ")
	_, rest, _ = strings.Cut(rest, "\n")
	return "format = 1\n" + rest
}

// Notes warn 14, 7, 3 and 1 days before their end, and fail from the day that they name.
func TestNotesThatEnd(t *testing.T) {
	for left, want := range map[int][2]Verdict{
		35: {Pass, Pass}, 15: {Pass, Pass}, 14: {Warn, Pass}, 8: {Warn, Pass}, 7: {Warn, Warn},
		3: {Warn, Warn}, 1: {Warn, Warn}, 0: {Fail, Fail}, -9: {Fail, Fail},
	} {
		p := newPlant(t, Desk)
		p.notes(left)
		list := Examine(p.s, p.m)
		root, desk := find(t, list, machineRole, "root note"), find(t, list, machineRole, "desk note")
		if got := [2]Verdict{root.Verdict, desk.Verdict}; got != want {
			t.Errorf("%d days left: %v, want %v", left, got, want)
		}
		if root.Verdict != Pass && (!strings.Contains(root.Next, "kkachi root sign") || !strings.Contains(desk.Next+"open the desk", "open the desk")) {
			t.Errorf("%d days left: next %q, %q", left, root.Next, desk.Next)
		}
	}
}

// Files of other users are found. Only root can plant one.
func TestStrangers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	p := newPlant(t, Sift)
	p.must(os.Chown(filepath.Join(p.s.Dir, "sift", "keys", "sign"), 4321, -1))
	if f := find(t, Examine(p.s, p.m), Sift, "permissions"); f.Verdict != Fail || !strings.Contains(f.What, "is user 4321's") {
		t.Errorf("%+v", f)
	}
	p.must(os.Chown(filepath.Join(p.s.Dir, "sift", "keys", "sign"), 0, -1))
	if f := find(t, Examine(p.s, p.m), Sift, "owner"); f.Verdict != Warn || !strings.Contains(f.What, "is root's") {
		t.Errorf("%+v", f)
	}
}

// The real machine answers each question, whatever it says.
func TestThisMachine(t *testing.T) {
	m := This(noon)
	if n, err := m.Free(t.TempDir()); err != nil || n == 0 {
		t.Errorf("free: %d, %v", n, err)
	}
	if kind, err := m.FileSystem(t.TempDir()); err != nil || kind == "" {
		t.Errorf("file system: %q, %v", kind, err)
	}
	if m.FileLimit == 0 || m.LockLimit == 0 {
		t.Errorf("limits: %d files, %d bytes locked", m.FileLimit, m.LockLimit)
	}
	if _, err := m.Free(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("room where nothing is")
	}
}

// Nothing of what doctor reads is a secret, and nothing of a secret is in what it says.
func TestSaysNoSecret(t *testing.T) {
	const secret = "a secret that stands in a file"
	p := newPlant(t, Sift)
	for _, name := range []string{"token", "keys/unlock", "keys/sign", "pool/state"} {
		p.write("sift/"+name, secret)
	}
	d := newPlant(t, Desk)
	raw, err := os.ReadFile(filepath.Join(d.s.Dir, "desk", "vault.toml"))
	d.must(err)
	_, rest, _ := strings.Cut(string(raw), `master = "`)
	master, _, _ := strings.Cut(rest, `"`)
	for _, f := range append(Examine(p.s, p.m), Examine(d.s, d.m)...) {
		if strings.Contains(f.What+f.Next, secret) || strings.Contains(f.What+f.Next, master) {
			t.Errorf("%+v", f)
		}
	}
	if len(master) != 2*(vault.KeySize+16) {
		t.Fatal("blind: no sealed master key found")
	}
}
