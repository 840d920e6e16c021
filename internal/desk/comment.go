package desk

import (
	"context"
	"strings"

	"kkachi/internal/cell"
)

// commentText is the content of a comment: its first version, and each that marks it as done
// or opens it again.
type commentText struct {
	Sentence ID     `json:"sentence,omitzero"` // zero: of the whole story
	By       string `json:"by"`
	Text     string `json:"text"`
	Done     bool   `json:"done,omitempty"`
}

// A Comment is what somebody of the newsroom says about a story or one of its sentences. It
// is never printed.
type Comment struct {
	ID       ID
	Sentence ID // zero: of the whole story, or its sentence is gone
	By, Text string
	Day      cell.Day // of its last change
	Done     bool
}

// AddComment puts a comment beside a sentence, or beside the whole story if sentence is zero.
func (d *Desk) AddComment(ctx context.Context, story, sentence ID, by, text string) (ID, OpID, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return ID{}, OpID{}, field("comment", "empty")
	case len(text) > maxSheet || len(by) > maxSheet:
		return ID{}, OpID{}, field("comment", "longer than %d bytes", maxSheet)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s, _, err := d.storyOf(ctx, story)
	if err != nil {
		return ID{}, OpID{}, err
	}
	if !sentence.IsZero() && !s.has(sentence) {
		return ID{}, OpID{}, ErrNotFound
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opComment, id, story, commentText{Sentence: sentence, By: by, Text: text})
	return id, op, err
}

// SetCommentDone marks a comment as done, or opens it again.
func (d *Desk) SetCommentDone(ctx context.Context, comment ID, done bool) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st, err := d.state(ctx, nounComment, comment)
	if err != nil {
		return OpID{}, err
	}
	c, err := unmarshal[commentText](st.doc)
	if err != nil {
		return OpID{}, err
	}
	c.Done = done
	return d.append1(ctx, opComment, comment, st.owner, c)
}

// storyText is what a story is found by: all that it says, and what is said about it.
func (d *Desk) storyText(ctx context.Context, story ID) (string, error) {
	s, err := stateOf[Story](ctx, d, nounStory, story)
	if err != nil {
		return "", err
	}
	about, err := d.comments(ctx, story, &s)
	parts := []string{s.searched()}
	for _, c := range about {
		parts = append(parts, c.Text)
	}
	return joinLines(parts...), err
}

// comments gives the comments of a story, oldest first.
func (d *Desk) comments(ctx context.Context, story ID, s *Story) ([]Comment, error) {
	sts, err := d.statesOf(ctx, nounComment, story)
	if err != nil {
		return nil, err
	}
	var out []Comment
	for _, st := range sts {
		c, err := unmarshal[commentText](st.doc)
		if err != nil {
			return nil, err
		}
		if !s.has(c.Sentence) {
			c.Sentence = ID{} // with its sentence gone it is still to be answered
		}
		out = append(out, Comment{st.thing, c.Sentence, c.By, c.Text, st.day, c.Done})
	}
	return out, nil
}

func (s *Story) has(sentence ID) bool { return s.find(sentence) != nil }

// find gives the sentence of a name, nil if the story has none.
func (s *Story) find(sentence ID) *Sentence {
	for i := range s.Paragraphs {
		for j := range s.Paragraphs[i].Sentences {
			if sn := &s.Paragraphs[i].Sentences[j]; sn.ID == sentence && !sentence.IsZero() {
				return sn
			}
		}
	}
	return nil
}
