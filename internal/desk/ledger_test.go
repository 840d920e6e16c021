package desk

import (
	"maps"
	"slices"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

func (p *play) ledger(src ID) *Ledger {
	p.t.Helper()
	l, err := p.desk.ledgers().ledger(p.t.Context(), src, ID{})
	must(p.t, err)
	return l
}

// What is printed while two threads count as one source stands in the ledger of the thread that
// told it: parting them and erasing one of them finds it there, and nothing in the other.
func TestLedgerStaysWithTheThreadThatTold(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	id := p.newStory(t, p.article(lang.Level{Place: 2, Day: 1}))
	behind := p.view(id).Exposure.Sources
	told, other := behind[0].Source, ID{}
	for _, name := range slices.Sorted(maps.Keys(p.source)) {
		src := p.source[name]
		if other.IsZero() && !slices.ContainsFunc(behind, func(s SourceExposure) bool { return s.Source == src }) {
			other = src
		}
	}
	_, err := p.desk.Join(ctx, told, other, "mina")
	must(t, err)
	p.answer(t, id)
	p.letOut(t, id)
	if l := p.ledger(other); l.Stories != 1 || len(l.Printed) != 1 || len(l.Finest) == 0 {
		t.Errorf("joined: %+v", l)
	}
	_, err = p.desk.Part(ctx, told)
	must(t, err)
	if l := p.ledger(told); l.Stories != 1 || !slices.Contains(l.Finest, FinestPrinted{"place", 2}) {
		t.Errorf("parted, the thread that told it has %+v", l)
	}
	if l := p.ledger(other); l.Stories != 0 || len(l.Finest) != 0 {
		t.Errorf("parted, the other has %+v", l)
	}
	p.rebuilt(t)
	must(t, p.desk.Vault().Erase(ctx, vault.Thing(told)))
	for _, src := range []ID{told, other} {
		if l := p.ledger(src); l.Stories != 0 || len(l.Finest) != 0 {
			t.Errorf("the ledger outlived its source: %+v", l)
		}
	}
	p.rebuilt(t)
}

// Two threads of one source behind one story are one story in its ledger, and each keeps its own
// levels when they are parted.
func TestLedgerOfJoinedThreadsCountsOnce(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	p.estimate(ourNumbers())
	s := p.article(lang.Level{Place: 2, Day: 1})
	s.Paragraphs[0].Sentences[0].Text[lang.English] = "“Patrols have grown,” {source} said."
	id := p.newStory(t, s)
	one, two := p.view(id).Exposure.Sources[0].Source, p.view(id).Exposure.Sources[1].Source
	_, err := p.desk.Join(ctx, one, two, "mina")
	must(t, err)
	p.answer(t, id)
	p.overrule(t, id)
	p.letOut(t, id)
	if l := p.ledger(two); l.Stories != 1 || l.Quoted != 3 {
		t.Errorf("joined: %+v", l)
	}
	_, err = p.desk.Part(ctx, one)
	must(t, err)
	for _, src := range []ID{one, two} {
		if l := p.ledger(src); l.Stories != 1 || !slices.Contains(l.Finest, FinestPrinted{"place", 2}) {
			t.Errorf("parted: %+v", l)
		}
	}
	p.rebuilt(t)
}
