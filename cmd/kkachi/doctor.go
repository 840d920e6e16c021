package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/doctor"
	"kkachi/internal/drop"
	"kkachi/internal/risk"
	"kkachi/internal/seal"
	"kkachi/internal/store/disk"
)

type doctorCmd struct {
	Dir   string `arg:"" optional:"" default:"." help:"The folder with newsroom.toml and host/, sift/, desk/ or root/."`
	JSON  bool   `help:"Print a list of role, check, verdict, what, next." name:"json"`
	Chain string `help:"Certificates with which kkachi drop speaks TLS, to be looked at too." name:"tls-chain" placeholder:"FILE"`
	Key   string `help:"The private key to --tls-chain; only its mode is looked at." name:"tls-key" placeholder:"FILE"`
}

// Help is shown by --help.
func (*doctorCmd) Help() string {
	return `Looks at newsroom.toml, at the folder of each role that stands in DIR, and at this machine: layout, permissions and owners, roles that must not meet, formats, the ends of notes and certificates, contacts, estimates, clock, free room, file system, swap, core dumps, tracing, limits, and what the sandbox needs of the kernel. Writes nothing, needs no passphrase and no network, and prints no secret. What it can't look at, it says.

Run it as the user who runs the role. Exit code 0: nothing failed (warnings may stand). 1: something failed. 2: bad input.

Example:

    kkachi doctor mynews --json`
}

var errDoctor = errors.New("something must be mended")

// Run makes the checks and prints what they found.
func (c *doctorCmd) Run(w *world) error {
	if info, err := os.Stat(c.Dir); err != nil {
		return bad(err, "name the folder that holds newsroom.toml")
	} else if !info.IsDir() {
		return badf("%s is no folder", c.Dir)
	}
	if _, err := os.ReadDir(c.Dir); err != nil {
		return err // closed to this user: nothing that is said of it would be true
	}
	if (c.Chain == "") != (c.Key == "") {
		return badf("--tls-chain and --tls-key go together")
	}
	list := doctor.Examine(c.subject(cell.DayOf(w.now())), w.looks(w.now()))
	if c.JSON {
		if err := w.json(list); err != nil {
			return err
		}
	}
	count := map[doctor.Verdict]int{}
	for _, f := range list {
		count[f.Verdict]++
		if c.JSON {
			continue
		}
		w.say("%s  %s: %s: %s", f.Verdict, f.Role, f.Check, f.What)
		if f.Next != "" {
			w.say("      next: %s", f.Next)
		}
	}
	if doctor.Failed(list) {
		return withHint(fmt.Errorf("%w: %d of %d checks failed", errDoctor, count[doctor.Fail], len(list)), "do what stands under each FAIL, then look again")
	}
	return nil
}

// subject reads what doctor itself can't: newsroom.toml, the host's tokens and the notes.
func (c *doctorCmd) subject(today cell.Day) doctor.Subject {
	s := doctor.Subject{Dir: c.Dir, Config: filepath.Join(c.Dir, configFile), TLSChain: c.Chain, TLSKey: c.Key}
	data, err := os.ReadFile(filepath.Join(c.Dir, "host", "tokens"))
	if err == nil {
		_, err = drop.ParseTokens(data)
	}
	s.TokensErr, s.HostFormatErr = err, disk.CheckFormat(filepath.Join(c.Dir, "host"))
	s.Estimates = estimatesOf(filepath.Join(c.Dir, "desk", desk.EstimatesFile), today)
	n, err := readNewsroom(c.Dir)
	if err != nil {
		s.ConfigErr, s.NotesErr = err, errors.New("without newsroom.toml no note can be checked")
		return s
	}
	s.Quota = n.Quota
	if u, err := url.Parse(n.URL); err == nil && u.Scheme == "https" {
		s.HostName = u.Hostname()
	}
	p, err := readPair(c.Dir, n.id())
	if err != nil {
		s.NotesErr = err
		return s
	}
	s.Notes = []doctor.Note{
		{Name: "root", Issued: p.root.Issued, Expires: p.root.Expires, Ending: seal.EndingOf(p.root.Expires, today)},
		{Name: "devices", Issued: p.devices.Issued, Expires: p.devices.Expires, Ending: seal.EndingOf(p.devices.Expires, today)},
	}
	s.Contacts = contactsOf(c.Dir, &p.root).forDoctor(c.Dir, today)
	if raw, err := os.ReadFile(filepath.Join(deskNotes(c.Dir), desk.DeskNoteFile)); err == nil {
		if d, err := seal.ParseDesk(raw, &p.root, 0); err == nil {
			s.Notes = append(s.Notes, doctor.Note{Name: "desk", Issued: d.Issued, Expires: d.Expires, Ending: seal.EndingOfDesk(d.Expires, today)})
		}
	}
	return s
}

// estimatesOf is the newsroom's file of estimates as doctor looks at it.
func estimatesOf(path string, today cell.Day) (out doctor.Estimates) {
	f, err := os.Open(path)
	if err != nil {
		out.Missing = errors.Is(err, fs.ErrNotExist)
		if !out.Missing {
			out.Err = err
		}
		return out
	}
	e, err := risk.ParseEstimates(f)
	if err := errors.Join(err, f.Close()); err != nil {
		out.Err = err
		return out
	}
	out.Example = e.Example
	for _, s := range e.Stale(today.Time()) {
		out.Stale = append(out.Stale, s.Name)
	}
	return out
}
