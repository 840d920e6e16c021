package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// inboxPage lists who wrote, and shows one conversation.
type inboxPage struct {
	frame
	Rows []inboxRow
	Open *threadView
	Box  string // "blocked", "all", or "" for the list of every day
	Next string // the next page of a box
}

type inboxRow struct {
	Href, Handle, Day, State  string
	Words                     said
	Unread, Call, Here, Alike bool
	Help                      string // the source's id while nobody has taken the request
}

// threadView is one conversation.
type threadView struct {
	ID, Href, Handle, About string
	Wrong                   wrong
	Help                    []helpView
	Items                   []letterView
	MayReply                bool
	Draft                   string
	Sheet                   sheetView
	Facts                   []fact
	Board                   []choice // claims there are already
	Evidence                evidenceForm
	Languages               []speaker
	Erase                   string // when everything here is destroyed
	Hidden                  bool   // until then the words are not shown
	Next, Former            []link
	MayBlock, MayBlockAlike bool
}

// link leads to another conversation.
type link struct{ Href, Word string }

type helpView struct{ ID, Day, Taker string }

// letterView is one telling, or one reply of ours.
type letterView struct {
	ID, Kind, Day, Language, Taker, By, Incomplete string
	Words                                          said
	Translations                                   []translationView
	Claims                                         []claimLine
	Ours, Translate                                bool
	State                                          mark
	Withdraw                                       string // id of a reply that may still be taken back
	Consent                                        []choice
	day                                            uint32
}

type translationView struct {
	By    string
	Words said
}

type claimLine struct {
	Href, Label string
	Text        said
	Rung        mark
}

type sheetView struct {
	Access, Wishes, Note string
	Danger, Reliability  []choice
	Langs                []choice
}

func (s *Server) inbox(v *visit) error {
	p, err := s.inboxPage(v, desk.ID{})
	if err != nil {
		return err
	}
	return s.show(v, "inbox", p)
}

func (s *Server) thread(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return s.showThread(v, id, wrong{}, "")
}

// showThread shows a conversation; after a failed write with what was wrong and, in the
// reply, what was typed.
func (s *Server) showThread(v *visit, id desk.ID, w wrong, typed string) error {
	t, err := s.desk.Thread(v.ctx(), id)
	if err != nil {
		return err
	}
	return s.showConversation(v, id, t, w, typed)
}

func (s *Server) showConversation(v *visit, id desk.ID, t *desk.ThreadView, w wrong, typed string) error {
	if err := s.desk.MarkRead(v.ctx(), id); err != nil {
		return err
	}
	p, err := s.inboxPage(v, id)
	if err != nil {
		return err
	}
	if p.Open, err = s.threadView(v, t); err != nil {
		return err
	}
	for _, row := range p.Rows {
		p.Open.MayBlockAlike = p.Open.MayBlockAlike || row.Here && row.Alike
	}
	p.Open.Wrong = w
	if typed != "" {
		p.Open.Draft = typed
	}
	status := http.StatusOK
	if w.Word != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.showAs(v, "inbox", status, p)
}

func (s *Server) inboxPage(v *visit, open desk.ID) (*inboxPage, error) {
	p := &inboxPage{}
	rows, err := s.box(v, p)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		row := inboxRow{
			Href: "/thread/" + r.ID.String(), Handle: r.Handle, Day: v.short(r.Day), Words: says(r.Lang, snippet(r.Snippet, 96)),
			Unread: r.Unread, Call: r.Kind == desk.KindCall, Here: r.ID == open, Alike: r.Alike > 0, State: v.rowState(r),
		}
		if r.Help && !r.Taken {
			row.Help = r.ID.String()
		}
		p.Rows = append(p.Rows, row)
	}
	p.frame = s.frame(v, "inbox", "desk.inbox.title")
	return p, nil
}

// box gives the rows of the list of every day, or a page of all or of those blocked.
func (s *Server) box(v *visit, p *inboxPage) ([]desk.InboxRow, error) {
	q := v.r.URL.Query()
	switch p.Box = q.Get("box"); p.Box {
	case "blocked", "all":
		page, err := s.desk.InboxPage(v.ctx(), desk.InboxQuery{Box: map[string]desk.Box{"blocked": desk.BoxBlocked}[p.Box], After: q.Get("after")})
		if err != nil {
			return nil, err
		}
		p.Next = page.Next
		return page.Rows, nil
	}
	p.Box = ""
	return s.desk.Inbox(v.ctx())
}

// rowState is the last line of a row: how much there is, and how far our answer has come.
func (v *visit) rowState(r desk.InboxRow) string {
	out := v.kind(r.Kind)
	if r.Reports > 1 {
		out = v.N("desk.inbox.reports", r.Reports)
	}
	if l := v.language(r.Lang); l != "" {
		out += " · " + l
	}
	switch {
	case r.Erase > 0:
		out += " · " + v.T("desk.inbox.erase", v.short(r.Erase))
	case r.Alike > 0:
		out += " · " + v.T("desk.block.more", r.Alike)
	case r.Help && r.Taken:
		out += " · " + v.T("desk.case.taken", r.TakenBy)
	case r.Incomplete:
		out += " · " + v.T("desk.inbox.incomplete")
	case r.LastReply != nil:
		out += " · " + v.reply(*r.LastReply).Word
	}
	return out
}

func (s *Server) threadView(v *visit, t *desk.ThreadView) (*threadView, error) {
	board, err := s.desk.Claims(v.ctx())
	if err != nil {
		return nil, err
	}
	tellers, err := s.desk.Tellers(v.ctx())
	if err != nil {
		return nil, err
	}
	draft, err := s.desk.Draft(v.ctx(), draftReply, t.ID)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return nil, err
	}
	out := &threadView{
		ID: t.ID.String(), Href: "/thread/" + t.ID.String(), Handle: t.Handle, MayReply: t.Letters, Draft: draft,
		About: v.N("desk.inbox.reports", len(t.Reports)), Languages: speakers(lang.Tag(v.tongue)),
		Evidence: v.evidenceForm("c-", tellers, desk.EvidenceInput{}),
	}
	byID := map[desk.ID]desk.ClaimRow{}
	for _, c := range board {
		byID[c.ID] = c
		if !c.Withdrawn {
			out.Board = append(out.Board, choice{Value: c.ID.String(), Word: c.Number + " · " + flat(snippet(c.Statement, 64))})
		}
	}
	if t.Case == desk.CaseOpen || t.Case == desk.CaseTaken {
		h := helpView{ID: t.ID.String()}
		if t.Case == desk.CaseTaken {
			h.Taker = t.TakenBy + ", " + v.day(t.TakenDay)
		}
		for _, r := range t.Reports {
			if r.Kind == desk.KindHelp {
				h.Day = v.day(r.Day)
			}
		}
		out.Help = append(out.Help, h)
	}
	for _, r := range t.Reports {
		out.Items = append(out.Items, v.letter(r, byID))
	}
	for _, r := range t.Pending {
		out.Items = append(out.Items, letterView{
			Kind: lang.Capital(v.T("desk.kind.letter")), Day: v.day(r.Day), Words: says("", r.Text), Ours: false,
			Incomplete: v.T("desk.thread.incomplete", r.Have, r.Of), day: uint32(r.Day),
		})
	}
	for _, r := range t.Replies {
		item := letterView{
			ID: r.ID.String(), Kind: v.T("desk.reply.ours"), Day: v.day(r.Queued), By: r.By, Words: says("", r.Text),
			Ours: true, State: v.reply(r.State), day: uint32(r.Queued),
		}
		if r.State.Progress == desk.Waiting {
			item.Withdraw = r.ID.String()
		}
		out.Items = append(out.Items, item)
	}
	v.wishes(out, t)
	// In the order of days; on one day what they wrote comes before what we answered.
	slices.SortStableFunc(out.Items, func(a, b letterView) int { return int(a.day) - int(b.day) })
	out.Sheet, out.Facts = v.sheet(t.Sheet), v.sheetFacts(t)
	return out, nil
}

// wishes says that a conversation is about to be destroyed, or goes on elsewhere.
func (v *visit) wishes(out *threadView, t *desk.ThreadView) {
	out.MayBlock = t.Letters && !t.Blocked
	if t.Next != nil {
		out.Next = []link{{"/thread/" + t.Next.ID.String(), t.Next.Handle}}
	}
	for _, f := range t.Former {
		out.Former = append(out.Former, link{"/thread/" + f.ID.String(), f.Handle})
	}
	if t.Erase == 0 {
		return
	}
	out.Erase, out.Hidden = v.day(t.Erase), true
	for _, r := range t.Reports {
		out.Hidden = out.Hidden && r.Text == ""
	}
	for i := range out.Items {
		out.Items[i].Translate = false
	}
}

func (v *visit) letter(r desk.ReportView, claims map[desk.ID]desk.ClaimRow) letterView {
	out := letterView{
		ID: r.ID.String(), Kind: lang.Capital(v.kind(r.Kind)), Day: v.day(r.Day), Language: v.language(r.Lang), Taker: r.Taker,
		Words: says(r.Lang, r.Text), Translate: !r.File, day: uint32(r.Day),
	}
	if r.File {
		out.Words = said{}
		out.Incomplete = v.T("desk.thread.file", strconv.Itoa((len(r.FileBytes)+1023)/1024))
	}
	for _, t := range r.Translations {
		by := v.T("desk.thread.translated", v.language(t.Lang))
		if t.By != "" {
			by += " · " + t.By
		}
		out.Translations = append(out.Translations, translationView{by, says(t.Lang, t.Text)})
	}
	if r.Kind == desk.KindHelp {
		out.Consent = v.choices("desk.consent", map[bool]string{true: "yes", false: "no"}[r.Consent], "no", "yes")
	}
	seen := map[desk.ID]bool{}
	for _, c := range r.Claims {
		row, ok := claims[c.Claim]
		if !ok || seen[c.Claim] {
			continue
		}
		seen[c.Claim] = true
		out.Claims = append(out.Claims, claimLine{"/claim/" + c.Claim.String(), c.Number, says("", row.Statement), v.rung(row.Rung)})
	}
	return out
}

func (v *visit) sheet(s desk.SheetView) sheetView {
	rel := s.Reliability
	if rel == "" {
		rel = "F"
	}
	out := sheetView{
		Access: s.Access, Wishes: s.Wishes, Note: s.Note,
		Danger:      v.choices("desk.danger", strconv.Itoa(s.Danger), "0", "1", "2", "3", "4"),
		Reliability: v.choices("desk.reliability", rel, "A", "B", "C", "D", "E", "F"),
	}
	for _, l := range lang.All() {
		out.Langs = append(out.Langs, choice{string(l), v.language(l), slices.Contains(s.Langs, l)})
	}
	return out
}

func (v *visit) sheetFacts(t *desk.ThreadView) []fact {
	way := v.T("desk.source.way.letters")
	if !t.Letters {
		way = v.T("desk.source.way.calls")
	}
	out := []fact{
		{v.T("desk.source.way"), way},
		{v.T("desk.source.printed"), v.N("desk.source.stories", len(t.Sheet.Printed))},
	}
	for _, h := range t.Sheet.History {
		out = append(out, fact{v.T("desk.source.rated", v.short(h.Day)), v.T("desk.reliability." + h.Reliability)})
	}
	return out
}
