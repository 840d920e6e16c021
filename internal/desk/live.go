package desk

import (
	"context"
	"fmt"
	"sync"
)

// live keeps what a verdict needs that typing does not change, for as long as nothing else
// changes: all claims and what they stand on, and the ledgers.
type live struct {
	mu    sync.Mutex // guards all below
	stamp [4]int64
	board *board
	book  *ledgerBook
}

// stamp changes with everything but drafts and what was read: with numbers that are given out,
// with undoing, and with what an erasure takes away.
func (d *Desk) stamp(ctx context.Context) (s [4]int64, err error) {
	err = d.v.View().QueryRow(ctx, `SELECT (SELECT sum(value) FROM counter), (SELECT count(*) FROM undo), (SELECT count(*) FROM source), (SELECT count(*) FROM printed)`).
		Scan(&s[0], &s[1], &s[2], &s[3])
	if err != nil {
		return s, fmt.Errorf("desk: live verdict: %w", err)
	}
	return s, nil
}

// Live judges what a story gives away with a change that is not saved, while it is typed.
func (d *Desk) Live(ctx context.Context, id ID, edit func(*Story) error) (*Exposure, error) {
	stamp, err := d.stamp(ctx)
	if err != nil {
		return nil, err
	}
	l := &d.live
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.board == nil || l.stamp != stamp {
		if l.board, err = d.board(ctx); err != nil {
			l.board = nil
			return nil, err
		}
		l.stamp, l.book = stamp, d.ledgers()
	}
	v, err := d.edited(ctx, id, edit)
	if err != nil {
		return nil, err
	}
	v.Paragraphs = d.tell(&v.Story, l.board, nil)
	if v.Photo, err = d.photo(ctx, id, &v.Story); err != nil {
		return nil, err
	}
	return d.expose(ctx, v, l.board, l.book, false)
}

// forget drops what was kept, so that nothing of an erased source stays in memory.
func (l *live) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.board, l.book = nil, nil
}

// edited is a story with a change that is not saved.
func (d *Desk) edited(ctx context.Context, id ID, edit func(*Story) error) (*StoryView, error) {
	s, st, err := d.storyOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := edit(s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	v := &StoryView{Story: *s, Op: st.op}
	v.ID = id
	return v, nil
}

// StoryIf is Story with a change that is not saved, for a page without script.
func (d *Desk) StoryIf(ctx context.Context, id ID, edit func(*Story) error) (*StoryView, error) {
	st, err := d.state(ctx, nounStory, id)
	if err != nil {
		return nil, err
	}
	s, err := unmarshal[Story](st.doc)
	if err != nil {
		return nil, err
	}
	if err := edit(&s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	return d.viewOf(ctx, st, &s, b, d.ledgers(), false)
}

// PutSentence puts a sentence into a story that is not saved: in the place of one, or before it.
func (s *Story) PutSentence(paragraph, sentence int, sn Sentence, insert bool) error {
	if !insert {
		at, err := s.at(paragraph, sentence)
		if err == nil {
			sn.ID = at.ID
			*at = sn
		}
		return err
	}
	return s.insert(paragraph, sentence, sn)
}
