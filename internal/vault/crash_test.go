package vault

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// This test binary is also the program that is killed: with these variables set it appends
// until it dies, saying each text when the vault has acknowledged it.
const (
	writerDir = "KKACHI_TEST_VAULT_DIR"
	writerKey = "KKACHI_TEST_VAULT_KEY"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		run := writeUntilKilled
		if os.Getenv(upgraderPoint) != "" {
			run = upgradeUntilKilled
		}
		if err := run(dir, os.Getenv(writerKey)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// Each check opens several vaults; the command line may ask for more.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func writeUntilKilled(dir, keyFile string) error {
	key, err := KeyFile(keyFile)
	if err != nil {
		return err
	}
	v, err := Open(dir, key, []Projector{notes{version: 1}}, testOptions())
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		t, err := NewThing(rand.Reader)
		if err != nil {
			return err
		}
		drafts := make([]Draft, 1+i%3)
		for j := range drafts {
			drafts[j] = Draft{Kind: "note.put", Subject: t, Content: []byte(t.String())}
		}
		if _, err := v.Append(context.Background(), drafts...); err != nil {
			return err
		}
		if err := v.PutSecret("last", []byte(t.String()), 0); err != nil {
			return err
		}
		erased := i%7 == 6
		if erased {
			if err := v.Erase(context.Background(), t); err != nil {
				return err
			}
		}
		fmt.Printf("%s %d %v\n", t, len(drafts), erased)
	}
}

// Killed at any moment, the vault opens again, is whole, and holds all that was
// acknowledged.
func TestKilledWriterLosesNothing(t *testing.T) {
	dir, keyPath := filepath.Join(t.TempDir(), "desk"), filepath.Join(t.TempDir(), "key")
	if err := NewKeyFile(keyPath, rand.Reader); err != nil {
		t.Fatal(err)
	}
	key, err := KeyFile(keyPath)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Create(dir, key, nil, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	closeVault(t, v)
	acknowledged := make(map[string]string)
	for round := range 8 {
		for _, line := range killWriter(t, dir, keyPath, 1+7*round) {
			id, state, _ := strings.Cut(line, " ")
			acknowledged[id] = state
		}
		v := reopen(t, dir, key)
		if _, err := v.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		requireAcknowledged(t, v, acknowledged)
		before := dumpOf(t, v)
		if err := v.Rebuild(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if dumpOf(t, v) != before {
			t.Fatal("the projection after the crash is not that of the log")
		}
		closeVault(t, v)
	}
}

// killWriter runs the writer until it has said so many lines, and kills it in the middle of
// what comes next.
func killWriter(t *testing.T, dir, keyPath string, lines int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir, writerKey+"="+keyPath)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil { // a line that death cut was not said
			break
		}
		said = append(said, strings.TrimSpace(line))
		if len(said) == lines {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	if len(said) < lines {
		t.Fatalf("said %d of %d", len(said), lines)
	}
	return said
}

func requireAcknowledged(t *testing.T, v *Vault, acknowledged map[string]string) {
	t.Helper()
	for id, state := range acknowledged {
		th, err := ParseThing(id)
		if err != nil {
			t.Fatal(err)
		}
		var changes, erased int
		if err := v.View().QueryRow(context.Background(), `SELECT changes, erased FROM notes WHERE thing = ?`, th).Scan(&changes, &erased); err != nil {
			t.Fatalf("an acknowledged operation is lost: %v", err)
		}
		if got := fmt.Sprint(changes, " ", erased != 0); got != state {
			t.Errorf("%s: %s, acknowledged was %s", id, got, state)
		}
	}
	if _, err := v.Secret("last"); err != nil {
		t.Error(err)
	}
}

// copyDir copies a folder as a snapshot of the disk would show it.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// failing is a projector that copies the folder in the middle of an Append: what a crash
// before the log's commit would leave.
type failing struct {
	notes
	at func()
}

func (f failing) Apply(tx *Tx, op *Op) error {
	if f.at != nil {
		f.at()
	}
	return f.notes.Apply(tx, op)
}

// A crash before the commit leaves nothing of the Append; one after it, before the
// projection and the remembered heads, leaves all.
func TestCrashAroundCommit(t *testing.T) {
	base := t.TempDir()
	dir, key := filepath.Join(base, "desk"), testKey(t)
	copies := 0
	v, err := Create(dir, key, []Projector{failing{notes{version: 1}, func() {
		copies++
		copyDir(t, dir, filepath.Join(base, fmt.Sprint("before", copies)))
	}}}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	a := thing(t)
	put(t, v, a, "one")
	put(t, v, a, "two")
	// A commit of the log alone, as a kill right after it would leave.
	envs, err := v.encode([]Draft{{Kind: "note.put", Subject: a, KeyOf: a, Content: []byte("three")}}, mustKeys(t, v, a))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.log.add(context.Background(), envs); err != nil {
		t.Fatal(err)
	}
	copyDir(t, dir, filepath.Join(base, "after"))
	closeVault(t, v)
	for name, want := range map[string]string{"before1": "", "before2": "one", "after": "three"} {
		v := reopen(t, filepath.Join(base, name), key)
		if _, err := v.Verify(context.Background(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got string
		err := v.View().QueryRow(context.Background(), `SELECT coalesce(max(text), '') FROM notes`).Scan(&got)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		put(t, v, a, "and on")
		closeVault(t, v)
	}
}

func mustKeys(t *testing.T, v *Vault, a Thing) map[Thing]*[32]byte {
	t.Helper()
	keys, _, err := v.keysFor(context.Background(), []Draft{{KeyOf: a}})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// An Append whose context has ended writes nothing.
func TestCancelledAppend(t *testing.T) {
	v, _, _ := newVault(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if h, err := v.Append(ctx, Draft{Kind: "note.put", Subject: thing(t)}); err == nil || h != nil {
		t.Fatalf("%v, %v", h, err)
	}
	put(t, v, thing(t), "and on")
}

// Randomness that ends refuses the write, and nothing is half done.
func TestNoRandomness(t *testing.T) {
	v, _, _ := newVault(t)
	v.opts.Rand = io.LimitReader(rand.Reader, 32)
	if _, err := v.Append(context.Background(), Draft{Kind: "note.put", Subject: thing(t)}); err == nil {
		t.Fatal("wrote without a nonce")
	}
	v.opts.Rand = rand.Reader
	put(t, v, thing(t), "and on")
	if r, err := v.Verify(context.Background(), nil); err != nil || r.Ops != 1 {
		t.Fatalf("%d, %v", r.Ops, err)
	}
}

// What no test can kill its way to is at least asked for: that each commit reaches the disk
// before it returns, and that deleted bytes are overwritten.
func TestDurabilityIsAskedFor(t *testing.T) {
	v, _, _ := newVault(t)
	for _, c := range []struct {
		db   interface{ QueryRow(string, ...any) *sql.Row }
		name string
		want string
	}{
		{v.log.db, "synchronous", "2"},
		{v.log.db, "journal_mode", "wal"},
		{v.log.db, "temp_store", "2"},
		{v.keys.db, "synchronous", "3"},
		{v.keys.db, "journal_mode", "persist"},
		{v.keys.db, "secure_delete", "1"},
		{v.keys.db, "temp_store", "2"},
	} {
		var got string
		if err := c.db.QueryRow("PRAGMA " + c.name).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q, %v", c.name, got, c.want, err)
		}
	}
}

// Where the log took operations and the tables could not follow (a full disk), the tables
// are not asked any more: an answer that lacks a letter would let it be written twice.
func TestP8StaleTablesAreNotRead(t *testing.T) {
	v, dir, key := newVault(t)
	ctx := context.Background()
	a := thing(t)
	put(t, v, a, "one")
	_, err := v.view.conn.ExecContext(ctx, `CREATE TEMP TRIGGER full BEFORE INSERT ON vault_state BEGIN SELECT RAISE(ABORT, 'full'); END`)
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := v.Append(ctx, Draft{Kind: "note.put", Subject: a, Content: []byte("two")})
	if err == nil || len(hashes) != 1 {
		t.Fatalf("hashes %v, error %v: want one that is kept, and an error", hashes, err)
	}
	var got string
	if err := v.View().QueryRow(ctx, `SELECT text FROM notes`).Scan(&got); err == nil {
		t.Errorf("the tables still answer: %q", got)
	}
	closeVault(t, v)
	full := false
	v, err = Open(dir, key, []Projector{refusing{notes{version: 1}, &full}}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, v, a); got != "two" {
		t.Errorf("after opening again: %q", got)
	}
	full = true
	if err := v.Erase(ctx, a); err == nil {
		t.Fatal("erased without making the tables anew")
	}
	if err := v.View().QueryRow(ctx, `SELECT text FROM notes`).Scan(&got); err == nil {
		t.Errorf("what was erased is still read: %q", got)
	}
	closeVault(t, v)
	v = reopen(t, dir, key)
	defer closeVault(t, v)
	var n int
	if err := v.View().QueryRow(ctx, `SELECT count(*) FROM notes WHERE text = 'two'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("after opening again: %d, %v", n, err)
	}
}

// refusing projects nothing while the disk is full.
type refusing struct {
	notes
	full *bool
}

func (r refusing) Apply(tx *Tx, op *Op) error {
	if *r.full {
		return errors.New("full")
	}
	return r.notes.Apply(tx, op)
}
