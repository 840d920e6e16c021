package desk

import (
	"kkachi/internal/lang"
	"kkachi/internal/risk"
	"kkachi/internal/risk/lint"
)

// heads are the texts of an edition outside its sentences: whoever reads them reads them of all
// sources of the story.
func (s *Story) heads(l Lang) []string {
	e := s.Editions[l]
	out := []string{e.Headline, e.Standfirst, e.Reason}
	for _, c := range s.Corrections {
		out = append(out, c.Text[l])
	}
	if p := s.Photo; p != nil {
		out = append(out, p.Alt[l], p.Caption[l], p.Credit[l])
	}
	return out
}

// headed is what these texts print of a source, and how many words they quote: nobody says of
// which source, so each is judged by all of it.
func (s *Story) headed(l Lang) (level lang.Level, quoted int) {
	for _, text := range s.heads(l) {
		level = risk.Finest(level, typedLevel(l, text))
		quoted += lint.QuotedWords(text)
	}
	return level, quoted
}
