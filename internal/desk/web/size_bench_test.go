package web

import (
	"cmp"
	"context"
	"crypto/rand"
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
	return res.Header.Get("Location")
}

func (w *walker) of(name string, do func()) {
	if w.took[name] == nil {
		w.took[name] = &spent{}
	}
	w.took[name].of(do)
}

// report tells of each kind the middle time, the slowest by name.
func (w *walker) report(limit float64) {
	names := slices.SortedFunc(maps.Keys(w.took), func(a, b string) int {
		return cmp.Or(-cmp.Compare(middle(w.took[a].wall), middle(w.took[b].wall)), strings.Compare(a, b))
	})
	var cpu float64
	var busy string
	fmt.Printf("the middle of %d rounds, the slowest first: ms on the clock, ms of the processor\n", len(w.took[names[0]].wall))
	for _, name := range names {
		s := w.took[name]
		fmt.Printf("%8.2f %8.2f  %s\n", middle(s.wall), middle(s.cpu), name)
		if c := middle(s.cpu); c > cpu {
			cpu, busy = c, name
		}
	}
	slowest := middle(w.took[names[0]].wall)
	w.b.Logf("slowest on the clock: %s; of the processor: %s", names[0], busy)
	w.b.ReportMetric(slowest, "slowest-ms")
	w.b.ReportMetric(cpu, "slowest-cpu-ms")
	w.b.ReportMetric(limit/slowest, "of-limit")
	w.b.ReportMetric(limit/cpu, "cpu-of-limit")
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
	var all, opening spent
	runtime.LockOSThread()
	for b.Loop() {
		var d *desk.Desk
		all.of(func() {
			opening.of(func() {
				var err error
				d, err = desk.Open(context.Background(), cfg)
				must(b, err)
			})
			newWalker(b, d).get("inbox", "/inbox")
		})
		must(b, d.Close())
	}
	b.Logf("%d MB of vault", size>>20)
	b.ReportMetric(middle(opening.wall), "open-ms")
	b.ReportMetric(middle(all.wall), "first-page-ms")
	b.ReportMetric(middle(all.cpu), "first-page-cpu-ms")
	b.ReportMetric(1000/middle(all.wall), "of-limit")
	b.ReportMetric(1000/middle(all.cpu), "cpu-of-limit")
}

// BenchmarkPages walks through what a journalist does, with an archive below it, and tells the
// slowest by name. A write is measured to its answer, the page that it leads to by itself.
func BenchmarkPages(b *testing.B) {
	ctx := context.Background()
	d := openArchive(b)
	w := newWalker(b, d)
	rows, err := d.Inbox(ctx)
	must(b, err)
	claims, err := d.Claims(ctx)
	must(b, err)
	var round int
	runtime.LockOSThread()
	for b.Loop() {
		row := rows[round%len(rows)]
		id := row.ID.String()
		w.get("inbox", "/inbox")
		w.get("inbox: all by days", "/inbox?box=all")
		w.get("inbox: unread", "/inbox?box=unread")
		w.get("inbox: news", "/news?since=1")
		w.get("thread", "/thread/"+id)
		w.post("thread: tag", "/inbox/change", "do", "tag", "value", fmt.Sprintf("river %d", round), "ids", id)
		w.post("thread: topic", "/inbox/change", "do", "topic", "value", fmt.Sprintf("patrols %d", round), "ids", id)
		w.post("thread: assign", "/inbox/change", "do", "assign", "value", []string{"jin", "bo"}[round%2], "ids", id)
		w.post("thread: snooze", "/inbox/change", "do", "rest", "days", "3", "ids", id)
		w.post("thread: wake", "/inbox/change", "do", "rest", "days", "0", "ids", id)
		w.post("thread: unread", "/inbox/change", "do", "unread", "ids", id)
		w.post("thread: note", "/thread/note", "id", id, "text", "Ask again on Monday.")
		w.post("reply: draft", "/draft", "for", "reply/"+id, "text", "Thank you. Could you")
		w.post("reply: send", "/thread/reply", "thread", id, "text", "Thank you. Could you say on which days?")
		w.get("thread again", "/thread/"+id)
		w.post("source: sheet", "/thread/source", "thread", id, "access", "lives near the river", "danger", "2", "reliability", "B", "reason", "told right before")
		w.get("sources", "/sources")
		w.get("call: new", "/call?thread="+id)
		w.post("call: draft", "/draft", "for", "call", "text", `{"text":"- we were counted"}`)
		note := w.post("call: keep", "/call", "thread", id, "kind", "call", "day", "", "lang", "en", "known", "voice", "text", "- We were counted twice a day.")
		w.get("call: kept", note)
		w.get("claims", "/claims")
		t, err := d.Thread(ctx, row.ID)
		must(b, err)
		report := t.Reports[len(t.Reports)-1].ID.String()
		c := last(w.post("claim: new", "/claim/new", "text", "People are counted twice a day", "report", report, "words", "", "stance", "supports", "path", "direct", "relays", "", "grade", "3"))
		w.get("claim", "/claim/"+c)
		w.get("claim: another", "/claim/"+claims[round%len(claims)].ID.String())
		w.post("claim: edit", "/claim/"+c+"/edit", "text", "People are counted two times a day")
		w.post("evidence: new", "/evidence/new", "claim", c, "report", report, "words", "", "stance", "contradicts", "path", "direct", "relays", "", "grade", "4")
		w.get("stories", "/stories")
		st := last(w.post("story: new", "/story/new", "title", "Counted", "original", "en"))
		w.get("story", "/story/"+st)
		w.post("story: headline", "/story/"+st+"/edition", "lang", "en", "headline", "Counted twice a day", "standfirst", "", "reason", "")
		w.get("story: with a headline", "/story/"+st)
		w.get("cases", "/cases")
		w.get("newsroom", "/newsroom")
		to := w.post("search", "/search", "q", "river")
		w.get("search: found", to)
		round++
	}
	w.report(50)
}
