package vault

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Nothing writes to projections but the projector: whatever SQL comes through View, the
// tables stay as they are.
func TestViewCannotWrite(t *testing.T) {
	v, dir, _ := newVault(t)
	a := thing(t)
	put(t, v, a, "text")
	before := dumpOf(t, v)
	other := filepath.Join(dir, "other.db")
	for _, q := range []string{
		`INSERT INTO notes VALUES (x'01', 'x', 1, 0)`,
		`INSERT INTO notes VALUES (x'01', 'x', 1, 0) RETURNING text`,
		`UPDATE notes SET text = 'x'`,
		`UPDATE notes SET text = 'x' RETURNING text`,
		`DELETE FROM notes`,
		`REPLACE INTO log VALUES (1, 'x')`,
		`WITH x AS (SELECT 1) INSERT INTO log (kind) SELECT 'x' FROM x`,
		`CREATE TABLE evil (a)`,
		`CREATE TEMP TABLE evil (a)`,
		`CREATE VIEW evil AS SELECT 1`,
		`CREATE TRIGGER evil AFTER INSERT ON log BEGIN DELETE FROM notes; END`,
		`CREATE INDEX evil ON log (kind)`,
		`DROP TABLE notes`,
		`ALTER TABLE notes RENAME TO evil`,
		`ALTER TABLE notes ADD COLUMN evil`,
		`VACUUM`,
		`VACUUM INTO '` + other + `'`,
		`ATTACH DATABASE '` + other + `' AS other`,
		`DETACH DATABASE main`,
		`REINDEX notes`,
		`ANALYZE`,
		`PRAGMA query_only = OFF`,
		`PRAGMA writable_schema = ON`,
		`PRAGMA journal_mode = DELETE`,
		`PRAGMA user_version = 7`,
		`PRAGMA wal_checkpoint(TRUNCATE)`,
		`PRAGMA hexkey = '00'`,
		`SAVEPOINT evil`,
		`UPDATE vault_state SET ops = 0`,
		`SELECT load_extension('evil')`,
	} {
		rows, err := v.View().Query(context.Background(), q)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		if err == nil {
			t.Errorf("%s: no error", q)
		}
		err = v.View().Snapshot(context.Background(), func(r *Reader) error {
			var x any
			return r.QueryRow(context.Background(), q).Scan(&x)
		})
		if err == nil {
			t.Errorf("%s: no error in a snapshot", q)
		}
	}
	if dumpOf(t, v) != before {
		t.Error("the tables changed")
	}
	if left, _ := filepath.Glob(other + "*"); len(left) > 0 {
		t.Errorf("files were written: %v", left)
	}
}

// One writer and many readers: a snapshot sees one state, and nobody sees half an Append.
func TestReadersBesideTheWriter(t *testing.T) {
	v, _, _ := newVault(t)
	ctx := context.Background()
	a, b := thing(t), thing(t)
	if _, err := v.Append(ctx, Draft{Kind: "note.put", Subject: a, Content: []byte("0")}, Draft{Kind: "note.put", Subject: b, Content: []byte("0")}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := v.View().Snapshot(ctx, func(r *Reader) error {
					var x, y string
					if err := r.QueryRow(ctx, `SELECT text FROM notes WHERE thing = ?`, a).Scan(&x); err != nil {
						return err
					}
					if err := r.QueryRow(ctx, `SELECT text FROM notes WHERE thing = ?`, b).Scan(&y); err != nil {
						return err
					}
					if x != y {
						return fmt.Errorf("saw %s and %s", x, y)
					}
					return nil
				}); err != nil {
					t.Error(err)
					return
				}
				for _, err := range v.Ops(ctx, Position{}) {
					if err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 20 {
				text := []byte(fmt.Sprint(w, "-", i))
				if _, err := v.Append(ctx, Draft{Kind: "note.put", Subject: a, Content: text}, Draft{Kind: "note.put", Subject: b, Content: text}); err != nil {
					t.Error(err)
				}
				if err := v.PutSecret("s", text, 0); err != nil {
					t.Error(err)
				}
				if i == 10 {
					if err := v.Rebuild(ctx, nil); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	wg.Wait()
	if r, err := v.Verify(ctx, nil); err != nil || r.Ops != 82 {
		t.Fatalf("%d operations, %v", r.Ops, err)
	}
}

// The loop over operations may write.
func TestWriteWhileWalking(t *testing.T) {
	v, _, _ := newVault(t)
	a := thing(t)
	for i := range 3 {
		put(t, v, a, fmt.Sprint(i))
	}
	n := 0
	for op, err := range v.Ops(context.Background(), Position{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n <= 3 {
			put(t, v, a, strings.Repeat("+", int(op.Seq)))
		}
	}
	if n < 3 || text(t, v, a) != "+++" {
		t.Fatalf("%d operations", n)
	}
}
