package web

import (
	"context"
	"strconv"

	"kkachi/internal/desk"
)

// commentView is a comment as it is shown beside its sentence, or below.
type commentView struct {
	ID, By string
	Text   said
	Done   bool
}

// commentsView are the comments of the whole story, and those that are done.
type commentsView struct {
	Open, Done []commentView
	Dones      string
	Draft      string
}

func (v *visit) comments(p *storyPage, st *desk.StoryView) {
	of := map[desk.ID][]commentView{}
	for _, c := range st.Comments {
		w := commentView{c.ID.String(), v.T("desk.house.by", c.By, v.short(c.Day)), says("", c.Text), c.Done}
		switch {
		case c.Done:
			p.Comments.Done = append(p.Comments.Done, w)
		case c.Sentence.IsZero():
			p.Comments.Open = append(p.Comments.Open, w)
		default:
			of[c.Sentence] = append(of[c.Sentence], w)
		}
	}
	if n := len(p.Comments.Done); n > 0 {
		p.Comments.Dones = v.T("desk.comment.dones", strconv.Itoa(n))
	}
	p.Comments.Draft = st.Drafts[draftComment+"story"]
	for i := range p.Paragraphs {
		for j := range p.Paragraphs[i].Sentences {
			sn := &p.Paragraphs[i].Sentences[j]
			if id, err := desk.ParseID(sn.ID); err == nil {
				sn.Comments = of[id]
			}
		}
	}
}

func (s *Server) postComment(v *visit) error {
	return s.storyWrite(v, "desk.said.comment", func(id desk.ID) (desk.OpID, error) {
		var sentence desk.ID
		if v.form("sentence") != "" {
			var err error
			if sentence, err = v.id("sentence"); err != nil {
				return desk.OpID{}, err
			}
		}
		return s.takingDrafts(v, id, func(ctx context.Context) (desk.OpID, error) {
			_, op, err := s.desk.AddComment(ctx, id, sentence, s.opts.By, v.text("text"))
			return op, err
		})
	})
}

func (s *Server) postCommentDone(v *visit) error {
	done := v.form("done") == "yes"
	word := "desk.said.commentopen"
	if done {
		word = "desk.said.commentdone"
	}
	return s.storyWrite(v, word, func(desk.ID) (desk.OpID, error) {
		comment, err := v.id("comment")
		if err != nil {
			return desk.OpID{}, err
		}
		return s.desk.SetCommentDone(v.ctx(), comment, done)
	})
}

// pair hands a comment to its template together with the story whose page it is on.
type pair struct {
	A           commentView
	Story, View string
}

func pairOf(a, of any) pair {
	p := pair{}
	p.A, _ = a.(commentView)
	switch of := of.(type) {
	case *storyPage:
		p.Story, p.View = of.ID, of.View
	case sentenceView:
		p.Story, p.View = of.Story, of.View
	}
	return p
}
