package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"kkachi/internal/desk"
	"kkachi/internal/sift"
	"kkachi/internal/vault"
)

// withSift opens the sift's folder for a change.
func withSift(w *world, n *newsroom, dir string, pass passphraseFiles, do func(*sift.Sift) error) error {
	c := siftCmd{Dir: dir, Passphrase: pass}
	s, err := c.open(w, n)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

// withVault opens the desk's vault for a change of what cmd keeps in it.
func withVault(w *world, dir string, pass passphraseFiles, do func(*vault.Vault) error) error {
	folder, err := roleFolder(dir, "desk")
	if err != nil {
		return err
	}
	key, err := w.vaultKey("", pass)
	if err != nil {
		return err
	}
	v, err := vault.Open(folder, key, desk.Projectors(), w.vaultOptions())
	if err != nil {
		return err
	}
	return errors.Join(do(v), v.Close())
}

// siftFlags are what the verbs that change a sift's folder have in common.
type siftFlags struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and sift/."`
	Passphrase passphraseFiles `help:"For scripts: sift=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

func (f *siftFlags) begin(w *world) (*newsroom, error) {
	w.protect(false)
	if err := f.Passphrase.checkNames("sift"); err != nil {
		return nil, err
	}
	return readNewsroom(f.Dir)
}

func (f *siftFlags) with(w *world, do func(*sift.Sift) error) error {
	n, err := f.begin(w)
	if err != nil {
		return err
	}
	return withSift(w, n, f.Dir, f.Passphrase, do)
}

type renewSiftCmd struct {
	siftFlags
	Seized bool `help:"The old folder is in other hands: its signing key is to count no more."`
	outFlag
}

// Help is shown by --help.
func (*renewSiftCmd) Help() string {
	return `Reads newsroom.toml; writes DIR/sift, which must not be there: signing key, canary key, token, all new. Day keys are in no backup and can't be had again: cells that were sealed to them are counted as outlived. Writes DIR/sift.change for the stick and DIR/sift.tokens for the host. Until both have done their part the sift waits. Before a signing that drops the old key, let the desk read what stands at the host.

Example:

    kkachi renew sift mynews --seized`
}

// Run makes a new folder for the sift.
func (c *renewSiftCmd) Run(w *world) error {
	if _, err := c.begin(w); err != nil {
		return err
	}
	dir := filepath.Join(c.Dir, "sift")
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return bad(fmt.Errorf("%s: there is a sift already", dir), "move it away, or renew what is in it: kkachi renew sift-key, canary, token, passphrase")
	}
	pass, err := w.setPassphrase(c.Passphrase, "sift", "the sift (sift)")
	if err != nil {
		return err
	}
	defer clear(pass)
	unlock, err := sift.Passphrase(pass)
	if err != nil {
		return bad(err, "")
	}
	var t tokens
	if err := t.draw(w); err != nil {
		return err
	}
	err = w.layWhole(dir, func(tmp string) error {
		key, err := sift.Create(tmp, unlock, sift.CreateOptions{Token: t.sift, Rand: w.rand})
		if err != nil {
			return err
		}
		if err := w.writeTokens(filepath.Join(c.Dir, "sift.tokens"), &tokens{sift: t.sift}); err != nil {
			return err
		}
		return w.writeChange(c.path(c.Dir, "sift.change"), besideOrOnly("sift-key", key, c.Seized))
	})
	if err != nil {
		return err
	}
	w.say("A new sift stands in %s.", dir)
	return nil
}

type renewSiftKeyCmd struct {
	siftFlags
	outFlag
}

// Help is shown by --help.
func (*renewSiftKeyCmd) Help() string {
	return `Reads newsroom.toml and sift/, and writes there. Draws the sift's next signing key and writes DIR/sift-key.change for the stick. The sift signs on with its present key until a root note at the host names the next, and takes that up by itself. Asked again before that, it gives the same key. The sift must not be running; start it again at once.

Example:

    kkachi renew sift-key mynews`
}

// Run draws the next signing key.
func (c *renewSiftKeyCmd) Run(w *world) error {
	return c.with(w, func(s *sift.Sift) error {
		key, err := s.RenewSigning()
		if err != nil {
			return err
		}
		return w.writeChange(c.path(c.Dir, "sift-key.change"), besideOrOnly("sift-key", key, false))
	})
}

type renewCanaryCmd struct{ siftFlags }

// Help is shown by --help.
func (*renewCanaryCmd) Help() string {
	return `Reads newsroom.toml and sift/, and writes there. Draws another canary key: canaries under the former one count for nothing from then on. Give it to those who watch at once (kkachi watch --key-of DIR), or a day's letters may be held for up to 72 hours. The sift must not be running.

Example:

    kkachi renew canary mynews`
}

// Run draws another canary key.
func (c *renewCanaryCmd) Run(w *world) error {
	if err := c.with(w, (*sift.Sift).RenewCanary); err != nil {
		return err
	}
	w.say("Those who watch need the new one: kkachi watch --key-of %s", c.Dir)
	return nil
}

// deskFlags are what the verbs that change the desk's keys have in common.
type deskFlags struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and desk/."`
	Passphrase passphraseFiles `help:"For scripts: desk=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

func (f *deskFlags) with(w *world, do func(*desk.Desk) error) error {
	w.protect(false)
	if err := f.Passphrase.checkNames("desk"); err != nil {
		return err
	}
	n, err := readNewsroom(f.Dir)
	if err != nil {
		return err
	}
	d, err := openDesk(w, n, deskAccess{dir: f.Dir, passphrase: f.Passphrase})
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.Close())
}

type renewDeskKeyCmd struct {
	deskFlags
	outFlag
}

// Help is shown by --help.
func (*renewDeskKeyCmd) Help() string {
	return `Reads newsroom.toml and desk/, and writes there. Draws the desk's next signing key and writes DIR/desk-key.change for the stick. The desk signs on with its present key until the root note in desk/notes names the next. Asked again before that, it gives the same key. The desk must not be running.

Example:

    kkachi renew desk-key mynews`
}

// Run draws the next signing key.
func (c *renewDeskKeyCmd) Run(w *world) error {
	return c.with(w, func(d *desk.Desk) error {
		key, err := d.RenewSigning()
		if err != nil {
			return err
		}
		return w.writeChange(c.path(c.Dir, "desk-key.change"), besideOrOnly("desk-key", key, false))
	})
}

type renewDeviceCmd struct {
	deskFlags
	outFlag
}

// Help is shown by --help.
func (*renewDeviceCmd) Help() string {
	return `Reads newsroom.toml and desk/, and writes there. Draws the next age key of this desk's device and writes DIR/device.change for the stick. The sift seals batches to it from the devices note on that names it; the former key opens for another 35 days what was sealed to it. The desk must not be running.

Example:

    kkachi renew device mynews`
}

// Run draws the next device key.
func (c *renewDeviceCmd) Run(w *world) error {
	return c.with(w, func(d *desk.Desk) error {
		line, err := deviceChange(d)
		if err != nil {
			return err
		}
		return w.writeChange(c.path(c.Dir, "device.change"), line)
	})
}

func deviceChange(d *desk.Desk) (change, error) {
	name, recipient, err := d.RenewDevice()
	return change{"name", "device", []string{name, recipient}}, err
}

type renewInboxCmd struct{ deskFlags }

// Help is shown by --help.
func (*renewInboxCmd) Help() string {
	return `Reads newsroom.toml and desk/, and writes there. Draws other inbox keys for this week and the next; they are changed each week anyway. The desk brings them to the host at its next exchange, and the sift publishes them with its next note, on the next day. The former keys live to their end, for letters sealed to them. The desk must not be running.

Example:

    kkachi renew inbox mynews`
}

// Run draws other inbox keys.
func (c *renewInboxCmd) Run(w *world) error {
	if err := c.with(w, (*desk.Desk).RenewInbox); err != nil {
		return err
	}
	w.say("Start the desk: it brings the new inbox keys to the host, and sources use them from the next day on.")
	return nil
}

type renewDeskCmd struct {
	deskFlags
	outFlag
}

// Help is shown by --help.
func (*renewDeskCmd) Help() string {
	return `Reads newsroom.toml and desk/, and writes there. After a seizure, at a desk that was restored from its backup: draws inbox keys, the device's key, the signing key and both tokens anew. Where there is no desk/, and no backup, it lays out a new one without threads. Writes DIR/desk.change for the stick and DIR/desk.tokens for the host. Whoever has the seized vault open still reads what stood in it, and the replies in threads that go on under the same words.

Example:

    kkachi renew desk mynews`
}

// Run renews all that the desk holds.
func (c *renewDeskCmd) Run(w *world) error {
	var t tokens
	if err := t.draw(w); err != nil {
		return err
	}
	t.sift = ""
	if _, err := os.Lstat(filepath.Join(c.Dir, "desk")); errors.Is(err, fs.ErrNotExist) {
		return c.lay(w, &t)
	}
	return c.with(w, func(d *desk.Desk) error {
		if err := errors.Join(d.GiveUpNext(), d.RenewInbox()); err != nil {
			return err
		}
		line, err := deviceChange(d)
		if err != nil {
			return err
		}
		key, err := d.RenewSigning()
		if err != nil {
			return err
		}
		if err := putTokens(d.Vault(), &t); err != nil {
			return err
		}
		if err := w.writeTokens(filepath.Join(c.Dir, "desk.tokens"), &t); err != nil {
			return err
		}
		return w.writeChange(c.path(c.Dir, "desk.change"), besideOrOnly("desk-key", key, true), line)
	})
}

// lay makes a desk where there is none and no backup: it begins without threads.
func (c *renewDeskCmd) lay(w *world, t *tokens) error {
	w.protect(false)
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	pass, err := w.setPassphrase(c.Passphrase, "desk", "the desk's vault (desk)")
	if err != nil {
		return err
	}
	defer clear(pass)
	dir := filepath.Join(c.Dir, "desk")
	err = w.layWhole(dir, func(tmp string) error {
		pub, err := createDesk(w, tmp, n, pass, t)
		if err != nil {
			return err
		}
		if err := w.writeTokens(filepath.Join(c.Dir, "desk.tokens"), t); err != nil {
			return err
		}
		return w.writeChange(c.path(c.Dir, "desk.change"), besideOrOnly("desk-key", pub.Sign, true), change{"name", "device", []string{"desk", pub.Recipient}})
	})
	if err != nil {
		return err
	}
	w.say("A desk without threads stands in %s. Each approver needs a key there: kkachi renew approver %s NAME", dir, c.Dir)
	return nil
}

type renewApproverCmd struct {
	Dir        string          `arg:"" help:"The folder with desk/."`
	Name       string          `arg:"" help:"The approver."`
	Passphrase passphraseFiles `help:"For scripts: NAME=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
	outFlag
}

// Help is shown by --help.
func (*renewApproverCmd) Help() string {
	return `Reads and writes desk/approvers: the next key of an approver, under a passphrase that he types himself, or the first of somebody who is new; and DIR/NAME.change for the stick. The former key approves until the devices note in desk/notes names the new one. What was approved and not released by then must be approved again; what was released stays.

Example:

    kkachi renew approver mynews jin`
}

// Run draws an approver's next key.
func (c *renewApproverCmd) Run(w *world) error {
	w.protect(false)
	if err := c.Passphrase.checkNames(c.Name); err != nil {
		return err
	}
	if !approverName.MatchString(c.Name) || slices.Contains([]string{"root", "sift", "desk"}, c.Name) {
		return badf("NAME: %q: write small letters, digits and -, beginning with a letter, other than root, sift, desk", c.Name)
	}
	dir, err := roleFolder(c.Dir, "desk")
	if err != nil {
		return err
	}
	pass, err := w.setPassphrase(c.Passphrase, c.Name, "approver "+c.Name)
	if err != nil {
		return err
	}
	defer clear(pass)
	key, err := desk.RenewApprover(dir, c.Name, pass, w.work, w.rand)
	if err != nil {
		return err
	}
	return w.writeChange(c.path(c.Dir, c.Name+".change"), change{"name", "approver", []string{c.Name, key.String()}})
}
