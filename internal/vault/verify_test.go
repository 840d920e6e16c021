package vault

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tamper opens the closed vault's files, as someone who holds the key could, and changes them.
func tamper(t *testing.T, dir string, key Key, change func(v *Vault)) {
	t.Helper()
	v, err := openFiles(dir, key, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.loadDevice(); err != nil {
		t.Fatal(err)
	}
	change(v)
	closeVault(t, v)
}

func sqlExec(t *testing.T, v *Vault, query string, args ...any) {
	t.Helper()
	res, err := v.log.db.Exec(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: nothing changed", query)
	}
}

func rawOf(t *testing.T, v *Vault, seq int) []byte {
	t.Helper()
	var raw []byte
	if err := v.log.db.QueryRow(`SELECT raw FROM ops WHERE seq = ?`, seq).Scan(&raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

// flip changes one byte of an operation where it lies.
func flip(seq, at int) func(*testing.T, *Vault) {
	return func(t *testing.T, v *Vault) {
		raw := rawOf(t, v, seq)
		raw[(at+len(raw))%len(raw)] ^= 1
		sqlExec(t, v, `UPDATE ops SET raw = ? WHERE seq = ?`, raw, seq)
	}
}

// signAnother makes an operation with a true signature at seq, after prev.
func signAnother(t *testing.T, v *Vault, seq int, prev Hash, clock uint64) *envelope {
	t.Helper()
	subject := Thing{1}
	op := Op{Author: v.device, Seq: uint64(seq), Prev: prev, Clock: clock, Kind: KindErase, Subject: subject}
	raw, err := op.encode(nil, nil, [nonceSize]byte{}, v.signer)
	if err != nil {
		t.Fatal(err)
	}
	e, err := parseOp(raw)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// lastOp is the number of the last operation in a log that damages harm.
const lastOp = 12

// damages are what can be done to a log, and how it is named.
var damages = []struct {
	name   string
	change func(*testing.T, *Vault)
	what   FaultKind
	seq    uint64 // 0: of no operation
	detail string
	opens  bool // Open looks at the ends and the number, not at every signature
}{
	{"content byte", flip(5, OpHeaderSize+3), Edited, 5, "signature", true},
	{"day in the header", flip(5, 61), Edited, 5, "signature", true},
	{"clock in the header", flip(5, 70), Edited, 5, "signature", true},
	{"kind in the header", flip(5, 73), Edited, 5, "signature", true},
	{"prev in the header", flip(5, 30), Edited, 5, "signature", true},
	{"signature", flip(5, -1), Edited, 5, "signature", true},
	{"magic", flip(5, 0), Edited, 5, "bad magic", true},
	{"length", flip(5, 151), Edited, 5, "bad length", true},
	{"last content byte", flip(lastOp, OpHeaderSize+3), Edited, lastOp, "", false},
	{"short encoding", func(t *testing.T, v *Vault) {
		raw := rawOf(t, v, 5)
		sqlExec(t, v, `UPDATE ops SET raw = ? WHERE seq = 5`, raw[:len(raw)-7])
	}, Torn, 5, "truncated", true},
	{"long encoding", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `UPDATE ops SET raw = ? WHERE seq = 5`, append(rawOf(t, v, 5), 0))
	}, Torn, 5, "trailing", true},
	{"tail cut", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `DELETE FROM ops WHERE seq > 9`)
	}, Cut, 10, "12", false},
	{"last one cut", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `DELETE FROM ops WHERE seq = 12`)
	}, Cut, 12, "12", false},
	{"all cut", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `DELETE FROM ops`)
	}, Cut, 1, "12", false},
	{"middle cut", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `DELETE FROM ops WHERE seq IN (6, 7)`)
	}, Cut, 6, "operation 8", false},
	{"beginning cut", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `DELETE FROM ops WHERE seq = 1`)
	}, Cut, 1, "operation 2", false},
	{"two with one number", func(t *testing.T, v *Vault) {
		four, err := parseOp(rawOf(t, v, 4))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.log.add(context.Background(), []*envelope{signAnother(t, v, 5, four.Hash, 500)}); err != nil {
			t.Fatal(err)
		}
	}, Forked, 5, "two operations", false},
	{"another history", func(t *testing.T, v *Vault) {
		e := signAnother(t, v, 5, Hash{9}, 5)
		sqlExec(t, v, `UPDATE ops SET raw = ?, kind = ?, subject = ? WHERE seq = 5`, e.raw, string(e.Kind), e.Subject)
	}, Forked, 5, "does not continue", false},
	{"clock goes back", func(t *testing.T, v *Vault) {
		twelve := signAnother(t, v, 12, mustParse(t, rawOf(t, v, 11)).Hash, 99)
		sqlExec(t, v, `UPDATE ops SET raw = ?, clock = 99, kind = ?, subject = ? WHERE seq = 12`, twelve.raw, string(twelve.Kind), twelve.Subject)
		if err := v.log.add(context.Background(), []*envelope{signAnother(t, v, 13, twelve.Hash, 50)}); err != nil {
			t.Fatal(err)
		}
		if err := v.keys.setHeads(context.Background(), map[DeviceID]head{v.device: twelve.head()}); err != nil {
			t.Fatal(err)
		}
	}, Reordered, 13, "clock", false},
	{"two change places", func(t *testing.T, v *Vault) {
		a, b := rawOf(t, v, 5), rawOf(t, v, 6)
		sqlExec(t, v, `UPDATE ops SET raw = ? WHERE seq = 5`, b)
		sqlExec(t, v, `UPDATE ops SET raw = ? WHERE seq = 6`, a)
	}, Reordered, 5, "operation 6", true},
	{"one stands twice", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `INSERT INTO ops (clock, author, seq, kind, subject, raw) SELECT clock, author, seq, kind, subject, raw FROM ops WHERE seq = 5`)
	}, Reordered, 5, "twice", false},
	{"column says another kind", func(t *testing.T, v *Vault) {
		sqlExec(t, v, `UPDATE ops SET kind = 'note.other' WHERE seq = 5`)
	}, Reordered, 5, "operation 5", true},
	{"a stranger's operation", func(t *testing.T, v *Vault) {
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		op := Op{Author: DeviceOf(pub), Seq: 1, Clock: 3, Kind: KindErase, Subject: Thing{1}}
		raw, err := op.encode(nil, nil, [nonceSize]byte{}, priv)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.log.add(context.Background(), []*envelope{mustParse(t, raw)}); err != nil {
			t.Fatal(err)
		}
	}, Edited, 1, "not known", false},
	{"key of a thing gone", func(t *testing.T, v *Vault) {
		if _, err := v.keys.db.Exec(`DELETE FROM things`); err != nil {
			t.Fatal(err)
		}
	}, Lost, 1, "without an erasure", true},
	{"key of a thing changed", func(t *testing.T, v *Vault) {
		if _, err := v.keys.db.Exec(`UPDATE things SET key = zeroblob(32)`); err != nil {
			t.Fatal(err)
		}
	}, Edited, 1, "does not open", true},
}

// Someone who holds the disk, and even the key, can't change the log unnoticed: what was
// done is found and named, with author and number.
func TestDamageIsNamed(t *testing.T) {
	for _, c := range damages {
		t.Run(c.name, func(t *testing.T) {
			v, dir, key := newVault(t)
			putMany(t, v, lastOp)
			closeVault(t, v)
			tamper(t, dir, key, func(v *Vault) { c.change(t, v) })

			report, err := VerifyDir(context.Background(), dir, key, testOptions(), nil)
			requireFault(t, report, err, Fault{What: c.what, Seq: c.seq, Detail: c.detail})
			v, err = Open(dir, key, []Projector{notes{version: 1}}, testOptions())
			if err == nil {
				v.Close()
			}
			if c.opens != (err == nil) || !c.opens && !errors.Is(err, ErrDamaged) {
				t.Errorf("open: %v", err)
			}
		})
	}
}

// putMany writes n operations on one thing in one go.
func putMany(t *testing.T, v *Vault, n int) {
	t.Helper()
	drafts, a := make([]Draft, n), thing(t)
	for i := range drafts {
		drafts[i] = Draft{Kind: "note.put", Subject: a, Content: []byte(fmt.Sprint("a secret text ", i))}
	}
	if _, err := v.Append(context.Background(), drafts...); err != nil {
		t.Fatal(err)
	}
}

func mustParse(t *testing.T, raw []byte) *envelope {
	t.Helper()
	e, err := parseOp(raw)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// requireFault demands that the first fault is the one wanted, that there are no others of
// other operations without need, and that nothing secret is said.
func requireFault(t *testing.T, r Report, err error, want Fault) {
	t.Helper()
	if !errors.Is(err, ErrDamaged) || len(r.Faults) == 0 {
		t.Fatalf("not found: %v, %v", err, r)
	}
	f := r.Faults[0]
	if f.What != want.What || f.Seq != want.Seq || !strings.Contains(f.Detail, want.Detail) {
		t.Errorf("named %q, want %s at %d (%s)", f, want.What, want.Seq, want.Detail)
	}
	if want.File != "" && f.File != want.File {
		t.Errorf("named file %s, want %s", f.File, want.File)
	}
	if want.Seq != 0 && !strings.Contains(err.Error(), fmt.Sprintf("author %s, operation %d: %s", f.Author, want.Seq, want.What)) {
		t.Errorf("the error does not name it: %v", err)
	}
	if strings.Contains(err.Error(), "a secret text") {
		t.Errorf("the error tells content: %v", err)
	}
}

func TestVerifyWhole(t *testing.T) {
	v, dir, key := newVault(t)
	a, b := thing(t), thing(t)
	put(t, v, a, "one")
	put(t, v, b, "two")
	if _, _, err := v.PutBlob(context.Background(), a, strings.NewReader("blob")); err != nil {
		t.Fatal(err)
	}
	if err := v.Erase(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	calls := 0
	r, err := v.Verify(context.Background(), func(done, total int) { calls++ })
	if err != nil || r.Ops != 3 || r.Authors != 1 || r.Things != 1 || r.Erased != 1 || r.Blobs != 1 || calls == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := VerifyDir(context.Background(), dir, key, testOptions(), nil); !errors.Is(err, ErrLocked) {
		t.Fatalf("verified while open: %v", err)
	}
	closeVault(t, v)
	if r, err = VerifyDir(context.Background(), dir, key, testOptions(), nil); err != nil || r.Device.String() == "" {
		t.Fatal(err)
	}
}

// A file that is not whole any more, by whatever accident, is named.
func TestTornFiles(t *testing.T) {
	for _, file := range []string{logFile, keysFile} {
		for name, harm := range map[string]func(t *testing.T, path string){
			"half a page less": func(t *testing.T, path string) { truncate(t, path, -PageSize/2) },
			"a page less":      func(t *testing.T, path string) { truncate(t, path, -PageSize) },
			"garbage page":     func(t *testing.T, path string) { garbage(t, path, 1) },
			"garbage at top":   func(t *testing.T, path string) { garbage(t, path, 0) },
			"empty":            func(t *testing.T, path string) { truncate(t, path, 0) },
			"missing": func(t *testing.T, path string) {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			},
		} {
			t.Run(file+"/"+name, func(t *testing.T) {
				v, dir, key := newVault(t)
				putMany(t, v, 100)
				closeVault(t, v)
				harm(t, filepath.Join(dir, file))
				r, err := VerifyDir(context.Background(), dir, key, testOptions(), nil)
				requireFault(t, r, err, Fault{What: Torn, File: file})
			})
		}
	}
}

func truncate(t *testing.T, path string, by int64) {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	size := fi.Size() + by
	if by == 0 {
		size = 0
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func garbage(t *testing.T, path string, page int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, PageSize)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, page*PageSize); err != nil {
		t.Fatal(err)
	}
}

// An old copy of log.db in the place of the new one is whole in itself; the remembered
// heads tell.
func TestOldLogInPlace(t *testing.T) {
	v, dir, key := newVault(t)
	a := thing(t)
	put(t, v, a, "one")
	closeVault(t, v)
	old, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		t.Fatal(err)
	}
	v = reopen(t, dir, key)
	put(t, v, a, "two")
	closeVault(t, v)
	if err := os.WriteFile(filepath.Join(dir, logFile), old, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := VerifyDir(context.Background(), dir, key, testOptions(), nil)
	requireFault(t, r, err, Fault{What: Cut, Seq: 2})
	if _, err := Open(dir, key, nil, testOptions()); !errors.Is(err, ErrDamaged) {
		t.Fatalf("opened: %v", err)
	}
}
