package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/web"
	"kkachi/internal/lang"
	"kkachi/internal/press"
	"kkachi/internal/relay"
	"kkachi/internal/release"
	"kkachi/internal/seal"
	"kkachi/internal/sift"
	"kkachi/internal/vault"
	"kkachi/page"
)

type pressCmd struct {
	Build pressBuildCmd `cmd:"" help:"Print what was released into DIR/site."`
	Push  pressPushCmd  `cmd:"" help:"Print, sign, and put the site up to the host."`
}

// pressFlags are what both verbs have in common.
type pressFlags struct {
	Dir        string          `arg:"" help:"The folder with newsroom.toml and desk/."`
	KeyFile    string          `help:"Open the vault with a key file instead of a passphrase." placeholder:"PATH"`
	Passphrase passphraseFiles `help:"For scripts: desk=PATH." name:"passphrase-file" placeholder:"NAME=PATH" mapsep:"none"`
}

// open opens the desk, which must not be running elsewhere.
func (f *pressFlags) open(w *world, host string) (*newsroom, *desk.Desk, error) {
	w.protect(false)
	if err := f.Passphrase.checkNames("desk"); err != nil {
		return nil, nil, err
	}
	n, err := readNewsroom(f.Dir)
	if err != nil {
		return nil, nil, err
	}
	d, err := openDesk(w, n, deskAccess{dir: f.Dir, host: host, keyFile: f.KeyFile, passphrase: f.Passphrase})
	return n, d, err
}

type pressBuildCmd struct{ pressFlags }

// Help is shown by --help.
func (*pressBuildCmd) Help() string {
	return `Reads the releases in desk/, each with its two approvals, which are checked again; writes DIR/site, as a whole, in every language. Needs no network; the desk must not be running.

Example:

    kkachi press build mynews`
}

// Run prints the site.
func (c *pressBuildCmd) Run(w *world) (err error) {
	n, d, err := c.open(w, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	m, err := printSite(w.ctx, n, d, c.Dir)
	if err != nil {
		return err
	}
	w.say("Printed %d files into %s.", len(m.Files), siteFolder(c.Dir))
	return nil
}

type pressPushCmd struct {
	pressFlags
	Host string `help:"Reach the host there instead of at the newsroom's url." placeholder:"URL"`
	Now  bool   `help:"Put the site up even if it carries contacts or a script that readers' notes name only tomorrow: until then whoever watches is told that it differs."`
}

// Help is shown by --help.
func (*pressPushCmd) Help() string {
	return `Reads the releases in desk/, prints them as press build does, signs the list of files, puts up what the host lacks, and switches the site as a whole: readers see the old one or the new one. Writes DIR/site and the host. May be broken off and run again. The desk must not be running.

Contacts or a script that were signed today stand in the notes that readers get from the sift's next notes on, which it publishes after 00:00 UTC. Until then nothing is put up, unless with --now: exit code 3.

Example:

    kkachi press push mynews`
}

// Run prints and pushes the site.
func (c *pressPushCmd) Run(w *world) (err error) {
	n, d, err := c.open(w, c.Host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	m, err := printSite(w.ctx, n, d, c.Dir)
	if err != nil {
		return err
	}
	if !c.Now {
		if err := asReadersAreTold(w, n, c.Dir, c.Host); err != nil {
			return err
		}
	}
	serial, err := pushSite(w, n, d, m, c.Dir, c.Host)
	if err != nil {
		return err
	}
	if serial == 0 {
		w.say("The host has this site already.")
		return nil
	}
	w.say("The site stands at the host: %d files, serial %d.", len(m.Files), serial)
	return nil
}

// siteFolder is where the site is printed.
func siteFolder(dir string) string { return filepath.Join(dir, "site") }

// site is what the press needs to know of the newsroom, with the script of every reader.
func (n *newsroom) site() press.Site {
	return press.Site{Name: n.siteNames(), Address: n.address(), Default: n.Languages[0], Bundle: page.Bundle(), Policy: cell.Policy}
}

// preview prints one page of a story that is not approved yet, for the desk.
func preview(n *newsroom) desk.Printer {
	site := n.site()
	return func(w io.Writer, r *release.Release, l lang.Tag) error { return press.Preview(w, r, l, site) }
}

// printSite prints all that the desk has released into dir's site, with the contacts that the root
// note names.
func printSite(ctx context.Context, n *newsroom, d *desk.Desk, dir string) (*press.Manifest, error) {
	site := n.site()
	p, err := readPair(dir, n.id())
	if err != nil {
		return nil, err
	}
	if site.Contacts, err = signedContacts(dir, &p.root); err != nil {
		return nil, err
	}
	exports, err := d.Exports(ctx)
	if err != nil {
		return nil, err
	}
	var stories []*release.Verified
	photos := map[release.Hash][]byte{}
	for _, e := range exports {
		stories = append(stories, e.Verified)
		r, err := e.Verified.Release()
		if err != nil {
			return nil, err
		}
		if r.Photo != nil {
			photos[r.Photo.SHA256] = e.Photo
		}
	}
	photo := func(h release.Hash) ([]byte, error) {
		if b, ok := photos[h]; ok {
			return b, nil
		}
		return nil, fmt.Errorf("photograph %x: not among what was released", h[:4])
	}
	return press.Build(siteFolder(dir), stories, photo, site)
}

// asReadersAreTold refuses a site whose contacts or script are not those of the root note that
// readers are shown: each of them who checks would be told that the host lies. The sift publishes
// notes once a day (06-batch), so what was signed today is what they are shown tomorrow.
func asReadersAreTold(w *world, n *newsroom, dir, host string) error {
	ours, err := readPair(dir, n.id())
	if err != nil {
		return err
	}
	client, err := n.connect(w, host, "")
	if err != nil {
		return err
	}
	defer client.Close()
	var raw []byte
	err = client.Retry(w.ctx, func() (err error) { // as all else that is put up is tried
		raw, err = client.Notes(w.ctx)
		return err
	})
	if errors.Is(err, relay.ErrNotFound) {
		return nil // nobody is shown any notes yet
	}
	if err != nil {
		return err
	}
	shown, err := seal.VerifyNotes(raw, n.id(), cell.DayOf(w.now()))
	if err != nil {
		return nil //nolint:nilerr // notes that nobody believes promise nothing of the site
	}
	var what string
	switch {
	case !sameDigest(shown.Root.Contacts, ours.root.Contacts):
		what = "contacts"
	case shown.Root.Engine != nil && *shown.Root.Engine != page.Digest():
		what = "a script"
	default:
		return nil
	}
	err = fmt.Errorf("%w: it carries %s that root note %d, which readers are shown, does not name", web.ErrEarly, what, shown.Root.Serial)
	if what == "a script" && (ours.root.Engine == nil || *ours.root.Engine != page.Digest()) {
		return &failure{exitHold, err, `first sign the script of this kkachi: kkachi root sign DIR --engine "$(kkachi page hash)"; then wait for the sift's next notes, after 00:00 UTC`}
	}
	return &failure{exitHold, err, "wait for the sift's next notes, after 00:00 UTC, then run it again; or --now, and whoever watches is told of it until then"}
}

func sameDigest(a, b *[32]byte) bool { return a == b || a != nil && b != nil && *a == *b }

// errChanged is a file of the site that changed between printing and signing.
var errChanged = errors.New("changed after it was printed")

// pushSite signs what was printed and puts it up. It gives the new serial, or 0 if the host
// has the same files already.
func pushSite(w *world, n *newsroom, d *desk.Desk, m *press.Manifest, dir, host string) (uint64, error) {
	token, err := d.Vault().Secret(secretPressToken)
	if err != nil {
		return 0, fmt.Errorf("the press's token for the host: %w", err)
	}
	client, err := n.connect(w, host, string(token))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	present, err := currentSite(w.ctx, n, client, dir)
	if err != nil {
		return 0, err
	}
	note := seal.SiteNote{Newsroom: n.id(), Day: cell.DayOf(w.now())}
	for _, f := range m.Files {
		note.Files = append(note.Files, seal.SiteFile{Hash: f.SHA256, Size: uint64(f.Size), Path: f.Path})
	}
	if slices.Equal(note.Files, present.Files) {
		return 0, nil
	}
	if note.Serial, err = siteSerial(d.Vault(), present.Serial); err != nil {
		return 0, err
	}
	signed, err := d.SignSite(&note)
	if err != nil {
		return 0, err
	}
	if err := putFiles(w, client, siteFolder(dir), &note, present); err != nil {
		return 0, err
	}
	return note.Serial, client.PutSite(w.ctx, note.Serial, signed)
}

// secretSiteSerial is where the vault keeps the last serial under which a site was signed.
const secretSiteSerial = "cmd/serial.site"

// siteSerial is above the serial that stands at the host and above any that this desk has
// used: a host that was handed a site and died before it stood must never be handed another
// under the same serial (P13). It is durable before it is used. One that stands there and leaves
// hardly any above it is nobody's count: whoever had the press's token put it there, and it must
// not come into the vault, or no host would ever show a site again (P9).
func siteSerial(v *vault.Vault, present uint64) (uint64, error) {
	if present >= seal.MaxSerial-sift.SerialRoom {
		err := fmt.Errorf("the site that stands at the host has serial %d, above which none is left: somebody else has put it there", present)
		return 0, withHint(err, "renew the desk's tokens, and give the host an empty folder (doc/keys.md, doc/restore.md)")
	}
	b, err := v.Secret(secretSiteSerial)
	switch {
	case err == nil && len(b) == 8:
		present = max(present, binary.BigEndian.Uint64(b))
	case err != nil && !errors.Is(err, vault.ErrNotFound):
		return 0, fmt.Errorf("the serial of the site: %w", err)
	}
	if err := v.PutSecret(secretSiteSerial, binary.BigEndian.AppendUint64(nil, present+1), 0); err != nil {
		return 0, fmt.Errorf("the serial of the site: %w", err)
	}
	return present + 1, nil
}

// currentSite is the site that stands at the host; an empty one of serial 0 if none does.
func currentSite(ctx context.Context, n *newsroom, client *relay.Client, dir string) (*seal.SiteNote, error) {
	raw, err := client.CurrentSite(ctx)
	if errors.Is(err, relay.ErrNotFound) {
		return &seal.SiteNote{}, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := readPair(dir, n.id())
	if err != nil {
		return nil, err
	}
	note, err := seal.ParseSite(raw, &p.root)
	if errors.Is(err, seal.ErrSignature) {
		// By a key that is named no more: none of its files counts, but the next site's
		// serial must be above.
		serial, err := seal.SiteSerial(raw, n.id())
		return &seal.SiteNote{Serial: serial}, err
	}
	if err != nil {
		return nil, fmt.Errorf("the site that stands at the host: %w", err)
	}
	return note, nil
}

// putFiles puts up what the site at the host does not list. Each file is read once more, and
// must be what was printed.
func putFiles(w *world, client *relay.Client, site string, note, present *seal.SiteNote) error {
	there := map[[32]byte]bool{}
	for _, f := range present.Files {
		there[f.Hash] = true
	}
	step, end := w.progress("putting up files")
	defer end()
	for i, f := range note.Files {
		step(i, len(note.Files))
		if there[f.Hash] {
			continue
		}
		there[f.Hash] = true
		data, err := os.ReadFile(filepath.Join(site, filepath.FromSlash(f.Path)))
		if err != nil {
			return err
		}
		if sha256.Sum256(data) != f.Hash {
			return fmt.Errorf("%s: %w", f.Path, errChanged)
		}
		if err := client.PutObject(w.ctx, "site/"+hex.EncodeToString(f.Hash[:]), data); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	step(len(note.Files), len(note.Files))
	return nil
}
