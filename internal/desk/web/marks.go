package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// inboxRoutes are the addresses of what is done to threads, cases and the search.
func (s *Server) inboxRoutes(page func(method, path string, h func(*visit) error) route) []route {
	return []route{
		page("POST", "/inbox/change", s.postChange),
		page("POST", "/inbox/view", s.postView),
		page("POST", "/thread/note", s.postRemark),
		page("POST", "/thread/note/drop", s.postDropRemark),
		page("POST", "/thread/join", s.postJoin),
		page("POST", "/thread/part", s.postPart),
		page("GET", "/canned", s.canned),
		page("POST", "/canned", s.postCanned),
		page("GET", "/news", s.news),
		page("GET", "/search", s.search),
		page("POST", "/search", s.postSearch),
		page("GET", "/cases", s.cases),
		page("GET", "/case/{id}", s.showCase),
		page("GET", "/case/file/{op}", s.caseFile),
		page("POST", "/case/open", s.postCaseOpen),
		page("POST", "/case/sheet", s.postCaseSheet),
		page("POST", "/case/step", s.postCaseStep),
		page("POST", "/case/give", s.postCaseGive),
		page("POST", "/case/close", s.postCaseClose),
	}
}

// sayAll is say for several operations, which one undo takes back.
func (s *Server) sayAll(word string, ops []desk.OpID) {
	var list []string
	for _, op := range ops {
		list = append(list, op.String())
	}
	s.mu.Lock()
	s.said = notice{Word: word, Undo: strings.Join(list, ",")}
	s.mu.Unlock()
}

// undoOps reads what a notice named.
func undoOps(text string) ([]desk.OpID, error) {
	var ops []desk.OpID
	for part := range strings.SplitSeq(text, ",") {
		op, err := desk.ParseOpID(part)
		if err != nil {
			return nil, desk.ErrNotFound
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// Days for which a thread can rest.
var restDays = []int{1, 3, 7, 28}

// changeOf reads what is to be done to threads out of a form.
func (s *Server) changeOf(v *visit) (c desk.ThreadChange, said string, err error) {
	value := v.form("value")
	switch v.form("do") {
	case "read":
		return desk.ThreadChange{Read: true}, "desk.said.read", nil
	case "unread":
		return desk.ThreadChange{Unread: true}, "desk.said.unread", nil
	case "topic":
		return desk.ThreadChange{Topic: &value}, "desk.said.marked", nil
	case "tag":
		return desk.ThreadChange{Tag: value}, "desk.said.marked", nil
	case "untag":
		return desk.ThreadChange{Untag: value}, "desk.said.marked", nil
	case "assign":
		return desk.ThreadChange{Assign: &value}, "desk.said.marked", nil
	case "mine":
		me := s.opts.By
		return desk.ThreadChange{Assign: &me}, "desk.said.marked", nil
	case "rest":
		days, err := strconv.Atoi(v.form("days"))
		if err != nil || days < 0 || days > 366 {
			return c, "", desk.ErrNotFound
		}
		until := cell.Day(0)
		if days > 0 {
			until = s.desk.Today() + cell.Day(days)
		}
		return desk.ThreadChange{Snooze: &until}, "desk.said.rests", nil
	case "block":
		return desk.ThreadChange{Block: s.opts.By}, "desk.said.blocked", nil
	}
	return c, "", desk.ErrNotFound
}

// postChange does one thing to all threads that were chosen.
func (s *Server) postChange(v *visit) error {
	c, said, err := s.changeOf(v)
	if err != nil {
		return err
	}
	var ids []desk.ID
	for _, text := range v.r.PostForm["ids"] {
		id, err := desk.ParseID(text)
		if err != nil {
			return desk.ErrNotFound
		}
		ids = append(ids, id)
	}
	if c.Tag == "" && v.form("do") == "tag" {
		return v.back("/inbox")
	}
	ops, err := s.desk.Change(v.ctx(), ids, c)
	if err != nil {
		return err
	}
	s.sayAll(v.N(said, len(ids)), ops)
	return v.back("/inbox")
}

func (s *Server) postView(v *visit) error {
	var id desk.ID
	if v.form("id") != "" {
		var err error
		if id, err = v.id("id"); err != nil {
			return err
		}
	}
	q := desk.ParseInboxQuery(v.form("query"))
	_, op, err := s.desk.SaveView(v.ctx(), id, v.form("name"), q)
	if err != nil {
		return err
	}
	s.say(v.T(map[bool]string{true: "desk.said.saved", false: "desk.said.dropped"}[id.IsZero()]), op)
	return v.see(s.listHref("/inbox", q, false))
}

func (s *Server) postRemark(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	_, op, err := s.desk.AddRemark(v.ending(draftRemark, id), id, v.text("text"), s.opts.By)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showThread(v, id, w, "") })
	}
	if err := s.desk.SaveDraft(v.ctx(), draftRemark, id, ""); err != nil {
		return err
	}
	s.say(v.T("desk.said.saved"), op)
	return v.back("/thread/" + id.String())
}

func (s *Server) postDropRemark(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.desk.DropRemark(v.ctx(), id, s.opts.By)
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.dropped"), op)
	return v.back("/inbox")
}

// postJoin joins a thread to another that a journalist names by its handle.
func (s *Server) postJoin(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	into, err := s.desk.SourceByHandle(v.ctx(), v.form("into"))
	var ops []desk.OpID
	if err == nil {
		ops, err = s.desk.Join(v.ctx(), id, into, s.opts.By)
	}
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showThread(v, id, w, "") })
	}
	s.sayAll(v.T("desk.said.joined"), ops)
	return v.see("/thread/" + into.String())
}

func (s *Server) postPart(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	op, err := s.desk.Part(v.ctx(), id)
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.parted"), op)
	return v.see("/thread/" + id.String())
}

// news says to an open page how many letters came since it was made. It names nobody.
func (s *Server) news(v *visit) error {
	since, err := strconv.ParseInt(v.r.URL.Query().Get("since"), 10, 64)
	if err != nil || since < 0 {
		return desk.ErrNotFound
	}
	came, _, err := s.desk.News(v.ctx(), since)
	if err != nil {
		return err
	}
	b, err := json.Marshal(struct {
		Came int    `json:"came"`
		Word string `json:"word"`
	}{came, v.N("desk.news.came", came)})
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, _ = v.w.Write(b) // a browser that left needs no answer
	return nil
}

// boxLink leads to a part of the inbox.
type boxLink struct {
	Href, Word string
	Here       bool
	ID         string // of a saved view, for dropping it
}

// labelsView is what is said about a thread, and the forms that say it.
type labelsView struct {
	ID, Back, Topic, Assigned, Rests string
	Tags                             []string
	Rest                             []choice
	Remarks                          []remarkView
	Draft                            string // of a note
	JoinedIn                         []link
	MayJoin, MayOpenCase, Snoozed    bool
	Case                             string // address of its case
}

type remarkView struct {
	ID, Day, By string
	Words       said
}

func (s *Server) labels(v *visit, t *desk.ThreadView) (labelsView, error) {
	id := t.ID.String()
	out := labelsView{
		ID: id, Back: v.r.URL.RequestURI(), Topic: flat(t.Topic), Assigned: flat(t.Assigned),
		MayJoin: t.Next == nil && t.Erase == 0, MayOpenCase: t.Case == desk.NoCase || t.Case == desk.CaseClosed,
		Rest: v.rests(),
	}
	if v.r.Method != http.MethodGet {
		out.Back = "/thread/" + id
	}
	for _, tag := range t.Tags {
		out.Tags = append(out.Tags, flat(tag))
	}
	if t.Snooze > s.desk.Today() {
		out.Snoozed, out.Rests = true, v.day(t.Snooze)
	}
	if t.Case != desk.NoCase {
		out.Case = "/case/" + id
	}
	for _, r := range t.Remarks {
		out.Remarks = append(out.Remarks, remarkView{r.ID.String(), v.day(r.Day), flat(r.By), says("", r.Text)})
	}
	for _, f := range t.JoinedIn {
		out.JoinedIn = append(out.JoinedIn, link{f.ID.String(), f.Handle})
	}
	var err error
	out.Draft, err = s.desk.Draft(v.ctx(), draftRemark, t.ID)
	return out, err
}

func (v *visit) rests() []choice {
	var out []choice
	for _, n := range restDays {
		out = append(out, choice{Value: strconv.Itoa(n), Word: v.N("desk.rest.days", n)})
	}
	return out
}

// filterView is the form by which the list is narrowed.
type filterView struct {
	Topics, Tags, People, Langs []choice
	Box                         string
	Query                       string   // as it is saved
	Hint                        string   // why a part of the inbox may be empty
	Now                         []string // what the list is narrowed by
}

func (s *Server) filter(v *visit, q desk.InboxQuery) (filterView, error) {
	m, err := s.desk.Marks(v.ctx())
	if err != nil {
		return filterView{}, err
	}
	out := filterView{Box: string(q.Box), Query: q.Encode()}
	for _, now := range []string{q.Topic, q.Tag, q.Assigned, v.language(q.Lang)} {
		if now != "" {
			out.Now = append(out.Now, flat(now))
		}
	}
	switch q.Box {
	case desk.BoxUnread, desk.BoxWaiting, desk.BoxSnoozed, desk.BoxBlocked:
		out.Hint = v.T("desk.box." + string(q.Box) + ".empty")
	}
	for _, f := range []struct {
		into *[]choice
		all  []string
		now  string
	}{{&out.Topics, m.Topics, q.Topic}, {&out.Tags, m.Tags, q.Tag}, {&out.People, m.People, q.Assigned}} {
		for _, value := range f.all {
			*f.into = append(*f.into, choice{s.aside.number(value), flat(value), value == f.now})
		}
	}
	for _, l := range lang.All() {
		out.Langs = append(out.Langs, choice{string(l), v.language(l), l == q.Lang})
	}
	return out, nil
}

// boxes leads to the parts of the inbox, and to the views that were saved.
func (s *Server) boxes(v *visit, q desk.InboxQuery, all bool) ([]boxLink, error) {
	var out []boxLink
	q.After = ""
	for _, b := range []struct {
		word string
		box  desk.Box
	}{
		{"desk.nav.inbox", desk.BoxOpen},
		{"desk.box.unread", desk.BoxUnread},
		{"desk.box.waiting", desk.BoxWaiting},
		{"desk.box.snoozed", desk.BoxSnoozed},
		{"desk.block.box", desk.BoxBlocked},
	} {
		one := desk.InboxQuery{Box: b.box}
		out = append(out, boxLink{Href: s.listHref("/inbox", one, false), Word: v.T(b.word), Here: q == one && !all})
	}
	out = append(out, boxLink{Href: s.listHref("/inbox", desk.InboxQuery{}, true), Word: v.T("desk.inbox.all"), Here: all})
	saved, err := s.desk.SavedViews(v.ctx())
	for _, w := range saved {
		out = append(out, boxLink{Href: s.listHref("/inbox", w.Query, false), Word: flat(w.Name), Here: q == w.Query && !all && q != desk.InboxQuery{}, ID: w.ID.String()})
	}
	return out, err
}
