package web

import (
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// versionsPage lists the versions of a story, and what changed between two of them.
type versionsPage struct {
	frame
	ID      string
	Heading said
	Rows    []versionRow
	From    []choice
	Title   string
	First   bool // there is nothing before it
	Changes []changeView
	To      string // the version that is shown
	Restore string // a word if it can be brought back
}

type versionRow struct {
	Href, Word, Day string
	Marks           []mark
	Here, Undone    bool
}

type changeView struct {
	Word  string
	Kind  mark
	Also  string
	Texts []changeText
}

type changeText struct {
	Lang, Name string
	Runs       []runView
}

// runView is a run of a text that stayed, went or came.
type runView struct {
	Kind string // "ins", "del" or ""
	Text said
}

func (s *Server) versions(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	st, err := s.desk.Story(v.ctx(), id)
	if err != nil {
		return err
	}
	list, err := s.desk.Versions(v.ctx(), id)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	to := find(list, q.Get("to"), 0)
	from := find(list, q.Get("from"), to+1)
	p := &versionsPage{ID: id.String(), Heading: says("", st.Title)}
	for i, r := range list {
		row := versionRow{
			Href: "?to=" + r.Op.String(), Word: v.T("desk.version.n", r.Number), Day: v.short(r.Day), Here: i == to, Undone: r.Undone,
		}
		if r.Now {
			row.Marks = append(row.Marks, mark{"plain", v.T("desk.version.now")})
		}
		if r.Undone {
			row.Marks = append(row.Marks, mark{"plain", v.T("desk.version.undone")})
		}
		if r.Released > 0 {
			row.Marks = append(row.Marks, mark{"done", v.T("desk.version.released", r.Released)})
		}
		p.Rows = append(p.Rows, row)
		if i != to {
			p.From = append(p.From, choice{r.Op.String(), v.T("desk.version.n", r.Number) + " · " + v.short(r.Day), i == from})
		}
	}
	if err := s.changes(v, p, id, list, from, to); err != nil {
		return err
	}
	p.frame = s.frame(v, "stories", "desk.version.title")
	return s.show(v, "versions", p)
}

// find gives the index of a version in the list, or other.
func find(list []desk.VersionRow, op string, other int) int {
	for i, r := range list {
		if r.Op.String() == op {
			return i
		}
	}
	return other
}

func (s *Server) changes(v *visit, p *versionsPage, id desk.ID, list []desk.VersionRow, from, to int) error {
	newer, err := s.desk.Version(v.ctx(), id, list[to].Op)
	if err != nil {
		return err
	}
	p.To = list[to].Op.String()
	if !list[to].Now {
		p.Restore = v.T("desk.version.restore", list[to].Number)
	}
	older := &desk.Story{}
	if from < len(list) {
		if older, err = s.desk.Version(v.ctx(), id, list[from].Op); err != nil {
			return err
		}
		p.Title = v.T("desk.version.compare", list[from].Number, list[to].Number)
	} else {
		p.Title, p.First = v.T("desk.version.n", list[to].Number), true
	}
	for _, c := range desk.Compare(older, newer) {
		p.Changes = append(p.Changes, v.change(c))
	}
	return nil
}

var changeMarks = map[desk.ChangeKind]string{desk.Added: "done", desk.Removed: "plain", desk.Changed: "plain", desk.Moved: "plain"}

func (v *visit) change(c desk.Change) changeView {
	out := changeView{Kind: mark{changeMarks[c.Kind], v.T("desk.change." + string(c.Kind))}}
	if c.Part == "sentence" {
		out.Word = v.T("desk.change.sentence", at(c.Paragraph, c.Sentence))
	} else {
		out.Word = v.T("desk.change." + c.Part)
	}
	var also []string
	for _, a := range []struct {
		is  bool
		key string
	}{{c.Level, "level"}, {c.Claims, "claims"}, {c.Disputed, "disputed"}} {
		if a.is {
			also = append(also, v.T("desk.change."+a.key))
		}
	}
	if len(also) > 0 {
		out.Also = v.T("desk.change.only", strings.Join(also, " · "))
	}
	for _, t := range c.Texts {
		w := changeText{Lang: t.Lang.HTML(), Name: t.Lang.Name()}
		for _, r := range t.Runs {
			w.Runs = append(w.Runs, runView{map[desk.ChangeKind]string{desk.Added: "ins", desk.Removed: "del"}[r.Kind], says(lang.Tag(t.Lang), r.Text)})
		}
		out.Texts = append(out.Texts, w)
	}
	return out
}

func (s *Server) postRestore(v *visit) error {
	return s.storyWrite(v, "desk.said.restored", func(id desk.ID) (desk.OpID, error) {
		op, err := desk.ParseOpID(v.form("version"))
		if err != nil {
			return desk.OpID{}, desk.ErrNotFound
		}
		return s.desk.RestoreVersion(v.ctx(), id, op)
	})
}

func (s *Server) postMove(v *visit) error {
	return s.storyWrite(v, "desk.said.moved", func(id desk.ID) (desk.OpID, error) {
		i, j, err := v.place()
		if err != nil {
			return desk.OpID{}, err
		}
		by, err := strconv.Atoi(v.form("by"))
		if err != nil {
			return desk.OpID{}, desk.ErrNotFound
		}
		return s.desk.MoveSentence(v.ctx(), id, i, j, by)
	})
}
