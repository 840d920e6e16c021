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
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
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

// A Nature is what kind of step a step is, and so how it can break.
type Nature uint8

// Natures of steps on files.
const (
	Plain   Nature = iota // either done or not: sync, rename, remove, lock, open
	Closing               // is done even where it fails
	Room                  // as Plain, but takes room on the disk: a new name, a reservation
	Write                 // takes room, and may be done by half
)

const (
	request  Nature = iota + 4 // to a host
	upload                     // to a host, with a body
	answered Nature = 0x80     // or-ed: the good run's answer had a body
)

// breaks says whether steps of this nature can break so.
func (n Nature) breaks(h How) bool {
	kind := n &^ answered
	switch h {
	case NotDone:
		return kind != Closing
	case Half:
		return kind == Write || kind == upload
	case Full:
		return kind >= Room
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
	halfDone
	noRoom // nothing is done, for want of room
	torn
)

// A place names one step of a play: the nth of its name in its phase, from 0. How many steps
// come before it may differ from play to play.
type place struct {
	phase, name string
	nth         int
}

// Steps counts the steps of one play and breaks one of them, or none, as its zero value does.
// Table makes those that count.
type Steps struct {
	breaks place // "" for none
	how    How

	mu      sync.Mutex // guards what follows
	phase   string
	places  []place
	natures []Nature
	nth     map[place]int // steps of a name in a phase so far
	hit     string        // name of the step that broke
	full    bool          // there is no room, until Lift
	next    bool          // the next step that takes room finds none
	over    bool
	cut     bool // something was done by half
}

// Step makes do a step, where a test puts an interface between a room and its files. half does
// the half of a Write. Its error is an EIO or ENOSPC where the step breaks.
func (s *Steps) Step(name string, n Nature, do func() error, half func()) error {
	switch s.take(name, n) {
	case good:
		return do()
	case noRoom:
		return syscall.ENOSPC
	case halfDone:
		half()
		s.mu.Lock()
		s.next = false // this is the one that finds no room
		s.mu.Unlock()
		return syscall.ENOSPC
	case done:
		if err := do(); err != nil {
			return err
		}
	}
	return syscall.EIO
}

// take counts a step, and says what becomes of it.
func (s *Steps) take(name string, n Nature) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return good
	}
	at := place{phase: s.phase, name: plainName(name)}
	if s.nth == nil {
		s.nth = map[place]int{}
	}
	s.nth[at]++
	at.nth = s.nth[at] - 1
	s.places, s.natures = append(s.places, at), append(s.natures, n)
	if at != s.breaks || s.hit != "" {
		if n >= Room && (s.full || s.next) {
			s.next = false
			return noRoom
		}
		return good
	}
	s.hit = at.name
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
		s.next, s.cut = n == Write, true
		return halfDone
	case Full:
		s.full = true
		if n == Write {
			s.cut = true
			return halfDone
		}
		return noRoom
	case Torn:
		return torn
	}
	return done
}

// random is what differs in names from play to play.
var random = regexp.MustCompile(`[0-9a-f]{16,}|[0-9]{6,}`)

func plainName(name string) string { return random.ReplaceAllString(name, "N") }

// hasAnswer remembers that the answer to the last request of this name had a body.
func (s *Steps) hasAnswer(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range slices.Backward(s.places) {
		if p.name == plainName(name) {
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

// Fill takes all room from the disk, until Lift.
func (s *Steps) Fill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = true
}

// Cut says whether something was done by half.
func (s *Steps) Cut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cut
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

// Aside looks at what stands, by calls that are no steps: beside the thread that is watched. A
// test does not end itself from there.
func Aside(look func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		look()
	}()
	<-done
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
	var names []string
	for _, p := range s.places {
		names = append(names, p.name)
	}
	return names
}

// MostLines is how many lines of a Table are played; with -short a twentieth.
const MostLines = 240

// EveryLine is the environment variable which makes a Table play all its lines, if it is not
// empty.
const EveryLine = "KKACHI_FAULT_EVERY_LINE"

const memory = "/dev/shm" // Linux's place for files in memory

// Table plays once without a fault and counts the steps, at least `least` (else the play does
// not pass through here, and the table would be blind). Then it plays again for each step and
// each way in which that can break, as a subtest with the step's name. A play must end well
// whatever single step breaks.
//
// Of steps with one name in one phase the first and the last are broken, and of the lines that
// this gives, MostLines evenly chosen; all of them if EveryLine is set. Folders of the play lie in
// memory where the machine has a place for that (TMPDIR is set).
func Table(t *testing.T, least int, play func(t *testing.T, s *Steps)) {
	t.Helper()
	table(t, least, MostLines, os.Getenv(EveryLine) != "", play)
}

// TableOf is Table for a play that takes long: of the first and the last steps of a name, most lines are
// played, evenly chosen, and all of these if EveryLine is set.
func TableOf(t *testing.T, least, most int, play func(t *testing.T, s *Steps)) {
	t.Helper()
	table(t, least, most, false, play)
}

func table(t *testing.T, least, most int, each bool, play func(t *testing.T, s *Steps)) {
	t.Helper()
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", memory)
	}
	dry := &Steps{}
	if !t.Run("good run", func(t *testing.T) { play(t, dry) }) {
		return
	}
	if len(dry.places) < least {
		t.Fatalf("only %d steps: %v", len(dry.places), dry.Taken())
	}
	all := dry.lines(each)
	switch {
	case os.Getenv(EveryLine) != "":
		most = len(all)
	case testing.Short():
		most /= 20
	}
	played, missed := 0, 0
	for i, l := range all {
		if i > 0 && i*most/len(all) == (i-1)*most/len(all) {
			continue
		}
		played++
		t.Run(l.title(), func(t *testing.T) {
			if !l.run(t, play) {
				missed++
			}
		})
	}
	t.Logf("%d steps, %d lines, of which %d were played", len(dry.places), len(all), played)
	if missed > max(3, played/20) { // some are not there in each play: SQLite's, where readers come and go; of few plays two by chance
		t.Errorf("%d of %d plays did not come by the step that breaks", missed, played)
	}
}

// A tableLine is one step and the way in which it breaks.
type tableLine struct {
	place
	how How
}

// title is one word for -run.
func (l tableLine) title() string {
	return strings.ReplaceAll(fmt.Sprintf("%s %s %d %s", l.phase, l.name, l.nth, l.how), "/", ":")
}

// lines are those of the table.
func (s *Steps) lines(each bool) (out []tableLine) {
	for how := range hows {
		for i, p := range s.places {
			last := p.nth == s.nth[place{p.phase, p.name, 0}]-1
			if s.natures[i].breaks(how) && (each || last || p.nth == 0) {
				out = append(out, tableLine{p, how})
			}
		}
	}
	return out
}

// run plays a line, and says whether the play came by the step.
func (l tableLine) run(t *testing.T, play func(t *testing.T, s *Steps)) bool {
	s := &Steps{breaks: l.place, how: l.how}
	defer func() {
		if t.Failed() {
			t.Logf("what broke: %s, %s", s.Broke(), s.how)
		}
	}()
	play(t, s)
	return s.Broke() != ""
}
