package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/contacts"
	"kkachi/internal/desk/web"
	"kkachi/internal/doctor"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
)

// contactsDraft is the file that the newsroom keeps and edits. It counts once the root note
// names it: a copy of what was signed last lies beside the notes, so that an edit which waits
// for its signature stops no printing.
func contactsDraft(dir string) string { return filepath.Join(dir, "desk", contacts.File) }

func contactsSigned(notes string) string { return filepath.Join(notes, contacts.File) }

// errContacts means that the file which the root note names is not here.
var errContacts = errors.New("no file here is the contacts that the root note names")

// signedContacts is the file of contacts that a root note names, nil if it names none.
func signedContacts(dir string, root *seal.RootNote) ([]byte, error) {
	if root.Contacts == nil {
		return nil, nil
	}
	for _, path := range []string{contactsSigned(deskNotes(dir)), contactsDraft(dir), contactsSigned(rootNotes(dir))} {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if contacts.Digest(data) == *root.Contacts {
			return data, nil
		}
	}
	err := fmt.Errorf("%w: %s", errContacts, hex.EncodeToString(root.Contacts[:]))
	return nil, bad(err, "bring "+contacts.File+" from the stick's root/notes to desk/notes, or sign the file that is here: kkachi root sign DIR --contacts "+contactsDraft("DIR"))
}

// readContacts reads a file of contacts. What is wrong names its line, and how to write it.
func readContacts(path string) ([]byte, []contacts.Contact, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, bad(err, "name the newsroom's file of contacts; kkachi init lays one out as desk/"+contacts.File)
	}
	list, err := contacts.Parse(data)
	if err != nil {
		return nil, nil, bad(fmt.Errorf("%s: %w", path, err), "mend that line; doc/operator.md shows a file")
	}
	return data, list, nil
}

// A contactsState is how the newsroom's contacts stand, for operator and desk.
type contactsState struct {
	Signed   []contacts.Contact // that the root note names and pages show
	Named    bool               // the root note names a file
	Unsigned bool               // desk/contacts.txt is another than the root note names
	Printed  bool               // site/contacts.txt is
	Err      error              // why either can't be used
}

// contactsOf reads both files.
func contactsOf(dir string, root *seal.RootNote) (s contactsState) {
	s.Named = root.Contacts != nil
	data, err := signedContacts(dir, root)
	if err == nil && data != nil {
		s.Signed, err = contacts.Parse(data)
	}
	draft, list, draftErr := readContacts(contactsDraft(dir))
	if errors.Is(draftErr, fs.ErrNotExist) {
		draftErr = nil // the desk is elsewhere, or was laid out before there were contacts
	} else if draftErr == nil {
		s.Unsigned = s.Named && contacts.Digest(draft) != *root.Contacts || !s.Named && len(list) > 0
	}
	if s.Err = err; err == nil {
		s.Err = draftErr
	}
	printed, err := os.ReadFile(filepath.Join(siteFolder(dir), contacts.File))
	switch {
	case err == nil:
		s.Printed = !s.Named || contacts.Digest(printed) != *root.Contacts
	case s.Named:
		_, err := os.Stat(filepath.Join(siteFolder(dir), "index.html"))
		s.Printed = err == nil // a site stands there without them
	}
	return s
}

// forDoctor is the state as doctor looks at it.
func (s contactsState) forDoctor(dir string, today cell.Day) doctor.Contacts {
	d := doctor.Contacts{Signed: len(s.Signed), Err: s.Err}
	if s.Unsigned {
		d.Unsigned = contactsDraft(dir)
	}
	if s.Printed {
		d.Printed = filepath.Join(siteFolder(dir), contacts.File)
	}
	for i := range s.Signed {
		if c := &s.Signed[i]; c.Stale(uint32(today)) {
			d.Stale = append(d.Stale, c.Name.All)
		}
	}
	return d
}

// contactsForDesk is the state as the desk's pages show it.
func contactsForDesk(n *newsroom, dir string, now func() time.Time) func() web.Contacts {
	return func() web.Contacts {
		p, err := readPair(dir, n.id())
		if err != nil {
			return web.Contacts{Unsigned: true}
		}
		s := contactsOf(dir, &p.root)
		out := web.Contacts{Unsigned: s.Unsigned || s.Err != nil}
		for i := range s.Signed {
			c := &s.Signed[i]
			out.List = append(out.List, web.Contact{Name: c.Name.All, Number: c.Number, Checked: c.Checked, Stale: c.Stale(uint32(cell.DayOf(now())))})
		}
		return out
	}
}

// lines say what a person should see to.
func (s contactsState) lines(dir string, today cell.Day) (out []string) {
	if s.Err != nil {
		out = append(out, "contacts: "+s.Err.Error())
	}
	if s.Unsigned {
		out = append(out, fmt.Sprintf("contacts: %s is not what the root note names, and not what pages show: kkachi root sign %s --contacts %s", contactsDraft(dir), dir, contactsDraft(dir)))
	}
	for i := range s.Signed {
		if c := &s.Signed[i]; c.Stale(uint32(today)) {
			out = append(out, "contacts: "+contactLine(c, today))
		}
	}
	return out
}

// contactLine is a contact in one line, and whether it should be checked again.
func contactLine(c *contacts.Contact, today cell.Day) string {
	line := fmt.Sprintf("%s, %s, %s, %s, checked %s", c.Name.All, c.Number, c.Hours.All, c.Spoken(), lang.ISODate(c.Checked))
	if c.Stale(uint32(today)) {
		line += fmt.Sprintf(" (STALE: %d days ago; check it again)", uint32(today)-c.Checked)
	}
	return line
}

// contactsChange says what signing a file changes: each contact that goes, comes or differs.
func contactsChange(before, after []contacts.Contact, today cell.Day) (out []string) {
	of := func(list []contacts.Contact) []string {
		return texts(list, func(c contacts.Contact) string { return string(contacts.Encode([]contacts.Contact{c})) })
	}
	was, is := of(before), of(after)
	for i, text := range was {
		if !slices.Contains(is, text) {
			out = append(out, "- contact "+contactLine(&before[i], today))
		}
	}
	for i, text := range is {
		mark := "+ contact "
		if slices.Contains(was, text) {
			mark = "  contact "
		}
		if mark == "+ contact " || after[i].Stale(uint32(today)) {
			out = append(out, mark+contactLine(&after[i], today))
		}
	}
	return out
}
