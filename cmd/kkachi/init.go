package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"kkachi/internal/cell"
	"kkachi/internal/contacts"
	"kkachi/internal/desk"
	"kkachi/internal/drop"
	"kkachi/internal/seal"
	"kkachi/internal/sift"
	"kkachi/internal/vault"
)

type initCmd struct {
	Dir        string          `arg:"" help:"The folder to make; it must not exist, or be empty."`
	Name       string          `help:"The newsroom's name." default:"A newsroom"`
	URL        string          `help:"Where sources and readers find the host. http is for loopback and onions only." default:"http://127.0.0.1:8400" name:"url"`
	Listen     string          `help:"Where the host listens on its machine; by default 127.0.0.1:8400." default:"127.0.0.1:8400" placeholder:"HOST:PORT"`
	Languages  []string        `help:"Languages of the site, the first is the default: ko, en, zh." default:"ko,en,zh"`
	Approver   []string        `help:"Name of somebody who may approve what is printed; at least two." default:"editor1,editor2"`
	Passphrase passphraseFiles `help:"For scripts: take the passphrase of NAME (root, sift, desk, or an approver) from the one line of a file." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// Help is shown by --help.
func (*initCmd) Help() string {
	return `Writes DIR, whole or not at all: newsroom.toml (no secrets), root/ (the root key), host/, sift/, desk/ (the vault, and contacts.txt, which names nobody yet) and site/. Reads nothing, needs no network. Asks for a passphrase of the root key, of the sift, of the desk's vault, and of each approver; the first root note and devices note are signed at once.

Afterwards move root/ to a stick that stays offline, and host/, sift/ and desk/ to the machines that run them, each with a copy of newsroom.toml.

Prints the newsroom's address, kkachi:ID@URL, which sources learn by hand.

Example:

    kkachi init mynews --name "My News" --url https://news.example --approver jin --approver ara`
}

// Run lays out a newsroom.
func (c *initCmd) Run(w *world) error {
	w.protect(false)
	n, err := c.newsroom()
	if err != nil {
		return err
	}
	if err := c.Passphrase.checkNames(append([]string{"root", "sift", "desk"}, c.Approver...)...); err != nil {
		return err
	}
	if err := mustBeNew(c.Dir); err != nil {
		return err
	}
	tmp := filepath.Clean(c.Dir) + ".tmp"
	if err := makeRoom(tmp); err != nil { // before anybody types ten passphrases
		return err
	}
	secrets, err := c.askAll(w)
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	defer secrets.wipe()
	if err := c.lay(w, tmp, n, secrets); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Remove(c.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, c.Dir); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := syncDir(filepath.Dir(filepath.Clean(c.Dir))); err != nil {
		return err
	}
	w.say("%s", n.address())
	w.say("The newsroom %q stands in %s. The line above is its address: sources learn it by hand.", n.Name, c.Dir)
	w.say("Move %s off this machine, to a stick that stays offline.", filepath.Join(c.Dir, "root"))
	w.say("Move host/, sift/ and desk/ each to a machine of its own, with a copy of %s: host and sift never to one.", configFile)
	w.say("Its notes end on %s. Before that: kkachi root sign %s", (cell.DayOf(w.now()) + seal.RootLife).String(), c.Dir)
	return nil
}

// makeRoom makes the folder in which init lays everything out before it gets its name.
func makeRoom(tmp string) error {
	err := os.Mkdir(tmp, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return bad(fmt.Errorf("%s is there: an init was broken off, or runs", tmp), "if none runs, remove "+tmp+": nothing in it was ever in use; then run init again")
	case errors.Is(err, fs.ErrNotExist):
		return bad(fmt.Errorf("there is no folder %s", filepath.Dir(tmp)), "make it, or name another")
	}
	return err
}

var approverName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// newsroom checks the flags.
func (c *initCmd) newsroom() (*newsroom, error) {
	n := newNewsroom()
	n.Name, n.URL, n.Listen.Drop = c.Name, c.URL, c.Listen
	n.setLanguages(c.Languages)
	if err := n.check(false); err != nil {
		return nil, bad(err, "see kkachi init --help")
	}
	seen := map[string]bool{"root": true, "sift": true, "desk": true}
	for _, name := range c.Approver {
		if !approverName.MatchString(name) || seen[name] {
			return nil, badf("--approver %q: write different names of small letters, digits and -, other than root, sift, desk", name)
		}
		seen[name] = true
	}
	if len(c.Approver) < 2 || len(c.Approver) > seal.MaxApprovers {
		return nil, badf("--approver: 2 to %d people must be able to approve, not %d", seal.MaxApprovers, len(c.Approver))
	}
	return &n, nil
}

// mustBeNew refuses a folder in which something stands.
func mustBeNew(dir string) error {
	if filepath.Clean(dir) == "." {
		return bad(errors.New("init can't make the folder in which it stands"), "name a new folder")
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return bad(err, "name a new folder")
	case len(entries) > 0:
		return bad(fmt.Errorf("%s is not empty", dir), "name a new folder: init never writes over anything")
	}
	return nil
}

// secrets are the passphrases by name.
type secrets map[string][]byte

func (s secrets) wipe() {
	for _, p := range s {
		clear(p)
	}
}

// askAll takes each passphrase from its file, or asks for it twice.
func (c *initCmd) askAll(w *world) (secrets, error) {
	out := secrets{}
	ask := func(name, what string) (err error) {
		out[name], err = w.setPassphrase(c.Passphrase, name, what)
		return err
	}
	for _, k := range []struct{ name, what string }{
		{"root", "the root key (root)"}, {"sift", "the sift (sift)"}, {"desk", "the desk's vault (desk)"},
	} {
		if err := ask(k.name, k.what); err != nil {
			return nil, err
		}
	}
	for _, name := range c.Approver {
		if err := ask(name, "approver "+name); err != nil {
			return nil, err
		}
	}
	for i, a := range c.Approver {
		for _, b := range c.Approver[i+1:] {
			if string(out[a]) == string(out[b]) {
				return nil, badf("approvers %s and %s have one passphrase: two people must not be one", a, b)
			}
		}
	}
	return out, nil
}

// lay makes everything in dir. Nothing of it counts until dir is renamed.
func (c *initCmd) lay(w *world, dir string, n *newsroom, s secrets) error {
	root, err := seal.NewSigningKey(seal.RoleRoot, w.rand)
	if err != nil {
		return err
	}
	defer root.Wipe()
	n.ID = seal.NewNewsroomID(root.Public()).String()
	fmt.Fprintln(w.stderr, "Making keys; this takes some seconds.")
	var t tokens
	if err := t.draw(w); err != nil {
		return err
	}
	if err := c.layHost(w, filepath.Join(dir, "host"), &t); err != nil {
		return err
	}
	unlock, err := sift.Passphrase(s["sift"])
	if err != nil {
		return bad(err, "")
	}
	siftKey, err := sift.Create(filepath.Join(dir, "sift"), unlock, sift.CreateOptions{Token: t.sift, Rand: w.rand})
	if err != nil {
		return err
	}
	pub, approvers, err := c.layDesk(w, filepath.Join(dir, "desk"), n, s, &t)
	if err != nil {
		return err
	}
	p := pair{
		root: seal.RootNote{
			Name: n.Name, W0: uint32(cell.DayOf(w.now())) / 7, First: root.Public(),
			SiftKeys: []seal.VerifyKey{siftKey}, DeskKeys: []seal.VerifyKey{pub.Sign},
		},
		devices: seal.DevicesNote{Devices: []seal.Device{{Name: "desk", Recipient: pub.Recipient}}, Approvers: approvers},
	}
	if err := writeFile(contactsDraft(dir), contacts.Encode(nil), 0o644); err != nil {
		return err
	}
	signed, err := p.sign(root, n.id(), 1, cell.DayOf(w.now()), seal.RootLife)
	if err != nil {
		return err
	}
	sealed, err := sealRootKey(root, s["root"], w.work)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o700); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "root", rootKeyFile), sealed, 0o600); err != nil {
		return err
	}
	if err := signed.save(dir); err != nil {
		return err
	}
	text, err := n.marshal()
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "site"), 0o755); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, configFile), text, 0o644)
}

// tokens are what sift, desk and press show to the host.
type tokens struct{ sift, desk, press string }

func (t *tokens) draw(w *world) (err error) {
	for _, p := range []*string{&t.sift, &t.desk, &t.press} {
		if *p, err = drop.NewToken(w.rand); err != nil {
			return err
		}
	}
	return nil
}

// layHost makes the host's folder: digests of tokens, and an empty store.
func (c *initCmd) layHost(w *world, dir string, t *tokens) error {
	if err := layStore(w, dir); err != nil {
		return err
	}
	list, err := t.list()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "tokens"), list.Marshal(), 0o600)
}

// Names of the tokens in the vault's ring.
const (
	secretDeskToken  = "cmd/token.desk"
	secretPressToken = "cmd/token.press"
)

// layDesk makes the vault with the desk's keys and tokens, and the approvers' keys.
func (c *initCmd) layDesk(w *world, dir string, n *newsroom, s secrets, t *tokens) (desk.Public, []seal.Approver, error) {
	pub, err := createDesk(w, dir, n, s["desk"], t)
	if err != nil {
		return pub, nil, err
	}
	var approvers []seal.Approver
	for _, name := range c.Approver {
		k, err := desk.CreateApprover(dir, name, s[name], w.work, w.rand)
		if err != nil {
			return pub, nil, err
		}
		approvers = append(approvers, seal.Approver{Name: name, Key: k})
	}
	return pub, approvers, nil
}

// createDesk makes the vault with the desk's keys and tokens.
func createDesk(w *world, dir string, n *newsroom, pass []byte, t *tokens) (desk.Public, error) {
	key, err := vault.Passphrase(pass)
	if err != nil {
		return desk.Public{}, bad(err, "")
	}
	pub, err := desk.Create(w.ctx, desk.Config{Dir: dir, Key: key, Newsroom: n.id(), Now: w.now, Rand: w.rand})
	if err != nil {
		return pub, err
	}
	v, err := vault.Open(dir, key, desk.Projectors(), w.vaultOptions())
	if err != nil {
		return pub, err
	}
	return pub, errors.Join(putTokens(v, t), v.Close())
}
