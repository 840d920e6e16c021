package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"filippo.io/age"
	"github.com/google/renameio/v2"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/vault"
)

type vaultCmd struct {
	Verify  vaultVerifyCmd  `cmd:"" help:"Check the whole log, and name what is wrong."`
	Rebuild vaultRebuildCmd `cmd:"" help:"Make the tables anew from the log."`
	Backup  vaultBackupCmd  `cmd:"" help:"Write an encrypted backup."`
	Restore vaultRestoreCmd `cmd:"" help:"Make a desk from a backup."`
	Upgrade vaultUpgradeCmd `cmd:"" help:"Bring a vault that an older kkachi wrote to this version."`
}

// vaultFlags are what the verbs of the vault have in common.
type vaultFlags struct {
	Dir        string          `arg:"" help:"The folder with desk/."`
	KeyFile    string          `help:"Open the vault with a key file instead of a passphrase." placeholder:"PATH"`
	Passphrase passphraseFiles `help:"For scripts: desk=PATH; where a backup is written, backup=PATH too." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// vaultKey opens a key file, or asks for the passphrase.
func (w *world) vaultKey(keyFile string, files passphraseFiles) (vault.Key, error) {
	if keyFile != "" {
		key, err := vault.KeyFile(keyFile)
		if err != nil {
			return vault.Key{}, bad(err, "")
		}
		return key, nil
	}
	pass, err := w.passphrase(files, "desk", "the desk's vault")
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

// begin gives the vault's folder and its key.
func (f *vaultFlags) begin(w *world) (dir string, key vault.Key, err error) {
	w.protect(false)
	if err := f.Passphrase.checkNames("desk", "backup"); err != nil {
		return "", key, err
	}
	if dir, err = roleFolder(f.Dir, "desk"); err != nil {
		return "", key, err
	}
	key, err = w.vaultKey(f.KeyFile, f.Passphrase)
	return dir, key, err
}

func (w *world) vaultOptions() vault.Options { return vault.Options{Now: w.now, Rand: w.rand} }

type vaultVerifyCmd struct {
	vaultFlags
	JSON bool `help:"Print the report as JSON." name:"json"`
}

// Help is shown by --help.
func (*vaultVerifyCmd) Help() string {
	return `Reads desk/, and writes nothing there but its lock; needs no network. Checks each operation's signature and place in the chain of its author, and each blob; says what is torn, cut, edited, forked or lost, with author and number. Also works on a vault that the desk refuses to open. Exit code 1 if anything is wrong.

Example:

    kkachi vault verify mynews --json`
}

// A faultJSON is a fault for scripts.
type faultJSON struct {
	What   string `json:"what"`
	File   string `json:"file"`
	Author string `json:"author,omitempty"`
	Seq    uint64 `json:"seq,omitempty"`
	Detail string `json:"detail"`
}

// A verifyJSON is a report for scripts.
type verifyJSON struct {
	Ops     int         `json:"operations"`
	Authors int         `json:"authors"`
	Things  int         `json:"things"`
	Erased  int         `json:"erased"`
	Blobs   int         `json:"blobs"`
	Faults  []faultJSON `json:"faults"`
}

var errFaults = errors.New("the vault is damaged")

// Run verifies the vault.
func (c *vaultVerifyCmd) Run(w *world) error {
	dir, key, err := c.begin(w)
	if err != nil {
		return err
	}
	step, end := w.progress("checking operations")
	r, err := vault.VerifyDir(w.ctx, dir, key, w.vaultOptions(), step)
	end()
	if err != nil && !errors.Is(err, vault.ErrDamaged) {
		return err
	}
	if c.JSON {
		out := verifyJSON{r.Ops, r.Authors, r.Things, r.Erased, r.Blobs, []faultJSON{}}
		for _, f := range r.Faults {
			j := faultJSON{What: string(f.What), File: f.File, Seq: f.Seq, Detail: f.Detail}
			if f.Seq != 0 {
				j.Author = f.Author.String()
			}
			out.Faults = append(out.Faults, j)
		}
		if err := w.json(out); err != nil {
			return err
		}
	} else {
		w.tellReport(r)
		for _, f := range r.Faults {
			w.say("%s", f)
		}
	}
	if len(r.Faults) > 0 {
		return withHint(fmt.Errorf("%s: %w: %d faults", dir, errFaults, len(r.Faults)), "keep this folder as it is, and restore the last backup into a new one: kkachi vault restore")
	}
	return nil
}

func (w *world) tellReport(r vault.Report) {
	w.say("%d operations by %d devices on %d things (%d erased), %d blobs, %d faults", r.Ops, r.Authors, r.Things, r.Erased, r.Blobs, len(r.Faults))
}

type vaultRebuildCmd struct{ vaultFlags }

// Help is shown by --help.
func (*vaultRebuildCmd) Help() string {
	return `Reads the log in desk/ and writes its tables (view.db) anew. Nothing is lost: the tables hold nothing that is not in the log. Needs no network; the desk must not be running.

Example:

    kkachi vault rebuild mynews`
}

// Run rebuilds the projections.
func (c *vaultRebuildCmd) Run(w *world) error {
	dir, key, err := c.begin(w)
	if err != nil {
		return err
	}
	step, end := w.progress("replaying operations")
	defer end()
	v, err := vault.Open(dir, key, desk.Projectors(), w.vaultOptions())
	if err != nil {
		return err
	}
	if err := errors.Join(v.Rebuild(w.ctx, step), v.Close()); err != nil {
		return err
	}
	w.say("The tables were made anew from the log.")
	return nil
}

type vaultBackupCmd struct {
	vaultFlags
	Output string `short:"o" required:"" help:"The file to write." placeholder:"FILE"`
	To     string `help:"Encrypt to a post-quantum age recipient instead of a passphrase." placeholder:"age1pq…"`
}

// Help is shown by --help.
func (*vaultBackupCmd) Help() string {
	return `Reads desk/, writes FILE, whole or not at all: one age file with the log, the keys of what is not erased, and the blobs, and with newsroom.toml, desk/rules.toml, desk/estimates.toml, desk/contacts.txt, desk/notes and desk/approvers (each key under its own passphrase), under a passphrase of its own or to a recipient. The originals in desk/custody are copied into the folder FILE.originals, encrypted as they are. Needs no network; the desk must not be running.

Keep a backup at most 30 days: what is erased at the desk still stands in it.

Example:

    kkachi vault backup mynews -o /media/stick/desk.age`
}

// Run writes a backup.
func (c *vaultBackupCmd) Run(w *world) error {
	dir, key, err := c.begin(w)
	if err != nil {
		return err
	}
	v, err := vault.Open(dir, key, desk.Projectors(), w.vaultOptions())
	if err != nil {
		return err
	}
	to, err := c.recipient(w)
	if err != nil {
		return errors.Join(err, v.Close())
	}
	if err := errors.Join(c.write(w, v, to), v.Close()); err != nil {
		return err
	}
	n, err := copyOriginals(custodyFolder(c.Dir), c.Output+originalsBeside)
	if err != nil {
		return err
	}
	w.say("Backup written to %s. Destroy it within 30 days.", c.Output)
	if n > 0 {
		w.say("Its %d originals lie in %s: keep the folder beside it.", n, c.Output+originalsBeside)
	}
	return nil
}

func (c *vaultBackupCmd) write(w *world, v *vault.Vault, to age.Recipient) error {
	return withBeside(v, c.Dir, func() error { return c.writeVault(w, v, to) })
}

func (c *vaultBackupCmd) writeVault(w *world, v *vault.Vault, to age.Recipient) (err error) {
	f, err := renameio.NewPendingFile(c.Output, renameio.WithStaticPermissions(0o600))
	if err != nil {
		return bad(err, "name a file in a folder that exists")
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if err := v.Backup(w.ctx, f, to, desk.BackupKeeps(cell.DayOf(w.now()))); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(c.Output))
}

func (c *vaultBackupCmd) recipient(w *world) (age.Recipient, error) {
	if c.To != "" {
		to, err := age.ParseHybridRecipient(c.To)
		if err != nil {
			return nil, bad(fmt.Errorf("--to: not a post-quantum age recipient: %w", err), "make one with age-keygen -pq")
		}
		return to, nil
	}
	pass, err := w.setPassphrase(c.Passphrase, "backup", "the backup (backup)")
	if err != nil {
		return nil, err
	}
	defer clear(pass)
	return age.NewScryptRecipient(string(pass))
}
