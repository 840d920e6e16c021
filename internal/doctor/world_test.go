package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

var noon = time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC)

// A plant is a folder and a machine on which everything is well, until a test breaks it.
type plant struct {
	t *testing.T
	s Subject
	m *Machine

	fileSystem string
	readOnly   bool
	free       uint64
	landlock   int
	synced     bool
	clockErr   error
}

// newPlant lays out the folders of roles as init and the roles do. Their contents are not
// those of real ones where doctor does not look into them.
func newPlant(t *testing.T, roles ...string) *plant {
	t.Helper()
	base := t.TempDir()
	p := &plant{t: t, fileSystem: "ext4", free: 1 << 40, landlock: 5, synced: true}
	dir := filepath.Join(base, "news")
	p.s = Subject{Dir: dir, Config: filepath.Join(dir, "newsroom.toml"), Quota: 1024, HostName: "news.example"}
	p.mkdir(dir, 0o700)
	p.write("newsroom.toml", "")
	for _, r := range roles {
		p.mkdir(filepath.Join(dir, r), 0o700)
		for _, name := range lay(r) {
			if strings.HasSuffix(name, "/") {
				p.mkdir(filepath.Join(dir, r, name), 0o700)
			}
		}
		for _, name := range lay(r) {
			if !strings.HasSuffix(name, "/") {
				p.write(r+"/"+name, "x")
			}
		}
		if r == Desk {
			p.desk()
		}
	}
	p.machine(base)
	p.notes(35)
	return p
}

func (p *plant) desk() {
	p.t.Helper()
	keyFile := filepath.Join(p.t.TempDir(), "key")
	p.must(vault.NewKeyFile(keyFile, rand.Reader))
	key, err := vault.KeyFile(keyFile)
	p.must(err)
	v, err := vault.Create(filepath.Join(p.s.Dir, Desk), key, nil, vault.Options{Now: func() time.Time { return noon }, Rand: rand.Reader})
	p.must(err)
	p.must(v.Close())
}

// machine is a clean one: no swap, no collector of dumps, Yama, seccomp, another user than root.
func (p *plant) machine(base string) {
	p.t.Helper()
	p.m = &Machine{
		Proc: filepath.Join(base, "proc"), Sys: filepath.Join(base, "sys"), Now: noon, User: os.Geteuid(),
		Synchronised: func() (bool, error) { return p.synced, p.clockErr },
		Free:         func(string) (uint64, error) { return p.free, nil },
		FileSystem:   func(string) (string, error) { return p.fileSystem, nil },
		ReadOnly:     func(string) bool { return p.readOnly },
		Landlock: func() (int, error) {
			if p.landlock == 0 {
				return 0, errors.New("function not implemented")
			}
			return p.landlock, nil
		},
		LockLimit: 8 << 20, FileLimit: 1 << 19,
	}
	p.proc("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
	p.proc("sys/kernel/core_pattern", "core\n")
	p.proc("sys/kernel/yama/ptrace_scope", "1\n")
	p.proc("sys/kernel/seccomp/actions_avail", "kill_process kill_thread trap errno user_notif trace log allow\n")
	p.proc("1/cmdline", "/sbin/init\x00splash\x00")
	// What the roles wrote last, they wrote before now.
	p.must(filepath.WalkDir(p.s.Dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, noon, noon))
	}))
}

// notes stand with so many days left.
func (p *plant) notes(left int) {
	today := cell.DayOf(noon)
	end := today + cell.Day(left)
	p.s.Notes = []Note{
		{"root", min(today, end-1), end, seal.EndingOf(end, today)},
		{"desk", min(today, end-1), end, seal.EndingOfDesk(end, today)},
	}
}

// certificate writes one that ends then, and its key, beside the folder.
func (p *plant) certificate(end time.Time) { p.certificateOf(end.AddDate(-1, 0, 0), end) }

func (p *plant) certificateOf(begin, end time.Time) {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p.must(err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begin, NotAfter: end, DNSNames: []string{"news.example"}}, &x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	p.must(err)
	p.s.TLSChain, p.s.TLSKey = filepath.Join(p.s.Dir, "chain.pem"), filepath.Join(p.s.Dir, "key.pem")
	p.must(os.WriteFile(p.s.TLSChain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	p.must(os.WriteFile(p.s.TLSKey, []byte("not read"), 0o600))
}

func (p *plant) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plant) mkdir(path string, mode os.FileMode) {
	p.t.Helper()
	p.must(os.MkdirAll(path, mode))
	p.must(os.Chmod(path, mode))
}

func (p *plant) write(name, content string) {
	p.t.Helper()
	p.must(os.WriteFile(filepath.Join(p.s.Dir, filepath.FromSlash(name)), []byte(content), 0o600))
}

func (p *plant) chmod(name string, mode os.FileMode) {
	p.t.Helper()
	p.must(os.Chmod(filepath.Join(p.s.Dir, filepath.FromSlash(name)), mode))
}

func (p *plant) remove(name string) {
	p.t.Helper()
	p.must(os.Remove(filepath.Join(p.s.Dir, filepath.FromSlash(name))))
}

func (p *plant) under(root, name, content string) {
	p.t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	p.must(os.MkdirAll(filepath.Dir(path), 0o700))
	p.must(os.WriteFile(path, []byte(content), 0o600))
}

func (p *plant) proc(name, content string) { p.t.Helper(); p.under(p.m.Proc, name, content) }
func (p *plant) sys(name, content string)  { p.t.Helper(); p.under(p.m.Sys, name, content) }

func (p *plant) swapOn(device, kind string) {
	p.t.Helper()
	p.proc("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"+device+"  "+kind+"\t1048572\t0\t-2\n")
}
