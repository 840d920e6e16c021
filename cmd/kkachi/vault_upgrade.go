package main

import (
	"kkachi/internal/vault"
)

// An upgrade begins with a backup, and asks for the same.
type vaultUpgradeCmd struct{ vaultBackupCmd }

// Help is shown by --help.
func (*vaultUpgradeCmd) Help() string {
	return `Reads and writes desk/. Verifies the vault, writes a backup to FILE as "vault backup" does, then changes the vault to the format of this kkachi, and verifies it again. What it holds, its history and its device stay as they are. A vault that is of this format already is left alone, and no backup is written. Needs no network; the desk must not be running. If it is broken off, run it again.

Example:

    kkachi vault upgrade mynews -o /media/stick/before.age`
}

// Run upgrades the vault.
func (c *vaultUpgradeCmd) Run(w *world) error {
	dir, key, err := c.begin(w)
	if err != nil {
		return err
	}
	format, err := vault.Shape(dir)
	if err != nil {
		return err
	}
	if format == vault.Format {
		w.say("The vault is of format %d, which is this kkachi's: nothing to do.", format)
		return nil
	}
	to, err := c.recipient(w)
	if err != nil {
		return err
	}
	step, end := w.progress("checking operations")
	opts := w.vaultOptions()
	opts.Progress = step
	from, err := vault.Upgrade(w.ctx, dir, key, opts, func(v *vault.Vault) error { return c.write(w, v, to) })
	end()
	if err != nil {
		return err
	}
	w.say("The vault was of format %d and is of format %d. What it was stands in %s: destroy that within 30 days.", from, vault.Format, c.Output)
	return nil
}
