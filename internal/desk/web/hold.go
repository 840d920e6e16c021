package web

import (
	"strconv"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/seal"
)

// heldView is a day whose letters sift holds back, and who may let them go.
type heldView struct {
	Number               uint64 // of the day, for the form
	Title, What, Missing string
	People               []person
	Open                 bool // a signature is still wanted
}

func (v *visit) held(h desk.HoldView, approvers []string) heldView {
	out := heldView{
		Number: uint64(h.Day), Title: v.T("desk.hold.title", v.day(h.Day)),
		What: v.N("desk.hold.what", h.Canaries, v.day(h.Until)), Open: !h.Enough,
	}
	signed := map[string]string{}
	for _, a := range h.Signed {
		signed[a.Name] = v.short(a.Day)
	}
	for _, name := range approvers {
		day, ok := signed[name]
		out.People = append(out.People, person{name, day, ok})
	}
	switch {
	case h.Enough:
		out.Missing = v.T("desk.hold.enough")
	case len(approvers) == 0:
		out.Missing = v.T("desk.approval.nobody")
	default:
		out.Missing = v.N("desk.hold.missing", seal.FreeApprovers-len(h.Signed))
	}
	return out
}

// postFree signs as one approver that a held day may go; with enough signatures the desk goes
// to the host at once. What the host says then stands on the page.
func (s *Server) postFree(v *visit) error {
	n, err := strconv.ParseUint(v.form("day"), 10, 32)
	if err != nil {
		return desk.ErrNotFound
	}
	p := v.passphrase()
	defer clear(p)
	if err := s.desk.FreeDay(v.ctx(), cell.Day(n), v.form("approver"), p); err != nil {
		return err
	}
	s.say(v.T("desk.said.freed"), desk.OpID{}) // others rely on it: it can't be undone
	room, err := s.desk.Newsroom(v.ctx())
	if err != nil {
		return err
	}
	for _, h := range room.Held {
		if h.Day == cell.Day(n) && h.Enough {
			if _, err := s.desk.Sync(v.ctx()); err != nil {
				s.say(v.T("desk.said.nosync"), desk.OpID{}) // it goes with the next one
			}
		}
	}
	return v.back("/newsroom")
}
