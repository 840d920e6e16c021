package web

import (
	"errors"
	"net/http"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// callPage takes down what somebody says while they say it.
type callPage struct {
	frame
	Threads, Spoken   []choice
	Day, Today, Draft string
	Care              []string
}

func (s *Server) call(v *visit) error {
	draft, err := s.desk.Draft(v.ctx(), draftCall, desk.ID{})
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return err
	}
	return s.showCall(v, wrong{}, desk.CallNote{Text: draft, Day: s.desk.Today(), Lang: lang.Tag(v.tongue)})
}

func (s *Server) showCall(v *visit, w wrong, n desk.CallNote) error {
	tellers, err := s.desk.Tellers(v.ctx())
	if err != nil {
		return err
	}
	p := callPage{
		Draft: n.Text, Day: lang.ISODate(uint32(n.Day)), Today: lang.ISODate(uint32(s.desk.Today())),
		Care: []string{v.T("desk.call.care.name"), v.T("desk.call.care.own"), v.T("desk.call.care.path"), v.T("desk.call.care.day")},
	}
	for _, t := range tellers {
		p.Threads = append(p.Threads, choice{t.ID.String(), t.Handle, t.ID == n.Source})
	}
	for _, l := range lang.All() {
		p.Spoken = append(p.Spoken, choice{string(l), v.language(l), l == n.Lang})
	}
	p.frame = s.frame(v, "call", "desk.call.title")
	p.Wrong = w
	status := http.StatusOK
	if w.Word != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.showAs(v, "call", status, p)
}

func (s *Server) postCall(v *visit) error {
	n := desk.CallNote{
		Kind: desk.KindCall, Lang: desk.Lang(v.form("lang")), Text: v.text("text"), Taker: s.opts.By,
	}
	if v.form("thread") != "" {
		id, err := v.id("thread")
		if err != nil {
			return err
		}
		n.Source = id
	}
	n.Day = s.desk.Today()
	if text := v.form("day"); text != "" {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || day.Unix() < 0 {
			return s.showCall(v, wrong{"day", v.T("desk.field.day")}, n)
		}
		n.Day = cell.Day(day.Unix() / 86400)
	}
	source, _, op, err := s.desk.TakeCall(v.ctx(), n)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showCall(v, w, n) })
	}
	if err := s.desk.SaveDraft(v.ctx(), draftCall, desk.ID{}, ""); err != nil {
		return err
	}
	s.say(v.T("desk.said.call"), op)
	return v.see("/thread/" + source.String())
}
