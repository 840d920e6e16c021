package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Bounds of what one batch may bring. Who floods meets them; what is refused is counted.
const (
	LettersADay = 256     // whole letters of one thread in one batch
	stepDrafts  = 4096    // operations that are appended at once
	stepBytes   = 4 << 20 // bytes of them
)

// An intake reads the records of one batch. However often it is read, and wherever it was
// stopped, each letter stands in the log once (P8): a letter is known by its id, and parts
// that wait are kept before the batch counts as read. It appends in steps of many letters,
// for a flood of small ones would wait for the disk at each.
type intake struct {
	d       *Desk
	openers []*seal.InboxOpener
	week    cell.Week // the present one
	pending map[string]*pending
	parts   map[ID]int // fragments that wait, by source
	total   int        // fragments that wait at this desk
	limit   int        // how many may
	letters map[ID]int // whole letters in this batch, by source
	chains  map[ID]*chainState
	step
	batch
}

// A chainState is a thread's weekly keys, and whether the ring has them so. Those of a
// thread of which nothing whole came die with what waits for parts.
type chainState struct {
	seal.Chain
	lasting bool
	changed bool
}

// A step is what will be made durable together.
type step struct {
	drafts  []vault.Draft
	bytes   int
	threads map[cell.ThreadID]ID   // new sources
	handles []string               // theirs
	fresh   map[ID]bool            // the same
	whole   map[cell.LetterID]bool // letters among the drafts
	over    []string               // names of letters that wait no longer
}

func newStep() step {
	return step{threads: map[cell.ThreadID]ID{}, fresh: map[ID]bool{}, whole: map[cell.LetterID]bool{}}
}

func (d *Desk) newIntake(week cell.Week) (*intake, error) {
	in := &intake{
		d: d, week: week, pending: map[string]*pending{}, parts: map[ID]int{}, letters: map[ID]int{},
		chains: map[ID]*chainState{}, step: newStep(), limit: PendingTotal,
	}
	boxes, err := d.inboxes()
	if err != nil {
		return nil, err
	}
	for i := range boxes {
		in.openers = append(in.openers, seal.NewInboxOpener(d.cfg.Newsroom, &boxes[i].seed))
		boxes[i].seed.Wipe()
	}
	slices.Reverse(in.openers) // the newest is the likeliest
	list, err := d.pendings("")
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		in.pending[p.name()] = p
		in.parts[p.Source] += len(p.Parts)
		in.total += len(p.Parts)
	}
	return in, nil
}

// read takes in all records of a batch and marks it as read. The caller holds mu. Nothing
// that a source wrote makes it fail: that is refused and counted, and the rest goes on.
func (in *intake) read(ctx context.Context, day cell.Day, recs []cell.Record) error {
	in.batch = batch{Day: day, Records: len(recs)}
	opening, cancel := context.WithCancel(ctx)
	opened := in.openAhead(opening, recs)
	defer func() {
		cancel()
		for frag := range opened {
			wipe(frag)
		}
	}()
	for frag := range opened {
		if err := ctx.Err(); err != nil {
			wipe(frag)
			return err
		}
		if err := in.count(in.record(ctx, frag)); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return in.finishBatch(ctx)
}

// ahead is how many records are open before they are taken in.
const ahead = 64

// openAhead opens records in their order, nil for one that no key opens, while those before
// them are taken in: a processor opens about as fast as another one writes. It ends early
// when the context does.
func (in *intake) openAhead(ctx context.Context, recs []cell.Record) <-chan *cell.Fragment {
	out := make(chan *cell.Fragment, ahead)
	go func() {
		defer close(out)
		for i := 0; i < len(recs) && ctx.Err() == nil; i++ {
			out <- in.open(&recs[i])
		}
	}()
	return out
}

// open tries the keys, first that which opened the last record: a batch is mostly of one week,
// and a key that doesn't fit takes as long as one that does.
func (in *intake) open(rec *cell.Record) *cell.Fragment {
	for i, o := range in.openers {
		if frag, ok := o.Open(rec); ok {
			in.openers[0], in.openers[i] = o, in.openers[0]
			return frag
		}
	}
	return nil
}

// wipe clears a fragment, if there is one: it holds the week's key.
func wipe(frag *cell.Fragment) {
	if frag != nil {
		clear(frag[:])
	}
}

func (in *intake) count(err error) error {
	if errors.Is(err, errRefused) {
		in.Refused++
		return nil
	}
	return err
}

func (in *intake) finishBatch(ctx context.Context) error {
	if err := in.flush(ctx); err != nil {
		return err
	}
	if err := in.evict(ctx); err != nil {
		return err
	}
	if err := in.d.savePendings(in.pending); err != nil {
		return err
	}
	_, err := in.d.append1(ctx, opBatch, deskThing, deskThing, in.batch)
	return err
}

// flush makes the step durable: operations first, so that no key stands without its thread.
func (in *intake) flush(ctx context.Context) error {
	st := in.step
	in.step = newStep()
	if len(st.drafts) > 0 {
		if _, err := in.d.v.Append(ctx, st.drafts...); err != nil {
			return fmt.Errorf("desk: letters: %w", err)
		}
	}
	var keys []vault.NamedSecret
	for src, c := range in.chains {
		if c.changed {
			keys = append(keys, vault.NamedSecret{Name: secretThread + src.String(), Value: c.Bytes(), NotAfter: in.ends(c)})
			c.changed = false
		}
	}
	defer func() {
		for _, k := range keys {
			clear(k.Value)
		}
	}()
	if err := in.d.v.PutSecrets(keys...); err != nil {
		return fmt.Errorf("desk: weekly keys: %w", err)
	}
	if err := in.d.v.DeleteSecrets(st.over...); err != nil {
		return fmt.Errorf("desk: letters that are whole: %w", err)
	}
	return nil
}

// ends is the last day of a thread's weekly keys; 0: none.
func (in *intake) ends(c *chainState) uint32 {
	if c.lasting {
		return 0
	}
	return uint32(in.Day + PendingDays)
}

func (in *intake) record(ctx context.Context, frag *cell.Fragment) error {
	if frag == nil {
		in.Late++
		return nil
	}
	defer wipe(frag)
	return in.opened(ctx, frag)
}

func (in *intake) opened(ctx context.Context, frag *cell.Fragment) error {
	f, err := cell.ParseFragment(frag)
	if errors.Is(err, cell.ErrCover) {
		return nil
	}
	if err != nil {
		return errRefused
	}
	letterKey, chain, err := seal.TakeKey(f, in.week)
	if err != nil {
		return errRefused
	}
	defer letterKey.Wipe()
	src, err := in.sourceFor(ctx, f)
	if err != nil {
		return err
	}
	if err := in.join(ctx, src, chain); err != nil {
		return err
	}
	if err := in.fragment(ctx, src, letterKey, f); err != nil {
		return err
	}
	if in.total > in.limit+PendingFragments {
		return in.evict(ctx)
	}
	if len(in.drafts) >= stepDrafts || in.bytes >= stepBytes {
		return in.flush(ctx)
	}
	return nil
}

// sourceFor finds the source of a thread, or makes one. What comes by a blocked thread is
// refused, unless it asks for erasure or takes that back.
func (in *intake) sourceFor(ctx context.Context, f *cell.FragmentFields) (ID, error) {
	if id, ok := in.threads[f.Thread]; ok {
		return id, nil
	}
	id, blocked, ok, err := in.d.sourceOf(ctx, f.Thread)
	switch {
	case err != nil:
		return ID{}, err
	case ok && blocked && f.Kind != cell.KindErase && f.Kind != cell.KindWithdraw:
		return ID{}, errRefused
	case ok:
		return id, nil
	}
	id, name, dr, err := in.d.newSource(ctx, f.Thread[:], in.handles...)
	if err != nil {
		return ID{}, err
	}
	in.fresh[id] = true
	in.threads[f.Thread], in.handles = id, append(in.handles, name)
	in.add(dr)
	return id, nil
}

func (in *intake) add(dr vault.Draft) {
	in.drafts = append(in.drafts, dr)
	in.bytes += len(dr.Content)
}

// join compares the key that came with a letter with those of the thread, and keeps what is
// new. A key of another chain is refused.
func (in *intake) join(ctx context.Context, src ID, came seal.Chain) error {
	have := in.chains[src]
	if have == nil && in.fresh[src] {
		in.chains[src] = &chainState{Chain: came, changed: true}
		return nil
	}
	if have == nil {
		c, err := in.d.chainOf(secretThread + src.String())
		switch {
		case errors.Is(err, vault.ErrNotFound):
			if same, err := in.d.sameChain(src, came); err != nil || !same {
				return cmp.Or(err, errRefused)
			}
			in.chains[src] = &chainState{Chain: came, changed: true}
			return nil
		case err != nil:
			return err
		}
		have = &chainState{Chain: c}
		if err := in.d.v.View().QueryRow(ctx, `SELECT reports > 0 FROM thread WHERE source = ?`, src).Scan(&have.lasting); err != nil {
			return fmt.Errorf("desk: weekly keys: %w", err)
		}
		in.chains[src] = have
	}
	next := have.Chain
	if err := next.Join(came); err != nil {
		return errRefused
	}
	next.Advance(in.week)
	if next != have.Chain {
		have.Chain, have.changed = next, true
	}
	return nil
}

func (in *intake) fragment(ctx context.Context, src ID, key seal.LetterKey, f *cell.FragmentFields) error {
	have := in.whole[f.Letter]
	if !have {
		err := in.d.v.View().QueryRow(ctx, `SELECT count(*) > 0 FROM report WHERE letter = ?`, f.Letter[:]).Scan(&have)
		if err != nil {
			return fmt.Errorf("desk: letters: %w", err)
		}
	}
	if have {
		return nil // already whole: a repeat is harmless
	}
	fresh := newPending(src, in.Day, key, f)
	p := in.pending[fresh.name()]
	if p == nil {
		p = fresh
	}
	before := len(p.Parts)
	// What makes a letter whole takes no place: who filled the thread's keeps no wish out.
	if in.parts[src] >= PendingFragments && before+1 < int(f.Count) {
		return errRefused
	}
	if err := p.add(f); err != nil {
		return errRefused
	}
	in.pending[p.name()] = p
	in.parts[src] += len(p.Parts) - before
	in.total += len(p.Parts) - before
	if !p.joiner.Complete() {
		return nil
	}
	return in.finish(ctx, p)
}

// finish makes an operation of a whole letter; its key goes with the step. A letter whose id
// is not that of its parts is refused as a whole, and so is one too many of a thread.
func (in *intake) finish(ctx context.Context, p *pending) error {
	in.drop(p)
	l, err := p.joiner.Letter()
	if err != nil {
		return errRefused
	}
	n, ok := in.letters[p.Source]
	if !ok && !in.fresh[p.Source] {
		err := in.d.v.View().QueryRow(ctx, `SELECT count(*) FROM report WHERE source = ? AND day = ? AND letter IS NOT NULL`, p.Source, in.Day).Scan(&n)
		if err != nil {
			return fmt.Errorf("desk: letters: %w", err)
		}
	}
	in.letters[p.Source] = n + 1
	if n >= LettersADay && l.Kind != cell.KindErase && l.Kind != cell.KindWithdraw {
		return errRefused
	}
	if err := in.log(ctx, p.Source, l, len(p.Parts)); err != nil {
		return err
	}
	if c := in.chains[p.Source]; c != nil && !c.lasting {
		c.lasting, c.changed = true, true
	}
	in.whole[l.ID] = true
	in.Letters++
	return nil
}

// drop takes a letter out of those that wait, and destroys its key.
func (in *intake) drop(p *pending) {
	delete(in.pending, p.name())
	in.parts[p.Source] -= len(p.Parts)
	in.total -= len(p.Parts)
	if p.kept {
		in.over = append(in.over, p.name())
	}
	clear(p.Key)
}

func (in *intake) log(ctx context.Context, src ID, l *seal.Letter, parts int) error {
	c := letter{
		Kind: kindOf(l), Topic: l.Topic, Day: in.Day, Letter: l.ID[:], Parts: parts,
		File: l.Flags&cell.FlagFile != 0,
	}
	if l.LastReply != (cell.ReplyID{}) {
		c.LastReply = l.LastReply[:]
	}
	if next, ok := seal.ParseMove(l.Text); ok && c.Kind == KindMove {
		c.Next, l.Text = next[:], nil
	}
	if !c.File {
		c.Lang, c.Text = lang.Guess(string(l.Text)), string(l.Text)
	}
	if c.File || tooLong(c.Text) {
		if err := in.flush(ctx); err != nil { // a blob needs the key of its thing
			return err
		}
		sum, err := in.d.putText(ctx, src, l.Text)
		if err != nil {
			return err
		}
		c.Blob = sum
		// The beginning, to be shown and found without the rest.
		c.Text = strings.ToValidUTF8(c.Text[:min(len(c.Text), headText)], "")
	}
	id, err := in.d.newID()
	if err != nil {
		return err
	}
	dr, err := draft(opLetter, id, src, c)
	if err != nil {
		return err
	}
	if len(dr.Content) > vault.MaxContent {
		return errRefused
	}
	in.add(dr)
	return nil
}

// tooLong says whether a text is kept beside the log. What counts is its size there: JSON
// makes six bytes of a control character.
func tooLong(text string) bool {
	if len(text) <= inlineText/6 {
		return false
	}
	b, err := json.Marshal(text)
	return err != nil || len(b) > inlineText
}
