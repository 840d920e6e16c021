package demo

import (
	"context"
	"fmt"
	"slices"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/desk/web"
)

// Lesson says how far whoever learns has come. It is read from what stands at the desk; nothing is
// kept for it, so that undoing a step undoes it here too.
func (p *Practice) Lesson(ctx context.Context) ([]web.LessonStep, error) {
	rows, err := p.Desk.Inbox(ctx)
	if err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}
	told, read := 0, false
	for _, row := range rows {
		told += row.Reports
		if row.ID == p.people[lessonWriter] {
			read = !row.Unread
		}
	}
	claim, stands, err := p.claim(ctx)
	if err != nil {
		return nil, err
	}
	written, err := p.carried(ctx, claim)
	if err != nil {
		return nil, err
	}
	worked, err := p.Desk.Story(ctx, p.worked)
	if err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}
	writer, story := "/thread/"+p.people[lessonWriter].String(), "/story/"+p.worked.String()
	board, begin := "/claims", "/story/new"
	if !claim.IsZero() {
		board, begin = "/claim/"+claim.String(), "/story/new?claim="+claim.String()
	}
	return []web.LessonStep{
		{Key: "letter", Path: writer, Done: read},
		{Key: "call", Path: "/call?thread=" + p.people[lessonCaller].String(), Done: told > p.told},
		{Key: "claim", Path: writer, Done: !claim.IsZero()},
		{Key: "chains", Path: board, Done: stands},
		{Key: "story", Path: begin, Done: written},
		{Key: "gate", Path: story, Done: worked.Verdict != desk.Block},
		{Key: "release", Path: story + "#approval", Done: worked.Serial > 0, Args: practiceSigns()},
	}, nil
}

func practiceSigns() []any {
	var out []any
	for _, a := range practiceApprovers {
		out = append(out, a.name, a.passphrase)
	}
	return out
}

// claim is the first that whoever learns has made, better one on two independent chains.
func (p *Practice) claim(ctx context.Context) (id desk.ID, stands bool, err error) {
	rows, err := p.Desk.Claims(ctx)
	if err != nil {
		return id, false, fmt.Errorf("practice: %w", err)
	}
	for _, c := range rows {
		if p.claims[c.ID] || c.Withdrawn {
			continue
		}
		two := c.Rung == ladder.Independent
		if id.IsZero() || two && !stands {
			id, stands = c.ID, two
		}
	}
	return id, stands, nil
}

// carried says whether a sentence of any story carries the claim.
func (p *Practice) carried(ctx context.Context, claim desk.ID) (bool, error) {
	rows, err := p.Desk.Stories(ctx)
	if err != nil {
		return false, fmt.Errorf("practice: %w", err)
	}
	for _, row := range rows {
		if claim.IsZero() {
			break
		}
		st, err := p.Desk.Story(ctx, row.ID)
		if err != nil {
			return false, fmt.Errorf("practice: %w", err)
		}
		for _, par := range st.Story.Paragraphs {
			for _, s := range par.Sentences {
				if slices.Contains(s.Claims, claim) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}
