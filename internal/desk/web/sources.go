package web

import (
	"slices"
	"strconv"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// sourcesPage lists those whom the newsroom works with, by handle.
type sourcesPage struct {
	frame
	Groups []sourceGroup
}

// sourceGroup: those who can't be judged stand apart, so that they are never read as worst.
type sourceGroup struct {
	Word, Why string
	Rows      []sourceRow
}

type sourceRow struct {
	Href, Handle, Langs, Last string
	Access, Wishes            said
	Danger, Rating            mark
	Reports, Claims, Printed  int
	Marks                     []string
}

// sheetView is the form of a source's sheet.
type sheetView struct {
	Access, Wishes, Note string
	Danger, Reliability  []choice
	Langs                []choice
}

func (s *Server) sourceRoutes() []route {
	return []route{{"GET", "/sources", s.page(s.sources)}, {"POST", "/thread/source", s.page(s.postSheet)}}
}

func (s *Server) sources(v *visit) error {
	rows, err := s.desk.Sources(v.ctx())
	if err != nil {
		return err
	}
	var p sourcesPage
	open := sourceGroup{Word: v.T("desk.sources.open"), Why: v.T("desk.sources.open.why")}
	rated := sourceGroup{Word: v.T("desk.sources.rated"), Why: v.T("desk.sources.rated.why")}
	for _, r := range rows {
		if row := v.sourceRow(r); r.Judged() {
			rated.Rows = append(rated.Rows, row)
		} else {
			open.Rows = append(open.Rows, row)
		}
	}
	for _, g := range []sourceGroup{open, rated} {
		if len(g.Rows) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	p.frame = s.frame(v, "sources", "desk.sources.title")
	return s.show(v, "sources", p)
}

func (v *visit) sourceRow(r desk.SourceRow) sourceRow {
	row := sourceRow{
		Href: "/thread/" + r.ID.String(), Handle: r.Handle, Access: says("", snippet(r.Access, 90)), Wishes: says("", snippet(r.Wishes, 90)),
		Reports: r.Reports, Claims: r.Claims, Printed: r.Printed, Danger: v.danger(r.Danger),
	}
	if r.Last > 0 {
		row.Last = v.short(r.Last)
	}
	if r.Judged() {
		row.Rating = mark{"one", r.Reliability + " · " + v.T("desk.reliability."+r.Reliability)}
	}
	var langs []string
	for _, l := range r.Langs {
		langs = append(langs, v.language(l))
	}
	row.Langs = v.list(langs...)
	if r.Discredited {
		row.Marks = append(row.Marks, v.T("desk.pulled.source"))
	}
	if r.Erase > 0 {
		row.Marks = append(row.Marks, v.T("desk.inbox.erase", v.short(r.Erase)))
	}
	return row
}

// danger is a word with a shape; unknown is said, not left out.
func (v *visit) danger(n int) mark {
	kinds := [...]string{"wait", "one", "one", "hold", "block"}
	if n < 0 || n >= len(kinds) {
		n = 0
	}
	return mark{kinds[n], v.T("desk.danger." + strconv.Itoa(n))}
}

func (s *Server) postSheet(v *visit) error {
	id, err := v.id("thread")
	if err != nil {
		return err
	}
	danger, err := strconv.Atoi(v.form("danger"))
	if err != nil {
		danger = 0
	}
	sheet := desk.Sheet{
		Access: v.form("access"), Wishes: v.form("wishes"), Note: v.form("note"),
		Reliability: v.form("reliability"), Danger: danger, Reason: v.form("reason"), By: s.opts.By,
	}
	for _, l := range v.r.PostForm["langs"] {
		if tag, err := lang.Parse(l); err == nil {
			sheet.Langs = append(sheet.Langs, tag)
		}
	}
	op, err := s.desk.SetSheet(v.ctx(), id, sheet)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showThread(v, id, w, "") })
	}
	s.say(v.T("desk.said.saved"), op)
	return v.see("/thread/" + id.String())
}

func (v *visit) sheet(s desk.SheetView) sheetView {
	rel := s.Reliability
	if rel == "" {
		rel = "F"
	}
	out := sheetView{
		Access: s.Access, Wishes: s.Wishes, Note: s.Note,
		Danger:      v.choices("desk.danger", strconv.Itoa(s.Danger), "0", "1", "2", "3", "4"),
		Reliability: v.choices("desk.reliability", rel, "A", "B", "C", "D", "E", "F"),
	}
	for _, l := range lang.All() {
		out.Langs = append(out.Langs, choice{string(l), v.language(l), slices.Contains(s.Langs, l)})
	}
	return out
}

// sheetFacts are what the desk knows by itself, and each rating with its reason.
func (v *visit) sheetFacts(t *desk.ThreadView) []fact {
	way := v.T("desk.source.way.letters")
	if !t.Letters {
		way = v.T("desk.source.way.calls")
	}
	out := []fact{
		{v.T("desk.source.way"), way},
		{v.T("desk.source.printed"), v.N("desk.source.stories", len(t.Sheet.Printed))},
		{v.T("desk.source.exposure"), v.T("desk.source.exposure.none")},
	}
	last := ""
	for _, h := range t.Sheet.History {
		if h.Reliability+h.Reason == last {
			continue // another field of the sheet was written
		}
		last = h.Reliability + h.Reason
		word := v.T("desk.reliability." + h.Reliability)
		if h.Reason != "" {
			word += v.T("desk.gate.colon") + flat(h.Reason)
		}
		if h.By != "" {
			word += " · " + flat(h.By)
		}
		out = append(out, fact{v.T("desk.source.rated", v.short(h.Day)), word})
	}
	return out
}
