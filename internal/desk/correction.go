package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// A correction is due for each printed sentence that stands worse now than when it was
// printed. It is derived, so that none is forgotten and undo takes it back; it ends when the
// story is printed anew, or when somebody says why it stays.

// A Due is a printed sentence that needs a correction.
type Due struct {
	Story               ID
	Title               string
	Serial              uint64 // of the release that printed it
	Paragraph, Sentence int    // from 0
	Text                string // as printed, in the language of the original edition
	Lang                Lang
	Claims              []MergedView // under it that stand worse
	Printed, Now        ladder.Rung
	Disputed            bool // disputed now, and printed as if it were not
	Withdrawn           bool // a claim under it was withdrawn
}

type dueKey struct {
	story               ID
	paragraph, sentence int
	rung                ladder.Rung
	disputed, withdrawn bool
}

func (u Due) key() dueKey {
	return dueKey{u.Story, u.Paragraph, u.Sentence, u.Now, u.Disputed, u.Withdrawn}
}

// settled is the content of saying why a story stays as it was printed. It holds as long as
// the same corrections are due.
type settled struct {
	Stands string `json:"stands"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Corrections gives the corrections that are due, by story.
func (d *Desk) Corrections(ctx context.Context) ([]Due, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	return d.due(ctx, b)
}

// SettleCorrection says why what is due for a story need not be printed.
func (d *Desk) SettleCorrection(ctx context.Context, story ID, by, reason string) (OpID, error) {
	if strings.TrimSpace(by) == "" {
		return OpID{}, field("by", "say who decides it")
	}
	if err := checkReason(reason); err != nil {
		return OpID{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all, err := d.Corrections(ctx)
	if err != nil {
		return OpID{}, err
	}
	var of []Due
	for _, u := range all {
		if u.Story == story {
			of = append(of, u)
		}
	}
	if len(of) == 0 {
		return OpID{}, fmt.Errorf("%w: no correction is due for story %s", ErrNotFound, story)
	}
	return d.append1(ctx, opSettle, story, story, settled{dueStands(of), by, reason})
}

func dueStands(of []Due) string {
	h := sha256.New()
	for _, u := range of {
		fmt.Fprintf(h, "%d %d %d %q %v %v\n", u.Serial, u.Paragraph, u.Sentence, u.Now, u.Disputed, u.Withdrawn)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// due derives the corrections that a board asks for.
func (d *Desk) due(ctx context.Context, b *board) ([]Due, error) {
	sts, err := d.states(ctx, nounStory)
	if err != nil {
		return nil, err
	}
	answers, err := d.flags(ctx, nounSettled)
	if err != nil {
		return nil, err
	}
	var out []Due
	for _, st := range sts {
		last, ok, err := lastOf[released](ctx, d, opRelease, st.thing)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		of, err := d.dueOf(ctx, b, st, last)
		if err != nil {
			return nil, err
		}
		if a, ok := answers[st.thing]; ok && len(of) > 0 {
			s, err := unmarshal[settled](a.doc)
			if err != nil {
				return nil, fmt.Errorf("desk: corrections: %w", err)
			}
			if s.Stands == dueStands(of) {
				continue
			}
		}
		out = append(out, of...)
	}
	return out, nil
}

// dueOf compares a story as it was printed last with how its claims stand.
func (d *Desk) dueOf(ctx context.Context, b *board, st state, last released) ([]Due, error) {
	s, err := d.Version(ctx, st.thing, last.Story)
	if errors.Is(err, ErrNotFound) { // released before versions were noted
		s, _, err = d.storyOf(ctx, st.thing)
	}
	if err != nil {
		return nil, err
	}
	data, err := d.blob(ctx, last.Release)
	if err != nil {
		return nil, err
	}
	r, err := release.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("desk: a released story: %w", err)
	}
	body, tag := original(r)
	var out []Due
	for i, p := range body {
		for j, sn := range p.Sentences {
			under, err := s.at(i, j)
			if err != nil || len(under.Claims) == 0 {
				continue
			}
			u := Due{
				Story: st.thing, Title: s.Title, Serial: last.Serial, Paragraph: i, Sentence: j, Text: string(sn.Text), Lang: tag,
				Printed: ladder.Rung(sn.Rung.String()),
			}
			if u.compare(b, under.Claims, sn.Disputed) {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

// compare finds out whether claims stand worse than they were printed.
func (u *Due) compare(b *board, claims []ID, printedDisputed bool) bool {
	for n, id := range claims {
		c := b.byID[id]
		if c == nil {
			u.Now = ladder.Unsupported
			continue
		}
		if n == 0 && u.Now == "" || c.result.Rung.Height() < u.Now.Height() {
			u.Now = c.result.Rung
		}
		if c.gone || c.result.Rung.Height() < u.Printed.Height() || c.result.Disputed && !printedDisputed {
			u.Claims = append(u.Claims, c.mergedView())
		}
		u.Withdrawn = u.Withdrawn || c.gone
		u.Disputed = u.Disputed || c.result.Disputed && !printedDisputed
	}
	return u.Withdrawn || u.Disputed || u.Now.Height() < u.Printed.Height()
}

// original gives the body of the edition that was written first.
func original(r *release.Release) ([]release.Paragraph, Lang) {
	for _, e := range r.Editions {
		if e.Lang == r.Original {
			return e.Body, e.Lang
		}
	}
	if len(r.Editions) == 0 {
		return nil, lang.Korean
	}
	return r.Editions[0].Body, r.Editions[0].Lang
}
