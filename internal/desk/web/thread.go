package web

import (
	"errors"

	"kkachi/internal/desk"
)

// postReply queues an answer. What was typed comes back with what was wrong.
func (s *Server) postReply(v *visit) error {
	id, err := v.id("thread")
	if err != nil {
		return err
	}
	text := v.text("text")
	_, op, err := s.desk.Reply(v.ending(draftReply, id), id, text, s.opts.By)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showThread(v, id, w, text) })
	}
	if err := s.desk.SaveDraft(v.ctx(), draftReply, id, ""); err != nil {
		return err
	}
	s.say(v.T("desk.said.queued"), op)
	return v.see("/thread/" + id.String())
}

// again shows a form once more for errors that its writer can mend; others go on.
func (s *Server) again(v *visit, err error, show func(wrong) error) error {
	if key, _ := problemOf(err); key == "other" || key == "notfound" || key == "large" {
		return err
	}
	var field *desk.FieldError
	if !errors.As(err, &field) && errors.Is(err, desk.ErrNotFound) {
		return err
	}
	return show(v.wrongOf(err))
}

func (s *Server) postWithdrawReply(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.desk.WithdrawReply(v.ctx(), id)
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.withdrawn"), op)
	return v.back("/inbox")
}

func (s *Server) postConsent(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.desk.SetConsent(v.ctx(), id, v.form("consent") == "yes")
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.saved"), op)
	return v.back("/inbox")
}

// postReveal shows a conversation whose source asked for erasure, once; the log says who
// looked. It is no redirect: the next view hides the words again.
func (s *Server) postReveal(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	t, err := s.desk.Reveal(v.ctx(), id, s.opts.By)
	if err != nil {
		return err
	}
	return s.showConversation(v, id, t, wrong{}, "")
}

// postApart says that a thread and its successor are two sources after all.
func (s *Server) postApart(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.desk.KeepApart(v.ctx(), id)
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.saved"), op)
	return v.see("/thread/" + id.String())
}

// postBlock takes a thread out of the inbox, or all new ones that say the same.
func (s *Server) postBlock(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if v.form("alike") == "yes" {
		n, op, err := s.desk.BlockAlike(v.ctx(), id, s.opts.By)
		if err != nil {
			return err
		}
		s.say(v.N("desk.said.blocked", n), op)
		return v.see("/inbox")
	}
	op, err := s.desk.Block(v.ctx(), id, s.opts.By)
	if err != nil {
		return err
	}
	s.say(v.N("desk.said.blocked", 1), op)
	return v.see("/inbox")
}

// postLetIn lets a blocked thread in again, also long after the notice of its block is gone.
func (s *Server) postLetIn(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	ops, err := s.desk.LetIn(v.ctx(), id)
	if err != nil {
		return err
	}
	s.sayAll(v.T("desk.said.letin"), ops)
	return v.see("/thread/" + id.String())
}

// postTake takes a request for help: from then on it is somebody's duty, and leaves the top.
func (s *Server) postTake(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.desk.TakeCase(v.ctx(), id, s.opts.By)
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.taken"), op)
	return v.back("/thread/" + id.String())
}
