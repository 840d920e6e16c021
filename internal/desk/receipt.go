package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Receipts tell a source which parts of its letters are here. They ride in replies; alone
// they only take the slots that no reply wants (P9): marked threads first, that is those
// that ask for help and those that the newsroom has dealt with; then the newest.

// A receipt acknowledges a letter by its id and the parts that came.
type receipt struct {
	source ID
	ack    seal.Ack
	day    cell.Day
	marked int // 2: asks for help; 1: was dealt with; 0: neither
}

// A receiptList gives the receipts of each source, newest letter first, and all in the
// order in which they go alone.
type receiptList struct {
	by    map[ID][]receipt
	taken map[ID]int
	order []receipt
}

// take gives the receipt that rides in the source's next reply: of the newest letter that
// none of today's carries yet, of the newest again when there is none.
func (l *receiptList) take(src ID) seal.Ack {
	list := l.by[src]
	if len(list) == 0 {
		return seal.Ack{}
	}
	n := l.taken[src]
	l.taken[src]++
	return list[n%len(list)].ack
}

// receipts gives those of letters that came in the last receiptDays: of all sources that
// get a reply in this parcel, and of as many others as could have a slot.
func (p *packer) receipts(ctx context.Context, chosen []replyRow) (*receiptList, error) {
	l := &receiptList{by: map[ID][]receipt{}, taken: map[ID]int{}}
	since := int64(p.day) - receiptDays
	var list []receipt
	seen := map[ID]bool{}
	for _, r := range chosen {
		if seen[r.source] {
			continue
		}
		seen[r.source] = true
		of, err := p.d.whole(ctx, `r.source IN (`+group+`SELECT source FROM g) AND r.day >= ?2 ORDER BY r.n DESC LIMIT ?3`, r.source, since, ownTags)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	for _, where := range []string{
		`t.top > 0 AND t.day >= ? ORDER BY t.last DESC LIMIT ?`,
		`t.known > 0 AND t.day >= ? ORDER BY t.last DESC LIMIT ?`,
		`t.box = 0 AND t.top = 0 AND t.day >= ? ORDER BY t.day DESC, t.last DESC LIMIT ?`,
		// Who has gone on by other words wants to know that the desk was told.
		`t.box = 3 AND t.day >= ? ORDER BY t.day DESC, t.last DESC LIMIT ?`,
	} {
		of, err := p.d.whole(ctx, `r.source IN (SELECT t.source FROM thread t WHERE `+where+`) AND r.day >= ?`, since, p.room, since)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	parts, err := p.d.partReceipts(ctx, since, p.room)
	if err != nil {
		return nil, err
	}
	l.fill(p, append(list, parts...))
	return l, nil
}

// fill sorts receipts and drops repeats.
func (l *receiptList) fill(p *packer, list []receipt) {
	slices.SortFunc(list, func(a, b receipt) int {
		return cmp.Or(-cmp.Compare(a.day, b.day), slices.Compare(a.ack.Letter[:], b.ack.Letter[:]))
	})
	seen := map[[8]byte]bool{}
	rank := map[ID]int{}
	for _, r := range list {
		if seen[r.ack.Letter] {
			continue
		}
		seen[r.ack.Letter] = true
		r.source = p.thread(r.source)
		l.by[r.source] = append(l.by[r.source], r)
		l.order = append(l.order, r)
		rank[r.source] = max(rank[r.source], r.marked)
	}
	slices.SortStableFunc(l.order, func(a, b receipt) int {
		return cmp.Or(-cmp.Compare(rank[a.source], rank[b.source]), -cmp.Compare(a.day, b.day))
	})
}

// alone gives the slots that are left over to receipts that no reply carries: to one of
// each thread first, then to the others, in their order.
func (p *packer) alone(l *receiptList) error {
	rides := map[[8]byte]bool{}
	for src, n := range l.taken {
		for _, r := range l.by[src][:min(n, len(l.by[src]))] {
			rides[r.ack.Letter] = true
		}
	}
	for round := range ownTags {
		for _, r := range l.order {
			if rides[r.ack.Letter] || len(p.used[r.source]) > round || !p.hasKey(r.source) {
				continue
			}
			rides[r.ack.Letter] = true
			sum := sha256.Sum256(append([]byte("kkachi/1 receipt"), r.ack.Letter[:]...))
			if err := p.seal(r.source, "", &seal.Reply{ID: cell.ReplyID(sum[:8]), Kind: seal.ReplyReceipt, Ack: r.ack}); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole gives receipts of letters that are here whole. where is a condition on r (report).
func (d *Desk) whole(ctx context.Context, where string, args ...any) ([]receipt, error) {
	rows, err := d.v.View().Query(ctx, `SELECT r.source, r.letter, r.parts, r.day, max(2 * (h.top > 0), h.known)
		FROM report r JOIN thread h ON h.source = r.source WHERE r.letter IS NOT NULL AND `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("desk: receipts: %w", err)
	}
	type row struct {
		receipt
		letter []byte
		parts  int
	}
	list, err := collect(rows, func(r *row) []any { return []any{&r.source, &r.letter, &r.parts, &r.day, &r.marked} })
	out := make([]receipt, len(list))
	for i, r := range list {
		r.ack = seal.AckOf(cell.LetterID(r.letter), ^uint64(0)>>(cell.MaxFragments-r.parts))
		out[i] = r.receipt
	}
	return out, err
}

// partReceipts gives receipts of letters of which parts are missing, newest first, at most
// limit: a source learns from them what to send again.
func (d *Desk) partReceipts(ctx context.Context, since int64, limit int) ([]receipt, error) {
	index, err := d.waitingIndex()
	if err != nil {
		return nil, err
	}
	var out []receipt
	for _, src := range index.newest {
		if len(out) >= limit || int64(index.day[src]) < since {
			break
		}
		list, err := d.pendingsOf(src)
		if err != nil {
			return nil, err
		}
		var marked int
		err = d.v.View().QueryRow(ctx, `SELECT max(2 * (top > 0), known) FROM thread WHERE source = ?`, src).Scan(&marked)
		if err != nil {
			return nil, fmt.Errorf("desk: receipts: %w", err)
		}
		for _, p := range list {
			m := marked
			if p.Kind == cell.KindHelp {
				m = 2
			}
			out = append(out, receipt{src, seal.AckOf(cell.LetterID(p.Letter), p.joiner.Bitmap()), p.Day, m})
		}
	}
	return out, nil
}
