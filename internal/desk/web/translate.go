package web

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// translatePage puts a sentence of the original beside a field for its translation.
type translatePage struct {
	frame
	ID, Back, Action, DraftFor string
	Heading, Handle            string
	To                         string // as HTML has it
	Rows                       []translateRow
	Former                     []pairRow
	Kept                       bool
	Count                      int
}

type translateRow struct {
	N    int
	Of   said
	Text string
	Next string // what the field is called
}

// pairRow is a sentence of an original and what stands beside it.
type pairRow struct {
	Of    said
	Cells []said
}

// translationView is a translation as a conversation shows it.
type translationView struct {
	Name, By string
	State    mark
	Words    said // whole; empty if it stands sentence by sentence
	Href     string
	Check    string // where whoever sits here says that it is right; "" if that is not theirs to say
}

func (s *Server) translateRoutes() []route {
	return []route{
		{"GET", "/translate/{id}/{lang}", s.page(s.translate)},
		{"POST", "/translate/{id}/{lang}", s.page(s.postTranslate)},
		{"POST", "/translate/{id}/{lang}/check", s.page(s.postCheckTranslation)},
	}
}

func draftTranslation(to lang.Tag) string { return "translation-" + string(to) }

// aim reads which report is translated into what.
func (s *Server) aim(v *visit) (*desk.ReportView, lang.Tag, error) {
	id, err := v.id("id")
	if err != nil {
		return nil, "", err
	}
	to, err := lang.Parse(v.r.PathValue("lang"))
	if err != nil {
		return nil, "", desk.ErrNotFound
	}
	r, err := s.desk.Report(v.ctx(), id)
	if err != nil {
		return nil, "", err
	}
	if r.Hidden || r.File || to == r.Lang {
		return nil, "", desk.ErrNotFound
	}
	return r, to, nil
}

func (s *Server) translate(v *visit) error {
	r, to, err := s.aim(v)
	if err != nil {
		return err
	}
	var mine desk.Translation
	for _, t := range r.Translations {
		if t.Lang == to && t.By == s.opts.By {
			mine = t
		}
	}
	rows, former := r.Pair(mine)
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = row.Text
	}
	kept, err := s.keptTranslation(v, r.ID, to, texts)
	if err != nil {
		return err
	}
	return s.showTranslate(v, r, to, texts, former, kept, wrong{})
}

// keptTranslation puts what was typed and not saved in the place of what stands.
func (s *Server) keptTranslation(v *visit, report desk.ID, to lang.Tag, texts []string) (bool, error) {
	draft, err := s.desk.Draft(v.ctx(), draftTranslation(to), report)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return false, err
	}
	var fields map[string]string
	if json.Unmarshal([]byte(draft), &fields) != nil || fields["count"] != strconv.Itoa(len(texts)) {
		return false, nil // of an original that was changed since
	}
	for i := range texts {
		if text, ok := fields["t"+strconv.Itoa(i)]; ok {
			texts[i] = text
		}
	}
	return true, nil
}

func (s *Server) showTranslate(v *visit, r *desk.ReportView, to lang.Tag, texts []string, former []desk.Rendered, kept bool, w wrong) error {
	action := "/translate/" + r.ID.String() + "/" + string(to)
	p := translatePage{
		ID: r.ID.String(), Back: "/thread/" + r.Source.String() + "#r" + r.ID.String(), Action: action,
		DraftFor: draftTranslation(to) + "/" + r.ID.String(), Heading: v.T("desk.translate.title", v.language(to)), Handle: r.Handle,
		To: to.HTML(), Kept: kept, Count: len(texts),
	}
	for i, of := range desk.Cut(r.Original()) {
		row := translateRow{N: i + 1, Of: says(r.Lang, of), Next: "t" + strconv.Itoa(i)}
		if i < len(texts) {
			row.Text = texts[i]
		}
		p.Rows = append(p.Rows, row)
	}
	for _, f := range former {
		p.Former = append(p.Former, pairRow{says(r.Lang, f.Of), []said{says(to, f.Text)}})
	}
	p.frame = s.frame(v, "inbox", "desk.translate.short")
	p.Wrong = w
	return s.showAs(v, "translate", statusOf(w), p)
}

func (s *Server) postTranslate(v *visit) error {
	r, to, err := s.aim(v)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(v.form("count"))
	if err != nil || n < 0 || n > maxForm {
		return desk.ErrNotFound
	}
	texts := make([]string, n)
	for i := range texts {
		texts[i] = v.text("t" + strconv.Itoa(i))
	}
	state := desk.TranslationDone // also by Ctrl Enter, which presses no button
	if v.form("state") == string(desk.TranslationDraft) {
		state = desk.TranslationDraft
	}
	op, err := s.desk.Translate(v.ending(draftTranslation(to), r.ID), r.ID, to, s.opts.By, texts, state)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showTranslate(v, r, to, texts, nil, false, w) })
	}
	if err := s.desk.SaveDraft(v.ctx(), draftTranslation(to), r.ID, ""); err != nil {
		return err
	}
	s.say(v.T("desk.said.translated"), op)
	return v.see("/thread/" + r.Source.String() + "#r" + r.ID.String())
}

func (s *Server) postCheckTranslation(v *visit) error {
	r, to, err := s.aim(v)
	if err != nil {
		return err
	}
	op, err := s.desk.CheckTranslation(v.ctx(), r.ID, to, v.form("author"), s.opts.By)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showThread(v, r.Source, w, "") })
	}
	s.say(v.T("desk.said.saved"), op)
	return v.see("/thread/" + r.Source.String() + "#r" + r.ID.String())
}

// translations puts what was translated beside a report, and the ways to translate it.
func (s *Server) translations(v *visit, out *letterView, r desk.ReportView) {
	if !r.Hidden && !r.File && strings.TrimSpace(r.Text) != "" {
		for _, to := range lang.All() {
			if to != r.Lang {
				out.Into = append(out.Into, link{"/translate/" + r.ID.String() + "/" + string(to), to.Name()})
			}
		}
	}
	var paired []desk.Translation
	for _, t := range r.Translations {
		view := translationView{
			Name: v.T("desk.thread.translated", v.language(t.Lang)), By: t.By, State: v.translationState(t),
		}
		here := "/translate/" + r.ID.String() + "/" + string(t.Lang)
		switch {
		case len(out.Into) == 0: // hidden, or nothing to translate
		case t.By == s.opts.By:
			view.Href = here
		case t.State == desk.TranslationDone:
			view.Check = here + "/check"
		}
		if len(t.Sentences) > 0 {
			paired = append(paired, t)
		} else {
			view.Words = says(t.Lang, t.Text)
		}
		out.Translations = append(out.Translations, view)
	}
	if len(paired) == 0 {
		return
	}
	for _, of := range desk.Cut(r.Original()) {
		out.Pairs = append(out.Pairs, pairRow{Of: says(r.Lang, of)})
	}
	for _, t := range paired {
		rows, former := r.Pair(t)
		for i, row := range rows {
			out.Pairs[i].Cells = append(out.Pairs[i].Cells, says(t.Lang, row.Text))
		}
		for _, f := range former {
			out.Former = append(out.Former, pairRow{says(r.Lang, f.Of), []said{says(t.Lang, f.Text)}})
		}
	}
}

func (v *visit) translationState(t desk.Translation) mark {
	switch t.State {
	case desk.TranslationDraft:
		return mark{"wait", v.T("desk.translate.draft")}
	case desk.TranslationChecked:
		return mark{"done", v.T("desk.translate.checked", t.Checked)}
	case desk.TranslationDone:
		return mark{"one", v.T("desk.translate.done")}
	}
	return mark{}
}
