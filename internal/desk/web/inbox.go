package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// inboxPage lists who wrote, and shows one conversation.
type inboxPage struct {
	frame
	Rows   []inboxRow
	Open   *threadView
	Boxes  []boxLink
	Filter filterView
	All    bool   // all threads by days alone, instead of the list of every day
	Plain  bool   // the list of every day
	Next   string // address of the next page
	Up     string // beside a thread: address of the part of the list before this one
	Down   string // and of the part behind it
	Total  int    // threads in the list, on all pages; 0: not counted
	Newest int64  // place of the newest telling
	Rest   []choice
	Steps  []stepView // the way to a first story, until there is one
	// Example says beside the steps that the estimates are the example still: no story passes by it.
	Example bool
}

type inboxRow struct {
	ID, Href, Handle          string
	Day, State, Topic         string
	Tags                      []string
	Words                     said
	Unread, Call, Here, Alike bool
	At                        bool   // around it the list was asked for
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
	ReplyLang               string // in which the source writes
	Sheet                   sheetView
	Facts                   []fact
	Board                   []choice // claims there are already
	Evidence                evidenceForm
	Languages               []speaker
	Erase                   string // when everything here is destroyed
	Hidden                  bool   // until then the words are not shown
	Next, Former            []link
	MayBlock, MayBlockAlike bool
	Begin                   bool   // no claim is made at this desk yet: how one is made
	Block                   string // who blocked it, and when
	BlockAlike              bool   // with all that say the same
	Joined                  bool   // Next was said by a journalist
	Labels                  labelsView
	Canned                  []cannedView
	Discredit               *discreditView
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
	Pull                                           bool // may be withdrawn
	Turns                                          []turnView
	Pairs, Former                                  []pairRow // sentence by sentence; and of sentences that are gone
	Into                                           []link    // languages to translate into
	Known                                          mark
	Edit                                           string // of a call note
	Gone, GoneOp                                   string // withdrawn: by whom and why, and what brings it back
	day                                            uint32
}

type claimLine struct {
	Href, Label string
	Text        said
	Rung        mark
}

func (s *Server) inbox(v *visit) error {
	p := &inboxPage{}
	if err := s.list(v, p, desk.ID{}); err != nil {
		return err
	}
	var err error
	if p.Steps, err = s.firstSteps(v, p.Rows); err != nil {
		return err
	}
	p.Example = len(p.Steps) > 0 && s.exampleNumbers()
	p.frame = s.frame(v, "inbox", "desk.inbox.title")
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
	// The list is made before anything is read, so that what one opens stays where it is.
	p := &inboxPage{}
	if err := s.list(v, p, id); err != nil {
		return err
	}
	if err := s.desk.MarkRead(v.ctx(), id); err != nil {
		return err
	}
	var err error
	if p.Open, err = s.threadView(v, t); err != nil {
		return err
	}
	for i, row := range p.Rows {
		p.Open.MayBlockAlike = p.Open.MayBlockAlike || row.Here && row.Alike
		p.Rows[i].Unread = row.Unread && !row.Here
	}
	p.frame = s.frame(v, "inbox", "desk.inbox.title")
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

// list fills the list of threads that the address asks for.
func (s *Server) list(v *visit, p *inboxPage, open desk.ID) error {
	q := s.inboxQuery(v)
	p.All = v.r.URL.Query().Get("box") == "all"
	p.Plain = q.Plain() && !p.All
	at, err := desk.ParseID(v.r.URL.Query().Get("at"))
	if err != nil {
		at = desk.ID{}
	}
	rows, err := s.rowsOf(v, p, q, open, at)
	if err != nil {
		return err
	}
	for _, r := range rows {
		row := inboxRow{
			ID: r.ID.String(), Href: s.listHref("/thread/"+r.ID.String(), q, p.All), Handle: r.Handle, Day: v.short(r.Day),
			Words: says(r.Lang, snippet(r.Snippet, 96)), Topic: flat(r.Topic), Tags: flats(r.Tags),
			Unread: r.Unread, Call: r.Kind == desk.KindCall, Here: r.ID == open, At: r.ID == at, Alike: r.Alike > 0, State: v.rowState(r),
		}
		if r.Help && !r.Taken {
			row.Help = r.ID.String()
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Filter, err = s.filter(v, q); err != nil {
		return err
	}
	if p.Boxes, err = s.boxes(v, q, p.All); err != nil {
		return err
	}
	p.Rest = v.rests()
	p.Newest, err = s.desk.Newest(v.ctx())
	return err
}

func flats(list []string) []string {
	var out []string
	for _, text := range list {
		out = append(out, flat(text))
	}
	return out
}

// rowsOf gives the rows of the list of every day, or a page of what a query asks for; beside
// a thread the part around it, or around at.
func (s *Server) rowsOf(v *visit, p *inboxPage, q desk.InboxQuery, open, at desk.ID) ([]desk.InboxRow, error) {
	if !open.IsZero() {
		around := open
		if !at.IsZero() {
			around = at
		}
		b, err := s.desk.Beside(v.ctx(), q, p.All, around)
		if err != nil {
			return nil, err
		}
		p.Up, p.Down = s.partHref(open, q, p.All, b.Before), s.partHref(open, q, p.All, b.Behind)
		return b.Rows, nil
	}
	if p.Plain && q.After == "" {
		return s.desk.Inbox(v.ctx())
	}
	page, err := s.desk.InboxPage(v.ctx(), q)
	if err != nil {
		return nil, err
	}
	p.Total = page.Total
	if page.Next != "" {
		p.Next = with(s.listHref("/inbox", q, p.All), "after="+page.Next)
	}
	return page.Rows, nil
}

// partHref keeps a thread open, with the part of the list around another; "" around none.
func (s *Server) partHref(open desk.ID, q desk.InboxQuery, all bool, around desk.ID) string {
	if around.IsZero() {
		return ""
	}
	return with(s.listHref("/thread/"+open.String(), q, all), "at="+around.String())
}

// with adds a parameter to an address.
func with(href, param string) string {
	if strings.Contains(href, "?") {
		return href + "&" + param
	}
	return href + "?" + param
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
	if r.Assigned != "" {
		out += " · " + v.T("desk.row.with", flat(r.Assigned))
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
	}
	out.Begin = len(board) == 0
	if out.Evidence, err = s.evidenceForm(v, "c-", tellers, desk.EvidenceInput{}); err != nil {
		return nil, err
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
			h.Taker = v.T("desk.case.taken.on", flat(t.TakenBy), v.day(t.TakenDay))
		}
		for _, r := range t.Reports {
			if r.Kind == desk.KindHelp {
				h.Day = v.day(r.Day)
			}
		}
		out.Help = append(out.Help, h)
	}
	for _, r := range t.Reports {
		out.Items = append(out.Items, s.letter(v, r, byID))
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
	if err := s.dress(v, out, t); err != nil {
		return nil, err
	}
	// In the order of days; on one day what they wrote comes before what we answered.
	slices.SortStableFunc(out.Items, func(a, b letterView) int { return int(a.day) - int(b.day) })
	out.Sheet, out.Facts, out.Discredit = v.sheet(t.Sheet), v.sheetFacts(t), v.discredit(t)
	return out, nil
}

// dress adds what journalists say about a thread, and the replies that they write often.
func (s *Server) dress(v *visit, out *threadView, t *desk.ThreadView) error {
	var err error
	if out.Labels, err = s.labels(v, t); err != nil || !t.Letters {
		return err
	}
	first := desk.Lang(v.tongue)
	if len(t.Sheet.Langs) > 0 {
		first = t.Sheet.Langs[0]
	} else if n := len(t.Reports); n > 0 && t.Reports[n-1].Lang.Valid() {
		first = t.Reports[n-1].Lang
	}
	if first.Valid() {
		out.ReplyLang = first.HTML()
	}
	if out.Canned, err = s.cannedReplies(v, t.ID, first); err != nil {
		return err
	}
	if text := cannedChosen(v, out.Canned); text != "" && !strings.Contains(out.Draft, text) {
		out.Draft = strings.TrimSpace(out.Draft + "\n\n" + text)
	}
	return nil
}

// wishes says that a conversation is about to be destroyed, or goes on elsewhere.
func (v *visit) wishes(out *threadView, t *desk.ThreadView) {
	out.MayBlock, out.Joined = t.Letters && !t.Blocked, t.Joined
	if b := t.Block; b != nil {
		out.Block, out.BlockAlike = v.T("desk.block.by", flat(b.By), v.day(b.Day)), b.Alike
	}
	if t.Next != nil {
		out.Next = []link{{"/thread/" + t.Next.ID.String(), t.Next.Handle}}
	}
	for _, f := range t.Former {
		out.Former = append(out.Former, link{"/thread/" + f.ID.String(), f.Handle})
	}
	if t.Erase == 0 {
		return
	}
	out.Erase, out.Hidden = v.day(t.Erase), t.Hidden
	for i := range out.Items {
		out.Items[i].Translate = false
	}
}

func (s *Server) letter(v *visit, r desk.ReportView, claims map[desk.ID]desk.ClaimRow) letterView {
	out := letterView{
		ID: r.ID.String(), Kind: lang.Capital(v.kind(r.Kind)), Day: v.day(r.Day), Language: v.language(r.Lang), Taker: r.Taker,
		Words: says(r.Lang, r.Text), Translate: !r.File, day: uint32(r.Day),
	}
	if r.Text == "" {
		out.Language = "" // an erasure was asked for, or words are hidden: there is nothing in any language
	}
	if r.File {
		out.Words = said{}
		out.Incomplete = v.T("desk.thread.file", strconv.Itoa((len(r.FileBytes)+1023)/1024))
	}
	s.translations(v, &out, r)
	v.pulled(&out, r)
	if out.Known = v.known(r); r.Taker != "" && !r.Hidden {
		out.Edit = "/call/" + r.ID.String()
	}
	if turns := v.turns(r); !plainTurns(turns) {
		out.Turns = turns
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
