package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// An archive is the vault of a newsroom that has worked for years, for the benchmarks: ten
// tellings a thread, of some threads tags, notes, replies and a colleague. KKACHI_REPORTS says
// how many tellings, KKACHI_ARCHIVE a folder which is kept, so that a second run finds what
// the first one made, and a larger number makes it longer.
type archive struct {
	*room
	reports int
}

// Names in an archive's folder.
const (
	archiveVault = "desk"
	archiveKey   = "key"
)

// archiveDay is the day on which the last of an archive's tellings came.
const archiveDay = day0 + 1500

// reportsSize is how many reports an archive holds: KKACHI_REPORTS, or few.
func reportsSize(b testing.TB, usual int) int {
	b.Helper()
	s := os.Getenv("KKACHI_REPORTS")
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	must(b, err)
	return n
}

// newArchive opens the archive of n reports, made now if need be.
func newArchive(b *testing.B, n int) *archive {
	b.Helper()
	dir := os.Getenv("KKACHI_ARCHIVE")
	if dir == "" {
		dir = b.TempDir()
	}
	must(b, os.MkdirAll(dir, 0o700))
	r := &room{t: b, dir: filepath.Join(dir, archiveVault), today: archiveDay, host: &memHost{objects: map[string][]byte{}}}
	keyFile := filepath.Join(dir, archiveKey)
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		must(b, vault.NewKeyFile(keyFile, rand.Reader))
	}
	key, err := vault.KeyFile(keyFile)
	must(b, err)
	r.cfg = Config{
		Dir: r.dir, Key: key, Newsroom: seal.NewsroomID{1}, Name: "Archive", Slots: 32, DateIsRight: true,
		Now: func() time.Time { return r.today.Time().Add(8 * time.Hour) }, Rand: rand.Reader,
	}
	if _, err := vault.Shape(r.dir); errors.Is(err, vault.ErrNoVault) {
		_, err := Create(b.Context(), r.cfg)
		must(b, err)
	}
	a := &archive{r, n}
	a.pour()
	began := time.Now()
	r.open()
	b.Logf("opened in %s", time.Since(began).Round(time.Millisecond))
	return a
}

// pourBatch is how many tellings are appended at once.
const pourBatch = 5000

// pour appends what is missing to the log, without projecting: opening the desk does that.
// All that is drawn is drawn from the number of a telling, so it goes on where it was.
func (a *archive) pour() {
	a.t.Helper()
	done := filepath.Join(filepath.Dir(a.dir), "reports")
	have := 0
	if s, err := os.ReadFile(done); err == nil {
		have, err = strconv.Atoi(string(s))
		must(a.t, err)
	}
	if have >= a.reports {
		a.reports = have
		return
	}
	began := time.Now()
	v, err := vault.Open(a.dir, a.cfg.Key, nil, a.cfg.options())
	must(a.t, err)
	p := newProse(a.t)
	handles := map[string]bool{}
	for i := range have / tellingsOf {
		archiveHandle(i, handles)
	}
	for from := have; from < a.reports; from += pourBatch {
		var drafts []vault.Draft
		to := min(from+pourBatch, a.reports)
		for i := from; i < to; i++ {
			drafts = append(drafts, a.telling(p, i, handles)...)
		}
		_, err := v.Append(a.t.Context(), drafts...)
		must(a.t, err)
		must(a.t, os.WriteFile(done, []byte(strconv.Itoa(to)), 0o600))
	}
	must(a.t, v.Close())
	a.t.Logf("%d reports appended in %s", a.reports-have, time.Since(began).Round(time.Second))
}

const (
	tellingsOf = 10  // of each thread
	openAt     = 400 // threads in which something comes at a time
)

// archiveID is the ID of the i-th thing of a kind, drawn as IDs are: what lies side by side in
// time lies apart in the tables.
func archiveID(kind byte, i int) (id ID) {
	h := sha256.Sum256(fmt.Appendf(nil, "%c%015d", kind, i))
	copy(id[:], h[:])
	return id
}

func archiveSource(i int) ID { return archiveID('s', i) }
func archiveReport(i int) ID { return archiveID('r', i) }

func archiveHandle(i int, taken map[string]bool) string {
	id := archiveSource(i)
	name, _ := handle(id[:], func(h string) (bool, error) { return taken[h], nil })
	taken[name] = true
	return name
}

// telling is the i-th telling of an archive, with the thread that begins with it and what
// the newsroom does about it.
func (a *archive) telling(p *prose, i int, handles map[string]bool) (out []vault.Draft) {
	add := func(kind vault.Kind, subject, owner ID, content any) {
		dr, err := draft(kind, subject, owner, content)
		must(a.t, err)
		out = append(out, dr)
	}
	r := mrand.New(mrand.NewPCG(5, uint64(i)))
	n := i / tellingsOf
	if i%tellingsOf == 0 {
		id := archiveSource(n)
		add(opSource, id, id, source{Handle: archiveHandle(n, handles), Thread: id[:]})
	}
	if i%tellingsOf > 0 { // the first letter is the new thread's own
		n -= r.IntN(min(n, openAt) + 1)
	}
	src, letterID := archiveSource(n), archiveID('l', i)
	l := letter{Kind: KindLetter, Day: archiveDay - cell.Day((1_000_000-min(i, 999_999))/700), Text: p.text(r), Letter: letterID[:], Parts: 1}
	l.Lang = lang.Guess(l.Text)
	if r.IntN(400) == 0 {
		l.Kind = KindHelp
	}
	add(opLetter, archiveReport(i), src, l)
	if l.Kind == KindHelp && r.IntN(10) > 0 {
		add(opTake, src, src, taken{By: "mina"})
		add(opCaseClose, src, src, caseClosed{After: archiveReport(i), Outcome: "helped", By: "mina"})
	}
	if i%tellingsOf == tellingsOf-1 {
		a.deal(add, r, i/tellingsOf)
	}
	return out
}

// deal is what the newsroom does about a thread: of three in four, nothing.
func (a *archive) deal(add func(vault.Kind, ID, ID, any), r *mrand.Rand, n int) {
	src := archiveSource(n)
	if r.IntN(4) > 0 {
		return
	}
	add(opRead, src, src, struct{}{})
	if r.IntN(2) > 0 {
		return
	}
	add(opTags, src, src, tags{Tags: []string{[]string{"border", "북한", "工厂", "police", "school"}[r.IntN(5)]}})
	add(opTopic, src, src, topic{Topic: []string{"patrols", "노동자", "会议", "prison"}[r.IntN(4)]})
	add(opAssign, src, src, assigned{To: []string{"mina", "jin", "bo"}[r.IntN(3)]})
	add(opReply, archiveID('a', n), src, reply{Text: "Thank you. Could you tell us on which days that was?", By: "jin"})
	add(opReplyOut, archiveID('a', n), src, replyOut{Day: a.today})
	add(opRemark, archiveID('n', n), src, remark{Text: "Asked mina to call back on Monday.", By: "jin"})
}

// A prose writes texts of three languages. Their words are those of real sentences, where
// there are some, in stretches as they stand there; among them stand made-up words, few of
// them common and most of them rare, as new names are in every text.
type prose struct {
	of map[Lang][][]string
}

func newProse(t testing.TB) *prose {
	p := &prose{of: map[Lang][][]string{}}
	dir := sentencesDir()
	if dir == "" {
		t.Log("no folder with sentences: all words are made up")
		return p
	}
	for _, l := range lang.All() {
		for _, s := range sentencesIn(t, dir, l) {
			p.of[l] = append(p.of[l], units(l, s))
		}
	}
	return p
}

// units are what a sentence is cut between: words, of Chinese characters.
func units(l Lang, sentence string) []string {
	if l == lang.Chinese {
		return strings.Split(sentence, "")
	}
	return strings.Fields(sentence)
}

// madeUp is of how many words one is made up.
const madeUp = 8

// text is two stretches of sentences.
func (p *prose) text(r *mrand.Rand) string {
	which := r.IntN(3)
	l, glue, long, made1 := []Lang{lang.Korean, lang.Chinese, lang.English}[which], " ", 12, madeUp
	if l == lang.Chinese {
		glue, long, made1 = "", 24, 3*madeUp // a word is some characters
	}
	zipf := mrand.NewZipf(r, 1.1, 8, 400_000)
	made := &babble{r, zipf}
	var out []string
	for range 2 {
		stretch := make([]string, long)
		if all := p.of[l]; len(all) > 0 {
			stretch = all[r.IntN(len(all))]
			if from := len(stretch) - long; from > 0 {
				stretch = stretch[r.IntN(from+1):][:long]
			}
		}
		for _, word := range stretch {
			if word == "" || r.IntN(made1) == 0 {
				word = made.word(which, zipf.Uint64())
			}
			out = append(out, word)
		}
	}
	return strings.Join(out, glue)
}
