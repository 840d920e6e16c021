package desk

import (
	"kkachi/internal/cell"
	"kkachi/internal/lang"
)

// A Story is one outline with editions in several languages: a sentence stands at the same
// place in each, with the same claims and the same level, so that no edition can say more
// than another.
type Story struct {
	Title      string               `json:"title"`    // working title, never printed
	Original   Lang                 `json:"original"` // the edition that was written first
	Editions   map[Lang]EditionText `json:"editions"`
	Paragraphs []Paragraph          `json:"paragraphs"`
	Names      lang.Names           `json:"names"` // words that fill the levels: the country and so on
	Photo      *Photo               `json:"photo,omitempty"`
	Printed    cell.Day             `json:"printed,omitempty"` // the day to print; 0: drawn from the window
	From       cell.Day             `json:"from,omitempty"`    // the window, both days included
	To         cell.Day             `json:"to,omitempty"`
	Notes      []CorrectionText     `json:"corrections,omitempty"`
}

// An EditionText is what an edition has beside its sentences.
type EditionText struct {
	Headline   string `json:"headline"`
	Standfirst string `json:"standfirst"`
	Reason     string `json:"reason"` // why the sources are not named; it is printed
}

// A Paragraph is a run of sentences.
type Paragraph struct {
	Sentences []Sentence `json:"sentences"`
}

// A Sentence has a text in each language. In a text "{source}" stands for the attribution
// ("a source in China"), "{Source}" for the same with a capital, "{said}" for the whole
// beginning ("A source in China said"): it is made from Level and the claims' chains, and
// never typed.
type Sentence struct {
	Text     map[Lang]string `json:"text"`
	Claims   []ID            `json:"claims,omitempty"`
	Level    lang.Level      `json:"level"`
	Voice    ID              `json:"voice,omitzero"`     // whose words; zero: chosen from the chains
	Disputed bool            `json:"disputed,omitempty"` // it says itself that the claim is disputed
}

// A CorrectionText is a dated line that says what was corrected.
type CorrectionText struct {
	Day  cell.Day        `json:"day"`
	Text map[Lang]string `json:"text"`
}

// A Photo is what is printed with a photograph.
type Photo struct {
	File    bool            `json:"file"` // "file photo": not of the event
	Alt     map[Lang]string `json:"alt"`
	Caption map[Lang]string `json:"caption"`
	Credit  map[Lang]string `json:"credit"`
}
