package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// A Story is one outline with editions in several languages: a sentence stands at the same
// place in each, with the same claims and the same level, so that no edition can say more
// than another.
type Story struct {
	Title       string               `json:"title"`    // working title, never printed
	Original    Lang                 `json:"original"` // the edition that was written first
	Editions    map[Lang]EditionText `json:"editions"`
	Paragraphs  []Paragraph          `json:"paragraphs"`
	Names       lang.Names           `json:"names"` // words that fill the levels: the country and so on
	Photo       *Photo               `json:"photo,omitempty"`
	Printed     cell.Day             `json:"printed,omitempty"` // the day to print; 0: drawn from the window
	From        cell.Day             `json:"from,omitempty"`    // the window, both days included
	To          cell.Day             `json:"to,omitempty"`
	Slug        string               `json:"slug,omitempty"` // of its pages; "": made from the English headline
	Corrections []CorrectionText     `json:"corrections,omitempty"`
	// Retraction takes back what was printed: the page stays, with this in the place of its text.
	Retraction *CorrectionText `json:"retraction,omitempty"`
	Spread     *Spread         `json:"spread,omitempty"` // how few know what it tells; nil: no question
	Among      string          `json:"among,omitempty"`  // the population of the estimates in which its sources stand; "": the only one
	Shown      *int            `json:"shown,omitempty"`  // people who had what a verification request would show; nil: shows nothing
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
	ID       ID              `json:"id,omitzero"` // given by the desk; comments, drafts and versions hold on to it
	Text     map[Lang]string `json:"text"`
	Claims   []ID            `json:"claims,omitempty"`
	Level    lang.Level      `json:"level"`
	Voice    ID              `json:"voice,omitzero"`     // whose words; zero: chosen from the chains
	Disputed bool            `json:"disputed,omitempty"` // it says itself that the claim is disputed
	Grave    bool            `json:"grave,omitempty"`    // it makes a grave charge against somebody
	Details  []string        `json:"details,omitempty"`  // what it tells of its source besides, by the names of estimates
}

// A CorrectionText is a dated line that says what was corrected, or why a story is taken back.
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

// claims gives the claims that the story carries, each once, in the order of mention.
func (s *Story) claims() []ID {
	var out []ID
	for _, p := range s.Paragraphs {
		for _, sn := range p.Sentences {
			for _, id := range sn.Claims {
				if !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
	}
	return out
}

// check composes a story's texts and refuses what can't be a story at all. What is only not
// ready yet is the gate's.
func (s *Story) check() error {
	s.compose()
	if strings.TrimSpace(s.Title) == "" {
		return field("title", "empty")
	}
	if s.Original == "" {
		s.Original = lang.Korean
	}
	if !s.Original.Valid() {
		return field("original", "choose ko, en or zh")
	}
	for l := range s.Editions {
		if !l.Valid() {
			return field("editions", "choose ko, en or zh")
		}
	}
	if len(s.Paragraphs) > release.MaxParagraphs {
		return field("paragraphs", "more than %d", release.MaxParagraphs)
	}
	if s.To < s.From || s.From == 0 && s.To != 0 {
		return field("to", "the window ends before it begins")
	}
	for i, p := range s.Paragraphs {
		if len(p.Sentences) > release.MaxSentences {
			return field("paragraphs", "more than %d sentences in paragraph %d", release.MaxSentences, i+1)
		}
		for j, sn := range p.Sentences {
			if err := sn.check(); err != nil {
				return fmt.Errorf("paragraph %d, sentence %d: %w", i+1, j+1, err)
			}
		}
	}
	return nil
}

func (sn *Sentence) check() error {
	if !sn.Level.Valid() {
		return field("sentence.level", "out of range")
	}
	for l, text := range sn.Text {
		if !l.Valid() {
			return field("sentence.text", "choose ko, en or zh")
		}
		if len(text) > 4*release.MaxSentence {
			return field("sentence.text", "too long")
		}
	}
	for _, name := range sn.Details {
		if !detailName.MatchString(name) {
			return field("sentence.details", "write 1 to 40 of a-z, 0-9, point and hyphen")
		}
	}
	return nil
}

// NewStory makes a story.
func (d *Desk) NewStory(ctx context.Context, s Story) (ID, OpID, error) {
	if err := s.check(); err != nil {
		return ID{}, OpID{}, err
	}
	if err := d.nameSentences(&s); err != nil {
		return ID{}, OpID{}, err
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opStory, id, id, s)
	return id, op, err
}

// SetStory puts the whole story anew.
func (d *Desk) SetStory(ctx context.Context, id ID, s Story) (OpID, error) {
	return d.editStory(ctx, id, func(old *Story) error { *old = s; return nil })
}

// editStory changes a story under mu and appends its new version.
func (d *Desk) editStory(ctx context.Context, id ID, edit func(*Story) error) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, _, err := d.storyOf(ctx, id)
	if err != nil {
		return OpID{}, err
	}
	if err := edit(s); err != nil {
		return OpID{}, err
	}
	if err := s.check(); err != nil {
		return OpID{}, err
	}
	if err := d.nameSentences(s); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opStory, id, id, s)
}

func (d *Desk) storyOf(ctx context.Context, id ID) (*Story, state, error) {
	st, err := d.state(ctx, nounStory, id)
	if err != nil {
		return nil, state{}, err
	}
	s, err := unmarshal[Story](st.doc)
	if err != nil {
		return nil, state{}, fmt.Errorf("desk: story: %w", err)
	}
	return &s, st, nil
}

// nameSentences gives each sentence a name of its own, and keeps those that are there.
func (d *Desk) nameSentences(s *Story) error {
	seen := map[ID]bool{{}: true}
	for i := range s.Paragraphs {
		for j := range s.Paragraphs[i].Sentences {
			sn := &s.Paragraphs[i].Sentences[j]
			if seen[sn.ID] {
				var err error
				if sn.ID, err = d.newID(); err != nil {
					return err
				}
			}
			seen[sn.ID] = true
		}
	}
	return nil
}

// SetEdition changes what an edition has beside its sentences.
func (d *Desk) SetEdition(ctx context.Context, id ID, l Lang, e EditionText) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		if s.Editions == nil {
			s.Editions = map[Lang]EditionText{}
		}
		s.Editions[l] = e
		return nil
	})
}

// SetSentence changes one sentence; paragraphs and sentences count from 0.
func (d *Desk) SetSentence(ctx context.Context, id ID, paragraph, sentence int, sn Sentence) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		at, err := s.at(paragraph, sentence)
		if err == nil {
			sn.ID = at.ID
			*at = sn
		}
		return err
	})
}

// SetLevel changes how finely the source of a sentence is described.
func (d *Desk) SetLevel(ctx context.Context, id ID, paragraph, sentence int, l lang.Level) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		at, err := s.at(paragraph, sentence)
		if err == nil {
			at.Level = l
		}
		return err
	})
}

// InsertSentence puts a sentence before another, or at the end of a paragraph; a paragraph
// one past the last is made.
func (d *Desk) InsertSentence(ctx context.Context, id ID, paragraph, sentence int, sn Sentence) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error { return s.insert(paragraph, sentence, sn) })
}

func (s *Story) insert(paragraph, sentence int, sn Sentence) error {
	if paragraph == len(s.Paragraphs) && sentence == 0 {
		s.Paragraphs = append(s.Paragraphs, Paragraph{})
	}
	if paragraph < 0 || paragraph >= len(s.Paragraphs) || sentence < 0 || sentence > len(s.Paragraphs[paragraph].Sentences) {
		return noSentence(paragraph, sentence)
	}
	p := &s.Paragraphs[paragraph]
	p.Sentences = slices.Insert(p.Sentences, sentence, sn)
	return nil
}

// RemoveSentence takes a sentence out, and its paragraph if that is empty then.
func (d *Desk) RemoveSentence(ctx context.Context, id ID, paragraph, sentence int) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		if _, err := s.at(paragraph, sentence); err != nil {
			return err
		}
		p := &s.Paragraphs[paragraph]
		p.Sentences = slices.Delete(p.Sentences, sentence, sentence+1)
		if len(p.Sentences) == 0 {
			s.Paragraphs = slices.Delete(s.Paragraphs, paragraph, paragraph+1)
		}
		return nil
	})
}

// MoveSentence moves a sentence one place up (−1) or down (1) in the outline, over the border
// of its paragraph too. At the end of the story it begins a paragraph of its own.
func (d *Desk) MoveSentence(ctx context.Context, id ID, paragraph, sentence, by int) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		at, err := s.at(paragraph, sentence)
		if err != nil {
			return err
		}
		sn, p := *at, s.Paragraphs
		own := p[paragraph].Sentences
		switch to := sentence + by; {
		case by != 1 && by != -1:
			return noSentence(paragraph, sentence+by)
		case to >= 0 && to < len(own):
			own[sentence], own[to] = own[to], own[sentence]
			return nil
		case by < 0 && paragraph == 0 || by > 0 && paragraph == len(p)-1 && len(own) == 1:
			return field("sentence", "it stands at the end already")
		case by < 0:
			p[paragraph-1].Sentences = append(p[paragraph-1].Sentences, sn)
		case paragraph == len(p)-1:
			p = append(p, Paragraph{[]Sentence{sn}})
		default:
			p[paragraph+1].Sentences = slices.Insert(p[paragraph+1].Sentences, 0, sn)
		}
		p[paragraph].Sentences = slices.Delete(own, sentence, sentence+1)
		if len(p[paragraph].Sentences) == 0 {
			p = slices.Delete(p, paragraph, paragraph+1)
		}
		s.Paragraphs = p
		return nil
	})
}

func (s *Story) at(paragraph, sentence int) (*Sentence, error) {
	if paragraph < 0 || paragraph >= len(s.Paragraphs) || sentence < 0 || sentence >= len(s.Paragraphs[paragraph].Sentences) {
		return nil, noSentence(paragraph, sentence)
	}
	return &s.Paragraphs[paragraph].Sentences[sentence], nil
}

func noSentence(paragraph, sentence int) error {
	return fmt.Errorf("%w: paragraph %d, sentence %d", ErrNotFound, paragraph, sentence)
}
