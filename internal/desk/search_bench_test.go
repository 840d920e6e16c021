package desk

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	sqlite3 "github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"golang.org/x/sys/unix"

	"kkachi/internal/lab/figure"
	"kkachi/internal/lang"
)

// A babble makes texts of made-up words, few of them common and most rare, as in a language.
type babble struct {
	*rand.Rand
	zipf *rand.Zipf
}

// word is a made-up word of a language, the same for the same number.
func (b *babble) word(l int, n uint64) string {
	r := rand.New(rand.NewPCG(uint64(l), n))
	var w strings.Builder
	switch l {
	case 0:
		for range 2 + r.IntN(2) {
			w.WriteRune(0xAC00 + rune(r.IntN(60)*28*3+r.IntN(20)*28))
		}
		w.WriteString([]string{"", "을", "는", "에서", "의"}[b.IntN(5)])
	case 1:
		for range 2 {
			w.WriteRune(0x4E00 + rune(r.IntN(3000)))
		}
	default:
		for range 3 + r.IntN(6) {
			w.WriteByte('a' + byte(r.IntN(26)))
		}
	}
	return w.String()
}

// questions are what a journalist asks: words of all frequencies, half of them as often as
// they stand in the texts, half the rarer ones as well; two syllables or characters, whole
// words and beginnings of words; one word or two; with a filter or without.
func questions(texts []string) []SearchQuery {
	r := rand.New(rand.NewPCG(3, 4))
	often := map[string]int{}
	for _, t := range texts {
		for _, w := range strings.Fields(t) {
			often[w]++
		}
	}
	var out []SearchQuery
	for len(out) < 400 {
		text := texts[r.IntN(len(texts))]
		word := asked(r, text)
		if len(out)%2 == 0 && often[word] > 3 {
			continue // a rare one
		}
		q := SearchQuery{Text: word}
		if r.IntN(3) == 0 {
			q.Text += " " + asked(r, text)
		}
		if r.IntN(4) == 0 {
			q.Lang = lang.Guess(text)
		}
		out = append(out, q)
	}
	return out
}

// asked is a word of a text, as somebody types it.
func asked(r *rand.Rand, text string) string {
	words := strings.Fields(text)
	rs := []rune(words[r.IntN(len(words))])
	switch {
	case len(rs) > 2 && slices.ContainsFunc(rs, func(r rune) bool { return unicode.Is(unicode.Han, r) }): // no blanks
		for range 20 {
			if at := r.IntN(len(rs) - 1); inPairs(rs[at]) && inPairs(rs[at+1]) {
				return string(rs[at : at+2])
			}
		}
	case len(rs) > 2 && inPairs(rs[0]):
		if r.IntN(2) == 0 {
			return string(rs[:2])
		}
	case len(rs) > 5 && r.IntN(4) == 0:
		return string(rs[:3+r.IntN(3)])
	}
	return string(rs)
}

// BenchmarkSearch asks many questions of a desk with many reports (see archive), each also of
// an unencrypted copy of the same tables and the same index in the same SQLite, one after the
// other in one run. It tells percentiles of the question to the index and of a whole page of
// what was found, snippets and all; how many times as long ours takes; and of-limit, 50 ms
// through the page's 95th percentile. Of each question the middle of all rounds counts; cpu-
// is the time of the processor alone, to which other programs on the machine add little.
func BenchmarkSearch(b *testing.B) {
	ctx := b.Context()
	a := newArchive(b, reportsSize(b, 5000))
	plain := plainCopy(b, a)
	qs := questions(a.sample(2000))
	view := a.desk.v.View()
	ours, theirs, page := make([]spent, len(qs)), make([]spent, len(qs)), make([]spent, len(qs))
	runtime.LockOSThread()
	b.ResetTimer()
	for b.Loop() {
		for i, q := range qs {
			want := parseSearch(q.Text)
			found := map[asker]int{}
			ask := func(db asker, s *spent) {
				s.of(func() {
					h, err := find(ctx, db, q, want)
					must(b, err)
					found[db] = len(h.rows)
				})
			}
			if i%2 == 0 {
				ask(view, &ours[i])
			}
			ask(plain, &theirs[i])
			if i%2 == 1 {
				ask(view, &ours[i])
			}
			if found[view] != found[plain] {
				b.Fatalf("%q finds %d, and %d in the copy", q.Text, found[view], found[plain])
			}
			page[i].of(func() {
				_, err := a.desk.Search(ctx, q)
				must(b, err)
			})
		}
	}
	var slow strings.Builder
	for _, i := range slices.SortedFunc(slices.Values(upTo(len(qs))), func(x, y int) int { return cmp.Compare(page[y].middle(cpu), page[x].middle(cpu)) })[:8] {
		fmt.Fprintf(&slow, "\n%6.1f ms %q %s", page[i].middle(cpu), qs[i].Text, qs[i].Lang)
	}
	b.Logf("%d reports, %d questions; those that the processor took longest for:%s", a.reports, len(qs), slow.String())
	for _, m := range []struct {
		unit string
		of   []spent
		by   clockKind
		at   float64
	}{
		{"p50-ms", ours, wall, .5},
		{"p95-ms", ours, wall, .95},
		{"cpu-p95-ms", ours, cpu, .95},
		{"plain-p95-ms", theirs, wall, .95},
		{"plain-cpu-p95-ms", theirs, cpu, .95},
		{"page-p50-ms", page, wall, .5},
		{"page-p95-ms", page, wall, .95},
		{"page-cpu-p95-ms", page, cpu, .95},
	} {
		b.ReportMetric(percentile(m.of, m.by, m.at), m.unit)
	}
	tell(b, "search: a page of hits", page, 50)
	tell(b, "search: the index alone", ours, 1.5*percentile(theirs, wall, .95))
	tell(b, "search: the same unencrypted", theirs, 0)
	b.ReportMetric(percentile(ours, wall, .95)/percentile(theirs, wall, .95), "x-plain")
	b.ReportMetric(percentile(ours, cpu, .95)/percentile(theirs, cpu, .95), "cpu-x-plain")
	b.ReportMetric(50/percentile(page, wall, .95), "of-limit")
	b.ReportMetric(50/percentile(page, cpu, .95), "cpu-of-limit")
}

// tell writes a line of the table of make speed: what the questions took, in milliseconds,
// and how much of the limit the 95th percentile is. To the file KKACHI_SPEED, or to be read.
func tell(b *testing.B, name string, of []spent, limit float64) {
	b.Helper()
	share := "| – | – |"
	if limit > 0 {
		share = fmt.Sprintf("| %.1f | %.2f |", limit, percentile(of, wall, .95)/limit)
	}
	line := fmt.Sprintf("| %s | %.1f | %.1f | %.1f %s\n", name, percentile(of, wall, .5), percentile(of, wall, .95), percentile(of, cpu, .95), share)
	must(b, figure.Line("KKACHI_SPEED", line))
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A spent is what one thing took, each time: on the clock, and of the processor, in
// milliseconds.
type spent [2][]float64

type clockKind int

const (
	wall clockKind = iota
	cpu
)

// of measures one time. The goroutine must be locked to its thread.
func (s *spent) of(do func()) {
	began, used := time.Now(), threadTime()
	do()
	s[cpu] = append(s[cpu], float64(threadTime()-used)/1e6)
	s[wall] = append(s[wall], float64(time.Since(began))/1e6)
}

func (s *spent) middle(by clockKind) float64 {
	list := slices.Sorted(slices.Values(s[by]))
	return list[len(list)/2]
}

// threadTime is what the processor has spent on this thread.
func threadTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}

func percentile(of []spent, by clockKind, share float64) float64 {
	var list []float64
	for i := range of {
		list = append(list, of[i].middle(by))
	}
	slices.Sort(list)
	return list[int(float64(len(list)-1)*share)]
}

// sample are texts of the archive, from all its time.
func (a *archive) sample(n int) []string {
	a.t.Helper()
	var out []string
	for i := range n {
		var text string
		at := 1 + i*(a.reports-1)/n
		must(a.t, a.desk.v.View().QueryRow(context.Background(), `SELECT text FROM report WHERE n = ?`, at).Scan(&text))
		out = append(out, text)
	}
	return out
}

// A plainDB is the same tables in an unencrypted file.
type plainDB struct{ db *sql.DB }

func (p plainDB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.db.QueryContext(ctx, query, args...)
}

// copied are the tables that a search asks. The index is copied as it stands, segment by
// segment.
var copied = []string{"source", "report", "found", "thread", "thread_tag", "words_data", "words_idx", "words_docsize", "words_config"}

// plainCopy copies what a search asks. In an archive's folder the copy is kept, and made
// anew if the tables have changed since.
func plainCopy(b *testing.B, a *archive) plainDB {
	ctx := b.Context()
	path := filepath.Join(filepath.Dir(a.dir), "plain.db")
	db, err := driver.Open("file:"+path, func(c *sqlite3.Conn) error {
		return errors.Join(fts5.Register(c), c.Exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF`))
	})
	must(b, err)
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	sizes := func(ask asker) (out string) {
		for _, table := range copied {
			rows, err := ask.Query(ctx, `SELECT count(*) FROM `+table)
			if err != nil {
				return "none"
			}
			n, err := collect(rows, func(n *int) []any { return []any{n} })
			must(b, err)
			out += fmt.Sprint(n)
		}
		return out
	}
	if sizes(plainDB{db}) == sizes(a.desk.v.View()) {
		return plainDB{db}
	}
	began := time.Now()
	for _, s := range []string{`DROP TABLE IF EXISTS words`, `DROP TABLE IF EXISTS found`, `DROP TABLE IF EXISTS source`, `DROP TABLE IF EXISTS report`, `DROP TABLE IF EXISTS thread`, `DROP TABLE IF EXISTS thread_tag`} {
		_, err := db.Exec(s)
		must(b, err)
	}
	for _, s := range []string{findSchema, threadSchema, markSchema, cameSchema} {
		_, err := db.Exec(s)
		must(b, err)
	}
	tx, err := db.Begin()
	must(b, err)
	for _, table := range copied {
		copyTable(b, a, tx, table)
	}
	must(b, tx.Commit())
	_, err = db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	must(b, err)
	b.Logf("copied in %s", time.Since(began).Round(time.Second))
	return plainDB{db}
}

func copyTable(b *testing.B, a *archive, tx *sql.Tx, table string) {
	b.Helper()
	rows, err := a.desk.v.View().Query(b.Context(), `SELECT * FROM `+table)
	must(b, err)
	defer rows.Close()
	cols, err := rows.Columns()
	must(b, err)
	_, err = tx.Exec(`DELETE FROM ` + table)
	must(b, err)
	put, err := tx.Prepare(`INSERT INTO ` + table + ` VALUES (?` + strings.Repeat(`, ?`, len(cols)-1) + `)`)
	must(b, err)
	vals, into := make([]any, len(cols)), make([]any, len(cols))
	for i := range vals {
		into[i] = &vals[i]
	}
	for rows.Next() {
		must(b, rows.Scan(into...))
		_, err := put.Exec(vals...)
		must(b, err)
	}
	must(b, rows.Err())
}
