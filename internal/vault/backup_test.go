package vault

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// full is a vault with everything in it, and a backup of it.
func full(t *testing.T) (v *Vault, key Key, backup []byte, id age.Identity) {
	t.Helper()
	v, _, key = newVault(t)
	ctx := context.Background()
	a, b := thing(t), thing(t)
	for i := range 30 {
		put(t, v, a, fmt.Sprint("backup-canary ", i))
	}
	put(t, v, b, "to be erased")
	if _, _, err := v.PutBlob(ctx, a, strings.NewReader(strings.Repeat("photograph ", 20000))); err != nil {
		t.Fatal(err)
	}
	if err := v.Erase(ctx, b); err != nil {
		t.Fatal(err)
	}
	today := v.opts.today()
	for name, end := range map[string]uint32{"inbox": 0, "week/now": today, "week/past": today - 1, "token": 0} {
		if err := v.PutSecret(name, []byte("secret of "+name), end); err != nil {
			t.Fatal(err)
		}
	}
	pq, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := v.Backup(ctx, &buf, pq.Recipient(), func(s SecretInfo) bool { return s.Name != "token" }); err != nil {
		t.Fatal(err)
	}
	return v, key, buf.Bytes(), pq
}

func TestBackupRoundTrip(t *testing.T) {
	v, key, backup, id := full(t)
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "new", "desk")
	report, err := Restore(ctx, bytes.NewReader(backup), id, dir, key, testOptions())
	if err != nil || report.Ops != 32 || report.Blobs != 1 || report.Erased != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	w := reopen(t, dir, key)
	if dumpOf(t, w) != dumpOf(t, v) {
		t.Error("another dump after restoring")
	}
	if w.Device() == v.Device() {
		t.Error("the restored vault writes under the same identity: two copies would fork one chain")
	}
	for name, want := range map[string]bool{"inbox": true, "week/now": true, "week/past": false, "token": false} {
		if s, err := w.Secret(name); (err == nil) != want || want && string(s) != "secret of "+name {
			t.Errorf("%s: %q, %v", name, s, err)
		}
	}
	var kept int // Secret would not give a dead one out, but it must not even be there
	if err := w.keys.db.QueryRow(`SELECT count(*) FROM ring`).Scan(&kept); err != nil || kept != 2 {
		t.Errorf("%d secrets restored, %v", kept, err)
	}
	list, err := v.keys.blobs(ctx, Thing{})
	if err != nil || len(list) != 1 {
		t.Fatal(err)
	}
	r, err := w.Blob(ctx, list[0].sum)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || len(b) != 220000 {
		t.Errorf("blob of %d bytes, %v", len(b), err)
	}
	put(t, w, thing(t), "and on")
	if r, err := w.Verify(ctx, nil); err != nil || r.Authors != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRestoreKeepsWhatIsThere(t *testing.T) {
	_, key, backup, id := full(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(context.Background(), bytes.NewReader(backup), id, dir, key, testOptions()); !errors.Is(err, ErrExists) {
		t.Fatalf("restored over a folder in use: %v", err)
	}
	requireNames(t, dir, "mine")
}

func requireNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

// A backup that was cut or altered anywhere, or is opened with another key, is refused, and
// nothing is left behind.
func TestDamagedBackup(t *testing.T) {
	_, key, backup, id := full(t)
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	n := len(backup)
	flipped := func(at int) []byte { b := bytes.Clone(backup); b[at] ^= 1; return b }
	cases := map[string][]byte{
		"empty": nil, "one byte less": backup[:n-1], "half": backup[:n/2], "one byte more": append(bytes.Clone(backup), 0),
		"first chunk less": append(bytes.Clone(backup[:3000]), backup[3000+65536+16:]...),
		"flipped at top":   flipped(40), "flipped in the middle": flipped(n / 2), "flipped at the end": flipped(n - 1),
	}
	for name, b := range cases {
		parent := t.TempDir()
		if _, err := Restore(context.Background(), bytes.NewReader(b), id, filepath.Join(parent, "desk"), key, testOptions()); !errors.Is(err, ErrBackup) {
			t.Errorf("%s: %v", name, err)
		}
		requireNames(t, parent)
	}
	parent := t.TempDir()
	if _, err := Restore(context.Background(), bytes.NewReader(backup), other, filepath.Join(parent, "desk"), key, testOptions()); !errors.Is(err, ErrBackup) {
		t.Errorf("another key: %v", err)
	}
	requireNames(t, parent)
}

// repack opens a backup and seals it again with its members changed, as one who holds its
// key could.
func repack(t *testing.T, backup []byte, id *age.HybridIdentity, change func(name string, data []byte) [][2]any) []byte {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(backup), id)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	enc, err := age.Encrypt(&out, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	tr, tw := tar.NewReader(r), tar.NewWriter(enc)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range change(h.Name, data) {
			if err := member(tw, m[0].(string), m[1].([]byte)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(tw.Close(), enc.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A backup that was opened, changed inside and sealed again is refused too.
func TestForgedBackup(t *testing.T) {
	_, key, backup, id := full(t)
	keep := func(name string, data []byte) [][2]any { return [][2]any{{name, data}} }
	change := func(of string, f func([]byte) []byte) func(string, []byte) [][2]any {
		return func(name string, data []byte) [][2]any {
			if strings.HasPrefix(name, of) {
				data = f(bytes.Clone(data))
			}
			return keep(name, data)
		}
	}
	firstOp := func(b []byte) int {
		n, err := opSize(b)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for name, f := range map[string]func(string, []byte) [][2]any{
		"without end": func(name string, data []byte) [][2]any {
			if name == backupEnd {
				return nil
			}
			return keep(name, data)
		},
		"twice keys": func(name string, data []byte) [][2]any {
			if name == backupKeys {
				return append(keep(name, data), keep(name, data)...)
			}
			return keep(name, data)
		},
		"no blob": func(name string, data []byte) [][2]any {
			if strings.HasPrefix(name, backupBlob) {
				return nil
			}
			return keep(name, data)
		},
		"a stranger's file": func(name string, data []byte) [][2]any {
			if name == backupEnd {
				return append(keep("../../evil", nil), keep(name, data)...)
			}
			return keep(name, data)
		},
		"newer": func(name string, data []byte) [][2]any {
			if name == backupTop {
				name = "kkachi-vault-backup-2"
			}
			return keep(name, data)
		},
		"first op gone":    change(backupOps, func(b []byte) []byte { return b[firstOp(b):] }),
		"op altered":       change(backupOps, func(b []byte) []byte { b[200] ^= 1; return b }),
		"op cut":           change(backupOps, func(b []byte) []byte { return b[:len(b)-1] }),
		"ops swapped":      change(backupOps, func(b []byte) []byte { n := firstOp(b); return append(bytes.Clone(b[n:]), b[:n]...) }),
		"unknown key line": change(backupKeys, func(b []byte) []byte { return append(b, "what 00\n"...) }),
		"key line cut":     change(backupKeys, func(b []byte) []byte { return b[:len(b)-1] }),
		"another shape": change(backupKeys, func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("thing "), []byte("thing 00"))
		}),
		"blob altered": change(backupBlob, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }),
		"wrong count":  change(backupEnd, func(b []byte) []byte { return []byte("ops 1\nblobs 1\n") }),
	} {
		parent := t.TempDir()
		forged := repack(t, backup, id.(*age.HybridIdentity), f)
		_, err := Restore(context.Background(), bytes.NewReader(forged), id, filepath.Join(parent, "desk"), key, testOptions())
		if name == "newer" && !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v", name, err)
		}
		if !errors.Is(err, ErrNewer) && !errors.Is(err, ErrBackup) && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret of") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
		requireNames(t, parent)
	}
}

// A backup made for a passphrase opens with it, and while it is written Appends go on.
func TestBackupByPassphraseBesideAppends(t *testing.T) {
	v, _, key := newVault(t)
	put(t, v, thing(t), "one")
	to, err := age.NewScryptRecipient("a passphrase for the backup")
	if err != nil {
		t.Fatal(err)
	}
	to.SetWorkFactor(10)
	want := dumpOf(t, v)
	var buf bytes.Buffer
	once := false
	slow := writerFunc(func(p []byte) (int, error) {
		if !once { // the state is taken: this one comes too late
			once = true
			put(t, v, thing(t), "two")
		}
		return buf.Write(p)
	})
	if err := v.Backup(context.Background(), slow, to, nil); err != nil {
		t.Fatal(err)
	}
	id, err := age.NewScryptIdentity("a passphrase for the backup")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "desk")
	if _, err := Restore(context.Background(), &buf, id, dir, key, testOptions()); err != nil {
		t.Fatal(err)
	}
	if got := dumpOf(t, reopen(t, dir, key)); got != want {
		t.Errorf("not the state of the moment:\n%s", got)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
