// Package doctor looks at the folders of a newsroom's roles and at the machine on which they
// stand, and says what an operator should do.
//
// What enters: a folder, the parameters of its newsroom, when its notes end, and the machine
// as values (Machine), so that a test can plant each fault. What leaves: findings, each with
// what was seen in one line and what to do next in one. What may never be known here: a
// passphrase, a key, what is in a vault, a cell or a letter. Doctor reads names, sizes, modes,
// owners and the clear headers of files; it changes nothing and asks nobody outside.
package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A Verdict is how a check came out.
type Verdict string

// The verdicts. What could not be looked at is a Warn that says so, never a Pass.
const (
	Pass Verdict = "PASS"
	Warn Verdict = "WARN"
	Fail Verdict = "FAIL"
)

// A Finding is the outcome of one check.
type Finding struct {
	Role    string  `json:"role"` // host, sift, desk, root, or machine
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	What    string  `json:"what"`           // what was seen, in one line
	Next    string  `json:"next,omitempty"` // what to do, in one line; empty with Pass
}

// A Note is a signed note that stands in the folder, as far as its clear head says.
type Note struct {
	Name            string // root, devices, desk
	Issued, Expires cell.Day
	Ending          seal.Ending
}

// Contacts are those that the newsroom has vetted, as far as the folder tells.
type Contacts struct {
	Signed   int      // that the root note names
	Stale    []string // of them, by name, to be checked again
	Unsigned string   // the file that differs from what the root note names; "": none does
	Printed  string   // the printed file that differs from what the root note names; "": none does
	Err      error    // why a file can't be used
}

// Estimates are the newsroom's own numbers, by which stories are judged, as far as the file tells.
type Estimates struct {
	Missing bool     // there is no file
	Example bool     // nobody put in his own yet
	Stale   []string // by name, to be looked at again
	Err     error    // why the file can't be used
}

// A Subject is what is looked at. Whoever reads newsroom.toml and notes fills it in.
type Subject struct {
	Dir       string // holds newsroom.toml and the roles' folders
	Config    string // path of newsroom.toml
	ConfigErr error  // why it can't be used; nil: it can
	Quota     int    // cells a day at the host; 0: unknown
	TokensErr error  // why host/tokens can't be used, if there is a host
	// HostFormatErr says that another kkachi wrote host/.
	HostFormatErr error
	Notes         []Note // that stand in root/ or desk/
	NotesErr      error  // why none could be read, if there is a desk or a root
	Contacts      Contacts
	Estimates     Estimates
	TLSChain      string // certificates of the host; "": none were named
	TLSKey        string // their key
	HostName      string // that visitors go to, in the newsroom's url; "": unknown, or without TLS
}

// Roles in the order in which they are looked at; each is a folder below Dir.
const (
	Host = "host"
	Sift = "sift"
	Desk = "desk"
	Root = "root"
)

// machineRole stands in findings that are of no single role.
const machineRole = "machine"

// Roles finds which roles stand in dir.
func Roles(dir string) []string {
	var out []string
	for _, r := range []string{Host, Sift, Desk, Root} {
		if info, err := os.Stat(filepath.Join(dir, r)); err == nil && info.IsDir() {
			out = append(out, r)
		}
	}
	return out
}

// An exam is one run.
type exam struct {
	Subject
	m     *Machine
	today cell.Day
	roles []string
	out   []Finding
}

// Examine makes every check that the roles in s.Dir call for.
func Examine(s Subject, m *Machine) []Finding {
	e := &exam{Subject: s, m: m, today: cell.DayOf(m.Now), roles: Roles(s.Dir)}
	e.config()
	e.apart()
	for _, r := range e.roles {
		e.layout(r)
		e.modes(r)
		e.space(r)
		e.fileSystem(r)
	}
	e.formats()
	e.notes()
	e.contacts()
	e.estimates()
	e.clock()
	e.swap()
	e.dumps()
	e.tracing()
	if e.has(Sift) {
		e.sandbox()
	}
	if e.has(Host) {
		e.openFiles()
		e.certificates()
	}
	return e.out
}

// Failed says whether a check failed.
func Failed(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Verdict == Fail })
}

func (e *exam) has(role string) bool { return slices.Contains(e.roles, role) }

// secrets says whether a role that holds keys or letters is here.
func (e *exam) secrets() bool { return e.has(Sift) || e.has(Desk) || e.has(Root) }

func (e *exam) path(parts ...string) string {
	return filepath.Join(append([]string{e.Dir}, parts...)...)
}

func (e *exam) pass(role, check, format string, args ...any) {
	e.out = append(e.out, Finding{role, check, Pass, fmt.Sprintf(format, args...), ""})
}

func (e *exam) warn(role, check, next, format string, args ...any) {
	e.out = append(e.out, Finding{role, check, Warn, fmt.Sprintf(format, args...), next})
}

func (e *exam) fail(role, check, next, format string, args ...any) {
	e.out = append(e.out, Finding{role, check, Fail, fmt.Sprintf(format, args...), next})
}

func (e *exam) config() {
	if e.ConfigErr != nil {
		e.fail(machineRole, "newsroom.toml", "mend the file, or copy it anew from where the newsroom was laid out", "%v", e.ConfigErr)
	} else if info, err := os.Stat(e.Config); err == nil && info.Mode().Perm()&0o022 != 0 {
		e.fail(machineRole, "newsroom.toml", "chmod go-w "+e.Config, "others of this machine can write %s: they could name another host", e.Config)
	} else {
		e.pass(machineRole, "newsroom.toml", "%s can be read, and only its owner can write it", e.Config)
	}
	if len(e.roles) == 0 {
		e.fail(machineRole, "roles", "name the folder that holds host/, sift/, desk/ or root/", "%s holds no role's folder", e.Dir)
	}
}

// notes says how near the end of each note is that stands here.
func (e *exam) notes() {
	if !e.has(Desk) && !e.has(Root) {
		return
	}
	if e.NotesErr != nil {
		e.fail(machineRole, "notes", "bring the newest notes of root/notes here; kkachi root status says more", "%v", e.NotesErr)
		return
	}
	for _, n := range e.Notes {
		left := int(n.Expires) - int(e.today)
		check := n.Name + " note"
		next := "kkachi root sign " + e.Dir + ", with the stick, on a machine without network; then bring the notes to the desk"
		if n.Name == Desk {
			next = "open the desk: it makes this note anew by itself and puts it up"
		}
		switch n.Ending {
		case seal.Ended:
			e.fail(machineRole, check, next, "ended on %s: clients send nothing until a new one is at the host", n.Expires)
		case seal.EndsLater:
			e.pass(machineRole, check, "valid until %s, days left: %d", n.Expires, left)
		default:
			e.warn(machineRole, check, next, "ends on %s, days left: %d", n.Expires, left)
		}
	}
}

// contacts says whether those that readers see are signed, and checked lately.
func (e *exam) contacts() {
	if !e.has(Desk) && !e.has(Root) || e.NotesErr != nil {
		return
	}
	const check = "contacts"
	c := &e.Contacts
	if c.Err != nil {
		e.fail(machineRole, check, "mend or bring the file: doc/operator.md, contacts", "%v", c.Err)
		return
	}
	if c.Unsigned != "" {
		e.warn(machineRole, check, "kkachi root sign "+e.Dir+" --contacts "+c.Unsigned+", then print", "%s is not what the root note names: pages do not show it", c.Unsigned)
	}
	if c.Printed != "" {
		e.warn(machineRole, check, "kkachi press push "+e.Dir, "%s is not what the root note names: whoever verifies the site is told", c.Printed)
	}
	for _, name := range c.Stale {
		e.warn(machineRole, check, "ring there; write the day into the file of contacts, and sign it: kkachi root sign "+e.Dir+" --contacts FILE", "%s was not checked for a long time, and stands on every page with its day", name)
	}
	switch {
	case c.Unsigned != "" || c.Printed != "" || len(c.Stale) > 0:
	case c.Signed == 0:
		e.pass(machineRole, check, "the root note names none")
	default:
		e.pass(machineRole, check, "the root note names %d, each checked lately", c.Signed)
	}
}

// estimates says whether stories can be judged by numbers of the newsroom's own. None lets a story
// pass by itself that is not so.
func (e *exam) estimates() {
	if !e.has(Desk) {
		return
	}
	const check = "estimates"
	file := e.path(Desk, "estimates.toml")
	switch s := &e.Estimates; {
	case s.Err != nil:
		e.fail(Desk, check, "mend the line in "+file, "every story is held: %v", s.Err)
	case s.Missing:
		e.warn(Desk, check, "write "+file+": doc/risk.md says how", "there are none: every story is held")
	case s.Example:
		e.warn(Desk, check, "replace each number in "+file+", then take the line example away", "they are the example, whose numbers are invented: every story is held")
	case len(s.Stale) > 0:
		e.warn(Desk, check, "look at each again, and write the day into "+file, "stories that need them are held, for they are too old: %s", strings.Join(s.Stale, ", "))
	default:
		e.pass(Desk, check, "%s can be read, and none is too old", file)
	}
}

// clock holds this machine's clock to what it can be held to without asking anybody: what the
// kernel says of its own clock, and days and times that already stand on disk.
func (e *exam) clock() {
	const set = "set the clock by a time service (timedatectl set-ntp true), then look again"
	if synced, err := e.m.Synchronised(); err != nil {
		e.warn(machineRole, "clock", set, "whether the kernel's clock is kept by a time service can't be seen: %v", err)
	} else if !synced {
		e.warn(machineRole, "clock", set, "the kernel says that no time service keeps its clock")
	} else {
		e.pass(machineRole, "clock", "the kernel says that its clock is kept by a time service; it is %s UTC", e.m.Now.UTC().Format("2006-01-02 15:04"))
	}
	what, day := e.newestDay()
	switch {
	case day > e.today:
		e.fail(machineRole, "date", set, "this machine says %s, and %s is of %s: the clock is behind", e.today, what, day)
	case what == "":
		e.warn(machineRole, "date", "compare the date with another device", "nothing on disk says a day, and nobody outside was asked: it is %s here", e.today)
	default:
		e.pass(machineRole, "date", "it is %s, not before %s (%s); that a clock is ahead can't be seen from here", e.today, what, day)
	}
}

// newestDay is the newest day that stands on disk, and where.
func (e *exam) newestDay() (what string, day cell.Day) {
	see := func(name string, d cell.Day) {
		if d > day || what == "" {
			what, day = name, d
		}
	}
	for _, n := range e.Notes {
		see("the signing of the "+n.Name+" note", n.Issued)
	}
	if e.has(Host) {
		for _, d := range hostDays(e.path(Host, "days")) {
			if d.state == "closed" || d.state == "acked" { // an open day may be tomorrow's
				see("a closed day in host/days", d.day)
			}
		}
	}
	for _, f := range []string{"sift/pool/state", "sift/keys/unlock", "desk/log.db", "desk/keys.db"} {
		if info, err := os.Stat(e.path(filepath.FromSlash(f))); err == nil {
			see("the last change of "+f, cell.DayOf(info.ModTime()))
		}
	}
	return what, day
}

// age is how long something has still to live, in days, rounded down.
func age(end, now time.Time) int { return int(end.Sub(now).Hours() / 24) }
