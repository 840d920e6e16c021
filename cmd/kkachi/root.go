package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/contacts"
	"kkachi/internal/seal"
)

type rootCmd struct {
	Sign    rootSignCmd    `cmd:"" help:"Sign the next root note and devices note, offline."`
	Succeed rootSucceedCmd `cmd:"" help:"Let another root key take over, offline. The newsroom's address stays."`
	Status  rootStatusCmd  `cmd:"" help:"Say when each note ends, and warn."`
}

type rootSignCmd struct {
	Dir        string            `arg:"" help:"The folder with newsroom.toml and root/."`
	Days       int               `help:"Days until the notes end, 1 to 35." default:"35"`
	Onion      string            `help:"Onion address of the host from now on; - is none."`
	Engine     string            `help:"Digest of the page's script from now on (kkachi page hash); - is none." placeholder:"HEX"`
	Contacts   string            `help:"The newsroom's file of contacts from now on; - is none." placeholder:"FILE"`
	Change     []string          `help:"Files that kkachi renew wrote: what changes in these notes." placeholder:"FILE"`
	Drop       []string          `help:"Take out a signing key that a newer one has replaced, or a device or an approver by name." placeholder:"KEY|NAME"`
	SiftKey    []string          `help:"Signing keys of sifts from now on, instead of the last note's." placeholder:"KEY"`
	DeskKey    []string          `help:"Signing keys of desks from now on, instead of the last note's." placeholder:"KEY"`
	Device     map[string]string `help:"Desk devices from now on, instead of the last note's." placeholder:"NAME=age1pq…" mapsep:"none"`
	Approver   map[string]string `help:"Approvers' keys from now on, instead of the last note's." placeholder:"NAME=KEY" mapsep:"none"`
	Passphrase passphraseFiles   `help:"For scripts: root=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*rootSignCmd) Help() string {
	return `Reads newsroom.toml, root/root.age and the last notes in root/notes. Shows what changes, asks for the passphrase of the root key, signs, and writes root/notes/root-N and devices-N; and desk/notes, if desk/ is in DIR. Needs no network: do it on a machine that has none.

If the desk is elsewhere, carry the new files of root/notes to its desk/notes, as they are called: it takes them up when it starts or exchanges.

Example:

    kkachi root sign mynews --days 35`
}

// Run signs the next notes.
func (c *rootSignCmd) Run(w *world) error {
	w.protect(false)
	if err := c.Passphrase.checkNames("root"); err != nil {
		return err
	}
	n, last, today, err := toSign(w, c.Dir, c.Days)
	if err != nil {
		return err
	}
	next, err := c.next(last, n)
	if err != nil {
		return err
	}
	w.say("Root note and devices note of %q: serial %d to %d, valid until %s (was %s).", next.root.Name,
		last.root.Serial, last.root.Serial+1, today+cell.Day(c.Days), last.root.Expires)
	changes := differences(last, next)
	pinned, contactChanges, err := c.contacts(last, next, today)
	if err != nil {
		return err
	}
	changes = append(changes, contactChanges...)
	for _, line := range changes {
		w.say("  %s", line)
	}
	if len(changes) == 0 {
		w.say("  nothing else changes")
	}
	key, err := presentRootKey(w, c.Dir, last, c.Passphrase)
	if err != nil {
		return err
	}
	defer key.Wipe()
	signed, err := next.sign(key, n.id(), last.root.Serial+1, today, c.Days)
	if err != nil {
		return bad(err, "")
	}
	signed.contacts = pinned
	if err := signed.save(c.Dir); err != nil {
		return err
	}
	if _, err := os.Stat(deskNotes(c.Dir)); err == nil {
		w.say("Signed. The desk puts both notes up to the host at its next exchange; readers get them from the sift's next notes on, after 00:00 UTC.")
	} else {
		w.say("Signed. Carry the new files of %s to the desk's desk/notes, and root/ to the second stick. Readers get them from the sift's next notes on, after 00:00 UTC.", rootNotes(c.Dir))
	}
	for _, line := range next.former(c.Dir, n.Desks) {
		w.say("Later: %s", line)
	}
	if contactsOf(c.Dir, &next.root).Unsigned {
		w.say("Not signed: %s is another file than the root note names; --contacts signs it.", contactsDraft(c.Dir))
	}
	return nil
}

// contacts lays the file of --contacts into next, and says what changes for readers.
func (c *rootSignCmd) contacts(last, next *pair, today cell.Day) (file []byte, changes []string, err error) {
	if c.Contacts == "" {
		return nil, nil, nil
	}
	before := contactsOf(c.Dir, &last.root).Signed
	if c.Contacts == "-" {
		next.root.Contacts = nil
		return nil, append(digestChange(last, next), contactsChange(before, nil, today)...), nil
	}
	file, list, err := readContacts(c.Contacts)
	if err != nil {
		return nil, nil, err
	}
	for _, one := range list {
		if cell.Day(one.Checked) > today {
			return nil, nil, badf("%s: %s: checked on %s, which is still to come", c.Contacts, one.Name.All, cell.Day(one.Checked))
		}
	}
	sum := contacts.Digest(file)
	next.root.Contacts = &sum
	return file, append(digestChange(last, next), contactsChange(before, list, today)...), nil
}

// toSign reads what a signing begins with.
func toSign(w *world, dir string, days int) (*newsroom, *pair, cell.Day, error) {
	if days < 1 || days > seal.RootLife {
		return nil, nil, 0, badf("--days: %d is not between 1 and %d", days, seal.RootLife)
	}
	n, err := readNewsroom(dir)
	if err != nil {
		return nil, nil, 0, err
	}
	last, err := readPair(dir, n.id())
	if err != nil {
		return nil, nil, 0, err
	}
	today := cell.DayOf(w.now())
	if today < last.root.Issued {
		err := fmt.Errorf("the last note was signed on %s, and this computer's clock says %s", last.root.Issued, today)
		return nil, nil, 0, withHint(err, "set the clock, then sign")
	}
	return n, last, today, nil
}

// presentRootKey asks for the passphrase of the root key that the last notes name, and opens it.
func presentRootKey(w *world, dir string, last *pair, files passphraseFiles) (*seal.SigningKey, error) {
	pass, err := w.passphrase(files, "root", "the root key")
	if err != nil {
		return nil, err
	}
	defer clear(pass)
	path := rootKeyPath(dir, len(last.root.Succession))
	key, err := openRootKey(path, pass)
	if err != nil {
		return nil, err
	}
	if key.Public() != last.root.Key() {
		key.Wipe()
		return nil, bad(fmt.Errorf("%s is not the key that the last note names", path), "bring the newest root/ of all sticks: another root key took over, and its notes are not here, or its key is not")
	}
	return key, nil
}

// next is the last pair with what the flags and newsroom.toml change.
func (c *rootSignCmd) next(last *pair, n *newsroom) (*pair, error) {
	p := *last
	p.root.Name = n.Name
	switch c.Onion {
	case "":
	case "-":
		p.root.Onion = ""
	default:
		p.root.Onion = c.Onion
	}
	switch c.Engine {
	case "":
	case "-":
		p.root.Engine = nil
	default:
		sum, err := parseDigest(c.Engine)
		if err != nil {
			return nil, bad(fmt.Errorf("--engine: %w", err), "kkachi page hash prints it")
		}
		p.root.Engine = &sum
	}
	for _, k := range []struct {
		flag string
		from []string
		to   *[]seal.VerifyKey
	}{{"--sift-key", c.SiftKey, &p.root.SiftKeys}, {"--desk-key", c.DeskKey, &p.root.DeskKeys}} {
		if len(k.from) == 0 {
			continue
		}
		*k.to = nil
		for _, s := range k.from {
			key, err := seal.ParseVerifyKey(s)
			if err != nil {
				return nil, bad(fmt.Errorf("%s: %w", k.flag, err), "")
			}
			*k.to = append(*k.to, key)
		}
	}
	if len(c.Device) > 0 {
		p.devices.Devices = nil
		for _, name := range sortedKeys(c.Device) {
			p.devices.Devices = append(p.devices.Devices, seal.Device{Name: name, Recipient: c.Device[name]})
		}
	}
	if len(c.Approver) > 0 {
		p.devices.Approvers = nil
		for _, name := range sortedKeys(c.Approver) {
			key, err := seal.ParseVerifyKey(c.Approver[name])
			if err != nil {
				return nil, bad(fmt.Errorf("--approver %s: %w", name, err), "")
			}
			p.devices.Approvers = append(p.devices.Approvers, seal.Approver{Name: name, Key: key})
		}
	}
	for _, path := range c.Change {
		changes, err := readChange(path)
		if err != nil {
			return nil, err
		}
		for _, change := range changes {
			if err := change.apply(&p); err != nil {
				return nil, bad(fmt.Errorf("%s: %w", path, err), "")
			}
		}
	}
	for _, what := range c.Drop {
		if err := p.drop(what); err != nil {
			return nil, err
		}
	}
	return &p, p.enough()
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// changed says in lines what of a kind goes and what comes.
func changed(what string, from, to []string) (out []string) {
	for _, s := range from {
		if !slices.Contains(to, s) {
			out = append(out, "- "+what+" "+s)
		}
	}
	for _, s := range to {
		if !slices.Contains(from, s) {
			out = append(out, "+ "+what+" "+s)
		}
	}
	return out
}

func digestText(sum *[32]byte) []string {
	if sum == nil {
		return nil
	}
	return []string{hex.EncodeToString(sum[:])}
}

func digestChange(last, next *pair) []string {
	return changed("contacts", digestText(last.root.Contacts), digestText(next.root.Contacts))
}

// differences says in lines what next changes against last, but for contacts.
func differences(last, next *pair) []string {
	var out []string
	change := func(what string, from, to []string) { out = append(out, changed(what, from, to)...) }
	some := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	change("name", some(last.root.Name), some(next.root.Name))
	change("onion", some(last.root.Onion), some(next.root.Onion))
	change("engine", digestText(last.root.Engine), digestText(next.root.Engine))
	change("sift key", texts(last.root.SiftKeys, seal.VerifyKey.String), texts(next.root.SiftKeys, seal.VerifyKey.String))
	change("desk key", texts(last.root.DeskKeys, seal.VerifyKey.String), texts(next.root.DeskKeys, seal.VerifyKey.String))
	device := func(d seal.Device) string { return d.Name + " " + shortRecipient(d.Recipient) }
	approver := func(a seal.Approver) string { return a.Name + " " + a.Key.String() }
	change("device", texts(last.devices.Devices, device), texts(next.devices.Devices, device))
	change("approver", texts(last.devices.Approvers, approver), texts(next.devices.Approvers, approver))
	return out
}

// shortRecipient is what a person can read of a post-quantum recipient, which fills a screen, and
// compare: the head and the tail of what the .change file says, which is whole.
func shortRecipient(r string) string {
	const head, tail = 24, 16
	if len(r) <= head+tail {
		return r
	}
	return r[:head] + "…" + r[len(r)-tail:]
}

func texts[T any](in []T, text func(T) string) (out []string) {
	for _, v := range in {
		out = append(out, text(v))
	}
	return out
}

type rootStatusCmd struct {
	Dir  string `arg:"" help:"The folder with newsroom.toml and root/ or desk/."`
	JSON bool   `help:"Print a list of note, serial, issued, expires, days_left, state." name:"json"`
}

// Help is shown by --help.
func (*rootStatusCmd) Help() string {
	return `Reads newsroom.toml and the newest notes in root/notes, or else desk/notes. Writes nothing, needs no passphrase and no network. Warns 14, 7, 3 and 1 days before a note ends. Exit code 1 if one has ended.

Example:

    kkachi root status mynews --json`
}

// A noteStatus is what is known of one note.
type noteStatus struct {
	Note     string `json:"note"`
	Serial   uint64 `json:"serial"`
	Issued   string `json:"issued"`
	Expires  string `json:"expires"`
	DaysLeft int    `json:"days_left"` // 0 or less: it has ended
	State    string `json:"state"`     // ok, warn, expired

	ending seal.Ending
}

var errNoteEnded = errors.New("a note has ended: clients send nothing until a new one is at the host")

// Run prints the state of root note and devices note.
func (c *rootStatusCmd) Run(w *world) error {
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	list, err := noteStates(c.Dir, n.id(), cell.DayOf(w.now()))
	if err != nil {
		return err
	}
	if c.JSON {
		if err := w.json(list); err != nil {
			return err
		}
	} else {
		for _, s := range list {
			w.say("%s", s.line())
		}
		p, err := readPair(c.Dir, n.id())
		if err != nil {
			return err
		}
		for _, line := range append(p.former(c.Dir, n.Desks), contactsOf(c.Dir, &p.root).lines(c.Dir, cell.DayOf(w.now()))...) {
			w.say("%s", line)
		}
	}
	for _, s := range list {
		if s.State == "expired" {
			return withHint(errNoteEnded, "kkachi root sign "+c.Dir)
		}
	}
	return nil
}

// noteStates says how the newest notes in dir stand.
func noteStates(dir string, id seal.NewsroomID, today cell.Day) ([]noteStatus, error) {
	p, err := readPair(dir, id)
	if err != nil {
		return nil, err
	}
	return []noteStatus{
		statusOf("root", p.root.Serial, p.root.Issued, p.root.Expires, today),
		statusOf("devices", p.devices.Serial, p.devices.Issued, p.devices.Expires, today),
	}, nil
}

func statusOf(note string, serial uint64, issued, expires, today cell.Day) noteStatus {
	s := noteStatus{note, serial, issued.String(), expires.String(), int(expires) - int(today), "warn", seal.EndingOf(expires, today)}
	switch s.ending {
	case seal.Ended:
		s.State = "expired"
	case seal.EndsLater:
		s.State = "ok"
	}
	return s
}

// line is the status for people. The nearer the end, the plainer.
func (s noteStatus) line() string {
	head := fmt.Sprintf("%s note %d, signed %s:", s.Note, s.Serial, s.Issued)
	switch s.ending {
	case seal.Ended:
		return head + " ended on " + s.Expires
	case seal.EndsLater:
		return fmt.Sprintf("%s valid until %s, %d days", head, s.Expires, s.DaysLeft)
	}
	words := map[seal.Ending]string{
		seal.EndsSoon: "sign the next soon", seal.EndsThisWeek: "sign the next this week",
		seal.EndsNow: "sign the next now", seal.EndsToday: "SIGN THE NEXT TODAY",
	}[s.ending]
	days := strings.TrimSuffix(fmt.Sprintf("%d days", s.DaysLeft), map[bool]string{true: "s"}[s.DaysLeft == 1])
	return fmt.Sprintf("%s ends on %s, %s left: %s", head, s.Expires, days, words)
}
