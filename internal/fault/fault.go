// Package fault breaks the steps of what a test plays, one after the other: system calls on
// files below a folder, and requests to a host. It is for tests only.
//
// What enters: a play, and the thread or the transport that it runs on. What leaves: one
// subtest for each step of a good run and each way in which it can break, so that a new step
// is covered by itself. What may never be known here: what the play is about.
//
// Files are broken at the border of the kernel, not behind an interface of ours: whatever a
// room does to its files by way of any library is a step. See Watch.
package fault

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A How is a way in which a step breaks.
type How int

const (
	// NotDone fails, and nothing has happened: EIO; or a host that cannot be reached.
	NotDone How = iota
	// Done has happened, and fails: EIO; or a connection that is cut before the answer.
	Done
	// Half of what a write adds to its file reaches it, and the next write finds no room;
	// half of a request's body reaches the host.
	Half
	// Full is a disk without room from this step on, until Lift: what the step would write
	// is written by half; or a host that answers 503 to everything until Lift.
	Full
	// Torn is an answer that is cut in its middle, to a request that was done.
	Torn
	hows
)

// String says how the step breaks.
func (h How) String() string {
	return [...]string{"not done", "done but reported as failed", "half done", "no room", "answer torn"}[h]
}

// A nature is what kind of step a step is, and so how it can break.
type nature uint8

const (
	plain    nature = iota // either done or not: sync, rename, remove, lock, open
	closing                // is done even where it fails
	room                   // as plain, but takes room on the disk: a new name, a reservation
	write                  // takes room, and may be done by half
	request                // to a host
	upload                 // to a host, with a body
	answered nature = 0x80 // or-ed: the good run's answer had a body
)

// breaks says whether steps of this nature can break so.
func (n nature) breaks(h How) bool {
	kind := n &^ answered
	switch h {
	case NotDone:
		return kind != closing
	case Half:
		return kind == write || kind == upload
	case Full:
		return kind >= room
	case Torn:
		return n&answered != 0
	}
	return true
}

// A verdict is what becomes of one step.
type verdict uint8

const (
	good verdict = iota
	notDone
	done
	half
	noRoom // nothing is done, for want of room
	torn
)

// Steps counts the steps of one play and breaks one of them. Its zero value breaks the first
// one; Table makes those that count.
type Steps struct {
	at  int // the step that breaks, from 0; -1 for none
	how How

	mu      sync.Mutex // guards what follows
	phase   string
	names   []string
	phases  []string // of the steps of these names
	natures []nature
	hit     string // name of the step that broke
	full    bool   // there is no room, until Lift
	next    bool   // the next step that takes room finds none
	over    bool
}

// take counts a step, and says what becomes of it.
func (s *Steps) take(name string, n nature) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return good
	}
	at := len(s.names)
	s.names, s.phases, s.natures = append(s.names, name), append(s.phases, s.phase), append(s.natures, n)
	if at != s.at || s.hit != "" {
		if n >= room && (s.full || s.next) {
			s.next = false
			return noRoom
		}
		return good
	}
	s.hit = name
	how := s.how
	if !n.breaks(how) && n >= request && how == Torn {
		return torn // whether the answer has a body is seen when it comes
	}
	if !n.breaks(how) {
		how = Done // the play went another way than the good run did
	}
	switch how {
	case NotDone:
		return notDone
	case Half:
		s.next = n == write
		return half
	case Full:
		s.full = true
		if n == write {
			return half
		}
		return noRoom
	case Torn:
		return torn
	}
	return done
}

// hasAnswer remembers that the answer to the last request of this name had a body.
func (s *Steps) hasAnswer(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, n := range slices.Backward(s.names) {
		if n == name {
			s.natures[i] |= answered
			return
		}
	}
}

// Phase says what the play is at.
func (s *Steps) Phase(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = name
}

// Lift ends what lasts: there is room again, and the host answers.
func (s *Steps) Lift() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full, s.next = false, false
}

// End says that the play is over: what follows breaks no more, and counts no more.
func (s *Steps) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.full, s.next = true, false, false
}

// Broke is the name of the step that broke, "" before it and in the good run.
func (s *Steps) Broke() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hit
}

// Taken lists the steps so far, for a message.
func (s *Steps) Taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

// EveryLine is the environment variable which makes a Table play all its lines, if it is not
// empty.
const EveryLine = "KKACHI_FAULT_EVERY_LINE"

// Table plays once without a fault and counts the steps, at least `least` (else the play does
// not pass through here, and the table would be blind). Then it plays again for each step and
// each way in which that can break, as a subtest with the step's name. A play must end well
// whatever single step breaks.
//
// Of steps with one name in one phase the first and the last are broken, unless EveryLine is
// set; with -short a seventeenth of these.
func Table(t *testing.T, least int, play func(t *testing.T, s *Steps)) {
	t.Helper()
	dry := &Steps{at: -1}
	if !t.Run("good run", func(t *testing.T) { play(t, dry) }) {
		return
	}
	if len(dry.names) < least {
		t.Fatalf("only %d steps: %v", len(dry.names), dry.names)
	}
	chosen, all := dry.lines(), 0
	for how := range hows {
		for at, name := range dry.names {
			if !dry.natures[at].breaks(how) || !chosen[at] {
				continue
			}
			if all++; testing.Short() && all%17 != 0 {
				continue
			}
			title := fmt.Sprintf("%d %s %s %s", at, dry.phases[at], strings.ReplaceAll(name, "/", ":"), how) // one word for -run
			t.Run(title, func(t *testing.T) { line(t, &Steps{at: at, how: how}, play) })
		}
	}
	t.Logf("%d steps, %d lines", len(dry.names), all)
}

// lines chooses the steps that are broken.
func (s *Steps) lines() map[int]bool {
	chosen := map[int]bool{}
	first, last := map[[2]string]int{}, map[[2]string]int{}
	for at, name := range s.names {
		key := [2]string{s.phases[at], name}
		former, seen := last[key]
		if seen && former != first[key] && os.Getenv(EveryLine) == "" {
			delete(chosen, former)
		}
		if !seen {
			first[key] = at
		}
		last[key], chosen[at] = at, true
	}
	return chosen
}

func line(t *testing.T, s *Steps, play func(t *testing.T, s *Steps)) {
	defer func() {
		if t.Failed() {
			t.Logf("what broke: %s, %s", s.Broke(), s.how)
		}
	}()
	play(t, s)
	if s.Broke() == "" {
		t.Errorf("the step was never taken: %q", s.Taken())
	}
}
