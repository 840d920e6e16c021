package web

import (
	"strconv"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
)

// newsroomPage is the state of the desk itself: what ends when, and what was exchanged.
type newsroomPage struct {
	frame
	Address, Today string
	Notes, Keys    []dying
	Sync           []fact
	Trouble        string
	Losses         []fact
	Approvers      []string
	Erased         []string
}

// dying is a thing with an end, and how near it is.
type dying struct {
	Name, Detail, Until string
	State               mark
}

// Days before the end at which a note is a matter for today.
const soon = 7

func (s *Server) newsroom(v *visit) error {
	n, err := s.desk.Newsroom(v.ctx())
	if err != nil {
		return err
	}
	p := newsroomPage{Address: n.Address, Today: v.day(n.Today), Approvers: n.Approvers}
	for _, note := range n.Notes {
		p.Notes = append(p.Notes, v.ends(n.Today, dying{
			Name: v.T("desk.note." + note.Role), Detail: v.T("desk.newsroom.serial", note.Serial),
		}, note.Expires, true))
	}
	for _, k := range n.Keys {
		p.Keys = append(p.Keys, v.ends(n.Today, dying{Name: v.keyName(k), Detail: v.keyWeek(k)}, k.Dies, false))
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
	p.frame = s.frame(v, "newsroom", "desk.newsroom.title")
	return s.show(v, "newsroom", p)
}

// ends says until when a thing lives. A note's end is a matter for people; a key's death
// is as it should be.
func (v *visit) ends(today cell.Day, d dying, end cell.Day, matters bool) dying {
	if end == 0 {
		d.Until, d.State = v.T("desk.newsroom.stays"), mark{"none", ""}
		return d
	}
	left := int(end) - int(today)
	d.Until = v.day(end)
	switch {
	case left < 0:
		d.State = mark{"block", v.T("desk.newsroom.over")}
	case matters && left <= soon:
		d.State = mark{"hold", v.N("desk.newsroom.days", left)}
	default:
		d.State = mark{"pass", v.N("desk.newsroom.days", left)}
	}
	if !matters && left >= 0 {
		d.State.Kind = ""
	}
	return d
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

// postPublish puts up what is released. What went wrong is for the newsroom's page to say in
// words of its own: an error of the network names hosts.
func (s *Server) postPublish(v *visit) error {
	if s.opts.Publish == nil {
		return desk.ErrNotFound
	}
	files, err := s.opts.Publish(v.ctx())
	switch {
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
