package growth

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// A row is how long something took for each number of things.
type row struct {
	what string
	took map[int]time.Duration
}

type table struct {
	rows []*row
	log  func(string, ...any)
}

func (t *table) add(what string, n int, took time.Duration) {
	t.log("%d: %s: %v", n, what, took)
	for _, r := range t.rows {
		if r.what == what {
			r.took[n] = took
			return
		}
	}
	t.rows = append(t.rows, &row{what, map[int]time.Duration{n: took}})
}

// TestGrowth measures over a few things among the other tests, which shows that what is measured
// does its work; with KKACHI_GROWTH set to the repository's doc folder it goes from a thousand to a
// million and writes there.
func TestGrowth(t *testing.T) {
	doc := os.Getenv("KKACHI_GROWTH")
	sizes, slots := []int{20, 40}, []int{16, 32}
	if doc != "" {
		sizes, slots = []int{1000, 10_000, 100_000, 1_000_000}, []int{128, 256, 512, 1024}
	}
	things, bulletins := table{log: t.Logf}, table{log: t.Logf}
	for _, n := range sizes {
		vaultOf(t, &things, n)
		hostOf(t, &things, n)
	}
	for _, n := range slots {
		bulletinOf(t, &bulletins, n)
	}
	if doc == "" {
		return
	}
	if err := write(doc, sizes, slots, &things, &bulletins); err != nil {
		t.Fatal(err)
	}
}

// timed is how long f took.
func timed(t testing.TB, f func() error) time.Duration {
	t.Helper()
	start := time.Now()
	if err := f(); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// ops is a projection: one table with a row for each thing.
type ops struct{}

func (ops) Name() string { return "ops" }
func (ops) Version() int { return 1 }
func (ops) Schema() string {
	return `CREATE TABLE ops (thing BLOB PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;`
}

func (ops) Apply(tx *vault.Tx, op *vault.Op) error {
	return tx.Exec(`INSERT INTO ops VALUES (?, 1) ON CONFLICT (thing) DO UPDATE SET n = n + 1`, op.Subject)
}

const batch = 500 // operations of one append, at most

// vaultOf measures a vault of n operations of 400 bytes, ten on each thing.
func vaultOf(t testing.TB, out *table, n int) {
	ctx := context.Background()
	home := t.TempDir()
	keyPath, dir := filepath.Join(home, "key"), filepath.Join(home, "desk")
	if err := vault.NewKeyFile(keyPath, rand.Reader); err != nil {
		t.Fatal(err)
	}
	key := must(vault.KeyFile(keyPath))
	options := vault.Options{Now: time.Now, Rand: rand.Reader}
	projectors := []vault.Projector{ops{}}
	v := must(vault.Create(dir, key, projectors, options))
	defer func() { v.Close() }()
	content := make([]byte, 400)
	out.add("vault: append, 500 at once", n, timed(t, func() error {
		for done := 0; done < n; done += batch {
			drafts := make([]vault.Draft, min(batch, n-done))
			for i := range drafts {
				drafts[i] = vault.Draft{Kind: "note.put", Content: content}
				if drafts[i].Subject = drafts[max(i-1, 0)].Subject; i%10 == 0 {
					drafts[i].Subject = must(vault.NewThing(rand.Reader))
				}
			}
			if _, err := v.Append(ctx, drafts...); err != nil {
				return err
			}
		}
		return nil
	}))
	out.add("vault: rebuild the tables", n, timed(t, func() error { return v.Rebuild(ctx, nil) }))
	out.add("vault: verify the log", n, timed(t, func() error {
		r, err := v.Verify(ctx, nil)
		if r.Ops != n {
			t.Errorf("%d operations verified of %d", r.Ops, n)
		}
		return err
	}))
	device := must(age.GenerateHybridIdentity())
	out.add("vault: back up", n, timed(t, func() error {
		return v.Backup(ctx, io.Discard, device.Recipient(), func(vault.SecretInfo) bool { return true })
	}))
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	out.add("vault: open", n, timed(t, func() (err error) {
		v, err = vault.Open(dir, key, projectors, options)
		return err
	}))
	var rows int
	if err := v.View().QueryRow(ctx, `SELECT sum(n) FROM ops`).Scan(&rows); err != nil || rows != n {
		t.Errorf("the tables hold %d operations of %d: %v", rows, n, err)
	}
}

// hostOf measures an arrival day of n cells at the host, and the sift that drains it.
func hostOf(t *testing.T, out *table, n int) {
	t.Run("day", func(t *testing.T) { // its folders go at its end: a million cells are 4 GiB a day
		ctx := t.Context()
		room := begin(t, n, cell.DefaultSlots)
		out.add("host: make room for a day", n, timed(t, func() error { return room.files.OpenDay(ctx, first+2) }))
		var sealing, putting time.Duration
		for done := 0; done < n; {
			some := make([]*cell.Cell, min(8192, n-done))
			sealing += timed(t, func() error {
				room.seal(some)
				return nil
			})
			putting += timed(t, func() error {
				eachOf(len(some), 256, func(i int) {
					if err := room.files.PutCell(ctx, first, some[i]); err != nil {
						t.Error(err)
					}
				})
				return nil
			})
			done += len(some)
		}
		out.add("client: seal", n, sealing)
		out.add("host: put, 256 at once, each synced", n, putting)
		out.add("host: close the day", n, timed(t, func() error { return room.files.CloseDay(ctx, first) }))
		read := 0
		out.add("host: read the day", n, timed(t, func() error {
			return room.files.ReadDay(ctx, first, func(*cell.Cell) error {
				read++
				return nil
			})
		}))
		r, took := room.turn(1)
		out.add("sift: order of the day", n, took)
		letters := (n + 99) / 100
		if read != n || len(r.Arrivals) != 1 || r.Arrivals[0].Cells != n || r.Carried != max(0, letters-cell.DefaultBatch) {
			t.Errorf("%d cells read of %d, %+v", read, n, r)
		}
	})
}

// bulletinOf measures a bulletin of so many slots: a desk that fills it, the sift that makes
// it, a client that looks it up.
func bulletinOf(t *testing.T, out *table, slots int) {
	p := cell.Parcel{Day: first + 1}
	out.add("desk: seal a full parcel", slots, timed(t, func() error {
		for i := range slots {
			week, tag := seal.WeekKey{1, byte(i / cell.TagsPerDay)}, uint8(i%cell.TagsPerDay)
			p.Slots = append(p.Slots, *must(seal.SealSlot(rand.Reader, week, p.Day, tag, &seal.SlotPlain{Count: 1, Reply: cell.ReplyID{byte(i)}})))
		}
		return nil
	}))
	t.Run("bulletin", func(t *testing.T) {
		room := begin(t, 16, slots)
		slices.SortFunc(p.Slots, func(a, b cell.Slot) int { return bytes.Compare(a[:], b[:]) })
		room.check(room.desk.PutObject(t.Context(), fmt.Sprintf("parcel/%d/0/1", p.Day), must(p.Marshal())))
		_, took := room.turn(1)
		out.add("sift: order of a day without cells", slots, took)
		b := must(cell.ParseBulletin(must(room.desk.Bulletin(t.Context())), slots))
		var found []seal.Reply
		key := func(cell.Week) (seal.WeekKey, bool) { return seal.WeekKey{1}, true }
		out.add("client: look a bulletin up", slots, timed(t, func() error {
			found = seal.FindReplies(key, b, p.Day, uint32(first)/7)
			return nil
		}))
		if len(found) != cell.TagsPerDay {
			t.Errorf("%d replies found of %d", len(found), cell.TagsPerDay)
		}
	})
}
