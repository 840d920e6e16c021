package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Limits of letters of which parts are missing.
const (
	PendingDays      = 28   // days for which they wait
	PendingFragments = 4096 // fragments that wait in one thread
	// PendingTotal is how many fragments wait at a desk, 28 MB. Over it the oldest letters of
	// threads that nobody has dealt with give way: a flood pushes out itself first.
	PendingTotal = 16384
)

const secretPending = "pending/"

// A pending is a letter in the making. It lives in the vault's ring, for its letter key
// must die with it; the week's key is not in it.
type pending struct {
	Source    ID             `json:"source"`
	Letter    []byte         `json:"letter"`
	Day       cell.Day       `json:"day"` // arrival day of its first part
	Key       []byte         `json:"key"` // letter key
	Thread    []byte         `json:"thread"`
	Kind      cell.Kind      `json:"kind"`
	Topic     uint8          `json:"topic"`
	Flags     uint8          `json:"flags"`
	Count     uint8          `json:"count"`
	Week      cell.Week      `json:"week"`
	LastReply []byte         `json:"lastReply"`
	Parts     map[int][]byte `json:"parts"`

	joiner  *seal.Joiner
	kept    bool // the ring may have it
	changed bool
}

func newPending(src ID, day cell.Day, key seal.LetterKey, f *cell.FragmentFields) *pending {
	return &pending{
		Source: src, Letter: f.Letter[:], Day: day, Key: key[:], Thread: f.Thread[:], Kind: f.Kind,
		Topic: f.Topic, Flags: f.Flags, Count: f.Count, Week: f.Week, LastReply: f.LastReply[:],
		Parts: map[int][]byte{}, joiner: seal.NewJoiner(key),
	}
}

// add joins a fragment. Repeats are harmless; what doesn't belong is refused.
func (p *pending) add(f *cell.FragmentFields) error {
	if err := p.joiner.Add(f); err != nil {
		return err
	}
	if _, have := p.Parts[int(f.Index)]; !have {
		p.Parts[int(f.Index)] = append([]byte(nil), f.Body...)
		p.changed = true
	}
	return nil
}

func (p *pending) name() string { return fmt.Sprintf("%s%s/%x", secretPending, p.Source, p.Letter) }

func parsePending(b []byte) (*pending, error) {
	var p pending
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("desk: a letter that waits for parts: %w", err)
	}
	if len(p.Key) != 32 || len(p.Letter) != 16 || len(p.Thread) != 16 || len(p.LastReply) != 8 {
		return nil, fmt.Errorf("desk: a letter that waits for parts has fields of wrong sizes")
	}
	p.joiner = seal.NewJoiner(seal.LetterKey(p.Key))
	for i, body := range p.Parts {
		err := p.joiner.Add(&cell.FragmentFields{
			Kind: p.Kind, Topic: p.Topic, Index: uint8(i), Count: p.Count, Flags: p.Flags, Week: p.Week,
			Thread: cell.ThreadID(p.Thread), Letter: cell.LetterID(p.Letter), LastReply: cell.ReplyID(p.LastReply),
			Body: body,
		})
		if err != nil {
			return nil, fmt.Errorf("desk: a letter that waits for parts: %w", err)
		}
	}
	return &p, nil
}

// pendings gives the letters that wait for parts, by name, of which the beginning is given.
func (d *Desk) pendings(prefix string) ([]*pending, error) {
	list, err := d.v.ListSecrets(secretPending + prefix)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	var out []*pending
	for _, s := range list {
		b, err := d.v.Secret(s.Name)
		if err != nil {
			return nil, fmt.Errorf("desk: %w", err)
		}
		p, err := parsePending(b)
		clear(b)
		if err != nil {
			return nil, err
		}
		p.kept = true
		out = append(out, p)
	}
	return out, nil
}

// savePendings makes durable what has changed.
func (d *Desk) savePendings(all map[string]*pending) error {
	var list []vault.NamedSecret
	size := 0
	put := func() error {
		if err := d.v.PutSecrets(list...); err != nil {
			return fmt.Errorf("desk: letters that wait for parts: %w", err)
		}
		for _, s := range list {
			clear(s.Value)
		}
		list, size = list[:0], 0
		return nil
	}
	for name, p := range all {
		if !p.changed {
			continue
		}
		b, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("desk: %w", err)
		}
		list = append(list, vault.NamedSecret{Name: name, Value: b, NotAfter: uint32(p.Day + PendingDays)})
		p.kept, p.changed = true, false
		if size += len(b); size > stepBytes {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}

// evict makes room when more fragments wait at the desk than may: those of threads that
// were dealt with stay longest; of the others those of whoever has most, then the oldest.
func (in *intake) evict(ctx context.Context) error {
	if in.total <= in.limit {
		return nil
	}
	if err := in.flush(ctx); err != nil {
		return err
	}
	known := map[ID]bool{}
	list := make([]*pending, 0, len(in.pending))
	for _, p := range in.pending {
		list = append(list, p)
		if _, asked := known[p.Source]; asked {
			continue
		}
		var k bool
		err := in.d.v.View().QueryRow(ctx, `SELECT known > 0 FROM thread WHERE source = ?`, p.Source).Scan(&k)
		if err != nil {
			return fmt.Errorf("desk: letters that wait for parts: %w", err)
		}
		known[p.Source] = k
	}
	rank := func(p *pending) int {
		switch {
		case known[p.Source]:
			return 0
		case in.parts[p.Source] <= cell.MaxFragments:
			return 1
		}
		return 2
	}
	slices.SortFunc(list, func(a, b *pending) int {
		return cmp.Or(-cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Day, b.Day), cmp.Compare(a.name(), b.name()))
	})
	for _, p := range list {
		if in.total <= in.limit {
			break
		}
		in.Refused += len(p.Parts)
		in.drop(p)
	}
	return in.flush(ctx)
}

// text is what can be read so far; unverified.
func (p *pending) text() string { return string(p.joiner.Partial()) }

func (p *pending) view() PendingView {
	return PendingView{Have: len(p.Parts), Of: int(p.Count), Day: p.Day, Text: p.text()}
}
