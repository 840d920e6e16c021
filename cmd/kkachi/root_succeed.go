package main

import (
	"fmt"
	"path/filepath"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// rootKeyPath is where the root key lies that came after so many others: root.age, root-1.age …
// The former is left where it is: whoever succeeds it sees to its end, on every stick.
func rootKeyPath(dir string, successions int) string {
	if successions == 0 {
		return filepath.Join(dir, "root", rootKeyFile)
	}
	return filepath.Join(dir, "root", fmt.Sprintf("root-%d.age", successions))
}

type rootSucceedCmd struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and root/."`
	Days       int             `help:"Days until the notes end, 1 to 35." default:"35"`
	Passphrase passphraseFiles `help:"For scripts: root=PATH, next=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*rootSucceedCmd) Help() string {
	return `Reads newsroom.toml, the root key and the last notes. Draws the next root key, lets the present one sign it, and signs the next root note and devices note with the new one; writes root/root-N.age, root/notes, and desk/notes if desk/ is in DIR. Needs no network.

The newsroom's address stays: it names the first root key, and each root note carries the chain from there. The former key can still sign: destroy it, and every stick that held it.

Example:

    kkachi root succeed mynews`
}

// Run lets another root key take over.
func (c *rootSucceedCmd) Run(w *world) error {
	w.protect(false)
	if err := c.Passphrase.checkNames("root", "next"); err != nil {
		return err
	}
	n, last, today, err := toSign(w, c.Dir, c.Days)
	if err != nil {
		return err
	}
	if len(last.root.Succession) == seal.MaxSuccessions {
		return badf("%d root keys have followed each other: no more can. The newsroom must begin anew: kkachi init", seal.MaxSuccessions+1)
	}
	old, err := presentRootKey(w, c.Dir, last, c.Passphrase)
	if err != nil {
		return err
	}
	defer old.Wipe()
	pass, err := w.setPassphrase(c.Passphrase, "next", "the next root key (next)")
	if err != nil {
		return err
	}
	defer clear(pass)
	heir, err := seal.NewSigningKey(seal.RoleRoot, w.rand)
	if err != nil {
		return err
	}
	defer heir.Wipe()
	next := *last
	next.root.Name = n.Name
	if err := next.root.Succeed(old, heir); err != nil {
		return err
	}
	sealed, err := sealRootKey(heir, pass, w.work)
	if err != nil {
		return err
	}
	// The key first: a note that names a key which nobody holds would end the newsroom. One
	// that a broken off run left is of no note, and is written over.
	path := rootKeyPath(c.Dir, len(next.root.Succession))
	if err := writeFile(path, sealed, 0o600); err != nil {
		return err
	}
	signed, err := next.sign(heir, n.id(), last.root.Serial+1, today, c.Days)
	if err != nil {
		return bad(err, "")
	}
	if err := signed.save(c.Dir); err != nil {
		return err
	}
	w.say("Root note and devices note of %q: serial %d, valid until %s, signed by the next root key.", next.root.Name, signed.serial, today+cell.Day(c.Days))
	w.say("It lies in %s. Copy root/ to two new sticks.", path)
	w.say("The address stays %s.", n.address())
	w.say("Once the host shows these notes (kkachi watch): destroy %s and each stick that held it.", rootKeyPath(c.Dir, len(last.root.Succession)))
	return nil
}
