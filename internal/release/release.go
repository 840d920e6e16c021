// Package release is what may leave the house: a story in its editions, with what a reader
// may know of how well it stands, approved by two people. It is the only thing that press
// accepts.
//
// What enters: texts, rungs, levels, the digest of a photograph that was made anew, two
// approvals. What leaves: canonical bytes, their digest, and a Verified, which only Open can
// make. What may never be known here: a handle, a thread, a letter or who the source is. No
// field can hold one: each string has a type of its own whose form is checked.
package release

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"kkachi/internal/lang"
)

// Versions of a release. A story that was taken back has the second one and a retraction;
// every other has the first and none.
const (
	Version          = 1
	VersionRetracted = 2
)

// Limits of a release: runes of texts, counts of parts, bytes of the whole.
const (
	MaxHeadline    = 160
	MaxStandfirst  = 600
	MaxSentence    = 1500
	MaxCaption     = 600
	MaxParagraphs  = 200
	MaxSentences   = 40 // in one paragraph
	MaxCorrections = 50
	MaxSize        = 2 << 20 // bytes of the canonical form
)

// A Text is what is printed: NFC, without control or hidden characters, without blanks at
// its ends. Its length is limited where it stands.
type Text string

// A Slug names a story's page: 3 to 64 of a–z, 0–9 and single hyphens inside.
type Slug string

// A MIME is the type of a photograph: image/jpeg or image/png.
type MIME string

// The types of photographs.
const (
	JPEG MIME = "image/jpeg"
	PNG  MIME = "image/png"
)

// An ID is 16 random bytes that name a release, drawn for it alone. Written in hex.
type ID [16]byte

// A Hash is a SHA-256. Written in hex.
type Hash [32]byte

// A Day is a UTC day since 1970-01-01.
type Day uint32

// A PerLang is one text in each language.
type PerLang struct {
	KO Text `json:"ko"`
	EN Text `json:"en"`
	ZH Text `json:"zh"`
}

// In is the text in language t.
func (p PerLang) In(t lang.Tag) Text {
	switch t {
	case lang.Korean:
		return p.KO
	case lang.English:
		return p.EN
	case lang.Chinese:
		return p.ZH
	}
	return ""
}

// A Release is a story as it may be printed.
type Release struct {
	Version     int          `json:"version"`
	ID          ID           `json:"id"`
	Serial      uint64       `json:"serial"`  // from 1; a later serial of one ID takes its place
	Slug        Slug         `json:"slug"`    // of its pages' addresses
	Printed     Day          `json:"printed"` // the day that is printed: given, or drawn by the desk
	Original    lang.Tag     `json:"original"`
	Editions    []Edition    `json:"editions"` // one in each language, in the order of lang.All
	Photo       *Photo       `json:"photo"`
	Corrections []Correction `json:"corrections"` // oldest first
	// Retraction takes the story back: what is printed is its headline, this, and the
	// corrections. The editions then hold nothing else, and there is no photograph.
	Retraction *Correction `json:"retraction,omitempty"`
}

// An Edition is the story in one language. Paragraph for paragraph and sentence for sentence
// it carries the rungs, disputes and levels of the other editions.
type Edition struct {
	Lang       lang.Tag    `json:"lang"`
	Headline   Text        `json:"headline"`
	Standfirst Text        `json:"standfirst"`
	Body       []Paragraph `json:"body"`
	Anonymity  Text        `json:"anonymity"` // the reason why no name is given
}

// A Paragraph is a run of sentences.
type Paragraph struct {
	Sentences []Sentence `json:"sentences"`
}

// A Sentence is one or a few sentences that stand or fall together.
type Sentence struct {
	Text     Text       `json:"text"`
	Rung     Rung       `json:"rung"`
	Disputed bool       `json:"disputed"`
	Level    lang.Level `json:"level"` // how finely its source is described
}

// A Photo is a photograph that was decoded and encoded anew. Its bytes stand apart, under
// their digest.
type Photo struct {
	SHA256    Hash    `json:"sha256"`
	MIME      MIME    `json:"mime"`
	Width     int     `json:"width"`  // pixels
	Height    int     `json:"height"` // pixels
	Clean     bool    `json:"clean"`  // made anew from pixels alone; refused otherwise
	FilePhoto bool    `json:"file_photo"`
	Alt       PerLang `json:"alt"`
	Caption   PerLang `json:"caption"`
	Credit    PerLang `json:"credit"`
}

// A Correction says what was wrong, and since when it is right; or why, and since when, a
// story is taken back.
type Correction struct {
	Day  Day     `json:"day"`
	Text PerLang `json:"text"`
}

// A Rung is a step of the ladder of corroboration.
type Rung uint8

// The rungs. NoClaim marks a sentence that asserts nothing of a source's: background.
const (
	NoClaim Rung = iota
	Unsupported
	OneChain
	TwoChains
	TwoIndependent
)

func rungs() []string {
	return []string{"no claim", "unsupported", "one chain", "two chains, independence unverified", "two independent chains"}
}

// String is the rung in its exact words.
func (r Rung) String() string {
	if int(r) >= len(rungs()) {
		return fmt.Sprintf("rung %d", uint8(r))
	}
	return rungs()[r]
}

// ErrRung is the error of a rung that is not one of the ladder.
var ErrRung = errors.New("rung is not one of the ladder")

// ParseRung reads a rung from its exact words.
func ParseRung(s string) (Rung, error) {
	i := slices.Index(rungs(), s)
	if i < 0 {
		return 0, ErrRung
	}
	return Rung(i), nil
}

// MarshalText writes the rung in its exact words.
func (r Rung) MarshalText() ([]byte, error) {
	if int(r) >= len(rungs()) {
		return nil, ErrRung
	}
	return []byte(rungs()[r]), nil
}

// UnmarshalText reads the rung from its exact words.
func (r *Rung) UnmarshalText(b []byte) error {
	got, err := ParseRung(string(b))
	*r = got
	return err
}

// String is the id in hex.
func (i ID) String() string { return hex.EncodeToString(i[:]) }

// MarshalText writes the id in hex.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads 32 hex digits in lower case.
func (i *ID) UnmarshalText(b []byte) error { return unhex(i[:], b) }

// String is the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hex digits in lower case.
func (h *Hash) UnmarshalText(b []byte) error { return unhex(h[:], b) }

func unhex(dst, src []byte) error {
	if len(src) != 2*len(dst) {
		return fmt.Errorf("%d hex digits wanted, %d found", 2*len(dst), len(src))
	}
	for _, c := range src {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return errors.New("hex digits in lower case wanted")
		}
	}
	_, err := hex.Decode(dst, src)
	return err
}
