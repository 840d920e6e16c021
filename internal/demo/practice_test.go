package demo

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// A drawn remembers what was drawn, to look for it.
type drawn struct{ all [][]byte }

func (d *drawn) Read(p []byte) (int, error) {
	n, err := rand.Read(p)
	d.all = append(d.all, bytes.Clone(p[:n]))
	return n, err
}

func practise(t *testing.T) (*Practice, string, *drawn) {
	t.Helper()
	return practiseIn(t, lang.English)
}

func practiseIn(t *testing.T, l lang.Tag) (*Practice, string, *drawn) {
	t.Helper()
	dir, random := filepath.Join(t.TempDir(), "practice"), &drawn{}
	p, err := NewPractice(t.Context(), PracticeOptions{Dir: dir, Now: time.Now, Rand: random, Lang: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.End() })
	return p, dir, random
}

// done are the steps that are done, by name.
func done(t *testing.T, p *Practice) []string {
	t.Helper()
	steps, err := p.Lesson(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range steps {
		if s.Done {
			out = append(out, s.Key)
		}
	}
	return out
}

// Each step of the lesson is ticked off by doing what it says, in any order after the first of each,
// and no longer when that is undone. At its end the story of the case is released, and nothing has
// left: the desk has no host.
func TestLessonIsLearnedByDoing(t *testing.T) {
	p, _, _ := practise(t)
	ctx, d := t.Context(), p.Desk
	want := []string{}
	step := func(key string, do func() error) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if want = append(want, key); !slices.Equal(done(t, p), want) {
			t.Fatalf("after %s these are done: %v, want %v", key, done(t, p), want)
		}
	}
	if got := done(t, p); len(got) > 0 {
		t.Fatalf("done before anything was: %v", got)
	}
	if rows, err := d.Claims(ctx); err != nil || len(rows) != 11 {
		t.Fatalf("%d claims of the case's twelve but one, %v", len(rows), err)
	}
	writer, err := d.Thread(ctx, p.people[lessonWriter])
	if err != nil {
		t.Fatal(err)
	}
	step("letter", func() error { return d.MarkRead(ctx, writer.ID) })
	var call, claim desk.ID
	step("call", func() (err error) {
		_, call, _, err = d.TakeCall(ctx, desk.CallNote{Source: p.people[lessonCaller], Kind: desk.KindCall, Lang: lang.Korean, Text: "순찰이 잦아졌다고 합니다.", Taker: "t", Known: desk.KnownVoice})
		return err
	})
	step("claim", func() (err error) {
		claim, _, err = d.NewClaim(ctx, desk.Claim{Statement: "Patrols towards Laos have increased"})
		if err == nil {
			_, _, err = d.AddEvidence(ctx, desk.EvidenceInput{Claim: claim, Report: writer.Reports[0].ID, Stance: ladder.Supports, Path: ladder.Direct, Grade: 2})
		}
		return err
	})
	var evidence desk.OpID
	step("chains", func() (err error) {
		_, evidence, err = d.AddEvidence(ctx, desk.EvidenceInput{Claim: claim, Report: call, Stance: ladder.Supports, Path: ladder.Told, Relays: "k3", Grade: 2})
		return err
	})
	_, again, err := d.Undo(ctx, evidence)
	if err != nil || !slices.Equal(done(t, p), want[:3]) {
		t.Fatalf("undone, but done are %v, %v", done(t, p), err)
	}
	if _, _, err := d.Undo(ctx, again); err != nil {
		t.Fatal(err)
	}
	step("story", func() error {
		_, _, err := d.NewStory(ctx, desk.Story{Title: "Patrols", Original: lang.English, Paragraphs: []desk.Paragraph{{Sentences: []desk.Sentence{{
			Text: map[desk.Lang]string{lang.English: "{Source} said that patrols have increased."}, Level: level, Claims: []desk.ID{claim},
		}}}}})
		return err
	})
	if _, err := d.Approve(ctx, p.worked, practiceApprovers[0].name, []byte(practiceApprovers[0].passphrase)); !errors.Is(err, desk.ErrHeld) {
		t.Errorf("approved what the gate blocks: %v", err)
	}
	step("gate", func() error {
		if _, err := d.SetLevel(ctx, p.worked, 0, lessonLine, level); err != nil {
			return err
		}
		if st, err := d.Story(ctx, p.worked); err != nil || st.Verdict != desk.Block {
			t.Errorf("with the position in the photograph the verdict is %s, %v", st.Verdict, err)
		}
		_, err := d.CleanPhoto(ctx, p.worked)
		return err
	})
	step("release", func() error {
		for _, a := range practiceApprovers {
			if _, err := d.Approve(ctx, p.worked, a.name, []byte(a.passphrase)); err != nil {
				return err
			}
		}
		_, err := d.Release(ctx, p.worked)
		return err
	})
	if _, err := d.Sync(ctx); err == nil {
		t.Error("a practice desk exchanged with a host")
	}
}

// Whoever reads one language finds all in it that the case's journalist wrote, and beside each telling
// in another language a finished translation of each of its sentences.
func TestPracticeSpeaksTheLearnersLanguage(t *testing.T) {
	for _, l := range lang.All() {
		if testing.Short() && l != lang.Korean {
			continue
		}
		p, _, _ := practiseIn(t, l)
		ctx := t.Context()
		speaks := func(what, text string) {
			t.Helper()
			if got := lang.Guess(text); got != l {
				t.Errorf("%s: %s is in %q: %s", l, what, got, text)
			}
		}
		claims, err := p.Desk.Claims(ctx)
		if err != nil || len(claims) != 11 {
			t.Fatalf("%d claims, %v", len(claims), err)
		}
		for _, c := range claims {
			speaks("claim "+c.Number, c.Statement)
		}
		story, err := p.Desk.Story(ctx, p.worked)
		if err != nil {
			t.Fatal(err)
		}
		speaks("title", story.Title)
		answered := 0
		for _, rule := range story.House {
			if rule.Reason != "" {
				answered++
				speaks("answer to "+rule.ID, rule.Reason)
			}
		}
		if answered < 5 {
			t.Errorf("%s: %d house rules are answered", l, answered)
		}
		for _, id := range p.people {
			th, err := p.Desk.Thread(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range th.Reports {
				if r.Lang == l {
					continue
				}
				if len(r.Translations) != 1 || r.Translations[0].Lang != l || r.Translations[0].State != desk.TranslationDone {
					t.Errorf("%s: report %02d in %s has the translations %+v", l, r.Number, r.Lang, r.Translations)
					continue
				}
				for _, s := range r.Translations[0].Sentences {
					if len([]rune(s.Text)) > 12 {
						speaks("a sentence", s.Text)
					}
				}
			}
		}
	}
}

// Whoever takes the folder, while somebody practises or after a crash, finds no word of it in clear and
// nothing that opens it: its key was drawn, and stands in no file. Ended, the folder is gone.
func TestPracticeLeavesNothing(t *testing.T) {
	p, dir, random := practise(t)
	r := &ring{desk: p.Desk, people: map[string]*person{}}
	planted, err := r.canaries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(planted) < 20 {
		t.Fatalf("only %d canaries", len(planted))
	}
	planted["the key"] = string(random.all[0])
	crashed, keyFile := t.TempDir(), filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.CopyFS(crashed, os.DirFS(dir)), os.WriteFile(keyFile, hex.AppendEncode(nil, random.all[0]), 0o600)); err != nil {
		t.Fatal(err)
	}
	if key, err := vault.KeyFile(keyFile); err != nil {
		t.Fatal(err)
	} else if v, err := vault.Open(crashed, key, desk.Projectors(), vault.Options{Now: time.Now, Rand: rand.Reader}); err != nil {
		t.Fatalf("what was looked for is not the key: %v", err)
	} else if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	hits, err := NewSearch(planted, true).Folder(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		t.Errorf("found: %s", h)
	}
	if err := p.End(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder outlived its practice: %v", err)
	}
	if err := p.End(); err != nil || !p.Over() {
		t.Errorf("ended twice: %v", err)
	}
}
