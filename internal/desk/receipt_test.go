package desk

import (
	"fmt"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A bulletin full of replies has no receipt of its own; what is left over goes to marked
// threads first; and a receipt rides in every reply.
func TestP9AcknowledgementsNeverDisplaceReplies(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	const threads = 40 // more than the 32 slots
	convs := make([]*seal.Conversation, threads)
	var recs []cell.Record
	for i := range convs {
		convs[i] = r.conversation()
		l := seal.Letter{Text: fmt.Appendf(nil, "편지 %d %s", i, noiseText(30))}
		if i == 7 {
			l.Kind = cell.KindHelp
		}
		recs = append(recs, r.records(convs[i], l)...)
	}
	r.batch(r.today, recs...)
	r.today++
	r.sync()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != threads || !rows[0].Help {
		t.Fatalf("%d rows", len(rows))
	}
	texts, alone := r.found(convs)
	if texts != 0 || len(alone) != 32 || alone[7] != 1 {
		t.Errorf("without replies %d, receipts %v", texts, alone)
	}
	for _, row := range rows[1:31] { // 30 of 32 slots
		_, _, err := r.desk.Reply(ctx, row.ID, "답", "mina")
		must(t, err)
	}
	texts, alone = r.found(convs)
	if texts != 30 || len(alone) != 2 || alone[7] != 1 {
		t.Errorf("%d replies, receipts alone for %v", texts, alone)
	}
	for _, row := range rows[31:] {
		_, _, err := r.desk.Reply(ctx, row.ID, "답", "mina")
		must(t, err)
	}
	_, _, err = r.desk.Reply(ctx, rows[0].ID, "곧 갑니다", "mina")
	must(t, err)
	texts, alone = r.found(convs)
	if texts != 32 || len(alone) != 0 {
		t.Errorf("%d replies, receipts alone for %v: a receipt took a reply's slot", texts, alone)
	}
}

// found publishes the next day's first parcel and gives how many replies the sources find,
// and how many receipts alone. Each reply carries a receipt.
func (r *room) found(convs []*seal.Conversation) (texts int, alone map[int]int) {
	r.t.Helper()
	for range 2 {
		r.today++
		r.publish()
		r.sync()
	}
	b := cell.Bulletin(r.host.bulletin)
	alone = map[int]int{}
	for i, c := range convs {
		for _, f := range c.FindReplies(b, r.today, w0) {
			switch {
			case f.Ack.Bitmap == 0:
				r.t.Errorf("thread %d: a reply without a receipt", i)
			case f.Kind == seal.ReplyReceipt:
				alone[i]++
			default:
				texts++
			}
		}
	}
	return texts, alone
}

// Replies of one parcel acknowledge several letters, newest first; parts of a letter that is
// not whole are acknowledged as they are.
func TestRepliesCarryReceiptsOfSeveralLetters(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	r.send(c, seal.Letter{Text: []byte("하나")})
	long := r.records(c, seal.Letter{Text: []byte(noiseText(6000))})
	r.batch(r.today, long[0], long[2])
	r.today++
	r.sync()
	src := r.only()
	for _, text := range []string{"첫째", "둘째"} {
		_, _, err := r.desk.Reply(ctx, src, text, "mina")
		must(t, err)
	}
	r.sync()
	r.today++
	maps := map[uint64]bool{}
	for _, f := range c.FindReplies(r.publish(), r.today, w0) {
		if f.Kind == seal.ReplyText {
			maps[f.Ack.Bitmap] = true
		} else {
			t.Error("a receipt that rides in a reply takes a slot of its own besides")
		}
	}
	if len(maps) != 2 || !maps[1] || !maps[0b101] {
		t.Errorf("bitmaps %v", maps)
	}
}
