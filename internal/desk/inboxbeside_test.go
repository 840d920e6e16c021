package desk

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// many makes threads in which something came, the later ones later.
func (r *room) many(n int) (ids []ID) {
	r.t.Helper()
	var drafts []vault.Draft
	var names []string
	for i := range n {
		id, name, dr, err := r.desk.newSource(r.t.Context(), nil, names...)
		must(r.t, err)
		report, err := r.desk.newID()
		must(r.t, err)
		l, err := draft(opLetter, report, id, letter{
			Kind: KindLetter, Day: r.today + cell.Day(i/3), Lang: lang.English, Text: fmt.Sprintf("letter %c%c", 'a'+i%26, 'a'+i/26), Letter: report[:], Parts: 1,
		})
		must(r.t, err)
		names, drafts, ids = append(names, name), append(drafts, dr, l), append(ids, id)
	}
	_, err := r.desk.v.Append(r.t.Context(), drafts...)
	must(r.t, err)
	return ids
}

func idsOf(rows []InboxRow) (out []ID) {
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out
}

// Beside a thread stands the part of the list around it, and from part to part one comes to
// all of the list, in both directions.
func TestBesideAThread(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	ids := r.many(330)
	blocked := ids[200]
	_, err := r.desk.Block(ctx, blocked, "mina")
	must(t, err)
	_, err = r.desk.Change(ctx, ids[:220], ThreadChange{Tag: "river"})
	must(t, err)
	for _, c := range []struct {
		name  string
		q     InboxQuery
		byDay bool
		want  int
	}{
		{"every day", InboxQuery{}, false, 329},
		{"by days", InboxQuery{}, true, 329},
		{"tag", InboxQuery{Tag: "river"}, false, 219},
		{"language", InboxQuery{Lang: lang.English}, false, 329},
		{"waiting", InboxQuery{Box: BoxWaiting}, false, 219},
		{"few", InboxQuery{Box: BoxBlocked}, false, 1},
	} {
		var whole []ID
		if c.q.Plain() && !c.byDay {
			rows, err := r.desk.Inbox(ctx)
			must(t, err)
			whole = idsOf(rows)
		} else {
			page, err := r.desk.InboxPage(ctx, c.q)
			must(t, err)
			whole = idsOf(page.Rows)
		}
		if len(whole) != c.want {
			t.Fatalf("%s: %d threads", c.name, len(whole))
		}
		if got := r.walked(c.q, c.byDay, whole[0], false); !slices.Equal(got, whole) {
			t.Errorf("%s: down the list one comes to %d of %d, or in another order", c.name, len(got), len(whole))
		}
		if got := r.walked(c.q, c.byDay, whole[len(whole)-1], true); !slices.Equal(got, whole) {
			t.Errorf("%s: up the list one comes to %d of %d, or in another order", c.name, len(got), len(whole))
		}
		for i, id := range whole {
			b, err := r.desk.Beside(ctx, c.q, c.byDay, id)
			must(t, err)
			at := slices.Index(idsOf(b.Rows), id)
			if len(b.Rows) != min(BesideRows, len(whole)) || at < 0 || at < min(i, besideBefore) || len(b.Rows)-at < min(len(whole)-i, BesideRows-besideBefore) {
				t.Fatalf("%s: thread %d is row %d of %d", c.name, i, at, len(b.Rows))
			}
		}
	}
	b, err := r.desk.Beside(ctx, InboxQuery{}, false, blocked)
	must(t, err)
	if len(b.Rows) != BesideRows || !b.Before.IsZero() || b.Rows[0].ID != ids[329] {
		t.Errorf("around a thread that isn't in it: %d rows", len(b.Rows))
	}
	if b, err := r.desk.Beside(ctx, InboxQuery{}, true, blocked); err != nil || b.Rows[besideBefore].ID != ids[199] {
		t.Errorf("around where a thread would stand: %v", err)
	}
	if _, err := r.desk.Beside(ctx, InboxQuery{Tag: "river"}, false, ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("around nothing: %v", err)
	}
	if _, err := r.desk.Beside(ctx, InboxQuery{Box: "other"}, false, blocked); err == nil {
		t.Error("a box that isn't there")
	}
}

// walked goes from part to part, and gives all that one sees, each once.
func (r *room) walked(q InboxQuery, byDay bool, from ID, up bool) (out []ID) {
	r.t.Helper()
	for range 20 {
		b, err := r.desk.Beside(r.t.Context(), q, byDay, from)
		must(r.t, err)
		ids := idsOf(b.Rows)
		if up {
			if i := slices.IndexFunc(out, func(id ID) bool { return id == ids[len(ids)-1] }); i >= 0 {
				ids = append(ids, out[i+1:]...)
			}
			out, from = ids, b.Before
		} else {
			if i := slices.Index(out, ids[0]); i >= 0 {
				out = out[:i]
			}
			out, from = append(out, ids...), b.Behind
		}
		if from.IsZero() {
			return out
		}
	}
	r.t.Fatal("the list has no end")
	return nil
}
