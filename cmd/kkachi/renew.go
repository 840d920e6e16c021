package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"kkachi/internal/desk"
	"kkachi/internal/drop"
	"kkachi/internal/sift"
	"kkachi/internal/store/disk"
	"kkachi/internal/vault"
)

// renewCmd are the verbs by which keys are changed where they lie (doc/keys.md).
type renewCmd struct {
	Sift       renewSiftCmd       `cmd:"" help:"A new folder for the sift, after the old one was lost or seized."`
	SiftKey    renewSiftKeyCmd    `cmd:"" help:"The sift's next signing key."`
	Canary     renewCanaryCmd     `cmd:"" help:"Another canary key."`
	Desk       renewDeskCmd       `cmd:"" help:"All keys of the desk, after a seizure."`
	DeskKey    renewDeskKeyCmd    `cmd:"" help:"The desk's next signing key."`
	Device     renewDeviceCmd     `cmd:"" help:"The desk device's next age key."`
	Inbox      renewInboxCmd      `cmd:"" help:"Other inbox keys for this week and the next."`
	Approver   renewApproverCmd   `cmd:"" help:"An approver's next key, or a new approver's first."`
	Token      renewTokenCmd      `cmd:"" help:"What sift or desk show to the host."`
	Host       renewHostCmd       `cmd:"" help:"Let tokens in at the host; a new host folder if there is none."`
	Passphrase renewPassphraseCmd `cmd:"" help:"Another passphrase for root, sift, desk or an approver."`
}

// outFlag is where a verb writes what is to be carried elsewhere.
type outFlag struct {
	Output string `short:"o" help:"The file to write; by default it stands in DIR." placeholder:"FILE"`
}

func (o outFlag) path(dir, name string) string {
	if o.Output != "" {
		return o.Output
	}
	return filepath.Join(dir, name)
}

type renewTokenCmd struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and sift/ or desk/."`
	Role       string          `arg:"" enum:"sift,desk" help:"sift, or desk (which has the press's token too)."`
	Keep       bool            `help:"Draw nothing: write down what a new host must know."`
	Passphrase passphraseFiles `help:"For scripts: sift=PATH or desk=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
	outFlag
}

// Help is shown by --help.
func (*renewTokenCmd) Help() string {
	return `Reads newsroom.toml and sift/ or desk/, and writes there. Draws another token for the host, and writes its digest to a file, DIR/ROLE.tokens, which is no secret. Until the host knows it (kkachi renew host) the role is not let in, and waits; nothing is lost. The role must not be running.

Example:

    kkachi renew token mynews sift`
}

// Run renews a role's token.
func (c *renewTokenCmd) Run(w *world) error {
	w.protect(false)
	if err := c.Passphrase.checkNames(c.Role); err != nil {
		return err
	}
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	var t tokens
	if err := t.draw(w); err != nil {
		return err
	}
	if c.Role == "sift" {
		err = c.sift(w, n, &t)
	} else {
		err = c.desk(w, &t)
	}
	if err != nil {
		return err
	}
	return w.writeTokens(c.path(c.Dir, c.Role+".tokens"), &t)
}

func (c *renewTokenCmd) sift(w *world, n *newsroom, t *tokens) error {
	*t = tokens{sift: t.sift}
	return withSift(w, n, c.Dir, c.Passphrase, func(s *sift.Sift) error {
		if c.Keep {
			t.sift = s.Token()
			return nil
		}
		return s.RenewToken(t.sift)
	})
}

func (c *renewTokenCmd) desk(w *world, t *tokens) error {
	*t = tokens{desk: t.desk, press: t.press}
	return withVault(w, c.Dir, c.Passphrase, func(v *vault.Vault) error {
		if !c.Keep {
			return putTokens(v, t)
		}
		for _, k := range []struct {
			name string
			to   *string
		}{{secretDeskToken, &t.desk}, {secretPressToken, &t.press}} {
			token, err := v.Secret(k.name)
			if err != nil {
				return fmt.Errorf("the desk's tokens: %w", err)
			}
			*k.to = string(token)
		}
		return nil
	})
}

func putTokens(v *vault.Vault, t *tokens) error {
	return errors.Join(v.PutSecret(secretDeskToken, []byte(t.desk), 0), v.PutSecret(secretPressToken, []byte(t.press), 0))
}

// list is what the host keeps of those tokens that are there.
func (t *tokens) list() (list drop.Tokens, err error) {
	for _, r := range []struct {
		role  drop.Role
		token string
	}{{drop.RoleSift, t.sift}, {drop.RoleDesk, t.desk}, {drop.RolePress, t.press}} {
		if r.token == "" {
			continue
		}
		if err := list.Add(r.role, r.token); err != nil {
			return drop.Tokens{}, err
		}
	}
	return list, nil
}

func (w *world) writeTokens(path string, t *tokens) error {
	list, err := t.list()
	if err != nil {
		return err
	}
	if err := writeFile(path, list.Marshal(), 0o644); err != nil {
		return bad(err, "name a file in a folder that exists with -o")
	}
	w.say("Carry %s to the host: kkachi renew host DIR --tokens %s, then start its drop anew.", path, filepath.Base(path))
	return nil
}

type renewHostCmd struct {
	Dir    string   `arg:"" help:"The folder with newsroom.toml, and host/ if there is one."`
	Tokens []string `required:"" help:"A file that kkachi renew token wrote; for each of sift and desk." placeholder:"FILE"`
}

// Help is shown by --help.
func (*renewHostCmd) Help() string {
	return `Reads newsroom.toml and the files of tokens; writes host/tokens, and lays out an empty host/ if there is none. For each role that a file names, its tokens are let in from then on and no others. A drop that runs must be started anew.

Example:

    kkachi renew host mynews --tokens sift.tokens --tokens desk.tokens`
}

// Run lets tokens in.
func (c *renewHostCmd) Run(w *world) error {
	if _, err := readNewsroom(c.Dir); err != nil {
		return err
	}
	var fresh drop.Tokens
	for _, path := range c.Tokens {
		list, err := readTokens(path)
		if err != nil {
			return err
		}
		fresh = fresh.With(list)
	}
	dir := filepath.Join(c.Dir, "host")
	path := filepath.Join(dir, "tokens")
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := layStore(w, dir); err != nil {
			return err
		}
		w.say("An empty host was laid out in %s.", dir)
	}
	present, err := readTokens(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all := present.With(fresh)
	if err := writeFile(path, all.Marshal(), 0o600); err != nil {
		return err
	}
	w.say("%s lets in %v. Start the drop anew.", path, all.Roles())
	for _, role := range []drop.Role{drop.RoleSift, drop.RoleDesk} {
		if !slices.Contains(all.Roles(), role) {
			w.say("No token of the %s is known yet: kkachi renew token DIR %s --keep, where it runs.", role, role)
		}
	}
	return nil
}

func readTokens(path string) (drop.Tokens, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return drop.Tokens{}, bad(err, "name the file that kkachi renew token wrote")
	}
	list, err := drop.ParseTokens(raw)
	if err != nil {
		return drop.Tokens{}, bad(fmt.Errorf("%s: %w", path, err), "name the file that kkachi renew token wrote")
	}
	return list, nil
}

// layStore makes an empty store.
func layStore(w *world, dir string) error {
	s, err := disk.Open(dir, disk.Options{Rand: w.rand})
	if err != nil {
		return err
	}
	return s.Close()
}

type renewPassphraseCmd struct {
	Dir        string          `arg:"" help:"The folder with root/, sift/ or desk/."`
	Of         string          `arg:"" help:"root, sift, desk, or an approver's name."`
	Passphrase passphraseFiles `help:"For scripts: old=PATH, new=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*renewPassphraseCmd) Help() string {
	return `Reads and writes the one file that the passphrase closes. The key under it stays: who has a copy of the file from before, and the former passphrase, still has the key. If that may be, renew the key (see doc/keys.md). The role must not be running.

Example:

    kkachi renew passphrase mynews desk`
}

// Run sets another passphrase.
func (c *renewPassphraseCmd) Run(w *world) error {
	w.protect(false)
	if err := c.Passphrase.checkNames("old", "new"); err != nil {
		return err
	}
	if err := c.there(); err != nil {
		return err
	}
	old, err := w.passphrase(c.Passphrase, "old", c.Of+", as it is")
	if err != nil {
		return err
	}
	defer clear(old)
	fresh, err := w.setPassphrase(c.Passphrase, "new", c.Of)
	if err != nil {
		return err
	}
	defer clear(fresh)
	switch c.Of {
	case "root":
		err = c.root(w, old, fresh)
	case "sift":
		err = c.sift(old, fresh)
	case "desk":
		err = c.desk(w, old, fresh)
	default:
		err = desk.RekeyApprover(filepath.Join(c.Dir, "desk"), c.Of, old, fresh, w.work)
		if errors.Is(err, desk.ErrPassphrase) {
			err = bad(fmt.Errorf("%s: no key at this desk opens with that passphrase", c.Of), "write root, sift, desk, or an approver's name as in desk/approvers")
		}
	}
	if err != nil {
		return err
	}
	w.say("The passphrase was changed. Copies from before still open with the former one: destroy them.")
	return nil
}

// there looks whether what the passphrase closes is here, before anybody types one.
func (c *renewPassphraseCmd) there() error {
	switch c.Of {
	case "root", "sift", "desk":
		_, err := roleFolder(c.Dir, c.Of)
		return err
	}
	dir, err := roleFolder(c.Dir, "desk")
	if err == nil && !desk.HasApprover(dir, c.Of) {
		err = bad(fmt.Errorf("%s: no approver of that name has a key in %s", c.Of, dir), "write root, sift, desk, or an approver's name as in desk/approvers")
	}
	return err
}

func (c *renewPassphraseCmd) root(w *world, old, fresh []byte) error {
	n, err := readNewsroom(c.Dir)
	if err != nil {
		return err
	}
	last, err := readPair(c.Dir, n.id())
	if err != nil {
		return err
	}
	path := rootKeyPath(c.Dir, len(last.root.Succession))
	key, err := openRootKey(path, old)
	if err != nil {
		return err
	}
	defer key.Wipe()
	sealed, err := sealRootKey(key, fresh, w.work)
	if err != nil {
		return err
	}
	return writeFile(path, sealed, 0o600)
}

func (c *renewPassphraseCmd) sift(old, fresh []byte) error {
	dir, err := roleFolder(c.Dir, "sift")
	if err != nil {
		return err
	}
	from, err := sift.Passphrase(old)
	if err != nil {
		return bad(err, "")
	}
	to, err := sift.Passphrase(fresh)
	if err != nil {
		return bad(err, "")
	}
	return sift.Rekey(dir, from, to)
}

func (c *renewPassphraseCmd) desk(w *world, old, fresh []byte) error {
	dir, err := roleFolder(c.Dir, "desk")
	if err != nil {
		return err
	}
	from, err := vault.Passphrase(old)
	if err != nil {
		return bad(err, "")
	}
	to, err := vault.Passphrase(fresh)
	if err != nil {
		return bad(err, "")
	}
	return vault.Rekey(dir, from, to, w.vaultOptions())
}
