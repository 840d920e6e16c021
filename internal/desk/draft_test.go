package desk

import (
	"context"
	"testing"

	"kkachi/internal/lang"
)

// A note and the end of its draft are one write: no crash leaves a note that stands as a draft too,
// and undoing the note is undoing the note.
func TestNoteTakesThePlaceOfItsDraft(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	typed := Ending(ctx, Typed{Key: "call"})
	must(t, r.desk.SaveDraft(ctx, "call", ID{}, "They meet every"))
	count := func(query string) (n int) {
		t.Helper()
		must(t, r.desk.v.View().QueryRow(ctx, query).Scan(&n))
		return n
	}
	_, note, op, err := r.desk.TakeCall(typed, CallNote{Lang: "en", Text: "They meet every two days.", Taker: "mina"})
	must(t, err)
	if text, err := r.desk.Draft(ctx, "call", ID{}); err != nil || text != "" {
		t.Errorf("the draft is %q, %v", text, err)
	}
	_, _, err = r.desk.Undo(ctx, op)
	must(t, err)
	if v, err := r.desk.Report(ctx, note); err == nil {
		t.Errorf("after undo the note stands: %+v", v)
	}
	// Without a draft nothing else is written.
	before := count(`SELECT count(*) FROM draft`)
	_, _, _, err = r.desk.TakeCall(typed, CallNote{Lang: "en", Text: "Patrols were doubled.", Taker: "mina"})
	must(t, err)
	if after := count(`SELECT count(*) FROM draft`); after != before {
		t.Errorf("%d drafts, before %d", after, before)
	}
}

// Each command that takes the place of a draft ends it in the write of its own operation, and only
// then: where it fails what was typed stays, and other drafts stay always.
func TestCommandsTakeThePlaceOfDrafts(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	r.sync()
	r.letterOf("They meet every two days.")
	r.sync()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	src := rows[0].ID
	thread, err := r.desk.Thread(ctx, src)
	must(t, err)
	report := thread.Reports[0].ID
	_, note, _, err := r.desk.TakeCall(ctx, CallNote{Lang: "en", Text: "A call.", Taker: "mina"})
	must(t, err)
	story, _, err := r.desk.NewStory(ctx, Story{Title: "t", Original: lang.English})
	must(t, err)
	_, err = r.desk.OpenCase(ctx, src, "mina")
	must(t, err)
	for name, c := range map[string]struct {
		about ID
		do    func(ctx context.Context, text string) error
	}{
		"reply": {src, func(ctx context.Context, text string) error {
			_, _, err := r.desk.Reply(ctx, src, text, "mina")
			return err
		}},
		"remark": {src, func(ctx context.Context, text string) error {
			_, _, err := r.desk.AddRemark(ctx, src, text, "mina")
			return err
		}},
		"step": {src, func(ctx context.Context, text string) error {
			_, err := r.desk.AddStep(ctx, src, text, "mina")
			return err
		}},
		"translation-ko": {report, func(ctx context.Context, text string) error {
			_, err := r.desk.Translate(ctx, report, lang.Korean, "mina", []string{text}, TranslationDone)
			return err
		}},
		"call": {note, func(ctx context.Context, text string) error {
			_, err := r.desk.EditCall(ctx, note, CallNote{Lang: "en", Text: text, Taker: "mina"})
			return err
		}},
		"h-en": {story, func(ctx context.Context, text string) error {
			_, err := r.desk.SetEdition(ctx, story, lang.English, EditionText{Headline: text})
			return err
		}},
		"c-1": {story, func(ctx context.Context, text string) error {
			_, _, err := r.desk.AddComment(ctx, story, ID{}, "mina", text)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, r.desk.SaveDraft(ctx, name, c.about, "typed"))
			must(t, r.desk.SaveDraft(ctx, "other", c.about, "another"))
			taking := Ending(ctx, Typed{name, c.about})
			gone, leave := context.WithCancel(taking)
			leave()
			if c.do(gone, "typed whole") == nil {
				t.Error("written for a browser that left")
			}
			if text, err := r.desk.Draft(ctx, name, c.about); err != nil || text != "typed" {
				t.Errorf("after a failure the draft is %q, %v", text, err)
			}
			before := r.operations()
			must(t, c.do(taking, "typed whole"))
			if n := r.operations() - before; n != 2 {
				t.Errorf("%d operations, want the command's and the draft's end", n)
			}
			for key, want := range map[string]string{name: "", "other": "another"} {
				if text, err := r.desk.Draft(ctx, key, c.about); err != nil || text != want {
					t.Errorf("the draft %s is %q, %v", key, text, err)
				}
			}
		})
	}
}

// operations counts those of the log.
func (r *room) operations() int {
	r.t.Helper()
	report, err := r.desk.v.Verify(r.t.Context(), nil)
	must(r.t, err)
	return report.Ops
}
