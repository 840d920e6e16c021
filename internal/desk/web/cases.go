package web

import (
	"net/http"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// casesPage lists who asks for help, and shows one case.
type casesPage struct {
	frame
	Groups []caseGroup
	Open   *caseView
}

type caseGroup struct {
	Title string
	Rows  []caseRow
	Older string // how many more there are
}

type caseRow struct {
	Href, Handle, Day, State string
	Need                     said
	Red, Here                bool
	Deadline                 mark
}

// caseView is one case.
type caseView struct {
	ID, Href, Thread, Handle string
	State                    mark
	Asked, Taker, Erase      string
	MayTake, Closed          bool
	Need, Danger, Deadline   string
	Steps                    []remarkView
	StepDraft                string
	Words                    []caseWords
	Partners                 []choice
	Given                    []givenView
	Outcomes                 []choice
	Outcome                  string
	Closing                  said
	Message, ClosingTyped    string // typed, and not sent yet
	Letters, MayGive         bool
	Wrong                    wrong
}

type caseWords struct {
	ID, Day, Kind string
	Words         said // in a line, without the marks of a note
	Turns         []turnView
	Help          bool
}

// typed puts back what was typed into the form that was sent and is wrong.
func (c *caseView) typed(v *visit) {
	switch v.r.URL.Path {
	case "/case/sheet":
		c.Need, c.Danger, c.Deadline = v.form("need"), v.form("danger"), v.form("deadline")
	case "/case/step":
		c.StepDraft = v.text("text")
	case "/case/give":
		c.Message = v.text("message")
	case "/case/close":
		c.ClosingTyped = v.text("note")
	}
}

type givenView struct{ Line, Href, Name string }

func (s *Server) cases(v *visit) error { return s.casesWith(v, desk.ID{}, wrong{}) }

func (s *Server) showCase(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return s.casesWith(v, id, wrong{})
}

func (s *Server) casesWith(v *visit, open desk.ID, w wrong) error {
	rows, older, err := s.desk.Cases(v.ctx())
	if err != nil {
		return err
	}
	p := &casesPage{}
	for _, g := range []struct {
		state desk.CaseState
		word  string
	}{{desk.CaseOpen, "desk.cases.open"}, {desk.CaseTaken, "desk.cases.taken"}, {desk.CaseClosed, "desk.cases.closed"}} {
		group := caseGroup{Title: v.T(g.word)}
		for _, r := range rows {
			if r.State == g.state {
				group.Rows = append(group.Rows, s.caseRow(v, r, open))
			}
		}
		if g.state == desk.CaseClosed && older > 0 {
			group.Older = v.N("desk.cases.older", older)
		}
		if len(group.Rows) > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	if open != (desk.ID{}) {
		if p.Open, err = s.caseView(v, open); err != nil {
			return err
		}
	}
	p.frame = s.frame(v, "cases", "desk.cases.title")
	if p.Open != nil && w.Word != "" {
		p.Open.Wrong = w
		p.Open.typed(v)
	}
	status := http.StatusOK
	if w.Word != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.showAs(v, "cases", status, p)
}

func (s *Server) caseRow(v *visit, r desk.CaseRow, open desk.ID) caseRow {
	out := caseRow{
		Href: "/case/" + r.Source.String(), Handle: r.Handle, Day: v.short(r.Asked), Red: r.State == desk.CaseOpen,
		Here: r.Source == open, Need: says("", snippet(r.Sheet.Need, 96)),
	}
	switch {
	case r.Erase != 0:
		out.State = v.T("desk.inbox.erase", v.short(r.Erase))
	case r.State == desk.CaseTaken:
		out.State = v.T("desk.case.taken", flat(r.TakenBy))
	case r.State == desk.CaseClosed:
		out.State = v.T("desk.outcome."+string(r.Outcome)) + " · " + v.short(r.Closed)
	}
	if r.State != desk.CaseClosed {
		out.Deadline = s.deadline(v, r.Sheet.Deadline)
	}
	return out
}

// deadline says how much time is left: in words, with a shape.
func (s *Server) deadline(v *visit, d cell.Day) mark {
	if d == 0 {
		return mark{}
	}
	switch left := int(d) - int(s.desk.Today()); {
	case left < 0:
		return mark{"block", v.T("desk.case.late", v.short(d))}
	case left == 0:
		return mark{"block", v.T("desk.case.today")}
	case left <= 3:
		return mark{"hold", v.N("desk.case.left", left, v.short(d))}
	default:
		return mark{"wait", v.N("desk.case.left", left, v.short(d))}
	}
}

func (s *Server) caseView(v *visit, id desk.ID) (*caseView, error) {
	c, err := s.desk.Case(v.ctx(), id)
	if err != nil {
		return nil, err
	}
	out := &caseView{
		ID: id.String(), Href: "/case/" + id.String(), Thread: "/thread/" + id.String(), Handle: c.Handle, Asked: v.day(c.Asked),
		Need: c.Sheet.Need, Danger: c.Sheet.Danger, Deadline: iso(c.Sheet.Deadline), Letters: c.Letters,
		Closed: c.State == desk.CaseClosed, MayTake: c.State == desk.CaseOpen,
	}
	switch c.State {
	case desk.CaseOpen:
		out.State = mark{"block", v.T("desk.cases.open")}
	case desk.CaseTaken:
		out.State = mark{"done", v.T("desk.case.taken.on", flat(c.TakenBy), v.day(c.TakenDay))}
	default:
		out.State = mark{"none", v.T("desk.outcome."+string(c.Outcome)) + " · " + v.day(c.Closed)}
		out.Closing = says("", c.Closing)
	}
	for _, g := range c.Given {
		line := v.T("desk.case.given", flat(g.Partner), v.day(g.Day), flat(g.By))
		if g.Words > 0 {
			line += " · " + v.N("desk.case.tellings", g.Words)
		}
		out.Given = append(out.Given, givenView{line, "/case/file/" + g.Op.String(), "case-" + g.Reference + ".age"})
	}
	if c.Erase != 0 {
		out.Erase = v.day(c.Erase)
		return out, nil
	}
	for _, st := range c.Steps {
		out.Steps = append(out.Steps, remarkView{st.Op.String(), v.day(st.Day), flat(st.By), says("", st.Text)})
	}
	for _, r := range c.Reports {
		if !r.File {
			out.Words = append(out.Words, v.caseWords(r))
		}
	}
	for _, p := range s.desk.Partners() {
		out.Partners = append(out.Partners, choice{p.Name, flat(p.Name), len(s.desk.Partners()) == 1})
	}
	for _, o := range desk.Outcomes() {
		out.Outcomes = append(out.Outcomes, choice{string(o), v.T("desk.outcome." + string(o)), false})
	}
	out.MayGive = c.Sheet.Need != "" && len(out.Partners) > 0
	out.StepDraft, err = s.desk.Draft(v.ctx(), draftStep, id)
	return out, err
}

// caseTelling is how much of each telling stands beside a case.
const caseTelling = 400

// caseWords shows a telling beside its case, a note of a call turn by turn.
func (v *visit) caseWords(r desk.ReportView) caseWords {
	out := caseWords{ID: r.ID.String(), Day: v.day(r.Day), Kind: lang.Capital(v.kind(r.Kind)), Help: r.Kind == desk.KindHelp}
	r.Text = cut(r.Text, caseTelling)
	if turns := v.turns(r); !plainTurns(turns) {
		out.Turns = turns
	}
	out.Words = says(r.Lang, v.spoken(r))
	return out
}

// caseWrite does one thing in a case, and comes back to it.
func (s *Server) caseWrite(v *visit, said string, do func(id desk.ID) (desk.OpID, error)) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := do(id)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.casesWith(v, id, w) })
	}
	s.say(v.T(said), op)
	return v.see("/case/" + id.String())
}

func (s *Server) postCaseOpen(v *visit) error {
	return s.caseWrite(v, "desk.said.opened", func(id desk.ID) (desk.OpID, error) { return s.desk.OpenCase(v.ctx(), id, s.opts.By) })
}

func (s *Server) postCaseSheet(v *visit) error {
	return s.caseWrite(v, "desk.said.saved", func(id desk.ID) (desk.OpID, error) {
		day, ok := typedDay(v.form("deadline"))
		if !ok {
			return desk.OpID{}, &desk.FieldError{Field: "date", Problem: "is no day"}
		}
		return s.desk.SetCase(v.ctx(), id, desk.CaseSheet{Need: v.form("need"), Danger: v.form("danger"), Deadline: day})
	})
}

func (s *Server) postCaseStep(v *visit) error {
	return s.caseWrite(v, "desk.said.saved", func(id desk.ID) (desk.OpID, error) {
		op, err := s.desk.AddStep(v.ending(draftStep, id), id, v.text("text"), s.opts.By)
		if err != nil {
			return op, err
		}
		return op, s.desk.SaveDraft(v.ctx(), draftStep, id, "")
	})
}

func (s *Server) postCaseClose(v *visit) error {
	return s.caseWrite(v, "desk.said.closed", func(id desk.ID) (desk.OpID, error) {
		return s.desk.CloseCase(v.ctx(), id, desk.Outcome(v.form("outcome")), v.text("note"), s.opts.By)
	})
}

func (s *Server) postCaseGive(v *visit) error {
	return s.caseWrite(v, "desk.said.given", func(id desk.ID) (desk.OpID, error) {
		in := desk.HandoverInput{Partner: v.form("partner"), Message: v.text("message"), Steps: v.form("steps") == "yes", By: s.opts.By}
		for _, text := range v.r.PostForm["words"] {
			w, err := desk.ParseID(text)
			if err != nil {
				return desk.OpID{}, desk.ErrNotFound
			}
			in.Words = append(in.Words, w)
		}
		_, err := s.desk.HandOver(v.ctx(), id, in)
		return desk.OpID{}, err // who has the file has it: it can't be undone
	})
}

// caseFile hands out a sealed case, to be saved. Only the partner's key opens it.
func (s *Server) caseFile(v *visit) error {
	op, err := desk.ParseOpID(v.r.PathValue("op"))
	if err != nil {
		return desk.ErrNotFound
	}
	name, data, err := s.desk.SealedCase(v.ctx(), op)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/octet-stream")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = v.w.Write(data) // a browser that left needs no answer
	return nil
}
