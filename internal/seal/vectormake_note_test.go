package seal

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"kkachi/internal/cell"
)

// A noteMaker signs whatever it is told to, as a thief of a key could.
type noteMaker struct {
	t *testing.T
}

func (m noteMaker) sign(text string, role Role, keys ...*SigningKey) string {
	m.t.Helper()
	signed, err := sign(text, role, keys)
	must(m.t, err)
	return string(signed)
}

func (m noteMaker) root(r *room) string { return m.sign(r.rootNote.text(), RoleRoot, r.root) }

// all signs the three notes whatever stands in them, and joins them unchecked.
func (m noteMaker) all(r *room, bend func(r *room)) string {
	m.t.Helper()
	if bend != nil {
		bend(r)
	}
	root, desk := m.root(r), m.sign(r.deskNote.text(), RoleDesk, r.desk)
	r.siftNote.Root, r.siftNote.Desk = HashNote([]byte(root)), HashNote([]byte(desk))
	return strings.Join([]string{root, desk, m.sign(r.siftNote.text(), RoleSift, r.sift)}, "\n")
}

func noteRows(t *testing.T) []row {
	m := noteMaker{t}
	r := newRoom(t)
	id := r.id.String()
	all := m.all(newRoom(t), nil)
	notes := func(failure, name, comment string, today cell.Day, signed string, more ...any) row {
		return append(row{"name", name, "comment", comment, "expect", failure}, append([]any{
			"form", "notes", "newsroom", id, "signed", signed, "today", today,
		}, more...)...)
	}
	bent := func(failure, name, comment string, today cell.Day, bend func(r *room)) row {
		return notes(failure, name, comment, today, m.all(newRoom(t), bend))
	}
	rows := []row{
		notes("success", "three notes", "", day0, all, "serial", 70, "epoch", day0),
		notes("success", "on the second day", "the epoch is the day of issue, whatever the clock says", day0+1, all, "serial", 70, "epoch", day0),
		notes("success", "a clock that is behind", "only expiry stops a client", day0-90, all, "serial", 70, "epoch", day0),
		notes("expired", "sift note expired", "a client sends nothing at all", day0+SiftLife, all),
		bent("expired", "desk note expired", "", day0+1, func(r *room) { r.deskNote.Issued, r.deskNote.Expires = day0-9, day0+1 }),
		bent("expired", "root note expired", "", day0, func(r *room) { r.rootNote.Expires = day0 }),
		bent("malformed note", "root note lives 36 days", "", day0, func(r *room) { r.rootNote.Expires = r.rootNote.Issued + RootLife + 1 }),
		bent("malformed note", "sift note lives 3 days", "", day0, func(r *room) { r.siftNote.Expires++ }),
		bent("wrong newsroom", "desk note of another newsroom", "", day0, func(r *room) { r.deskNote.Newsroom[0] ^= 1 }),
		bent("wrong role", "sift note signed by the desk", "a desk can't name day keys", day0, func(r *room) { r.sift = SigningKeyFromSeed(RoleSift, r.desk.Seed()) }),
		bent("wrong role", "desk note signed by the sift", "a sift can't name inbox keys", day0, func(r *room) { r.desk = SigningKeyFromSeed(RoleDesk, r.sift.Seed()) }),
		bent("wrong role", "one key in two roles", "", day0, func(r *room) { r.rootNote.SiftKeys = append(r.rootNote.SiftKeys, r.desk.Public()) }),
		bent("bad signature", "root note signed by a stranger", "", day0, func(r *room) { r.root = signing(RoleRoot, "stranger") }),
		notes("digest", "desk note exchanged", "well signed, but not the one that the sift note names", day0, m.exchanged(false)),
		notes("digest", "root note exchanged", "well signed, but not the one that the sift note names", day0, m.exchanged(true)),
		bent("wrong newsroom", "a thief's root key under our id", "the id is the digest of the first root key", day0, func(r *room) {
			r.root = signing(RoleRoot, "thief")
			r.rootNote.First = r.root.Public()
		}),
		notes("bad signature", "root note's name changed", "", day0, strings.Replace(all, "newsroom 喜鹊", "Newsroom 喜鹊", 1)),
		notes("malformed note", "cut", "", day0, all[:len(all)-1]),
		notes("malformed note", "two notes", "", day0, all[:strings.LastIndex(all, "kkachi/1 sift")-1]),
		notes("malformed note", "carriage returns", "", day0, strings.ReplaceAll(all, "\n", "\r\n")),
	}
	rows = append(rows, notes("success", "a signature of an unknown kind beside", "the line reserved for ML-DSA", day0, m.reserved(), "serial", 70))
	rows[len(rows)-1] = append(rows[len(rows)-1], "epoch", day0)
	rows = append(rows, bad("wrong newsroom", "under another id", "", "form", "notes", "newsroom", NewsroomID{1}.String(), "signed", all, "today", day0))
	rows = append(rows, m.rootRows()...)
	rows = append(rows, m.singleRows()...)
	return append(rows, m.heldRows()...)
}

// exchanged has a second, well signed root or desk note in the place of the first.
func (m noteMaker) exchanged(root bool) string {
	r := newRoom(m.t)
	all := m.all(r, nil)
	if root {
		first := m.root(r)
		r.rootNote.Serial++
		return strings.Replace(all, first, m.root(r), 1)
	}
	first := m.sign(r.deskNote.text(), RoleDesk, r.desk)
	r.deskNote.Serial++
	return strings.Replace(all, first, m.sign(r.deskNote.text(), RoleDesk, r.desk), 1)
}

// reserved has a second signature line under the desk note, with a key hash nobody knows.
func (m noteMaker) reserved() string {
	r := newRoom(m.t)
	root := m.root(r)
	desk := m.sign(r.deskNote.text(), RoleDesk, r.desk) + "— kkachi-desk " + b64(append([]byte{1, 2, 3, 4}, make([]byte, 64)...)) + "\n"
	r.siftNote.Root, r.siftNote.Desk = HashNote([]byte(root)), HashNote([]byte(desk))
	return strings.Join([]string{root, desk, m.sign(r.siftNote.text(), RoleSift, r.sift)}, "\n")
}

// rootRows are root notes alone: successions, and what may not stand in one.
func (m noteMaker) rootRows() []row {
	next := signing(RoleRoot, "second root")
	of := func(failure, name, comment string, signed string, more ...any) row {
		return append(row{
			"name", name, "comment", comment, "expect", failure, "form", "root", "newsroom", newRoom(m.t).id.String(),
			"signed", signed, "today", day0,
		}, more...)
	}
	succeeded := func(signer *SigningKey, bend func(n *RootNote)) string {
		r := newRoom(m.t)
		must(m.t, r.rootNote.Succeed(r.root, next))
		if bend != nil {
			bend(r.rootNote)
		}
		return m.sign(r.rootNote.text(), RoleRoot, signer)
	}
	text := func(from, to string) string {
		r := newRoom(m.t)
		return m.sign(strings.Replace(r.rootNote.text(), from, to, 1), RoleRoot, r.root)
	}
	first := newRoom(m.t).root
	return []row{
		of("success", "a succession", "the second root key signs; the id stays", succeeded(next, nil), "serial", 7),
		of("bad signature", "signed by the key that was replaced", "", succeeded(first, nil)),
		of("bad signature", "a succession that nobody signed", "", succeeded(next, func(n *RootNote) { n.Succession[0].Sig = [64]byte{} })),
		of("malformed note", "serial with a zero before it", "a note has one form", text("serial 7", "serial 07")),
		of("malformed note", "two spaces", "", text("serial 7", "serial  7")),
		of("malformed note", "an unknown line", "", text("onion", "colour red\nonion")),
		of("malformed note", "a line is missing", "", text("serial 7\n", "")),
		of("malformed note", "lines in another order", "", text("serial 7\nissued "+dec(day0-3)+"\n", "issued "+dec(day0-3)+"\nserial 7\n")),
		of("malformed note", "no sift key", "", text("sift-key "+signing(RoleSift, "sift").Public().String()+"\n", "")),
		of("malformed note", "a name that turns its direction", "", text("까치", "까\u202e치")),
		of("malformed note", "an onion that is none", "", text(".onion", ".example")),
		of("malformed note", "a digest in upper case", "", text("engine 01", "engine 0A")),
		of("malformed note", "version 2", "", text("kkachi/1", "kkachi/2")),
	}
}

// singleRows are notes under a root note.
func (m noteMaker) singleRows() []row {
	of := func(failure, form, name, comment string, signed string, today cell.Day, more ...any) row {
		r := newRoom(m.t)
		return append(row{
			"name", name, "comment", comment, "expect", failure, "form", form, "newsroom", r.id.String(), "root", m.root(r),
			"signed", signed, "today", today,
		}, more...)
	}
	r := newRoom(m.t)
	devices := m.sign(r.devicesNote.text(), RoleRoot, r.root)
	site, err := SignSite(r.siteNote, r.desk)
	must(m.t, err)
	siteBy := func(k *SigningKey, role Role) string {
		list := r.siteNote.list()
		return m.sign(r.siteNote.text(list), role, SigningKeyFromSeed(role, k.Seed())) + "\n" + string(list)
	}
	sitePath := func(path string) string {
		n := *r.siteNote
		n.Files = []SiteFile{{[32]byte{4}, 10, path}}
		list := []byte(strings.Replace(string(n.list()), " 10 zero", " 010 zero", 1))
		return m.sign(n.text(list), RoleDesk, r.desk) + "\n" + string(list)
	}
	classic := strings.Replace(r.devicesNote.text(), "age1pq1", "age1", 1)
	return []row{
		of("success", "devices", "devices note", "", devices, day0, "serial", 2),
		of("expired", "devices", "devices note expired", "", devices, day0+DevicesLife),
		of("wrong role", "devices", "devices note signed by the desk", "", m.sign(r.devicesNote.text(), RoleDesk, r.desk), day0),
		of("malformed note", "devices", "a classic age recipient", "not post-quantum", m.sign(classic, RoleRoot, r.root), day0),
		of("success", "site", "site note", "", string(site), day0, "serial", 5),
		of("wrong role", "site", "site note signed by the sift", "a sift can't name a page", siteBy(r.sift, RoleSift), day0),
		of("wrong role", "site", "site note signed by the sift in the desk's name", "", siteBy(r.sift, RoleDesk), day0),
		of("digest", "site", "a file changed", "", strings.Replace(string(site), " 10 en/", " 11 en/", 1), day0),
		of("malformed note", "site", "a path that climbs", "", sitePath("../root.age"), day0),
		of("malformed note", "site", "a size with a zero before it", "a list has one form", sitePath("zero"), day0),
		of("malformed note", "site", "an absolute path", "", sitePath("/etc/passwd"), day0),
		of("malformed note", "desk", "a root note as desk note", "", m.sign(r.rootNote.text(), RoleDesk, r.desk), day0),
		of("wrong role", "desk", "desk note signed by root", "", m.sign(r.deskNote.text(), RoleRoot, r.root), day0),
		of("wrong role", "sift", "sift note signed by root", "", m.sign(r.siftNote.text(), RoleRoot, r.root), day0),
	}
}

// heldRows are the notes about a held day.
func (m noteMaker) heldRows() []row {
	r := newRoom(m.t)
	devices := m.sign(r.devicesNote.text(), RoleRoot, r.root)
	of := func(failure, form, name, comment, signed string, more ...any) row {
		out := row{
			"name", name, "comment", comment, "expect", failure, "form", form, "newsroom", r.id.String(), "root", m.root(r),
			"signed", signed, "today", day0,
		}
		if form == "free" {
			out = append(out, "devices", devices)
		}
		return append(out, more...)
	}
	hold := m.sign(r.holdNote.text(), RoleSift, r.sift)
	both := string(freed(m.t, r.freeNote, "editor", "night-editor"))
	machine, err := SignFree(r.freeNote, "editor", r.sift.private())
	must(m.t, err)
	asTwo := func(text string) string { // two approvers, whatever they sign
		var signers []note.Signer
		for _, name := range []string{"editor", "night-editor"} {
			v, err := Approver{name, VerifyKey(approver(name).Public().(ed25519.PublicKey))}.verifier()
			must(m.t, err)
			signers = append(signers, &signer{v.Name(), v.KeyHash(), approver(name)})
		}
		signed, err := note.Sign(&note.Note{Text: text}, signers...)
		must(m.t, err)
		return string(signed)
	}
	bent := func(from, to string) string {
		return m.sign(strings.Replace(r.holdNote.text(), from, to, 1), RoleSift, r.sift)
	}
	return []row{
		of("success", "hold", "hold note", "", hold, "day", day0-1, "canaries", 3),
		of("wrong role", "hold", "hold note signed by the desk", "a desk can't make up a hold", m.sign(r.holdNote.text(), RoleDesk, r.desk)),
		of("malformed note", "hold", "a hold of a day that is none", "", bent("day "+dec(day0-1), "day "+dec(uint64(MaxDay+1)))),
		of("malformed note", "hold", "a hold with more canaries than a day has", "", bent("canaries 3", "canaries 65537")),
		of("malformed note", "hold", "a hold with a serial", "it has none", bent("day ", "serial 1\nday ")),
		of("wrong newsroom", "hold", "a hold of another newsroom", "", bent("newsroom "+r.id.String(), "newsroom "+NewsroomID{1}.String())),
		of("success", "free", "free note of two approvers", "signature lines in ascending order", both, "day", day0-1),
		of("success", "free", "free note with a third signature", "unknown signatures are skipped", both+"— kkachi-approver-guest "+b64(make([]byte, 68))+"\n", "day", day0-1),
		of("bad signature", "free", "free note of one approver", "it frees nothing", string(freed(m.t, r.freeNote, "editor"))),
		of("bad signature", "free", "free note of the sift's key in an approver's name", "", string(machine)),
		of("bad signature", "free", "free note of another day", "", strings.Replace(both, "day "+dec(day0-1), "day "+dec(day0), 1)),
		of("wrong newsroom", "free", "free note of another newsroom", "", string(freed(m.t, &FreeNote{NewsroomID{1}, day0 - 1}, "editor", "night-editor"))),
		of("malformed note", "free", "a hold note as free note", "", asTwo(r.holdNote.text())),
		of("malformed note", "free", "a free note with a day in words", "", asTwo(strings.Replace(r.freeNote.text(), "day "+dec(day0-1), "day "+(day0-1).String(), 1))),
	}
}
