package desk

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"kkachi/internal/lang"
)

// Stories lists the stories, newest change first.
func (d *Desk) Stories(ctx context.Context) ([]StoryRow, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	return d.storiesWhere(ctx, b, func(ID) bool { return true })
}

// storiesWhere lists those that are wanted.
func (d *Desk) storiesWhere(ctx context.Context, b *board, want func(ID) bool) ([]StoryRow, error) {
	sts, err := d.states(ctx, nounStory)
	if err != nil {
		return nil, err
	}
	book := d.ledgers()
	out := make([]StoryRow, 0, len(sts))
	for _, st := range sts {
		if !want(st.thing) {
			continue
		}
		v, err := d.view(ctx, st, b, book, true)
		if err != nil {
			return nil, err
		}
		out = append(out, v.StoryRow)
	}
	slices.SortStableFunc(out, func(a, b StoryRow) int { return int(b.Day) - int(a.Day) })
	return out, nil
}

// Story gives a story with everything that is derived for it.
func (d *Desk) Story(ctx context.Context, id ID) (*StoryView, error) { return d.judged(ctx, id) }

func (d *Desk) judged(ctx context.Context, id ID) (*StoryView, error) {
	st, err := d.state(ctx, nounStory, id)
	if err != nil {
		return nil, err
	}
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	return d.view(ctx, st, b, d.ledgers(), false)
}

func (d *Desk) view(ctx context.Context, st state, b *board, book *ledgerBook, briefly bool) (*StoryView, error) {
	s, err := unmarshal[Story](st.doc)
	if err != nil {
		return nil, err
	}
	return d.viewOf(ctx, st, &s, b, book, briefly)
}

// viewOf derives everything of a story; briefly leaves out what only its own page shows.
func (d *Desk) viewOf(ctx context.Context, st state, s *Story, b *board, book *ledgerBook, briefly bool) (*StoryView, error) {
	v := &StoryView{Story: *s, Op: st.op}
	v.StoryRow = StoryRow{ID: st.thing, Title: s.Title, Headlines: map[Lang]string{}, Day: st.day}
	for _, l := range lang.All() {
		if h := s.Editions[l].Headline; h != "" {
			v.Headlines[l] = h
			v.Langs = append(v.Langs, l)
		}
	}
	v.Paragraphs = d.tell(s, b, b.carried)
	var err error
	if v.Photo, err = d.photo(ctx, st.thing, s); err != nil {
		return nil, err
	}
	if v.Exposure, err = d.expose(ctx, v, b, book, briefly); err != nil {
		return nil, err
	}
	if err := d.judge(ctx, v); err != nil {
		return nil, err
	}
	if v.Comments, err = d.comments(ctx, st.thing, s); err != nil {
		return nil, err
	}
	for _, c := range v.Comments {
		if !c.Done {
			v.StoryRow.Comments++
		}
	}
	v.Retracted = s.Retraction != nil
	if v.Drafts, err = d.draftsOf(ctx, st.thing); err != nil {
		return nil, err
	}
	return v, d.progress(ctx, v)
}

// progress finds out how far the story has come.
func (d *Desk) progress(ctx context.Context, v *StoryView) error {
	// Without a devices note nobody may approve; the story can still be written.
	if pubs, err := d.approvers(); err == nil {
		v.Approvers = slices.Sorted(maps.Keys(pubs))
	}
	c, _, ok, err := d.fresh(ctx, v.ID, v)
	if err != nil {
		return err
	}
	if ok {
		if _, v.Signed, err = d.approvals(ctx, v.ID, c); err != nil {
			return err
		}
	}
	v.Approvals = len(v.Signed)
	evs, err := d.events(ctx, opRelease, v.ID)
	if err != nil {
		return err
	}
	var last released
	for _, e := range evs {
		if last, err = unmarshal[released](e.doc); err != nil {
			return err
		}
		v.Releases = append(v.Releases, last.view(e.day))
		v.Serial = last.Serial
	}
	switch {
	case ok && len(evs) > 0 && slices.Equal(last.Digest, c.Digest):
		v.State = Released
	case v.Verdict != Pass:
		v.State = Held
	case v.Approvals > 0:
		v.State = Approved
	default:
		v.State = Drafting
	}
	return nil
}

// printedBy gives the released stories that rest on a source.
func (d *Desk) printedBy(ctx context.Context, src ID) ([]ID, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	var out []ID
	for _, s := range b.stories {
		rests := s.printed && slices.ContainsFunc(s.claims, func(id ID) bool {
			c := b.byID[id]
			return c != nil && slices.ContainsFunc(c.evidence, func(e *evidenceState) bool { return e.report.Source == b.one(src) })
		})
		if rests {
			out = append(out, s.id)
		}
	}
	return out, nil
}

// released gives the stories that were released at least once.
func (d *Desk) released(ctx context.Context) (map[ID]bool, error) {
	rows, err := d.v.View().Query(ctx, `SELECT DISTINCT thing FROM event WHERE kind = ?`, string(opRelease))
	if err != nil {
		return nil, fmt.Errorf("desk: stories: %w", err)
	}
	list, err := collect(rows, func(id *ID) []any { return []any{id} })
	out := map[ID]bool{}
	for _, id := range list {
		out[id] = true
	}
	return out, err
}

// A StoryTitle names a story.
type StoryTitle struct {
	ID      ID
	Title   string
	Printed bool
}

// StoryTitles lists the stories, without judging them.
func (d *Desk) StoryTitles(ctx context.Context) ([]StoryTitle, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]StoryTitle, len(b.stories))
	for i, s := range b.stories {
		out[i] = StoryTitle{s.id, s.title, s.printed}
	}
	return out, nil
}
