package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lab/figure"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// archiveDay is the day of the archive that BenchmarkSearch in internal/desk makes.
const archiveDay = cell.Day(20653 + 1500)

// archiveConfig opens the archive in the folder KKACHI_ARCHIVE, which BenchmarkSearch in
// internal/desk has made.
func archiveConfig(b *testing.B) desk.Config {
	b.Helper()
	dir := os.Getenv("KKACHI_ARCHIVE")
	if dir == "" {
		b.Skip("KKACHI_ARCHIVE names no folder: see doc/speed.md")
	}
	key, err := vault.KeyFile(filepath.Join(dir, "key"))
	must(b, err)
	return desk.Config{
		Dir: filepath.Join(dir, "desk"), Key: key, Newsroom: seal.NewsroomID{1}, Name: "Archive", Slots: 32, DateIsRight: true,
		Host: &memHost{objects: map[string][]byte{}},
		Now:  func() time.Time { return archiveDay.Time().Add(8 * time.Hour) }, Rand: rand.Reader,
	}
}

// A walker asks for pages as the browser inside does, and takes the time of each.
type walker struct {
	b      *testing.B
	desk   *desk.Desk
	s      *Server
	cookie *http.Cookie
	took   map[string]*spent
	undo   []string // what takes back all that was done
}

// A spent is what one thing took, each time: on the clock, and of the processor, in
// milliseconds.
type spent struct{ wall, cpu []float64 }

// of measures one time. The goroutine must be locked to its thread.
func (s *spent) of(do func()) {
	began, used := time.Now(), threadTime()
	do()
	s.cpu = append(s.cpu, float64(threadTime()-used)/1e6)
	s.wall = append(s.wall, float64(time.Since(began))/1e6)
}

// at95 is the time within which 95 of 100 are.
func at95(list []float64) float64   { return slices.Sorted(slices.Values(list))[(len(list)-1)*95/100] }
func middle(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }

// threadTime is what the processor has spent on this thread.
func threadTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}

func newWalker(b *testing.B, d *desk.Desk) *walker {
	b.Helper()
	s, err := New(d, Options{By: "mina"})
	must(b, err)
	l, err := s.Listen()
	must(b, err)
	b.Cleanup(func() { l.Close() })
	w := &walker{b: b, desk: d, s: s, took: map[string]*spent{}}
	_, token, _ := strings.Cut(s.Link(), "#")
	res := w.send("POST", "/open", token)
	w.cookie = res.Cookies()[0]
	return w
}

func (w *walker) send(method, path, body string) *http.Response {
	path, _, _ = strings.Cut(path, "#") // browsers keep it to themselves
	return askServer(w.s, w.cookie, method, path, body, nil)
}

// get opens a page; post sends a form. Each takes the time under a name, and gives where it
// led to.
func (w *walker) get(name, path string) {
	w.b.Helper()
	var res *http.Response
	w.of(name, func() { res = w.send("GET", path, "") })
	if res.StatusCode != http.StatusOK {
		w.b.Fatalf("%s: %s", name, res.Status)
	}
}

func (w *walker) post(name, path string, form ...string) string {
	w.b.Helper()
	v := url.Values{}
	for i := 0; i < len(form); i += 2 {
		v.Add(form[i], form[i+1])
	}
	var res *http.Response
	w.of(name, func() { res = w.send("POST", path, v.Encode()) })
	if res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusNoContent {
		w.b.Fatalf("%s: %s", name, res.Status)
	}
	w.s.mu.Lock()
	if op := w.s.said.Undo; op != "" && path != "/undo" {
		w.undo = append(w.undo, op)
	}
	w.s.said = notice{}
	w.s.mu.Unlock()
	return res.Header.Get("Location")
}

func (w *walker) of(name string, do func()) {
	if w.took[name] == nil {
		w.took[name] = &spent{}
	}
	w.took[name].of(do)
}

// report tells of each kind of action what it took, those that come nearest to the limit
// first.
func (w *walker) report(limit float64) {
	names := slices.SortedFunc(maps.Keys(w.took), func(a, b string) int {
		return cmp.Or(-cmp.Compare(at95(w.took[a].wall), at95(w.took[b].wall)), strings.Compare(a, b))
	})
	var busy string
	var used float64
	for _, name := range names {
		w.took[name].tell(w.b, name, limit)
		if c := at95(w.took[name].cpu); c > used {
			used, busy = c, name
		}
	}
	slowest := at95(w.took[names[0]].wall)
	w.b.Logf("slowest on the clock: %s; of the processor: %s", names[0], busy)
	w.b.ReportMetric(slowest, "slowest-p95-ms")
	w.b.ReportMetric(used, "slowest-cpu-p95-ms")
	w.b.ReportMetric(limit/slowest, "of-limit")
	w.b.ReportMetric(limit/used, "cpu-of-limit")
}

// tell writes a line of the table of make speed: what an action took, in milliseconds, and
// how much of its limit the 95th percentile is. To the file KKACHI_SPEED, or to be read.
func (s *spent) tell(b *testing.B, name string, limit float64) {
	b.Helper()
	line := fmt.Sprintf("| %s | %.1f | %.1f | %.1f | %.0f | %.2f |\n", name, middle(s.wall), at95(s.wall), at95(s.cpu), limit, at95(s.wall)/limit)
	must(b, figure.Line("KKACHI_SPEED", line))
}

// last is the id at the end of a path.
func last(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// open opens the archive and furnishes it, the first time, with claims and stories: as many as
// a busy newsroom has.
func openArchive(b *testing.B) *desk.Desk {
	b.Helper()
	ctx := context.Background()
	d, err := desk.Open(ctx, archiveConfig(b))
	must(b, err)
	b.Cleanup(func() { _ = d.Close() })
	have, err := d.Claims(ctx)
	must(b, err)
	tellings, err := d.Tellings(ctx, desk.ID{})
	must(b, err)
	for n := len(have); n < archiveClaims; n++ {
		c, _, err := d.NewClaim(ctx, desk.Claim{Statement: fmt.Sprintf("Patrols along the river were doubled in week %d", n), Place: "river"})
		must(b, err)
		for k := range 2 {
			_, _, err = d.AddEvidence(ctx, desk.EvidenceInput{
				Claim: c, Report: tellings[(2*n+k)%len(tellings)].ID, Stance: ladder.Supports, Path: ladder.Direct, Grade: 3,
			})
			must(b, err)
		}
		if n%(archiveClaims/archiveStories) == 0 {
			s := desk.Story{Title: fmt.Sprintf("River %d", n), Original: lang.English, Editions: map[desk.Lang]desk.EditionText{}}
			_, _, err = d.NewStory(ctx, s)
			must(b, err)
		}
	}
	return d
}

// What an archive's newsroom has made of its tellings.
const (
	archiveClaims  = 400
	archiveStories = 40
)

// BenchmarkInbox opens the inbox of an archive: the page of every day, as a browser gets it.
func BenchmarkInbox(b *testing.B) {
	d := openArchive(b)
	w := newWalker(b, d)
	runtime.LockOSThread()
	for b.Loop() {
		w.get("inbox", "/inbox")
	}
	all := w.took["inbox"]
	b.Logf("the first %.1f ms, of %d", all.wall[0], len(all.wall))
	all.tell(b, "inbox, every day", 100)
	b.ReportMetric(middle(all.wall), "page-ms")
	b.ReportMetric(at95(all.wall), "page-p95-ms")
	b.ReportMetric(at95(all.cpu), "page-cpu-p95-ms")
	b.ReportMetric(100/at95(all.wall), "of-limit")
	b.ReportMetric(100/at95(all.cpu), "cpu-of-limit")
}

// BenchmarkStart opens an archive from its files, and its first page: all that kkachi desk
// does before a journalist sees something, but for the passphrase, which is stretched on
// purpose and takes its time however little is kept.
func BenchmarkStart(b *testing.B) {
	cfg := archiveConfig(b)
	var size int64
	for _, name := range []string{"log.db", "keys.db", "view.db"} {
		fi, err := os.Stat(filepath.Join(cfg.Dir, name))
		must(b, err)
		size += fi.Size()
	}
	var all, opening, cold spent
	var d *desk.Desk
	open := func() {
		var err error
		d, err = desk.Open(context.Background(), cfg)
		must(b, err)
	}
	page := func() { newWalker(b, d).get("inbox", "/inbox") }
	runtime.LockOSThread()
	for b.Loop() {
		all.of(func() { opening.of(open); page() })
		must(b, d.Close())
	}
	b.StopTimer()
	for range len(all.wall) {
		evict(b, cfg.Dir)
		cold.of(func() { open(); page() })
		must(b, d.Close())
	}
	b.Logf("%d MB of vault", size>>20)
	all.tell(b, fmt.Sprintf("start to the first page, %d MB", size>>20), 1000)
	cold.tell(b, "start, all of it still on the disk", 1000)
	b.ReportMetric(middle(opening.wall), "open-ms")
	b.ReportMetric(at95(all.wall), "first-page-p95-ms")
	b.ReportMetric(at95(all.cpu), "first-page-cpu-p95-ms")
	b.ReportMetric(1000/at95(all.wall), "of-limit")
	b.ReportMetric(1000/at95(all.cpu), "cpu-of-limit")
}

// evict makes the system forget the vault's files, so that they are read from the disk.
func evict(b *testing.B, dir string) {
	b.Helper()
	for _, name := range []string{"log.db", "keys.db", "view.db"} {
		f, err := os.Open(filepath.Join(dir, name))
		must(b, err)
		must(b, errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close()))
	}
}
