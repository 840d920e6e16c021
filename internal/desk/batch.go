package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// batch is the content of having read a batch whole. It counts, and names nobody.
type batch struct {
	Day     cell.Day `json:"day"`
	Records int      `json:"records"`
	Letters int      `json:"letters"` // letters that it completed
	Refused int      `json:"refused"` // fragments and letters that were refused
	Late    int      `json:"late"`    // records that no living inbox key opened
}

const batchPrefix = "batch/"

// inlineText is the size in bytes up to which a letter's text stands in its operation.
const inlineText = 64 << 10

// headText is how much of a longer text stands there.
const headText = 16 << 10

// errRefused marks what is refused and counted; anything else stops the sync.
var errRefused = errors.New("desk: refused")

// unread gives the days of batches at the host that were not read whole yet, oldest first.
func (d *Desk) unread(ctx context.Context) ([]cell.Day, error) {
	names, err := d.cfg.Host.ListObjects(ctx, batchPrefix)
	if err != nil {
		return nil, fmt.Errorf("desk: listing batches: %w", err)
	}
	rows, err := d.v.View().Query(ctx, `SELECT day FROM batch`)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	done, err := collect(rows, func(d *cell.Day) []any { return []any{d} })
	if err != nil {
		return nil, err
	}
	var out []cell.Day
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimPrefix(name, batchPrefix), 10, 32)
		if err != nil || slices.Contains(done, cell.Day(n)) {
			continue
		}
		out = append(out, cell.Day(n))
	}
	slices.Sort(out)
	return out, nil
}

// fetchBatch gets and opens the batch of a day.
func (d *Desk) fetchBatch(ctx context.Context, day cell.Day, id age.Identity) ([]cell.Record, error) {
	name := batchPrefix + strconv.FormatUint(uint64(day), 10)
	sealed, err := d.cfg.Host.GetObject(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		return nil, fmt.Errorf("desk: %s is not for this device: %w", name, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	got, recs, err := cell.ParseBatch(plain)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	if got != day {
		return nil, fmt.Errorf("desk: %s holds the batch of another day", name)
	}
	return recs, nil
}

// An intake reads the records of one batch. However often it is read, and wherever it was
// stopped, each letter stands in the log once (P8): a letter is known by its id, and parts
// that wait are kept before the batch counts as read.
type intake struct {
	d       *Desk
	openers []*seal.InboxOpener
	week    cell.Week // the present one
	pending map[string]*pending
	parts   map[ID]int // fragments that wait, by source
	batch
}

func (d *Desk) newIntake(week cell.Week) (*intake, error) {
	in := &intake{d: d, week: week, pending: map[string]*pending{}, parts: map[ID]int{}}
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
	}
	return in, nil
}

// read takes in all records of a batch and marks it as read. The caller holds mu.
func (in *intake) read(ctx context.Context, day cell.Day, recs []cell.Record) error {
	in.batch = batch{Day: day, Records: len(recs)}
	for i := range recs {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch err := in.record(ctx, &recs[i]); {
		case errors.Is(err, errRefused):
			in.Refused++
		case err != nil:
			return err
		}
	}
	for _, p := range in.pending {
		if err := in.d.savePending(p); err != nil {
			return err
		}
	}
	_, err := in.d.append1(ctx, opBatch, deskThing, deskThing, in.batch)
	return err
}

func (in *intake) record(ctx context.Context, rec *cell.Record) error {
	var frag *cell.Fragment
	for _, o := range in.openers {
		if f, ok := o.Open(rec); ok {
			frag = f
			break
		}
	}
	if frag == nil {
		in.Late++
		return nil
	}
	defer clear(frag[:]) // it holds the week's key
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
	src, err := in.sourceFor(ctx, f.Thread)
	if err != nil {
		return err
	}
	if err := in.d.joinChain(src, chain, in.week); err != nil {
		return err
	}
	return in.fragment(ctx, src, letterKey, f)
}

// sourceFor finds the source of a thread, or makes one.
func (in *intake) sourceFor(ctx context.Context, thread cell.ThreadID) (ID, error) {
	id, ok, err := in.d.sourceOf(ctx, thread)
	if err != nil || ok {
		return id, err
	}
	id, dr, err := in.d.newSource(ctx, thread[:])
	if err != nil {
		return ID{}, err
	}
	if _, err := in.d.v.Append(ctx, dr); err != nil {
		return ID{}, fmt.Errorf("desk: %w", err)
	}
	return id, nil
}

func (in *intake) fragment(ctx context.Context, src ID, key seal.LetterKey, f *cell.FragmentFields) error {
	var have int
	err := in.d.v.View().QueryRow(ctx, `SELECT count(*) FROM report WHERE letter = ?`, f.Letter[:]).Scan(&have)
	if err != nil || have > 0 {
		return err // already whole: a repeat is harmless
	}
	fresh := newPending(src, in.Day, key, f)
	p := in.pending[fresh.name()]
	if p == nil {
		p = fresh
	}
	before := len(p.Parts)
	if in.parts[src] >= PendingFragments {
		return errRefused
	}
	if err := p.add(f); err != nil {
		return errRefused
	}
	in.pending[p.name()] = p
	in.parts[src] += len(p.Parts) - before
	if !p.joiner.Complete() {
		return nil
	}
	return in.finish(ctx, p)
}

// finish puts a whole letter into the log and destroys its key. A letter whose id is not
// that of its parts is refused as a whole.
func (in *intake) finish(ctx context.Context, p *pending) error {
	l, err := p.joiner.Letter()
	if err == nil {
		if err := in.log(ctx, p.Source, l, len(p.Parts)); err != nil {
			return err
		}
		in.Letters++
	}
	delete(in.pending, p.name())
	in.parts[p.Source] -= len(p.Parts)
	if gone := in.d.v.DeleteSecret(p.name()); gone != nil && !errors.Is(gone, vault.ErrNotFound) {
		return fmt.Errorf("desk: %w", gone)
	}
	clear(p.Key)
	if err != nil {
		return errRefused
	}
	return nil
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
	if c.File || len(l.Text) > inlineText {
		sum, _, err := in.d.v.PutBlob(ctx, vault.Thing(src), bytes.NewReader(l.Text))
		if err != nil {
			return fmt.Errorf("desk: a long letter: %w", err)
		}
		c.Blob = sum[:]
	}
	if !c.File {
		c.Lang = guess(string(l.Text))
		c.Text = string(l.Text)
		if c.Blob != nil { // the beginning, to be shown and found without the rest
			c.Text = strings.ToValidUTF8(c.Text[:headText], "")
		}
	}
	id, err := in.d.newID()
	if err != nil {
		return err
	}
	_, err = in.d.append1(ctx, opLetter, id, src, c)
	return err
}

func kindOf(l *seal.Letter) ReportKind {
	switch l.Kind {
	case cell.KindLetter:
		return KindLetter
	case cell.KindHelp:
		return KindHelp
	case cell.KindManifest:
		return KindDocument
	case cell.KindErase:
		return KindErase
	case cell.KindWithdraw:
		return KindWithdraw
	case cell.KindMove:
		if next, ok := seal.ParseMove(l.Text); ok && next != l.Thread {
			return KindMove
		}
	}
	return KindOther
}

// guess gives the language that a text seems to be written in, among those of the house.
func guess(text string) Lang {
	var hangul, han, latin int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case hangul*4 > latin && hangul*2 > han && hangul > 0:
		return "ko"
	case han*4 > latin && han > 0:
		return "zh"
	}
	return "en"
}
