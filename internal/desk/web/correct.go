package web

import (
	"bytes"
	"errors"
	"strconv"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// afterView is what can be done about a story that was released.
type afterView struct {
	Any       bool
	Lines     []correctionLine
	Retracted bool
	Day       string
	Texts     []correctionText // of the retraction that stands
}

type correctionLine struct {
	Day   string
	Texts []correctionText
}

type correctionText struct {
	Lang, Name string
	Text       said
}

func (v *visit) after(p *storyPage, st *desk.StoryView) {
	p.After.Any = st.Serial > 0
	texts := func(m map[desk.Lang]string) []correctionText {
		var out []correctionText
		for _, l := range lang.All() {
			out = append(out, correctionText{l.HTML(), l.Name(), says(l, m[l])})
		}
		return out
	}
	for _, c := range st.Story.Corrections {
		p.After.Lines = append(p.After.Lines, correctionLine{v.T("desk.correct.line", v.day(c.Day)), texts(c.Text)})
	}
	if r := st.Story.Retraction; r != nil {
		p.After.Retracted, p.After.Day, p.After.Texts = true, v.day(r.Day), texts(r.Text)
	}
}

// inAll reads a text in each language out of a form.
func (v *visit) inAll(field string) map[desk.Lang]string {
	out := map[desk.Lang]string{}
	for _, l := range lang.All() {
		out[l] = v.form(field + "-" + string(l))
	}
	return out
}

func (s *Server) postCorrect(v *visit) error {
	return s.storyWrite(v, "desk.said.corrected", func(id desk.ID) (desk.OpID, error) {
		return s.desk.Correct(v.ctx(), id, v.inAll("correct"))
	})
}

func (s *Server) postRetract(v *visit) error {
	return s.storyWrite(v, "desk.said.retracted", func(id desk.ID) (desk.OpID, error) {
		return s.desk.Retract(v.ctx(), id, v.inAll("retract"))
	})
}

func (s *Server) postPrintAgain(v *visit) error {
	return s.storyWrite(v, "desk.said.again", func(id desk.ID) (desk.OpID, error) {
		return s.desk.PrintAgain(v.ctx(), id)
	})
}

// former shows a release as it was printed.
func (s *Server) former(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	tag, err1 := lang.Parse(v.r.PathValue("lang"))
	serial, err2 := strconv.ParseUint(v.r.PathValue("serial"), 10, 64)
	if errors.Join(err1, err2) != nil {
		return desk.ErrNotFound
	}
	var buf bytes.Buffer
	if err := s.desk.PreviewRelease(v.ctx(), id, serial, tag, &buf); err != nil {
		return err
	}
	return v.showPreview(buf.Bytes())
}
