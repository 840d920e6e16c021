package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kkachi/internal/cell"
)

// soakFor names the environment variable that says how long TestP8P13Soak takes.
const soakFor = "KKACHI_SOAK"

// A reaper kills a random role again and again.
type reaper struct {
	stop chan struct{}
	full chan struct{} // closed when it has killed often enough
	done sync.WaitGroup
}

// reap starts to kill, at most so many times, with pauses between.
func (r *killRing) reap(most int, pause func() time.Duration) *reaper {
	k := &reaper{stop: make(chan struct{}), full: make(chan struct{})}
	k.done.Go(func() {
		defer close(k.full)
		for n := 0; n < most; {
			select {
			case <-k.stop:
				return
			case <-time.After(pause()):
			}
			roles := r.roles()
			if roles[rand.IntN(len(roles))].kill("at random") {
				n++
			}
		}
	})
	return k
}

func (k *reaper) sated() bool {
	select {
	case <-k.full:
		return true
	default:
		return false
	}
}

// end lets the roles live from now on.
func (k *reaper) end() {
	close(k.stop)
	k.done.Wait()
}

// A sample is what the roles take up at a moment.
type sample struct {
	at    time.Duration
	day   cell.Day
	kills int
	rss   map[string]int // KiB
	files map[string]int
	age   map[string]time.Duration // of the present life
}

// take samples the roles that are up, and the processes that hold day keys as "keys".
func (r *killRing) take(begun time.Time) sample {
	s := sample{at: time.Since(begun), day: r.today, rss: map[string]int{}, files: map[string]int{}, age: map[string]time.Duration{}}
	for _, p := range r.roles() {
		s.kills += p.killed()
		p.mu.Lock()
		pid, born := p.pid, p.born
		p.mu.Unlock()
		if pid == 0 {
			continue
		}
		rss, files, err := usage(pid)
		if err != nil || time.Since(born) < 2*time.Second {
			continue // just killed, or not yet itself
		}
		s.rss[p.name], s.files[p.name], s.age[p.name] = rss, files, time.Since(born)
		if p != r.sift {
			continue
		}
		for _, child := range childrenOf(pid) {
			if rss, files, err := usage(child); err == nil {
				s.rss["keys"] += rss
				s.files["keys"] += files
				s.age["keys"] = s.age["sift"]
			}
		}
	}
	return s
}

// childrenOf lists the processes that a process has started from any of its threads.
func childrenOf(pid int) (out []int) {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		for _, field := range strings.Fields(string(data)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

// Bounds of a flat line: between the medians of the first and the last third of a soak.
const (
	flatRSS   = 16 << 10 // KiB
	flatShare = 4        // or a quarter of the first, whichever is more
	flatFiles = 4
	flatLife  = 96 << 10 // KiB that a role may take up between two moments of one life
)

var soaked = []string{"drop", "sift", "keys", "desk"}

// flat judges memory and open files, and prints them over time.
func flat(t testing.TB, samples []sample) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%8s %12s %6s", "minute", "day", "kills")
	for _, name := range soaked {
		fmt.Fprintf(&b, " | %s: MiB files age", name)
	}
	every := max(1, len(samples)/30)
	for i, s := range samples {
		if i%every != 0 && i != len(samples)-1 {
			continue
		}
		fmt.Fprintf(&b, "\n%8.1f %12s %6d", s.at.Minutes(), s.day, s.kills)
		for _, name := range soaked {
			if s.rss[name] == 0 {
				fmt.Fprintf(&b, " | %*s", len(name)+15, "just begun")
				continue
			}
			fmt.Fprintf(&b, " | %*.1f %5d %3.0fs", len(name)+4, float64(s.rss[name])/1024, s.files[name], s.age[name].Seconds())
		}
	}
	t.Logf("memory and open files:\n%s", b.String())
	third := len(samples) / 3
	for _, name := range soaked {
		rss := func(s sample) int { return s.rss[name] }
		files := func(s sample) int { return s.files[name] }
		m0, m1 := median(samples[:third], rss), median(samples[len(samples)-third:], rss)
		f0, f1 := median(samples[:third], files), median(samples[len(samples)-third:], files)
		verdict := "flat"
		life, over := growth(samples, name)
		if m0 == 0 || m1 == 0 {
			t.Errorf("%s was never up when it was looked at: soak for longer", name)
			continue
		}
		if m1 > m0+max(flatRSS, m0/flatShare) || f1 > f0+flatFiles || life > flatLife {
			verdict = "GROWS"
			t.Errorf("%s grows", name)
		}
		t.Logf("%-5s memory %.1f → %.1f MiB, open files %d → %d (medians of the first and the last third), at most %+.1f MiB within a life, the longest %s: %s",
			name, float64(m0)/1024, float64(m1)/1024, f0, f1, float64(life)/1024, over.Round(time.Second), verdict)
	}
}

// growth is the most that a role grew from the first moment of a life to a later one, and
// how long its longest life was.
func growth(samples []sample, name string) (most int, longest time.Duration) {
	first, age := 0, time.Duration(0)
	for _, s := range samples {
		if s.rss[name] == 0 {
			continue
		}
		if s.age[name] < age || first == 0 {
			first = s.rss[name]
		}
		age = s.age[name]
		most, longest = max(most, s.rss[name]-first), max(longest, age)
	}
	return most, longest
}

// median is that of what is there.
func median(samples []sample, of func(sample) int) int {
	var all []int
	for _, s := range samples {
		if v := of(s); v > 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// renewRoot lets the editor in chief sign the root note anew.
func (r *killRing) renewRoot() {
	must(r.t, r.clock, "", "root", "sign", r.dir, "--passphrase-file", "root="+r.pass("root"))
}

// TestP8P13Soak turns the ring under load, for as long as it is told, while a random role is
// killed each minute: nothing is lost or doubled, and memory and open files stay flat.
func TestP8P13Soak(t *testing.T) {
	told := os.Getenv(soakFor)
	if told == "" {
		t.Skip("make soak runs it, for five minutes or as long as it is told")
	}
	length, err := time.ParseDuration(told)
	if err != nil {
		t.Fatal(err)
	}
	between := min(time.Minute, length/20)
	const aDay = 8 * time.Second
	r := newKillRing(t, 2048)
	r.begin()
	r.people(6)
	r.load(2, 4)
	begun := time.Now()
	killer := r.reap(math.MaxInt, func() time.Duration { return between })
	var samples []sample
	for n := 1; time.Since(begun) < length; n++ {
		dawn := time.Now()
		if n%14 == 0 {
			r.renewRoot()
		}
		r.day(2, 16, dayPlan{})
		samples = append(samples, r.take(begun))
		time.Sleep(aDay - time.Since(dawn))
	}
	killer.end()
	for range 3 {
		r.day(0, 2, dayPlan{})
	}
	r.judge()
	r.tell()
	flat(t, samples)
}
