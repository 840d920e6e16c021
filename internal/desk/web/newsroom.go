package web

import (
	"errors"
	"strconv"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/seal"
)

// newsroomPage is the state of the desk itself: what ends when, and what was exchanged.
type newsroomPage struct {
	frame
	Address, Today string
	Notes, Keys    []dying
	Held           []heldView
	Sync           []fact
	Trouble        string
	Example        bool // the estimates are the example still
	Losses         []fact
	Approvers      []string
	Erased         []string
	Contacts       *contactsView // nil: nothing is known of them
}

// contactsView is what a desk should know of the contacts that readers see.
type contactsView struct {
	List    []dying // each with the day of its checking; one to check again is marked
	Trouble string
}

// dying is a thing with an end, and how near it is.
type dying struct {
	Name, Detail, Until string
	State               mark
}

func (s *Server) newsroom(v *visit) error {
	n, err := s.desk.Newsroom(v.ctx())
	if err != nil {
		return err
	}
	p := newsroomPage{Address: n.Address, Today: v.day(n.Today), Approvers: n.Approvers}
	for _, note := range n.Notes {
		d := v.ends(n.Today, dying{Name: v.T("desk.note." + note.Role), Detail: v.T("desk.newsroom.serial", note.Serial)}, note.Expires)
		d.State = v.warns(d.State, note.Ending)
		p.Notes = append(p.Notes, d)
	}
	for _, k := range n.Keys {
		p.Keys = append(p.Keys, v.ends(n.Today, dying{Name: v.keyName(k), Detail: v.keyWeek(k)}, k.Dies))
	}
	for _, h := range n.Held {
		p.Held = append(p.Held, v.held(h, n.Approvers))
	}
	if n.Threads > 0 {
		p.Keys = append(p.Keys, dying{v.T("desk.key.thread"), strconv.Itoa(n.Threads), v.T("desk.newsroom.weekly"), mark{}})
	}
	never := func(d cell.Day) string {
		if d == 0 {
			return v.T("desk.newsroom.never")
		}
		return v.day(d)
	}
	p.Sync = []fact{
		{v.T("desk.newsroom.last"), never(n.LastSync)},
		{v.T("desk.newsroom.parcel"), never(n.ParcelDay)},
		{v.T("desk.newsroom.bulletin"), never(n.BulletinSeen)},
		{v.T("desk.newsroom.batches"), strconv.Itoa(n.Batches)},
	}
	if n.LastError != "" {
		p.Sync[0].Name = v.T("desk.newsroom.tried")
		p.Trouble = v.T("desk.newsroom.failed")
	}
	if n.Missing > 0 {
		p.Losses = append(p.Losses, fact{v.T("desk.newsroom.missing"), strconv.Itoa(n.Missing)})
	}
	for _, e := range n.Erased {
		p.Erased = append(p.Erased, v.T("desk.erase.done", v.day(e.Day), e.Threads))
	}
	if n.ClockDoubted {
		p.Trouble = v.T("desk.newsroom.clock")
	}
	p.Losses = append(p.Losses,
		fact{v.T("desk.newsroom.late"), strconv.Itoa(n.Late)},
		fact{v.T("desk.newsroom.refused"), strconv.Itoa(n.Refused)})
	if s.opts.Contacts != nil {
		p.Contacts = v.contacts(s.opts.Contacts())
	}
	p.Example = s.exampleNumbers()
	p.frame = s.frame(v, "newsroom", "desk.newsroom.title")
	return s.show(v, "newsroom", p)
}

// exampleNumbers says whether the newsroom has its numbers still to put in. In practice the example is
// what is wanted.
func (s *Server) exampleNumbers() bool { return s.opts.Lesson == nil && s.desk.ExampleEstimates() }

func (v *visit) contacts(c Contacts) *contactsView {
	out := &contactsView{}
	if c.Unsigned {
		out.Trouble = v.T("desk.contacts.unsigned")
	}
	for _, one := range c.List {
		day := v.day(cell.Day(one.Checked))
		state := mark{"", v.T("desk.contacts.checked", day)}
		if one.Stale {
			state = mark{"hold", v.T("desk.contacts.stale", day)}
		}
		out.List = append(out.List, dying{Name: one.Name, Detail: one.Number, State: state})
	}
	return out
}

// ends says until when a thing lives.
func (v *visit) ends(today cell.Day, d dying, end cell.Day) dying {
	if end == 0 {
		d.Until, d.State = v.T("desk.newsroom.stays"), mark{"none", ""}
		return d
	}
	left := int(end) - int(today)
	d.Until = v.day(end)
	if left < 0 {
		d.State = mark{"block", v.T("desk.newsroom.over")}
	} else {
		d.State = mark{"", v.N("desk.newsroom.days", left)}
	}
	return d
}

// warns marks a note: unlike a key's death, its end is a matter for people.
func (v *visit) warns(m mark, e seal.Ending) mark {
	switch e {
	case seal.Ended:
		return mark{"block", v.T("desk.newsroom.over")}
	case seal.EndsLater:
		m.Kind = "pass"
	default:
		m.Kind = "hold"
	}
	return m
}

func (v *visit) keyName(k desk.KeyView) string {
	if key := "desk.key." + k.What; v.T(key) != "["+key+"]" {
		return v.T(key)
	}
	return k.What
}

func (v *visit) keyWeek(k desk.KeyView) string {
	if k.Week < 0 {
		return ""
	}
	return v.T("desk.newsroom.week", k.Week)
}

// ErrEarly is a site that readers could not hold to the notes which they are shown today.
var ErrEarly = errors.New("the site is not what readers' notes name yet")

// postPublish puts up what is released. What went wrong is for the newsroom's page to say in
// words of its own: an error of the network names hosts.
func (s *Server) postPublish(v *visit) error {
	if s.opts.Publish == nil {
		return desk.ErrNotFound
	}
	files, err := s.opts.Publish(v.ctx())
	switch {
	case errors.Is(err, ErrEarly):
		s.say(v.T("desk.said.early"), desk.OpID{})
	case err != nil:
		s.say(v.T("desk.said.nopublish"), desk.OpID{})
	case files == 0:
		s.say(v.T("desk.said.unchanged"), desk.OpID{})
	default:
		s.say(v.N("desk.said.published", files), desk.OpID{})
	}
	return v.back("/stories")
}

func (s *Server) postSync(v *visit) error {
	r, err := s.desk.Sync(v.ctx())
	if err != nil {
		s.say(v.T("desk.said.nosync"), desk.OpID{})
		return v.back("/newsroom")
	}
	s.say(v.N("desk.said.synced", r.Letters), desk.OpID{})
	return v.back("/newsroom")
}
