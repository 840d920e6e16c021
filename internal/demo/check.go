package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"kkachi/internal/clean"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// checks counts what was looked at, so that the last lines can say it.
type checks struct {
	claims, rungs, metadata, canaries, files, pages int
	verified, contacts                              int // files of the site, and contacts on its pages
	kinds                                           map[desk.ReportKind]int
}

// check holds what was printed to expected/story.md, and looks on host, sift and site for what
// must be nowhere.
func (r *ring) check(ctx context.Context) error {
	if r.readBack == 0 {
		return errors.New("no letter told that the reply was read")
	}
	r.checked.kinds = map[desk.ReportKind]int{}
	for number, id := range r.reports {
		report, err := r.desk.Report(ctx, id)
		if err != nil {
			return fmt.Errorf("report %s: %w", number, err)
		}
		r.checked.kinds[report.Kind]++
	}
	pages, err := r.pages(ctx)
	if err != nil {
		return err
	}
	if err := checkPages(pages); err != nil {
		return err
	}
	site := os.DirFS(filepath.Join(r.dir, "site"))
	if err := r.checkPhotos(site); err != nil {
		return err
	}
	if r.checked.verified, r.checked.contacts, err = r.parts.Verify(ctx); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if r.planted, err = r.canaries(ctx); err != nil {
		return err
	}
	r.checked.canaries = len(r.planted)
	if err := r.search(r.planted, "host", "sift", "site"); err != nil {
		return err
	}
	if err := r.search(notPrinted(r.first), "site"); err != nil {
		return err
	}
	return nil
}

// search fails if a canary stands in clear, or encoded, in a folder of the demo.
func (r *ring) search(planted map[string]string, folders ...string) error {
	s := NewSearch(planted, false)
	for _, folder := range folders {
		fsys := os.DirFS(filepath.Join(r.dir, folder))
		hits, err := s.Folder(fsys)
		if err != nil {
			return err
		}
		if len(hits) > 0 {
			return fmt.Errorf("%d texts that must be nowhere are in %s, the first: %s", len(hits), folder, hits[0])
		}
		err = fs.WalkDir(fsys, ".", func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				r.checked.files++
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A page is one edition of the story as a reader gets it.
type page struct {
	tag  lang.Tag
	path string
	html string
}

// pages fetches the story in each language from the host.
func (r *ring) pages(ctx context.Context) ([]page, error) {
	var out []page
	for _, tag := range lang.All() {
		files, err := filepath.Glob(filepath.Join(r.dir, "site", string(tag), "stories", "*.html"))
		if err != nil {
			return nil, err
		}
		if len(files) != 1 {
			return nil, fmt.Errorf("%d stories are printed in %s, want 1", len(files), tag.Name())
		}
		at := path.Join("/", string(tag), "stories", filepath.Base(files[0]))
		body, err := r.parts.Get(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("the host's %s: %w", at, err)
		}
		printed, err := os.ReadFile(files[0])
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(body, printed) {
			return nil, fmt.Errorf("the host hands out other bytes for %s than were printed", at)
		}
		out = append(out, page{tag, at, string(body)})
	}
	r.checked.pages = len(out)
	return out, nil
}

// checkPages holds the editions to the [ring] lines of expected/story.md.
func checkPages(pages []page) error {
	var errs []error
	want := func(p page, text, what string) {
		if !strings.Contains(p.html, text) {
			errs = append(errs, fmt.Errorf("%s: %s is missing", p.path, what))
		}
	}
	mayNot := func(p page, text, what string) {
		if strings.Contains(strings.ToLower(p.html), strings.ToLower(text)) {
			errs = append(errs, fmt.Errorf("%s: %s is there", p.path, what))
		}
	}
	sources := map[lang.Tag][2]string{
		lang.Korean:  {"중국 내 소식통", "중국 내 또 다른 소식통"},
		lang.English: {"A source in China", "Another source in China"},
		lang.Chinese: {"在中国的一名消息人士", "在中国的另一名消息人士"},
	}
	disputed := map[lang.Tag]string{lang.Korean: "엇갈린다", lang.English: "disputed", lang.Chinese: "说法不一"}
	for _, p := range pages {
		for _, other := range pages {
			if other.tag != p.tag {
				want(p, other.path[len("/"):], "the link to "+other.path)
			}
		}
		for i, what := range []string{"the first source's attribution", "another source's attribution"} {
			want(p, sources[p.tag][i], what)
		}
		want(p, disputed[p.tag], "the word that the claim is disputed")
		want(p, lang.T(p.tag, "site.file_photo"), "the mark of a file photo")
		want(p, photo.Caption[p.tag], "the photograph's caption")
		want(p, photo.Credit[p.tag], "the photograph's credit")
		want(p, "contact.html", "the way to reach the newsroom")
		for _, third := range []string{`src="http`, `src="//`, `href="http`, `href="//`, "url(http", "@import"} {
			mayNot(p, third, "something of a third party")
		}
	}
	return errors.Join(errs...)
}

// checkPhotos finds no metadata in any picture that is printed.
func (r *ring) checkPhotos(site fs.FS) error {
	pictures := 0
	err := fs.WalkDir(site, "photos", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(site, p)
		if err != nil {
			return err
		}
		found, err := clean.Find(data)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("%s still holds %s", p, found[0])
		}
		pictures++
		return nil
	})
	if err == nil && pictures == 0 {
		err = errors.New("no photograph is printed")
	}
	return err
}
