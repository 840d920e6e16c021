package desk

import (
	"golang.org/x/text/unicode/norm"

	"kkachi/internal/lang"
)

// compose brings every text of a story into the form that is printed, so that the gate reads the
// letters that readers will: decomposed, Korean passes every pattern and looks the same.
func (s *Story) compose() {
	for l, e := range s.Editions {
		s.Editions[l] = EditionText{norm.NFC.String(e.Headline), norm.NFC.String(e.Standfirst), norm.NFC.String(e.Reason)}
	}
	for _, p := range s.Paragraphs {
		for _, sn := range p.Sentences {
			composeAll(sn.Text)
		}
	}
	n := &s.Names
	for _, w := range []*lang.Words{&n.Country, &n.Region, &n.Province, &n.City, &n.Sector, &n.Trade, &n.Post, &n.App, &n.When} {
		*w = lang.Words{KO: norm.NFC.String(w.KO), EN: norm.NFC.String(w.EN), ZH: norm.NFC.String(w.ZH)}
	}
	for _, c := range s.Corrections {
		composeAll(c.Text)
	}
	if s.Retraction != nil {
		composeAll(s.Retraction.Text)
	}
	if p := s.Photo; p != nil {
		composeAll(p.Alt)
		composeAll(p.Caption)
		composeAll(p.Credit)
	}
}

func composeAll(texts map[Lang]string) {
	for l, t := range texts {
		texts[l] = norm.NFC.String(t)
	}
}
