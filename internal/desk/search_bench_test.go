package desk

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"kkachi/internal/vault"
)

// reportsSize is how many reports are searched: KKACHI_REPORTS, or few.
func reportsSize(b *testing.B, usual int) int {
	if n, err := strconv.Atoi(os.Getenv("KKACHI_REPORTS")); err == nil {
		return n
	}
	return usual
}

// A babble makes texts of made-up words, few of them common and most rare, as in a language.
type babble struct {
	*rand.Rand
	zipf *rand.Zipf
}

func newBabble() *babble {
	r := rand.New(rand.NewPCG(1, 2))
	return &babble{r, rand.NewZipf(r, 1.1, 8, 40_000)}
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

func (b *babble) text() string {
	l := b.IntN(3)
	var words []string
	for range 18 + b.IntN(14) {
		words = append(words, b.word(l, b.zipf.Uint64()))
	}
	if l == 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words, " ")
}

// questions are what a journalist asks: a common word, a rare one, two together, with a
// filter. They are drawn from the texts themselves.
func questions(texts []string) []SearchQuery {
	r := rand.New(rand.NewPCG(3, 4))
	var out []SearchQuery
	for len(out) < 240 {
		text := texts[r.IntN(len(texts))]
		rs := []rune(text)
		q := SearchQuery{}
		words := strings.Fields(text)
		switch {
		case len(words) > 1:
			q.Text = words[r.IntN(len(words))]
			if w := []rune(q.Text); inPairs(w[0]) {
				q.Text = string(w[:2])
			}
			if r.IntN(3) == 0 {
				q.Text += " " + words[r.IntN(len(words))]
			}
		default:
			at := r.IntN(len(rs) - 2)
			q.Text = string(rs[at : at+2])
		}
		if r.IntN(4) == 0 {
			q.Lang = guess(text)
		}
		out = append(out, q)
	}
	return out
}

// BenchmarkSearch asks many questions of a desk with many reports (KKACHI_REPORTS), each
// also of an unencrypted copy of the same tables in the same SQLite, one after the other in
// one run. It tells the 95th percentile and how many times as long ours takes.
func BenchmarkSearch(b *testing.B) {
	ctx := b.Context()
	r := newRoom(b)
	n := reportsSize(b, 20_000)
	bab := newBabble()
	plain := plainCopy(b)
	var sample []string
	began := time.Now()
	for from := 0; from < n; from += 2000 {
		var texts []string
		for range min(2000, n-from) {
			texts = append(texts, bab.text())
		}
		r.pourTexts(texts, plain, from)
		if len(sample) < 20_000 {
			sample = append(sample, texts...)
		}
	}
	if _, err := plain.Exec(`COMMIT`); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d reports taken in and copied in %s", n, time.Since(began).Round(time.Second))
	qs := questions(sample)
	var ours, theirs []time.Duration
	b.ResetTimer()
	for b.Loop() {
		ours, theirs = ours[:0], theirs[:0]
		for _, q := range qs {
			want := parseSearch(q.Text)
			query, args := searchSQL(q, matchOf(want, q, false), 0)
			start := time.Now()
			rows, err := r.desk.v.View().Query(ctx, query, args...)
			got := drain(b, rows, err)
			ours = append(ours, time.Since(start))
			start = time.Now()
			rows, err = plain.QueryContext(ctx, query, args...)
			if copied := drain(b, rows, err); copied != got {
				b.Fatalf("%q finds %d, and %d in the copy", q.Text, got, copied)
			}
			theirs = append(theirs, time.Since(start))
		}
	}
	p := func(list []time.Duration, share float64) float64 {
		slices.Sort(list)
		return float64(list[int(float64(len(list)-1)*share)].Microseconds()) / 1000
	}
	b.ReportMetric(p(ours, .95), "p95-ms")
	b.ReportMetric(p(theirs, .95), "plain-p95-ms")
	b.ReportMetric(p(ours, .95)/p(theirs, .95), "x-plain")
	b.ReportMetric(p(ours, .5), "p50-ms")
}

func drain(b *testing.B, rows *sql.Rows, err error) int {
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

// plainCopy is the same tables in an unencrypted file, held in one open transaction until
// they are filled.
func plainCopy(b *testing.B) *sql.DB {
	db, err := driver.Open("file:"+filepath.Join(b.TempDir(), "plain.db"), func(c *sqlite3.Conn) error { return fts5.Register(c) })
	must(b, err)
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	for _, s := range []string{
		`PRAGMA journal_mode=WAL`, `PRAGMA synchronous=NORMAL`, findSchema, threadSchema, markSchema,
		`CREATE TABLE source (id BLOB PRIMARY KEY, n INTEGER NOT NULL, handle TEXT NOT NULL, thread BLOB UNIQUE, day INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
		`BEGIN`,
	} {
		_, err := db.Exec(s)
		must(b, err)
	}
	return db
}

// pourTexts puts texts into the log as letters of new sources, ten each, and into the copy.
func (r *room) pourTexts(texts []string, plain *sql.DB, from int) {
	r.t.Helper()
	ctx := context.Background()
	var drafts []vault.Draft
	var src ID
	var names []string
	for i, text := range texts {
		if i%10 == 0 {
			id, name, dr, err := r.desk.newSource(ctx, nil, names...)
			must(r.t, err)
			src, names, drafts = id, append(names, name), append(drafts, dr)
			_, err = plain.Exec(`INSERT INTO source VALUES (?, ?, ?, NULL, ?)`, id, from+i, name, r.today)
			must(r.t, err)
		}
		id, err := r.desk.newID()
		must(r.t, err)
		l := letter{Kind: KindLetter, Day: r.today, Lang: guess(text), Text: text, Letter: fmt.Appendf(nil, "%016d", from+i), Parts: 1}
		dr, err := draft(opLetter, id, src, l)
		must(r.t, err)
		drafts = append(drafts, dr)
		_, err = plain.Exec(`INSERT INTO found VALUES (?, ?, ?, ?, ?, ?)`, from+i+1, string(FoundLetter), id, src, r.today, string(l.Lang))
		must(r.t, err)
		_, err = plain.Exec(`INSERT INTO words (rowid, body, facet) VALUES (?, ?, ?)`, from+i+1, indexForm(text), facets(FoundLetter, l.Lang))
		must(r.t, err)
	}
	_, err := r.desk.v.Append(ctx, drafts...)
	must(r.t, err)
}
