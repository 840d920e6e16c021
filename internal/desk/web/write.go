package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// backToStory returns to the story in the view that the form came from.
func (v *visit) backToStory(id desk.ID, sentence string) error {
	path := "/story/" + id.String()
	if view := v.form("view"); view == "side" || lang.Tag(view).Valid() {
		path += "?view=" + view
		if sentence != "" {
			path += "&s=" + sentence + "#s" + sentence
		}
	}
	return v.see(path)
}

// storyWrite runs one change of a story and goes back to it; an error that a person can
// mend is shown above the story.
func (s *Server) storyWrite(v *visit, said string, change func(id desk.ID) (desk.OpID, error)) error {
	return s.storyChange(v, said, one(change), func(id desk.ID) error { return v.backToStory(id, "") })
}

// photoWrite is storyWrite that returns to the photograph.
func (s *Server) photoWrite(v *visit, said string, change func(id desk.ID) ([]desk.OpID, error)) error {
	return s.storyChange(v, said, change, func(id desk.ID) error { return v.backAt(id, "photograph") })
}

// storyChange runs a change of a story of several operations, which one undo takes back, and goes
// where back leads.
func (s *Server) storyChange(v *visit, said string, change func(id desk.ID) ([]desk.OpID, error), back func(id desk.ID) error) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	ops, err := change(id)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showStory(v, id, w) })
	}
	s.sayAll(v.T(said), ops)
	return back(id)
}

// one is a change of one operation; none if it can't be taken back.
func one(change func(id desk.ID) (desk.OpID, error)) func(id desk.ID) ([]desk.OpID, error) {
	return func(id desk.ID) ([]desk.OpID, error) {
		op, err := change(id)
		if err != nil || op.IsZero() {
			return nil, err
		}
		return []desk.OpID{op}, nil
	}
}

func (s *Server) postStory(v *visit) error {
	title := v.form("title")
	id, op, err := s.desk.NewStory(v.ctx(), desk.Story{Title: title, Original: desk.Lang(v.form("original"))})
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showNewStory(v, w, title, v.form("claim")) })
	}
	s.say(v.T("desk.said.story"), op)
	if claim, err := desk.ParseID(v.form("claim")); err == nil {
		return v.see("/story/" + id.String() + "?s=1.1&claim=" + claim.String() + "#write")
	}
	return v.see("/story/" + id.String())
}

// place is where in a story a form works.
func (v *visit) place() (paragraph, sentence int, err error) {
	paragraph, err1 := strconv.Atoi(v.form("paragraph"))
	sentence, err2 := strconv.Atoi(v.form("sentence"))
	if errors.Join(err1, err2) != nil || paragraph < 0 || sentence < 0 {
		return 0, 0, desk.ErrNotFound
	}
	return paragraph, sentence, nil
}

// level reads the four axes that a form offers. Gender and count are not offered: they
// need two people and a reason, and no story has needed them.
func (v *visit) level() (lang.Level, error) {
	var l lang.Level
	for _, axis := range []struct {
		name string
		into *uint8
	}{{"place", &l.Place}, {"role", &l.Role}, {"day", &l.Day}, {"medium", &l.Medium}} {
		n, err := strconv.ParseUint(v.form(axis.name), 10, 8)
		if err != nil {
			return l, desk.ErrNotFound
		}
		*axis.into = uint8(n)
	}
	if !l.Valid() {
		return l, desk.ErrNotFound
	}
	return l, nil
}

// sentenceOf reads a sentence out of its form.
func (v *visit) sentenceOf() (desk.Sentence, error) {
	l, err := v.level()
	if err != nil {
		return desk.Sentence{}, err
	}
	out := desk.Sentence{Text: map[desk.Lang]string{}, Level: l, Disputed: v.form("disputed") == "yes", Grave: v.form("grave") == "yes"}
	for _, t := range lang.All() {
		if text := v.form("text-" + string(t)); text != "" {
			out.Text[t] = text
		}
	}
	out.Details = v.r.PostForm["details"]
	for _, c := range v.r.PostForm["claims"] {
		id, err := desk.ParseID(c)
		if err != nil {
			return out, desk.ErrNotFound
		}
		out.Claims = append(out.Claims, id)
	}
	if v.form("voice") != "" {
		if out.Voice, err = v.id("voice"); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (s *Server) postSentence(v *visit) error { return s.writeSentence(v, s.desk.SetSentence) }

func (s *Server) postInsert(v *visit) error { return s.writeSentence(v, s.desk.InsertSentence) }

// writeSentence reads a sentence and its place out of the form, and has it put there.
func (s *Server) writeSentence(v *visit, put func(ctx context.Context, story desk.ID, paragraph, sentence int, sen desk.Sentence) (desk.OpID, error)) error {
	return s.storyWrite(v, "desk.said.sentence", func(id desk.ID) (desk.OpID, error) {
		i, j, err := v.place()
		if err != nil {
			return desk.OpID{}, err
		}
		sen, err := v.sentenceOf()
		if err != nil {
			return desk.OpID{}, err
		}
		return s.takingDrafts(v, id, func(ctx context.Context) (desk.OpID, error) { return put(ctx, id, i, j, sen) })
	})
}

func (s *Server) postRemove(v *visit) error {
	return s.storyWrite(v, "desk.said.removed", func(id desk.ID) (desk.OpID, error) {
		i, j, err := v.place()
		if err != nil {
			return desk.OpID{}, err
		}
		return s.desk.RemoveSentence(v.ctx(), id, i, j)
	})
}

// postLevel lowers one axis of a sentence's level to what the gate allows.
func (s *Server) postLevel(v *visit) error {
	return s.storyWrite(v, "desk.said.coarser", func(id desk.ID) (desk.OpID, error) {
		i, j, err := v.place()
		if err != nil {
			return desk.OpID{}, err
		}
		st, err := s.desk.Story(v.ctx(), id)
		if err != nil {
			return desk.OpID{}, err
		}
		most, err := strconv.ParseUint(v.form("most"), 10, 8)
		if err != nil || i >= len(st.Story.Paragraphs) || j >= len(st.Story.Paragraphs[i].Sentences) {
			return desk.OpID{}, desk.ErrNotFound
		}
		l := st.Story.Paragraphs[i].Sentences[j].Level
		axis, ok := map[string]*uint8{"place": &l.Place, "role": &l.Role, "day": &l.Day, "medium": &l.Medium}[v.form("axis")]
		if !ok {
			return desk.OpID{}, desk.ErrNotFound
		}
		*axis = min(*axis, uint8(most))
		return s.desk.SetLevel(v.ctx(), id, i, j, l)
	})
}

func (s *Server) postEdition(v *visit) error {
	return s.storyWrite(v, "desk.said.saved", func(id desk.ID) (desk.OpID, error) {
		tag, err := lang.Parse(v.form("lang"))
		if err != nil {
			return desk.OpID{}, desk.ErrNotFound
		}
		return s.takingDrafts(v, id, func(ctx context.Context) (desk.OpID, error) {
			return s.desk.SetEdition(ctx, id, tag, desk.EditionText{
				Headline: v.form("headline"), Standfirst: v.form("standfirst"), Reason: v.form("reason"),
			})
		})
	})
}

// whole reads a story, changes it, and writes it back.
func (s *Server) whole(v *visit, id desk.ID, change func(*desk.Story)) (desk.OpID, error) {
	st, err := s.desk.Story(v.ctx(), id)
	if err != nil {
		return desk.OpID{}, err
	}
	change(&st.Story)
	return s.desk.SetStory(v.ctx(), id, st.Story)
}

func (s *Server) postNames(v *visit) error {
	return s.storyWrite(v, "desk.said.saved", func(id desk.ID) (desk.OpID, error) {
		return s.whole(v, id, func(st *desk.Story) {
			words := func(field string) lang.Words {
				return lang.Words{KO: v.form(field + "-ko"), EN: v.form(field + "-en"), ZH: v.form(field + "-zh")}
			}
			g := st.Names.Gender
			st.Names = lang.Names{
				Country: words("country"), Region: words("region"), Province: words("province"), City: words("city"),
				Sector: words("sector"), Trade: words("trade"), Post: words("post"), App: words("app"), When: words("when"),
				Gender: g,
			}
		})
	})
}

// postPhoto takes a photograph's file, or only new texts for the one there is.
func (s *Server) postPhoto(v *visit) error {
	return s.photoWrite(v, "desk.said.photo", func(id desk.ID) ([]desk.OpID, error) {
		data, name, err := v.file("photo")
		if err != nil {
			return nil, err
		}
		p := desk.Photo{
			File: v.form("file") == "yes", Alt: map[desk.Lang]string{}, Caption: map[desk.Lang]string{}, Credit: map[desk.Lang]string{},
		}
		for _, t := range lang.All() {
			p.Alt[t], p.Caption[t], p.Credit[t] = v.form("alt-"+string(t)), v.form("caption-"+string(t)), v.form("credit-"+string(t))
		}
		return s.desk.SetPhoto(v.ctx(), id, data, name, p)
	})
}

func (s *Server) postDropPhoto(v *visit) error {
	return s.storyWrite(v, "desk.said.nophoto", func(id desk.ID) (desk.OpID, error) {
		return s.desk.DropPhoto(v.ctx(), id)
	})
}

// file reads an uploaded file whole into memory: nothing of it touches a disk. Nil if none
// was chosen. The name is whatever the browser says, and is a stranger's text.
func (v *visit) file(field string) (data []byte, name string, err error) {
	if err := v.r.ParseMultipartForm(maxPhoto); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, "", err
		}
		return nil, "", &desk.FieldError{Field: field, Problem: "what was sent can't be read"} // a name with a null byte, say
	}
	f, h, err := v.r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	data, err = io.ReadAll(f)
	if err != nil || len(data) == 0 {
		return nil, "", err
	}
	return data, h.Filename, nil
}

func (s *Server) postClean(v *visit) error {
	return s.photoWrite(v, "desk.said.clean", one(func(id desk.ID) (desk.OpID, error) { return s.desk.CleanPhoto(v.ctx(), id) }))
}

// passphrase reads a passphrase and forgets the form's copy of it as far as Go lets it.
func (v *visit) passphrase() []byte {
	p := []byte(v.r.PostFormValue("passphrase"))
	v.r.PostForm.Del("passphrase")
	v.r.Form.Del("passphrase")
	return p
}

func (s *Server) postApprove(v *visit) error {
	return s.storyWrite(v, "desk.said.approved", func(id desk.ID) (desk.OpID, error) {
		p := v.passphrase()
		defer clear(p)
		_, err := s.desk.Approve(v.ctx(), id, v.form("approver"), p)
		return desk.OpID{}, err // others rely on it: it can't be undone
	})
}

func (s *Server) postOverride(v *visit) error {
	return s.storyWrite(v, "desk.said.override", func(id desk.ID) (desk.OpID, error) {
		p := v.passphrase()
		defer clear(p)
		_, err := s.desk.Override(v.ctx(), id, v.form("approver"), p, strings.TrimSpace(v.form("reason")))
		return desk.OpID{}, err // as above
	})
}

func (s *Server) postRelease(v *visit) error {
	return s.storyWrite(v, "desk.said.released", func(id desk.ID) (desk.OpID, error) {
		_, err := s.desk.Release(v.ctx(), id)
		return desk.OpID{}, err
	})
}
