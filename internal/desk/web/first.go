package web

import (
	"strings"

	"kkachi/internal/desk"
)

// stepView is one step of the way from an empty vault to a first released story.
type stepView struct {
	Word, Why string
	How       string // by which keys and words, in the lesson of a practice desk
	Href, Do  string // what the step is done with
	Done, Now bool   // Now: the first that is not done
}

// firstSteps are shown beside the inbox until the newsroom has released a story.
func (s *Server) firstSteps(v *visit, rows []inboxRow) ([]stepView, error) {
	if s.opts.Lesson != nil {
		return s.lessonSteps(v)
	}
	b, err := s.desk.Begun(v.ctx())
	if err != nil || b.Released {
		return nil, err
	}
	claim, story := "/claim/new", "/story/new"
	if len(rows) > 0 {
		claim = rows[0].Href
	}
	approve := ""
	if !b.Story.IsZero() {
		story = "/story/" + b.Story.String()
		approve = story + "#approval"
	}
	out := []stepView{
		{Href: "/call", Done: b.Told},
		{Href: claim, Done: b.Claimed},
		{Href: story, Done: !b.Story.IsZero()},
		{Href: approve},
	}
	now := false
	for i, key := range []string{"told", "claim", "story", "release"} {
		st := &out[i]
		st.Word, st.Why, st.Do = v.T("desk.first."+key), v.T("desk.first."+key+".why"), v.T("desk.first."+key+".do")
		if !st.Done && !now {
			st.Now, now = true, true
		}
	}
	return out, nil
}

// list puts several into one line, apart as the language has it.
func (t tongue) list(parts ...string) string { return strings.Join(parts, t.T("desk.list.comma")) }

// next is the one thing that brings a story nearer to its release, and where it is done. Nil
// where the line above the text already has a button, or nobody here can do more.
func (v *visit) next(p *storyPage, st *desk.StoryView) *link {
	if len(st.Paragraphs) == 0 && st.Story.Retraction == nil {
		if p.Open {
			return nil
		}
		return &link{p.Query + "&s=1.1#write", v.T("desk.next.sentence")}
	}
	if f := worstOf(st); f != nil {
		if p.Mend != nil {
			return nil
		}
		return v.nextMend(p, f)
	}
	left := 2 - len(st.Signed)
	switch {
	case len(st.Approvers) < 2:
		return nil
	case st.State == desk.Released && p.Publish:
		return &link{"#approval", v.T("desk.next.publish")}
	case st.State == desk.Released:
		return nil
	case left > 0:
		return &link{"#approval", v.N("desk.next.approve", left)}
	}
	return &link{"#approval", v.T("desk.next.release")}
}

// worstOf is the finding that is mended first: the worst, and of what editions have in common that
// of the language in which the story is written.
func worstOf(st *desk.StoryView) *desk.Finding {
	var worst *desk.Finding
	for i := range st.Findings {
		f := &st.Findings[i]
		if f.Answered || f.Verdict == desk.Pass {
			continue
		}
		if worst == nil {
			worst = f
		}
		if f.Verdict == worst.Verdict && f.Rule == worst.Rule && f.Paragraph == worst.Paragraph && f.Sentence == worst.Sentence && f.Lang == st.Story.Original {
			return f
		}
	}
	return worst
}

// lacks says whether a finding is that an edition has no headline, standfirst or reason.
func lacks(f *desk.Finding) bool { return f.Rule == "edition" && f.Paragraph < 0 && f.Lang.Valid() }

// fixNames: a sentence can't be filled in, because its level needs a word that the story lacks.
const fixNames = "desk.fix.names"

func (v *visit) nextMend(p *storyPage, f *desk.Finding) *link {
	switch {
	case strings.HasPrefix(f.Rule, "house ") || f.Verdict == desk.Hold:
		for _, r := range p.Asks.Rules {
			if r.Rule == f.Rule || r.Here && f.Verdict == desk.Hold {
				return &link{"#r-" + r.ID, v.T("desk.next.rules")}
			}
		}
		return nil
	case lacks(f):
		return &link{"#heads-" + string(f.Lang), v.T("desk.next.heads", v.language(f.Lang))}
	case f.Rule == "photo":
		return &link{"#photograph", v.T("desk.next.photo")}
	case f.Paragraph < 0:
		return nil
	case f.Fix == fixNames:
		return &link{"#names", v.T("desk.next.names")}
	}
	here := at(f.Paragraph, f.Sentence)
	if p.Open {
		return nil
	}
	return &link{p.Query + "&s=" + here + "#write", v.T("desk.next.mend", here)}
}
