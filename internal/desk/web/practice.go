package web

import (
	"context"
	"net/http"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// Practice makes desks to learn at, one at a time. Each has a vault, a server, a name and a session of
// its own; nothing that happens there passes through the newsroom's desk.
type Practice interface {
	// Begin lays a new one out and serves it, in the language given. One that is still there ends first.
	Begin(ctx context.Context, l lang.Tag) error
	// End destroys the one there is. Nothing of it stays when it returns.
	End() error
	// Now says whether there is one, and the link that lets a browser in, "" once one has come in.
	Now() (link string, there bool)
}

// Lesson is what the pages of a practice desk know besides their desk.
type Lesson interface {
	// Lesson says which steps there are, in their order, and which are done.
	Lesson(ctx context.Context) ([]LessonStep, error)
	// End destroys the practice desk. Its pages answer with the hall alone from then on.
	End() error
}

// A LessonStep is one step of the lesson.
type LessonStep struct {
	Key  string // of the words: "desk.lesson.KEY" and so on
	Args []any  // of the words that say how
	Path string // where it is done
	Done bool
}

// Entered says whether a browser has come in by the link.
func (s *Server) Entered() bool {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	return s.door.used
}

// lessonBar is what stands above each page of a practice desk: that it is one, and the next step.
type lessonBar struct {
	Word, Href string
	Step, Of   int
}

// entrance is the page to which the hall leads.
func (s *Server) entrance() string {
	if s.opts.Lesson != nil {
		return "/lesson"
	}
	return "/inbox"
}

func (s *Server) lessonBar(v *visit) *lessonBar {
	if s.opts.Lesson == nil {
		return nil
	}
	bar := &lessonBar{}
	steps, err := s.opts.Lesson.Lesson(v.ctx())
	if err != nil {
		return bar // a page is worth showing without the step
	}
	bar.Of = len(steps)
	for i, st := range steps {
		if !st.Done {
			bar.Step, bar.Word, bar.Href = i+1, v.T("desk.lesson."+st.Key), st.Path
			break
		}
	}
	return bar
}

// lessonSteps are the lesson's steps as the inbox shows them.
func (s *Server) lessonSteps(v *visit) ([]stepView, error) {
	steps, err := s.opts.Lesson.Lesson(v.ctx())
	if err != nil {
		return nil, err
	}
	out := make([]stepView, len(steps))
	now := false
	for i, st := range steps {
		key := "desk.lesson." + st.Key
		out[i] = stepView{
			Word: v.T(key), Why: v.T(key + ".why"), How: v.T(key+".how", st.Args...), Do: v.T(key + ".do"), Href: st.Path,
			Done: st.Done, Now: !st.Done && !now,
		}
		now = now || !st.Done
	}
	return out, nil
}

// practicePage offers a practice desk, or leads to the one there is.
type practicePage struct {
	frame
	There bool
	Link  string
}

// lessonPage is the lesson, and the way out of it.
type lessonPage struct {
	frame
	Steps []stepView
	Done  int
}

func (s *Server) practiceRoutes(page func(method, path string, h func(*visit) error) route) []route {
	return []route{
		page("GET", "/practice", s.practice),
		page("POST", "/practice/begin", s.postBeginPractice),
		page("POST", "/practice/end", s.postEndPractice),
		page("GET", "/lesson", s.lesson),
	}
}

func (s *Server) practice(v *visit) error {
	if s.opts.Practice == nil {
		return desk.ErrNotFound
	}
	p := practicePage{frame: s.frame(v, "practice", "desk.practice.title")}
	p.Link, p.There = s.opts.Practice.Now()
	return s.show(v, "practice", p)
}

func (s *Server) postBeginPractice(v *visit) error {
	if s.opts.Practice == nil {
		return desk.ErrNotFound
	}
	if err := s.opts.Practice.Begin(v.ctx(), lang.Tag(v.tongue)); err != nil {
		return err
	}
	return v.see("/practice")
}

// postEndPractice ends practice from either side: the newsroom's desk goes on, a practice desk is gone.
func (s *Server) postEndPractice(v *visit) error {
	switch {
	case s.opts.Lesson != nil:
		s.over.Store(true)
		// Should it fail, the key is gone all the same, and nothing opens what may be left of the
		// folder: the desk's next start removes it.
		_ = s.opts.Lesson.End()
		http.Redirect(v.w, v.r, "/", http.StatusSeeOther)
		return nil
	case s.opts.Practice != nil:
		if err := s.opts.Practice.End(); err != nil {
			return err
		}
		s.say(v.T("desk.practice.ended"), desk.OpID{})
		return v.see("/practice")
	}
	return desk.ErrNotFound
}

func (s *Server) lesson(v *visit) error {
	if s.opts.Lesson == nil {
		return desk.ErrNotFound
	}
	steps, err := s.lessonSteps(v)
	if err != nil {
		return err
	}
	p := lessonPage{frame: s.frame(v, "lesson", "desk.lesson.title"), Steps: steps}
	for _, st := range steps {
		if st.Done {
			p.Done++
		}
	}
	return s.show(v, "lesson", p)
}
