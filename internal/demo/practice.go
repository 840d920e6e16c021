package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// PracticeOptions are what a practice desk takes from the world. It takes nothing of the
// newsroom: no key, no token, no address.
type PracticeOptions struct {
	Dir     string // of its own; made here, and removed by End
	Now     func() time.Time
	Rand    io.Reader
	Preview desk.Printer
	Lang    lang.Tag // of whoever learns: in it the case's journalist has written; none: English
}

// A Practice is a desk to learn at: the motivating case, worked but for what the lesson asks for, in
// a vault of its own. The vault's key stands in this process alone, so that whatever ends it, even a
// crash, closes the folder for ever. The desk has no host, and whoever serves it hands it no press.
type Practice struct {
	Desk *desk.Desk

	dir    string
	key    vault.Key
	worked desk.ID            // the story that only wants to be mended and approved
	claims map[desk.ID]bool   // that the case's journalist made
	told   int                // reports that came before the lesson
	people map[string]desk.ID // teller of the case → thread

	once  sync.Once
	over  atomic.Bool
	ended error
}

// What the lesson is about: the claim that is left to whoever learns, who tells of it first, and who
// tells of it again on the telephone.
const (
	lessonClaim  = "C06"
	lessonWriter = "C"
	lessonCaller = "B"
)

// lessonLine is the sentence of the worked story whose day is told too finely. On that weekday few
// people were asked.
const lessonLine = 1

// practiceApprovers are the two who approve in practice, with passphrases that the lesson shows.
var practiceApprovers = []struct{ name, passphrase string }{{"ayla", "1111"}, {"boram", "2222"}}

// The practice newsroom's name, and an address that leads nowhere.
const (
	practiceName = "Kkachi · 연습 · 练习"
	practiceURL  = "https://practice.invalid"
)

// NewPractice lays a practice desk out. Where it fails nothing is left.
func NewPractice(ctx context.Context, o PracticeOptions) (p *Practice, err error) {
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}
	key, err := vault.NewKey(o.Rand)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(o.Dir))
	}
	p = &Practice{dir: o.Dir, key: key, claims: map[desk.ID]bool{}, people: map[string]desk.ID{}}
	if err := p.lay(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("practice: %w", err), p.End())
	}
	return p, nil
}

// lay passes the case's days on a clock of its own, and opens the desk again without a host.
func (p *Practice) lay(ctx context.Context, o PracticeOptions) error {
	c := &clock{}
	first := cell.DayOf(o.Now()) - practiceDays
	c.set(first, 0)
	cfg := desk.Config{
		Dir: o.Dir, Key: p.key, Name: practiceName, Ceiling: ceiling, Slots: practiceSlots,
		Now: c.now, Rand: o.Rand, DateIsRight: true, Preview: o.Preview,
	}
	post, err := newPost(ctx, &cfg, first)
	if err != nil {
		return err
	}
	if p.Desk, err = desk.Open(ctx, cfg); err != nil {
		return err
	}
	r := &ring{
		o: Options{Rand: o.Rand}, clock: c, address: seal.Address{ID: cfg.Newsroom, URL: practiceURL}, desk: p.Desk, first: first,
		people: map[string]*person{}, reports: map[string]desk.ID{}, claims: map[string]desk.ID{}, speaks: lang.English,
	}
	if o.Lang.Valid() {
		r.speaks = o.Lang
	}
	defer func() {
		for _, one := range r.people {
			one.forget()
		}
	}()
	if err := p.pass(ctx, r, post); err != nil {
		return err
	}
	p.told = len(r.reports)
	for _, id := range r.claims {
		p.claims[id] = true
	}
	for name, one := range r.people {
		p.people[name] = one.id
		if name == lessonWriter {
			continue
		}
		if err := p.Desk.MarkRead(ctx, one.id); err != nil {
			return err
		}
	}
	err = p.Desk.Close()
	p.Desk = nil
	if err != nil {
		return err
	}
	cfg.Host, cfg.Now = nil, o.Now
	p.Desk, err = desk.Open(ctx, cfg)
	return err
}

// pass is what happens on the days before: letters come, a call is taken, and the case's journalist
// works on all of it but the lesson.
func (p *Practice) pass(ctx context.Context, r *ring, post *post) error {
	if err := r.sync(ctx); err != nil { // puts up the notes that say to which key letters are sealed
		return err
	}
	for d := range practiceDays {
		r.clock.set(r.first+cell.Day(d), 12)
		for _, t := range tellings {
			if t.day != d {
				continue
			}
			err := error(nil)
			if t.way == "call" {
				err = r.takeCall(ctx, t)
			} else {
				err = post.letter(r, t)
			}
			if err != nil {
				return fmt.Errorf("report %s: %w", t.report, err)
			}
		}
		if err := post.deliver(r.first + cell.Day(d)); err != nil {
			return err
		}
		if err := r.sync(ctx); err != nil {
			return err
		}
	}
	if err := r.meet(ctx); err != nil {
		return err
	}
	if err := r.translate(ctx); err != nil {
		return err
	}
	if err := r.enterEvidence(ctx, lessonClaim); err != nil {
		return err
	}
	return p.draft(ctx, r)
}

// draft writes the story of the case, but for the sentence of the lesson, and answers what the house
// asks. Then one day is told more finely than it should be, and the photograph is as it came.
func (p *Practice) draft(ctx context.Context, r *ring) error {
	tellers := map[string]desk.ID{}
	for name, one := range r.people {
		tellers[name] = one.id
	}
	story := draft(r.claims, tellers)
	for i := range story.Paragraphs {
		var kept []desk.Sentence
		for _, s := range story.Paragraphs[i].Sentences {
			if !s.Claims[0].IsZero() {
				kept = append(kept, s)
			}
		}
		story.Paragraphs[i].Sentences = kept
	}
	story.Names.When, story.Title = practiceWhen, practiceTitle.In(r.speaks)
	var err error
	if r.story, _, err = r.desk.NewStory(ctx, story); err != nil {
		return err
	}
	p.worked = r.story
	if _, err := r.desk.SetAmong(ctx, r.story, among); err != nil {
		return err
	}
	if err := r.photograph(ctx); err != nil {
		return err
	}
	if err := r.answer(ctx); err != nil {
		return err
	}
	if err := r.attach(ctx); err != nil { // as it came: the answers were given to what is mended
		return err
	}
	fine := level
	fine.Day = practiceDay
	if _, err := r.desk.SetLevel(ctx, r.story, 0, lessonLine, fine); err != nil {
		return err
	}
	return nil
}

// End closes the desk, forgets the key and removes the folder. Nothing stays. It may be called again.
func (p *Practice) End() error {
	p.once.Do(func() {
		p.over.Store(true)
		var err error
		if p.Desk != nil {
			err = p.Desk.Close()
		}
		p.key.Wipe()
		p.ended = errors.Join(err, os.RemoveAll(p.dir))
	})
	return p.ended
}

// Over says whether it has been ended.
func (p *Practice) Over() bool { return p.over.Load() }
