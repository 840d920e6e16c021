package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"kkachi/internal/relay"
	"kkachi/internal/seal"
	lookout "kkachi/internal/watch"
	"kkachi/page"
)

type pageVerifyCmd struct {
	Site string `arg:"" help:"The newsroom, kkachi:ID@URL, learnt by hand; or the URL of its site."`
	JSON bool   `help:"Print newsroom, url, id_from_page, well, script, script_is_this_kkachis, contacts, files, root, desk, sift, site (serials), differs (a list of thing, what) and warnings." name:"json"`
	netFlags
}

// Help is shown by --help.
func (*pageVerifyCmd) Help() string {
	return `Fetches a newsroom's site from outside, each file of it once and each folder by its own address, and compares script, contacts, pages, notes and bulletin with what the newsroom has signed. Names each thing that differs. Keeps nothing: kkachi watch remembers, and shows what changes.

With the site's URL alone the newsroom's id is taken from the page that is to be checked: then the site may be whole, and another newsroom's. Compare the id with the one that you learnt by other means.

Whoever hands out the site can hand a true one to this program and another to somebody else: do it from the place and over the network of a reader, over Tor with --proxy. That hides who asks; a host that looks can still tell this program from a browser. Copies in gzip, which browsers ask for, are compared too, and so are the headers of each answer.

Exit code 0: nothing differs. 1: something differs, no site is published, or the host could not be reached. 2: bad input.

Example:

    kkachi page verify kkachi:ID@URL --proxy socks5://127.0.0.1:9050`
}

// hintShown is the step after a host that shows something wrong.
const hintShown = "write nothing in its pages; tell the newsroom by another way, and look again from elsewhere"

var errDiffers = errors.New("the site differs from what the newsroom has signed")

// A verified is what page verify says of a site.
type verified struct {
	Newsroom   string               `json:"newsroom"`
	URL        string               `json:"url"`
	IDFromPage bool                 `json:"id_from_page"` // nobody but the site itself says whose it is
	Well       bool                 `json:"well"`
	Script     string               `json:"script"` // that the root note names, or else the site lists; "": none, or no site was looked at
	ThisScript bool                 `json:"script_is_this_kkachis"`
	Contacts   int                  `json:"contacts"`
	Files      int                  `json:"files"`
	Root       uint64               `json:"root"`
	Desk       uint64               `json:"desk"`
	Sift       uint64               `json:"sift"`
	Site       uint64               `json:"site"` // 0: none is published
	Differs    []lookout.Difference `json:"differs"`
	Warnings   []string             `json:"warnings"`
}

// Run fetches, compares and says what it saw.
func (c *pageVerifyCmd) Run(w *world) error {
	w.protect(false)
	out, r, err := c.look(w)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := w.json(out); err != nil {
			return err
		}
	} else {
		out.print(w, r)
	}
	if !out.Well {
		return withHint(fmt.Errorf("%w (differences: %d)", errDiffers, len(out.Differs)), hintShown)
	}
	return nil
}

// look fetches and compares.
func (c *pageVerifyCmd) look(w *world) (out verified, r *lookout.Report, err error) {
	where := strings.TrimSpace(c.Site)
	out = verified{IDFromPage: !strings.HasPrefix(where, seal.AddressPrefix), URL: strings.TrimSuffix(where, "/"), Differs: []lookout.Difference{}, Warnings: []string{}}
	var id seal.NewsroomID
	if !out.IDFromPage {
		a, err := seal.ParseAddress(where)
		if err != nil {
			return out, nil, bad(fmt.Errorf("SITE: %w", err), "take it from the newsroom's printed page: kkachi:, 64 digits, @ and its URL")
		}
		id, out.URL = a.ID, a.URL
	}
	client, err := relay.New(out.URL, relay.Options{Proxy: c.Proxy, Sleep: w.sleep})
	if err != nil {
		return out, nil, bad(err, "name the root of the site, or kkachi:ID@URL; and check --proxy")
	}
	defer client.Close()
	if out.IDFromPage {
		if id, err = idOfPage(w.ctx, client); err != nil {
			return out, nil, err
		}
	}
	looks, err := lookout.Open(id, client, "", w.now, w.rand)
	if err != nil {
		return out, nil, err
	}
	looks.LookAtAll()
	r, err = looks.Visit(w.ctx)
	if err != nil && !errors.Is(err, lookout.ErrShown) {
		return out, nil, err
	}
	out.fill(id, r)
	return out, r, nil
}

// idOfPage reads from the page at a site's root for whom it speaks.
func idOfPage(ctx context.Context, client *relay.Client) (id seal.NewsroomID, err error) {
	data, err := client.File(ctx, "", lookout.SiteMaxFile)
	if err != nil {
		return id, err
	}
	doc, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		return id, err
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "script" {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "data-newsroom" {
				id, err := seal.ParseNewsroomID(a.Val)
				if err != nil {
					return id, withHint(fmt.Errorf("the page at the root: data-newsroom: %w", err), "use the newsroom's address, kkachi:ID@URL")
				}
				return id, nil
			}
		}
	}
	return id, withHint(errors.New("no page of a newsroom stands there: it loads no script of Kkachi's"), "name the root of the site, or use the newsroom's address, kkachi:ID@URL")
}

// fill takes over what a visit saw.
func (v *verified) fill(id seal.NewsroomID, r *lookout.Report) {
	v.Newsroom, v.Contacts, v.Files, v.Sift, v.Site = id.String(), r.Contacts, r.SiteFiles, r.Serial, r.Site
	v.Differs = append(v.Differs, r.Wrong...)
	for _, p := range r.Proofs {
		v.Differs = append(v.Differs, lookout.Difference{Thing: lookout.InNotes, What: p.String()})
	}
	v.Warnings = append(v.Warnings, r.Warnings...)
	own := page.Digest()
	if r.Root != nil {
		v.Root, v.Desk = r.Root.Serial, r.Desk.Serial
		switch engine := r.Root.Engine; {
		case engine == nil && r.Site > 0:
			v.Warnings = append(v.Warnings, "the root note names no script: a desk key alone vouches for the one of the site")
		case engine != nil && r.Site > 0:
			v.Script, v.ThisScript = hex.EncodeToString(engine[:]), *engine == own
		}
	}
	if v.Script == "" && r.Script != nil {
		v.Script, v.ThisScript = hex.EncodeToString(r.Script[:]), *r.Script == own
	}
	if v.Script != "" && !v.ThisScript {
		v.Warnings = append(v.Warnings, "the script is not the one of this kkachi: kkachi page hash of the version that the newsroom uses says whether it follows from source")
	}
	if r.Site == 0 && len(v.Differs) == 0 {
		v.Differs = append(v.Differs, lookout.Difference{Thing: lookout.InManifest, What: "no site is published there"})
	}
	if r.Unfinished != nil {
		v.Warnings = append(v.Warnings, fmt.Sprintf("the visit ended early, and more may differ: %v", r.Unfinished))
	}
	if v.IDFromPage {
		v.Warnings = append(v.Warnings, "the newsroom's id was taken from the page itself: compare it with the one that you learnt by other means")
	}
	v.Well = len(v.Differs) == 0
}

// print says it for people: a line for each thing, and each difference.
func (v *verified) print(w *world, r *lookout.Report) {
	w.say("%s", seal.AddressPrefix+v.Newsroom+"@"+v.URL)
	seen := map[string]string{lookout.InHeaders: "each as the host writes them"}
	if v.Root > 0 {
		seen[lookout.InNotes] = fmt.Sprintf("root note %d, desk note %d, sift note %d of %s", v.Root, v.Desk, v.Sift, r.Issued)
		seen[lookout.InBulletin] = "of " + r.Bulletin.String()
	}
	if v.Site > 0 {
		seen[lookout.InManifest] = fmt.Sprintf("site note %d, %d files, each fetched", v.Site, v.Files)
		seen[lookout.InScript] = v.Script
		seen[lookout.InContacts] = fmt.Sprintf("%d, in the file and on each page", v.Contacts)
		seen[lookout.InPage], seen[lookout.InFile] = "each as listed, and none runs anything else", "each as listed"
	}
	for _, thing := range []string{lookout.InNotes, lookout.InBulletin, lookout.InManifest, lookout.InScript, lookout.InContacts, lookout.InPage, lookout.InFile, lookout.InHeaders} {
		well := true
		for _, d := range v.Differs {
			if d.Thing == thing {
				well = false
				w.say("DIFFERS  %s", d)
			}
		}
		if what := seen[thing]; well && what != "" {
			w.say("same     %s: %s", thing, what)
		}
	}
	for _, s := range v.Warnings {
		w.say("note     %s", s)
	}
}
