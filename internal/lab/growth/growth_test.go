package growth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
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

// A row is what something took for each number of things.
type row struct {
	what string
	took map[int]cost
}

// A cost is time on the clock, to which whatever else the machine does adds, and time of processors,
// this program's and its children's.
type cost struct{ clock, cpu time.Duration }

type table struct {
	rows []*row
	log  func(string, ...any)
}

func (t *table) add(what string, n int, took cost) {
	t.log("%d: %s: %v, %v of processors", n, what, took.clock, took.cpu)
	for _, r := range t.rows {
		if r.what == what {
			r.took[n] = took
			return
		}
	}
	t.rows = append(t.rows, &row{what, map[int]cost{n: took}})
}

// TestGrowth measures over a few things among the other tests, which shows that what is measured
// does its work; with KKACHI_GROWTH set to the repository's doc folder it goes from a thousand to a
// million and writes there. A part can be measured again alone (-run TestGrowth/vault); the rest
// stays as it was measured before.
func TestGrowth(t *testing.T) {
	doc := os.Getenv("KKACHI_GROWTH")
	sizes, slots := []int{20, 40}, []int{16, 32}
	if doc != "" {
		sizes, slots = []int{1000, 10_000, 100_000, 1_000_000}, []int{128, 256, 512, 1024}
	}
	all := table{log: t.Logf}
	for _, n := range sizes {
		t.Run(fmt.Sprintf("vault-%d", n), func(t *testing.T) { vaultOf(t, &all, n) })
		t.Run(fmt.Sprintf("day-%d", n), func(t *testing.T) { hostOf(t, &all, n) })
	}
	for _, n := range slots {
		t.Run(fmt.Sprintf("slots-%d", n), func(t *testing.T) { bulletinOf(t, &all, n) })
	}
	if doc == "" {
		doc = emptyDoc(t)
	}
	if err := write(doc, sizes, slots, &all); err != nil {
		t.Fatal(err)
	}
}

func (c cost) and(d cost) cost { return cost{c.clock + d.clock, c.cpu + d.cpu} }

// emptyDoc is a doc folder without measurements.
func emptyDoc(t *testing.T) string {
	dir := t.TempDir()
	page := must(os.ReadFile("../../../doc/growth.md"))
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "figures"), 0o700), os.WriteFile(filepath.Join(dir, "growth.md"), page, 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// timed is what f took.
func timed(t testing.TB, f func() error) cost {
	t.Helper()
	start, cpu := time.Now(), must(processors())
	if err := f(); err != nil {
		t.Fatal(err)
	}
	return cost{time.Since(start), must(processors()) - cpu}
}

// again is what f, which may be repeated, took in the middle of 25 times, as many as a second holds.
func again(t testing.TB, f func() error) cost {
	t.Helper()
	all := []cost{timed(t, f)}
	for sum := all[0].clock; sum < time.Second && len(all) < 25; sum += all[len(all)-1].clock {
		all = append(all, timed(t, f))
	}
	return middle(all)
}

func middle(all []cost) cost {
	slices.SortFunc(all, func(a, b cost) int { return cmp.Compare(a.clock, b.clock) })
	clock := all[len(all)/2].clock
	slices.SortFunc(all, func(a, b cost) int { return cmp.Compare(a.cpu, b.cpu) })
	return cost{clock, all[len(all)/2].cpu}
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
	out.add("vault: rebuild the tables", n, again(t, func() error { return v.Rebuild(ctx, nil) }))
	out.add("vault: verify the log", n, again(t, func() error {
		r, err := v.Verify(ctx, nil)
		if r.Ops != n {
			t.Errorf("%d operations verified of %d", r.Ops, n)
		}
		return err
	}))
	device := must(age.GenerateHybridIdentity())
	out.add("vault: back up", n, again(t, func() error {
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
	ctx := t.Context()
	room := begin(t, n, cell.DefaultSlots)
	out.add("host: make room for a day", n, timed(t, func() error { return room.files.OpenDay(ctx, first+2) }))
	var sealing, putting cost
	for done := 0; done < n; {
		some := make([]*cell.Cell, min(8192, n-done))
		sealing = sealing.and(timed(t, func() error {
			room.seal(some)
			return nil
		}))
		putting = putting.and(timed(t, func() error {
			eachOf(len(some), 256, func(i int) {
				if err := room.files.PutCell(ctx, first, some[i]); err != nil {
					t.Error(err)
				}
			})
			return nil
		}))
		done += len(some)
	}
	out.add("client: seal", n, sealing)
	out.add("host: put, 256 at once, each synced", n, putting)
	out.add("host: close the day", n, timed(t, func() error { return room.files.CloseDay(ctx, first) }))
	var read int
	out.add("host: read the day", n, again(t, func() error {
		read = 0
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
}

// bulletinOf measures a bulletin of so many slots: a desk that fills it, the sift that makes
// it, a client that looks it up.
func bulletinOf(t *testing.T, out *table, n int) {
	p := cell.Parcel{Day: first + 1}
	out.add("desk: seal a full parcel", n, again(t, func() error {
		p.Slots = nil
		for i := range n {
			week, tag := seal.WeekKey{1, byte(i / cell.TagsPerDay)}, uint8(i%cell.TagsPerDay)
			p.Slots = append(p.Slots, *must(seal.SealSlot(rand.Reader, week, p.Day, tag, &seal.SlotPlain{Count: 1, Reply: cell.ReplyID{byte(i)}})))
		}
		return nil
	}))
	room := begin(t, 16, n)
	slices.SortFunc(p.Slots, func(a, b cell.Slot) int { return bytes.Compare(a[:], b[:]) })
	room.check(room.desk.PutObject(t.Context(), fmt.Sprintf("parcel/%d/0/1", p.Day), must(p.Marshal())))
	var took []cost
	for range 5 {
		_, d := room.turn(1)
		took = append(took, d)
	}
	out.add("sift: order of a day without cells", n, middle(took))
	b := must(cell.ParseBulletin(must(room.desk.Bulletin(t.Context())), n))
	var found []seal.Reply
	key := func(cell.Week) (seal.WeekKey, bool) { return seal.WeekKey{1}, true }
	out.add("client: look a bulletin up", n, again(t, func() error {
		found = seal.FindReplies(key, b, p.Day+4, uint32(first)/7)
		return nil
	}))
	if len(found) != cell.TagsPerDay {
		t.Errorf("%d replies found of %d", len(found), cell.TagsPerDay)
	}
}
