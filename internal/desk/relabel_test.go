package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"strings"
	"testing"

	"kkachi/internal/vault"
)

// refreshing makes the row of a thread anew after each label, and fails if that changes anything.
type refreshing struct {
	projector
	looked *int
}

func (refreshing) Version() int { return 1_000_000 }

func (p refreshing) Apply(tx *vault.Tx, op *vault.Op) error {
	if err := p.projector.Apply(tx, op); err != nil {
		return err
	}
	if !labels[markNouns[op.Kind]] && op.Kind != opUndo {
		return nil
	}
	*p.looked++
	got, err := threadRows(tx)
	if err != nil {
		return err
	}
	if err := refresh(tx, op.KeyOf); err != nil {
		return err
	}
	want, err := threadRows(tx)
	if err == nil && got != want {
		err = errors.New(firstDifference(got, want))
	}
	return err
}

// threadRows is the inbox as text.
func threadRows(tx *vault.Tx) (string, error) {
	var out []string
	for _, q := range []string{
		`SELECT concat_ws(' ', hex(source), box, top, day, last, kind, lang, snippet, unread, reports, help, known, asked, hex(next), hex(alike), swept,
			topic, assigned, snooze, cased, asking) FROM thread ORDER BY source`,
		`SELECT concat_ws(' ', hex(source), tag, box, top, day, last, snooze) FROM thread_tag ORDER BY source, tag`,
	} {
		rows, err := tx.Query(q)
		if err != nil {
			return "", err
		}
		list, err := collect(rows, func(s *string) []any { return []any{s} })
		if err != nil {
			return "", err
		}
		out = append(out, list...)
	}
	return strings.Join(out, "\n"), nil
}

// Labels are taken into the row of a thread without reading what came and what was said. Whatever
// else happens to the threads meanwhile — letters, requests for help, replies, moves, joining,
// blocking, sweeping, resting, and undoing any of it — the tables are those that reading all of it
// gives.
func TestLabelsAreAsIfAllWereRead(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		labelled(t, seed)
	}
}

func labelled(t *testing.T, seed uint64) {
	t.Helper()
	r := newRoom(t)
	must(t, r.desk.Close())
	v, err := vault.Open(r.dir, r.cfg.Key, Projectors(), r.cfg.options())
	must(t, err)
	m := &mess{t: t, v: v, chance: mrand.New(mrand.NewPCG(seed, 7))}
	m.make()
	want := dumped(t, v)
	must(t, v.Close())
	looked := 0
	v, err = vault.Open(r.dir, r.cfg.Key, []vault.Projector{refreshing{looked: &looked}}, r.cfg.options())
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if got := dumped(t, v); got != want {
		t.Errorf("seed %d: %s", seed, firstDifference(got, want))
	}
	must(t, v.Close())
	if looked < 40 {
		t.Errorf("seed %d: only %d labels", seed, looked)
	}
}

// A mess is a vault in which anything is said of anything.
type mess struct {
	t             *testing.T
	v             *vault.Vault
	chance        *mrand.Rand
	srcs, reports []ID
	done          []OpID // what can be undone
}

func (m *mess) pick(list ...string) string { return list[m.chance.IntN(len(list))] }

func (m *mess) source() ID { return m.srcs[m.chance.IntN(len(m.srcs))] }

func (m *mess) id() (id ID) {
	_, err := rand.Read(id[:])
	must(m.t, err)
	return id
}

func (m *mess) add(kind vault.Kind, subject, owner ID, content any) {
	dr, err := draft(kind, subject, owner, content)
	must(m.t, err)
	hs, err := m.v.Append(m.t.Context(), dr)
	must(m.t, err)
	if _, ok := nounOf(kind); ok || kind == opUndo {
		m.done = append(m.done, OpID(hs[0]))
	}
}

func (m *mess) make() {
	for i := range 40 {
		src := m.id()
		m.srcs = append(m.srcs, src)
		m.add(opSource, src, src, source{Handle: fmt.Sprint("source ", i), Thread: src[:]})
	}
	for range 240 {
		m.step(m.source())
	}
}

func (m *mess) step(src ID) {
	switch m.chance.IntN(17) {
	case 0, 1, 2:
		m.letter(src)
	case 3:
		m.add(opReply, m.id(), src, reply{Text: "Thank you.", By: "jin"})
	case 4:
		m.add(opBlock, src, src, blocked{"mina"})
	case 5:
		sum := ID(alike("the same flood"))
		m.add(opSweep, sum, sum, blocked{"mina"})
	case 6:
		m.add(opJoin, src, src, joinedTo{m.source(), "mina"})
	case 7:
		s := snoozed{Until: day0 + 9}
		if len(m.reports) > 0 {
			s.After = m.reports[m.chance.IntN(len(m.reports))]
		}
		m.add(opSnooze, src, src, s)
	case 8, 9:
		m.add(opTags, src, src, tags{[]string{m.pick("a", "b"), m.pick("c", "a")}})
	case 10:
		m.add(opTags, src, src, tags{})
	case 11:
		m.add(opTopic, src, src, topic{m.pick("", "x", "y")})
	case 12:
		m.add(opAssign, src, src, assigned{m.pick("", "mina", "jin")})
	default:
		m.undo()
	}
}

func (m *mess) letter(src ID) {
	letterID := m.id()
	l := letter{
		Kind: ReportKind(m.pick("letter", "letter", "help", "move", "move")), Day: day0, Lang: "en", Parts: 1, Letter: letterID[:],
		Text: m.pick("the same flood", "the same flood", "we were counted", "강가에서"),
	}
	if l.Kind == KindMove {
		next := m.source()
		l.Next = next[:]
	}
	report := m.id()
	m.reports = append(m.reports, report)
	m.add(opLetter, report, src, l)
}

// undo takes something back, or does again what was taken back.
func (m *mess) undo() {
	if len(m.done) == 0 {
		return
	}
	op := m.done[m.chance.IntN(len(m.done))]
	var thing, owner ID
	must(m.t, m.v.View().QueryRow(m.t.Context(), `SELECT thing, owner FROM version WHERE op = coalesce((SELECT target FROM undo WHERE op = ?1), ?1)`, op).Scan(&thing, &owner))
	m.add(opUndo, thing, owner, undo{op})
}

func dumped(t *testing.T, v *vault.Vault) string {
	t.Helper()
	var b strings.Builder
	must(t, v.Dump(context.WithoutCancel(t.Context()), &b))
	return b.String()
}

// firstDifference is the first line in which two dumps differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is\n%s\nand should be\n%s", i, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines instead of %d", len(g), len(w))
}
