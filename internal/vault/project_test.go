package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// view.db holds nothing of its own: deleted, garbled, or left from other projectors, it
// comes again with the same canonical dump.
func TestViewIsRebuilt(t *testing.T) {
	v, dir, key := newVault(t)
	for i := range 20 {
		put(t, v, thing(t), fmt.Sprint("text ", i))
	}
	want := dumpOf(t, v)
	if !strings.Contains(want, `t"text 19"`) {
		t.Fatalf("the dump is blind:\n%s", want)
	}
	closeVault(t, v)
	view := filepath.Join(dir, viewFile)
	for name, harm := range map[string]func(){
		"deleted": func() {
			if err := os.Remove(view); err != nil {
				t.Fatal(err)
			}
		},
		"garbled":   func() { garbage(t, view, 0) },
		"truncated": func() { truncate(t, view, -PageSize-7) },
		"empty":     func() { truncate(t, view, 0) },
	} {
		harm()
		v := reopen(t, dir, key)
		if got := dumpOf(t, v); got != want {
			t.Errorf("%s: another dump:\n%s", name, got)
		}
		if err := v.Rebuild(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if got := dumpOf(t, v); got != want {
			t.Errorf("%s: another dump after Rebuild", name)
		}
		closeVault(t, v)
	}
}

// An older view.db (from a copy of the folder) is caught up, or rebuilt.
func TestOldViewInPlace(t *testing.T) {
	v, dir, key := newVault(t)
	put(t, v, thing(t), "one")
	closeVault(t, v)
	old, err := os.ReadFile(filepath.Join(dir, viewFile))
	if err != nil {
		t.Fatal(err)
	}
	v = reopen(t, dir, key)
	put(t, v, thing(t), "two")
	want := dumpOf(t, v)
	closeVault(t, v)
	if err := os.WriteFile(filepath.Join(dir, viewFile), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := dumpOf(t, reopen(t, dir, key)); got != want {
		t.Errorf("another dump:\n%s", got)
	}
}

func TestChangedProjectorRebuilds(t *testing.T) {
	v, dir, key := newVault(t)
	put(t, v, thing(t), "text")
	closeVault(t, v)
	for _, p := range []notes{{version: 2}, {version: 2, schema: `CREATE INDEX more ON log (kind);`}} {
		rebuilt := false
		opts := testOptions()
		opts.Progress = func(done, total int) { rebuilt = true }
		for _, want := range []bool{true, false} {
			rebuilt = false
			v, err := Open(dir, key, []Projector{p}, opts)
			if err != nil {
				t.Fatal(err)
			}
			closeVault(t, v)
			if rebuilt != want {
				t.Errorf("%+v: rebuilt %v, want %v", p, rebuilt, want)
			}
		}
	}
}

// A projector's error refuses all of an Append, and nothing remains of it.
func TestRefusedAppend(t *testing.T) {
	v, dir, key := newVault(t)
	a := thing(t)
	put(t, v, a, "kept")
	want := dumpOf(t, v)
	h, err := v.Append(context.Background(),
		Draft{Kind: "note.put", Subject: a, Content: []byte("first half")},
		Draft{Kind: "note.bad", Subject: a})
	if err == nil || h != nil || !strings.Contains(err.Error(), "refused by the projector") {
		t.Fatalf("%v, %v", h, err)
	}
	if dumpOf(t, v) != want {
		t.Error("half of it was projected")
	}
	put(t, v, a, "and on")
	closeVault(t, v)
	v = reopen(t, dir, key)
	if r, err := v.Verify(context.Background(), nil); err != nil || r.Ops != 2 {
		t.Fatalf("%d operations, %v", r.Ops, err)
	}
}

func TestBadDrafts(t *testing.T) {
	v, _, _ := newVault(t)
	a := thing(t)
	for _, c := range []struct {
		d    Draft
		want error
	}{
		{Draft{Kind: "", Subject: a}, ErrBadDraft},
		{Draft{Kind: "Note.put", Subject: a}, ErrBadDraft},
		{Draft{Kind: Kind(strings.Repeat("a", MaxKind+1)), Subject: a}, ErrBadDraft},
		{Draft{Kind: KindErase, Subject: a}, ErrBadDraft},
		{Draft{Kind: "note.put"}, ErrBadDraft},
		{Draft{Kind: "note.put", Subject: a, Content: make([]byte, MaxContent+1)}, ErrTooLarge},
	} {
		if _, err := v.Append(context.Background(), Draft{Kind: "note.put", Subject: a}, c.d); !errors.Is(err, c.want) {
			t.Errorf("%.40s: %v", c.d.Kind, err)
		}
	}
	if _, err := v.Append(context.Background(), Draft{Kind: "note.put", Subject: a, Content: make([]byte, MaxContent)}); err != nil {
		t.Error(err)
	}
	if r, err := v.Verify(context.Background(), nil); err != nil || r.Ops != 1 {
		t.Fatalf("%d operations, %v", r.Ops, err)
	}
}

// sql is a projector that runs one statement for each operation.
type sqlProjector struct{ schema, apply string }

func (sqlProjector) Name() string     { return "sql" }
func (sqlProjector) Version() int     { return 1 }
func (p sqlProjector) Schema() string { return "CREATE TABLE t (a);" + p.schema }
func (p sqlProjector) Apply(tx *Tx, op *Op) error {
	return tx.Exec(p.apply)
}

// What would make a projection differ from run to run, or reach beyond it, is refused.
func TestProjectorsAreHeldToTheirTables(t *testing.T) {
	for _, apply := range []string{
		`INSERT INTO t VALUES (random())`,
		`INSERT INTO t VALUES (hex(randomblob(4)))`,
		`INSERT INTO t VALUES (datetime('now'))`,
		`INSERT INTO t VALUES (CURRENT_TIMESTAMP)`,
		`INSERT INTO t VALUES (strftime('%s'))`,
		`UPDATE vault_state SET ops = 9`,
		`CREATE TABLE u (a)`,
		`ATTACH DATABASE 'x.db' AS x`,
		`PRAGMA user_version = 2`,
		`COMMIT`,
		`DROP TABLE t`,
	} {
		v, err := Create(filepath.Join(t.TempDir(), "desk"), testKey(t), []Projector{sqlProjector{"", apply}}, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Append(context.Background(), Draft{Kind: "x", Subject: thing(t)}); err == nil {
			t.Errorf("%s: passed", apply)
		}
		closeVault(t, v)
	}
	for _, schema := range []string{
		`CREATE TABLE vault_mine (a)`,
		`ATTACH DATABASE 'x.db' AS x`,
		`PRAGMA user_version = 2`,
	} {
		if v, err := Create(filepath.Join(t.TempDir(), "desk"), testKey(t), []Projector{sqlProjector{schema, ""}}, testOptions()); err == nil {
			t.Errorf("%s: passed", schema)
			v.Close()
		}
	}
}

// author is a second device whose operations reach this vault's log.
type author struct {
	id    DeviceID
	priv  ed25519.PrivateKey
	end   head
	clock uint64
}

func newAuthor(seed byte) *author {
	priv := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
	return &author{id: DeviceOf(priv.Public().(ed25519.PublicKey)), priv: priv}
}

func (a *author) write(t *rapid.T, kind Kind, subject Thing, content string, key *[32]byte) *envelope {
	op := Op{Author: a.id, Seq: a.end.seq + 1, Prev: a.end.hash, Clock: a.clock, Kind: kind, Subject: subject, KeyOf: subject}
	raw, err := op.encode([]byte(content), key, [nonceSize]byte{byte(op.Seq), a.id[0], 1}, a.priv)
	if err != nil {
		t.Fatal(err)
	}
	e, err := parseOp(raw)
	if err != nil {
		t.Fatal(err)
	}
	a.end = e.head()
	return e
}

// Operations of several authors give one dump, in whatever order they came into the log.
// Each run projects a part, then lets the rest arrive, some of it before that part.
func TestTwoAuthorsOneDump(t *testing.T) {
	key := testKey(t)
	base := t.TempDir()
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		authors := []*author{newAuthor(1), newAuthor(2)}
		subjects := []Thing{{1}, {2}, {3}}
		thingKey := &[32]byte{7}
		var ops []*envelope
		for i := range rapid.IntRange(1, 12).Draw(r, "ops") {
			a := authors[rapid.IntRange(0, 1).Draw(r, "author")]
			a.clock = max(a.clock, a.end.seq) + uint64(rapid.IntRange(1, 3).Draw(r, "step"))
			s := subjects[rapid.IntRange(0, 2).Draw(r, "subject")]
			ops = append(ops, a.write(r, "note.put", s, fmt.Sprint("text ", i), thingKey))
		}
		var want string
		for _, name := range []string{"as written", "merged anew"} {
			runs++
			order := ops
			if name == "merged anew" {
				order = mergeAnew(r, ops, authors[0].id)
			}
			got := dumpInTwoParts(r, filepath.Join(base, fmt.Sprint(runs)), key, authors, subjects, thingKey, order)
			if want == "" {
				want = got
			}
			if got != want {
				r.Fatalf("%s: another dump\n%s\n%s", name, want, got)
			}
		}
	})
}

func dumpInTwoParts(t *rapid.T, dir string, key Key, authors []*author, subjects []Thing, thingKey *[32]byte, ops []*envelope) string {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(dir, 0o700))
	must(lay(dir, key, testOptions(), func(v *Vault) error {
		for _, a := range authors {
			if _, err := v.keys.db.Exec(`INSERT INTO authors VALUES (?, ?)`, a.id, []byte(a.priv.Public().(ed25519.PublicKey))); err != nil {
				return err
			}
		}
		keys := make(map[Thing]*[32]byte)
		for _, s := range subjects {
			keys[s] = thingKey
		}
		return v.keys.addThings(ctx, keys)
	}))
	cut := rapid.IntRange(0, len(ops)).Draw(t, "cut")
	var b strings.Builder
	for _, part := range [][]*envelope{ops[:cut], ops[cut:]} {
		v, err := openFiles(dir, key, testOptions())
		must(err)
		must(v.log.add(ctx, part))
		must(v.Close())
		v, err = Open(dir, key, []Projector{notes{version: 1}}, testOptions())
		must(err)
		b.Reset()
		must(v.Dump(ctx, &b))
		must(v.Close())
	}
	return b.String()
}

// mergeAnew keeps each author's order, and lets the authors' operations arrive otherwise.
func mergeAnew(t *rapid.T, ops []*envelope, first DeviceID) []*envelope {
	var queues [2][]*envelope
	for _, e := range ops {
		i := 1
		if e.Author == first {
			i = 0
		}
		queues[i] = append(queues[i], e)
	}
	var out []*envelope
	for len(out) < len(ops) {
		i := rapid.IntRange(0, 1).Draw(t, "next")
		if len(queues[i]) == 0 {
			i = 1 - i
		}
		out, queues[i] = append(out, queues[i][0]), queues[i][1:]
	}
	return out
}

// Making the tables anew needs no more memory the larger they are: neither where the vault is open, nor
// where another version of it finds them.
func TestLargeTablesAreMadeAnew(t *testing.T) {
	ctx := context.Background()
	v, dir, key := newVault(t)
	long := string(bytes.Repeat([]byte("a long letter "), 17_000))
	for range 16 {
		var drafts []Draft
		for range 16 {
			drafts = append(drafts, Draft{Kind: "note.put", Subject: thing(t), Content: []byte(long)})
		}
		if _, err := v.Append(ctx, drafts...); err != nil {
			t.Fatal(err)
		}
	}
	want := dumpOf(t, v)
	// Half of what the tables hold; it is what SQLite's own limit would be to an archive.
	if _, err := v.view.conn.ExecContext(ctx, `PRAGMA hard_heap_limit=33554432`); err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if dumpOf(t, v) != want {
		t.Error("made anew they are something else")
	}
	closeVault(t, v)
	w, err := Open(dir, key, []Projector{notes{version: 2}}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if dumpOf(t, w) != want {
		t.Error("made anew by another version they are something else")
	}
}
