package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/seal"
)

// A pair is the root note and the devices note, which are signed together, with one serial.
type pair struct {
	root    seal.RootNote
	devices seal.DevicesNote
}

// A signedPair is a pair as it is handed on.
type signedPair struct {
	serial        uint64
	root, devices []byte
	contacts      []byte // that the root note names from now on; nil: nothing new
}

// sign fills in what both notes share, and signs them.
func (p *pair) sign(key *seal.SigningKey, id seal.NewsroomID, serial uint64, today cell.Day, days int) (*signedPair, error) {
	until := today + cell.Day(days)
	r, d := &p.root, &p.devices
	r.Newsroom, r.Serial, r.Issued, r.Expires = id, serial, today, until
	d.Newsroom, d.Serial, d.Issued, d.Expires = id, serial, today, until
	slices.SortFunc(d.Devices, func(a, b seal.Device) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Approvers, func(a, b seal.Approver) int { return strings.Compare(a.Name, b.Name) })
	root, err := seal.SignRoot(r, key)
	if err != nil {
		return nil, fmt.Errorf("root note: %w", err)
	}
	devices, err := seal.SignDevices(d, key)
	if err != nil {
		return nil, fmt.Errorf("devices note: %w", err)
	}
	// What is handed on must be read by those who get it.
	back, err := seal.ParseRoot(root, id, today)
	if err != nil {
		return nil, err
	}
	if _, err := seal.ParseDevices(devices, back, today); err != nil {
		return nil, err
	}
	return &signedPair{serial: serial, root: root, devices: devices}, nil
}

// Folders of notes below a newsroom's folder. root/notes keeps each serial; desk/notes holds
// the newest, which the desk puts up to the host.
func rootNotes(dir string) string { return filepath.Join(dir, "root", "notes") }
func deskNotes(dir string) string { return filepath.Join(dir, "desk", "notes") }

// save writes both notes to root/notes, and to desk/notes if the desk is in dir.
func (s *signedPair) save(dir string) error {
	if err := os.MkdirAll(rootNotes(dir), 0o700); err != nil {
		return err
	}
	if err := s.saveContacts(rootNotes(dir)); err != nil {
		return err
	}
	number := strconv.FormatUint(s.serial, 10)
	for _, f := range []struct {
		path string
		data []byte
	}{{"devices-" + number, s.devices}, {"root-" + number, s.root}} {
		if err := writeFile(filepath.Join(rootNotes(dir), f.path), f.data, 0o644); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "desk")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(deskNotes(dir), 0o700); err != nil {
		return err
	}
	if err := s.saveContacts(deskNotes(dir)); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(deskNotes(dir), desk.DevicesNoteFile), s.devices, 0o644); err != nil {
		return err
	}
	return writeFile(filepath.Join(deskNotes(dir), desk.RootNoteFile), s.root, 0o644)
}

// saveContacts comes before the notes that name them.
func (s *signedPair) saveContacts(notes string) error {
	if s.contacts == nil {
		return nil
	}
	return writeFile(contactsSigned(notes), s.contacts, 0o644)
}

// readPair reads the newest notes in dir, whatever their age: of those in root/notes, those
// that were brought there from a desk, and those of the desk. A stick that lay in a drawer may
// be behind the desk.
func readPair(dir string, id seal.NewsroomID) (*pair, error) {
	places, err := notePlaces(dir)
	if err != nil {
		return nil, err
	}
	var newest *pair
	for _, place := range places {
		p, err := readPairAt(place.root, place.devices, id)
		if err != nil {
			return nil, err
		}
		if newest == nil || p.root.Serial > newest.root.Serial {
			newest = p
		}
	}
	return newest, nil
}

func readPairAt(rootPath, devicesPath string, id seal.NewsroomID) (*pair, error) {
	const step = "take the note from its copy at the desk or on the stick"
	var p pair
	raw, err := os.ReadFile(rootPath)
	if err != nil {
		return nil, bad(err, "")
	}
	root, err := seal.ParseRoot(raw, id, 0)
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", rootPath, err), step)
	}
	if raw, err = os.ReadFile(devicesPath); err != nil {
		return nil, bad(err, "bring the devices note beside the root note: they are signed together")
	}
	devices, err := seal.ParseDevices(raw, root, 0)
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", devicesPath, err), step)
	}
	p.root, p.devices = *root, *devices
	return &p, nil
}

// A notePlace is where a root note and its devices note lie.
type notePlace struct{ root, devices string }

func notePlaces(dir string) ([]notePlace, error) {
	serials, err := noteSerials(dir)
	if err != nil {
		return nil, err
	}
	var out []notePlace
	if len(serials) > 0 {
		n := strconv.FormatUint(slices.Max(serials), 10)
		out = append(out, notePlace{filepath.Join(rootNotes(dir), "root-"+n), filepath.Join(rootNotes(dir), "devices-"+n)})
	}
	for _, folder := range []string{rootNotes(dir), deskNotes(dir)} {
		root := filepath.Join(folder, desk.RootNoteFile)
		if _, err := os.Stat(root); err == nil {
			out = append(out, notePlace{root, filepath.Join(folder, desk.DevicesNoteFile)})
		}
	}
	if len(out) == 0 {
		return nil, bad(fmt.Errorf("%s: no notes in root/notes or desk/notes", dir), "name the folder that kkachi init made, with the stick's root/ in it")
	}
	return out, nil
}

// noteSerials lists the serials of root notes in root/notes. A devices note without its root
// note is what a broken off signing leaves: it was never handed on.
func noteSerials(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(rootNotes(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), "root-")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return nil, bad(fmt.Errorf("%s: not a note's name", filepath.Join(rootNotes(dir), e.Name())), "remove it")
		}
		out = append(out, n)
	}
	return out, nil
}
