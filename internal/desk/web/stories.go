package web

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// storiesPage lists the stories.
type storiesPage struct {
	frame
	Publish bool // something is released, and there is a way to put it up
	Rows    []storyRow
}

type storyRow struct {
	Href, Langs, Day string
	Title, Headline  said
	State            mark
	Comments         string
	Printed          string // what readers have, where the story as it stands is another
	Retracted        bool
}

type newStoryPage struct {
	frame
	Heading   string
	Claim     string // that the first sentence will state
	Originals []choice
}

// storyPage is one story: its editions, what carries each sentence, and what the gate says.
type storyPage struct {
	frame
	ID, View      string
	Heading       said
	State         mark
	Tabs          []tab
	Side          bool
	Editions      []editionView // those that are shown
	Paragraphs    []paragraphView
	Verdict       mark
	Lead          string // the gate's worst, in one sentence
	Mend          *coarser
	Next          *link // what brings it nearer to its release
	Findings      []findingView
	Asks          houseView
	Exposure      exposureView
	Budgets       []budgetView
	Comments      commentsView
	After         afterView
	Typed         []draftLine
	Photo         *photoView
	PhotoTexts    []photoText
	FilePhoto     bool
	Approval      approvalView
	Publish       bool // it is released, and there is a way to put it up
	Names         []namesRow
	Open          bool // a sentence is open for writing
	All           []editionView
	Original      string
	Query         string
	NextParagraph string
}

type tab struct {
	Href, Word, Lang string
	Here             bool
}

type editionView struct {
	Tag                          lang.Tag
	Lang, Name                   string
	Headline, Standfirst, Reason string
	Draft                        bool // what is in the fields is typed and not saved
	ShownHead, ShownStand        said
}

type paragraphView struct {
	Next      string // where a further sentence would stand
	Sentences []sentenceView
	Open      *sentenceForm
}

// sentenceView is a sentence in the editions shown, with what stands in the margin.
type sentenceView struct {
	N             int // of the notes in the margin of the whole story
	At, Href      string
	Texts         []textView
	Carries, Here bool
	Claims        []claimLine
	Attribution   string
	// Of the attribution.
	AttributionLang string
	Level, Voice    string
	Rung            mark
	Disputed        bool
	Findings        []findingView
	ID              string // "" of a story that was written before sentences had names
	Comments        []commentView
	View, Story     string
}

type textView struct {
	Lang, Name string
	Text       said
	Missing    bool
}

type findingView struct {
	Verdict     mark
	Where, Href string
	Edition     string // that it is of alone, in words
	Word, Fix   string
	FixHref     string // where the fix is done, if not in the sentence
	Answered    bool
	Overrides   []string
	Coarser     *coarser
}

// coarser is a form of one button that lowers one axis of a sentence's level.
type coarser struct {
	Paragraph, Sentence int
	Axis                string
	Most                uint8
	Word                string
}

type textField struct{ Tag, Lang, Name, Text string }

type namesRow struct {
	Field, Word string
	Texts       []textField
}

func (s *Server) stories(v *visit) error {
	rows, err := s.desk.Stories(v.ctx())
	if err != nil {
		return err
	}
	p := storiesPage{}
	for _, r := range rows {
		row := storyRow{
			Href: "/story/" + r.ID.String(), Title: says("", r.Title), Day: v.short(r.Day), State: v.storyState(r), Retracted: r.Retracted,
		}
		if r.Serial > 0 && r.State != desk.Released {
			row.Printed = v.T("desk.stories.printed", r.Serial)
		}
		if r.Comments > 0 {
			row.Comments = v.N("desk.comment.n", r.Comments)
		}
		var names []string
		for _, l := range r.Langs {
			names = append(names, l.Name())
		}
		row.Langs = strings.Join(names, " · ")
		p.Publish = p.Publish || r.Serial > 0 && s.opts.Publish != nil
		for _, l := range []lang.Tag{lang.Tag(v.tongue), lang.Korean, lang.English, lang.Chinese} {
			if h := r.Headlines[l]; h != "" {
				row.Headline = says(l, h)
				break
			}
		}
		p.Rows = append(p.Rows, row)
	}
	p.frame = s.frame(v, "stories", "desk.stories.title")
	return s.show(v, "stories", p)
}

func (v *visit) storyState(r desk.StoryRow) mark {
	switch r.State {
	case desk.Held:
		return mark{"hold", v.T("desk.story.held")}
	case desk.Approved:
		return mark{"one", v.N("desk.story.approved", r.Approvals)}
	case desk.Released:
		return mark{"done", v.T("desk.story.released", r.Serial)}
	default:
		return mark{"wait", v.T("desk.story.drafting")}
	}
}

// newStory begins a story; the address may name the claim that its first sentence will state.
func (s *Server) newStory(v *visit) error {
	claim := ""
	if id, err := desk.ParseID(v.r.URL.Query().Get("claim")); err == nil {
		claim = id.String()
	}
	return s.showNewStory(v, wrong{}, "", claim)
}

func (s *Server) showNewStory(v *visit, w wrong, title, claim string) error {
	p := newStoryPage{frame: s.frame(v, "stories", "desk.story.new"), Heading: title, Claim: claim}
	p.Wrong = w
	for _, l := range lang.All() {
		p.Originals = append(p.Originals, choice{string(l), v.language(l), l == lang.Tag(v.tongue)})
	}
	return s.showAs(v, "newstory", statusOf(w), p)
}

func statusOf(w wrong) int {
	if w.Word != "" {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

func (s *Server) story(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return s.showStory(v, id, wrong{})
}

// showStory shows a story as its address asks: one edition or all side by side, one
// sentence open or none.
func (s *Server) showStory(v *visit, id desk.ID, w wrong) error {
	st, err := s.desk.Story(v.ctx(), id)
	if err != nil {
		return err
	}
	return s.showStoryView(v, st, w)
}

func (s *Server) showStoryView(v *visit, st *desk.StoryView, w wrong) error {
	board, err := s.desk.Claims(v.ctx())
	if err != nil {
		return err
	}
	tellers, err := s.desk.Tellers(v.ctx())
	if err != nil {
		return err
	}
	if tellers, err = s.andVoices(v, tellers, st); err != nil {
		return err
	}
	p := &storyPage{
		ID: st.ID.String(), Heading: says("", st.Title), State: v.storyState(st.StoryRow), Original: v.language(st.Story.Original),
	}
	view := v.r.URL.Query().Get("view")
	if v.r.Method == http.MethodPost {
		view = v.form("view")
	}
	tag, err := lang.Parse(view)
	if p.Side = view == "side"; err != nil {
		if tag = st.Story.Original; !tag.Valid() {
			tag = lang.Korean
		}
	}
	p.View = string(tag)
	if p.Side {
		p.View = "side"
	}
	p.Query = "?view=" + p.View
	v.tabs(p, st, tag)
	v.paragraphs(p, st, v.openSentence(), board, tellers)
	v.gate(p, st)
	p.Exposure = v.exposure(st, st.Exposure, p.View, v.openSentence())
	p.Budgets = v.budgets(st.Exposure, s.desk.Today())
	v.house(p, st)
	v.comments(p, st)
	v.after(p, st)
	v.typed(p, st)
	p.Photo, p.PhotoTexts = v.photoView(st), photoTexts(st.Story.Photo)
	p.FilePhoto = st.Story.Photo == nil || st.Story.Photo.File
	p.Approval = v.approval(st)
	p.Publish = st.State == desk.Released && s.opts.Publish != nil
	v.names(p, st)
	p.Next = v.next(p, st)
	p.frame = s.frame(v, "stories", "desk.story.title")
	p.Wrong = w
	return s.showAs(v, "story", statusOf(w), p)
}

// openSentence is the sentence that the address or the form asks to write: "1.2", or "" .
func (v *visit) openSentence() string {
	if v.r.Method == http.MethodPost {
		return v.form("at")
	}
	return v.r.URL.Query().Get("s")
}

func (v *visit) tabs(p *storyPage, st *desk.StoryView, now lang.Tag) {
	for _, l := range lang.All() {
		e := st.Story.Editions[l]
		view := editionView{
			Tag: l, Lang: l.HTML(), Name: l.Name(), ShownHead: says(l, e.Headline), ShownStand: says(l, e.Standfirst),
		}
		for _, f := range []struct {
			into       *string
			key, saved string
		}{{&view.Headline, draftHead, e.Headline}, {&view.Standfirst, draftStand, e.Standfirst}, {&view.Reason, draftReason, e.Reason}} {
			var typed bool
			*f.into, typed = draftOr(st, f.key+string(l), f.saved)
			view.Draft = view.Draft || typed
		}
		p.All = append(p.All, view)
		if p.Side || l == now {
			p.Editions = append(p.Editions, view)
		}
		p.Tabs = append(p.Tabs, tab{"?view=" + string(l), l.Name(), l.HTML(), !p.Side && l == now})
	}
	p.Tabs = append(p.Tabs, tab{"?view=side", v.T("desk.story.side"), "", p.Side})
}

// andVoices adds to a list of sources those who speak in a story, and those behind it.
func (s *Server) andVoices(v *visit, list []desk.Teller, st *desk.StoryView) (_ []desk.Teller, err error) {
	var ids []desk.ID
	for _, p := range st.Paragraphs {
		for _, sn := range p.Sentences {
			ids = append(ids, sn.Sentence.Voice)
		}
	}
	for _, src := range st.Exposure.Sources {
		ids = append(ids, src.Source)
	}
	for _, id := range ids {
		if list, err = s.andTeller(v, list, id.String()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func at(paragraph, sentence int) string {
	return strconv.Itoa(paragraph+1) + "." + strconv.Itoa(sentence+1)
}

func (v *visit) paragraphs(p *storyPage, st *desk.StoryView, open string, board []desk.ClaimRow, tellers []desk.Teller) {
	p.NextParagraph = at(len(st.Paragraphs), 0)
	n := 0
	for i, para := range st.Paragraphs {
		pv := paragraphView{Next: at(i, len(para.Sentences))}
		for j, sen := range para.Sentences {
			sv := v.sentence(p, sen, i, j)
			if sv.Carries { // only these have a note that is counted
				n++
			}
			sv.N, sv.Story, sv.View = n, p.ID, p.View
			if sv.At == open {
				sv.Here, p.Open = true, true
				pv.Open = v.sentenceForm(p, st, sen, i, j, sentenceKey(&sen.Sentence, at(i, j)), board, tellers)
			}
			pv.Sentences = append(pv.Sentences, sv)
		}
		if open == at(i, len(para.Sentences)) {
			p.Open, pv.Open = true, v.newSentence(p, st, para, i, board, tellers)
		}
		p.Paragraphs = append(p.Paragraphs, pv)
	}
	if last := len(st.Paragraphs); open == at(last, 0) {
		p.Open = true
		p.Paragraphs = append(p.Paragraphs, paragraphView{Open: v.newSentence(p, st, desk.ParagraphView{}, last, board, tellers)})
	}
}

// names are the words that fill the levels, in three languages.
func (v *visit) names(p *storyPage, st *desk.StoryView) {
	n := st.Story.Names
	for _, f := range []struct {
		field string
		w     lang.Words
	}{
		{"country", n.Country},
		{"region", n.Region},
		{"province", n.Province},
		{"city", n.City},
		{"sector", n.Sector},
		{"trade", n.Trade},
		{"post", n.Post},
		{"app", n.App},
		{"when", n.When},
	} {
		row := namesRow{Field: f.field, Word: v.T("desk.names." + f.field)}
		for _, l := range lang.All() {
			row.Texts = append(row.Texts, textField{string(l), l.HTML(), l.Name(), f.w.In(l)})
		}
		p.Names = append(p.Names, row)
	}
}

// preview shows one edition as it will be printed, through the printer that cmd handed in.
func (s *Server) preview(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	tag, err := lang.Parse(v.r.PathValue("lang"))
	if err != nil {
		return desk.ErrNotFound
	}
	var buf bytes.Buffer
	if err := s.desk.Preview(v.ctx(), id, tag, &buf); errors.Is(err, desk.ErrNotFound) {
		return err
	} else if err != nil {
		return errPreview // what is missing stands in the gate's list
	}
	return v.showPreview(buf.Bytes())
}

var previewLink = regexp.MustCompile(`(<a\b[^>]*?) href="[^"]*"`)

// showPreview shows a page as it will be printed, without its links: the pages of the site
// that they lead to are not here, and a file made by printing would hold this desk's address.
func (v *visit) showPreview(page []byte) error {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.w.Write(previewLink.ReplaceAll(page, []byte("$1"))) // a browser that left needs no answer
	return nil
}

// photo hands out a harmless copy; the original can't be had by any page.
func (s *Server) photo(v *visit) error {
	data, err := s.desk.PhotoCopy(v.ctx(), v.r.PathValue("sha"))
	if err != nil {
		return err
	}
	kind := http.DetectContentType(data)
	if kind != "image/jpeg" && kind != "image/png" {
		return desk.ErrNotFound
	}
	v.w.Header().Set("Content-Type", kind)
	_, _ = v.w.Write(data) // as above
	return nil
}
