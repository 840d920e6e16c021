package seal

import (
	"cmp"
	"fmt"
	"strings"

	"kkachi/internal/cell"
)

// Limits of the notes about the desk (spec/02-notes.md).
const (
	DeskLife         = 16 // days
	DevicesLife      = 35
	MaxInboxLines    = 8 // two weeks of up to four inboxes
	MaxInboxes       = 4
	MaxDevices       = 8
	MaxApprovers     = 32
	RecipientPrefix  = "age1pq1"
	RecipientMaxSize = 2048 // at most so many characters
)

// A DeskNote holds the inbox keys. A desk signing key signs it.
type DeskNote struct {
	Newsroom NewsroomID
	Serial   uint64
	Issued   cell.Day
	Expires  cell.Day
	Inboxes  []Inbox // 1 … MaxInboxLines, those of one name together, weeks ascending
}

// An Inbox is the key to which letters of a week are sealed.
type Inbox struct {
	Name string // 1…32 of a-z, 0-9, -
	Week cell.Week
	Key  HPKEPublic
}

// SignDesk signs a desk note with desk signing keys. Errors: ErrRole, ErrNoteFormat.
func SignDesk(n *DeskNote, keys ...*SigningKey) ([]byte, error) {
	text := n.text()
	if _, err := parseDeskText(text); err != nil {
		return nil, err
	}
	return sign(text, RoleDesk, keys)
}

// ParseDesk reads and verifies a desk note under a verified root note. With today 0 it looks
// at a note whatever its age. Errors: ErrNoteFormat, ErrNewsroom, ErrSignature, ErrExpired.
func ParseDesk(signed []byte, root *RootNote, today cell.Day) (*DeskNote, error) {
	text, err := verify(signed, RoleDesk, root.DeskKeys)
	if err != nil {
		return nil, err
	}
	n, err := parseDeskText(text)
	if err != nil {
		return nil, err
	}
	if err := n.head().check("desk", root.Newsroom, DeskLife, today); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *DeskNote) head() head { return head{n.Newsroom, n.Serial, n.Issued, n.Expires} }

func (n *DeskNote) text() string {
	w := newWriter("desk")
	w.head(n.head())
	for i := range n.Inboxes {
		in := &n.Inboxes[i]
		w.line("inbox", in.Name, dec(in.Week), b64(in.Key[:]))
	}
	return w.String()
}

func parseDeskText(text string) (*DeskNote, error) {
	l := readLines(text, "desk")
	n := &DeskNote{Newsroom: l.newsroom(), Serial: l.serial()}
	n.Issued, n.Expires = l.life()
	l.many("inbox", 3, 1, MaxInboxLines, func(f []string) {
		if !validName(f[0]) {
			l.fail("inbox")
		}
		n.Inboxes = append(n.Inboxes, Inbox{f[0], cell.Week(l.number("inbox", f[1], 0xffff)), l.hpkeKey("inbox", f[2])})
	})
	if err := l.end(); err != nil {
		return nil, err
	}
	last := map[string]int{} // where the lines of a name ended
	keys := map[HPKEPublic]bool{}
	for i, in := range n.Inboxes {
		at, seen := last[in.Name]
		if seen && (at != i-1 || n.Inboxes[at].Week >= in.Week) || keys[in.Key] {
			return nil, fmt.Errorf("%w: desk note: inboxes are out of order, or a key stands twice", ErrNoteFormat)
		}
		last[in.Name], keys[in.Key] = i, true
	}
	if len(last) > MaxInboxes || n.text() != text {
		return nil, fmt.Errorf("%w: desk note: too many inboxes, or not its one form", ErrNoteFormat)
	}
	return n, nil
}

// InboxKey is the key of the first inbox for a week, else the last that is listed for it. The
// lines of an inbox stand together.
func (n *DeskNote) InboxKey(week cell.Week) *HPKEPublic {
	var last *HPKEPublic
	for i := range n.Inboxes {
		in := &n.Inboxes[i]
		if in.Name != n.Inboxes[0].Name {
			break
		}
		if last = &in.Key; in.Week == week {
			break
		}
	}
	return last
}

// A DevicesNote holds what sift and desks must know of each other. The root key signs it; it
// is never public.
type DevicesNote struct {
	Newsroom  NewsroomID
	Serial    uint64
	Issued    cell.Day
	Expires   cell.Day
	Devices   []Device   // 1 … MaxDevices, names ascending
	Approvers []Approver // 0 … MaxApprovers, names ascending
}

// A Device is a desk's computer: batches are wrapped to its age recipient.
type Device struct {
	Name      string // 1…32 of a-z, 0-9, -
	Recipient string // age1pq1…: post-quantum hybrid, no other kind (P3)
}

// An Approver is a person of whom two must sign a release.
type Approver struct {
	Name string // 1…32 of a-z, 0-9, -
	Key  VerifyKey
}

// SignDevices signs a devices note with the root key. Errors: ErrRole, ErrNoteFormat.
func SignDevices(n *DevicesNote, keys ...*SigningKey) ([]byte, error) {
	text := n.text()
	if _, err := parseDevicesText(text); err != nil {
		return nil, err
	}
	return sign(text, RoleRoot, keys)
}

// ParseDevices reads and verifies a devices note under a verified root note. With today 0 it
// looks at a note whatever its age. Errors: ErrNoteFormat, ErrNewsroom, ErrSignature,
// ErrExpired; ErrRole if an approver's key signs notes: a machine that holds one would be a
// person.
func ParseDevices(signed []byte, root *RootNote, today cell.Day) (*DevicesNote, error) {
	text, err := verify(signed, RoleRoot, []VerifyKey{root.Key()})
	if err != nil {
		return nil, err
	}
	n, err := parseDevicesText(text)
	if err != nil {
		return nil, err
	}
	if err := n.head().check("devices", root.Newsroom, DevicesLife, today); err != nil {
		return nil, err
	}
	for _, a := range n.Approvers {
		if root.names(a.Key) {
			return nil, fmt.Errorf("%w: the key of approver %s signs notes", ErrRole, a.Name)
		}
	}
	return n, nil
}

func (n *DevicesNote) head() head { return head{n.Newsroom, n.Serial, n.Issued, n.Expires} }

func (n *DevicesNote) text() string {
	w := newWriter("devices")
	w.head(n.head())
	for _, d := range n.Devices {
		w.line("device", d.Name, d.Recipient)
	}
	for _, a := range n.Approvers {
		w.line("approver", a.Name, a.Key.String())
	}
	return w.String()
}

func parseDevicesText(text string) (*DevicesNote, error) {
	l := readLines(text, "devices")
	n := &DevicesNote{Newsroom: l.newsroom(), Serial: l.serial()}
	n.Issued, n.Expires = l.life()
	l.many("device", 2, 1, MaxDevices, func(f []string) {
		if !validName(f[0]) || !validRecipient(f[1]) {
			l.fail("device")
		}
		n.Devices = append(n.Devices, Device{f[0], f[1]})
	})
	l.many("approver", 2, 0, MaxApprovers, func(f []string) {
		if !validName(f[0]) {
			l.fail("approver")
		}
		n.Approvers = append(n.Approvers, Approver{f[0], l.verifyKey("approver", f[1])})
	})
	if err := l.end(); err != nil {
		return nil, err
	}
	keys := map[VerifyKey]bool{}
	for _, a := range n.Approvers {
		if keys[a.Key] {
			return nil, fmt.Errorf("%w: devices note: two approvers have one key", ErrNoteFormat)
		}
		keys[a.Key] = true
	}
	if !ordered(n.Devices, func(a, b Device) bool { return cmp.Less(a.Name, b.Name) }) ||
		!ordered(n.Approvers, func(a, b Approver) bool { return cmp.Less(a.Name, b.Name) }) || n.text() != text {
		return nil, fmt.Errorf("%w: devices note: names are out of order, or not its one form", ErrNoteFormat)
	}
	return n, nil
}

func validRecipient(s string) bool {
	rest, ok := strings.CutPrefix(s, RecipientPrefix)
	return ok && rest != "" && len(s) <= RecipientMaxSize && strings.Trim(rest, "023456789acdefghjklmnpqrstuvwxyz") == ""
}
