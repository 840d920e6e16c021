// Package watch looks at a newsroom's host from outside, with no token, and remembers
// what it was shown: so that nobody is shown another directory unnoticed (P10).
//
// What enters: a newsroom's id, learnt by hand; notes and bulletin as the host gives them to
// anyone. What leaves: a Report, and a folder with every note that was ever seen, first and,
// if there is one, the other with the same serial: signed by the newsroom's own key, the two
// are proof for everybody. What may never be known here: what a cell holds. watch has no key
// that opens anything; the canaries that it is run for are sent by the source's own code.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Parameters of watching (spec/08-watch.md).
const (
	VisitLeast  = 1  // hours between two visits, at the least
	VisitMost   = 3  // hours between two visits, at the most
	NoteTries   = 2  // fetches of notes and bulletin, should the host switch between the two
	OthersKept  = 16 // notes kept beside the first of a serial, at most
	RefusedKept = 64 // answers that verify under no key, kept to be looked at
)

// ErrShown means that the host shows what it must not: the report says what.
var ErrShown = errors.New("the host shows what an honest one would not")

// A Host is what a reader asks of a host. *relay.Client is one.
type Host interface {
	Notes(ctx context.Context) ([]byte, error)
	Bulletin(ctx context.Context) ([]byte, error)
	// Manifest is the signed manifest of the site; relay.ErrNotFound before the first.
	Manifest(ctx context.Context) ([]byte, error)
	// File is a file of the site of at most so many bytes; relay.ErrNotFound, or
	// relay.ErrRefused if it is larger.
	File(ctx context.Context, path string, most int64) ([]byte, error)
	// Packed is File as browsers ask for it, unpacked: a host could alter that alone.
	Packed(ctx context.Context, path string, most int64) ([]byte, error)
}

// A way is one in which visitors ask for a file.
type way struct {
	called string // behind a file's name, "" for the plain one
	ask    func(ctx context.Context, path string, most int64) ([]byte, error)
}

func (w *Watch) ways() []way {
	return []way{{"", w.host.File}, {" as browsers ask for it", w.host.Packed}}
}

// A Watch is one look-out. Its methods are called one after another.
type Watch struct {
	id   seal.NewsroomID
	host Host
	now  func() time.Time
	rand io.Reader
	keep *keep
	all  bool

	heads *heads // of this visit's answers
}

// LookAtAll makes each visit look at every file of the site, instead of some that it draws.
func (w *Watch) LookAtAll() { w.all = true }

// Open takes up the folder keep, made if need be, or with "" remembers nothing. random draws the
// files of the site that a visit looks at.
func Open(id seal.NewsroomID, host Host, keepDir string, now func() time.Time, random io.Reader) (*Watch, error) {
	k, err := openKeep(keepDir)
	if err != nil {
		return nil, err
	}
	return &Watch{id: id, host: host, now: now, rand: random, keep: k}, nil
}

// A Proof is two notes with one serial and different bytes.
type Proof struct {
	Kind   string // root, desk, sift or site
	Serial uint64
	// Signed is true if the signed texts differ: the newsroom's key has signed twice. False:
	// only the signature lines differ, which the host may have done alone.
	Signed        bool
	First, Second string // files; "" if nothing is kept, or of the second no more
}

func (p Proof) String() string {
	what := "PROOF"
	if !p.Signed {
		what = "ALTERED (one text, other signature lines)"
	}
	where := p.First + " and " + p.Second
	switch {
	case p.First == "":
		where = "kept nowhere (--keep keeps both)"
	case p.Second == "":
		where = p.First + " and one of many, of which the first are kept beside it"
	}
	return fmt.Sprintf("%s: two %s notes have serial %d: %s", what, p.Kind, p.Serial, where)
}

// What can differ from what the newsroom has signed.
const (
	InNotes    = "notes"
	InBulletin = "bulletin"
	InHeaders  = "headers" // of answers, whatever is asked for
	InManifest = "manifest"
	InScript   = "script"
	InContacts = "contacts"
	InPage     = "page"
	InFile     = "file" // any other of the site
)

// A Difference is one thing that is not as the newsroom has signed it.
type Difference struct {
	Thing string `json:"thing"` // one of the above
	What  string `json:"what"`  // names files, serials and days, never a content
}

func (d Difference) String() string { return d.Thing + ": " + d.What }

// A Report says what one visit saw.
type Report struct {
	Day      cell.Day
	Serial   uint64   // of the sift note
	Issued   cell.Day // its day
	Bulletin cell.Day
	Batch    uint32
	Crowd    uint32 // at most, worldwide; 0: not measured

	Site       uint64    // serial of its manifest; 0: none is published
	SiteFiles  int       // that it lists
	SiteLooked int       // of them that were looked at
	Contacts   int       // that its pages show
	Script     *[32]byte // digest of its one script; nil if there are others, or none

	Root *seal.RootNote // nil if the notes do not verify
	Desk *seal.DeskNote

	Proofs     []Proof
	Wrong      []Difference // what an honest host does not show
	Warnings   []string     // what a person should see to
	Unfinished error        // why the visit ended early, after something wrong; nil: it did not

	// Notes and RawBulletin are the bytes, for a visitor's cells under the same notes.
	Notes, RawBulletin []byte
}

// Visit fetches what a page fetches, once, checks it as a client does and against what was
// seen before, and keeps it. ErrShown with a report if anything is wrong, also where the visit
// ended early; other errors if the host or the folder could not be reached, and then nothing is
// said of the host.
func (w *Watch) Visit(ctx context.Context) (*Report, error) {
	r := &Report{Day: cell.DayOf(w.now())}
	w.heads = &heads{}
	err := w.visit(w.heads.under(ctx), r)
	w.heads.report(r)
	switch wrong := len(r.Proofs)+len(r.Wrong) > 0; {
	case wrong && err != nil:
		r.Unfinished = err
		return r, fmt.Errorf("%w; %w", ErrShown, err)
	case wrong:
		return r, ErrShown
	case err != nil:
		return nil, err
	}
	return r, nil
}

// visit holds each answer against what was seen before as soon as it has it: a host that then
// falls silent takes nothing back.
func (w *Watch) visit(ctx context.Context, r *Report) error {
	for try := 1; ; try++ {
		var err error
		if r.Notes, err = w.host.Notes(ctx); err != nil {
			return fmt.Errorf("fetching the notes: %w", err)
		}
		if err := w.remember(r); err != nil {
			return err
		}
		if r.RawBulletin, err = w.host.Bulletin(ctx); err != nil {
			return fmt.Errorf("fetching the bulletin: %w", err)
		}
		notes, err := seal.VerifyNotes(r.Notes, w.id, r.Day)
		if err != nil {
			r.differs(InNotes, "%v", err)
			return nil
		}
		_, day, err := notes.CheckBulletin(r.RawBulletin)
		if errors.Is(err, seal.ErrHash) && try < NoteTries {
			continue // the host switched between the two
		}
		// Notes are fetched first: what stands beside them, or comes after, is never older.
		newest := notes.Sift.Bulletins[0].Day
		switch {
		case err != nil:
			r.differs(InBulletin, "%v", err)
		case day != newest:
			r.differs(InBulletin, "it is that of %s, and that of %s, which the sift note names too, is kept back", day, newest)
		}
		r.Bulletin = day
		r.look(notes)
		return w.site(ctx, r, notes)
	}
}

func (r *Report) differs(thing, format string, args ...any) {
	if d := (Difference{thing, fmt.Sprintf(format, args...)}); !slices.Contains(r.Wrong, d) {
		r.Wrong = append(r.Wrong, d)
	}
}

// look fills in what verified notes say, and warns before they end.
func (r *Report) look(n *seal.Notes) {
	r.Root, r.Desk = n.Root, n.Desk
	r.Serial, r.Issued, r.Batch, r.Crowd = n.Sift.Serial, n.Sift.Issued, n.Sift.Batch, n.Sift.Crowd
	if n.Sift.Issued < r.Day {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the sift note is of %s: sift has not published today", n.Sift.Issued))
	}
	r.ending("root", n.Root.Expires, seal.EndingOf(n.Root.Expires, r.Day))
	r.ending("desk", n.Desk.Expires, seal.EndingOfDesk(n.Desk.Expires, r.Day))
}

func (r *Report) ending(kind string, expires cell.Day, e seal.Ending) {
	if e == seal.EndsLater {
		return
	}
	days := "days"
	if expires == r.Day+1 {
		days = "day"
	}
	r.Warnings = append(r.Warnings, fmt.Sprintf("the %s note ends on %s, in %d %s", kind, expires, expires-r.Day, days))
}

// remember compares each note that the newsroom's keys have signed with what was seen before,
// whatever its age, and keeps it. What verifies under no key proves nothing about anybody but
// the host; it is kept apart.
func (w *Watch) remember(r *Report) error {
	rootRaw, deskRaw, siftRaw, err := seal.SplitNotes(r.Notes)
	if err != nil {
		return w.keep.refused(r.Notes)
	}
	root, err := seal.ParseRoot(rootRaw, w.id, 0)
	if err != nil {
		return w.keep.refused(r.Notes)
	}
	if err := w.succession(r, root); err != nil {
		return err
	}
	if err := w.seen(r, "root", root.Serial, rootRaw); err != nil {
		return err
	}
	if desk, err := seal.ParseDesk(deskRaw, root, 0); err != nil {
		if err := w.keep.refused(deskRaw); err != nil {
			return err
		}
	} else if err := w.seen(r, "desk", desk.Serial, deskRaw); err != nil {
		return err
	}
	sift, err := seal.ParseSift(siftRaw, root, 0)
	if err != nil {
		return w.keep.refused(siftRaw)
	}
	if err := w.chain(r, root, sift); err != nil {
		return err
	}
	return w.seen(r, "sift", sift.Serial, siftRaw)
}

// thingOf is the thing that a note of a kind is of.
func thingOf(kind string) string {
	if kind == "site" {
		return InManifest
	}
	return InNotes
}

// seen holds a signed note against the first of its serial and against the highest serial.
func (w *Watch) seen(r *Report, kind string, serial uint64, raw []byte) error {
	first, highest, err := w.keep.note(kind, serial)
	if err != nil {
		return err
	}
	if serial < highest {
		r.differs(thingOf(kind), "%s note %d is shown, and %d was shown before: it went back", kind, serial, highest)
	}
	if first == nil {
		if first, err = w.keep.put(kind, serial, raw); err != nil {
			return err
		}
	}
	if string(first) == string(raw) {
		return nil
	}
	if genuine, err := w.genuine(kind, serial, first); err != nil || !genuine {
		return errors.Join(err, fmt.Errorf("%s: %w", w.keep.path(kind, serial), errKept))
	}
	p := Proof{Kind: kind, Serial: serial, Signed: text(first) != text(raw), First: w.keep.path(kind, serial)}
	if p.Second, err = w.keep.other(kind, serial, raw); err != nil {
		return err
	}
	if !slices.Contains(r.Proofs, p) { // the same may be fetched twice in a visit
		r.Proofs = append(r.Proofs, p)
	}
	return nil
}

// errKept is a file that lies where the first note of a serial lies, and is none.
var errKept = errors.New("no note of this newsroom's, or of another serial: what was seen is damaged, or of another newsroom; move the file away, or keep in another folder")

// genuine says whether what was kept as the first note of a serial is one, by a root note that was
// kept: a torn or foreign file accuses nobody.
func (w *Watch) genuine(kind string, serial uint64, raw []byte) (bool, error) {
	names, err := w.keep.list("root")
	if err != nil {
		return false, err
	}
	for _, name := range names {
		kept, err := w.keep.read("root/" + name)
		if err != nil {
			return false, err
		}
		root, err := seal.ParseRoot(kept, w.id, 0)
		if err == nil && serialOf(kind, raw, root) == serial {
			return true, nil
		}
	}
	return false, nil
}

// serialOf is the serial of a note that verifies under a root note, whatever its age; else 0.
func serialOf(kind string, raw []byte, root *seal.RootNote) uint64 {
	switch kind {
	case "root":
		if n, err := seal.ParseRoot(raw, root.Newsroom, 0); err == nil {
			return n.Serial
		}
	case "desk":
		if n, err := seal.ParseDesk(raw, root, 0); err == nil {
			return n.Serial
		}
	case "sift":
		if n, err := seal.ParseSift(raw, root, 0); err == nil {
			return n.Serial
		}
	case "site":
		if n, err := seal.ParseSite(raw, root); err == nil {
			return n.Serial
		}
	}
	return 0
}

// succession checks that a root note goes on from the newest that was shown: a root key that
// was replaced can still sign, and who knows only the id can't tell.
func (w *Watch) succession(r *Report, root *seal.RootNote) error {
	_, highest, err := w.keep.note("root", root.Serial)
	if err != nil || highest == 0 || highest > root.Serial {
		return err // nothing is known, or it went back, which is said elsewhere
	}
	before, _, err := w.keep.note("root", highest)
	if err != nil {
		return err
	}
	former, err := seal.ParseRoot(before, w.id, 0)
	if err != nil {
		return nil // what the folder holds is not this newsroom's
	}
	if !root.Continues(former) {
		r.differs(InNotes, "root note %d does not continue the root keys of root note %d, which was shown before: a key that was replaced has signed, or another heir", root.Serial, highest)
	}
	return nil
}

// chain checks a sift note against its neighbours: the one before it is named by its hash, and
// a day has one bulletin, and one key while its folder stands.
func (w *Watch) chain(r *Report, root *seal.RootNote, n *seal.SiftNote) error {
	if n.Serial == 1 {
		return nil
	}
	if n.Previous == nil {
		r.differs(InNotes, "sift note %d names none before it", n.Serial)
		return nil
	}
	before, _, err := w.keep.note("sift", n.Serial-1)
	if err != nil || before == nil {
		return err
	}
	if seal.HashNote(before) != *n.Previous {
		r.differs(InNotes, "sift note %d does not follow the %d that was shown here: its chain is another", n.Serial, n.Serial-1)
	}
	former, err := seal.ParseSift(before, root, 0)
	if err != nil {
		return nil // signed by a sift key that the root note names no more
	}
	for _, a := range former.Bulletins {
		for _, b := range n.Bulletins {
			if a.Day == b.Day && a.Hash != b.Hash {
				r.differs(InNotes, "sift notes %d and %d name different bulletins of %s", former.Serial, n.Serial, a.Day)
			}
		}
	}
	if n.Issued < former.Issued {
		r.differs(InNotes, "sift note %d is of %s, and the %d before it of %s", n.Serial, n.Issued, former.Serial, former.Issued)
	}
	for _, a := range former.Days {
		for _, b := range n.Days {
			switch {
			case a.Day != b.Day:
			case a.Key != b.Key:
				r.Warnings = append(r.Warnings, fmt.Sprintf("the key of %s is another than before: was a sift's folder lost?", a.Day))
			case a.D != b.D:
				r.differs(InNotes, "sift notes %d and %d ask for stamps of %d and %d bits under one key of %s", former.Serial, n.Serial, a.D, b.D, a.Day)
			}
		}
	}
	return nil
}
