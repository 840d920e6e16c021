package demo

import (
	"context"
	"fmt"
	"io/fs"

	"kkachi/internal/desk"
)

// print drafts the story, makes the harmless copy of its photograph, has it approved by two,
// releases it, and pushes the site.
func (r *ring) print(ctx context.Context) error {
	tellers := map[string]desk.ID{}
	for name, p := range r.people {
		tellers[name] = p.id
	}
	var err error
	if r.story, _, err = r.desk.NewStory(ctx, draft(r.claims, tellers)); err != nil {
		return fmt.Errorf("story: %w", err)
	}
	if _, err := r.desk.SetAmong(ctx, r.story, among); err != nil {
		return fmt.Errorf("estimates: %w", err)
	}
	if err := r.photograph(ctx); err != nil {
		return fmt.Errorf("photograph: %w", err)
	}
	if err := r.answer(ctx); err != nil {
		return fmt.Errorf("house rules: %w", err)
	}
	if err := r.gate(ctx); err != nil {
		return err
	}
	if err := r.parts.Approve(ctx, r.desk, r.story); err != nil {
		return fmt.Errorf("approval: %w", err)
	}
	if r.released, err = r.desk.Release(ctx, r.story); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if err := r.parts.Print(ctx, r.desk); err != nil {
		return fmt.Errorf("press: %w", err)
	}
	return nil
}

// photograph attaches the case's photograph. Until its harmless copy is made, the position in
// the file must block the release.
func (r *ring) photograph(ctx context.Context) error {
	if err := r.attach(ctx); err != nil {
		return err
	}
	view, err := r.desk.Story(ctx, r.story)
	if err != nil {
		return err
	}
	if view.Verdict != desk.Block {
		return fmt.Errorf("with a position in it the verdict is %s, want %s", view.Verdict, desk.Block)
	}
	r.checked.metadata = len(view.Photo.Findings)
	_, err = r.desk.CleanPhoto(ctx, r.story)
	return err
}

// attach gives the story the photograph as it came.
func (r *ring) attach(ctx context.Context) error {
	file, err := fs.ReadFile(caseFiles, "case/photo.jpg")
	if err != nil {
		return err
	}
	_, err = r.desk.SetPhoto(ctx, r.story, file, "photo.jpg", photo)
	return err
}

// gate looks at the verdict as an editor would: a story that is blocked is not approved.
func (r *ring) gate(ctx context.Context) error {
	view, err := r.desk.Story(ctx, r.story)
	if err != nil {
		return err
	}
	for _, f := range view.Findings {
		if f.Verdict == desk.Block {
			return fmt.Errorf("the gate blocks the story: %s (paragraph %d, sentence %d, %s)", f.Rule, f.Paragraph+1, f.Sentence+1, f.Lang)
		}
	}
	return nil
}

// answer gives a reason for each house rule that holds the story. A rule that the demo has no
// reason for is not waved through.
func (r *ring) answer(ctx context.Context) error {
	view, err := r.desk.Story(ctx, r.story)
	if err != nil {
		return err
	}
	for _, rule := range view.House {
		if rule.Verdict != desk.Hold {
			continue
		}
		if answers[rule.ID] == "" {
			return fmt.Errorf("the demo has no answer to %q", rule.ID)
		}
		if _, err := r.desk.AnswerRule(ctx, r.story, rule.Rule(), r.journalist(), in(practiceAnswers[rule.ID], r.speaks, answers[rule.ID])); err != nil {
			return err
		}
	}
	return nil
}
