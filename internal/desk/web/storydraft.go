package web

import (
	"context"
	"regexp"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// Drafts of a story: what is typed into one of its fields, saved as it is typed. A sentence's
// holds on to the sentence, wherever it moves; a new one's to the sentence that it follows.
const (
	draftSentence = "s-"
	draftNew      = "n-"
	draftHead     = "h-" // and standfirst, and reason
	draftStand    = "f-"
	draftReason   = "w-"
	draftRule     = "r-"
	draftComment  = "c-"
)

var storyDraft = regexp.MustCompile(`^[snhfwrc]-[a-z0-9.-]{1,30}$`)

// sentenceKey begins the keys of one sentence's drafts; the language follows.
func sentenceKey(sen *desk.Sentence, at string) string {
	if sen.ID.IsZero() { // of a story that was written before sentences had names
		return draftSentence + "at-" + at + "-"
	}
	return draftSentence + sen.ID.String()[:16] + "-"
}

// newKey is the same for a sentence that is to follow another, or to begin a paragraph.
func newKey(before *desk.Sentence) string {
	if before == nil {
		return draftNew + "paragraph-"
	}
	return draftNew + before.ID.String()[:16] + "-"
}

// draftLine leads to what is typed and not saved.
type draftLine struct{ Href, Word string }

// typed lists what is typed and not saved in fields that are not open.
func (v *visit) typed(p *storyPage, st *desk.StoryView) {
	for i, para := range st.Story.Paragraphs {
		for j := range para.Sentences {
			sn := &para.Sentences[j]
			for _, l := range lang.All() {
				if d := st.Drafts[sentenceKey(sn, at(i, j))+string(l)]; d != "" && d != sn.Text[l] {
					p.Typed = append(p.Typed, draftLine{p.Query + "&s=" + at(i, j) + "#write", v.T("desk.draft.sentence", at(i, j))})
					break
				}
			}
		}
		if n := len(para.Sentences); n > 0 && anyDraft(st, newKey(&para.Sentences[n-1])) {
			p.Typed = append(p.Typed, draftLine{p.Query + "&s=" + at(i, n) + "#write", v.T("desk.draft.new")})
		}
	}
	if anyDraft(st, newKey(nil)) {
		p.Typed = append(p.Typed, draftLine{p.Query + "&s=" + at(len(st.Story.Paragraphs), 0) + "#write", v.T("desk.draft.new")})
	}
	for _, l := range lang.All() {
		e := st.Story.Editions[l]
		for key, saved := range map[string]string{draftHead: e.Headline, draftStand: e.Standfirst, draftReason: e.Reason} {
			if d := st.Drafts[key+string(l)]; d != "" && d != saved {
				p.Typed = append(p.Typed, draftLine{"#heads-" + string(l), l.Name() + " · " + v.T("desk.draft.heads")})
				break
			}
		}
	}
}

func anyDraft(st *desk.StoryView, key string) bool {
	for _, l := range lang.All() {
		if st.Drafts[key+string(l)] != "" {
			return true
		}
	}
	return false
}

// draftOr is what was typed, or else what is saved; typed says which it is.
func draftOr(st *desk.StoryView, key, saved string) (text string, typed bool) {
	if d := st.Drafts[key]; d != "" && d != saved {
		return d, true
	}
	return saved, false
}

// drafts are those that a form names: they go with it, or are discarded.
func (v *visit) drafts(story desk.ID) ([]desk.Typed, error) {
	if err := v.r.ParseForm(); err != nil { // a handler may not have asked for a field yet
		return nil, err
	}
	var out []desk.Typed
	for _, key := range v.r.PostForm["drafts"] {
		if !storyDraft.MatchString(key) {
			return nil, desk.ErrNotFound
		}
		out = append(out, desk.Typed{Key: key, About: story})
	}
	return out, nil
}

// takingDrafts runs a change of a story in whose write the drafts end that its form names. Where
// it had nothing to write they end after it.
func (s *Server) takingDrafts(v *visit, story desk.ID, change func(ctx context.Context) (desk.OpID, error)) (desk.OpID, error) {
	drafts, err := v.drafts(story)
	if err != nil {
		return desk.OpID{}, err
	}
	op, err := change(desk.Ending(v.ctx(), drafts...))
	if err != nil {
		return op, err
	}
	return op, s.dropDrafts(v, drafts)
}

func (s *Server) dropDrafts(v *visit, drafts []desk.Typed) error {
	for _, t := range drafts {
		if err := s.desk.SaveDraft(v.ctx(), t.Key, t.About, ""); err != nil {
			return err
		}
	}
	return nil
}

// postDiscard discards what was typed and not saved.
func (s *Server) postDiscard(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	drafts, err := v.drafts(id)
	if err != nil {
		return err
	}
	if err := s.dropDrafts(v, drafts); err != nil {
		return err
	}
	s.say(v.T("desk.said.discarded"), desk.OpID{})
	return v.backToStory(id, v.form("at"))
}

// backAt returns to a place of the story's page.
func (v *visit) backAt(id desk.ID, anchor string) error {
	path := "/story/" + id.String()
	if view := v.form("view"); view == "side" || lang.Tag(view).Valid() {
		path += "?view=" + view
	}
	return v.see(path + "#" + strings.TrimPrefix(anchor, "#"))
}
