package desk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// build makes the release of a story: texts with their attributions filled in, rungs,
// levels. Nothing that names a source goes in, and release has no field for it.
func build(v *StoryView, id release.ID, serial uint64, printed cell.Day) (*release.Release, error) {
	r := &release.Release{
		Version: release.Version, ID: id, Serial: serial, Slug: slug(&v.Story, id), Printed: release.Day(printed),
		Original: v.Story.Original,
	}
	for _, c := range v.Story.Corrections {
		r.Corrections = append(r.Corrections, release.Correction{Day: release.Day(c.Day), Text: perLang(c.Text)})
	}
	if v.Story.Retraction != nil {
		buildRetracted(r, &v.Story)
		return r, r.Check()
	}
	for _, l := range lang.All() {
		e := v.Story.Editions[l]
		out := release.Edition{Lang: l, Headline: text(e.Headline), Standfirst: text(e.Standfirst), Anonymity: text(e.Reason)}
		for _, p := range v.Paragraphs {
			var q release.Paragraph
			for _, sn := range p.Sentences {
				s := release.Sentence{Text: text(sn.Printed[l]), Disputed: sn.Disputed}
				if len(sn.Attribution) > 0 {
					s.Level = sn.Level
				}
				if sn.Rung != "" {
					rung, err := release.ParseRung(string(sn.Rung))
					if err != nil {
						return nil, fmt.Errorf("desk: %w", err)
					}
					s.Rung = rung
				}
				q.Sentences = append(q.Sentences, s)
			}
			out.Body = append(out.Body, q)
		}
		r.Editions = append(r.Editions, out)
	}
	if err := buildPhoto(r, v.Photo); err != nil {
		return nil, err
	}
	return r, r.Check()
}

// next makes the release that follows what readers have: at the same address, and with every
// correction that they were told.
func (d *Desk) next(ctx context.Context, v *StoryView, c candidate) (*release.Release, error) {
	r, err := build(v, c.ID, c.Serial, c.Printed)
	if err != nil {
		return nil, err
	}
	last, ok, err := lastOf[released](ctx, d, opRelease, v.ID)
	if err != nil || !ok {
		return r, err
	}
	data, err := d.blob(ctx, last.Release)
	if err != nil {
		return nil, err
	}
	before, err := release.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("desk: the release before: %w", err)
	}
	r.Slug = before.Slug
	if n := len(before.Corrections); len(r.Corrections) < n || !slices.Equal(r.Corrections[:n], before.Corrections) {
		return nil, field("corrections", "readers were told one that the story no longer holds: undo what took it out")
	}
	return r, nil
}

func buildPhoto(r *release.Release, p *PhotoView) error {
	if p == nil {
		return nil
	}
	sum, err := hex.DecodeString(p.SHA256)
	if err != nil || len(sum) != len(release.Hash{}) {
		return errors.New("desk: the photograph's harmless copy is not made yet")
	}
	r.Photo = &release.Photo{
		SHA256: release.Hash(sum), MIME: release.MIME(p.MIME), Width: p.Width, Height: p.Height, Clean: p.Copied,
		FilePhoto: p.File, Alt: perLang(p.Alt), Caption: perLang(p.Caption), Credit: perLang(p.Credit),
	}
	return nil
}

func text(s string) release.Text { return release.Text(norm.NFC.String(strings.TrimSpace(s))) }

func perLang(m map[Lang]string) release.PerLang {
	return release.PerLang{KO: text(m[lang.Korean]), EN: text(m[lang.English]), ZH: text(m[lang.Chinese])}
}

const maxSlug = 64

// slug is the story's own, or made from the English headline, or from the release's id.
func slug(s *Story, id release.ID) release.Slug {
	if s.Slug != "" {
		return release.Slug(s.Slug)
	}
	var b strings.Builder
	for _, r := range strings.ToLower(s.Editions[lang.English].Headline) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	out := strings.Trim(b.String()[:min(b.Len(), maxSlug)], "-")
	if len(out) < 3 {
		out = "story-" + id.String()[:8]
	}
	return release.Slug(out)
}

// drawDay gives the day that is printed: the one that was drawn when it was held, or the one given, or
// one drawn from the window, or today.
func (d *Desk) drawDay(v *StoryView) (cell.Day, error) {
	s := &v.Story
	if e := v.Exposure.Embargo; e != nil {
		return e.printed(d.Today()), nil
	}
	if s.Printed != 0 {
		return s.Printed, nil
	}
	if s.From == 0 {
		return d.Today(), nil
	}
	n, err := below(d.cfg.Rand, int(s.To-s.From)+1)
	return s.From + cell.Day(n), err
}

// An Export is a released story with what is needed to check it again and to print it.
type Export struct {
	Data      []byte // canonical
	Approvals []release.Approval
	Verified  *release.Verified
	Photo     []byte // the harmless copy; nil if there is none
}

// Exports gives the newest release of each story, checked again, by number of the story.
func (d *Desk) Exports(ctx context.Context) ([]Export, error) {
	sts, err := d.states(ctx, nounStory)
	if err != nil {
		return nil, err
	}
	var out []Export
	for _, st := range sts {
		r, ok, err := lastOf[released](ctx, d, opRelease, st.thing)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		e := Export{Approvals: r.Approvals}
		if e.Data, err = d.blob(ctx, r.Release); err != nil {
			return nil, err
		}
		keys, err := r.approvers(d.cfg.Newsroom)
		if err != nil {
			return nil, err
		}
		if e.Verified, err = release.Open(e.Data, r.Approvals, keys); err != nil {
			return nil, fmt.Errorf("desk: a released story: %w", err)
		}
		if r.Photo != nil {
			if e.Photo, err = d.blob(ctx, r.Photo); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// PreviewRelease writes a page of a release that left the house earlier, as it was printed.
func (d *Desk) PreviewRelease(ctx context.Context, id ID, serial uint64, l Lang, w io.Writer) error {
	if d.cfg.Preview == nil {
		return errors.New("desk: no printer was given for previews")
	}
	evs, err := d.events(ctx, opRelease, id)
	if err != nil {
		return err
	}
	for _, e := range evs {
		rel, err := unmarshal[released](e.doc)
		if err != nil {
			return err
		}
		if rel.Serial != serial {
			continue
		}
		data, err := d.blob(ctx, rel.Release)
		if err != nil {
			return err
		}
		r, err := release.Decode(data)
		if err != nil {
			return fmt.Errorf("desk: %w", err)
		}
		return d.cfg.Preview(w, r, l)
	}
	return fmt.Errorf("%w: release %d", ErrNotFound, serial)
}

// Preview writes a page of the story as it would be printed today, not approved yet.
func (d *Desk) Preview(ctx context.Context, id ID, l Lang, w io.Writer) error {
	if d.cfg.Preview == nil {
		return errors.New("desk: no printer was given for previews")
	}
	v, err := d.judged(ctx, id)
	if err != nil {
		return err
	}
	printed := v.Story.Printed
	if printed == 0 {
		printed = d.Today()
	}
	r, err := build(v, release.ID(id), 1, printed)
	if err != nil {
		return err
	}
	return d.cfg.Preview(w, r, l)
}
