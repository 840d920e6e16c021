package desk

import (
	"context"
	"fmt"
	"math"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
	"kkachi/internal/vault"
)

// spending is the content of what a release printed of one source, under that source's key: it
// holds levels and sums, and no text.
type spending struct {
	Story   ID         `json:"story"`
	Serial  uint64     `json:"serial"`
	Printed cell.Day   `json:"printed"`
	Level   lang.Level `json:"level"`             // the finest of all editions
	Details []string   `json:"details,omitempty"` // names of estimates
	Quoted  int        `json:"quoted"`            // words in direct quotes
	Bits    float64    `json:"bits"`              // as judged then; below 0: not known
}

// A Ledger is what was printed of one source so far, of all threads that are this source
// (spec/14-exposure.md, section 1).
type Ledger struct {
	Stories int             // that were printed, but for the one that is judged
	Quoted  int             // words in direct quotes, in those
	Finest  []FinestPrinted // in each hierarchy the finest that ever stood in print
	Printed []PrintedOf     // by day
	// Unwritten are releases of which no ledger was written, for they were made before there was
	// one. Nobody knows then what was printed of whom.
	Unwritten int
}

// A FinestPrinted is the finest of one hierarchy: an axis of the levels, or a detail.
type FinestPrinted struct {
	Hierarchy string
	Level     uint8
}

// A PrintedOf is one printed story in a source's ledger.
type PrintedOf struct {
	Story  ID
	Day    cell.Day
	Level  lang.Level
	Quoted int
	Bits   float64 // below 0: not known
}

// hierarchies are what a spending says of each axis that it printed, and of each detail.
func (s *spending) hierarchies() []FinestPrinted {
	var out []FinestPrinted
	bit := map[bool]uint8{true: 1}
	for _, a := range []FinestPrinted{
		{string(risk.Place), s.Level.Place},
		{string(risk.Role), s.Level.Role},
		{string(risk.Day), s.Level.Day},
		{string(risk.Medium), s.Level.Medium},
		{string(risk.Gender), bit[s.Level.Gender]},
		{string(risk.Count), bit[s.Level.Count]},
	} {
		if a.Level > 0 {
			out = append(out, a)
		}
	}
	for _, name := range s.Details {
		out = append(out, FinestPrinted{detailPrefix + name, 1})
	}
	return out
}

// detailPrefix begins the hierarchy of a detail: no detail takes the place of an axis.
const detailPrefix = "detail "

// A ledgerBook holds the ledgers that one look at the projections needs, each read once.
type ledgerBook struct {
	desk      *Desk
	of        map[ID]*Ledger
	unwritten int // below 0: not counted yet
}

func (d *Desk) ledgers() *ledgerBook { return &ledgerBook{d, map[ID]*Ledger{}, -1} }

// ledger gives what was printed of a source. The story that is judged counts once, and not before
// it is printed again: besides leaves it out of the sums, but not out of the finest.
func (b *ledgerBook) ledger(ctx context.Context, src, besides ID) (*Ledger, error) {
	var err error
	if b.unwritten < 0 {
		if b.unwritten, err = b.desk.unwritten(ctx); err != nil {
			return nil, err
		}
	}
	l := b.of[src]
	if l == nil {
		if l, err = b.desk.ledger(ctx, src); err != nil {
			return nil, err
		}
		b.of[src] = l
	}
	out := *l
	out.Unwritten = b.unwritten
	for _, p := range l.Printed {
		if p.Story != besides {
			out.Stories++
			out.Quoted += p.Quoted
		}
	}
	return &out, nil
}

// ledger reads all that was printed of a source, in the order of days.
func (d *Desk) ledger(ctx context.Context, src ID) (*Ledger, error) {
	out := &Ledger{}
	rows, err := d.v.View().Query(ctx, group+`SELECT story, min(day), max(quoted), max(bits), max(place), max(role), max(at), max(medium), max(gender), max(count)
		FROM printed WHERE source IN (SELECT source FROM g) GROUP BY story ORDER BY 2, 1`, src)
	if err != nil {
		return nil, fmt.Errorf("desk: ledger: %w", err)
	}
	out.Printed, err = collect(rows, func(p *PrintedOf) []any {
		l := &p.Level
		return []any{&p.Story, &p.Day, &p.Quoted, &p.Bits, &l.Place, &l.Role, &l.Day, &l.Medium, &l.Gender, &l.Count}
	})
	if err != nil {
		return nil, err
	}
	for i := range out.Printed {
		out.Printed[i].Bits /= 1000 // kept in thousandths
	}
	if rows, err = d.v.View().Query(ctx, group+`SELECT hierarchy, max(level) FROM finest
		WHERE source IN (SELECT source FROM g) GROUP BY hierarchy ORDER BY hierarchy`, src); err != nil {
		return nil, fmt.Errorf("desk: ledger: %w", err)
	}
	out.Finest, err = collect(rows, func(f *FinestPrinted) []any { return []any{&f.Hierarchy, &f.Level} })
	return out, err
}

// unwritten counts the releases that no ledger was written of.
func (d *Desk) unwritten(ctx context.Context) (n int, err error) {
	err = d.v.View().QueryRow(ctx, `SELECT count(*) FROM event WHERE kind = ? AND json_extract(doc, '$.ledger') IS NOT 1`, string(opRelease)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("desk: ledger: %w", err)
	}
	return n, nil
}

// spend drafts what a release prints of each source behind it, in each of its threads that told
// some of it: who parts the threads again, or erases one, finds in each what was printed of it.
func (d *Desk) spend(ctx context.Context, v *StoryView, rel *released) ([]vault.Draft, error) {
	if v.Exposure == nil || v.Story.Retraction != nil {
		return nil, nil // nothing more is printed of anybody
	}
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	counted := map[ID]ID{}
	for _, e := range b.evidence {
		counted[e.report.Own] = e.report.Source
		e.report.Source = e.report.Own
	}
	var out []vault.Draft
	for _, own := range d.sourcesOf(v, b) {
		i := slices.IndexFunc(v.Exposure.Sources, func(s SourceExposure) bool { return s.Source == counted[own.Source] })
		if i < 0 {
			return nil, fmt.Errorf("desk: ledger: a source was not judged")
		}
		// Levels and details join by themselves when read; words and bits don't, and are the source's whole.
		s := v.Exposure.Sources[i]
		w := spending{
			Story: v.ID, Serial: rel.Serial, Printed: rel.Printed, Level: own.Level, Details: own.Details, Quoted: s.Quoted, Bits: -1,
		}
		if s.Judgement != nil && s.Judgement.Crowd != nil {
			w.Bits = 0
			for _, b := range s.Judgement.Crowd.Bits {
				w.Bits += b.Bits
			}
			w.Bits = math.Round(w.Bits*1000) / 1000
		}
		dr, err := draft(opSpend, own.Source, own.Source, w)
		if err != nil {
			return nil, err
		}
		out = append(out, dr)
	}
	return out, nil
}
