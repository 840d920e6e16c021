package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// callPage takes down what somebody says while they say it; the same form mends a note.
type callPage struct {
	frame
	ID                 string // of the note; "" while it is new
	Action, DraftFor   string
	Threads, Spoken    []choice
	More               bool // sources than stand in the list
	Kinds, Known       []choice
	Teller, TellerHref string // of a note that stands: its source stays
	Day, Text          string
	Kept               bool // what is shown comes from a draft
	Taker              string
	TextLang           string // in which lines of the note break
	Care               []string
	Rests              []claimLine
	Claim              *lineClaim // a claim is about to be made of a line
	Board              []choice
}

// lineClaim is the line of a note that a claim is made of.
type lineClaim struct {
	Line     int
	Words    said
	Raw      string
	Evidence evidenceForm
}

// typedCall is a note as it stands in the form, before anything checked it. As a draft it is
// kept whole, so that a crash loses no choice either.
type typedCall struct {
	Thread, Kind, Day, Lang, Known, Text string
}

func (s *Server) call(v *visit) error {
	n := typedCall{Day: lang.ISODate(uint32(s.desk.Today())), Lang: string(v.tongue), Kind: string(desk.KindCall)}
	n.Thread = v.r.URL.Query().Get("thread")
	kept, err := s.keptCall(v, desk.ID{}, &n)
	if err != nil {
		return err
	}
	return s.showCall(v, wrong{}, desk.ID{}, n, kept)
}

// keptCall puts a draft in the place of what stands; kept says that there is one.
func (s *Server) keptCall(v *visit, note desk.ID, n *typedCall) (kept bool, err error) {
	draft, err := s.desk.Draft(v.ctx(), draftCall, note)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return false, err
	}
	if draft == "" {
		return false, nil
	}
	var fields map[string]string
	if json.Unmarshal([]byte(draft), &fields) != nil {
		n.Text = draft // from when the text alone was kept
		return true, nil
	}
	for name, into := range map[string]*string{
		"thread": &n.Thread, "kind": &n.Kind, "day": &n.Day, "lang": &n.Lang, "known": &n.Known, "text": &n.Text,
	} {
		if value, ok := fields[name]; ok {
			*into = value
		}
	}
	return true, nil
}

// note opens a note that stands, to mend it or to go on making claims of its lines.
func (s *Server) note(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	r, err := s.desk.Report(v.ctx(), id)
	if err != nil {
		return err
	}
	if r.Hidden || r.Taker == "" {
		return desk.ErrNotFound
	}
	n := typedCall{
		Thread: r.Source.String(), Kind: string(r.Kind), Day: lang.ISODate(uint32(r.Day)), Lang: string(r.Lang), Known: string(r.Known), Text: r.Text,
	}
	kept, err := s.keptCall(v, id, &n)
	if err != nil {
		return err
	}
	return s.showCall(v, wrong{}, id, n, kept)
}

func (s *Server) showCall(v *visit, w wrong, note desk.ID, n typedCall, kept bool) error {
	tellers, err := s.desk.Tellers(v.ctx())
	if err != nil {
		return err
	}
	p := callPage{
		Action: "/call", DraftFor: draftCall, Text: n.Text, Day: n.Day, Kept: kept, Taker: s.opts.By,
		Kinds: v.choices("desk.call.kind", n.Kind, "call", "meeting", "post", "document"),
		Known: v.choices("desk.known", n.Known, "", "phrase", "voice", "face", "doubt"),
		Care:  []string{v.T("desk.call.care.name"), v.T("desk.call.care.own"), v.T("desk.call.care.path"), v.T("desk.call.care.day")},
	}
	if l := desk.Lang(n.Lang); l.Valid() {
		p.TextLang = l.HTML()
	}
	p.More = len(tellers) >= desk.MaxTellers
	if tellers, err = s.andTeller(v, tellers, n.Thread); err != nil {
		return err
	}
	for _, t := range tellers {
		p.Threads = append(p.Threads, choice{t.ID.String(), t.Handle, t.ID.String() == n.Thread})
		if !note.IsZero() && t.ID.String() == n.Thread {
			p.Teller, p.TellerHref = t.Handle, "/thread/"+n.Thread+"#r"+note.String()
		}
	}
	for _, l := range lang.All() {
		p.Spoken = append(p.Spoken, choice{string(l), v.language(l), string(l) == n.Lang})
	}
	if !note.IsZero() {
		p.ID, p.Action, p.DraftFor = note.String(), "/call/"+note.String(), draftCall+"/"+note.String()
		if err := s.claimsOfNote(v, &p, note, n, tellers); err != nil {
			return err
		}
	}
	p.frame = s.frame(v, "call", "desk.call.title")
	p.Wrong = w
	return s.showAs(v, "call", statusOf(w), p)
}

// andTeller adds a source to a list, if there is one of that ID and it is not in it.
func (s *Server) andTeller(v *visit, list []desk.Teller, text string) ([]desk.Teller, error) {
	id, err := desk.ParseID(text)
	if err != nil || slices.ContainsFunc(list, func(t desk.Teller) bool { return t.ID == id }) {
		return list, nil
	}
	t, err := s.desk.Teller(v.ctx(), id)
	if errors.Is(err, desk.ErrNotFound) {
		return list, nil
	}
	return append(list, t), err
}

// claimsOfNote fills what rests on a note, and the line of which a claim is about to be made.
func (s *Server) claimsOfNote(v *visit, p *callPage, note desk.ID, n typedCall, tellers []desk.Teller) error {
	r, err := s.desk.Report(v.ctx(), note)
	if err != nil {
		return err
	}
	p.Taker = r.Taker
	board, err := s.desk.Claims(v.ctx())
	if err != nil {
		return err
	}
	rests := map[desk.ID]bool{}
	for _, m := range r.Claims {
		rests[m.Claim] = true
	}
	for _, c := range board {
		if !c.Withdrawn {
			p.Board = append(p.Board, choice{Value: c.ID.String(), Word: c.Number + " · " + flat(snippet(c.Statement, 64))})
		}
		if rests[c.ID] {
			p.Rests = append(p.Rests, claimLine{"/claim/" + c.ID.String(), c.Number, says("", c.Statement), v.rung(c.Rung)})
		}
	}
	line, err := strconv.Atoi(v.r.URL.Query().Get("line"))
	if err != nil {
		return nil
	}
	turn, ok := desk.TurnAt(n.Text, line)
	if !ok {
		return nil
	}
	p.Claim = &lineClaim{Line: turn.Line, Words: says(desk.Lang(n.Lang), turn.Text), Raw: turn.Text}
	// What comes by voice was told until somebody asked how the speaker knows: then it can't
	// be taken for an independent chain by mistake.
	p.Claim.Evidence, err = s.evidenceForm(v, "c-", tellers, desk.EvidenceInput{Path: ladder.Told})
	return err
}

func (v *visit) typedCall() typedCall {
	return typedCall{v.form("thread"), v.form("kind"), v.form("day"), v.form("lang"), v.form("known"), v.text("text")}
}

// noteOf reads what was typed; field names what can't be read.
func (n typedCall) noteOf(by string, today cell.Day) (note desk.CallNote, field string) {
	note = desk.CallNote{
		Kind: desk.ReportKind(n.Kind), Lang: desk.Lang(n.Lang), Text: n.Text, Taker: by, Known: desk.Recognition(n.Known), Day: today,
	}
	day, ok := typedDay(n.Day)
	if !ok {
		return note, "day"
	}
	if day != 0 {
		note.Day = day
	}
	return note, ""
}

// postCall keeps a new note. Where the form names a line, a claim is made of it next.
func (s *Server) postCall(v *visit) error {
	typed := v.typedCall()
	n, field := typed.noteOf(s.opts.By, s.desk.Today())
	if field != "" {
		return s.showCall(v, wrong{field, v.T("desk.field." + field)}, desk.ID{}, typed, false)
	}
	if typed.Thread != "" {
		id, err := v.id("thread")
		if err != nil {
			return err
		}
		n.Source = id
	}
	source, note, op, err := s.desk.TakeCall(v.ending(draftCall, desk.ID{}), n)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showCall(v, w, desk.ID{}, typed, false) })
	}
	return s.afterNote(v, note, source, op)
}

func (s *Server) afterNote(v *visit, note, source desk.ID, op desk.OpID) error {
	s.say(v.T("desk.said.call"), op)
	if line := v.form("line"); line != "" {
		if _, err := strconv.Atoi(line); err == nil {
			return v.see("/call/" + note.String() + "?line=" + line)
		}
	}
	return v.see("/thread/" + source.String() + "#r" + note.String())
}

// postNote mends a note that stands.
func (s *Server) postNote(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	r, err := s.desk.Report(v.ctx(), id)
	if err != nil {
		return err
	}
	typed := v.typedCall()
	typed.Thread = r.Source.String()
	n, field := typed.noteOf(r.Taker, r.Day)
	if field != "" {
		return s.showCall(v, wrong{field, v.T("desk.field." + field)}, id, typed, false)
	}
	op, err := s.desk.EditCall(v.ending(draftCall, id), id, n)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showCall(v, w, id, typed, false) })
	}
	if err := s.desk.SaveDraft(v.ctx(), draftCall, id, ""); err != nil {
		return err
	}
	return s.afterNote(v, id, r.Source, op)
}

// postForget throws away what was typed and never saved.
func (s *Server) postForget(v *visit) error {
	if err := s.desk.SaveDraft(v.ctx(), draftCall, desk.ID{}, ""); err != nil {
		return err
	}
	return v.see("/call")
}

// turnView is a turn of a note as a conversation shows it.
type turnView struct {
	Class, Who string
	Words      said
}

func (v *visit) turns(r desk.ReportView) []turnView {
	if r.Kind != desk.KindCall && r.Kind != desk.KindMeeting {
		return nil
	}
	var out []turnView
	for _, t := range desk.Turns(r.Text) {
		view := turnView{Words: says(r.Lang, t.Text), Who: t.Label, Class: "turn"}
		if t.Ours {
			view.Class, view.Who = "turn us", v.T("desk.turn.us")
		}
		if t.Quote {
			view.Class += " quote-turn"
		}
		out = append(out, view)
	}
	return out
}

// spoken is a report in one line: of a note the turns, with who spoke where it wasn't the caller.
func (v *visit) spoken(r desk.ReportView) string {
	if r.Kind != desk.KindCall && r.Kind != desk.KindMeeting {
		return strings.Join(strings.Fields(r.Text), " ")
	}
	var out []string
	for _, t := range desk.Turns(r.Text) {
		who := t.Label
		if t.Ours {
			who = v.T("desk.turn.us")
		}
		if who != "" {
			who += v.T("desk.gate.colon")
		}
		out = append(out, who+t.Text)
	}
	return strings.Join(strings.Fields(strings.Join(out, " ")), " ")
}

// known says how the speaker of a note was known again.
func (v *visit) known(r desk.ReportView) mark {
	switch r.Known {
	case "":
		return mark{}
	case desk.KnownDoubt:
		return mark{"hold", v.T("desk.known." + string(r.Known))}
	}
	return mark{"done", v.T("desk.known." + string(r.Known))}
}

// callRoutes are the addresses of call notes.
func (s *Server) callRoutes() []route {
	page := func(method, path string, h func(*visit) error) route {
		return route{method, path, s.page(h)}
	}
	return []route{
		page(http.MethodGet, "/call", s.call),
		page(http.MethodPost, "/call", s.postCall),
		page(http.MethodPost, "/call/forget", s.postForget),
		page(http.MethodGet, "/call/{id}", s.note),
		page(http.MethodPost, "/call/{id}", s.postNote),
	}
}

// plainTurns says whether a note has nothing to show apart: then it is shown as it stands.
func plainTurns(ts []turnView) bool {
	for _, t := range ts {
		if t.Class != "turn" || strings.TrimSpace(t.Who) != "" {
			return false
		}
	}
	return true
}
