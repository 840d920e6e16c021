package web

import (
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
)

// withdrawPage says what falls with a report, a source or a claim, before it is done.
type withdrawPage struct {
	frame
	Heading, What, Back, Action string
	BackTo                      string // whose page one comes back to
	Words                       said
	Items                       string
	Claims                      []shiftRow
	Stories                     []link
	Printed                     []dueRow
	Do, Reason                  string
	Done                        bool
}

type shiftRow struct {
	Href, Label   string
	Text          said
	Before, After mark
	Notes         []string
	Disputed      bool
}

// dueRow is a printed sentence that needs a correction.
type dueRow struct {
	Story, ID  string
	Title      said
	Text       said
	Was, Now   mark
	Marks      []string
	Claims     []link
	First      bool // of its story: the form that settles it stands there
	Sentence   string
	StoryTitle string
}

// DueRows are the printed sentences for the part that lists them.
func (p withdrawPage) DueRows() []dueRow { return p.Printed }

// DueRows are the same for the page of corrections.
func (p correctionsPage) DueRows() []dueRow { return p.Rows }

// withdrawal reads what an address wants to take back.
func (v *visit) withdrawal() (desk.Withdrawal, error) {
	id, err := v.id("id")
	if err != nil {
		return desk.Withdrawal{}, err
	}
	switch v.r.PathValue("kind") {
	case "report":
		return desk.Withdrawal{Report: id}, nil
	case "source":
		return desk.Withdrawal{Source: id}, nil
	case "claim":
		return desk.Withdrawal{Claim: id}, nil
	}
	return desk.Withdrawal{}, desk.ErrNotFound
}

func (s *Server) withdraw(v *visit) error {
	w, err := v.withdrawal()
	if err != nil {
		return err
	}
	return s.showWithdraw(v, w, wrong{})
}

func (s *Server) showWithdraw(v *visit, w desk.Withdrawal, bad wrong) error {
	c, err := s.desk.Cascade(v.ctx(), w)
	if err != nil {
		return err
	}
	p := withdrawPage{Action: v.r.URL.Path, Done: c.Done, Items: v.N("desk.withdraw.items", c.Items), Reason: v.form("reason")}
	switch {
	case c.Report != nil:
		p.Heading = v.T("desk.withdraw.report", v.reportName(c.Report.Number), c.Handle)
		p.What, p.Back = v.T("desk.withdraw.what.report"), "/thread/"+c.Report.Source.String()
		p.BackTo = c.Handle
		p.Words = says(c.Report.Lang, cut(v.spoken(*c.Report), 240))
	case c.Label != "":
		p.Heading, p.What, p.Back = v.T("desk.withdraw.claim", c.Label), v.T("desk.withdraw.what.claim"), "/claim/"+w.Claim.String()
		p.BackTo = c.Label
	default:
		p.Heading, p.What, p.Back = v.T("desk.withdraw.source", c.Handle), v.T("desk.withdraw.what.source"), "/thread/"+w.Source.String()
		p.BackTo = c.Handle
	}
	for _, sh := range c.Claims {
		p.Claims = append(p.Claims, v.shift(sh))
	}
	for _, st := range c.Stories {
		p.Stories = append(p.Stories, link{"/story/" + st.ID.String(), flat(st.Title)})
	}
	p.Printed = v.dueRows(c.Printed)
	p.Do = v.T("desk.withdraw.do.none")
	if n := len(c.Printed); n > 0 {
		p.Do = v.N("desk.withdraw.do", n)
	}
	p.frame = s.frame(v, "claims", "desk.withdraw.title")
	p.Wrong = bad
	return s.showAs(v, "withdraw", statusOf(bad), p)
}

func (v *visit) shift(sh desk.Shift) shiftRow {
	row := shiftRow{
		Href: "/claim/" + sh.ID.String(), Label: sh.Number, Text: says("", sh.Statement), Before: v.rung(sh.Before), After: v.rung(sh.After),
		Disputed: sh.DisputedNow,
	}
	if sh.Gone {
		row.Notes = append(row.Notes, v.T("desk.withdraw.gone"))
	}
	if sh.Undisputed {
		row.Notes = append(row.Notes, v.T("desk.withdraw.undisputed"))
	}
	return row
}

func (v *visit) dueRows(due []desk.Due) []dueRow {
	var out []dueRow
	for i, u := range due {
		row := dueRow{
			Story: "/story/" + u.Story.String(), ID: u.Story.String(), Title: says("", u.Title), Text: says(u.Lang, u.Text),
			Was: v.rung(u.Printed), Now: v.rung(u.Now), First: i == 0 || due[i-1].Story != u.Story,
			Sentence: at(u.Paragraph, u.Sentence), StoryTitle: flat(snippet(u.Title, 60)),
		}
		if u.Disputed {
			row.Marks = append(row.Marks, v.T("desk.corrections.disputed"))
		}
		if u.Withdrawn {
			row.Marks = append(row.Marks, v.T("desk.corrections.withdrawn"))
		}
		for _, c := range u.Claims {
			row.Claims = append(row.Claims, link{"/claim/" + c.ID.String(), c.Number})
		}
		out = append(out, row)
	}
	return out
}

func (s *Server) postWithdraw(v *visit) error {
	w, err := v.withdrawal()
	if err != nil {
		return err
	}
	op, err := s.desk.Withdraw(v.ctx(), w, s.opts.By, v.form("reason"))
	if err != nil {
		return s.again(v, err, func(bad wrong) error { return s.showWithdraw(v, w, bad) })
	}
	s.say(v.T("desk.said.pulled"), op)
	due, err := s.desk.Corrections(v.ctx())
	switch {
	case err != nil:
		return err
	case len(due) > 0:
		return v.see("/corrections")
	case !w.Report.IsZero():
		r, err := s.desk.Report(v.ctx(), w.Report)
		if err != nil {
			return err
		}
		return v.see("/thread/" + r.Source.String())
	case !w.Source.IsZero():
		return v.see("/thread/" + w.Source.String())
	}
	return v.see("/claim/" + w.Claim.String())
}

// correctionsPage lists what was printed and stands worse now.
type correctionsPage struct {
	frame
	Rows []dueRow
}

func (s *Server) corrections(v *visit) error { return s.showCorrections(v, wrong{}) }

func (s *Server) showCorrections(v *visit, w wrong) error {
	due, err := s.desk.Corrections(v.ctx())
	if err != nil {
		return err
	}
	p := correctionsPage{Rows: v.dueRows(due), frame: s.frame(v, "claims", "desk.corrections.title")}
	p.Wrong = w
	return s.showAs(v, "corrections", statusOf(w), p)
}

func (s *Server) postSettle(v *visit) error {
	id, err := v.id("story")
	if err != nil {
		return err
	}
	op, err := s.desk.SettleCorrection(v.ctx(), id, s.opts.By, v.form("reason"))
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showCorrections(v, w) })
	}
	s.say(v.T("desk.said.settled"), op)
	return v.see("/corrections")
}

// discreditView is the way to discredit a source, or who did.
type discreditView struct{ Href, Gone, Op string }

func (v *visit) discredit(t *desk.ThreadView) *discreditView {
	out := &discreditView{Href: "/withdraw/source/" + t.ID.String()}
	if w := t.Sheet.Discredited; w != nil {
		out.Gone, out.Op = v.T("desk.withdraw.by.source", w.By, v.day(w.Day), w.Reason), w.Op.String()
	}
	return out
}

// pulled says of a report who withdrew it, or that it may be.
func (v *visit) pulled(out *letterView, r desk.ReportView) {
	if w := r.Withdrawn; w != nil {
		out.Gone, out.GoneOp = v.T("desk.withdraw.by", w.By, v.day(w.Day), w.Reason), w.Op.String()
		return
	}
	out.Pull = !r.Hidden
}

// because says in one sentence why several chains are not shown to be independent, and gives
// the reasons that it has not said.
func (v *visit) because(c *desk.ClaimView) (sentence string, rest []desk.Reason) {
	if c.Rung != ladder.Unverified {
		return "", c.Why
	}
	var first ladder.Openness
	var reports []string
	said := map[string]bool{"desk.why.two": true}
	for _, e := range c.Evidence {
		if e.Stance != ladder.Supports || e.Open == ladder.Closed || e.Barred || e.Erased || e.Pulled != "" {
			continue
		}
		if first == "" {
			first = e.Open
		}
		if e.Open == first {
			reports = append(reports, v.T("desk.because.report", v.reportName(e.ReportNumber)))
		}
	}
	if first == "" {
		return "", c.Why
	}
	key := "desk.because.many"
	if c.Chains == 2 {
		key = "desk.because.two"
	}
	said["desk.why.open."+first.Key()] = true
	for _, r := range c.Why {
		if !said[r.Key] {
			rest = append(rest, r)
		}
	}
	return v.T(key, v.T("desk.because."+first.Key()), v.list(reports...), c.Chains), rest
}
