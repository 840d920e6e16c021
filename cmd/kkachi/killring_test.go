package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A killRing is a newsroom of real processes, each reaching the host through the witness, on
// a clock that is driven.
type killRing struct {
	t       testing.TB
	dir     string
	clock   string
	address seal.Address
	w       *witness
	doors   map[string]string
	drop    *role
	sift    *role
	desk    *role

	first cell.Day
	today cell.Day
	dead  map[cell.Day][]byte // the end of each day key's file, to look for when it is dead

	goHome func() // sends the crowd home
	books
}

// newKillRing lays out a newsroom whose host takes quota cells a day.
func newKillRing(t testing.TB, quota int) *killRing {
	dir := t.TempDir()
	r := &killRing{
		t: t, dir: filepath.Join(dir, "news"), clock: filepath.Join(dir, "clock"), dead: map[cell.Day][]byte{}, books: newBooks(),
	}
	r.first = cell.DayOf(time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC))
	r.at(r.first, 13, 0)
	listen := freeAddress(r.check)
	r.w = newWitness(t, listen, r.clock)
	r.doors = map[string]string{}
	for _, caller := range []string{"visitor", "sift", "desk"} {
		r.doors[caller] = r.w.door(caller)
	}
	args := []string{"init", r.dir, "--url", r.doors["visitor"], "--listen", listen}
	for _, name := range []string{"root", "sift", "desk", "editor1", "editor2"} {
		args = append(args, "--passphrase-file", name+"="+r.pass(name))
	}
	line, _, _ := strings.Cut(must(t, r.clock, "", args...), "\n")
	var err error
	r.address, err = seal.ParseAddress(line)
	r.check(err)
	config, err := os.ReadFile(filepath.Join(r.dir, configFile))
	r.check(err)
	config = bytes.Replace(config, []byte("quota = 65536"), []byte("quota = "+strconv.Itoa(quota)), 1)
	// A second desk, which is always off: its half of each bulletin is drawn, so that one which
	// is built anew has other bytes.
	config = bytes.Replace(config, []byte("desks = 1"), []byte("desks = 2"), 1)
	r.check(os.WriteFile(filepath.Join(r.dir, configFile), config, 0o600))

	r.drop = newRole("drop", r.clock, func(line string) bool { return strings.Contains(line, "listens on") }, "drop", r.dir)
	r.desk = newRole("desk", r.clock, func(line string) bool { return strings.HasPrefix(line, "http") },
		"desk", r.dir, "--host", r.doors["desk"], "--passphrase-file", "desk="+r.pass("desk"))
	r.sift = newRole("sift", r.clock, func(line string) bool { return strings.Contains(line, "works for") },
		"sift", r.dir, "--host", r.doors["sift"], "--passphrase-file", "sift="+r.pass("sift"))
	return r
}

// begin brings all roles up on the first day.
func (r *killRing) begin() {
	r.t.Helper()
	for _, p := range r.roles() {
		p.run(r.t)
		p.await(r.t)
	}
	r.sync()
	r.turned(false)
}

// cheap lets the sift be unlocked with little work: it is killed often here, and a second of
// scrypt at each start would show nothing.
func (r *killRing) cheap() {
	path := filepath.Join(r.dir, "sift", "keys", "unlock")
	sealed, err := os.ReadFile(path)
	r.check(err)
	id, err := age.NewScryptIdentity("passphrase of sift")
	r.check(err)
	plain, err := age.Decrypt(bytes.NewReader(sealed), id)
	r.check(err)
	to, err := age.NewScryptRecipient("passphrase of sift")
	r.check(err)
	to.SetWorkFactor(10)
	var again bytes.Buffer
	in, err := age.Encrypt(&again, to)
	r.check(err)
	_, err = io.Copy(in, plain)
	r.check(errors.Join(err, in.Close(), os.WriteFile(path, again.Bytes(), 0o600)))
}

func (r *killRing) roles() []*role { return []*role{r.drop, r.desk, r.sift} }

func (r *killRing) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// pass is a file with the passphrase of name.
func (r *killRing) pass(name string) string {
	path := filepath.Join(filepath.Dir(r.dir), name+".pass")
	r.check(os.WriteFile(path, []byte("passphrase of "+name+"\n"), 0o600))
	return path
}

// at sets the clock.
func (r *killRing) at(day cell.Day, hour, minute int) {
	r.today = day
	r.check(setClock(r.clock, day.Time().Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute).Format(time.RFC3339)))
}

// until waits for something that the roles do, and says how they stand if it never comes.
func (r *killRing) until(what string, done func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if done() {
			return
		}
		for _, p := range r.roles() {
			p.mu.Lock()
			broken := slices.Clone(p.broken)
			p.mu.Unlock()
			if len(broken) > 0 {
				r.t.Fatal(broken[0])
			}
		}
	}
	for _, p := range r.roles() {
		r.t.Logf("%s said last:\n%s", p.name, strings.Join(p.last(), "\n"))
	}
	r.t.Fatalf("on %s it never came to this: %s", r.today, what)
}

// turned waits until sift has done the order of the day: notes stand, yesterday is drained
// and acknowledged, and no key is left whose time is over.
func (r *killRing) turned(drained bool) {
	r.t.Helper()
	r.until("the order of the day is done", func() bool {
		return r.w.turned(r.today, drained) && r.keysAre(drained)
	})
	for _, day := range r.keys() {
		if data, err := os.ReadFile(r.keyFile(day)); err == nil {
			r.dead[day] = data[len(data)-48:]
		}
	}
}

func (r *killRing) keyFile(day cell.Day) string {
	return filepath.Join(r.dir, "sift", "keys", "day-"+strconv.FormatUint(uint64(day), 10))
}

// keys lists the days whose keys lie on disk.
func (r *killRing) keys() (days []cell.Day) {
	names, err := filepath.Glob(filepath.Join(r.dir, "sift", "keys", "day-*"))
	r.check(err)
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimPrefix(filepath.Base(name), "day-"), 10, 32)
		r.check(err)
		days = append(days, cell.Day(n))
	}
	slices.Sort(days)
	return days
}

// keysAre says whether the keys are those that must live after the order of the day.
func (r *killRing) keysAre(drained bool) bool {
	want := []cell.Day{r.today, r.today + 1}
	if drained {
		want = []cell.Day{r.today - 1, r.today, r.today + 1}
	}
	return slices.Equal(r.keys(), want)
}

// sync lets the desk exchange with the host, by its page, until it went well.
func (r *killRing) sync() {
	r.t.Helper()
	r.until("the desk exchanges with the host", func() bool {
		r.desk.await(r.t)
		d, err := r.pages()
		if err != nil {
			return false
		}
		_, page, err := d.send("/sync", "application/x-www-form-urlencoded", strings.NewReader(""))
		return err == nil && !strings.Contains(page, "could not")
	})
}

// pages opens the desk's pages in its present life.
func (r *killRing) pages() (*deskClient, error) {
	r.desk.mu.Lock()
	link, life := r.desk.link, r.desk.lives
	r.desk.mu.Unlock()
	if r.session != nil && r.sessionOf == life {
		return r.session, nil
	}
	d, err := openDeskPages(link)
	if err != nil {
		return nil, err
	}
	r.session, r.sessionOf = d, life
	return d, nil
}

// judge compares what stands at the end with what was promised.
func (r *killRing) judge() {
	r.t.Helper()
	names := r.w.judge()
	r.judgeDesk()
	r.judgeReplies()
	r.judgeKeys()
	r.t.Logf("%d cells answered 204, %d letters, %d replies, %d call notes, %d claims, %d translations; the host saw %d names",
		r.w.taken, len(r.letters), len(r.replies), len(r.saved), len(r.claims), len(r.translations), names)
}

// judgeKeys searches sift's folder for what is left of dead keys (P4).
func (r *killRing) judgeKeys() {
	if !r.keysAre(true) {
		r.t.Errorf("P4: at the end keys of %v stand, on %s", r.keys(), r.today)
	}
	living := r.keys()
	err := filepath.WalkDir(filepath.Join(r.dir, "sift"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") {
			r.t.Errorf("%s is left half written", e.Name())
		}
		data, err := os.ReadFile(path)
		for day, tail := range r.dead {
			if bytes.Contains(data, tail) != (slices.Contains(living, day) && path == r.keyFile(day)) {
				r.t.Errorf("P4: the key of %s (living: %v) and %s", day, slices.Contains(living, day), filepath.Base(path))
			}
		}
		return err
	})
	r.check(err)
}

// tell sums the kills up.
func (r *killRing) tell(others ...*role) (total int) {
	var lines []string
	for _, p := range append(r.roles(), others...) {
		total += p.killed()
		p.mu.Lock()
		for step, n := range p.kills {
			lines = append(lines, fmt.Sprintf("%4d × %-6s %s", n, p.name, step))
		}
		p.mu.Unlock()
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[7:], b[7:]) })
	r.t.Logf("%d kills:\n%s", total, strings.Join(lines, "\n"))
	return total
}
