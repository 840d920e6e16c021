package press

import (
	"cmp"
	"slices"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// A correctionsPage lists what was ever corrected or taken back, newest first: a reader need
// not know which story to look at.
type correctionsPage struct {
	chrome
	List []correctedStory
}

type correctedStory struct {
	Href     string
	Headline release.Text
	correctionView
}

func (correctionsPage) template() string { return "corrections" }

func (p *printer) correctionsPage(t lang.Tag) page {
	pg := correctionsPage{chrome: p.chrome(t, "../", "corrections.html", lang.T(t, "site.corrections")+" · "+p.site.Name.In(t))}
	for _, s := range p.stories {
		views := correctionViews(s, t)
		if r := retractionView(s, t); r != nil {
			views = append(views, *r)
		}
		for _, v := range views {
			pg.List = append(pg.List, correctedStory{storyPath(s), s.edition(t).Headline, v})
		}
	}
	slices.SortStableFunc(pg.List, func(a, b correctedStory) int { return cmp.Compare(b.ISO, a.ISO) })
	return pg
}

func correctionViews(s *story, t lang.Tag) []correctionView {
	var out []correctionView
	for _, c := range s.Corrections {
		out = append(out, correctionView{
			lang.T(t, "site.corrected", lang.Date(t, uint32(c.Day))), lang.ISODate(uint32(c.Day)), c.Text.In(t),
		})
	}
	return out
}

// retractionView is nil for a story that stands.
func retractionView(s *story, t lang.Tag) *correctionView {
	c := s.Retraction
	if c == nil {
		return nil
	}
	return &correctionView{lang.T(t, "site.retracted", lang.Date(t, uint32(c.Day))), lang.ISODate(uint32(c.Day)), c.Text.In(t)}
}

// standing are the stories that were not taken back, newest first. They lead the front page;
// the others stay in its list, so that nothing vanishes without a word.
func (p *printer) standing() []*story {
	return slices.DeleteFunc(slices.Clone(p.stories), func(s *story) bool { return s.Retraction != nil })
}
