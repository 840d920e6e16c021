package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
)

// A SourceRow is a source in the list of those whom the newsroom works with: who has a
// sheet, was spoken to, or carries evidence.
type SourceRow struct {
	Teller
	Sheet
	Letters     bool     // has a thread; false: known from calls only
	Reports     int      // tellings
	Last        cell.Day // of the newest
	Claims      int      // that rest on this source
	Printed     int      // released stories that do
	Discredited bool
	Erase       cell.Day // asked to be erased: destroyed from this day on; the sheet is empty. 0: not asked
}

// Judged says whether somebody has judged how reliable the source is. F is not a bad mark:
// it can't be judged.
func (r SourceRow) Judged() bool { return judged(r.Reliability) != "" }

// Sources lists the sources that the newsroom works with: first those whose reliability
// cannot be judged, which is work to do and not a bad mark; then A to E, the more
// endangered first.
func (d *Desk) Sources(ctx context.Context) ([]SourceRow, error) {
	b, err := d.board(ctx)
	if err != nil {
		return nil, err
	}
	claims := b.resting()
	rows, err := d.v.View().Query(ctx, `SELECT s.id, s.handle, s.thread IS NOT NULL,
		(SELECT count(*) FROM report r WHERE r.source = s.id AND r.gone = 0), (SELECT coalesce(max(r.day), 0) FROM report r WHERE r.source = s.id AND r.gone = 0)
		FROM source s WHERE s.id IN (SELECT owner FROM state WHERE noun IN (?, ?, ?)) ORDER BY s.n`,
		nounSheet, nounCall, nounEvidence)
	if err != nil {
		return nil, fmt.Errorf("desk: sources: %w", err)
	}
	out, err := collect(rows, func(r *SourceRow) []any { return []any{&r.ID, &r.Handle, &r.Letters, &r.Reports, &r.Last} })
	if err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(r SourceRow) bool { return b.one(r.ID) != r.ID })
	sheets, err := d.flags(ctx, nounSheet)
	if err != nil {
		return nil, err
	}
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	printed := b.printedClaims()
	for i := range out {
		r := &out[i]
		r.Claims, r.Discredited, r.Erase = len(claims[r.ID]), b.pulled.sources[r.ID], days[r.ID]
		if st, ok := sheets[r.ID]; ok && r.Erase == 0 {
			if r.Sheet, err = unmarshal[Sheet](st.doc); err != nil {
				return nil, fmt.Errorf("desk: sheets: %w", err)
			}
		}
		for _, of := range printed {
			if slices.ContainsFunc(of, func(c ID) bool { return claims[r.ID][c] }) {
				r.Printed++
			}
		}
	}
	slices.SortStableFunc(out, func(a, b SourceRow) int {
		return cmp.Or(strings.Compare(judged(a.Reliability), judged(b.Reliability)), b.Danger-a.Danger)
	})
	return out, nil
}

// resting gives for each source the claims that rest on it.
func (b *board) resting() map[ID]map[ID]bool {
	out := map[ID]map[ID]bool{}
	for _, c := range b.claims {
		for _, e := range c.evidence {
			if !e.counts() {
				continue
			}
			if out[e.report.Source] == nil {
				out[e.report.Source] = map[ID]bool{}
			}
			out[e.report.Source][c.thing] = true
		}
	}
	return out
}

// printedClaims gives the claims of each story that was released, as it stands.
func (b *board) printedClaims() [][]ID {
	var out [][]ID
	for _, s := range b.stories {
		if !s.printed {
			continue
		}
		var of []ID
		for _, id := range s.claims {
			if c := b.byID[id]; c != nil {
				of = append(of, c.thing)
			}
		}
		out = append(out, of)
	}
	return out
}
