// Package press prints: it turns releases into a static site in Korean, English and Chinese,
// pages of one story linking each other, without anything from a third party.
//
// What enters: releases that two people approved, the photographs that they name, the
// newsroom's name, address and vetted contacts. What leaves: a folder of files, switched as a whole, and its
// manifest. What may never be known here: that sources exist. Nothing is printed that was
// not released, and no page holds a script or style of its own.
package press

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"kkachi/internal/lang"
	"kkachi/internal/look"
	"kkachi/internal/release"
)

// ErrSite is behind each refusal to print.
var ErrSite = errors.New("site cannot be printed")

// A Site is what the press knows of the newsroom.
type Site struct {
	Name    lang.Words // of the newspaper, in each language
	Address string     // kkachi:ID@URL, printed on the contact page
	Default lang.Tag   // of the page at the root; Korean if empty
	Bundle  fs.FS      // the reader's script, all files at its root; nil for a site without it
	// Contacts is the file of contacts that the root note names, whose contacts stand on each
	// page; nil for a site without them.
	Contacts []byte
	Policy   string // with which the host hands out pages, for those who check a site; may be empty
}

// scriptFile is the file of the bundle that pages load. Its folder is one below the site's
// root, from which the script finds the root.
const scriptFile = "page.js"

// A File is one file of the site.
type File struct {
	Path   string // relative, apart by slashes
	SHA256 [sha256.Size]byte
	Size   int64 // bytes
}

// A Manifest lists each file of the site, by path in ascending order.
type Manifest struct {
	Files []File
}

// A story is a release that is printed, checked.
type story struct {
	*release.Release
	photo []byte // nil if it has none
}

// edition is the story in language t.
func (s *story) edition(t lang.Tag) *release.Edition {
	i := slices.IndexFunc(s.Editions, func(e release.Edition) bool { return e.Lang == t })
	return &s.Editions[i] // a checked release has each
}

// Build prints stories into the folder dst and gives the manifest. Of two releases with one
// ID the later serial is printed. photo hands out the photographs that releases name; each is
// checked again. All is written into a new folder beside dst, synced, and then switched with
// dst as a whole; on any error dst stays as it was. The same input gives the same bytes.
func Build(dst string, stories []*release.Verified, photo func(release.Hash) ([]byte, error), s Site) (*Manifest, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	chosen, err := choose(stories, photo)
	if err != nil {
		return nil, err
	}
	files, err := render(chosen, s)
	if err != nil {
		return nil, err
	}
	if err := switchFolder(dst, files); err != nil {
		return nil, err
	}
	m := &Manifest{}
	for _, f := range files {
		m.Files = append(m.Files, File{f.path, sha256.Sum256(f.data), int64(len(f.data))})
	}
	return m, nil
}

// Preview writes the page of one story as it would be printed, for the desk: its style sheet
// is /static/site.css (look.Site) and its photograph /photo/HEX there.
func Preview(w io.Writer, r *release.Release, t lang.Tag, s Site) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	if !t.Valid() {
		return fmt.Errorf("%w: language %q is not one of ko, en, zh", ErrSite, t)
	}
	p := &printer{site: s, stories: []*story{{Release: r}}, preview: true}
	return p.write(w, p.story(p.stories[0], t))
}

// Style is the style sheet of the site.
func Style() []byte { return look.Site() }

func (s *Site) check() error {
	if s.Default == "" {
		s.Default = lang.Korean
	}
	if !s.Default.Valid() {
		return fmt.Errorf("%w: default language %q is not one of ko, en, zh", ErrSite, s.Default)
	}
	for _, t := range lang.All() {
		name := s.Name.In(t)
		if strings.TrimSpace(name) == "" || strings.ContainsFunc(name, release.Hidden) {
			return fmt.Errorf("%w: the newspaper's name in %s is empty or holds a hidden character", ErrSite, t)
		}
	}
	id, at, ok := strings.Cut(strings.TrimPrefix(s.Address, "kkachi:"), "@")
	u, err := url.Parse(at)
	if !ok || !strings.HasPrefix(s.Address, "kkachi:") || len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" ||
		err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsFunc(s.Address, release.Hidden) {
		return fmt.Errorf("%w: the address is not of the form kkachi:ID@URL", ErrSite)
	}
	_, err = s.contactList()
	return err
}

// choose opens each release, keeps the newest of each ID, fetches its photograph and sorts
// newest first.
func choose(verified []*release.Verified, photo func(release.Hash) ([]byte, error)) ([]*story, error) {
	newest := map[release.ID]*release.Release{}
	for _, v := range verified {
		r, err := v.Release()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSite, err)
		}
		if old := newest[r.ID]; old == nil || old.Serial < r.Serial {
			newest[r.ID] = r
		} else if old.Serial == r.Serial {
			if again, err := same(old, r); err != nil || !again {
				return nil, fmt.Errorf("%w: release %s stands twice with serial %d and different words", ErrSite, r.ID, r.Serial)
			}
		}
	}
	var out []*story
	slugs := map[release.Slug]bool{}
	for _, r := range newest {
		if slugs[r.Slug] {
			return nil, fmt.Errorf("%w: two releases have the slug %q: change one", ErrSite, r.Slug)
		}
		slugs[r.Slug] = true
		s := &story{Release: r}
		if r.Photo != nil {
			data, err := photo(r.Photo.SHA256)
			if err != nil {
				return nil, fmt.Errorf("%w: photograph of %q: %w", ErrSite, r.Slug, err)
			}
			if err := release.CheckPhoto(r.Photo, data); err != nil {
				return nil, fmt.Errorf("%w: photograph of %q: %w", ErrSite, r.Slug, err)
			}
			s.photo = data
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *story) int {
		return cmp.Or(cmp.Compare(b.Printed, a.Printed), cmp.Compare(a.Slug, b.Slug))
	})
	return out, nil
}

func same(a, b *release.Release) (bool, error) {
	x, err := a.Encode()
	if err != nil {
		return false, err
	}
	y, err := b.Encode()
	return string(x) == string(y), err
}
