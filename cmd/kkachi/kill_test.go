package main

import (
	crand "crypto/rand"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The requests of a role in the order of its day, each a named step.
var (
	siftSteps = [][2]string{
		{"GET", "/s/list/note/root/"},
		{"GET", "/s/o/note/root/"},
		{"GET", "/s/list/note/desk/"},
		{"GET", "/s/o/note/desk/"},
		{"GET", "/s/now"},
		{"GET", "/s/list/parcel/"},
		{"GET", "/s/o/parcel/"},
		{"PUT", "/s/now/"},
		{"GET", "/s/days"},
		{"GET", "/s/day/"},
		{"GET", "/s/crowd/"},
		{"GET", "/s/list/batch/"},
		{"GET", "/s/o/note/devices/"},
		{"PUT", "/s/o/batch/"},
		{"POST", "/s/day/"},
	}
	deskSteps = [][2]string{
		{"GET", "/s/list/note/root/"},
		{"GET", "/s/list/note/devices/"},
		{"GET", "/s/list/batch/"},
		{"GET", "/s/o/batch/"},
		{"GET", "/d"},
		{"GET", "/r"},
		{"GET", "/s/list/parcel/"},
		{"PUT", "/s/o/parcel/"},
	}
	pressSteps = [][2]string{
		{"GET", "/s/site"},
		{"PUT", "/s/o/site/"},
		{"PUT", "/s/site/"},
	}
)

// each makes armed steps of a role's requests, in these phases.
func each(victim *role, caller string, requests [][2]string, phases ...phase) (out []armed) {
	for _, q := range requests {
		for _, at := range phases {
			out = append(out, armed{victim, caller, q[0], q[1], at})
		}
	}
	return out
}

// reached fails for steps that were armed and never came: a table that misses is blind.
func (r *killRing) reached() {
	r.t.Helper()
	for _, a := range r.w.disarm() {
		r.t.Errorf("on %s nobody came to the step: %s, to kill %s", r.today, a, a.victim.name)
	}
}

// A dayPlan says who is killed on a day, at which part of it.
type dayPlan struct {
	morning func() // sift's order of the day
	noon    func() // the desk reads, answers and exchanges
	visits  func() // cells come; it ends with them
	evening func() // the desk exchanges again
}

func (p dayPlan) run(f func()) {
	if f != nil {
		f()
	}
}

// day drives a day through the ring.
func (r *killRing) day(letters, cover int, p dayPlan) {
	r.at(r.today+1, 0, 10)
	p.run(p.morning)
	r.turned(true)
	r.reached()
	r.at(r.today, 12, 10)
	p.run(p.noon)
	r.sync()
	r.meet()
	for i, who := range r.tellers {
		if who.thread != "" {
			r.reply(who, i)
		}
	}
	began := time.Now()
	r.call(0)
	r.took = time.Since(began)
	r.reached()
	r.at(r.today, 13, 0)
	p.run(p.visits)
	r.load(letters, cover)
	r.reached()
	r.at(r.today, 22, 10)
	p.run(p.evening)
	r.sync()
	r.reached()
}

// newKilled is a newsroom for kills, with people who have written on its first day.
func newKilled(t testing.TB) *killRing {
	if testing.Short() {
		t.Skip("many processes")
	}
	r := newKillRing(t, killQuota)
	r.cheap()
	r.begin()
	r.people(3)
	r.load(3, 4)
	r.goHome = sync.OnceFunc(r.crowd(2))
	t.Cleanup(r.goHome) // also when the test fails, before its folder goes
	return r
}

// killQuota is how many cells the host takes a day where roles are killed.
const killQuota = 1024

// killRounds names the environment variable that says how many times as many kills as in make
// test there are to be.
const killRounds = "KKACHI_KILLS"

func rounds(t testing.TB) int {
	told := os.Getenv(killRounds)
	if told == "" {
		return 1
	}
	n, err := strconv.Atoi(told)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// end completes the ring in two quiet days, and compares.
func (r *killRing) end(least int, others ...*role) {
	r.t.Helper()
	r.goHome()
	for range 2 {
		r.day(0, 2, dayPlan{})
	}
	r.judge()
	if n := r.tell(others...); n < least {
		r.t.Errorf("%d kills, want %d", n, least)
	}
}

// TestP8P13KillsInNamedSteps kills the real processes of a ring at each request that they
// make: before the host has it, when the host has done it and nobody was told, and when they
// have been told; and the host at each of them and while it is at it. The days are then
// completed and all is compared with what was promised: nothing acknowledged is lost,
// nothing stands twice, and the host, as a witness, saw one byte string a name (P8, P13).
func TestP8P13KillsInNamedSteps(t *testing.T) {
	r := newKilled(t)
	last := len(siftSteps) - 1 // the acknowledgement comes once: what is answered is over
	r.day(2, 4, dayPlan{morning: func() {
		r.w.arm(each(r.sift, "sift", siftSteps[:last], before, unanswered, answered)...)
		r.w.arm(each(r.sift, "sift", siftSteps[last:], before, answered)...)
	}})
	r.day(2, 4, dayPlan{
		morning: func() { r.w.arm(each(r.sift, "sift", siftSteps[last:], before, unanswered)...) },
		noon: func() {
			r.w.arm(each(r.desk, "desk", deskSteps, before, unanswered, answered)...)
		},
		evening: func() {
			r.w.arm(each(r.desk, "desk", pressSteps, before, unanswered)...)
			r.publish()
		},
	})
	r.day(2, 8, dayPlan{
		morning: func() {
			r.w.arm(each(r.drop, "sift", siftSteps[:last], before, within, unanswered)...)
			r.w.arm(each(r.drop, "sift", siftSteps[last:], before, within)...)
		},
		noon: func() { r.w.arm(each(r.drop, "desk", deskSteps, before, within, unanswered)...) },
		visits: func() {
			for range 8 {
				r.w.arm(each(r.drop, "visitor", [][2]string{{"POST", "/c"}}, before, within, unanswered)...)
			}
		},
	})
	r.end(130)
}

// publish prints and puts up the site from the desk's pages, as often as it takes.
func (r *killRing) publish() {
	r.t.Helper()
	r.until("the site stands at the host", func() bool {
		r.desk.await(r.t)
		d, err := r.pages()
		if err != nil {
			return false
		}
		_, page, err := d.send("/publish", "application/x-www-form-urlencoded", strings.NewReader(""))
		return err == nil && (strings.Contains(page, "The site stands at the host") || strings.Contains(page, "has this site already"))
	})
}

// TestP13SiteIsNotSignedTwice lets the host die each time that it is handed a signed site. On
// the next day the site is signed anew: that must not be under a serial which the host has seen.
func TestP13SiteIsNotSignedTwice(t *testing.T) {
	r := newKilled(t)
	for range 5 { // more often than the client tries
		r.w.arm(each(r.drop, "desk", [][2]string{{"PUT", "/s/site/"}}, before)...)
	}
	d, err := r.pages()
	r.check(err)
	if _, page, err := d.send("/publish", "application/x-www-form-urlencoded", strings.NewReader("")); err != nil || strings.Contains(page, "The site stands") {
		t.Fatalf("it was published without a host: %v", err)
	}
	r.w.disarm()
	r.day(0, 2, dayPlan{evening: r.publish})
	r.end(2) // a try can find the host not up again yet
}

// traces are lives that die at one of their next durable calls, some before the kernel has
// done it and some when it has.
func traces(t testing.TB, lives, calls int) (out [][]string) {
	t.Helper()
	bin, err := exec.LookPath("kkachi-traced")
	if err != nil {
		t.Fatal(err)
	}
	for i := range lives {
		out = append(out, []string{bin, strconv.Itoa(1 + rand.IntN(calls)), [...]string{"before", "after"}[i%2]})
	}
	return out
}

// hunt lets a role's next lives die at calls into the kernel. A life that never comes to its
// call goes on until the work of another day.
func (r *killRing) hunt(p *role, lives, calls int) {
	p.trace(traces(r.t, lives, calls)...)
	p.kill("idle")
}

// TestP8P13KillsAtSystemCalls kills the real processes at calls into the kernel: as they write
// into a day's file or a database, sync, link, rename or unlink, before and after it is done.
func TestP8P13KillsAtSystemCalls(t *testing.T) {
	r := newKilled(t)
	for range 2 * rounds(t) {
		r.day(2, 6, dayPlan{
			morning: func() {
				r.hunt(r.sift, 12, 16)
				r.hunt(r.drop, 3, 16)
			},
			noon: func() {
				r.hunt(r.desk, 5, 40)
				for n := 1; r.desk.traced() > 0 && n < 12; n++ {
					r.desk.await(t)
					r.call(n)
				}
			},
			visits: func() {
				r.hunt(r.drop, 6, 12)
				for tries := 0; r.drop.traced() > 0 && tries < 20; tries++ {
					r.load(0, 2)
				}
			},
			evening: func() { r.interrupt(6) },
		})
	}
	for _, p := range r.roles() {
		p.untrace()
	}
	r.end(40)
}

// TestP8P13KillsAtRandom kills whichever process at whatever moment, while all are at work.
func TestP8P13KillsAtRandom(t *testing.T) {
	r := newKilled(t)
	most := 40 * rounds(t)
	killer := r.reap(most, func() time.Duration { return time.Duration(50+rand.IntN(400)) * time.Millisecond })
	for days := 0; !killer.sated() && days < 4*most; days++ {
		r.day(2, 12, dayPlan{})
	}
	killer.end()
	r.end(most * 3 / 4)
}

// TestP8SourceIsKilled kills the source's own process in the middle of a letter. Who writes the
// same again within the week writes the same letter: it stands at the desk once.
func TestP8SourceIsKilled(t *testing.T) {
	r := newKilled(t)
	text := "a letter in two pieces" + strings.Repeat(" "+crand.Text(), 120)
	p := newRole("visitor", r.clock, func(string) bool { return false }, "source", "write", r.address.String())
	p.stdin, p.ending = wordsOf["A"]+"\n"+text+"\n", true
	post := [][2]string{{"POST", "/c"}}
	for _, step := range append(each(p, "visitor", post, before, unanswered, answered), each(p, "visitor", [][2]string{{"GET", "/d"}, {"GET", "/r"}}, unanswered)...) {
		r.w.arm(step)
		r.check(p.start())
		<-p.gone
		if p.killed() == 0 {
			t.Fatalf("it was not killed: %s\n%s", step, strings.Join(p.last(), "\n"))
		}
	}
	r.reached()
	r.check(p.start())
	<-p.gone
	if said := strings.Join(p.last(), "\n"); !strings.Contains(said, "The whole letter has left") {
		t.Fatalf("the letter has not left:\n%s", said)
	}
	r.mu.Lock()
	r.letters[text] = true
	r.mu.Unlock()
	r.end(5, p)
}
