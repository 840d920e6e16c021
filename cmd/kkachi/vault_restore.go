package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"kkachi/internal/desk"
	"kkachi/internal/vault"
)

type vaultRestoreCmd struct {
	Dir        string          `arg:"" help:"The folder in which desk/ is made; there must be none."`
	File       string          `arg:"" help:"The backup."`
	Identity   string          `help:"Decrypt with the age identity in a file instead of a passphrase." placeholder:"PATH"`
	KeyFile    string          `help:"Close the new vault with a key file instead of a passphrase." placeholder:"PATH"`
	Passphrase passphraseFiles `help:"For scripts: backup=PATH, desk=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*vaultRestoreCmd) Help() string {
	return `Reads FILE, writes DIR/desk, whole or not at all, checks all of it, and makes the tables anew. Asks for the passphrase of the backup, then for a new one of the vault. Needs no network. newsroom.toml, desk/rules.toml, desk/estimates.toml, desk/contacts.txt, desk/notes and desk/approvers come back too, as they were, and the originals from FILE.originals if that folder is there. If the former desk was seized, renew its keys: kkachi renew desk.

Example:

    kkachi vault restore newdesk /media/stick/desk.age`
}

// Run restores a backup.
func (c *vaultRestoreCmd) Run(w *world) error {
	w.protect(false)
	if err := c.Passphrase.checkNames("desk", "backup"); err != nil {
		return err
	}
	dir := filepath.Join(c.Dir, "desk")
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return bad(fmt.Errorf("%s: there is a desk already", dir), "name another folder: restore never writes over anything")
	}
	f, err := os.Open(c.File)
	if err != nil {
		return bad(err, "name the file that kkachi vault backup wrote")
	}
	defer f.Close()
	id, err := c.identity(w)
	if err != nil {
		return err
	}
	key, err := c.newKey(w)
	if err != nil {
		return err
	}
	_, err = os.Lstat(c.Dir)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	if err := w.removeBrokenOff(c.Dir); err != nil {
		return err
	}
	if err := c.restore(w, f, id, key); err != nil {
		if isNew {
			_ = os.Remove(c.Dir) // it is empty, or stays
		}
		return err
	}
	if _, err := readNewsroom(c.Dir); err != nil {
		return withHint(err, "an older kkachi made this backup: bring "+configFile+", desk/notes and desk/approvers there by hand")
	}
	w.say("The desk stands in %s. The notes are of the backup's day: its first exchange fetches later ones from the host.", c.Dir)
	w.say("If the former desk was seized: kkachi renew desk %s", c.Dir)
	return nil
}

// restore makes the desk with all that belongs to it in a folder beside, and moves it to its place at
// the end: a run that was broken off leaves no desk without its notes, approvers or originals.
func (c *vaultRestoreCmd) restore(w *world, backup io.Reader, id age.Identity, key vault.Key) error {
	work, err := os.MkdirTemp(c.Dir, vault.RestorePrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	step, end := w.progress("checking operations")
	opts := w.vaultOptions()
	opts.Progress = step
	dir := filepath.Join(work, "desk")
	r, err := vault.Restore(w.ctx, backup, id, dir, key, opts)
	end()
	if err != nil {
		return err
	}
	w.tellReport(r)
	v, err := vault.Open(dir, key, desk.Projectors(), w.vaultOptions())
	if err != nil {
		return err
	}
	if err := errors.Join(layBeside(v, work), v.Close()); err != nil {
		return err
	}
	if _, err := copyOriginals(c.File+originalsBeside, custodyFolder(work)); err != nil {
		return err
	}
	config := filepath.Join(c.Dir, configFile)
	if _, err := os.Lstat(config); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(filepath.Join(work, configFile), config); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(dir, filepath.Join(c.Dir, "desk")); err != nil {
		return err
	}
	return syncDir(c.Dir)
}

// removeBrokenOff takes away what restores into dir left that were killed: a vault under a
// passphrase, of which nobody would know.
func (w *world) removeBrokenOff(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, vault.RestorePrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		w.say("Removed %s, which a restore that was broken off had left.", path)
	}
	return nil
}

func (c *vaultRestoreCmd) identity(w *world) (age.Identity, error) {
	if c.Identity != "" {
		f, err := os.Open(c.Identity)
		if err != nil {
			return nil, bad(err, "")
		}
		defer f.Close()
		ids, err := age.ParseIdentities(f)
		if err != nil || len(ids) != 1 {
			return nil, badf("--identity: %s does not hold one age identity", c.Identity)
		}
		return ids[0], nil
	}
	pass, err := w.passphrase(c.Passphrase, "backup", "the backup")
	if err != nil {
		return nil, err
	}
	defer clear(pass)
	id, err := age.NewScryptIdentity(string(pass))
	if err != nil {
		return nil, bad(err, "")
	}
	return id, nil
}

func (c *vaultRestoreCmd) newKey(w *world) (vault.Key, error) {
	if c.KeyFile != "" || c.Passphrase["desk"] != "" {
		return w.vaultKey(c.KeyFile, c.Passphrase)
	}
	pass, err := w.newPassphrase("the desk's vault (desk)")
	if err != nil {
		return vault.Key{}, err
	}
	defer clear(pass)
	key, err := vault.Passphrase(pass)
	if err != nil {
		return vault.Key{}, bad(err, "")
	}
	return key, nil
}
